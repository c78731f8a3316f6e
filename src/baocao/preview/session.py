"""A month kept ready: what was read, what each section came to, the page; brought up to date change by change."""

import shutil
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from baocao.check_report import check
from baocao.errors import BaocaoError, InputError, Problem, RunError
from baocao.execute import execute
from baocao.failure_report import failure_problems
from baocao.finding import Finding
from baocao.indicators import Indicator
from baocao.kernels import Kernels
from baocao.manifest import sha256
from baocao.month import Month
from baocao.params import Params
from baocao.part import Part, take_apart
from baocao.period import Period
from baocao.preview.rerun import Change, Done, Material, change_of, to_run
from baocao.project import Project, Section
from baocao.render import render
from baocao.submission import Shelf
from baocao.theme.measures import measures_in_force
from baocao.weave import weave


@dataclass(frozen=True)
class Rerun:
    """A section that ran again, and why."""

    section: Section
    why: str


@dataclass(frozen=True)
class View:
    """What there is to show: the last good page, and what kept a newer one from being made."""

    page: int = 0
    """Number of the page, greater each time; 0: none yet."""
    html: bytes = b""
    made: datetime | None = None
    """When the page was made, or last found to be what the files give."""
    problems: tuple[Problem, ...] = ()
    """Why the page is older than the files; empty when it is not."""
    findings: tuple[Finding, ...] = ()
    findings_old: bool = False
    """The findings are those of the last reading that succeeded."""
    reruns: tuple[Rerun, ...] = ()
    """Of the last attempt."""
    seconds: float = 0.0
    """That the last attempt took."""

    @property
    def old(self) -> bool:
        """The page is not what the files would give."""
        return bool(self.problems)


