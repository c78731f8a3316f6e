"""One month read whole: every fault at once, nothing written."""

import hashlib
import shutil
from pathlib import Path

import openpyxl
import pytest
import yaml
from openpyxl.worksheet.worksheet import Worksheet

from baocao.errors import InputError, Severity
from baocao.figure import Figure
from baocao.month import Month, read_month
from baocao.period import Period
from baocao.project import Project
from workbooks import APRIL, CARDS, GROUPS, ONE_STOP, POLICE, edit, folder_of, insert, put


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_april_can_run(april_month: Month) -> None:
    assert april_month.stopping == ()
    assert str(april_month.dataset.get("cccd.ty_le")) == "96,82%"


def test_every_fault_of_a_month_at_once(project: Project) -> None:
    folder = folder_of(project)
    put(folder / POLICE, CARDS, "D9", "nhiều")
    put(folder / POLICE, GROUPS, "D10", 60.9)
    put(folder / "02-lao-dong.xlsx", "Số liệu", "A2", "Kỳ báo cáo: Tháng 3 năm 2024")
    (folder / "03-bhxh.xlsx").write_bytes(b"")
    (folder / "04-y-te.xlsx").unlink()
    (folder / "05-giao-duc.xlsx").write_bytes((folder / "05-giao-duc.xlsx").read_bytes()[:2000])
    shutil.copy(folder / "06-tu-phap.xlsx", folder / "06-tu-phap-sua.xlsx")
    (folder / "07-van-hoa.xlsx").unlink()
    (folder / "07-van-hoa.xlsx").mkdir()
    edit(folder / "08-mot-cua.xlsx", lambda page: insert(page, row=2), "Hồ sơ")
    put(folder / "09-van-phong.xlsx", "Thể chế, nguồn lực", "D8", "#REF!")
    before = tree(project.root)
    month = read_month(project, APRIL)
    assert {(finding.rule, finding.problem.where[0]) for finding in month.stopping} == {
        ("chu_o_cot_so", POLICE),
        ("so_le", POLICE),
        ("sai_ky", "02-lao-dong.xlsx"),
        ("tep_rong", "03-bhxh.xlsx"),
        ("thieu_tep", "data/2024-04"),
        ("tep_hong", "05-giao-duc.xlsx"),
        ("trung_tep", "data/2024-04"),
        ("la_thu_muc", "07-van-hoa.xlsx"),
        ("o_loi", "09-van-phong.xlsx"),
    }
    assert len(month.stopping) == 9
    assert all(finding.problem.expected and finding.problem.remedy for finding in month.stopping)
    assert tree(project.root) == before


def test_every_malformed_definition_at_once(project: Project) -> None:
    """A definition that cannot be read hides no mistake of another file."""
    faults = [
        (project.params(APRIL), "number: null", "number: -3"),
        (project.units, "kind: xã, name: Vĩnh Thái", "kind: thôn, name: Vĩnh Thái"),
        (project.forms / "01-cong-an.yml", "kind: grid", "kind: bảng"),
        (project.forms / "07-van-hoa.yml", "version: 1", "version: một"),
        (project.derived, "operation: rate", "operation: chia"),
        (project.rules, "kind: overdue", "kind: qua_han"),
        (project.indicators, "label:", "nhan:"),
    ]
    wanted = []
    for path, old, new in faults:
        text = path.read_text(encoding="utf-8")
        number = text[: text.index(old)].count("\n") + 1
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        wanted.append((path.relative_to(project.root).as_posix(), number))
    for period in (APRIL, Period(2024, 5)):
        if not project.params(period).exists():
            shutil.copy(project.params(APRIL), project.params(period))
        with pytest.raises(InputError) as caught:
            read_month(project, period)
        found = caught.value.problems
        assert len(found) == len(set(found)), "nothing is said twice"
        told = [problem.where for problem in found]
        files = {where[0] for where in told}
        assert {name for name, _ in wanted[1:]} <= files
        for name, number in wanted[1:]:
            lines = {int(where[1].removeprefix("dòng ")) for where in told if where[0] == name}
            assert min(abs(line - number) for line in lines) <= 4, (name, number, lines)


def test_faults_that_somebody_answers_for_do_not_lose_the_rest(project: Project) -> None:
    put(folder_of(project) / POLICE, CARDS, "D9", "nhiều")
    answer = {"rule": "chu_o_cot_so", "code": "cccd.da_cap", "reason": "đơn vị sẽ gửi sau", "by": "Nguyễn Văn A"}
    project.params(APRIL).write_text(yaml.safe_dump({"period": "2024-04", "acknowledged": [answer]}), encoding="utf-8")
    month = read_month(project, APRIL)
    assert month.stopping == ()
    assert str(month.dataset.get("cccd.ty_le")) == "…"
    assert not month.dataset.get("dinh_danh.ty_le_cap").missing


