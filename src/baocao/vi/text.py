"""Text hygiene: one form for every string that enters, and keys under which two spellings are one."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache, wraps

_LINE_BREAKS = frozenset("\n\x0b\x0c\r\x85\u2028\u2029")
# Invisible, though Unicode does not class them as controls: grapheme joiner, fillers, vowel inherent signs.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
# Format characters, controls, lone surrogates: nothing to read, and several are forbidden in XML.
_REMOVED = frozenset({"Cf", "Cc", "Cs"})

_SPACES = re.compile(" {2,}")
_SPACES_AT_LINE_END = re.compile(" ?\n ?")

_PLAIN_PUNCTUATION = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-")
    | dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"')
)
# Icelandic eth and African d look like đ (the capitals are identical) and come from old keyboards and fonts.
D_LOOKALIKES = str.maketrans({"\u00f0": "đ", "\u0256": "đ", "\u00d0": "Đ", "\u0189": "Đ"})
_D_STROKE = str.maketrans("đĐ", "dD")

# hòa → hoà, thúy → thuý. In closed syllables (hoàn) the mark is on the second vowel in either style.
_TONE_BY_STYLE = re.compile("[òóỏõọ][ae]|[ùúủũụ]y")
_NOT_IN_SLUG = re.compile("[^a-z0-9]+")


_SHORT, _MANY = 200, 8192
"""Texts of up to so many characters are remembered, so many of them: the labels of forms come again and again."""


def _remembered(function: Callable[[str], str]) -> Callable[[str], str]:
    known = lru_cache(_MANY, typed=True)(function)

    @wraps(function)
    def call(text: str) -> str:
        return known(text) if len(text) <= _SHORT else function(text)

    return call


class _Cleaner(dict[int, str]):
    """Table for `str.translate`, filled as characters are met."""

    def __missing__(self, code: int) -> str:
        self[code] = result = _cleaned(chr(code))
        return result


def _cleaned(char: str) -> str:
    if char in _LINE_BREAKS:
        return "\n"
    category = unicodedata.category(char)
    if char == "\t" or category == "Zs":
        return " "
    code = ord(char)
    variation_selector = 0x180B <= code <= 0x180F or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
    noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return "" if category in _REMOVED or char in _INVISIBLE or variation_selector or noncharacter else char


_CLEAN = _Cleaner()


def nfc(text: str) -> str:
    """`text` in Unicode NFC (precomposed, “dựng sẵn” in the words of TCVN 6909:2001)."""
    return unicodedata.normalize("NFC", text)


@_remembered
def clean_text(text: str) -> str:
    r"""NFC text without what cannot be seen.

    Every kind of space and the tab become a space, every kind of line break "\n"; zero-width, bidirectional,
    control and unassignable characters go; runs of spaces are one; spaces at both ends of lines and all
    blank space at both ends of the text go. Blank lines inside stay. Idempotent.
    """
    text = text.replace("\r\n", "\n").translate(_CLEAN)
    # Normalised last: what was removed may have stood between a letter and its mark.
    return nfc(_SPACES_AT_LINE_END.sub("\n", _SPACES.sub(" ", text)).strip(" \n"))


@_remembered
def fold(text: str) -> str:
    """Key under which two spellings of a label are the same; diacritics count. Not for print. Idempotent.

    Ignored: letter case, kind and amount of white space (line breaks too), tone placement in the rhymes oa, oe,
    uy (hòa/hoà, khoá/khóa), kind of dash and of quotation marks, and letters that only look like đ.
    """
    folded = nfc(clean_text(text).casefold())
    folded = " ".join(folded.translate(_PLAIN_PUNCTUATION).translate(D_LOOKALIKES).split())
    return _TONE_BY_STYLE.sub(_tone_on_second_vowel, folded)


def _tone_on_second_vowel(match: re.Match[str]) -> str:
    toned = unicodedata.normalize("NFD", match[0][0])
    return nfc(toned[0] + match[0][1] + toned[1])


def strip_marks(text: str) -> str:
    """`text` without diacritics, đ as d; case, spaces and punctuation stay. For search."""
    decomposed = unicodedata.normalize("NFD", text.translate(D_LOOKALIKES).translate(_D_STROKE))
    return nfc("".join(char for char in decomposed if unicodedata.category(char) != "Mn"))


def slug(text: str) -> str:
    """`text` as a part of a file name or address: a-z, 0-9, single hyphens. Empty when no letter or digit is left."""
    return _NOT_IN_SLUG.sub("-", strip_marks(fold(text))).strip("-")
