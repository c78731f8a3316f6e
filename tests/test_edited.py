"""What somebody edited among the results outlives the next run, and is compared with the report that it came from."""

import contextlib
import re
import shutil
import zipfile
from pathlib import Path

import docx
import pytest

from baocao import edited as edited_module
from baocao import exchange as exchange_module
from baocao import store as store_module
from baocao.bases import find_bases, keep_base
from baocao.cli import main
from baocao.docx_text import read_docx
from baocao.due_work import ProjectWork
from baocao.edited import replace_results
from baocao.errors import RunError
from baocao.manifest import MANIFEST, sha256, write_manifest
from baocao.period import Period
from baocao.project import Project
from baocao.store import Store
from baocao.word_edits import compare_docx
from conftest import APRIL, MadeReport
from small import small_project

NAME = "bao-cao-2024-04.docx"


@pytest.fixture(params=["one exchange", "renames"])
def store(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Results of one run that nobody has touched, where folders are exchanged at once and where they are not."""
    if request.param == "renames":
        monkeypatch.setattr(store_module, "exchange", lambda _first, _second: False)
    store = Store(tmp_path / "outputs", APRIL)
    _run(store, "một")
    return store


def _run(store: Store, text: str) -> tuple[Path, ...]:
    with store.locked():
        work = store.fresh()
        (work / "build").mkdir()
        for suffix in ("docx", "pdf"):
            (work / f"bao-cao-2024-04.{suffix}").write_text(text, "utf-8")
        names = [work / NAME, work / "bao-cao-2024-04.pdf"]
        write_manifest(work / MANIFEST, {"outputs": {path.name: sha256(path) for path in names}})
        return replace_results(store)


def _texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.iterdir() if path.is_file()}


def test_results_that_nobody_touched_leave_nothing(store: Store) -> None:
    assert _run(store, "hai") == ()
    assert not store.edited.exists()


def test_an_edited_file_is_kept_and_told(store: Store) -> None:
    (store.final / NAME).write_text("sửa", "utf-8")
    assert [path.name for path in _run(store, "hai")] == ["bao-cao-2024-04.sua-1.docx"]
    (store.final / NAME).write_text("sửa lần nữa", "utf-8")
    assert [path.name for path in _run(store, "ba")] == ["bao-cao-2024-04.sua-2.docx"]
    assert _texts(store.edited) == {
        "bao-cao-2024-04.sua-1.docx": "sửa",
        "bao-cao-2024-04.sua-2.docx": "sửa lần nữa",
    }
    assert (store.final / NAME).read_text("utf-8") == "ba"


def test_a_file_saved_beside_the_report_is_kept_as_well(store: Store) -> None:
    (store.final / "bản sửa.docx").write_text("sửa", "utf-8")
    (store.final / "kèm theo").mkdir()
    (store.final / "kèm theo" / "a.txt").write_text("a", "utf-8")
    for noise in ("~$o-cao-2024-04.docx", ".~lock.bao-cao-2024-04.docx#", "~WRD0001.tmp", "Thumbs.db", ".DS_Store"):
        (store.final / noise).write_text("x", "utf-8")
    assert sorted(path.name for path in _run(store, "hai")) == ["bản sửa.sua-1.docx", "kèm theo.sua-1"]
    assert _texts(store.edited / "kèm theo.sua-1") == {"a.txt": "a"}


def test_without_a_manifest_everything_is_kept(store: Store) -> None:
    (store.final / MANIFEST).unlink()
    assert len(_run(store, "hai")) == 2


def test_a_swap_that_fails_leaves_the_edited_file_in_its_place(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    (store.final / NAME).write_text("sửa", "utf-8")
    real = Path.rename
    exchanging = store_module.exchange is exchange_module.exchange

    def refused(first: Path, second: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(first))

    def held_open(self: Path, target: Path) -> Path:
        if self == store.work:
            refused(self, target)
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", held_open)
        if exchanging:
            patch.setattr(store_module, "exchange", refused)
        with pytest.raises(RunError, match="không ghi được"):
            _run(store, "hai")
    assert (store.final / NAME).read_text("utf-8") == "sửa"
    assert [path.name for path in _run(store, "hai")] == ["bao-cao-2024-04.sua-1.docx"]
    assert list(_texts(store.edited)) == ["bao-cao-2024-04.sua-1.docx"], "kept once"


def test_a_disk_too_full_to_keep_the_edits_leaves_the_old_results(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (store.final / NAME).write_text("sửa", "utf-8")

    def full(_source: Path, target: Path) -> None:
        target.write_text("sử", "utf-8")
        raise OSError(28, "No space left on device", str(target))

    with monkeypatch.context() as patch:
        patch.setattr(edited_module.shutil, "copy2", full)
        with pytest.raises(RunError, match="hết chỗ"):
            _run(store, "hai")
    assert (store.final / NAME).read_text("utf-8") == "sửa"
    assert [path.read_text("utf-8") for path in _run(store, "hai")] == ["sửa"], "and no half of a copy is taken for it"


def test_a_disk_that_is_full_once_folders_have_changed_places(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    real, saved = store_module.exchange, []

    def exchange(first: Path, second: Path) -> bool:
        if not saved:
            saved.append((store.final / NAME).write_text("sửa", "utf-8"))
        return real(first, second)

    def full(_source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device", str(target))

    with monkeypatch.context() as patch:
        patch.setattr(store_module, "exchange", exchange)
        patch.setattr(edited_module.shutil, "copy2", full)
        with pytest.raises(RunError, match="hết chỗ"):
            _run(store, "hai")
    assert (store.final / NAME).read_text("utf-8") == "sửa"
    assert [path.read_text("utf-8") for path in _run(store, "ba")] == ["sửa"]


@pytest.mark.parametrize("step", range(1, 6))
def test_killed_at_any_step_the_edits_are_there(store: Store, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    (store.final / NAME).write_text("sửa", "utf-8")
    left = step
    real_rename, real_exchange = Path.rename, store_module.exchange

    class Killed(BaseException):
        pass

    def tick() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    def rename(self: Path, target: Path) -> Path:
        tick()
        return real_rename(self, target)

    def exchange(first: Path, second: Path) -> bool:
        tick()
        done = real_exchange(first, second)
        tick()
        return done

    with monkeypatch.context() as patch:
        # Copy into its name; exchange, before and behind; or old results aside, new ones in.
        patch.setattr(Path, "rename", rename)
        patch.setattr(store_module, "exchange", exchange)
        with contextlib.suppress(Killed):
            _run(store, "hai")
    assert left == 0 or step > 3
    _run(store, "ba")
    copies = [text for name, text in _texts(store.edited).items() if not name.startswith(".")]
    assert copies == ["sửa"]
    assert (store.final / NAME).read_text("utf-8") == "ba"


def test_what_is_saved_while_folders_change_places_is_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    real = store_module.exchange

    def exchange(first: Path, second: Path) -> bool:
        (store.final / NAME).write_text("sửa", "utf-8")
        return real(first, second)

    monkeypatch.setattr(store_module, "exchange", exchange)
    assert [path.read_text("utf-8") for path in _run(store, "hai")] == ["sửa"]


def test_the_last_reports_are_kept_to_be_compared_with(tmp_path: Path) -> None:
    build = tmp_path / "build"
    build.mkdir()
    (tmp_path / "bases").mkdir()
    (tmp_path / "bases" / ".DS_Store").touch()
    names = (build / "a.docx", build / "nguon-goc.json", build / "dataset.json", build / MANIFEST)
    for number in range(25):
        for path in names:
            path.write_text(str(number), "utf-8")
        keep_base(tmp_path / "bases", f"{number:016x}", build / "a.docx", build, build / MANIFEST)
    kept = find_bases(tmp_path / "bases")
    assert [base.docx.read_text("utf-8") for base in kept] == [str(number) for number in range(24, 4, -1)]


def _say(path: Path, words: str, others: str) -> None:
    """Change words of a Word file where it is, as who opens and saves it."""
    half = path.with_suffix(".tmp")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(half, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "word/document.xml":
                assert words.encode() in content
                content = content.replace(words.encode(), others.encode())
            target.writestr(name, content)
    half.replace(path)


def test_edits_in_place_outlive_the_next_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = small_project(tmp_path / "p")
    monkeypatch.chdir(project.root)
    monkeypatch.delenv("BAOCAO_ROOT", raising=False)
    run = ["run", "2024-04", "--format", "docx", "--renderer", "pandoc"]
    assert main(run) == 0
    report = project.outputs / "2024-04" / NAME
    notebook = project.root / "notebooks" / "23-the-che.ipynb"
    _say(report, "thực hiện nghiêm", "thực hiện nghiêm túc")
    capsys.readouterr()

    assert main(["diff", "--docx", str(report)]) == 1, "it is not compared with itself"
    assert "nghiêm {+túc+}" in capsys.readouterr().out

    # Something else has changed when the report is made again.
    source = notebook.read_text("utf-8")
    notebook.write_text(source.replace("Về niêm yết TTHC", "Về việc niêm yết TTHC"), "utf-8")
    assert main(run) == 0
    printed = capsys.readouterr().out
    kept = "outputs/2024-04.da-sua/bao-cao-2024-04.sua-1.docx"
    assert printed.rstrip().endswith(f"{kept}\n    Xem các chỗ đã sửa: baocao diff --docx {kept}")
    assert main(["diff", "--docx", kept]) == 1
    printed = capsys.readouterr().out
    assert "sửa từ một lần lập trước" in printed
    assert "1. [sửa] " in printed and "2. [" not in printed, "what the report changed is not taken for an edit"
    assert re.search(r"Tại: notebooks/23-the-che\.ipynb › ô 3 › dòng \d", printed)

    # The analyst carries it back.
    source = notebook.read_text("utf-8")
    notebook.write_text(source.replace("thực hiện nghiêm", "thực hiện nghiêm túc"), "utf-8")
    assert main(run) == 0
    assert "da-sua" not in capsys.readouterr().out
    assert main(["diff", "--docx", kept]) == 0
    assert "báo cáo hiện có đã đúng như vậy" in capsys.readouterr().out

    # Nothing to compare with but the present report.
    shutil.rmtree(Store(project.outputs, APRIL).bases / read_docx(Path(kept)).made_from)
    assert compare_docx(project, APRIL, Path(kept)).other_report


def test_a_month_is_known_by_the_document(
    april_report: MadeReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = Project(shutil.copytree(april_report.project.root, tmp_path / "p"))
    monkeypatch.chdir(project.root)
    monkeypatch.delenv("BAOCAO_ROOT", raising=False)
    report = str(project.outputs / "2024-04" / NAME)
    params = project.root / "params"
    shutil.copy(params / "2024-04.yml", params / "2024-05.yml")
    assert main(["diff", "--docx", report]) == 0
    assert "kỳ 2024-04" in capsys.readouterr().out
    assert main(["diff", "--docx", report, "2024-05"]) == 2
    assert "là báo cáo kỳ 2024-04, không phải kỳ 2024-05" in capsys.readouterr().err
    assert Period.parse("2024-05") == project.newest()


def test_no_timer_takes_an_edited_document_out_of_its_place(april_report: MadeReport, tmp_path: Path) -> None:
    project = Project(shutil.copytree(april_report.project.root, tmp_path / "p"))
    work = ProjectWork(project, lambda _period, _partial: None, lambda _period: None, str)
    folder = project.outputs / "2024-04"
    made = work.report(APRIL)
    assert made is not None
    _say(folder / NAME, "thực hiện nghiêm", "thực hiện nghiêm túc")
    assert work.report(APRIL) == made
    (folder / NAME).write_bytes(b"half a docu")
    assert work.report(APRIL) is None, "what is no document any more is made again"


def test_a_document_without_marks(
    april_report: MadeReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(april_report.project.root)
    monkeypatch.delenv("BAOCAO_ROOT", raising=False)
    bare, other = tmp_path / "bare.docx", tmp_path / "other.docx"
    with zipfile.ZipFile(april_report.docx) as source, zipfile.ZipFile(bare, "w") as target:
        for name in source.namelist():
            if name != "docProps/custom.xml":
                target.writestr(name, source.read(name))
    assert main(["diff", "--docx", str(bare), "2024-04"]) == 0
    assert "Lưu ý: tệp không còn cho biết được lập từ lần nào; đã so với báo cáo hiện có." in capsys.readouterr().out
    # Another document of the office, made by python-docx.
    document = docx.Document()
    document.add_paragraph("Kế hoạch công tác quý II năm 2024 của Phòng Văn hóa và Thông tin")
    document.save(str(other))
    assert main(["diff", "--docx", str(other), "2024-04"]) == 2
    assert "tệp này không giống báo cáo kỳ 2024-04" in capsys.readouterr().err


@pytest.mark.parametrize("lock", ["~$n-sua.docx", "~$ban-sua.docx", ".~lock.ban-sua.docx#"])
def test_a_document_that_is_open_is_told(
    april_report: MadeReport,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    lock: str,
) -> None:
    monkeypatch.chdir(april_report.project.root)
    monkeypatch.delenv("BAOCAO_ROOT", raising=False)
    path = Path(shutil.copy(april_report.docx, tmp_path / "ban-sua.docx"))
    (tmp_path / lock).write_bytes(b"x")
    assert main(["diff", "--docx", str(path)]) == 0
    assert "tệp đang mở trong Word hoặc LibreOffice" in capsys.readouterr().out
