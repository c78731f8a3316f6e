"""Executed sections into one document: narrative, tables and charts in order, numbered; never code.

Writes `report.qmd`, one part per section and the images.
"""

import hashlib
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from baocao.errors import Problem, RunError
from baocao.frame import document
from baocao.indicators import Indicator
from baocao.markup import NOTHING_REPORTED, html_text, markdown_text
from baocao.notebook_keys import NARROW, NUMBERS
from baocao.origins import write_origins
from baocao.params import FORMATS, Params
from baocao.part import Part, Piece
from baocao.project import Section
from baocao.theme.generate import MARKED_DOCX, reference_document
from baocao.theme.measures import measures_in_force
from baocao.vi import nfc, slug

_SPAN = re.compile(
    r'(?<!\\)(?:<span data-ref="(?P<ref>[^"]*)">.*?(?<!\\)</span>|<span\b(?P<open>[^>]*)>|(?P<close></span>))'
)
_BLANK_LINE = re.compile(r"\n\s*\n")
_LEVEL = re.compile(r"(#{1,6}) +\S")
HEADING = re.compile(r"^(#{1,4}) +(?:(?P<chapter>[IVX]+)\.|(?P<number>\d+(?:\.\d+)*)\.|(?P<letter>[a-zđ])\)) +\S")
_BACKTICKS = re.compile(r"`{3,}")

_FOR_CHARTS = "theo-bieu-do"
"""Class of prose that only a copy with charts prints."""
_WORDS = {"table": ("Bảng", "bang"), "chart": ("Biểu đồ", "bieu-do")}
"""What a reader calls a piece of that kind, and how its address begins."""


@dataclass(frozen=True)
class Woven:
    """What the document is known by, and its drawings for paper, which are SVG; Word wants them as PNG (`raster`)."""

    mark: str
    drawings: tuple[Path, ...]


@dataclass
class _Numbers:
    """Numbers of captioned tables and charts, in order of appearance over the whole report."""

    labels: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, name: str) -> None:
        self.kinds[name] = kind
        self.labels[name] = f"{_WORDS[kind][0]} {list(self.kinds.values()).count(kind)}"

    def link(self, name: str) -> str:
        return f"[{self.labels[name]}](#{_address(self.kinds[name], name)}){{.tham-chieu}}"


def _address(kind: str, name: str) -> str:
    return f"{_WORDS[kind][1]}-{slug(name)}"


@dataclass
class _Place:
    """Chapter and item that the text has come to; a point (a, b, …) belongs to the item above it."""

    chapter: str = ""
    number: str = ""

    def address(self, heading: re.Match[str]) -> str:
        """Move on to this heading: `ii`, `ii-4-2`, `ii-4-2-a`."""
        if heading["chapter"]:
            self.chapter, self.number = heading["chapter"].lower(), ""
        elif heading["number"]:
            self.number = heading["number"].replace(".", "-")
        parts = [self.chapter, self.number, slug(heading["letter"] or "")]
        return "-".join(part for part in parts if part)


