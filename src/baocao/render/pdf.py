"""Typst markup to PDF, with the pinned fonts and no other."""

import json
import os
import sys
from pathlib import Path

from baocao.render import typeset
from baocao.render.config import Options
from baocao.render.program import run_program
from baocao.render.source import Source


def compile_pdf(source: Source, options: Options, markup: Path, target: Path, log: Path) -> None:
    """Write `target` from the Typst `markup`; images are looked up in the build folder.

    An error, a warning or a crash of Typst is a `RenderError`, and is in `log`.
    """
    order = {
        "markup": str(markup),
        "target": str(target),
        "root": str(source.build),
        "fonts": [str(path) for path in options.font_paths],
        "standards": list(options.pdf_standards),
        "epoch": source.epoch,
    }
    run_program(
        "Typst",
        # The folder of the script holds modules that must not hide others.
        [sys.executable, "-P", typeset.__file__],
        json.dumps(order).encode(),
        folder=source.build,
        environment={**os.environ, "PYTHONUTF8": "1"},
        name="pdf",
        log=log,
    )
