"""What is due and not done, decided and recorded; the work itself is given, so that a year can be lived through fast.

A month is due from the first working day after its cut-off. It is done when a run on time has seen its whole report
made from the forms as they were then. Forms that change later are told, and make no new report by themselves.
"""

import hashlib
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import partial as partial_call
from pathlib import Path
from typing import Final, Protocol

from baocao import notices
from baocao.duestate import DueState, Notice, Record
from baocao.errors import BaocaoError, BusyError, Problem, Severity
from baocao.finding import Finding
from baocao.mail import send_all
from baocao.notices import Told
from baocao.params import Defaults
from baocao.period import Period
from baocao.reporting import reporting_dates
from baocao.runlog import RunLog
from baocao.settings import VIETNAM, Schedule, Settings, vietnam

WAITING_STATUS: Final = 3
MAIL_STATUS: Final = 4
BUSY_STATUS: Final = 5


class Outcome(Enum):
    """What became of a month that is due."""

    DONE = "đã lập từ trước"
    MADE = "đã lập báo cáo"
    PARTIAL = "đã lập báo cáo chưa đủ số liệu"
    WAITING = "chưa đủ biểu của các đơn vị"
    CORRECTED = "có biểu sửa sau khi lập báo cáo"
    UNPREPARED = "chưa được chuẩn bị (baocao new)"
    BUSY = "đang có lần chạy khác"
    FAILED = "không thành"


_STATUS: Final = {
    Outcome.FAILED: 1,
    Outcome.WAITING: WAITING_STATUS,
    Outcome.PARTIAL: WAITING_STATUS,
    Outcome.UNPREPARED: WAITING_STATUS,
    Outcome.BUSY: BUSY_STATUS,
}
_WORST: Final = (1, WAITING_STATUS, BUSY_STATUS, MAIL_STATUS)


@dataclass(frozen=True)
class Readiness:
    """A month before it is run."""

    inputs: Mapping[str, str]
    """Hash of everything that its report would be made from, by path from the root."""
    counts: str
    """“5 cảnh báo, 30 lưu ý”."""
    late: tuple[str, ...] = ()
    """The departments that sent nothing, or a form that nobody filled in."""
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    """By the department that they go back to."""
    stops: bool = False
    """Some form that is needed is missing or has lỗi that nobody answers for."""
    drafts: tuple[str, ...] = ()
    """The sections whose prose is last month's and was not read for this one: “I”, “III”."""

    @property
    def faulty(self) -> dict[str, tuple[Finding, ...]]:
        """The lỗi of the departments that did send something."""
        stopping = {name: tuple(item for item in found if item.stops) for name, found in self.findings.items()}
        return {name: found for name, found in stopping.items() if found and name not in self.late}


@dataclass(frozen=True)
class Report:
    """What stands in the outputs of a month."""

    manifest: str
    """SHA-256 of its manifest."""
    partial: tuple[str, ...]
    """The departments it was made without; empty for a whole report."""
    inputs: Mapping[str, str]
    files: tuple[str, ...]


class Work(Protocol):
    """What a month needs done."""

    def forms(self, period: Period) -> Mapping[str, str]:
        """SHA-256 of the workbooks that lie there now, by name."""

    def readiness(self, period: Period) -> Readiness:
        """Read and check; what is wrong with the project itself is a `BaocaoError`."""

    def report(self, period: Period) -> Report | None:
        """What was made; None for nothing whole."""

    def make(self, period: Period, partial: bool) -> None:
        """Run the month."""

    def publish(self, period: Period) -> None:
        """Put the month on the site."""


@dataclass
class DueResult:
    """What became of each month that is due, what is wrong, and what could not be sent."""

    months: dict[Period, Outcome] = field(default_factory=dict)
    late: dict[Period, tuple[str, ...]] = field(default_factory=dict)
    """Whom a month waits for: the departments that sent nothing, or nothing that can be used."""
    problems: list[Problem] = field(default_factory=list)
    unsent: list[Problem] = field(default_factory=list)

    @property
    def status(self) -> int:
        """For the exit of the program: 0, or the worst of what happened."""
        found = {_STATUS.get(outcome, 0) for outcome in self.months.values()}
        if self.unsent:
            found.add(MAIL_STATUS)
        return next((status for status in _WORST if status in found), 0)


