"""The wards and communes of the city (`data/units.yml`), which change with time."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from baocao.errors import InputError, Problem
from baocao.period import Period
from baocao.vi import fold, slug
from baocao.yamlfile import Dated, Name, Place, Strict, line_of, load_model

NAME = "data/units.yml"


class Unit(Dated):
    """One unit. What a merger made is a new unit with a new code, even where it keeps the name of an old one."""

    code: Name
    kind: Literal["phường", "xã", "đặc khu"]
    name: Annotated[str, Field(min_length=1)]

    @property
    def title(self) -> str:
        """“phường Vĩnh Hòa”: the common noun is lower case (Nghị định 30/2020/NĐ-CP, Phụ lục II)."""
        return f"{self.kind} {self.name}"

    @property
    def authority(self) -> str:
        """Who reports for the unit: “UBND phường Vĩnh Hòa”."""
        return f"UBND {self.title}"

    @property
    def slug(self) -> str:
        """The unit in a file name: “vinh-hoa”."""
        return slug(self.name)


class _File(Strict):
    units: Annotated[tuple[Unit, ...], Field(min_length=1)]


def authorities(path: Path) -> frozenset[str]:
    """Who reports for each unit of any time; a malformed file is an `InputError`."""
    return frozenset(unit.authority for unit in load_model(path, _File, NAME).units)


def load_units(path: Path, period: Period) -> tuple[Unit, ...]:
    """The units in force in `period`, in official order.

    A malformed file, a code written twice, two units of one name in one month, or none in force is an `InputError`.
    """
    entries = load_model(path, _File, NAME).units
    problems = [
        *_repeated(path, entries, "mã đơn vị", "code", lambda unit: unit.code),
        *_repeated(path, entries, "tên đơn vị", "name", lambda unit: fold(unit.title), dated=True),
        *_repeated(path, entries, "tên không dấu", "name", lambda unit: unit.slug, dated=True),
    ]
    if problems:
        # Two equal names have equal file names too: said once.
        raise InputError({problem.where: problem for problem in reversed(problems)}.values())
    found = tuple(unit for unit in entries if unit.holds(period))
    if not found:
        raise InputError(
            Problem(
                f"không có đơn vị nào áp dụng cho kỳ {period}",
                (NAME,),
                expected="các xã, phường còn hiệu lực (valid_from, valid_to)",
                remedy="bổ sung danh sách đơn vị của kỳ này",
            )
        )
    return found


def _repeated(
    path: Path, units: Iterable[Unit], what: str, key: str, name: Callable[[Unit], str], *, dated: bool = False
) -> list[Problem]:
    """Names that an earlier entry has already; where `dated`, one that is in force in the same month."""
    problems = []
    seen: dict[str, list[Unit]] = {}
    for index, unit in enumerate(units):
        others = seen.setdefault(name(unit), [])
        if any(not dated or _meet(unit, other) for other in others):
            place: Place = ("units", index, key)
            problems.append(
                Problem(
                    f"{what} “{getattr(unit, key)}” viết hai lần",
                    (NAME, f"dòng {line_of(path, place)}"),
                    expected="mỗi đơn vị một mã, mỗi tháng một tên",
                    remedy="sửa mã, tên, hoặc valid_from, valid_to",
                )
            )
        others.append(unit)
    return problems


def _meet(one: Unit, other: Unit) -> bool:
    """Both are in force in some month."""
    return (other.valid_to is None or one.valid_from <= other.valid_to) and (
        one.valid_to is None or other.valid_from <= one.valid_to
    )
