"""What a check found as workbooks to send back: one a department, its findings before a marked copy of its form."""

import hashlib
import logging
import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from baocao.archive import DamagedError, ForeignError, TooLargeError, TrapError, library
from baocao.cli_text import counts
from baocao.edited import replace_results
from baocao.errors import WHERE_SEPARATOR, Problem, RunError, Severity
from baocao.faults import readable
from baocao.finding import Finding
from baocao.manifest import MANIFEST, sha256, write_manifest
from baocao.marked_copy import ANSWERED, COLOURS, Numbered, colour, link, literal, mark, open_copy
from baocao.month import Month
from baocao.pen import begins_a_formula
from baocao.place import cells_at_fault, place
from baocao.project import Project
from baocao.store import Store
from baocao.vi import nfc, slug
from baocao.workbook import FINDINGS_SHEET, period_text, workbook_bytes

SUFFIX = ".kiem-tra"
"""Of the folder beside the results of the month."""

_GENERAL, _GENERAL_FILE = "Nội dung không thuộc riêng đơn vị nào", "chung"
_MOST_SHARING = 4
"""Workbooks that a finding may be about and still go to each of their departments: a sum over all units goes to one."""
_LONGEST_NAME = 100
_DEVICE = re.compile("con|prn|aux|nul|com[0-9]|lpt[0-9]")
"""Windows has no files of these names."""
_COLUMNS = (
    ("STT", 5),
    ("Mức độ", 10),
    ("Vị trí", 24),
    ("Đến ô", 8),
    ("Phát hiện", 42),
    ("Cần có", 32),
    ("Cách xử lý", 34),
    ("Mã phát hiện", 20),
)
_LINK = 4
"""Column of the links; a short one, because LibreOffice does not wrap a link."""
_HEADER_ROW = 7
_TALLEST_ROW = 400
_FONT = "Times New Roman"
_LINE = Side(style="thin", color="808080")
_COPY_NOTE = (
    "Các trang sau là bản sao của tệp “{name}”: ô có phát hiện được tô màu, có ghi chú. Công thức được thay bằng "
    "kết quả; hình vẽ, biểu đồ, liên kết và định dạng có điều kiện không có trong bản sao. Có thể sửa trên bản sao này "
    "rồi gửi lại."
)
_LIST_NOTE = "Chỉ có danh sách: không có tệp nào của đơn vị đọc được để sao lại."

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Sending:
    """What goes back to one department: about one workbook of its own, if it sent any that can be read."""

    department: str
    workbook: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Written:
    """The workbooks of a check, and copies of those of the check before that somebody had edited, or put there."""

    files: tuple[Path, ...]
    kept: tuple[Path, ...]


def write_checked(project: Project, month: Month) -> Written:
    """Replace `outputs/<period>.kiem-tra` by the workbooks of this check, all at once.

    With no findings there is none. What stops the writing is a `RunError`, and the earlier files stay.
    """
    files = checked_workbooks(project, month)
    store = Store(project.outputs, month.period, SUFFIX)
    with store.locked():
        work = store.fresh()
        with readable(work):
            for name, content in files.items():
                (work / name).write_bytes(content)
            write_manifest(work / MANIFEST, {"outputs": {name: sha256(work / name) for name in files}})
        kept = replace_results(store)
    return Written(tuple(store.final / name for name in files), kept)


def checked_workbooks(project: Project, month: Month) -> dict[str, bytes]:
    """File name → workbook, for every department that something was found for; the submitted files are only read."""
    files: dict[str, bytes] = {}
    sendings = list(_sendings(month))
    many = Counter(sending.department for sending in sendings)
    for sending in sendings:
        files[_file_name(sending, many[sending.department] > 1, files)] = _workbook(project, month, sending)
    return files


def by_department(month: Month) -> dict[str, tuple[Finding, ...]]:
    """What was found, by the departments that it goes back to; “” is for what none answers for."""
    owners = _owners(month)
    told: dict[str, list[Finding]] = {}
    for finding in _findings(month):
        for department in _answering(finding, owners):
            told.setdefault(department, []).append(finding)
    return {department: tuple(findings) for department, findings in sorted(told.items())}


def _file_name(sending: _Sending, several: bool, taken: Container[str]) -> str:
    name = slug(sending.department)[:_LONGEST_NAME] or _GENERAL_FILE
    if _DEVICE.fullmatch(name):
        name = f"don-vi-{name}"
    if several:
        name += f"-{slug(Path(sending.workbook).stem)}"
    names = (f"{name}-{number}.xlsx" if number > 1 else f"{name}.xlsx" for number in count(1))
    return next(each for each in names if each not in taken)


