"""Command line: parse, call one function, print. Everything a user reads is Vietnamese.

What a command needs is imported inside it, so that `baocao --help` stays quick.
"""

import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from typer.main import get_command

from baocao import __version__
from baocao.cli_usage import Command, Group, usage_problem
from baocao.errors import BaocaoError, InputError, Problem, RunError
from baocao.period import Period
from baocao.project import Project

if TYPE_CHECKING:
    from rich.console import Console

    from baocao.check_report import CheckReport
    from baocao.month import Month
    from baocao.render import Renderer
    from baocao.run import Result

T = TypeVar("T")

_INTERRUPTED = 130
_ALL_FORMATS = "docx,pdf,html"
_CHECK_FORMATS = ("text", "json", "xlsx")
_BUG_LOG = "loi-phan-mem.log"

app = typer.Typer(cls=Group, add_completion=False, rich_markup_mode=None, context_settings={"max_content_width": 100})

OptionalPeriod = Annotated[
    str | None, typer.Argument(metavar="KỲ", help="Kỳ báo cáo, ví dụ 2024-04. Mặc định: kỳ mới nhất có tham số.")
]
Formats = Annotated[
    str | None,
    typer.Option("--format", metavar="DẠNG", help=f"Các dạng tệp, cách nhau bằng dấu phẩy. Mặc định: {_ALL_FORMATS}."),
]
Jobs = Annotated[
    str | None, typer.Option("--jobs", metavar="SỐ", help="Số mục chạy cùng lúc. Mặc định: hai lần số nhân của máy.")
]


def _show_version(wanted: bool | None) -> None:
    if wanted:
        typer.echo(f"baocao {__version__}")
        raise typer.Exit


@app.callback(help="Lập báo cáo tháng từ biểu Excel của các đơn vị, mỗi số liệu đều có nguồn.")
def _root(
    _version: Annotated[
        bool | None,
        typer.Option("--version", metavar="", callback=_show_version, is_eager=True, help="In phiên bản rồi thoát."),
    ] = None,
) -> None:
    pass


@app.command("run", cls=Command, help="Lập báo cáo của một kỳ: DOCX, PDF, HTML.")
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
) -> None:
    problems: list[Problem] = []
    project = Project.find()
    wanted = _ask(problems, lambda: _period(project, period))
    chosen = _ask(problems, lambda: _formats(formats))
    workers = _ask(problems, lambda: _jobs(jobs))
    typesetter = _ask(problems, lambda: _choose(renderer))
    for option, value in (("--format", formats), ("--renderer", renderer)):
        if section is None or value is None:
            continue
        problems.append(
            Problem(
                f"--section không đi cùng {option}",
                expected="một trong hai: chạy một mục, hoặc làm cả báo cáo",
                remedy="bỏ một trong hai tùy chọn",
            )
        )
    if problems or wanted is None or chosen is None or workers is None or typesetter is None:
        raise InputError(problems)
    if section is None:
        _make_report(project, wanted, chosen, workers, typesetter)
    else:
        _run_section(project, wanted, section)


@app.command("check", cls=Command, help="Kiểm tra số liệu của một kỳ và in mọi phát hiện, không chạy sổ tay.")
def _check(
    period: OptionalPeriod = None,
    kind: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="DẠNG",
            help=f"Một trong các dạng: {', '.join(_CHECK_FORMATS)}. Mặc định: {_CHECK_FORMATS[0]}. Dạng xlsx ghi vào "
            "outputs/KỲ.kiem-tra mỗi đơn vị một tệp: các phát hiện, rồi bản sao biểu đã gửi có tô màu, ghi chú ô sai.",
        ),
    ] = _CHECK_FORMATS[0],
) -> int:
    problems: list[Problem] = []
    project = Project.find()
    chosen = _ask(problems, lambda: _check_format(kind))
    wanted = _ask(problems, lambda: _period(project, period))
    if chosen is None or wanted is None:
        raise InputError(problems)
    from baocao.check_report import check, to_json

    report = check(project, wanted)
    if chosen == "json":
        typer.echo(to_json(report))
    else:
        _show_report(project, report, chosen)
    return InputError.exit_code if report.stops else 0


def _show_report(project: Project, report: "CheckReport", kind: str) -> None:
    from baocao.cli_text import console, counts, say, show_findings, shown

    output = console()
    if report.month is not None:
        if kind == "xlsx":
            from baocao.findings_xlsx import write_checked

            files = write_checked(project, report.month)
            if files:
                say(output, "Kết quả kiểm tra, mỗi đơn vị có phát hiện một tệp:")
            for path in files:
                say(output, shown(path), 2)
        else:
            show_findings(output, report.month.findings)
        say(output, f"Kỳ {report.period}: {counts(report.month.findings)}.")
    if report.problems:
        raise InputError(report.problems)
    if report.stops:
        say(output, "Chưa lập được báo cáo: sửa các lỗi nêu trên, hoặc xác nhận lỗi trong tham số của kỳ.")


@app.command("new", cls=Command, help="Chuẩn bị một kỳ mới: tham số, biểu mẫu trống, bản nháp sổ tay riêng của kỳ.")
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


