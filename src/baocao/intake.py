"""Reading submitted workbooks: values with their cells, and everything that is wrong with them, in one go.

A workbook is known by the identity printed inside it (form, version, period, department), never by its file
name. Blocks, rows and columns are found by their titles, so that an inserted row or a moved sheet does no harm.
"""

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl
from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.cell.cell import MergedCell
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from baocao.errors import InputError, Problem, Severity
from baocao.figure import Cell, Date, Datum, Figure, Text
from baocao.finding import Finding
from baocao.forms import AS_OF, Fields, Form, Grid, Item, List, Sheet
from baocao.period import Period
from baocao.value import Reading, Unreadable, read_value
from baocao.vi import PartialDate, clean_text, fold
from baocao.workbook import AS_OF_LABEL, FIELD_HEADERS, IDENTITY, header, period_text

_IDENTITY_ROWS = 12
_OLE = b"\xd0\xcf\x11\xe0"
_OTHER_SHEETS = {".xls", ".xlsm", ".xlsb", ".ods", ".csv"}
_PERIOD = re.compile(r"tháng\s+(\d{1,2})\s+năm\s+(\d{4})|(\d{1,2})/(\d{4})|(\d{4})-(\d{2})")


@dataclass(frozen=True)
class Intake:
    """All values of a month by code, in the order of the forms; how many rows each open list has; the findings."""

    period: Period
    data: dict[str, Datum]
    lengths: dict[str, int]
    findings: tuple[Finding, ...]


@dataclass
class _Reader:
    """Collects from one workbook."""

    workbook: str
    form: Form
    data: dict[str, Datum] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def found(
        self, rule: str, code: str, what: str, where: Sequence[str] = (), severity: Severity = Severity.LOI, **more: str
    ) -> None:
        problem = Problem(what, (self.workbook, *where), more.get("expected", ""), more.get("remedy", ""))
        self.findings.append(Finding(rule, code, severity, problem, self.form.department))


def read_submissions(folder: Path, forms: Sequence[Form], period: Period) -> Intake:
    """Read every workbook in `folder`. What is wrong becomes findings; a folder that cannot be read is an `InputError`."""
    if not folder.is_dir():
        raise InputError(
            Problem(
                what=f"không có thư mục số liệu của kỳ {period}",
                where=(f"data/{period}",),
                expected="thư mục chứa các tệp .xlsx do các đơn vị gửi",
                remedy="tạo thư mục, chép các tệp của các đơn vị vào rồi chạy lại lệnh",
            )
        )
    findings: list[Finding] = []
    owners: dict[str, list[str]] = {form.form: [] for form in forms}
    readers: dict[str, _Reader] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        opened = _open(path, findings)
        if opened is None:
            continue
        form = _identify(path.name, opened, forms, period, findings, owners)
        if form is None:
            continue
        owners[form.form].append(path.name)
        reader = _Reader(path.name, form)
        for sheet in form.sheets:
            _read_sheet(reader, opened, sheet, period)
        readers.setdefault(form.form, reader)
    findings += _ownership(forms, owners, period)
    data: dict[str, Datum] = {}
    lengths: dict[str, int] = {}
    for form in forms:
        if form.form in readers:
            reader = readers[form.form]
            data |= reader.data
            lengths |= reader.lengths
            findings += reader.findings
    return Intake(period, data, lengths, tuple(findings))


def _ownership(forms: Sequence[Form], owners: dict[str, list[str]], period: Period) -> Iterator[Finding]:
    for form in forms:
        names = owners[form.form]
        if not names:
            yield Finding(
                "thieu_tep",
                form.form,
                Severity.LOI,
                Problem(
                    what=f"chưa có tệp của {form.department}, biểu {form.code}",
                    where=(f"data/{period}",),
                    expected=f"một tệp, thường tên là {form.file}",
                    remedy="đề nghị đơn vị gửi biểu, chép tệp vào thư mục rồi chạy lại lệnh",
                ),
                form.department,
            )
        elif len(names) > 1:
            yield Finding(
                "trung_tep",
                form.form,
                Severity.LOI,
                Problem(
                    what=f"có {len(names)} tệp cùng là biểu {form.code} của {form.department}: {', '.join(names)}",
                    where=(f"data/{period}",),
                    expected="mỗi biểu một tệp",
                    remedy="giữ lại tệp đúng, chuyển tệp kia ra khỏi thư mục",
                ),
                form.department,
            )


