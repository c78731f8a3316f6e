"""What somebody changed in Word, brought back to where it comes from: notebook, cell and line, or parameter."""

import html
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from pathlib import Path

from baocao.dataset import Dataset
from baocao.docx_diff import Edit, Segment, compare, marked
from baocao.docx_text import Change, Document, Paragraph, read_docx, tidy
from baocao.errors import InputError, Problem
from baocao.executed import UnusableError, read_notebook
from baocao.figure import Text
from baocao.manifest import sha256
from baocao.origins import NAME, Origin, read_origins
from baocao.period import Period
from baocao.project import Project

SCHEMA_VERSION = 1
KINDS = {
    "doi": "sửa",
    "bo": "bỏ",
    "them": "thêm",
    "chuyen": "chuyển chỗ",
    "tach": "tách đoạn",
    "gop": "gộp đoạn",
}

_TAG = re.compile(
    r"<span[^>]*data-so=\"(?P<code>[^\"]*)\" title=\"(?P<title>[^\"]*)\"[^>]*>|(?P<close></span>)|<[^>]*>"
)
_ATTRIBUTES = re.compile(r"\{[#.][^}]*\}|\]\(#[^)]*\)")
_LONG = 12
"""Letters from which a text of a workbook is known in a paragraph."""


@dataclass(frozen=True)
class Source:
    """A value of a workbook that an edit touches; the workbook is what to correct."""

    value: str
    code: str
    cells: str


@dataclass(frozen=True)
class WordEdit:
    """One edit and its place."""

    kind: str
    old: str
    new: str
    segments: tuple[Segment, ...]
    where: tuple[str, ...]
    """Notebook, cell, line; or parameter file and key; empty for what the official form itself prints."""
    sources: tuple[Source, ...]
    authors: tuple[tuple[str, str], ...]
    """Who made it and when, as far as it was tracked."""


@dataclass(frozen=True)
class Comparison:
    """Everything that an edited document has otherwise than the report."""

    period: Period
    edits: tuple[WordEdit, ...]
    comments: tuple[tuple[str, str, str, str], ...]
    """Author, date, text, and the paragraph that it stands at."""
    other_report: bool
    """The document was edited from a report that had another text; the report was made anew since."""
    changed_since: tuple[str, ...]
    """Files that are not any more what the report was made from: places may have moved."""


def compare_docx(project: Project, period: Period, edited: Path) -> Comparison:
    """Compare `edited` with the report of `period`; what cannot be compared is an `InputError`."""
    folder = project.outputs / str(period)
    base, build = folder / f"bao-cao-{period}.docx", folder / "build"
    if not base.is_file() or not (build / NAME).is_file():
        what = f"chưa có báo cáo DOCX kỳ {period} để so sánh"
        remedy = f"lập báo cáo: baocao run {period}, rồi so sánh lại"
        raise InputError(Problem(what, (base.relative_to(project.root).as_posix(),), remedy=remedy))
    new = read_docx(edited)
    old = read_docx(base)
    found = _Places(project, read_origins(build), Dataset.load(build / "dataset.json"), old.paragraphs)
    texts = [item.text for item in old.paragraphs], [item.text for item in new.paragraphs]
    edits = tuple(found.edit(edit, old.paragraphs, new) for edit in compare(*texts))
    comments = tuple((item.author, item.date, item.text, item.paragraph) for item in new.comments)
    inputs = json.loads((folder / "manifest.json").read_text("utf-8"))["inputs"]
    paths = {name: project.root / name for name in inputs}
    changed = [name for name, path in paths.items() if not path.is_file() or sha256(path) != inputs[name]]
    other = bool(new.made_from) and new.made_from != old.made_from
    return Comparison(period, edits, comments, other, tuple(changed))


def to_json(comparison: Comparison) -> str:
    """The comparison as one JSON object, its keys those of the classes above."""
    content = {"schema_version": SCHEMA_VERSION, **asdict(comparison), "period": str(comparison.period)}
    return json.dumps(content, ensure_ascii=False, indent=2)


