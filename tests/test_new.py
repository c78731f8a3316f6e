"""A new month: parameters, blank forms, drafts; nothing that is there is touched."""

import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

import nbformat
import openpyxl
import pytest

from baocao import new
from baocao.errors import InputError, RunError, Severity
from baocao.forms import Form, load_forms
from baocao.intake import read_submissions
from baocao.new import monthly_params, new_month
from baocao.params import Acknowledgement, load_params
from baocao.period import Period
from baocao.project import Project
from baocao.workbook import REFERENCE

ROOT = Path(__file__).parents[1]
APRIL, MAY = Period(2024, 4), Period(2024, 5)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    shutil.copytree(ROOT / "params", tmp_path / "params", ignore=shutil.ignore_patterns("2024-05*"))
    shutil.copytree(ROOT / "data" / "forms", tmp_path / "data" / "forms")
    shutil.copyfile(ROOT / "data" / "units.yml", tmp_path / "data" / "units.yml")
    own = tmp_path / "notebooks" / str(APRIL)
    own.mkdir(parents=True)
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell('period = "2024-04"', id="o-01", metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell('note = "period = giữ nguyên"', id="o-02", execution_count=7),
        ]
    )
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="cũ")]
    nbformat.write(notebook, own / "10-khai-quat.ipynb")
    return Project(tmp_path)


