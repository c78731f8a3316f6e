"""One run of pandoc, the one that comes with the wheel: Markdown in, DOCX, HTML or Typst markup out."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pypandoc

from baocao.errors import Problem, RenderError
from baocao.render.config import Options
from baocao.render.source import Source

TIMEOUT_SECONDS = 120

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

    A failure or a warning of pandoc is a `RenderError`, and is in `log`.
    """
    defaults = target.with_name(f"defaults-{name}.json")
    # JSON is YAML, and needs no thought about quoting.
    defaults.write_text(json.dumps(_defaults(source, options, name, target)), encoding="utf-8")
    program = pandoc_path()
    if program is None:
        raise RenderError(_problem(name, log, "thiếu chương trình pandoc của gói pypandoc_binary"))
    command = [str(program), "--defaults", str(defaults)]
    try:
        result = subprocess.run(
            command,
            input=source.text.encode(),
            capture_output=True,
            cwd=options.root,
            env={**os.environ, "SOURCE_DATE_EPOCH": str(source.epoch)},
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RenderError(_problem(name, log, f"pandoc chạy quá {TIMEOUT_SECONDS} giây")) from None
    said = result.stderr.decode(errors="replace").strip()
    if result.returncode:
        log.write_text(said + "\n", encoding="utf-8")
        raise RenderError(_problem(name, log, said.splitlines()[0] if said else f"pandoc thoát mã {result.returncode}"))


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


def _problem(name: str, log: Path, first_line: str) -> Problem:
    return Problem(
        f"không tạo được bản {name.upper()}: {first_line}",
        (str(log),),
        remedy="xem nhật ký nêu trên; nếu không rõ nguyên nhân, gửi nhật ký cho người quản trị",
    )
