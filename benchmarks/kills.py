"""Kills at random moments over the whole life of `baocao run` and of `baocao publish`, on a copy of this project.

    .venv/bin/python benchmarks/kills.py [--times 100] [--seed 1] [--sections 16] [run] [publish]

SIGKILL goes to the process alone and to its whole group in turns. After each kill the last report and the site must be
whole, and nothing that was started may live on; the next command starts on what the killed one left. At the end one
command of each kind must succeed and leave nothing behind. Linux only.
"""

import argparse
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from baocao.project import Project
from chaos import MARK, check_report, kill, left_after
from conftest import APRIL, copy_project
from sites import check_site

_ORPHANS_SECONDS = 30.0


@dataclass
class Ground:
    """A copy of the project, its site, and a folder for temporary files that is its own."""

    project: Project
    site: Path
    temporary: Path
    variants: list[Path] = field(default_factory=list)
    """Results of several runs, to be published in turns."""
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """`baocao` with `arguments`, in a group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "baocao", *arguments],
            cwd=self.project.root,
            env={**os.environ, MARK: self.mark, "TMPDIR": str(self.temporary)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            process_group=0,
        )

    def finish(self, *arguments: str) -> float:
        """The seconds that the command takes to its end; it must succeed."""
        began = time.monotonic()
        process = self.start(*arguments)
        said = process.communicate()[1].decode()
        assert process.returncode == 0, said
        return time.monotonic() - began

    def vary(self, kind: str, number: int) -> None:
        """Change what the command `kind` starts from, so that what it makes differs from what is there."""
        if kind == "publish":
            results = self.project.outputs / str(APRIL)
            shutil.rmtree(results)
            shutil.copytree(self.variants[number % len(self.variants)], results)
            return
        path = self.project.params(APRIL)
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"^number: .*$", f"number: {number + 1}", text, flags=re.MULTILINE), encoding="utf-8")

    def check(self) -> None:
        """The report and the site are whole."""
        check_report(self.project.outputs / str(APRIL))
        if self.site.exists():
            check_site(self.site)

    def leftovers(self) -> list[str]:
        """What is there that no finished command leaves."""
        expected = {str(APRIL), "logs", f".{APRIL}.lock", f".{APRIL}.goc"}
        site = {".lock", "current", "months", "previous", "releases"}
        found = [path for path in self.project.outputs.iterdir() if path.name not in expected]
        found += [path for path in self.site.iterdir() if path.name not in site] if self.site.exists() else []
        return [str(path) for path in (*found, *self.temporary.iterdir())]


def torment(ground: Ground, kind: str, times: int, chance: random.Random) -> None:
    """Kill the command `kind` so many times, and print how that went."""
    arguments = ("run", str(APRIL)) if kind == "run" else ("publish", str(APRIL), "--site", str(ground.site))
    if kind == "publish":
        for number in range(2):
            ground.vary("run", number)
            ground.finish("run", str(APRIL))
            kept = ground.project.root.with_name(f"variant-{number}")
            ground.variants.append(shutil.copytree(ground.project.outputs / str(APRIL), kept))
    lives = []
    for number in range(3):
        ground.vary(kind, number)
        lives.append(ground.finish(*arguments))
    life = statistics.median(lives)
    ended: Counter[str] = Counter()
    orphans: list[float] = []
    most = 0
    for number in range(times):
        ground.vary(kind, number)
        process = ground.start(*arguments)
        time.sleep(chance.uniform(0, life * 1.1))
        group = bool(number % 2)
        kill(process.pid, group)
        process.communicate()
        ended["killed" if process.returncode < 0 else f"status {process.returncode}"] += 1
        began = time.monotonic()
        ground.check()
        left = left_after(ground.mark, _ORPHANS_SECONDS)
        assert not left, left
        orphans.append(time.monotonic() - began)
        most = max(most, len(ground.leftovers()))
        print(f"{kind} {number + 1}/{times}", end="\r", file=sys.stderr)
    ground.finish(*arguments)
    ground.check()
    print(f"{kind}: life {life:.1f} s; {dict(ended)}; orphans gone after {max(orphans):.1f} s at the most;")
    print(f"  at the most {most} leftovers at once, after one more command: {ground.leftovers() or 'none'}")


def main() -> None:
    """Do it in a folder that goes afterwards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=["run", "publish"])
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sections", type=int, default=16, help="of the report, to make runs short")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    try:
        project = copy_project(folder / "project")
        for section in project.sections(APRIL)[options.sections :]:
            section.notebook.unlink()
        (folder / "tmp").mkdir()
        ground = Ground(project, folder / "trang", folder / "tmp")
        ground.finish("run", str(APRIL))
        for kind in options.kinds:
            torment(ground, kind, options.times, random.Random(options.seed))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
