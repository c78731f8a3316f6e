"""Where each paragraph of a report comes from: notebook, cell and line, or parameter; and its values of workbooks."""

import html
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from baocao.dataset import Dataset
from baocao.docx_text import Paragraph, tidy
from baocao.executed import UnusableError, read_notebook
from baocao.figure import Text
from baocao.origins import Origin
from baocao.project import Project

Place = tuple[str, ...]
"""Notebook, cell, line; or parameter file and key; empty for what the official form itself prints."""

_TAG = re.compile(
    r"<span[^>]*data-so=\"(?P<code>[^\"]*)\" title=\"(?P<title>[^\"]*)\"[^>]*>|(?P<close></span>)|<[^>]*>"
)
_ATTRIBUTES = re.compile(r"\{[#.][^}]*\}|\]\(#[^)]*\)")
_SAID = 0.6
"""Share of a line's words that a paragraph must have to come from it."""
_HEADING = 5
"""Words in a row that a line must say of the row of a table: its cells come from elsewhere, its headings may not."""
_LONG = 12
"""Letters from which a text of a workbook is known in a paragraph."""


@dataclass(frozen=True)
class Source:
    """A value of a workbook that an edit touches; the workbook is what to correct."""

    value: str
    code: str
    cells: str


class Places:
    """Paragraphs of the report with their origins, found by the words that both have in order."""

    def __init__(
        self, project: Project, origins: Sequence[Origin], dataset: Dataset, paragraphs: Sequence[Paragraph]
    ) -> None:
        self._project = project
        self._origins = origins
        self._paragraphs = paragraphs
        self._texts = [item for item in dataset.values() if isinstance(item, Text) and not item.missing]
        charts = [origin for origin in origins if origin.chart]
        pictures = [index for index, item in enumerate(paragraphs) if item.picture]
        # A document has the pictures of all charts, in their order, or of none.
        self._pictures = dict(zip(pictures, charts, strict=True)) if len(pictures) == len(charts) else {}
        words: list[str] = []
        owners: list[tuple[int, Source | None]] = []
        for index, origin in enumerate(origins):
            for word, source in _words(origin.text):
                words.append(word)
                owners.append((index, source))
        printed = [
            (word, index, offset)
            for index, item in enumerate(paragraphs)
            if not item.picture
            for offset, word in enumerate(plain(item.text))
        ]
        self._owners: dict[int, dict[int, int]] = {}
        """By paragraph and word: the origin."""
        self._figures: dict[tuple[int, int], Source] = {}
        """By paragraph and word."""
        matcher = SequenceMatcher(None, words, [word for word, _, _ in printed], autojunk=False)
        for start, stop, size in matcher.get_matching_blocks():
            for step in range(size):
                owner, source = owners[start + step]
                _, paragraph, offset = printed[stop + step]
                self._owners.setdefault(paragraph, {})[offset] = owner
                if source is not None:
                    self._figures[paragraph, offset] = source

    def of(self, index: int, new: Paragraph | None = None) -> list[Place]:
        """The places of a paragraph of the report; only those of the words that `new` has otherwise, if it is given."""
        old = self._paragraphs[index]
        if old.picture:
            origin = self._pictures.get(index)
            return [self._where(origin, old)] if origin else []
        owners = self._owners.get(index, {})
        length = len(plain(old.text))
        main = Counter(owners.values()).most_common(1)
        found = [main[0][0]] if main and 2 * len(owners) > length else []
        if new is not None and old.cells:
            # Letterhead and signatures are rows, too, with several origins in each.
            touched = _touched(old, new)
            found = [owners[offset] for offset in touched if offset in owners] if touched else found
        return list(dict.fromkeys(self._where(self._origins[owner], old) for owner in found))

    def _where(self, origin: Origin, old: Paragraph) -> Place:
        if origin.key:
            return (origin.file, origin.key)
        line = self._line(origin, old.text, bool(old.cells)) if not old.picture else 0
        return (origin.file, f"ô {origin.cell}", *([f"dòng {line}"] if line else []))

    def _line(self, origin: Origin, text: str, is_row: bool) -> int:
        """The line of the cell that says most of `text`, its own words in their order; 0 when none does."""
        try:
            cells = read_notebook(self._project.root / origin.file)[0].cells
        except UnusableError:
            return 0
        if origin.cell > len(cells):
            return 0
        wanted = plain(text)
        best, most = 0, 1
        for number, line in enumerate(cells[origin.cell - 1].source.split("\n"), start=1):
            said = plain(re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", line))
            sizes = [block.size for block in SequenceMatcher(None, said, wanted, autojunk=False).get_matching_blocks()]
            if is_row and max(sizes) < _HEADING:
                continue
            common = sum(sizes)
            if common > most and common >= _SAID * len(said):
                best, most = number, common
        return best

    def sources(self, index: int, new: Paragraph | None) -> tuple[Source, ...]:
        """Values of workbooks that are gone: figures, and texts that are not whole any more in `new`."""
        old = self._paragraphs[index]
        if old.picture:
            return ()
        gone = _gone(old, new) if new else []
        found = [self._figures[index, offset] for offset in gone if (index, offset) in self._figures]
        after = new.text.casefold() if new else ""
        missing = [
            Source(value, text.code, str(text.cell))
            for text in self._texts
            if (value := tidy(str(text)).rstrip(" .,;:"))
            and value.casefold() not in after
            and self._prints(index, text.code, value)
        ]
        longest = [item for item in missing if not any(_within(item.value, other.value) for other in missing)]
        return tuple(dict.fromkeys([*found, *longest]))

    def _prints(self, index: int, code: str, value: str) -> bool:
        """The paragraph has this value of a workbook; a short one only in a row that has other values of its row."""
        old = self._paragraphs[index]
        if len(value) >= _LONG:
            return value.casefold() in old.text.casefold()
        if value.casefold() not in (cell.casefold() for cell in old.cells):
            return False
        row = code.rpartition(".")[0]
        codes = {source.code.rpartition(".")[0] for (at, _), source in self._figures.items() if at == index}
        whole = old.text.casefold()
        codes |= {
            text.code.rpartition(".")[0]
            for text in self._texts
            if len(str(text)) >= _LONG and tidy(str(text)).casefold() in whole
        }
        return row in codes


def _within(part: str, whole: str) -> bool:
    return part != whole and part.casefold() in whole.casefold()


def plain(text: str) -> list[str]:
    """The words of a text, in small letters."""
    return re.findall(r"\w+", text.casefold())


def _exact(text: str) -> list[str]:
    """The words of a text as they are written, each with the marks behind it; as many as the plain ones."""
    return [word.strip() for word in re.findall(r"\w+\W*", text)]


def _pairs(old: Paragraph, new: Paragraph) -> Iterable[tuple[str, str]]:
    """What became of each cell of a row that has as many as before; of the whole text otherwise."""
    cells = bool(old.cells) and len(old.cells) == len(new.cells)
    return zip(old.cells, new.cells, strict=True) if cells else [(old.text, new.text)]


def _changes(old: Paragraph, new: Paragraph, words: Callable[[str], list[str]]) -> Iterator[tuple[range, range]]:
    """Words of the old text that something else stands for, with the words of their cell; none where something came."""
    offset = 0
    for before, after in ((words(left), words(right)) for left, right in _pairs(old, new)):
        cell = range(offset, offset + len(before))
        for tag, start, stop, _, _ in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if tag != "equal":
                yield range(offset + start, offset + stop), cell
        offset += len(before)


def _gone(old: Paragraph, new: Paragraph) -> list[int]:
    return [word for words, _ in _changes(old, new, plain) for word in words]


def _touched(old: Paragraph, new: Paragraph) -> list[int]:
    """The words that went; where something came in, the words beside it."""
    found: list[int] = []
    for words, cell in _changes(old, new, _exact):
        found += words or [word for word in (words.start - 1, words.stop) if word in cell]
    return found


def _words(text: str) -> list[tuple[str, Source | None]]:
    """Words of woven text, each with the figure that it is part of."""
    words: list[tuple[str, Source | None]] = []
    open_tags: list[Source | None] = []
    position = 0
    text = _ATTRIBUTES.sub(" ", text)
    for tag in [*_TAG.finditer(text), None]:
        piece = html.unescape(text[position : tag.start() if tag else len(text)]).replace("\\", "")
        source = next((item for item in reversed(open_tags) if item), None)
        words += [(word, source) for word in plain(piece)]
        if tag is None:
            break
        position = tag.end()
        if tag["code"] is not None:
            shown = html.unescape(re.sub(r"<[^>]*>", "", text[position:].split("</span>", 1)[0]))
            open_tags.append(Source(shown, html.unescape(tag["code"]), html.unescape(tag["title"])))
        elif tag["close"]:
            if open_tags:
                open_tags.pop()
        elif tag[0].startswith("<span"):
            open_tags.append(None)
    return words
