"""The spine of a run: read and check, execute the sections, weave, render, describe, swap in."""

import contextlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from baocao.bases import DATASET, keep_base
from baocao.edited import replace_results
from baocao.errors import BaocaoError, InputError, Problem, RunError
from baocao.execute import SectionEvent, SectionRun, execute
from baocao.failure_report import failure_problems, write_log
from baocao.faults import readable
from baocao.finding import Finding
from baocao.indicators import TITLE as INDICATORS
from baocao.kernels import Kernels
from baocao.manifest import MANIFEST, describe, read_manifest, sha256, write_manifest
from baocao.month import Month, read_month
from baocao.notebook_keys import DATASET_VARIABLE, PERIOD_VARIABLE
from baocao.part import take_apart
from baocao.period import Period
from baocao.project import ROOT_VARIABLE, Project, Section, files
from baocao.raster import rasterise
from baocao.render import FORMATS, Embedded, Renderer, render
from baocao.store import Store
from baocao.summary import NAME as SUMMARY
from baocao.summary import write_summary
from baocao.theme.measures import measures_in_force
from baocao.weave import weave

_SHARED = "nhiều đơn vị cùng báo cáo"
"""Stands for the department where a figure is not of one alone."""


class Watcher(Protocol):
    """Who is shown how far a run is."""

    def stage(self, title: str) -> AbstractContextManager[object]:
        """A stage outside the sections."""

    def on_event(self, event: SectionEvent) -> None:
        """How far a section is."""


@dataclass(frozen=True)
class Result:
    """What a run made: files by format (or the executed notebooks of `--section`), and what the checks found."""

    files: dict[str, Path]
    findings: tuple[Finding, ...]
    renderer: str = ""
    """The renderer that made the files, and its programs with versions; empty when nothing was rendered."""
    tools: Mapping[str, str] = field(default_factory=dict)
    lacking: tuple[str, ...] = ()
    """The departments that a partial report was made without."""
    kept: tuple[Path, ...] = ()
    """Copies of files among the earlier results that somebody had edited."""


def run(
    project: Project,
    period: Period,
    formats: Sequence[str],
    jobs: int,
    watcher: Watcher,
    announce: Callable[[Month], None],
    renderer: Renderer | None = None,
    partial: bool = False,
) -> Result:
    """Make the report of `period` in `formats`, with the embedded renderer unless another is given.

    `announce` is given what was read before anything runs. `InputError`: bad input, no kernel ran. `RunError`: the
    report could not be made. Either way the earlier results are as they were. With `partial`, findings that would stop
    the run do not: what is missing stays blank and every page says so, unless the period has its whole report already.
    """
    store = Store(project.outputs, period)
    # Kernels get warm beside the reading of the workbooks.
    with Kernels(kernel_environment(project, period, store.work / "build" / DATASET)) as kernels:
        sections, month = _prepare(project, period, watcher, announce, partial)
        with store.locked(), _working(store):
            if month.stopping:
                _refuse_to_replace_whole(store, project)
            return _make(project, month, sections, formats, store, jobs, watcher, kernels, renderer or Embedded())


def _make(
    project: Project,
    month: Month,
    sections: Sequence[Section],
    formats: Sequence[str],
    store: Store,
    jobs: int,
    watcher: Watcher,
    kernels: Kernels,
    renderer: Renderer,
) -> Result:
    """Execute, weave, render and swap in."""
    period = month.period
    work = _fresh(store, watcher)
    build = work / "build"
    runs = _execute(month, sections, build, store, jobs, watcher, kernels)
    with watcher.stage("Ghép các mục"):
        parts = [take_apart(item.section, item.notebook, str(period)) for item in runs]
        lacking = tuple(dict.fromkeys(finding.department or _SHARED for finding in month.stopping))
        woven = weave(parts, month.params, build, month.indicators, lacking)
        rasterise(woven.drawings, work / "render-word.log")
    stem = f"bao-cao-{period}"
    # Formats made earlier are made anew with the wanted ones: all files of a month say the same.
    wanted = [name for name in FORMATS if name in formats or (store.final / f"{stem}.{name}").exists()]
    with watcher.stage("Dàn trang"):
        files = render(build, project.quarto_config, work, stem, wanted, renderer=renderer)
        tools = renderer.tools(wanted)
    with watcher.stage("Ghi kết quả"):
        reads = {
            INDICATORS: {code for item in month.indicators for code in item.reads},
            **{part.section.label: part.reads for part in parts},
        }
        inputs = current_inputs(project, month, sections)
        write_summary(work / SUMMARY, month.params, month.indicators)
        described = [*files.values(), work / SUMMARY]
        manifest = describe(str(period), renderer.name, tools, inputs, described, reads, lacking)
        write_manifest(work / MANIFEST, manifest)
        if "docx" in files:
            keep_base(store.bases, woven.mark, files["docx"], build, work / MANIFEST)
        kept = replace_results(store)
    made = {name: store.final / path.name for name, path in files.items()}
    return Result(made, month.findings, renderer.name, tools, lacking, kept)


