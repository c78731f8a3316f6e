"""What is due and not done: a year by simulated clock with work that is only recorded, and the real thing once."""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from docx import Document
from pypdf import PdfReader

from baocao.cli import main
from baocao.cli_due import NOW_VARIABLE
from baocao.due import Due, DueResult, Outcome, Readiness, Report, late_lines
from baocao.duestate import DueState, locked
from baocao.errors import BusyError, Problem, RunError, Severity
from baocao.finding import Finding
from baocao.mail import PASSWORD_VARIABLE
from baocao.new import drafts, new_month
from baocao.params import load_defaults
from baocao.period import Period
from baocao.project import ROOT_VARIABLE, Project
from baocao.runlog import KEPT, RunLog
from baocao.settings import NAME, VIETNAM, Mail, Publishing, Settings
from conftest import APRIL, ROOT
from postbox import OFFICE, PASSWORD, USER, Mailbox, mailbox

DEFAULTS = load_defaults(Project(ROOT))
DEPARTMENTS = {"Công an": "cat@example.vn", "Y tế": "yte@example.vn"}
YEAR = [Period(2024, month) for month in range(1, 13)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def digest(content: object) -> str:
    return hashlib.sha256(repr(content).encode()).hexdigest()


@dataclass
class World:
    """Departments, a server and a site that are only recorded."""

    sent: dict[Period, dict[str, str]] = field(default_factory=dict)
    """What each department handed in; “sai” is a form with lỗi."""
    reports: dict[Period, Report] = field(default_factory=dict)
    made: list[tuple[Period, bool]] = field(default_factory=list)
    published: list[tuple[Period, str]] = field(default_factory=list)
    broken: set[Period] = field(default_factory=set)
    site_gone: bool = False
    drafts: tuple[str, ...] = ()

    def forms(self, period: Period) -> Mapping[str, str]:
        return {f"{name}.xlsx": digest(content) for name, content in self.sent.get(period, {}).items()}

    def inputs(self, period: Period) -> dict[str, str]:
        return {f"data/{period}/{name}": sha for name, sha in self.forms(period).items()} | {"params": str(period)}

    def readiness(self, period: Period) -> Readiness:
        sent = self.sent.get(period, {})
        late = tuple(name for name in DEPARTMENTS if name not in sent)
        wrong = {
            name: (Finding("r", name, Severity.LOI, Problem(f"số sai của {name}"), name),)
            for name, content in sent.items()
            if content == "sai"
        }
        return Readiness(self.inputs(period), "không có phát hiện nào", late, wrong, bool(late or wrong), self.drafts)

    def report(self, period: Period) -> Report | None:
        return self.reports.get(period)

    def make(self, period: Period, partial: bool) -> None:
        self.made.append((period, partial))
        if period in self.broken:
            raise RunError(Problem("bộ dàn trang dừng", remedy="xem nhật ký"))
        lacking = self.readiness(period).late if partial else ()
        inputs = self.inputs(period)
        self.reports[period] = Report(digest((inputs, lacking)), lacking, inputs, (f"bao-cao-{period}.pdf",))

    def publish(self, period: Period) -> None:
        if self.site_gone:
            raise RunError(Problem("không thấy thư mục của trang"))
        self.published.append((period, self.reports[period].manifest))

    def hand_in(self, period: Period, *names: str, content: str = "đúng") -> None:
        self.sent.setdefault(period, {}).update(dict.fromkeys(names or DEPARTMENTS, content))


@dataclass
class Server:
    """One project on one machine."""

    folder: Path
    world: World = field(default_factory=World)
    settings: Settings = field(default_factory=Settings)
    known: list[Period] = field(default_factory=lambda: [APRIL])

    def run(self, when: datetime | str, partial: bool = False) -> DueResult:
        moment = at(when) if isinstance(when, str) else when
        log = RunLog(self.folder / "logs", lambda: moment)
        state = self.folder / "state"
        with locked(state):
            return Due(self.folder, state, self.settings, DEFAULTS, self.world, log, moment).run(self.known, partial)

    @property
    def state(self) -> DueState:
        return DueState.load(self.folder / "state")


def mail_to(box: Mailbox) -> Mail:
    return box.settings(departments=[{"name": name, "to": [address]} for name, address in DEPARTMENTS.items()])


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Mailbox]:
    with mailbox(tmp_path) as box:
        yield box


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def test_nothing_is_due_before_its_hour(server: Server) -> None:
    server.world.hand_in(APRIL)
    assert not server.run("2024-04-15T06:59").months
    assert not server.world.made
    assert not (server.folder / "logs").exists(), "nothing done, nothing to log"


