"""A folder for temporary files that goes with its process; what a killed process left goes with the next one."""

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from baocao.errors import Problem, RunError
from baocao.faults import readable

_PREFIX = "baocao-"
_LOCK = ".dang-dung"
"""File whose lock says that the folder's process lives; a folder without it is somebody else's."""


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A new folder among the system's temporary files, gone afterwards; a `RunError` where none can be made."""
    place = _place()
    _sweep(place)
    with readable(place):
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
        lock = FileLock(folder / _LOCK)
        lock.acquire()
    try:
        yield folder
    finally:
        lock.release()
        # From here on another process may sweep it, too. On Windows a process that has just been ended may hold a file
        # a little longer; the next one sweeps.
        shutil.rmtree(folder, ignore_errors=True)


def _place() -> Path:
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        raise RunError(
            Problem(
                "không ghi được vào thư mục tạm nào của máy",
                expected="chỗ trống và quyền ghi trong thư mục tạm",
                remedy="dọn ổ đĩa, cấp quyền ghi vào thư mục tạm (biến TMPDIR hoặc TEMP), rồi chạy lại lệnh",
            )
        ) from error


def _sweep(place: Path) -> None:
    """Remove what processes that were killed left; what cannot be removed, or is another user's, stays."""
    for folder in place.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError, Timeout):
            if not _is_own(folder) or not (folder / _LOCK).is_file():
                continue
            with FileLock(folder / _LOCK, timeout=0):
                # The lock goes last, so that a folder that cannot be emptied is tried again.
                for path in folder.iterdir():
                    if path.name != _LOCK:
                        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            shutil.rmtree(folder)


def _is_own(folder: Path) -> bool:
    """A folder of this user and no link: in a place that all may write to, another's could lead anywhere meanwhile."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and (sys.platform == "win32" or found.st_uid == os.getuid())
