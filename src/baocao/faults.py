"""Faults of the file system, said so that a user knows what to do."""

import contextlib
import errno
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from baocao.errors import Problem, RunError

# Faults of the place rather than of the program, and what they are called.
_FAULTS = {
    errno.ENOSPC: "ổ đĩa hết chỗ",
    errno.EDQUOT: "hết dung lượng được cấp",
    errno.EACCES: "không có quyền ghi, hoặc tệp đang mở",
    errno.EPERM: "không có quyền ghi",
    errno.EBUSY: "tệp đang được dùng",
    errno.EROFS: "ổ đĩa chỉ cho đọc",
    errno.EIO: "ổ đĩa bị lỗi",
    errno.ENOTEMPTY: "thư mục đang được dùng",
    errno.EEXIST: "đã có tệp cùng tên",
    errno.ENAMETOOLONG: "đường dẫn quá dài",
    errno.ENOLCK: "ổ đĩa không cho khóa tệp",
}
_CLOSE = "đóng các tệp của báo cáo đang mở (Word, trình đọc PDF), cấp quyền ghi vào thư mục này"
_REMEDIES = {
    errno.ENOSPC: "dọn ổ đĩa",
    errno.EDQUOT: "dọn ổ đĩa",
    errno.EROFS: "gắn lại ổ đĩa ở chế độ ghi được",
    errno.EIO: "kiểm tra ổ đĩa hoặc ổ mạng",
    errno.ENOLCK: "bật khóa tệp cho ổ mạng, hoặc dùng ổ đĩa khác",
    errno.ENAMETOOLONG: "chuyển dự án vào thư mục có tên ngắn, ví dụ C:\\bao-cao",
}
_WINDOWS_PATH = 248
"""Characters from which Windows may refuse the path of a folder; of a file, from 260."""


@contextlib.contextmanager
def readable(place: Path) -> Iterator[None]:
    """Faults of the file system as one message that says what to do; any other error goes on as it is."""
    try:
        yield
    except OSError as error:
        code = errno.ENAMETOOLONG if _too_long(error) else _code(error)
        if code not in _FAULTS:
            raise
        raise RunError(
            Problem(
                what=f"không ghi được: {_FAULTS[code]}",
                where=(str(error.filename or place),),
                expected="chỗ trống và quyền ghi ở đó",
                remedy=f"{_REMEDIES.get(code, _CLOSE)}, rồi chạy lại lệnh",
            )
        ) from error


def _code(error: OSError) -> int | None:
    """The system's number; of copies of a folder, that of the first file, which is only in its words."""
    if not isinstance(error, shutil.Error) or not isinstance(error.args[0], list):
        return error.errno
    _, _, words = error.args[0][0]
    found = re.match(r"\[(Errno|WinError) (\d+)\]", words)
    if found is None:
        return None
    return int(found[2]) if found[1] == "Errno" else OSError(0, "", None, int(found[2])).errno


def _too_long(error: OSError) -> bool:
    """Windows finds no file whose path is too long, or says so by a code of its own."""
    code = getattr(error, "winerror", None)
    return code == 206 or (code == 3 and len(str(error.filename or "")) >= _WINDOWS_PATH)
