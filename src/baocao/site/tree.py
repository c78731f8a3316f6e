"""Folders written so that a power cut does not undo them: files and folders are on the disk before they go in."""

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

from baocao import held

# Where a file system has no hard links, or a file no more of them.
_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL, errno.EMLINK}

_PATIENCE = 3.0
"""Seconds that a folder may be in use by a reader where that keeps it from being renamed."""


def write(path: Path, content: bytes) -> None:
    """Write a new file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_json(path: Path, content: Any) -> None:
    """Write `content` in a stable form."""
    write(path, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())


def read_json(path: Path) -> Any:
    """What `write_json` wrote."""
    return json.loads(path.read_bytes())


def link(source: Path, target: Path) -> None:
    """The file `source` under another name: a hard link, or a copy where there are none."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        write(target, source.read_bytes())


def link_tree(source: Path, target: Path) -> None:
    """All files of `source` under `target`, which is new."""
    for folder, _, names in os.walk(source, onerror=_raise):
        place = target / Path(folder).relative_to(source)
        place.mkdir(parents=True)
        for name in names:
            link(Path(folder) / name, place / name)


def settle(folder: Path) -> None:
    """Bring the names in `folder` and below to the disk."""
    for place, _, _ in os.walk(folder, topdown=False, onerror=_raise):
        settle_names(Path(place))


def settle_names(folder: Path) -> None:
    """Bring the names in `folder` itself to the disk; Windows does that by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def move(source: Path, target: Path) -> None:
    """Rename a folder; where a reader holds a file of it open (Windows), wait for the reader a little."""
    held.move(source, target, _PATIENCE)


def discard(path: Path) -> None:
    """Remove a folder if it is there."""
    if path.exists():
        shutil.rmtree(path)


def _raise(error: OSError) -> None:
    raise error
