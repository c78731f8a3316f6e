"""The local page: serves what the session has to show, and tells open pages when there is something newer.

Bound to the loopback address alone. A request that names another host is refused, so that no page elsewhere can reach
the report through a name of its own (DNS rebinding).
"""

import asyncio
import contextlib
import gc
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from socket import socket
from typing import Any, Final
from urllib.parse import urlsplit

from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler
from watchfiles import awatch

from baocao.errors import BaocaoError, InputError, Problem
from baocao.kernels import Kernels
from baocao.period import Period
from baocao.preview.panel import panel
from baocao.preview.session import Session
from baocao.project import Project
from baocao.run import kernel_environment
from baocao.scratch import scratch

_LOOPBACK: Final = "127.0.0.1"
_HOSTS: Final = (_LOOPBACK, "localhost")
_WATCHED: Final = ("notebooks", "params", "data", "src/baocao/theme")
_SETTLE_MS: Final = 50
"""A program that saves writes a file more than once; it is done when nothing comes for so long."""
_MOST_MS: Final = 400
_HEARTBEAT_SECONDS: Final = 10.0
_RETRY_SECONDS: Final = 1.0
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ASSETS: Final = {"xem-truoc.css": "text/css", "xem-truoc.js": "text/javascript"}


def serve(project: Project, period: Period, port: int, jobs: int, started: Callable[[str], None]) -> None:
    """Show the report of `period` at a loopback address until interrupted; `started` is given the address.

    Port 0 is any free one. What it makes is in a folder for temporary files, which goes with it.
    """
    project = Project(project.root.resolve())
    sockets = _listen(port)
    address = f"http://{_LOOPBACK}:{sockets[0].getsockname()[1]}/"
    with scratch() as work:
        dataset = work / "dataset.json"
        with Kernels(kernel_environment(project, period, dataset)) as kernels:
            session = Session(project, period, kernels, work, dataset, jobs)
            try:
                asyncio.run(_Desk(session, kernels).run(sockets, lambda: started(address)))
            except ExceptionGroup as group:
                raise group.exceptions[0] from group


def _listen(port: int) -> list[socket]:
    try:
        return bind_sockets(port, _LOOPBACK)
    except OSError as error:
        raise InputError(
            Problem(
                f"không mở được cổng {port} ({error.strerror})",
                ("--port",),
                expected="một cổng chưa chương trình nào dùng",
                remedy="chọn cổng khác, hoặc bỏ --port để lấy một cổng trống",
            )
        ) from error


