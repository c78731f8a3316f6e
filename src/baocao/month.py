"""One month's material, read and checked: parameters, forms, dataset and every finding."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from baocao.checks import acknowledge, check_dataset, check_params
from baocao.dataset import Dataset, block_infos, build_dataset, row_titles
from baocao.derived import Derived, derive, load_derived
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
    declarations: tuple[Derived, ...] | None = None
    intake: Intake | None = None
    dataset: Dataset | None = None
    forms: tuple[Form, ...] = ()
    with _collecting(problems):
        params = load_params(project, period)
    with _collecting(problems):
        declarations = load_derived(project.derived)
    with _collecting(problems):
        forms = load_forms(project.forms, period)
        intake = read_submissions(project.submissions(period), forms, period)
    previous, notes = _previous(project, period)
    if intake is not None and declarations is not None:
        with _collecting(problems):
            dataset = build_dataset(intake, forms, declarations, previous)
    if problems or params is None or intake is None or dataset is None:
        stopping = [finding for finding in intake.findings if finding.severity is Severity.LOI] if intake else []
        if params is not None:
            stopping = [finding for finding in acknowledge(stopping, params) if finding.stops]
        raise InputError([*problems, *(finding.problem for finding in stopping)])
    findings = [*intake.findings, *notes, *check_params(params), *check_dataset(dataset, forms, params)]
    return Month(period, params, forms, dataset, acknowledge(findings, params))


@contextmanager
def _collecting(problems: list[Problem]) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        problems += error.problems


def _previous(project: Project, period: Period) -> tuple[Intake | None, list[Finding]]:
    """Last month's figures for comparison: none where that month has no workbooks or cannot be read whole."""
    before = period.shift(-1)
    folder = project.submissions(before)
    if not folder.is_dir():
        return None, []
    try:
        forms = load_forms(project.forms, before)
        intake = read_submissions(folder, forms, before)
        faults = [finding.problem for finding in intake.findings if finding.severity is Severity.LOI]
        if not faults:
            derive(intake.data, load_derived(project.derived), row_titles(block_infos(intake, forms)))
            return intake, []
    except BaocaoError as error:
        faults = list(error.problems)
    note = Problem(
        what=f"số liệu kỳ {before} còn {len(faults)} lỗi, không dùng để so sánh được",
        where=(f"data/{before}",),
        remedy=f"chạy baocao check {before} và sửa các lỗi nêu ra",
    )
    return None, [Finding("ky_truoc", str(before), Severity.CANH_BAO, note)]
