"""Typst markup to PDF, with the pinned fonts and no other."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from baocao.render import typeset
from baocao.render.config import Options
from baocao.render.program import run_program
from baocao.render.source import Source


def compile_pdf(source: Source, options: Options, markup: Path, target: Path, log: Path) -> None:
    """Write `target` from the Typst `markup`; images are looked up in the build folder.

    An error, a warning or a crash of Typst is a `RenderError`, and is in `log`.
    """
    wanted = {"format": "pdf", "pdf_standards": list(options.pdf_standards), "timestamp": source.epoch}
    text = markup.read_text(encoding="utf-8")
    run_typst(text, [target], source.build, options.font_paths, wanted, made="bản PDF", log=log)


def run_typst(
    markup: str,
    targets: Sequence[Path],
    root: Path,
    fonts: Sequence[Path],
    options: Mapping[str, object],
    *,
    made: str,
    log: Path,
) -> None:
    """Write `targets`, one file or one a page, in a process of its own; a `RenderError` like `run_program`'s."""
    order = {
        "markup": markup,
        "targets": [str(path) for path in targets],
        "root": str(root),
        "fonts": [str(path) for path in fonts],
        "options": options,
    }
    run_program(
        "Typst",
        # The folder of the script holds modules that must not hide others.
        [sys.executable, "-P", typeset.__file__],
        json.dumps(order).encode(),
        folder=root,
        environment={**os.environ, "PYTHONUTF8": "1"},
        made=made,
        log=log,
    )
