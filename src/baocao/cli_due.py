"""What is done on time: `schedule`, and `run --due`."""

import os
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from baocao.cli_usage import Command, Group
from baocao.errors import BusyError, InputError, Problem
from baocao.period import Period
from baocao.project import Project

if TYPE_CHECKING:
    from rich.console import Console

    from baocao.due import DueResult, Work
    from baocao.params import Defaults
    from baocao.runlog import RunLog
    from baocao.settings import Settings

NOW_VARIABLE = "BAOCAO_NOW"
"""Another time than the clock's, for tests of whole commands."""

_KINDS = ("systemd", "cron", "task-scheduler")

commands = typer.Typer(cls=Group)


@commands.command(
    "schedule", cls=Command, help="Cho biết ngày chốt số liệu, ngày lập, hạn gửi của một kỳ; in hoặc cài bộ hẹn giờ."
)
def _schedule(
    period: Annotated[
        str | None, typer.Argument(metavar="KỲ", help="Kỳ báo cáo, ví dụ 2024-04. Mặc định: kỳ sắp đến hạn gửi.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--timer", metavar="LOẠI", help=f"In bộ hẹn giờ chạy baocao run --due: {', '.join(_KINDS)}."),
    ] = None,
    install: Annotated[
        bool,
        typer.Option(
            "--install", help="Cài bộ hẹn giờ nêu ở --timer cho người dùng này, hoặc cho máy nếu là quản trị."
        ),
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Gỡ bộ hẹn giờ nêu ở --timer đã cài cho dự án này.")] = False,
) -> None:
    from baocao.cli_text import console, say
    from baocao.params import load_defaults
    from baocao.settings import load_settings

    project = Project.find()
    wanted = _chosen_kind(kind, install, remove)
    settings = load_settings(project)
    defaults = load_defaults(project)
    output = console()
    if wanted is None:
        _show_dates(output, defaults, settings, Period.parse(period) if period is not None else None)
        return
    from baocao.timer_install import install as install_timer
    from baocao.timer_install import own_timer, printed
    from baocao.timer_install import remove as remove_timer

    password = settings.mail is not None and settings.mail.user is not None
    timer = own_timer(project.root, settings.schedule.at.minute, password)
    if not install and not remove:
        typer.echo(printed(wanted, timer))
        return
    for line in (install_timer if install else remove_timer)(wanted, timer):
        say(output, line)


def _chosen_kind(kind: str | None, install: bool, remove: bool) -> str | None:
    name = kind.strip().lower() if kind is not None else None
    if install and remove:
        expected = "--install để cài, hoặc --remove để gỡ"
        raise InputError(Problem("--install không đi cùng --remove", ("--timer",), expected, "bỏ một trong hai"))
    if (name is not None and name not in _KINDS) or ((install or remove) and name is None):
        option = "--install" if install else "--remove"
        raise InputError(
            Problem(
                f"không có loại bộ hẹn giờ “{kind}”" if name else f"{option} thiếu loại bộ hẹn giờ",
                ("--timer",),
                expected=f"một trong các loại: {', '.join(_KINDS)}",
                remedy="viết lại, ví dụ --timer systemd",
            )
        )
    return name


def _show_dates(output: "Console", defaults: "Defaults", settings: "Settings", period: Period | None) -> None:
    from baocao.cli_text import say
    from baocao.reporting import reporting_dates, weekday_date
    from baocao.settings import vietnam
    from baocao.vi import format_date

    if period is None:
        today = vietnam(now()).date()
        period = Period(today.year, today.month).shift(-1)
        while reporting_dates(defaults, period).deadline < today:
            period = period.shift(1)
    dates = reporting_dates(defaults, period)
    say(output, f"Kỳ {period}:")
    say(output, f"Số liệu: từ {format_date(dates.first)} đến {format_date(dates.cut_off)}", 2)
    say(output, f"Chốt số liệu: {weekday_date(dates.cut_off)}", 2)
    say(output, f"Tự lập báo cáo: từ {settings.schedule.time} {weekday_date(dates.due)}, ngay khi đủ biểu", 2)
    say(output, f"Hạn gửi báo cáo: {weekday_date(dates.deadline)}", 2)


def now() -> datetime:
    """The time, with its zone."""
    from baocao.settings import VIETNAM

    given = os.environ.get(NOW_VARIABLE)
    if not given:
        return datetime.now(VIETNAM)
    moment = datetime.fromisoformat(given)
    return moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)


def run_due(project: Project, make: Callable[[Period, bool, "RunLog"], None], partial: bool) -> int:
    """Do what is due; the exit status. `make` runs one month, partial or whole, and tells the log about it."""
    from baocao.cli_text import console, counts, say, show_problems
    from baocao.due import BUSY_STATUS, Due
    from baocao.due_work import ProjectWork, departments
    from baocao.duestate import locked
    from baocao.params import load_defaults
    from baocao.runlog import RunLog
    from baocao.settings import check_departments, load_settings

    settings = load_settings(project)
    defaults = load_defaults(project)
    check_departments(project, settings, departments(project))
    log = RunLog(project.outputs / "logs", now)
    work: Work = ProjectWork(
        project,
        lambda period, some: make(period, some, log),
        lambda period: _publish(project, period),
        counts,
    )
    errors = console(stderr=True)
    try:
        with locked(project.state):
            due = Due(project.root, project.state, settings, defaults, work, log, now())
            result = due.run(project.periods(), partial)
    except BusyError as error:
        show_problems(errors, error.problems)
        return BUSY_STATUS
    _show(result)
    if log.path.exists():
        say(console(), f"Mã lần chạy: {log.id}; nhật ký: {log.path}")
    return result.status


def _show(result: "DueResult") -> None:
    from baocao.cli_text import console, say, show_problems
    from baocao.due import Outcome, late_lines

    output, errors = console(), console(stderr=True)
    told = {period: outcome for period, outcome in result.months.items() if outcome is not Outcome.DONE}
    for period, outcome in told.items():
        say(output, f"{period}: {outcome.value}")
    if not told:
        say(output, "Không có kỳ nào đến hạn mà chưa lập.")
    late = list(late_lines(result))
    if late:
        say(output, "Còn chờ biểu của:")
        for line in late:
            say(output, line, 2)
    if result.problems:
        show_problems(errors, result.problems)
    if result.unsent:
        say(errors, "Có thư báo chưa gửi được; báo cáo không bị ảnh hưởng.")
        show_problems(errors, result.unsent)


def _publish(project: Project, period: Period) -> None:
    """Put a month on the project's site."""
    from baocao.cli_site import chosen_site
    from baocao.site import publish

    publish(project, period, chosen_site(project, None), clock=now)
