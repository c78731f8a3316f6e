"""Running section notebooks: papermill, one kernel process per section, several sections at a time.

Sections run in threads of this process; each talks to a kernel of its own (`baocao.kernels`). Nothing that
belongs to the whole process is changed on the way: a kernel's folder and environment are handed to the kernel.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.execute import execute_notebook, remove_error_markers

from baocao import failure
from baocao.executed import INJECTED_TAG, Source, UnusableError, normalised, read_source, save
from baocao.failure import Failure
from baocao.kernels import Kernels, SectionKernelManager
from baocao.period import Period
from baocao.project import Section

_START_SECONDS: Final = 60
_ENGINE: Final = "baocao"
_log = logging.getLogger(__name__)
for _name in (__name__, "papermill"):
    # Without a handler Python prints their warnings to the terminal, over the progress display.
    logging.getLogger(_name).addHandler(logging.NullHandler())


class Step(Enum):
    """How far a section is."""

    WAITING = "chờ"
    RUNNING = "đang chạy"
    DONE = "xong"
    FAILED = "lỗi"


@dataclass(frozen=True)
class SectionEvent:
    """News of a section. `cells_total` counts the notebook's code cells that have code; `seconds` since its start."""

    section: Section
    step: Step
    seconds: float
    cells_done: int
    cells_total: int


@dataclass(frozen=True)
class SectionRun:
    """What came of a section; `notebook` does not exist when the source could not even be read."""

    section: Section
    seconds: float
    notebook: Path
    failure: Failure | None


@dataclass
class _Attempt:
    """One run of one notebook, as far as it has come."""

    manager: SectionKernelManager
    folder: Path
    environment: Mapping[str, str]
    timeout: float
    on_cell: Callable[[], None]
    executed: NotebookNode | None = None
    started: bool = False
    current: int | None = None
    returncode: int | None = None

    def cell_started(self, cell_index: int, **_: object) -> None:
        self.current = cell_index

    def cell_executed(self, cell: NotebookNode, execute_reply: dict[str, Any], **_: object) -> None:
        if execute_reply["content"].get("status") == "ok" and INJECTED_TAG not in cell.metadata.get("tags", ()):
            self.on_cell()

    def kernel_started(self, **_: object) -> None:
        self.started = True


class _SectionEngine(NBClientEngine):  # type: ignore[misc]
    """Papermill's own engine with a kernel manager of ours, its folder and environment, and hooks for progress."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, attempt: _Attempt, start_timeout: int = _START_SECONDS, **_: Any
    ) -> None:
        """Run the notebook of `nb_man` in the attempt's kernel; whatever happens, the kernel is gone afterwards."""
        attempt.executed = nb_man.nb
        client = PapermillNotebookClient(
            nb_man,
            km=attempt.manager,
            kernel_name=kernel_name,
            startup_timeout=start_timeout,
            timeout_func=lambda _cell: attempt.timeout,
            # Outputs are in the notebook; nothing is lost with the process.
            shutdown_kernel="immediate",
            # How a stream is cut into messages differs from run to run.
            coalesce_streams=True,
            record_timing=False,
            store_widget_state=False,
            resources={"metadata": {"path": str(attempt.folder)}},
            on_notebook_start=attempt.kernel_started,
            on_cell_start=attempt.cell_started,
            on_cell_executed=attempt.cell_executed,
            log=_log,
        )
        try:
            client.execute(cleanup_kc=True, env=dict(attempt.environment))
        finally:
            process = getattr(attempt.manager.provisioner, "process", None)
            attempt.returncode = process.poll() if process is not None else None


papermill_engines.register(_ENGINE, _SectionEngine)


