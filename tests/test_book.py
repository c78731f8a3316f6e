"""A workbook's cells as its XML has them, beside what openpyxl makes of the same file."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.utils.datetime import MAC_EPOCH
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.formula import ArrayFormula

from baocao.archive import unpack
from baocao.book import read_book
from baocao.sheet import Content, RawSheet
from workbooks import ROOT, convert, needs_calc, rewrite

SHEET = "xl/worksheets/sheet1.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"


def _read(path: Path) -> list[RawSheet]:
    return read_book(unpack(path.read_bytes()).parts)


def _cells(sheet: RawSheet) -> dict[tuple[int, int], Content]:
    return {(row, column): content for row, column, content in sheet.cells}


def _compare(path: Path) -> int:
    """Values, number formats, errors and merged areas are openpyxl's; how many cells were compared."""
    book = openpyxl.load_workbook(path, data_only=True)
    sheets = _read(path)
    assert [sheet.title for sheet in sheets] == book.sheetnames
    compared = 0
    for sheet, other in zip(sheets, book.worksheets, strict=True):
        wanted = {
            (cell.row, cell.column): (_told(cell.value), cell.number_format, cell.data_type == "e")
            for row in other.iter_rows()
            for cell in row
            if cell.value is not None
        }
        found = _cells(sheet)
        assert {
            place: (content.value, content.number_format, content.is_error)
            for place, content in found.items()
            if content.value is not None
        } == wanted
        areas = {(area.min_row, area.min_col, area.max_row, area.max_col) for area in other.merged_cells.ranges}
        assert set(sheet.merged) == areas
        assert sheet.hidden == (other.sheet_state != "visible")
        compared += len(wanted)
    return compared


def _told(value: object) -> object:
    # openpyxl leaves what Excel escapes as it is.
    return unescape(value) if isinstance(value, str) else value


def _everything(book: openpyxl.Workbook) -> None:
    page = book.active
    assert page is not None
    page.title = "Một & <hai>"
    page.append([1, -2, 2.5, 1e21, True, False, "chữ", "  giữ cách  ", "hai\ndòng", "_x000D_", "#N/A"])
    page.append([date(2024, 4, 12), datetime(2024, 4, 12, 7, 30), time(7, 30), timedelta(hours=30), None, "x"])
    page["A2"].number_format = "mm/yyyy"
    page["C1"].number_format = "0.0%"
    page["B1"].number_format = '#,##0" người"'
    page["A4"] = CellRichText("một ", TextBlock(InlineFont(b=True), "hai"), " ba")
    page["G1"].font = Font(name=".VnTime")
    page.merge_cells("B4:D5")
    page["B4"] = "trộn"
    page["F6"] = "=1+1"
    page["F7"] = ArrayFormula("F7:F8", "=A1:A2")
    page.row_dimensions[4].hidden = True
    page.column_dimensions["B"].hidden = True
    book.create_sheet("Ẩn").sheet_state = "hidden"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    _everything(book)
    book.save(tmp_path / "mot.xlsx")
    return tmp_path / "mot.xlsx"


def test_every_kind_of_value(path: Path) -> None:
    assert _compare(path) > 15


