"""What starts `baocao run --due`: systemd units, a line for cron, a task for Windows.

All of them call once an hour, at any hour of any zone: the run itself knows whether something is due in Vietnam's time.
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final
from xml.etree import ElementTree

from baocao.errors import InputError, Problem
from baocao.mail import CREDENTIAL, PASSWORD_VARIABLE
from baocao.vi import slug

ARGUMENTS: Final = ("-m", "baocao", "run", "--due")
TASK_SPACE: Final = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_DESCRIPTION: Final = "Lập báo cáo tháng khi đến hạn"
_LONGEST: Final = "PT4H"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Timer:
    """Of one project: its folder, the Python that has the package, the minute of the hour to call at."""

    root: PurePath
    python: PurePath
    minute: int = 0
    user: str = ""
    """Who runs it where the machine, not a person, starts it; empty for the person's own timer."""
    password: bool = False
    """The mail account has a password."""

    def __post_init__(self) -> None:
        for path in (self.root, self.python):
            if _CONTROL.search(str(path)):
                raise InputError(
                    Problem(
                        "đường dẫn có ký tự xuống dòng hoặc ký tự điều khiển, bộ hẹn giờ không ghi được",
                        (repr(str(path)),),
                        expected="đường dẫn thường",
                        remedy="đổi tên thư mục",
                    )
                )

    @property
    def name(self) -> str:
        """Of its units and of its task: “baocao-nha-trang” for a project in the folder “Nha Trang”."""
        return f"baocao-{slug(self.root.name) or 'du-an'}"


def systemd_service(timer: Timer) -> str:
    """The unit that runs what is due."""
    account = [f"User={timer.user}"] if timer.user else []
    hidden = []
    if timer.password:
        hidden = [f"LoadCredential={CREDENTIAL}" if timer.user else f"EnvironmentFile=-%E/{timer.name}.env"]
    if "=" in str(timer.python):
        raise InputError(
            Problem(
                "đường dẫn của Python có dấu “=”, systemd không chạy được",
                (str(timer.python),),
                expected="đường dẫn không có dấu “=”",
                remedy="đổi tên thư mục, hoặc dùng --timer cron",
            )
        )
    # systemd refuses quotation marks in the name of a program, but not in what a program is given.
    command = " ".join(["/usr/bin/env", _quoted(str(timer.python)), *ARGUMENTS])
    lines = [
        "[Unit]",
        f"Description={_DESCRIPTION}",
        "Wants=network-online.target",
        "After=network-online.target",
        "",
        "[Service]",
        "Type=oneshot",
        f"WorkingDirectory={_specifiers(str(timer.root))}",
        f"ExecStart={command}",
        *account,
        *hidden,
        "TimeoutStartSec=4h",
        "NoNewPrivileges=yes",
        "",
    ]
    return "\n".join(lines)


def password_place(kind: str, timer: Timer) -> str:
    """Where the administrator puts the password of the mail account; no file of the project has it."""
    if kind == "systemd" and timer.user:
        return f"/etc/credstore/{CREDENTIAL} (một dòng là mật khẩu, chỉ root đọc được: chmod 600)"
    line = f"{PASSWORD_VARIABLE}=mật khẩu"
    if kind == "systemd":
        return f"~/.config/{timer.name}.env (một dòng {line}, chỉ người dùng này đọc được: chmod 600)"
    if kind == "cron":
        return f"crontab -e, thêm dòng {line} phía trên đoạn của dự án"
    return f"biến môi trường {PASSWORD_VARIABLE} của người dùng chạy tác vụ (System Properties > Environment Variables)"


def systemd_timer(timer: Timer) -> str:
    """The unit that calls the other; a call that was missed while the machine was off is made up for."""
    lines = [
        "[Unit]",
        f"Description={_DESCRIPTION}",
        "",
        "[Timer]",
        f"OnCalendar=*-*-* *:{timer.minute:02d}:00",
        "Persistent=true",
        "",
        "[Install]",
        "WantedBy=timers.target",
        "",
    ]
    return "\n".join(lines)


def cron_line(timer: Timer) -> str:
    """The entry of a personal crontab, between its marks."""
    # cron mails what is printed, every hour: faults only.
    command = f"cd {shlex.quote(str(timer.root))} && {shlex.join([str(timer.python), *ARGUMENTS])} >/dev/null"
    # In a crontab a percent sign ends the command.
    entry = f"{timer.minute} * * * * {command}".replace("%", r"\%")
    first, last = cron_marks(timer)
    return f"{first}\n{entry}\n{last}\n"


def cron_marks(timer: Timer) -> tuple[str, str]:
    """The lines around the entry of a project, by which it is found again."""
    return f"# {timer.name}: {timer.root}", f"# {timer.name}: hết"


def with_cron_line(table: str, timer: Timer) -> str:
    """A crontab with the entry of `timer`, in place of an earlier one."""
    return without_cron_line(table, timer) + cron_line(timer)


def without_cron_line(table: str, timer: Timer) -> str:
    """A crontab without the entry of `timer`; what others wrote stays."""
    first, last = cron_marks(timer)
    lines = table.splitlines()
    if first in lines and last in lines[lines.index(first) :]:
        start = lines.index(first)
        del lines[start : lines.index(last, start) + 1]
    return "".join(f"{line}\n" for line in lines)


def windows_task(timer: Timer) -> bytes:
    """The task as XML that `schtasks /Create /XML` and the Task Scheduler read (UTF-16)."""
    ElementTree.register_namespace("", TASK_SPACE)
    task = ElementTree.Element(_tag("Task"), version="1.2")
    add = _adder(task)
    add("RegistrationInfo/Description", _DESCRIPTION)
    trigger = "Triggers/CalendarTrigger"
    add(f"{trigger}/Enabled", "true")
    add(f"{trigger}/StartBoundary", f"2024-01-01T00:{timer.minute:02d}:00")
    add(f"{trigger}/Repetition/Interval", "PT1H")
    add(f"{trigger}/Repetition/Duration", "P1D")
    add(f"{trigger}/ScheduleByDay/DaysInterval", "1")
    principal = add("Principals/Principal")
    principal.set("id", "Author")
    add("Principals/Principal/LogonType", "S4U")
    add("Principals/Principal/RunLevel", "LeastPrivilege")
    for name, value in (
        ("MultipleInstancesPolicy", "IgnoreNew"),
        ("DisallowStartIfOnBatteries", "false"),
        ("StopIfGoingOnBatteries", "false"),
        ("StartWhenAvailable", "true"),
        ("ExecutionTimeLimit", _LONGEST),
        ("Enabled", "true"),
    ):
        add(f"Settings/{name}", value)
    add("Actions").set("Context", "Author")
    add("Actions/Exec/Command", str(timer.python))
    add("Actions/Exec/Arguments", " ".join(ARGUMENTS))
    add("Actions/Exec/WorkingDirectory", str(timer.root))
    ElementTree.indent(task)
    text = ElementTree.tostring(task, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-16"?>\n{text}\n'.replace("\n", "\r\n").encode("utf-16")


def _tag(name: str) -> str:
    return f"{{{TASK_SPACE}}}{name}"


def _adder(task: ElementTree.Element) -> Callable[..., ElementTree.Element]:
    def add(path: str, text: str | None = None) -> ElementTree.Element:
        """The element at `path`, made where it is not there, with `text`."""
        element = task
        for name in map(_tag, path.split("/")):
            found = element.find(name)
            element = found if found is not None else ElementTree.SubElement(element, name)
        element.text = text
        return element

    return add


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """An argument of ExecStart= as systemd reads it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{_specifiers(escaped)}"'