def test_what_is_due_is_made_once(server: Server) -> None:
    server.world.hand_in(APRIL)
    assert server.run("2024-04-15T07:00").months == {APRIL: Outcome.MADE}
    for hour in range(8, 12):
        result = server.run(f"2024-04-15T{hour:02d}:00")
        assert result.months == {APRIL: Outcome.DONE} and result.status == 0
    assert server.world.made == [(APRIL, False)]


def test_a_report_made_by_hand_from_the_same_forms_is_taken_as_it_is(server: Server) -> None:
    server.world.hand_in(APRIL)
    server.world.make(APRIL, partial=False)
    assert server.run("2024-04-15T07:00").months == {APRIL: Outcome.MADE}
    assert len(server.world.made) == 1


def test_a_trial_before_the_last_forms_is_made_anew(server: Server) -> None:
    server.world.hand_in(APRIL)
    server.world.make(APRIL, partial=False)
    server.world.hand_in(APRIL, "Y tế", content="sửa")
    server.run("2024-04-15T07:00")
    assert len(server.world.made) == 2


def test_late_and_faulty_departments_stop_a_month(server: Server) -> None:
    server.world.hand_in(APRIL, "Công an", content="sai")
    result = server.run("2024-04-15T07:00")
    assert result.months == {APRIL: Outcome.WAITING} and result.status == 3
    assert list(late_lines(result)) == ["2024-04: Y tế; Công an"]
    assert not server.world.made
    server.world.hand_in(APRIL)
    assert server.run("2024-04-15T08:00").status == 0


def test_a_partial_report_is_made_once_and_the_month_stays_open(server: Server) -> None:
    server.world.hand_in(APRIL, "Công an")
    for hour in (7, 8):
        result = server.run(f"2024-04-15T{hour:02d}:00", partial=True)
        assert result.months == {APRIL: Outcome.PARTIAL} and result.status == 3
    assert server.world.made == [(APRIL, True)]
    server.world.hand_in(APRIL)
    server.run("2024-04-15T09:00", partial=True)
    assert server.world.made == [(APRIL, True), (APRIL, False)]
    assert not server.world.reports[APRIL].partial


def test_a_whole_report_is_never_replaced_by_a_partial_one(server: Server) -> None:
    server.world.hand_in(APRIL)
    server.world.make(APRIL, partial=False)
    server.world.hand_in(APRIL, "Y tế", content="sai")
    assert server.run("2024-04-15T07:00", partial=True).months == {APRIL: Outcome.WAITING}
    assert len(server.world.made) == 1


def test_deleted_results_are_made_again_and_not_told_again(server: Server, box: Mailbox) -> None:
    server.settings = Settings(mail=mail_to(box))
    server.world.hand_in(APRIL)
    server.run("2024-04-15T07:00")
    server.world.reports.clear()
    assert server.run("2024-04-16T07:00").months == {APRIL: Outcome.MADE}
    assert box.to(OFFICE) == ["Báo cáo kỳ 2024-04: đã lập xong"]


def test_forms_that_change_later_are_told_once_and_make_nothing(server: Server, box: Mailbox) -> None:
    server.settings = Settings(mail=mail_to(box))
    server.world.hand_in(APRIL)
    server.run("2024-04-15T07:00")
    server.world.hand_in(APRIL, "Y tế", content="sửa")
    for hour in (8, 9):
        result = server.run(f"2024-04-15T{hour:02d}:00")
        assert result.months == {APRIL: Outcome.CORRECTED} and result.status == 0
    assert len(server.world.made) == 1
    assert box.to(OFFICE)[1:] == ["Báo cáo kỳ 2024-04: có biểu sửa sau khi lập"]
    # Somebody makes the report anew: that settles it.
    server.world.make(APRIL, partial=False)
    assert server.run("2024-04-15T10:00").months == {APRIL: Outcome.DONE}


