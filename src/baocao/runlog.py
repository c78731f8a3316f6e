"""The log of a run: one file of JSON lines, named by the run's id, which messages and notices carry.

A file a run needs no rotation by renaming, which two processes or Windows would trip over: the oldest go.
"""

import json
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from baocao.settings import vietnam
from baocao.vi import nfc

KEPT: Final = 2000
"""Logs that stay: of about two years, when a month waits three days for its forms."""
SUFFIX: Final = ".jsonl"

Clock = Callable[[], datetime]
"""Tells the time, with its zone."""


def new_run_id(now: datetime) -> str:
    """“20240416T000007Z-1a2b3c4d”: ids sort as their runs began."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


class RunLog:
    """Appends events to the log of one run; the file appears with the first."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.id = new_run_id(clock())
        self.path = folder / f"{self.id}{SUFFIX}"
        self._clock = clock
        self._broken = False

    def write(self, event: str, **fields: object) -> None:
        """Append `event` with its time. A log that cannot be written is said once, and stops nothing else."""
        entry = {"time": vietnam(self._clock()).isoformat(timespec="seconds"), "run": self.id, "event": event, **fields}
        line = nfc(json.dumps(entry, ensure_ascii=False, default=str)) + "\n"
        try:
            first = not self.path.exists()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # File names in another encoding have halves of characters.
            with self.path.open("a", encoding="utf-8", errors="replace", newline="\n") as file:
                file.write(line)
            if first:
                self._rotate()
        except OSError as error:
            if not self._broken:
                print(f"Không ghi được nhật ký {self.path}: {error.strerror or error}", file=sys.stderr)
            self._broken = True

    def _rotate(self) -> None:
        logs = sorted(self.path.parent.glob(f"*{SUFFIX}"))
        for old in logs[:-KEPT]:
            old.unlink(missing_ok=True)
