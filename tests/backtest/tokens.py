"""What counts as "the same text": normal form of a text, and patterns that find a fact as a whole token.

A fact is never found inside a longer number ("43" is not in "2.743" or "43,5%"), a date or a document number.
Where a page may break a line (after "/" and "-" of a document number, between words) white space is free.
"""

import re
import unicodedata

_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_SPACES = {ord(space): " " for space in "\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000"}
_DASHES = {ord(dash): "-" for dash in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"}
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl"}
_TRANSLATION = {**_INVISIBLE, **_SPACES, **_DASHES, **_LIGATURES}

# An integer below ten, standing alone: official texts write it with or without a leading zero ("2", "02").
_SMALL = re.compile(r"(?<![\w.,/%-])0?([1-9])(?![\w%]|[.,/]\w)")

DIGITS = re.compile(r"\d+")
DATE = re.compile(r"(?<![\d/])(?:\d{1,2}/)?\d{1,2}/\d{4}(?!\d)")
DOCUMENT = re.compile(
    r"(?<![\w/])\d+\s*/\s*(?:[A-ZĐ][\wĐ]*)(?:-\s*[A-ZĐ][\wĐ]*)*(?:\([A-ZĐ]+(?:-[A-ZĐ]+)*\))?(?![\w/])"
)


def normal(text: str) -> str:
    """NFC text with plain spaces and hyphens and without invisible characters; line breaks are kept."""
    return unicodedata.normalize("NFC", text).translate(_TRANSLATION).replace("...", "…")


def squeeze(text: str) -> str:
    """Normal form on one line: every run of white space is one space."""
    return " ".join(normal(text).split())


def whole(text: str, *, fold: bool = False, small_numbers: bool = False) -> re.Pattern[str]:
    """Pattern that finds `text` in normal-form text as a whole token.

    The case of the first letter is free (a fact may open a sentence); `fold` frees the case of all letters.
    `small_numbers` lets an integer below ten carry a leading zero or not.
    """
    wanted = squeeze(text)
    if not wanted:
        raise ValueError("a fact cannot be empty")
    body = _free_small_numbers(wanted) if small_numbers else _escape(wanted)
    first, last = wanted[0], wanted[-1]
    if first.isalpha() and not fold and body.startswith(first):
        body = f"[{first.upper()}{first.lower()}]{body[len(first) :]}"
    return re.compile(_before(first) + body + _after(last), re.IGNORECASE if fold else 0)


def in_order(patterns: list[re.Pattern[str]], gap: int) -> re.Pattern[str]:
    """Pattern that finds all of these one after the other, at most `gap` characters between two; a group for each."""
    flags = patterns[0].flags & re.IGNORECASE
    return re.compile(rf"[\s\S]{{0,{gap}}}?".join(f"({pattern.pattern})" for pattern in patterns), flags)


def thousands_variants(figure: str) -> list[str]:
    """The wrong ways to write a figure such as "1.485" or "96,82%": no separator, English ones, padded decimals."""
    variants: list[str] = []
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+", figure):
        variants += [figure.replace(".", ""), figure.replace(".", ",")]
    rate = re.fullmatch(r"(\d+)(?:,(\d+))?%", figure)
    if rate:
        whole_part, decimals = rate[1], rate[2] or ""
        if decimals:
            variants += [f"{whole_part}.{decimals}%", f"{whole_part},{decimals} %"]
        else:
            variants.append(f"{whole_part} %")
        variants += [f"{whole_part},{decimals.ljust(width, '0')}%" for width in range(len(decimals) + 1, 4)]
    return variants


def _escape(text: str) -> str:
    """Regular expression for a text: white space is any white space, free around the marks a line may break at."""
    pieces = []
    for piece in re.split(r"(\s*[-/()]\s*|\s+)", text):
        mark = piece.strip()
        if not mark:
            pieces.append(r"\s+" if piece else "")
        else:
            pieces.append(rf"\s*{re.escape(mark)}\s*" if mark in "-/()" else re.escape(mark))
    return "".join(pieces)


def _free_small_numbers(text: str) -> str:
    pieces: list[str] = []
    end = 0
    for match in _SMALL.finditer(text):
        pieces += [_escape(text[end : match.start()]), f"0?{match[1]}"]
        end = match.end()
    return "".join([*pieces, _escape(text[end:])])


def _before(first: str) -> str:
    if first.isdigit():
        return r"(?<![\w/])(?<!\d[.,])(?<!\w-)"
    if first.isalpha():
        return r"(?<!\w)"
    return r"(?<!\S)" if first == "-" else ""


def _after(last: str) -> str:
    if last.isdigit():
        return r"(?![\w%])(?! %)(?![.,]\d)(?!\s*/\s*\w)(?!-\w)"
    if last.isalpha():
        return r"(?!\w)(?![/-][\w])"
    return r"(?!\S)" if last == "-" else ""
