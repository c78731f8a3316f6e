"""A form as a workbook that a clerk fills: title, identity, headers, units, notes, cell validation.

Where a value stands is decided here and nowhere else: the reader finds blocks, rows and columns by their titles.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from math import ceil
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from baocao.forms import AS_OF, Fields, Form, Grid, Item, List, Sheet
from baocao.period import Period
from baocao.vi import PartialDate

Value = int | Decimal | str | date | PartialDate | None

IDENTITY = {"code": "Biểu số", "version": "Phiên bản", "department": "Đơn vị báo cáo", "period": "Kỳ báo cáo"}
AS_OF_LABEL = "Số liệu tính đến"
FIELD_HEADERS = ("STT", "Chỉ tiêu", "Đơn vị tính", "Số liệu", "Tính đến ngày", "Ghi chú")
ORDINAL = "STT"
UNIT = "Đơn vị tính"
"""Header of the column of units that a grid has when its rows have units of their own."""

_FONT = "Times New Roman"
_LINE = Side(style="thin", color="808080")
_BORDER = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_INPUT = PatternFill("solid", fgColor="FFF9E5")
_HEADER = PatternFill("solid", fgColor="E7ECF3")
_FIELD_WIDTHS = (6, 58, 13, 22, 15, 34)
_UNIT_WIDTH = 13
_LEAST_WIDTH = 90
_LINE_HEIGHT = 15


def header(item: Item) -> str:
    """Printed header of a column: its title and, where the title does not say it already, its unit."""
    return f"{item.title} ({item.unit})" if item.unit and item.unit not in item.title.lower() else item.title


def period_text(period: Period) -> str:
    """The period as the identity of a workbook says it."""
    return f"Tháng {period.month} năm {period.year}"


@dataclass
class _Pen:
    """Writes downwards on one sheet; a row grows with its texts, since spreadsheets do not fit merged cells."""

    sheet: Worksheet
    widths: list[int] = field(default_factory=list)
    row: int = 1

    def put(
        self,
        column: int,
        value: object,
        *,
        bold: bool = False,
        italic: bool = False,
        size: int = 11,
        across: int = 1,
        down: int = 1,
        align: str = "left",
        boxed: bool = False,
        fill: PatternFill | None = None,
    ) -> None:
        cell = self.sheet.cell(self.row, column)
        cell.value = value  # type: ignore[assignment]
        # Text of a clerk is text, whatever it begins with.
        if isinstance(value, str):
            cell.data_type = "s"
        cell.font = Font(name=_FONT, size=size, bold=bold, italic=italic)
        cell.alignment = Alignment(horizontal=align, vertical="center", wrap_text=True)
        for row in range(self.row, self.row + down):
            for col in range(column, column + across):
                target = self.sheet.cell(row, col)
                if boxed:
                    target.border = _BORDER
                if fill:
                    target.fill = fill
        self._grow(column, value, across, down, size * (1.04 if bold else 1))
        if across > 1 or down > 1:
            self.sheet.merge_cells(
                start_row=self.row, end_row=self.row + down - 1, start_column=column, end_column=column + across - 1
            )

    def _grow(self, column: int, value: object, across: int, down: int, size: float) -> None:
        # Column widths count digits of 11 points; accented text runs a little wider.
        room = sum(self.widths[column - 1 : column - 1 + across])
        lines = max(1, ceil(len(str(value)) * 1.05 * size / 11 / room)) if value is not None else 1
        height = lines * _LINE_HEIGHT * size / 11 / down + 2
        for row in range(self.row, self.row + down):
            dimension = self.sheet.row_dimensions[row]
            dimension.height = max(dimension.height or 0, round(height))

    def input(self, column: int, item: Item, value: Value, across: int = 1) -> None:
        """An input cell, coloured, with number format and validation."""
        self.put(column, _stored(value), boxed=True, fill=_INPUT, align=_align(item), across=across)
        cell = self.sheet.cell(self.row, column)
        if item.type == "integer":
            cell.number_format = "#,##0"
        elif isinstance(cell.value, date):
            cell.number_format = "dd/mm/yyyy"
        _validate(self.sheet, cell.coordinate, item)


def _align(item: Item) -> str:
    if item.numeric:
        return "right"
    return "center" if item.type in ("date", "partial_date") else "left"


def _stored(value: Value) -> object:
    if isinstance(value, PartialDate):
        if value.month is not None and value.day is not None:
            return value.first_day()
        return f"{value.month:02d}/{value.year}" if value.month else f"Năm {value.year}"
    return value


def _validate(sheet: Worksheet, ref: str, item: Item) -> None:
    limits = item.constraints
    if item.type == "integer":
        kind = "số nguyên" if (item.minimum or 0) < 0 else "số nguyên không âm"
        rule = DataValidation(type="whole", error=f"Ô này cần một {kind}, không gõ dấu chấm hay dấu phẩy")
        _bound(rule, item)
    elif item.type == "number" and (limits.minimum is not None or limits.maximum is not None):
        rule = DataValidation(type="decimal", error="Ô này cần một số trong khoảng cho phép")
        _bound(rule, item)
    elif limits.enum:
        rule = DataValidation(
            type="list", formula1=f'"{",".join(limits.enum)}"', error="Chọn một giá trị trong danh sách"
        )
    elif item.type == "date":
        rule = DataValidation(
            type="date", operator="greaterThan", formula1="36526", error="Ô này cần một ngày: ngày/tháng/năm"
        )
    else:
        return
    rule.allow_blank = not limits.required
    rule.errorTitle = "Giá trị chưa đúng"
    rule.showErrorMessage = True
    for known in sheet.data_validations.dataValidation:
        if _same(known, rule):
            known.add(ref)
            return
    sheet.add_data_validation(rule)
    rule.add(ref)


def _bound(rule: DataValidation, item: Item) -> None:
    """Give the rule the limits of a number that the reader has, and no others."""
    least, most = item.minimum, item.constraints.maximum
    if least is not None and most is not None:
        rule.operator, rule.formula1, rule.formula2 = "between", str(least), str(most)
    elif least is not None:
        rule.operator, rule.formula1 = "greaterThanOrEqual", str(least)
    else:
        rule.operator, rule.formula1 = "lessThanOrEqual", str(most)


def _same(one: DataValidation, other: DataValidation) -> bool:
    keys = ("type", "operator", "formula1", "formula2", "allow_blank")
    return all(getattr(one, key) == getattr(other, key) for key in keys)


def write_workbook(form: Form, period: Period, path: Path, values: Mapping[str, Value] | None = None) -> None:
    """Write the form for `period` to `path`, blank or with `values` by code (`block.field`, `block.r1.column` …).

    A code that the form does not have is a `ValueError`: a value is never dropped in silence.
    """
    left = dict(values or {})
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.title = form.title
    book.properties.creator = form.department
    book.properties.created = datetime(period.year, period.month, 1)
    for sheet in form.sheets:
        _write_sheet(book.create_sheet(sheet.name), form, sheet, period, left)
    if left:
        raise ValueError(f"biểu {form.form} không có các mã: {', '.join(sorted(left))}")
    _save(book, path, datetime(period.year, period.month, 1))


def _save(book: Workbook, path: Path, moment: datetime) -> None:
    """Save so that equal content gives equal bytes: openpyxl writes the clock into the archive and its properties."""
    buffer = io.BytesIO()
    book.save(buffer)
    stamp = f"{moment.isoformat()}Z".encode()
    with zipfile.ZipFile(buffer) as saved, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as stable:
        for name in saved.namelist():
            content = saved.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, content)
            stable.writestr(zipfile.ZipInfo(name, moment.timetuple()[:6]), content, zipfile.ZIP_DEFLATED)


def _write_sheet(sheet: Worksheet, form: Form, definition: Sheet, period: Period, values: dict[str, Value]) -> None:
    width = max(_width(block) for block in definition.blocks)
    left = max(2, width // 2)
    pen = _Pen(sheet, _widths(definition, width))
    identity = {
        "code": form.code,
        "version": str(form.version),
        "department": form.department,
        "period": period_text(period),
    }
    lines = {name: f"{label}: {identity[name]}" for name, label in IDENTITY.items()}
    pen.put(1, lines["department"], bold=True, across=left)
    pen.put(left + 1, lines["code"], bold=True, across=width - left, align="right")
    pen.row += 1
    pen.put(1, lines["period"], across=left)
    pen.put(left + 1, lines["version"], across=width - left, align="right")
    pen.row += 2
    pen.put(1, form.title, bold=True, size=14, across=width, align="center")
    pen.row += 2
    for block in definition.blocks:
        pen.put(1, block.title, bold=True, size=12, across=width)
        pen.row += 1
        if isinstance(block, Fields):
            _write_fields(pen, block, values)
        elif isinstance(block, Grid):
            _write_grid(pen, block, values)
        else:
            _write_list(pen, block, values)
        pen.row += 1
    if form.guidance:
        pen.put(1, "Hướng dẫn:", bold=True, italic=True, across=width)
        pen.row += 1
    for note in form.guidance:
        pen.put(1, f"- {note}", italic=True, across=width)
        pen.row += 1
    _page(sheet, pen.widths)


def _width(block: Fields | Grid | List) -> int:
    if isinstance(block, Fields):
        return len(FIELD_HEADERS)
    return len(block.columns) + (len(_lead(block)) if isinstance(block, Grid) else 1)


def _lead(block: Grid) -> list[str]:
    """Headers of the columns before a grid's values."""
    return [ORDINAL, block.row_title, UNIT] if any(row.unit for row in block.rows) else [ORDINAL, block.row_title]