def execute(
    sections: Sequence[Section],
    period: Period,
    out: Path,
    *,
    jobs: int,
    environment: Mapping[str, str],
    timeout: float,
    on_event: Callable[[SectionEvent], None],
    kernels: Kernels | None = None,
) -> tuple[SectionRun, ...]:
    """Run each section's notebook with `period` and keep the executed one, normalised, in `out` under its own name.

    `jobs` sections at a time; `timeout` in seconds for any one cell; `environment` is added to what kernels get.
    `on_event` is called from other threads, never twice at once. Runs come in the order of `sections`. A section
    that fails is a run with a `Failure`, and the others still run. `kernels` lets a caller get warm kernels ready
    beforehand. An exception (Ctrl-C too) ends every kernel before it leaves.
    """
    if jobs < 1:
        raise ValueError("jobs must be at least 1")
    if kernels is None:
        with Kernels(environment) as own:
            return execute(
                sections, period, out, jobs=jobs, environment=environment, timeout=timeout, on_event=on_event,
                kernels=own,
            )  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    lock = threading.Lock()

    def tell(event: SectionEvent) -> None:
        with lock:
            on_event(event)

    def run(section: Section) -> SectionRun:
        try:
            return _run(section, period, out / section.notebook.name, kernels, environment, timeout, tell)
        finally:
            _close_loop()

    for section in sections:
        tell(SectionEvent(section, Step.WAITING, 0.0, 0, 0))
    with ThreadPoolExecutor(jobs, thread_name_prefix="baocao-section") as pool:
        futures = [pool.submit(run, section) for section in sections]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            return tuple(future.result() for future in futures)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            kernels.stop()
            raise


def _close_loop() -> None:
    """End this thread's event loop and what a cell that was cut off left waiting in it."""
    loop = ensure_event_loop()
    waiting = asyncio.all_tasks(loop)
    for task in waiting:
        task.cancel()
    if waiting:
        loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
    loop.close()


def _run(
    section: Section,
    period: Period,
    target: Path,
    kernels: Kernels,
    environment: Mapping[str, str],
    timeout: float,
    tell: Callable[[SectionEvent], None],
) -> SectionRun:
    started = time.monotonic()
    done = total = 0

    def event(step: Step) -> SectionEvent:
        return SectionEvent(section, step, time.monotonic() - started, done, total)

    def cell_done() -> None:
        nonlocal done
        done += 1
        tell(event(Step.RUNNING))

    # An earlier run's notebook must not pass for this one's.
    target.unlink(missing_ok=True)
    problem: Failure | None
    try:
        source = read_source(section.notebook)
    except UnusableError as error:
        tell(event(Step.RUNNING))
        problem = Failure(None, None, str(error))
    else:
        total = source.code_cells
        tell(event(Step.RUNNING))
        attempt = _Attempt(
            manager=kernels.manager(str(section.number)),
            folder=section.notebook.parent.resolve(),
            environment={**kernels.environment, **environment},
            timeout=timeout,
            on_cell=cell_done,
        )
        problem = _papermill(source, period, attempt)
        save(normalised(source, attempt.executed or source.node, period, problem is None), target)
    tell(event(Step.DONE if problem is None else Step.FAILED))
    return SectionRun(section, time.monotonic() - started, target, problem)


def _papermill(source: Source, period: Period, attempt: _Attempt) -> Failure | None:
    """Run a notebook to its end or its first failure; leaves the notebook so far in the attempt."""
    try:
        execute_notebook(
            source.node,
            None,
            parameters={"period": str(period)},
            engine_name=_ENGINE,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            start_timeout=_START_SECONDS,
            attempt=attempt,
        )
    except PapermillExecutionError:
        # Read from the outputs below: papermill names the last error, and lets sys.exit() pass for success.
        pass
    except CellTimeoutError:
        return failure.timed_out(_position(source, attempt), attempt.timeout, _raw_output(attempt))
    except DeadKernelError:
        return failure.died(_position(source, attempt), attempt.returncode, _raw_output(attempt))
    except RuntimeError as error:
        if attempt.started:
            raise
        return Failure(None, None, f"không khởi động được tiến trình tính toán ({error})", _raw_output(attempt))
    assert attempt.executed is not None
    attempt.executed = remove_error_markers(attempt.executed)
    return _first_failure(source, attempt.executed)


def _first_failure(source: Source, executed: NotebookNode) -> Failure | None:
    for index, cell in enumerate(executed.cells):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                return failure.from_error_output(source.position(index), cell, output)
        if cell.metadata.get("papermill", {}).get("exception"):
            return failure.without_error(source.position(index), cell)
    return None


def _position(source: Source, attempt: _Attempt) -> int | None:
    return None if attempt.current is None else source.position(attempt.current)


def _raw_output(attempt: _Attempt) -> str:
    path = attempt.manager.raw_output
    return path.read_text("utf-8", errors="replace")[-20_000:] if path.exists() else ""
