"""A year by simulated clock. Workbooks, kernels, three formats, site and mail server are real; the sections are few.

What goes wrong on the way: a late form and a faulty one in May, a correction in June after publication, a notebook that
fails in August, a mail server that refuses in October, a machine that is off from early November to 20 December.
"""

import json
import re
import shutil
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import nbformat
import pytest

from baocao.cli import main
from baocao.cli_due import NOW_VARIABLE
from baocao.duestate import DueState
from baocao.forms import load_forms
from baocao.mail import PASSWORD_VARIABLE
from baocao.month import read_month
from baocao.new import write_notebook
from baocao.params import load_params
from baocao.period import Period
from baocao.project import ROOT_VARIABLE, Project
from baocao.settings import NAME
from baocao.simulate import simulated_values
from baocao.workbook import Value, write_workbook
from conftest import APRIL
from postbox import OFFICE, PASSWORD, USER, Mailbox, mailbox
from sites import check_site
from small import SECTIONS, small_project
from workbooks import POLICE, put

YEAR = tuple(APRIL.shift(number) for number in range(12))
INSURANCE, HEALTH = "Bảo hiểm xã hội thành phố Nha Trang", "Trung tâm Y tế thành phố Nha Trang"
ADDRESSES = {INSURANCE: "bhxh@nhatrang.example", HEALTH: "yte@nhatrang.example"}
HEALTH_FILE = "04-y-te.xlsx"


@dataclass
class City:
    """A project on a server, the departments that fill its forms, the people who look after it."""

    project: Project
    box: Mailbox
    monkeypatch: pytest.MonkeyPatch
    desks: dict[Period, Path] = field(default_factory=dict)
    """Where the departments' filled forms of a month lie until they are handed in."""
    values: dict[Period, dict[str, Value]] = field(default_factory=dict)
    """What is in them, by code."""

    @property
    def site(self) -> Path:
        return self.project.root.parent / "trang"

    def type(self, when: str, *words: str) -> int:
        """Run a command when the clock says `when`, in Vietnam."""
        self.monkeypatch.setenv(NOW_VARIABLE, when)
        return main(words)

    def due(self, when: str, *more: str) -> int:
        return self.type(when, "run", "--due", *more)

    def prepare(self, when: str, period: Period) -> None:
        """`baocao new`; what the departments fill into its forms grows a little from the month before."""
        assert self.type(when, "new", str(period)) == 0
        before = read_month(self.project, period.shift(-1))
        forms = load_forms(self.project.forms, period)
        self.values[period] = simulated_values(before, load_params(self.project, period), forms)
        self.desks[period] = self.project.root.parent / "don-vi" / str(period)
        self.desks[period].mkdir(parents=True)
        self.fill(period)

    def fill(self, period: Period) -> None:
        for form in load_forms(self.project.forms, period):
            starts = tuple(f"{block.block}." for block in form.blocks)
            own = {code: value for code, value in self.values[period].items() if code.startswith(starts)}
            write_workbook(form, period, self.desks[period] / form.file, own)

    def hand_in(self, period: Period, *names: str) -> None:
        for path in self.desks[period].iterdir():
            if not names or path.name in names:
                shutil.copy(path, self.project.submissions(period) / path.name)

    def a_month(self, period: Period, due: str) -> None:
        """One in which everything is in time."""
        self.prepare(f"{period}-01T09:00", period)
        self.hand_in(period)
        assert self.due(f"{period}-14T23:00") == 0
        assert period not in self.published(), "not before its time"
        assert self.due(f"{due}T07:00") == 0
        assert self.published()[period] == [1]
        check_site(self.site)

    def published(self) -> dict[Period, list[int]]:
        record = self.site / "current" / "ban-phat-hanh.json"
        months = json.loads(record.read_bytes())["months"] if record.exists() else {}
        return {Period.parse(month): numbers for month, numbers in months.items()}

    def page(self, path: str) -> str:
        return (self.site / "current" / path).read_text(encoding="utf-8")

    def mails(self, address: str) -> list[tuple[str, str]]:
        """“15/04 07:00” and the subject of what came for `address`, in order."""
        return [
            (f"{message['Date'].datetime:%d/%m %H:%M}", str(message["Subject"]))
            for message in self.box.taken
            if address in str(message["To"])
        ]


def set_up(city: City) -> City:
    """Publish what is made on time, tell the office and two departments, over a connection with a password."""
    defaults = city.project.defaults.read_text(encoding="utf-8")
    city.project.defaults.write_text(defaults.replace("site: null", "site: ../trang"), encoding="utf-8")
    departments = "".join(f"    - {{name: {name}, to: [{address}]}}\n" for name, address in ADDRESSES.items())
    (city.project.root / NAME).write_text(
        "schedule:\n  valid_from: 2024-04\n  valid_to: 2025-03\npublish:\n  automatic: true\nmail:\n"
        f"  host: localhost\n  port: {city.box.port}\n  security: starttls\n  ca_file: {city.box.ca_file}\n"
        f"  user: {USER}\n  sender: baocao@nhatrang.example\n  office: [{OFFICE}]\n  departments:\n{departments}",
        encoding="utf-8",
    )
    city.monkeypatch.setenv(ROOT_VARIABLE, str(city.project.root))
    city.monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    city.monkeypatch.setattr("baocao.site.switch._GRACE", 0)
    return city


