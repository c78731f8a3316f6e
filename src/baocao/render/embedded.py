"""The embedded renderer: pandoc for DOCX and HTML, pandoc and Typst for PDF, both from wheels."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from baocao.errors import Problem, RenderError
from baocao.render.config import Options, load_options
from baocao.render.pandoc import convert, pandoc_version
from baocao.render.pdf import compile_pdf
from baocao.render.renderer import OnDone
from baocao.render.source import Source, load_source


def embedded_versions() -> dict[str, str | None]:
    """The programs of the embedded renderer and their versions; None for one that is not installed."""
    try:
        typst = version("typst")
    except PackageNotFoundError:
        typst = None
    return {"pandoc": pandoc_version(), "Typst": typst}


class Embedded:
    """Formats are made side by side."""

    name = "pandoc"

    def tools(self, formats: Sequence[str]) -> dict[str, str]:
        """Pandoc, and Typst when there is a PDF."""
        return {
            name: found or "?" for name, found in embedded_versions().items() if name != "Typst" or "pdf" in formats
        }

    def make(
        self, build: Path, config: Path, work: Path, formats: Sequence[str], on_done: OnDone | None
    ) -> dict[str, Path]:
        """See `Renderer.make`; problems of all formats come at once."""
        options = load_options(config)
        source = load_source(build)
        with ThreadPoolExecutor(max_workers=max(len(formats), 1)) as pool:
            jobs = {name: pool.submit(_make, name, source, options[name], work, on_done) for name in formats}
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
        return made


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
