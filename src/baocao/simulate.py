"""Figures of a month that never was: last month's, grown a little, for trying the report out.

What holds in the source month holds in the simulated one: a part stays within its whole, equal counts stay equal,
sums stay sums. The same source, codes and period give the same figures.
"""

import random
import re
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from baocao.apportion import unit_values
from baocao.figure import Date, Datum, Figure, Text
from baocao.forms import AS_OF, Fields, Form, Item
from baocao.month import Month
from baocao.params import Params
from baocao.period import Period
from baocao.vi import PartialDate
from baocao.workbook import Value

_MOST = 30
"""Growth of a count in a month, at most, in thousandths."""

_FIXED_UNITS = frozenset(
    {"", "%", "cơ sở", "trạm", "xã, phường", "trường", "dịch vụ", "thủ tục", "thôn, tổ", "chuyên mục"}
)
"""Units of what does not grow from month to month: bodies, services, shares; numbering has no unit."""

_CLOSED_BLOCKS = frozenset({"tiem_chung", "ho_tich"})
"""The vaccination system is locked, the digitisation of civil status is complete: nothing moves any more."""

_SUMS = (
    ("nguoi_co_cong.tong_so", ("nguoi_co_cong.da_cap_nhat", "nguoi_co_cong.khong_cap_nhat")),
    ("dvc_25.*.truc_tuyen", ("dvc_25.*.dung_han", "dvc_25.*.qua_han")),
    ("dvc_28.*.truc_tuyen", ("dvc_28.*.dung_han", "dvc_28.*.qua_han")),
)
"""Whole and parts, as the forms explain them; the largest part takes the rest. Used where they hold in the source."""

_DOCUMENT = re.compile(r"(\d+)(/.+)")
_NUMBER_OFFSET = 1000
"""Added to the numbers of simulated documents, so that nobody takes them for real ones."""


def simulated_values(month: Month, params: Params, forms: Sequence[Form]) -> dict[str, Value]:
    """Values for the workbooks of `params.period`, by code, from those of `month`; what is missing stays missing.

    Of `forms`, those of the period, the departments' are as in `month`; the units' get shares of the city's counts.
    A code that this module counts on and the forms do not have is a `ValueError` that lists them.
    """
    _check_codes(month.forms)
    departments = [form for form in month.forms if not form.per_unit]
    blocks = {block.block for form in departments for block in form.blocks}
    data = {code: datum for code, datum in month.dataset.inputs.items() if code.partition(".")[0] in blocks}
    items = {code: item for form in departments for code, item in _items(form, data)}
    counts = _counts(month, data, params.period)
    values: dict[str, Value] = {}
    moved: list[str] = []
    for code, datum in data.items():
        if datum.missing:
            continue
        if isinstance(datum, Date):
            values[code] = _date(code, datum, month.params, params)
            if values[code] != datum.value and not code.endswith(f".{AS_OF}"):
                moved.append(code)
        elif isinstance(datum, Text):
            values[code] = datum.value
        elif items[code].type == "reported_rate":
            values[code] = str(datum)
        else:
            values[code] = counts.get(code, _plain(datum))
    for code in moved:
        _renumber(code, values)
    # A total that a department left to the units is the sum of theirs.
    summed = {figure.code: figure.value for figure in month.dataset.derived() if isinstance(figure.value, int)}
    return values | unit_values(forms, {**summed, **values})


def _check_codes(forms: Sequence[Form]) -> None:
    """What is listed above must follow the forms: a sum that is never found would be broken in silence."""
    known: set[str] = set()
    for block in (block for form in forms for block in form.blocks):
        known.add(block.block)
        if isinstance(block, Fields):
            known |= {f"{block.block}.{item.name}" for item in block.fields}
        else:
            known |= {f"{block.block}.*.{item.name}" for item in block.columns}
    wanted = {code for whole, parts in _SUMS for code in (whole, *parts)} | _CLOSED_BLOCKS
    if missing := sorted(wanted - known):
        raise ValueError(f"biểu mẫu không có: {', '.join(missing)}")


def _items(form: Form, data: Mapping[str, Datum]) -> Iterable[tuple[str, Item]]:
    """The codes of a form that hold a value, with what the form says of them."""
    for block in form.blocks:
        columns = block.fields if isinstance(block, Fields) else block.columns
        known = {item.name: item for item in columns}
        for code in data:
            parts = code.split(".")
            if parts[0] == block.block and parts[-1] in known and len(parts) == (2 if isinstance(block, Fields) else 3):
                yield code, known[parts[-1]]


def _plain(figure: Figure) -> int | Decimal | None:
    # Only rates are fractions, and no rate is typed.
    assert not isinstance(figure.value, Fraction)
    return figure.value


