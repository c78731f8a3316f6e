"""What `baocao check` gives beside its text: JSON for programs, and workbooks to send back to the departments."""

import json
import re
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from baocao.archive import DamagedError, TooLargeError
from baocao.check_report import UNREADABLE, check, to_json
from baocao.errors import Problem, RunError, Severity
from baocao.figure import Cell
from baocao.finding import Finding
from baocao.findings_xlsx import checked_workbooks, write_checked
from baocao.manifest import MANIFEST
from baocao.marked_copy import ANSWERED, COLOURS, literal, open_copy
from baocao.month import Month, read_month
from baocao.place import cells_at_fault, place
from baocao.project import Project
from baocao.store import Store
from baocao.workbook import FINDINGS_SHEET
from workbooks import APRIL, CARDS, GROUPS, OFFICE, POLICE, ROOT, convert, edit, folder_of, needs_calc, put, rewrite

POLICE_FILE = "cong-an-thanh-pho-nha-trang.xlsx"
LABOUR_FILE = "phong-lao-dong-thuong-binh-va-xa-hoi-thanh-pho-nha-trang.xlsx"
OFFICE_FILE = "van-phong-ubnd-thanh-pho-nha-trang.xlsx"
FORMULA = '=HYPERLINK("http://la.example","xem")'


