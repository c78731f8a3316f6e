"""A program that makes a file of the report, in a process of its own: its crash or endless work is a message."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from baocao.errors import Problem, RenderError

TIMEOUT_SECONDS = 120

_NO_ROOM = ("No space left on device", "Disk quota exceeded", "not enough space on the disk")
_WINDOWS_FAULT = 0xC0000000
"""Windows' exit codes from here on are of programs that it ended."""


def run_program(
    title: str,
    command: Sequence[str],
    given: bytes,
    *,
    folder: Path,
    environment: Mapping[str, str],
    made: str,
    log: Path,
) -> None:
    """Run `command` with `given` as its input, to make what `made` calls in Vietnamese: “bản PDF”.

    A program that fails, crashes or does not end is a `RenderError`; what it said is in `log`.
    """
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, cwd=folder, env=environment, timeout=TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise failure(made, log, f"{title} chạy quá {TIMEOUT_SECONDS} giây nên bị dừng") from None
    except OSError as error:
        raise failure(made, log, f"không chạy được {title} ({error.strerror})") from error
    if not done.returncode:
        return
    said = done.stderr.decode(errors="replace").strip()
    if any(words in said for words in _NO_ROOM):
        raise RenderError(
            Problem(
                f"không tạo được {made}: ổ đĩa hết chỗ",
                (str(log.parent),),
                remedy="dọn ổ đĩa, rồi chạy lại lệnh",
            )
        )
    crashed = done.returncode < 0 or done.returncode >= _WINDOWS_FAULT
    first = said.partition("\n")[0].strip()
    raise failure(made, log, first if first and not crashed else f"{title} {ending(done.returncode)}", said)


def ending(status: int) -> str:
    """How a program that failed without a word ended: “dừng đột ngột (SIGSEGV)”, “thoát mã 64”."""
    if status >= _WINDOWS_FAULT:
        return f"dừng đột ngột (mã 0x{status:X})"
    if status >= 0:
        return f"thoát mã {status}"
    cause = signal.Signals(-status).name if -status in set(signal.Signals) else f"tín hiệu {-status}"
    return f"dừng đột ngột ({cause}" + (", có thể máy hết bộ nhớ)" if cause == "SIGKILL" else ")")


def failure(made: str, log: Path, reason: str, said: str = "") -> RenderError:
    """The error of what could not be made, as `run_program` calls it; `log` gets what was said, or else the reason."""
    log.write_text(f"{said or reason}\n", encoding="utf-8", newline="\n")
    return RenderError(
        Problem(
            f"không tạo được {made}: {reason}",
            (str(log),),
            remedy="xem nhật ký nêu trên; nếu không rõ nguyên nhân, gửi nhật ký cho người quản trị",
        )
    )
