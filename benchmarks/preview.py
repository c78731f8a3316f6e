"""From saving a file to the new page in the browser (`baocao preview`), beside what it takes without a preview.

    .venv/bin/python benchmarks/preview.py [--rounds 7] [--plain] [2024-04]

The project is a demo of the month after the given one, with a month before it and a workbook of every ward and commune;
`--plain` takes the given month itself. Each round saves each kind of file once and takes the time until headless
Chromium shows the page made of it, then the peers: the section alone under plain papermill with its own kernel, without
a page; and `baocao run --format html`. Rounds alternate, so that what else the machine does hits all alike. CPU is that
of all processes of the preview, or of the peer, without the browser. Needs Chromium and requirements-test.lock.
"""

import argparse
import json
import os
import re
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl
import psutil
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, sync_playwright

from baocao.demo import make_demo
from baocao.figure import Text
from baocao.month import read_month
from baocao.period import Period
from baocao.project import Project

_CHARTS, _PROSE = "24", "10"
"""A section with two charts, one without."""
_SHOWN = "iframe:not(.sau)"
_ANOTHER = "([shown, before]) => document.querySelector(shown)?.getAttribute('src') !== before"
_PATIENCE = 30_000.0
_RATE = r"code: nguoi_co_cong\.ty_le\n(?:.*\n){3} +decimals: "


@dataclass
class Case:
    """One kind of saving, and what it took: (wall, CPU) in seconds."""

    name: str
    save: Callable[[int], None]
    taken: list[tuple[float, float]] = field(default_factory=list)


def notebook(project: Project, period: Period, number: str) -> Callable[[int], None]:
    """Save a notebook with another word at the end of its last prose."""
    path = project.section(period, number).notebook

    def save(turn: int) -> None:
        content = json.loads(path.read_text(encoding="utf-8"))
        prose = next(cell for cell in reversed(content["cells"]) if "".join(cell["source"]).startswith("%%narrative"))
        text = re.sub(r"\n\nLần \d+\.$", "", "".join(prose["source"]).rstrip())
        prose["source"] = f"{text}\n\nLần {turn}."
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")

    return save


def workbook(project: Project, period: Period, codes: Sequence[str]) -> Callable[[int], None]:
    """Save the workbook of `codes` with their values changed: numbers by one, texts by a word."""
    data = read_month(project, period).dataset.data
    cells = [data[code].cell for code in codes]
    first = cells[0]
    assert first is not None
    path = project.submissions(period) / first.workbook

    def save(turn: int) -> None:
        book = openpyxl.load_workbook(path)
        for cell in cells:
            assert cell is not None
            place = book[cell.sheet][cell.ref]
            if isinstance(place.value, str):
                place.value = f"{re.sub(r' lần [0-9]+$', '', place.value)} lần {turn}"
            else:
                place.value += 1 if turn % 2 else -1
        book.save(path)

    return save


def line(path: Path, pattern: str, value: Callable[[int], str]) -> Callable[[int], None]:
    """Save a text file with another value after what `pattern` finds, to the end of the line."""

    def save(turn: int) -> None:
        before = path.read_text(encoding="utf-8")
        after = re.sub(rf"({pattern}).*", lambda match: match[1] + value(turn), before, count=1)
        assert after != before, path
        path.write_text(after, encoding="utf-8")

    return save


def cases(project: Project, period: Period) -> list[Case]:
    """What an analyst saves."""
    data = read_month(project, period).dataset.data
    office = [
        code
        for code, datum in data.items()
        if isinstance(datum, Text)
        and datum.value
        and datum.cell
        and datum.cell.workbook == "09-van-phong.xlsx"
        # Symbols and kinds of documents and names of agencies are checked against lists.
        and re.search(r"\.(noi_dung|chu_de|trich_yeu|tinh_hinh|kinh_phi|phan_anh|to_ho_tro)$", code)
    ]
    params = project.params(period)
    with params.open("a", encoding="utf-8") as file:
        file.write("signer: {post: TỔ TRƯỞNG, name: Trần}\n")
    return [
        Case("notebook, prose", notebook(project, period, _PROSE)),
        Case("notebook, two charts", notebook(project, period, _CHARTS)),
        Case("workbook, a number of two sections", workbook(project, period, ["dvc_25.bien_so_xe.tong_so"])),
        Case(f"workbook, {len(office)} texts of the office", workbook(project, period, office)),
        Case(
            "params, the signer", line(params, "\nsigner: ", lambda turn: f"{{post: TỔ TRƯỞNG, name: Trần {turn:03d}}}")
        ),
        Case("derived.yml, decimals of a rate", line(project.derived, _RATE, lambda turn: str(turn % 2))),
    ]


