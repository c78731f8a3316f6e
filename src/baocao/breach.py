"""A breach of a rule, put into words: what was found, what was expected, what to do, and every cell at fault."""

from collections.abc import Sequence

from baocao.errors import Problem
from baocao.figure import Cell
from baocao.finding import Finding
from baocao.rules import Rule
from baocao.scene import Scene


def breach(
    scene: Scene,
    rule: Rule,
    code: str,
    what: str,
    cells: Sequence[Cell],
    *,
    remedy: str,
    expected: str = "",
) -> Finding:
    """The finding; it stands at the first of `cells`. The entry's own `why` and `remedy` go with it."""
    place = cells[0] if cells else Cell("", "", "")
    where = tuple(part for part in (place.workbook, place.sheet, place.ref) if part)
    expected = f"{expected} ({rule.why})" if expected and rule.why else expected or rule.why
    problem = Problem(what, where, expected, rule.remedy or remedy)
    department = scene.department(code.split("/")[0])
    return Finding(rule.rule, code, rule.severity, problem, department, cells=tuple(cells))


def shortened(text: str, longest: int = 80) -> str:
    """`text` in one line, cut where it is too long for a finding."""
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
