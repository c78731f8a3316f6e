"""Numbers typed as text: one reading is read, two are a question, none is no number."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baocao.typed import read_typed
from baocao.vi import clean_text, format_number


def numbers(*readings: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, readings))


@pytest.mark.parametrize(
    ("typed", "count", "decimal"),
    [
        ("1485", ("1485",), ("1485",)),
        ("05", ("5",), ("5",)),
        ("1 485", ("1485",), ("1485",)),
        ("2 000 000", ("2000000",), ("2000000",)),
        ("１４８５", ("1485",), ("1485",)),
        ("２．７４３", ("2743",), ("2743", "2.743")),
        ("'1485", ("1485",), ("1485",)),
        ("2.743", ("2743",), ("2743", "2.743")),
        ("2.000", ("2000", "2"), ("2000", "2")),
        ("2.000.000", ("2000000",), ("2000000",)),
        ("2,000,000", ("2000000",), ("2000000",)),
        ("2,743", ("2.743", "2743"), ("2.743", "2743")),
        ("1485,0", ("1485",), ("1485",)),
        ("1.485,0", ("1485",), ("1485",)),
        ("1485.0", ("1485",), ("1485",)),
        ("1,485.0", ("1485",), ("1485",)),
        ("1485,000", ("1485", "1485000"), ("1485", "1485000")),
        ("1485.000", ("1485", "1485000"), ("1485", "1485000")),
        ("12,5", ("12.5",), ("12.5",)),
        ("12.5", ("12.5",), ("12.5",)),
        ("0,500", ("0.5",), ("0.5",)),
        ("0.500", ("0.5",), ("0.5",)),
        ("2.743,5", ("2743.5",), ("2743.5",)),
        ("1 485,5", ("1485.5",), ("1485.5",)),
        ("-5", ("-5",), ("-5",)),
        ("−2.743", ("-2743",), ("-2743", "-2.743")),
        *(
            (text, (), ())
            for text in ("", "-", ".", "chín", "1 48", "27.43.1", "2.743 người", "1E5", "0x10", "5-6", "٢٧")
        ),
    ],
)
def test_readings(typed: str, count: tuple[str, ...], decimal: tuple[str, ...]) -> None:
    assert read_typed(typed, whole=True) == numbers(*count)
    assert read_typed(typed, whole=False) == numbers(*decimal)


@given(st.integers(-(10**15), 10**15), st.sampled_from(["", " ", "\u00a0", "\u2009", "\u202f"]))
def test_every_count_grouped_by_spaces_reads_as_itself(number: int, space: str) -> None:
    typed = f"{number:,d}".replace(",", space)
    assert read_typed(clean_text(f" {typed}\u00a0"), whole=True) == (number,)


@given(st.decimals(-(10**12), 10**12, places=4))
def test_what_this_program_prints_is_among_the_readings(number: Decimal) -> None:
    readings = read_typed(format_number(number), whole=False)
    assert readings[0] == number
    assert len(readings) <= 2


@given(st.text("0123456789., -'", max_size=12))
def test_readings_are_distinct_and_few(typed: str) -> None:
    readings = read_typed(typed, whole=True)
    assert len(set(readings)) == len(readings) <= 2
