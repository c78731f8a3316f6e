"""Command line: parse, call one function, print. Everything a user reads is Vietnamese.

What a command needs is imported inside it, so that `baocao --help` stays quick.
"""

import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.main import get_command

from baocao import __version__, cli_desk, cli_diff, cli_due, cli_month, cli_site
from baocao.cli_usage import Group, usage_problem
from baocao.errors import BaocaoError, InputError
from baocao.project import Project

_INTERRUPTED = 130
_BUG_LOG = "loi-phan-mem.log"

app = typer.Typer(cls=Group, add_completion=False, rich_markup_mode=None, context_settings={"max_content_width": 100})
app.add_typer(cli_month.commands)
app.add_typer(cli_desk.commands)
app.add_typer(cli_diff.commands)
app.add_typer(cli_site.commands)
app.add_typer(cli_due.commands)


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
