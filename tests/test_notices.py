"""Notices: what they say, that nothing gets out of them, and that a real server takes them once."""

import socket
import threading
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from html.parser import HTMLParser
from pathlib import Path

import pytest

from baocao import notices
from baocao.duestate import DueState, Notice
from baocao.errors import Problem, Severity
from baocao.finding import Finding
from baocao.mail import CREDENTIAL, PASSWORD_VARIABLE, message_of, read_password, send_all
from baocao.notices import MOST, Told, one_line
from baocao.params import load_defaults
from baocao.project import Project
from baocao.reporting import reporting_dates
from baocao.settings import VIETNAM, Mail
from conftest import APRIL, ROOT
from postbox import OFFICE, PASSWORD, USER, Mailbox, mailbox

NOW = datetime(2024, 4, 15, 7, 0, tzinfo=VIETNAM)
DATES = reporting_dates(load_defaults(Project(ROOT)), APRIL)
POLICE = "Công an thành phố Nha Trang"
HOSTILE = 'Công an\r\nBcc: kẻ-lạ@example.vn\n\n<script>alert("1")</script> & {{ x }}\u2028\x00'


BODY = "Tổ công tác Đề án 06 thành phố Nha Trang"


def told(now: datetime = NOW, run: str = "lan-1") -> Told:
    return Told(APRIL, DATES, BODY, run, now)


def finding(text: str, severity: Severity = Severity.LOI, department: str = POLICE) -> Finding:
    return Finding("r", text, severity, Problem(text, ("tệp.xlsx", "Trang", "D9"), "số", "sửa ô này"), department)


def all_kinds(now: datetime = NOW, run: str = "lan-1", name: str = POLICE) -> list[Notice]:
    said = told(now, run)
    faults = [finding(f"sai {name}"), finding("ngờ", Severity.CANH_BAO)]
    return [
        notices.ready(said, ["bao-cao.docx"], "1 cảnh báo", [name]),
        notices.ready(said, ["bao-cao.docx"], "1 lỗi", [], [name]),
        notices.waiting(said, [name], {name: faults}),
        notices.late(said, name),
        notices.found(said, name, faults),
        notices.failed(said, "Lập báo cáo", [Problem(f"hỏng {name}", ("a", "b"), "c", "d")]),
        notices.corrected(said, [f"{name}.xlsx"], "0" * 64),
        notices.unprepared([APRIL], run, now),
    ]


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: set[str] = set()

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)


def _parts(message: EmailMessage) -> tuple[str, str]:
    assert message.get_content_type() == "multipart/alternative"
    plain, rich = message.iter_parts()
    assert (plain.get_content_type(), rich.get_content_type()) == ("text/plain", "text/html")
    return plain.get_content(), rich.get_content()


def _read(message: Message) -> EmailMessage:
    read = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def test_what_a_late_department_reads() -> None:
    notice = notices.late(told(), POLICE)
    assert notice.subject == "Đề nghị gửi biểu số liệu kỳ 2024-04"
    assert notice.text == (
        "Kính gửi: Công an thành phố Nha Trang\n\n"
        "Đến nay Tổ công tác Đề án 06 thành phố Nha Trang chưa nhận được biểu đã điền\n"
        "số liệu tháng 4/2024 (kỳ 2024-04) của đơn vị. Ngày chốt số liệu là Chủ nhật\n"
        "14/4/2024.\n\n"
        "Hạn gửi báo cáo: thứ Ba 16/4/2024.\n\n"
        "Đề nghị đơn vị gửi biểu để kịp tổng hợp báo cáo. Trả lời thư này là trả lời\n"
        "bộ phận tổng hợp.\n\n"
        "Thư tự động của phần mềm lập báo cáo. Mã lần chạy: lan-1\n"
    )


def test_what_a_department_with_faults_reads() -> None:
    notice = notices.found(told(), POLICE, [finding("số âm"), finding("tăng mạnh", Severity.CANH_BAO)])
    assert "1 lỗi và 1 cảnh báo" in notice.text
    assert "- [lỗi] tệp.xlsx › Trang › D9: số âm. Cần có: số. Cách xử lý: sửa ô này" in notice.text
    assert "gửi lại" in notice.subject
    mild = notices.found(told(), POLICE, [finding("tăng mạnh", Severity.CANH_BAO)])
    assert "gửi lại" not in mild.subject and "chưa lập được" not in mild.text


def test_a_plain_text_is_read_in_80_columns() -> None:
    path = "/srv/bao-cao/du-an/outputs/2024-04/" + "bao-cao-" * 9
    long = finding("Số trường hợp tiếp nhận từ Cổng DVC quốc gia, đã xác nhận và trả kết quả: chưa có số liệu " * 2)
    given = [*all_kinds(), notices.found(told(), POLICE, [long]), notices.ready(told(), [path], "1 lưu ý", [POLICE])]
    for notice in given:
        for line in notice.text.splitlines():
            assert len(line) <= 76 or line == f"- {path}", line
            assert unicodedata.is_normalized("NFC", line)
    assert "\n  " in given[-2].text, "what belongs to an entry stands below it"


