"""The blocks of a form read from a sheet: values with their cells, and everything that does not fit.

Whatever a form defines has a datum afterwards, missing where nothing could be read; whatever a clerk filled in
beside the form is named, so that nothing is lost in silence.
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from baocao.datum import as_of_label, in_unit, make_datum
from baocao.errors import Problem, Severity
from baocao.figure import Cell, Date, Datum
from baocao.finding import Finding
from baocao.forms import AS_OF, Fields, Form, Grid, Item, List
from baocao.sheet import Header, SheetContent
from baocao.value import Reading, Unreadable, read_value
from baocao.vi import fold
from baocao.workbook import AS_OF_LABEL, FIELD_HEADERS, ORDINAL, UNIT, header

_KINDS = {
    "integer": "một số nguyên",
    "number": "một số",
    "reported_rate": "một tỷ lệ, ví dụ “trên 98%”",
    "string": "nội dung bằng chữ",
    "date": "một ngày, ví dụ 14/4/2024",
    "partial_date": "ngày, tháng hoặc năm",
}


@dataclass
class Reader:
    """Collects from one workbook, `workbook` by name."""

    workbook: str
    form: Form
    data: dict[str, Datum] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def found(
        self,
        rule: str,
        code: str,
        what: str,
        where: Sequence[str] = (),
        severity: Severity = Severity.LOI,
        *,
        expected: str = "",
        remedy: str = "",
    ) -> None:
        """Note a finding at `where` (sheet, cell) of this workbook."""
        problem = Problem(what, (self.workbook, *where), expected, remedy)
        self.findings.append(Finding(rule, code, severity, problem, self.form.department))


def required(block: Fields | Grid | List) -> bool:
    """Something in the block is required, so that the block must be in the workbook."""
    return any(item.constraints.required for item in (block.fields if isinstance(block, Fields) else block.columns))


def read_block(reader: Reader, sheet: SheetContent, block: Fields | Grid | List, start: int, end: int) -> None:
    """Read the block whose title stands in row `start` and that ends in row `end`."""
    area = _Area(reader, sheet, block.block, start, end)
    if isinstance(block, Fields):
        _read_fields(area, block)
    elif isinstance(block, Grid):
        _read_grid(area, block)
    else:
        _read_list(area, block)


@dataclass(frozen=True)
class _Area:
    """The rows of one block on its sheet."""

    reader: Reader
    sheet: SheetContent
    block: str
    start: int
    end: int

    def header(
        self, names: Sequence[str], wanted: Sequence[tuple[str, str]], needed: Sequence[bool], known: Iterable[str]
    ) -> Header | None:
        """The header; columns that it lacks are findings by their `names`: lỗi where `needed`, else cảnh báo."""
        header = self.sheet.header(wanted, self.start, self.end)
        if header is None:
            self.reader.found(
                "thieu_tieu_de",
                self.block,
                "không thấy dòng tiêu đề cột",
                (self.sheet.title, f"dòng {self.start + 1}"),
                expected=f"các cột: {'; '.join(title for _, title in wanted)}",
                remedy="khôi phục dòng tiêu đề cột theo biểu mẫu",
            )
            return None
        familiar = {fold(title) for title in (*known, *(part for pair in wanted for part in pair))}
        strange = {column: label for column, label in header.labels.items() if fold(label) not in familiar}
        for index, (group, title) in enumerate(wanted):
            if index in header.columns:
                continue
            near = _reworded(title, strange)
            where = f"dòng {header.bottom}" if near is None else self.sheet.ref(header.bottom, near)
            self.reader.found(
                "thieu_cot",
                f"{self.block}.{names[index]}",
                f"thiếu cột “{f'{group} › {title}' if group else title}”"
                + ("" if near is None else f"; ở đây ghi “{strange.pop(near)}”"),
                (self.sheet.title, where),
                Severity.LOI if needed[index] else Severity.CANH_BAO,
                expected="tiêu đề cột như biểu mẫu",
                remedy="khôi phục tiêu đề cột theo biểu mẫu",
            )
        return header

    def rows(
        self, names: Sequence[str], titles: Sequence[str], needed: Sequence[bool], header: Header, column: int
    ) -> dict[int, int]:
        """Title index → row, by the label in `column`.

        Missing and repeated rows are findings by their `names`, unknown filled rows by their label.
        """
        places: dict[str, list[int]] = {}
        for row in self.sheet.filled(header.bottom + 1, self.end):
            places.setdefault(self.sheet.label(row, column), []).append(row)
        wanted = {fold(title) for title in titles}
        strange = {
            rows[0]: self.sheet.shown(rows[0], column)
            for label, rows in places.items()
            if label and label not in wanted
        }
        found: dict[int, int] = {}
        for index, title in enumerate(titles):
            matches = places.get(fold(title), [])
            if len(matches) == 1:
                found[index] = matches[0]
            elif matches:
                what = f"có {len(matches)} dòng “{title}”"
                self._row_finding("trung_dong", names[index], what, matches[1], column, Severity.LOI)
            else:
                near = _reworded(title, strange)
                what = f"thiếu dòng “{title}”" + ("" if near is None else f"; ở đây ghi “{strange.pop(near)}”")
                if near is not None:
                    places.pop(self.sheet.label(near, column))
                severity = Severity.LOI if needed[index] else Severity.CANH_BAO
                self._row_finding("thieu_dong", names[index], what, near, column, severity)
        values = [other for index, other in header.columns.items() if other != column]
        for row in sorted(row for label, rows in places.items() if label not in wanted for row in rows):
            self._extra_row(row, column, values)
        return found

    def _row_finding(self, rule: str, name: str, what: str, row: int | None, column: int, severity: Severity) -> None:
        self.reader.found(
            rule,
            f"{self.block}.{name}",
            what,
            (self.sheet.title,) if row is None else (self.sheet.title, self.sheet.ref(row, column)),
            severity,
            expected="mỗi chỉ tiêu một dòng như biểu mẫu",
            remedy="khôi phục dòng này theo biểu mẫu",
        )

    def _extra_row(self, row: int, column: int, values: Sequence[int]) -> None:
        filled = next((other for other in sorted(values) if self.sheet.content(row, other) is not None), None)
        if filled is None:
            return
        label = self.sheet.shown(row, column)
        self.reader.found(
            "dong_la",
            f"{self.block}/{label or self.sheet.ref(row, filled)}",
            f"dòng “{label}” không có trong biểu mẫu, nội dung chưa được đọc"
            if label
            else "dòng không có tên, nội dung chưa được đọc",
            (self.sheet.title, self.sheet.ref(row, filled)),
            Severity.CANH_BAO,
            expected="chỉ các dòng của biểu mẫu",
            remedy="chuyển nội dung vào dòng đúng, hoặc xóa dòng này",
        )

    def extra_columns(self, rows: Iterable[int], header: Header, known: Iterable[str]) -> None:
        """Filled columns that the form does not have: one cảnh báo each, at the first filled cell."""
        mapped = set(header.columns.values())
        familiar = {fold(title) for title in known}
        seen: set[int] = set()
        for row in rows:
            for column in sorted(self.sheet.rows.get(row, {})):
                label = header.labels.get(column, "")
                if column in mapped or column in seen or fold(label) in familiar:
                    continue
                seen.add(column)
                self.reader.found(
                    "cot_la",
                    f"{self.block}/{label or self.sheet.ref(row, column)}",
                    f"cột {f'“{label}”' if label else 'không có tiêu đề'} không có trong biểu mẫu, "
                    "nội dung chưa được đọc",
                    (self.sheet.title, self.sheet.ref(row, column)),
                    Severity.CANH_BAO,
                    expected="chỉ các cột của biểu mẫu",
                    remedy="chuyển nội dung vào cột đúng, hoặc xóa cột này",
                )

    def read(
        self, code: str, item: Item, label: str, row: int, column: int, as_of: Date | None = None, quiet: bool = False
    ) -> Datum:
        """The value at a cell as a datum; unreadable and missing ones are findings and come back missing."""
        ref = self.sheet.ref(row, column)
        content = self.sheet.content(row, column)
        place = Cell(self.reader.workbook, self.sheet.title, ref)
        reading = Reading(None)
        if content is not None:
            outcome = (
                _UNCALCULATED
                if content.uncalculated
                else read_value(content.value, content.is_error, item, content.number_format)
            )
            if isinstance(outcome, Unreadable):
                self.reader.found(
                    outcome.rule,
                    code,
                    f"{label}: {outcome.what}",
                    (self.sheet.title, ref),
                    expected=outcome.expected,
                    remedy=outcome.remedy,
                )
                quiet = True
            else:
                reading = outcome
        if reading.value is None and not quiet:
            needed = item.constraints.required
            self.reader.found(
                "thieu_so_lieu",
                code,
                f"{label}: chưa có {'số liệu' if item.numeric else 'nội dung'}",
                (self.sheet.title, ref),
                Severity.LOI if needed else Severity.CANH_BAO if item.numeric else Severity.LUU_Y,
                expected=f"{_KINDS[item.type]}, đơn vị: {item.unit}" if item.unit else _KINDS[item.type],
                remedy="đề nghị đơn vị bổ sung" if needed else "đề nghị đơn vị bổ sung, hoặc để trống nếu không có",
            )
        return make_datum(code, item, label, place, reading, as_of)

    def as_of(self, code: str, title: str, row: int, column: int) -> Date:
        """An as-of date; it may be left empty."""
        label = as_of_label(title)
        datum = self.read(code, Item(name="as_of", title=label, type="partial_date"), label, row, column, quiet=True)
        assert isinstance(datum, Date)
        return datum


_UNCALCULATED = Unreadable(
    "chua_tinh",
    "công thức chưa có kết quả trong tệp",
    "giá trị đã tính",
    "mở tệp bằng Excel, lưu lại rồi gửi lại, hoặc gõ thẳng giá trị",
)


def _reworded(title: str, candidates: dict[int, str]) -> int | None:
    """The place of the label most like `title`, which somebody may have reworded."""
    labels = {fold(label): place for place, label in reversed(candidates.items())}
    close = difflib.get_close_matches(fold(title), labels, n=1, cutoff=0.6)
    return labels[close[0]] if close else None


def _read_fields(area: _Area, block: Fields) -> None:
    _, label_title, _, value_title, as_of_title, _ = FIELD_HEADERS
    needed = required(block)
    wanted = [("", label_title), ("", value_title), ("", as_of_title)]
    header = area.header(("ten", "so_lieu", AS_OF), wanted, [needed, needed, False], FIELD_HEADERS)
    if header is None or 0 not in header.columns or 1 not in header.columns:
        return
    label, value, as_of = header.columns[0], header.columns[1], header.columns.get(2)
    names, titles = [item.name for item in block.fields], [item.title for item in block.fields]
    rows = area.rows(names, titles, [item.constraints.required for item in block.fields], header, label)
    for index, row in rows.items():
        item = block.fields[index]
        code = f"{block.block}.{item.name}"
        moment = None
        if item.numeric:
            known = area.reader.data.get(f"{code}.{AS_OF}")
            moment = known if isinstance(known, Date) else None
            if as_of is not None:
                moment = area.as_of(f"{code}.{AS_OF}", item.title, row, as_of)
                area.reader.data[moment.code] = moment
        area.reader.data[code] = area.read(code, item, item.title, row, value, moment)
    area.extra_columns(rows.values(), header, FIELD_HEADERS)


def _read_grid(area: _Area, block: Grid) -> None:
    wanted = [("", block.row_title), *((item.group, header(item)) for item in block.columns)]
    needed = required(block)
    names = ["ten", *(item.name for item in block.columns)]
    found = area.header(
        names, wanted, [needed, *(item.constraints.required for item in block.columns)], (ORDINAL, UNIT)
    )
    if found is None:
        return
    moment = _grid_as_of(area, block, found.bottom) if block.as_of else None
    if 0 not in found.columns:
        return
    names, titles = [row.name for row in block.rows], [row.title for row in block.rows]
    rows = area.rows(names, titles, [needed] * len(block.rows), found, found.columns[0])
    values = {index: column for index, column in found.columns.items() if index > 0}
    for place, row in rows.items():
        definition = block.rows[place]
        prefix = f"{block.block}.{definition.name}"
        empty = not any(area.sheet.content(row, column) for column in values.values())
        if empty and values:
            area.reader.found(
                "chua_bao_cao",
                prefix,
                f"{definition.title}: cả dòng để trống, coi như chưa báo cáo",
                (area.sheet.title, area.sheet.ref(row, min(values.values()))),
                Severity.LUU_Y,
                expected="số liệu của dòng này, nếu có phát sinh",
                remedy="đề nghị đơn vị bổ sung nếu có",
            )
        for index, item in enumerate(block.columns, start=1):
            code, label = f"{prefix}.{item.name}", f"{definition.title}, {item.title}"
            if index in values:
                datum = area.read(code, in_unit(item, definition), label, row, values[index], moment, quiet=empty)
                area.reader.data[code] = datum
    area.extra_columns(rows.values(), found, (ORDINAL, UNIT))


def _grid_as_of(area: _Area, block: Grid, bottom: int) -> Date | None:
    code = f"{block.block}.{AS_OF}"
    wanted = fold(AS_OF_LABEL)
    for row in area.sheet.filled(area.start + 1, bottom):
        for column in sorted(area.sheet.rows[row]):
            if area.sheet.label(row, column).rstrip(": ") == wanted:
                moment = area.as_of(code, block.title, row, area.sheet.right_of(row, column))
                area.reader.data[code] = moment
                return moment
    area.reader.found(
        "thieu_dong",
        code,
        f"phần “{block.title}”: thiếu dòng “{AS_OF_LABEL}”",
        (area.sheet.title,),
        Severity.CANH_BAO,
        expected="dòng ghi ngày số liệu như biểu mẫu",
        remedy="khôi phục dòng này theo biểu mẫu",
    )
    known = area.reader.data.get(code)
    return known if isinstance(known, Date) else None


def _read_list(area: _Area, block: List) -> None:
    wanted = [(item.group, header(item)) for item in block.columns]
    names = [item.name for item in block.columns]
    found = area.header(names, wanted, [item.constraints.required for item in block.columns], (ORDINAL,))
    area.reader.lengths[block.block] = 0
    if found is None:
        return
    rows = area.sheet.filled(found.bottom + 1, area.end)
    number = 0
    for row in rows:
        # Guidance below the last list stands in the first column only.
        if not any(area.sheet.content(row, column) for column in found.columns.values()):
            continue
        number += 1
        for index, item in enumerate(block.columns):
            code = f"{block.block}.r{number}.{item.name}"
            label = f"{block.title}, dòng {number}, {item.title}"
            if index in found.columns:
                quiet = not item.constraints.required
                datum = area.read(code, item, label, row, found.columns[index], quiet=quiet)
            else:
                nowhere = Cell(area.reader.workbook, area.sheet.title, "")
                datum = make_datum(code, item, label, nowhere, Reading(None), None)
            area.reader.data[code] = datum
    area.reader.lengths[block.block] = number
    area.extra_columns(rows, found, (ORDINAL,))
