"""Prose with figures in it: Jinja2 over a dataset, strict, every value made literal or marked with its source."""

import difflib
import html
import re
import traceback
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from jinja2 import Environment, TemplateError, TemplateSyntaxError, Undefined, meta, nodes, pass_context
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from baocao.dataset import Dataset
from baocao.errors import BaocaoError, InputError, Problem
from baocao.figure import MISSING_IN_PROSE, Date, Datum, Figure, Text, UnitError, difference, rate, share, total
from baocao.markup import change_text, html_text, markdown_text, markdown_value
from baocao.params import READ
from baocao.vi import PartialDate, format_date, format_date_words, format_number, join_list


class NarrativeError(InputError):
    """Prose that cannot be printed. `line` counts from the first line of the notebook cell."""

    def __init__(self, problem: Problem, line: int, source: str = "") -> None:
        super().__init__(problem)
        self.line = line
        self.source = source

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems[0], self.line, self.source)

    def _render_traceback_(self) -> list[str]:
        """What Jupyter shows instead of a traceback through the template engine."""
        problem = self.problems[0]
        shown = [
            f"NarrativeError: dòng {self.line}: {problem.what}",
            f"    {self.source.strip()}" if self.source else "",
        ]
        shown += [
            f"Cần có: {problem.expected}" if problem.expected else "",
            f"Cách xử lý: {problem.remedy}" if problem.remedy else "",
        ]
        return [line for line in shown if line]

    def __str__(self) -> str:
        return "\n".join(self._render_traceback_()).removeprefix("NarrativeError: ")


class Namespace:
    """Codes as attributes: `cccd.da_cap` is the datum with that code."""

    def __init__(self, dataset: Dataset, prefix: str) -> None:
        self._dataset = dataset
        self._prefix = prefix

    def __getattr__(self, name: str) -> "Datum | Namespace":
        if name.startswith("_"):
            raise AttributeError(name)
        return resolve(self._dataset, f"{self._prefix}.{name}")

    def __getitem__(self, name: str) -> "Datum | Namespace":
        return resolve(self._dataset, f"{self._prefix}.{name}")

    def __dir__(self) -> list[str]:
        return list(self._dataset.names_under(self._prefix))

    def __str__(self) -> str:
        raise InputError(
            Problem(
                f"“{self._prefix}” là một nhóm số liệu, chưa phải một số",
                expected=f"một mã đầy đủ, ví dụ {self._prefix}.{next(iter(dir(self)), '…')}",
            )
        )


def resolve(dataset: Dataset, code: str) -> Datum | Namespace:
    """The datum with that code, or the namespace of the codes that begin with it; else an `InputError`."""
    if code in dataset:
        return dataset.get(code)
    if dataset.has_prefix(code):
        return Namespace(dataset, code)
    dataset.get(code)
    raise AssertionError("unreachable: get refuses an unknown code")


class _Strict(Undefined):
    """An unknown name is an error at once, and suggests the nearest."""

    known: tuple[str, ...] = ()

    def _fail_with_undefined_error(self, *_args: Any, **_kwargs: Any) -> Any:
        close = difflib.get_close_matches(str(self._undefined_name), self.known, n=1, cutoff=0.5)
        raise InputError(
            Problem(
                f"không có tên “{self._undefined_name}”",
                expected=f"tên gần nhất: {close[0]}" if close else "một mã số liệu hoặc một biến của sổ tay",
                remedy="sửa tên; tìm mã bằng report.find(“từ khóa”)",
            )
        )

    __str__ = __iter__ = __len__ = __bool__ = __eq__ = __ne__ = __hash__ = _fail_with_undefined_error
    __call__ = __getattr__ = __getitem__ = __contains__ = _fail_with_undefined_error
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = (
        _fail_with_undefined_error
    )
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = _fail_with_undefined_error
    __lt__ = __le__ = __gt__ = __ge__ = __neg__ = __pos__ = _fail_with_undefined_error
    __int__ = __float__ = __complex__ = _fail_with_undefined_error