def _write_fields(pen: _Pen, block: Fields, values: dict[str, Value]) -> None:
    for column, title in enumerate(FIELD_HEADERS, start=1):
        pen.put(column, title, bold=True, boxed=True, align="center", fill=_HEADER)
    as_of = Item(name="as_of", title="Tính đến", type="partial_date")
    for number, item in enumerate(block.fields, start=1):
        pen.row += 1
        code = f"{block.block}.{item.name}"
        pen.put(1, number, boxed=True, align="center")
        pen.put(2, item.title, boxed=True)
        pen.put(3, item.unit, boxed=True, align="center")
        value = values.pop(code, None)
        if item.numeric:
            pen.input(4, item, value)
            pen.input(5, as_of, values.pop(f"{code}.{AS_OF}", None))
        else:
            # A text has no as-of date: it takes that cell's room, and the note's where there is none.
            pen.input(4, item, value, across=2 if item.note else 3)
        if item.numeric or item.note:
            pen.put(6, item.note, boxed=True, italic=True, size=10)
    pen.row += 1


def _write_header(pen: _Pen, first: list[str], columns: tuple[Item, ...]) -> None:
    """One header row, or two where columns stand under a spanning title."""
    deep = 2 if any(item.group for item in columns) else 1
    look = {"bold": True, "boxed": True, "align": "center", "fill": _HEADER}
    top = pen.row
    for column, title in enumerate(first, start=1):
        pen.put(column, title, down=deep, **look)  # type: ignore[arg-type]
    column = len(first) + 1
    for index, item in enumerate(columns):
        pen.row = top
        if not item.group:
            pen.put(column, header(item), down=deep, **look)  # type: ignore[arg-type]
        else:
            if index == 0 or columns[index - 1].group != item.group:
                span = sum(1 for other in columns if other.group == item.group)
                pen.put(column, item.group, across=span, **look)  # type: ignore[arg-type]
            pen.row = top + 1
            pen.put(column, header(item), **look)  # type: ignore[arg-type]
        column += 1
    pen.row = top + deep - 1