def _open(path: Path, findings: list[Finding]) -> openpyxl.Workbook | None:
    """The workbook, or None with a finding that says why it cannot be read."""

    def refuse(rule: str, what: str, expected: str, remedy: str, severity: Severity = Severity.LOI) -> None:
        findings.append(Finding(rule, path.name, severity, Problem(what, (path.name,), expected, remedy)))

    sheet_file = "tệp Excel .xlsx"
    if path.is_dir():
        refuse(
            "la_thu_muc", "là một thư mục, không phải tệp", sheet_file, "chuyển thư mục ra chỗ khác, chép tệp .xlsx vào"
        )
        return None
    if path.name.startswith("~$"):
        refuse(
            "dang_mo",
            f"tệp {path.name[2:]} đang mở trong Excel; thay đổi chưa lưu thì chưa được đọc",
            "tệp đã lưu và đóng",
            "lưu và đóng tệp trong Excel, chạy lại lệnh nếu có thay đổi",
            Severity.CANH_BAO,
        )
        return None
    if path.suffix.lower() != ".xlsx":
        if path.suffix.lower() in _OTHER_SHEETS:
            refuse("sai_dinh_dang", f"tệp {path.suffix} không được đọc", sheet_file, "mở tệp, lưu lại dạng .xlsx")
        else:
            refuse(
                "tep_la", "tệp không phải bảng tính, được bỏ qua", sheet_file, "chuyển tệp ra chỗ khác", Severity.LUU_Y
            )
        return None
    try:
        start = path.read_bytes()[:8]
    except OSError as error:
        refuse(
            "khong_doc_duoc",
            f"không đọc được tệp: {error.strerror}",
            sheet_file,
            "đóng tệp hoặc cấp quyền đọc rồi chạy lại lệnh",
        )
        return None
    if not start:
        refuse("tep_rong", "tệp rỗng (0 byte)", sheet_file, "đề nghị đơn vị gửi lại tệp")
        return None
    if start.startswith(_OLE):
        refuse(
            "co_mat_khau",
            "tệp có mật khẩu, hoặc là tệp .xls cũ đổi đuôi",
            "tệp .xlsx không đặt mật khẩu",
            "mở tệp trong Excel, bỏ mật khẩu, lưu lại dạng .xlsx",
        )
        return None
    try:
        return openpyxl.load_workbook(path, data_only=True)
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        KeyError,
        ValueError,
        OSError,
        SyntaxError,
        TypeError,
        IndexError,
    ) as error:
        # openpyxl lets every fault of a damaged archive or of its XML through as it comes.
        refuse("tep_hong", f"tệp bị hỏng hoặc không phải Excel ({error})", sheet_file, "đề nghị đơn vị gửi lại tệp")
        return None


def _identify(
    name: str,
    book: openpyxl.Workbook,
    forms: Sequence[Form],
    period: Period,
    findings: list[Finding],
    owners: dict[str, list[str]],
) -> Form | None:
    """The form that the workbook says it is, when its period and version are right as well."""
    sheets = book.worksheets
    identity = _identity(sheets[0]) if sheets else {}
    form = next((form for form in forms if fold(form.code) == fold(identity.get("code", ("", ""))[0])), None)

    def refuse(rule: str, what: str, key: str, expected: str, remedy: str) -> None:
        ref = (sheets[0].title, identity[key][1]) if key in identity else ((sheets[0].title,) if sheets else ())
        department = form.department if form else ""
        findings.append(Finding(rule, name, Severity.LOI, Problem(what, (name, *ref), expected, remedy), department))

    if "code" not in identity:
        refuse(
            "khong_ro_bieu",
            "không thấy dòng “Biểu số: …” ở đầu trang tính thứ nhất",
            "code",
            "biểu mẫu do Văn phòng gửi, giữ nguyên phần đầu",
            "chép số liệu vào đúng biểu mẫu rồi gửi lại",
        )
        return None
    if form is None:
        refuse(
            "bieu_la",
            f"biểu số “{identity['code'][0]}” không có trong danh mục",
            "code",
            f"một trong các biểu: {', '.join(form.code for form in forms)}",
            "dùng đúng biểu mẫu của kỳ này",
        )
        return None
    wrong = False
    if _period(identity.get("period", ("", ""))[0]) != period:
        wrong = True
        stated = identity["period"][0] if "period" in identity else "không ghi"
        # The department did send its form: it is the wrong month's, and that is said once.
        owners[form.form].append(name)
        refuse(
            "sai_ky",
            f"tệp của kỳ khác: {stated}",
            "period",
            f"Kỳ báo cáo: {period_text(period)}",
            "gửi đúng tệp của kỳ này; không sửa kỳ trên tệp cũ",
        )
    for key, expected in (("version", str(form.version)), ("department", form.department)):
        stated = identity.get(key, ("không ghi", ""))[0]
        if fold(stated) != fold(expected):
            if not wrong:
                owners[form.form].append(name)
            wrong = True
            refuse(
                f"sai_{'phien_ban' if key == 'version' else 'don_vi'}",
                f"{IDENTITY[key].lower()} ghi trên biểu là “{stated}”",
                key,
                f"{IDENTITY[key]}: {expected}",
                "chép số liệu vào đúng biểu mẫu của kỳ này",
            )
    return None if wrong else form