def test_sheets_of_charts_are_none_of_ours(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    book.create_chartsheet("Biểu đồ")
    book.save(path)
    assert [(sheet.title, sheet.hidden) for sheet in _read(path)] == [("Một & <hai>", False), ("Ẩn", True)]


def test_formulas_without_a_result(path: Path) -> None:
    cells = _cells(_read(path)[0])
    assert {place for place, content in cells.items() if content.uncalculated} == {(6, 6), (7, 6)}


def test_what_is_hidden(path: Path) -> None:
    rewrite(path, SHEET, lambda xml: xml.replace('<row r="6"', '<row r="6" ht="0" customHeight="1"', 1))
    sheet = _read(path)[0]
    assert sheet.hidden_rows == {4, 6}
    assert sheet.hidden_columns == {2}


def test_fonts_of_texts_with_letters_beyond_ascii(path: Path) -> None:
    cells = _cells(_read(path)[0])
    assert cells[1, 7].font == ".VnTime"
    assert cells[1, 1].font == ""


def test_days_counted_from_1904(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    book.epoch = MAC_EPOCH
    book.save(path)
    assert _compare(path) > 15
    assert _cells(_read(path)[0])[2, 1].value == datetime(2024, 4, 12)


@pytest.mark.parametrize(
    ("change", "value"),
    [
        (lambda xml: xml.replace('<c r="A1"', "<c", 1), 1),
        (lambda xml: xml.replace('<row r="1"', "<row", 1), 1),
        (
            lambda xml: xml.replace("<v>1</v>", "<v>7</v><extLst><ext><v>9</v></ext></extLst>", 1).replace(
                "<f>", "<f>"
            ),
            7,
        ),
        (lambda xml: _with_first(xml, '<c r="A1" t="d"><v>2024-04-12T00:00:00</v></c>'), datetime(2024, 4, 12)),
        (lambda xml: _with_first(xml, '<c r="A1" t="inlineStr"><is><r><t>a</t></r><r><t> b</t></r></is></c>'), "a b"),
        (
            lambda xml: _with_first(
                xml, '<c r="A1" t="inlineStr"><is><t>chữ</t><rPh sb="0" eb="1"><t>âm</t></rPh></is></c>'
            ),
            "chữ",
        ),
        (lambda xml: _with_first(xml, '<c r="A1" t="str"><f>A2</f><v></v></c>'), None),
        (lambda xml: _with_first(xml, '<c r="A1" t="str"><f>A2</f><v>xong</v></c>'), "xong"),
        (lambda xml: _with_first(xml, '<c r="A1" t="e"><v>#DIV/0!</v></c>'), "#DIV/0!"),
        (lambda xml: _with_first(xml, '<c r="A1"><v>1.5E3</v></c>'), 1500.0),
        (lambda xml: xml.replace(MAIN, STRICT), 1),
        (lambda xml: _prefixed(xml), 1),
    ],
)
def test_xml_as_other_programs_write_it(path: Path, change: Callable[[str], str], value: object) -> None:
    before = _cells(_read(path)[0])
    rewrite(path, SHEET, change)
    cells = _cells(_read(path)[0])
    found = cells.pop((1, 1), None)
    assert (None if found is None else found.value) == value
    assert found is None or found.is_error == (value == "#DIV/0!")
    assert cells == {place: content for place, content in before.items() if place != (1, 1)}


def _with_first(xml: str, cell: str) -> str:
    head, _, rest = xml.partition('<c r="A1"')
    return head + cell + rest.partition("</c>")[2]


def _prefixed(xml: str) -> str:
    """The same with a prefix for every element."""
    marked = xml.replace("</", "\0").replace("<", "<x:").replace("\0", "</x:").replace("<x:?xml", "<?xml")
    return marked.replace(f'xmlns="{MAIN}"', f'xmlns:x="{MAIN}"')


def test_texts_that_are_shared(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    relation = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    parts["xl/chung.xml"] = (
        f'<sst xmlns="{MAIN}"><si><t>không</t></si><si><r><t xml:space="preserve">một </t></r><r><t>hai</t></r>'
        "<rPh sb='0' eb='1'><t>âm</t></rPh></si></sst>"
    ).encode()
    rels = parts["xl/_rels/workbook.xml.rels"]
    added = b'<Relationship Id="chung" Type="' + relation + b'" Target="chung.xml"/></Relationships>'
    parts["xl/_rels/workbook.xml.rels"] = rels.replace(b"</Relationships>", added)
    parts[SHEET] = _with_first(parts[SHEET].decode(), '<c r="A1" t="s"><v>1</v></c>').encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    assert _cells(read_book(unpack(buffer.getvalue()).parts)[0])[1, 1].value == "một hai"


def test_what_stands_under_a_merged_cell_is_not_there(path: Path) -> None:
    rewrite(path, SHEET, lambda xml: re.sub(r'(<row r="4".*?)</row>', r'\1<c r="D4"><v>5</v></c></row>', xml))
    cells = _cells(_read(path)[0])
    assert cells[4, 2].value == "trộn"
    assert (4, 4) not in cells
    assert _compare(path) > 15


def test_workbooks_of_april() -> None:
    assert sum(_compare(path) for path in sorted((ROOT / "data" / "2024-04").glob("*.xlsx"))) > 1000


@needs_calc
def test_a_workbook_of_libreoffice(tmp_path: Path) -> None:
    source = ROOT / "data" / "2024-04" / "01-cong-an.xlsx"
    convert([source], "xlsx", tmp_path, tmp_path / "profile")
    assert _compare(tmp_path / source.name) > 50
