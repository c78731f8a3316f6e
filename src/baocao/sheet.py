"""One sheet of a submitted workbook, looked up by what its cells say: titles, headers, labels."""

from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl.utils.cell import get_column_letter

from baocao.vi import clean_text, fold, nfc

_HEADER_REACH = 12
"""How far below a block's title its header may stand, so that inserted rows do no harm."""


@dataclass(frozen=True)
class Content:
    """What one cell holds, and the number format in which it is shown."""

    value: object
    number_format: str = "General"
    """Empty where the file says nothing of any cell's looks."""
    is_error: bool = False
    uncalculated: bool = False
    """A formula whose result the file does not hold."""
    linked: bool = False
    """A formula that takes its value from another workbook."""
    font: str = ""
    """Name of the font, for texts with letters beyond ASCII: old encodings are known by it."""


@dataclass(frozen=True)
class Header:
    """Where a block's columns stand: lowest header row, wanted index → column, and labels of the header rows."""

    bottom: int
    columns: dict[int, int]
    labels: dict[int, str]
    """Column → what its header cell says, as typed."""


@dataclass(frozen=True)
class RawSheet:
    """What the file says of a sheet: what its cells hold by row and column, merged areas, what is hidden."""

    title: str
    cells: tuple[tuple[int, int, Content], ...]
    merged: tuple[tuple[int, int, int, int], ...] = ()
    """(top row, first column, bottom row, last column)"""
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()


class SheetContent:
    """The filled cells of a sheet."""

    def __init__(self, raw: RawSheet) -> None:
        self.title = nfc(raw.title)
        self.hidden = raw.hidden
        self._hidden_rows, self._hidden_columns = raw.hidden_rows, raw.hidden_columns
        self.rows: dict[int, dict[int, Content]] = {}
        for row, column, content in raw.cells:
            value = content.value
            if content.uncalculated or not (value is None or (isinstance(value, str) and not clean_text(value))):
                self.rows.setdefault(row, {})[column] = content
        # A title over merged cells stands for every column below it.
        self._spans: dict[tuple[int, int], str] = {}
        self._ends: dict[tuple[int, int], tuple[int, int]] = {}
        self._anchors: dict[tuple[int, int], tuple[int, int]] = {}
        for row, first, bottom, last in raw.merged:
            self._ends[row, first] = bottom, last
            label = self.label(row, first)
            for column in range(first, last + 1):
                self._spans[row, column] = label
                self._anchors |= {(below, column): (row, first) for below in range(row, bottom + 1)}

    @property
    def last_row(self) -> int:
        """The lowest row in which something is filled."""
        return max(self.rows, default=0)

    def filled(self, first: int, last: int) -> list[int]:
        """The rows from `first` to `last`, both included, in which something is filled."""
        return [row for row in self.rows if first <= row <= last]

    def content(self, row: int, column: int) -> Content | None:
        """What a cell holds."""
        return self.rows.get(row, {}).get(column)

    def hides(self, row: int, column: int) -> bool:
        """The row, the column or the whole sheet is hidden."""
        return self.hidden or row in self._hidden_rows or column in self._hidden_columns

    def anchor(self, row: int, column: int) -> tuple[int, int]:
        """The cell that holds the content of this one: another where it is merged into that."""
        return self._anchors.get((row, column), (row, column))

    def area(self, row: int, column: int) -> str:
        """The merged cells that this one belongs to, `D8:E8`; the cell alone, `D8`."""
        anchor = self.anchor(row, column)
        first, last = self.ref(*anchor), self.ref(*self._ends.get(anchor, anchor))
        return first if first == last else f"{first}:{last}"

    def shown(self, row: int, column: int) -> str:
        """A label as typed, on one line."""
        content = self.content(row, column)
        return " ".join(clean_text(str(content.value)).split()) if content is not None else ""

    def label(self, row: int, column: int) -> str:
        """A label as a key: spelling variants of one label are the same."""
        return fold(self.shown(row, column))

    def ref(self, row: int, column: int) -> str:
        """`D9`."""
        return f"{get_column_letter(column)}{row}"

    def find_title(self, title: str) -> int | None:
        """The first row in which a cell says `title`."""
        wanted = fold(title)
        return next(
            (row for row in self.rows if any(self.label(row, column) == wanted for column in self.rows[row])), None
        )

    def right_of(self, row: int, column: int, besides: str) -> int:
        """The first filled column to the right of a (merged) cell, or the one beside it.

        What begins with `besides` is passed over.
        """
        edge = self._ends.get((row, column), (row, column))[1]
        filled = (other for other in sorted(self.rows[row]) if other > edge)
        return next((other for other in filled if not self.label(row, other).startswith(besides)), edge + 1)

    def header(self, wanted: Sequence[tuple[str, str]], start: int, end: int) -> Header | None:
        """Find the columns `wanted` by (group, title) below row `start`; None when no header is there at all."""
        titles = {fold(title) for _, title in wanted}
        hits = {
            row: len(titles & {self.label(row, column) for column in self.rows[row]})
            for row in self.filled(start + 1, min(end, start + _HEADER_REACH))
        }
        if not any(hits.values()):
            return None
        best = max(hits, key=lambda row: hits[row])
        # Ungrouped titles of a two-row header stand in its upper row, merged downwards.
        rows = [row for row in (best, best - 1, best + 1) if row > start]
        found: dict[int, int] = {}
        bottom = best
        for index, (group, title) in enumerate(wanted):
            place = next(
                (
                    (row, column)
                    for row in rows
                    for column in sorted(self.rows.get(row, {}))
                    if self.label(row, column) == fold(title)
                    and column not in found.values()
                    and (not group or fold(group) == self._above(row, column))
                ),
                None,
            )
            if place is not None:
                bottom = max(bottom, place[0])
                found[index] = place[1]
        top = min([best, *(row for row in rows if hits.get(row))])
        labels: dict[int, str] = {}
        for row in range(top, bottom + 1):
            labels |= {column: self.shown(row, column) for column in self.rows.get(row, {})}
        return Header(bottom, found, labels)

    def _above(self, row: int, column: int) -> str:
        """The title over a column's own; one that stands for several columns may have lost its merged cells."""
        while column > 0 and self.content(row, column) is not None:
            above = self._spans.get((row - 1, column)) or self.label(row - 1, column)
            if above:
                return above
            column -= 1
        return ""