class _Places:
    """Paragraphs of the report with their origins, found by the words that both have in order."""

    def __init__(
        self, project: Project, origins: Sequence[Origin], dataset: Dataset, paragraphs: Sequence[Paragraph]
    ) -> None:
        self._project = project
        self._origins = origins
        self._texts = [item for item in dataset.values() if isinstance(item, Text) and not item.missing]
        words: list[str] = []
        owners: list[tuple[int, Source | None]] = []
        for index, origin in enumerate(origins):
            for word, source in _words(origin.text):
                words.append(word)
                owners.append((index, source))
        printed = [
            (word, index, offset)
            for index, item in enumerate(paragraphs)
            for offset, word in enumerate(_plain(item.text))
        ]
        votes: dict[int, Counter[int]] = {}
        self._figures: dict[tuple[int, int], Source] = {}
        """By paragraph and word."""
        matcher = SequenceMatcher(None, words, [word for word, _, _ in printed], autojunk=False)
        for start, stop, size in matcher.get_matching_blocks():
            for step in range(size):
                owner, source = owners[start + step]
                _, paragraph, offset = printed[stop + step]
                votes.setdefault(paragraph, Counter())[owner] += 1
                if source is not None:
                    self._figures[paragraph, offset] = source
        self._owner = {
            paragraph: counter.most_common(1)[0][0]
            for paragraph, counter in votes.items()
            if 2 * counter.total() > len(_plain(paragraphs[paragraph].text))
        }

    def edit(self, edit: Edit, old: Sequence[Paragraph], new: Document) -> WordEdit:
        """An edit of the two documents with its place."""
        before = "\n".join(old[index].text for index in edit.old)
        after = "\n".join(new.paragraphs[index].text for index in edit.new)
        segments = marked(before, after)
        if edit.old:
            index, line = edit.old[0], before
        else:
            # What is new belongs behind the paragraph above it.
            above = next((item.text for item in reversed(new.paragraphs[: edit.new[0]]) if item.text), "")
            texts = [item.text for item in old]
            index, line = (texts.index(above) if above in texts else min(edit.new[0], len(old) - 1)), above
        origin = self._origins[self._owner[index]] if index in self._owner else None
        where = self._where(origin, line) if origin else ()
        sources = () if edit.kind == "them" else self._sources(edit, old, new.paragraphs)
        return WordEdit(edit.kind, before, after, segments, where, sources, _authors(edit, before, new))

    def _where(self, origin: Origin, text: str) -> tuple[str, ...]:
        if origin.key:
            return (origin.file, origin.key)
        line = self._line(origin, text)
        return (origin.file, f"ô {origin.cell}", *([f"dòng {line}"] if line else []))

    def _line(self, origin: Origin, text: str) -> int:
        """The line of the cell that has most of its words in `text`; 0 when none has."""
        try:
            cells = read_notebook(self._project.root / origin.file)[0].cells
        except UnusableError:
            return 0
        if origin.cell > len(cells):
            return 0
        wanted = Counter(_plain(text))
        best, most = 0, 1
        for number, line in enumerate(cells[origin.cell - 1].source.split("\n"), start=1):
            said = Counter(_plain(re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", line)))
            common = (said & wanted).total()
            if common > most and 2 * common >= said.total():
                best, most = number, common
        return best

    def _sources(self, edit: Edit, old: Sequence[Paragraph], new: Sequence[Paragraph]) -> tuple[Source, ...]:
        """Values of workbooks that the edit takes out: figures it changes, texts that it no longer has whole."""
        if edit.kind not in ("doi", "bo"):
            return ()
        index = edit.old[0]
        before, after = old[index].text, new[edit.new[0]].text if edit.new else ""
        gone = _gone(old[index], new[edit.new[0]]) if edit.new else []
        found = [self._figures[index, offset] for offset in gone if (index, offset) in self._figures]
        small, smaller = before.casefold(), after.casefold()
        cells = {part.strip().casefold() for part in before.split(" | ")}
        for text in self._texts:
            value = tidy(str(text)).rstrip(" .,;:")
            inside = value.casefold() in (small if len(value) >= _LONG else cells)
            if inside and value.casefold() not in smaller:
                found.append(Source(value, text.code, str(text.cell)))
        return tuple(dict.fromkeys(found))


def _authors(edit: Edit, before: str, new: Document) -> tuple[tuple[str, str], ...]:
    changes: list[Change] = [change for index in edit.new for change in new.paragraphs[index].changes]
    if not edit.new or edit.kind == "chuyen":
        changes += [change for change in new.removed if change.removed and tidy(change.removed) in before]
    return tuple(dict.fromkeys((change.author, change.date) for change in changes))


def _plain(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _gone(old: Paragraph, new: Paragraph) -> list[int]:
    """Which words of a paragraph went, cell by cell in a row that has as many cells as before."""
    cells = bool(old.cells) and len(old.cells) == len(new.cells)
    pairs = zip(old.cells, new.cells, strict=True) if cells else [(old.text, new.text)]
    gone: list[int] = []
    offset = 0
    for before, after in ((_plain(left), _plain(right)) for left, right in pairs):
        for tag, start, stop, _, _ in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            gone += range(offset + start, offset + stop) if tag in ("replace", "delete") else ()
        offset += len(before)
    return gone


def _words(text: str) -> list[tuple[str, Source | None]]:
    """Words of woven text, each with the figure that it is part of."""
    words: list[tuple[str, Source | None]] = []
    open_tags: list[Source | None] = []
    position = 0
    text = _ATTRIBUTES.sub(" ", text)
    for tag in [*_TAG.finditer(text), None]:
        piece = html.unescape(text[position : tag.start() if tag else len(text)]).replace("\\", "")
        source = next((item for item in reversed(open_tags) if item), None)
        words += [(word, source) for word in _plain(piece)]
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
