"""A notebook as its author sees it: cells from 1, the lines of each, and which of them are prose or code."""

import ast
import re
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from baocao.errors import Problem, Severity
from baocao.executed import read_notebook
from baocao.finding import Finding
from baocao.project import Project, Section

NARRATIVE = "narrative"
"""The magic of prose."""

_MAGIC = re.compile(r"%%(\w+)[ \t]*(.*)")


@dataclass(frozen=True)
class CodeCell:
    """One code cell; `number` counts the cells of every kind, as an author does."""

    number: int
    source: str
    tags: tuple[str, ...]
    outputs: tuple[Any, ...]
    count: int | None

    @cached_property
    def _head(self) -> tuple[int, re.Match[str] | None]:
        """How many lines come before the first that says something, and the magic there."""
        lines = self.source.split("\n")
        blank = next((index for index, line in enumerate(lines) if line.strip()), 0)
        return blank, _MAGIC.match(lines[blank])

    @property
    def magic(self) -> str:
        """Name of the magic that the whole cell is given to; empty for Python."""
        found = self._head[1]
        return found[1] if found else ""

    @property
    def magic_line(self) -> str:
        """What stands behind the magic's name."""
        found = self._head[1]
        return found[2].strip() if found else ""

    @property
    def first_line(self) -> int:
        """Line of the cell at which `body` begins."""
        return self._head[0] + 2 if self.magic else 1

    @property
    def body(self) -> str:
        """The prose below the magic, or all of the code."""
        return "\n".join(self.source.split("\n")[self.first_line - 1 :])

    @cached_property
    def tree(self) -> ast.Module | SyntaxError | None:
        """The code as Python reads it, `!` and `%` lines as the calls that they stand for; None under a magic."""
        if self.magic:
            return None
        from IPython.core.inputtransformer2 import TransformerManager

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                manager = TransformerManager()  # type: ignore[no-untyped-call]
                return ast.parse("\n" * self._head[0] + manager.transform_cell(self.source))
        except SyntaxError as error:
            return error


@dataclass(frozen=True)
class Sheet:
    """A notebook that could be read, and the section that it makes."""

    section: Section
    name: str
    """Its path from the project's folder."""
    code: tuple[CodeCell, ...]
    others: tuple[tuple[int, Any], ...]
    """Cells of other kinds, by number."""

    def finding(
        self,
        rule: str,
        severity: Severity,
        what: str,
        cell: int | None = None,
        line: int | None = None,
        expected: str = "",
        remedy: str = "",
    ) -> Finding:
        """A finding at a line of a cell, a cell, or the notebook as a whole."""
        where = [self.name, *([f"ô {cell}"] if cell else []), *([f"dòng {line}"] if line else [])]
        code = ":".join([self.name, *(str(part) for part in (cell, line) if part)])
        return Finding(rule, code, severity, Problem(what, tuple(where), expected, remedy))


def read_sheet(project: Project, section: Section) -> Sheet:
    """Read the notebook of `section`; what is none is an `UnusableError` of `executed`."""
    node = read_notebook(section.notebook)[0]
    code, others = [], []
    for number, cell in enumerate(node.cells, start=1):
        tags = cell.metadata.get("tags", ())
        if cell.cell_type == "code":
            outputs = tuple(cell.get("outputs", ()))
            code.append(CodeCell(number, cell.source, tuple(tags), outputs, cell.get("execution_count")))
        else:
            others.append((number, cell))
    name = section.notebook.relative_to(project.root).as_posix()
    return Sheet(section, name, tuple(code), tuple(others))
