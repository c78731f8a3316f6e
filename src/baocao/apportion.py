"""The city's counts of a simulated month as shares of its units, so that their sums are the city's again."""

import random
from collections.abc import Mapping, Sequence

from baocao.forms import AS_OF, Fields, Form, UnitForm, counts
from baocao.workbook import Value

_LEAST, _MOST = 500, 1500
"""Bounds of a unit's weight: the largest is up to three times the smallest."""


def unit_values(forms: Sequence[Form], city: Mapping[str, Value]) -> dict[str, Value]:
    """Values of the unit forms among `forms`, by code, from those of the city's departments; missing ones stay missing.

    Of counts of one row and unit of measure the smaller are parts of the larger in every unit, as they are in the
    city. A unit's weight is the same every month.
    """
    groups: dict[str, list[UnitForm]] = {}
    for form in forms:
        if isinstance(form, UnitForm):
            groups.setdefault(form.general.form, []).append(form)
    values: dict[str, Value] = {}
    for parts in groups.values():
        units = [form.unit.code for form in parts]
        for row in _rows(parts[0].general, city):
            caps = [random.Random(unit).randint(_LEAST, _MOST) for unit in units]
            for number, (pattern, whole) in enumerate(row):
                caps = _shares(whole, caps, within=number > 0)
                values |= {pattern.replace("*", unit): share for unit, share in zip(units, caps, strict=True)}
        for pattern, code in _dates(parts[0].general):
            if code in city:
                values |= {pattern.replace("*", unit): city[code] for unit in units}
    return values


def _rows(general: Form, city: Mapping[str, Value]) -> list[list[tuple[str, int]]]:
    """Code pattern and the city's count, largest first, for counts that may be parts of one another."""
    rows: dict[tuple[str, str, str], list[tuple[str, int]]] = {}
    for count in counts(general):
        value = city.get(f"{general.totals.get(count.block)}.{count.place}")
        if isinstance(value, int):
            key = (count.block, count.place.rpartition(".")[0], count.unit)
            rows.setdefault(key, []).append((f"{count.block}.*.{count.place}", value))
    return [sorted(row, key=lambda item: -item[1]) for row in rows.values()]


def _dates(general: Form) -> list[tuple[str, str]]:
    """Code pattern and the city's code of every as-of date."""
    return [
        (f"{block.block}.*.{place}", f"{general.totals.get(block.block)}.{place}")
        for block in general.blocks
        for place in ([f"{item.name}.{AS_OF}" for item in block.fields] if isinstance(block, Fields) else [AS_OF])
    ]


def _shares(whole: int, weights: Sequence[int], *, within: bool) -> list[int]:
    """`whole` in proportion to `weights`; where `within`, none above its own (`whole` is no more than their sum)."""
    together = sum(weights) or 1
    shares = [whole * weight // together for weight in weights]
    left = whole - sum(shares)
    while left > 0:
        room = [place for place, weight in enumerate(weights) if not within or shares[place] < weight]
        for place in room[:left]:
            shares[place] += 1
        left -= min(left, len(room))
    return shares
