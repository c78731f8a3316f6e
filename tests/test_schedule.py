"""When months are due, and what starts the runs: units of systemd, lines for cron, tasks for Windows."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from xml.etree import ElementTree

import pytest

from baocao.cli import main
from baocao.cli_due import NOW_VARIABLE
from baocao.due import due_at, due_periods
from baocao.errors import InputError, Problem, RunError
from baocao.params import load_defaults
from baocao.period import Period
from baocao.project import ROOT_VARIABLE, Project
from baocao.settings import VIETNAM, Schedule
from baocao.timer_install import KINDS, install, own_timer, printed, remove
from baocao.timers import TASK_SPACE, Timer, cron_line, systemd_service, systemd_timer, windows_task, with_cron_line
from conftest import APRIL, ROOT, copy_project

DEFAULTS = load_defaults(Project(ROOT))
ODD = PurePosixPath("/srv/Báo cáo 100% 'Đề án 06' $HOME \"x\"")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("period", "due"),
    [
        ("2024-04", "2024-04-15T07:00"),  # the cut-off is a Sunday
        ("2024-02", "2024-02-15T07:00"),  # the cut-off is the last day of Tết
        ("2026-02", "2026-02-23T07:00"),  # Tết from 16/2 to 20/2, then a weekend
        ("2024-09", "2024-09-16T07:00"),  # the cut-off is a Saturday
        ("2024-06", "2024-06-17T07:00"),  # the cut-off is a Friday
        ("2024-05", "2024-05-15T07:00"),
    ],
)
def test_a_month_is_due_on_the_first_working_day_after_its_cut_off(period: str, due: str) -> None:
    assert due_at(DEFAULTS, Schedule(), Period.parse(period)) == at(due)


def test_the_hour_is_of_vietnam_wherever_the_clock_is() -> None:
    early, late = (
        datetime.fromisoformat("2024-04-14T23:59:59+00:00"),
        datetime.fromisoformat("2024-04-15T00:00:00+00:00"),
    )
    assert due_periods(DEFAULTS, Schedule(), [APRIL], early) == ((), ())
    assert due_periods(DEFAULTS, Schedule(), [APRIL], late) == ((APRIL,), ())


def test_months_after_downtime_come_oldest_first_and_the_unprepared_apart() -> None:
    known = [Period(2024, 4), Period(2024, 6)]
    found = due_periods(DEFAULTS, Schedule(), known, at("2024-08-01T12:00"))
    assert found == ((Period(2024, 4), Period(2024, 6)), (Period(2024, 5), Period(2024, 7)))


def test_settings_bound_the_months() -> None:
    schedule = Schedule(valid_from="2024-05", valid_to="2024-06")
    found = due_periods(DEFAULTS, schedule, [Period(2024, 4), Period(2024, 5)], at("2024-12-01T12:00"))
    assert found == ((Period(2024, 5),), (Period(2024, 6),))
    assert due_periods(DEFAULTS, Schedule(), [], at("2024-12-01T12:00")) == ((), ())


def test_the_command_says_the_dates(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(ROOT))
    assert main(["schedule", "2026-02"]) == 0
    said = capsys.readouterr().out
    assert "Chốt số liệu: thứ Bảy 14/02/2026" in said
    assert "từ 07:00 thứ Hai 23/02/2026" in said
    assert "Hạn gửi báo cáo: thứ Ba 24/02/2026" in said
    monkeypatch.setenv(NOW_VARIABLE, "2024-04-16T23:00")
    assert main(["schedule"]) == 0
    assert "Kỳ 2024-04:" in capsys.readouterr().out
    monkeypatch.setenv(NOW_VARIABLE, "2024-04-17T00:00")
    assert main(["schedule"]) == 0
    assert "Kỳ 2024-05:" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [["--install"], ["--remove"], ["--timer", "at"], ["2024-13"], ["--timer", "cron", "--install", "--remove"]],
)
def test_wrong_use_is_told(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(ROOT))
    assert main(["schedule", *words]) == 2


@pytest.mark.parametrize("kind", ["systemd", "cron", "task-scheduler"])
def test_the_command_prints_what_can_be_installed(
    kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(ROOT))
    assert main(["schedule", "--timer", kind]) == 0
    said = capsys.readouterr().out
    assert str(ROOT) in said and "baocao run --due" in said
    assert said.rstrip("\n") == printed(kind, own_timer(ROOT, 0, password=False))


def _timer(root: PurePath, python: PurePath, minute: int = 5, user: str = "", password: bool = False) -> Timer:
    return Timer(root, python, minute, user, password)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("user", ["", "root"])
def test_systemd_accepts_the_units(tmp_path: Path, user: str) -> None:
    root = tmp_path / ODD.name
    root.mkdir()
    python = root / "python 3%"
    python.symlink_to(sys.executable)
    timer = _timer(root, python, user=user, password=True)
    units = tmp_path / "units"
    units.mkdir()
    paths = [units / f"{timer.name}.service", units / f"{timer.name}.timer"]
    paths[0].write_text(systemd_service(timer), encoding="utf-8")
    paths[1].write_text(systemd_timer(timer), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, paths)], capture_output=True, text=True, timeout=60
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    # What else is wrong on the machine is not ours.
    assert timer.name not in said
    # The check sees a fault.
    paths[0].write_text(systemd_service(timer).replace("Type=oneshot", "Type=once"), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, paths)], capture_output=True, text=True, timeout=60
    )
    assert timer.name in done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_calendar_of_the_timer_is_every_hour() -> None:
    line = next(line for line in systemd_timer(_timer(ODD, ODD)).splitlines() if line.startswith("OnCalendar="))
    done = subprocess.run(
        ["systemd-analyze", "calendar", "--iterations=3", "--base-time=2024-04-14 23:30:00", line.partition("=")[2]],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "TZ": "UTC"},
        check=True,
    )
    assert re.findall(r"(\d\d:\d\d:\d\d) UTC", done.stdout) == ["00:05:00", "01:05:00", "02:05:00"]


SERVER = _timer(
    PurePosixPath("/opt/bao-cao/nha-trang"),
    PurePosixPath("/opt/bao-cao/nha-trang/.venv/bin/python"),
    minute=0,
    user="baocao",
    password=True,
)
DESKTOP = _timer(
    PureWindowsPath(r"C:\bao-cao\nha-trang"),
    PureWindowsPath(r"C:\bao-cao\nha-trang\.venv\Scripts\python.exe"),
    minute=0,
)
EXAMPLES = {
    "baocao-nha-trang.service": systemd_service(SERVER).encode(),
    "baocao-nha-trang.timer": systemd_timer(SERVER).encode(),
    "baocao-nha-trang.cron": cron_line(SERVER).encode(),
    "baocao-nha-trang.xml": windows_task(DESKTOP),
}
"""Timers for a project at the places that the administrator's guide proposes."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_timers_in_deploy_are_what_schedule_makes(name: str) -> None:
    assert (ROOT / "deploy" / name).read_bytes() == EXAMPLES[name]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_units_in_deploy() -> None:
    paths = [str(ROOT / "deploy" / name) for name in EXAMPLES if name.endswith((".service", ".timer"))]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "baocao" not in done.stdout + done.stderr, done.stdout + done.stderr


