"""Whether our narrative is our own: sentences of the issued report that ours repeats word for word."""

import re
from collections.abc import Iterable, Sequence

MIN_WORDS = 12

_BULLET = re.compile(r"\n(?=[-+•]\s)")
_HEADING_NUMBER = re.compile(r"^(?:[IVX]+\.|\d+(?:\.\d+)*\.?|[a-z][.)])\s+")
_SENTENCE_END = re.compile(r"(?<=[.;!?…])\s+(?=\D)")


def words(text: str) -> str:
    """The words of a text in small letters with one space around each: what is compared."""
    joined = " ".join(re.findall(r"\w+", text.casefold()))
    return f" {joined} "


def sentences(text: str) -> list[str]:
    """The sentences and list items of a section's text; a line break inside one is a space."""
    items = _BULLET.split(text)
    return [sentence for item in items for sentence in _SENTENCE_END.split(" ".join(item.split()))]


def copied(texts: Iterable[str], ours: str, allowed: Sequence[str]) -> list[str]:
    """The sentences of the reference's `texts` (without their headings) that `ours` holds word for word.

    A sentence counts when at least `MIN_WORDS` of its words are not part of an `allowed` text (official names,
    headings, table cells).
    """
    haystack = words(ours)
    titles = {form for text in allowed for form in (text, _HEADING_NUMBER.sub("", text))}
    exempt = sorted({words(title) for title in titles}, key=len, reverse=True)
    return [
        sentence
        for text in texts
        for sentence in sentences(text)
        if _own_words(sentence, exempt) >= MIN_WORDS and words(sentence) in haystack
    ]


def _own_words(sentence: str, exempt: Sequence[str]) -> int:
    left = words(sentence)
    for text in exempt:
        left = left.replace(text, " | ")
    return len([word for word in left.split() if word != "|"])
