"""`report.qmd` to DOCX, PDF and HTML: by Quarto where it is installed, by pandoc and Typst from wheels where it is not.

Either reads the same source and the same options, so that a reader sees the same. Formats appear in the output folder
together or not at all.
"""

import shutil
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from baocao.errors import InputError, Problem, RenderError
from baocao.held import patiently
from baocao.render.embedded import Embedded, embedded_versions
from baocao.render.policy import protect
from baocao.render.quarto import Quarto, QuartoVersion, quarto_version, require_quarto
from baocao.render.renderer import OnDone, Renderer, tools_text

__all__ = [
    "FORMATS",
    "RENDERERS",
    "Embedded",
    "OnDone",
    "Quarto",
    "QuartoVersion",
    "Renderer",
    "choose",
    "embedded_versions",
    "quarto_version",
    "render",
    "tools_text",
]

FORMATS = ("docx", "pdf", "html")
RENDERERS = ("auto", "quarto", "pandoc")


def choose(name: str) -> Renderer:
    """The renderer called `name`; `auto` is Quarto where a supported version is found, else the embedded one.

    `InputError` for an unknown name, and for `quarto` where there is none that is supported.
    """
    if name == "pandoc":
        return Embedded()
    if name == "quarto":
        return Quarto(require_quarto())
    if name == "auto":
        found = quarto_version()
        return Quarto(found) if found is not None and found.supported else Embedded()
    raise InputError(
        Problem(
            f"không có bộ dàn trang “{name}”",
            ("--renderer",),
            expected="một trong: " + ", ".join(RENDERERS),
            remedy="viết lại, ví dụ --renderer pandoc",
        )
    )


def render(
    build: Path,
    config: Path,
    out: Path,
    stem: str,
    formats: Sequence[str],
    on_done: OnDone | None = None,
    renderer: Renderer | None = None,
) -> dict[str, Path]:
    """Make `out/{stem}.{format}` from `build/report.qmd` with the options of `config` (`_quarto.yml`).

    `formats` are some of `FORMATS`; `on_done` hears of each finished one with its seconds, from the thread that made
    it; `renderer` is the embedded one unless given. Returns the files by format. Errors and warnings of the programs
    go to `render-{format}.log` beside `build`, and either keeps the files from being delivered.

    Raises `InputError` for an unknown format or a wrong key in `config`, `RenderError` when a file could not be made;
    then files of an earlier run are untouched.
    """
    _check_formats(formats)
    wanted = tuple(dict.fromkeys(formats))
    chosen = renderer or Embedded()
    # The programs run in folders of their own.
    build, config, out = build.absolute(), config.absolute(), out.absolute()
    empty = not out.exists()
    out.mkdir(parents=True, exist_ok=True)
    # Beside the results, so that moving a finished file there is one rename.
    work = Path(tempfile.mkdtemp(prefix=".render-", dir=out))
    try:
        made = chosen.make(build, config, work, wanted, on_done)
        if "html" in made:
            protect(made["html"])
        results = {name: out / f"{stem}.{name}" for name in wanted}
        _deliver(made, results)
        return results
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if empty and not any(out.iterdir()):
            out.rmdir()


def _deliver(made: dict[str, Path], results: dict[str, Path]) -> None:
    problems: list[Problem] = []
    for name, path in made.items():
        try:
            patiently(partial(path.replace, results[name]))
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
