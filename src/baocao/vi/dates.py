"""Dates as Nghị định 30/2020/NĐ-CP writes them (Phụ lục I, Phần I, II.4.b), and dates known to the month or year only.

The decree's padding: days below 10 and months 1 and 2 get a leading 0, other months do not.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import total_ordering

from baocao.vi.text import fold

_DAY, _MONTH, _YEAR = "(?P<day>[0-9]{1,2})", "(?P<month>[0-9]{1,2})", "(?P<year>[0-9]{4})"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"{_YEAR}(-(?P<month>[0-9]{{2}})(-(?P<day>[0-9]{{2}}))?)?",
        rf"(ngày )?{_DAY} ?(?P<separator>[/.-]) ?{_MONTH} ?(?P=separator) ?{_YEAR}",
        rf"(ngày )?{_DAY} tháng {_MONTH} năm {_YEAR}",
        rf"(tháng )?{_MONTH} ?[/-] ?{_YEAR}",
        rf"tháng {_MONTH} năm {_YEAR}",
        rf"năm {_YEAR}",
    )
)


@total_ordering
@dataclass(frozen=True)
class PartialDate:
    """A day, a month (`day` None) or a year (`month` None too), of a four-digit year.

    Orders by time; a year comes before its months, a month before its days. `str()` is ISO 8601 as far as known:
    "2024-03-11", "2024-04", "2023". What the calendar does not have is a `ValueError`.
    """

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if self.month is None and self.day is not None:
            raise ValueError("có ngày mà không có tháng")
        if not 1000 <= self.year <= 9999:
            raise ValueError(f"năm {self.year} không hợp lệ: cần năm có bốn chữ số")
        if self.month is not None and not 1 <= self.month <= 12:
            raise ValueError(f"tháng {self.month} không hợp lệ: cần từ 1 đến 12")
        if self.month is not None and self.day is not None:
            last = monthrange(self.year, self.month)[1]
            if not 1 <= self.day <= last:
                raise ValueError(f"ngày {self.day} không hợp lệ: tháng {self.month}/{self.year} có {last} ngày")

    @classmethod
    def parse(cls, text: str) -> "PartialDate":
        """Read a date in the order day, month, year, or ISO; nothing is guessed, anything else is a `ValueError`.

        Days: "11/3/2024", "11-3-2024", "11.3.2024", "ngày 11 tháng 3 năm 2024", "2024-03-11". Months: "04/2024",
        "4-2024", "tháng 4/2024", "Tháng 04 năm 2024", "2024-04". Years: "2023", "năm 2023".
        """
        folded = fold(text)
        match = next((match for form in _FORMS if (match := form.fullmatch(folded))), None)
        if match is None:
            raise ValueError(f"“{text}” không phải là ngày, tháng hoặc năm; ví dụ 14/4/2024; 4/2024; năm 2024")
        parts = match.groupdict()
        month, day = parts.get("month"), parts.get("day")
        return cls(int(parts["year"]), int(month) if month else None, int(day) if day else None)

    @classmethod
    def from_date(cls, value: date) -> "PartialDate":
        """The day of a `date` (of a `datetime`, without its time)."""
        return cls(value.year, value.month, value.day)

    def first_day(self) -> date:
        """First day of the day, month or year."""
        return date(self.year, self.month or 1, self.day or 1)

    def last_day(self) -> date:
        """Last day of the day, month or year."""
        month = self.month or 12
        return date(self.year, month, self.day or monthrange(self.year, month)[1])

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, PartialDate):
            return NotImplemented
        return (self.year, self.month or 0, self.day or 0) < (other.year, other.month or 0, other.day or 0)

    def __str__(self) -> str:
        return "-".join(f"{part:02d}" for part in (self.year, self.month, self.day) if part is not None)


def format_date(value: date | PartialDate) -> str:
    """`value` in figures, with the decree's padding: "01/3/2024", "12/01/2024"; "4/2024", "02/2024"; "2023"."""
    year, month, day = _parts(value)
    parts = [] if day is None else [f"{day:02d}"]
    parts += [] if month is None else [_month(month)]
    return "/".join([*parts, str(year)])


def format_date_words(value: date | PartialDate) -> str:
    """`value` in words, with the decree's padding: "ngày 01 tháng 4 năm 2024", "tháng 4 năm 2024", "năm 2023"."""
    year, month, day = _parts(value)
    parts = [] if day is None else [f"ngày {day:02d}"]
    parts += [] if month is None else [f"tháng {_month(month)}"]
    return " ".join([*parts, f"năm {year}"])


def format_month(year: int, month: int) -> str:
    """The month as running text has it, with the decree's padding: "tháng 4/2024". No such month: `ValueError`."""
    return f"tháng {format_date(PartialDate(year, month))}"


def _parts(value: date | PartialDate) -> tuple[int, int | None, int | None]:
    return value.year, value.month, value.day


def _month(month: int) -> str:
    return f"{month:02d}" if month <= 2 else str(month)