def sent(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(BytesIO(content))


def shade(cell: Any) -> str:
    return str(cell.fill.fgColor.rgb)[2:]


def row_of(path: Path, sheet: str, title: str) -> int:
    page = openpyxl.load_workbook(path)[sheet]
    return next(cells[0].row or 0 for cells in page.iter_rows() if any(cell.value == title for cell in cells))


def break_farmers(project: Project) -> str:
    """More files approved than the union has members: a lỗi; the cell's reference."""
    path = folder_of(project) / POLICE
    ref = f"F{row_of(path, GROUPS, 'Hội Nông dân')}"
    put(path, GROUPS, ref, 9999)
    return ref


def listed(book: openpyxl.Workbook) -> list[Any]:
    """The rows of the list, as cells."""
    rows = list(book[FINDINGS_SHEET].iter_rows(min_row=8))
    return [row for row in rows if isinstance(row[0].value, int)]


def with_finding(month: Month, finding: Finding) -> Month:
    return replace(month, findings=(finding,))


# Where


def test_cells_come_from_the_place_where_a_finding_has_none() -> None:
    problem = Problem("x", ("a.xlsx", "Trang", "H10:H12, K3"))
    finding = Finding("r", "c", Severity.LUU_Y, problem)
    assert [cell.ref for cell in cells_at_fault(finding)] == ["H10", "H11", "H12", "K3"]
    assert place(finding) == "a.xlsx › Trang › H10:H12, K3"
    assert cells_at_fault(replace(finding, problem=Problem("x", ("params/2024-04.yml", "to")))) == ()
    assert cells_at_fault(replace(finding, problem=Problem("x", ("a.ipynb", "ô 3", "dòng 2")))) == ()


def test_a_place_names_every_cell_and_many_sheets_in_short() -> None:
    alike = tuple(Cell(f"{number}.xlsx", "Trang", "D4") for number in range(6))
    finding = Finding("r", "c", Severity.LOI, Problem("x", ("0.xlsx", "Trang", "D4")), cells=alike)
    assert place(finding) == "0.xlsx … 5.xlsx (6 tệp) › Trang › D4"
    cells = (*alike[:5], Cell("5.xlsx", "Trang", "D5"))
    finding = Finding("r", "c", Severity.LOI, Problem("x", ("0.xlsx", "Trang", "D4")), cells=cells)
    assert place(finding).startswith("0.xlsx › Trang › D4; 1.xlsx › Trang › D4; ")
    assert place(finding).endswith("; và 2 trang tính khác")
    assert place(replace(finding, cells=())) == "0.xlsx › Trang › D4"


# JSON


def test_json_has_every_finding_of_the_month(april_month: Month) -> None:
    report = check(Project(ROOT), APRIL)
    told = json.loads(to_json(report))
    assert list(told) == ["schema_version", "period", "readable", "stops", "counts", "findings"]
    assert (told["schema_version"], told["period"], told["readable"], told["stops"]) == (1, "2024-04", True, False)
    assert [(entry["rule"], entry["code"]) for entry in told["findings"]] == [
        (finding.rule, finding.code) for finding in april_month.findings
    ]
    assert sum(told["counts"][key] for key in ("loi", "canh_bao", "luu_y")) == len(told["findings"])
    entry = next(entry for entry in told["findings"] if entry["code"] == "dai_truyen_thanh.luot_phat")
    assert entry["where"] == ["07-van-hoa.xlsx", "Số liệu", "D20"]
    assert entry["cells"] == [{"workbook": "07-van-hoa.xlsx", "sheet": "Số liệu", "ref": "D20"}]
    assert (entry["severity"], entry["stops"], entry["acknowledged"]) == ("canh_bao", False, None)
    assert entry["expected"] and entry["remedy"] and entry["what"]
    assert next(entry for entry in told["findings"] if entry["rule"] == "chua_ghi")["department"] is None


def test_json_of_a_month_that_cannot_be_read(project: Project) -> None:
    project.params(APRIL).unlink()
    told = json.loads(to_json(check(project, APRIL)))
    assert (told["readable"], told["stops"]) == (False, True)
    assert [entry["rule"] for entry in told["findings"]] == [UNREADABLE]
    assert told["findings"][0]["where"] == ["params/2024-04.yml"]
    assert told["counts"] == {"loi": 1, "canh_bao": 0, "luu_y": 0, "acknowledged": 0, "stopping": 1}


def test_json_shows_what_was_answered_for_and_is_utf8(april_month: Month) -> None:
    stop = Finding(
        "r", "c\udc80", Severity.LOI, Problem("“\x1b”", ("t\udce9p.xlsx",)), "Công an", "Lan", "đã đối chiếu"
    )
    report = replace(check(Project(ROOT), APRIL), month=with_finding(april_month, stop))
    told = json.loads(to_json(report).encode("utf-8"))
    assert told["stops"] is False
    assert told["counts"]["acknowledged"] == 1
    assert told["findings"][0]["acknowledged"] == {"by": "Lan", "reason": "đã đối chiếu"}
    assert told["findings"][0]["what"] == "“\x1b”"


# Workbooks to send back


def test_a_workbook_for_each_department_with_findings(april_month: Month) -> None:
    files = checked_workbooks(Project(ROOT), april_month)
    mentioned = {finding.department for finding in april_month.findings}
    assert len(files) == len(mentioned)
    assert {POLICE_FILE, LABOUR_FILE, OFFICE_FILE, "chung.xlsx"} <= files.keys()
    assert sent(files["chung.xlsx"]).sheetnames == [FINDINGS_SHEET]
    # Every finding is in at least one of them, under its rule and code.
    codes = {row[7].value for content in files.values() for row in listed(sent(content))}
    assert codes == {f"{finding.rule} › {finding.code}" for finding in april_month.findings}


def test_faulty_cells_are_coloured_and_say_why(project: Project) -> None:
    ref = break_farmers(project)
    source = folder_of(project) / POLICE
    before = source.read_bytes()
    month = read_month(project, APRIL)
    finding = next(finding for finding in month.findings if finding.severity is Severity.LOI)
    book = sent(checked_workbooks(project, month)[POLICE_FILE])

    assert source.read_bytes() == before
    assert book.sheetnames == [FINDINGS_SHEET, *openpyxl.load_workbook(source).sheetnames]
    cell = book[GROUPS][ref]
    assert cell.value == 9999
    assert shade(cell) == COLOURS[Severity.LOI]
    assert cell.comment is not None
    assert cell.comment.author == "baocao"
    assert all(part in cell.comment.text for part in (finding.problem.what, "Cần có: ", "Cách xử lý: ", "[lỗi]"))
    # The blank cell of the vehicles is a cảnh báo; a cell without a fault is as it was.
    assert shade(book[GROUPS]["E15"]) == COLOURS[Severity.CANH_BAO]
    untouched = openpyxl.load_workbook(source)[GROUPS]["D15"]
    assert shade(book[GROUPS]["D15"]) == shade(untouched)
    assert book[GROUPS]["D15"].comment is None


def test_the_list_leads_to_the_cells(project: Project) -> None:
    ref = break_farmers(project)
    month = read_month(project, APRIL)
    book = sent(checked_workbooks(project, month)[POLICE_FILE])
    sheet = book[FINDINGS_SHEET]
    rows = listed(book)
    assert rows[0][1].value == "lỗi"
    assert [row[0].value for row in rows] == list(range(1, len(rows) + 1))
    targets = [row[3].hyperlink.location if row[3].hyperlink else "" for row in rows]
    assert all(targets)
    assert targets[0] == f"'{GROUPS}'!{ref}"
    for row, target in zip(rows, targets, strict=True):
        title, cell = target[1:].split("'!")
        assert book[title][cell].comment is not None, row
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert book.active is sheet
    assert [page.title for page in book.worksheets if page.sheet_view.tabSelected] == [FINDINGS_SHEET]


def test_departments_that_disagree_both_hear_of_it(april_month: Month) -> None:
    files = checked_workbooks(Project(ROOT), april_month)
    finding = next(finding for finding in april_month.findings if finding.rule == "hai_bieu_khac_nhau")
    for name in (POLICE_FILE, LABOUR_FILE):
        book = sent(files[name])
        assert any(row[4].value == finding.problem.what for row in listed(book))
    assert shade(sent(files[POLICE_FILE])[GROUPS]["D14"]) == COLOURS[Severity.CANH_BAO]
    assert shade(sent(files[LABOUR_FILE])["Số liệu"]["D8"]) == COLOURS[Severity.CANH_BAO]


def test_what_was_answered_for_stays_visible(project: Project) -> None:
    ref = break_farmers(project)
    month = read_month(project, APRIL)
    findings = tuple(
        replace(finding, acknowledged_by="Trần Thị Lan", reason="Hội đã đối chiếu")
        if finding.severity is Severity.LOI
        else finding
        for finding in month.findings
    )
    book = sent(checked_workbooks(project, replace(month, findings=findings))[POLICE_FILE])
    assert shade(book[GROUPS][ref]) == ANSWERED
    comment = book[GROUPS][ref].comment
    assert comment is not None
    assert "Đã xác nhận: Hội đã đối chiếu (Trần Thị Lan)" in comment.text
    first = listed(book)[0]
    assert "đã xác nhận" in str(first[1].value)
    assert "Hội đã đối chiếu (Trần Thị Lan)" in str(first[6].value)


def test_text_that_looks_like_a_formula_stays_text(project: Project) -> None:
    path = folder_of(project) / POLICE

    def type_it(page: Worksheet) -> None:
        page["E15"].value = FORMULA
        page["E15"].data_type = "s"

    edit(path, type_it, GROUPS)
    month = read_month(project, APRIL)
    hostile = Finding(
        "r",
        "=1+1",
        Severity.LOI,
        Problem(FORMULA, (POLICE, GROUPS, "E15"), "@SUM(1)", "_x0041_\x07 \u202e-1"),
        "Công an thành phố Nha Trang",
    )
    content = checked_workbooks(project, with_finding(month, hostile))[POLICE_FILE]
    book = sent(content)
    typed = book[GROUPS]["E15"]
    assert (typed.value, typed.data_type) == (FORMULA, "s")
    row = listed(book)[0]
    assert (row[4].value, row[4].data_type, row[4].quotePrefix) == (FORMULA, "s", True)
    assert (row[5].value, row[5].data_type) == ("@SUM(1)", "s")
    # Spreadsheets take _x0041_ for an A; it is escaped so that they show what was typed.
    assert row[6].value == "_x005F_x0041_ -1"
    with zipfile.ZipFile(BytesIO(content)) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
    assert sheets
    assert not any(b"<f>" in sheet or b"<f " in sheet for sheet in sheets)


def test_formulas_are_their_results_and_nothing_acts_by_itself(project: Project) -> None:
    path = folder_of(project) / POLICE
    with_result = '<c r="E15"><f>1+1</f><v>2</v></c>'
    without = '<c r="F15"><f>[1]Khac!A1</f></c>'

    def place_formulas(xml: str) -> str:
        for ref, cell in (("E15", with_result), ("F15", without)):
            xml = re.sub(rf'<c r="{ref}"[^>]*?(/>|>.*?</c>)', cell, xml, count=1)
        return xml

    number = openpyxl.load_workbook(path).sheetnames.index(GROUPS) + 1
    edit(
        path,
        lambda page: page.conditional_formatting.add("D4:F20", CellIsRule("greaterThan", ["0"], fill=PatternFill())),
        GROUPS,
    )
    rewrite(path, f"xl/worksheets/sheet{number}.xml", place_formulas)
    book = open_copy(path.read_bytes())
    assert book[GROUPS]["E15"].value == 2
    assert (book[GROUPS]["F15"].value, book[GROUPS]["F15"].data_type) == ("=[1]Khac!A1", "s")
    assert not list(book[GROUPS].conditional_formatting)


def test_a_comment_of_the_department_is_kept_and_an_earlier_check_is_not(project: Project) -> None:
    ref = break_farmers(project)
    path = folder_of(project) / POLICE
    edit(path, lambda page: setattr(page[ref], "comment", Comment("Hội báo qua điện thoại", "Bà Hoa")), GROUPS)
    first = checked_workbooks(project, read_month(project, APRIL))[POLICE_FILE]
    comment = sent(first)[GROUPS][ref].comment
    assert comment is not None
    assert comment.text.startswith("Hội báo qua điện thoại\n\n")

    # The department corrects the copy itself and sends it back.
    path.write_bytes(first)
    put(path, GROUPS, ref, 1)
    month = read_month(project, APRIL)
    assert not [finding for finding in month.findings if finding.severity is Severity.LOI]
    assert not [finding for finding in month.findings if finding.rule == "trang_la"]
    again = sent(checked_workbooks(project, month)[POLICE_FILE])
    assert again.sheetnames.count(FINDINGS_SHEET) == 1
    left = again[GROUPS][ref]
    assert left.comment is not None
    assert left.comment.text == "Hội báo qua điện thoại"
    assert shade(left) not in COLOURS.values()
    still = again[GROUPS]["E15"].comment
    assert still is not None
    assert still.text.count("KẾT QUẢ KIỂM TRA") == 1


def test_merged_and_hidden_cells_and_places_that_are_not_there(project: Project) -> None:
    path = folder_of(project) / POLICE

    def change(page: Worksheet) -> None:
        page.merge_cells("H30:J32")
        page.row_dimensions[15].hidden = True
        page.column_dimensions["E"].hidden = True

    edit(path, change, GROUPS)
    month = read_month(project, APRIL)
    cells = (
        Cell(POLICE, GROUPS, "J31"),
        Cell(POLICE, GROUPS, "E15"),
        Cell(POLICE, GROUPS, ""),
        Cell(POLICE, GROUPS, "D9999999"),
        Cell(POLICE, "Không có", "D4"),
    )
    finding = Finding(
        "r", "c", Severity.LUU_Y, Problem("x", (POLICE, GROUPS, "J31")), "Công an thành phố Nha Trang", cells=cells
    )
    book = sent(checked_workbooks(project, with_finding(month, finding))[POLICE_FILE])
    page = book[GROUPS]
    assert page["H30"].comment is not None
    assert shade(page["H30"]) == COLOURS[Severity.LUU_Y]
    assert not page.row_dimensions[15].hidden
    assert not page.column_dimensions["E"].hidden
    assert listed(book)[0][3].hyperlink.location == f"'{GROUPS}'!H30"
    assert sum(1 for sheet in book for cells in sheet.iter_rows() for cell in cells if cell.comment) == 2


def _missing(path: Path) -> None:
    path.unlink()


def _encrypted(path: Path) -> None:
    path.write_bytes((Path(__file__).parent / "fixtures" / "co-mat-khau.xlsx").read_bytes())


def _damaged(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:2000])


