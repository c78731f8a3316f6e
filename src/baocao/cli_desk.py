"""The commands of the analyst's desk: preview."""

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
