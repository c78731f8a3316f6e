"""Read a finished report back from its DOCX, PDF or HTML: the same `{section key: SectionText}` from each."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import docx
import pypdf

from .sections import Line, Row, SectionText, merge, split

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def read_docx(path: Path) -> dict[str, SectionText]:
    """Sections of a Word document: its body in document order, tables as rows; headers and footers left out."""
    return split(_docx_stream(docx.Document(str(path)).element.body))


def read_html(path: Path) -> dict[str, SectionText]:
    """Sections of an HTML page: what a reader sees, tables as rows; navigation, scripts and drawings left out."""
    parser = _Page()
    parser.feed(path.read_text(encoding="utf-8"))
    parser.close()
    return split(parser.stream())


def read_pdf(path: Path) -> dict[str, SectionText]:
    """Sections of a PDF, read in content order, in reading order and as laid out (pypdf where poppler is missing)."""
    return merge([split(_pdf_stream(pages), with_rows=False) for pages in _pdf_readings(path)])


READERS: dict[str, Callable[[Path], dict[str, SectionText]]] = {"docx": read_docx, "pdf": read_pdf, "html": read_html}


def _docx_stream(parent: Any) -> Iterator[Line | Row]:
    for child in parent.iterchildren():
        if child.tag == f"{_W}p":
            yield Line(_docx_text(child))
        elif child.tag == f"{_W}tbl":
            for row in child.iterchildren(f"{_W}tr"):
                cells = [[_docx_text(paragraph) for paragraph in cell.iter(f"{_W}p")] for cell in row.iter(f"{_W}tc")]
                yield Row(tuple("\n".join(cell) for cell in cells))
                yield from (Line(text, in_table=True) for cell in cells for text in cell)
        elif child.tag in {f"{_W}sdt", f"{_W}sdtContent"}:
            yield from _docx_stream(child)


def _docx_text(paragraph: Any) -> str:
    pieces: list[str] = []

    def walk(node: Any) -> None:
        for child in node.iterchildren():
            if child.tag in {f"{_W}del", _FALLBACK}:
                continue
            if child.tag == f"{_W}t":
                pieces.append(child.text or "")
            elif child.tag in {f"{_W}tab", f"{_W}br", f"{_W}cr"}:
                pieces.append(" ")
            elif child.tag == f"{_W}noBreakHyphen":
                pieces.append("-")
            else:
                walk(child)

    walk(paragraph)
    return "".join(pieces)


class _Page(HTMLParser):
    """Collects lines and table rows of a page; a line ends at the bounds of every block element."""

    _HIDDEN = frozenset({"head", "script", "style", "nav", "svg", "template", "noscript"})
    _BLOCKS = frozenset(
        {"address", "article", "aside", "blockquote", "body", "caption", "dd", "div", "dl", "dt", "figcaption"}
        | {"figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre"}
        | {"section", "table", "tbody", "tfoot", "thead", "ul"}
    )

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[Line | Row] = []
        self._line: list[str] = []
        self._hidden: list[str] = []
        self._cells: list[list[str]] | None = None
        self._tables = 0

    def stream(self) -> list[Line | Row]:
        """What has been read so far."""
        self._end_line()
        return self._parts

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._hidden or tag in self._HIDDEN:
            if tag in self._HIDDEN:
                self._hidden.append(tag)
            return
        if tag == "br":
            self._end_line()
        elif tag == "table":
            self._end_line()
            self._tables += 1
        elif tag == "tr":
            self._end_line()
            self._cells = []
        elif tag in {"td", "th"}:
            self._end_line()
            if self._cells is not None:
                self._cells.append([])
        elif tag in self._BLOCKS:
            self._end_line()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self._HIDDEN:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag == self._hidden[-1]:
                self._hidden.pop()
            return
        if tag == "tr":
            self._end_line()
            if self._cells is not None:
                self._parts.append(Row(tuple("\n".join(cell) for cell in self._cells)))
            self._cells = None
        elif tag == "table":
            self._end_line()
            self._tables -= 1
        elif tag in {"td", "th"} or tag in self._BLOCKS:
            self._end_line()

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._line.append(data)

    def _end_line(self) -> None:
        text = " ".join("".join(self._line).split())
        self._line = []
        if not text:
            return
        self._parts.append(Line(text, in_table=self._tables > 0))
        if self._cells:
            self._cells[-1].append(text)


def _pdf_readings(path: Path) -> list[list[str]]:
    """The pages' texts, in one or more readings; the reading in content order (cell by cell) comes first."""
    command = shutil.which("pdftotext")
    if command is None:
        return [pypdf_pages(path)]
    return [_pdftotext(command, path, options) for options in (["-raw"], [], ["-layout"])]


def pypdf_pages(path: Path) -> list[str]:
    """The pages' texts as pypdf reads them: for machines without poppler."""
    return [page.extract_text() for page in pypdf.PdfReader(path).pages]


def _pdftotext(command: str, path: Path, options: Sequence[str]) -> list[str]:
    done = subprocess.run(
        [command, *options, "-enc", "UTF-8", str(path), "-"], check=True, capture_output=True, timeout=120
    )
    return done.stdout.decode("utf-8").split("\f")[:-1]


def _pdf_stream(pages: Sequence[str]) -> Iterator[Line]:
    contents = [[" ".join(line.split()) for line in page.splitlines() if line.strip()] for page in pages]
    _drop_page_numbers(contents)
    headers: set[tuple[str, ...]] = set()
    for lines in contents:
        _drop_repeated_header(lines, headers)
        _note_headers(lines, headers)
        yield from map(Line, lines)


def _drop_page_numbers(pages: list[list[str]]) -> None:
    """Take the page numbers off: they are the first or the last line of (nearly) every page."""
    counts = {place: sum(lines[place].isdecimal() for lines in pages if lines) for place in (0, -1)}
    place = max(counts, key=lambda candidate: counts[candidate])
    number = 0
    for index, lines in enumerate(pages):
        # Numbers run on, restart with an appendix, or count all pages; any other number is a part of the text.
        if lines and lines[place] in {str(number + 1), str(index + 1), "1"}:
            number = int(lines.pop(place))
        else:
            number += 1


# A table's header is at most so many lines long (narrow columns break every word).
_HEADER_LINES = range(1, 80)


def _note_headers(lines: list[str], headers: set[tuple[str, ...]]) -> None:
    """Remember every run of lines that starts like a table's header (all our tables open with "STT")."""
    for start, line in enumerate(lines):
        if _opens_table(line):
            headers.update(tuple(lines[start : start + size]) for size in _HEADER_LINES if start + size <= len(lines))


def _drop_repeated_header(lines: list[str], headers: set[tuple[str, ...]]) -> None:
    if not lines or not _opens_table(lines[0]):
        return
    for size in reversed(_HEADER_LINES):
        if size <= len(lines) and tuple(lines[:size]) in headers:
            del lines[:size]
            return


def _opens_table(line: str) -> bool:
    return re.match(r"(?:STT|TT)\b", line, re.IGNORECASE) is not None
