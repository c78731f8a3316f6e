"""Sending notices by SMTP. The password comes from the environment or from systemd, and goes to the server alone."""

import os
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime
from pathlib import Path
from typing import Final

from baocao.duestate import Notice
from baocao.errors import Problem, RunError
from baocao.notices import one_line
from baocao.settings import NAME, Mail

PASSWORD_VARIABLE: Final = "BAOCAO_SMTP_PASSWORD"
CREDENTIAL: Final = "smtp-password"
"""Name of the systemd credential."""
_TIMEOUT: Final = 30.0
_HIDDEN: Final = "***"


def read_password() -> str | None:
    """The password of the mail account: a variable of the environment, or the credential that systemd hands over."""
    given = os.environ.get(PASSWORD_VARIABLE)
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if given is None and folder:
        with suppress(FileNotFoundError):
            given = (Path(folder) / CREDENTIAL).read_text(encoding="utf-8").rstrip("\r\n")
    return given or None


def message_of(notice: Notice, mail: Mail, now: datetime) -> Message:
    """`notice` as a message with a plain and an HTML form; the same notice has the same Message-ID."""
    # Not `EmailMessage`: where it folds a long Vietnamese subject, blanks between words get lost.
    message = MIMEMultipart("alternative")
    message["Subject"] = Header(one_line(notice.subject), "utf-8", header_name="Subject").encode()
    message["From"] = mail.sender
    message["To"] = ", ".join(mail.addresses(notice.department))
    if notice.department:
        # The sender's own mailbox is often read by nobody.
        message["Reply-To"] = ", ".join(mail.office)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{notice.key[:40]}@{mail.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = "vi"
    message.attach(MIMEText(notice.text, "plain", "utf-8"))
    message.attach(MIMEText(notice.html, "html", "utf-8"))
    return message


def send_all(
    notices: list[Notice], mail: Mail, root: Path, now: datetime, sent: Callable[[Notice], None]
) -> list[tuple[Notice, Problem]]:
    """Send `notices` over one connection, telling `sent` of each; what could not be sent comes back, and why."""
    password = read_password() if mail.user is not None else None
    left = [notice for notice in notices if mail.addresses(notice.department)]
    refused: list[tuple[Notice, Problem]] = []
    try:
        with _connect(mail, root) as server:
            if mail.user is not None:
                _log_in(server, mail.user, password)
            while left:
                try:
                    turned_away = server.send_message(message_of(left[0], mail, now))
                except smtplib.SMTPResponseException as error:
                    refused.append((left[0], _problem(mail, error, password)))
                except smtplib.SMTPRecipientsRefused as error:
                    refused.append((left[0], _refused(mail, error.recipients, password)))
                else:
                    # Some got it: sending it again would be twice for them.
                    sent(left[0])
                    if turned_away:
                        refused.append((left[0], _refused(mail, turned_away, password)))
                del left[0]
    except (OSError, smtplib.SMTPException) as error:
        refused += [(notice, _problem(mail, error, password)) for notice in left]
    except RunError as error:
        refused += [(notice, error.problems[0]) for notice in left]
    return refused


def _connect(mail: Mail, root: Path) -> smtplib.SMTP:
    context = None
    if mail.security != "none":
        context = ssl.create_default_context(cafile=root / mail.ca_file if mail.ca_file else None)
    if mail.security == "tls":
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=_TIMEOUT, context=context)
    server = smtplib.SMTP(mail.host, mail.port, timeout=_TIMEOUT)
    if context is not None:
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


def _log_in(server: smtplib.SMTP, user: str, password: str | None) -> None:
    if password is None:
        raise RunError(
            Problem(
                f"chưa có mật khẩu của tài khoản thư {user}",
                (NAME, "mail", "user"),
                expected=f"biến môi trường {PASSWORD_VARIABLE}, hoặc tệp {CREDENTIAL} do systemd trao (LoadCredential)",
                remedy="đặt mật khẩu cho lần chạy theo lịch; không ghi mật khẩu vào tệp của dự án",
            )
        )
    if not (user + password).isascii():
        raise RunError(
            Problem(
                "tên hoặc mật khẩu của tài khoản thư có chữ có dấu, không gửi được cho máy chủ thư",
                (NAME, "mail", "user"),
                expected="chữ không dấu, số và dấu thông thường",
                remedy="đổi mật khẩu của tài khoản thư",
            )
        )
    server.login(user, password)


def _problem(mail: Mail, error: Exception, password: str | None) -> Problem:
    said = str(error)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        what = f"máy chủ thư không nhận tài khoản {mail.user} (mã {error.smtp_code})"
    elif isinstance(error, smtplib.SMTPResponseException):
        what = f"máy chủ thư từ chối (mã {error.smtp_code}): {_reply(error.smtp_error)}"
    elif isinstance(error, ssl.SSLError):
        what = f"không lập được đường truyền có mã hóa: {error.reason or said}"
    elif isinstance(error, smtplib.SMTPNotSupportedError):
        what = "máy chủ thư không hỗ trợ cách kết nối hoặc đăng nhập đã chọn"
    elif isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        what = f"máy chủ thư không trả lời trong {_TIMEOUT:.0f} giây"
    elif isinstance(error, socket.gaierror):
        what = f"không kết nối được với máy chủ thư: không tìm thấy máy nào tên {mail.host}"
    elif isinstance(error, ConnectionRefusedError):
        what = "không kết nối được với máy chủ thư: máy này không nhận kết nối ở cổng đã ghi"
    elif isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError):
        what = "máy chủ thư ngắt kết nối giữa chừng"
    else:
        what = f"không kết nối được với máy chủ thư: {said}"
    return Problem(
        _hide(what, password),
        (f"{mail.host}:{mail.port}",),
        expected="máy chủ thư nhận thư báo",
        remedy=f"kiểm tra mục mail trong {NAME} và mạng; thư chưa gửi được gửi lại ở lần chạy sau",
    )


def _refused(mail: Mail, recipients: dict[str, tuple[int, bytes]], password: str | None) -> Problem:
    said = "; ".join(f"{address} (mã {code}: {_reply(reply)})" for address, (code, reply) in recipients.items())
    return Problem(
        _hide(f"máy chủ thư không nhận địa chỉ {said}", password),
        (f"{mail.host}:{mail.port}",),
        expected="địa chỉ thư đang dùng",
        remedy=f"sửa địa chỉ ở mục mail trong {NAME}",
    )


def _reply(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def _hide(text: str, password: str | None) -> str:
    """Without the password, whatever a server repeats."""
    return text.replace(password, _HIDDEN) if password else text
