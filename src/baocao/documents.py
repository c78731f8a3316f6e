"""Numbers and symbols of official documents: well formed, of the stated type, of the stated issuer.

Nghị định 30/2020/NĐ-CP, Phụ lục I, Phần I, II.3: “Số: 05/KH-UBND” for a document with a type, “Số: 05/UBND-NC”
(agency, drafting unit) for a công văn, a number below 10 with a leading 0, no spaces about “/” and “-”. Legal normative
documents have the year (“01/2023/QĐ-UBND”); documents of the Party their own order (“12-CT/TW”). Which types and
agencies there are is data.
"""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, model_validator

from baocao.period import Period
from baocao.vi import fold
from baocao.yamlfile import Dated, Month, Strict

Line = Annotated[str, Field(min_length=1)]
Lines = Annotated[tuple[Line, ...], Field(min_length=1)]

_ARTICLE = "Nghị định 30/2020/NĐ-CP, Phụ lục I, Phần I, II.3"
_PIECE = r"[^\W_][\w&.,+]*"
_STATE = re.compile(
    rf"(?P<number>\d+[a-zđ]?)(/(?P<year>\d{{4}}))?/(?P<pieces>{_PIECE}(-{_PIECE})*)(?P<unit>\([^\s()/]+\))?", re.I
)
_PARTY = re.compile(rf"(?P<number>\d+)-(?P<type>{_PIECE})/(?P<agency>{_PIECE}(-{_PIECE})*)")
_PREFIX = re.compile(r"\s*(số|sô|so)\s*:?\s*(?=\d)", re.I)
_LETTERS_FIRST = re.compile(r"\s*(?P<letters>[^\W\d_]{1,4})\.?\s*(?=\d)")
_SPACED = re.compile(r"\s*([/-])\s*")
_DIGITS = re.compile(r"\d+$")


class Kind(Dated):
    """A type of document with its abbreviations, the usual one first."""

    valid_from: Month = "1945-09"
    name: Line
    abbreviations: tuple[Line, ...] = ()
    untyped: bool = False
    """The symbol begins with the agency: a công văn, a law."""

    @model_validator(mode="after")
    def _typed_has_an_abbreviation(self) -> "Kind":
        if not self.untyped and not self.abbreviations:
            raise ValueError("loại văn bản cần abbreviations, hoặc untyped: true")
        return self


class Agency(Dated):
    """Who issues: the abbreviations that symbols have, and how its name is written (a part of it is enough)."""

    valid_from: Month = "1945-09"
    abbreviations: Lines
    names: Lines
    untyped: bool = False
    """Its documents carry no abbreviation of the type (“43/2022/QH15”)."""


class Conventions(Strict):
    """The types and agencies that are known."""

    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)]
    agencies: tuple[Agency, ...] = ()

    def at(self, period: Period) -> "Conventions":
        """Those in force in a month, the month of the document."""
        return Conventions.model_construct(
            kinds=tuple(kind for kind in self.kinds if kind.holds(period)),
            agencies=tuple(agency for agency in self.agencies if agency.holds(period)),
        )

    def kind(self, written: str | None) -> Kind | None:
        """The type that a form states: by the beginning of what is written, or by its abbreviation."""
        text = fold(written or "")
        named = [kind for kind in self.kinds if re.match(rf"{re.escape(fold(kind.name))}\b", text)]
        if named:
            return max(named, key=lambda kind: len(kind.name))
        return next((kind for kind in self.kinds if text and text in _folded(kind.abbreviations)), None)

    def abbreviated(self, piece: str) -> Kind | None:
        """The type that has the abbreviation `piece`."""
        return next((kind for kind in self.kinds if fold(piece) in _folded(kind.abbreviations)), None)

    def agencies_of(self, piece: str) -> list[Agency]:
        """The agencies with the abbreviation `piece`, a term number after it left out (QH15)."""
        wanted = {fold(piece), fold(_DIGITS.sub("", piece))}
        return [agency for agency in self.agencies if wanted & _folded(agency.abbreviations)]

    def agencies_named(self, issuer: str) -> list[Agency]:
        """The agencies that the name of an issuer mentions; a longer name hides the shorter one inside it."""
        text = fold(issuer)
        found: list[Agency] = []
        names = [(fold(name), agency) for agency in self.agencies for name in agency.names]
        for name, agency in sorted(names, key=lambda pair: -len(pair[0])):
            pattern = rf"(?<!\w){re.escape(name)}(?!\w)"
            if re.search(pattern, text):
                found.append(agency)
                # Left in place for other agencies of the very same name.
                if not any(other == name and owner not in found for other, owner in names):
                    text = re.sub(pattern, "\n", text)
        return found


