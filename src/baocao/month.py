"""One month's material, read and checked: parameters, forms, dataset and every finding."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from baocao.checks import acknowledge, answered, check_dataset, check_params
from baocao.dataset import Dataset, build_dataset, previous_month
from baocao.derived import Derived, load_derived
from baocao.errors import BaocaoError, InputError, Problem, Severity
from baocao.finding import Finding
from baocao.forms import Form, load_forms
from baocao.indicators import Indicator, read_declarations, read_indicators
from baocao.intake import Intake, read_submissions
from baocao.params import Params, load_monthly, load_params
from baocao.period import Period
from baocao.project import Project
from baocao.rules import Rules, load_rules, read_rules
from baocao.submission import Shelf
from baocao.units import Unit, load_units


@dataclass(frozen=True)
class Month:
    """What a run of one period starts from."""

    period: Period
    params: Params
    forms: tuple[Form, ...]
    dataset: Dataset
    findings: tuple[Finding, ...]
    indicators: tuple[Indicator, ...]
    read_files: Mapping[str, str]
    """SHA-256 of the bytes of each workbook that was read, this month's and the one's before, by path from the root."""
    late: tuple[str, ...]
    """The departments that sent nothing, or a form that nobody filled in."""

    @property
    def stopping(self) -> tuple[Finding, ...]:
        """The findings that nobody answers for and that stop a run."""
        return tuple(finding for finding in self.findings if finding.stops)


def read_month(project: Project, period: Period, shelf: Shelf | None = None) -> Month:
    """Read and check everything of `period`; what cannot be read at all is one `InputError` with all problems.

    `shelf` keeps the workbooks for who reads the month again.
    """
    problems: list[Problem] = []
    params: Params | None = None
    declarations: tuple[Derived, ...] | None = None
    intake: Intake | None = None
    dataset: Dataset | None = None
    forms: tuple[Form, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    rules: Rules | None = None
    with _collecting(problems):
        params = load_params(project, period)
    with _collecting(problems):
        declarations = load_derived(project.derived, period)
    units: tuple[Unit, ...] = ()
    with _collecting(problems):
        units = load_units(project.units, period)
    with _collecting(problems):
        forms = load_forms(project.forms, period)
        intake = read_submissions(project.submissions(period), forms, period, shelf)
    before, hashes, notes = _previous(project, period, shelf)
    if intake is not None and declarations is not None:
        with _collecting(problems):
            dataset = build_dataset(intake, forms, declarations, before)
            with _collecting(problems):
                rules = load_rules(project.rules, dataset, forms, units)
            indicators = read_indicators(project.indicators, dataset)
    if dataset is None:
        # Codes cannot be looked up, but what is malformed shows all the same.
        with _collecting(problems):
            read_rules(project.rules)
        with _collecting(problems):
            read_declarations(project.indicators)
    if problems or params is None or intake is None or dataset is None or rules is None:
        stopping = [finding for finding in intake.findings if finding.severity is Severity.LOI] if intake else []
        if params is not None:
            stopping = [finding for finding in acknowledge(stopping, params) if finding.stops]
        # The list of units is read for the forms and for the rules.
        raise InputError(dict.fromkeys([*problems, *(finding.problem for finding in stopping)]))
    found = check_dataset(dataset, forms, params, rules, intake.findings)
    findings = [*intake.findings, *notes, *check_params(params), *found]
    read_files = {**hashes, **_from_root(intake)}
    told = acknowledge(findings, params, dataset.blocks, forms)
    return Month(period, params, forms, dataset, told, indicators, read_files, intake.late)


@contextmanager
def _collecting(problems: list[Problem]) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        problems += error.problems


def _from_root(intake: Intake) -> dict[str, str]:
    return {f"data/{intake.period}/{name}": sha256 for name, sha256 in intake.hashes.items()}


def _previous(
    project: Project, period: Period, shelf: Shelf | None
) -> tuple[Dataset | None, dict[str, str], list[Finding]]:
    """Last month for comparison, with the hashes of its workbooks; none where it has none or cannot be used whole.

    Faults that its own parameters answer for are no obstacle.
    """
    before = period.shift(-1)
    folder = project.submissions(before)
    if not folder.is_dir():
        return None, {}, []
    try:
        forms = load_forms(project.forms, before)
        intake = read_submissions(folder, forms, before, shelf)
        findings = list(intake.findings)
        if project.params(before).exists():
            findings = answered(findings, load_monthly(project, before))
        faults = [finding.problem for finding in findings if finding.stops]
        if not faults:
            dataset = previous_month(intake, forms, load_derived(project.derived, before))
            return dataset, _from_root(intake), []
    except BaocaoError as error:
        faults = list(error.problems)
    note = Problem(
        what=f"số liệu kỳ {before} còn {len(faults)} lỗi, không dùng để so sánh được",
        where=(f"data/{before}",),
        remedy=f"chạy baocao check {before} và sửa các lỗi nêu ra",
    )
    return None, {}, [Finding("ky_truoc", str(before), Severity.CANH_BAO, note)]
