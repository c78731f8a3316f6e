"""The drawings of the report as PNG, for Word: not every version of it draws SVG."""

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

from baocao.render.pdf import run_typst
from baocao.theme import FONTS

DPI = 300

_PAGE = "#set page(width: auto, height: auto, margin: 0pt, fill: white)\n"
_HEAD = 33
"""Bytes of a PNG before what may say how large it is: signature, IHDR."""


def rasterise(drawings: Sequence[Path], log: Path) -> None:
    """Write beside each SVG, all in one folder, the same picture as PNG at 300 dpi, on white.

    A drawing that cannot be read, or a crash of Typst, is a `RenderError`, and is in `log`.
    """
    if not drawings:
        return
    # One drawing a page. Letters are outlines; what an author's own drawing has as text gets the report's font.
    pages = "#pagebreak()\n".join(f"#image({_string(path.name)})\n" for path in drawings)
    targets = [path.with_suffix(".png") for path in drawings]
    made = f"hình cho bản Word ({', '.join(path.stem for path in drawings)})"
    wanted = {"format": "png", "ppi": float(DPI)}
    run_typst(_PAGE + pages, targets, drawings[0].parent, [FONTS], wanted, made=made, log=log)
    for path in targets:
        path.write_bytes(_sized(path.read_bytes()))


def _string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _sized(png: bytes) -> bytes:
    """With its resolution, which Typst does not write."""
    dots = round(DPI / 0.0254)
    chunk = b"pHYs" + struct.pack(">IIB", dots, dots, 1)
    return png[:_HEAD] + struct.pack(">I", 9) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[_HEAD:]