@pytest.mark.parametrize("spoil", [_missing, _encrypted, _damaged])
def test_without_a_readable_workbook_there_is_the_list(spoil: Callable[[Path], None], project: Project) -> None:
    spoil(folder_of(project) / POLICE)
    month = read_month(project, APRIL)
    book = sent(checked_workbooks(project, month)[POLICE_FILE])
    assert book.sheetnames == [FINDINGS_SHEET]
    assert listed(book)[0][1].value == "lỗi"
    assert "Chỉ có danh sách" in str(book[FINDINGS_SHEET]["A4"].value)


def test_a_workbook_that_cannot_be_copied_gets_the_list(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_content: bytes) -> openpyxl.Workbook:
        raise DamagedError

    monkeypatch.setattr("baocao.findings_xlsx.open_copy", fail)
    break_farmers(project)
    book = sent(checked_workbooks(project, read_month(project, APRIL))[POLICE_FILE])
    assert book.sheetnames == [FINDINGS_SHEET]


def test_a_trap_for_the_copy_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.save(tmp_path / "trap.xlsx")
    link = '<hyperlinks><hyperlink ref="A1:XFD1048576" location="A1"/></hyperlinks></worksheet>'
    rewrite(tmp_path / "trap.xlsx", "xl/worksheets/sheet1.xml", lambda xml: xml.replace("</worksheet>", link))
    with pytest.raises(TooLargeError):
        open_copy((tmp_path / "trap.xlsx").read_bytes())