def test_missing_parameters_and_faulty_workbooks_at_once(project: Project) -> None:
    project.params(APRIL).unlink()
    put(folder_of(project) / POLICE, CARDS, "D9", "nhiều")
    project.derived.write_text("derived: 5\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_month(project, APRIL)
    assert [problem.where[0] for problem in caught.value.problems] == [
        "params/2024-04.yml",
        "data/derived.yml",
        POLICE,
    ]
    assert caught.value.exit_code == 2


def test_month_without_anything(project: Project) -> None:
    with pytest.raises(InputError) as caught:
        read_month(project, Period(2024, 9))
    assert "không có tệp params/2024-09.yml" in str(caught.value)
    assert "không có thư mục số liệu của kỳ 2024-09" in str(caught.value)


MARCH = Period(2024, 3)


def of_march(project: Project) -> Path:
    """April's workbooks, said to be of March."""
    march = project.submissions(MARCH)
    shutil.copytree(folder_of(project), march)
    for path in march.glob("*.xlsx"):
        book = openpyxl.load_workbook(path)
        for page in book.worksheets:
            page["A2"].value = "Kỳ báo cáo: Tháng 3 năm 2024"
        book.save(path)
    return march


def test_previous_month_is_compared_with(project: Project) -> None:
    put(of_march(project) / POLICE, CARDS, "D9", 375000)
    month = read_month(project, APRIL)
    figure = month.dataset.get("cccd.da_cap")
    assert isinstance(figure, Figure)
    assert month.dataset.change(figure).value == 671
    assert month.stopping == ()
    paths = (path for folder in (project.submissions(MARCH), folder_of(project)) for path in folder.iterdir())
    assert month.read_files == {
        path.relative_to(project.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths
    }
    assert len(month.read_files) == 18


def test_faults_that_somebody_answered_for_last_month_are_no_obstacle(project: Project) -> None:
    put(of_march(project) / POLICE, CARDS, "D9", "nhiều")
    answer = {"rule": "chu_o_cot_so", "code": "cccd.da_cap", "reason": "đơn vị gửi sau", "by": "Nguyễn Văn A"}
    project.params(MARCH).write_text(yaml.safe_dump({"period": "2024-03", "acknowledged": [answer]}), encoding="utf-8")
    month = read_month(project, APRIL)
    assert [finding for finding in month.findings if finding.rule in ("ky_truoc", "xac_nhan_thua")] == []
    known = month.dataset.previous("cccd.dan_so")
    assert known is not None
    assert known.value == 388006
    answer["code"] = "cccd.dan_so"
    project.params(MARCH).write_text(yaml.safe_dump({"period": "2024-03", "acknowledged": [answer]}), encoding="utf-8")
    assert "ky_truoc" in {finding.rule for finding in read_month(project, APRIL).findings}


def test_previous_month_may_have_longer_lists(project: Project) -> None:
    def longer(page: Worksheet) -> None:
        header = next(cell.row for cell in page["B"] if cell.value == "Dịch vụ công trực tuyến")
        first = next(row for row in range(header + 1, page.max_row) if page.cell(row, 1).value == 1)
        for column in range(2, 8):
            page.cell(first + 1, column).value = page.cell(first, column).value

    edit(of_march(project) / ONE_STOP, longer, "Phụ lục III")
    dataset = read_month(project, APRIL).dataset
    assert "dvc_28.r2.ty_le" not in dataset
    earlier = dataset.previous("dvc_28.r2.ty_le")
    assert isinstance(earlier, Figure)
    assert earlier.label == "Tỷ lệ hồ sơ trực tuyến, dòng 2"


def test_faulty_previous_month_is_a_warning(project: Project) -> None:
    put(of_march(project) / POLICE, CARDS, "D9", "nhiều")
    month = read_month(project, APRIL)
    assert month.stopping == ()
    assert month.dataset.previous("cccd.da_cap") is None
    assert not any("2024-03" in name for name in month.read_files)
    (finding,) = [finding for finding in month.findings if finding.rule == "ky_truoc"]
    assert finding.severity is Severity.CANH_BAO
    assert "số liệu kỳ 2024-03 còn 1 lỗi" in finding.problem.what


def test_a_refused_cell_is_not_told_again_as_blank(project: Project) -> None:
    folder = folder_of(project)
    before = read_month(project, APRIL).findings
    put(folder / "01-cong-an.xlsx", CARDS, "E9", "30/2/2024")
    put(folder / "08-mot-cua.xlsx", "Phụ lục II", "D12", "1485 hồ sơ")
    found = [finding for finding in read_month(project, APRIL).findings if finding not in before]
    assert [finding.rule for finding in found] == ["sai_ngay", "chu_o_cot_so"]


def test_what_a_missing_workbook_would_have_is_not_told_as_blank(project: Project) -> None:
    before = read_month(project, APRIL).findings
    (folder_of(project) / "01-cong-an.xlsx").unlink()
    found = [finding for finding in read_month(project, APRIL).findings if finding not in before]
    assert [finding.rule for finding in found] == ["thieu_tep"]
