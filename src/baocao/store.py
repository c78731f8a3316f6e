"""`outputs/<period>` changes all at once or not at all: work happens beside it and is swapped in.

The swap is: old aside, new in, old away. A process killed in between leaves the old results aside; the next
command puts them back, or finishes the swap where the new ones are already in.
"""

import contextlib
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from baocao.errors import Problem, RunError
from baocao.period import Period


@dataclass(frozen=True)
class Store:
    """The results of one period, and the places beside them."""

    outputs: Path
    period: Period

    @property
    def final(self) -> Path:
        """The last good results."""
        return self.outputs / str(self.period)

    @property
    def work(self) -> Path:
        """Where a run works."""
        return self.outputs / f".{self.period}.work"

    @property
    def failed(self) -> Path:
        """What the last failed run left for reading."""
        return self.outputs / f"{self.period}.loi"

    @property
    def single(self) -> Path:
        """Results of sections run on their own."""
        return self.outputs / f"{self.period}.muc"

    @property
    def log(self) -> Path:
        """Log of the last run."""
        return self.outputs / "logs" / f"{self.period}.log"

    @property
    def _aside(self) -> Path:
        return self.outputs / f".{self.period}.old"

    @contextlib.contextmanager
    def locked(self, wait: float = 0) -> Iterator[None]:
        """Hold the period for one run; another run of it waits `wait` seconds, then is a `RunError`.

        The lock goes with its process, so that a killed run blocks nobody.
        """
        with readable(self.outputs):
            self.outputs.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.outputs / f".{self.period}.lock", timeout=wait)
        try:
            with lock:
                self.recover()
                yield
        except Timeout:
            raise RunError(
                Problem(
                    what=f"một lần chạy khác của kỳ {self.period} đang diễn ra",
                    expected="mỗi kỳ một lần chạy tại một thời điểm",
                    remedy="chờ lần chạy kia xong rồi chạy lại lệnh",
                )
            ) from None

    def recover(self) -> None:
        """Undo or finish a swap that was cut off."""
        with readable(self.final):
            if self._aside.exists():
                if self.final.exists():
                    shutil.rmtree(self._aside)
                else:
                    self._aside.rename(self.final)

    def fresh(self) -> Path:
        """An empty folder to work in."""
        with readable(self.work):
            if self.work.exists():
                shutil.rmtree(self.work)
            self.work.mkdir(parents=True)
        return self.work

    def commit(self) -> None:
        """Make the work the results. A file that another program holds open is a `RunError`, and both are kept."""
        with readable(self.final):
            if self.final.exists():
                self.final.rename(self._aside)
            try:
                self.work.rename(self.final)
            except OSError:
                if self._aside.exists():
                    self._aside.rename(self.final)
                raise
            shutil.rmtree(self._aside, ignore_errors=True)
            shutil.rmtree(self.failed, ignore_errors=True)

    def keep_failed(self) -> Path:
        """Move the work to where a person can read what went wrong; the results stay as they were."""
        with readable(self.failed):
            if self.failed.exists():
                shutil.rmtree(self.failed)
            self.work.rename(self.failed)
        return self.failed


@contextlib.contextmanager
def readable(place: Path) -> Iterator[None]:
    """Faults of the file system as one message that says what to do."""
    try:
        yield
    except PermissionError as error:
        busy = "đóng các tệp của báo cáo đang mở (Word, trình đọc PDF) rồi chạy lại lệnh"
        remedy = (
            busy
            if sys.platform == "win32"
            else "cấp quyền ghi vào thư mục này, đóng các tệp đang mở, rồi chạy lại lệnh"
        )
        raise RunError(
            Problem(f"không ghi được: {error.strerror}", (str(error.filename or place),), remedy=remedy)
        ) from error
    except OSError as error:
        raise RunError(
            Problem(
                f"không ghi được: {error.strerror}",
                (str(error.filename or place),),
                remedy="kiểm tra ổ đĩa còn chỗ rồi chạy lại lệnh",
            )
        ) from error
