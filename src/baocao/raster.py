"""The drawings of the report as PNG, for Word: not every version of it draws SVG."""

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import typst

from baocao.errors import Problem, RunError
from baocao.theme import FONTS

DPI = 300

_PAGE = "#set page(width: auto, height: auto, margin: 0pt, fill: white)\n"
_HEAD = 33
"""Bytes of a PNG before what may say how large it is: signature, IHDR."""


def rasterise(drawings: Sequence[Path]) -> None:
    """Write beside each SVG, all in one folder, the same picture as PNG at 300 dpi, on white.

    A drawing that cannot be read is a `RunError`.
    """
    if not drawings:
        return
    # One drawing a page. Letters are outlines; what an author's own drawing has as text gets the report's font.
    pages = "#pagebreak()\n".join(f"#image({_string(path.name)})\n" for path in drawings)
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
    compiler = typst.Compiler((_PAGE + pages).encode(), root=str(drawings[0].parent), font_paths=fonts)
    try:
        made = compiler.compile(format="png", ppi=float(DPI))
    except typst.TypstError as error:
        raise RunError(
            Problem(
                f"không tạo được hình cho bản Word: {error.message}",
                tuple(path.name for path in drawings),
                remedy="xem lại lệnh report.chart(…) của các hình nêu trên",
            )
        ) from error
    for path, content in zip(drawings, made if isinstance(made, list) else [made], strict=True):
        assert isinstance(content, bytes)
        path.with_suffix(".png").write_bytes(_sized(content))


def _string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _sized(png: bytes) -> bytes:
    """With its resolution, which Typst does not write."""
    dots = round(DPI / 0.0254)
    chunk = b"pHYs" + struct.pack(">IIB", dots, dots, 1)
    return png[:_HEAD] + struct.pack(">I", 9) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[_HEAD:]