def live(city: City) -> None:
    """The year, asserting what every command ends with and what readers see meanwhile."""
    april, may, june, july, august, september, october, november, december, january, february, march = YEAR
    assert [city.due(f"2024-04-{moment}") for moment in ("14T23:00", "15T06:59")] == [0, 0]
    assert not city.site.exists()
    assert [city.due(f"2024-04-{moment}") for moment in ("15T07:00", "15T08:00", "30T07:00")] == [0, 0, 0]
    assert city.published() == {april: [1]}

    # May: one form does not come, one has a word where a number belongs.
    city.prepare("2024-05-02T09:00", may)
    sound = (city.desks[may] / HEALTH_FILE).read_bytes()
    put(city.desks[may] / HEALTH_FILE, "Khám chữa bệnh", "D13", "chưa rõ")
    city.hand_in(may, *(path.name for path in city.desks[may].iterdir() if "bhxh" not in path.name))
    assert [city.due(f"2024-05-{moment}") for moment in ("15T07:00", "15T08:00")] == [3, 3]
    assert city.due("2024-05-16T09:00", "--partial") == 3
    manifest = json.loads((city.project.outputs / str(may) / "manifest.json").read_bytes())
    assert set(manifest["partial"]) == {INSURANCE, HEALTH}
    assert city.due("2024-05-17T08:00") == 3
    assert city.published() == {april: [1]}, "a partial report is not published by itself"
    (city.desks[may] / HEALTH_FILE).write_bytes(sound)
    city.hand_in(may)
    assert [city.due(f"2024-05-20T{hour}:00") for hour in ("08", "09")] == [0, 0]

    # June: a form is corrected after publication; somebody decides what becomes of that.
    city.a_month(june, "2024-06-17")
    city.values[june]["cccd.da_cap"] += 7  # type: ignore[operator]
    city.fill(june)
    city.hand_in(june, POLICE)
    assert [city.due(f"2024-06-20T{hour}:00") for hour in ("08", "09")] == [0, 0]
    assert city.published()[june] == [1]
    assert city.type("2024-06-21T10:00", "run", str(june)) == 0
    assert city.type("2024-06-21T10:05", "publish", str(june)) == 0
    assert city.due("2024-06-21T11:00") == 0
    assert city.published() == {april: [1], may: [1], june: [1, 2]}

    city.a_month(july, "2024-07-15")

    # August: a notebook of the month's own fails until somebody mends it.
    city.prepare("2024-08-01T09:00", august)
    city.hand_in(august)
    own = city.project.root / "notebooks" / str(august) / SECTIONS[-1]
    notebook = nbformat.read(city.project.root / "notebooks" / SECTIONS[-1], as_version=4)  # type: ignore[no-untyped-call]
    notebook.cells.append(nbformat.v4.new_code_cell('report.figure("cccd.da_cpa")'))  # type: ignore[no-untyped-call]
    own.parent.mkdir(exist_ok=True)
    write_notebook(own, notebook)
    assert [city.due(f"2024-08-15T{hour}:00") for hour in ("07", "08")] == [1, 1]
    assert august not in city.published() and "Báo cáo tháng 7/2024" in city.page("index.html")
    own.unlink()
    assert city.due("2024-08-16T08:00") == 0

    city.a_month(september, "2024-09-16")

    # October: the report is there although nobody can be told.
    city.prepare("2024-10-01T09:00", october)
    city.hand_in(october)
    city.box.broken = True
    assert city.due("2024-10-15T07:00") == 4
    assert city.published()[october] == [1]
    city.box.broken = False
    assert city.due("2024-10-15T08:00") == 0

    # November is handed in while the machine is off; December nobody could prepare.
    city.prepare("2024-11-01T09:00", november)
    city.hand_in(november)
    assert [city.due(f"2024-12-20T{hour}:00") for hour in ("08", "09")] == [3, 3]
    assert city.published()[november] == [1]
    city.prepare("2024-12-20T10:00", december)
    city.hand_in(december)
    assert city.due("2024-12-20T14:00") == 0

    city.a_month(january, "2025-01-15")
    city.a_month(february, "2025-02-17")
    city.a_month(march, "2025-03-17")
    assert city.due("2025-12-31T07:00") == 0, "after its last month nothing is due any more"