def test_changed_forms_are_told_again_when_they_change_again() -> None:
    names = [f"{POLICE}.xlsx"]
    first, second = (notices.corrected(told(), names, digit * 64) for digit in "01")
    assert first.text == second.text and first.key != second.key


def test_the_same_content_is_one_notice_whatever_the_run() -> None:
    first, second = all_kinds(), all_kinds(run="lan-2")
    assert [notice.key for notice in first] == [notice.key for notice in second]
    assert len({notice.key for notice in first}) == len(first)
    state = DueState()
    assert all(state.tell(notice) for notice in first)
    assert not any(state.tell(notice) for notice in second)
    # Past the deadline it is another thing to say.
    over = notices.late(told(datetime(2024, 4, 17, tzinfo=VIETNAM)), POLICE)
    assert "(đã quá hạn)" in over.text and state.tell(over)


def test_every_notice_carries_the_run_in_both_forms() -> None:
    for notice in all_kinds(run="20240415T000000Z-1a2b3c4d"):
        assert "Mã lần chạy: 20240415T000000Z-1a2b3c4d" in notice.text
        assert "20240415T000000Z-1a2b3c4d" in notice.html
        parser = _Text()
        parser.feed(notice.html)
        assert parser.tags <= {"html", "head", "meta", "title", "body", "p", "ul", "li"}
        assert one_line(notice.text.replace("- ", "")) in one_line(" ".join(parser.text).replace("- ", ""))


def test_a_text_from_a_workbook_stays_text() -> None:
    mail = Mailbox(port=25).settings(departments=[{"name": HOSTILE, "to": ["a@example.vn"]}])
    for notice in all_kinds(name=HOSTILE):
        message = _read(message_of(notice, mail, NOW))
        assert "\n" not in notice.subject
        assert message["Bcc"] is None and message["Cc"] is None
        head = message.as_bytes().partition(b"\r\n\r\n")[0]
        assert b"\r\nbcc" not in head.lower()
        plain, rich = _parts(message)
        assert "<script" not in rich
        assert "\0" not in plain + rich


def test_a_subject_cannot_end_its_header() -> None:
    notice = notices.make_notice("late", "2024-04", "", f"Kính gửi {HOSTILE}", ["x"], "r", NOW)
    message = _read(message_of(notice, Mailbox(port=25).settings(), NOW))
    assert message["Subject"] == one_line(f"Kính gửi {HOSTILE}")
    assert [name for name, _ in message.items()].count("Bcc") == 0


def test_long_lists_are_counted() -> None:
    notice = notices.found(told(), POLICE, [finding(f"lỗi {number}") for number in range(MOST + 2)])
    assert f"lỗi {MOST - 1}." in notice.text and f"lỗi {MOST}." not in notice.text
    assert "… và 2 mục khác" in notice.text


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Mailbox]:
    with mailbox(tmp_path) as box:
        yield box


def _send(given: list[Notice], mail: Mail, folder: Path) -> tuple[list[str], list[Problem]]:
    done: list[str] = []
    left = send_all(given, mail, folder, NOW, lambda notice: done.append(notice.key))
    return done, [problem for _, problem in left]


