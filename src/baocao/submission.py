"""One submitted workbook: opened, or refused with the reason; and the form that it says it is."""

import difflib
import hashlib
import logging
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from baocao.archive import LARGEST, DamagedError, ForeignError, TooLargeError, TrapError, unpack
from baocao.book import read_book
from baocao.errors import Problem, Severity
from baocao.figure import Cell
from baocao.finding import Finding
from baocao.forms import Form, UnitForm
from baocao.period import Period
from baocao.sheet import SheetContent
from baocao.units import NAME as UNITS
from baocao.vi import clean_text, fold, nfc
from baocao.workbook import IDENTITY, period_text

_IDENTITY_ROWS = 12
_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""Name of the stream that holds a workbook with a password."""
_OTHER_SHEETS = {".xls", ".xlsm", ".xlsb", ".ods", ".csv"}
_LIBREOFFICE_LOCK = re.compile(r"\.~lock\.(.+)#")
_WINDOWS_HIDDEN = ("desktop.ini", "thumbs.db")
_PERIOD = re.compile(r"tháng\s+(\d{1,2})\s+năm\s+(\d{4})|(\d{1,2})/(\d{4})|(\d{4})-(\d{2})")
_AUTHORITY = re.compile(r"^(ubnd|(uỷ|ủy) ban nhân dân)\s+")
SHEET_FILE = "tệp Excel .xlsx"
VERSION = "sai_phien_ban"
"""Rule of a workbook of another version of its form."""
_RULES = {"version": VERSION, "department": "sai_don_vi", "period": "sai_ky", "code": "sai_bieu"}

_LACKS = {"thieu_trang", "thieu_khoi", "thieu_tieu_de", "thieu_cot", "thieu_dong"}

_MOST_KEPT = 256
"""Workbooks on a shelf: those of two months with a form of every unit, and many savings of some of them."""

_log = logging.getLogger(__name__)

Identity = dict[str, tuple[str, str]]
"""Identity key → (what is stated, its cell)."""


@dataclass(frozen=True)
class Submission:
    """A workbook that could be opened: its sheets, in order, and the hash of the bytes that they were read from."""

    name: str
    sheets: tuple[SheetContent, ...]
    sha256: str


class Shelf:
    """Workbooks taken apart, by the hash of their bytes: whoever reads a month again takes apart what is new to it."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[SheetContent, ...]] = {}

    def sheets(self, content: bytes, sha256: str) -> tuple[SheetContent, ...]:
        """The sheets of a workbook; nobody changes them. What it is not raises as `unpack` and `read_book` do."""
        if sha256 not in self._known:
            sheets = tuple(SheetContent(sheet) for sheet in read_book(unpack(content).parts))
            if len(self._known) >= _MOST_KEPT:
                del self._known[next(iter(self._known))]
            self._known[sha256] = sheets
        return self._known[sha256]


def is_noise(path: Path) -> bool:
    """Hidden files are none of the user's; a lock file that LibreOffice left is worth a word."""
    hidden = path.name.startswith(".") or path.name.lower() in _WINDOWS_HIDDEN
    return hidden and not _LIBREOFFICE_LOCK.fullmatch(path.name)


