"""What a check of one month found, whole: the findings, and what kept it from being read or run; also as JSON."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from baocao.errors import WHERE_SEPARATOR, InputError, Problem, Severity
from baocao.finding import Finding
from baocao.month import Month, read_month
from baocao.period import Period
from baocao.place import cells_at_fault
from baocao.project import Project
from baocao.submission import Shelf

SCHEMA_VERSION = 1
"""Of the JSON; it grows when a key goes or changes its meaning, not when one is added."""
UNREADABLE = "khong_kiem_tra_duoc"
"""Rule of what is no finding about a month's figures: parameters, definitions or notebooks that a run would refuse."""

_NO_CHARACTER = re.compile("[\ud800-\udfff]")
"""Halves of characters, as file names in another encoding have them; UTF-8 has none."""


@dataclass(frozen=True)
class CheckReport:
    """A month as far as it could be read; `problems` stop a run and cannot be answered for."""

    period: Period
    month: Month | None
    problems: tuple[Problem, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, heaviest first; the problems are lỗi of the rule `UNREADABLE`."""
        told = (
            Finding(UNREADABLE, WHERE_SEPARATOR.join(problem.where), Severity.LOI, problem) for problem in self.problems
        )
        return (*told, *(self.month.findings if self.month else ()))

    @property
    def stops(self) -> bool:
        """A run would not start."""
        return any(finding.stops for finding in self.findings)


def check(project: Project, period: Period, shelf: Shelf | None = None) -> CheckReport:
    """Read and check everything that a run of `period` would, the notebooks' names included.

    `shelf` keeps the workbooks for who checks the month again.
    """
    problems: list[Problem] = []
    month: Month | None = None
    try:
        month = read_month(project, period, shelf)
        project.sections(period)
    except InputError as error:
        problems += error.problems
    return CheckReport(period, month, tuple(problems))


def to_json(report: CheckReport) -> str:
    """The report as one JSON object.

    `schema_version`, `period`, `readable` (the month's figures could be read), `stops` (a run would not start),
    `counts` (of all findings by severity, `acknowledged` and `stopping` of them), `findings`: each with `rule`, `code`,
    `severity` (`loi`, `canh_bao`, `luu_y`), `stops`, `department` (null where none answers for it), `what`, `where`
    (from the outside in), `cells` (`workbook`, `sheet`, `ref`), `expected`, `remedy`, `acknowledged` (null, or `by` and
    `reason`). The order is the one of the text: heaviest first.
    """
    return findings_json(report.period, report.findings, readable=report.month is not None)


def findings_json(period: Period, findings: tuple[Finding, ...], **more: object) -> str:
    """Findings as `to_json` gives them, with `more` keys of whoever found them."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "period": str(period),
        **more,
        "stops": any(finding.stops for finding in findings),
        "counts": _counts(findings),
        "findings": [_entry(finding) for finding in findings],
    }
    return _NO_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", json.dumps(content, ensure_ascii=False, indent=2))


def _counts(findings: Iterable[Finding]) -> dict[str, int]:
    findings = list(findings)
    numbers = Counter(finding.severity for finding in findings)
    return {
        **{_key(severity): numbers[severity] for severity in Severity},
        "acknowledged": sum(1 for finding in findings if finding.acknowledged_by),
        "stopping": sum(1 for finding in findings if finding.stops),
    }


def _key(severity: Severity) -> str:
    return severity.name.lower()


def _entry(finding: Finding) -> dict[str, object]:
    cells = [{"workbook": cell.workbook, "sheet": cell.sheet, "ref": cell.ref} for cell in cells_at_fault(finding)]
    answer = {"by": finding.acknowledged_by, "reason": finding.reason} if finding.acknowledged_by else None
    return {
        "rule": finding.rule,
        "code": finding.code,
        "severity": _key(finding.severity),
        "stops": finding.stops,
        "department": finding.department or None,
        "what": finding.problem.what,
        "where": list(finding.problem.where),
        "cells": cells,
        "expected": finding.problem.expected,
        "remedy": finding.problem.remedy,
        "acknowledged": answer,
    }
