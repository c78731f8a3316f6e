"""A whole run on the real project: what it makes, what it refuses, what it leaves alone."""

import hashlib
import json
import shutil
from pathlib import Path

import nbformat
import openpyxl
import pytest

from backtest.texts import READERS
from baocao.errors import InputError, Problem, RunError
from baocao.execute import Step
from baocao.figure import Figure
from baocao.month import Month
from baocao.period import Period
from baocao.progress import Progress
from baocao.project import Project
from baocao.run import run, run_section
from conftest import APRIL, MadeReport, copy_project, make_report
from workbooks import CARDS, put


def _hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _text(path: Path) -> str:
    return "\n".join(section.text for section in READERS[path.suffix[1:]](path).values())


def _replace_source(notebook: Path, cell: int, source: str) -> None:
    content = nbformat.read(notebook, as_version=4)
    content.cells[cell - 1].source = source
    nbformat.write(content, notebook)


@pytest.fixture
def made(april_report: MadeReport, tmp_path: Path) -> MadeReport:
    """A copy of the project with its April results, to be changed."""
    target = tmp_path / "made"
    shutil.copytree(april_report.project.root, target)
    folder = target / "outputs" / str(APRIL)
    files = {name: folder / f"bao-cao-{APRIL}.{name}" for name in ("docx", "pdf", "html")}
    return MadeReport(Project(target), APRIL, **files)


def test_equal_inputs_give_equal_bytes(april_report: MadeReport, tmp_path: Path) -> None:
    again = make_report(copy_project(tmp_path / "again"))
    assert _hashes(again.folder) == _hashes(april_report.folder)


