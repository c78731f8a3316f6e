"""The reporting calendar: which days a monthly report covers, when its data are cut off, and when it is due.

The window and the working days until the deadline are dated data (`windows` in `params/defaults.yml`, Quyết định
01/2023/QĐ-UBND, Điều 4). Public holidays come from the library `holidays`; days off and swapped working days that it
does not know are data too (`days_off`, `working_days_swapped`), and win.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from baocao.params import Defaults, in_force, load_defaults
from baocao.period import Period
from baocao.project import Project
from baocao.vi import format_date

_WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


@dataclass(frozen=True)
class ReportingDates:
    """First day and last day (cut-off) of the data of a report, and the last day on which it may be sent.

    `due` is the first working day after the cut-off, when the report can be made.
    """

    first: date
    cut_off: date
    due: date
    deadline: date


def load_reporting_dates(project: Project, period: Period) -> ReportingDates:
    """The dates of `period`; malformed defaults, or no window in force, are an `InputError`."""
    return reporting_dates(load_defaults(project), period)


def reporting_dates(defaults: Defaults, period: Period) -> ReportingDates:
    """The dates of `period`: the deadline is the last of so many working days after the cut-off (Điều 4)."""
    window = in_force(defaults.windows, "windows", period)
    first, cut_off = window.days(period)
    works = working_days(defaults)
    deadline = add_working_days(cut_off, window.deadline_working_days, works)
    return ReportingDates(first, cut_off, add_working_days(cut_off, 1, works), deadline)


def working_days(defaults: Defaults) -> Callable[[date], bool]:
    """Whether offices work on a day: not on weekends and public holidays, unless the day was swapped."""
    import holidays  # takes a while, and few commands need it

    known = holidays.country_holidays("VN")
    off = {entry.day for entry in defaults.days_off}
    swapped = {entry.day for entry in defaults.working_days_swapped}
    return lambda day: day in swapped or (day not in off and bool(known.is_working_day(day)))


def add_working_days(day: date, count: int, works: Callable[[date], bool]) -> date:
    """The last of `count` working days after `day`, which does not count itself."""
    while count:
        day += timedelta(days=1)
        count -= works(day)
    return day


def weekday_date(day: date) -> str:
    """“thứ Ba 16/4/2024”, spelt as in Nghị định 30/2020/NĐ-CP, Phụ lục II."""
    return f"{_WEEKDAYS[day.weekday()]} {format_date(day)}"
