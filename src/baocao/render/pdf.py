"""Typst markup to PDF, with the pinned fonts and no other."""

from pathlib import Path
from typing import cast

import typst

from baocao.errors import Problem, RenderError
from baocao.render.config import Options
from baocao.render.source import Source


def compile_pdf(source: Source, options: Options, markup: Path, target: Path, log: Path) -> None:
    """Write `target` from the Typst `markup`; images are looked up in the build folder. Errors and warnings go to `log`."""
    try:
        content, warnings = typst.compile_with_warnings(
            markup.read_bytes(),
            root=str(source.build),
            font_paths=[str(path) for path in options.font_paths],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=cast("list[typst.PDFStandard]", list(options.pdf_standards)),
            timestamp=source.epoch,
        )
    except typst.TypstError as error:
        raise _failure(log, [error.diagnostic or error.message]) from error
    if warnings:
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
