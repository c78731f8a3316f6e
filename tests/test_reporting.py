"""The reporting calendar: windows, cut-offs and deadlines, against working days worked out by hand."""

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from baocao.errors import InputError
from baocao.params import Day, load_defaults
from baocao.period import Period
from baocao.project import Project
from baocao.reporting import add_working_days, load_reporting_dates, reporting_dates, weekday_date, working_days

ROOT = Path(__file__).parents[1]
DEFAULTS = load_defaults(Project(ROOT))
WORKS = working_days(DEFAULTS)

# Announced by the ministry of labour for each year.
CLOSED = {
    2024: "1-1 8-2 9-2 12-2 13-2 14-2 18-4 29-4 30-4 1-5 2-9 3-9",
    2025: "1-1 27-1 28-1 29-1 30-1 31-1 7-4 30-4 1-5 2-5 1-9 2-9",
}
OPEN_WEEKENDS = {date(2024, 5, 4), date(2025, 4, 26)}


def change(tmp_path: Path, **content: Any) -> Project:
    (tmp_path / "params").mkdir()
    known = yaml.safe_load((ROOT / "params" / "defaults.yml").read_text(encoding="utf-8"))
    text = yaml.safe_dump(known | content, allow_unicode=True)
    (tmp_path / "params" / "defaults.yml").write_text(text, encoding="utf-8")
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("period", "first", "cut_off", "deadline"),
    [
        ("2024-04", "2024-03-15", "2024-04-14", "2024-04-16"),  # the cut-off is a Sunday
        ("2024-05", "2024-04-15", "2024-05-14", "2024-05-16"),
        ("2024-01", "2023-12-15", "2024-01-14", "2024-01-16"),
        ("2024-02", "2024-01-15", "2024-02-14", "2024-02-16"),  # the last day of Tết
        ("2026-02", "2026-01-15", "2026-02-14", "2026-02-24"),  # Tết from 16/2 to 20/2
        ("2024-09", "2024-08-15", "2024-09-14", "2024-09-17"),  # the cut-off is a Saturday
    ],
)
def test_dates_of_a_month(period: str, first: str, cut_off: str, deadline: str) -> None:
    found = load_reporting_dates(Project(ROOT), Period.parse(period))
    assert [day.isoformat() for day in (found.first, found.cut_off, found.deadline)] == [first, cut_off, deadline]


@pytest.mark.parametrize("year", sorted(CLOSED))
def test_working_days_of_a_year(year: int) -> None:
    closed = {date(year, int(month), int(day)) for day, month in (text.split("-") for text in CLOSED[year].split())}
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(365)]
    expected = {day for day in days if (day.weekday() < 5 and day not in closed) or day in OPEN_WEEKENDS}
    assert {day for day in days if WORKS(day)} == expected


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ((2024, 2, 7), 1, (2024, 2, 15)),  # over Tết
        ((2024, 4, 17), 1, (2024, 4, 19)),  # over Giỗ Tổ, 18/4
        ((2024, 4, 26), 2, (2024, 5, 3)),  # over 29/4, 30/4 and 1/5
        ((2024, 5, 3), 1, (2024, 5, 4)),  # a Saturday worked for 29/4
        ((2024, 8, 30), 1, (2024, 9, 4)),  # over Quốc khánh
    ],
)
def test_days_over_holidays(start: tuple[int, int, int], count: int, end: tuple[int, int, int]) -> None:
    assert add_working_days(date(*start), count, WORKS) == date(*end)


@given(st.dates(date(2010, 1, 1), date(2040, 12, 31)), st.integers(1, 8))
def test_so_many_working_days_lie_between(day: date, count: int) -> None:
    end = add_working_days(day, count, WORKS)
    between = [day + timedelta(days=number) for number in range(1, (end - day).days + 1)]
    assert WORKS(end)
    assert sum(map(WORKS, between)) == count


@given(st.integers(2023, 2040), st.integers(1, 12))
def test_windows_follow_one_another(year: int, month: int) -> None:
    period = Period(year, month)
    now, after = reporting_dates(DEFAULTS, period), reporting_dates(DEFAULTS, period.shift(1))
    assert after.first == now.cut_off + timedelta(days=1)
    # One working day at least lies between cut-off and deadline (Nghị định 09/2019, Điều 8.5.b).
    assert any(WORKS(now.cut_off + timedelta(days=number)) for number in range(1, (now.deadline - now.cut_off).days))


def test_days_stated_in_the_data_win() -> None:
    off = Day(day=date(2024, 4, 16), source="Quyết định thử")
    swapped = Day(day=date(2024, 4, 14), source="Quyết định thử")
    defaults = DEFAULTS.model_copy(update={"days_off": (off,), "working_days_swapped": (swapped,)})
    assert reporting_dates(defaults, Period(2024, 4)).deadline == date(2024, 4, 17)
    worked = defaults.model_copy(update={"working_days_swapped": (Day(day=date(2024, 4, 13), source="x"),)})
    assert working_days(worked)(date(2024, 4, 13))


def test_a_day_off_and_worked_is_refused(tmp_path: Path) -> None:
    day = [{"day": date(2024, 4, 13), "source": "Quyết định thử"}]
    project = change(tmp_path, days_off=day, working_days_swapped=day)
    with pytest.raises(InputError, match=r"ngày 13/4/2024 có cả trong days_off và working_days_swapped"):
        load_reporting_dates(project, Period(2024, 4))


def test_no_window_in_force() -> None:
    with pytest.raises(InputError, match="có 0 mục windows áp dụng cho kỳ 2022-12"):
        load_reporting_dates(Project(ROOT), Period(2022, 12))


def test_days_in_words() -> None:
    assert weekday_date(date(2024, 4, 14)) == "Chủ nhật 14/4/2024"
    assert weekday_date(date(2024, 4, 15)) == "thứ Hai 15/4/2024"


def test_the_library_is_loaded_when_a_day_is_asked_for() -> None:
    code = "import sys, baocao.reporting, baocao.new; sys.exit('holidays' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
