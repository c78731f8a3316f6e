"""The facts of a report as issued (`2024-04.yml`), and the search for them in a report that we made.

A fact is a figure, date, document, official name, heading, column heading or table row of one section.
`reference` is what the issued report prints, `expected` what ours prints (the same unless a `reason` says why
not), `also` are other correct forms. A list of texts stands for parts that follow one another (number and date of
a document); in a row each item is a cell, and a cell that is a list must contain these parts.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from .sections import KEYS, Row, SectionText
from .tokens import in_order, squeeze, thousands_variants, whole

Kind = Literal["figure", "date", "document", "name", "heading", "column", "row"]
Parts = tuple[str | tuple[str, ...], ...]

# How far apart two parts of one fact may stand: in a sentence; in a PDF's text between the cells of a row (one short
# cell of ours may stand between them) and around a cell of which only parts are given.
_GAP_PARTS = 160
_GAP_CELLS = 12
_GAP_OPEN_CELL = 60
_KEYS_OF_FACT = {"kind", "reference", "expected", "also", "reason"}


@dataclass(frozen=True)
class Fact:
    """One fact of one section; `alternatives` holds every accepted form, the expected one first."""

    section: str
    kind: Kind
    reference: Parts
    alternatives: tuple[Parts, ...]
    reason: str

    @property
    def expected(self) -> Parts:
        """The form that our report prints."""
        return self.alternatives[0]

    def reference_spans(self, reference_text: str) -> list[tuple[int, int]]:
        """Where the issued report's section (normal form) states this fact: one span for each of its parts."""
        patterns = [_part(part, self.kind) for part in self.reference]
        gap = 1 if self.kind == "row" else _GAP_PARTS  # the issued tables' cells follow one another
        matches = in_order(patterns, gap).finditer(reference_text)
        return [span for match in matches for span in match.regs[1:]]

    def is_stated(self, section: SectionText) -> bool:
        """Whether the section states the fact, as whole tokens; a row must be one row where there are tables."""
        if self.kind == "row" and section.rows is not None:
            return any(_row_matches(parts, row) for parts in self.alternatives for row in section.rows)
        wanted = [_row(parts) if self.kind == "row" else _sequence(parts, self.kind) for parts in self.alternatives]
        return any(pattern.search(variant) for pattern in wanted for variant in section.variants)

    def __str__(self) -> str:
        text = f"{self.kind}: {_show(self.expected)}"
        return text if self.expected == self.reference else f"{text}  [reference: {_show(self.reference)}]"


@dataclass(frozen=True)
class BackTest:
    """The facts of one issued report, in the order of its sections."""

    facts: tuple[Fact, ...]
    copy_allowed: tuple[str, ...]
    forbidden: tuple[tuple[str, str], ...]

    def of(self, section: str) -> tuple[Fact, ...]:
        """The facts of one section."""
        return tuple(fact for fact in self.facts if fact.section == section)


def load(path: Path) -> BackTest:
    """Read the facts of a report; a malformed file is a `ValueError` that lists every mistake."""
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    problems = [f"unknown section {key}" for key in data["sections"] if key not in KEYS]
    problems += [f"section {key} is missing" for key in KEYS if key not in data["sections"]]
    facts: list[Fact] = []
    for section, entries in data["sections"].items():
        for number, entry in enumerate(entries, start=1):
            mistake = _mistake(entry)
            if mistake:
                problems.append(f"{section}, entry {number}: {mistake}: {entry}")
            else:
                facts.append(_fact(section, entry))
    if problems:
        raise ValueError("\n".join(problems))
    return BackTest(
        facts=tuple(facts),
        copy_allowed=tuple(data["copy_allowed"]),
        forbidden=tuple((item["text"], item["reason"]) for item in data["forbidden"]),
    )


def missing(facts: Iterable[Fact], section: SectionText) -> list[Fact]:
    """The facts that the section does not state."""
    return [fact for fact in facts if not fact.is_stated(section)]


