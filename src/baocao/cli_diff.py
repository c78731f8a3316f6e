"""The command `diff`: what somebody changed in the Word document, for who carries it back."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from baocao.cli_options import DIFF_FORMATS, OptionalPeriod, ask, chosen_form
from baocao.cli_usage import Command, Group
from baocao.errors import WHERE_SEPARATOR, InputError, Problem
from baocao.period import Period
from baocao.project import Project

if TYPE_CHECKING:
    from rich.console import Console

    from baocao.docx_diff import Segment
    from baocao.word_edits import Comparison, WordEdit

commands = typer.Typer(cls=Group)

_KINDS = {
    "doi": "sửa",
    "bo": "bỏ",
    "them": "thêm",
    "chuyen": "chuyển chỗ",
    "tach": "tách đoạn",
    "gop": "gộp đoạn",
    "kieu": "đổi kiểu chữ",
}
_PARTS = {
    "chu_thich": "chú thích",
    "khung": "khung chữ",
    "dau_trang": "đầu trang",
    "chan_trang": "chân trang",
    "hinh": "hình",
}
_FIXED = "phần cố định của thể thức văn bản, không nằm trong sổ tay hay tham số"
_MARKS = {"=": "{}", "-": "[-{}-]", "+": "{{+{}+}}"}
_AROUND = 8
"""Words that stayed, shown before and behind each change."""
_START = 10
"""Words by which a paragraph is known."""


@commands.command("diff", cls=Command, help="So bản DOCX đã sửa trong Word với báo cáo, chỉ ra nơi cần sửa theo.")
def _diff(
    docx: Annotated[str, typer.Option("--docx", metavar="TỆP", help="Bản DOCX đã sửa.")],
    period: OptionalPeriod = None,
    kind: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="DẠNG",
            help="Dạng json cho chương trình khác đọc. Mặc định: text. "
            "Mã kết thúc: 0 không còn gì phải sửa theo, 1 còn chỗ sửa hoặc ý kiến, 2 dùng sai.",
        ),
    ] = DIFF_FORMATS[0],
) -> int:
    problems: list[Problem] = []
    project = Project.find()
    wanted = ask(problems, lambda: Period.parse(period) if period is not None else None)
    chosen = ask(problems, lambda: chosen_form(kind, DIFF_FORMATS))
    if problems:
        raise InputError(problems)
    from baocao.word_edits import compare_docx, to_json

    comparison = compare_docx(project, wanted, Path(docx))
    if chosen == "json":
        typer.echo(to_json(comparison))
    else:
        _show(comparison)
    return 1 if comparison.left else 0


def _show(comparison: "Comparison") -> None:
    from baocao.cli_text import console, say

    output = console()
    for note in _notes(comparison):
        say(output, f"Lưu ý: {note}")
    for number, edit in enumerate(comparison.edits, start=1):
        _show_edit(output, number, edit)
    for author, date, text, paragraph in comparison.comments:
        say(output, f"Ý kiến của {author or 'người không rõ tên'}{_when(date)}: {text}")
        if paragraph:
            say(output, f"Tại đoạn: “{_beginning(paragraph)}”", 5)
    say(output, f"So với báo cáo kỳ {comparison.period}: {_summary(comparison)}.")
    say(output, "Cỡ chữ, căn lề và cách dàn trang không được so.")


def _notes(comparison: "Comparison") -> list[str]:
    notes = []
    if comparison.open_in:
        notes.append("tệp đang mở trong Word hoặc LibreOffice; những gì chưa lưu không có trong kết quả dưới đây.")
    if comparison.other_report:
        notes.append(
            "bản DOCX này được sửa từ một lần lập báo cáo không còn giữ; phần khác biệt gồm cả những gì báo cáo đã đổi."
        )
    if not comparison.marked:
        notes.append("tệp không còn cho biết được lập từ lần nào; đã so với báo cáo hiện có.")
    if comparison.earlier:
        notes.append("bản DOCX này được sửa từ một lần lập trước; đã so với đúng báo cáo của lần đó.")
    if comparison.changed_since:
        names = ", ".join(comparison.changed_since)
        notes.append(f"đã sửa sau lần lập báo cáo đó: {names}. Số ô, số dòng nêu dưới đây là của tệp hiện tại.")
    return notes


def _show_edit(output: "Console", number: int, edit: "WordEdit") -> None:
    from baocao.cli_text import say

    part = f" {_PARTS[edit.part]}" if edit.part else ""
    done = " - báo cáo hiện có đã đúng như vậy" if edit.carried else ""
    say(output, f"{number}. [{_KINDS[edit.kind]}{part}{done}] {_text(edit)}".rstrip())
    place = WHERE_SEPARATOR.join(edit.where)
    if edit.kind == "them" and (place or edit.behind):
        say(output, f"Sau: {place or _FIXED}{_behind(edit)}", 5)
    else:
        for line in (place or _FIXED, *map(WHERE_SEPARATOR.join, edit.also)):
            say(output, f"Tại: {line}", 5)
    if edit.kind == "chuyen":
        say(output, f"Đến sau: {WHERE_SEPARATOR.join(edit.target) or _FIXED}{_behind(edit)}", 5)
    todo = "muốn bỏ thì bỏ ở biểu" if edit.kind == "bo" else "sửa ở biểu, không sửa lời văn"
    for source in edit.sources:
        say(output, f"“{_beginning(source.value)}” lấy từ {source.cells} ({source.code}): {todo}.", 5)
    for author, date in edit.authors:
        say(output, f"Người sửa: {author or 'không rõ tên'}{_when(date)}", 5)


def _behind(edit: "WordEdit") -> str:
    return f", đoạn “{_beginning(edit.behind)}”" if edit.behind else ""


def _beginning(text: str) -> str:
    words = text.split()
    return " ".join(words[:_START]) + ("…" if len(words) > _START else "")


def _when(date: str) -> str:
    """“ (08:30 ngày 16/4/2024)”: programs write the time of their own clock; nothing for what is no date."""
    found = re.match(r"(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d)", date)
    if found is None:
        return ""
    return f" ({found[4]} ngày {found[3]}/{int(found[2])}/{found[1]})"


def _summary(comparison: "Comparison") -> str:
    counts = [
        f"{sum(1 for edit in comparison.edits if edit.kind == kind)} {word}"
        for kind, word in _KINDS.items()
        if any(edit.kind == kind for edit in comparison.edits)
    ]
    counts += [f"{len(comparison.comments)} ý kiến"] if comparison.comments else []
    done = sum(1 for edit in comparison.edits if edit.carried)
    carried = f"; {done} chỗ báo cáo hiện có đã đúng như vậy" if done else ""
    return (", ".join(counts) or "không có khác biệt") + carried


def _text(edit: "WordEdit") -> str:
    if edit.part == "hinh":
        shown = " → ".join(f"“{_beginning(text)}”" for text in dict.fromkeys((edit.old, edit.new)) if text)
        return shown or "không có mô tả"
    if edit.kind == "chuyen" and edit.old == edit.new:
        return edit.old
    if edit.kind == "kieu":
        return "; ".join(f"“{words}”: {_look(before)} → {_look(after)}" for words, before, after in edit.looks)
    if edit.kind in ("bo", "them"):
        return _line(edit.old or edit.new)
    last = len(edit.segments) - 1
    pieces = [
        _shortened(segment.text, index == last) if segment.mark == "=" else segment.text
        for index, segment in enumerate(edit.segments)
    ]
    return " ".join(
        _MARKS[segment.mark].format(_line(piece.strip())) + (" /" if _ends_line(segment) else "")
        for segment, piece in zip(edit.segments, pieces, strict=True)
        if piece.strip()
    ).removesuffix(" /")


def _look(names: str) -> str:
    """“đậm, nghiêng”; parts of a word that look otherwise are said one after the other."""
    from baocao.docx_looks import LOOKS

    parts = [" ".join(LOOKS[name] for name in part.split()) or "thường" for part in names.split(", ")]
    return " và ".join(dict.fromkeys(parts))


def _ends_line(segment: "Segment") -> bool:
    return segment.mark != "-" and segment.text.rstrip(" ").endswith("\n")


def _shortened(text: str, last: bool) -> str:
    """What stayed, as far as it shows where the change is; the beginning of the paragraph stays."""
    words = text.split(" ")
    head, tail = words[:_AROUND], [] if last else words[-_AROUND:]
    if len(words) <= len(head) + len(tail) + 2:
        return text
    return " ".join([*head, "…", *tail])


def _line(text: str) -> str:
    return text.replace("\n", " / ")
