"""Reading and checking a month of forms against one `pandas.read_excel` per sheet, side by side: medians and ratio.

    .venv/bin/python benchmarks/intake.py [--rounds 7] [2024-04]

The workbooks are those of the month after the given one as `baocao demo` makes them: nine forms of departments, and
one of every ward and commune. Rounds alternate, so that what else the machine does hits both alike. pandas is told the
names of the sheets, reads each without looking at it, and checks nothing.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from baocao.demo import make_demo
from baocao.forms import Form, load_forms
from baocao.intake import read_submissions
from baocao.month import read_month
from baocao.period import Period
from baocao.project import Project


def read_with_pandas(folder: Path, forms: Sequence[Form]) -> None:
    """One call for every sheet of every form."""
    for form in forms:
        for sheet in form.sheets:
            pd.read_excel(folder / form.file, sheet_name=sheet.name, header=None)


def measure(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    """Print the medians: pandas, our reading with its findings, and everything that `baocao check` does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("period", nargs="?", default="2024-04")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    source = Period.parse(arguments.period)
    period = source.shift(1)
    with tempfile.TemporaryDirectory() as folder:
        demo = make_demo(Project.find(), Path(folder) / "demo", source, period)
        forms, workbooks = load_forms(demo.forms, period), demo.submissions(period)
        # Without last month's workbooks: pandas does not read them either.
        for path in demo.submissions(source).iterdir():
            path.unlink()
        demo.submissions(source).rmdir()
        works: dict[str, Callable[[], object]] = {
            "pandas.read_excel, mỗi trang tính một lần": lambda: read_with_pandas(workbooks, forms),
            "đọc, tìm lỗi từng ô (intake)": lambda: read_submissions(workbooks, forms, period),
            "đọc và mọi kiểm tra (baocao check)": lambda: read_month(demo, period),
        }
        seconds: dict[str, list[float]] = {name: [] for name in works}
        for number in range(arguments.rounds + 1):
            for name, work in works.items():
                taken = measure(work)
                if number:  # The first round warms up imports and the file cache.
                    seconds[name].append(taken)
    sheets = sum(len(form.sheets) for form in forms)
    print(f"{len(forms)} workbooks, {sheets} sheets, {arguments.rounds} rounds")
    first = statistics.median(next(iter(seconds.values())))
    for name, taken_all in seconds.items():
        median = statistics.median(taken_all)
        print(f"{name:<45}{median * 1000:>8.0f} ms   × {first / median:.2f}")


if __name__ == "__main__":
    main()