def cpu(process: psutil.Process) -> float:
    """CPU seconds of a process and all that it started."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:  # its parent has its times
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


@contextmanager
def preview(project: Project, period: Period) -> Iterator[tuple[psutil.Process, Page]]:
    """A preview that runs and is shown in a browser."""
    environment = {**os.environ, "BAOCAO_ROOT": str(project.root), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "baocao", "preview", str(period), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            address = re.search(r"http://\S+", process.stdout.readline())
            assert address is not None
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
                page = browser.new_page()
                page.goto(address[0])
                page.wait_for_selector(_SHOWN, timeout=_PATIENCE)
                yield psutil.Process(process.pid), page
                browser.close()
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_PATIENCE / 1000)
            except subprocess.TimeoutExpired:  # started in the background, it does not hear of it
                process.kill()


def saved(case: Case, turn: int, process: psutil.Process, page: Page) -> None:
    """Save, and wait for another page."""
    before = page.get_attribute(_SHOWN, "src")
    spent = cpu(process)
    case.save(turn)
    started = time.perf_counter()
    try:
        # At each frame that is painted: waiting for a selector looks twice a second.
        page.wait_for_function(_ANOTHER, arg=[_SHOWN, before], polling="raf", timeout=_PATIENCE)
    except PlaywrightError as error:
        raise SystemExit(f"{case.name}: {page.inner_text('body')}") from error
    wall = time.perf_counter() - started
    case.taken.append((wall, cpu(process) - spent))


def alone(case: Case, turn: int) -> None:
    """What a command takes by itself."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    case.save(turn)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    case.taken.append((wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))


def peers(project: Project, period: Period, folder: Path) -> list[Case]:
    """The same work by commands that know nothing of what was done before."""
    environment = {**os.environ, "BAOCAO_ROOT": str(project.root)}
    source = str(project.section(period, _CHARTS).notebook)
    commands = {
        "papermill, two charts, no page": ["papermill", source, str(folder / "x.ipynb"), "-p", "period", str(period)],
        "baocao run --format html": ["baocao", "run", str(period), "--format", "html"],
    }

    def command(arguments: list[str]) -> Callable[[int], None]:
        def work(_turn: int) -> None:
            done = subprocess.run(
                [sys.executable, "-m", *arguments], env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr

        return work

    return [Case(name, command(arguments)) for name, arguments in commands.items()]


def report(measured: Sequence[Case], others: Sequence[Case]) -> None:
    """Print medians, maxima and ratios to the peers."""
    walls = [statistics.median(wall for wall, _ in case.taken) for case in others]
    print(f"{'':<44}{'median':>9}{'max':>9}{'CPU':>9}" + "".join(f"{case.name:>34}" for case in others))
    for case in (*measured, *others):
        middle = statistics.median(wall for wall, _ in case.taken)
        ratios = "".join(f"{f'× {wall / middle:.1f}':>34}" for wall in walls) if case in measured else ""
        most, used = max(wall for wall, _ in case.taken), statistics.median(used for _, used in case.taken)
        print(f"{case.name:<44}{middle:>7.2f} s{most:>7.2f} s{used:>7.2f} s{ratios}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("period", nargs="?", default="2024-04")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--plain", action="store_true")
    arguments = parser.parse_args()
    source = Period.parse(arguments.period)
    period = source if arguments.plain else source.shift(1)
    with tempfile.TemporaryDirectory() as folder:
        project = make_demo(Project.find(), Path(folder) / "demo", source, source.shift(1))
        project = Project(project.root.resolve())
        measured, others = cases(project, period), peers(project, period, Path(folder))
        print(f"{project.root.name} {period}, load {os.getloadavg()[0]:.1f} before, {os.cpu_count()} cores")
        with preview(project, period) as (process, page):
            for turn in range(arguments.rounds + 1):
                for case in measured:
                    saved(case, turn, process, page)
                for case in others:
                    alone(case, turn)
        for case in (*measured, *others):
            del case.taken[0]  # warms up imports and the file cache
        print(f"load {os.getloadavg()[0]:.1f} after")
        report(measured, others)


if __name__ == "__main__":
    main()