def weave(
    parts: Sequence[Part],
    params: Params,
    build: Path,
    indicators: Sequence[Indicator] = (),
    lacking: Sequence[str] = (),
) -> Woven:
    """Write the document of `parts` (in order) into the folder `build`.

    Problems of all sections come at once.
    Every page of a report of simulated data, or of one made without the figures of the departments in `lacking`, is
    marked; Word takes that from a reference document that is put beside it. The first page says who is lacking.
    """
    (build / "parts").mkdir(parents=True, exist_ok=True)
    (build / "images").mkdir(exist_ok=True)
    numbers = _Numbers()
    problems: list[Problem] = []
    seen: set[str] = set()
    for part, piece in _captioned(parts):
        # Files and addresses are made from the name without its marks.
        address = slug(piece.content["name"])
        if not address or address in seen:
            fault = "trùng với bảng hoặc biểu đồ khác" if address else "không có chữ hay số nào"
            what = f"tên “{piece.content['name']}” {fault}"
            problems.append(Problem(what, (part.section.notebook.name, f"ô {piece.cell}"), remedy="đặt tên khác"))
        seen.add(address)
        if piece.content["caption"]:
            numbers.add(piece.kind, piece.content["name"])
    place = _Place()
    texts = [[_piece(part, piece, numbers, params, build, place, problems) for piece in part.pieces] for part in parts]
    woven = list(zip(parts, texts, strict=True))
    _say_what_is_empty([chunks for part, chunks in woven if not part.section.is_appendix])
    said = [list(chunks) for _, chunks in woven]
    for part, chunks in woven:
        if part.section.is_appendix:
            _say_what_is_empty([chunks])
            chunks[:] = _appendix(part, chunks, params, problems)
    if problems:
        raise RunError(problems)
    digest = hashlib.sha256()
    for part, chunks in woven:
        text = nfc("\n\n".join(chunk for chunk in chunks if chunk) + "\n")
        _write(build / "parts" / f"{part.section.number:02d}.md", text)
        digest.update(text.encode())
    write_origins(build, parts, said, params)
    measures = measures_in_force(params.period)
    marks = [measures.dau.mo_phong] * params.monthly.simulated + [measures.dau.chua_du] * bool(lacking)
    if marks:
        (build / MARKED_DOCX).write_bytes(reference_document(measures, " · ".join(marks)))
    drawings = tuple(_drawing(build, part, piece) for part, piece in _captioned(parts) if piece.kind == "chart")
    digest.update(document(parts, params, marks, lacking, indicators, "").encode())
    for drawing in drawings:
        digest.update(drawing.read_bytes())
    mark = digest.hexdigest()[:16]
    _write(build / "report.qmd", document(parts, params, marks, lacking, indicators, mark))
    return Woven(mark, drawings)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _captioned(parts: Sequence[Part]) -> Iterator[tuple[Part, Piece]]:
    return ((part, piece) for part in parts for piece in part.pieces if piece.kind in ("table", "chart"))


def _piece(
    part: Part,
    piece: Piece,
    numbers: _Numbers,
    params: Params,
    build: Path,
    place: _Place,
    problems: list[Problem],
) -> str:
    if piece.kind == "narrative":
        where = (part.section.notebook.name, f"ô {piece.cell}")
        text = _resolve(piece.data["text/markdown"], numbers, params, where, problems)
        return _identify_headings(text.strip(), place, part, piece, problems)
    if piece.kind == "table":
        return _table(piece, numbers)
    if piece.kind == "chart":
        return _chart(part, piece, numbers, build)
    return ""


def _resolve(text: str, numbers: _Numbers, params: Params, where: tuple[str, ...], problems: list[Problem]) -> str:
    """References become links; one to a chart stands in a span that goes with the charts, unless all copies do."""
    inside: list[tuple[bool, int]] = []
    """For each open span: it goes with the charts; where its text begins."""
    needs_span = params.charts != FORMATS
    tag = f'<span class="{_FOR_CHARTS}">'

    def close(end: int) -> None:
        for_charts, start = inside.pop()
        if for_charts and (end < 0 or _BLANK_LINE.search(text, start, end)):
            remedy = "thêm </span> ở cuối câu, trước dòng trống"
            problems.append(Problem(f"phần mở bằng {tag} chưa đóng trong đoạn của nó", where, "</span>", remedy))

    def label(match: re.Match[str]) -> str:
        if match["close"]:
            if inside:
                close(match.start())
            return match[0]
        if match["open"] is not None:
            inside.append((f'class="{_FOR_CHARTS}"' in match["open"], match.end()))
            return match[0]
        name = html.unescape(match["ref"])
        if name not in numbers.labels:
            known = ", ".join(numbers.labels) or "chưa có"
            what = f"nhắc đến bảng, biểu đồ “{name}” không có"
            problems.append(Problem(what, where, f"một trong: {known}", "sửa tên trong ref(…)"))
            return match[0]
        if needs_span and numbers.kinds[name] == "chart" and not any(for_charts for for_charts, _ in inside):
            what = f"câu nhắc đến biểu đồ “{name}” vẫn in ở bản không có biểu đồ"
            remedy = "đặt cả câu vào giữa cặp thẻ trên, hoặc để mọi định dạng có biểu đồ (charts trong params)"
            problems.append(Problem(what, where, f"{tag}…</span> quanh câu có ref(…)", remedy))
        return numbers.link(name)

    resolved = _SPAN.sub(label, text)
    while inside:
        close(-1)
    return resolved


def _say_what_is_empty(texts: Sequence[list[str]]) -> None:
    """Put a sentence under each heading that has neither content nor a heading below its own level."""
    following = 0
    """Level of the heading that comes next with nothing before it, 0 for the end; 7 once there is content."""
    for chunks in reversed(texts):
        for index, chunk in reversed(list(enumerate(chunks))):
            lines = []
            for line in reversed(chunk.split("\n")):
                heading = _LEVEL.match(line)
                if heading:
                    level = len(heading[1])
                    lines += [NOTHING_REPORTED, ""] if following <= level else []
                    following = level
                elif line.strip():
                    following = 7
                lines.append(line)
            chunks[index] = "\n".join(reversed(lines))


