"""What a workbook says, with the cell that says it: figures, texts and dates, and arithmetic that keeps sources.

Values are exact: `int`, `Decimal` or `Fraction`, never binary floating point. Rounding happens once, when a
figure is printed. A missing value stays missing through every operation.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from baocao.errors import WHERE_SEPARATOR
from baocao.vi import PartialDate, decimal_places, format_date, format_number, format_percent

Number = int | Decimal | Fraction
Operation = Literal["", "rate", "share", "sum", "difference", "change"]

PERCENT = "%"
MISSING_IN_PROSE = "…"
MISSING_IN_TABLE = "-"

_MOST_WORKBOOKS = 4
"""Workbooks whose cells a source lists one by one."""

_SIGNS = {"rate": " / ", "share": " / ", "sum": " + ", "difference": " - ", "change": " - "}


class UnitError(ValueError):
    """Figures that cannot be added or subtracted; the message is for the user."""


@dataclass(frozen=True)
class Cell:
    """Where a value was typed; `ref` is empty for a value whose place the workbook does not have."""

    workbook: str
    sheet: str
    ref: str

    def __str__(self) -> str:
        return WHERE_SEPARATOR.join(part for part in (self.workbook, self.sheet, self.ref) if part)


@dataclass(frozen=True)
class Text:
    """A text of a workbook. It is data: wherever it is printed, it is printed literally."""

    code: str
    value: str | None
    label: str
    cell: Cell

    @property
    def missing(self) -> bool:
        """Nothing was typed."""
        return self.value is None

    def __str__(self) -> str:
        return MISSING_IN_PROSE if self.value is None else self.value


@dataclass(frozen=True)
class Date:
    """A date of a workbook: a day, a month or a year."""

    code: str
    value: PartialDate | None
    label: str
    cell: Cell

    @property
    def missing(self) -> bool:
        """Nothing was typed."""
        return self.value is None

    def __str__(self) -> str:
        return MISSING_IN_PROSE if self.value is None else format_date(self.value)


@dataclass(frozen=True)
class Figure:
    """A number with its provenance: a cell for an input, operands and operation for a derived one."""

    code: str
    value: Number | None
    label: str
    unit: str = ""
    as_of: Date | None = None
    cell: Cell | None = None
    operation: Operation = ""
    operands: tuple["Figure", ...] = ()
    decimals: int | None = None
    fixed: bool = False
    qualifier: str = ""
    """Word that the reporting department puts before a rate: “trên” 98%."""

    @property
    def missing(self) -> bool:
        """Nothing was typed, or the operation has no result (0/0)."""
        return self.value is None

    @property
    def tinh_den(self) -> Date | None:
        """The as-of date, under the name that its code has."""
        return self.as_of

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell that the value rests on, in order, each once."""
        return tuple(dict.fromkeys(self._cells()))

    def _cells(self) -> Iterator[Cell]:
        if self.cell is not None:
            yield self.cell
        for operand in self.operands:
            yield from operand._cells()

    @property
    def source(self) -> str:
        """The source as a reader sees it: one cell, or the operation over its operands and their cells."""
        if not self.operands:
            return str(self.cell) if self.cell else ""
        terms = _SIGNS[self.operation].join(str(operand) for operand in self.operands)
        return f"= {terms} ({_places(self.cells)})"

    def rounded(self, decimals: int, *, fixed: bool = False) -> "Figure":
        """The same figure printed at so many decimals; `fixed` keeps trailing zeros."""
        return replace(self, decimals=decimals, fixed=fixed)

    def __str__(self) -> str:
        if self.value is None:
            return MISSING_IN_PROSE
        if self.unit == PERCENT:
            decimals = self.decimals
            if decimals is None:
                # A reported rate prints as reported; a derived one at the usual two decimals.
                decimals = decimal_places(self.value)
            text = format_percent(self.value, decimals, self.fixed)
        else:
            text = format_number(self.value, self.decimals, self.fixed)
        return f"{self.qualifier} {text}" if self.qualifier else text

    def __add__(self, other: "Figure") -> "Figure":
        return total([self, other]) if isinstance(other, Figure) else NotImplemented

    def __sub__(self, other: "Figure") -> "Figure":
        return difference(self, other) if isinstance(other, Figure) else NotImplemented


