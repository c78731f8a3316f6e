"""Where a finding is: its cells, and the words for them."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, groupby

from baocao.errors import WHERE_SEPARATOR
from baocao.figure import Cell
from baocao.finding import Finding

_MOST_SHEETS = 4
"""Sheets that a place names one by one."""
_MOST_CELLS = 500
"""Cells of one range that are taken one by one."""
_REF = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")
_RUN = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6}):\1([1-9]\d{0,6})")


def cells_at_fault(finding: Finding) -> tuple[Cell, ...]:
    """The cells that a finding is about, each with a reference: its own, or else those that its place names."""
    if finding.cells:
        return tuple(cell for cell in finding.cells if cell.ref)
    if len(finding.problem.where) != 3:
        return ()
    workbook, sheet, refs = finding.problem.where
    return tuple(Cell(workbook, sheet, ref) for ref in chain.from_iterable(map(_single, refs.split(", "))))


def _single(text: str) -> Iterator[str]:
    """`H10:H12` → `H10`, `H11`, `H12`; nothing for what is no reference."""
    if run := _RUN.fullmatch(text):
        first, last = int(run[2]), int(run[3])
        yield from (f"{run[1]}{row}" for row in range(first, min(last, first + _MOST_CELLS - 1) + 1))
    elif _REF.fullmatch(text):
        yield text


def place(finding: Finding) -> str:
    """“tệp › trang tính › ô; tệp › trang tính › ô, ô”: everywhere that the finding is, in short."""
    sheets: dict[tuple[str, str], list[str]] = {}
    for cell in cells_at_fault(finding):
        sheets.setdefault((cell.workbook, cell.sheet), []).append(cell.ref)
    if not sheets:
        return WHERE_SEPARATOR.join(finding.problem.where)
    named = [WHERE_SEPARATOR.join((*key, ranges(refs))) for key, refs in sheets.items()]
    alike = {(sheet, ranges(refs)) for (_, sheet), refs in sheets.items()}
    if len(named) > _MOST_SHEETS and len(alike) == 1:
        books = [workbook for workbook, _ in sheets]
        return WHERE_SEPARATOR.join((f"{books[0]} … {books[-1]} ({len(books)} tệp)", *alike.pop()))
    more = [f"và {len(named) - _MOST_SHEETS} trang tính khác"] if len(named) > _MOST_SHEETS else []
    return "; ".join([*named[:_MOST_SHEETS], *more])


def ranges(refs: Iterable[str]) -> str:
    """Cells of a sheet in short: “H10:H16, H18”; cells below one another make a range."""
    found = [match.groups() for ref in refs if (match := _REF.fullmatch(ref))]
    places = sorted({(len(column), column, int(row)) for column, row in found})
    parts = []
    for _, run in groupby(enumerate(places), lambda item: (item[1][1], item[1][2] - item[0])):
        cells = [f"{column}{row}" for _, (_, column, row) in run]
        parts.append(cells[0] if len(cells) == 1 else f"{cells[0]}:{cells[-1]}")
    return ", ".join(parts)
