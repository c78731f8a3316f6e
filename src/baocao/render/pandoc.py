"""One run of pandoc, the one that comes with the wheel: Markdown in, DOCX, HTML or Typst markup out."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pypandoc

from baocao.render.config import Options
from baocao.render.program import TIMEOUT_SECONDS, failure, run_program
from baocao.render.source import Source

_WRITER = {"docx": "docx", "pdf": "typst", "html": "html5"}


def pandoc_path() -> Path | None:
    """The pandoc of the wheel, if any: another one on the machine would make another document."""
    return next((Path(pypandoc.__file__).parent / "files").glob("pandoc*"), None)


def pandoc_version() -> str | None:
    """The version of the wheel's pandoc."""
    path = pandoc_path()
    if path is None:
        return None
    said = subprocess.run([path, "--version"], capture_output=True, timeout=TIMEOUT_SECONDS, check=False).stdout
    return said.decode(errors="replace").partition("\n")[0].rpartition(" ")[2].strip() or None


def convert(source: Source, options: Options, name: str, target: Path, log: Path) -> None:
    """Write `target` in format `name`; for PDF that is the Typst markup.

    A failure, a warning or a crash of pandoc is a `RenderError`, and is in `log`.
    """
    defaults = target.with_name(f"defaults-{name}.json")
    # JSON is YAML, and needs no thought about quoting.
    defaults.write_text(json.dumps(_defaults(source, options, name, target)), encoding="utf-8")
    made = f"bản {name.upper()}"
    program = pandoc_path()
    if program is None:
        raise failure(made, log, "thiếu chương trình pandoc của gói pypandoc_binary")
    run_program(
        "pandoc",
        [str(program), "--defaults", str(defaults)],
        source.text.encode(),
        folder=options.root,
        environment={**os.environ, "SOURCE_DATE_EPOCH": str(source.epoch)},
        made=made,
        log=log,
    )


def _defaults(source: Source, options: Options, name: str, target: Path) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        **options.defaults,
        "to": _WRITER[name],
        "output-file": str(target),
        "standalone": True,
        # A missing picture or a link to nowhere is a warning; neither belongs in an official document.
        "fail-if-warnings": True,
        "metadata": {**options.metadata, "pagetitle": source.title},
        "resource-path": [str(source.build)],
    }
    if source.reference_doc is not None and "reference-doc" in defaults:
        defaults["reference-doc"] = str(source.build / source.reference_doc)
    return defaults