def test_one_failed_month_is_no_obstacle_and_comes_right_by_itself(server: Server, box: Mailbox) -> None:
    server.settings = Settings(mail=mail_to(box))
    server.known = [APRIL, APRIL.shift(1)]
    server.world.broken = {APRIL}
    for period in server.known:
        server.world.hand_in(period)
    for hour in (7, 8):
        result = server.run(f"2024-05-15T{hour:02d}:00")
        assert result.months[APRIL] is Outcome.FAILED and result.status == 1
        assert "bộ dàn trang dừng" in result.problems[0].what
    assert [period for period, _ in server.world.made] == [APRIL, APRIL.shift(1), APRIL]
    assert box.to(OFFICE).count("Báo cáo kỳ 2024-04: lập báo cáo không thành") == 1
    server.world.broken.clear()
    assert server.run("2024-05-15T09:00").status == 0


def test_a_month_that_nobody_is_set_to_report_fails_alone(server: Server, box: Mailbox) -> None:
    server.settings = Settings(mail=mail_to(box))
    june, july = Period(2025, 6), Period(2025, 7)
    server.known = [june, july]
    server.world.hand_in(june)
    server.world.hand_in(july)
    server.world.broken = {july}
    assert DEFAULTS.issuers[-1].valid_to == str(june)
    result = server.run("2025-07-16T07:00")
    assert list(result.months.values()) == [Outcome.MADE, Outcome.FAILED]
    assert box.to(OFFICE)[-1] == "Báo cáo kỳ 2025-07: lập báo cáo không thành"


