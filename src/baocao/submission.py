"""One submitted workbook: opened, or refused with the reason; and the form that it says it is."""

import hashlib
import logging
import posixpath
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import openpyxl
from defusedxml import ElementTree  # type: ignore[import-untyped]
from openpyxl.utils.cell import range_boundaries

from baocao.errors import Problem, Severity
from baocao.finding import Finding
from baocao.forms import Form
from baocao.period import Period
from baocao.sheet import SheetContent, take_out
from baocao.vi import clean_text, fold, nfc
from baocao.workbook import IDENTITY, period_text

_IDENTITY_ROWS = 12
_OLE = b"\xd0\xcf\x11\xe0"
_OTHER_SHEETS = {".xls", ".xlsm", ".xlsb", ".ods", ".csv"}
_LIBREOFFICE_LOCK = re.compile(r"\.~lock\.(.+)#")
_LARGEST = 20 * 2**20
"""Bytes that a workbook may unpack to; a form takes well under one million."""
_LARGEST_PART = 4 * 2**20
"""Bytes of one part that is no picture: XML is parsed in time that grows with the square of its longest token."""
_MOST_CELLS = 200_000
"""XML elements and cells of merged or linked areas that a workbook may have; a form has a few thousand."""
_AREA_WEIGHT = 20
"""What one area costs openpyxl beside its cells, in cells."""
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_AREAS = ("mergeCell", "hyperlink")
"""Elements whose `ref` openpyxl expands cell by cell."""
_PERIOD = re.compile(r"tháng\s+(\d{1,2})\s+năm\s+(\d{4})|(\d{1,2})/(\d{4})|(\d{4})-(\d{2})")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PICTURES = "xl/media/"
_BOOK, _BOOK_RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_SHEET_FILE = "tệp Excel .xlsx"
_RULES = {"version": "sai_phien_ban", "department": "sai_don_vi", "period": "sai_ky", "code": "sai_bieu"}

_log = logging.getLogger(__name__)

Identity = dict[str, tuple[str, str]]
"""Identity key → (what is stated, its cell)."""


@dataclass(frozen=True)
class Submission:
    """A workbook that could be opened: its sheets, in order, and the hash of the bytes that they were read from."""

    name: str
    sheets: tuple[SheetContent, ...]
    sha256: str


def is_noise(path: Path) -> bool:
    """Hidden files are none of the user's; a lock file that LibreOffice left is worth a word."""
    return path.name.startswith(".") and not _LIBREOFFICE_LOCK.fullmatch(path.name)


def open_submission(path: Path) -> Submission | Finding:
    """Open a workbook; what is no readable one is a finding that says why."""
    name = nfc(path.name)

    def refuse(rule: str, what: str, remedy: str, severity: Severity = Severity.LOI) -> Finding:
        return Finding(rule, name, severity, Problem(what, (name,), _SHEET_FILE, remedy))

    if path.is_dir():
        if path.suffix.lower() == ".xlsx":
            return refuse("la_thu_muc", "là một thư mục, không phải tệp", "chuyển thư mục đi, chép tệp .xlsx vào")
        return refuse("thu_muc_la", "thư mục con không được đọc", "chuyển thư mục ra chỗ khác", Severity.LUU_Y)
    lock = _LIBREOFFICE_LOCK.fullmatch(name)
    if lock or name.startswith("~$"):
        return refuse(
            "dang_mo",
            f"tệp {lock[1] if lock else name[2:]} đang mở ở chương trình bảng tính; thay đổi chưa lưu chưa được đọc",
            "lưu và đóng tệp, chạy lại lệnh nếu có thay đổi",
            Severity.CANH_BAO,
        )
    suffix = path.suffix.lower()
    if suffix in _OTHER_SHEETS:
        return refuse("sai_dinh_dang", f"tệp {suffix} không được đọc", "mở tệp, lưu lại dạng .xlsx", Severity.CANH_BAO)
    if suffix != ".xlsx":
        return refuse("tep_la", "tệp không phải bảng tính, được bỏ qua", "chuyển tệp ra chỗ khác", Severity.LUU_Y)
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        _log.info("%s: %s", path, error)
        return refuse(
            "khong_doc_duoc",
            "không đọc được tệp: không có quyền, hoặc chương trình khác đang giữ tệp",
            "đóng tệp hoặc cấp quyền đọc rồi chạy lại lệnh",
        )
    if not content:
        return refuse("tep_rong", "tệp rỗng (0 byte)", "đề nghị đơn vị gửi lại tệp")
    if content.startswith(_OLE):
        return refuse(
            "co_mat_khau",
            "tệp có mật khẩu, hoặc là tệp .xls cũ đổi đuôi",
            "mở tệp trong Excel, bỏ mật khẩu, lưu lại dạng .xlsx",
        )
    try:
        parts = _unpack(content)
        uncalculated = dict(_uncalculated(parts))
        with _library(), warnings.catch_warnings():
            # What openpyxl does not keep (extensions, default styles) no value depends on.
            warnings.simplefilter("ignore", UserWarning)
            book = openpyxl.load_workbook(BytesIO(content), data_only=True)
            raw = [take_out(sheet, uncalculated.get(sheet.title, frozenset())) for sheet in book.worksheets]
    except zipfile.BadZipFile as error:
        _log.info("%s: %s", path, error)
        return refuse("tep_hong", "tệp bị hỏng, hoặc không phải tệp Excel đổi đuôi", "đề nghị đơn vị gửi lại tệp")
    except _TooLargeError as error:
        return refuse("qua_lon", f"tệp quá lớn: {error}", "chép số liệu vào biểu mẫu trống rồi gửi lại")
    except _DamagedError as error:
        _log.info("%s", path, exc_info=error)
        return refuse("tep_hong", "nội dung bên trong tệp bị hỏng", "đề nghị đơn vị gửi lại tệp")
    return Submission(name, tuple(SheetContent(sheet) for sheet in raw), hashlib.sha256(content).hexdigest())


