"""Quarto and the embedded renderer: one document, the same files for whoever reads them."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

import ooxml
import seen
from baocao.render import FORMATS, Quarto, render
from baocao.render.quarto import require_quarto
from baocao.theme.generate import MARKED_DOCX, reference_document
from baocao.theme.measures import load_measures
from conftest import ROOT, MadeReport

FIXTURE = Path(__file__).parent / "fixtures" / "render"
MARK = """dau: [DỮ LIỆU MÔ PHỎNG]
format:
  docx: {reference-doc: van-ban-dau.docx}
  typst: default
  html: default"""

# The files are made once for the module, so its tests stay with one worker.
pytestmark = pytest.mark.xdist_group("parity")
needs_writer = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice Writer is not installed")


def _document(name: str, folder: Path, april: MadeReport) -> Path:
    """A build folder: the April report, or the small document that has one of everything, real or simulated."""
    build = folder / "build"
    source = april.folder / "build" if name == "april" else FIXTURE
    shutil.copytree(source, build, ignore=shutil.ignore_patterns("sections"))
    if name == "simulated":
        path = build / "report.qmd"
        text = path.read_text(encoding="utf-8")
        assert "dau: []" in text
        (build / MARKED_DOCX).write_bytes(reference_document(load_measures(), "DỮ LIỆU MÔ PHỎNG"))
        path.write_text(text.replace("dau: []", MARK), encoding="utf-8")
    return build


@pytest.fixture(scope="module", params=["april", "small", "simulated"])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, april_report: MadeReport
) -> dict[str, dict[str, Path]]:
    """The files of both renderers."""
    folder = tmp_path_factory.mktemp(request.param)
    build = _document(request.param, folder, april_report)
    config = ROOT / "_quarto.yml"
    made = {
        "quarto": render(build, config, folder / "quarto", "bao-cao", FORMATS, renderer=Quarto(require_quarto())),
        "pandoc": render(build, config, folder / "pandoc", "bao-cao", FORMATS),
    }
    assert sorted(path.name for path in folder.iterdir()) == ["build", "pandoc", "quarto"], "a log or a leftover"
    return made


@pytest.mark.quarto
@pytest.mark.parametrize("name", FORMATS)
def test_a_reader_sees_the_same(both: Mapping[str, Mapping[str, Path]], name: str) -> None:
    by_quarto, by_pandoc = (seen.SEEN[name](both[renderer][name]) for renderer in ("quarto", "pandoc"))
    assert list(by_quarto) == list(by_pandoc)
    for aspect, value in by_pandoc.items():
        assert value or aspect == "properties", f"{aspect}: nothing to compare"
        assert by_quarto[aspect] == value, aspect


@pytest.mark.quarto
def test_word_has_nothing_to_repair(both: Mapping[str, Mapping[str, Path]]) -> None:
    for files in both.values():
        assert ooxml.faults(files["docx"]) == []


@pytest.mark.quarto
@needs_writer
def test_libreoffice_reads_every_word(both: Mapping[str, Mapping[str, Path]], tmp_path: Path) -> None:
    for renderer, files in both.items():
        target = tmp_path / renderer
        command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
        command += ["--convert-to", "txt:Text (encoded):UTF8", "--outdir", str(target), str(files["docx"])]
        subprocess.run(command, check=True, capture_output=True, timeout=240)
        read = (target / "bao-cao.txt").read_text(encoding="utf-8-sig")
        # Word's no-break hyphen is a character of its own to LibreOffice.
        read = read.replace("\u2011", "-")
        assert seen.squeeze(read) == seen.squeeze(seen.docx_text(files["docx"]))