def test_a_department_with_two_forms_gets_both_back(april_month: Month) -> None:
    police, labour = april_month.forms[0].department, april_month.forms[1].department
    forms = tuple(
        form.model_copy(update={"department": police}) if form.department == labour else form
        for form in april_month.forms
    )
    findings = tuple(
        replace(finding, department=police) if finding.department == labour else finding
        for finding in april_month.findings
    )
    missing = Finding("thieu_tep", "x", Severity.LOI, Problem("x", ("data/2024-04",)), police)
    month = replace(april_month, forms=forms, findings=(missing, *findings))
    files = checked_workbooks(Project(ROOT), month)
    first, second = (f"cong-an-thanh-pho-nha-trang-{name}.xlsx" for name in ("01-cong-an", "02-lao-dong"))
    assert {first, second} <= files.keys()
    assert GROUPS in sent(files[first]).sheetnames
    assert GROUPS not in sent(files[second]).sheetnames
    rules = [[str(row[7].value).split(" › ")[0] for row in listed(sent(files[name]))] for name in (first, second)]
    # What is about neither workbook is said in both; the vehicles are the first one's alone.
    assert all("thieu_tep" in each for each in rules)
    assert ["thieu_so_lieu" in each for each in rules] == [True, False]


def test_a_second_file_of_one_form_is_told_with_the_first(project: Project) -> None:
    folder = folder_of(project)
    (folder / "01-cong-an (2).xlsx").write_bytes((folder / POLICE).read_bytes())
    files = checked_workbooks(project, read_month(project, APRIL))
    assert [name for name in files if name.startswith("cong-an-")] == [POLICE_FILE]
    assert "trung_tep" in str(listed(sent(files[POLICE_FILE]))[0][7].value)


