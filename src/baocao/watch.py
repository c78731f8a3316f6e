"""What a run does, written to its log while somebody else shows it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from baocao.errors import BaocaoError
from baocao.execute import SectionEvent, Step
from baocao.period import Period
from baocao.run import Result, Watcher
from baocao.runlog import RunLog


class Logged:
    """Passes everything on to `shown`, and writes stages, sections, results and problems to `log`."""

    def __init__(self, shown: Watcher, log: RunLog, period: Period, partial: bool) -> None:
        self._shown = shown
        self._log = log
        self._period = str(period)
        self._partial = partial
        self._lock = threading.Lock()

    def __enter__(self) -> "Logged":
        self._log.write("run_started", period=self._period, partial=self._partial)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            known = isinstance(error, BaocaoError)
            told = [str(problem) for problem in error.problems] if isinstance(error, BaocaoError) else []
            name = type(error).__name__
            self._log.write("run_failed", period=self._period, error=name, bug=not known, problems=told)

    @contextmanager
    def stage(self, title: str) -> Iterator[None]:
        """A stage outside the sections."""
        begun = time.monotonic()
        done = False
        try:
            with self._shown.stage(title):
                yield
            done = True
        finally:
            self._write("stage", title=title, seconds=round(time.monotonic() - begun, 2), done=done)

    def on_event(self, event: SectionEvent) -> None:
        """How far a section is; its end is written."""
        self._shown.on_event(event)
        if event.step in (Step.DONE, Step.FAILED):
            done = event.step is Step.DONE
            self._write("section", section=event.section.label, seconds=round(event.seconds, 2), done=done)

    def made(self, result: Result) -> None:
        """What the run made."""
        files = {name: path.name for name, path in result.files.items()}
        findings = len(result.findings)
        kept = [path.name for path in result.kept]
        lacking = list(result.lacking)
        self._write("run_made", files=files, renderer=result.renderer, findings=findings, lacking=lacking, kept=kept)

    def _write(self, event: str, **fields: object) -> None:
        # Sections end in threads of their own.
        with self._lock:
            self._log.write(event, period=self._period, **fields)
