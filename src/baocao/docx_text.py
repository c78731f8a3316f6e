"""A Word document paragraph by paragraph as a reader sees it: tracked changes accepted; its pictures, its comments."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from baocao.archive import library
from baocao.docx_file import DocxFile, open_docx
from baocao.docx_looks import Looks
from baocao.docx_xml import child, name_of, reference, value

_CONTENT, _PERIOD = "baocao-noi-dung", "baocao-ky"
"""Properties that say which text and which month the document was made of."""
_GONE = frozenset(("del", "moveFrom", "delText", "delInstrText", "rPr", "pPr", "tblPr", "tcPr", "sdtPr"))
_CHANGES = frozenset(("ins", "del", "moveFrom", "moveTo"))
_PAGE = re.compile(r"\s*(PAGE|NUMPAGES|SECTIONPAGES)\b")
PAGE_NUMBER = "[số trang]"

TEXT, NOTE, BOX, HEADER, FOOTER, PICTURE = "", "chu_thich", "khung", "dau_trang", "chan_trang", "hinh"
"""Where a paragraph stands: in the text, in a foot- or endnote, in a text box, in a margin; or a picture."""


@dataclass(frozen=True)
class Change:
    """A tracked change: who made it and when, and what it took out."""

    author: str
    date: str
    removed: str = ""


@dataclass
class Paragraph:
    """One paragraph; a row of a table is one with `cells`, a picture is one without words."""

    text: str = ""
    changes: list[Change] = field(default_factory=list)
    cells: tuple[str, ...] = ()
    kind: str = TEXT
    letters: list[tuple[str, str]] = field(default_factory=list)
    """Its text piece by piece, each with how it looks (`Looks.of`)."""
    moved: bool = False
    """It was moved here, as far as it was tracked."""
    picture: str = ""
    """SHA-256 of the picture; its text is what it shows, as its maker described it."""

    @property
    def looks(self) -> tuple[tuple[str, str], ...]:
        """Its words, each with how its letters look."""
        words: list[tuple[str, tuple[str, ...]]] = []
        inside = False
        for text, look in self.letters:
            for letter in _clean(text):
                if letter.isspace():
                    inside = False
                    continue
                said, looks = words.pop() if inside else ("", ())
                # Marks beside a bold word are bold or not, and nobody sees it.
                words.append((said + letter, looks if look in looks or not letter.isalnum() else (*looks, look)))
                inside = True
        return tuple((word, ", ".join(looks)) for word, looks in words)


@dataclass(frozen=True)
class Comment:
    """A reviewer's comment and the paragraph that it stands at."""

    author: str
    date: str
    text: str
    paragraph: str


@dataclass(frozen=True)
class Document:
    """Paragraphs in reading order, comments, and what was deleted with its paragraph."""

    paragraphs: tuple[Paragraph, ...]
    comments: tuple[Comment, ...]
    removed: tuple[Change, ...]
    made_from: str
    """Digest of the text that it was made from; empty where a program dropped it."""
    period: str
    """The month that it reports on, `2024-04`; empty where a program dropped it."""


def read_docx(path: Path) -> Document:
    """Read a DOCX; whatever is none, is locked or is a trap is an `InputError`."""
    file = open_docx(path)
    with library():
        return _document(file)


def _document(file: DocxFile) -> Document:
    body = _Reader(file, file.body)
    found = body.paragraphs()
    margins = [
        paragraph
        for kind, part in _margins(file)
        for paragraph in _Reader(file, part).paragraphs(kind)
        if paragraph.text or paragraph.picture
    ]
    seen: dict[tuple[str, str, str], Paragraph] = {}
    for paragraph in margins:
        # Sections repeat their headers; programs write more of them than were there.
        seen.setdefault((paragraph.kind, paragraph.text, paragraph.picture), paragraph)
    return Document(
        (*found, *seen.values()),
        tuple(body.comments()),
        tuple(body.removed),
        file.property(_CONTENT),
        file.property(_PERIOD),
    )


