"""A made-up report that states the facts of a back-test, as real DOCX, PDF and HTML files, to test the readers on.

Its headings, tables and block of signature are built like those of an official report; its sentences are not.
"""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import pypandoc
import typst

from .facts import Fact, flat
from .sections import KEYS

_LEVELS = {0: "h1", 1: "h2", 2: "h3", 3: "h4"}
_PREAMBLE = """
#set page(paper: "a4", margin: (top: 2cm, bottom: 2cm, left: 3cm, right: 2cm), header: context {
  let page = counter(page).get().first()
  if page > 1 { align(center, str(page)) }
})
#set text(lang: "vi", size: 14pt)
#set par(justify: true, first-line-indent: (amount: 1.27cm, all: true))
#set table(stroke: 0.5pt)
#show figure: set block(breakable: true)
#show table: set text(size: 11pt)
#show table: set par(justify: false)
"""


def write_html(path: Path, facts: Sequence[Fact]) -> Path:
    """Write the sample as a page with navigation, style and script around it."""
    body = _body(facts)
    path.write_text(
        "<!DOCTYPE html><html lang='vi'><head><meta charset='utf-8'><title>II. TRANG MẪU</title>"
        "<style>p { color: black }</style></head><body><nav><ul><li>III. MỤC LỤC</li><li>Phụ lục III</li></ul></nav>"
        f"<script>const x = '999.999';</script>{body}<svg><text>888.888</text></svg></body></html>",
        encoding="utf-8",
    )
    return path


def write_docx(path: Path, facts: Sequence[Fact]) -> Path:
    """Write the sample as a Word document."""
    pypandoc.convert_text(_body(facts), "docx", format="html", outputfile=str(path))
    return path


def write_pdf(path: Path, facts: Sequence[Fact]) -> Path:
    """Write the sample as a PDF with page numbers in the top margin and table headers on every page."""
    source = pypandoc.convert_text(_body(facts), "typst", format="html")
    path.write_bytes(typst.compile((_PREAMBLE + source).encode()))
    return path


WRITERS = {"docx": write_docx, "pdf": write_pdf, "html": write_html}


def _body(facts: Sequence[Fact]) -> str:
    parts: list[str] = []
    for key in KEYS:
        own = [fact for fact in facts if fact.section == key]
        if key in {"noi_nhan", "ky"}:
            continue
        parts += _section(key, own)
        if key == "ket_thuc":
            parts.append(_signature_block(facts))
    return "\n".join(parts)


def _section(key: str, facts: Sequence[Fact]) -> Iterable[str]:
    headings = [_text(fact) for fact in facts if fact.kind == "heading"]
    if key == "dau_van_ban":
        yield from (f"<p>{escape(text)}</p>" for text in headings)
    else:
        tag = "h1" if key.startswith("phu_luc") else _LEVELS[key.count(".")]
        first, *others = headings or [""]
        title = f"{first} Nội dung" if first.endswith(".") else first  # "7.6.": a number without a title
        yield f"<{tag}>{escape(title)}</{tag}>" if first else ""
        yield from (f"<p>{escape(text)}</p>" for text in others)
    for fact in facts:
        if fact.kind not in {"heading", "column", "row"}:
            yield f"<p>{escape(_text(fact))} là một số liệu mẫu.</p>"
    rows = [fact for fact in facts if fact.kind == "row"]
    if rows:
        yield _table([_text(fact) for fact in facts if fact.kind == "column"], rows)


def _table(columns: Sequence[str], rows: Sequence[Fact]) -> str:
    width = max(len(columns), *(len(row.expected) for row in rows))
    head = _cells_of("th", columns, width)
    body = "".join(f"<tr>{_cells_of('td', _cells(row), width)}</tr>" for row in rows)
    shares = [6, 30, *[64 // (width - 2)] * (width - 2)]
    widths = "".join(f"<col style='width: {share}%'>" for share in shares)
    return f"<table><colgroup>{widths}</colgroup><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cells_of(tag: str, texts: Sequence[str], width: int) -> str:
    filled = [*texts, *[""] * (width - len(texts))]
    return "".join(f"<{tag}>{escape(text)}</{tag}>" for text in filled)


def _signature_block(facts: Sequence[Fact]) -> str:
    left = [("- " if fact.kind == "name" else "") + _text(fact) for fact in facts if fact.section == "noi_nhan"]
    right = [_text(fact) for fact in facts if fact.section == "ky"]
    cells = "".join("<td>" + "".join(f"<p>{escape(text)}</p>" for text in side) + "</td>" for side in (left, right))
    widths = "<colgroup><col style='width: 50%'><col style='width: 50%'></colgroup>"
    return f"<table>{widths}<tbody><tr>{cells}</tr></tbody></table>"


def _cells(row: Fact) -> list[str]:
    return [part if isinstance(part, str) else " ngày ".join(part) for part in row.expected]


def _text(fact: Fact) -> str:
    return " ngày ".join(flat(fact.expected))
