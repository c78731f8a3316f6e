"""Text in UTF-8 that a program took for Windows-1252: “Thành phố” as “ThÃ nh phá»‘”. Recognised, and read."""

import re
from unicodedata import normalize

from baocao.vi.legacy import is_syllable


def _shown(byte: int) -> str:
    """What Windows-1252 shows for a byte; the five that it lacks come as control characters."""
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


_BYTES = {_shown(byte): byte for byte in range(0x80, 0x100)}
_FOLLOWING = "".join(char for char, byte in _BYTES.items() if byte < 0xC0)


def _leading(first: int, last: int) -> str:
    return "".join(char for char, byte in _BYTES.items() if first <= byte <= last)


_SEQUENCE = re.compile(
    f"[{_leading(0xC2, 0xDF)}][{_FOLLOWING}]|[{_leading(0xE0, 0xEF)}][{_FOLLOWING}]{{2}}"
    f"|[{_leading(0xF0, 0xF4)}][{_FOLLOWING}]{{3}}"
)
_SPACED = re.compile("Ã ")
"""A space that does not break is easily lost: half an “à”."""
_EDGE = "“”‘’\"'()[]{}<>.,:;!?…–—-/ \u00a0"
_CERTAIN = re.compile("â€|Ä\u0090|á[º»][\u0080-\u009f]")
"""Quotation marks, dashes, Đ, and letters whose last byte Windows-1252 lacks: no sound text has these."""


def undo_mojibake(text: str) -> str | None:
    """What `text` says most likely; None where it is what it seems: decoded it has no more Vietnamese words."""
    decoded = _SEQUENCE.sub(_decode, _SPACED.sub("Ã\u00a0", text))
    if decoded == text:
        return None
    before, after = _syllables(text), _syllables(decoded)
    if len(after - before) > len(before - after) or _CERTAIN.search(text):
        return normalize("NFC", decoded)
    return None


def _decode(match: re.Match[str]) -> str:
    try:
        return bytes(_BYTES[char] for char in match[0]).decode()
    except UnicodeDecodeError:
        return match[0]


def _syllables(text: str) -> set[str]:
    """The words with Vietnamese letters that are spelt and capitalised as such."""
    words = (word.strip(_EDGE) for word in re.split(r"[ \n/-]", normalize("NFC", text)) if not word.isascii())
    return {word for word in words if is_syllable(word) and (word.islower() or word.isupper() or word.istitle())}
