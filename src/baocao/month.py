"""One month's material, read and checked: parameters, forms, dataset and every finding."""

from dataclasses import dataclass

from baocao.checks import acknowledge, check_dataset, check_params
from baocao.dataset import Dataset, build_dataset
from baocao.derived import derive, load_derived
from baocao.errors import BaocaoError, InputError, Problem, Severity
from baocao.finding import Finding
from baocao.forms import Form, load_forms
from baocao.intake import Intake, read_submissions
from baocao.params import Params, load_params
from baocao.period import Period
from baocao.project import Project


@dataclass(frozen=True)
class Month:
    """What a run of one period starts from."""

    period: Period
    params: Params
    forms: tuple[Form, ...]
    dataset: Dataset
    findings: tuple[Finding, ...]

    @property
    def stopping(self) -> tuple[Finding, ...]:
        """The findings that nobody answers for and that stop a run."""
        return tuple(finding for finding in self.findings if finding.stops)


def read_month(project: Project, period: Period) -> Month:
    """Read and check everything of `period`; what cannot be read at all is one `InputError` with all problems."""
    problems: list[Problem] = []
    params: Params | None = None
    forms: tuple[Form, ...] = ()
    try:
        params = load_params(project, period)
    except InputError as error:
        problems += error.problems
    try:
        forms = load_forms(project.forms, period)
        declarations = load_derived(project.derived)
        intake = read_submissions(project.submissions(period), forms, period)
    except InputError as error:
        raise InputError([*problems, *error.problems]) from error
    if params is None:
        raise InputError([*problems, *(finding.problem for finding in intake.findings if finding.stops)])
    previous, notes = _previous(project, period)
    findings = [*intake.findings, *notes, *check_params(params)]
    complete = not any(finding.severity is Severity.LOI for finding in intake.findings)
    if complete:
        dataset = build_dataset(intake, forms, declarations, previous)
        findings += check_dataset(dataset, forms, params)
    else:
        # Declared figures rest on values that could not be read: only what was read is kept.
        dataset = build_dataset(intake, forms, (), None)
    return Month(period, params, forms, dataset, acknowledge(findings, params))


def _previous(project: Project, period: Period) -> tuple[Intake | None, list[Finding]]:
    """Last month's figures for comparison: none where that month has no workbooks or cannot be read whole."""
    before = period.shift(-1)
    folder = project.submissions(before)
    if not folder.is_dir():
        return None, []
    try:
        intake = read_submissions(folder, load_forms(project.forms, before), before)
        faults = [finding.problem for finding in intake.findings if finding.severity is Severity.LOI]
        if not faults:
            derive(intake.data, load_derived(project.derived))
            return intake, []
    except BaocaoError as error:
        faults = list(error.problems)
    note = Problem(
        what=f"số liệu kỳ {before} còn {len(faults)} lỗi, không dùng để so sánh được",
        where=(f"data/{before}",),
        remedy=f"chạy baocao check {before} và sửa các lỗi nêu ra",
    )
    return None, [Finding("ky_truoc", str(before), Severity.CANH_BAO, note)]