def open_submission(path: Path, shelf: Shelf | None = None) -> Submission | Finding:
    """Open a workbook; what is no readable one is a finding that says why. `shelf` keeps it for the next time."""
    name = nfc(path.name)

    def refuse(rule: str, what: str, remedy: str, severity: Severity = Severity.LOI) -> Finding:
        return Finding(rule, name, severity, Problem(what, (name,), SHEET_FILE, remedy))

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
    if path.exists() and not path.is_file():
        return refuse("khong_la_tep", "không phải là tệp thường", "xóa mục này, chép tệp .xlsx vào")
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
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
        if _ENCRYPTED in content:
            return refuse("co_mat_khau", "tệp có mật khẩu", "mở tệp trong Excel, bỏ mật khẩu rồi lưu lại")
        return refuse("sai_dinh_dang", "tệp .xls cũ đổi đuôi", "mở tệp trong Excel, lưu lại dạng .xlsx")
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        sheets = (shelf or Shelf()).sheets(content, sha256)
    except zipfile.BadZipFile as error:
        _log.info("%s: %s", path, error)
        if not content.startswith(_ZIP) and _is_text(content):
            return refuse("sai_dinh_dang", "tệp văn bản (CSV, HTML) đổi đuôi", "mở tệp, lưu lại dạng .xlsx")
        return refuse("tep_hong", "tệp bị hỏng, hoặc không phải tệp Excel đổi đuôi", "đề nghị đơn vị gửi lại tệp")
    except ForeignError as error:
        return refuse("sai_dinh_dang", str(error), "mở tệp, lưu lại dạng .xlsx")
    except TooLargeError as error:
        return refuse("qua_lon", f"tệp quá lớn: {error}", "chép số liệu vào biểu mẫu trống rồi gửi lại")
    except TrapError as error:
        _log.info("%s", path, exc_info=error)
        return refuse(
            "xml_la",
            "trong tệp có khai báo XML (DTD, thực thể) mà chương trình bảng tính không ghi, nên không được mở",
            "chép số liệu vào biểu mẫu trống rồi gửi lại; kiểm tra nguồn gốc của tệp",
        )
    except DamagedError as error:
        _log.info("%s", path, exc_info=error)
        return refuse("tep_hong", "nội dung bên trong tệp bị hỏng", "đề nghị đơn vị gửi lại tệp")
    return Submission(name, sheets, sha256)


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode("utf-8")
    except UnicodeDecodeError:
        return False


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
    candidates = [form for form in forms if fold(form.code) == fold(found["code"][0])]
    if not candidates:
        problem = Problem(
            f"biểu số “{found['code'][0]}” không có trong danh mục",
            (name, sheet.title, found["code"][1]),
            f"một trong các biểu: {', '.join(dict.fromkeys(form.code for form in forms))}",
            "dùng đúng biểu mẫu của kỳ này",
        )
        return None, [Finding("bieu_la", name, Severity.LOI, problem)]
    form = candidates[0]
    if isinstance(form, UnitForm):
        department, ref = found.get("department", ("", ""))
        named = next((other for other in candidates if _same_reporter(other.department, department)), None)
        if named is None:
            where = (name, sheet.title, ref) if ref else (name, sheet.title)
            return None, [_unknown_unit(name, department, where, candidates)]
        form = named
    return form, mismatches(name, sheet, found, form, period, ("period", "version", "department"))


def _same_reporter(one: str, other: str) -> bool:
    """Both name the same; “phường Lộc Thọ” is its UBND."""
    return _AUTHORITY.sub("", fold(one)) == _AUTHORITY.sub("", fold(other))


def _unknown_unit(name: str, department: str, where: tuple[str, ...], forms: Sequence[Form]) -> Finding:
    by_name = {fold(form.department): form.department for form in forms}
    close = difflib.get_close_matches(fold(department), by_name, n=1, cutoff=0.6)
    problem = Problem(
        f"đơn vị ghi trên biểu là “{department}”, không có trong danh sách xã, phường của kỳ này"
        if department
        else "biểu không ghi đơn vị báo cáo",
        where,
        f"tên gần nhất: {by_name[close[0]]}" if close else f"một trong {len(forms)} đơn vị ở {UNITS}",
        "ghi đúng tên đơn vị, hoặc dùng biểu mẫu của kỳ này",
    )
    return Finding("don_vi_la", name, Severity.LOI, problem)


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
        same = _period(text) == period if key == "period" else _same_reporter(text, expected)
        if same:
            continue
        problem = Problem(
            f"{IDENTITY[key].lower()} ghi trên biểu là “{text}”" if text else f"biểu không ghi {IDENTITY[key].lower()}",
            (name, sheet.title, ref) if ref else (name, sheet.title),
            f"{IDENTITY[key]}: {expected}",
            "gửi đúng tệp của kỳ này; không sửa kỳ trên tệp cũ"
            if key == "period"
            else "chép số liệu vào đúng biểu mẫu của kỳ này",
        )
        cells = (Cell(name, sheet.title, ref),) if ref else ()
        findings.append(Finding(_RULES[key], code or name, Severity.LOI, problem, form.department, cells=cells))
    return findings


def told_with_version(version: Finding, form: Form, others: Sequence[Finding]) -> list[Finding]:
    """The findings of a workbook of another version: what it lacks for that reason is told with the version, once."""
    lacks = [finding.problem.what for finding in others if finding.rule in _LACKS]
    what = f"{version.problem.what}; biểu đã có phiên bản {form.version}"
    if lacks:
        what += f", so với biểu đó tệp này: {'; '.join(lacks)}"
    told = replace(version, problem=replace(version.problem, what=what))
    return [told, *(finding for finding in others if finding.rule not in _LACKS)]


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