def _margins(file: DocxFile) -> Iterator[tuple[str, str]]:
    """Kind and part of the headers and footers that sections refer to, in order."""
    related = file.related(file.body)
    for element in file.roots[file.body].iter():
        kind = {"headerReference": HEADER, "footerReference": FOOTER}.get(name_of(element))
        part = related.get(reference(element, "id"), "")
        if kind and part in file.roots:
            yield kind, part


def tidy(text: str) -> str:
    """Text without the differences that no reader sees: kinds of blanks, composed letters, soft hyphens."""
    text = _clean(text)
    return "\n".join(re.sub(r"\s+", " ", line).strip() for line in text.split("\n")).strip()


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", re.sub("[\u00ad\u200b\u200c\u2060\ufeff]", "", text.replace("\u2011", "-")))


def _change(element: Element, removed: str = "") -> Change:
    return Change(value(element, "author"), value(element, "date"), removed)


class _Reader:
    """Reads one part: the text of a document, a header, a footer."""

    def __init__(self, file: DocxFile, part: str) -> None:
        self._file = file
        self._part = part
        self._related = file.related(part)
        self._anchors: dict[str, Paragraph] = {}
        self._waiting: list[Paragraph] = []
        """Pictures, text boxes and notes inside the paragraph that is being read."""
        self._fields: list[str] = []
        """For each open field: its instruction, until its result begins; then `result`, or `page`."""
        self._shows = ""
        """Description of the drawing that is being read."""
        self._looks = Looks(file)
        self._style, self._look = "", ""
        """Style of the paragraph, and look of the letters, that are being read."""
        self.removed: list[Change] = []

    def paragraphs(self, kind: str = TEXT) -> list[Paragraph]:
        """The paragraphs that say something or were changed; those of the part itself are of `kind`."""
        root = self._file.roots[self._part]
        body = child(root, "body")
        found = list(self._blocks(root if body is None else body))
        for paragraph in found:
            paragraph.kind = paragraph.kind or kind
        return [item for item in found if item.text or item.changes or item.picture]

    def comments(self) -> Iterator[Comment]:
        """The comments, each with the paragraph that was read with its mark."""
        for part in self._file.of_kind(self._part, "comments"):
            for element in self._file.roots.get(part, ()):
                text = "\n".join(item.text for item in self._blocks(element))
                anchor = self._anchors.get(value(element, "id"))
                yield Comment(value(element, "author"), value(element, "date"), text, anchor.text if anchor else "")

    def _blocks(self, parent: Element) -> Iterator[Paragraph]:
        """Paragraphs and rows; one whose mark was deleted goes on in the next."""
        carried: Paragraph | None = None
        for element in parent:
            name = name_of(element)
            if name == "p":
                paragraph = carried or Paragraph()
                outside = self._style, self._look
                self._style = value(child(element, "pPr", "pStyle"), "val")
                self._inside(element, paragraph)
                self._style, self._look = outside
                mark = child(element, "pPr", "rPr")
                gone = next((item for item in (mark if mark is not None else ()) if name_of(item) in _CHANGES), None)
                if gone is not None and name_of(gone) in ("del", "moveFrom"):
                    carried = paragraph
                    if not paragraph.text:
                        carried = None
                        self.removed += paragraph.changes
                    continue
                if gone is not None:
                    paragraph.changes.append(_change(gone))
                    paragraph.moved = name_of(gone) == "moveTo"
                carried = None
                yield from self._read(paragraph)
            elif name == "tbl":
                if carried is not None:
                    yield from self._read(carried)
                    carried = None
                yield from self._rows(element)
            elif name in ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo"):
                yield from self._blocks(element)
        if carried is not None:
            yield from self._read(carried)

    def _read(self, paragraph: Paragraph) -> Iterator[Paragraph]:
        paragraph.text = tidy(paragraph.text)
        yield paragraph
        waiting, self._waiting = self._waiting, []
        yield from waiting

    def _rows(self, table: Element) -> Iterator[Paragraph]:
        for row in table:
            if name_of(row) in ("sdt", "sdtContent", "customXml"):
                yield from self._rows(row)
            if name_of(row) != "tr":
                continue
            cells, changes, beside, letters = [], [], [], []
            for cell in (item for item in row.iter() if name_of(item) == "tc"):
                inside = list(self._blocks(cell))
                cells.append(tidy("\n".join(item.text for item in inside if item.text and item.kind == TEXT)))
                changes += [change for item in inside for change in item.changes if item.kind == TEXT]
                beside += [item for item in inside if item.kind != TEXT]
                letters += [piece for item in inside if item.kind == TEXT for piece in (*item.letters, (" ", ""))]
            gone = child(row, "trPr", "del")
            if gone is not None:
                self.removed.append(_change(gone, " | ".join(cells)))
                continue
            added = child(row, "trPr", "ins")
            changes += [_change(added)] if added is not None else []
            yield Paragraph(" | ".join(cells), changes, tuple(cells), letters=letters)
            yield from beside

    def _inside(self, parent: Element, paragraph: Paragraph) -> None:
        for element in parent:
            name = name_of(element)
            if name in _CHANGES and name in _GONE:
                paragraph.changes.append(_change(element, _raw(element)))
            elif name in _GONE:
                continue
            elif name == "fldChar":
                self._field(value(element, "fldCharType"), paragraph)
            elif name == "instrText":
                self._fields[-1:] = [field + (element.text or "") for field in self._fields[-1:]]
            elif name == "fldSimple" and _PAGE.match(value(element, "instr")):
                paragraph.text += PAGE_NUMBER
            elif name in ("commentRangeStart", "commentReference"):
                self._anchors.setdefault(value(element, "id"), paragraph)
            elif name in ("footnoteReference", "endnoteReference"):
                self._note(name.removesuffix("Reference"), value(element, "id"))
            elif name.endswith("}AlternateContent"):
                self._inside(element[0] if len(element) else element, paragraph)
            elif name == "txbxContent":
                self._aside(element, BOX)
            elif name.endswith("}docPr"):
                self._shows = element.get("descr", "")
            elif name.endswith(("}blip", "}imagedata")):
                self._picture(element, "embed" if name.endswith("}blip") else "id")
            else:
                if name == "r":
                    self._look = self._looks.of(self._style, element)
                    tracked = child(element, "rPr", "rPrChange")
                    paragraph.changes += [] if tracked is None else [_change(tracked)]
                said = _letters(name, element) if all(item == "result" for item in self._fields) else ""
                if said:
                    paragraph.text += said
                    paragraph.letters.append((said, self._look))
                if name in ("ins", "moveTo"):
                    paragraph.changes.append(_change(element))
                self._inside(element, paragraph)

    def _field(self, step: str, paragraph: Paragraph) -> None:
        if step == "begin":
            self._fields.append("")
        elif self._fields:
            field = self._fields.pop()
            if field not in ("result", "page") and _PAGE.match(field):
                paragraph.text += PAGE_NUMBER
                field = "page"
            if step == "separate":
                self._fields.append("page" if field == "page" else "result")

    def _picture(self, element: Element, attribute: str) -> None:
        part = self._related.get(reference(element, attribute), "")
        if part:
            picture = self._file.media.get(part, part)
            self._waiting.append(Paragraph(tidy(self._shows), kind=PICTURE, picture=picture))

    def _aside(self, element: Element, kind: str) -> None:
        waiting, self._waiting = self._waiting, []
        inside = list(self._blocks(element))
        for paragraph in inside:
            paragraph.kind = paragraph.kind or kind
        self._waiting = [*waiting, *inside]

    def _note(self, kind: str, number: str) -> None:
        for part in self._file.of_kind(self._part, f"{kind}s"):
            for note in self._file.roots.get(part, ()):
                if value(note, "id") == number:
                    self._aside(note, NOTE)


def _letters(name: str, element: Element) -> str:
    if name == "t" or name.endswith("/math}t"):
        return element.text or ""
    return {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": " "}.get(name, "")


def _raw(element: Element) -> str:
    return tidy("".join(item.text or "" for item in element.iter() if name_of(item) in ("delText", "t")))
