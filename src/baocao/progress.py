"""What a run is doing and where its time goes: a live table on a terminal, plain lines anywhere else."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from baocao.execute import SectionEvent, Step

_SLOWEST: Final = 3
_STYLE: Final = {Step.WAITING: "dim", Step.RUNNING: "cyan", Step.DONE: "green", Step.FAILED: "bold red"}


@dataclass(frozen=True)
class _Stage:
    """A part of the run, with its start and, once it is over, its seconds."""

    name: str
    started: float
    seconds: float | None = None
    failed: bool = False


def seconds_text(seconds: float) -> str:
    """Seconds as Vietnamese writes them: 2,4 giây."""
    return f"{seconds:.1f}".replace(".", ",") + " giây"


def _cells(event: SectionEvent) -> str:
    return f"{event.cells_done}/{event.cells_total}" if event.cells_total else ""


class Progress:
    """Shows stages and sections while they run and says at the end where the time went. A context manager.

    On a terminal a table that changes in place; elsewhere one line for each stage and section that has ended.
    `on_event` is for `baocao.execute.execute`; both it and `stage` may be called from any thread.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._lock = threading.RLock()
        self._stages: list[_Stage] = []
        self._sections: dict[int, SectionEvent] = {}
        self._seen: dict[int, float] = {}
        self._started = time.monotonic()
        self._live: Live | None = None

    def __enter__(self) -> "Progress":
        self._started = time.monotonic()
        if self._console.is_terminal:
            self._live = Live(get_renderable=self._picture, console=self._console, refresh_per_second=8)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        for line in self.summary():
            self._console.print(Text(line), soft_wrap=True)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a part of the run under this name ("Đọc biểu mẫu"); one that is left by an exception counts too."""
        with self._lock:
            place = len(self._stages)
            self._stages.append(_Stage(name, time.monotonic()))
        failed = True
        try:
            yield
            failed = False
        finally:
            with self._lock:
                begun = self._stages[place]
                ended = _Stage(name, begun.started, time.monotonic() - begun.started, failed)
                self._stages[place] = ended
            if self._live is None:
                state = " — dừng vì lỗi" if failed else ""
                self._console.print(Text(f"{name}: {seconds_text(ended.seconds or 0.0)}{state}"))

    def on_event(self, event: SectionEvent) -> None:
        """Take news of a section."""
        with self._lock:
            self._sections[event.section.number] = event
            self._seen[event.section.number] = time.monotonic()
            ended = sum(1 for known in self._sections.values() if known.step in (Step.DONE, Step.FAILED))
            total = len(self._sections)
        if self._live is None and event.step in (Step.DONE, Step.FAILED):
            cells = f", {_cells(event)} ô" if event.cells_total else ""
            self._console.print(
                Text(
                    f"[{ended}/{total}] {event.section.title} · {event.section.notebook.name}: "
                    f"{event.step.value}{cells}, {seconds_text(event.seconds)}"
                ),
                soft_wrap=True,
            )

    def summary(self) -> list[str]:
        """Where the time went: the whole, each stage, and the slowest sections. Nothing for a run of nothing."""
        with self._lock:
            stages = [stage for stage in self._stages if stage.seconds is not None]
            ended = [event for event in self._sections.values() if event.step in (Step.DONE, Step.FAILED)]
        if not stages and not ended:
            return []
        lines = [f"Tổng thời gian: {seconds_text(time.monotonic() - self._started)}"]
        if stages:
            lines[0] += " — " + "; ".join(f"{stage.name} {seconds_text(stage.seconds or 0.0)}" for stage in stages)
        slowest = sorted(ended, key=lambda event: -event.seconds)[:_SLOWEST]
        if slowest:
            parts = (f"{event.section.label} {seconds_text(event.seconds)}" for event in slowest)
            lines.append("Mục chạy lâu nhất: " + "; ".join(parts))
        failed = sum(1 for event in ended if event.step is Step.FAILED)
        if failed:
            lines.append(f"Số mục lỗi: {failed}/{len(self._sections)}")
        return lines

    def _picture(self) -> RenderableType:
        with self._lock:
            stages, sections, seen = list(self._stages), dict(self._sections), dict(self._seen)
        now = time.monotonic()
        table = Table.grid(padding=(0, 2))
        for _ in range(3):
            table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        for stage in stages:
            running = stage.seconds is None
            step = Step.RUNNING if running else Step.FAILED if stage.failed else Step.DONE
            seconds = now - stage.started if stage.seconds is None else stage.seconds
            table.add_row(Text(stage.name, "bold"), "", Text(step.value, _STYLE[step]), "", Text(seconds_text(seconds)))
        for number, event in self._visible(sections):
            # A cell may run for long without news.
            seconds = event.seconds + (now - seen[number] if event.step is Step.RUNNING else 0.0)
            table.add_row(
                Text(f"  {event.section.label}"),
                Text(event.section.notebook.name, "dim"),
                Text(event.step.value, _STYLE[event.step]),
                Text(_cells(event)),
                Text("" if event.step is Step.WAITING else seconds_text(seconds)),
            )
        return table

    def _visible(self, sections: dict[int, SectionEvent]) -> list[tuple[int, SectionEvent]]:
        """The sections that fit on the screen, in order; running and failed ones go before the others."""
        room = max(3, self._console.height - len(self._stages) - 2)
        rank = {Step.RUNNING: 0, Step.FAILED: 1, Step.DONE: 2, Step.WAITING: 3}
        kept = {number for number, _ in sorted(sections.items(), key=lambda item: (rank[item[1].step], item[0]))[:room]}
        return [item for item in sorted(sections.items()) if item[0] in kept]
