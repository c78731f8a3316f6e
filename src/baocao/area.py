"""One block's part of a sheet: its header, rows and columns found by their titles, its cells read one by one.

Whatever a clerk filled in beside the form is named, so that nothing is lost in silence.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from baocao.datum import as_of_label, make_datum
from baocao.errors import Problem, Severity
from baocao.figure import Cell, Date, Datum
from baocao.finding import Finding
from baocao.forms import REFERENCE, Form, Item
from baocao.sheet import Header, SheetContent
from baocao.value import Reading, Unreadable, read_value
from baocao.vi import fold, format_number

_KINDS = {
    "integer": "một số nguyên",
    "number": "một số",
    "reported_rate": "một tỷ lệ, ví dụ “trên 98%”",
    "string": "nội dung bằng chữ",
    "date": "một ngày, ví dụ 14/4/2024",
    "partial_date": "ngày, tháng hoặc năm",
}


MERGED = "o_gop"
"""Rule of what is missing because its cell is merged into another."""
_NAMED = 8
"""Cells that a finding names one by one."""
_REF = re.compile("[A-Z]{1,3}[0-9]+")
_UNCALCULATED = Unreadable(
    "chua_tinh",
    "công thức chưa có kết quả trong tệp",
    "giá trị đã tính",
    "mở tệp bằng Excel, lưu lại rồi gửi lại, hoặc gõ thẳng giá trị",
)
_SIGNATURE = re.compile(
    r"(người (lập|tổng hợp|báo cáo)|cán bộ (lập|tổng hợp)|lập biểu|thủ trưởng|lãnh đạo"
    r"|(phó )?(trưởng|giám đốc|chủ tịch)|xác nhận của)\b.{0,60}|(q|kt|tm|tl|tuq)\. .{2,60}"
    r"|\((đã )?ký\b.{0,60}|đã ký|nơi nhận:?"
    r"|(.{2,40}, )?ngày .{0,4}tháng .{0,4}năm .{0,5}"
)
"""Lines of a signature, folded; an entry that says the same has its ordinal."""


@dataclass
class Reader:
    """Collects from one workbook, `workbook` by name."""

    workbook: str
    form: Form
    data: dict[str, Datum] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    outdated: bool = False
    """The workbook is of another version of the form, which is told by itself."""

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
        refs: Sequence[str] = (),
    ) -> None:
        """Note a finding at `where` (sheet, cell) of this workbook; `refs` are its cells where they are several."""
        problem = Problem(what, (self.workbook, *where), expected, remedy)
        marked = refs or [place for place in where[1:2] if _REF.fullmatch(place)]
        cells = tuple(Cell(self.workbook, where[0], ref) for ref in marked)
        self.findings.append(Finding(rule, code, severity, problem, self.form.department, cells=cells))


@dataclass(frozen=True)
class Area:
    """The rows of one block on its sheet."""

    reader: Reader
    sheet: SheetContent
    block: str
    start: int
    end: int
    hidden: list[str] = field(default_factory=list)
    """The cells that were read though nobody sees them."""
    linked: list[str] = field(default_factory=list)
    """The cells whose value comes from another workbook."""
    renamed: set[int] = field(default_factory=set)
    """Columns under a title that is told to be another one's."""

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
        familiar = {fold(title) for title in (REFERENCE, *known, *(part for pair in wanted for part in pair))}
        strange = {column: label for column, label in header.labels.items() if fold(label) not in familiar}
        for index, (group, title) in enumerate(wanted):
            if index in header.columns:
                continue
            near = _in_place_of(index, title, len(wanted), header.columns, strange)
            if near is not None:
                self.renamed.add(near)
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
        placed = {index: places[fold(title)][0] for index, title in enumerate(titles) if fold(title) in places}
        found: dict[int, int] = {}
        for index, title in enumerate(titles):
            matches = places.get(fold(title), [])
            if len(matches) == 1:
                found[index] = matches[0]
            elif matches:
                what = f"có {len(matches)} dòng “{title}”"
                self._row_finding("trung_dong", names[index], what, matches[1], column, Severity.LOI)
            else:
                near = _in_place_of(index, title, len(titles), placed, strange, header.bottom)
                what = f"thiếu dòng “{title}”" + ("" if near is None else f"; ở đây ghi “{strange.pop(near)}”")
                if near is not None:
                    places.pop(self.sheet.label(near, column))
                severity = Severity.LOI if needed[index] else Severity.CANH_BAO
                self._row_finding("thieu_dong", names[index], what, near, column, severity)
        values = [other for index, other in header.columns.items() if other != column]
        below = max(found.values(), default=header.bottom)
        signed = False
        for row in sorted(row for label, rows in places.items() if label not in wanted for row in rows):
            # Signatures and names below the table are no data; figures there may be.
            signed = signed or (row > below and self.signature(row))
            if not (signed and not self._has_number(row)):
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

    def _has_number(self, row: int) -> bool:
        return any(isinstance(content.value, int | float) for content in self.sheet.rows[row].values())

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
        mapped = set(header.columns.values()) | self.renamed
        familiar = {fold(title) for title in (REFERENCE, *known)}
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
            if self.sheet.hides(row, column):
                self.hidden.append(ref)
            if content.linked and not content.uncalculated:
                self.linked.append(ref)
            outcome = (
                _UNCALCULATED
                if content.uncalculated
                else read_value(content.value, content.is_error, item, content.number_format, content.font)
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
                self._note_typed(code, label, ref, reading)
        if reading.value is None and (not quiet or (content is None and self.covered(row, column))):
            self._missing(code, item, label, row, column)
        return make_datum(code, item, label, place, reading, as_of)

    def _note_typed(self, code: str, label: str, ref: str, reading: Reading) -> None:
        if reading.typed and isinstance(reading.value, int | Decimal):
            self.reader.found(
                "so_dang_chu",
                code,
                f"{label}: “{reading.typed}” gõ dạng chữ, đọc là {format_number(reading.value)}",
                (self.sheet.title, ref),
                Severity.LUU_Y,
                expected="ô định dạng số (Number)",
                remedy="kiểm tra số đã đọc; lần sau gõ chỉ bằng chữ số",
            )

    def covered(self, row: int, column: int) -> bool:
        """The cell is merged into another one, which has something in it."""
        anchor = self.sheet.anchor(row, column)
        return anchor != (row, column) and self.sheet.content(*anchor) is not None

    def _missing(self, code: str, item: Item, label: str, row: int, column: int) -> None:
        """Nothing is in a cell: a finding, with the cell that it is merged into where it is."""
        needed = item.constraints.required
        merged = self.covered(row, column)
        anchor = self.sheet.ref(*self.sheet.anchor(row, column))
        ref = self.sheet.ref(row, column)
        self.reader.found(
            MERGED if merged else "thieu_so_lieu",
            code,
            f"{label}: chưa có {'số liệu' if item.numeric else 'nội dung'}"
            + (f", vì ô {ref} bị gộp vào ô {anchor}" if merged else ""),
            (self.sheet.title, self.sheet.area(row, column) if merged else ref),
            Severity.LOI if needed else Severity.CANH_BAO if item.numeric or merged else Severity.LUU_Y,
            expected=f"{_KINDS[item.type]}, đơn vị: {item.unit}" if item.unit else _KINDS[item.type],
            remedy="bỏ gộp ô, ghi riêng từng ô"
            if merged
            else "đề nghị đơn vị bổ sung"
            if needed
            else "đề nghị đơn vị bổ sung, hoặc để trống nếu không có",
            refs=(anchor,) if merged else (),
        )

    def note_origin(self, title: str) -> None:
        """One finding for what was read from hidden cells or a hidden sheet, one for what other workbooks say."""
        if self.hidden:
            self.reader.found(
                "o_an",
                self.block,
                f"phần “{title}”: có nội dung ở {'trang tính' if self.sheet.hidden else 'dòng hoặc cột'} đang ẩn "
                f"({_listed(self.hidden)}), vẫn được đọc",
                (self.sheet.title, self.hidden[0]),
                Severity.LUU_Y,
                expected="mọi ô có số liệu đều nhìn thấy",
                remedy="bỏ ẩn, bỏ lọc, kiểm tra lại các ô này",
                refs=self.hidden,
            )
        if self.linked:
            self.reader.found(
                "lien_ket_tep_khac",
                self.block,
                f"phần “{title}”: công thức lấy số từ tệp khác ({_listed(self.linked)}); tệp đó không được mở, "
                "đọc theo kết quả đã lưu, có thể là số cũ",
                (self.sheet.title, self.linked[0]),
                Severity.CANH_BAO,
                expected="giá trị đã nhập, hoặc công thức trong chính tệp này",
                remedy="đối chiếu với tệp gốc, chép rồi dán giá trị (Paste Special - Values)",
                refs=self.linked,
            )

    def signature(self, row: int) -> bool:
        """The row is a line of a signature, or of the date and place above it, below what was filled in."""
        return any(_SIGNATURE.fullmatch(self.sheet.label(row, column)) for column in self.sheet.rows.get(row, {}))

    def as_of(self, code: str, title: str, row: int, column: int) -> Date:
        """An as-of date; it may be left empty."""
        label = as_of_label(title)
        datum = self.read(code, Item(name="as_of", title=label, type="partial_date"), label, row, column, quiet=True)
        assert isinstance(datum, Date)
        return datum


def _listed(refs: Sequence[str]) -> str:
    return ", ".join(refs[:_NAMED]) + (f" và {len(refs) - _NAMED} ô khác" if refs[_NAMED:] else "")


def _in_place_of(
    index: int, title: str, count: int, placed: dict[int, int], candidates: dict[int, str], start: int = 0
) -> int | None:
    """The place of the label most like `title`, or of the only one between its neighbours: somebody reworded it.

    `title` is number `index` of `count`; `placed` are the places of the others, `candidates` unknown labels by place.
    """
    labels = {fold(label): place for place, label in reversed(candidates.items())}
    close = difflib.get_close_matches(fold(title), labels, n=1, cutoff=0.6)
    if close:
        return labels[close[0]]
    if (index > 0 and index - 1 not in placed) or (index + 1 < count and index + 1 not in placed):
        return None
    above = placed.get(index - 1, start)
    between = [place for place in candidates if above < place < placed.get(index + 1, above + 2)]
    return between[0] if len(between) == 1 else None
