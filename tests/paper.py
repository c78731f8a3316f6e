"""Where a report stands on paper: the characters of a PDF, matched with the paragraphs of the Word document.

Word's file says of each paragraph its style and its column; the profile says what that style looks like; the PDF says
where its characters are. The PDF is Typst's own, or what LibreOffice makes of the Word document. Lengths in points,
heights from the lower edge of the page.
"""

import os
import shutil
import subprocess
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from xml.etree import ElementTree

import pdfplumber

from baocao.theme import FONTS
from baocao.theme.measures import Measures, Style, load_measures
from ooxml import W

MM = 72 / 25.4
TWIP = 1 / 20
HEADINGS = ("Heading1", "Heading2", "Heading3", "Heading4", "SoPhuLuc")

Element = ElementTree.Element


@cache
def measures() -> Measures:
    return load_measures()


def style(name: str) -> Style:
    return measures().resolved(name)


def size_of(name: str) -> float:
    """The type size of a style; what states none has that of the whole document."""
    return style(name).co or measures().kieu["Normal"].co or 0


def line_height(name: str) -> float:
    return measures().phong.dong_don * (style(name).dong or 1) * size_of(name)


# ---------------------------------------------------------------------------------------------------------------------
# The Word document


@dataclass(frozen=True)
class Box:
    """Left and right edge of the column that a text stands in."""

    left: float
    right: float

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


@dataclass(frozen=True)
class Place:
    """A cell: the number of its table, and its row and column."""

    table: int
    row: int
    column: int


@dataclass(frozen=True)
class Paragraph:
    style: str
    text: str
    marks: tuple[frozenset[str], ...]
    """For each character of `text` what its run adds to the style: b, i, vertAlign, …"""
    box: Box
    section: int
    place: Place | None = None

    @cached_property
    def letters(self) -> str:
        return "".join(self.text.split())


@dataclass(frozen=True)
class Table:
    style: str
    widths: tuple[float, ...]
    rows: tuple[Element, ...]
    header: int
    """How many rows are marked as header rows."""


@dataclass(frozen=True)
class Section:
    landscape: bool
    properties: Element

    @property
    def size(self) -> tuple[float, float]:
        page = measures().trang
        wide, high = (page.cao, page.rong) if self.landscape else (page.rong, page.cao)
        return wide * MM, high * MM

    @property
    def text(self) -> Box:
        page = measures().trang
        return Box(page.trai * MM, self.size[0] - page.phai * MM)

    @property
    def top(self) -> float:
        return self.size[1] - measures().trang.tren * MM

    @property
    def bottom(self) -> float:
        return measures().trang.duoi * MM


@dataclass
class Word:
    """What a Word document says of itself."""

    path: Path
    parts: dict[str, bytes]
    paragraphs: list[Paragraph] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)

    def tree(self, name: str) -> Element:
        return ElementTree.fromstring(self.parts[name])

    @cached_property
    def body(self) -> Element:
        return self.tree("word/document.xml")

    def of(self, *styles: str) -> list[Paragraph]:
        return [paragraph for paragraph in self.paragraphs if paragraph.style in styles]


def read_word(path: Path) -> Word:
    with zipfile.ZipFile(path) as archive:
        word = Word(path, {name: archive.read(name) for name in archive.namelist()})
    sections = [
        Section(child(node, "pgSz").get(f"{W}orient") == "landscape", node) for node in word.body.iter(f"{W}sectPr")
    ]
    word.sections.extend(sections)
    index = 0
    for block in word.body[0]:
        if block.tag == f"{W}p":
            word.paragraphs.append(_paragraph(block, sections[index].text, index, None))
            index += block.find(f"{W}pPr/{W}sectPr") is not None
        elif block.tag == f"{W}tbl":
            _read_table(word, block, sections[index].text.left, index)
    return word


def _read_table(word: Word, node: Element, left: float, section: int) -> None:
    widths = tuple(int(column.get(f"{W}w") or 0) * TWIP for column in node.iter(f"{W}gridCol"))
    name = child(node, "tblPr/tblStyle").get(f"{W}val") or ""
    rows = tuple(node.findall(f"{W}tr"))
    header = sum(row.find(f"{W}trPr/{W}tblHeader") is not None for row in rows)
    number = len(word.tables)
    word.tables.append(Table(name, widths, rows, header))
    inset = 0.0 if name == "KhungChu" else measures().bang.dem
    for row_number, row in enumerate(rows):
        column = 0
        for cell in row.findall(f"{W}tc"):
            span = cell.find(f"{W}tcPr/{W}gridSpan")
            count = 1 if span is None else int(span.get(f"{W}val") or 1)
            start = left + sum(widths[:column])
            box = Box(start + inset, start + sum(widths[column : column + count]) - inset)
            place = Place(number, row_number, column)
            word.paragraphs.extend(_paragraph(item, box, section, place) for item in cell.findall(f"{W}p"))
            column += count


def child(node: Element, path: str) -> Element:
    found = node.find("/".join(f"{W}{name}" for name in path.split("/")))
    assert found is not None, f"{node.tag} has no {path}"
    return found


