"""Executed sections into one document: narrative, tables and charts in order, numbered; never code.

Writes `report.qmd`, one part per section and the images. A section that failed, stopped halfway, is stale or
shows something that does not belong to the report is refused.
"""

import base64
import hashlib
import html
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import yaml

from baocao.errors import Problem, RunError
from baocao.executed import INJECTED_TAG
from baocao.markup import html_text, markdown_text
from baocao.notebook_keys import KEY, NOTE_TAG
from baocao.params import Params
from baocao.project import Section
from baocao.vi import nfc, slug

_REF = re.compile(r'<span data-ref="([^"]*)"></span>')
_HEADING = re.compile(r"^(#{1,4}) +(?:(?P<chapter>[IVX]+)\.|(?P<number>\d+(?:\.\d+)*)\.|(?P<letter>[a-zđ])\)) +\S")
_BACKTICKS = re.compile(r"`{3,}")


@dataclass(frozen=True)
class Piece:
    """One output of a section that belongs to the report, and the notebook cell that it comes from."""

    kind: str
    content: dict[str, Any]
    data: dict[str, Any]
    cell: int


@dataclass(frozen=True)
class Part:
    """An executed section, taken apart."""

    section: Section
    pieces: tuple[Piece, ...]
    reads: tuple[str, ...]


@dataclass
class _Numbers:
    """Numbers of captioned tables and charts, in order of appearance over the whole report."""

    labels: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, name: str) -> str:
        word = "Bảng" if kind == "table" else "Biểu đồ"
        self.counts[word] = self.counts.get(word, 0) + 1
        self.labels[name] = f"{word} {self.counts[word]}"
        return self.labels[name]


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


def take_apart(section: Section, executed: Path, period: str) -> Part:
    """The pieces of an executed notebook; all that must not be printed is one `RunError`."""
    notebook = nbformat.read(executed, as_version=4)  # type: ignore[no-untyped-call]
    name = section.notebook.name
    problems: list[Problem] = []
    stamp = notebook.metadata.get(KEY, {})
    source = hashlib.sha256(section.notebook.read_bytes()).hexdigest()
    if stamp.get("source_sha256") != source or stamp.get("period") != period:
        problems.append(Problem("bản đã chạy không ứng với sổ tay hiện tại", (name,), remedy="chạy lại baocao run"))
    elif not stamp.get("complete"):
        problems.append(Problem("sổ tay chưa chạy hết", (name,), remedy="chạy lại baocao run"))
    pieces: list[Piece] = []
    reads: set[str] = set()
    # The cell that papermill adds is not in the notebook that a person opens.
    cells = [cell for cell in notebook.cells if INJECTED_TAG not in cell.metadata.get("tags", [])]
    for index, cell in enumerate(cells, start=1):
        where = (name, f"ô {index}")
        if cell.cell_type == "markdown" and cell.source.strip() and NOTE_TAG not in cell.metadata.get("tags", []):
            problems.append(
                Problem(
                    "lời văn trong ô Markdown không vào báo cáo",
                    where,
                    expected="ô mã bắt đầu bằng %%narrative",
                    remedy=f"đổi ô thành ô mã có %%narrative ở dòng đầu; lời ghi chú thì gắn nhãn “{NOTE_TAG}”",
                )
            )
        if cell.cell_type != "code":
            continue
        if cell.execution_count is None and cell.source.strip():
            problems.append(Problem("ô chưa chạy", where, remedy="chạy lại baocao run"))
        for output in cell.outputs:
            if output.output_type == "stream":
                continue  # print() is for the person at the desk
            if output.output_type == "error":
                problems.append(Problem(f"ô bị lỗi {output.ename}: {output.evalue}", where, remedy="sửa ô này"))
                continue
            mark = output.metadata.get(KEY)
            if mark is None:
                problems.append(
                    Problem(
                        "ô hiện ra nội dung không thuộc báo cáo",
                        where,
                        expected="lời văn (%%narrative), report.show(…), report.chart(…)",
                        remedy="đưa nội dung vào báo cáo bằng các lệnh trên, hoặc xóa lệnh hiển thị",
                    )
                )
            elif mark["kind"] == "reads":
                reads |= {code for data in output.data.values() for code in data["codes"]}
            else:
                pieces.append(Piece(mark["kind"], dict(mark), dict(output.data), index))
    if not pieces and not problems:
        remedy = "thêm lời văn (%%narrative), hoặc xóa sổ tay"
        problems.append(
            Problem("mục không đưa gì vào báo cáo", (name,), expected="ít nhất một nội dung", remedy=remedy)
        )
    if problems:
        raise RunError(problems)
    return Part(section, tuple(pieces), tuple(sorted(reads)))