class _TooLargeError(Exception):
    """The workbook has more in it than can be a form; the message says of what."""


class _DamagedError(Exception):
    """A library could not read the content; its own error is the cause."""


@contextmanager
def _library() -> Iterator[None]:
    """Around calls of libraries only: they let every fault of a damaged archive or of its XML through as it comes."""
    try:
        yield
    except zipfile.BadZipFile:
        raise
    except Exception as error:
        raise _DamagedError from error


def _unpack(content: bytes) -> dict[str, bytes]:
    """The parts of a workbook by name, unless there is more in them than can be a form."""
    with _library():
        archive = zipfile.ZipFile(BytesIO(content))
    with archive:
        files = archive.infolist()
        if len(content) > _LARGEST or sum(file.file_size for file in files) > _LARGEST:
            raise _TooLargeError(f"hơn {_LARGEST // 2**20} MB khi giải nén")
        if any(file.file_size > _LARGEST_PART and not file.filename.startswith(_PICTURES) for file in files):
            raise _TooLargeError(f"có phần hơn {_LARGEST_PART // 2**20} MB khi giải nén")
        with _library():
            parts = {file.filename: archive.read(file) for file in files}
    count = 0
    for part in parts.values():
        for element in _elements(part):
            count += 1 + _area(element)
            if count > _MOST_CELLS:
                raise _TooLargeError("quá nhiều ô, hoặc vùng trộn ô quá rộng")
    return parts


def _elements(part: bytes) -> Iterator[Element]:
    """The elements of an XML part, as far as it is one: openpyxl says what is wrong with the rest."""
    events = ElementTree.iterparse(BytesIO(part), ("start",))
    while True:
        try:
            _, element = next(events)
        except (StopIteration, ParseError, ValueError, LookupError):
            return
        yield element


def _area(element: Element) -> int:
    """How many cells or ranges the element makes openpyxl expand."""
    if element.tag.rpartition("}")[2] not in _AREAS:
        return element.get("sqref", "").count(" ")
    try:
        left, top, right, bottom = range_boundaries(element.get("ref", ""))
    except (ValueError, TypeError):
        return 0
    width, height = (right or _LAST_COLUMN) - (left or 1), (bottom or _LAST_ROW) - (top or 1)
    return _AREA_WEIGHT + (abs(width) + 1) * (abs(height) + 1)


def _uncalculated(parts: Mapping[str, bytes]) -> Iterator[tuple[str, frozenset[str]]]:
    """Sheet title → cells with a formula but no stored result, which openpyxl reads as empty."""
    if not {_BOOK, _BOOK_RELATIONS} <= parts.keys():
        return
    targets = {
        relation.get("Id"): posixpath.normpath(posixpath.join("/xl", relation.get("Target", ""))).lstrip("/")
        for relation in _parsed(parts[_BOOK_RELATIONS])
    }
    for sheet in _named(_parsed(parts[_BOOK]), "sheet"):
        content = parts.get(targets.get(sheet.get(_RELATION), ""), b"")
        if b"<f" not in content and b":f" not in content:
            continue
        cells = (
            cell.get("r", "")
            for cell in _named(_parsed(content), "c")
            if any(True for _ in _named(cell, "f")) and not _has_result(cell)
        )
        yield sheet.get("name", ""), frozenset(cells)


