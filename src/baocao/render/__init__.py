"""The embedded renderer: `report.qmd` to DOCX, PDF and HTML with pandoc and Typst from wheels.

It reads the source and the options that Quarto reads, so that either makes the same files. Formats are made side by
side; they appear in the output folder together or not at all.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from baocao.errors import InputError, Problem, RenderError
from baocao.render.config import Options, load_options
from baocao.render.pandoc import convert
from baocao.render.pdf import compile_pdf
from baocao.render.source import Source, load_source

FORMATS = ("docx", "pdf", "html")

OnDone = Callable[[str, float], None]


def render(
    build: Path,
    config: Path,
    out: Path,
    stem: str,
    formats: Sequence[str],
    on_done: OnDone | None = None,
) -> dict[str, Path]:
    """Make `out/{stem}.{format}` from `build/report.qmd` with the options of `config` (`_quarto.yml`).

    `formats` are some of `FORMATS`; `on_done` hears of each finished one with its seconds, from the thread that made
    it. Returns the files by format. Errors and warnings of pandoc and Typst go to `render-{format}.log` beside `build`,
    and either keeps the files from being delivered.

    Raises `InputError` for an unknown format or a wrong key in `config`, `RenderError` when a file could not be made;
    then files of an earlier run are untouched.
    """
    _check_formats(formats)
    wanted = tuple(dict.fromkeys(formats))
    options = load_options(config)
    source = load_source(build)
    out.mkdir(parents=True, exist_ok=True)
    # Beside the results, so that moving a finished file there is one rename.
    work = Path(tempfile.mkdtemp(prefix=".render-", dir=out))
    try:
        with ThreadPoolExecutor(max_workers=max(len(wanted), 1)) as pool:
            jobs = {name: pool.submit(_make, name, source, options[name], work, on_done) for name in wanted}
        problems: list[Problem] = []
        made: dict[str, Path] = {}
        for name, job in jobs.items():
            error = job.exception()
            if isinstance(error, RenderError):
                problems.extend(error.problems)
            elif error is not None:
                raise error
            else:
                made[name] = job.result()
        if problems:
            raise RenderError(problems)
        results = {name: out / f"{stem}.{name}" for name in wanted}
        _deliver(made, results)
        return results
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _make(name: str, source: Source, options: Options, work: Path, on_done: OnDone | None) -> Path:
    started = time.perf_counter()
    log = source.build.parent / f"render-{name}.log"
    log.unlink(missing_ok=True)
    target = work / f"report.{name}"
    if name == "pdf":
        markup = work / "report.typ"
        convert(source, options, name, markup, log)
        compile_pdf(source, options, markup, target, log)
    else:
        convert(source, options, name, target, log)
    if on_done:
        on_done(name, time.perf_counter() - started)
    return target


def _deliver(made: dict[str, Path], results: dict[str, Path]) -> None:
    problems: list[Problem] = []
    for name, path in made.items():
        try:
            path.replace(results[name])
        except PermissionError:
            # On Windows a file that Word holds open cannot be replaced.
            problems.append(
                Problem(
                    f"không ghi được tệp {results[name].name}",
                    (str(results[name]),),
                    remedy=f"đóng tệp {results[name].name} nếu đang mở rồi chạy lại lệnh",
                )
            )
    if problems:
        raise RenderError(problems)


def _check_formats(formats: Sequence[str]) -> None:
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise InputError(
            [
                Problem(
                    f"không có định dạng “{name}”",
                    expected="một trong: " + ", ".join(FORMATS),
                    remedy="viết lại tên định dạng",
                )
                for name in unknown
            ]
        )
