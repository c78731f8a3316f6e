"""What somebody changed in Word, brought back to where it comes from."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from baocao.bases import Base, find_bases
from baocao.dataset import Dataset
from baocao.docx_diff import Edit, Segment, compare, compare_placed, counterparts, marked
from baocao.docx_text import FOOTER, HEADER, PICTURE, Change, Document, Paragraph, read_docx, tidy
from baocao.errors import InputError, Problem
from baocao.manifest import MANIFEST, sha256
from baocao.origins import read_origins
from baocao.period import Period
from baocao.project import Project
from baocao.store import Store
from baocao.word_places import Place, Places, Source

SCHEMA_VERSION = 2
BREAK = "¶"
"""A word of the segments where one paragraph ends and the next begins."""
_MOVED = "\ue000"
"""A letter that no text has."""
_STRANGE = 0.2
"""Share of the report's paragraphs below which a document without a mark is another one altogether."""


@dataclass(frozen=True)
class WordEdit:
    """One edit and its place."""

    kind: str
    """As in `docx_diff.Edit`, or `kieu` where only letters look otherwise."""
    part: str
    """Where in the document: a kind of `docx_text.Paragraph`."""
    old: str
    new: str
    segments: tuple[Segment, ...]
    where: Place
    """Where it comes from; what was added: where the paragraph before it comes from."""
    also: tuple[Place, ...]
    """Further places of a row that has several origins."""
    behind: str
    """What was added or moved: the paragraph before it."""
    target: Place
    """What was moved: where the paragraph before it comes from."""
    sources: tuple[Source, ...]
    authors: tuple[tuple[str, str], ...]
    """Who made it and when, as far as it was tracked."""
    carried: bool
    """The present report, made since, says so already."""
    looks: tuple[tuple[str, str, str], ...] = ()
    """Words that look otherwise, and how they looked and look: names of `docx_looks.LOOKS`, of each part of a word."""


@dataclass(frozen=True)
class Comparison:
    """Everything that an edited document has otherwise than the report that it was made from."""

    period: Period
    edits: tuple[WordEdit, ...]
    comments: tuple[tuple[str, str, str, str], ...]
    """Author, date, text, and the paragraph that it stands at."""
    other_report: bool
    """What it was edited from is not kept: it is compared with the present report, which has another text."""
    changed_since: tuple[str, ...]
    """Files that are not any more what the report was made from: places may have moved."""
    earlier: bool = False
    """It was edited from an earlier report, and is compared with that one."""
    marked: bool = True
    """The document says which report it was edited from."""
    open_in: str = ""
    """Lock file of a program that has the document open, perhaps with edits that are not saved."""

    @property
    def left(self) -> int:
        """Edits that the present report does not have yet, and comments."""
        return sum(1 for edit in self.edits if not edit.carried) + len(self.comments)


def compare_docx(project: Project, period: Period | None, edited: Path) -> Comparison:
    """Compare `edited` with the report that it was made from; what cannot be compared is an `InputError`.

    The month is `period`; without one, the month that the document says of itself, or else the newest.
    """
    new = _read(project, period, edited)
    said = Period.parse(new.period) if new.period else None
    if period and said and period != said:
        what = f"tệp này là báo cáo kỳ {said}, không phải kỳ {period}"
        raise InputError(Problem(what, (edited.name,), f"bản sửa của báo cáo kỳ {period}", f"so với kỳ {said}"))
    period = period or said or project.newest()
    base, present = _bases(project, period, new.made_from)
    old = read_docx(base.docx)
    if not new.made_from and not _related(old, new):
        raise InputError(
            Problem(
                f"tệp này không giống báo cáo kỳ {period}",
                (edited.name,),
                "bản Word của báo cáo mà baocao đã lập, rồi có người sửa",
                "chọn đúng tệp, hoặc ghi đúng kỳ sau tên tệp",
            )
        )
    places = Places(project, read_origins(base.folder), Dataset.load(base.dataset), old.paragraphs)
    inputs = json.loads(base.manifest.read_text("utf-8"))["inputs"]
    paths = {name: project.root / name for name in inputs}
    earlier = base.folder != present.folder
    current = read_docx(present.docx) if earlier else None
    return Comparison(
        period,
        tuple(_Edits(old, new, places, current).all()),
        tuple((item.author, item.date, item.text, item.paragraph) for item in new.comments),
        other_report=bool(new.made_from) and new.made_from != base.mark,
        changed_since=tuple(name for name, at in paths.items() if not at.is_file() or sha256(at) != inputs[name]),
        earlier=earlier,
        marked=bool(new.made_from),
        open_in=_lock(edited),
    )


