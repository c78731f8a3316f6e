"""Tables of the report: data frames of figures, and their HTML with spanning headers and sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from baocao.dataset import Dataset
from baocao.figure import Date, Datum, Figure, Text
from baocao.markup import html_text, table_value

ORDINAL = "stt"
ROW_TITLE = "ten"

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
    info = dataset.blocks[block]
    names = [name for name, _ in info.rows]
    columns = list(dict.fromkeys(part for name in names for part in dataset.names_under(f"{block}.{name}")))
    frame: dict[str, list[object]] = {}
    if info.kind == "grid":
        frame[ROW_TITLE] = [title for _, title in info.rows]
    for column in columns:
        frame[column] = [
            dataset.get(code) if (code := f"{block}.{name}.{column}") in dataset else None for name in names
        ]
    return FigureTable(frame, index=names)


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
        raise KeyError(f"bảng không có cột: {', '.join(unknown)}; các cột có: {', '.join(map(str, table.columns))}")
    if widths is not None and len(widths) != len(columns):
        raise ValueError(f"có {len(columns)} cột nhưng {len(widths)} độ rộng")
    shares = [width * 100 / sum(widths) for width in widths] if widths else [100 / len(columns)] * len(columns)
    layout = [
        _Column(key, *(header if isinstance(header, tuple) else ("", header)), width)
        for (key, header), width in zip(columns.items(), shares, strict=True)
    ]
    parts = [f'<table class="bang"{f" data-name={name!r}" if name else ""}>'.replace("'", '"')]
    if caption:
        parts.append(f"<caption>{html_text(caption)}</caption>")
    parts.append(
        "<colgroup>" + "".join(f'<col style="width:{column.width:.2f}%">' for column in layout) + "</colgroup>"
    )
    parts += ["<thead>", *_head(layout), "</thead>", "<tbody>"]
    for number, (_, row) in enumerate(table.iterrows(), start=1):
        cells = [_cell(number if column.name == ORDINAL else row[column.name]) for column in layout]
        parts.append("<tr>" + "".join(cells) + "</tr>")
    parts += ["</tbody>", "</table>"]
    return "\n".join(parts)


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


def _cell(value: object) -> str:
    if isinstance(value, Figure | Text | Date):
        datum: Datum = value
        shown, align = table_value(datum)
    elif isinstance(value, int):
        shown, align = str(value), "center"
    elif value is None or isinstance(value, float):
        shown, align = "", "left"
    else:
        shown, align = html_text(str(value)).replace("\n", "<br>"), "left"
    return f'<td style="text-align:{align}">{shown}</td>'