def test_a_server_takes_all_in_vietnamese(box: Mailbox, tmp_path: Path) -> None:
    mail = box.settings(departments=[{"name": POLICE, "to": ["cat@example.vn", "cat2@example.vn"]}])
    given = all_kinds()
    done, problems = _send(given, mail, tmp_path)
    assert not problems and done == [notice.key for notice in given]
    assert [message["Subject"] for message in box.taken] == [notice.subject for notice in given]
    for notice, message in zip(given, box.taken, strict=True):
        plain, rich = _parts(message)
        assert plain.replace("\r\n", "\n") == notice.text
        assert rich.replace("\r\n", "\n") == notice.html
        assert message["From"] == "baocao@nhatrang.example"
        assert message["To"] == (OFFICE if not notice.department else "cat@example.vn, cat2@example.vn")
        assert message["Reply-To"] == (OFFICE if notice.department else None)
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Date"].datetime == NOW
    assert len({message["Message-ID"] for message in box.taken}) == len(given)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_with_encryption_and_a_login(security: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    with mailbox(tmp_path, security, login=True) as box:
        mail = box.settings(security=security, user=USER, ca_file=box.ca_file)
        done, problems = _send(all_kinds()[:1], mail, tmp_path)
        assert not problems and len(done) == len(box.taken) == 1
        assert box.logins[-1] == USER
        assert PASSWORD not in str(box.taken[0])


def test_a_server_that_nobody_vouches_for_gets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    with mailbox(tmp_path, "starttls", login=True) as box:
        done, problems = _send(all_kinds()[:2], box.settings(security="starttls", user=USER), tmp_path)
        assert not done and len(problems) == 2
        assert "không lập được đường truyền có mã hóa" in problems[0].what
        assert not box.logins


def test_a_server_without_starttls_never_hears_the_password(
    box: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    done, problems = _send(all_kinds()[:1], box.settings(security="starttls", user=USER), tmp_path)
    assert not done and "không hỗ trợ" in problems[0].what
    assert not box.logins


def test_a_wrong_password_is_told_and_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "sai-mat-khau")
    with mailbox(tmp_path, "starttls", login=True) as box:
        mail = box.settings(security="starttls", user=USER, ca_file=box.ca_file)
        done, problems = _send(all_kinds()[:1], mail, tmp_path)
        assert not done and "không nhận tài khoản baocao (mã 535)" in problems[0].what
        assert "sai-mat-khau" not in str(problems[0])


def test_a_password_that_cannot_be_sent_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "mật khẩu")
    with mailbox(tmp_path, "starttls", login=True) as box:
        mail = box.settings(security="starttls", user=USER, ca_file=box.ca_file)
        done, problems = _send(all_kinds()[:1], mail, tmp_path)
        assert not done and "có chữ có dấu" in problems[0].what and "mật khẩu của" in problems[0].what


def test_no_password_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    with mailbox(tmp_path, "starttls", login=True) as box:
        mail = box.settings(security="starttls", user=USER, ca_file=box.ca_file)
        done, problems = _send(all_kinds()[:1], mail, tmp_path)
        assert not done and PASSWORD_VARIABLE in problems[0].expected


def test_the_password_comes_from_the_environment_or_from_systemd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert read_password() is None
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_password() is None
    (tmp_path / CREDENTIAL).write_text(f"{PASSWORD}\n", encoding="utf-8")
    assert read_password() == PASSWORD
    monkeypatch.setenv(PASSWORD_VARIABLE, "khác")
    assert read_password() == "khác"


def test_a_server_that_is_away(tmp_path: Path) -> None:
    with mailbox(tmp_path) as box:
        mail = box.settings()
    done, problems = _send(all_kinds()[:2], mail, tmp_path)
    assert not done and len(problems) == 2
    assert "không kết nối được với máy chủ thư: máy này không nhận kết nối" in problems[0].what
    assert problems[0].where == (f"localhost:{mail.port}",)


def test_a_host_that_nobody_knows(tmp_path: Path) -> None:
    mail = Mailbox(port=25).settings(host="khong-co.invalid")
    _, problems = _send(all_kinds()[:1], mail, tmp_path)
    assert "không tìm thấy máy nào tên khong-co.invalid" in problems[0].what


@pytest.mark.parametrize(("hangs_up", "said"), [(False, "không trả lời trong"), (True, "ngắt kết nối giữa chừng")])
def test_a_server_that_says_nothing(hangs_up: bool, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baocao.mail._TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        answer = threading.Thread(target=lambda: listening.accept()[0].close() if hangs_up else None)
        answer.start()
        mail = Mailbox(port=listening.getsockname()[1]).settings(host="127.0.0.1")
        done, problems = _send(all_kinds()[:2], mail, tmp_path)
        answer.join()
    assert not done and len(problems) == 2 and said in problems[0].what


def test_a_server_that_refuses_a_message_repeats_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    with mailbox(tmp_path, "starttls", login=True) as box:
        box.broken = True
        mail = box.settings(security="starttls", user=USER, ca_file=box.ca_file)
        done, problems = _send(all_kinds()[:2], mail, tmp_path)
    assert not done and len(problems) == 2
    assert "mã 451" in problems[0].what and PASSWORD not in str(problems[0]) and "***" in problems[0].what


def test_one_refused_address_is_no_obstacle(box: Mailbox, tmp_path: Path) -> None:
    box.refused = {"cu@example.vn"}
    entries = [{"name": POLICE, "to": ["cu@example.vn"]}, {"name": "B", "to": ["cu@example.vn", "b@example.vn"]}]
    mail = box.settings(departments=entries)
    given = [notices.late(told(), POLICE), notices.late(told(), "B"), notices.unprepared([APRIL], "r", NOW)]
    done, problems = _send(given, mail, tmp_path)
    # Who got it does not get it again for the sake of another.
    assert done == [notice.key for notice in given[1:]]
    assert len(problems) == 2 and all("cu@example.vn (mã 550" in problem.what for problem in problems)