def _sendings(month: Month) -> Iterable[_Sending]:
    owners = _owners(month)
    # Departments in the order of their forms; what belongs to none comes last.
    findings = _findings(month)
    departments = dict.fromkeys([*(form.department for form in month.forms), *(f.department for f in findings)])
    for department in sorted(departments, key=lambda name: not name):
        own = [workbook for workbook, owner in owners.items() if owner == department]
        mine = [finding for finding in findings if department in _answering(finding, owners)]
        for workbook in own or [""]:
            others = set(own) - {workbook}
            about = tuple(f for f in mine if workbook in _workbooks(f) or not _workbooks(f) & others)
            if about:
                yield _Sending(department, workbook, about)


def _owners(month: Month) -> dict[str, str]:
    """Workbook → department, for the workbooks that could be read."""
    folder = f"data/{month.period}/"
    read = {path.removeprefix(folder) for path in month.read_files if path.startswith(folder)}
    departments = {block.block: form.department for form in month.forms for block in form.blocks}
    owners: dict[str, str] = {}
    for code, datum in month.dataset.inputs.items():
        department = next((departments[block] for block in _prefixes(code) if block in departments), "")
        cell = getattr(datum, "cell", None)
        if cell is not None and department:
            owners.setdefault(cell.workbook, department)
    for finding in _findings(month):
        # A second workbook of a form, or one of another month, gave no value.
        if finding.department and finding.problem.where:
            owners.setdefault(finding.problem.where[0], finding.department)
    return {workbook: department for workbook, department in owners.items() if workbook in read}


def _findings(month: Month) -> list[Finding]:
    """What several units have in common goes to each of them with its own cells only."""
    return [each for finding in month.findings for each in finding.parts or (finding,)]


def _prefixes(code: str) -> Iterable[str]:
    """`hoi_xa.vinh_hoa.nong_dan.tong_so` → `hoi_xa.vinh_hoa`, `hoi_xa`."""
    parts = code.split(".")
    return (".".join(parts[:2]), parts[0])


def _workbooks(finding: Finding) -> set[str]:
    return {cell.workbook for cell in cells_at_fault(finding)} | set(finding.problem.where[:1])


def _answering(finding: Finding, owners: Mapping[str, str]) -> set[str]:
    """The department that the finding is about, and those whose cells do not agree with it."""
    about = _workbooks(finding)
    others = {owners[workbook] for workbook in about if workbook in owners} if len(about) <= _MOST_SHARING else set()
    return {finding.department, *others} if finding.department else others or {""}


def _workbook(project: Project, month: Month, sending: _Sending) -> bytes:
    moment = datetime(month.period.year, month.period.month, 1)
    if sending.workbook:
        content = _submitted(project, month, sending.workbook)
        try:
            book = open_copy(content)
            _add_list(book, month, sending, note=_COPY_NOTE.format(name=sending.workbook))
            with library():
                return workbook_bytes(book, moment)
        except (DamagedError, ForeignError, TooLargeError, TrapError) as error:
            # The values could be read, but openpyxl cannot take or write what else is in there.
            _log.warning("%s cannot be copied", sending.workbook, exc_info=error)
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.created = moment
    _add_list(book, month, sending, note=_LIST_NOTE if sending.department else "")
    return workbook_bytes(book, moment)


def _submitted(project: Project, month: Month, name: str) -> bytes:
    """The bytes that were checked; a file that has changed since is a `RunError`."""
    wanted = month.read_files[f"data/{month.period}/{name}"]
    folder = project.submissions(month.period)
    try:
        for path in folder.iterdir():
            if nfc(path.name) == name and hashlib.sha256(content := path.read_bytes()).hexdigest() == wanted:
                return content
    except OSError as error:
        _log.warning("%s", folder, exc_info=error)
    raise RunError(
        Problem(
            "tệp đã thay đổi trong khi kiểm tra",
            (f"data/{month.period}", name),
            "tệp giữ nguyên trong khi lệnh chạy",
            "lưu và đóng tệp rồi chạy lại lệnh",
        )
    )


def _add_list(book: Workbook, month: Month, sending: _Sending, note: str) -> None:
    """Mark the cells of `book` and put the list of findings before its sheets."""
    numbered = [Numbered(number, finding) for number, finding in enumerate(sending.findings, start=1)]
    faults: dict[tuple[str, str], list[Numbered]] = {}
    for each in numbered:
        for cell in cells_at_fault(each.finding):
            if cell.workbook == sending.workbook:
                faults.setdefault((cell.sheet, cell.ref), []).append(each)
    places = mark(book, faults)
    sheets = {nfc(other.title): other.title for other in book.worksheets}
    sheet = book.create_sheet(FINDINGS_SHEET, 0)
    _head(sheet, month, sending, note)
    for row, each in enumerate(numbered, start=_HEADER_ROW + 1):
        own = [cell for cell in cells_at_fault(each.finding) if cell.workbook == sending.workbook]
        target = next((places[cell.sheet, cell.ref] for cell in own if (cell.sheet, cell.ref) in places), "")
        where = each.finding.problem.where
        if not target and len(where) > 1 and where[0] == sending.workbook and where[1] in sheets:
            target = link(sheets[where[1]], "A1")
        _row(sheet, row, each, target)
    _page(sheet, _HEADER_ROW + len(numbered))
    # Only one sheet is selected: what is typed goes to all that are.
    book.active = 0
    for other in book.worksheets:
        other.sheet_view.tabSelected = other is sheet
    for view in book.views:
        view.firstSheet = 0


