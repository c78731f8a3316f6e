"""Which characters the report's font has: one that it lacks cannot be printed, and stops the PDF."""

from functools import cache
from pathlib import Path

_FONTS = Path(__file__).parent / "theme" / "fonts"
_ALWAYS = frozenset(map(chr, range(0x20, 0x7F))) | {"\n"}


@cache
def _letters() -> frozenset[str]:
    """Characters that all cuts of the font have."""
    from fontTools.ttLib import TTFont

    cuts = [TTFont(path, lazy=True).getBestCmap() for path in sorted(_FONTS.glob("*.ttf"))]
    return frozenset(map(chr, set.intersection(*map(set, cuts))))


def unprintable(text: str) -> tuple[str, ...]:
    """The characters of the cleaned `text` that the font lacks, each once, in their order."""
    unusual = [char for char in dict.fromkeys(text) if char not in _ALWAYS]
    return tuple(char for char in unusual if char not in _letters()) if unusual else ()
