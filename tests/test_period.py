"""Periods."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baocao.errors import InputError
from baocao.period import Period

periods = st.builds(Period, st.integers(2001, 2998), st.integers(1, 12))


@given(periods, st.integers(-11, 11))
def test_written_and_read_and_shifted(period: Period, months: int) -> None:
    assert Period.parse(str(period)) == period
    assert period.shift(months).shift(-months) == period
    assert (period.shift(1) > period) and (period.shift(1).first_day > period.first_day)


def test_turn_of_the_year() -> None:
    assert str(Period(2024, 12).shift(1)) == "2025-01"
    assert str(Period(2024, 1).shift(-1)) == "2023-12"
    assert Period.parse(" 2024-04 ").first_day == date(2024, 4, 1)


@pytest.mark.parametrize(
    "text",
    ["", "2024", "2024-13", "2024-00", "2024-4", "04-2024", "2024/04", "1999-01", "٢٠٢٤-٠٤", "2024-04-01", "../x"],
)
def test_malformed(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Period.parse(text)
    (problem,) = caught.value.problems
    assert problem.what == f"kỳ báo cáo “{text}” không hợp lệ"
    assert "2024-04" in problem.expected
    assert problem.remedy