@dataclass(frozen=True)
class Fault:
    """What is wrong with a number, and how it should look."""

    what: str
    expected: str
    type_too: bool = False
    """The type that the form states may be the wrong one."""


@dataclass(frozen=True)
class _Symbol:
    number: str
    year: str
    pieces: tuple[str, ...]
    unit: str = ""
    party: bool = False

    def written(self, pieces: tuple[str, ...] | None = None) -> str:
        """The number with its symbol as the decree writes it."""
        number = f"0{self.number}" if len(self.number) == 1 else self.number
        year = f"/{self.year}" if self.year else ""
        return f"{number}{year}/{'-'.join(pieces or self.pieces)}{self.unit}"


def number_fault(text: str, stated_type: str | None, conventions: Conventions) -> Fault | None:
    """What is wrong with the number `text` of a document of the stated type; nothing where it is well formed."""
    kind = conventions.kind(stated_type)
    symbol = _read(text)
    if symbol is None:
        return _malformed(text, kind, conventions)
    if symbol.party and not any(conventions.agencies_of(piece) for piece in symbol.pieces[1:]):
        return None
    fault = None if kind is None else _type_fault(text, symbol, kind, conventions)
    if fault is None and symbol.written() != text:
        what = f"“{text}” chưa đúng thể thức"
        return Fault(what, f"{symbol.written()} ({_ARTICLE})")
    return fault


def issuer_fault(text: str, stated_type: str | None, issuer: str, conventions: Conventions) -> Fault | None:
    """The symbol of `text` is another agency's than the stated issuer; unknown symbols say nothing."""
    symbol = _read(text)
    if symbol is None:
        return None
    kind = conventions.kind(stated_type)
    own = _folded(kind.abbreviations) if kind else set()
    pieces = [piece for piece in symbol.pieces if fold(piece) not in own]
    if kind is None and len(pieces) > 1 and conventions.abbreviated(pieces[0]):
        pieces = pieces[1:]
    owners = conventions.agencies_of(pieces[0]) if pieces else []
    named = conventions.agencies_named(issuer)
    if not owners or any(owner in named for owner in owners):
        return None
    expected = f"cơ quan ban hành là {owners[0].names[0]}"
    if named:
        own_pieces = tuple(named[0].abbreviations[0] if piece == pieces[0] else piece for piece in symbol.pieces)
        expected += f", hoặc số, ký hiệu của {issuer}, ví dụ {symbol.written(own_pieces)}"
    else:
        expected += f", hoặc số, ký hiệu của {issuer}"
    return Fault(f"“{text}” là ký hiệu của {owners[0].names[0]}, nhưng cơ quan ban hành ghi “{issuer}”", expected)


def _folded(names: tuple[str, ...]) -> set[str]:
    return {fold(name) for name in names}


def _read(text: str) -> _Symbol | None:
    match = _STATE.fullmatch(text)
    if match:
        pieces = tuple(match["pieces"].split("-"))
        return _Symbol(match["number"], match["year"] or "", pieces, match["unit"] or "")
    match = _PARTY.fullmatch(text)
    if match:
        return _Symbol(match["number"], "", (match["type"], *match["agency"].split("-")), party=True)
    return None


