"""What the page says beside the report: state, problems, findings by department, what ran again and why."""

from collections.abc import Iterable
from typing import Any

from baocao.cli_text import counts
from baocao.errors import WHERE_SEPARATOR, Problem
from baocao.finding import Finding
from baocao.place import place
from baocao.preview.session import View

GENERAL = "Chung"
"""Heading of findings that no department answers for."""


def panel(view: View, busy: bool) -> dict[str, Any]:
    """The whole panel as data; every text is finished."""
    return {
        "page": view.page,
        "old": view.old,
        "busy": busy,
        "state": _state(view, busy),
        "pdf": ("PDF (bản cũ)" if view.old else "PDF") if view.page else "",
        "problems": [_problem(problem) for problem in view.problems],
        "findings": _findings(view),
        "departments": _departments(view.findings),
        "reruns": [{"section": item.section.title, "why": item.why} for item in view.reruns],
        "effort": _effort(view),
    }


def _state(view: View, busy: bool) -> str:
    made = f"{view.made:%H:%M:%S}" if view.made else ""
    if busy:
        return f"Đang làm lại… Trang dưới đây làm lúc {made}." if made else "Đang làm trang đầu tiên…"
    if not view.old:
        return f"Cập nhật lúc {made}."
    number = len(view.problems)
    if made:
        return f"Bản cũ, làm lúc {made}: chưa làm lại được vì {number} vấn đề."
    return f"Chưa có trang: {number} vấn đề."


def _problem(problem: Problem) -> dict[str, str]:
    return {
        "what": problem.what,
        "where": WHERE_SEPARATOR.join(problem.where),
        "expected": problem.expected,
        "remedy": problem.remedy,
    }


def _findings(view: View) -> str:
    told = counts(view.findings)
    return f"{told}; của lần đọc trước" if view.findings_old else told


def _departments(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.department, []).append(finding)
    # What no department answers for comes last, as on the command line.
    names = sorted(groups, key=lambda name: not name)
    return [
        {"name": name or GENERAL, "counts": counts(groups[name]), "findings": [_finding(item) for item in groups[name]]}
        for name in names
    ]


def _finding(finding: Finding) -> dict[str, str]:
    return {
        **_problem(finding.problem),
        "where": place(finding),
        "severity": finding.severity.value,
        "kind": finding.severity.name.lower().replace("_", "-"),
        "acknowledged": f"{finding.reason} ({finding.acknowledged_by})" if finding.acknowledged_by else "",
        "id": f"{finding.rule}{WHERE_SEPARATOR}{finding.code}",
    }


def _effort(view: View) -> str:
    seconds = f"{view.seconds:.1f}".replace(".", ",")
    if not view.reruns:
        return f"Không mục nào phải chạy lại; ghép và dàn trang trong {seconds} giây."
    return f"{len(view.reruns)} mục chạy lại, cả thảy {seconds} giây:"
