"""What the command line prints: problems, findings, paths; wrapped on a terminal, one line each anywhere else."""

import re
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from baocao.doctor import Check, State
from baocao.errors import WHERE_SEPARATOR, Problem, Severity
from baocao.finding import Finding
from baocao.place import place

_STYLES = {Severity.LOI: "bold red", Severity.CANH_BAO: "yellow", Severity.LUU_Y: "cyan"}
_INDENT = 5
"""Where the lines below a numbered one begin."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_GENERAL = "Chung"
"""Heading of findings that no department answers for."""


def use_utf8() -> None:
    """Print UTF-8 whatever the code page is; what a stream cannot print is escaped, not an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def console(stderr: bool = False) -> Console:
    """Where to print; nothing in a text is taken for markup or coloured by itself."""
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def say(target: Console, text: str, indent: int = 0, style: str = "") -> None:
    """Print a paragraph: between words on a terminal, and in one piece where a program reads."""
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    if target.is_terminal:
        target.print(Padding(Text(text, style), (0, 0, 0, indent)))
    else:
        target.print(Text(textwrap.indent(text, " " * indent)), soft_wrap=True)


def show_checks(target: Console, checks: Sequence[Check]) -> None:
    """What is on the machine, a line each; below it the remedy where something is not there."""
    width = max(len(check.name) for check in checks)
    styles = {State.GOOD: "", State.OPTIONAL: "cyan", State.BAD: "bold red"}
    for check in checks:
        mark = "" if check.state is State.GOOD else f"[{check.state.value}] "
        say(target, f"{check.name:<{width}}  {mark}{check.detail}", 2, styles[check.state])
        if check.remedy:
            say(target, f"Cách xử lý: {check.remedy}", _INDENT)
    bad = sum(1 for check in checks if check.state is State.BAD)
    say(target, f"Còn thiếu {bad} thứ cần để lập báo cáo." if bad else "Đủ để lập báo cáo.")


def show_problems(target: Console, problems: Sequence[Problem]) -> None:
    """All problems, numbered when there are several: what, where, what was expected, what to do."""
    many = len(problems) > 1
    say(target, f"Có {len(problems)} lỗi:" if many else "Lỗi:", style="bold red")
    for number, problem in enumerate(problems, start=1):
        lead = f"{number}. " if many else ""
        _show(target, problem, lead, "bold")


def _show(target: Console, problem: Problem, lead: str, style: str, at: str = "") -> None:
    say(target, f"{lead}{problem.what}", 2, style)
    if at or problem.where:
        say(target, f"Tại: {at or WHERE_SEPARATOR.join(problem.where)}", _INDENT)
    if problem.expected:
        say(target, f"Cần có: {problem.expected}", _INDENT)
    if problem.remedy:
        say(target, f"Cách xử lý: {problem.remedy}", _INDENT)


def counts(findings: Iterable[Finding]) -> str:
    """“1 lỗi (1 đã xác nhận), 5 cảnh báo, 30 lưu ý”; what there is none of is left out."""
    findings = list(findings)
    numbers = Counter(finding.severity for finding in findings)
    answered = sum(1 for finding in findings if finding.severity is Severity.LOI and finding.acknowledged_by)
    parts = []
    for severity in Severity:
        if numbers[severity]:
            note = f" ({answered} đã xác nhận)" if severity is Severity.LOI and answered else ""
            parts.append(f"{numbers[severity]} {severity.value}{note}")
    return ", ".join(parts) or "không có phát hiện nào"


def show_findings(target: Console, findings: Sequence[Finding]) -> None:
    """Every finding by department, in the order in which they come; the acknowledged ones with reason and name."""
    # What no department answers for comes last.
    departments = sorted(dict.fromkeys(finding.department for finding in findings), key=lambda name: not name)
    number = 0
    for department in departments:
        group = [finding for finding in findings if finding.department == department]
        say(target, f"{department or _GENERAL}: {counts(group)}", style="bold")
        for finding in group:
            number += 1
            lead = f"{number}. [{finding.severity.value}] "
            _show(target, finding.problem, lead, _STYLES[finding.severity], place(finding))
            say(target, f"Mã phát hiện: {finding.rule}{WHERE_SEPARATOR}{finding.code}", _INDENT, "dim")
            if finding.acknowledged_by:
                say(target, f"Đã xác nhận: {finding.reason} ({finding.acknowledged_by})", _INDENT, "green")
        say(target, "")


def shown(path: Path) -> str:
    """The path from the current folder where it is inside, else in full."""
    folder = Path.cwd()
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