def _write_grid(pen: _Pen, block: Grid, values: dict[str, Value]) -> None:
    if block.as_of:
        pen.put(1, f"{AS_OF_LABEL}:", italic=True, across=2, align="right")
        pen.input(
            3, Item(name="as_of", title=AS_OF_LABEL, type="partial_date"), values.pop(f"{block.block}.{AS_OF}", None)
        )
        pen.row += 1
    lead = _lead(block)
    _write_header(pen, lead, block.columns)
    for number, row in enumerate(block.rows, start=1):
        pen.row += 1
        pen.put(1, number, boxed=True, align="center")
        pen.put(2, row.title, boxed=True)
        if UNIT in lead:
            pen.put(3, row.unit, boxed=True, align="center")
        for column, item in enumerate(block.columns, start=len(lead) + 1):
            pen.input(column, item, values.pop(f"{block.block}.{row.name}.{item.name}", None))
    pen.row += 1


def _write_list(pen: _Pen, block: List, values: dict[str, Value]) -> None:
    _write_header(pen, [ORDINAL], block.columns)
    prefix = f"{block.block}."
    filled = [int(code.removeprefix(prefix).split(".")[0][1:]) for code in values if code.startswith(prefix)]
    for number in range(1, max([block.blank_rows, *filled]) + 1):
        pen.row += 1
        pen.put(1, number, boxed=True, align="center")
        for column, item in enumerate(block.columns, start=2):
            pen.input(column, item, values.pop(f"{prefix}r{number}.{item.name}", None))
    pen.row += 1


def _column_width(item: Item) -> int:
    if item.type == "string":
        length = 40 if item.constraints.enum else item.constraints.max_length or 200
        return 14 if length <= 40 else 18 if length <= 60 else 40
    return 12 if item.type in ("date", "partial_date") else 15


def _widths(definition: Sheet, width: int) -> list[int]:
    """Widths of the columns of a sheet: each as its widest block wants it, and together a page's."""
    widths = [6] + [15] * (width - 1)
    for block in definition.blocks:
        if isinstance(block, Fields):
            wanted = list(_FIELD_WIDTHS)
        else:
            lead = ([6, 42, _UNIT_WIDTH][: len(_lead(block))]) if isinstance(block, Grid) else [6]
            wanted = lead + [_column_width(item) for item in block.columns]
        widths = [max(pair) for pair in zip(widths, wanted + [0] * (width - len(wanted)), strict=True)]
    spare = _LEAST_WIDTH - sum(widths)
    if spare > 0:
        room = sum(widths[1:])
        widths[1:] = [size + spare * size // room for size in widths[1:]]
    return widths


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