def _identity(sheet: Worksheet) -> dict[str, tuple[str, str]]:
    """What the head of the sheet says: identity key → (value, cell)."""
    labels = {fold(label): key for key, label in IDENTITY.items()}
    found: dict[str, tuple[str, str]] = {}
    for cells in sheet.iter_rows(min_row=1, max_row=_IDENTITY_ROWS):
        for cell in cells:
            if not isinstance(cell.value, str) or ":" not in cell.value:
                continue
            label, _, value = clean_text(cell.value).partition(":")
            key = labels.get(fold(label))
            if key and key not in found:
                found[key] = (value.strip(), cell.coordinate)
    return found


def _period(text: str) -> Period | None:
    match = _PERIOD.search(fold(text))
    if not match:
        return None
    month, year = (match[1], match[2]) if match[1] else (match[3], match[4]) if match[3] else (match[6], match[5])
    return Period(int(year), int(month)) if 1 <= int(month) <= 12 else None


def _read_sheet(reader: _Reader, book: openpyxl.Workbook, definition: Sheet, period: Period) -> None:
    sheet = next((sheet for sheet in book.worksheets if fold(sheet.title) == fold(definition.name)), None)
    if sheet is None:
        reader.found(
            "thieu_trang",
            reader.form.form,
            f"thiếu trang tính “{definition.name}”",
            expected=f"các trang: {', '.join(sheet.name for sheet in reader.form.sheets)}",
            remedy="khôi phục trang tính theo biểu mẫu",
        )
        return
    identity = _identity(sheet)
    if "period" in identity and _period(identity["period"][0]) != period:
        reader.found(
            "sai_ky",
            reader.form.form,
            f"trang tính của kỳ khác: {identity['period'][0]}",
            (sheet.title, identity["period"][1]),
            expected=f"Kỳ báo cáo: {period_text(period)}",
            remedy="chép số liệu của kỳ này vào biểu mẫu của kỳ này",
        )
        return
    grid = _Grid(reader, sheet)
    starts: dict[str, int] = {}
    for block in definition.blocks:
        row = grid.find_title(block.title)
        if row is None:
            reader.found(
                "thieu_khoi",
                block.block,
                f"không thấy phần “{block.title}”",
                (sheet.title,),
                expected="tiêu đề các phần như biểu mẫu",
                remedy="khôi phục dòng tiêu đề này theo biểu mẫu",
            )
        else:
            starts[block.block] = row
    ends = sorted(starts.values())
    for block in definition.blocks:
        if block.block not in starts:
            continue
        start = starts[block.block]
        end = next((other - 1 for other in ends if other > start), sheet.max_row)
        if isinstance(block, Fields):
            _read_fields(grid, block, start, end)
        elif isinstance(block, Grid):
            _read_grid(grid, block, start, end)
        else:
            _read_list(grid, block, start, end)


