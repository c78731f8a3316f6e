"""Blank and filled workbooks: what is written reads back as it was."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import range_boundaries
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from baocao.errors import Severity
from baocao.figure import Datum, Figure
from baocao.forms import Form, List
from baocao.period import Period
from baocao.vi import PartialDate
from baocao.workbook import AS_OF_LABEL, FIELD_HEADERS, REFERENCE, Value, write_workbook
from workbooks import APRIL, CARDS, GROUPS, april, april_forms, contents, convert, needs_calc, put, read

FORMS = {form.form: form for form in april_forms()}


def value(datum: Datum) -> Value:
    if isinstance(datum, Figure) and datum.unit == "%" and datum.qualifier:
        return f"{datum.qualifier} {datum.value}%"
    return datum.value  # type: ignore[return-value]


def test_filled_workbooks_read_back(tmp_path: Path) -> None:
    for form in april_forms():
        blocks = {block.block for block in form.blocks}
        values = {code: value(datum) for code, datum in april().data.items() if code.split(".")[0] in blocks}
        write_workbook(form, APRIL, tmp_path / form.file, values)
    assert contents(read(tmp_path)) == contents(april())


def test_blank_workbooks_lack_only_values(tmp_path: Path) -> None:
    for form in april_forms():
        write_workbook(form, APRIL, tmp_path / form.file)
    intake = read(tmp_path)
    assert {finding.rule for finding in intake.findings} == {"thieu_so_lieu", "chua_bao_cao"}
    assert all(datum.missing for datum in intake.data.values())
    assert set(intake.lengths.values()) == {0}


@pytest.mark.parametrize("text", ["=1+1", "+84", "-", "@x", "'x", "#x", "01/2024", "0012", "1e5", "Đề án “06”"])
def test_text_is_text_whatever_it_begins_with(tmp_path: Path, text: str) -> None:
    form = FORMS["van_phong"]
    write_workbook(form, APRIL, tmp_path / form.file, {"tthc.niem_yet": text})
    assert read(tmp_path).data["tthc.niem_yet"].value == text


@pytest.mark.parametrize("moment", [PartialDate(2024, 4, 12), PartialDate(2024, 4), PartialDate(2023)])
def test_dates_known_in_part(tmp_path: Path, moment: PartialDate) -> None:
    form = FORMS["cong_an"]
    write_workbook(form, APRIL, tmp_path / form.file, {"cccd.da_cap": 5, "cccd.da_cap.tinh_den": moment})
    figure = read(tmp_path).data["cccd.da_cap"]
    assert isinstance(figure, Figure)
    assert figure.as_of is not None
    assert (figure.value, figure.as_of.value) == (5, moment)


def test_unknown_code_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"không có các mã: cccd\.khac"):
        write_workbook(FORMS["cong_an"], APRIL, tmp_path / "x.xlsx", {"cccd.khac": Decimal(1)})
    assert not (tmp_path / "x.xlsx").exists()


def test_another_month_says_so(tmp_path: Path) -> None:
    form = FORMS["cong_an"]
    write_workbook(form, Period(2024, 5), tmp_path / form.file)
    intake = read(tmp_path)
    assert [finding.rule for finding in intake.findings if finding.severity is Severity.LOI].count("sai_ky") == 1


def test_validation_guides_the_clerk(tmp_path: Path) -> None:
    form = FORMS["mot_cua"]
    write_workbook(form, APRIL, tmp_path / form.file)
    page = openpyxl.load_workbook(tmp_path / form.file)["Phụ lục II"]
    rules = {rule.type: rule for rule in page.data_validations.dataValidation}
    assert "đã kết nối" in rules["list"].prompt
    assert rules["list"].formula1 == '"đã kết nối,chưa kết nối"'
    assert "số nguyên" in rules["whole"].error


def rule_of(tmp_path: Path, kind: str, **limits: object) -> DataValidation:
    """Excel's rule for a value of that type, in a form of one field."""
    content = FORMS["cong_an"].model_dump()
    content["sheets"] = content["sheets"][:1]
    block = content["sheets"][0]["blocks"][0]
    block["fields"] = [{"name": "x", "title": "X", "type": kind, "constraints": limits}]
    content["sheets"][0]["blocks"] = [block]
    write_workbook(Form.model_validate(content), APRIL, tmp_path / "x.xlsx")
    rules = openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets[0].data_validations.dataValidation
    (rule,) = (rule for rule in rules if "D" in str(rule.sqref))
    return rule


