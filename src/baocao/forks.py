"""The far end of `baocao.zygote`: asks the warm process for kernels, signals them, hears of their end."""

import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import IO, Final

from baocao import zygote

_ZYGOTE_SECONDS: Final = 60.0

# OpenBLAS starts threads on import: many for several kernels at once, and no process with threads can be forked safely.
ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

_QUIET: Final = {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}
"""The debugger that every kernel imports warns of itself; the log shall have what matters as its last line."""


class ZygoteError(RuntimeError):
    """The process that warm kernels are forked from is not there (any more)."""


class Forked:
    """A forked kernel as `subprocess.Popen` would show it; the zygote, its parent, reaps and signals it."""

    stdin = stdout = stderr = None

    def __init__(self, owner: "Zygote", pid: int) -> None:
        self.pid = pid
        self.end: Future[int] = Future()
        """Its exit status, once it has ended; nobody who stops waiting cancels it."""
        self.end.set_running_or_notify_cancel()
        self._owner = owner

    @property
    def returncode(self) -> int | None:
        """Exit status; None while it runs."""
        return self.end.result() if self.end.done() else None

    def poll(self) -> int | None:
        """Exit status; None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Exit status, once there is one; `subprocess.TimeoutExpired` after `timeout` seconds without."""
        try:
            return self.end.result(timeout)
        except TimeoutError as error:
            raise subprocess.TimeoutExpired("kernel", timeout or 0.0) from error

    def send_signal(self, signum: int) -> None:
        """Signal its process group."""
        self._owner.signal(self.pid, signum)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class Zygote:
    """The far end of `baocao.zygote`: asks for forks, hears of their end."""

    def __init__(self, environment: Mapping[str, str], log: Path, preload: tuple[str, ...]) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[Forked]] = {}
        self._children: dict[int, Forked] = {}
        self._next = 0
        self._ready: Future[None] = Future()
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, zygote.__file__, *preload],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=log.parent,
                env={**environment, **ONE_THREAD, **_QUIET},
                start_new_session=True,
            )
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def wait_ready(self) -> None:
        """Return once forks can be asked for; `ZygoteError` if that will not happen."""
        try:
            self._ready.result(_ZYGOTE_SECONDS)
        except TimeoutError as error:
            raise ZygoteError(f"not ready after {_ZYGOTE_SECONDS:.0f} s") from error

    def fork(self, argv: list[str], *, cwd: str, env: Mapping[str, str], log: str) -> "Future[Forked]":
        """Ask for a kernel process with this command line, folder, environment and file for its raw output."""
        future: Future[Forked] = Future()
        with self._lock:
            number, self._next = self._next, self._next + 1
            self._waiting[number] = future
        self._send({"fork": number, "argv": argv, "cwd": cwd, "env": dict(env), "log": log})
        return future

    def signal(self, pid: int, signum: int) -> None:
        """Signal the process group of a kernel; nothing happens when the kernel has ended."""
        with contextlib.suppress(ZygoteError):  # without a zygote its kernels end by themselves
            self._send({"signal": int(signum), "pid": pid})

    def close(self) -> None:
        """End the zygote and every kernel that it still has."""
        assert self._process.stdin is not None
        if not self._ready.done():
            self._process.kill()  # busy importing; it has no kernel yet
        with self._lock, contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)

    def _send(self, message: dict[str, object]) -> None:
        assert self._process.stdin is not None
        try:
            with self._lock:
                self._process.stdin.write(json.dumps(message).encode() + b"\n")
                self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise ZygoteError("the zygote has ended") from error

    def _read(self, stream: IO[bytes]) -> None:
        try:
            self._take(stream)
        finally:
            self._lost()
            stream.close()

    def _take(self, stream: IO[bytes]) -> None:
        for line in stream:
            message = json.loads(line)
            if "ready" in message:
                self._ready.set_result(None)
            elif "refused" in message:
                self._ready.set_exception(ZygoteError(message["refused"]))
            elif "forked" in message:
                child = Forked(self, message["pid"])
                with self._lock:
                    self._children[child.pid] = child
                    future = self._waiting.pop(message["forked"])
                if future.set_running_or_notify_cancel():
                    future.set_result(child)
                else:  # came too late, and nobody will use it
                    child.kill()
            elif "ended" in message:
                with self._lock:
                    ended = self._children.pop(message["ended"])
                ended.end.set_result(message["returncode"])

    def _lost(self) -> None:
        """Whoever waits for the zygote or for a kernel of it shall not wait for ever."""
        said = self._log.read_text("utf-8", errors="replace").strip() if self._log.exists() else ""
        gone = ZygoteError(f"the zygote has ended: {said.splitlines()[-1] if said else 'no word'}")
        with self._lock:
            orphans, waiting = list(self._children.values()), list(self._waiting.values())
            self._children.clear()
            self._waiting.clear()
        if not self._ready.done():
            self._ready.set_exception(gone)
        for future in waiting:
            if future.set_running_or_notify_cancel():
                future.set_exception(gone)
        for orphan in orphans:
            orphan.end.set_result(-int(signal.SIGKILL))