def to_json(comparison: Comparison) -> str:
    """The comparison as one JSON object, its keys those of the classes above."""
    content = {"schema_version": SCHEMA_VERSION, **asdict(comparison), "period": str(comparison.period)}
    return json.dumps(content, ensure_ascii=False, indent=2)


def _read(project: Project, period: Period | None, edited: Path) -> Document:
    """The edited document; where it cannot be read, a report that is lacking as well is told with it."""
    try:
        return read_docx(edited)
    except InputError as error:
        problems = list(error.problems)
        try:
            _bases(project, period or project.newest(), "")
        except InputError as lacking:
            problems = [*lacking.problems, *problems]
        raise InputError(problems) from error


def _bases(project: Project, period: Period, mark: str) -> tuple[Base, Base]:
    """The report with this mark, else the present one; and the present one."""
    store = Store(project.outputs, period)
    kept = find_bases(store.bases)
    manifest = store.final / MANIFEST
    made = manifest.read_bytes() if manifest.is_file() else b""
    present = next((base for base in kept if base.manifest.read_bytes() == made), None)
    if present is None:
        what = f"chưa có báo cáo DOCX kỳ {period} để so sánh"
        where = (store.final / f"bao-cao-{period}.docx").relative_to(project.root).as_posix()
        raise InputError(Problem(what, (where,), remedy=f"lập báo cáo: baocao run {period}, rồi so sánh lại"))
    return next((base for base in kept if base.mark == mark), present), present


def _related(old: Document, new: Document) -> bool:
    known = {item.text for item in old.paragraphs}
    return sum(1 for item in new.paragraphs if item.text in known) >= _STRANGE * len(known)


def _lock(path: Path) -> str:
    """Name of the file by which Word or LibreOffice says that it has `path` open."""
    # Word leaves out two letters of a name of more than eight.
    names = (f"~${path.name}", f"~${path.name[2:]}", f".~lock.{path.name}#")
    return next((name for name in names if (path.parent / name).exists()), "")


