"""`outputs/<period>` changes all at once or not at all: work happens beside it and is swapped in.

The swap is one exchange where the file system has that, so that the results are there at every moment. Elsewhere it is:
old aside, new in, old away. A process killed in between leaves the old results aside; the next command puts them back,
or finishes the swap where the new ones are already in.
"""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from baocao.errors import BusyError, Problem
from baocao.exchange import exchange
from baocao.faults import readable
from baocao.held import move, remove
from baocao.period import Period


@dataclass(frozen=True)
class Store:
    """The results of one period, and the places beside them."""

    outputs: Path
    period: Period
    suffix: str = ""
    """Of the name of the results, for results beside those of a run."""

    @property
    def final(self) -> Path:
        """The last good results."""
        return self.outputs / self._name

    @property
    def _name(self) -> str:
        return f"{self.period}{self.suffix}"

    @property
    def work(self) -> Path:
        """Where a run works."""
        return self.outputs / f".{self._name}.work"

    @property
    def failed(self) -> Path:
        """What the last failed run left for reading."""
        return self.outputs / f"{self._name}.loi"

    @property
    def single(self) -> Path:
        """Results of sections run on their own."""
        return self.outputs / f"{self._name}.muc"

    @property
    def edited(self) -> Path:
        """Files that somebody edited among earlier results."""
        return self.outputs / f"{self._name}.da-sua"

    @property
    def bases(self) -> Path:
        """Reports as they were made, to compare edited copies with."""
        return self.outputs / f".{self._name}.goc"

    @property
    def log(self) -> Path:
        """Log of the last run."""
        return self.outputs / "logs" / f"{self.period}.log"

    @property
    def _aside(self) -> Path:
        return self.outputs / f".{self._name}.old"

    @contextlib.contextmanager
    def locked(self, wait: float = 0) -> Iterator[None]:
        """Hold the period for one run; another run of it waits `wait` seconds, then is a `BusyError`.

        The lock goes with its process, so that a killed run blocks nobody.
        """
        with readable(self.outputs):
            self.outputs.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.outputs / f".{self._name}.lock", timeout=wait)
            try:
                lock.acquire()
            except Timeout:
                raise BusyError(
                    Problem(
                        what=f"một lần chạy khác của kỳ {self.period} đang diễn ra",
                        expected="mỗi kỳ một lần chạy tại một thời điểm",
                        remedy="chờ lần chạy kia xong rồi chạy lại lệnh",
                    )
                ) from None
        try:
            self.recover()
            yield
        finally:
            lock.release()

    def recover(self) -> None:
        """Undo or finish a swap that was cut off."""
        with readable(self.final):
            if self._aside.exists():
                if self.final.exists():
                    remove(self._aside)
                else:
                    move(self._aside, self.final)

    def fresh(self) -> Path:
        """An empty folder to work in."""
        with readable(self.work):
            if self.work.exists():
                remove(self.work)
            self.work.mkdir(parents=True)
        return self.work

    def commit(self, rescue: Callable[[Path], object] = lambda _old: None) -> None:
        """Make the work the results. A file that another program holds open is a `RunError`, and both are kept.

        `rescue` is given the folder of the old results twice: where they are, because a kill may follow, and where
        nobody finds them any more to change them. An `OSError` of it leaves the old results.
        """
        with readable(self.final):
            if not self.final.exists():
                move(self.work, self.final)
            else:
                rescue(self.final)
                if exchange(self.work, self.final):
                    try:
                        rescue(self.work)
                    except OSError:
                        exchange(self.work, self.final)
                        raise
                    shutil.rmtree(self.work, ignore_errors=True)
                else:
                    self._swap(rescue)
            shutil.rmtree(self.failed, ignore_errors=True)
            shutil.rmtree(self.single, ignore_errors=True)

    def _swap(self, rescue: Callable[[Path], object]) -> None:
        """Work and results change places by renames."""
        move(self.final, self._aside)
        try:
            rescue(self._aside)
            move(self.work, self.final)
        except OSError:
            move(self._aside, self.final)
            raise
        shutil.rmtree(self._aside, ignore_errors=True)

    def keep_failed(self) -> Path:
        """Move the work to where a person can read what went wrong; the results stay as they were."""
        with readable(self.failed):
            if self.failed.exists():
                remove(self.failed)
            move(self.work, self.failed)
        return self.failed