def _paragraph(node: Element, box: Box, section: int, place: Place | None) -> Paragraph:
    named = node.find(f"{W}pPr/{W}pStyle")
    text, marks = "", []
    for run in node.iter(f"{W}r"):
        piece = unicodedata.normalize("NFC", "".join(_run_text(child) for child in run))
        added = frozenset(child.tag.removeprefix(W) for child in run.find(f"{W}rPr") or ())
        text += piece
        marks += [added] * len(piece)
    return Paragraph((named.get(f"{W}val") if named is not None else "") or "", text, tuple(marks), box, section, place)


def _run_text(node: Element) -> str:
    if node.tag == f"{W}t":
        return node.text or ""
    return {f"{W}br": "\n", f"{W}tab": "\t", f"{W}noBreakHyphen": "-"}.get(node.tag, "")


# ---------------------------------------------------------------------------------------------------------------------
# The PDF


@dataclass(frozen=True)
class Glyph:
    text: str
    page: int
    x0: float
    x1: float
    baseline: float
    size: float
    font: str

    @property
    def top(self) -> float:
        return self.baseline + measures().phong.len * self.size

    @property
    def bottom(self) -> float:
        return self.baseline - measures().phong.xuong * self.size


@dataclass(frozen=True)
class Line:
    """Characters of one paragraph on one baseline."""

    glyphs: tuple[Glyph, ...]

    @property
    def page(self) -> int:
        return self.glyphs[0].page

    @property
    def left(self) -> float:
        return min(glyph.x0 for glyph in self.glyphs)

    @property
    def right(self) -> float:
        return max(glyph.x1 for glyph in self.glyphs)

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def baseline(self) -> float:
        return self.glyphs[0].baseline

    @property
    def top(self) -> float:
        return max(glyph.top for glyph in self.glyphs)

    @property
    def bottom(self) -> float:
        return min(glyph.bottom for glyph in self.glyphs)

    @property
    def text(self) -> str:
        return "".join(glyph.text for glyph in self.glyphs)


@dataclass(frozen=True)
class Mark:
    """Something drawn: a rule, a stroke of a table, a part of a chart, a picture."""

    kind: str
    page: int
    x0: float
    x1: float
    bottom: float
    top: float


@dataclass(frozen=True)
class Page:
    width: float
    height: float
    header: tuple[Glyph, ...]
    body: tuple[Glyph, ...]
    marks: tuple[Mark, ...]


def read_pages(path: Path) -> tuple[Page, ...]:
    """All pages; a text whose baseline is above the text area is the header's. Spaces are left out."""
    pages = []
    with pdfplumber.open(path) as pdf:
        for number, page in enumerate(pdf.pages, start=1):
            height = float(page.height)
            glyphs = [
                Glyph(letter, number, char["x0"], char["x1"], char["matrix"][5], char["size"], char["fontname"])
                for char in page.chars
                # One character may stand for two letters (fi); U+2011 is Word's no-break hyphen.
                for letter in unicodedata.normalize("NFC", char["text"]).replace("\u2011", "-")
                if not letter.isspace()
            ]
            edge = height - measures().trang.tren * MM
            marks = tuple(
                Mark(kind, number, item["x0"], item["x1"], height - item["bottom"], height - item["top"])
                for kind, items in (("line", page.lines), ("line", page.rects), ("drawing", page.curves + page.images))
                for item in items
            )
            header = tuple(glyph for glyph in glyphs if glyph.baseline > edge)
            body = tuple(glyph for glyph in glyphs if glyph.baseline <= edge)
            pages.append(Page(float(page.width), height, header, body, marks))
            page.close()
    return tuple(pages)


# ---------------------------------------------------------------------------------------------------------------------
# Both together


@dataclass(frozen=True)
class Placed:
    """A paragraph and its characters on paper."""

    paragraph: Paragraph
    glyphs: tuple[Glyph, ...]

    @property
    def style(self) -> str:
        return self.paragraph.style

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        lines: list[list[Glyph]] = []
        for glyph in self.glyphs:
            last = lines[-1][-1] if lines else None
            if last is None or last.page != glyph.page or abs(last.baseline - glyph.baseline) > 2:
                lines.append([])
            lines[-1].append(glyph)
        return tuple(Line(tuple(line)) for line in lines)

    @property
    def pages(self) -> set[int]:
        return {glyph.page for glyph in self.glyphs}

    def __str__(self) -> str:
        text = " ".join(self.paragraph.text.split())
        text = text if len(text) <= 40 else text[:38] + "…"
        return f"p. {self.glyphs[0].page} [{self.style}] “{text}”"