class Session:
    """Files are noted from any thread as they change; one thread brings the view up to date.

    Works in `work`, which is its own; nothing is written into the project. `dataset` is the file that the kernels read.
    """

    def __init__(
        self, project: Project, period: Period, kernels: Kernels, work: Path, dataset: Path, jobs: int
    ) -> None:
        self.project, self.period = project, period
        self.view = View()
        self.blocked = False
        """A file could not be opened; that it can be opened again is no change of it."""
        self._kernels, self._work, self._dataset, self._jobs = kernels, work, dataset, jobs
        self._lock = threading.Lock()
        self._pending: set[Change] = set(Change)
        self._running: Mapping[Path, Section] = {}
        self._shelf = Shelf()
        self._month: Month | None = None
        self._material: Material | None = None
        self._unread = True
        self._done: dict[int, Done] = {}
        self._due: dict[int, str] = {}
        """Why sections must run that have not come to anything since."""
        self._reruns: tuple[Rerun, ...] = ()
        self._printing = threading.Lock()
        self._content: tuple[Sequence[Part], Params, Sequence[Indicator]] | None = None
        """What the page on show was made of; None when it has to be made anew."""
        self._build: Path | None = None
        self._attempts: list[Path] = []
        self._pdf: tuple[int, bytes] = (0, b"")

    @property
    def pending(self) -> bool:
        """Something changed since the last update began."""
        with self._lock:
            return bool(self._pending)

    def note(self, paths: Iterable[Path]) -> bool:
        """Take note of files that changed; whether that is anything to the report.

        A section that runs on a notebook of before is ended: it may be what the author is mending.
        """
        changes = {path: change for path in paths if (change := change_of(path, self.project, self.period))}
        with self._lock:
            self._pending |= set(changes.values())
            superseded = [section for path, section in self._running.items() if path in changes]
        for section in superseded:
            self._kernels.end(str(section.number))
        return bool(changes)

    def note_all(self) -> None:
        """Take note that anything may have changed."""
        with self._lock:
            self._pending = set(Change)

    def update(self) -> View:
        """Do what the noted changes ask for; whatever goes wrong is in the view, beside the last good page."""
        started = time.monotonic()
        with self._lock:
            changes, self._pending = self._pending, set()
        self._reruns = ()
        problems: tuple[Problem, ...] = ()
        self.blocked = False
        try:
            self._make(changes)
        except BaocaoError as error:
            problems = error.problems
        except OSError as error:
            problems, self.blocked = (_unreadable(error),), True
        if problems and self.pending:
            # What went wrong may be a file caught while it was being saved; the next update will tell.
            return self.view
        self.view = replace(
            self.view, problems=problems, reruns=self._reruns, seconds=time.monotonic() - started,
            findings=self._month.findings if self._month else (), findings_old=self._unread,
        )  # fmt: skip
        return self.view

    def pdf(self) -> bytes:
        """The page on show as PDF; made when first asked for."""
        with self._printing:
            page, build = self.view.page, self._build
            if build is None:
                raise RunError(Problem("chưa có trang nào để in", remedy="sửa các vấn đề nêu ở trang xem trước"))
            if self._pdf[0] != page:
                made = render(build, self.project.quarto_config, self._work / "pdf", "ban-in", ("pdf",))
                self._pdf = (page, made["pdf"].read_bytes())
            return self._pdf[1]

    def _make(self, changes: set[Change]) -> None:
        if Change.LOOK in changes:
            self._content = None
        if Change.MATERIAL in changes or self._unread:
            self._read()
        month = self._month
        assert month is not None
        if month.stopping:
            raise InputError([finding.problem for finding in month.stopping])
        sections = self.project.sections(self.period)
        done = self._executed(month, sections)
        content = ([done[section.number].part for section in sections], month.params, month.indicators)
        if content == self._content:
            self.view = replace(self.view, made=datetime.now())
        else:
            self._clear()
            self._show(*content)
            self._content = content

    def _read(self) -> None:
        self._unread = True
        measures_in_force(self.period)
        report = check(self.project, self.period, self._shelf)
        if report.month is None:
            raise InputError(report.problems)
        self._month, self._unread = report.month, False
        if report.problems:
            raise InputError(report.problems)

    def _executed(self, month: Month, sections: tuple[Section, ...]) -> dict[int, Done]:
        """Run what must run again; all that fails is one `RunError`, and what succeeded need not run again."""
        material = Material(month.dataset, month.params)
        digests = {section.number: sha256(section.notebook) for section in sections}
        reasons = to_run(sections, digests, self._done, self._material, material)
        self._due = {number: self._due.get(number, why) for number, why in reasons.items()}
        if self._material is None or self._material.dataset is not material.dataset:
            material.dataset.save(self._dataset)
        self._material = material
        numbers = {section.number for section in sections}
        self._done = {n: done for n, done in self._done.items() if n in numbers and n not in reasons}
        chosen = [section for section in sections if section.number in reasons]
        self._reruns = tuple(Rerun(section, self._due[section.number]) for section in chosen)
        with self._lock:
            self._running = {section.notebook: section for section in chosen}
        try:
            runs = execute(
                chosen, self.period, self._work / "sections", jobs=self._jobs, environment={},
                timeout=month.params.cell_timeout, on_event=lambda _event: None, kernels=self._kernels,
            )  # fmt: skip
        finally:
            with self._lock:
                self._running = {}
        problems = failure_problems(runs, None)
        for run in runs:
            if run.failure is None:
                try:
                    part = take_apart(run.section, run.notebook, str(self.period))
                    self._done[run.section.number] = Done(part, digests[run.section.number])
                    del self._due[run.section.number]
                except RunError as error:
                    problems += error.problems
        with self._lock:
            mixed = Change.MATERIAL in self._pending
        if mixed:
            # A kernel reads the parameters itself: these sections may have met newer ones.
            for item in self._reruns:
                self._done.pop(item.section.number, None)
                self._due[item.section.number] = item.why
        if problems or mixed:
            raise RunError(problems or Problem("số liệu hoặc tham số đổi trong lúc chạy", remedy="chờ lần làm lại sau"))
        return dict(self._done)

    def _clear(self) -> None:
        """Remove what was made for pages that nobody is shown any more."""
        with self._printing:
            kept = [folder for folder in self._attempts if self._build is not None and folder == self._build.parent]
        for folder in self._attempts:
            if folder not in kept:
                shutil.rmtree(folder, ignore_errors=True)
        self._attempts = kept

    def _show(self, parts: Sequence[Part], params: Params, indicators: Sequence[Indicator]) -> None:
        """Weave and render beside the page on show, then take its place."""
        # A page that a browser still has from another session at this address must not pass for this one.
        number = max(self.view.page + 1, time.time_ns() // 1_000_000)
        build = self._work / f"{number}" / "build"
        build.mkdir(parents=True)
        # What came to nothing stays until the next attempt: problems name its logs.
        self._attempts.append(build.parent)
        weave(parts, params, build, indicators)
        html = render(build, self.project.quarto_config, build.parent, "trang", ("html",))["html"].read_bytes()
        with self._printing:
            self._build = build
            self.view = replace(self.view, page=number, html=html, made=datetime.now())


def _unreadable(error: OSError) -> Problem:
    return Problem(
        f"không đọc được tệp ({error.strerror})",
        (str(error.filename or ""),),
        remedy="đóng chương trình đang giữ tệp, hoặc lưu lại tệp",
    )
