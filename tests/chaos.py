"""What tests of survival share: processes that are killed, what is left of them, and results that must be whole."""

import contextlib
import hashlib
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

MARK = "BAOCAO_TEST_MARK"
"""Variable by whose value a test finds all processes that a run has started."""


def in_child(action: Callable[[], object]) -> int:
    """Run `action` in a process of its own, which leads a group; its id. Its status is 0 unless `action` raised."""
    child = os.fork()
    if child:
        return child
    status = 1
    with contextlib.suppress(BaseException):
        os.setpgid(0, 0)
        action()
        status = 0
    os._exit(status)


def kill(process: int, group: bool) -> None:
    """SIGKILL to the process alone, or to its whole group."""
    with contextlib.suppress(ProcessLookupError):
        if group:
            os.killpg(process, signal.SIGKILL)
        else:
            os.kill(process, signal.SIGKILL)


def marked_processes(mark: str) -> list[str]:
    """Processes alive, other than this one, that have `mark` in their environment: their command lines."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # ended meanwhile, or another user's
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if mark.encode() in (folder / "environ").read_bytes():
                found.append(f"{folder.name} {command}")
    return found


def left_after(mark: str, seconds: float) -> list[str]:
    """The processes that still have `mark` after so long; returns as soon as there are none."""
    deadline = time.monotonic() + seconds
    while (left := marked_processes(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def check_report(folder: Path) -> str:
    """The results of a run in `folder`, all files there as the manifest has them and no other; the manifest's hash."""
    content = (folder / "manifest.json").read_bytes()
    outputs = json.loads(content)["outputs"]
    assert {path.name for path in folder.iterdir()} == {*outputs, "manifest.json", "build"}
    for name, wanted in outputs.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == wanted, name
    assert (folder / f"bao-cao-{folder.name}.html").read_bytes().rstrip().endswith(b"</html>")
    for notebook in (folder / "build" / "sections").iterdir():
        assert json.loads(notebook.read_bytes())["metadata"]["baocao"]["complete"], notebook.name
    return hashlib.sha256(content).hexdigest()