class Prose(Markup):
    """Finished prose. Whatever is joined to it is first made what prose prints, so that no text slips in as markup."""

    @classmethod
    def escape(cls, value: Any) -> "Prose":
        """`value` as prose prints it; markup is finished already, because only templates make it here."""
        return cls(value if isinstance(value, Markup) else finalize(value))


def finalize(value: object) -> object:
    """What `{{ … }}` prints: figures with code and source, everything else as literal text."""
    if isinstance(value, Undefined | Markup):
        return value
    if isinstance(value, Figure | Text | Date):
        return markdown_value(value)
    if isinstance(value, Namespace):
        return str(value)
    if isinstance(value, PartialDate):
        return format_date(value)
    if isinstance(value, bool | float):
        raise InputError(
            Problem(f"không in được giá trị {value!r}", expected="một số liệu, một số nguyên, một ngày hoặc chữ")
        )
    if isinstance(value, int | Decimal | Fraction):
        return format_number(value)
    if value is None:
        return MISSING_IN_PROSE
    text = str(value)
    # Spaces around a literal such as "; " belong to the sentence.
    before, after = (" " if text[:1].isspace() else ""), (" " if text[-1:].isspace() else "")
    return f"{before}{markdown_text(text)}{after}"


def context(dataset: Dataset, terms: Mapping[str, str]) -> dict[str, object]:
    """Names that prose can use: the first parts of codes, and the functions over figures."""

    def entries(block: str, **wanted: str) -> list[Namespace]:
        """Các dòng của một danh sách hoặc bảng, lọc theo giá trị của cột nếu có nêu tên cột."""
        dataset.block(block)
        found = []
        for row in dataset.rows(block):
            entry = Namespace(dataset, dataset.row_code(block, row))
            if all(getattr(entry[column], "value", None) == value for column, value in wanted.items()):
                found.append(entry)
        return found

    def change(figure: Figure) -> Figure:
        """Mức thay đổi so với tháng trước."""
        return dataset.change(figure)

    def compared(figure: Figure) -> Prose:
        """So với tháng trước: “ (tăng 1.234 so với tháng trước)”; không in gì khi không có số liệu tháng trước."""
        text = change_text(dataset.change(figure))
        return Prose(f" ({text})" if text else "")

    def term(name: str) -> str:
        """Thuật ngữ theo thời gian, ví dụ “thẻ CCCD gắn chip”."""
        dataset.reads.add(f"{READ}terms.{name}")
        if name not in terms:
            raise InputError(Problem(f"không có thuật ngữ “{name}”", expected=f"một trong: {', '.join(terms)}"))
        return terms[name]

    def cite(entry: Namespace, prefix: str = "") -> Prose:
        """Viện dẫn văn bản: “Công văn số 2462/UBND-LĐTBXH ngày 01/4/2024”.

        `prefix` chọn văn bản khác của cùng dòng: cite(x, "vb2_") đọc các cột vb2_loai, vb2_so, vb2_ngay.
        """
        names = ("loai", "so" if prefix else "so_ky_hieu", "ngay")
        kind, number, day = (entry[f"{prefix}{name}"] for name in names)
        if not (isinstance(kind, Text) and isinstance(number, Text) and isinstance(day, Date)):
            raise InputError(Problem("cite cần một dòng văn bản", expected="dòng có các cột loai, so_ky_hieu, ngay"))
        when = "" if day.missing else f" ngày {day}"
        return Prose(f"{markdown_text(str(kind))} số {markdown_text(str(number))}{when}")

    def ref(name: str) -> Prose:
        """Nhắc đến một bảng hoặc biểu đồ theo tên: “Bảng 1”; khi còn ở sổ tay thì hiện tên, vì chưa có số."""
        return Prose(f'<span data-ref="{html_text(name)}">“{markdown_text(name)}”</span>')

    names: dict[str, object] = {name: Namespace(dataset, name) for name in dataset.names_under("")}
    functions: dict[str, Callable[..., object]] = {
        "rate": rate,
        "share": share,
        "total": lambda *figures: total(figures),
        "difference": difference,
        "change": change,
        "compared": compared,
        "entries": entries,
        "term": term,
        "cite": cite,
        "ref": ref,
    }
    return {**names, **functions}


