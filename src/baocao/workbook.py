"""A form as a workbook that a clerk fills: title, identity, headers, units, notes, last month's values.

Where a value stands is decided here and nowhere else: the reader finds blocks, rows and columns by their titles.
Input cells are coloured and unlocked; the rest is protected, without a password.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import zip_longest
from pathlib import Path

from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.protection import SheetProtection
from openpyxl.worksheet.worksheet import Worksheet

from baocao.forms import AS_OF, Fields, Form, Grid, Item, List, Sheet
from baocao.forms import REFERENCE as REFERENCE
from baocao.pen import GREY, HEADER, Pen
from baocao.pen import Value as Value
from baocao.period import Period
from baocao.validation import Guidance, Window
from baocao.vi import PartialDate, format_date

IDENTITY = {"code": "Biểu số", "version": "Phiên bản", "department": "Đơn vị báo cáo", "period": "Kỳ báo cáo"}
AS_OF_LABEL = "Số liệu tính đến"
FINDINGS_SHEET = "Phát hiện"
"""Sheet that the checked copy of a workbook begins with; it is no part of a form."""
FIELD_HEADERS = ("STT", "Chỉ tiêu", "Đơn vị tính", "Số liệu", "Tính đến ngày", "Ghi chú")
ORDINAL = "STT"
UNIT = "Đơn vị tính"
"""Header of the column of units that a grid has when its rows have units of their own."""

_FIELD_WIDTHS = (6, 58, 13, 22, 15, 34)
_UNIT_WIDTH = 13
_REFERENCE_WIDTH, _WIDEST_REFERENCE = 14, 28
_LEAST_WIDTH = 90
_PASTE_NOTE = "Chép số liệu từ tệp khác thì dán giá trị (Paste Special - Values), để ô giữ nguyên định dạng."
_REFERENCE_NOTE = f"{REFERENCE} (nền xám) là số liệu đã báo cáo tháng trước, để đối chiếu; không sửa."


def header(item: Item) -> str:
    """Printed header of a column: its title and, where the title does not say it already, its unit."""
    return f"{item.title} ({item.unit})" if item.unit and item.unit not in item.title.lower() else item.title


def period_text(period: Period) -> str:
    """The period as the identity of a workbook says it."""
    return f"Tháng {period.month} năm {period.year}"


def write_workbook(
    form: Form,
    period: Period,
    path: Path,
    values: Mapping[str, Value] | None = None,
    *,
    previous: Mapping[str, Value] | None = None,
    window: Window | None = None,
) -> None:
    """Write the form for `period` to `path`, blank or with `values` by code (`block.field`, `block.r1.column` …).

    `previous` are last month's values by code, shown beside the inputs; codes of other forms do no harm. `window` are
    the days that the data cover. A code in `values` that the form does not have is a `ValueError`: a value is never
    dropped in silence.
    """
    left = dict(values or {})
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.title = form.title
    book.properties.creator = form.department
    book.properties.created = datetime(period.year, period.month, 1)
    identity = {"code": form.code, "version": str(form.version), "department": form.department, "period": str(period)}
    for name, value in identity.items():
        book.custom_doc_props.append(  # type: ignore[attr-defined]
            StringProperty(name=f"baocao.{name}", value=value)
        )
    before = {code: value for code, value in (previous or {}).items() if value is not None}
    for sheet in form.sheets:
        layout = _Layout(form, sheet, period, before, window)
        _write_sheet(book.create_sheet(sheet.name), layout, left)
    if left:
        raise ValueError(f"biểu {form.form} không có các mã: {', '.join(sorted(left))}")
    path.write_bytes(workbook_bytes(book, datetime(period.year, period.month, 1)))


@dataclass(frozen=True)
class _Layout:
    """What one sheet shows, apart from this month's values."""

    form: Form
    sheet: Sheet
    period: Period
    previous: Mapping[str, Value]
    window: Window | None

    def before(self, code: str) -> Value:
        """Last month's value."""
        return self.previous.get(code)

    def has_reference(self, block: Grid, item: Item) -> bool:
        """Some row of the grid has a value of last month in that column."""
        return any(f"{block.block}.{row.name}.{item.name}" in self.previous for row in block.rows)

    @property
    def shows_reference(self) -> bool:
        """Some cell of the sheet has a value of last month beside it."""
        return REFERENCE in self.field_headers or any(
            self.before(f"{block.block}.{AS_OF}") is not None
            or any(self.has_reference(block, item) for item in block.columns)
            for block in self.sheet.blocks
            if isinstance(block, Grid)
        )

    @property
    def field_headers(self) -> tuple[str, ...]:
        """Headers of single values: the same in all blocks of the sheet."""
        codes = (
            f"{block.block}.{item.name}"
            for block in self.sheet.blocks
            if isinstance(block, Fields)
            for item in block.fields
        )
        if any(code in self.previous for code in codes):
            return (*FIELD_HEADERS[:-1], REFERENCE, FIELD_HEADERS[-1])
        return FIELD_HEADERS

    def block_widths(self, block: Fields | Grid | List) -> list[int]:
        """Widths of the columns as the block wants them."""
        if isinstance(block, Fields):
            shown = dict(zip(FIELD_HEADERS, _FIELD_WIDTHS, strict=True)) | {REFERENCE: _REFERENCE_WIDTH}
            return [shown[title] for title in self.field_headers]
        if isinstance(block, List):
            return [6, *(_column_width(item) for item in block.columns)]
        widths = [6, 42, _UNIT_WIDTH][: len(_lead(block))]
        for item in block.columns:
            widths.append(_column_width(item))
            if self.has_reference(block, item):
                widths.append(_REFERENCE_WIDTH if item.numeric else min(_column_width(item), _WIDEST_REFERENCE))
        return widths

    def widths(self) -> list[int]:
        """Widths of the columns of the sheet: each as its widest block wants it, and together a page's."""
        wanted = [self.block_widths(block) for block in self.sheet.blocks]
        widths = [max(sizes) for sizes in zip_longest(*wanted, fillvalue=0)]
        spare = _LEAST_WIDTH - sum(widths)
        if spare > 0:
            room = sum(widths[1:])
            widths[1:] = [size + spare * size // room for size in widths[1:]]
        return widths


def workbook_bytes(book: Workbook, moment: datetime) -> bytes:
    """The file that `book` is; equal content gives equal bytes, though openpyxl writes the clock into it twice."""
    buffer, stable = io.BytesIO(), io.BytesIO()
    book.save(buffer)
    stamp = f"{moment.isoformat()}Z".encode()
    with zipfile.ZipFile(buffer) as saved, zipfile.ZipFile(stable, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in saved.namelist():
            content = saved.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, content)
            archive.writestr(zipfile.ZipInfo(name, moment.timetuple()[:6]), content, zipfile.ZIP_DEFLATED)
    return stable.getvalue()


def _write_sheet(sheet: Worksheet, layout: _Layout, values: dict[str, Value]) -> None:
    form, definition = layout.form, layout.sheet
    widths = layout.widths()
    width = len(widths)
    # The identity takes half of the page's width.
    left = max(2, next(count for count in range(1, width) if 2 * sum(widths[: count + 1]) > sum(widths)))
    pen = Pen(sheet, Guidance(sheet, layout.window), widths)
    identity = {
        "code": form.code,
        "version": str(form.version),
        "department": form.department,
        "period": period_text(layout.period),
    }
    lines = {name: f"{label}: {identity[name]}" for name, label in IDENTITY.items()}
    pen.put(1, lines["department"], bold=True, across=left)
    pen.put(left + 1, lines["code"], bold=True, across=width - left, align="right")
    pen.row += 1
    pen.put(1, lines["period"], across=left)
    pen.put(left + 1, lines["version"], across=width - left, align="right")
    pen.row += 2
    pen.put(1, form.title, bold=True, size=14, across=width, align="center")
    pen.row += 1
    if layout.window:
        first, last = map(format_date, layout.window)
        pen.put(1, f"(Số liệu từ ngày {first} đến hết ngày {last})", italic=True, across=width, align="center")
        pen.row += 1
    pen.row += 1
    heads: list[tuple[int, int]] = []
    for block in definition.blocks:
        pen.put(1, block.title, bold=True, size=12, across=width)
        pen.row += 1
        if isinstance(block, Fields):
            heads.append(_write_fields(pen, block, layout, values))
        elif isinstance(block, Grid):
            heads.append(_write_grid(pen, block, layout, values))
        else:
            heads.append(_write_list(pen, block, values))
        pen.row += 1
    notes = (*form.guidance, *((_REFERENCE_NOTE,) if layout.shows_reference else ()), _PASTE_NOTE)
    pen.put(1, "Hướng dẫn:", bold=True, italic=True, across=width)
    pen.row += 1
    for note in notes:
        pen.put(1, f"- {note}", italic=True, across=width)
        pen.row += 1
    _page(sheet, widths)
    # Every page says what it is of: its columns where the sheet has one table, else its form.
    first_row, last_row = heads[0] if len(heads) == 1 else (1, 2)
    sheet.print_title_rows = f"{first_row}:{last_row}"
    _protect(sheet, definition)


def _protect(sheet: Worksheet, definition: Sheet) -> None:
    """Lock what is no input, without a password; True means forbidden, apart from `sheet`."""
    sheet.protection = SheetProtection(
        sheet=True,
        objects=True,
        scenarios=True,
        formatCells=True,
        formatColumns=False,
        formatRows=False,
        insertColumns=True,
        insertRows=not any(isinstance(block, List) for block in definition.blocks),
        insertHyperlinks=True,
        deleteColumns=True,
        deleteRows=True,
        selectLockedCells=False,
        selectUnlockedCells=False,
        sort=True,
        autoFilter=True,
        pivotTables=True,
    )


def _lead(block: Grid) -> list[str]:
    """Headers of the columns before a grid's values."""
    return [ORDINAL, block.row_title, UNIT] if any(row.unit for row in block.rows) else [ORDINAL, block.row_title]


def _write_fields(pen: Pen, block: Fields, layout: _Layout, values: dict[str, Value]) -> tuple[int, int]:
    """Write the block; return the first and last row of its header."""
    top = pen.row
    headers = layout.field_headers
    for column, title in enumerate(headers, start=1):
        pen.put(column, title, bold=True, boxed=True, align="center", fill=HEADER)
    last = len(headers)
    for number, item in enumerate(block.fields, start=1):
        pen.row += 1
        code = f"{block.block}.{item.name}"
        pen.put(1, number, boxed=True, align="center")
        pen.put(2, item.title, boxed=True)
        pen.put(3, item.unit, boxed=True, align="center")
        value = values.pop(code, None)
        # A text has no as-of date: it takes that cell's room, and the note's where there is none.
        noted = item.numeric or bool(item.note)
        if item.numeric:
            pen.input(4, item, value)
            pen.as_of(5, values.pop(f"{code}.{AS_OF}", None))
        else:
            pen.input(4, item, value, across=2 if noted or REFERENCE in headers else 3)
        if REFERENCE in headers:
            pen.reference(6, item, layout.before(code), across=1 if noted else 2)
        if noted:
            pen.put(last, item.note, boxed=True, italic=True, size=10, locked=False)
    pen.row += 1
    return top, top


def _write_header(pen: Pen, first: list[str], columns: list[tuple[Item, bool]]) -> tuple[int, int]:
    """One header row, or two where columns stand under a spanning title; `columns` say whether a reference follows."""
    deep = 2 if any(item.group for item, _ in columns) else 1
    look = {"bold": True, "boxed": True, "align": "center", "fill": HEADER}
    old = {"italic": True, "colour": "595959", "boxed": True, "align": "center", "fill": GREY, "size": 10}
    top = pen.row
    for column, title in enumerate(first, start=1):
        pen.put(column, title, down=deep, **look)  # type: ignore[arg-type]
    column = len(first) + 1
    for index, (item, referenced) in enumerate(columns):
        pen.row = top
        down = 1 if item.group else deep
        if item.group:
            if index == 0 or columns[index - 1][0].group != item.group:
                span = sum(1 + other for same, other in columns if same.group == item.group)
                pen.put(column, item.group, across=span, **look)  # type: ignore[arg-type]
            pen.row = top + 1
        pen.put(column, header(item), down=down, **look)  # type: ignore[arg-type]
        if referenced:
            column += 1
            pen.put(column, REFERENCE, down=down, **old)  # type: ignore[arg-type]
        column += 1
    pen.row = top + deep - 1
    return top, pen.row


def _write_grid(pen: Pen, block: Grid, layout: _Layout, values: dict[str, Value]) -> tuple[int, int]:
    """Write the block; return the first and last row of its header."""
    if block.as_of:
        pen.put(1, f"{AS_OF_LABEL}:", italic=True, across=2, align="right")
        pen.as_of(3, values.pop(f"{block.block}.{AS_OF}", None))
        before = layout.before(f"{block.block}.{AS_OF}")
        if isinstance(before, date | PartialDate):
            pen.as_of_reference(4, f"{REFERENCE}: {format_date(before)}", across=2 if len(pen.widths) > 4 else 1)
        pen.row += 1
    lead = _lead(block)
    columns = [(item, layout.has_reference(block, item)) for item in block.columns]
    head = _write_header(pen, lead, columns)
    for number, row in enumerate(block.rows, start=1):
        pen.row += 1
        pen.put(1, number, boxed=True, align="center")
        pen.put(2, row.title, boxed=True)
        if UNIT in lead:
            pen.put(3, row.unit, boxed=True, align="center")
        column = len(lead) + 1
        for item, referenced in columns:
            code = f"{block.block}.{row.name}.{item.name}"
            pen.input(column, item, values.pop(code, None), unit=row.unit)
            if referenced:
                column += 1
                pen.reference(column, item, layout.before(code))
            column += 1
    pen.row += 1
    return head


def _write_list(pen: Pen, block: List, values: dict[str, Value]) -> tuple[int, int]:
    """Write the block; return the first and last row of its header."""
    head = _write_header(pen, [ORDINAL], [(item, False) for item in block.columns])
    prefix = f"{block.block}."
    filled = [int(code.removeprefix(prefix).split(".")[0][1:]) for code in values if code.startswith(prefix)]
    for number in range(1, max([block.blank_rows, *filled]) + 1):
        pen.row += 1
        # A row that the clerk inserts takes a number too.
        pen.put(1, number, boxed=True, align="center", locked=False)
        for column, item in enumerate(block.columns, start=2):
            pen.input(column, item, values.pop(f"{prefix}r{number}.{item.name}", None))
    pen.row += 1
    return head


def _column_width(item: Item) -> int:
    if item.type == "string":
        length = 40 if item.constraints.enum else item.constraints.max_length or 200
        return 14 if length <= 40 else 18 if length <= 60 else 40
    return 12 if item.type in ("date", "partial_date") else 15


def _page(sheet: Worksheet, widths: list[int]) -> None:
    """Column widths, and A4 one page wide."""
    for column, size in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = size
    sheet.page_setup.paperSize = 9
    sheet.page_setup.orientation = "landscape" if sum(widths) > 110 else "portrait"
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.oddFooter = HeaderFooterItem(center=_HeaderFooterPart(text="Trang &P/&N"))
    sheet.sheet_view.showGridLines = False