def test_long_texts_are_cut_where_a_cell_ends() -> None:
    assert len(literal("ơ" * 40_000)) < 32_767
    assert literal("Hòa\u202e\x00  x") == "Hòa x"


# Files


def test_files_change_all_at_once_and_say_the_same_every_time(project: Project) -> None:
    ref = break_farmers(project)
    month = read_month(project, APRIL)
    paths = write_checked(project, month).files
    folder = project.outputs / "2024-04.kiem-tra"
    assert sorted(folder.iterdir()) == sorted([*paths, folder / MANIFEST])
    first = {path.name: path.read_bytes() for path in paths}
    assert {path.name: path.read_bytes() for path in write_checked(project, month).files} == first

    put(folder_of(project) / POLICE, GROUPS, ref, 1)
    put(folder_of(project) / POLICE, GROUPS, "E15", 0)
    fewer = write_checked(project, replace(read_month(project, APRIL), findings=()))
    assert (fewer.files, fewer.kept) == ((), ())
    assert list(folder.iterdir()) == [folder / MANIFEST]
    assert [path.name for path in project.outputs.iterdir() if path.is_dir()] == ["2024-04.kiem-tra"]


def test_a_copy_that_somebody_corrected_there_is_kept(project: Project) -> None:
    break_farmers(project)
    month = read_month(project, APRIL)
    copy = next(path for path in write_checked(project, month).files if path.name == POLICE_FILE)
    put(copy, GROUPS, "E15", 7)
    corrected = copy.read_bytes()
    kept = project.outputs / "2024-04.kiem-tra.da-sua" / "cong-an-thanh-pho-nha-trang.sua-1.xlsx"
    assert write_checked(project, month).kept == (kept,)
    assert kept.read_bytes() == corrected != copy.read_bytes()
    assert write_checked(project, month).kept == ()


