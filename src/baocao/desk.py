"""The analyst's desk: JupyterLab on the notebooks of one month, and the month's own copy of a section."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from baocao.errors import InputError, Problem
from baocao.faults import readable
from baocao.new import draft_notebook, move_notebook, whole, write_notebook
from baocao.notebook_keys import PERIOD_VARIABLE
from baocao.period import Period
from baocao.project import ROOT_VARIABLE, Project, Section, files

SETTINGS = Path(__file__).with_name("lab")
"""JupyterLab reads `overrides.json` there."""


def require_lab() -> None:
    """JupyterLab is installed beside this package, or an `InputError` tells how to get it."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise InputError(
            Problem(
                "máy chưa có JupyterLab",
                expected="JupyterLab trong cùng môi trường Python với baocao",
                remedy="chạy trong thư mục dự án: make lab; máy không có make: "
                f'"{sys.executable}" -m pip install --require-hashes -r requirements-lab.lock',
            )
        )


def require_month(project: Project, period: Period) -> None:
    """The month has parameters, or an `InputError` tells how to make it."""
    if period not in project.periods():
        raise InputError(
            Problem(
                f"chưa có tham số của kỳ {period}",
                (f"params/{period}.yml",),
                remedy=f"tạo kỳ này rồi chạy lại lệnh: baocao new {period}",
            )
        )


def own_notebook(project: Project, period: Period, wanted: str) -> tuple[Path, bool]:
    """The month's own notebook of a section, and whether it was made now; one that exists is never touched.

    Last month's own notebook is copied as a draft; without one, the shared notebook.
    """
    section = project.section(period, wanted)
    if section.own:
        return section.notebook, False
    target = project.root / "notebooks" / str(period) / section.notebook.name
    before = _own_before(project, period, section)
    notebook = draft_notebook(before, period) if before else move_notebook(section.notebook, period)
    with readable(target):
        target.parent.mkdir(exist_ok=True)
        with whole(target) as draft:
            write_notebook(draft, notebook)
    return target, True


def _own_before(project: Project, period: Period, section: Section) -> Path | None:
    folder = project.root / "notebooks" / str(period.shift(-1))
    return next((path for path in files(folder, ".ipynb") if path.name.startswith(f"{section.number:02}-")), None)


def lab_command(project: Project, opened: Path, browser: bool) -> list[str]:
    """JupyterLab of this interpreter, on this machine only, showing `opened`."""
    address = f"/lab/tree/{opened.relative_to(project.root).as_posix()}"
    return [
        *(sys.executable, "-m", "jupyterlab"),
        f"--ServerApp.root_dir={project.root}",
        "--ServerApp.ip=127.0.0.1",
        f"--LabApp.default_url={address}",
        f"--LabApp.app_settings_dir={SETTINGS}",
        # Nothing is installed from the network, and one Ctrl-C is no question.
        "--LabApp.extension_manager=readonly",
        "--ServerApp.answer_yes=True",
        *(() if browser else ("--no-browser",)),
    ]


def lab_environment(project: Project, period: Period) -> dict[str, str]:
    """What JupyterLab and its kernels find: the project, the month, and this environment's kernel before any other."""
    own, others = str(Path(sys.prefix, "share", "jupyter")), os.environ.get("JUPYTER_PATH", "")
    return {
        **os.environ,
        ROOT_VARIABLE: str(project.root),
        PERIOD_VARIABLE: str(period),
        "JUPYTER_PATH": os.pathsep.join(filter(None, (own, others))),
        "PYTHONUTF8": "1",
    }


def open_lab(project: Project, period: Period, opened: Path, browser: bool) -> int:
    """Run JupyterLab until it is stopped; its exit status.

    Ctrl-C in a terminal reaches JupyterLab too: it is given the time to end its kernels.
    """
    command = lab_command(project, opened, browser)
    with subprocess.Popen(command, env=lab_environment(project, period)) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.wait()
            raise
