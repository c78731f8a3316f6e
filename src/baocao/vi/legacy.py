"""Vietnamese text in the encodings from before Unicode, TCVN3 (ABC) and VNI-Windows: recognised, and read.

Such a text looks right only in a font of its encoding (.VnTime, VNI-Times); everywhere else “Việt Nam” is
“ViÖt Nam” or “Vieät Nam”. It is recognised by its words: in Unicode they are no Vietnamese syllables, and decoded
they are. A font of the encoding settles it where a word reads well both ways.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Literal
from unicodedata import normalize

Encoding = Literal["TCVN3", "VNI"]
_ENCODINGS: tuple[Encoding, ...] = ("TCVN3", "VNI")

_VOWELS = "aăâeêioôơuưy"
_TONES = "\u0300\u0301\u0309\u0303\u0323"
"""Huyền, sắc, hỏi, ngã, nặng: the order of the five codes after each plain vowel below."""

# TCVN 5712:1993, VN3, as the ABC fonts have it: one code a letter. Only seven capitals have codes of their own; the
# others are the small letter's code in a font of capitals (.VnTimeH).
_TCVN3 = {
    "a": "aµ¸¶·¹",
    "ă": "¨»¾¼½Æ",
    "â": "©ÇÊÈÉË",
    "e": "eÌÐÎÏÑ",
    "ê": "ªÒÕÓÔÖ",
    "i": "i×ÝØÜÞ",
    "o": "oßãáâä",
    "ô": "«åèæçé",
    "ơ": "¬êíëìî",
    "u": "uïóñòô",
    "ư": "\u00adõøö÷ù",
    "y": "yúýûüþ",
}
_TCVN3_CAPITALS = dict(zip("ĂÂÊÔƠƯĐ", "¡¢£¤¥¦§", strict=True))

# VNI-Windows: a vowel and a second code for its mark; capitals have the capital of that code.
_VNI = {
    "a": ("a", *(f"a{mark}" for mark in "øùûõï")),
    "ă": ("aê", *(f"a{mark}" for mark in "èéúüë")),
    "â": ("aâ", *(f"a{mark}" for mark in "àáåãä")),
    "e": ("e", *(f"e{mark}" for mark in "øùûõï")),
    "ê": ("eâ", *(f"e{mark}" for mark in "àáåãä")),
    "i": tuple("iìíæóò"),
    "o": ("o", *(f"o{mark}" for mark in "øùûõï")),
    "ô": ("oâ", *(f"o{mark}" for mark in "àáåãä")),
    "ơ": ("ô", *(f"ô{mark}" for mark in "øùûõï")),
    "u": ("u", *(f"u{mark}" for mark in "øùûõï")),
    "ư": ("ö", *(f"ö{mark}" for mark in "øùûõï")),
    "y": ("y", *(f"y{mark}" for mark in "øùûõ"), "î"),
}


def _small(codes: dict[str, str] | dict[str, tuple[str, ...]], d_stroke: str) -> dict[str, str]:
    letters = {"đ": d_stroke}
    for vowel in _VOWELS:
        toned = (vowel, *(normalize("NFC", vowel + tone) for tone in _TONES))
        letters |= dict(zip(toned, codes[vowel], strict=True))
    return letters


TCVN3: dict[str, str] = _small(_TCVN3, "®") | _TCVN3_CAPITALS
"""Letter → its code, as Windows-1252 shows it. Capitals that it lacks are small letters in a font of capitals."""
TCVN3_CAPITAL_FONT: dict[str, str] = {
    (letter if letter in _TCVN3_CAPITALS else letter.upper()): code for letter, code in TCVN3.items()
}
"""The same in a font of capitals, in which small letters look like capitals."""
VNI: dict[str, str] = _small(_VNI, "ñ")
VNI |= {letter.upper(): code.upper() for letter, code in VNI.items()}
"""Letter → its one or two codes, as Windows-1252 shows them."""

_FROM_TCVN3 = {code: letter for letter, code in TCVN3.items() if code != letter}
_FROM_VNI = {code: letter for letter, code in VNI.items() if code != letter}
# A capital vowel may stand before the small mark: fonts show it well enough.
_FROM_VNI |= {code[0].upper() + code[1:]: letter.upper() for code, letter in _FROM_VNI.items() if len(code) == 2}
_VNI_CODE = re.compile("|".join(sorted(map(re.escape, _FROM_VNI), key=len, reverse=True)))

_SIGN = re.compile("[\u00a1-\u00ff]")
_UNICODE_ONLY = re.compile("[\u0102\u0103\u0110\u0111\u0128\u0129\u0168\u0169\u01a0-\u01b0\u1ea0-\u1ef9]")
"""Vietnamese letters that no old encoding has: whoever typed one typed Unicode, whatever the font."""
_WORD = re.compile("[A-Za-z\u00a1-\u00ff\u0102-\u01b0\u0300-\u0323\u1ea0-\u1ef9]+")

_ONSET = "ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdđghklmnrstvx]|"
_RIME = (
    "a|ac|ach|ai|am|an|ang|anh|ao|ap|at|au|ay|ăc|ăm|ăn|ăng|ăp|ăt|âc|âm|ân|âng|âp|ât|âu|ây|"
    "e|ec|em|en|eng|eo|ep|et|ê|êch|êm|ên|ênh|êp|êt|êu|i|ia|ich|im|in|inh|ip|it|iu|iêc|iêm|"
    "iên|iêng|iêp|iêt|iêu|o|oc|oi|om|on|ong|op|ot|oa|oac|oach|oai|oam|oan|oang|oanh|oao|oap|"
    "oat|oay|oăc|oăm|oăn|oăng|oăt|oe|oen|oeo|oet|ô|ôc|ôi|ôm|ôn|ông|ôp|ôt|ơ|ơi|ơm|ơn|ơp|ơt|u|"
    "ua|uc|ui|um|un|ung|up|ut|uân|uâng|uât|uây|uê|uêch|uên|uênh|uêt|uơ|uôc|uôi|uôm|uôn|uông|"
    "uôt|uy|uya|uych|uyên|uyêt|uynh|uyp|uyt|uyu|ư|ưa|ưc|ưi|ưm|ưng|ưt|ưu|ươc|ươi|ươm|ươn|ương|"
    "ươp|ươt|ươu|y|yêm|yên|yêng|yêt|yêu|ynh|yt|ych"
)
_SYLLABLE = re.compile(f"({_ONSET})({_RIME})")
_PLAIN = {
    normalize("NFC", vowel + tone): (vowel, tone) for vowel, tone in product(_VOWELS, ("", *_TONES))
}  # fmt: skip
"""Vowel with its tone → both apart."""
# ch, c, p, t at the end go with sắc and nặng only.
_STOPS = ("ch", "c", "p", "t")
_STOPPED_TONES = ("\u0301", "\u0323")
# hòa and hoà, thúy and thuý.
_EITHER_VOWEL = ("oa", "oe", "uy")
# QĐ, LĐTBXH: no syllable. A capital Ñ among vowels may be Spanish.
_ABBREVIATION = {
    "TCVN3": re.compile("[A-Z]*§[A-Z]+|[A-Z]+§"),
    "VNI": re.compile("[B-DGHK-NP-TVX]*Ñ[B-DGHK-NP-TVX]+|[B-DGHK-NP-TVX]+Ñ"),
}
# Letters that are their own codes tell nothing.
_SAME = {"TCVN3": {"ý"}, "VNI": set("íìÍÌ")}
_NOT_ASCII = re.compile("[^\x00-\x7f]")


@dataclass(frozen=True)
class Legacy:
    """A text in an old encoding: which one, and what it says in Unicode most likely."""

    encoding: Encoding
    reading: str


def decode(text: str, encoding: Encoding, capitals: bool = False) -> str:
    """`text` of that encoding in Unicode; `capitals` where its font shows small letters as capitals."""
    if encoding == "VNI":
        return _VNI_CODE.sub(lambda match: _FROM_VNI[match[0]], text)
    decoded = "".join(_FROM_TCVN3.get(char, char) for char in text)
    return decoded.upper() if capitals else decoded


def legacy_font(name: str) -> Encoding | None:
    """The encoding that a font is made for: `.VnTime`, `.VnTimeH` … or `VNI-Times` …; None for a Unicode font."""
    folded = name.strip().casefold()
    return "TCVN3" if folded.startswith(".vn") else "VNI" if folded.startswith("vni") else None


def find_legacy(text: str, font: str = "") -> tuple[Legacy, ...]:
    """The old encodings that `text` may be in, none for Unicode. `font` is the name of its font, where known.

    Words are weighed: those that are syllables only when decoded against those that are syllables as they stand.
    """
    if not _SIGN.search(text):
        return ()
    made_for = legacy_font(font)
    words = [word for word in _WORD.findall(normalize("NFC", text)) if not word.isascii()]
    unicode = _UNICODE_ONLY.search(normalize("NFC", text))
    weights: dict[Encoding, int] = {}
    for encoding in _ENCODINGS if made_for is None else (made_for,):
        kinds = Counter(_kind(word, encoding) for word in words)
        # In a font of the encoding, a word that reads well both ways looks as the encoding has it.
        weights[encoding] = kinds["old"] - kinds["new"] + (kinds["either"] if made_for and not unicode else 0)
    most = max(weights.values())
    if most <= 0:
        return ()
    capitals = made_for == "TCVN3" and font.strip().casefold().endswith("h")
    return tuple(Legacy(name, decode(text, name, capitals)) for name, weight in weights.items() if weight == most)


@lru_cache(4096)
def _kind(word: str, encoding: Encoding) -> Literal["old", "new", "either", "neither"]:
    """What a word with letters beyond ASCII reads as: text of the old encoding, Unicode, either, or neither."""
    if word == "µm" or (len(word) == 1 and not word.isalpha()):
        return "neither"
    if _ABBREVIATION[encoding].fullmatch(word):
        return "old"
    decoded = decode(word, encoding)
    if decoded == word and not set(_NOT_ASCII.findall(word)) - _SAME[encoding]:
        return "neither"
    unicode = is_syllable(word) and (word.islower() or word.isupper() or word.istitle())
    old = decoded != word and is_syllable(decoded)
    return "either" if unicode and old else "old" if old else "new" if unicode else "neither"


@lru_cache(4096)
def is_syllable(word: str) -> bool:
    """`word`, in NFC, is spelt as a Vietnamese syllable: an onset, a rime, and at most one tone, in its place."""
    letters = [_PLAIN.get(char, (char, "")) for char in word.casefold()]
    match = _SYLLABLE.fullmatch("".join(letter for letter, _ in letters))
    if not match:
        return False
    onset, rime = match.groups()
    if onset == "qu" and rime[0] in "ouư":
        return False
    toned = [(index, tone) for index, (_, tone) in enumerate(letters) if tone]
    if not toned:
        return not rime.endswith(_STOPS) or word.isascii()
    place, tone = toned[0][0] - len(onset), toned[0][1]
    if len(toned) > 1 or (rime.endswith(_STOPS) and tone not in _STOPPED_TONES):
        return False
    bearer = _bearer(rime)
    return place == bearer or (rime in _EITHER_VOWEL and place in (0, 1))


def _bearer(rime: str) -> int:
    """The index of the vowel that bears the tone: the last marked one; or of three, or a closed pair, the second."""
    marked = [index for index, char in enumerate(rime) if char in "ăâêôơư"]
    if marked:
        return marked[-1]
    vowels = sum(char in _VOWELS for char in rime)
    return 1 if vowels > 2 or (vowels == 2 and len(rime) > 2) else 0