def _words(value: Date | PartialDate) -> str:
    """“ngày 12 tháng 4 năm 2024”."""
    moment = value.value if isinstance(value, Date) else value
    return MISSING_IN_PROSE if moment is None else format_date_words(moment)


def _decimals(figure: Figure, places: int, fixed: bool = False) -> Figure:
    return figure.rounded(places, fixed=fixed)


def _lower_first(text: object) -> object:
    """For use within a sentence; an abbreviation (UBND, CSDLQG) or a camel-case name (VNeID) keeps its capital."""
    if isinstance(text, Figure):
        return text
    plain = text if isinstance(text, Markup) else str(text)
    word = re.match(r"\w*", plain)
    return plain if word and word[0][1:] != word[0][1:].lower() else plain[:1].lower() + plain[1:]


def _ended(text: object, mark: str) -> object:
    """`text` with `mark` at its end in place of what a form's text happens to end with; “…”, “!” and “?” stay."""
    if isinstance(text, Figure):
        return Prose.escape(text) + mark
    plain = str(text).replace("...", "…").rstrip(" .,;:")
    done = plain if mark == "." and plain.endswith(("…", "!", "?")) else plain + mark
    return Prose(done) if isinstance(text, Markup) else done


def _comma_list(items: list[object]) -> Prose:
    return Prose(join_list([str(finalize(item)) for item in items]))


@pass_context
def _printed(_context: Context, value: object) -> object:
    # With the context, so that no constant is printed at compile time, past this function.
    return value if isinstance(value, Undefined) else Prose.escape(value)


def _joined(items: Iterable[object], between: str = "") -> Prose:
    return Prose(between).join(Prose.escape(item) for item in items)


_OWN_FILTERS: dict[str, Callable[..., object]] = {
    "words": _words,
    "decimals": _decimals,
    "lower_first": _lower_first,
    "ended": _ended,
    "and_list": _comma_list,
    "join": _joined,
}
# The engine's own filters that choose and order values; those that make text would take it past `finalize`.
_ENGINE_FILTERS = (
    *("abs", "batch", "count", "default", "first", "groupby", "last", "length", "list", "map", "max", "min", "reject"),
    *("rejectattr", "reverse", "select", "selectattr", "slice", "sort", "sum", "unique"),
)
FILTERS = frozenset({*_OWN_FILTERS, *_ENGINE_FILTERS})
"""What prose can write after `|`."""


class _Code(CodeGenerator):
    """Templates without `~`: the engine would join a text to finished prose as if it were prose."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: ARG002, N802 - the engine's names
        self.fail("concat", node.lineno)


class _Engine(SandboxedEnvironment):
    """Jinja for prose: no way to Python behind the values, and `+` of texts makes prose."""

    code_generator_class = _Code
    intercepted_binops = frozenset(["+"])

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Add figures as figures, and texts as prose."""
        if isinstance(left, str) or isinstance(right, str):
            return Prose.escape(left) + Prose.escape(right)
        return super().call_binop(context, operator, left, right)


