"""What a reporting period is: a month, written `2024-04`."""

import re
from dataclasses import dataclass
from datetime import date

from baocao.errors import InputError, Problem

_PATTERN = re.compile(r"([0-9]{4})-([0-9]{2})")


@dataclass(frozen=True, order=True)
class Period:
    """A month. Orders by time; `str()` gives the form that files, folders and parameters use."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read `2024-04`; anything else is an `InputError`."""
        match = _PATTERN.fullmatch(text.strip())
        if match and 2000 <= int(match[1]) <= 2999 and 1 <= int(match[2]) <= 12:
            return cls(int(match[1]), int(match[2]))
        raise InputError(
            Problem(
                what=f"kỳ báo cáo “{text}” không hợp lệ",
                expected="năm và tháng dạng NNNN-TT, ví dụ 2024-04",
                remedy="viết lại kỳ báo cáo rồi chạy lại lệnh",
            )
        )

    def shift(self, months: int) -> "Period":
        """The period so many months later (earlier, when negative)."""
        index = self.year * 12 + self.month - 1 + months
        return Period(index // 12, index % 12 + 1)

    @property
    def first_day(self) -> date:
        """First day of the calendar month."""
        return date(self.year, self.month, 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"
