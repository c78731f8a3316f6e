"""What a workbook has that a form does not: read right and said once, so that nothing is lost in silence."""

import os
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

import workbooks
from baocao.errors import Severity
from baocao.figure import Cell
from baocao.forms import Form
from baocao.project import Project
from baocao.submission import Submission, open_submission
from workbooks import APRIL, CARDS, GROUPS, OFFICE, POLICE

DIRECTIVES = "Văn bản chỉ đạo"


@pytest.fixture
def folder(project: Project) -> Path:
    return workbooks.folder_of(project)


def _same(folder: Path, *rules: str) -> None:
    """All values as they were; the new findings are lưu ý of these rules."""
    intake = workbooks.read(folder)
    assert [(finding.rule, finding.severity) for finding in workbooks.news(intake)] == [
        (rule, Severity.LUU_Y) for rule in rules
    ]
    assert workbooks.contents(intake) == workbooks.contents(workbooks.april())


# Numbers and texts


def test_number_typed_as_text_is_read_and_said(folder: Path) -> None:
    workbooks.put(folder / POLICE, CARDS, "D9", "375.671\u00a0", "@")
    _same(folder, "so_dang_chu")
    finding = workbooks.only(workbooks.read(folder))
    assert finding.problem.what == "Số thẻ CCCD gắn chip điện tử đã cấp: “375.671” gõ dạng chữ, đọc là 375.671"
    assert finding.cells == (Cell(POLICE, CARDS, "D9"),)


def test_stored_fraction_names_both_readings(folder: Path) -> None:
    workbooks.put(folder / POLICE, CARDS, "D9", 375.671)
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.severity) == ("so_le", Severity.LOI)
    assert "là 375,671 hay 375.671?" in finding.problem.what


@pytest.mark.parametrize("font", ["Times New Roman", ".VnTime"])
def test_old_encoding_is_refused_with_its_reading(folder: Path, font: str) -> None:
    def change(page: Worksheet) -> None:
        cell = next(cell for cells in page.iter_rows() for cell in cells if cell.value == "UBND thành phố")
        cell.value, cell.font = "Së T\u00ad ph¸p", Font(name=font)

    workbooks.edit(folder / OFFICE, change, DIRECTIVES)
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.severity) == ("ma_cu", Severity.LOI)
    assert "TCVN3" in finding.problem.what
    assert "có lẽ là “Sở Tư pháp”" in finding.problem.what


def test_text_typed_like_a_formula_stays_text(folder: Path) -> None:
    hostile = '=HYPERLINK("https://example.invalid";"bấm")'

    def change(page: Worksheet) -> None:
        cell = next(cell for cells in page.iter_rows() for cell in cells if cell.value == "UBND thành phố")
        cell.value, cell.data_type = hostile, "s"

    workbooks.edit(folder / OFFICE, change, DIRECTIVES)
    assert hostile in [datum.value for datum in workbooks.read(folder).data.values()]


# Hidden, filtered, merged


@pytest.mark.parametrize("kind", ["row", "column", "filter", "sheet", "no height"])
def test_hidden_values_are_read_and_named(folder: Path, kind: str) -> None:
    book = openpyxl.load_workbook(folder / POLICE)
    page = book[CARDS]
    if kind == "row":
        page.row_dimensions[9].hidden = True
    elif kind == "column":
        page.column_dimensions["D"].hidden = True
    elif kind == "filter":
        page.auto_filter.ref = "A7:F9"
        page.auto_filter.add_filter_column(3, ["388006"])
        page.row_dimensions[9].hidden = True
    elif kind == "sheet":
        page.sheet_state = "hidden"
    book.save(folder / POLICE)
    if kind == "no height":
        height = re.compile('<row r="9"[^>]*>')
        part = "xl/worksheets/sheet1.xml"
        workbooks.rewrite(folder / POLICE, part, lambda xml: height.sub('<row r="9" ht="0" customHeight="1">', xml))
    intake = workbooks.read(folder)
    assert workbooks.contents(intake) == workbooks.contents(workbooks.april())
    found = workbooks.news(intake)
    assert {(finding.rule, finding.severity) for finding in found} == {("o_an", Severity.LUU_Y)}
    assert [finding.code for finding in found] == (
        ["cccd"] if kind in ("row", "filter", "no height") else ["cccd", "dinh_danh"]
    )
    assert Cell(POLICE, CARDS, "D9") in found[0].cells
    assert ("trang tính đang ẩn" in found[0].problem.what) == (kind == "sheet")


