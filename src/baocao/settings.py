"""How reports are made on time, told about and published at one place: `params/delivery.yml`.

It stands apart from `defaults.yml` because no report depends on it. Without the file nothing is sent or published.
The password of the mail account is never in it.
"""

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from baocao.errors import InputError, Problem
from baocao.period import Period
from baocao.project import Project
from baocao.yamlfile import Month, Strict, line_of, load_model

VIETNAM = dt.timezone(dt.timedelta(hours=7))
"""Vietnam's time: the same all year round, wherever the server's clock says it is."""

NAME = "params/delivery.yml"

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f"“{text}” không phải là một địa chỉ thư, ví dụ vanphong@nhatrang.gov.vn")
    return text


class Schedule(Strict):
    """Which months are made on time, and from which hour of the first working day after the cut-off."""

    valid_from: Month | None = None
    """First month; by default the first that has parameters."""
    valid_to: Month | None = None
    """Last month; by default none is the last."""
    time: str = "07:00"

    @field_validator("time")
    @classmethod
    def _is_a_time(cls, text: str) -> str:
        if not _TIME.fullmatch(text):
            raise ValueError(f"“{text}” không phải là giờ trong ngày, ví dụ 07:00")
        return text

    @property
    def at(self) -> dt.time:
        """The hour."""
        return dt.time.fromisoformat(self.time)

    def first(self, known: Period | None) -> Period | None:
        """The first month, where `known` is the first with parameters."""
        return Period.parse(self.valid_from) if self.valid_from else known

    def covers(self, period: Period) -> bool:
        """It is not after the last month."""
        return self.valid_to is None or str(period) <= self.valid_to


class Publishing(Strict):
    """Whether a report that was made on time goes to the site at once."""

    automatic: bool = False
    """To the site that `defaults.yml` names."""


class Department(Strict):
    """Where a department, ward or commune gets its notices."""

    name: Annotated[str, Field(min_length=1)]
    """As its form says."""
    to: Annotated[tuple[str, ...], Field(min_length=1)]

    @field_validator("to")
    @classmethod
    def _are_addresses(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_address, given))


class Mail(Strict):
    """The mail server, and who is told what."""

    host: Annotated[str, Field(min_length=1)]
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: str | None = None
    """Certificates of an authority that the machine does not know; a relative path starts at the project."""
    user: Annotated[str, Field(min_length=1)] | None = None
    sender: str
    office: Annotated[tuple[str, ...], Field(min_length=1)]
    """Who makes the report: told of everything."""
    departments: tuple[Department, ...] = ()

    @field_validator("sender")
    @classmethod
    def _sender_is_an_address(cls, given: str) -> str:
        return _address(given)

    @field_validator("office")
    @classmethod
    def _are_addresses(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_address, given))

    @model_validator(mode="after")
    def _secrets_travel_hidden(self) -> "Mail":
        if self.user is not None and self.security == "none":
            raise ValueError("user cần security: starttls hoặc tls, để mật khẩu không đi trên mạng dưới dạng đọc được")
        return self

    def addresses(self, department: str) -> tuple[str, ...]:
        """Where `department` gets its notices; the office for “”, nothing for one that gave no address."""
        if not department:
            return self.office
        return tuple(address for entry in self.departments if entry.name == department for address in entry.to)


class Settings(Strict):
    """`params/delivery.yml`."""

    schedule: Schedule = Schedule()
    publish: Publishing = Publishing()
    mail: Mail | None = None


def load_settings(project: Project) -> Settings:
    """The settings of a project, or those of none; everything malformed is one `InputError`."""
    if not project.settings.exists():
        return Settings()
    return load_model(project.settings, Settings, NAME)


def check_departments(project: Project, settings: Settings, known: frozenset[str]) -> None:
    """A department that no form names is an `InputError`: its notices would reach nobody."""
    entries = settings.mail.departments if settings.mail else ()
    problems = [
        Problem(
            f"không có đơn vị “{entry.name}” trong các biểu",
            (NAME, f"dòng {line_of(project.settings, ('mail', 'departments', index, 'name'))}"),
            expected="tên đơn vị như ghi ở khóa department của biểu, hoặc “UBND phường …”, “UBND xã …”",
            remedy="viết lại tên đơn vị",
        )
        for index, entry in enumerate(entries)
        if entry.name not in known
    ]
    if problems:
        raise InputError(problems)


def vietnam(moment: dt.datetime) -> dt.datetime:
    """The same moment as a clock in Vietnam shows it."""
    return moment.astimezone(VIETNAM)