@app.command("demo", cls=Command, help="Làm thử một kỳ sau bằng số liệu mô phỏng, trong một bản sao của dự án.")
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
    wanted = Period.parse(period) if period is not None else _period(project, None).shift(1)
    copy = make_demo(project, Path(folder), wanted.shift(-1), wanted)
    say(console(stderr=True), f"Bản sao có số liệu mô phỏng kỳ {wanted}: {shown(copy.root)}")
    _make_report(copy, wanted, tuple(_ALL_FORMATS.split(",")), _default_jobs(), _choose(None))


@app.command("doctor", cls=Command, help="Xem máy có gì để lập báo cáo, thiếu gì và lấy ở đâu.")
def _doctor() -> int:
    from baocao.cli_text import console, show_checks
    from baocao.doctor import State, examine

    checks = examine()
    show_checks(console(), checks)
    return RunError.exit_code if any(check.state is State.BAD for check in checks) else 0


def _make_report(project: Project, period: Period, formats: Sequence[str], jobs: int, renderer: "Renderer") -> None:
    from baocao.cli_text import console, say, shown
    from baocao.progress import Progress
    from baocao.run import run

    errors = console(stderr=True)
    with Progress(errors) as progress:
        result = run(project, period, formats, jobs, progress, partial(_announce, errors, project), renderer)
    output = console()
    say(output, f"Báo cáo kỳ {period}:")
    for path in result.files.values():
        say(output, shown(path), 2)
    say(output, _renderer(result))


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


def _choose(name: str | None) -> "Renderer":
    from baocao.render import choose

    return choose((name or "auto").strip().lower())


def _ask(problems: list[Problem], read: Callable[[], T]) -> T | None:
    """What `read` gives; what it complains about is added to `problems`."""
    try:
        return read()
    except InputError as error:
        problems += error.problems
        return None


def _period(project: Project, text: str | None) -> Period:
    if text is not None:
        return Period.parse(text)
    return project.newest()


def _formats(text: str | None) -> tuple[str, ...]:
    known = _ALL_FORMATS.split(",")
    names = [name.strip().lower() for name in (text if text is not None else _ALL_FORMATS).split(",")]
    wrong = [name for name in names if name not in known]
    if wrong:
        raise InputError(
            [
                Problem(
                    f"không có định dạng “{name}”",
                    ("--format",),
                    expected=f"một hay nhiều dạng trong: {', '.join(known)}",
                    remedy="viết lại, ví dụ --format docx,pdf",
                )
                for name in wrong
            ]
        )
    return tuple(dict.fromkeys(names))


def _check_format(text: str) -> str:
    name = text.strip().lower()
    if name not in _CHECK_FORMATS:
        raise InputError(
            Problem(
                f"không có định dạng “{name}”",
                ("--format",),
                expected=f"một trong các dạng: {', '.join(_CHECK_FORMATS)}",
                remedy="viết lại, ví dụ --format json",
            )
        )
    return name


def _jobs(text: str | None) -> int:
    if text is None:
        return _default_jobs()
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise InputError(
            Problem(
                f"số mục chạy cùng lúc “{text}” không hợp lệ",
                ("--jobs",),
                expected="một số nguyên từ 1 trở lên",
                remedy="viết lại, ví dụ --jobs 2",
            )
        )
    return int(text)


def _default_jobs() -> int:
    # A section waits for its kernel about half of its time.
    return 2 * (os.cpu_count() or 1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status: 0 done, 1 could not be made, 2 wrong use or bad input, 130 stopped."""
    from baocao.cli_text import console, say, show_problems, use_utf8

    use_utf8()
    typed = list(sys.argv[1:] if arguments is None else arguments)
    errors = console(stderr=True)
    try:
        status = get_command(app).main(typed, prog_name="baocao", standalone_mode=False)
    except BaocaoError as error:
        show_problems(errors, error.problems)
        return error.exit_code
    except typer.TyperException as error:
        show_problems(errors, [usage_problem(error)])
        return InputError.exit_code
    except (KeyboardInterrupt, typer.Abort):
        status = _INTERRUPTED
    except Exception as error:
        say(errors, _log_bug(error), style="bold red")
        return 1
    # Typer turns Ctrl-C into this status.
    if status == _INTERRUPTED:
        say(errors, "Đã dừng.")
    return status or 0


def _log_bug(error: Exception) -> str:
    """Write the traceback to the project's log, or else to the temporary folder; the sentence for the user."""
    try:
        folder = Project.find().outputs / "logs"
        folder.mkdir(parents=True, exist_ok=True)
    except (BaocaoError, OSError):
        folder = Path(tempfile.gettempdir())
    path = folder / _BUG_LOG
    text = "".join(traceback.format_exception(error))
    sentence = f"Phần mềm gặp lỗi ngoài dự kiến ({type(error).__name__}); báo cáo trước đó, nếu có, vẫn nguyên vẹn."
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError:
        return f"{sentence} Không ghi được nhật ký; chi tiết:\n{text}"
    return f"{sentence} Chi tiết ở {path}: gửi tệp này cho người quản trị."