Datum = Figure | Text | Date


def _places(cells: Sequence[Cell]) -> str:
    """Every cell; where more workbooks than one can take in have a part, how many they are, the first and the last."""
    workbooks = len({cell.workbook for cell in cells})
    if workbooks <= _MOST_WORKBOOKS:
        return "; ".join(map(str, cells))
    return f"{len(cells)} ô của {workbooks} tệp, từ {cells[0]} đến {cells[-1]}"


def rate(part: Figure, whole: Figure, decimals: int = 2) -> Figure:
    """`part` of `whole` in percent, exact; missing when either is missing or `whole` is 0."""
    value = None
    if part.value is not None and whole.value is not None and whole.value != 0:
        value = Fraction(part.value) * 100 / Fraction(whole.value)
    return Figure(
        code=f"rate({part.code}, {whole.code})",
        value=value,
        label=f"Tỷ lệ {part.label} trên {whole.label}",
        unit=PERCENT,
        as_of=part.as_of,
        operation="rate",
        operands=(part, whole),
        decimals=decimals,
    )


def share(part: Figure, parts: Sequence[Figure], decimals: int = 2) -> Figure:
    """`part` in percent of the sum of `parts`."""
    return replace(rate(part, total(parts), decimals), code=f"share({part.code})", operation="share")


def total(figures: Sequence[Figure]) -> Figure:
    """Sum of one or more figures of one unit; missing when one is missing. None, or mixed units: `UnitError`.

    It has an as-of date where all figures have the same.
    """
    _same_unit(figures)
    moments = {figure.as_of.value if figure.as_of else None for figure in figures}
    return Figure(
        code=f"sum({', '.join(figure.code for figure in figures)})",
        value=_sum([figure.value for figure in figures]),
        label="Tổng " + ", ".join(figure.label for figure in figures),
        unit=figures[0].unit,
        as_of=figures[0].as_of if len(moments) == 1 else None,
        operation="sum",
        operands=tuple(figures),
    )


def difference(whole: Figure, *parts: Figure) -> Figure:
    """`whole` less each of `parts`, all of one unit; missing when one is missing. Mixed units: `UnitError`."""
    _same_unit([whole, *parts])
    return Figure(
        code=f"difference({', '.join(figure.code for figure in (whole, *parts))})",
        value=_sum([whole.value, *(None if part.value is None else -part.value for part in parts)]),
        label=f"{whole.label} trừ {', '.join(part.label for part in parts)}",
        unit=whole.unit,
        as_of=whole.as_of,
        operation="difference",
        operands=(whole, *parts),
    )


def change(now: Figure, before: Figure) -> Figure:
    """Change of one figure against its value in an earlier period (percentage points for a rate)."""
    return replace(
        difference(now, before),
        code=f"change({now.code})",
        label=f"Thay đổi {now.label}",
        operation="change",
        decimals=now.decimals,
    )


def _same_unit(figures: Sequence[Figure]) -> None:
    if not figures:
        raise UnitError("phép cộng, trừ cần ít nhất một số liệu")
    units = {figure.unit for figure in figures}
    if len(units) > 1:
        names = ", ".join(f"{figure.code} ({figure.unit or 'không đơn vị'})" for figure in figures)
        raise UnitError(f"không cộng, trừ được các số liệu khác đơn vị: {names}")


def _sum(values: Sequence[Number | None]) -> Number | None:
    """Exact sum; decimals stay decimals, so that they print as they are and not as a quotient would."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    exact = sum((Fraction(value) for value in known), Fraction(0))
    if exact.denominator == 1:
        return exact.numerator
    if any(isinstance(value, Fraction) for value in known):
        return exact
    places = max(decimal_places(value) for value in known)
    return Decimal(f"{int(exact * 10**places)}E-{places}")
