"""What runs on time remember: which months were made from which forms, which notices wait and which were sent.

One small file, replaced as a whole, outside of what a run swaps: a process killed in between leaves the old one.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from baocao.errors import BusyError, Problem, RunError
from baocao.faults import readable
from baocao.held import patiently

_FILE = "due.json"
_LOCK = "due.lock"


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Notice(_Part):
    """One message to one department, or to the office where `department` is empty."""

    key: str
    """Of the content without the run's id: what was sent once is not sent again."""
    kind: str
    period: str
    department: str
    subject: str
    text: str
    html: str
    run: str
    at: str


class Record(_Part):
    """A month that is done."""

    run: str
    at: str
    manifest: str
    """SHA-256 of the manifest of its report."""
    forms: dict[str, str]
    """SHA-256 of the workbooks as they were, by name."""
    publish: Literal["", "wanted", "done"] = ""


class DueState(_Part):
    """The whole."""

    months: dict[str, Record] = {}
    waiting: list[Notice] = []
    sent: dict[str, str] = {}
    """When each notice was sent, by key."""

    @classmethod
    def load(cls, folder: Path) -> "DueState":
        """What is known; nothing at first."""
        path = folder / _FILE
        with readable(path):
            if not path.exists():
                return cls()
            text = path.read_text(encoding="utf-8")
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise RunError(
                Problem(
                    "không đọc được tệp ghi nhớ các kỳ đã lập và thư đã gửi",
                    (str(path),),
                    expected="tệp do baocao run --due ghi",
                    remedy="khôi phục tệp từ bản sao lưu; hoặc xóa tệp, khi đó các thư báo có thể được gửi lại",
                )
            ) from error

    def save(self, folder: Path) -> None:
        """Replace what is on disk."""
        path, fresh = folder / _FILE, folder / f"{_FILE}.new"
        with readable(path):
            folder.mkdir(parents=True, exist_ok=True)
            with fresh.open("w", encoding="utf-8", newline="\n") as file:
                file.write(self.model_dump_json(indent=1) + "\n")
                file.flush()
                os.fsync(file.fileno())
            patiently(lambda: fresh.replace(path))

    def tell(self, notice: Notice) -> bool:
        """Let `notice` wait for being sent; False where the same was sent or waits already."""
        if notice.key in self.sent or any(known.key == notice.key for known in self.waiting):
            return False
        self.waiting.append(notice)
        return True


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the state for one process; another is a `BusyError`. The lock goes with its process."""
    with readable(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / _LOCK, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise BusyError(
                Problem(
                    "một lần chạy baocao run --due khác đang diễn ra",
                    expected="mỗi dự án một lần chạy tại một thời điểm",
                    remedy="chờ lần chạy kia xong; lần chạy sau làm tiếp phần còn lại",
                )
            ) from None
    try:
        yield
    finally:
        lock.release()
