"""Why a section failed: the cell, the line and one Vietnamese sentence, read from what its kernel left behind."""

import re
from dataclasses import dataclass
from typing import Any, Final

_LONGEST: Final = 400

# Colours and other terminal control, hyperlinks (OSC) included.
_ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_VIETNAMESE: Final = re.compile("[ăâđêôơưàáãèéìíòóõùúýĩũ\u1ea0-\u1ef9]", re.IGNORECASE)
# Where Python's own message names the cell's file; the place is said elsewhere.
_CELL_FILE: Final = re.compile(r" \((?:<[^<>]*>|\d+\.py), line \d+\)$")
_LINE_FIRST: Final = re.compile(r"^dòng \d+: ")
_LINE_IN_MESSAGE: Final = re.compile(r"\bdòng (\d+)\b", re.IGNORECASE)

_KNOWN: Final = {
    "AssertionError": "điều kiện kiểm tra không đúng",
    "AttributeError": "đối tượng không có thuộc tính này",
    "FileNotFoundError": "không tìm thấy tệp",
    "ImportError": "không nạp được thư viện",
    "IndentationError": "thụt đầu dòng sai",
    "IndexError": "vị trí ngoài danh sách",
    "KeyError": "không có khóa này",
    "KeyboardInterrupt": "ô bị ngắt giữa chừng",
    "MemoryError": "hết bộ nhớ",
    "ModuleNotFoundError": "chưa cài thư viện này",
    "NameError": "tên này chưa được định nghĩa",
    "PermissionError": "không có quyền với tệp",
    "RecursionError": "hàm gọi lại chính nó quá nhiều lần",
    "SyntaxError": "sai cú pháp Python",
    "TypeError": "dùng sai kiểu dữ liệu",
    "UnicodeDecodeError": "tệp không phải văn bản UTF-8",
    "ValueError": "giá trị không hợp lệ",
    "ZeroDivisionError": "chia cho 0",
}


_EXPECTED: Final = "Cần có: "
_REMEDY: Final = "Cách xử lý: "
_UNKNOWN_MAGIC: Final = re.compile(r"magic(?: function)? `?(%{1,2}\w+)`? not found")


@dataclass(frozen=True)
class Failure:
    """Where and why the first failing cell of a section failed."""

    cell: int | None
    """Position of the cell in the section's own notebook, counted from 1 over cells of every kind from the top;
    None when no cell is to blame. (The executed notebook has one cell more, with the parameters of the run.)"""
    line: int | None
    """Line in that cell, counted from 1 as JupyterLab numbers lines (a `%%` magic is line 1); None if unknown."""
    error: str
    """One Vietnamese sentence; the message itself is in the words of whoever raised it."""
    traceback: str = ""
    """As the kernel gave it, without terminal colours; empty when there is none."""
    expected: str = ""
    """What the error itself says was expected; errors of this project do."""
    remedy: str = ""
    """What the error itself says to do."""


def plain(text: str) -> str:
    """Strip a text of ANSI escape sequences."""
    return _ANSI.sub("", text)


def error_sentence(name: str, message: str) -> str:
    """Say an exception in one Vietnamese sentence.

    Messages of this project are Vietnamese already and stand alone, lines joined. Python's own get a Vietnamese
    explanation before them.
    """
    message = plain(message)
    # Four blanks set off quoted source.
    lines = [line.strip() for line in message.splitlines() if line.strip() and not line.startswith("    ")]
    short = _LINE_FIRST.sub("", _CELL_FILE.sub("", "; ".join(lines)))
    if len(short) > _LONGEST:
        short = short[: _LONGEST - 1].rstrip() + "…"
    if name == "SystemExit":
        return "ô gọi exit() nên các ô sau không chạy"
    if name in _KNOWN:
        return f"{_KNOWN[name]} ({name}: {short})" if short else f"{_KNOWN[name]} ({name})"
    if _VIETNAMESE.search(short):
        return short
    return f"lỗi {name}: {short}" if short else f"lỗi {name}"


def error_line(source: str, execution_count: int | None, message: str, traceback: str) -> int | None:
    """Find the line of a cell that an exception came from, or None.

    Under a `%%` cell magic the traceback only knows the magic's call, so that the message has to say it:
    "dòng N" (the first, if several), where line 1 is the magic's. Otherwise it is the innermost frame in the cell.
    """
    if source.lstrip().startswith("%%"):
        found = _LINE_IN_MESSAGE.findall(message)
    else:
        found = re.findall(rf"Cell In\s?\[{execution_count}\], line (\d+)", plain(traceback))
        found.reverse()
    line = int(found[0]) if found else None
    return line if line is not None and 1 <= line <= source.count("\n") + 1 else None


def from_error_output(position: int | None, cell: Any, output: Any) -> Failure:
    """Make the failure of a code cell (an nbformat node) that ended with this `error` output."""
    traceback = plain("\n".join(output.get("traceback", ())))
    message, expected, remedy = _parts(output.evalue)
    return Failure(
        cell=position,
        line=error_line(cell.source, cell.execution_count, output.evalue, traceback),
        error=error_sentence(output.ename, message),
        traceback=traceback,
        expected=expected,
        remedy=remedy,
    )


def _parts(message: str) -> tuple[str, str, str]:
    """What is wrong, what was expected and what to do, where the message is one problem of this project."""
    lines = plain(message).splitlines()
    said = {mark: [line.strip() for line in lines if line.strip().startswith(mark)] for mark in (_EXPECTED, _REMEDY)}
    if any(len(found) > 1 for found in said.values()):
        return message, "", ""
    expected, remedy = ("".join(found).removeprefix(mark) for mark, found in said.items())
    rest = [line for line in lines if not line.strip().startswith((_EXPECTED, _REMEDY))]
    return "\n".join(rest), expected, remedy


def without_error(position: int, cell: Any) -> Failure:
    """Make the failure of a cell that stopped with no error of Python's, such as an unknown `%%` magic."""
    said = plain("".join(output.text for output in cell.outputs if output.output_type == "stream")).strip()
    if match := _UNKNOWN_MAGIC.search(said):
        known = "%%narrative"
        return Failure(position, 1, f"không có lệnh {match[1]}", said, expected=f"ví dụ {known} cho lời văn")
    last = said.splitlines()[-1] if said else "không cho biết lý do"
    return Failure(position, None, f"ô dừng vì lỗi: {last}", said)


def died(position: int | None, returncode: int | None, raw_output: str) -> Failure:
    """Make the failure of a section whose kernel process ended; `raw_output` is what it wrote outside of cells."""
    why = ""
    if returncode is not None:
        # A negative status is the number of a signal; 9 is what the system sends when memory runs out.
        why = {-9: " (thường do hết bộ nhớ)", -11: " (lỗi trong thư viện biên dịch)"}.get(
            returncode, f" (mã kết thúc {returncode})"
        )
    return Failure(position, None, f"tiến trình tính toán của mục dừng đột ngột{why}", plain(raw_output).strip())


def timed_out(position: int | None, seconds: float, raw_output: str) -> Failure:
    """Make the failure of a section with a cell that did not end in time."""
    limit = f"{seconds:g}".replace(".", ",")
    return Failure(position, None, f"ô chạy quá {limit} giây nên bị dừng", plain(raw_output).strip())