def wrong_forms(facts: Sequence[Fact], section: SectionText) -> list[str]:
    """What the section prints in a form that is known to be wrong.

    Wrong are the reference's own form of a fact that we correct, and a figure without, or with English, separators
    or with padded decimals ("1485", "2,743", "96.82%", "93,0%"), unless some fact of the section prints just that.
    """
    right = {squeeze(text) for fact in facts for parts in fact.alternatives for text in flat(parts)}
    wrong: dict[str, None] = {}
    for fact in facts:
        for text in flat(fact.expected):
            for token in re.findall(r"\d[\d.,]*%?", squeeze(text)):
                wrong.update(dict.fromkeys(thousands_variants(token.rstrip(".,"))))
        right_parts = [_part(part, fact.kind) for parts in fact.alternatives for part in parts]
        for text in map(squeeze, flat(fact.reference)):
            if not any(part.search(text) for part in right_parts):
                wrong[text] = None
    patterns = {text: whole(text) for text in wrong if not any(whole(text).search(other) for other in right)}
    return [text for text, pattern in patterns.items() if any(pattern.search(variant) for variant in section.variants)]


def flat(parts: Parts) -> list[str]:
    """The texts of a fact, one after the other."""
    return [text for part in parts for text in ([part] if isinstance(part, str) else part)]


def _row_matches(parts: Parts, row: Row) -> bool:
    """Whether the row's cells hold the expected ones in order; further cells between them are allowed."""
    cells = iter(row.cells)
    return all(any(_cell_matches(part, cell) for cell in cells) for part in parts)


def _cell_matches(part: str | tuple[str, ...], cell: str) -> bool:
    if isinstance(part, str):
        return whole(part).fullmatch(cell) is not None
    return _part(part, "row").search(cell) is not None


def _sequence(parts: Parts, kind: Kind) -> re.Pattern[str]:
    return in_order([_part(part, kind) for part in parts], _GAP_PARTS)


def _row(parts: Parts) -> re.Pattern[str]:
    """A row in running text: its cells one after the other."""
    row = _part(parts[0], "row")
    for previous, part in pairwise(parts):
        is_open = not (isinstance(previous, str) and isinstance(part, str))
        row = in_order([row, _part(part, "row")], _GAP_OPEN_CELL if is_open else _GAP_CELLS)
    return row


def _part(part: str | tuple[str, ...], kind: Kind) -> re.Pattern[str]:
    if not isinstance(part, str):
        return in_order([_part(text, kind) for text in part], _GAP_PARTS)
    return whole(part, fold=kind in {"heading", "column"}, small_numbers=kind == "figure")


def _mistake(entry: dict[str, Any]) -> str:
    if unknown := set(entry) - _KEYS_OF_FACT:
        return f"unknown keys {sorted(unknown)}"
    if entry.get("kind") not in get_args(Kind):
        return f"kind must be one of {get_args(Kind)}"
    if not entry.get("reference"):
        return "no reference"
    values = [entry["reference"], *([entry["expected"]] if "expected" in entry else []), *entry.get("also", [])]
    if not all(_is_text(value) for value in values):
        return "every text must be a quoted, non-empty NFC string"
    if ("expected" in entry) != ("reason" in entry):
        return "a form that differs needs both expected and reason"
    if _parts(entry.get("expected")) == _parts(entry["reference"]):
        return "expected equals reference: leave it out"
    if entry["kind"] == "row" and not isinstance(entry["reference"], list):
        return "a row is a list of cells"
    return ""


def _is_text(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(_is_text(part) for part in value)
    return isinstance(value, str) and bool(value.strip()) and unicodedata.is_normalized("NFC", value)


def _fact(section: str, entry: dict[str, Any]) -> Fact:
    expected = entry.get("expected", entry["reference"])
    return Fact(
        section=section,
        kind=entry["kind"],
        reference=_parts(entry["reference"]),
        alternatives=(_parts(expected), *(_parts(other) for other in entry.get("also", []))),
        reason=entry.get("reason", ""),
    )


def _parts(value: Any) -> Parts:
    if isinstance(value, list):
        return tuple(tuple(part) if isinstance(part, list) else part for part in value)
    return (value,)


def _show(parts: Parts) -> str:
    return " | ".join(part if isinstance(part, str) else " … ".join(part) for part in parts)
