"""The commands that make a report: new, check, run, demo, doctor."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from baocao.cli_options import (
    ALL_FORMATS,
    CHECK_FORMATS,
    Formats,
    Jobs,
    OptionalPeriod,
    ask,
    chosen_form,
    chosen_formats,
    chosen_jobs,
    chosen_period,
    chosen_renderer,
    default_jobs,
)
from baocao.cli_usage import Command, Group
from baocao.errors import InputError, Problem, RunError
from baocao.period import Period
from baocao.project import Project

if TYPE_CHECKING:
    from rich.console import Console

    from baocao.check_report import CheckReport
    from baocao.month import Month
    from baocao.render import Renderer
    from baocao.run import Result
    from baocao.runlog import RunLog

commands = typer.Typer(cls=Group)


@commands.command("run", cls=Command, help="Lập báo cáo của một kỳ: DOCX, PDF, HTML.")
def _run(
    period: OptionalPeriod = None,
    formats: Formats = None,
    jobs: Jobs = None,
    renderer: Annotated[
        str | None,
        typer.Option(
            "--renderer",
            metavar="BỘ",
            help="Bộ dàn trang: quarto, pandoc (kèm theo), auto. Mặc định auto: Quarto nếu máy có, không thì pandoc.",
        ),
    ] = None,
    section: Annotated[
        str | None,
        typer.Option("--section", metavar="MỤC", help="Chỉ chạy một mục, ví dụ 24 hoặc II.4; không làm lại báo cáo."),
    ] = None,
    some: Annotated[
        bool,
        typer.Option("--partial", help="Lập cả khi thiếu biểu hoặc biểu còn lỗi; mọi trang ghi rõ là chưa đủ số liệu."),
    ] = False,
    due: Annotated[
        bool,
        typer.Option("--due", help="Lập các kỳ đến hạn mà chưa lập, báo cho các đơn vị; gọi lúc nào cũng được."),
    ] = False,
) -> int:
    problems: list[Problem] = []
    project = Project.find()
    wanted = ask(problems, lambda: None if due else chosen_period(project, period))
    chosen = ask(problems, lambda: chosen_formats(formats))
    workers = ask(problems, lambda: chosen_jobs(jobs))
    typesetter = ask(problems, lambda: chosen_renderer(renderer))
    for option, value in (("--format", formats), ("--renderer", renderer), ("--partial", some or None)):
        if section is not None and value is not None:
            problems.append(_apart("--section", option, "một trong hai: chạy một mục, hoặc làm cả báo cáo"))
    for option, value in (("KỲ", period), ("--format", formats), ("--section", section)):
        if due and value is not None:
            problems.append(_apart("--due", option, "--due tự chọn kỳ và lập đủ các dạng tệp"))
    if problems or chosen is None or workers is None or typesetter is None:
        raise InputError(problems)
    if due:
        from baocao.cli_due import run_due

        return run_due(project, partial(_run_logged, project, chosen, workers, typesetter), some)
    assert wanted is not None  # chosen above
    if section is None:
        _make_report(project, wanted, chosen, workers, typesetter, some)
    else:
        _run_section(project, wanted, section)
    return 0


def _apart(one: str, other: str, expected: str) -> Problem:
    return Problem(f"{one} không đi cùng {other}", expected=expected, remedy="bỏ một trong hai")


@commands.command("check", cls=Command, help="Kiểm tra số liệu của một kỳ và in mọi phát hiện, không chạy sổ tay.")
def _check(
    period: OptionalPeriod = None,
    kind: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="DẠNG",
            help=f"Một trong các dạng: {', '.join(CHECK_FORMATS)}. Mặc định: {CHECK_FORMATS[0]}. Dạng xlsx ghi vào "
            "outputs/KỲ.kiem-tra mỗi đơn vị một tệp: các phát hiện, rồi bản sao biểu đã gửi có tô màu, ghi chú ô sai.",
        ),
    ] = CHECK_FORMATS[0],
    notebooks: Annotated[
        bool,
        typer.Option(
            "--notebooks",
            help="Soát các sổ tay của kỳ thay vì số liệu, không chạy sổ tay; không đi cùng dạng xlsx.",
        ),
    ] = False,
) -> int:
    problems: list[Problem] = []
    project = Project.find()
    chosen = ask(problems, lambda: chosen_form(kind, CHECK_FORMATS))
    wanted = ask(problems, lambda: chosen_period(project, period))
    if notebooks and chosen == "xlsx":
        what = "--notebooks không đi cùng --format xlsx"
        problems.append(Problem(what, ("--format",), "--format json, hoặc không ghi", "bỏ một trong hai tùy chọn"))
    if problems or chosen is None or wanted is None:
        raise InputError(problems)
    if notebooks:
        return _proofread(project, wanted, chosen)
    from baocao.check_report import check, to_json

    report = check(project, wanted)
    if chosen == "json":
        typer.echo(to_json(report))
    else:
        _show_report(project, report, chosen)
    return InputError.exit_code if report.stops else 0


def _proofread(project: Project, period: Period, kind: str) -> int:
    from baocao.check_report import findings_json
    from baocao.cli_text import console, counts, say, show_findings
    from baocao.proofread import proofread

    findings = proofread(project, period)
    if kind == "json":
        typer.echo(findings_json(period, findings))
    else:
        show_findings(console(), findings)
        say(console(), f"Sổ tay của kỳ {period}: {counts(findings)}.")
    return InputError.exit_code if any(finding.stops for finding in findings) else 0


def _show_report(project: Project, report: "CheckReport", kind: str) -> None:
    from baocao.cli_text import console, counts, say, show_findings, shown

    output = console()
    if report.month is not None:
        if kind == "xlsx":
            from baocao.findings_xlsx import write_checked

            written = write_checked(project, report.month)
            if written.files:
                say(output, "Kết quả kiểm tra, mỗi đơn vị có phát hiện một tệp:")
            for path in written.files:
                say(output, shown(path), 2)
            _say_kept(written.kept)
        else:
            show_findings(output, report.month.findings)
        say(output, f"Kỳ {report.period}: {counts(report.month.findings)}.")
    if report.problems:
        raise InputError(report.problems)
    if report.stops:
        say(output, "Chưa lập được báo cáo: sửa các lỗi nêu trên, hoặc xác nhận lỗi trong tham số của kỳ.")


@commands.command(
    "new", cls=Command, help="Chuẩn bị một kỳ mới: tham số, biểu mẫu trống, bản nháp sổ tay riêng của kỳ."
)
def _new(period: Annotated[str, typer.Argument(metavar="KỲ", help="Kỳ báo cáo mới, ví dụ 2024-05.")]) -> None:
    from baocao.cli_text import console, say, shown
    from baocao.new import new_month
    from baocao.reporting import weekday_date

    project = Project.find()
    wanted = Period.parse(period)
    made = new_month(project, wanted)
    output = console()
    if made.written:
        say(output, f"Đã tạo cho kỳ {wanted}:")
        for path in made.written:
            say(output, shown(path), 2)
    if made.kept:
        say(output, "Đã có sẵn, giữ nguyên:")
        for path in made.kept:
            say(output, shown(path), 2)
    if made.drafts:
        say(
            output,
            f"Sổ tay riêng của kỳ là bản nháp chép từ kỳ {wanted.shift(-1)}: đọc và sửa lời văn trước khi lập báo cáo.",
        )
    say(
        output,
        f"Chốt số liệu {weekday_date(made.dates.cut_off)}, hạn gửi báo cáo {weekday_date(made.dates.deadline)}.",
    )
    say(output, f"Gửi biểu trống trong {shown(project.submissions(wanted))} cho các đơn vị, nhận về rồi chạy:")
    say(output, f"baocao check {wanted}", 2)


@commands.command("demo", cls=Command, help="Làm thử một kỳ sau bằng số liệu mô phỏng, trong một bản sao của dự án.")
def _demo(
    folder: Annotated[str, typer.Argument(metavar="THƯ_MỤC", help="Thư mục của bản sao, ví dụ outputs/demo.")],
    period: Annotated[
        str | None,
        typer.Option("--period", metavar="KỲ", help="Kỳ mô phỏng. Mặc định: tháng sau kỳ mới nhất có tham số."),
    ] = None,
) -> None:
    from baocao.cli_text import console, say, shown
    from baocao.demo import make_demo

    project = Project.find()
    wanted = Period.parse(period) if period is not None else chosen_period(project, None).shift(1)
    copy = make_demo(project, Path(folder), wanted.shift(-1), wanted)
    say(console(stderr=True), f"Bản sao có số liệu mô phỏng kỳ {wanted}: {shown(copy.root)}")
    _make_report(copy, wanted, tuple(ALL_FORMATS.split(",")), default_jobs(), chosen_renderer(None))


@commands.command("doctor", cls=Command, help="Xem máy có gì để lập báo cáo, thiếu gì và lấy ở đâu.")
def _doctor() -> int:
    from baocao.cli_text import console, show_checks
    from baocao.doctor import State, examine

    checks = examine()
    show_checks(console(), checks)
    return RunError.exit_code if any(check.state is State.BAD for check in checks) else 0


def _make_report(
    project: Project, period: Period, formats: Sequence[str], jobs: int, renderer: "Renderer", some: bool = False
) -> None:
    from baocao.cli_due import now
    from baocao.cli_text import console, say
    from baocao.runlog import RunLog

    log = RunLog(project.outputs / "logs", now)
    try:
        _run_logged(project, formats, jobs, renderer, period, some, log)
    finally:
        if log.path.exists():
            say(console(stderr=True), f"Mã lần chạy: {log.id}")


def _run_logged(
    project: Project,
    formats: Sequence[str],
    jobs: int,
    renderer: "Renderer",
    period: Period,
    some: bool,
    log: "RunLog",
) -> None:
    """Run one month, shown on the screen and written to the log, and say what was made."""
    from baocao.cli_text import console, say, shown
    from baocao.progress import Progress
    from baocao.run import run
    from baocao.watch import Logged

    errors = console(stderr=True)
    announce = partial(_announce, errors, project)
    with Progress(errors) as progress, Logged(progress, log, period, some) as watcher:
        result = run(project, period, formats, jobs, watcher, announce, renderer, some)
        watcher.made(result)
    output = console()
    say(output, f"Báo cáo kỳ {period}:")
    for path in result.files.values():
        say(output, shown(path), 2)
    if result.lacking:
        say(output, f"Báo cáo chưa đủ số liệu, mọi trang đều ghi rõ; còn thiếu: {'; '.join(result.lacking)}")
    say(output, _renderer(result))
    _say_kept(result.kept)


def _say_kept(paths: Sequence[Path]) -> None:
    """Where the copies are of what somebody had edited among the results before these."""
    from baocao.cli_text import console, say, shown

    output = console()
    if paths:
        say(output, "Có tệp trong thư mục kết quả đã được sửa hoặc thêm sau lần chạy trước; bản sao giữ tại:")
    for path in paths:
        name = shown(path)
        say(output, name, 2)
        if path.suffix.lower() == ".docx":
            typed = f'"{name}"' if " " in name else name
            say(output, f"Xem các chỗ đã sửa: baocao diff --docx {typed}", 4)


def _run_section(project: Project, period: Period, section: str) -> None:
    from baocao.cli_text import console, say, shown
    from baocao.progress import Progress
    from baocao.run import run_section

    errors = console(stderr=True)
    with Progress(errors) as progress:
        result = run_section(project, period, section, progress, partial(_announce, errors, project))
    output = console()
    for path in result.files.values():
        say(output, f"Sổ tay đã chạy: {shown(path)}")
    say(output, f"Báo cáo chưa được làm lại; làm lại bằng lệnh: baocao run {period}")


def _announce(errors: "Console", project: Project, month: "Month") -> None:
    from baocao.cli_text import counts, say, shown

    hint = f"; xem: baocao check {month.period}" if month.findings else ""
    if hint and not Path.cwd().is_relative_to(project.root):
        hint += f" trong {shown(project.root)}"
    say(errors, f"Kiểm tra số liệu: {counts(month.findings)}{hint}")


def _renderer(result: "Result") -> str:
    """“Dàn trang bằng pandoc 3.9 và Typst 0.15.”, “Dàn trang bằng Quarto 1.9.38 (pandoc 3.8, Typst 0.14).”."""
    from baocao.render import tools_text

    return f"Dàn trang bằng {tools_text(result.renderer, result.tools)}."