def weave(parts: Sequence[Part], params: Params, build: Path, marked_docx: Path | None = None) -> None:
    """Write the document of `parts` (in order) into the folder `build`. Problems of all sections come at once.

    `marked_docx` is the Word reference document that marks simulated data; it is put beside a document that needs it.
    A report of simulated data without it is refused when it is rendered.
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
    texts: dict[str, str] = {}
    place = _Place()
    for part in parts:
        chunks: list[str] = []
        for piece in part.pieces:
            chunks.append(_piece(part, piece, numbers, build, place, problems))
        if part.section.is_appendix:
            chunks = _appendix(part, chunks, params, problems)
        texts[f"{part.section.number:02d}"] = nfc("\n\n".join(chunks) + "\n")
    if problems:
        raise RunError(problems)
    for number, text in texts.items():
        _write(build / "parts" / f"{number}.md", text)
    marked = marked_docx if params.monthly.simulated else None
    if marked is not None:
        shutil.copyfile(marked, build / marked.name)
    _write(build / "report.qmd", _document(parts, params, marked.name if marked else None))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _captioned(parts: Sequence[Part]) -> Iterator[tuple[Part, Piece]]:
    return ((part, piece) for part in parts for piece in part.pieces if piece.kind in ("table", "chart"))


def _piece(part: Part, piece: Piece, numbers: _Numbers, build: Path, place: _Place, problems: list[Problem]) -> str:
    if piece.kind == "narrative":
        text = _resolve(piece.data["text/markdown"], numbers, part, piece, problems)
        return _identify_headings(text.strip(), place, part, piece, problems)
    if piece.kind == "table":
        return _table(piece, numbers)
    if piece.kind == "chart":
        return _chart(part, piece, numbers, build)
    return ""


def _resolve(text: str, numbers: _Numbers, part: Part, piece: Piece, problems: list[Problem]) -> str:
    def label(match: re.Match[str]) -> str:
        name = html.unescape(match[1])
        if name not in numbers.labels:
            known = ", ".join(numbers.labels) or "chưa có"
            where = (part.section.notebook.name, f"ô {piece.cell}")
            problems.append(
                Problem(
                    f"nhắc đến bảng, biểu đồ “{name}” không có",
                    where,
                    expected=f"một trong: {known}",
                    remedy="sửa tên trong ref(…)",
                )
            )
            return match[0]
        return numbers.labels[name]

    return _REF.sub(label, text)


def _identify_headings(text: str, place: _Place, part: Part, piece: Piece, problems: list[Problem]) -> str:
    """Headings get addresses from their numbers, which stay when the wording changes.

    A number that is not of the notebook's section is a problem: the reader would look for it elsewhere.
    """
    lines = []
    for line in text.split("\n"):
        heading = _HEADING.match(line)
        if heading and not _belongs(heading, part.section):
            where = (part.section.notebook.name, f"ô {piece.cell}")
            expected = f"số mục {part.section.label}, theo số sổ tay"
            problems.append(
                Problem(f"tiêu đề “{line.strip()}” không phải của mục này", where, expected, "sửa số tiêu đề")
            )
        lines.append(f"{line.rstrip()} {{#muc-{place.address(heading)}}}" if heading and "{#" not in line else line)
    return "\n".join(lines)


def _belongs(heading: re.Match[str], section: Section) -> bool:
    chapter, units = section.label.partition(".")[0], section.number % 10
    if heading["chapter"]:
        return units == 0 and heading["chapter"] == chapter
    return not heading["number"] or units == 0 or section.is_appendix or heading["number"].split(".")[0] == str(units)


def _table(piece: Piece, numbers: _Numbers) -> str:
    name = piece.content["name"]
    table = piece.data["text/html"]
    if name in numbers.labels:
        table = table.replace("<caption>", f"<caption>{numbers.labels[name]}. ", 1)
    longest = max((len(run) for run in _BACKTICKS.findall(table)), default=2)
    fence = "`" * (longest + 1)
    return f"::: {{#bang-{slug(name)} .khung-bang}}\n{fence}{{.bang}}\n{table}\n{fence}\n:::"


def _chart(part: Part, piece: Piece, numbers: _Numbers, build: Path) -> str:
    name = slug(piece.content["name"])
    stem = f"{part.section.number:02d}-{name}"
    _write(build / "images" / f"{stem}.svg", piece.data["image/svg+xml"])
    (build / "images" / f"{stem}.png").write_bytes(base64.b64decode(piece.data["image/png"]))
    label = numbers.labels.get(piece.content["name"])
    caption = markdown_text(piece.content["caption"])
    caption = f"{label}. {caption}" if label else caption
    alt = html_text(piece.content["alt"]).replace("\n", " ")
    return f'![{caption}](images/{stem}.svg){{#bieu-do-{name} fig-alt="{alt}" width=100%}}'


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
        *[chunk for chunk in chunks if chunk],
        ":::",
    ]


def _document(parts: Sequence[Part], params: Params, marked_docx: str | None) -> str:
    head: dict[str, Any] = {
        "title": f"{params.fill(params.document.abstract)}, {params.fill('{month}')}",
        "lang": "vi",
        "date": params.dated,
        "van-ban": {
            "co-quan-chu-quan": params.issuer.parent,
            "co-quan-ban-hanh": params.issuer.body,
            "so-ky-hieu": params.symbol_line,
            "dia-danh-ngay": params.place_and_date,
            "ten-loai": params.document.kind,
            "trich-yeu": params.fill(params.document.abstract),
            "ky-bao-cao": _capital(params.fill(params.document.period_line)),
            "kinh-gui": list(params.monthly.to),
            # Nghị định 30/2020, Phụ lục I, II.9.d: who is addressed above is not named again below.
            "noi-nhan": [*(["Như trên"] if params.monthly.to else []), *params.recipients.names],
            "ky": {"quyen-han": params.signer.capacity, "chuc-vu": params.signer.post, "ho-ten": params.signer.name},
            "mo-phong": params.monthly.simulated,
        },
    }
    if marked_docx is not None:
        # Word marks its pages in the headers of the reference document. The other formats are named to be made as well.
        head["format"] = {"docx": {"reference-doc": marked_docx}, "typst": "default", "html": "default"}
    body = [part for part in parts if not part.section.is_appendix]
    appendices = [part for part in parts if part.section.is_appendix]
    blocks = [
        "---\n" + yaml.safe_dump(head, allow_unicode=True, sort_keys=False, width=10_000) + "---",
        "::: {.dau-van-ban}\n:::",
        *[_include(part) for part in body],
        f"::: {{.ket-thuc}}\n{markdown_text(params.fill(params.document.closing))}\n:::",
        "::: {.khoi-ky}\n:::",
        *[_include(part) for part in appendices],
    ]
    return nfc("\n\n".join(blocks) + "\n")


def _capital(text: str) -> str:
    return text.replace("(tháng", "(Tháng", 1)


def _include(part: Part) -> str:
    return f"{{{{< include parts/{part.section.number:02d}.md >}}}}"