def _head(sheet: Worksheet, month: Month, sending: _Sending, note: str) -> None:
    last = len(_COLUMNS)
    for column, (_, width) in enumerate(_COLUMNS, start=1):
        sheet.column_dimensions[chr(ord("A") + column - 1)].width = width
    lines = (
        (sending.department or _GENERAL, True, 12),
        (f"Kết quả kiểm tra số liệu {period_text(month.period).lower()}", True, 14),
        (counts(sending.findings), False, 11),
        (note, False, 11),
    )
    for row, (text, bold, size) in enumerate(lines, start=1):
        _put(sheet, row, 1, text, bold=bold, size=size)
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=last)
    sheet.row_dimensions[len(lines)].height = 32
    # The legend, over the widest columns.
    legend = [*((severity.value, COLOURS[severity]) for severity in Severity), ("đã xác nhận", ANSWERED)]
    _put(sheet, 5, 3, "Màu của ô:", align="right")
    for column, (text, shade) in enumerate(legend, start=_LINK + 1):
        _put(sheet, 5, column, text, align="center", fill=shade)
    for column, (title, _) in enumerate(_COLUMNS, start=1):
        _put(sheet, _HEADER_ROW, column, title, bold=True, align="center", fill="E7ECF3", boxed=True)


def _row(sheet: Worksheet, row: int, each: Numbered, target: str) -> None:
    finding, problem = each.finding, each.finding.problem
    severity = finding.severity.value + ("\n(đã xác nhận)" if finding.acknowledged_by else "")
    remedy = problem.remedy
    if finding.acknowledged_by:
        remedy += f"\nĐã xác nhận: {finding.reason} ({finding.acknowledged_by})"
    texts = (
        severity,
        place(finding),
        target.rpartition("!")[2],
        problem.what,
        problem.expected,
        remedy,
        f"{finding.rule}{WHERE_SEPARATOR}{finding.code}",
    )
    _put(sheet, row, 1, each.number, align="center", boxed=True)
    for column, text in enumerate(texts, start=2):
        _put(sheet, row, column, text, boxed=True)
    sheet.cell(row, 2).fill = PatternFill("solid", fgColor=colour([finding]))
    lines = [
        sum(1 + int(len(line) / (1.15 * width)) for line in text.split("\n"))
        for text, (_, width) in zip(texts, _COLUMNS[1:], strict=True)
    ]
    sheet.row_dimensions[row].height = min(_TALLEST_ROW, max(lines) * 15 + 4)
    if target:
        cell = sheet.cell(row, _LINK)
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=target, tooltip="Đến ô này")
        cell.font = Font(name=_FONT, size=11, color="0563C1", underline="single")


def _put(
    sheet: Worksheet,
    row: int,
    column: int,
    value: str | int,
    *,
    bold: bool = False,
    size: int = 11,
    align: str = "left",
    fill: str = "",
    boxed: bool = False,
) -> None:
    """A cell; a text is a text, whatever it begins with, and stays one when somebody edits it."""
    cell = sheet.cell(row, column)
    if isinstance(value, str):
        cell.value = literal(value)
        cell.data_type = "s"
        cell.quotePrefix = begins_a_formula(value)
    else:
        cell.value = value
    cell.font = Font(name=_FONT, size=size, bold=bold)
    cell.alignment = Alignment(horizontal=align, vertical="top", wrap_text=True)
    if fill:
        cell.fill = PatternFill("solid", fgColor=fill)
    if boxed:
        cell.border = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)


def _page(sheet: Worksheet, last_row: int) -> None:
    """A4 across, one page wide, with the header on every page."""
    sheet.freeze_panes = f"A{_HEADER_ROW + 1}"
    sheet.print_title_rows = f"{_HEADER_ROW}:{_HEADER_ROW}"
    sheet.print_area = f"A1:{chr(ord('A') + len(_COLUMNS) - 1)}{last_row}"
    sheet.page_setup.paperSize = 9
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.oddFooter = HeaderFooterItem(center=_HeaderFooterPart(text="Trang &P/&N"))
    sheet.sheet_view.showGridLines = False