class _Grid:
    """One sheet, looked up by titles."""

    def __init__(self, reader: _Reader, sheet: Worksheet) -> None:
        self.reader = reader
        self.sheet = sheet
        self.rows: dict[int, dict[int, SheetCell]] = {}
        for cells in sheet.iter_rows():
            for cell in cells:
                if not isinstance(cell, MergedCell) and cell.value is not None and cell.value != "":
                    self.rows.setdefault(cell.row, {})[cell.column] = cell
        # A title over merged cells stands for every column below it.
        self.spans: dict[tuple[int, int], str] = {}
        for area in sheet.merged_cells.ranges:
            value = sheet.cell(area.min_row, area.min_col).value
            if isinstance(value, str):
                for column in range(area.min_col, area.max_col + 1):
                    self.spans[area.min_row, column] = fold(value)

    def label(self, row: int, column: int) -> str:
        cell = self.rows.get(row, {}).get(column)
        return fold(str(cell.value)) if cell is not None else ""

    def find_title(self, title: str) -> int | None:
        wanted = fold(title)
        return next(
            (row for row in sorted(self.rows) if any(self.label(row, col) == wanted for col in self.rows[row])), None
        )

    def ref(self, row: int, column: int) -> str:
        return str(self.sheet.cell(row, column).coordinate)

    def columns(
        self, block: str, wanted: Sequence[tuple[str, str]], start: int, end: int
    ) -> tuple[int, dict[int, int]]:
        """Header row (its lowest) and wanted index → column, by (group, title); what is not there is a finding."""
        best, best_row = -1, start
        titles = {fold(title) for _, title in wanted}
        for row in range(start + 1, min(end, start + 12) + 1):
            hits = len(titles & {self.label(row, column) for column in self.rows.get(row, {})})
            if hits > best:
                best, best_row = hits, row
        # Ungrouped titles of a two-row header stand in its upper row, merged downwards.
        rows = (best_row, best_row - 1) if best_row - 1 > start else (best_row,)
        rows = (*rows, best_row + 1)
        found: dict[int, int] = {}
        bottom = best_row
        for index, (group, title) in enumerate(wanted):
            for row in rows:
                column = next(
                    (
                        column
                        for column in sorted(self.rows.get(row, {}))
                        if self.label(row, column) == fold(title)
                        and column not in found.values()
                        and (
                            not group
                            or fold(group) in (self.spans.get((row - 1, column), ""), self.label(row - 1, column))
                        )
                    ),
                    None,
                )
                if column is not None:
                    found[index] = column
                    bottom = max(bottom, row)
                    break
            else:
                full = f"{group} › {title}" if group else title
                self.reader.found(
                    "thieu_cot",
                    block,
                    f"thiếu cột “{full}”",
                    (self.sheet.title, f"dòng {best_row}"),
                    expected="tiêu đề cột như biểu mẫu",
                    remedy="khôi phục tiêu đề cột theo biểu mẫu",
                )
        return bottom, found

    def row_of(self, block: str, title: str, column: int, start: int, end: int) -> int | None:
        """The row with that title in that column; none or several are findings."""
        matches = [row for row in range(start + 1, end + 1) if self.label(row, column) == fold(title)]
        if len(matches) == 1:
            return matches[0]
        where = (self.sheet.title, self.ref(matches[1], column)) if matches else (self.sheet.title,)
        self.reader.found(
            "trung_dong" if matches else "thieu_dong",
            block,
            f"có {len(matches)} dòng “{title}”" if matches else f"thiếu dòng “{title}”",
            where,
            expected="mỗi chỉ tiêu một dòng như biểu mẫu",
            remedy="khôi phục dòng này theo biểu mẫu",
        )
        return None

    def read(
        self, code: str, item: Item, label: str, row: int, column: int, as_of: Date | None = None, quiet: bool = False
    ) -> Datum:
        """The value at a cell as a datum; unreadable and missing ones are findings and come back missing."""
        ref = self.ref(row, column)
        cell = self.rows.get(row, {}).get(column)
        place = Cell(self.reader.workbook, self.sheet.title, ref)
        reading = Reading(None)
        if cell is not None:
            outcome = read_value(cell.value, cell.data_type == "e", item)
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
            required = item.constraints.required
            self.reader.found(
                "thieu_so_lieu",
                code,
                f"{label}: chưa có {'số liệu' if item.numeric else 'nội dung'}",
                (self.sheet.title, ref),
                severity=Severity.LOI if required else Severity.CANH_BAO if item.numeric else Severity.LUU_Y,
                expected=_expected(item),
                remedy="đề nghị đơn vị bổ sung" if required else "đề nghị đơn vị bổ sung, hoặc để trống nếu không có",
            )
        return _datum(code, item, label, place, reading, as_of)

    def as_of(self, code: str, label: str, row: int, column: int) -> Date:
        """An as-of date; it may be left empty."""
        item = Item(name="as_of", title=label, type="partial_date")
        datum = self.read(code, item, f"{label}, ngày tính đến", row, column, quiet=True)
        assert isinstance(datum, Date)
        return datum


def _expected(item: Item) -> str:
    kind = {
        "integer": "một số nguyên",
        "number": "một số",
        "reported_rate": "một tỷ lệ, ví dụ “trên 98%”",
        "string": "nội dung bằng chữ",
        "date": "một ngày, ví dụ 14/4/2024",
        "partial_date": "ngày, tháng hoặc năm",
    }[item.type]
    return f"{kind}, đơn vị: {item.unit}" if item.unit else kind


