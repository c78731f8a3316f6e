"""Order of the Vietnamese dictionary: syllable by syllable, letters before tones, tones before case."""

import unicodedata

from baocao.vi.text import D_LOOKALIKES, clean_text

_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"  # f, j, w, z: where foreign names and codes have them
_RANK = {char: rank for rank, char in enumerate(_ALPHABET)}
_AFTER_ALPHABET = len(_ALPHABET)
_TONES = {mark: rank for rank, mark in enumerate("\u0300\u0309\u0303\u0301\u0323", start=1)}  # huyền hỏi ngã sắc nặng
_DIGITS = "0123456789"

_NUMBER, _WORD = 0, 1

Token = tuple[int, tuple[int, ...], tuple[int, ...]]
"""A number (length, then digits) or a syllable (ranks of its letters; its tones, none for ngang)."""

SortKey = tuple[tuple[Token, ...], str, str, str]


def sort_key(text: str) -> SortKey:
    """Key for `sorted`: the order of a Vietnamese dictionary. Keys differ whenever the cleaned texts differ.

    Letters a ă â b c d đ e ê g h i k l m n o ô ơ p q r s t u ư v x y; within a syllable letters come before tones
    (ngang, huyền, hỏi, ngã, sắc, nặng), and a syllable counts whole before the next one does: “Hà Nội” before
    “Há Miệng”. Numbers go by their value and before letters: “Phường 2” before “Phường 10”. Punctuation and
    marks foreign to Vietnamese decide only between texts that are otherwise the same; case comes last, small
    letters first.
    """
    cleaned = clean_text(text)
    folded = cleaned.casefold().translate(D_LOOKALIKES)
    return tuple(_tokens(unicodedata.normalize("NFD", folded))), folded, cleaned.swapcase(), cleaned


def _tokens(decomposed: str) -> list[Token]:
    tokens: list[Token] = []
    digits = ""
    letters: list[int] = []
    tones: list[int] = []
    base = ""

    def finish() -> None:
        nonlocal digits
        if digits:
            # Not int(): a very long run of digits would be refused; length first gives the same order.
            significant = digits.lstrip("0")
            tokens.append((_NUMBER, (len(significant), *map(int, significant)), ()))
            digits = ""
        if letters:
            tokens.append((_WORD, tuple(letters), tuple(tones)))
            letters.clear()
            tones.clear()

    for char in decomposed:
        if char in _DIGITS:
            if letters:
                finish()
            digits += char
        elif unicodedata.category(char).startswith("M"):
            if not letters:
                continue
            if char in _TONES:
                tones.append(_TONES[char])
            else:
                # Breve, circumflex and horn make another letter; any other mark leaves the letter what it is.
                letters[-1] = _RANK.get(unicodedata.normalize("NFC", base + char), letters[-1])
        elif char.isalnum():
            if digits:
                finish()
            base = char
            letters.append(_RANK.get(char, _AFTER_ALPHABET + ord(char)))
        else:
            finish()
    finish()
    return tokens
