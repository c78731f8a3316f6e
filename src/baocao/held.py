"""Files that another program holds for a moment: Windows refuses to move or remove them, and a little later does not.

Virus scanners and indexers open what was just written. Whatever is held longer (Word, Excel) stays an error.
"""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_HELD = frozenset({5, 32, 33, 145})
"""Windows' codes: access denied, sharing violation, lock violation, directory not empty (yet)."""
_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds before each next attempt."""


def patiently(action: Callable[[], T]) -> T:
    """What `action` gives, tried again for a moment while Windows says that a file is held."""
    for pause in _PAUSES:
        try:
            return action()
        except OSError as error:
            if getattr(error, "winerror", None) not in _HELD:
                raise
        time.sleep(pause)
    return action()