def environment(known: tuple[str, ...]) -> Environment:
    """The template engine of the narrative; `known` are the names to suggest from."""
    strict = type("Strict", (_Strict,), {"known": known})
    engine = _Engine(undefined=strict, finalize=_printed, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    engine.filters = {name: engine.filters[name] for name in _ENGINE_FILTERS} | _OWN_FILTERS
    engine.globals = {"range": range, "namespace": engine.globals["namespace"]}
    return engine


def render(source: str, names: Mapping[str, object], first_line: int = 1) -> str:
    """The prose with its values; `source` starts at line `first_line` of its cell. Faults are a `NarrativeError`."""
    try:
        return environment(tuple(names)).from_string(source).render(dict(names))
    except TemplateSyntaxError as error:
        raise _at(source, error.lineno, first_line, _syntax_problem(error)) from error
    except BaocaoError as error:
        raise _at(source, _template_line(error), first_line, error.problems[0]) from error
    except (ArithmeticError, TypeError, ValueError, AttributeError, LookupError, TemplateError) as error:
        raise _at(source, _template_line(error), first_line, _value_problem(error)) from error


def names_wanted(source: str, first_line: int = 1) -> set[str]:
    """The names that prose takes from outside itself; a fault of its syntax is a `NarrativeError`."""
    try:
        return meta.find_undeclared_variables(environment(()).parse(source))
    except TemplateSyntaxError as error:
        raise _at(source, error.lineno, first_line, _syntax_problem(error)) from error


def _syntax_problem(error: TemplateSyntaxError) -> Problem:
    """What the template engine says in English, for the author."""
    message = error.message or ""
    if match := re.match(r"No (filter|test) named '(.+?)'", message):
        return Problem(
            f"không có bộ lọc “{match[2]}”",
            expected=f"một trong: {', '.join(sorted(FILTERS))}",
        )
    if message == "concat":
        return Problem("không nối bằng dấu ~", expected="viết liền {{ a }}{{ b }}, hoặc a + b")
    if match := re.match(r"Encountered unknown tag '(.+?)'", message):
        return Problem(f"không có lệnh “{{% {match[1]} %}}”, hoặc lệnh đặt sai chỗ", expected="if, for, set đóng mở đủ")
    if "end of template" in message or "Missing end of" in message:
        return Problem("cú pháp mẫu sai: thiếu phần đóng", expected="{{ mã }} và {% if %} … {% endif %} đóng mở đủ")
    return Problem("cú pháp mẫu sai ở dòng này", expected="{{ mã }} hoặc {{ hàm(mã, mã) }}")


def _value_problem(error: Exception) -> Problem:
    expected = "rate(a, b), share(a, [a, b]), total(a, b), difference(a, b), change(a), hoặc a + b, a - b cùng đơn vị"
    if isinstance(error, UnitError):
        return Problem(f"không tính được biểu thức: {error}", expected=expected)
    message = str(error)
    if match := re.search(r"for (\S+): '|^'(\S+)' not supported", message):
        return Problem(f"phép tính “{match[1] or match[2]}” không dùng được với các giá trị này", expected=expected)
    if match := re.match(r"(?:.*\.)?(\w+)\(\) (?:missing|takes|got)", message):
        return Problem(f"gọi hàm {match[1]} sai tham số", expected=expected)
    return Problem(f"không tính được biểu thức ({type(error).__name__})", expected=expected)


def _at(source: str, line: int, first_line: int, problem: Problem) -> NarrativeError:
    lines = source.splitlines()
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    return NarrativeError(problem, line + first_line - 1, text)


def _template_line(error: BaseException) -> int:
    lines = [
        frame.lineno or 1
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename in ("<template>", "<unknown>")
    ]
    return lines[-1] if lines else 1


def plain(source: str, names: Mapping[str, object]) -> str:
    """The same values as plain text, for captions and alternative texts."""
    marked = render(source, names)
    # One pass: an escaped “<” of a workbook's text opens no tag, and what an entity stands for is not read again.
    parts = re.compile(r"\\(?P<literal>[!-/:-@\[-`{-~])|</?[a-zA-Z][^>]*>|(?P<entity>&#?\w+;)")
    return parts.sub(lambda match: match["literal"] or html.unescape(match["entity"] or ""), marked).strip()
