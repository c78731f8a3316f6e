"""What commands are given, read and checked: periods, formats, numbers of jobs."""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from baocao.errors import InputError, Problem
from baocao.period import Period
from baocao.project import Project

if TYPE_CHECKING:
    from baocao.render import Renderer

T = TypeVar("T")

ALL_FORMATS = "docx,pdf,html"
DIFF_FORMATS = ("text", "json")
CHECK_FORMATS = (*DIFF_FORMATS, "xlsx")

OptionalPeriod = Annotated[
    str | None, typer.Argument(metavar="KỲ", help="Kỳ báo cáo, ví dụ 2024-04. Mặc định: kỳ mới nhất có tham số.")
]
Formats = Annotated[
    str | None,
    typer.Option("--format", metavar="DẠNG", help=f"Các dạng tệp, cách nhau bằng dấu phẩy. Mặc định: {ALL_FORMATS}."),
]
Jobs = Annotated[
    str | None, typer.Option("--jobs", metavar="SỐ", help="Số mục chạy cùng lúc. Mặc định: hai lần số nhân của máy.")
]


def chosen_renderer(name: str | None) -> "Renderer":
    """The renderer of that name; `auto` for none."""
    from baocao.render import choose

    return choose((name or "auto").strip().lower())


def ask(problems: list[Problem], read: Callable[[], T]) -> T | None:
    """What `read` gives; what it complains about is added to `problems`."""
    try:
        return read()
    except InputError as error:
        problems += error.problems
        return None


def chosen_period(project: Project, text: str | None) -> Period:
    """The period as typed, or the newest one that has parameters."""
    if text is not None:
        return Period.parse(text)
    return project.newest()


def chosen_formats(text: str | None) -> tuple[str, ...]:
    """Formats of a report, in the order typed; all for none."""
    known = ALL_FORMATS.split(",")
    names = [name.strip().lower() for name in (text if text is not None else ALL_FORMATS).split(",")]
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


def chosen_form(text: str, known: Sequence[str]) -> str:
    """The one of the `known` forms in which something is shown."""
    name = text.strip().lower()
    if name not in known:
        raise InputError(
            Problem(
                f"không có định dạng “{name}”",
                ("--format",),
                expected=f"một trong các dạng: {', '.join(known)}",
                remedy="viết lại, ví dụ --format json",
            )
        )
    return name


def chosen_jobs(text: str | None) -> int:
    """How many sections run at once."""
    if text is None:
        return default_jobs()
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


def chosen_port(text: str | None) -> int:
    """The port to listen at; 0, any free one, for none."""
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65_536):
        raise InputError(
            Problem(
                f"cổng “{text}” không hợp lệ",
                ("--port",),
                expected="một số nguyên từ 1 đến 65535",
                remedy="viết lại, ví dụ --port 8000, hoặc bỏ --port",
            )
        )
    return int(text)


def default_jobs() -> int:
    """Sections at once when nothing is said."""
    # A section waits for its kernel about half of its time.
    return 2 * (os.cpu_count() or 1)