def _identify_headings(text: str, place: _Place, part: Part, piece: Piece, problems: list[Problem]) -> str:
    """Headings get addresses from their numbers, which stay when the wording changes.

    A number that is not of the notebook's section is a problem: the reader would look for it elsewhere.
    """
    lines = []
    for line in text.split("\n"):
        heading = HEADING.match(line)
        if heading and not belongs(heading, part.section):
            where = (part.section.notebook.name, f"ô {piece.cell}")
            expected = f"số mục {part.section.label}, theo số sổ tay"
            problems.append(
                Problem(f"tiêu đề “{line.strip()}” không phải của mục này", where, expected, "sửa số tiêu đề")
            )
        lines.append(f"{line.rstrip()} {{#muc-{place.address(heading)}}}" if heading and "{#" not in line else line)
    return "\n".join(lines)


def belongs(heading: re.Match[str], section: Section) -> bool:
    """The number of a heading is the one of the notebook's section."""
    chapter, units = section.label.partition(".")[0], section.number % 10
    if heading["chapter"]:
        return units == 0 and heading["chapter"] == chapter
    return not heading["number"] or units == 0 or section.is_appendix or heading["number"].split(".")[0] == str(units)


def _table(piece: Piece, numbers: _Numbers) -> str:
    name = piece.content["name"]
    table = piece.data["text/html"]
    if name in numbers.labels:
        table = table.replace("<caption>", f"<caption>{numbers.labels[name]}. ", 1)
    return f"::: {{#{_address('table', name)} .khung-bang}}\n{_fenced(table)}\n:::"


def _fenced(table: str) -> str:
    longest = max((len(run) for run in _BACKTICKS.findall(table)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{{.bang}}\n{table}\n{fence}"


def _drawing(build: Path, part: Part, piece: Piece) -> Path:
    return build / "images" / f"{part.section.number:02d}-{slug(piece.content['name'])}.svg"


def _chart(part: Part, piece: Piece, numbers: _Numbers, build: Path) -> str:
    name = piece.content["name"]
    path = _drawing(build, part, piece)
    _write(path, piece.data["image/svg+xml"])
    if NARROW in piece.data:
        _write(path.with_stem(f"{path.stem}-hep"), piece.data[NARROW])
    label = numbers.labels.get(name)
    caption = markdown_text(piece.content["caption"])
    caption = f"{label}. {caption}" if label else caption
    # In an attribute Markdown reads the backslash, too, as an escape.
    alt = html_text(piece.content["alt"]).replace("\n", " ").replace("\\", "&#92;")
    drawing = f'![{caption}](images/{path.name}){{#{_address("chart", name)} fig-alt="{alt}" width=100%}}'
    if NUMBERS not in piece.data:
        return drawing
    title = f"Số liệu của {label or 'biểu đồ'}"
    return f'{drawing}\n\n::: {{.so-lieu-bieu-do nhan="{title}"}}\n{_fenced(piece.data[NUMBERS])}\n:::'


def _appendix(part: Part, chunks: list[str], params: Params, problems: list[Problem]) -> list[str]:
    heads = [piece for piece in part.pieces if piece.kind == "appendix"]
    if len(heads) != 1:
        problems.append(
            Problem(
                f"phụ lục có {len(heads)} tiêu đề",
                (part.section.notebook.name,),
                expected="đúng một lệnh report.appendix(…)",
            )
        )
        return chunks
    head = heads[0].content
    symbol = params.symbol_line.removeprefix("Số: ")
    attached = f"(Kèm theo Báo cáo số {symbol} {params.day_words} của {params.issuer.body_in_text})"
    return [
        f'::: {{.phu-luc huong="{"ngang" if head["landscape"] else "doc"}"}}',
        f"# {part.section.label} {{#{slug(part.section.label)} .so-phu-luc}}",
        f"::: {{.ten-phu-luc}}\n{markdown_text(head['title'])}\n:::",
        f"::: {{.kem-theo}}\n{markdown_text(attached)}\n:::",
        *(chunks if any(chunks) else [NOTHING_REPORTED]),
        ":::",
    ]
