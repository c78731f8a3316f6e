"""The commands of the analyst's desk: edit, preview."""

from typing import Annotated

import typer

from baocao.cli_options import OptionalPeriod, ask, chosen_period, chosen_port, default_jobs
from baocao.cli_usage import Command, Group
from baocao.errors import InputError, Problem
from baocao.project import Project

commands = typer.Typer(cls=Group)


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
