"""Files among results that somebody edited or put there: no run or check takes them away."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from baocao.held import move
from baocao.manifest import MANIFEST, read_manifest, sha256
from baocao.store import Store

_OWN = frozenset((MANIFEST, "build"))
_DESKTOP = frozenset(("desktop.ini", "thumbs.db"))


def replace_results(store: Store) -> tuple[Path, ...]:
    """Make the work of `store`, with its manifest, the results; the copies of what was edited among the old ones."""
    kept: list[Path] = []
    store.commit(lambda old: kept.extend(keep_edited(old, store.edited)))
    return tuple(dict.fromkeys(kept))


def keep_edited(folder: Path, kept: Path) -> tuple[Path, ...]:
    """Copy what is in `folder` and is not as its manifest says into the folder `kept`; the copies, in order of names.

    A copy is named after the file with the next free number, `bao-cao-2024-04.sua-1.docx`, and is whole or absent. What
    `kept` has already is not copied again. Raises `OSError`.
    """
    return tuple(_keep(path, kept) for path in _edited(folder))


def _edited(folder: Path) -> Iterator[Path]:
    manifest = read_manifest(folder / MANIFEST) or {}
    written = manifest.get("outputs", {})
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith((".", "~")) or path.name.lower() in _DESKTOP
        if path.name in _OWN or hidden or (path.is_file() and written.get(path.name) == sha256(path)):
            continue
        yield path


def _content(path: Path) -> dict[str, str]:
    """Hashes of a file, or of all files of a folder by their names in it."""
    files = sorted(item for item in path.rglob("*") if item.is_file()) if path.is_dir() else [path]
    return {item.relative_to(path).as_posix(): sha256(item) for item in files}


def _keep(path: Path, kept: Path) -> Path:
    kept.mkdir(exist_ok=True)
    for number in range(1, len(list(kept.iterdir())) + 2):
        target = kept / f"{path.stem}.sua-{number}{path.suffix}"
        if not target.exists():
            break
        if _content(target) == _content(path):
            return target
    half = kept / f".{target.name}"
    if half.is_dir():
        shutil.rmtree(half)
    if path.is_dir():
        shutil.copytree(path, half)
    else:
        shutil.copy2(path, half)
    move(half, target)
    return target