def test_units_hide_the_password_and_name_their_owner() -> None:
    service = systemd_service(_timer(ODD, ODD / "python", user="baocao", password=True))
    assert "LoadCredential=smtp-password\n" in service and "User=baocao\n" in service
    assert "Persistent=true" in systemd_timer(_timer(ODD, ODD))
    assert "LoadCredential" not in systemd_service(_timer(ODD, ODD, user="baocao"))
    own = systemd_service(_timer(PurePosixPath("/opt/nt"), ODD / "python", password=True))
    assert "EnvironmentFile=-%E/baocao-nt.env\n" in own and "LoadCredential" not in own


def test_a_line_break_in_a_path_is_refused() -> None:
    with pytest.raises(InputError, match="ký tự xuống dòng"):
        _timer(PurePosixPath("/srv/a\nExecStart=/bin/false"), ODD)


def test_a_path_that_systemd_cannot_call_is_refused() -> None:
    with pytest.raises(InputError, match="dấu “=”"):
        systemd_service(_timer(ODD, PurePosixPath("/srv/a=b/python")))


def test_a_crontab_keeps_what_others_wrote() -> None:
    timer = _timer(ODD, ODD / "python")
    table = with_cron_line("# own\n5 4 * * * true\n", timer)
    assert table.startswith("# own\n5 4 * * * true\n")
    assert with_cron_line(table, timer) == table
    later = with_cron_line(table + "6 4 * * * true\n", _timer(ODD, ODD / "python", minute=30))
    assert later.count("run --due") == 1
    assert "6 4 * * * true\n" in later and "\n30 * * * * cd " in later


