"""What went wrong, in the user's language: one error base class, one shape for every problem.

A `Problem` is data: what is wrong, where, what was expected, what to do. A `BaocaoError` carries one or
more of them and the exit status that the command line returns.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

WHERE_SEPARATOR = " › "


class Severity(Enum):
    """How much a finding weighs: `LOI` stops a run, the other two do not."""

    LOI = "lỗi"
    CANH_BAO = "cảnh báo"
    LUU_Y = "lưu ý"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `where` runs from the outside in: workbook, sheet, cell; or notebook, cell, line."""

    what: str
    where: tuple[str, ...] = ()
    expected: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        place = WHERE_SEPARATOR.join(self.where)
        lines = [f"{place}: {self.what}" if place else self.what]
        if self.expected:
            lines.append(f"  Cần có: {self.expected}")
        if self.remedy:
            lines.append(f"  Cách xử lý: {self.remedy}")
        return "\n".join(lines)


class BaocaoError(Exception):
    """Base of every error that a user can meet; `problems` is never empty. Pickles across processes."""

    exit_code = 1

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class InputError(BaocaoError):
    """Wrong use or bad input (exit status 2): nothing was run and nothing was written."""

    exit_code = 2


class RunError(BaocaoError):
    """The report could not be made (exit status 1); what was there before is untouched."""


class BusyError(RunError):
    """Somebody else is at it; later it can be done."""


class RenderError(RunError):
    """A renderer failed; the problem's `where` names its log."""