def snapshot(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_writes_parameters_forms_and_drafts(project: Project) -> None:
    made = new_month(project, MAY)
    forms = load_forms(project.forms, MAY)
    assert made.kept == ()
    assert set(made.written) == {
        project.params(MAY),
        *(project.submissions(MAY) / form.file for form in forms),
        project.root / "notebooks/2024-05/10-khai-quat.ipynb",
    }
    assert all(path.is_file() for path in made.written)
    params = load_params(project, MAY)
    assert (params.monthly.number, params.monthly.issued, params.monthly.to) == (None, None, ())
    assert not params.monthly.simulated


@pytest.mark.parametrize("period", [MAY, Period(2025, 1), Period(2025, 6)])
@pytest.mark.parametrize("simulated", [False, True])
def test_parameters_are_read_as_written(project: Project, period: Period, simulated: bool) -> None:
    project.params(period).write_text(monthly_params(period, simulated), "utf-8")
    monthly = load_params(project, period).monthly
    assert (monthly.period, monthly.simulated, monthly.acknowledged) == (str(period), simulated, ())


def test_blank_forms_are_of_the_month_and_empty(project: Project) -> None:
    new_month(project, MAY)
    forms = load_forms(project.forms, MAY)
    intake = read_submissions(project.submissions(MAY), forms, MAY)
    assert all(datum.missing for datum in intake.data.values())
    # Every form is known and read: all that is wrong is that nothing is in it.
    stopping = {finding.rule for finding in intake.findings if finding.severity is Severity.LOI}
    assert stopping == {"thieu_so_lieu"}
    book = openpyxl.load_workbook(project.submissions(MAY) / "01-cong-an.xlsx")
    assert book.properties.created == datetime(2024, 5, 1)


def test_cut_off_and_deadline_are_computed(project: Project) -> None:
    made = new_month(project, MAY)
    assert (made.dates.cut_off, made.dates.deadline) == (date(2024, 5, 14), date(2024, 5, 16))
    text = project.params(MAY).read_text("utf-8")
    assert "# Kỳ số liệu: 15/4/2024–14/5/2024, chốt thứ Ba 14/5/2024.\n" in text
    assert "# Hạn gửi báo cáo: thứ Năm 16/5/2024 " in text
    assert "ngày ban hành, ví dụ 2024-05-16\n" in text
    page = openpyxl.load_workbook(project.submissions(MAY) / "01-cong-an.xlsx").worksheets[0]
    assert "(Số liệu từ ngày 15/4/2024 đến hết ngày 14/5/2024)" in [cell.value for cell in page["A"]]


def references(path: Path) -> list[object]:
    """The values under “Kỳ trước” on the first sheet of a workbook."""
    page = openpyxl.load_workbook(path).worksheets[0]
    heads = [cell for row in page.iter_rows() for cell in row if cell.value == REFERENCE]
    return [page.cell(cell.row + 1, cell.column).value for cell in heads]


def test_forms_show_what_last_month_s_said(project: Project) -> None:
    shutil.copytree(ROOT / "data" / "2024-04", project.submissions(APRIL))
    new_month(project, MAY)
    assert references(project.submissions(MAY) / "01-cong-an.xlsx") == [388006, 100]
    assert references(project.submissions(MAY) / "03-bhxh.xlsx")
    # The units sent nothing in April.
    assert references(project.submissions(MAY) / "10-phuong-xa-vinh-hoa.xlsx") == []
    intake = read_submissions(project.submissions(MAY), load_forms(project.forms, MAY), MAY)
    assert all(datum.missing for datum in intake.data.values())
    assert {finding.rule for finding in intake.findings} == {"thieu_so_lieu", "chua_bao_cao"}


def test_what_cannot_be_read_of_last_month_is_not_shown(project: Project) -> None:
    shutil.copytree(ROOT / "data" / "2024-04", project.submissions(APRIL))
    (project.submissions(APRIL) / "01-cong-an.xlsx").write_bytes(b"PK damaged")
    new_month(project, MAY)
    assert references(project.submissions(MAY) / "01-cong-an.xlsx") == []
    assert references(project.submissions(MAY) / "02-lao-dong.xlsx")


def test_a_month_before_the_first_forms_shows_nothing(project: Project) -> None:
    for path in project.forms.glob("*.yml"):
        text = path.read_text("utf-8").replace("valid_from: 2022-01", "valid_from: 2024-05")
        path.write_text(text, "utf-8")
    shutil.copytree(ROOT / "data" / "2024-04", project.submissions(APRIL))
    new_month(project, MAY)
    assert references(project.submissions(MAY) / "01-cong-an.xlsx") == []


def test_equal_inputs_give_equal_files(project: Project, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "data" / "2024-04", project.submissions(APRIL))
    shutil.copytree(project.root, tmp_path / "other", ignore=shutil.ignore_patterns("other"))
    new_month(project, MAY)
    new_month(Project(tmp_path / "other"), MAY)
    made = {path.name: path.read_bytes() for path in project.submissions(MAY).iterdir()}
    assert made == {path.name: path.read_bytes() for path in (tmp_path / "other/data/2024-05").iterdir()}


def test_drafts_are_marked_and_move_to_the_month(project: Project) -> None:
    new_month(project, MAY)
    text = (project.root / "notebooks/2024-05/10-khai-quat.ipynb").read_text("utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata["baocao"] == {"draft": True}
    note, parameters, other = notebook.cells
    assert note.cell_type == "markdown"
    assert note.source.startswith("**BẢN NHÁP**")
    assert parameters.source == 'period = "2024-05"'
    assert (other.source, other.outputs, other.execution_count) == ('note = "period = giữ nguyên"', [], None)
    assert "\\u" not in text
    assert text.endswith("}\n")


def test_a_draft_of_a_draft_has_one_note(project: Project) -> None:
    new_month(project, MAY)
    new_month(project, Period(2024, 6))
    notebook = nbformat.read(project.root / "notebooks/2024-06/10-khai-quat.ipynb", as_version=4)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code", "code"]
    assert "kỳ 2024-05" in notebook.cells[0].source


def test_nothing_is_overwritten(project: Project) -> None:
    project.params(MAY).write_text("period: 2024-05\nnumber: 12\n", "utf-8")
    (project.submissions(MAY)).mkdir()
    (project.submissions(MAY) / "01-cong-an.xlsx").write_bytes(b"a clerk's work")
    (project.root / "notebooks/2024-05").mkdir()
    before = snapshot(project.root)
    made = new_month(project, MAY)
    after = snapshot(project.root)
    assert {name: after[name] for name in before} == before
    assert made.drafts == ()
    assert set(made.kept) == {
        project.params(MAY),
        project.submissions(MAY) / "01-cong-an.xlsx",
        project.root / "notebooks/2024-05",
    }
    assert {path.suffix for path in made.written} == {".xlsx"}


def test_a_second_time_writes_nothing(project: Project) -> None:
    new_month(project, MAY)
    before = snapshot(project.root)
    assert new_month(project, MAY).written == ()
    assert snapshot(project.root) == before


def test_a_month_without_own_notebooks_before_it(project: Project) -> None:
    made = new_month(project, Period(2024, 8))
    assert made.drafts == ()
    assert not (project.root / "notebooks/2024-08").exists()


def test_a_broken_notebook_stops_before_anything_is_written(project: Project) -> None:
    (project.root / "notebooks/2024-04/10-khai-quat.ipynb").write_text("{", "utf-8")
    (project.root / "notebooks/2024-04/30-nhan-xet.ipynb").write_text('{"nbformat": 4}', "utf-8")
    before = snapshot(project.root)
    with pytest.raises(InputError) as caught:
        new_month(project, MAY)
    assert [problem.where[-1] for problem in caught.value.problems] == ["10-khai-quat.ipynb", "30-nhan-xet.ipynb"]
    assert snapshot(project.root) == before


def test_a_month_before_every_form(project: Project) -> None:
    with pytest.raises(InputError, match="không có biểu mẫu nào"):
        new_month(project, Period(2020, 1))


def test_what_was_half_written_is_not_there(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    write = new.write_workbook

    def killed(form: Form, period: Period, path: Path, **options: Any) -> None:
        write(form, period, path, **options)
        if form.form == "lao_dong":
            path.write_bytes(path.read_bytes()[:1000])
            raise KeyboardInterrupt

    monkeypatch.setattr(new, "write_workbook", killed)
    with pytest.raises(KeyboardInterrupt):
        new_month(project, MAY)
    assert [path.name for path in project.submissions(MAY).iterdir()] == ["01-cong-an.xlsx"]
    monkeypatch.undo()
    assert project.submissions(MAY) / "02-lao-dong.xlsx" in new_month(project, MAY).written


def test_half_written_parameters_are_not_there(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, text: str, **_options: object) -> int:
        path.write_bytes(text.encode()[:20])
        raise OSError(28, "No space left on device", str(path))

    before = snapshot(project.root)
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(RunError, match="không ghi được"):
        new_month(project, MAY)
    assert snapshot(project.root) == before


def test_half_written_drafts_are_written_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(_path: Path, _notebook: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(new, "write_notebook", killed)
    with pytest.raises(KeyboardInterrupt):
        new_month(project, MAY)
    assert not (project.root / "notebooks/2024-05").exists()
    monkeypatch.undo()
    assert len(new_month(project, MAY).drafts) == 1
    assert [path.name for path in (project.root / "notebooks").iterdir() if path.name.startswith(".")] == []


def test_acknowledgements_are_read_as_written(project: Project) -> None:
    given = (
        Acknowledgement(rule="a", code="cong_an/Hội, đoàn thể: 1", reason="đã “đối chiếu” # lần 2", by="Trần Thị Lan"),
    )
    project.params(MAY).write_text(monthly_params(MAY, acknowledged=given), "utf-8")
    assert load_params(project, MAY).monthly.acknowledged == given


def test_settings_that_a_month_may_have_of_its_own_are_shown_as_they_are_written(project: Project) -> None:
    text = monthly_params(MAY)
    for key in ("signer", "charts"):
        assert text.count(f"\n# {key}: ") == 1
        text = text.replace(f"\n# {key}: ", f"\n{key}: ").replace("name: …", "name: Trần An")
    project.params(MAY).write_text(text, "utf-8")
    params = load_params(project, MAY)
    assert params.signer.lines == ("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH")
    assert params.charts == ("html",)


def test_a_place_that_cannot_be_written(project: Project) -> None:
    (project.root / "data" / "2024-05").write_text("", "utf-8")
    with pytest.raises(RunError, match="không ghi được"):
        new_month(project, MAY)