def _counts(month: Month, data: Mapping[str, Datum], period: Period) -> dict[str, int]:
    """New whole numbers by code."""
    old = {
        code: datum.value for code, datum in data.items() if isinstance(datum, Figure) and isinstance(datum.value, int)
    }
    units = {code: datum.unit for code, datum in data.items() if isinstance(datum, Figure)}
    sums = [item for item in _sums(old) if old[item[0]] == sum(old[part] for part in item[1])]
    differences = [
        tuple(operand.code for operand in figure.operands)
        for figure in month.dataset.derived()
        if figure.operation == "difference" and figure.value is not None and figure.value >= 0
    ]
    new: dict[str, int] = {}
    for group in _groups(month, old, units):
        grown = _grow(group, old, units, period)
        for whole, parts in sums:
            if whole in grown:
                rest = max(parts, key=lambda part: old[part])
                grown[rest] = grown[whole] - sum(grown[part] for part in parts if part != rest)
        if not _consistent(group, old, grown, differences):
            grown = {code: old[code] for code in group}
        new |= grown
    return new


def _sums(old: Mapping[str, int]) -> list[tuple[str, tuple[str, ...]]]:
    found = []
    for whole, parts in _SUMS:
        expression = re.compile(re.escape(whole).replace(r"\*", r"([a-z][a-z0-9_]*)"))
        for code in old:
            match = expression.fullmatch(code)
            if match:
                row = match[1] if match.groups() else ""
                codes = tuple(part.replace("*", row) for part in parts)
                if all(part in old for part in codes):
                    found.append((code, codes))
    return found


def _groups(month: Month, old: Mapping[str, int], units: Mapping[str, str]) -> list[list[str]]:
    """Counts that are compared with one another: of one row (or block of single values) and unit, or of one rate."""
    leader = {code: code for code in old}

    def find(code: str) -> str:
        while leader[code] != code:
            code = leader[code]
        return code

    first: dict[tuple[str, str], str] = {}
    for code in old:
        leader[find(code)] = find(first.setdefault((code.rpartition(".")[0], units[code]), code))
    for figure in month.dataset.derived():
        operands = [operand.code for operand in figure.operands if operand.code in old]
        for code in operands[1:]:
            leader[find(code)] = find(operands[0])
    groups: dict[str, list[str]] = {}
    for code in old:
        groups.setdefault(find(code), []).append(code)
    return list(groups.values())


def _grow(group: list[str], old: Mapping[str, int], units: Mapping[str, str], period: Period) -> dict[str, int]:
    """Each count grown by itself, but none past a larger one, and equal ones alike."""
    grown: dict[str, int] = {}
    above: str | None = None
    for code in sorted(group, key=lambda code: -old[code]):
        if above is not None and old[above] == old[code]:
            grown[code] = grown[above]
        elif _moves(code, old[code], units[code]):
            wanted = old[code] + _growth(code, old[code], units[code], period)
            grown[code] = wanted if above is None else min(wanted, grown[above])
        else:
            grown[code] = old[code]
        above = code
    return grown


def _moves(code: str, value: int, unit: str) -> bool:
    return value > 0 and unit not in _FIXED_UNITS and code.split(".")[0] not in _CLOSED_BLOCKS


def _growth(code: str, value: int, unit: str, period: Period) -> int:
    step = 1000 if unit == "đồng" else 1
    thousandths = random.Random(f"{period} {code}").randint(0, _MOST)
    return -(-value * thousandths // (1000 * step)) * step


def _consistent(
    group: list[str], old: Mapping[str, int], grown: Mapping[str, int], differences: list[tuple[str, ...]]
) -> bool:
    order = sorted(group, key=lambda code: (old[code], grown[code]))
    in_order = all(grown[low] <= grown[high] for low, high in pairwise(order))
    return in_order and all(
        grown[codes[0]] >= sum(grown[code] for code in codes[1:])
        for codes in differences
        if all(code in grown for code in codes)
    )


def _date(code: str, datum: Date, before: Params, after: Params) -> PartialDate | None:
    """As-of dates, and dates within the source's window, move along with the period; older ones stay."""
    value = datum.value
    if value is None or value.month is None:
        return value
    first, last = before.window_days
    if not code.endswith(f".{AS_OF}") and not first <= value.first_day() <= last:
        return value
    months = (after.period.year - before.period.year) * 12 + after.period.month - before.period.month
    month = Period(value.year, value.month).shift(months)
    if value.day is None:
        return PartialDate(month.year, month.month)
    day = date(month.year, month.month, min(value.day, monthrange(month.year, month.month)[1]))
    first, last = after.window_days
    return PartialDate.from_date(min(max(day, first), last))


def _renumber(code: str, values: dict[str, Value]) -> None:
    """Give the document whose date moved a number of its own: `…ngay` belongs to `…so_ky_hieu` or `…so`."""
    row, _, name = code.rpartition(".")
    for number in (f"{name.removesuffix('ngay')}so_ky_hieu", f"{name.removesuffix('ngay')}so"):
        value = values.get(f"{row}.{number}")
        match = _DOCUMENT.fullmatch(value) if isinstance(value, str) else None
        if match:
            values[f"{row}.{number}"] = f"{int(match[1]) + _NUMBER_OFFSET}{match[2]}"