def check_mails(city: City) -> None:
    """Everybody was told everything once, by a run that has its log, and no secret went along."""
    done, waits = "Báo cáo kỳ {}: đã lập xong", "Báo cáo kỳ {}: chưa đủ biểu của các đơn vị"
    assert city.mails(OFFICE) == [
        ("15/04 07:00", done.format("2024-04")),
        ("15/05 07:00", waits.format("2024-05")),
        ("16/05 09:00", "Báo cáo kỳ 2024-05: đã lập khi chưa đủ số liệu"),
        ("17/05 08:00", waits.format("2024-05")),  # the deadline is over
        ("20/05 08:00", done.format("2024-05")),
        ("17/06 07:00", done.format("2024-06")),
        ("20/06 08:00", "Báo cáo kỳ 2024-06: có biểu sửa sau khi lập"),
        ("15/07 07:00", done.format("2024-07")),
        ("15/08 07:00", "Báo cáo kỳ 2024-08: lập báo cáo không thành"),
        ("16/08 08:00", done.format("2024-08")),
        ("16/09 07:00", done.format("2024-09")),
        ("15/10 08:00", done.format("2024-10")),
        ("20/12 08:00", done.format("2024-11")),
        ("20/12 08:00", "Báo cáo: 1 kỳ đến hạn chưa được chuẩn bị"),
        ("20/12 14:00", done.format("2024-12")),
        ("15/01 07:00", done.format("2025-01")),
        ("17/02 07:00", done.format("2025-02")),
        ("17/03 07:00", done.format("2025-03")),
    ]
    late = "Đề nghị gửi biểu số liệu kỳ 2024-05"
    faulty = "Kỳ 2024-05: biểu số liệu còn lỗi, đề nghị gửi lại"
    pressing = [entry for entry in city.mails(ADDRESSES[INSURANCE]) if "Đề nghị" in entry[1]]
    assert pressing == [("15/05 07:00", late), ("17/05 08:00", late)]
    pressing = [entry for entry in city.mails(ADDRESSES[HEALTH]) if "gửi lại" in entry[1]]
    assert pressing == [("15/05 07:00", faulty), ("17/05 08:00", faulty)]
    assert set(Counter(str(message["Message-ID"]) for message in city.box.taken).values()) == {1}
    for message in city.box.taken:
        plain = message.get_body(("plain",))
        assert plain is not None
        found = re.search(r"Mã lần chạy: (\S+)", plain.get_content())
        assert found is not None and (city.project.outputs / "logs" / f"{found[1]}.jsonl").is_file()
        assert PASSWORD not in message.as_string()


def check_readers(city: City) -> None:
    """The site at the end: every month, both revisions of June, the newest first, courses, archive and search."""
    check_site(city.site)
    assert city.published() == {period: [1, 2] if period == YEAR[2] else [1] for period in YEAR}
    assert 'rel="canonical" href="../2025-03/"' in city.page("latest/index.html")
    assert "đã được thay thế" in city.page("2024-06/lan-1/bao-cao.html")
    assert "thay thế" not in city.page("2024-06/bao-cao.html")
    assert "lần 2, công bố ngày 21/6/2024" in city.page("2024-06/lan-1/index.html")
    front = city.page("index.html")
    sections = city.site / "current" / "tinh"
    for period, numbers in city.published().items():
        summary = json.loads((city.site / "months" / str(period) / str(numbers[-1]) / "tom-tat.json").read_bytes())
        printed = summary["indicators"][0]["value"]["text"]
        assert printed in front, "the course of an indicator has every month"
        (searched,) = sections.glob(f"muc-{period}-*.json")
        assert printed in searched.read_text(encoding="utf-8"), "the search knows the text of every month"
        assert f'href="../../{period}/"' in city.page(f"nam/{period.year}/index.html")
    for page in city.site.joinpath("current").rglob("*.html"):
        assert "CHƯA ĐỦ SỐ LIỆU" not in page.read_text(encoding="utf-8"), page


def check_records(city: City) -> None:
    """The state and the logs."""
    state = DueState.load(city.project.state)
    assert list(state.months) == [str(period) for period in YEAR]
    assert {record.publish for record in state.months.values()} == {"done"}
    assert not state.waiting and len(state.sent) == len(city.box.taken)
    logs = sorted((city.project.outputs / "logs").glob("*.jsonl"))
    events: Counter[str] = Counter()
    for log in logs:
        entries = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        assert {entry["run"] for entry in entries} == {log.stem}
        assert [entry["time"] for entry in entries] == [entries[0]["time"]] * len(entries), (
            "the clock is the simulated one"
        )
        assert datetime.fromisoformat(entries[0]["time"]).strftime("%Y%m%d") >= log.stem[:8]
        events.update(entry["event"] for entry in entries)
    assert events["run_started"] == 12 + 1 + 2 + 1  # a partial May, August twice in vain, June by hand
    assert events["run_made"] == 12 + 1 + 1 and events["run_failed"] == 2
    assert events["published"] == 12
    assert events["sent"] == events["notice"] == len(city.box.taken)
    for path in (*city.project.root.rglob("*"), *city.site.rglob("*")):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes(), path


def test_a_year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mailbox(tmp_path, "starttls", login=True) as box:
        city = set_up(City(small_project(tmp_path / "du-an"), box, monkeypatch))
        live(city)
        check_mails(city)
        check_readers(city)
        check_records(city)
