"""One release takes the place of another: in one system call where there is one, else in two renames."""

import ctypes
import errno
import os
import sys
import time
from pathlib import Path

from baocao.site.tree import discard, move

STATIC = "tinh"
"""Folder of a release whose files carry a hash in their names. Pages that readers have open still ask for them."""

_AT_FDCWD = -100
_SWAP = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS
_NO_EXCHANGE = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}

_GRACE = 0.5
"""Seconds for requests that have found their file in the release before and not yet opened it."""


def exchange(first: Path, second: Path) -> bool:
    """Exchange two folders at once; False where the system or the file system cannot do that."""
    if sys.platform not in ("linux", "darwin"):
        return False
    library = ctypes.CDLL(None, use_errno=True)
    names = (os.fsencode(first), os.fsencode(second))
    try:
        if sys.platform == "linux":
            failed = library.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], ctypes.c_uint(_SWAP))
        else:
            failed = library.renamex_np(names[0], names[1], ctypes.c_uint(_SWAP))
    except AttributeError:
        return False
    if not failed:
        return True
    number = ctypes.get_errno()
    if number in _NO_EXCHANGE:
        return False
    raise OSError(number, os.strerror(number), str(second))


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
