"""The warm process: imports the heavy libraries once, then forks a Jupyter kernel whenever it is asked to.

Run as a script. It reads one JSON object per line from its standard input and writes one per line to its
standard output; it has no threads, or it refuses to fork. End of input ends it and all its kernels.
"""

import sys

if __name__ == "__main__":
    # The folder of this script holds modules that must not hide others.
    del sys.path[0]

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

# macOS has fork, but its system libraries do not survive it.
SUPPORTED: Final = sys.platform.startswith("linux")

_INLINE: Final = "module://matplotlib_inline.backend_inline"
_KERNEL: Final = (
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.debugger"),
    *("IPython.core.completerlib", "IPython.core.debugger", "IPython.extensions.storemagic"),
    *("sqlite3", "tornado.platform.asyncio"),
)
"""What a kernel imports while it starts."""


@dataclass(frozen=True)
class _Request:
    """A kernel to be: its arguments, folder, environment, and the file for output outside of cells."""

    argv: list[str]
    cwd: str
    env: dict[str, str]
    log: str


def _preload(names: list[str]) -> None:
    # What a kernel does first (IPKernelApp.init_gui_pylab), since matplotlib reads it on import.
    if not os.environ.get("MPLBACKEND"):
        os.environ["MPLBACKEND"] = _INLINE
    for name in (*_KERNEL, *names):
        importlib.import_module(name)


def _serve(orders: int, reports: int) -> _Request | None:
    """Fork on demand. Returns a request in the new process, None in this one when the input has ended."""
    children: set[int] = set()

    def report(message: dict[str, object]) -> None:
        data = json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(reports, data) :]

    def on_child(_signum: int, _frame: FrameType | None) -> None:
        """Only the wake-up counts."""

    bell, ring = os.pipe()
    os.set_blocking(bell, False)
    os.set_blocking(ring, False)
    signal.signal(signal.SIGCHLD, on_child)
    signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
    selector = selectors.DefaultSelector()
    selector.register(orders, selectors.EVENT_READ)
    selector.register(bell, selectors.EVENT_READ)

    def reap() -> None:
        for pid in tuple(children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                children.discard(pid)
                report({"ended": pid, "returncode": os.waitstatus_to_exitcode(status)})

    def kill_group(pid: int, signum: int) -> None:
        # Not reaped yet, so that the number is still this child's.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signum)

    buffer = b""
    report({"ready": os.getpid()})
    while True:
        ready = {key.fd for key, _ in selector.select()}
        if bell in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(bell, 4096)
            reap()
        if orders not in ready:
            continue
        chunk = os.read(orders, 1 << 16)
        if not chunk:
            break
        *lines, buffer = (buffer + chunk).split(b"\n")
        for line in lines:
            message: dict[str, Any] = json.loads(line)
            if "signal" in message:
                if message["pid"] in children:
                    kill_group(message["pid"], message["signal"])
                continue
            pid = os.fork()
            if pid == 0:
                os.setpgid(0, 0)
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                selector.close()
                for descriptor in (bell, ring, orders, reports):
                    os.close(descriptor)
                return _Request(message["argv"], message["cwd"], message["env"], message["log"])
            # Also from this side: a signal may be asked for before the child has come so far.
            with contextlib.suppress(PermissionError, ProcessLookupError):
                os.setpgid(pid, pid)
            children.add(pid)
            report({"forked": message["fork"], "pid": pid})
    for pid in children:
        kill_group(pid, signal.SIGKILL)
    for pid in children:
        os.waitpid(pid, 0)
    return None


def _become_kernel(request: _Request, parent: int) -> None:
    """Turn a fresh fork into what `python -m ipykernel_launcher` would be; returns when the kernel has ended."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(request.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(nothing)
    os.close(log)
    os.chdir(request.cwd)
    os.environ.clear()
    os.environ.update(request.env)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # or all kernels would draw the same numbers
    # Read from the environment on import, which was the zygote's.
    sys.argv = [*request.argv, f"--IPKernelApp.parent_handle={parent}"]
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance()


def main() -> None:
    """Import, serve, and in each fork be a kernel."""
    # Nothing that a library prints may reach the channel.
    orders, reports = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _preload(sys.argv[1:])
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        os.write(reports, json.dumps({"refused": f"{threads} threads after import"}).encode() + b"\n")
        return
    gc.collect()
    gc.freeze()
    me = os.getpid()
    request = _serve(orders, reports)
    if request is not None:
        _become_kernel(request, me)


if __name__ == "__main__":
    main()