@pytest.mark.parametrize(
    ("kind", "limits", "rule"),
    [
        ("integer", {}, ("whole", "greaterThanOrEqual", "0", None)),
        ("integer", {"minimum": -5}, ("whole", "greaterThanOrEqual", "-5", None)),
        ("integer", {"maximum": 100}, ("whole", "between", "0", "100")),
        ("number", {"maximum": 100}, ("decimal", "lessThanOrEqual", "100", None)),
        ("number", {"minimum": 1}, ("decimal", "greaterThanOrEqual", "1", None)),
    ],
)
def test_excel_accepts_what_the_reader_accepts(
    tmp_path: Path, kind: str, limits: dict[str, int], rule: tuple[str | None, ...]
) -> None:
    found = rule_of(tmp_path, kind, **limits)
    # Excel leaves the usual operator out.
    assert (found.type, found.operator or "between", found.formula1, found.formula2) == rule
    assert ("không âm" in found.error) == (kind == "integer" and limits.get("minimum", 0) >= 0)


# Last month's values, protection, guidance


WINDOW = (date(2024, 3, 15), date(2024, 4, 14))


def april_values(form: Form) -> dict[str, Value]:
    blocks = {block.block for block in form.blocks}
    return {code: value(datum) for code, datum in april().data.items() if code.split(".")[0] in blocks}


def blank(form: Form, path: Path) -> Path:
    """A form with April's values as last month's."""
    write_workbook(form, APRIL, path, previous=april_values(form), window=WINDOW)
    return path


def cells(page: Worksheet) -> list[Cell]:
    return [cell for row in page.iter_rows() for cell in row if isinstance(cell, Cell)]


def reference_columns(page: Worksheet) -> set[tuple[int, int]]:
    """(row, column) of the headers of last month's values."""
    return {(cell.row, cell.column) for cell in cells(page) if cell.value == REFERENCE}