def test_filter_that_hides_nothing_is_no_matter(folder: Path) -> None:
    def change(page: Worksheet) -> None:
        page.auto_filter.ref = "A7:F9"

    workbooks.edit(folder / POLICE, change)
    _same(folder)


def test_cells_merged_over_two_rows_name_the_cell_that_has_the_value(folder: Path) -> None:
    workbooks.edit(folder / POLICE, lambda page: page.merge_cells("D8:D9"))
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.code, finding.severity) == ("o_gop", "cccd.da_cap", Severity.LOI)
    assert "vì ô D9 bị gộp vào ô D8" in finding.problem.what
    assert finding.problem.where == (POLICE, CARDS, "D8:D9")
    assert finding.cells == (Cell(POLICE, CARDS, "D8"),)


def test_a_number_merged_over_its_date_loses_the_date(folder: Path) -> None:
    workbooks.edit(folder / POLICE, lambda page: page.merge_cells("D9:E9"))
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.code, finding.severity) == ("o_gop", "cccd.da_cap.tinh_den", Severity.CANH_BAO)
    assert "vì ô E9 bị gộp vào ô D9" in finding.problem.what
    assert finding.problem.where == (POLICE, CARDS, "D9:E9")


def test_the_cells_of_a_grid_row_merged_into_the_one_above(folder: Path) -> None:
    workbooks.edit(folder / POLICE, lambda page: page.merge_cells("D9:D10"), GROUPS)
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.problem.where[2]) == ("o_gop", "D9:D10")


def _shared_link(path: Path) -> None:
    formula = '<f t="shared" ref="D8:D9" si="0">\'[2]Tháng 4\'!$A1</f>'
    workbooks.put_xml(path, "D8", f'<c r="D8">{formula}<v>383250</v></c>')
    workbooks.put_xml(path, "D9", '<c r="D9"><f t="shared" si="0"/><v>375671</v></c>')


# Notes and signatures


@pytest.mark.parametrize("before", ["", "Lũy kế đến ngày chốt số liệu; "])
def test_note_of_a_clerk_is_quoted(folder: Path, before: str) -> None:
    workbooks.put(folder / POLICE, CARDS, "F9", f"{before}chưa gồm xã Vĩnh Lương")
    _same(folder, "ghi_chu")
    finding = workbooks.only(workbooks.read(folder))
    assert finding.problem.what.endswith("đơn vị ghi chú “chưa gồm xã Vĩnh Lương”")
    assert (finding.code, finding.problem.where) == ("cccd.da_cap", (POLICE, CARDS, "F9"))


_SIGNATURE = (
    ("", "Nha Trang, ngày 14 tháng 4 năm 2024"),
    ("NGƯỜI LẬP BIỂU", "THỦ TRƯỞNG ĐƠN VỊ"),
    ("(Ký, ghi rõ họ tên)", ""),
    ("Nguyễn Văn A", "Trần Thị B"),
)


def _sign(page: Worksheet, first: int) -> None:
    for row, texts in enumerate(_SIGNATURE, start=first):
        page.cell(row, 2).value, page.cell(row, 4).value = texts


def _below_the_list(page: Worksheet) -> int:
    return max(cell.row for cell in page["A"] if isinstance(cell.value, int)) + 1


@pytest.mark.parametrize("gap", [0, 1])
def test_signature_below_a_list_is_no_entry(folder: Path, gap: int) -> None:
    def change(page: Worksheet) -> None:
        row = _below_the_list(page)
        for _ in range(gap + len(_SIGNATURE)):
            workbooks.insert(page, row=row)
        _sign(page, row + gap)

    workbooks.edit(folder / OFFICE, change, DIRECTIVES)
    _same(folder)