def test_a_bug_is_logged_whole_and_stops_nothing_else(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.known = [APRIL, APRIL.shift(1)]
    for period in server.known:
        server.world.hand_in(period)
    real = server.world.readiness

    def odd(period: Period) -> Readiness:
        if period == APRIL:
            raise ZeroDivisionError
        return real(period)

    monkeypatch.setattr(server.world, "readiness", odd)
    result = server.run("2024-05-15T07:00")
    assert list(result.months.values()) == [Outcome.FAILED, Outcome.MADE] and result.status == 1
    assert "ZeroDivisionError" in next((server.folder / "logs").iterdir()).read_text(encoding="utf-8")


def test_publishing_is_off_unless_wanted_and_is_tried_again(server: Server) -> None:
    server.world.hand_in(APRIL)
    server.run("2024-04-15T07:00")
    assert not server.world.published
    may = APRIL.shift(1)
    server.settings = Settings(publish=Publishing(automatic=True))
    server.known = [APRIL, may]
    server.world.hand_in(may)
    server.world.site_gone = True
    assert server.run("2024-05-15T07:00").status == 1
    server.world.site_gone = False
    assert server.run("2024-05-15T08:00").status == 0
    assert server.run("2024-05-15T09:00").status == 0
    # What was made before the setting stays as it was; the other goes once.
    assert [period for period, _ in server.world.published] == [may]
    assert [period for period, _ in server.world.made] == [APRIL, may]


def test_prose_that_nobody_read_is_not_published_by_itself(server: Server, box: Mailbox) -> None:
    server.settings = Settings(mail=mail_to(box), publish=Publishing(automatic=True))
    server.world.hand_in(APRIL)
    server.world.drafts = ("I", "III")
    for hour in (7, 8):
        assert server.run(f"2024-04-15T{hour:02d}:00").status == 0
    assert server.world.made and not server.world.published
    (said,) = (message.get_body(("plain",)) for message in box.taken)
    assert said is not None
    text = " ".join(said.get_content().split())
    assert "mục I và III còn là bản nháp chép từ kỳ trước, nên báo cáo này không tự công bố" in text


def test_a_draft_is_one_until_its_note_is_deleted(project: Project) -> None:
    may = APRIL.shift(1)
    assert not drafts(project.sections(APRIL))
    new_month(project, may)
    assert [section.label for section in drafts(project.sections(may))] == ["I", "III", "IV"]
    path = project.section(may, "I").notebook
    notebook = json.loads(path.read_text(encoding="utf-8"))
    del notebook["cells"][0]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    assert [section.label for section in drafts(project.sections(may))] == ["III", "IV"]


def test_a_mail_server_that_is_away_costs_a_status_and_no_report(server: Server, tmp_path: Path) -> None:
    with mailbox(tmp_path) as box:
        server.settings = Settings(mail=mail_to(box))
    server.world.hand_in(APRIL)
    result = server.run("2024-04-15T07:00")
    assert result.months == {APRIL: Outcome.MADE} and result.status == 4
    assert len(server.state.waiting) == 1
    with mailbox(tmp_path, port=box.port) as again:
        assert server.run("2024-04-15T08:00").status == 0
        assert server.run("2024-04-15T09:00").status == 0
        assert again.to(OFFICE) == ["Báo cáo kỳ 2024-04: đã lập xong"]
    events = [json.loads(line)["event"] for path in sorted((tmp_path / "logs").iterdir()) for line in path.open()]
    assert events.count("unsent") == events.count("sent") == 1


def test_killed_after_the_report_the_next_run_takes_it_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.world.hand_in(APRIL)
    real = DueState.save
    with monkeypatch.context() as patch:
        patch.setattr(DueState, "save", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            server.run("2024-04-15T07:00")
    assert DueState.save is real
    assert server.run("2024-04-15T08:00").months == {APRIL: Outcome.MADE}
    assert len(server.world.made) == 1, "the report that is there is not made again"


def test_two_at_once_make_one(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.world.hand_in(APRIL)
    going, on = threading.Event(), threading.Event()
    real = server.world.make

    def slow(period: Period, partial: bool) -> None:
        going.set()
        assert on.wait(20)
        real(period, partial)

    monkeypatch.setattr(server.world, "make", slow)
    first = threading.Thread(target=server.run, args=("2024-04-15T07:00",))
    first.start()
    assert going.wait(20)
    with pytest.raises(BusyError, match="run --due khác đang diễn ra"):
        server.run("2024-04-15T07:00")
    on.set()
    first.join(20)
    assert server.run("2024-04-15T07:01").months == {APRIL: Outcome.DONE}
    assert len(server.world.made) == 1


def test_a_damaged_memory_is_told(server: Server) -> None:
    server.run("2024-04-01T07:00")
    (server.folder / "state" / "due.json").write_text("{", encoding="utf-8")
    with pytest.raises(RunError, match="không đọc được tệp ghi nhớ"):
        server.run("2024-04-15T07:00")


def test_old_logs_go(tmp_path: Path) -> None:
    for number in range(KEPT + 3):
        (tmp_path / f"2023{number:04d}.jsonl").touch()
    (tmp_path / "2024-04.log").touch()
    RunLog(tmp_path, lambda: at("2024-04-15T07:00")).write("x")
    assert len(list(tmp_path.glob("*.jsonl"))) == KEPT
    assert (tmp_path / "2024-04.log").exists()


def test_a_year(server: Server, box: Mailbox) -> None:
    """12 months, the run called every 6 hours: late forms in March, May down, a correction in July, August fails."""
    server.settings = Settings(mail=mail_to(box), publish=Publishing(automatic=True))
    server.known = []
    handed: dict[Period, datetime] = {}
    moment, outcomes = at("2024-01-01T01:30"), []
    while moment < at("2025-01-02T00:00"):
        month = Period(moment.year, moment.month)
        if month not in server.known and month in YEAR:
            server.known.append(month)
        for period in server.known:
            lateness = 20 if period.month == 3 else 13
            if period not in handed and moment >= datetime(period.year, period.month, lateness, 9, tzinfo=VIETNAM):
                handed[period] = moment
                server.world.hand_in(period)
        if moment == at("2024-07-20T07:30"):
            server.world.hand_in(Period(2024, 7), "Y tế", content="sửa")
        if moment == at("2024-07-22T07:30"):
            server.world.make(Period(2024, 7), partial=False)
            server.world.publish(Period(2024, 7))
        server.world.broken = {Period(2024, 8)} if moment < at("2024-08-19T00:00") else set()
        if moment.month != 5:
            outcomes.append(server.run(moment).status)
        moment += timedelta(hours=6)
    assert set(outcomes) == {0, 1, 3} and outcomes[-1] == 0
    whole = [period for period, partial in server.world.made if not partial]
    # Every month is made once, but July by hand again, and August until it works.
    assert {period: whole.count(period) for period in YEAR if period.month not in (7, 8)} == dict.fromkeys(
        (period for period in YEAR if period.month not in (7, 8)), 1
    )
    assert whole.count(Period(2024, 7)) == 2
    assert server.world.published[6][0] == server.world.published[7][0] == Period(2024, 7)
    assert server.world.published[6][1] != server.world.published[7][1], "the correction is another revision"
    assert [period for period, _ in server.world.published] == sorted([*YEAR, Period(2024, 7)])
    told = box.to(OFFICE)
    assert [subject for subject in told if "đã lập xong" in subject] == [
        f"Báo cáo kỳ {period}: đã lập xong" for period in YEAR
    ]
    # Once when it is due, once when the deadline is over.
    assert told.count("Báo cáo kỳ 2024-03: chưa đủ biểu của các đơn vị") == 2
    assert told.count("Báo cáo kỳ 2024-07: có biểu sửa sau khi lập") == 1
    assert told.count("Báo cáo kỳ 2024-08: lập báo cáo không thành") == 2
    assert len(told) == 12 + 2 + 1 + 2
    for address in DEPARTMENTS.values():
        assert box.to(address) == ["Đề nghị gửi biểu số liệu kỳ 2024-03"] * 2
    assert len({message["Message-ID"] for message in box.taken}) == len(box.taken)


def test_the_real_thing(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A form that is late, a partial report, the whole one, a correction: commands, files, mails, log, no secret."""
    monkeypatch.setenv(ROOT_VARIABLE, str(project.root))
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    late = "Bảo hiểm xã hội thành phố Nha Trang"
    form = project.submissions(APRIL) / "03-bhxh.xlsx"
    kept = form.read_bytes()
    form.unlink()

    def run(now: str, *words: str) -> tuple[int, str]:
        monkeypatch.setenv(NOW_VARIABLE, now)
        status = main(["run", "--due", *words])
        said = capsys.readouterr()
        return status, said.out + said.err

    with mailbox(tmp_path, "starttls", login=True) as box:
        (project.root / NAME).write_text(
            f"schedule: {{valid_to: 2024-04}}\nmail:\n  host: localhost\n  port: {box.port}\n  user: {USER}\n"
            f"  ca_file: {box.ca_file}\n  sender: baocao@nhatrang.example\n  office: [{OFFICE}]\n"
            f"  departments: [{{name: {late}, to: [bhxh@example.vn]}}]\n",
            encoding="utf-8",
        )
        status, said = run("2024-04-15T07:00", "--partial")
        assert status == 3 and f"2024-04: {late}" in said
        pdf = project.outputs / "2024-04" / "bao-cao-2024-04.pdf"
        assert all("BÁO CÁO CHƯA ĐỦ SỐ LIỆU" in page.extract_text() for page in PdfReader(pdf).pages)
        page = pdf.with_suffix(".html").read_text(encoding="utf-8")
        assert "BÁO CÁO CHƯA ĐỦ SỐ LIỆU" in page
        word = [paragraph.text for paragraph in Document(str(pdf.with_suffix(".docx"))).paragraphs]
        for text in (PdfReader(pdf).pages[0].extract_text(), page, "\n".join(word)):
            assert f"còn lỗi, số liệu của {late}." in " ".join(text.split())
        manifest = json.loads((pdf.parent / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["partial"] == [late]
        form.write_bytes(kept)
        status, said = run("2024-04-15T08:00")
        assert status == 0, said
        assert "CHƯA ĐỦ SỐ LIỆU" not in PdfReader(pdf).pages[0].extract_text()
        before = pdf.read_bytes()
        status, said = run("2024-04-15T09:00")
        assert (status, "Không có kỳ nào đến hạn mà chưa lập." in said) == (0, True)
        assert pdf.read_bytes() == before
        assert box.to("bhxh@example.vn") == [
            "Đề nghị gửi biểu số liệu kỳ 2024-04",
            "Kỳ 2024-04: kết quả kiểm tra biểu số liệu",
        ]
        assert box.to(OFFICE) == [
            "Báo cáo kỳ 2024-04: chưa đủ biểu của các đơn vị",
            "Báo cáo kỳ 2024-04: đã lập khi chưa đủ số liệu",
            "Báo cáo kỳ 2024-04: đã lập xong",
        ]
        logs = sorted((project.outputs / "logs").glob("*.jsonl"))
        assert len(logs) == 2
        for log in logs:
            events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
            assert {event["run"] for event in events} == {log.stem}
        assert f"Mã lần chạy: {logs[1].stem}" in str(box.taken[-1].get_body(("plain",)).get_content())  # type: ignore[union-attr]
    # A partial report does not take the place of the whole one.
    form.unlink()
    assert main(["run", "2024-04", "--partial"]) == 2
    assert "đã có báo cáo đủ số liệu" in capsys.readouterr().err
    assert pdf.read_bytes() == before
    for path in project.root.rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("words", [["2024-04"], ["--section", "24"], ["--format", "pdf"]])
def test_due_goes_alone(words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(ROOT))
    assert main(["run", "--due", *words]) == 2
    assert "--due không đi cùng" in capsys.readouterr().err
