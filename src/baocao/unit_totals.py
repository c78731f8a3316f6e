"""What the units report, added up: the city's totals, compared with what the city's departments report themselves."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from baocao.derived import Derived
from baocao.errors import Problem, Severity
from baocao.figure import Cell, Date, Datum, Figure, total
from baocao.finding import BLANK_CELL, BLANK_ROW, Finding
from baocao.forms import AS_OF, Count, Fields, Form, Grid, UnitForm, counts, department_of
from baocao.period import Period
from baocao.vi import format_date, join_list

_SOLVED = (BLANK_CELL, BLANK_ROW)
"""A sum over units fills the city's empty cells."""
_NAMED = 3
"""Units of one date, and totals, that a finding names."""


@dataclass(frozen=True)
class Totals:
    """The data without the cells that sums stand for, with the sums' as-of dates; the sums; all findings."""

    data: dict[str, Datum]
    sums: tuple[Derived, ...]
    findings: tuple[Finding, ...]


def add_up(
    data: Mapping[str, Datum],
    forms: Sequence[Form],
    sent: AbstractSet[str],
    period: Period,
    findings: Sequence[Finding],
) -> Totals:
    """Declare the sums over units, and compare the city's cells with them or fill them.

    A city cell that was left empty takes the sum where every unit has its value; where both are there, they must
    agree. `sent` are the forms that came; of the `findings` so far those stay that no sum answers.
    """
    totals: list[_UnitTotals] = []
    for parts in _by_form(forms):
        work = _UnitTotals(parts, forms, dict(data), period)
        work.run(sent)
        data = work.data
        totals.append(work)
    filled = {code for work in totals for code in (*work.filled, *work.waiting)}
    filled |= {code.rpartition(".")[0] for code in filled}
    return Totals(
        dict(data),
        tuple(declared for work in totals for declared in work.sums),
        (
            *(finding for finding in findings if finding.rule not in _SOLVED or finding.code not in filled),
            *(finding for work in totals for finding in work.findings),
        ),
    )


def _by_form(forms: Sequence[Form]) -> list[list[UnitForm]]:
    groups: dict[str, list[UnitForm]] = {}
    for form in forms:
        if isinstance(form, UnitForm):
            groups.setdefault(form.general.form, []).append(form)
    return list(groups.values())