def _parsed(part: bytes) -> Element:
    with _library():
        root: Element = ElementTree.fromstring(part)
    return root


def _has_result(cell: Element) -> bool:
    # A text formula may well come to nothing: an empty text is a result.
    return cell.get("t") == "str" or any(value.text for value in _named(cell, "v"))


def _named(element: Element, name: str) -> Iterator[Element]:
    """Elements of that local name, in whichever of the two namespaces of spreadsheets."""
    return element.iterfind(f".//{{*}}{name}")


def identify(submission: Submission, forms: Sequence[Form], period: Period) -> tuple[Form | None, list[Finding]]:
    """The form that the workbook says it is; findings where form, period, version or department is another."""
    name = submission.name
    stated = [(sheet, identity(sheet)) for sheet in submission.sheets]
    # A sheet of the clerk's own may stand before those of the form.
    sheet, found = next((pair for pair in stated if "code" in pair[1]), (None, {}))
    if sheet is None:
        problem = Problem(
            "không thấy dòng “Biểu số: …” ở đầu các trang tính",
            (name,),
            "biểu mẫu của kỳ này, giữ nguyên phần đầu",
            "chép số liệu vào đúng biểu mẫu rồi gửi lại",
        )
        return None, [Finding("khong_ro_bieu", name, Severity.LOI, problem)]
    form = next((form for form in forms if fold(form.code) == fold(found["code"][0])), None)
    if form is None:
        problem = Problem(
            f"biểu số “{found['code'][0]}” không có trong danh mục",
            (name, sheet.title, found["code"][1]),
            f"một trong các biểu: {', '.join(form.code for form in forms)}",
            "dùng đúng biểu mẫu của kỳ này",
        )
        return None, [Finding("bieu_la", name, Severity.LOI, problem)]
    return form, mismatches(name, sheet, found, form, period, ("period", "version", "department"))


def mismatches(
    name: str,
    sheet: SheetContent,
    found: Identity,
    form: Form,
    period: Period,
    needed: Sequence[str] = (),
    code: str = "",
) -> list[Finding]:
    """Findings where the head of a sheet states another form, period, version or department, or lacks a `needed`.

    They are about the workbook, or about what `code` says.
    """
    wanted = {
        "code": form.code,
        "period": period_text(period),
        "version": str(form.version),
        "department": form.department,
    }
    findings = []
    for key, expected in wanted.items():
        text, ref = found.get(key, ("", ""))
        if key not in found and key not in needed:
            continue
        if _period(text) == period if key == "period" else fold(text) == fold(expected):
            continue
        problem = Problem(
            f"{IDENTITY[key].lower()} ghi trên biểu là “{text}”" if text else f"biểu không ghi {IDENTITY[key].lower()}",
            (name, sheet.title, ref) if ref else (name, sheet.title),
            f"{IDENTITY[key]}: {expected}",
            "gửi đúng tệp của kỳ này; không sửa kỳ trên tệp cũ"
            if key == "period"
            else "chép số liệu vào đúng biểu mẫu của kỳ này",
        )
        findings.append(Finding(_RULES[key], code or name, Severity.LOI, problem, form.department))
    return findings


def identity(sheet: SheetContent) -> Identity:
    """What the head of the sheet says of its form."""
    labels = {fold(label): key for key, label in IDENTITY.items()}
    found: Identity = {}
    for row in sheet.filled(1, _IDENTITY_ROWS):
        for column in sorted(sheet.rows[row]):
            label, colon, value = clean_text(sheet.shown(row, column)).partition(":")
            key = labels.get(fold(label)) if colon else None
            if key and key not in found:
                found[key] = (value.strip(), sheet.ref(row, column))
    return found


def _period(text: str) -> Period | None:
    match = _PERIOD.search(fold(text))
    if not match:
        return None
    month, year = (match[1], match[2]) if match[1] else (match[3], match[4]) if match[3] else (match[6], match[5])
    return Period(int(year), int(month)) if 1 <= int(month) <= 12 else None