def test_manifest_describes_what_went_in_and_came_out(april_report: MadeReport) -> None:
    manifest = json.loads((april_report.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["period"] == "2024-04"
    assert manifest["renderer"] == "pandoc"
    for path in (april_report.docx, april_report.pdf, april_report.html):
        assert manifest["outputs"][path.name] == hashlib.sha256(path.read_bytes()).hexdigest()
    source = april_report.project.root / "data" / "2024-04" / "01-cong-an.xlsx"
    assert manifest["inputs"]["data/2024-04/01-cong-an.xlsx"] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert "cccd.da_cap" in manifest["reads"]["II.6"]
    assert "cccd.da_cap" in manifest["reads"]["Chỉ tiêu chính"]
    assert {"data/indicators.yml", "data/derived.yml", "params/2024-04.yml"} < set(manifest["inputs"])


def test_a_month_without_a_form_of_documents_stops_before_a_kernel_starts(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(_: Period) -> None:
        raise InputError(Problem("không có thể thức văn bản áp dụng cho kỳ này", ("nd30.yml",)))

    monkeypatch.setattr("baocao.run.measures_in_force", ended)
    put(project.submissions(APRIL) / "01-cong-an.xlsx", CARDS, "D9", "nhiều")
    with Progress() as progress, pytest.raises(InputError) as caught:
        run(project, APRIL, ["docx"], 1, progress, lambda _month: pytest.fail("a month is announced"))
    # Together with what is wrong in the workbooks.
    first, *others = caught.value.problems
    assert first.what == "không có thể thức văn bản áp dụng cho kỳ này"
    assert others and all(problem.where[0] == "01-cong-an.xlsx" for problem in others)
    assert not project.outputs.joinpath(str(APRIL)).exists()


def test_figures_of_the_page_say_their_cell(april_report: MadeReport, april_month: Month) -> None:
    page = april_report.html.read_text(encoding="utf-8")
    figure = april_month.dataset.get("cccd.da_cap")
    assert isinstance(figure, Figure)
    assert f'data-so="cccd.da_cap" title="{figure.source}">375.671</span>' in page


def test_one_changed_cell_reaches_every_place_and_the_old_number_none(made: MadeReport) -> None:
    path = made.project.submissions(APRIL) / "02-lao-dong.xlsx"
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value == 2754]
    assert len(cells) == 1, "people with merit are stated in one cell, though the report says them twice"
    cells[0].value = 2751
    # The remainder moves with it, or the parts would no longer make their sum.
    cells[0].offset(row=1).value += 3
    book.save(path)
    make_report(made.project)
    for report in (made.docx, made.pdf, made.html):
        text = _text(report)
        # The page shows it among the main indicators as well.
        assert text.count("2.751") == (3 if report == made.html else 2), report.name
        assert "2.754" not in text, report.name
        assert "97,9%" in text, report.name


def test_failing_cell_is_named_and_the_other_sections_still_run(made: MadeReport) -> None:
    before = _hashes(made.folder)
    sections = {section.label: section.notebook for section in made.project.sections(APRIL)}
    _replace_source(sections["II.3"], 3, "%%narrative\n## 3. Về thể chế\n\nCó {{ tthc.cap_huyn }} thủ tục.")
    _replace_source(sections["II.8"], 2, "1 / 0")
    _replace_source(sections["II.9"], 3, "%%narative\nchữ")
    with Progress() as progress, pytest.raises(RunError) as caught:
        run(made.project, APRIL, ["docx"], 2, progress, lambda _month: None)
    first, second, third = caught.value.problems
    assert first.where == ("notebooks/23-the-che.ipynb", "ô 3", "dòng 4")
    assert "tthc.cap_huyn" in first.what and "tthc.cap_huyen" in f"{first.what} {first.expected}"
    assert "không có lệnh %%narative" in third.what and "%%narrative" in third.expected
    assert second.where[:2] == ("notebooks/28-nguon-luc.ipynb", "ô 2")
    assert "outputs/2024-04.loi" in Path(first.remedy.replace(",", " ")).as_posix()
    kept = made.project.outputs / "2024-04.loi" / "build" / "sections"
    assert len(list(kept.glob("*.ipynb"))) == len(sections), "every section ran"
    log = (made.project.outputs / "logs" / "2024-04.log").read_text(encoding="utf-8")
    assert "ZeroDivisionError" in log
    assert _hashes(made.folder) == before


def test_single_section_leaves_the_report_alone(made: MadeReport) -> None:
    before = _hashes(made.folder)
    with Progress() as progress:
        result = run_section(made.project, APRIL, "II.6", progress, lambda _month: None)
    notebook = nbformat.read(result.files["ipynb"], as_version=4)
    assert any("375.671" in str(cell.get("outputs", "")) for cell in notebook.cells)
    assert _hashes(made.folder) == before


def test_bad_input_stops_before_any_kernel(made: MadeReport) -> None:
    before = _hashes(made.folder)
    folder = made.project.submissions(APRIL)
    (folder / "03-bhxh.xlsx").unlink()
    (folder / "04-y-te.xlsx").write_bytes(b"")
    events: list[Step] = []
    with Progress() as progress:
        progress.on_event = lambda event: events.append(event.step)  # type: ignore[method-assign]
        with pytest.raises(InputError) as caught:
            run(made.project, APRIL, ["docx"], 2, progress, lambda _month: None)
    said = str(caught.value)
    assert "03/ĐA06" in said
    assert "04-y-te.xlsx: tệp rỗng" in said
    assert not events
    assert _hashes(made.folder) == before
    assert not (made.project.outputs / ".2024-04.work").exists()


def test_output_that_is_not_of_the_report_is_refused(made: MadeReport) -> None:
    before = _hashes(made.folder)
    sections = {section.label: section.notebook for section in made.project.sections(APRIL)}
    _replace_source(
        sections["II.6"],
        2,
        'from baocao.notebook import open_report\nreport = open_report(period)\nreport.table("hoi")',
    )
    content = nbformat.read(sections["II.6"], as_version=4)
    content.cells = content.cells[:2]
    nbformat.write(content, sections["II.6"])
    with Progress() as progress, pytest.raises(RunError, match="không thuộc báo cáo"):
        run(made.project, APRIL, ["docx"], 2, progress, lambda _month: None)
    assert _hashes(made.folder) == before


def test_other_formats_are_made_anew_with_the_wanted_one(made: MadeReport) -> None:
    path = made.project.submissions(APRIL) / "02-lao-dong.xlsx"
    book = openpyxl.load_workbook(path)
    changed = next(cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value == 2754)
    changed.value = 2751
    changed.offset(row=1).value += 3
    book.save(path)
    with Progress() as progress:
        result = run(made.project, APRIL, ["html"], 2, progress, lambda _month: None)
    assert set(result.files) == {"docx", "pdf", "html"}
    assert all("2.751" in _text(report) for report in (made.docx, made.pdf, made.html))
