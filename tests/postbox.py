"""A real SMTP server of this process, and what it took."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from baocao.settings import Mail

USER = "baocao"
PASSWORD = "mat-khau-Rat-bi-mat"
OFFICE = "tonghop@nhatrang.example"


@dataclass
class Mailbox:
    """The messages that a server took, in order; `refused` addresses it turns away."""

    port: int = 0
    ca_file: str = ""
    taken: list[EmailMessage] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    broken: bool = False
    logins: list[str] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address in self.refused:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.broken:
            return f"451 4.3.0 try later, {PASSWORD}"
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        assert set(str(message["To"]).split(", ")) == set(envelope.rcpt_tos) | self.turned_away(message)
        self.taken.append(message)
        return "250 OK"

    def turned_away(self, message: EmailMessage) -> set[str]:
        """The addressees of `message` that this server does not know."""
        return self.refused & set(str(message["To"]).split(", "))

    def to(self, address: str) -> list[str]:
        """Subjects of what came for `address`."""
        return [str(message["Subject"]) for message in self.taken if address in str(message["To"])]

    def settings(self, **more: Any) -> Mail:
        content = {"host": "localhost", "port": self.port, "security": "none", "sender": "baocao@nhatrang.example"}
        return Mail.model_validate({**content, "office": [OFFICE], **more})


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert isinstance(port, int)
    return port


@contextmanager
def mailbox(folder: Path, security: str = "none", login: bool = False, port: int = 0) -> Iterator[Mailbox]:
    """A server on a free port of this machine, in the clear, with STARTTLS or in TLS from the start."""
    box = Mailbox()
    authority = trustme.CA()
    box.ca_file = str(folder / "ca.pem")
    authority.cert_pem.write_to_path(box.ca_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    def allowed(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        box.logins.append(data.login.decode())
        return AuthResult(success=data == LoginPassword(USER.encode(), PASSWORD.encode()), handled=False)

    options: dict[str, Any] = {"hostname": "127.0.0.1", "port": port or free_port(), "ready_timeout": 20}
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    elif security == "tls":
        options["ssl_context"] = context
    if login:
        options |= {"authenticator": allowed, "auth_required": True, "auth_require_tls": security == "starttls"}
    controller = Controller(box, **options)
    controller.start()
    try:
        box.port = controller.port
        yield box
    finally:
        controller.stop()
