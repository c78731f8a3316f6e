"""A Word document paragraph by paragraph as a reader sees it: tracked changes accepted; and its comments."""

import re
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from baocao.archive import DamagedError, TooLargeError, TrapError, library
from baocao.errors import InputError, Problem

_W = (
    "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}",
    "{http://purl.oclc.org/ooxml/wordprocessingml/main}",
)
_LARGEST = 64 * 2**20
"""Bytes that one part of a report may have; the report's own takes a quarter of a million."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BODY, _COMMENTS, _CUSTOM = "word/document.xml", "word/comments.xml", "docProps/custom.xml"
_CONTENT = "baocao-noi-dung"
"""Property that says which text the document was made from."""
_NOTES = {"footnote": "word/footnotes.xml", "endnote": "word/endnotes.xml"}
_GONE = frozenset(("del", "moveFrom", "instrText", "delText", "delInstrText", "rPr", "pPr", "tblPr", "tcPr", "sdtPr"))
_CHANGES = frozenset(("ins", "del", "moveFrom", "moveTo"))
_REMEDY = "chọn tệp .docx mà Word hoặc LibreOffice đã lưu"


@dataclass(frozen=True)
class Change:
    """A tracked change: who made it and when, and what it took out."""

    author: str
    date: str
    removed: str = ""


@dataclass
class Paragraph:
    """One paragraph; a row of a table is one with `cells`."""

    text: str = ""
    changes: list[Change] = field(default_factory=list)
    cells: tuple[str, ...] = ()


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


def read_docx(path: Path) -> Document:
    """Read a DOCX; whatever is none, is locked or is a trap is an `InputError`."""
    name = path.name
    try:
        content = path.read_bytes()[:8]
        if content == _OLE:
            raise _refused(name, "tệp có mật khẩu, hoặc là tệp .doc cũ", "bỏ mật khẩu, lưu lại dạng .docx")
        with library(), zipfile.ZipFile(path) as archive:
            parts = {name: _part(archive, name) for name in (_BODY, _COMMENTS, _CUSTOM, *_NOTES.values())}
        if parts[_BODY] is None:
            raise _refused(name, "tệp không phải văn bản Word")
        with library():
            return _Reader(parts).document()
    except FileNotFoundError as error:
        raise _refused(name, "không có tệp này", "xem lại đường dẫn của tệp") from error
    except OSError as error:
        raise _refused(name, f"không mở được tệp ({error.strerror})", "đóng tệp trong Word rồi thử lại") from error
    except zipfile.BadZipFile as error:
        raise _refused(name, "tệp không phải .docx, hoặc bị hỏng") from error
    except TooLargeError as error:
        raise _refused(name, "tệp quá lớn khi giải nén, không thể là báo cáo") from error
    except TrapError as error:
        raise _refused(name, "XML của tệp khai báo thực thể, Word không bao giờ ghi như vậy") from error
    except DamagedError as error:
        raise _refused(name, "tệp hỏng, không đọc được nội dung") from error


def _refused(name: str, what: str, remedy: str = _REMEDY) -> InputError:
    return InputError(Problem(what, (name,), "một tệp .docx", remedy))


def _part(archive: zipfile.ZipFile, name: str) -> Element | None:
    if name not in archive.namelist():
        return None
    with archive.open(name) as stream:
        content = stream.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise TooLargeError
    root: Element = fromstring(content, forbid_dtd=True)
    return root


def tidy(text: str) -> str:
    """Text without the differences that no reader sees: kinds of blanks, composed letters, soft hyphens."""
    text = unicodedata.normalize("NFC", text.replace("\u00ad", "").replace("\u2011", "-").replace("\u200b", ""))
    return "\n".join(re.sub(r"\s+", " ", line).strip() for line in text.split("\n")).strip()


def _name(element: Element) -> str:
    """Name of a Word element; others keep their namespace."""
    tag: Any = element.tag
    for space in _W:
        if isinstance(tag, str) and tag.startswith(space):
            return tag[len(space) :]
    return str(tag)


def _get(element: Element | None, name: str) -> str:
    if element is None:
        return ""
    return next((value for space in _W if (value := element.get(space + name)) is not None), "")


def _child(element: Element | None, *names: str) -> Element | None:
    for name in names:
        element = next((item for item in (element if element is not None else ()) if _name(item) == name), None)
    return element


def _change(element: Element, removed: str = "") -> Change:
    return Change(_get(element, "author"), _get(element, "date"), removed)


class _Reader:
    def __init__(self, parts: dict[str, Element | None]) -> None:
        self._parts = parts
        self._removed: list[Change] = []
        self._anchors: dict[str, Paragraph] = {}
        self._waiting: list[Paragraph] = []
        """Paragraphs inside the one that is being read: text boxes and notes."""
        self._field: list[bool] = []
        """For each open field: its result has begun."""

    def document(self) -> Document:
        body = _child(self._parts[_BODY], "body")
        paragraphs = [] if body is None else list(self._blocks(body))
        return Document(
            tuple(item for item in paragraphs if item.text or item.changes),
            tuple(self._comments()),
            tuple(self._removed),
            self._made_from(),
        )

    def _made_from(self) -> str:
        custom = self._parts[_CUSTOM]
        named = (item for item in (custom if custom is not None else ()) if item.get("name") == _CONTENT)
        return "".join("".join(item.itertext()).strip() for item in named)

    def _comments(self) -> Iterator[Comment]:
        comments = self._parts[_COMMENTS]
        for element in comments if comments is not None else ():
            text = "\n".join(item.text for item in self._blocks(element))
            anchor = self._anchors.get(_get(element, "id"))
            yield Comment(_get(element, "author"), _get(element, "date"), text, anchor.text if anchor else "")

    def _blocks(self, parent: Element) -> Iterator[Paragraph]:
        """Paragraphs and rows; one whose mark was deleted goes on in the next."""
        carried: Paragraph | None = None
        for element in parent:
            name = _name(element)
            if name == "p":
                paragraph = self._paragraph(element, carried)
                mark = _child(element, "pPr", "rPr")
                gone = next((item for item in (mark if mark is not None else ()) if _name(item) in _CHANGES), None)
                if gone is not None and _name(gone) in ("del", "moveFrom"):
                    carried = paragraph
                    if not paragraph.text:
                        carried = None
                        self._removed += paragraph.changes
                    continue
                if gone is not None:
                    paragraph.changes.append(_change(gone))
                carried = None
                paragraph.text = tidy(paragraph.text)
                yield paragraph
                waiting, self._waiting = self._waiting, []
                yield from waiting
            elif name == "tbl":
                yield from self._rows(element)
            elif name in ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo"):
                yield from self._blocks(element)
        if carried is not None:
            yield carried

    def _rows(self, table: Element) -> Iterator[Paragraph]:
        for row in table:
            if _name(row) in ("sdt", "sdtContent", "customXml"):
                yield from self._rows(row)
            if _name(row) != "tr":
                continue
            cells, changes = [], []
            for cell in (item for item in row.iter() if _name(item) == "tc"):
                inside = list(self._blocks(cell))
                cells.append(tidy("\n".join(item.text for item in inside if item.text)))
                changes += [change for item in inside for change in item.changes]
            gone = _child(row, "trPr", "del")
            if gone is not None:
                self._removed.append(_change(gone, " | ".join(cells)))
                continue
            added = _child(row, "trPr", "ins")
            yield Paragraph(" | ".join(cells), changes + ([_change(added)] if added is not None else []), tuple(cells))

    def _paragraph(self, element: Element, carried: Paragraph | None) -> Paragraph:
        paragraph = carried or Paragraph()
        self._inside(element, paragraph)
        return paragraph

    def _inside(self, parent: Element, paragraph: Paragraph) -> None:
        for element in parent:
            name = _name(element)
            if name in _CHANGES and name in _GONE:
                paragraph.changes.append(_change(element, _raw(element)))
            elif name in _GONE:
                continue
            elif name == "fldChar":
                self._fields(_get(element, "fldCharType"))
            elif name in ("commentRangeStart", "commentReference"):
                self._anchors.setdefault(_get(element, "id"), paragraph)
            elif name in ("footnoteReference", "endnoteReference"):
                self._note(name.removesuffix("Reference"), _get(element, "id"))
            elif name.endswith("AlternateContent"):
                self._inside(element[0] if len(element) else element, paragraph)
            elif name == "txbxContent":
                self._waiting += list(self._blocks(element))
            else:
                paragraph.text += _letters(name, element) if all(self._field) else ""
                if name in ("ins", "moveTo"):
                    paragraph.changes.append(_change(element))
                self._inside(element, paragraph)

    def _fields(self, kind: str) -> None:
        if kind == "begin":
            self._field.append(False)
        elif kind == "separate" and self._field:
            self._field[-1] = True
        elif kind == "end" and self._field:
            self._field.pop()

    def _note(self, kind: str, number: str) -> None:
        notes = self._parts[_NOTES[kind]]
        for note in notes if notes is not None else ():
            if _get(note, "id") == number:
                self._waiting += list(self._blocks(note))


def _letters(name: str, element: Element) -> str:
    if name == "t" or name.endswith("/math}t"):
        return element.text or ""
    return {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": " "}.get(name, "")


def _raw(element: Element) -> str:
    return tidy("".join(item.text or "" for item in element.iter() if _name(item) in ("delText", "t")))
