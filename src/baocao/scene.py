"""What rules look at: this month's data and last month's by code, with the names that findings need."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from baocao.dataset import BlockInfo, Dataset
from baocao.figure import Cell, Date, Datum, Figure, Text
from baocao.forms import Form, department_of
from baocao.params import Params
from baocao.period import Period

Kind = TypeVar("Kind", Figure, Text, Date)

_NAMED = 4
"""Cells that a finding names one by one."""


@dataclass(frozen=True)
class Scene:
    """One month for the rules. What they look up is no read of a section."""

    period: Period
    data: Mapping[str, Datum]
    """Typed and declared, by code."""
    typed: frozenset[str]
    before: Mapping[str, Datum]
    """Last month's; empty where there is none to compare with."""
    blocks: Mapping[str, BlockInfo]
    params: Params
    forms: tuple[Form, ...]
    refused: frozenset[str] = frozenset()
    """Codes whose cell the intake refused: something is there, and what is wrong with it is told already."""

    def figure(self, code: str) -> Figure | None:
        """The number with that code, if it is there and not missing."""
        return _known(self.data.get(code), Figure)

    def earlier(self, code: str) -> Figure | None:
        """The same a month ago."""
        return _known(self.before.get(code), Figure)

    def text(self, code: str | None) -> Text | None:
        """The text with that code, if it is there and not missing."""
        return _known(self.data.get(code or ""), Text)

    def date(self, code: str | None) -> Date | None:
        """The date with that code, if it is there and not missing."""
        return _known(self.data.get(code or ""), Date)

    def department(self, code: str) -> str:
        """Who reports that code."""
        return department_of(code, self.forms)

    def block(self, code: str) -> BlockInfo | None:
        """The block that a code belongs to; that of one unit has its unit in the name."""
        parts = code.split(".")
        names = (".".join(parts[:length]) for length in range(len(parts) - 1, 0, -1))
        return next((self.blocks[name] for name in names if name in self.blocks), None)

    def explained(self, code: str) -> bool:
        """Why the value is missing is told already: its cell was refused, or nothing of its block was read."""
        if code in self.refused:
            return True
        block = code.partition(".")[0]
        placed = (
            cell for known in self.typed if known.partition(".")[0] == block for cell in cells_of(self.data[known])
        )
        return not any(cell.ref for cell in placed)

    def matching(self, codes: Sequence[str]) -> Iterator[str]:
        """The codes that any of these patterns means, each once, in the order of the patterns."""
        found = (known for code in codes for known in ([code] if "*" not in code else self._rows(code)))
        yield from dict.fromkeys(found)

    def bound(self, codes: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """`codes` with the same row in place of `*`, for every row that the first of them with a `*` has."""
        leader = next((code for code in codes if "*" in code), None)
        if leader is None:
            yield tuple(codes)
            return
        for known in self._rows(leader):
            match = pattern(leader).fullmatch(known)
            assert match
            yield tuple(_filled(code, match.groups()) for code in codes)

    def _rows(self, code: str) -> Iterator[str]:
        return filter(pattern(code).fullmatch, self.data)


def make_scene(dataset: Dataset, forms: Sequence[Form], params: Params, refused: frozenset[str] = frozenset()) -> Scene:
    """The month of `dataset`."""
    before = data_of(dataset.before) if dataset.before else {}
    typed = frozenset(dataset.inputs)
    return Scene(dataset.period, data_of(dataset), typed, before, dataset.blocks, params, tuple(forms), refused)


def data_of(dataset: Dataset) -> dict[str, Datum]:
    """Everything that is typed or declared, by code, without a trace in the reads."""
    return {**dataset.inputs, **{figure.code: figure for figure in dataset.derived()}}


@cache
def pattern(code: str) -> re.Pattern[str]:
    """The expression for codes that `code` means; a `*` is one part."""
    return re.compile(re.escape(code).replace(r"\*", "([a-z][a-z0-9_]*)"))


def cells_of(*data: Datum | None) -> tuple[Cell, ...]:
    """The cells that these values rest on, in order, each once."""
    cells: list[Cell] = []
    for datum in data:
        if isinstance(datum, Figure):
            cells += datum.cells
        elif datum is not None:
            cells.append(datum.cell)
    return tuple(dict.fromkeys(cells))


def places(cells: Sequence[Cell]) -> str:
    """Where cells are, as a finding says it; of many the first and the last."""
    if len(cells) > _NAMED:
        return f"{len(cells)} ô, từ {cells[0]} đến {cells[-1]}"
    return "; ".join(map(str, cells))


def _known(datum: Datum | None, kind: type[Kind]) -> Kind | None:
    return datum if isinstance(datum, kind) and not datum.missing else None


def _filled(code: str, rows: Sequence[str]) -> str:
    left = iter(rows)
    return re.sub(r"\*", lambda _: next(left), code)
