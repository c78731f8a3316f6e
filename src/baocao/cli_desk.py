"""The commands of the analyst's desk: edit, preview, diff."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from baocao.cli_options import OptionalPeriod, ask, chosen_period, chosen_port, default_jobs
from baocao.cli_usage import Command, Group
from baocao.errors import WHERE_SEPARATOR, InputError, Problem
from baocao.project import Project

if TYPE_CHECKING:
    from baocao.word_edits import Comparison, WordEdit

commands = typer.Typer(cls=Group)

_MARKS = {"=": "{}", "-": "[-{}-]", "+": "{{+{}+}}"}


@commands.command(
    "preview",
    cls=Command,
    help="Xem trước báo cáo của một kỳ: trang tự làm mới khi lưu sổ tay, biểu hay tham số; chỉ mở trên máy này.",
)
def _preview(
    period: OptionalPeriod = None,
    port: Annotated[
        str | None, typer.Option("--port", metavar="CỔNG", help="Cổng của trang. Mặc định: một cổng trống.")
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Chỉ in địa chỉ của trang, không mở trình duyệt.")
    ] = False,
) -> None:
    problems: list[Problem] = []
    project = Project.find()
    wanted = ask(problems, lambda: chosen_period(project, period))
    chosen = ask(problems, lambda: chosen_port(port))
    if problems or wanted is None or chosen is None:
        raise InputError(problems)
    import webbrowser

    from baocao.cli_text import console, say
    from baocao.preview.server import serve

    def started(address: str) -> None:
        say(console(), f"Xem trước kỳ {wanted}: {address}")
        say(console(stderr=True), "Nhấn Ctrl-C để dừng.")
        if not no_browser:
            webbrowser.open(address)

    serve(project, wanted, chosen, default_jobs(), started)


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
            "Mã kết thúc: 0 giống nhau, 1 có khác biệt, 2 dùng sai.",
        ),
    ] = "text",
) -> int:
    problems: list[Problem] = []
    project = Project.find()
    wanted = ask(problems, lambda: chosen_period(project, period))
    chosen = kind.strip().lower()
    if chosen not in ("text", "json"):
        what, remedy = f"không có định dạng “{chosen}”", "viết lại, ví dụ --format json"
        problems.append(Problem(what, ("--format",), "một trong các dạng: text, json", remedy))
    if problems or wanted is None:
        raise InputError(problems)
    from baocao.word_edits import compare_docx, to_json

    comparison = compare_docx(project, wanted, Path(docx))
    if chosen == "json":
        typer.echo(to_json(comparison))
    else:
        _show(comparison)
    return 1 if comparison.edits or comparison.comments else 0


def _show(comparison: "Comparison") -> None:
    from baocao.cli_text import console, say
    from baocao.word_edits import KINDS

    output = console()
    if comparison.other_report:
        text = (
            "Lưu ý: bản DOCX này được sửa từ một lần lập báo cáo khác; phần khác biệt gồm cả những gì báo cáo đã đổi."
        )
        say(output, text)
    if comparison.changed_since:
        names = ", ".join(comparison.changed_since)
        say(output, f"Lưu ý: đã sửa sau lần lập báo cáo: {names}. Số ô, số dòng nêu dưới đây là của tệp hiện tại.")
    for number, edit in enumerate(comparison.edits, start=1):
        say(output, f"{number}. [{KINDS[edit.kind]}] {_text(edit)}")
        place = WHERE_SEPARATOR.join(edit.where) or "phần cố định của thể thức văn bản"
        say(output, f"{'Sau' if edit.kind == 'them' else 'Tại'}: {place}", 5)
        for source in edit.sources:
            say(output, f"“{source.value}” lấy từ {source.cells} ({source.code}): sửa ở biểu, không sửa lời văn.", 5)
        for author, date in edit.authors:
            say(output, f"Người sửa: {author or 'không rõ'}{f', {date}' if date else ''}", 5)
    for author, date, text, paragraph in comparison.comments:
        say(output, f"Ý kiến của {author or 'không rõ'}{f' ({date})' if date else ''}: {text}")
        say(output, f"Tại đoạn: {paragraph}", 5)
    counts = [
        f"{sum(1 for edit in comparison.edits if edit.kind == kind)} {word}"
        for kind, word in KINDS.items()
        if any(edit.kind == kind for edit in comparison.edits)
    ]
    counts += [f"{len(comparison.comments)} ý kiến"] if comparison.comments else []
    say(output, f"So với báo cáo kỳ {comparison.period}: {', '.join(counts) or 'không có khác biệt'}.")


def _text(edit: "WordEdit") -> str:
    if edit.kind == "chuyen" and edit.old == edit.new:
        return edit.old
    if edit.kind == "bo":
        return f"[-{edit.old}-]"
    if edit.kind == "them":
        return f"{{+{edit.new}+}}"
    return "".join(_mark(segment.mark, segment.text) for segment in edit.segments).strip()


def _mark(mark: str, text: str) -> str:
    bare = text.strip()
    return _MARKS[mark].format(bare) + (" " if text != bare or mark != "=" else "")


@commands.command(
    "edit",
    cls=Command,
    help="Mở JupyterLab với số liệu của một kỳ; nêu mục thì mở sổ tay riêng của kỳ, tạo mới nếu chưa có.",
)
def _edit(
    period: OptionalPeriod = None,
    section: Annotated[
        str | None,
        typer.Argument(metavar="MỤC", help="Mục cần sửa riêng cho kỳ này, ví dụ 40 hoặc II.4. Mặc định: không tạo gì."),
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Chỉ in địa chỉ của JupyterLab, không mở trình duyệt.")
    ] = False,
) -> int:
    from baocao.cli_text import console, say, shown
    from baocao.desk import open_lab, own_notebook, require_lab, require_month
    from baocao.hooks import install

    project = Project.find()
    wanted = chosen_period(project, period)
    require_month(project, wanted)
    require_lab()
    opened = project.root / "notebooks"
    output = console(stderr=True)
    if note := install(project.root).note:
        say(output, f"Lưu ý: {note}")
    if section is not None:
        opened, made = own_notebook(project, wanted, section)
        say(output, f"{'Đã tạo sổ tay' if made else 'Sổ tay'} riêng của kỳ {wanted}: {shown(opened)}")
    say(output, f"JupyterLab mở với số liệu kỳ {wanted}. Nhấn Ctrl-C để dừng.")
    return open_lab(project, wanted, opened, not no_browser)
