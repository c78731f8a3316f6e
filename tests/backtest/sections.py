"""The sections of a report, found by their headings: the same structure for every format.

A reader gives a document as a stream of lines and table rows; `split` turns it into `{key: SectionText}`.
Keys: `dau_van_ban`, `I`, `II`, `II.1` … `II.9`, `II.2.1` …, `II.4.2.a`, `II.4.2.b`, `III`, `IV`, `ket_thuc`,
`noi_nhan`, `ky`, `phu_luc_1` … `phu_luc_3`. A section's text is its own, without that of its sub-sections.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .tokens import squeeze

KEYS: tuple[str, ...] = (
    *("dau_van_ban", "I", "II", "II.1", "II.2", "II.2.1", "II.3", "II.4", "II.4.1", "II.4.2", "II.4.2.a", "II.4.2.b"),
    *("II.5", "II.5.1", "II.5.2", "II.5.3", "II.6", "II.6.1", "II.6.2"),
    *("II.7", "II.7.1", "II.7.2", "II.7.3", "II.7.4", "II.7.5", "II.7.6", "II.7.7"),
    *("II.8", "II.8.1", "II.8.2", "II.9", "III", "IV", "ket_thuc", "noi_nhan", "ky"),
    *("phu_luc_1", "phu_luc_2", "phu_luc_3"),
)
_ORDER = {key: index for index, key in enumerate(KEYS)}

_UPPER = "A-ZÀ-ỸĐ"
_ROMAN = re.compile(rf"(I|II|III|IV)\.\s+[{_UPPER}]")
_ITEM = re.compile(rf"(\d)\.\s+[{_UPPER}]")
_SUB_ITEM = re.compile(rf"(\d\.\d)\.?\s+[{_UPPER}]")
_LETTER = re.compile(rf"([ab])[.)]\s+[{_UPPER}]")
_APPENDIX = re.compile(r"phụ lục\s+(I{1,3})\s*(?:[:.].*)?", re.IGNORECASE)
_CLOSING = re.compile(r"trên đây là báo cáo\b", re.IGNORECASE)
_RECIPIENTS = re.compile(r"nơi nhận\s*(?::|$)", re.IGNORECASE)
_LAST_RECIPIENT = re.compile(r"-?\s*lưu\s*:", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """One paragraph (DOCX, HTML) or one printed line (PDF); `in_table` when it is a part of a table cell."""

    text: str
    in_table: bool = False


@dataclass(frozen=True)
class Row:
    """One table row: the texts of its cells, in order."""

    cells: tuple[str, ...]


@dataclass(frozen=True)
class SectionText:
    """A section as read: `variants` are the readings of its text (a PDF has several), `rows` its table rows."""

    variants: tuple[str, ...]
    rows: tuple[Row, ...] | None

    @property
    def text(self) -> str:
        """The first reading; line breaks where the document has them."""
        return self.variants[0]


def split(stream: Iterable[Line | Row], *, with_rows: bool = True) -> dict[str, SectionText]:
    """Every key of `KEYS` with what the document says under it ("" where it has no such section).

    A key never opens before one that follows it in `KEYS`, so a numbered remark inside a section is no heading
    of an earlier one. `with_rows=False`: the format has no table structure, `rows` is None.
    """
    lines: dict[str, list[str]] = {key: [] for key in KEYS}
    rows: dict[str, list[Row]] = {key: [] for key in KEYS}
    current = KEYS[0]
    last_recipient_seen = False
    for part in stream:
        if isinstance(part, Row):
            rows[current].append(Row(tuple(map(squeeze, part.cells))))
            continue
        text = squeeze(part.text)
        if not text:
            continue
        if current == "noi_nhan" and last_recipient_seen:
            current = "ky"
        found = _opened_by(text, current, in_table=part.in_table)
        if found is not None and _ORDER[found] > _ORDER[current]:
            current = found
        last_recipient_seen = current == "noi_nhan" and _LAST_RECIPIENT.match(text) is not None
        lines[current].append(text)
    return {key: SectionText(("\n".join(lines[key]),), tuple(rows[key]) if with_rows else None) for key in KEYS}


def merge(readings: Iterable[dict[str, SectionText]]) -> dict[str, SectionText]:
    """Several readings of one document as one: the variants of each section side by side."""
    first, *others = readings
    return {
        key: SectionText(tuple(variant for reading in (first, *others) for variant in reading[key].variants), part.rows)
        for key, part in first.items()
    }


def _opened_by(text: str, current: str, *, in_table: bool) -> str | None:
    if _RECIPIENTS.match(text):
        return "noi_nhan"
    if in_table:  # the block of recipients and signature is a table; no other heading stands in one
        return None
    if _CLOSING.match(text):
        return "ket_thuc"
    if match := _APPENDIX.fullmatch(text):
        return f"phu_luc_{len(match[1])}"
    if match := _ROMAN.match(text):
        return match[1]
    if not current.startswith("II") or current == "III":
        return None
    if match := _SUB_ITEM.match(text):
        item = ".".join(current.split(".")[:2])
        key = f"II.{match[1]}"
        return key if key.startswith(f"{item}.") and key in _ORDER else None
    if match := _ITEM.match(text):
        key = f"II.{match[1]}"
        return key if key in _ORDER else None
    if match := _LETTER.match(text):
        key = ".".join([*current.split(".")[:3], match[1]])
        return key if key in _ORDER else None
    return None
