"""The folder of a site: its parts, one publisher at a time, and what an interrupted command left."""

import contextlib
import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from baocao.errors import InputError, Problem, RunError
from baocao.faults import readable
from baocao.period import Period
from baocao.site.switch import shed, switch
from baocao.site.tree import discard, link_tree, move, read_json, settle, settle_names

RECORD = "ban-phat-hanh.json"
"""What a release is made of: its id, and the revisions of each month."""

_STAMP_LETTERS = str.maketrans("tz", "TZ")
"""The letters of a release's id that are no hexadecimal digits."""

# How a network share or a disk says that it is no longer there.
_GONE = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.ESTALE,
    errno.ENODEV,
    errno.ENXIO,
    errno.ENOTCONN,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.ETIMEDOUT,
    errno.ECONNRESET,
    errno.ECONNABORTED,
}

Record = dict[str, Any]


@dataclass(frozen=True)
class Site:
    """One site, by the folder it is in."""

    root: Path
    interrupted: bool = False
    """The command before was cut off; known where the site is opened."""

    @property
    def current(self) -> Path:
        """What the web server serves."""
        return self.root / "current"

    @property
    def following(self) -> Path:
        """What is about to be `current`; after an exchange, what was."""
        return self.root / "next"

    @property
    def previous(self) -> Path:
        """Static files of the release before; while a switch takes two renames, the whole of it."""
        return self.root / "previous"

    @property
    def releases(self) -> Path:
        """The last releases that readers saw."""
        return self.root / "releases"

    @property
    def months(self) -> Path:
        """What was published, by month and revision."""
        return self.root / "months"

    @property
    def work(self) -> Path:
        """Where a release is built."""
        return self.root / ".work"

    @property
    def lock(self) -> Path:
        """Held by the one command that may write."""
        return self.root / ".lock"

    @property
    def exists(self) -> bool:
        """Something was published here."""
        return any(path.exists() for path in (self.current / RECORD, self.releases, self.months))

    def release_ids(self) -> tuple[str, ...]:
        """The releases that are kept, oldest first."""
        if not self.releases.is_dir():
            return ()
        # Some shares give all names in lower case.
        return tuple(sorted(path.name.translate(_STAMP_LETTERS) for path in self.releases.iterdir()))

    def record(self) -> Record | None:
        """The record of the release that is served; of the last one, should that be lost."""
        ids = self.release_ids()
        for folder in (self.current, *(self.releases / name for name in reversed(ids))):
            if (folder / RECORD).is_file():
                record: Record = read_json(folder / RECORD)
                return record
        return None

    def switch_to(self, release: Path) -> None:
        """Serve the tree `release`, which stays as it is."""
        if not self.lock.exists():
            # The share went away, and what is here is the folder that it was mounted on.
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.root))
        stage = self.work / "next"
        link_tree(release, stage)
        settle(stage)
        move(stage, self.following)
        switch(self.following, self.current, self.previous)
        settle_names(self.root)

    def list_release(self, name: str) -> None:
        """Keep the release of that name, which is in the work folder and served, among the releases."""
        self.releases.mkdir(exist_ok=True)
        move(self.work / name, self.releases / name)
        settle_names(self.releases)

    def recover(self) -> None:
        """Finish or undo what an interrupted command left; what is there tells which."""
        if not self.current.exists():
            if self.following.exists():
                move(self.following, self.current)
            elif (self.previous / RECORD).is_file():
                move(self.previous, self.current)
        elif self.following.exists():
            discard(self.previous)
            move(self.following, self.previous)
        if self.previous.exists():
            shed(self.previous)
        if (self.current / RECORD).is_file():
            name = read_json(self.current / RECORD)["id"]
            if (self.work / name).is_dir() and not (self.releases / name).exists():
                self.list_release(name)
        discard(self.work)


@contextlib.contextmanager
def opened(root: Path, wait: float, *, known: bool = False, new: bool = False) -> Iterator[Site]:
    """The site in `root`, for one command at a time; another waits up to `wait` seconds, then is a `RunError`.

    A folder without a site becomes one if it is absent or empty; any other is an `InputError`. So is a site where a
    `new` one was asked for. A site that is `known` to have been there and is not is a `RunError`, unless `new`.
    """
    site = Site(root)
    with _reachable(root), readable(root):
        if site.exists and new:
            raise _present(root)
        if not site.exists:
            if known and not new:
                raise _gone(root)
            _check_fit(root)
        root.mkdir(exist_ok=True)
        lock = FileLock(site.lock, timeout=wait)
        try:
            lock.acquire()
        except Timeout:
            raise RunError(
                Problem(
                    "một lệnh khác đang công bố lên trang này",
                    (str(root),),
                    expected="mỗi trang một lệnh publish hoặc rollback tại một thời điểm",
                    remedy="chờ lệnh kia xong rồi chạy lại lệnh",
                )
            ) from None
        try:
            site = replace(site, interrupted=site.work.exists() or site.following.exists())
            site.recover()
            site.work.mkdir()
            try:
                yield site
            except BaseException:
                # Room on the disk is given back at once, where that can be done.
                with contextlib.suppress(OSError):
                    site.recover()
                raise
            discard(site.work)
        finally:
            lock.release()


def _present(root: Path) -> InputError:
    return InputError(
        Problem(
            "thư mục đã có trang, không dựng trang mới",
            (str(root),),
            expected="thư mục trống hoặc thư mục mới",
            remedy="bỏ --new-site để công bố lên trang đang có, hoặc chọn thư mục khác bằng --site",
        )
    )


def _gone(root: Path) -> RunError:
    return RunError(
        Problem(
            "không thấy trang đã công bố ở đây",
            (str(root),),
            expected="trang với các kỳ và các lần công bố trước",
            remedy="nối lại ổ mạng hoặc khôi phục thư mục từ bản sao lưu, rồi chạy lại lệnh; chỉ khi muốn bắt đầu một "
            "trang mới ở đây thì thêm --new-site",
        )
    )


def _check_fit(root: Path) -> None:
    """Whether a new site may begin in `root`."""
    if root.is_dir():
        # A first publication that was cut off leaves these.
        if {path.name for path in root.iterdir()} <= {".lock", ".work"}:
            return
        fault = "thư mục đã có tệp, và không phải trang do baocao tạo"
    elif root.exists():
        fault = "là một tệp, không phải thư mục"
    elif root.parent.is_dir():
        return
    else:
        fault = "không có thư mục này, cũng không có thư mục chứa nó"
    raise InputError(
        Problem(
            fault,
            (str(root),),
            expected="thư mục của trang, thư mục trống, hoặc thư mục mới trong một thư mục đã có",
            remedy="kiểm tra đường dẫn và kết nối tới ổ mạng, hoặc chọn thư mục khác bằng --site",
        )
    )


@contextlib.contextmanager
def _reachable(root: Path) -> Iterator[None]:
    """A folder that went away while a command worked in it is a `RunError`; any other fault goes on as it is."""
    try:
        yield
    except OSError as error:
        if error.errno not in _GONE or not str(error.filename or root).startswith(str(root)):
            raise
        raise RunError(
            Problem(
                "không còn thấy thư mục của trang trong khi đang ghi",
                (str(error.filename or root),),
                expected=f"thư mục {root} có mặt suốt khi lệnh chạy",
                remedy="kiểm tra ổ đĩa hoặc ổ mạng, rồi chạy lại lệnh",
            )
        ) from error


def month_folder(site: Site, period: Period, number: int) -> Path:
    """Where revision `number` of a month is kept."""
    return site.months / str(period) / str(number)