def test_a_shell_reads_the_crontab_entry_as_meant(tmp_path: Path) -> None:
    root = tmp_path / ODD.name
    root.mkdir()
    program = root / "python 100%"
    program.write_text('#!/bin/sh\n{ pwd; printf "%s\\n" "$@"; } > "$OUT"\n', encoding="utf-8")
    program.chmod(0o755)
    entry = cron_line(_timer(root, program)).splitlines()[1]
    minute, hour, day, month, weekday, command = entry.split(" ", 5)
    assert [minute, hour, day, month, weekday] == ["5", "*", "*", "*", "*"]
    # cron hands a shell everything up to the first bare percent sign.
    assert re.search(r"(?<!\\)%", command) is None
    out = tmp_path / "out"
    subprocess.run(["/bin/sh", "-c", command.replace(r"\%", "%")], env={"OUT": str(out)}, check=True, timeout=20)
    assert out.read_text(encoding="utf-8").splitlines() == [str(root), "-m", "baocao", "run", "--due"]


@pytest.mark.skipif(
    shutil.which("cron") is None or shutil.which("crontab") is None or os.geteuid() != 0,
    reason="cron is not installed, or this is not the superuser",
)
def test_cron_really_fires(tmp_path: Path) -> None:
    """The entry as it is printed, in the system's cron, for the coming minute: a run that waits for a form."""
    project = copy_project(tmp_path / "Báo cáo 100%")
    (project.submissions(APRIL) / "03-bhxh.xlsx").unlink()
    # A minute has to begin while cron is up.
    moment = time.localtime(time.time() + 5)
    entry = cron_line(_timer(project.root, Path(sys.executable), minute=(moment.tm_min + 1) % 60)).splitlines()[1]
    # The format of /etc/cron.d has one more field, the user.
    *when, command = entry.split(" ", 5)
    table = Path("/etc/cron.d/baocao-kiem-thu")
    daemon = None
    logs = project.outputs / "logs"
    try:
        table.write_text(f"{NOW_VARIABLE}=2024-04-15T07:00\n{' '.join(when)} root {command}\n", encoding="utf-8")
        table.chmod(0o644)
        if subprocess.run(["pgrep", "-x", "cron"], capture_output=True).returncode != 0:
            daemon = subprocess.Popen(["cron", "-f"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 90
        while not list(logs.glob("*.jsonl")) and time.monotonic() < deadline:
            time.sleep(0.5)
    finally:
        table.unlink(missing_ok=True)
        if daemon is not None:
            daemon.terminate()
            daemon.wait(10)
    (log,) = logs.glob("*.jsonl")
    entries = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [(item["period"], item["late"]) for item in entries if item["event"] == "waiting"] == [
        ("2024-04", ["Bảo hiểm xã hội thành phố Nha Trang"])
    ]


# Order of the children where the schema of MS-TSCH 2.5.3 has a sequence; elsewhere (xs:all) any order goes.
SEQUENCES = {
    "CalendarTrigger": ["Enabled", "StartBoundary", "EndBoundary", "Repetition", "ExecutionTimeLimit", "ScheduleByDay"],
    "Repetition": ["Interval", "Duration", "StopAtDurationEnd"],
    "Exec": ["Command", "Arguments", "WorkingDirectory"],
}
ALL = {
    "Task": {"RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"},
    "RegistrationInfo": {"Description"},
    "Triggers": {"CalendarTrigger"},
    "ScheduleByDay": {"DaysInterval"},
    "Principals": {"Principal"},
    "Principal": {"LogonType", "RunLevel"},
    "Actions": {"Exec"},
    "Settings": {
        "MultipleInstancesPolicy",
        "DisallowStartIfOnBatteries",
        "StopIfGoingOnBatteries",
        "StartWhenAvailable",
        "ExecutionTimeLimit",
        "Enabled",
    },
}


def test_the_windows_task_follows_its_schema() -> None:
    root = PureWindowsPath(r"D:\Báo cáo & <Đề án 06>\Nha Trang")
    python = PureWindowsPath(r"C:\Program Files\Môi trường\python.exe")
    raw = windows_task(_timer(root, python))
    assert raw.startswith((b"\xff\xfe", b"\xfe\xff")), "Task Scheduler reads UTF-16"
    text = raw.decode("utf-16")
    assert text.startswith('<?xml version="1.0" encoding="UTF-16"?>\r\n')
    task = ElementTree.fromstring(raw)
    assert task.tag == f"{{{TASK_SPACE}}}Task"
    for element in task.iter():
        name = element.tag.rpartition("}")[2]
        children = [child.tag.rpartition("}")[2] for child in element]
        assert len(set(children)) == len(children)
        if name in SEQUENCES:
            assert children == [known for known in SEQUENCES[name] if known in children]
            assert children
        else:
            assert set(children) == ALL.get(name, set()), name
    found = {element.tag.rpartition("}")[2]: element.text for element in task.iter()}
    # Of their own, so no quotation marks: Windows takes the whole text as the path.
    assert found["Command"] == str(python)
    assert found["WorkingDirectory"] == str(root)
    assert found["Arguments"] == "-m baocao run --due"
    assert found["StartWhenAvailable"] == "true" and found["MultipleInstancesPolicy"] == "IgnoreNew"


class Calls:
    """Stands for the tools of the machine."""

    def __init__(self, **answers: str) -> None:
        self.made: list[tuple[list[str], str | None]] = []
        self.answers = answers

    def __call__(self, command: Sequence[str], given: str | None) -> str:
        self.made.append((list(command), given))
        if "/XML" in command:
            assert ElementTree.parse(command[-1]).getroot().tag.endswith("Task")
        if command == ["crontab", "-l"] and "table" not in self.answers:
            raise RunError(Problem("lệnh crontab -l không thành: no crontab for root"))
        return self.answers.get("table", "")


def test_units_are_installed_for_a_person_and_for_the_machine(tmp_path: Path) -> None:
    for user, scope in (("", ["--user"]), ("baocao", [])):
        calls = Calls()
        timer = _timer(tmp_path / "Nha Trang", Path(sys.executable), user=user)
        lines = install("systemd", timer, calls, tmp_path / f"units-{user}")
        assert (tmp_path / f"units-{user}" / "baocao-nha-trang.service").read_text("utf-8") == systemd_service(timer)
        assert calls.made[-1] == (["systemctl", *scope, "enable", "--now", "baocao-nha-trang.timer"], None)
        assert any("enable-linger" in line for line in lines) == (not user)


def test_units_of_another_project_are_not_replaced(tmp_path: Path) -> None:
    first, second = (_timer(tmp_path / name / "nt", Path(sys.executable)) for name in "ab")
    install("systemd", first, Calls(), tmp_path)
    install("systemd", first, Calls(), tmp_path)
    with pytest.raises(InputError, match="dự án khác"):
        install("systemd", second, Calls(), tmp_path)
    assert (tmp_path / "baocao-nt.service").read_text("utf-8") == systemd_service(first)


@pytest.mark.parametrize("user", ["", "baocao"])
def test_units_are_taken_away(tmp_path: Path, user: str) -> None:
    timer = _timer(tmp_path / "a" / "nt", Path(sys.executable), user=user)
    folder = tmp_path / "units"
    install("systemd", timer, Calls(), folder)
    other = folder / "nginx.service"
    other.write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="dự án khác"):
        remove("systemd", _timer(tmp_path / "b" / "nt", Path(sys.executable), user=user), Calls(), folder)
    calls = Calls()
    assert len(remove("systemd", timer, calls, folder)) == 2
    scope = [] if user else ["--user"]
    assert [command for command, _ in calls.made] == [
        ["systemctl", *scope, "disable", "--now", "baocao-nt.timer"],
        ["systemctl", *scope, "daemon-reload"],
    ]
    assert list(folder.iterdir()) == [other]
    again = Calls()
    assert "Không có bộ hẹn giờ baocao-nt" in remove("systemd", timer, again, folder)[0]
    assert not again.made


def test_an_entry_is_taken_out_of_the_crontab(tmp_path: Path) -> None:
    timer = _timer(tmp_path, Path(sys.executable))
    calls = Calls(table=f"1 1 * * * true\n{cron_line(timer)}2 2 * * * true\n")
    remove("cron", timer, calls)
    assert calls.made[-1] == (["crontab", "-"], "1 1 * * * true\n2 2 * * * true\n")
    calls = Calls()
    assert "không có bộ hẹn giờ" in remove("cron", timer, calls)[0]
    assert calls.made == [(["crontab", "-l"], None)]


def test_a_task_is_taken_away_on_windows(tmp_path: Path) -> None:
    calls = Calls()
    remove("task-scheduler", _timer(tmp_path / "Nha Trang", Path(sys.executable)), calls)
    assert calls.made == [(["schtasks", "/Delete", "/F", "/TN", "baocao-nha-trang"], None)]


@pytest.mark.parametrize("kind", KINDS)
def test_installing_says_where_the_password_goes(kind: str, tmp_path: Path) -> None:
    for user in ("", "baocao"):
        told = [
            install(kind, _timer(tmp_path, Path(sys.executable), user=user, password=password), Calls(), tmp_path)
            for password in (True, False)
        ]
        assert ["Mật khẩu" in "\n".join(lines) for lines in told] == [True, False]


def test_an_entry_is_added_to_the_crontab(tmp_path: Path) -> None:
    timer = _timer(tmp_path, Path(sys.executable))
    first = Calls()
    install("cron", timer, first)
    assert first.made[-1] == (["crontab", "-"], cron_line(timer))
    again = Calls(table="1 1 * * * true\n")
    install("cron", timer, again)
    assert again.made[-1] == (["crontab", "-"], "1 1 * * * true\n" + cron_line(timer))


def test_a_task_is_made_on_windows(tmp_path: Path) -> None:
    calls = Calls()
    install("task-scheduler", _timer(tmp_path / "Nha Trang", Path(sys.executable)), calls)
    assert calls.made[0][0][:5] == ["schtasks", "/Create", "/F", "/TN", "baocao-nha-trang"]


def test_a_tool_that_is_missing_or_refuses_is_told(tmp_path: Path) -> None:
    from baocao.timer_install import call

    with pytest.raises(RunError, match="máy không có lệnh khong-co-lenh"):
        call(["khong-co-lenh"])
    with pytest.raises(RunError, match="không thành: mã kết thúc 3"):
        call([sys.executable, "-c", "raise SystemExit(3)"])
