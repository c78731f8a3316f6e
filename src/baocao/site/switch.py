"""One release takes the place of another: in one system call where there is one, else in two renames."""

import time
from pathlib import Path

from baocao.exchange import exchange
from baocao.site.tree import discard, move

STATIC = "tinh"
"""Folder of a release whose files carry a hash in their names. Pages that readers have open still ask for them."""

_GRACE = 0.5
"""Seconds for requests that have found their file in the release before and not yet opened it."""


def switch(following: Path, current: Path, previous: Path) -> None:
    """Make the folder `following` the folder `current`; `previous` keeps the static files of the one before.

    Where two renames are needed, `previous` is whole between them: web servers look there for what `current` has not.
    """
    if not current.exists():
        move(following, current)
        return
    if exchange(following, current):
        discard(previous)
        move(following, previous)
    else:
        discard(previous)
        move(current, previous)
        try:
            move(following, current)
        except OSError:
            move(previous, current)
            raise
    time.sleep(_GRACE)
    shed(previous)


def shed(previous: Path) -> None:
    """Remove the pages of a release that was replaced: what was withdrawn must not be read there."""
    for path in previous.iterdir():
        if path.name == STATIC:
            continue
        if path.is_dir():
            discard(path)
        else:
            path.unlink()