@dataclass
class Paper:
    """A report on paper, `by_writer` if LibreOffice printed it.

    `repeated`: for each table the pages that begin with its header rows; `repeats`: the paragraphs of these.
    """

    name: str
    word: Word
    pages: tuple[Page, ...]
    by_writer: bool = False
    placed: list[Placed] = field(default_factory=list)
    repeated: dict[int, list[int]] = field(default_factory=dict)
    repeats: list[Placed] = field(default_factory=list)

    def of(self, *styles: str) -> list[Placed]:
        return [item for item in self.placed if item.style in styles]

    def one(self, name: str) -> Placed:
        found = self.of(name)
        assert len(found) == 1, f"{self.name}: {len(found)} paragraphs in style {name}"
        return found[0]

    def section_pages(self) -> list[list[int]]:
        """The pages of each section."""
        pages: list[set[int]] = [set() for _ in self.word.sections]
        for item in self.placed:
            pages[item.paragraph.section] |= item.pages
        return [list(range(min(own), max(own) + 1)) for own in pages]


def lay(name: str, word: Word, pdf: Path, by_writer: bool = False) -> Paper:
    """Match the characters of `pdf` with the paragraphs of `word`: both say the same, in the same order.

    Only header rows may come again, at the top of a page; the cells of one table's header rows may come in any order,
    because Typst sets those that span rows last. Anything else that is missing, extra or split by a header row is an
    AssertionError that shows both texts.
    """
    pages = read_pages(pdf)
    paper = Paper(name, word, pages, by_writer)
    glyphs = [glyph for page in pages for glyph in page.body]
    stream = "".join(glyph.text for glyph in glyphs)
    cursor = 0

    def take(group: Sequence[Paragraph], placed: list[Placed]) -> None:
        nonlocal cursor
        pending, found = list(group), {}
        while pending:
            fitting = [item for item in pending if stream.startswith(item.letters, cursor)]
            if not fitting:
                page = glyphs[min(cursor, len(glyphs) - 1)].page
                raise AssertionError(
                    f"{name}, p. {page}: [{pending[0].style}] “{pending[0].letters[:120]}” should follow, "
                    f"on paper there is “{stream[cursor : cursor + 120]}”"
                )
            best = max(fitting, key=lambda item: len(item.letters))
            end = cursor + len(best.letters)
            found[id(best)] = Placed(best, tuple(glyphs[cursor:end]))
            cursor = end
            pending = [item for item in pending if item is not best]
        placed.extend(found[id(item)] for item in group)

    headers = _header_groups(word)
    for group in _groups(word):
        place = group[0].place
        header = headers.get(place.table, []) if place else []
        new_page = 0 < cursor < len(glyphs) and glyphs[cursor].page != glyphs[cursor - 1].page
        if new_page and place and header and group is not header and _comes_again(header, group[0], stream, cursor):
            paper.repeated.setdefault(place.table, []).append(glyphs[cursor].page)
            take(header, paper.repeats)
        take(group, paper.placed)
    assert cursor == len(stream), f"{name}: only on paper: “{stream[cursor : cursor + 120]}”"
    return paper


def _header_groups(word: Word) -> dict[int, list[Paragraph]]:
    """The paragraphs with text of the header rows of each table."""
    groups: dict[int, list[Paragraph]] = {}
    for paragraph in word.paragraphs:
        place = paragraph.place
        if paragraph.letters and place and place.row < word.tables[place.table].header:
            groups.setdefault(place.table, []).append(paragraph)
    return groups


def _groups(word: Word) -> Iterator[list[Paragraph]]:
    """Paragraphs with text, one by one; those of header rows together."""
    headers = _header_groups(word)
    grouped = {id(paragraph): group for group in headers.values() for paragraph in group}
    for paragraph in word.paragraphs:
        group = grouped.get(id(paragraph), [paragraph])
        if paragraph.letters and group[0] is paragraph:
            yield group


def _comes_again(header: Sequence[Paragraph], following: Paragraph, stream: str, cursor: int) -> bool:
    """A header row stands at `cursor`, and not a cell that begins with the same letters."""
    longest = max((len(item.letters) for item in header if stream.startswith(item.letters, cursor)), default=0)
    return longest > 0 and not (stream.startswith(following.letters, cursor) and len(following.letters) > longest)


# ---------------------------------------------------------------------------------------------------------------------
# LibreOffice


def has_writer() -> bool:
    return shutil.which("soffice") is not None


def through_writer(files: Sequence[Path], target: Path, work: Path, kind: str = "pdf") -> list[Path]:
    """What LibreOffice makes of `files`, with the font of the PDF where the documents name Times New Roman."""
    work.mkdir(parents=True, exist_ok=True)
    fonts = work / "fonts.conf"
    face = measures().phong
    fonts.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{FONTS}</dir><cachedir>{work / 'fonts'}</cachedir>"
        f'<alias binding="same"><family>{face.ten}</family><prefer><family>{face.nhung}</family></prefer></alias>'
        "</fontconfig>",
        encoding="utf-8",
    )
    command = ["soffice", f"-env:UserInstallation={(work / 'profile').as_uri()}", "--headless"]
    command += ["--convert-to", kind, "--outdir", str(target), *map(str, files)]
    environment = os.environ | {"FONTCONFIG_FILE": str(fonts)}
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240, env=environment)
    made = [target / f"{file.stem}.{kind}" for file in files]
    missing = [path.name for path in made if not path.is_file()]
    assert not missing, f"LibreOffice made no {missing}: {done.stdout}{done.stderr}"
    return made
