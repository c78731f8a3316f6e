"""Main indicators of a month (`data/indicators.yml`): what leaders ask first, shown at the top of the page."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from baocao.dataset import Dataset
from baocao.errors import InputError, Problem
from baocao.figure import Figure
from baocao.yamlfile import Dated, Month, Strict, line_of, load_model

NAME = "data/indicators.yml"
TITLE = "Chỉ tiêu chính"
"""How the page and the manifest call them."""


class Declared(Dated):
    """One entry; without `valid_from` it holds from the beginning."""

    valid_from: Month = "2000-01"
    label: Annotated[str, Field(min_length=1)]
    value: str
    rate: str | None = None


class _File(Strict):
    indicators: tuple[Declared, ...]


@dataclass(frozen=True)
class Indicator:
    """One main indicator with its figures."""

    label: str
    value: Figure
    rate: Figure | None
    change: Figure
    """Change of `value` against the month before; missing where there is none to compare with."""

    @property
    def reads(self) -> frozenset[str]:
        """The codes that it rests on, as-of dates with them."""
        figures = [figure for figure in (self.value, self.rate) if figure is not None]
        return frozenset(
            code for item in figures for code in (item.code, item.as_of.code if item.as_of else "") if code
        )


def read_declarations(path: Path) -> tuple[Declared, ...]:
    """The indicators as they are written; whatever is malformed is one `InputError`."""
    return load_model(path, _File, NAME).indicators


def read_indicators(path: Path, dataset: Dataset) -> tuple[Indicator, ...]:
    """The indicators that hold in the month of `dataset`, in the order of the file.

    A code that is unknown or no number's is an `InputError` with its line. The reads of `dataset` stay as they are.
    """
    problems: list[Problem] = []
    # What the machinery looks up is no read of a section.
    view = replace(dataset, reads=set())

    def figure(place: int, key: str, code: str | None) -> Figure | None:
        if code is None:
            return None
        try:
            datum = view.get(code)
        except InputError as error:
            what, expected = error.problems[0].what, error.problems[0].expected
        else:
            if isinstance(datum, Figure):
                return datum
            what, expected = f"mã “{code}” không phải một con số", "mã của một con số"
        line = line_of(path, ("indicators", place, key))
        problems.append(Problem(what, (NAME, f"dòng {line}"), expected, "sửa mã tại dòng đã nêu"))
        return None

    found: list[Indicator] = []
    for place, item in enumerate(read_declarations(path)):
        if item.holds(dataset.period):
            value, rate = figure(place, "value", item.value), figure(place, "rate", item.rate)
            if value is not None:
                found.append(Indicator(item.label, value, rate, view.change(value)))
    if problems:
        raise InputError(problems)
    return tuple(found)
