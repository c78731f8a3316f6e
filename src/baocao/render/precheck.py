"""The check before `quarto render` and `quarto preview` by hand (`project: pre-render` of `_quarto.yml`).

Quarto renders whatever stands in the document. `python -m baocao.render.precheck` refuses a document that is absent, or
whose sections failed, stopped halfway, never ran or ran from another notebook than the present one.
"""

import os
import sys
from pathlib import Path

from baocao.errors import BaocaoError, InputError, Problem, RunError
from baocao.part import take_apart
from baocao.period import Period
from baocao.project import Project
from baocao.render.source import load_source

INPUTS_VARIABLE = "QUARTO_PROJECT_INPUT_FILES"


def check(project: Project, documents: list[Path]) -> None:
    """Refuse, all at once, the `documents` (`outputs/<period>/build/report.qmd`) that must not be rendered."""
    if not documents:
        raise InputError(
            Problem(
                "chưa có văn bản nào để dàn trang",
                ("outputs",),
                expected="outputs/<kỳ>/build/report.qmd của một lần chạy thành công",
                remedy="chạy baocao run trước",
            )
        )
    problems: list[Problem] = []
    for document in documents:
        try:
            _check_one(project, document)
        except BaocaoError as error:
            problems.extend(error.problems)
    if problems:
        raise RunError(problems)


def _check_one(project: Project, document: Path) -> None:
    build = document.parent
    period = Period.parse(build.parent.name)
    load_source(build)
    problems: list[Problem] = []
    sections = project.sections(period)
    for section in sections:
        executed = build / "sections" / section.notebook.name
        if not executed.is_file():
            remedy = f"chạy lại baocao run {period}"
            problems.append(Problem("mục chưa chạy trong lần lập báo cáo này", (section.notebook.name,), remedy=remedy))
            continue
        try:
            take_apart(section, executed, str(period))
        except RunError as error:
            problems.extend(error.problems)
    known = {section.notebook.name for section in sections}
    for path in sorted((build / "sections").glob("*.ipynb")):
        if path.name not in known:
            remedy = f"chạy lại baocao run {period}"
            problems.append(Problem("mục không còn sổ tay trong dự án", (path.name,), remedy=remedy))
    if problems:
        raise RunError(problems)


def main() -> int:
    """Check the documents that Quarto is about to render; the exit status of the module."""
    # Quarto shows what comes here to its user, whatever the code page of the console.
    sys.stderr.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    try:
        project = Project.find(Path(os.environ.get("QUARTO_PROJECT_DIR") or Path.cwd()))
        names = [name for name in os.environ.get(INPUTS_VARIABLE, "").splitlines() if name.strip()]
        check(project, [project.root / name for name in names])
    except BaocaoError as error:
        sys.stderr.write(f"Chưa dàn trang được:\n{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
