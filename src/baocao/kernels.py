"""The processes that run notebooks: one Jupyter kernel per section, warm where the platform can fork.

A warm kernel is an ordinary Jupyter kernel that a kernel provisioner forks from a process in which
ipykernel, pandas and seaborn are already imported (`baocao.zygote`). Where that process cannot be had,
the same notebooks run in ordinary kernels.
"""

import asyncio
import contextlib
import itertools
import logging
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from queue import Empty
from types import TracebackType
from typing import Any, Final

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from baocao import zygote
from baocao.forks import ONE_THREAD, Forked, Zygote, ZygoteError
from baocao.scratch import scratch

PROVISIONER: Final = "baocao-warm"
# What notebooks import, except `baocao.notebook`: that registers a magic on import, with the shell of its kernel.
PRELOAD: Final = (
    "pandas",
    "seaborn",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "baocao.charts",
    "baocao.completion",
    "baocao.inspection",
    "baocao.month",
    "baocao.narrative",
    "baocao.params",
    "baocao.tables",
)

_FORK_SECONDS: Final = 30.0
_END_SECONDS: Final = 1.0
_HAS_IPC: Final = sys.platform != "win32"
_SOCKET_NAME_BYTES: Final = 100


_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())


class WarmProvisioner(LocalProvisioner):
    """Starts a kernel by forking the zygote of its kernel manager, or, without one, as an ordinary process."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork instead of starting an interpreter; `cmd` is the command line of an ordinary kernel."""
        manager = self.parent
        assert isinstance(manager, SectionKernelManager)
        assert manager.zygote is not None
        try:
            manager.zygote.wait_ready()
            # cmd: python -m ipykernel_launcher <arguments>
            future = manager.zygote.fork(cmd[2:], cwd=kwargs["cwd"], env=kwargs["env"], log=str(manager.raw_output))
            forked = await asyncio.wait_for(asyncio.wrap_future(future), _FORK_SECONDS)
        except (ZygoteError, TimeoutError) as error:
            manager.kernels.gone_cold(str(error))
            return await super().launch_kernel(cmd, **kwargs)
        self.process = forked  # type: ignore[assignment]
        # Signals go through the zygote: it alone knows that the process id still is this kernel's.
        self.pid, self.pgid = forked.pid, None
        self.cwd = kwargs["cwd"]
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """End the kernel. The end of a forked one is told; whoever waits for it else looks ten times a second."""
        await super().kill(restart)
        if isinstance(self.process, Forked):
            await asyncio.wait([asyncio.wrap_future(self.process.end)], timeout=_END_SECONDS)