class _UnitTotals:
    """The sums of one form per unit."""

    def __init__(
        self, parts: Sequence[UnitForm], forms: Sequence[Form], data: dict[str, Datum], period: Period
    ) -> None:
        self.parts = parts
        self.general = parts[0].general
        self.forms = forms
        self.data = data
        self.folder = f"data/{period}"
        self.sums: list[Derived] = []
        self.filled: set[str] = set()
        self.waiting: set[str] = set()
        """Empty cells of the city whose sum lacks a form: the late unit is told, not the cell."""
        self.findings: list[Finding] = []

    def run(self, sent: AbstractSet[str]) -> None:
        """Add up every block; then say who is late, which stops a run unless the city reported its totals itself."""
        cells = list(counts(self.general))
        lacking = [count for count in cells if count.required and not self._reported(count)]
        for block in self.general.blocks:
            own = [count for count in cells if count.block == block.block]
            for count in own:
                self._add(count)
            if isinstance(block, Fields):
                for count in own:
                    self._date(block.block, f"{count.place}.{AS_OF}", [count])
            elif isinstance(block, Grid) and block.as_of:
                self._date(block.block, AS_OF, own)
        late = [form for form in self.parts if form.form not in sent]
        if late:
            self.waiting |= {self._city(count.block, count.place) for count in cells if not self._reported(count)}
            self.findings.append(self._late(late, lacking))

    def _city(self, block: str, place: str) -> str:
        """Code of the city's own value; empty where no department reports it."""
        return f"{self.general.totals[block]}.{place}" if block in self.general.totals else ""

    def _reported(self, count: Count) -> bool:
        city = self.data.get(self._city(count.block, count.place))
        return city is not None and not city.missing

    def _add(self, count: Count) -> None:
        pattern = f"{count.block}.*.{count.place}"
        self._declare(count.code, f"{count.label}, tổng {len(self.parts)} đơn vị", pattern)
        city = self.data.get(self._city(count.block, count.place))
        operands = [self.data[pattern.replace("*", form.unit.code)] for form in self.parts]
        summed = total([operand for operand in operands if isinstance(operand, Figure)])
        if not isinstance(city, Figure) or summed.missing:
            return
        if city.missing:
            self._declare(city.code, city.label, pattern)
            del self.data[city.code]
            self.filled.add(city.code)
        elif city.value != summed.value:
            self.findings.append(self._differ(city, summed))

    def _declare(self, code: str, label: str, pattern: str) -> None:
        self.sums.append(Derived(code=code, label=label, operation="sum", operands=(pattern,)))

    def _date(self, block: str, place: str, cells: Sequence[Count]) -> None:
        """The as-of date of sums: the units', where they have one in common; the city's too, where sums fill it."""
        found = {form.unit.title: self.data[f"{block}.{form.unit.code}.{place}"] for form in self.parts}
        dates = {name: moment for name, moment in found.items() if isinstance(moment, Date)}
        first = next(iter(dates.values()))
        label = first.label.removesuffix(f", {self.parts[0].unit.title}")
        common = len({moment.value for moment in dates.values()}) == 1
        nowhere = Cell(self.general.file, first.cell.sheet, "")
        moment = Date(f"{block}.{place}", first.value if common else None, label, first.cell if common else nowhere)
        self.data[moment.code] = moment
        if len({moment.value for moment in dates.values()} - {None}) > 1:
            self.findings.append(self._other_dates(moment, dates))
        city = self.data.get(self._city(block, place))
        codes = {self._city(count.block, count.place) for count in cells}
        if isinstance(city, Date) and city.missing and self.filled & codes:
            reported = [self.data[code] for code in codes & self.data.keys()]
            if all(datum.missing for datum in reported):
                self.data[city.code] = replace(city, value=moment.value, cell=moment.cell)

    def _late(self, late: Sequence[UnitForm], lacking: Sequence[Count]) -> Finding:
        """Who is late; a lỗi where the city did not report what is `lacking` either."""
        severity = Severity.LOI if lacking else Severity.CANH_BAO
        units = join_list([form.unit.title for form in late])
        whole = len(self.parts)
        more = f" và {len(lacking) - _NAMED} số khác" if lacking[_NAMED:] else ""
        unknown = f"; chưa có số tổng: {'; '.join(count.label for count in lacking[:_NAMED])}{more}" if lacking else ""
        return Finding(
            "don_vi_chua_nop",
            self.general.form,
            severity,
            Problem(
                f"biểu {self.general.code}: {len(late)} trong {whole} đơn vị chưa gửi: {units}{unknown}",
                (self.folder,),
                f"{whole} tệp, mỗi đơn vị một tệp, thường tên như {late[0].file}",
                "đề nghị các đơn vị gửi biểu, hoặc để đơn vị cấp thành phố báo cáo số tổng"
                if severity is Severity.LOI
                else "đề nghị các đơn vị gửi biểu; khi chưa đủ, báo cáo dùng số tổng của đơn vị cấp thành phố",
            ),
            self.general.department,
        )

    def _differ(self, city: Figure, summed: Figure) -> Finding:
        department = department_of(city.code, self.forms)
        units = summed.cells
        refs = list(dict.fromkeys((cell.sheet, cell.ref) for cell in units))
        places = (
            f"ô {refs[0][0]} › {refs[0][1]} của {len(units)} tệp {units[0].workbook} … {units[-1].workbook}"
            if len(refs) == 1
            else "; ".join(map(str, units))
        )
        place = city.cells[0]
        return Finding(
            "tong_don_vi_khac",
            city.code,
            Severity.LOI,
            Problem(
                f"{city.label}: {department} báo cáo {city}, tổng {len(self.parts)} đơn vị là {summed}",
                (place.workbook, place.sheet, place.ref),
                f"hai số bằng nhau; các đơn vị báo cáo ở {places}",
                "đối chiếu với các đơn vị rồi sửa bên sai; hoặc để trống ô này để dùng số tổng của các đơn vị",
            ),
            department,
        )

    def _other_dates(self, moment: Date, dates: Mapping[str, Date]) -> Finding:
        """A lưu ý; at fault are the dates that fewest units have."""
        groups: dict[str, dict[str, Date]] = {}
        for name, date in dates.items():
            groups.setdefault("chưa ghi" if date.value is None else format_date(date.value), {})[name] = date
        shown = [
            f"{day} ({join_list(list(units)) if len(units) <= _NAMED else f'{len(units)} đơn vị'})"
            for day, units in groups.items()
        ]
        usual = max(groups.values(), key=len)
        problem = Problem(
            f"{moment.label}: các đơn vị ghi khác nhau: {'; '.join(shown)}",
            (self.folder,),
            "một ngày chốt số liệu chung",
            "đề nghị các đơn vị chốt số liệu cùng ngày",
        )
        return Finding(
            "ngay_don_vi_khac",
            moment.code,
            Severity.LUU_Y,
            problem,
            self.general.department,
            cells=tuple(date.cell for name, date in dates.items() if name not in usual),
        )
