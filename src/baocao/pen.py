"""Writes cells downwards on one sheet of a workbook: labels, inputs with their guidance, last month's values."""

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from math import ceil

from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.worksheet import Worksheet

from baocao.forms import Item
from baocao.validation import Guidance
from baocao.vi import PartialDate

Value = int | Decimal | str | date | PartialDate | None

_FONT = "Times New Roman"
_LINE = Side(style="thin", color="808080")
_BORDER = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_INPUT = PatternFill("solid", fgColor="FFF9E5")
HEADER = PatternFill("solid", fgColor="E7ECF3")
GREY = PatternFill("solid", fgColor="F2F2F2")
_LINE_HEIGHT = 15
_LONGEST_REFERENCE = 160
"""Characters of a text that are shown of last month's."""
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_FORMULA_SIGNS = ("=", "+", "-", "@")


def as_typed(text: str) -> str:
    """`text` for a cell or comment: `_x000D_`, which a spreadsheet takes for an escape, stays as it is."""
    return _ESCAPE.sub("_x005F_", text)


def begins_a_formula(text: str) -> bool:
    """A spreadsheet would make a formula of `text` once somebody edits its cell."""
    return text.lstrip().startswith(_FORMULA_SIGNS)


@dataclass
class Pen:
    """Writes downwards on one sheet; a row grows with its texts, since spreadsheets do not fit merged cells."""

    sheet: Worksheet
    guidance: Guidance
    widths: list[int] = field(default_factory=list)
    row: int = 1

    def put(
        self,
        column: int,
        value: object,
        *,
        bold: bool = False,
        italic: bool = False,
        colour: str = "000000",
        size: int = 11,
        across: int = 1,
        down: int = 1,
        align: str = "left",
        boxed: bool = False,
        fill: PatternFill | None = None,
        locked: bool = True,
    ) -> None:
        """Write into the cell of this row in `column`, or into one merged `across` columns and `down` rows."""
        cell = self.sheet.cell(self.row, column)
        # Text of a clerk is text, whatever it begins with, and stays one when somebody edits it.
        if isinstance(value, str):
            cell.value = as_typed(value)
            cell.data_type = "s"
            cell.quotePrefix = begins_a_formula(value)
        else:
            cell.value = value  # type: ignore[assignment]
        cell.font = Font(name=_FONT, size=size, bold=bold, italic=italic, color=colour)
        indent = 1 if boxed and align != "center" else 0
        cell.alignment = Alignment(horizontal=align, vertical="center", wrap_text=True, indent=indent)
        for row in range(self.row, self.row + down):
            for col in range(column, column + across):
                target = self.sheet.cell(row, col)
                if boxed:
                    target.border = _BORDER
                if fill:
                    target.fill = fill
                target.protection = Protection(locked=locked)
        self._grow(column, value, across, down, size * (1.04 if bold else 1), indent)
        if across > 1 or down > 1:
            self.sheet.merge_cells(
                start_row=self.row, end_row=self.row + down - 1, start_column=column, end_column=column + across - 1
            )

    def _grow(self, column: int, value: object, across: int, down: int, size: float, indent: int) -> None:
        # Column widths count digits of 11 points; accented text runs a little wider.
        room = sum(self.widths[column - 1 : column - 1 + across]) - 2 * indent
        lines = max(1, ceil(len(str(value)) * 1.05 * size / 11 / room)) if value is not None else 1
        height = lines * _LINE_HEIGHT * size / 11 / down + 2
        for row in range(self.row, self.row + down):
            dimension = self.sheet.row_dimensions[row]
            dimension.height = max(dimension.height or 0, round(height))

    def input(self, column: int, item: Item, value: Value, *, across: int = 1, unit: str = "") -> None:
        """An input cell: coloured, unlocked, with number format, prompt and validation."""
        self.guidance.add(self._input(column, item, value, across), item, unit)

    def as_of(self, column: int, value: Value) -> None:
        """An input cell for an as-of date."""
        item = Item(name="as_of", title="Tính đến", type="partial_date")
        self.guidance.add_as_of(self._input(column, item, value), item)

    def _input(self, column: int, item: Item, value: Value, across: int = 1) -> str:
        self.put(column, _stored(value), boxed=True, fill=_INPUT, align=_align(item), across=across, locked=False)
        cell = self.sheet.cell(self.row, column)
        cell.number_format = _number_format(item)
        return str(cell.coordinate)

    def reference(self, column: int, item: Item, value: Value, across: int = 1) -> None:
        """A locked cell with last month's value."""
        stored = _stored(value)
        if isinstance(stored, str) and len(stored) > _LONGEST_REFERENCE:
            stored = f"{stored[:_LONGEST_REFERENCE].rsplit(maxsplit=1)[0]} …"
        self._grey(column, stored, _align(item), across)
        self.sheet.cell(self.row, column).number_format = _number_format(item)

    def as_of_reference(self, column: int, text: str, *, across: int = 1) -> None:
        """A locked cell that says last month's as-of date; in words, because no header stands over it."""
        self._grey(column, text, "center", across)

    def _grey(self, column: int, value: object, align: str, across: int) -> None:
        look = {"boxed": True, "fill": GREY, "italic": True, "colour": "595959", "size": 10}
        self.put(column, value, align=align, across=across, **look)  # type: ignore[arg-type]


def _number_format(item: Item) -> str:
    """The format of a cell: on a protected sheet programs do not choose one by what is typed."""
    if item.type == "integer":
        return "#,##0"
    if item.type in ("date", "partial_date"):
        return "dd/mm/yyyy"
    # A symbol such as 05/2024 is no date, and a rate stays as it was said.
    return "@" if item.type == "reported_rate" or item.constraints.max_length else "General"


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
