"""Both renderers on one document, side by side: wall time for the three formats, and their ratio.

    .venv/bin/python benchmarks/renderers.py [--rounds 5] [2024-04]

Needs an `outputs/<period>/build` (make run). Rounds alternate, so that what else the machine does hits both alike.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from baocao.period import Period
from baocao.project import Project
from baocao.render import FORMATS, Embedded, Quarto, Renderer, quarto_version, render, tools_text


def measure(renderer: Renderer, project: Project, period: Period, formats: Sequence[str]) -> float:
    """Seconds for one rendering of the staged document into a folder of its own."""
    build = project.outputs / str(period) / "build"
    with tempfile.TemporaryDirectory(dir=project.outputs) as folder:
        started = time.perf_counter()
        render(build, project.quarto_config, Path(folder) / "out", "bao-cao", formats, renderer=renderer)
        return time.perf_counter() - started


def main() -> None:
    """Print a table; without Quarto only the embedded renderer's times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("period", nargs="?", default="2024-04")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    project, period = Project.find(), Period.parse(arguments.period)
    renderers: list[Renderer] = [Embedded()]
    found = quarto_version()
    if found is not None and found.supported:
        renderers.append(Quarto(found))
    cases: list[tuple[str, ...]] = [*((name,) for name in FORMATS), FORMATS]
    print(f"{'formats':<16}" + "".join(f"{tools_text(item.name, item.tools(FORMATS)):>42}" for item in renderers))
    for formats in cases:
        seconds: dict[str, list[float]] = {item.name: [] for item in renderers}
        for _ in range(arguments.rounds):
            for item in renderers:
                seconds[item.name].append(measure(item, project, period, formats))
        medians = [statistics.median(values) for values in seconds.values()]
        ratio = f"   × {medians[1] / medians[0]:.1f}" if len(medians) > 1 else ""
        print(f"{'+'.join(formats):<16}" + "".join(f"{median:>40.2f} s" for median in medians) + ratio)


if __name__ == "__main__":
    main()