class _Desk:
    """The session, who watches the files for it, and who waits for news of it."""

    def __init__(self, session: Session, kernels: Kernels) -> None:
        self.session = session
        self._kernels = kernels
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="baocao-preview")
        self._wake = asyncio.Event()
        self._news = asyncio.Condition()
        self._busy = True

    async def run(self, sockets: list[socket], started: Callable[[], None]) -> None:
        """Serve, watch and update until cancelled."""
        settings: dict[str, Any] = {"desk": self}
        application = Application(
            [
                ("/", _Shell, settings),
                (r"/(xem-truoc\.\w+)", _Asset, settings),
                (r"/bao-cao/\d+", _Report, settings),
                ("/tin", _News, settings),
                (rf"/bao-cao-{self.session.period}\.pdf", _Pdf, settings),
                ("/.*", _Nothing, settings),
            ],
            log_function=lambda _handler: None,
        )
        server = HTTPServer(application)
        server.add_sockets(sockets)
        try:
            async with asyncio.TaskGroup() as tasks:
                root = self.session.project.root
                folders = [root / name for name in _WATCHED if (root / name).is_dir()]
                tasks.create_task(self._watch(folders, recursive=True))
                tasks.create_task(self._watch([root], recursive=False))
                # Both watch before anything is read, so that no change falls between.
                await asyncio.sleep(0)
                tasks.create_task(self._update())
                started()
        finally:
            server.stop()
            # Ends what an update is waiting for.
            self._kernels.stop()
            self._worker.shutdown(cancel_futures=True)

    async def _watch(self, folders: list[Path], recursive: bool) -> None:
        async for changes in awatch(
            *folders, watch_filter=None, debounce=_MOST_MS, step=_SETTLE_MS, recursive=recursive
        ):
            if self.session.note(Path(path) for _, path in changes):
                await self._tell(busy=True)
                self._wake.set()

    async def _update(self) -> None:
        loop = asyncio.get_running_loop()
        # What was imported is there for good: to search it for garbage amid an update takes a tenth of a second.
        gc.collect()
        gc.freeze()
        self._wake.set()
        while True:
            await self._wake.wait()
            self._wake.clear()
            await loop.run_in_executor(self._worker, self.session.update)
            await self._tell(busy=self.session.pending)
            if self.session.blocked:
                await asyncio.sleep(_RETRY_SECONDS)
                self.session.note_all()
            if self.session.pending:
                self._wake.set()

    async def _tell(self, busy: bool) -> None:
        async with self._news:
            self._busy = busy
            self._news.notify_all()

    def panel(self) -> str:
        """What pages are told now."""
        return json.dumps(panel(self.session.view, self._busy), ensure_ascii=False)

    async def news(self) -> AsyncIterator[str]:
        """What pages are told, now and each time it changes; an empty text now and then while it does not."""
        last = ""
        while True:
            now = self.panel()
            if now != last:
                last = now
                yield now
            async with self._news:
                try:
                    await asyncio.wait_for(self._news.wait_for(lambda: self.panel() != last), _HEARTBEAT_SECONDS)  # noqa: B023
                except TimeoutError:
                    yield ""

    async def pdf(self) -> bytes:
        """The page on show as PDF."""
        return await asyncio.get_running_loop().run_in_executor(None, self.session.pdf)


class _Handler(RequestHandler):
    """What all answers have in common."""

    desk: _Desk

    def initialize(self, desk: _Desk) -> None:
        self.desk = desk

    def prepare(self) -> None:
        if urlsplit(f"//{self.request.host}").hostname not in _HOSTS:
            raise HTTPError(403, reason="Forbidden")

    def set_default_headers(self) -> None:
        self.set_header("Content-Security-Policy", _POLICY)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")
        self.clear_header("Server")

    def write_error(self, status_code: int, **_: object) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        words = {403: "Chỉ xem được trên chính máy này.", 404: "Không có trang này.", 405: "Chỉ xem, không gửi được."}
        self.finish(words.get(status_code, "Không hiện được trang này."))


class _Shell(_Handler):
    async def get(self) -> None:
        page = (Path(__file__).parent / "xem-truoc.html").read_text(encoding="utf-8")
        self.finish(page.replace("{{ky}}", str(self.desk.session.period)))


class _Asset(_Handler):
    async def get(self, name: str) -> None:
        if name not in _ASSETS:
            raise HTTPError(404)
        self.set_header("Content-Type", f"{_ASSETS[name]}; charset=utf-8")
        self.finish((Path(__file__).parent / name).read_bytes())


class _Report(_Handler):
    async def get(self) -> None:
        if not self.desk.session.view.page:
            raise HTTPError(404)
        # What it may load, the page itself says.
        self.set_header("Content-Security-Policy", "frame-ancestors 'self'")
        self.finish(self.desk.session.view.html)


class _News(_Handler):
    async def get(self) -> None:
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        # The reader has gone, or the server goes.
        with contextlib.suppress(StreamClosedError, asyncio.CancelledError):
            async for text in self.desk.news():
                self.write(f"data: {text}\n\n" if text else ":\n\n")
                await self.flush()


class _Pdf(_Handler):
    async def get(self) -> None:
        try:
            data = await self.desk.pdf()
        except BaocaoError as error:
            self.set_status(503)
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.finish(str(error))
            return
        # The browser's own viewer shows it.
        self.set_header("Content-Security-Policy", "frame-ancestors 'none'")
        self.set_header("Content-Type", "application/pdf")
        self.finish(data)


class _Nothing(_Handler):
    async def get(self) -> None:
        raise HTTPError(404)
