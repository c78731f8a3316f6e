"""What a notebook's results owe to the order in which its cells were run."""

import ast
import builtins
import re
import symtable
from collections.abc import Iterator
from dataclasses import dataclass, field

from baocao.cells import NARRATIVE, CodeCell, Sheet
from baocao.errors import BaocaoError, Severity
from baocao.finding import Finding
from baocao.narrative import names_wanted
from baocao.templates import templates

_GIVEN = frozenset((*dir(builtins), "display", "get_ipython", "In", "Out", "exit", "quit", "_", "__", "___"))
"""Names that a kernel has from the start."""
_GROWING = frozenset(("append", "extend", "insert", "add", "update", "pop", "remove", "clear", "sort", "reverse"))
_RULE = "thu_tu_o"
_FROM_TOP = "chạy lần lượt từ trên xuống cho cùng kết quả"


@dataclass
class _Use:
    """Names of one cell, each with a line: taken from before it, given to those after it, changed in place."""

    number: int
    taken: dict[str, int] = field(default_factory=dict)
    deferred: dict[str, int] = field(default_factory=dict)
    """Taken when a function is called, by then defined perhaps."""
    given: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)


def order_faults(sheet: Sheet, known: frozenset[str] | None) -> Iterator[Finding]:
    """Findings about the order of cells.

    `known` are the names that prose has by itself; None when the month is not readable, so that nobody knows its codes.
    """
    uses = [_use(cell, known) for cell in sheet.code]
    first: dict[str, int] = {}
    for use in uses:
        for name in use.given:
            first.setdefault(name, use.number)
    defined: set[str] = set()
    for use in uses:
        for name, line in use.taken.items():
            if name in defined or name in _GIVEN:
                continue
            if name in first:
                what = f"“{name}” được dùng trước khi có: ô {first[name]} mới gán tên này"
                remedy = f"chuyển phần gán “{name}” lên trước ô {use.number}"
            else:
                what, remedy = f"không ô nào gán tên “{name}”", "sửa tên, hoặc thêm phần gán ở ô trước"
            yield sheet.finding(_RULE, Severity.LOI, what, use.number, line, _FROM_TOP, remedy)
        for name, line in use.deferred.items():
            if name not in first and name not in _GIVEN:
                remedy = "sửa tên, hoặc thêm phần gán ở ô trước"
                what = f"không ô nào gán tên “{name}”"
                yield sheet.finding(_RULE, Severity.LOI, what, use.number, line, _FROM_TOP, remedy)
        defined |= use.given.keys()
    yield from _changed_later(sheet, uses)
    yield from _counts(sheet)


def _changed_later(sheet: Sheet, uses: list[_Use]) -> Iterator[Finding]:
    """Names that a later cell gives anew or changes, after another cell has used them."""
    owner: dict[str, int] = {}
    readers: dict[str, int] = {}
    for use in uses:
        for name, line in {**use.given, **use.changed}.items():
            if name not in owner or owner[name] == use.number:
                continue
            before = readers.get(name)
            if before is None and not (name in use.taken and name in use.given) and name not in use.changed:
                continue
            if before is not None:
                what = f"ô này đổi “{name}” mà ô {before} đã dùng: chạy lại ô {before} sẽ cho kết quả khác"
            else:
                what = f"ô này đổi “{name}” của ô {owner[name]}: mỗi lần chạy lại cho một kết quả khác"
            yield sheet.finding(
                _RULE,
                Severity.CANH_BAO,
                what,
                use.number,
                line,
                _FROM_TOP,
                "đặt tên mới cho giá trị mới, hoặc gộp các ô",
            )
        for name in use.given:
            owner.setdefault(name, use.number)
        for name in use.taken:
            if owner.get(name, use.number) != use.number:
                readers.setdefault(name, use.number)


def _counts(sheet: Sheet) -> Iterator[Finding]:
    latest = 0
    for cell in sheet.code:
        if cell.count is None:
            continue
        if cell.count < latest:
            what = f"lần lưu gần nhất, ô này chạy trước một ô đứng trên nó (thứ tự chạy {cell.count} sau {latest})"
            remedy = "ở JupyterLab chọn Run › Restart Kernel and Run All Cells rồi lưu"
            yield sheet.finding(_RULE, Severity.CANH_BAO, what, cell.number, None, _FROM_TOP, remedy)
        latest = max(latest, cell.count)


def _use(cell: CodeCell, known: frozenset[str] | None) -> _Use:
    use = _Use(cell.number)
    if cell.magic == NARRATIVE:
        _prose(use, cell.body, cell.first_line, known)
    elif isinstance(cell.tree, ast.Module):
        for statement in cell.tree.body:
            _statement(use, statement)
        for line, text in templates(cell.tree):
            _prose(use, text, line, known, extra=frozenset(("dong",)))
    return use


def _prose(
    use: _Use, source: str, first_line: int, known: frozenset[str] | None, extra: frozenset[str] = frozenset()
) -> None:
    if known is None:
        return
    try:
        wanted = names_wanted(source, first_line)
    except BaocaoError:
        return  # Told as a fault of the prose.
    for name in sorted(wanted - known - extra - {"range", "namespace"}):
        found = re.search(rf"\b{re.escape(name)}\b", source)
        if name not in use.given:
            use.taken.setdefault(name, first_line + (source[: found.start()].count("\n") if found else 0))


def _statement(use: _Use, statement: ast.stmt) -> None:
    table = symtable.symtable(ast.unparse(statement), "cell", "exec")
    stored = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    loaded = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    now, later = _inner(table)
    augmented = {
        node.target.id
        for node in ast.walk(statement)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    }
    compound = not isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr)
    taken = ((loaded | now) - stored if compound else loaded | now) | (augmented & stored)
    for name in sorted(taken):
        if name not in use.given:
            use.taken.setdefault(name, _line(statement, name))
    for name in sorted(later - stored):
        if name not in use.given:
            use.deferred.setdefault(name, _line(statement, name))
    for name in sorted(stored):
        use.given.setdefault(name, _line(statement, name))
    for name, line in _changes(statement):
        if name not in use.given:
            use.changed.setdefault(name, line)


def _inner(table: symtable.SymbolTable) -> tuple[set[str], set[str]]:
    """Global names of the scopes inside: of comprehensions and classes, which run now, and of functions, later."""
    now: set[str] = set()
    later: set[str] = set()
    for child in table.get_children():
        names = {symbol.get_name() for symbol in child.get_symbols() if symbol.is_global() and symbol.is_referenced()}
        if child.get_type() == "class":
            names |= {symbol.get_name() for symbol in child.get_symbols() if symbol.is_global()}
        immediate = child.get_name() in ("listcomp", "setcomp", "dictcomp", "genexpr") or child.get_type() == "class"
        deeper_now, deeper_later = _inner(child)
        if immediate:
            now |= names | deeper_now
            later |= deeper_later
        else:
            later |= names | deeper_now | deeper_later
    return now, later


def _line(statement: ast.stmt, name: str) -> int:
    lines = [node.lineno for node in ast.walk(statement) if isinstance(node, ast.Name) and node.id == name]
    return min(lines, default=statement.lineno)


def _changes(statement: ast.stmt) -> Iterator[tuple[str, int]]:
    """Names whose value is changed in place."""
    for node in ast.walk(statement):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if attr in _GROWING:
                yield name, node.lineno
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                yield name, node.lineno
            case ast.Attribute(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                yield name, node.lineno
