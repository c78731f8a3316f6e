"""Vietnamese words of the command line's own: help pages, and what is wrong with a line that was typed.

Typer's words are English and most of them fixed, so help is laid out here with its formatter, and its errors are
told apart by what they carry, never by their text.
"""

import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from baocao.errors import InputError, Problem

_OPTIONS = "[TÙY CHỌN]"
_HELP = "Hiện hướng dẫn này rồi thoát."


def nearest(word: str, known: Sequence[str]) -> str:
    """“có phải “run”?” when a known word is close, else nothing."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"có phải “{close[0]}”? " if close else ""


class Command(TyperCommand):
    """A command whose help and errors are Vietnamese."""

    def get_help_option(self, ctx: Any) -> Any:
        """Typer's `--help`, in Vietnamese."""
        return _in_vietnamese(super().get_help_option(ctx))

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """“Cách dùng: baocao run [TÙY CHỌN] [KỲ]”."""
        formatter.write_usage(ctx.command_path, " ".join(_pieces(self, ctx)), prefix="Cách dùng: ")

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments, then options."""
        _write_parameters(self, ctx, formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As Typer's, but words that are left over are an `InputError`."""
        ctx.allow_extra_args = True
        with _in_context(ctx):
            left = super().parse_args(ctx, args)
        if left:
            raise InputError(
                Problem(
                    f"thừa {', '.join(f'“{word}”' for word in left)}",
                    (ctx.command_path,),
                    expected=f"{ctx.command_path} {' '.join(_pieces(self, ctx))}",
                    remedy="bỏ phần thừa; chữ có dấu cách thì đặt trong dấu nháy kép",
                )
            )
        return left


class Group(TyperGroup):
    """The list of commands, with help and errors in Vietnamese."""

    def get_help_option(self, ctx: Any) -> Any:
        """Typer's `--help`, in Vietnamese."""
        return _in_vietnamese(super().get_help_option(ctx))

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """“Cách dùng: baocao [TÙY CHỌN] LỆNH …”."""
        formatter.write_usage(ctx.command_path, " ".join([*_pieces(self, ctx), "LỆNH …"]), prefix="Cách dùng: ")

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Commands, then options."""
        with formatter.section("Lệnh"):
            formatter.write_dl([(name, command.help or "") for name, command in self.commands.items()])
        _write_parameters(self, ctx, formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As Typer's; with nothing typed, help is shown and the status is 2."""
        if not args:
            typer.echo(ctx.get_help(), err=True)
            ctx.exit(InputError.exit_code)
        typed = [word for word in args if not word.startswith("-")]
        with _in_context(ctx):
            left = super().parse_args(ctx, args)
        if not typed:
            known = ", ".join(self.commands)
            raise InputError(Problem("thiếu lệnh", (ctx.command_path,), f"một trong các lệnh: {known}", _see(ctx)))
        return left

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As Typer's; an unknown command is an `InputError` that suggests the nearest."""
        if args[0] not in self.commands:
            names = list(self.commands)
            raise InputError(
                Problem(
                    f"không có lệnh “{args[0]}”",
                    expected=f"một trong các lệnh: {', '.join(names)}",
                    remedy=f"{nearest(args[0], names)}{_see(ctx)}",
                )
            )
        return super().resolve_command(ctx, args)


def usage_problem(error: Exception) -> Problem:
    """What Typer found wrong with the line that was typed."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "baocao"
    remedy = _see(context) if context is not None else "xem baocao --help"
    option = getattr(error, "option_name", None)
    if option is not None and hasattr(error, "possibilities"):
        return Problem(f"không có tùy chọn “{option}”", (path,), _known(context), f"{_suggestion(error)}{remedy}")
    if option is not None:
        known = {name: param for param in _parameters(context) for name in param.opts}
        if getattr(known.get(option), "is_flag", False):
            return Problem(f"tùy chọn {option} không nhận giá trị", (path,), option, remedy)
        metavar = getattr(known.get(option), "metavar", None) or "GIÁ TRỊ"
        return Problem(f"tùy chọn {option} thiếu giá trị", (path,), f"{option} {metavar}", remedy)
    parameter = getattr(error, "param", None)
    if parameter is not None:
        name = parameter.metavar if isinstance(parameter, TyperArgument) else parameter.opts[0]
        # Only Typer's error of a missing parameter has a type.
        what = f"thiếu {name}" if hasattr(error, "param_type") else f"{name} không hợp lệ"
        return Problem(what, (path,), parameter.help or "", remedy)
    return Problem("dòng lệnh không đúng", (path,), remedy=remedy)


@contextmanager
def _in_context(ctx: Any) -> Iterator[None]:
    """Typer's parser does not say of which command an option lacks its value."""
    try:
        yield
    except typer.TyperException as error:
        if getattr(error, "ctx", None) is None:
            error.ctx = ctx  # type: ignore[attr-defined]
        raise


def _see(ctx: Any) -> str:
    return f"xem {ctx.command_path} --help"


def _suggestion(error: Exception) -> str:
    possibilities = list(getattr(error, "possibilities", None) or ())
    return f"có phải “{possibilities[0]}”? " if possibilities else ""


def _parameters(context: Any) -> Sequence[Any]:
    return context.command.get_params(context) if context is not None else ()


def _known(context: Any) -> str:
    names = [option.opts[0] for option in _parameters(context) if isinstance(option, TyperOption)]
    return f"một trong các tùy chọn: {', '.join(names)}" if names else ""


def _in_vietnamese(option: Any) -> Any:
    if option is not None:
        option.help = _HELP
    return option


def _pieces(command: Any, ctx: Any) -> Iterator[str]:
    yield _OPTIONS
    for parameter in command.get_params(ctx):
        if isinstance(parameter, TyperArgument):
            yield str(parameter.metavar) if parameter.required else f"[{parameter.metavar}]"


def _write_parameters(command: Any, ctx: Any, formatter: Any) -> None:
    parameters = command.get_params(ctx)
    arguments = [(str(item.metavar), item.help or "") for item in parameters if isinstance(item, TyperArgument)]
    options = [
        (", ".join(item.opts) + ("" if item.is_flag else f" {item.metavar}"), item.help or "")
        for item in parameters
        if isinstance(item, TyperOption)
    ]
    if arguments:
        with formatter.section("Tham số"):
            formatter.write_dl(arguments)
    with formatter.section("Tùy chọn"):
        formatter.write_dl(options)
