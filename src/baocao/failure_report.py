"""What a user reads of the sections that failed: problems for the screen, tracebacks for the log."""

from collections.abc import Iterable
from pathlib import Path

from baocao.errors import Problem
from baocao.execute import SectionRun, Step
from baocao.project import Section


def _display_path(section: Section) -> str:
    """Name the notebook from the project's folder: notebooks/24-….ipynb."""
    return "/".join(section.notebook.parts[-3 if section.own else -2 :])


def failure_problems(runs: Iterable[SectionRun], log: Path | None) -> list[Problem]:
    """One problem for each failed section, in order: notebook, cell, line, the error, and where to look.

    Without a log there is nothing to look at, and saving the notebook is what runs it again.
    """
    problems = []
    for run in runs:
        if run.failure is None:
            continue
        where = [_display_path(run.section)]
        if run.failure.cell is not None:
            where.append(f"ô {run.failure.cell}")
        if run.failure.line is not None:
            where.append(f"dòng {run.failure.line}")
        if log is None:
            then = "rồi lưu lại"
        elif run.notebook.exists():
            then = f"rồi chạy lại; xem sổ tay đã chạy {run.notebook} và nhật ký {log}"
        else:
            then = f"rồi chạy lại; xem nhật ký {log}"
        problems.append(
            Problem(
                what=f"{run.section.title}: {run.failure.error}",
                where=tuple(where),
                expected=run.failure.expected,
                remedy=f"{run.failure.remedy or 'sửa sổ tay'}, {then}",
            )
        )
    return problems


def write_log(path: Path, runs: Iterable[SectionRun]) -> None:
    """Write the log of a run: each section with its time, and the traceback where it failed."""
    lines = []
    for run in runs:
        state = Step.DONE if run.failure is None else Step.FAILED
        lines.append(f"== {run.section.label} · {_display_path(run.section)} · {state.value} · {run.seconds:.1f} s")
        if run.failure is not None:
            place = f"ô {run.failure.cell}" if run.failure.cell is not None else "không ở ô nào"
            if run.failure.line is not None:
                place += f", dòng {run.failure.line}"
            lines += [f"{place}: {run.failure.error}", run.failure.traceback, ""]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", "utf-8", newline="\n")
