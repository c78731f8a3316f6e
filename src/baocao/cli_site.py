"""The commands of the intranet site: publish, rollback."""

from pathlib import Path
from typing import Annotated

import typer

from baocao.cli_options import OptionalPeriod, ask, chosen_period
from baocao.cli_usage import Command, Group
from baocao.errors import InputError, Problem
from baocao.project import Project

commands = typer.Typer(cls=Group)

SiteFolder = Annotated[
    str | None,
    typer.Option("--site", metavar="THƯ_MỤC", help="Thư mục của trang. Mặc định: khóa site trong params/defaults.yml."),
]


@commands.command("publish", cls=Command, help="Công bố báo cáo của một kỳ lên trang nội bộ.")
def _publish(
    period: OptionalPeriod = None,
    site: SiteFolder = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Công bố cả khi báo cáo lập lúc chưa đủ số liệu của các đơn vị.")
    ] = False,
    new_site: Annotated[
        bool, typer.Option("--new-site", help="Bắt đầu trang mới ở thư mục mà trang cũ không còn (ổ mạng vẫn nối).")
    ] = False,
) -> None:
    problems: list[Problem] = []
    project = Project.find()
    wanted = ask(problems, lambda: chosen_period(project, period))
    folder = ask(problems, lambda: chosen_site(project, site))
    if wanted is None or folder is None:
        raise InputError(problems)
    from baocao.cli_due import now
    from baocao.cli_text import console, say, shown
    from baocao.site import publish

    done = publish(project, wanted, folder, partial=partial, new_site=new_site, clock=now)
    output = console()
    if done.interrupted:
        say(output, "Lệnh trước trên trang này bị ngắt giữa chừng; phần dở dang đã được dọn.")
    if done.changed:
        say(output, f"Đã công bố báo cáo kỳ {wanted}, lần {done.revision}, bản phát hành {done.release}.")
        say(output, f"Máy chủ web phục vụ thư mục: {shown(folder / 'current')}")
    else:
        say(output, f"Kỳ {wanted} trên trang đã đúng báo cáo này (lần {done.revision}); không có gì phải làm.")


@commands.command("rollback", cls=Command, help="Đưa trang nội bộ về một bản phát hành trước.")
def _rollback(
    release: Annotated[
        str | None, typer.Argument(metavar="BẢN", help="Bản phát hành. Mặc định: bản liền trước bản hiện hành.")
    ] = None,
    site: SiteFolder = None,
    listed: Annotated[bool, typer.Option("--list", help="Chỉ liệt kê các bản phát hành còn giữ.")] = False,
) -> None:
    from baocao.cli_text import console, say
    from baocao.site import releases, roll_back

    # A site can be rolled back where there is no project.
    folder = Path(site).resolve() if site is not None else chosen_site(Project.find(), None)
    output = console()
    if listed:
        for item in releases(folder):
            months = ", ".join(f"{month} (lần {numbers[-1]})" for month, numbers in item.months.items())
            say(output, f"{item.name}{' [hiện hành]' if item.served else ''}: {months}")
    else:
        say(output, f"Trang đang ở bản phát hành {roll_back(folder, release)}.")


def chosen_site(project: Project, text: str | None) -> Path:
    """The folder of the site as typed, or the one of the project's parameters; none is an `InputError`."""
    if text is not None:
        return Path(text).resolve()
    from baocao.params import load_defaults

    setting = load_defaults(project).site
    if setting is None:
        raise InputError(
            Problem(
                "chưa biết công bố lên trang nào",
                ("--site",),
                expected="thư mục của trang",
                remedy="thêm --site THƯ_MỤC, hoặc ghi site: trong params/defaults.yml",
            )
        )
    return (project.root / setting).resolve()
