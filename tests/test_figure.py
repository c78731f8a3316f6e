"""Exact arithmetic that keeps its sources, rounded once, when printed."""

import pickle
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baocao.figure import Cell, Date, Figure, UnitError, change, difference, rate, share, total
from baocao.vi import PartialDate, round_half_up

AS_OF = Date("a.tinh_den", PartialDate(2024, 4, 12), "ngày", Cell("a.xlsx", "Tờ", "E1"))
numbers = st.integers(0, 10**9) | st.decimals(0, 10**6, places=3)


def figure(value: int | Decimal | Fraction | None, name: str = "a", unit: str = "người") -> Figure:
    return Figure(f"khoi.{name}", value, f"Số {name}", unit, AS_OF, Cell("a.xlsx", "Tờ", name.upper() + "1"))


@given(numbers, numbers)
def test_rate_is_exact(part: int | Decimal, whole: int | Decimal) -> None:
    result = rate(figure(part), figure(whole, "b"))
    assert result.unit == "%"
    if whole == 0:
        assert result.missing
    else:
        assert result.value == Fraction(part) * 100 / Fraction(whole)


@given(st.lists(numbers, min_size=1, max_size=6))
def test_sum_and_difference_are_exact_and_undo_each_other(values: list[int | Decimal]) -> None:
    figures = [figure(value, f"x{index}") for index, value in enumerate(values)]
    whole = total(figures)
    assert whole.value == sum(map(Fraction, values))
    assert not isinstance(whole.value, Fraction | float)
    assert difference(whole, *figures).value == 0
    assert difference(whole, *figures[1:], figure(0)).value == values[0]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6))
def test_shares_make_a_whole(values: list[int]) -> None:
    figures = [figure(value, f"x{index}") for index, value in enumerate(values)]
    shares = [share(item, figures) for item in figures]
    if sum(values) == 0:
        assert all(item.missing for item in shares)
    else:
        assert sum(Fraction(item.value) for item in shares if item.value is not None) == 100


@given(numbers, numbers)
def test_change_is_the_difference(now: int | Decimal, before: int | Decimal) -> None:
    assert change(figure(now), figure(before)).value == Fraction(now) - Fraction(before)


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 4))
def test_rates_print_half_up_once(part: int, whole: int, decimals: int) -> None:
    result = rate(figure(part), figure(whole, "b"))
    shown = str(result.rounded(decimals, fixed=True)).removesuffix("%").replace(".", "").replace(",", ".")
    assert Decimal(shown) == round_half_up(Fraction(part * 100, whole), decimals)


def test_printing() -> None:
    assert str(figure(2743)) == "2.743"
    assert str(rate(figure(375671), figure(388006, "b"))) == "96,82%"
    assert str(rate(figure(1), figure(8, "b"), 1)) == "12,5%"
    assert str(rate(figure(25), figure(1000, "b"), 0)) == "3%"
    assert str(rate(figure(2), figure(100, "b"))) == "2%"
    assert str(rate(figure(2), figure(100, "b")).rounded(1, fixed=True)) == "2,0%"
    assert str(figure(None)) == "…"
    assert str(Figure("a.b", 98, "x", "%", qualifier="trên")) == "trên 98%"
    assert str(Figure("a.b", Decimal("96.5"), "x", "%")) == "96,5%"
    assert str(total([figure(Decimal("0.001")), figure(Decimal("0.001"), "b")])) == "0,002"
    assert str(AS_OF) == "12/4/2024"


def test_missing_stays_missing() -> None:
    nothing, one = figure(None), figure(1, "b")
    results = [rate(nothing, one), rate(one, nothing), total([one, nothing]), difference(one, nothing)]
    results += [
        difference(nothing, one),
        change(one, nothing),
        share(one, [one, nothing]),
        nothing + one,
        one - nothing,
    ]
    assert all(result.missing and str(result) == "…" for result in results)


def test_cells_are_every_source_once_in_order() -> None:
    a, b, c = figure(1), figure(2, "b"), figure(3, "c")
    result = rate(a + b, total([a, b, c]))
    assert [cell.ref for cell in result.cells] == ["A1", "B1", "C1"]
    assert rate(a, b).source == "= 1 / 2 (a.xlsx › Tờ › A1; a.xlsx › Tờ › B1)"
    assert difference(c, a).source == "= 3 - 1 (a.xlsx › Tờ › C1; a.xlsx › Tờ › A1)"
    assert a.source == "a.xlsx › Tờ › A1"
    assert rate(a, b).tinh_den is AS_OF


def test_units_must_agree() -> None:
    with pytest.raises(UnitError, match=r"khác đơn vị: khoi.a \(người\), khoi.b \(hồ sơ\)"):
        total([figure(1), figure(1, "b", "hồ sơ")])
    with pytest.raises(UnitError):
        difference(figure(1), figure(1, "b", "hồ sơ"))
    with pytest.raises(UnitError, match="ít nhất một số liệu"):
        total([])
    assert rate(figure(1), figure(4, "b", "hồ sơ")).value == 25


def test_only_figures_add_up() -> None:
    with pytest.raises(TypeError):
        figure(1) + 5  # type: ignore[operator]


def test_figures_cross_processes() -> None:
    result = rate(figure(1), figure(3, "b"))
    assert pickle.loads(pickle.dumps(result)) == result