def test_last_month_s_values_are_beside_the_inputs(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(blank(FORMS["cong_an"], tmp_path / "x.xlsx"))
    fields, grid = book.worksheets
    assert [cell.value for cell in fields[8]] == [*FIELD_HEADERS[:-1], REFERENCE, FIELD_HEADERS[-1]]
    assert [fields["D9"].value, fields["F9"].value] == [None, april().data["cccd.dan_so"].value]
    (head,) = {row for row, _ in reference_columns(grid)}
    titles = [str(cell.value) for cell in grid[head]]
    assert titles[3:] == [
        "Tổng số hội viên",
        REFERENCE,
        "Số hội viên đã cung cấp hồ sơ cho Công an cấp xã",
        REFERENCE,
        "Số lượng đã cập nhật, phê duyệt trên hệ thống CSDLQG về dân cư",
        REFERENCE,
    ]
    assert grid.cell(head + 1, 5).value == april().data["hoi.nguoi_cao_tuoi.tong_so"].value
    assert all(grid.cell(head + 1, column).value is None for column in (4, 6, 8))


def test_last_month_s_as_of_date_of_a_grid_is_beside_its_cell(tmp_path: Path) -> None:
    _, grid = openpyxl.load_workbook(blank(FORMS["cong_an"], tmp_path / "x.xlsx")).worksheets
    (label,) = (cell for cell in cells(grid) if str(cell.value).startswith(AS_OF_LABEL))
    box, old = grid.cell(label.row, 3), grid.cell(label.row, 4)
    assert (box.value, box.protection.locked) == (None, False)
    assert old.value == f"{REFERENCE}: {april().data['hoi.tinh_den']}"
    assert old.protection.locked


def test_last_month_s_values_are_never_read(tmp_path: Path) -> None:
    for form in april_forms():
        blank(form, tmp_path / form.file)
    intake = read(tmp_path)
    assert {finding.rule for finding in intake.findings} == {"thieu_so_lieu", "chua_bao_cao"}
    assert all(datum.missing for datum in intake.data.values())


def test_filled_workbooks_with_last_month_s_values_read_back(tmp_path: Path) -> None:
    for form in april_forms():
        previous: dict[str, Value] = {
            code: 7 if isinstance(old, int) else "tháng trước" if isinstance(old, str) else old
            for code, old in april_values(form).items()
        }
        write_workbook(form, APRIL, tmp_path / form.file, april_values(form), previous=previous, window=WINDOW)
    assert contents(read(tmp_path)) == contents(april())


def test_an_input_column_without_its_title_is_missing_not_last_month_s(tmp_path: Path) -> None:
    form = FORMS["cong_an"]
    for other in april_forms():
        blank(other, tmp_path / other.file)
    put(tmp_path / form.file, GROUPS, "D9", None)
    intake = read(tmp_path)
    assert intake.data["hoi.nong_dan.tong_so"].missing
    (lost,) = (finding for finding in intake.findings if finding.rule == "thieu_cot")
    assert lost.problem.what == "thiếu cột “Tổng số hội viên”"


def test_a_form_without_last_month_s_values_has_no_column_for_them(tmp_path: Path) -> None:
    write_workbook(FORMS["cong_an"], APRIL, tmp_path / "x.xlsx", previous={"khac.x": 1, "cccd.da_cap": None})
    assert not any(reference_columns(page) for page in openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets)


@pytest.mark.parametrize("name", sorted(FORMS))
def test_inputs_are_unlocked_and_coloured_the_rest_is_protected(tmp_path: Path, name: str) -> None:
    form = FORMS[name]
    book = openpyxl.load_workbook(blank(form, tmp_path / "x.xlsx"))
    for page, definition in zip(book.worksheets, form.sheets, strict=True):
        guard = page.protection
        assert (guard.sheet, guard.password) == (True, None)
        # False: allowed.
        assert not any((guard.formatColumns, guard.formatRows, guard.selectLockedCells, guard.selectUnlockedCells))
        assert all((guard.formatCells, guard.insertColumns, guard.deleteColumns, guard.deleteRows))
        assert guard.insertRows is not any(isinstance(block, List) for block in definition.blocks)
        guided = {ref for rule in page.data_validations.dataValidation for ref in expanded(str(rule.sqref))}
        inputs = {cell.coordinate for cell in cells(page) if cell.fill.fgColor.rgb == "00FFF9E5"}
        assert guided
        assert guided <= inputs
        for cell in cells(page):
            if cell.coordinate in guided:
                assert not cell.protection.locked
            elif cell.value is not None and cell.column > 1 and cell.coordinate not in inputs:
                # The form's notes: clerks add theirs.
                note = cell.font.i and cell.fill.fill_type is None
                assert cell.protection.locked or note, cell.coordinate


def expanded(areas: str) -> set[str]:
    return {
        f"{get_column_letter(column)}{row}"
        for area in areas.split()
        for left, top, right, bottom in [range_boundaries(area)]
        for column in range(int(left or 0), int(right or 0) + 1)
        for row in range(int(top or 0), int(bottom or 0) + 1)
    }


@pytest.mark.parametrize("name", sorted(FORMS))
def test_every_input_has_a_short_prompt(tmp_path: Path, name: str) -> None:
    for page in openpyxl.load_workbook(blank(FORMS[name], tmp_path / "x.xlsx")).worksheets:
        for rule in page.data_validations.dataValidation:
            assert rule.showInputMessage
            assert 0 < len(rule.promptTitle) <= 32
            assert 0 < len(rule.prompt) <= 255
            assert rule.type is None or 0 < len(rule.error) <= 255


def test_prompts_say_the_unit_of_the_row(tmp_path: Path) -> None:
    page = openpyxl.load_workbook(blank(FORMS["cong_an"], tmp_path / "x.xlsx"))[GROUPS]
    prompts = {ref: rule.prompt for rule in page.data_validations.dataValidation for ref in expanded(str(rule.sqref))}
    assert prompts["D10"].startswith("Đơn vị tính: người. ")
    assert prompts["D16"].startswith("Đơn vị tính: phương tiện. ")


def test_an_as_of_date_outside_the_window_is_questioned(tmp_path: Path) -> None:
    page = openpyxl.load_workbook(blank(FORMS["cong_an"], tmp_path / "x.xlsx"))[CARDS]
    (rule,) = (rule for rule in page.data_validations.dataValidation if str(rule.sqref) == "E9")
    assert rule.type == "custom"
    # 15/3/2024 and 14/4/2024 as a spreadsheet counts days.
    assert rule.formula1 == "OR(ISTEXT(E9),AND(E9>=45366,E9<=45396))"
    assert rule.errorStyle == "warning"
    assert "15/3/2024–14/4/2024" in rule.prompt


def test_the_workbook_says_what_it_is(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(blank(FORMS["mot_cua"], tmp_path / "x.xlsx"))
    assert {item.name: item.value for item in book.custom_doc_props.props} == {
        "baocao.code": "08/ĐA06-MC",
        "baocao.version": "1",
        "baocao.department": FORMS["mot_cua"].department,
        "baocao.period": "2024-04",
    }
    for page in book.worksheets:
        assert (page.page_setup.paperSize, page.page_setup.fitToWidth) in ((9, 1), ("9", 1))
    # One table: its header on every page. Several: what the form is.
    assert (book["Phụ lục II"].print_title_rows, book["Nguồn lực"].print_title_rows) == ("$9:$10", "$1:$2")


def test_equal_inputs_give_equal_bytes(tmp_path: Path) -> None:
    for name in FORMS:
        one, other = (blank(FORMS[name], tmp_path / f"{copy}.xlsx").read_bytes() for copy in ("a", "b"))
        assert one == other


def fill(page: Worksheet, filled: Worksheet) -> None:
    """Type into the unlocked cells of a form what the same form has where it is filled."""
    for cell in cells(page):
        if not cell.protection.locked and (typed := filled[cell.coordinate].value) is not None:
            cell.value = typed


@needs_calc
def test_a_blank_form_saved_by_libreoffice_is_filled_and_read(tmp_path: Path) -> None:
    for name in ("blank", "calc", "filled"):
        (tmp_path / name).mkdir()
    for form in april_forms():
        blank(form, tmp_path / "blank" / form.file)
        values = april_values(form)
        write_workbook(form, APRIL, tmp_path / "filled" / form.file, values, previous=values, window=WINDOW)
    convert(sorted((tmp_path / "blank").iterdir()), "xlsx", tmp_path / "calc", tmp_path / "profile")
    for form in april_forms():
        path = tmp_path / "calc" / form.file
        book, filled = openpyxl.load_workbook(path), openpyxl.load_workbook(tmp_path / "filled" / form.file)
        for page, definition in zip(book.worksheets, form.sheets, strict=True):
            assert page.protection.sheet
            assert (page.protection.formatColumns, page.protection.formatRows) == (False, False), "resizing"
            assert page.protection.insertRows is not any(isinstance(block, List) for block in definition.blocks)
            assert page.data_validations.dataValidation
            fill(page, filled[page.title])
        book.save(path)
    assert contents(read(tmp_path / "calc")) == contents(april())
