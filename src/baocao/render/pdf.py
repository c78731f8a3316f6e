"""Typst markup to PDF, with the pinned fonts and no other."""

from pathlib import Path
from typing import cast

import typst

from baocao.errors import Problem, RenderError
from baocao.render.config import Options
from baocao.render.source import Source


def compile_pdf(source: Source, options: Options, markup: Path, target: Path, log: Path) -> None:
    """Write `target` from the Typst `markup`; images are looked up in the build folder.

    An error or a warning of Typst is a `RenderError`, and is in `log`.
    """
    # Neither the machine's fonts nor Typst's own: the same file everywhere.
    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(path) for path in options.font_paths],
    )
    try:
        compiler = typst.Compiler(markup.read_bytes(), root=str(source.build), font_paths=fonts)
        content, warnings = compiler.compile_with_warnings(
            format="pdf",
            pdf_standards=cast("list[typst.PDFStandard]", list(options.pdf_standards)),
            timestamp=source.epoch,
        )
    except typst.TypstError as error:
        raise _failure(log, [error.diagnostic or error.message]) from error
    if warnings or not isinstance(content, bytes):
        raise _failure(log, [warning.diagnostic or warning.message for warning in warnings])
    target.write_bytes(content)


def _failure(log: Path, said: list[str]) -> RenderError:
    log.write_text("\n".join(said) + "\n", encoding="utf-8")
    first = next((line for text in said for line in text.splitlines() if line.strip()), "Typst không nêu lý do")
    return RenderError(
        Problem(
            f"không tạo được bản PDF: {first.strip()}",
            (str(log),),
            remedy="xem nhật ký nêu trên; nếu không rõ nguyên nhân, gửi nhật ký cho người quản trị",
        )
    )