def run_section(
    project: Project, period: Period, wanted: str, watcher: Watcher, announce: Callable[[Month], None]
) -> Result:
    """Run one section on its own; the report is not remade. Its executed notebook stays in `outputs/<period>.muc`."""
    store = Store(project.outputs, period)
    section = project.section(period, wanted)
    with Kernels(kernel_environment(project, period, store.work / "build" / DATASET)) as kernels:
        _, month = _prepare(project, period, watcher, announce)
        with store.locked(), _working(store):
            runs = _execute(month, [section], _fresh(store, watcher) / "build", store, 1, watcher, kernels)
            take_apart(section, runs[0].notebook, str(period))
            store.single.mkdir(exist_ok=True)
            target = store.single / section.notebook.name
            runs[0].notebook.replace(target)
            shutil.rmtree(store.work)
    return Result({"ipynb": target}, month.findings)


def _prepare(
    project: Project, period: Period, watcher: Watcher, announce: Callable[[Month], None], partial: bool = False
) -> tuple[tuple[Section, ...], Month]:
    """Everything that must be right before a kernel starts; all that is wrong comes in one `InputError`."""
    with watcher.stage("Đọc và kiểm tra số liệu"):
        problems: list[BaocaoError] = []
        sections: tuple[Section, ...] = ()
        try:
            sections = project.sections(period)
            measures_in_force(period)
        except InputError as error:
            problems.append(error)
        try:
            month = read_month(project, period)
        except InputError as error:
            raise InputError([problem for item in (*problems, error) for problem in item.problems]) from error
    stopping = [] if partial else [finding.problem for finding in month.stopping]
    if problems or stopping:
        raise InputError([*(problem for item in problems for problem in item.problems), *stopping])
    announce(month)
    return sections, month


def kernel_environment(project: Project, period: Period, dataset: Path) -> dict[str, str]:
    """What tells a kernel its project, its month and where the month's figures are."""
    return {ROOT_VARIABLE: str(project.root), PERIOD_VARIABLE: str(period), DATASET_VARIABLE: str(dataset)}


def _refuse_to_replace_whole(store: Store, project: Project) -> None:
    """A report that some departments are missing from never takes the place of a whole one."""
    known = read_manifest(store.final / MANIFEST)
    if known is not None and not known.get("partial"):
        where = store.final.relative_to(project.root).as_posix()
        raise InputError(
            Problem(
                f"kỳ {store.period} đã có báo cáo đủ số liệu, không thay bằng báo cáo chưa đủ",
                (where,),
                expected="biểu của các đơn vị không còn lỗi",
                remedy=f"sửa các lỗi nêu trong baocao check {store.period}, rồi chạy lại không có --partial",
            )
        )


def _execute(
    month: Month,
    sections: Sequence[Section],
    build: Path,
    store: Store,
    jobs: int,
    watcher: Watcher,
    kernels: Kernels,
) -> tuple[SectionRun, ...]:
    """Run the sections; when one fails, what they left is kept for reading and the failures are one `RunError`."""
    build.mkdir()
    month.dataset.save(build / DATASET)
    with watcher.stage("Chạy các mục"):
        runs = execute(
            sections,
            month.period,
            build / "sections",
            jobs=jobs,
            environment={},
            timeout=month.params.cell_timeout,
            on_event=watcher.on_event,
            kernels=kernels,
        )
    write_log(store.log, runs)
    if any(item.failure for item in runs):
        raise RunError(failure_problems(runs, store.log))
    return runs


def _fresh(store: Store, watcher: Watcher) -> Path:
    """An empty folder to work in; a run that ended by itself has left none."""
    if not store.work.exists():
        return store.fresh()
    with watcher.stage("Dọn phần dở dang của lần chạy trước bị ngắt"):
        return store.fresh()


@contextlib.contextmanager
def _working(store: Store) -> Iterator[None]:
    """Faults of the file system while working become messages; work that failed is kept aside for reading."""
    try:
        with readable(store.work):
            yield
    except RunError as error:
        if not store.work.exists():
            raise
        # Messages name files of the work; they are read where these are kept.
        kept = str(store.keep_failed())
        raise type(error)([_moved(problem, str(store.work), kept) for problem in error.problems]) from error
    except Exception:
        if store.work.exists():
            store.keep_failed()
        raise


def _moved(problem: Problem, old: str, new: str) -> Problem:
    return Problem(
        problem.what.replace(old, new),
        tuple(part.replace(old, new) for part in problem.where),
        problem.expected,
        problem.remedy.replace(old, new),
    )


def current_inputs(project: Project, month: Month, sections: Iterable[Section]) -> dict[str, str]:
    """Hash of everything that a report of `month` is made from, by path from the root, as its manifest lists them."""
    own = _sources(project, month.period, sections)
    hashes = {path.relative_to(project.root).as_posix(): sha256(path) for path in own}
    return dict(sorted({**month.read_files, **hashes}.items()))


def _sources(project: Project, period: Period, sections: Iterable[Section]) -> list[Path]:
    """The project's own files that the report is made from; workbooks are known from their reading."""
    return [
        *files(project.forms, ".yml"),
        *(section.notebook for section in sections),
        project.units,
        project.derived,
        project.indicators,
        project.rules,
        project.defaults,
        project.params(period),
        project.quarto_config,
    ]
