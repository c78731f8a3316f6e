"""Declared rates, sums and differences (`data/derived.yml`): each computed once, from codes, with its sources."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from baocao.errors import InputError, Problem
from baocao.figure import Datum, Figure, UnitError, difference, rate, share, total
from baocao.period import Period
from baocao.yamlfile import Dated, Month, Strict, load_model

NAME = "data/derived.yml"

Rows = Mapping[str, Mapping[str, str]]
"""Block → row name → title of the row; an open list without entries has no rows."""

_OPERANDS = {"rate": (2, 2), "share": (2, None), "sum": (1, None), "difference": (2, None)}
"""Operation → fewest and most operands."""

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.([a-z][a-z0-9_]*|\*))+$")]


class Derived(Dated):
    """One declaration. `*` in the code stands for the rows of a grid or list, and for the same row in the operands.

    Operands of a `sum` may carry a `*` that the code does not have: the sum over all rows. `partial: true` sums
    the rows that are there (a row that nobody reported does not make the total missing).
    Without `valid_from` it holds from the beginning.
    """

    valid_from: Month = "2000-01"
    code: Code
    label: str
    operation: Literal["rate", "share", "sum", "difference"]
    operands: Annotated[tuple[Code, ...], Field(min_length=1)]
    decimals: int | None = Field(default=None, ge=0, le=6)
    fixed: bool = False
    partial: bool = False

    @model_validator(mode="after")
    def _operands_fit(self) -> "Derived":
        least, most = _OPERANDS[self.operation]
        if not least <= len(self.operands) <= (most or len(self.operands)):
            wanted = f"đúng {least}" if least == most else f"ít nhất {least}"
            raise ValueError(f"{self.operation} cần {wanted} toán hạng, đang có {len(self.operands)}")
        if any(code.count("*") > 1 for code in (self.code, *self.operands)):
            raise ValueError("mỗi mã chỉ được có một dấu *")
        if "*" in self.code and "*" not in self.operands[0]:
            raise ValueError("mã có dấu * thì toán hạng đầu cũng phải có dấu *")
        if "*" not in self.code and self.operation != "sum" and any("*" in operand for operand in self.operands):
            raise ValueError("chỉ sum được cộng mọi dòng (dấu * chỉ có ở toán hạng)")
        if self.partial and self.operation != "sum":
            raise ValueError("partial chỉ dùng với sum")
        return self


class _File(Strict):
    derived: tuple[Derived, ...]


def load_derived(path: Path, period: Period | None = None) -> tuple[Derived, ...]:
    """The declarations, in the order of the file: those that hold in `period`, or all of them."""
    declared = load_model(path, _File, NAME).derived
    return tuple(item for item in declared if period is None or item.holds(period))


def nearest(code: str, known: Iterable[str]) -> str:
    """A sentence that suggests the nearest known code, or nothing."""
    close = difflib.get_close_matches(code, list(known), n=1, cutoff=0.5)
    return f"mã gần nhất: {close[0]}" if close else ""


def derive(data: Mapping[str, Datum], declarations: Iterable[Derived], rows: Rows) -> dict[str, Figure]:
    """All derived figures by code. `rows` names the rows of every block.

    Unknown operands, texts, cycles and clashing codes are one `InputError`. A sum over no entries is missing.
    """
    work = _Work(data, rows)
    declarations = list(declarations)
    # An explicit row wins over the wildcard that would cover it.
    for declaration in declarations:
        if "*" not in declaration.code:
            work.declare(declaration.code, declaration)
    for declaration in declarations:
        if "*" in declaration.code:
            for row in work.rows(declaration.code, declaration.operands[0]):
                code = declaration.code.replace("*", row)
                if code not in work.declared:
                    operands = tuple(operand.replace("*", row) for operand in declaration.operands)
                    label = f"{declaration.label}, {work.row_title(declaration.operands[0], row)}"
                    work.declare(
                        code, declaration.model_copy(update={"code": code, "operands": operands, "label": label})
                    )
    for code in list(work.declared):
        work.compute(code, ())
    if work.problems:
        raise InputError(dict.fromkeys(work.problems))
    return work.done


@dataclass
class _Work:
    data: Mapping[str, Datum]
    titles: Rows
    declared: dict[str, Derived] = field(default_factory=dict)
    done: dict[str, Figure] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    circular: set[str] = field(default_factory=set)

    def fail(self, code: str, what: str, expected: str = "") -> None:
        self.problems.append(Problem(what, (NAME, code), expected, "sửa khai báo của mã này"))

    def declare(self, code: str, declaration: Derived) -> None:
        if code in self.data or code in self.declared:
            self.fail(code, f"mã “{code}” đã có", "mỗi mã chỉ dùng một lần")
        else:
            self.declared[code] = declaration

    def rows(self, code: str, pattern: str) -> list[str]:
        """What `*` stands for in `pattern`; nothing at all is a mistake, except in a list without entries."""
        known = (*self.data, *self.declared)
        before, _, after = pattern.partition("*")
        found = [
            part
            for other in known
            if other.startswith(before)
            and other.endswith(after)
            and (part := other[len(before) : len(other) - len(after)])
            and "." not in part
        ]
        block = pattern.partition(".")[0]
        if not found and (block not in self.titles or self.titles[block]):
            self.fail(code, f"không có mã nào dạng “{pattern}”", nearest(pattern, known))
        return found

    def row_title(self, operand: str, row: str) -> str:
        return self.titles.get(operand.partition(".")[0], {}).get(row, row)

    def compute(self, code: str, path: tuple[str, ...]) -> Figure | None:
        if code in self.done:
            return self.done[code]
        if code in path:
            circle = path[path.index(code) :]
            if not self.circular.intersection(circle):
                self.fail(code, f"khai báo vòng tròn: {' → '.join((*circle, code))}")
            self.circular.update(circle)
            return None
        declaration = self.declared[code]
        operands: list[Figure] = []
        for wanted in self._expand(declaration):
            figure = self._operand(code, wanted, path)
            if figure is None:
                return None
            operands.append(figure)
        if declaration.partial:
            operands = [figure for figure in operands if not figure.missing] or operands[:1]
        try:
            result = _OPERATIONS[declaration.operation](operands) if operands else Figure(code, None, declaration.label)
        except UnitError as error:
            self.fail(code, f"không tính được: {error}", "các toán hạng cùng đơn vị")
            return None
        decimals = declaration.decimals if declaration.decimals is not None else result.decimals
        self.done[code] = replace(
            result, code=code, label=declaration.label, decimals=decimals, fixed=declaration.fixed
        )
        return self.done[code]

    def _expand(self, declaration: Derived) -> list[str]:
        return [
            operand.replace("*", row)
            for operand in declaration.operands
            for row in (self.rows(declaration.code, operand) if "*" in operand else [""])
        ]

    def _operand(self, code: str, wanted: str, path: tuple[str, ...]) -> Figure | None:
        datum = self.compute(wanted, (*path, code)) if wanted in self.declared else self.data.get(wanted)
        if isinstance(datum, Figure):
            return datum
        if wanted not in self.declared:
            if datum is None:
                self.fail(code, f"không có mã “{wanted}”", nearest(wanted, (*self.data, *self.declared)))
            else:
                self.fail(code, f"mã “{wanted}” không phải số liệu", "mã của một con số")
        return None


_OPERATIONS: dict[str, Callable[[list[Figure]], Figure]] = {
    "rate": lambda operands: rate(operands[0], operands[1]),
    "share": lambda operands: share(operands[0], operands),
    "sum": total,
    "difference": lambda operands: difference(operands[0], *operands[1:]),
}
