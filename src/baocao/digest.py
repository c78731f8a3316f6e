"""Many equal findings as one: rows left blank, cells of a column where nothing is written, the same in many units."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from baocao.dataset import BlockInfo
from baocao.errors import Severity
from baocao.figure import Cell
from baocao.finding import BLANK_CELL, BLANK_ROW, Finding
from baocao.forms import Form, UnitForm
from baocao.place import cells_at_fault, ranges
from baocao.vi import join_list


def merge_blank(findings: Iterable[Finding]) -> list[Finding]:
    """One finding a blank cell: where a rule says why it is needed, with that rule's words and the heavier weight."""
    merged: dict[tuple[str, str], Finding] = {}
    for number, finding in enumerate(findings):
        key = (finding.rule, finding.code) if finding.rule == BLANK_CELL else ("", str(number))
        known = merged.get(key)
        if known is None:
            merged[key] = finding
            continue
        first, second = known.problem, finding.problem
        # A rule knows the sentence, the intake knows what kind of value the cell takes.
        expected = first.expected if first.expected in second.expected else f"{first.expected}; {second.expected}"
        heavier = min(known.severity, finding.severity, key=list(Severity).index)
        merged[key] = replace(
            known,
            severity=heavier,
            problem=replace(first, expected=expected, remedy=second.remedy),
            cells=finding.cells,
        )
    return list(merged.values())


def digest(findings: Sequence[Finding], blocks: Mapping[str, BlockInfo]) -> list[Finding]:
    """Notes that nobody answers for, brought together by column or by block, at the place of the first.

    A block's blank rows go into the finding about the whole block where there is one.
    """
    whole = {finding.code for finding in findings if finding.rule == BLANK_ROW and finding.code in blocks}
    keys = [_key(finding, blocks) for finding in findings]
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for key, finding in zip(keys, findings, strict=True):
        if key is not None:
            groups.setdefault(key, []).append(finding)
    result: list[Finding] = []
    for key, finding in zip(keys, findings, strict=True):
        if key is None:
            result.append(finding)
            continue
        group = groups.pop(key, [])
        if not group or (finding.rule == BLANK_ROW and key[1] in whole):
            continue
        result.append(finding if len(group) == 1 else _together(key, group, blocks))
    return result


def over_units(findings: Sequence[Finding], forms: Sequence[Form]) -> list[Finding]:
    """What several units left blank alike, once for all of them, at the place of the first; what is answered for stays.

    `parts` keeps the findings one by one, for the copies that go back to the units.
    """
    units = {form.unit.code: form for form in forms if isinstance(form, UnitForm)}
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for number, finding in enumerate(findings):
        unit = units.get(".".join(finding.code.split(".")[1:2]))
        blank = finding.rule in (BLANK_CELL, BLANK_ROW) and not finding.acknowledged_by
        if unit is None or not blank or len(finding.problem.where) != 3:
            groups[("", str(number))] = [finding]
            continue
        block, _, *place = finding.code.split(".")
        what = finding.problem.what.replace(f", {unit.unit.title}", "")
        key = (finding.rule, ".".join([block, "*", *place]), finding.severity.value, what)
        groups.setdefault(key, []).append(finding)
    return [group[0] if len(group) == 1 else _of_units(key, group, units) for key, group in groups.items()]


def _of_units(key: tuple[str, ...], group: Sequence[Finding], units: Mapping[str, UnitForm]) -> Finding:
    _, code, _, what = key
    forms = [units[finding.code.split(".")[1]] for finding in group]
    names = join_list([form.unit.title for form in forms])
    return replace(
        group[0],
        code=code,
        problem=replace(group[0].problem, what=f"{what} ({len(group)} đơn vị: {names})"),
        department=forms[0].general.department,
        cells=tuple(cell for finding in group for cell in cells_at_fault(finding)),
        parts=tuple(group),
    )


def _key(finding: Finding, blocks: Mapping[str, BlockInfo]) -> tuple[str, ...] | None:
    """Rule, code of what is blank (`*` for the rows), workbook, sheet; nothing for a finding that stands alone."""
    if finding.severity is not Severity.LUU_Y or finding.acknowledged_by or len(finding.problem.where) != 3:
        return None
    parts = finding.code.split(".")
    where = finding.problem.where[:2]
    if finding.rule == BLANK_ROW and ".".join(parts[:-1]) in blocks:
        return (finding.rule, ".".join(parts[:-1]), *where)
    if finding.rule == BLANK_CELL and len(parts) > 2 and ".".join(parts[:-2]) in blocks:
        return (finding.rule, ".".join([*parts[:-2], "*", parts[-1]]), *where)
    return None


def _together(key: tuple[str, ...], group: Sequence[Finding], blocks: Mapping[str, BlockInfo]) -> Finding:
    rule, code, workbook, sheet = key
    cells = tuple(cell for finding in group for cell in (finding.cells or (Cell(*finding.problem.where),)))
    block = blocks[code if rule == BLANK_ROW else code.partition(".*.")[0]]
    if rule == BLANK_ROW:
        rows = [finding.code.split(".")[-1] for finding in group]
        what = f"{len(group)}/{len(block.rows)} dòng để trống cả dòng, coi như chưa báo cáo"
    else:
        rows = [finding.code.split(".")[-2] for finding in group]
        title = next((title for name, title, _ in block.columns if name == code.split(".")[-1]), code)
        what = f"{title}: {len(group)}/{len(block.rows)} dòng chưa có nội dung"
    titles = dict(block.rows)
    names = "; ".join(titles.get(row, row) for row in rows)
    problem = replace(
        group[0].problem, what=f"{what}: {names}", where=(workbook, sheet, ranges([cell.ref for cell in cells]))
    )
    return replace(group[0], code=code, problem=problem, cells=cells)