def _malformed(text: str, kind: Kind | None, conventions: Conventions) -> Fault:
    """Not a number with its symbol; where the mending is plain, it is what is expected."""
    mended = _SPACED.sub(r"\1", _PREFIX.sub("", text).strip())
    letters = _LETTERS_FIRST.match(mended)
    if letters and conventions.abbreviated(letters["letters"]):
        kind = kind or conventions.abbreviated(letters["letters"])
        mended = mended[letters.end() :]
    symbol = _read(mended)
    if symbol is not None:
        fault = None if kind is None else _type_fault(mended, symbol, kind, conventions)
        expected = fault.expected if fault else f"{symbol.written()} ({_ARTICLE})"
    else:
        digits = re.match(r"\d+", mended)
        expected = _shape(digits[0] if digits else "12", kind)
    return Fault(f"“{text}” chưa đúng thể thức", expected)


def _shape(number: str, kind: Kind | None) -> str:
    number = number.zfill(2)
    if kind is None or (kind.untyped and not kind.abbreviations):
        return f"số/ký hiệu, ví dụ {number}/KH-UBND; công văn: {number}/UBND-NC ({_ARTICLE})"
    if kind.untyped:
        return f"số/cơ quan-đơn vị soạn thảo, ví dụ {number}/UBND-NC ({_ARTICLE})"
    short = kind.abbreviations[0]
    return f"số/{short}-cơ quan ban hành, ví dụ {number}/{short}-UBND ({_ARTICLE})"


def _type_fault(text: str, symbol: _Symbol, kind: Kind, conventions: Conventions) -> Fault | None:
    """The symbol against the stated type: its abbreviation first, then the agency; none for an untyped one."""
    pieces = symbol.pieces
    own = _folded(kind.abbreviations)
    places = [place for place, piece in enumerate(pieces) if fold(piece) in own]
    other = conventions.abbreviated(pieces[0]) if len(pieces) > 1 and fold(pieces[0]) not in own else None
    if kind.untyped:
        if places and places[0] > 0:
            rest = tuple(piece for piece in pieces if fold(piece) not in own)
            return Fault(f"“{text}” đặt loại văn bản sau cơ quan", f"{symbol.written(rest)} ({_ARTICLE})")
        # A drafting agency may share its abbreviation with a type (Trung tâm, Thông tư): only a known agency tells.
        if other is not None and not other.untyped and conventions.agencies_of(pieces[1]):
            return _other_type(text, kind, other)
        return None
    if any(agency.untyped for piece in pieces for agency in conventions.agencies_of(piece)):
        return None
    if places == []:
        if other is not None:
            return _other_type(text, kind, other)
        expected = symbol.written((kind.abbreviations[0], *pieces))
        what = f"“{text}” thiếu chữ viết tắt của loại văn bản ({kind.name})"
        return Fault(what, f"{expected} ({_ARTICLE})", type_too=True)
    if len(pieces) == 1:
        return Fault(f"“{text}” thiếu cơ quan ban hành", _shape(symbol.number, kind))
    if places[0] > 0 or symbol.party:
        ordered = (pieces[places[0]], *(piece for place, piece in enumerate(pieces) if place != places[0]))
        what = f"“{text}” đặt cơ quan trước loại văn bản"
        if symbol.party:
            what = f"“{text}” đặt loại văn bản ngay sau số như văn bản của Đảng"
        return Fault(what, f"{symbol.written(ordered)} ({_ARTICLE})")
    return None


def _other_type(text: str, kind: Kind, other: Kind) -> Fault:
    what = f"“{text}” là của {other.name}, nhưng loại văn bản ghi “{kind.name}”"
    return Fault(what, f"loại văn bản “{other.name}”, hoặc số, ký hiệu đúng loại “{kind.name}”", type_too=True)