def test_signature_right_below_the_last_entry_is_no_entry(folder: Path) -> None:
    def change(page: Worksheet) -> None:
        page.delete_rows(18, 8)
        _sign(page, 18)

    workbooks.edit(folder / OFFICE, change, DIRECTIVES)
    _same(folder)


def test_signature_below_fixed_rows_and_guidance_is_no_row(folder: Path) -> None:
    workbooks.edit(folder / POLICE, lambda page: _sign(page, 22), GROUPS)
    _same(folder)


def test_figures_below_a_signature_are_named(folder: Path) -> None:
    def change(page: Worksheet) -> None:
        _sign(page, 22)
        page["D27"].value = 120

    workbooks.edit(folder / POLICE, change, GROUPS)
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.problem.where) == ("dong_la", (POLICE, GROUPS, "D27"))


def test_entry_without_its_ordinal_right_below_another_is_read(folder: Path) -> None:
    def change(page: Worksheet) -> None:
        page["A9"].value = page["A11"].value = page["A17"].value = None

    workbooks.edit(folder / OFFICE, change, DIRECTIVES)
    _same(folder)


def test_stray_text_below_a_list_is_named_and_not_read(folder: Path) -> None:
    def change(page: Worksheet) -> None:
        row = _below_the_list(page)
        workbooks.insert(page, row=row)
        workbooks.insert(page, row=row)
        page.cell(row + 1, 2).value = "xem thêm công văn kèm theo"

    workbooks.edit(folder / OFFICE, change, DIRECTIVES)
    intake = workbooks.read(folder)
    finding = workbooks.only(intake)
    assert (finding.rule, finding.severity) == ("dong_la", Severity.CANH_BAO)
    assert "“xem thêm công văn kèm theo”" in finding.problem.what
    assert workbooks.contents(intake) == workbooks.contents(workbooks.april())


# Versions


def _newer(form: Form) -> Form:
    if form.form != "cong_an":
        return form
    content = form.model_dump()
    content["version"] = 2
    new = {"name": "cap_moi", "title": "Số thẻ cấp mới trong kỳ", "type": "integer", "constraints": {"required": True}}
    content["sheets"][0]["blocks"][0]["fields"] = [*content["sheets"][0]["blocks"][0]["fields"], new]
    return Form.model_validate(content)


def test_workbook_of_an_older_version_is_told_with_what_it_lacks(folder: Path) -> None:
    workbooks.put(folder / POLICE, CARDS, "D8", "nhiều")
    intake = workbooks.read(folder, map(_newer, workbooks.april_forms()))
    found = workbooks.news(intake)
    assert [finding.rule for finding in found] == ["sai_phien_ban", "chu_o_cot_so"]
    what = found[0].problem.what
    assert "phiên bản ghi trên biểu là “1”; biểu đã có phiên bản 2" in what
    assert "thiếu dòng “Số thẻ cấp mới trong kỳ”" in what
    assert found[0].severity is Severity.LOI
    assert intake.data["cccd.da_cap"].value == 375671
    assert intake.data["cccd.cap_moi"].missing


def test_older_version_beside_the_right_one_is_not_read(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / POLICE)
    for page in book.worksheets:
        page["D2"].value = "Phiên bản: 7"
    book[CARDS]["D9"].value = 1
    book.save(folder / "00-cu.xlsx")
    intake = workbooks.read(folder)
    assert workbooks.only(intake).rule == "sai_phien_ban"
    assert workbooks.contents(intake) == workbooks.contents(workbooks.april())


# Files


def test_a_workbook_without_styles_is_read(folder: Path) -> None:
    path = folder / POLICE
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != "xl/styles.xml"}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    _same(folder)


def test_million_formatted_rows_read_fast(folder: Path) -> None:
    workbooks.swell(folder / POLICE, '<row r="%(row)d" s="1" customFormat="1"><c r="A%(row)d" s="1"/></row>', 1_048_500)
    with zipfile.ZipFile(folder / POLICE) as archive:
        assert archive.getinfo("xl/worksheets/sheet1.xml").file_size > 60 * 2**20
    start = time.process_time()
    assert isinstance(open_submission(folder / POLICE), Submission)
    assert time.process_time() - start < 3
    _same(folder)


