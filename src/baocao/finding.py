"""What a check finds: a rule, the code or file it is about, how much it weighs, and who answers for it."""

from dataclasses import dataclass

from baocao.errors import Problem, Severity
from baocao.figure import Cell

BLANK_CELL = "thieu_so_lieu"
BLANK_ROW = "chua_bao_cao"
"""Rules of findings about cells and rows that are empty."""


@dataclass(frozen=True)
class Finding:
    """One finding. `rule` and `code` together name it in `params/<period>.yml` when it is acknowledged."""

    rule: str
    code: str
    severity: Severity
    problem: Problem
    department: str = ""
    acknowledged_by: str = ""
    reason: str = ""
    cells: tuple[Cell, ...] = ()
    """Every cell that is at fault, the one that `problem.where` names first; empty where that says it all."""

    parts: tuple["Finding", ...] = ()
    """Where this stands for equal findings about several units: those, each with its own department."""

    @property
    def stops(self) -> bool:
        """A run must not go on."""
        return self.severity is Severity.LOI and not self.acknowledged_by
