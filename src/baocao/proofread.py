"""A month's notebooks read without running them: every fault that is seen, with notebook, cell and line."""

from collections import defaultdict

from baocao.cell_order import order_faults
from baocao.cells import read_sheet
from baocao.code_faults import code_faults
from baocao.errors import WHERE_SEPARATOR, InputError, Problem, Severity
from baocao.executed import UnusableError
from baocao.figure import Figure
from baocao.finding import Finding
from baocao.month import Month, read_month
from baocao.narrative import context
from baocao.period import Period
from baocao.project import Project
from baocao.prose_faults import prose_faults

_SEVERITIES = list(Severity)


def proofread(project: Project, period: Period) -> tuple[Finding, ...]:
    """Every finding about the notebooks of `period` and the shared ones, those that its own replace included.

    The month need not be readable; where it is, a figure typed by hand is compared with its values.
    """
    found: list[Finding] = []
    try:
        month: Month | None = read_month(project, period)
    except InputError:
        month = None  # What is wrong with the figures is the matter of a check without notebooks.
    try:
        project.sections(period)
    except InputError as error:
        found += [
            Finding("so_tay", WHERE_SEPARATOR.join(problem.where), Severity.LOI, problem) for problem in error.problems
        ]
    known = frozenset(context(month.dataset, month.params.terms)) if month else None
    values = _values(month) if month else {}
    for section in project.notebooks(period):
        try:
            sheet = read_sheet(project, section)
        except UnusableError as error:
            name = section.notebook.relative_to(project.root).as_posix()
            remedy = "mở bằng JupyterLab rồi lưu lại, hoặc lấy lại bản trước từ git"
            problem = Problem(str(error), (name,), "một sổ tay Jupyter", remedy)
            found.append(Finding("so_tay", name, Severity.LOI, problem))
            continue
        own = [*code_faults(sheet), *prose_faults(sheet, values), *order_faults(sheet, known)]
        found += sorted(own, key=lambda finding: _place(finding.code))
    return tuple(sorted(found, key=lambda finding: _SEVERITIES.index(finding.severity)))


def _place(code: str) -> tuple[int, ...]:
    return tuple(int(part) for part in code.split(":")[1:])


def _values(month: Month) -> dict[str, list[str]]:
    """Codes by how their figures print in prose; small whole numbers say nothing."""
    codes: defaultdict[str, list[str]] = defaultdict(list)
    for datum in month.dataset.values():
        if isinstance(datum, Figure) and not datum.missing and len(str(datum)) > 1:
            codes[str(datum)].append(datum.code)
    return codes
