"""Putting a timer where the machine looks for it, and taking it away; what a tool of the machine refuses is told."""

import getpass
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from baocao.errors import InputError, Problem, RunError
from baocao.faults import readable
from baocao.timers import (
    Timer,
    cron_line,
    password_place,
    systemd_service,
    systemd_timer,
    windows_task,
    with_cron_line,
    without_cron_line,
)

KINDS = ("systemd", "cron", "task-scheduler")

Call = Callable[[Sequence[str], str | None], str]
"""Runs a program with text for it to read, and gives what it printed; a `RunError` when it fails or is not there."""


def call(command: Sequence[str], given: str | None = None) -> str:
    """Run a program of the machine."""
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, encoding="utf-8", check=True)
    except FileNotFoundError:
        raise RunError(
            Problem(f"máy không có lệnh {command[0]}", expected=command[0], remedy="chọn bộ hẹn giờ khác với --timer")
        ) from None
    except subprocess.CalledProcessError as error:
        said = " ".join((error.stderr or error.stdout or "").split()) or f"mã kết thúc {error.returncode}"
        raise RunError(
            Problem(
                f"lệnh {' '.join(command)} không thành: {said}",
                remedy="xử lý theo thông báo trên, hoặc in tệp ra (không có --install) rồi cài bằng tay",
            )
        ) from error
    return done.stdout


def own_timer(root: Path, minute: int, password: bool) -> Timer:
    """The timer of a project for whoever asks: the superuser's runs as the owner of the folder."""
    user = ""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        user = root.owner()
    # Not resolved: the Python of an environment is often a link to another.
    return Timer(root, Path(sys.executable), minute, user, password)


def unit_folder(timer: Timer) -> Path:
    """Where systemd looks for units: the machine's, or the person's own."""
    if timer.user:
        return Path("/etc/systemd/system")
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "systemd" / "user"


def install(kind: str, timer: Timer, run: Call = call, folder: Path | None = None) -> list[str]:
    """Install `timer`; what was done, a line each."""
    if kind == "systemd":
        lines = _systemd(timer, run, folder or unit_folder(timer))
    else:
        lines = _cron(timer, run) if kind == "cron" else _windows(timer, run)
    if timer.password:
        lines.append(f"Mật khẩu tài khoản thư đặt ở: {password_place(kind, timer)}")
    return lines


def remove(kind: str, timer: Timer, run: Call = call, folder: Path | None = None) -> list[str]:
    """Take `timer` away; what was done, a line each. What is not there is no fault, but to Windows' own tool."""
    if kind == "systemd":
        return _remove_systemd(timer, run, folder or unit_folder(timer))
    if kind == "cron":
        table = _crontab(run)
        left = without_cron_line(table, timer)
        if left == table:
            return ["Crontab của người dùng này không có bộ hẹn giờ của dự án."]
        run(["crontab", "-"], left)
        return ["Đã gỡ khỏi crontab của người dùng này."]
    run(["schtasks", "/Delete", "/F", "/TN", timer.name], None)
    return [f"Đã gỡ tác vụ {timer.name}."]


def _systemd(timer: Timer, run: Call, folder: Path) -> list[str]:
    units = {f"{timer.name}.service": systemd_service(timer), f"{timer.name}.timer": systemd_timer(timer)}
    with readable(folder):
        _refuse_another_s(timer, folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in units.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    run([*_systemctl(timer), "daemon-reload"], None)
    run([*_systemctl(timer), "enable", "--now", f"{timer.name}.timer"], None)
    lines = [f"Đã cài {folder / name}" for name in units]
    if not timer.user:
        lines.append(f"Để chạy cả khi không đăng nhập: loginctl enable-linger {getpass.getuser()}")
    return lines


def _remove_systemd(timer: Timer, run: Call, folder: Path) -> list[str]:
    paths = [folder / f"{timer.name}.timer", folder / f"{timer.name}.service"]
    with readable(folder):
        _refuse_another_s(timer, folder)
        there = [path for path in paths if path.exists()]
        if not there:
            return [f"Không có bộ hẹn giờ {timer.name} trong {folder}."]
        run([*_systemctl(timer), "disable", "--now", f"{timer.name}.timer"], None)
        for path in there:
            path.unlink()
    run([*_systemctl(timer), "daemon-reload"], None)
    return [f"Đã gỡ {path}" for path in there]


def _systemctl(timer: Timer) -> list[str]:
    return ["systemctl"] if timer.user else ["systemctl", "--user"]


def _refuse_another_s(timer: Timer, folder: Path) -> None:
    """Projects in folders of one name would share the names of their units."""
    service = folder / f"{timer.name}.service"
    place = next(line for line in systemd_service(timer).splitlines() if line.startswith("WorkingDirectory="))
    if service.exists() and place not in service.read_text(encoding="utf-8").splitlines():
        raise InputError(
            Problem(
                "đã có bộ hẹn giờ cùng tên của một dự án khác",
                (str(service),),
                expected="mỗi dự án một thư mục có tên riêng",
                remedy="đổi tên thư mục dự án, hoặc gỡ bộ hẹn giờ kia",
            )
        )


def _crontab(run: Call) -> str:
    try:
        return run(["crontab", "-l"], None)
    except RunError as error:
        # A person without a table yet is no fault.
        if "no crontab" not in str(error):
            raise
        return ""


def _cron(timer: Timer, run: Call) -> list[str]:
    run(["crontab", "-"], with_cron_line(_crontab(run), timer))
    return ["Đã ghi vào crontab của người dùng này; xem: crontab -l"]


def _windows(timer: Timer, run: Call) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{timer.name}.xml"
        path.write_bytes(windows_task(timer))
        run(["schtasks", "/Create", "/F", "/TN", timer.name, "/XML", str(path)], None)
    return [f"Đã tạo tác vụ {timer.name}; xem: schtasks /Query /TN {timer.name}"]


def printed(kind: str, timer: Timer) -> str:
    """The files of `timer` as text, each after a line with its name."""
    if kind == "systemd":
        folder = unit_folder(timer)
        return "\n".join(
            [
                f"# {folder / timer.name}.service",
                systemd_service(timer),
                f"# {folder / timer.name}.timer",
                systemd_timer(timer).rstrip("\n"),
            ]
        )
    if kind == "cron":
        return cron_line(timer).rstrip("\n")
    return windows_task(timer).decode("utf-16").replace("\r\n", "\n").rstrip("\n")