def test_a_file_that_changed_meanwhile_stops_the_writing(project: Project) -> None:
    month = read_month(project, APRIL)
    kept = {path: path.read_bytes() for path in write_checked(project, month).files}
    put(folder_of(project) / OFFICE, "Phụ lục I", "M9", "Đã hoàn thành")
    with pytest.raises(RunError) as caught:
        write_checked(project, month)
    assert caught.value.problems[0].where == ("data/2024-04", OFFICE)
    assert {path: path.read_bytes() for path in kept} == kept


def test_results_of_a_check_stand_beside_those_of_a_run(tmp_path: Path) -> None:
    run, checked = Store(tmp_path, APRIL), Store(tmp_path, APRIL, ".kiem-tra")
    assert checked.final == tmp_path / "2024-04.kiem-tra"
    with run.locked(), checked.locked():
        (checked.fresh() / "a").write_text("a", "utf-8")
        checked.commit()
    assert not run.final.exists()


@needs_calc
def test_libreoffice_opens_the_workbooks(project: Project, tmp_path: Path) -> None:
    break_farmers(project)
    paths = write_checked(project, read_month(project, APRIL)).files
    wanted = [path for path in paths if path.name in (POLICE_FILE, "chung.xlsx")]
    convert(wanted, "pdf", tmp_path / "pdf", tmp_path / "profile")
    convert(wanted, "xlsx", tmp_path / "xlsx", tmp_path / "profile")
    text = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / "pdf" / POLICE_FILE.replace("xlsx", "pdf")), "-"],
        capture_output=True,
        check=True,
    ).stdout.decode("utf-8")
    assert "Kết quả kiểm tra số liệu tháng 4 năm 2024" in text
    again = openpyxl.load_workbook(tmp_path / "xlsx" / POLICE_FILE)
    comment = again[GROUPS]["E15"].comment
    assert comment is not None
    assert "Cách xử lý: " in comment.text
    assert again[FINDINGS_SHEET]["D8"].hyperlink is not None
    assert CARDS in again.sheetnames
