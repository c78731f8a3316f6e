"""Tables of the report: data frames of figures, and their HTML with spanning headers and sources."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Number
from typing import Any

import pandas as pd

from baocao.dataset import Dataset
from baocao.errors import InputError, Problem
from baocao.figure import Date, Datum, Figure, Text
from baocao.markup import NOTHING_REPORTED, html_text, table_value
from baocao.vi import format_number

ORDINAL = "stt"
ROW_TITLE = "ten"
_ROW_TITLE_CLASS = "ten-dong"
"""Marks the cell that names its row: the page makes it a header cell."""

Header = str | tuple[str, str]
"""Title of a column, or (title that spans several columns, title below it)."""


class FigureTable(pd.DataFrame):
    """Rows × columns of figures, texts and dates; the index holds the row names of the codes."""

    @property
    def _constructor(self) -> type["FigureTable"]:
        return FigureTable

    def numeric(self) -> pd.DataFrame:
        """The same table with plain numbers for charts; missing ones and texts that are no numbers stay as they are."""
        plain: dict[Any, list[Any]] = {name: [_plain(value) for value in self[name]] for name in self.columns}
        return pd.DataFrame(plain, index=self.index)


def _plain(value: object) -> object:
    if isinstance(value, Figure):
        return float("nan") if value.value is None else float(value.value)
    if isinstance(value, Text | Date):
        return None if value.missing else str(value)
    return value


def figure_table(dataset: Dataset, block: str) -> FigureTable:
    """A grid or list as a table; declared figures of its rows are columns too. Counts as read with all its codes."""
    info = dataset.block(block)
    names = dataset.rows(block)
    frame: dict[str, list[object]] = {}
    if info.kind == "grid":
        frame[ROW_TITLE] = [title for _, title in info.rows]
    for column in dataset.columns(block):
        frame[column] = [dataset.lookup(f"{dataset.row_code(block, name)}.{column}") for name in names]
    return FigureTable(frame, index=list(names))


def reported(table: FigureTable) -> FigureTable:
    """The rows in which something was reported."""
    keep = [
        any(isinstance(value, Figure | Text | Date) and not value.missing for value in row)
        for row in table.itertuples(index=False)
    ]
    return FigureTable(table.loc[keep])


@dataclass(frozen=True)
class _Column:
    name: str
    group: str
    title: str
    width: float


def table_html(
    table: FigureTable,
    columns: Mapping[str, Header],
    widths: Sequence[float] | None = None,
    caption: str = "",
    name: str = "",
) -> str:
    """The table as HTML. `columns` names what to print, in order; `stt` is a running number; widths are in percent."""
    unknown = [column for column in columns if column != ORDINAL and column not in table.columns]
    if unknown:
        raise InputError(
            Problem(
                f"bảng không có cột: {', '.join(unknown)}",
                expected=f"các cột: {', '.join(map(str, table.columns))}; hoặc {ORDINAL}",
                remedy="sửa mã cột trong lệnh hiện bảng",
            )
        )
    if widths is not None and len(widths) != len(columns):
        raise InputError(
            Problem(
                f"có {len(columns)} cột nhưng {len(widths)} độ rộng",
                expected="mỗi cột một độ rộng",
                remedy="sửa widths trong lệnh hiện bảng",
            )
        )
    shares = [width * 100 / sum(widths) for width in widths] if widths else [100 / len(columns)] * len(columns)
    layout = [
        _Column(key, *(header if isinstance(header, tuple) else ("", header)), width)
        for (key, header), width in zip(columns.items(), shares, strict=True)
    ]
    parts = [f'<table class="bang" data-name="{html_text(name)}">' if name else '<table class="bang">']
    if caption:
        parts.append(f"<caption>{html_text(caption)}</caption>")
    parts.append(
        "<colgroup>" + "".join(f'<col style="width:{column.width:.2f}%">' for column in layout) + "</colgroup>"
    )
    parts += ["<thead>", *_head(layout), "</thead>", "<tbody>"]
    for number, (_, row) in enumerate(table.iterrows(), start=1):
        cells = [
            _ordinal(number) if column.name == ORDINAL else _cell(row[column.name], column.name) for column in layout
        ]
        parts.append("<tr>" + "".join(cells) + "</tr>")
    if len(table.index) == 0:
        parts.append(f'<tr><td colspan="{len(layout)}">{NOTHING_REPORTED}</td></tr>')
    parts += ["</tbody>", "</table>"]
    return "\n".join(parts)


def labelled_html(columns: Sequence[Header], rows: Sequence[tuple[str, Sequence[Datum]]]) -> str:
    """Rows of a label and its values as HTML; `columns` are the titles, that of the labels first."""
    names = [ROW_TITLE, *(f"so_{index}" for index in range(1, len(columns)))]
    table = FigureTable([(label, *values) for label, values in rows], columns=names)
    return table_html(table, dict(zip(names, columns, strict=True)))


def _head(layout: Sequence[_Column]) -> list[str]:
    if not any(column.group for column in layout):
        return ["<tr>" + "".join(f"<th>{html_text(column.title)}</th>" for column in layout) + "</tr>"]
    upper: list[str] = []
    lower: list[str] = []
    for index, column in enumerate(layout):
        if not column.group:
            upper.append(f'<th rowspan="2">{html_text(column.title)}</th>')
            continue
        lower.append(f"<th>{html_text(column.title)}</th>")
        if index == 0 or layout[index - 1].group != column.group:
            span = next(
                (step for step, other in enumerate(layout[index:]) if other.group != column.group), len(layout) - index
            )
            upper.append(f'<th colspan="{span}">{html_text(column.group)}</th>')
    return ["<tr>" + "".join(upper) + "</tr>", "<tr>" + "".join(lower) + "</tr>"]


def _ordinal(number: int) -> str:
    return f'<td style="text-align:center">{number}</td>'


def _cell(value: object, column: str) -> str:
    if isinstance(value, Figure | Text | Date):
        datum: Datum = value
        shown, align = table_value(datum)
    elif value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        shown, align = "", "left"
    elif isinstance(value, Integral) and not isinstance(value, bool):
        shown, align = format_number(int(value)), "right"
    elif isinstance(value, Decimal | Fraction):
        shown, align = format_number(value), "right"
    elif isinstance(value, Number | bool):
        raise InputError(
            Problem(
                f"không in được giá trị {value!r} trong bảng",
                expected="một số liệu, một số nguyên hoặc chữ",
                remedy="dùng số liệu thay cho số đã qua .numeric()",
            )
        )
    else:
        shown, align = html_text(str(value)).replace("\n", "<br>"), "left"
    marked = f'class="{_ROW_TITLE_CLASS}" ' if column == ROW_TITLE else ""
    return f'<td {marked}style="text-align:{align}">{shown}</td>'
