"""Reports as they were made, kept to be compared with copies that somebody edited: the last ones of a month."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from baocao.held import move, remove
from baocao.manifest import MANIFEST
from baocao.origins import NAME as ORIGINS

DATASET = "dataset.json"
_DOCX = "bao-cao.docx"
_MOST = 20
"""Reports of one month with different texts; a report takes one megabyte."""


@dataclass(frozen=True)
class Base:
    """One report as it was made, in a folder of its own."""

    folder: Path

    @property
    def mark(self) -> str:
        """Digest of the text, which the Word document carries."""
        return self.folder.name

    @property
    def docx(self) -> Path:
        """The Word document."""
        return self.folder / _DOCX

    @property
    def dataset(self) -> Path:
        """The month's figures."""
        return self.folder / DATASET

    @property
    def manifest(self) -> Path:
        """What it was made from."""
        return self.folder / MANIFEST


def keep_base(bases: Path, mark: str, docx: Path, build: Path, manifest: Path) -> None:
    """Keep a report under its mark; one that is there gives way, and the oldest of too many go. Raises `OSError`."""
    folder, half = bases / mark, bases / f".{mark}"
    # Halves are of runs that were killed.
    for old in [*bases.glob(".*"), folder]:
        if old.is_dir():
            remove(old)
    half.mkdir(parents=True)
    for source, name in ((docx, _DOCX), (build / ORIGINS, ORIGINS), (build / DATASET, DATASET), (manifest, MANIFEST)):
        shutil.copyfile(source, half / name)
    move(half, folder)
    for base in find_bases(bases)[_MOST:]:
        remove(base.folder)


def find_bases(bases: Path) -> list[Base]:
    """The reports that are kept, newest first."""
    if not bases.is_dir():
        return []
    found = [Base(path) for path in bases.iterdir() if not path.name.startswith(".")]
    return sorted((base for base in found if base.manifest.is_file()), key=_made, reverse=True)


def _made(base: Base) -> tuple[int, str]:
    return base.manifest.stat().st_mtime_ns, base.mark
