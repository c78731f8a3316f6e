"""Names of wards and communes in what departments write, compared with the units of the month."""

import difflib
import re
from collections.abc import Iterator, Sequence

from baocao.breach import breach, shortened
from baocao.finding import Finding
from baocao.rules import Rules, UnitNames
from baocao.scene import Scene, cells_of
from baocao.units import Unit
from baocao.vi import fold, slug

_ALIKE = 0.75
"""How much a name must be like that of a unit to be taken for it, misspelt."""
_BETWEEN = re.compile(r"[,;/+\n]|\s(?:và|&)\s")
_BRACKETS = re.compile(r"\([^)]*\)")
_AUTHORITY = re.compile(r"^(?:ubnd|uỷ ban nhân dân|ủy ban nhân dân)\s+")
_KIND = re.compile(r"^(phường|xã|đặc khu|p\.|x\.|[px]\s)\s*")
_KINDS = {"p.": "phường", "p": "phường", "x.": "xã", "x": "xã"}


def unit_names(rule: UnitNames, scene: Scene, rules: Rules) -> Iterator[Finding]:
    """A finding a cell, with every name in it that no unit of the month has."""
    for code in scene.matching(rule.codes):
        datum = scene.text(code)
        if datum is None or datum.value is None:
            continue
        faults = [fault for name in _names(datum.value) if (fault := _fault(name, rule, rules.units))]
        if faults:
            yield breach(
                scene,
                rule,
                code,
                f"{datum.label}: {'; '.join(what for what, _ in faults)}"
                f" (theo danh sách {len(rules.units)} xã, phường của kỳ {scene.period})",
                cells_of(datum),
                expected="; ".join(dict.fromkeys(expected for _, expected in faults)),
                remedy="ghi đúng tên xã, phường của kỳ này; nếu danh sách chưa đúng thì sửa data/units.yml",
            )


def _names(text: str) -> Iterator[str]:
    for part in _BETWEEN.split(_BRACKETS.sub(" ", text)):
        if name := part.strip(" .:-"):
            yield name


def _fault(written: str, rule: UnitNames, units: Sequence[Unit]) -> tuple[str, str] | None:
    """What is wrong with one name and what is expected; nothing where a unit has it, or where it may be no name."""
    folded = _AUTHORITY.sub("", fold(written))
    match = _KIND.match(folded)
    kind = _KINDS.get(match[1].strip(), match[1]) if match else ""
    name = folded[match.end() :] if match else folded
    same = [unit for unit in units if name in (fold(unit.name), fold(unit.title))]
    if any(kind in ("", unit.kind) for unit in same):
        return None
    if same:
        return f"“{shortened(written)}” không phải là {kind}", same[0].title
    near = [unit for unit in units if unit.slug == slug(name)]
    if not near:
        by_name = {fold(unit.name): unit for unit in units}
        near = [by_name[found] for found in difflib.get_close_matches(name, by_name, n=1, cutoff=_ALIKE)]
    if near:
        return f"“{shortened(written)}” không có trong danh sách", near[0].title
    named = match and written.split()[-1][0].isupper()
    if rule.closed or named:
        listed = ", ".join(unit.title for unit in units)
        return f"“{shortened(written)}” không có trong danh sách", f"một trong: {listed}"
    return None