def due_periods(
    defaults: Defaults, schedule: Schedule, known: Sequence[Period], now: datetime
) -> tuple[tuple[Period, ...], tuple[Period, ...]]:
    """The months that are due, oldest first: those that have parameters (`known`), and those that nobody prepared."""
    period = schedule.first(known[0] if known else None)
    prepared: list[Period] = []
    missing: list[Period] = []
    while period is not None and schedule.covers(period) and due_at(defaults, schedule, period) <= now:
        (prepared if period in known else missing).append(period)
        period = period.shift(1)
    return tuple(prepared), tuple(missing)


def due_at(defaults: Defaults, schedule: Schedule, period: Period) -> datetime:
    """From when `period` is due."""
    return datetime.combine(reporting_dates(defaults, period).due, schedule.at, VIETNAM)


class Due:
    """One run of what is due. The state is saved after each step, so that a killed run is taken up by the next."""

    def __init__(
        self, root: Path, folder: Path, settings: Settings, defaults: Defaults, work: Work, log: RunLog, now: datetime
    ) -> None:
        self._root = root
        self._folder = folder
        self._settings = settings
        self._defaults = defaults
        self._work = work
        self._log = log
        self._now = now
        self._state = DueState.load(folder)
        self.result = DueResult()

    def run(self, known: Sequence[Period], partial: bool) -> DueResult:
        """Make what is due of the months with parameters, `known`; tell about it; send what waits."""
        prepared, missing = due_periods(self._defaults, self._settings.schedule, known, self._now)
        for period in prepared:
            outcome = self._guarded(period, "Lập báo cáo", partial_call(self._month, period, partial))
            self.result.months[period] = outcome
            if outcome is not Outcome.DONE:
                self._log.write("month", period=str(period), outcome=outcome.name.lower())
        for period in missing:
            self.result.months[period] = Outcome.UNPREPARED
        if missing:
            self._tell(notices.unprepared(missing, self._log.id, self._now))
        self._save()
        self._deliver()
        return self.result

    def _guarded(self, period: Period, what: str, step: Callable[[], Outcome]) -> Outcome:
        """One month's failure is told and is no obstacle to the others."""
        try:
            return step()
        except BusyError as error:
            self.result.problems += error.problems
            return Outcome.BUSY
        except BaocaoError as error:
            self._failed(period, what, error.problems)
        except Exception as error:
            # A bug: its traceback is for the log.
            self._log.write("bug", period=str(period), traceback="".join(traceback.format_exception(error)))
            problem = Problem(
                f"phần mềm gặp lỗi ngoài dự kiến ({type(error).__name__})",
                (str(self._log.path),),
                remedy="gửi nhật ký này cho người quản trị",
            )
            self._failed(period, what, [problem])
        return Outcome.FAILED

    def _failed(self, period: Period, what: str, problems: Sequence[Problem]) -> None:
        self.result.problems += problems
        self._log.write("failed", period=str(period), what=what, problems=[str(problem) for problem in problems])
        self._tell(notices.failed(self._told(period), what, problems))
        self._save()

    def _month(self, period: Period, partial: bool) -> Outcome:
        record = self._state.months.get(str(period))
        report = self._work.report(period)
        if record is not None and report is not None and not report.partial:
            outcome = self._look_again(period, record, report)
        else:
            outcome = self._make(period, report, partial)
        record = self._state.months.get(str(period))
        if record is not None and record.publish == "wanted":
            published = self._guarded(period, "Công bố báo cáo", lambda: self._publish(period, record))
            return outcome if published is Outcome.DONE else published
        return outcome

    def _look_again(self, period: Period, record: Record, report: Report) -> Outcome:
        """A month that is done: nothing, unless forms changed and nobody made the report anew."""
        forms = dict(self._work.forms(period))
        if forms == record.forms:
            return Outcome.DONE
        folder = f"data/{period}/"
        used = {path.removeprefix(folder): sha for path, sha in report.inputs.items() if path.startswith(folder)}
        if report.manifest != record.manifest and all(forms.get(name) == sha for name, sha in used.items()):
            record.forms, record.manifest = forms, report.manifest
            self._save()
            return Outcome.DONE
        changed = sorted(name for name, _ in set(forms.items()) ^ set(record.forms.items()))
        digest = hashlib.sha256(repr(sorted(forms.items())).encode()).hexdigest()
        self._tell(notices.corrected(self._told(period), list(dict.fromkeys(changed)), digest))
        return Outcome.CORRECTED

    def _make(self, period: Period, report: Report | None, partial: bool) -> Outcome:
        forms = dict(self._work.forms(period))
        readiness = self._work.readiness(period)
        told = self._told(period)
        if readiness.stops:
            self._tell_departments(told, readiness)
            faulty = readiness.faulty
            self.result.late[period] = tuple(dict.fromkeys([*readiness.late, *faulty]))
            self._log.write("waiting", period=str(period), late=readiness.late, faulty=sorted(faulty))
            self._tell(notices.waiting(told, readiness.late, faulty))
            return self._make_partial(told, report, readiness) if partial else Outcome.WAITING
        made = report
        if made is None or made.partial or dict(made.inputs) != dict(readiness.inputs):
            self._work.make(period, partial=False)
            made = self._work.report(period)
        if made is None or made.partial:
            raise RuntimeError("the run left no whole report")
        known = self._state.months.get(str(period))
        if known is None or known.manifest != made.manifest:
            at = vietnam(self._now).isoformat(timespec="seconds")
            record = Record(run=self._log.id, at=at, manifest=made.manifest, forms=forms)
            # What nobody has read does not go to readers by itself.
            if self._settings.publish.automatic and not readiness.drafts:
                record.publish = "wanted"
            self._state.months[str(period)] = record
            self._tell(notices.ready(told, made.files, readiness.counts, readiness.late, drafts=readiness.drafts))
            self._tell_departments(told, readiness)
        self._save()
        return Outcome.MADE

    def _make_partial(self, told: Told, report: Report | None, readiness: Readiness) -> Outcome:
        """A marked report of what is there. It never takes the place of a whole one, and the month stays undone."""
        if report is not None and not report.partial:
            return Outcome.WAITING
        if report is None or dict(report.inputs) != dict(readiness.inputs):
            self._work.make(told.period, partial=True)
            report = self._work.report(told.period)
        if report is not None:
            self._tell(notices.ready(told, report.files, readiness.counts, (), report.partial))
        return Outcome.PARTIAL

    def _publish(self, period: Period, record: Record) -> Outcome:
        self._work.publish(period)
        record.publish = "done"
        self._log.write("published", period=str(period))
        self._save()
        return Outcome.DONE

    def _tell_departments(self, told: Told, readiness: Readiness) -> None:
        for name in readiness.late:
            self._tell(notices.late(told, name))
        for name, findings in readiness.findings.items():
            heavy = [item for item in findings if item.severity is not Severity.LUU_Y and not item.acknowledged_by]
            if name and heavy and name not in readiness.late:
                self._tell(notices.found(told, name, heavy))

    def _told(self, period: Period) -> Told:
        # A month that nobody is set to report fails by itself; that is told all the same.
        body = next((entry.body_in_text for entry in self._defaults.issuers if entry.holds(period)), "bộ phận tổng hợp")
        return Told(period, reporting_dates(self._defaults, period), body, self._log.id, self._now)

    def _tell(self, notice: Notice) -> None:
        mail = self._settings.mail
        if mail is not None and mail.addresses(notice.department) and self._state.tell(notice):
            self._log.write("notice", kind=notice.kind, period=notice.period, department=notice.department)

    def _deliver(self) -> None:
        """Send what waits. What cannot be sent waits for the next run; the reports are as they are."""
        mail = self._settings.mail
        if mail is None or not self._state.waiting:
            return

        def sent(notice: Notice) -> None:
            self._state.waiting.remove(notice)
            self._state.sent[notice.key] = vietnam(self._now).isoformat(timespec="seconds")
            self._save()
            self._log.write("sent", kind=notice.kind, period=notice.period, department=notice.department)

        for notice, problem in send_all(list(self._state.waiting), mail, self._root, self._now, sent):
            self._log.write("unsent", kind=notice.kind, department=notice.department, problem=str(problem))
            if problem not in self.result.unsent:
                self.result.unsent.append(problem)
        # Nobody is left to get these.
        self._state.waiting = [notice for notice in self._state.waiting if mail.addresses(notice.department)]
        self._save()

    def _save(self) -> None:
        self._state.save(self._folder)


def late_lines(result: DueResult) -> Iterator[str]:
    """“2024-04: Công an thành phố Nha Trang; …”, a line for each month that waits."""
    for period, names in result.late.items():
        if names:
            yield f"{period}: {'; '.join(name or 'Chung' for name in names)}"
