"""The course of a main indicator over the months: numbers for a table, and a line for the eye."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from baocao.period import Period
from baocao.site.months import Edition

WIDTH, HEIGHT = 240, 60
_MARGIN = 6
"""Size of a drawing, and what stays free at its edges for the dots."""


@dataclass(frozen=True)
class Point:
    """One month of a course; a month that was not published, or has no figure, is None."""

    period: Period
    value: dict[str, Any] | None
    rate: dict[str, Any] | None

    @property
    def main(self) -> dict[str, Any] | None:
        """What the line shows: the rate where there is one, else the value."""
        return self.rate or self.value

    @property
    def height(self) -> Fraction | None:
        """The exact number of `main`."""
        return Fraction(self.main["exact"]) if self.main and self.main["exact"] is not None else None


@dataclass(frozen=True)
class Course:
    """One indicator over consecutive months, under the name that it has in the last of them."""

    label: str
    change: str
    points: tuple[Point, ...]

    @property
    def last(self) -> Point:
        """The newest month."""
        return self.points[-1]

    @property
    def known(self) -> tuple[Point, ...]:
        """The months that have a number."""
        return tuple(point for point in self.points if point.height is not None)

    @property
    def lines(self) -> list[str]:
        """Points of each unbroken piece of the line, as SVG writes them."""
        pieces: list[list[str]] = [[]]
        for place in self._places:
            if place is None:
                pieces.append([])
            else:
                pieces[-1].append(f"{place[0]:.1f},{place[1]:.1f}")
        return [" ".join(piece) for piece in pieces if len(piece) > 1]

    @property
    def dots(self) -> list[tuple[float, float]]:
        """Where each month with a number is in the drawing."""
        return [place for place in self._places if place is not None]

    @property
    def _places(self) -> list[tuple[float, float] | None]:
        heights = [point.height for point in self.points]
        known = [height for height in heights if height is not None]
        if not known:
            return []
        low, span = min(known), max(known) - min(known)
        step = (WIDTH - 2 * _MARGIN) / max(1, len(heights) - 1)
        room = HEIGHT - 2 * _MARGIN
        return [
            None
            if height is None
            else (_MARGIN + index * step, _MARGIN + room * (1 - float((height - low) / span) if span else 0.5))
            for index, height in enumerate(heights)
        ]


def courses(editions: Sequence[Edition], months: int) -> tuple[Course, ...]:
    """The indicators of the newest of `editions` (one a month, oldest first) over the last so many calendar months.

    The same code is the same indicator, whatever it was called. The months begin with the first that was published.
    """
    newest = editions[-1]
    by_period = {edition.period: edition for edition in editions}
    first = max(newest.period.shift(1 - months), editions[0].period)
    span = []
    while first <= newest.period:
        span.append(first)
        first = first.shift(1)
    found = []
    for item in newest.summary["indicators"]:
        points = tuple(_point(period, by_period.get(period), item["value"]["code"]) for period in span)
        found.append(Course(item["label"], item["change"], points))
    return tuple(found)


def _point(period: Period, edition: Edition | None, code: str) -> Point:
    for item in edition.summary["indicators"] if edition else ():
        if item["value"]["code"] == code:
            return Point(period, item["value"], item["rate"])
    return Point(period, None, None)