class _ThisPython(KernelSpecManager):
    """One kernel for every notebook: the interpreter that runs baocao, whatever a desk has registered as python3."""

    def __init__(self, provisioner: str | None) -> None:
        super().__init__()
        self._provisioner = provisioner

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Give the kernel specification; the name asked for makes no difference."""
        metadata = {"kernel_provisioner": {"provisioner_name": self._provisioner}} if self._provisioner else {}
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name=kernel_name,
            language="python",
            metadata=metadata,
        )


class _Client(AsyncKernelClient):
    """A client that is ready when the kernel answers: nbclient passes over messages that are not for it."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """As the ordinary one does, but for its last wait, for a silence of 0.2 s; no answer is a `RuntimeError`."""
        until = time.monotonic() + (math.inf if timeout is None else timeout)
        while True:
            self.kernel_info()
            with contextlib.suppress(Empty):
                message = await self.get_shell_msg(timeout=1)
                if message["msg_type"] == "kernel_info_reply":
                    # Who hears one message on this channel hears all that follow; if none comes, ask again.
                    await self.get_iopub_msg(timeout=0.2)
                    self._handle_kernel_info_reply(message)
                    return
            if not await self.is_alive():
                raise RuntimeError("the kernel died before it answered")
            if time.monotonic() > until:
                raise RuntimeError(f"the kernel did not answer in {timeout} seconds")


class SectionKernelManager(AsyncKernelManager):
    """The kernel manager of one section; `Kernels` knows its kernel from the moment it runs."""

    zygote: Zygote | None = None
    name: str
    raw_output: Path
    kernels: "Kernels"

    async def start_kernel(self, **kwargs: Any) -> None:  # type: ignore[override]
        """Start the kernel, with what it writes outside of cells kept in `raw_output`."""
        with self.raw_output.open("ab") as raw:
            await super().start_kernel(stdout=raw, stderr=raw, **kwargs)
        self.kernels.started(self)

    @property
    def runs(self) -> bool:
        """The kernel's process has not ended."""
        process = self._process
        return process is not None and process.poll() is None

    @property
    def _process(self) -> Any:
        return self.provisioner.process if isinstance(self.provisioner, LocalProvisioner) else None

    def kill_now(self) -> None:
        """End the kernel and what it started, from any thread; whoever waits for it sees it dead."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        if isinstance(process, subprocess.Popen) and hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _python_path() -> dict[str, str]:
    """`PYTHONPATH` that gives kernels, which run in other folders, the same `baocao` as this process has."""
    entries = [str(Path(entry).resolve()) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    package = str(Path(__file__).resolve().parent.parent)
    if Path(package).name not in ("site-packages", "dist-packages") and package not in entries:
        entries.insert(0, package)
    return {"PYTHONPATH": os.pathsep.join(entries)} if entries else {}


class Kernels:
    """All kernels of a run: starts them warm if it can, and leaves none behind.

    A context manager. Entering returns at once; the warm process gets ready beside other work, so enter early.
    `environment` is added to that of this process.
    """

    def __init__(
        self, environment: Mapping[str, str], *, warm: bool = True, preload: tuple[str, ...] = PRELOAD
    ) -> None:
        self._environment = {**ONE_THREAD, **os.environ, **_python_path()}
        # The order of a set reaches outputs (legends, tables), so that every kernel hashes alike.
        self._environment["PYTHONHASHSEED"] = "0"
        # What a notebook reads or writes, and its tracebacks, do not depend on a code page.
        self._environment["PYTHONUTF8"] = "1"
        self._given = dict(environment)
        self._want_warm = warm and zygote.SUPPORTED
        self._preload = preload
        self._lock = threading.Lock()
        self._serial = itertools.count(1)
        self._live: list[SectionKernelManager] = []
        self._stopping = False
        self._zygote: Zygote | None = None
        self._folder: Path | None = None
        self._exit = contextlib.ExitStack()
        self.why_cold = "" if self._want_warm else "not asked for, or no safe fork on this platform"

    def __enter__(self) -> "Kernels":
        self._folder = self._exit.enter_context(scratch())
        # What a desk has in its IPython profile (startup files, settings) must not change a report.
        self._environment |= {"IPYTHONDIR": str(self._folder / "ipython"), **self._given}
        factory = KernelProvisionerFactory.instance()
        # Registered here as well as by entry point: a source tree that is not installed has no entry points.
        factory.provisioners[PROVISIONER] = EntryPoint(
            PROVISIONER, f"{__name__}:{WarmProvisioner.__name__}", KernelProvisionerFactory.GROUP_NAME
        )
        if self._want_warm:
            self._zygote = Zygote(self._environment, self._folder / "zygote.log", self._preload)
            self._exit.callback(self._zygote.close)
        self._exit.callback(self.stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()

    @property
    def environment(self) -> Mapping[str, str]:
        """What kernels get: this process's environment and what was added."""
        return self._environment

    def warm(self) -> bool:
        """Whether kernels are forked from a warm process; waits until that is known. If not, `why_cold` says why."""
        if self._zygote is not None and not self.why_cold:
            try:
                self._zygote.wait_ready()
            except ZygoteError as error:
                self.gone_cold(str(error))
        return not self.why_cold

    def gone_cold(self, why: str) -> None:
        """Take note that kernels start as ordinary processes, and why."""
        _log.warning("ordinary kernels: %s", why)
        self.why_cold = why

    def manager(self, name: str) -> SectionKernelManager:
        """Make a manager for one more kernel, not started yet; `name` is short and fit for a file."""
        assert self._folder is not None, "enter the context first"
        warm = self._zygote is not None and not self.why_cold
        own = f"{name}-{next(self._serial)}"
        connection = str(self._folder / f"{own}.json")
        # The name of a Unix socket has at most about 100 bytes, and a folder for temporary files may be deep.
        short = len(os.fsencode(connection)) + len("-ipc-5") <= _SOCKET_NAME_BYTES
        manager = SectionKernelManager(
            connection_file=connection,
            transport="ipc" if _HAS_IPC and short else "tcp",
            kernel_spec_manager=_ThisPython(PROVISIONER if warm else None),
            client_factory=_Client,
        )
        manager.zygote = self._zygote if warm else None
        manager.name = name
        manager.raw_output = self._folder / f"{own}.log"
        manager.kernels = self
        return manager

    def started(self, manager: SectionKernelManager) -> None:
        """Remember a kernel that runs; it ends at once when the run is being stopped."""
        with self._lock:
            self._live = [*(item for item in self._live if item.runs), manager]
            stopping = self._stopping
        if stopping:
            manager.kill_now()

    def end(self, name: str) -> None:
        """End the kernels that were started under `name` and still run, from any thread."""
        with self._lock:
            live = tuple(manager for manager in self._live if manager.name == name)
        for manager in live:
            manager.kill_now()

    def stop(self) -> None:
        """End every kernel, now and from any thread; kernels that start later end at once."""
        with self._lock:
            self._stopping = True
            live = tuple(self._live)
        for manager in live:
            manager.kill_now()