def test_values_below_a_million_formatted_rows_are_read(folder: Path) -> None:
    workbooks.swell(folder / POLICE, '<row r="%(row)d"><c r="A%(row)d" s="1"/></row>', 600_000)
    last = '<row r="700000"><c r="D700000" s="1"/><c r="E700000"><v>7</v></c></row></sheetData>'
    workbooks.rewrite(folder / POLICE, "xl/worksheets/sheet1.xml", lambda xml: xml.replace("</sheetData>", last))
    opened = open_submission(folder / POLICE)
    assert isinstance(opened, Submission)
    content = opened.sheets[0].content(700_000, 5)
    assert content is not None and content.value == 7


def _link(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    book.save(path)
    workbooks.put_xml(path, "D9", '<c r="D9"><f>[1]Sheet1!$A$1</f><v>375671</v></c>')
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(
            "xl/externalLinks/externalLink1.xml",
            '<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>',
        )
    workbooks.rewrite(
        path,
        "xl/_rels/workbook.xml.rels",
        lambda xml: xml.replace(
            "</Relationships>",
            '<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLink"'
            ' Target="/xl/externalLinks/externalLink1.xml"/></Relationships>',
        ),
    )
    workbooks.rewrite(
        path,
        "xl/workbook.xml",
        lambda xml: xml.replace(
            "<calcPr",
            '<externalReferences><externalReference xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/'
            'relationships" r:id="rId99"/></externalReferences><calcPr',
        ),
    )


def _macros(path: Path) -> None:
    workbooks.rewrite(
        path,
        "[Content_Types].xml",
        lambda xml: xml.replace(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
            "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        ),
    )


def _comment(path: Path) -> None:
    workbooks.edit(path, lambda page: setattr(page["D9"], "comment", Comment("kiểm tra lại", "A")))


@pytest.mark.parametrize("change", [_macros, _comment])
def test_read_right(folder: Path, change: Callable[[Path], None]) -> None:
    change(folder / POLICE)
    _same(folder)


@pytest.mark.parametrize(("change", "refs"), [(_link, ["D9"]), (_shared_link, ["D8", "D9"])])
def test_values_of_another_workbook_are_told(folder: Path, change: Callable[[Path], None], refs: list[str]) -> None:
    change(folder / POLICE)
    intake = workbooks.read(folder)
    finding = workbooks.only(intake)
    assert (finding.rule, finding.code, finding.severity) == ("lien_ket_tep_khac", "cccd", Severity.CANH_BAO)
    assert [cell.ref for cell in finding.cells] == refs
    assert intake.data["cccd.da_cap"].value == 375671


def test_workbook_open_in_excel_is_read_with_a_warning(folder: Path) -> None:
    (folder / f"~${POLICE}").write_bytes(b"\x05Nguyen" + b" " * 158)
    intake = workbooks.read(folder)
    finding = workbooks.only(intake)
    assert (finding.rule, finding.severity) == ("dang_mo", Severity.CANH_BAO)
    assert f"tệp {POLICE} đang mở" in finding.problem.what
    assert workbooks.contents(intake) == workbooks.contents(workbooks.april())
    assert intake.period == APRIL


def test_titles_over_several_columns_may_be_unmerged(folder: Path) -> None:
    for path in sorted(folder.glob("*.xlsx")):
        book = openpyxl.load_workbook(path)
        for page in book.worksheets:
            for area in list(page.merged_cells.ranges):
                page.unmerge_cells(str(area))
        book.save(path)
    intake = workbooks.read(folder)
    assert workbooks.contents(intake) == workbooks.contents(workbooks.april())
    assert not workbooks.news(intake)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are of POSIX systems")
def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    (folder / "01-cong-an.xlsx").unlink()
    os.mkfifo(folder / "01-cong-an.xlsx")
    started = time.monotonic()
    finding = workbooks.only(workbooks.read(folder))
    assert finding.rule == "khong_la_tep" and time.monotonic() - started < 5


def test_a_reported_share_is_at_most_the_whole(folder: Path) -> None:
    workbooks.put(folder / "03-bhxh.xlsx", "Số liệu", "D9", "trên 980%")
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.problem.where[-1]) == ("ngoai_khoang", "D9")