class _Edits:
    """The edits of two documents, kind by kind of paragraph, in the order of the reader."""

    def __init__(self, old: Document, new: Document, places: Places, current: Document | None) -> None:
        self._old = old.paragraphs
        self._new = new
        self._places = places
        self._current = {_key(item) for item in current.paragraphs} if current else None
        self._current_looks = {item.looks for item in current.paragraphs} if current else set()
        self._edits: list[Edit] = []
        self._came_of: dict[int, int] = {}
        """Which old paragraph a new one is, by position."""
        for kind in dict.fromkeys(item.kind for item in (*self._old, *new.paragraphs)):
            if kind != PICTURE:
                self._compare(kind)
        stayed = sorted(set(self._came_of.values()), reverse=True)
        self._edits += compare_placed(
            [
                (i, item.picture, next((index for index in stayed if index < i), -1))
                for i, item in enumerate(self._old)
                if item.picture
            ],
            [(i, item.picture, self._before(i)) for i, item in enumerate(new.paragraphs) if item.picture],
        )

    def _compare(self, kind: str) -> None:
        left = [index for index, item in enumerate(self._old) if item.kind == kind]
        right = [index for index, item in enumerate(self._new.paragraphs) if item.kind == kind]
        came = [self._new.paragraphs[index] for index in right]
        # Of two paragraphs that changed places, the one that is tracked was moved: it is none that stayed.
        edits = compare([self._old[i].text for i in left], [_MOVED * item.moved + item.text for item in came])
        for edit in edits:
            old, new = (tuple(left[index] for index in edit.old), tuple(right[index] for index in edit.new))
            self._edits.append(Edit(edit.kind, old, new))
        pairs = counterparts(len(left), len(right), edits)
        came_of = {right[there]: left[here] for there, here in pairs.items()}
        self._came_of.update(came_of)
        for there, here in came_of.items():
            one, other = self._old[here], self._new.paragraphs[there]
            if one.text == other.text and one.looks != other.looks:
                self._edits.append(Edit("kieu", (here,), (there,)))

    def _before(self, index: int) -> int:
        """The old paragraph that stands before the new one at `index`; -1 at the beginning."""
        return next((self._came_of[i] for i in range(index - 1, -1, -1) if i in self._came_of), -1)

    def all(self) -> list[WordEdit]:
        """Text, notes, text boxes, headers, footers and pictures."""

        def position(edit: Edit) -> tuple[int, int, int]:
            if edit.old and edit.kind != "chuyen":
                return (edit.old[0], 0, 0)
            return (self._before(edit.new[0]), 1, edit.new[0])

        return [self._edit(edit) for edit in sorted(self._edits, key=position)]

    def _edit(self, edit: Edit) -> WordEdit:
        old, new = [self._old[index] for index in edit.old], [self._new.paragraphs[index] for index in edit.new]
        one = new[0] if edit.kind in ("doi", "kieu") else None
        places = [place for index in edit.old for place in self._places.of(index, one)]
        behind, target = self._above(edit.new[0]) if edit.kind in ("them", "chuyen") else ("", ())
        if edit.kind in ("them", "chuyen"):
            places = places or [target]
        part = (new or old)[0].kind
        if part in (HEADER, FOOTER):
            places, behind, target = [], "", ()
        before, after = "\n".join(item.text for item in old), "\n".join(item.text for item in new)
        segments = marked(*(f" {BREAK} ".join(item.text for item in items) for items in (old, new)))
        sources = self._places.sources(edit.old[0], one) if edit.kind in ("doi", "bo") else ()
        # A cell is said once, with its line where that is known.
        places = [
            place for place in dict.fromkeys(places) if place and not any(_says(other, place) for other in places)
        ]
        return WordEdit(
            edit.kind,
            part,
            before,
            after,
            segments,
            places[0] if places else (),
            tuple(places[1:]) if edit.kind != "chuyen" else (),
            behind,
            target if edit.kind == "chuyen" else (),
            sources,
            self._authors(edit, before),
            self._is_carried(edit.kind, old, new),
            _looks(old[0], new[0]) if edit.kind == "kieu" else (),
        )

    def _above(self, index: int) -> tuple[str, Place]:
        """What stands above a new paragraph, and where that comes from."""
        above = next((item.text for item in reversed(self._new.paragraphs[:index]) if not item.picture), "")
        before = self._before(index)
        return above, next(iter(self._places.of(before)), ()) if before >= 0 else ()

    def _authors(self, edit: Edit, before: str) -> tuple[tuple[str, str], ...]:
        changes: list[Change] = [change for index in edit.new for change in self._new.paragraphs[index].changes]
        if not edit.new or edit.kind == "chuyen":
            changes += [item for item in self._new.removed if item.removed and tidy(item.removed) in before]
        return tuple(dict.fromkeys((change.author, change.date) for change in changes))

    def _is_carried(self, kind: str, old: Sequence[Paragraph], new: Sequence[Paragraph]) -> bool:
        if self._current is None:
            return False
        if kind == "kieu":
            return new[0].looks in self._current_looks
        stays = {_key(item) for item in new}
        gone = [_key(item) for item in old if _key(item) not in stays]
        return stays <= self._current and not any(key in self._current for key in gone)


def _looks(old: Paragraph, new: Paragraph) -> tuple[tuple[str, str, str], ...]:
    """Stretches of words that look otherwise."""
    found: list[tuple[str, str, str]] = []
    joined = False
    for (word, before), (_, after) in zip(old.looks, new.looks, strict=False):
        if before == after:
            joined = False
            continue
        if joined and found[-1][1:] == (before, after):
            found[-1] = (f"{found[-1][0]} {word}", before, after)
        else:
            found.append((word, before, after))
        joined = True
    return tuple(found)


def _says(whole: Place, part: Place) -> bool:
    return len(whole) > len(part) and whole[: len(part)] == part


def _key(paragraph: Paragraph) -> tuple[str, str]:
    return paragraph.text if not paragraph.picture else "", paragraph.picture
