"""The sites that a project has published to: the folder of a share that is not mounted is no place for a new site."""

import hashlib
import os
from pathlib import Path

from baocao.faults import readable


class KnownSites:
    """Remembered in `state`, a file a site, outside of what a run or the site itself may lose."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "trang"

    def has(self, root: Path) -> bool:
        """Whether a site was published in `root`."""
        file = self._file(root)
        with readable(file):
            return file.exists()

    def add(self, root: Path) -> None:
        """Remember that a site is published in `root`; a fault of the disk is a `RunError`."""
        file = self._file(root)
        with readable(file):
            if not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(f"{root.absolute()}\n", encoding="utf-8", newline="\n")

    def _file(self, root: Path) -> Path:
        name = hashlib.sha256(os.path.normcase(root.absolute()).encode()).hexdigest()[:16]
        return self._folder / f"{name}.txt"
