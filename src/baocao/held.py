"""Files that another program holds for a moment: Windows refuses to move or remove them, and a little later does not.

Virus scanners and indexers open what was just written. Whatever is held longer (Word, Excel) stays an error. A folder
into which a program that a killed run had started still writes cannot be removed anywhere, until that program ends.
"""

import errno
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_HELD = frozenset({5, 32, 33, 145})
"""Windows' codes: access denied, sharing violation, lock violation, directory not empty (yet)."""
_FILLED = errno.ENOTEMPTY
"""What other systems say of a folder that gets files while it is being removed."""
_SECONDS = 1.5
"""About how long it is tried where nothing else is said."""
_FIRST_PAUSE = 0.05
"""Seconds before the second attempt; each next pause is twice as long."""


def patiently(action: Callable[[], T], seconds: float = _SECONDS) -> T:
    """What `action` gives, tried again for about `seconds` while a file is held or a folder is filled."""
    waited, pause = 0.0, _FIRST_PAUSE
    while True:
        try:
            return action()
        except OSError as error:
            passing = getattr(error, "winerror", None) in _HELD or error.errno == _FILLED
            if not passing or waited >= seconds:
                raise
        time.sleep(pause)
        waited += pause
        pause *= 2


def move(source: Path, target: Path, seconds: float = _SECONDS) -> None:
    """Rename a file or a folder, patiently."""
    patiently(lambda: source.rename(target), seconds)


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it, patiently."""
    patiently(lambda: shutil.rmtree(folder))
