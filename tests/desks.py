"""The servers of the analyst's desk, `baocao edit` and `baocao preview`, as a person starts and stops them."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from baocao.project import ROOT_VARIABLE

ENTRY = [sys.executable, "-c", "from baocao.cli import main; raise SystemExit(main())"]
PATIENCE = 60.0
_ADDRESS = re.compile(r"(http://127\.0\.0\.1:(\d+)/\S*)\s")
STOPPED = 130


@dataclass
class Desk:
    """A server that says where it is."""

    process: "subprocess.Popen[bytes]"
    address: str
    said: Path
    keyboard: int
    """The terminal's other end: JupyterLab asks, or does not, where there is somebody to answer."""

    def interrupt(self) -> int:
        """Ctrl-C, as a terminal gives it to all that runs there."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(PATIENCE)


def other_kernel(jupyter: Path) -> None:
    """A kernel that does not start, under the name that the notebooks ask for."""
    folder = jupyter / "kernels" / "python3"
    folder.mkdir(parents=True)
    spec = {"argv": [str(folder / "khong-co"), "{connection_file}"], "display_name": "Khác", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def jupyter_home(folder: Path) -> dict[str, str]:
    """An account that JupyterLab was never used in, with kernels of other programs."""
    names = {name: folder / name for name in ("config", "data", "runtime", "ipython", "other")}
    names["config"].mkdir(parents=True)
    settings = {"ServerApp": {"allow_root": True}}  # a container's user
    (names["config"] / "jupyter_server_config.json").write_text(json.dumps(settings), encoding="utf-8")
    other_kernel(names["data"])
    other_kernel(names["other"])
    return {
        "IPYTHONDIR": str(names["ipython"]),
        "JUPYTER_CONFIG_DIR": str(names["config"]),
        "JUPYTER_DATA_DIR": str(names["data"]),
        "JUPYTER_RUNTIME_DIR": str(names["runtime"]),
        "JUPYTER_PATH": str(names["other"]),
    }


def await_kernel(page: Page) -> None:
    """Until the notebook in front has its kernel: JupyterLab asks for one when somebody runs cells before."""
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()


@contextmanager
def desk(project: Path, arguments: Sequence[str], home: Path) -> Iterator[Desk]:
    """`baocao` with `arguments` in `project`, without opening a browser; killed at the end where it still runs."""
    environment = {name: value for name, value in os.environ.items() if name != ROOT_VARIABLE}
    environment |= {"PYTHONUNBUFFERED": "1", **jupyter_home(home)}
    said = home / "said.txt"
    keyboard, terminal = pty.openpty()
    with said.open("wb") as output:
        process = subprocess.Popen(
            [*ENTRY, *arguments, "--no-browser"],
            cwd=project,
            stdin=terminal,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
        )
    os.close(terminal)
    try:
        yield Desk(process, _address(process, said), said, keyboard)
    finally:
        os.close(keyboard)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _address(process: "subprocess.Popen[bytes]", said: Path) -> str:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        found = _ADDRESS.search(said.read_text(encoding="utf-8"))
        if found and _listens(int(found[2])):
            return found[1]
        time.sleep(0.1)
    raise AssertionError(said.read_text(encoding="utf-8"))


def _listens(port: int) -> bool:
    """JupyterLab says its address a moment before, where another program has the port that it wants first."""
    with socket.socket() as door:
        return door.connect_ex(("127.0.0.1", port)) == 0