def _datum(code: str, item: Item, label: str, place: Cell, reading: Reading, as_of: Date | None) -> Datum:
    value = reading.value
    if isinstance(value, PartialDate) or (value is None and item.type in ("date", "partial_date")):
        return Date(code, value if isinstance(value, PartialDate) else None, label, place)
    if item.numeric:
        unit = "%" if item.type == "reported_rate" else item.unit
        number = None if value is None or isinstance(value, str) else value
        return Figure(code, number, label, unit, as_of, place, qualifier=reading.qualifier)
    return Text(code, value if isinstance(value, str) else None, label, place)


def _read_fields(grid: _Grid, block: Fields, start: int, end: int) -> None:
    _, label_title, _, value_title, as_of_title, _ = FIELD_HEADERS
    top, columns = grid.columns(block.block, [("", label_title), ("", value_title), ("", as_of_title)], start, end)
    if len(columns) < 3:
        return
    label, value, as_of = (columns[index] for index in range(3))
    for item in block.fields:
        row = grid.row_of(block.block, item.title, label, top, end)
        if row is None:
            continue
        code = f"{block.block}.{item.name}"
        moment = None
        if item.numeric:
            moment = grid.as_of(f"{code}.{AS_OF}", item.title, row, as_of)
            grid.reader.data[moment.code] = moment
        grid.reader.data[code] = grid.read(code, item, item.title, row, value, moment)


def _read_grid(grid: _Grid, block: Grid, start: int, end: int) -> None:
    wanted = [("", block.row_title), *((item.group, header(item)) for item in block.columns)]
    top, columns = grid.columns(block.block, wanted, start, end)
    if len(columns) < len(wanted):
        return
    moment = _grid_as_of(grid, block, start, top) if block.as_of else None
    for row_definition in block.rows:
        row = grid.row_of(block.block, row_definition.title, columns[0], top, end)
        if row is None:
            continue
        empty = not any(column in grid.rows.get(row, {}) for column in list(columns.values())[1:])
        prefix = f"{block.block}.{row_definition.name}"
        if empty:
            grid.reader.found(
                "chua_bao_cao",
                prefix,
                f"{row_definition.title}: cả dòng để trống, coi như chưa báo cáo",
                (grid.sheet.title, grid.ref(row, columns[1])),
                severity=Severity.LUU_Y,
                expected="số liệu của dòng này, nếu có phát sinh",
                remedy="đề nghị đơn vị bổ sung nếu có",
            )
        for index, item in enumerate(block.columns, start=1):
            code = f"{prefix}.{item.name}"
            actual = (
                item.model_copy(update={"unit": row_definition.unit}) if row_definition.unit and item.numeric else item
            )
            label = f"{row_definition.title}, {item.title}"
            grid.reader.data[code] = grid.read(code, actual, label, row, columns[index], moment, quiet=empty)


def _grid_as_of(grid: _Grid, block: Grid, start: int, top: int) -> Date | None:
    wanted = fold(AS_OF_LABEL)
    for row in range(start + 1, top + 1):
        for column in sorted(grid.rows.get(row, {})):
            if grid.label(row, column).rstrip(": ") == wanted:
                spanned = next(
                    (
                        area.max_col
                        for area in grid.sheet.merged_cells.ranges
                        if (row, column) == (area.min_row, area.min_col)
                    ),
                    column,
                )
                moment = grid.as_of(f"{block.block}.{AS_OF}", block.title, row, spanned + 1)
                grid.reader.data[moment.code] = moment
                return moment
    grid.reader.found(
        "thieu_dong",
        f"{block.block}.{AS_OF}",
        f"phần “{block.title}”: thiếu dòng “{AS_OF_LABEL}”",
        (grid.sheet.title,),
        expected="dòng ghi ngày số liệu như biểu mẫu",
        remedy="khôi phục dòng này theo biểu mẫu",
    )
    return None


def _read_list(grid: _Grid, block: List, start: int, end: int) -> None:
    wanted = [(item.group, header(item)) for item in block.columns]
    top, columns = grid.columns(block.block, wanted, start, end)
    if len(columns) < len(wanted):
        return
    number = 0
    for row in range(top + 1, end + 1):
        # Guidance below the last list stands in the first column only.
        if not any(column in grid.rows.get(row, {}) for column in columns.values()):
            continue
        number += 1
        for index, item in enumerate(block.columns):
            code = f"{block.block}.r{number}.{item.name}"
            label = f"{block.title}, dòng {number}, {item.title}"
            quiet = not item.constraints.required
            grid.reader.data[code] = grid.read(code, item, label, row, columns[index], quiet=quiet)
    grid.reader.lengths[block.block] = number
