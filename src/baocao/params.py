"""Parameters of a report: what a month states (`params/2024-04.yml`) and dated facts (`params/defaults.yml`).

Everything that changes with time (issuing body, signer, recipients, terms, reporting windows) is a list of facts
with `valid_from` and `valid_to` months, looked up by period.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, TypeVar

from pydantic import Field, field_validator

from baocao.errors import WHERE_SEPARATOR, InputError, Problem
from baocao.period import Period
from baocao.project import Project
from baocao.vi import PartialDate, format_date, format_date_words, format_month
from baocao.yamlfile import Dated, Month, Strict, load_model

_SLOTS = ("project", "month", "month_short", "body", "area")
"""Names that the sentences of a document can hold in braces; `Params.fill` gives their values."""

BLANK = "\N{NO-BREAK SPACE}" * 6
"""What the decree leaves open for a number or day that is written in by hand."""


class Fact(Dated):
    """A fact that changes with time."""

    inferred: bool = False
    """Not stated by the sources at hand; shown as a lưu ý until somebody confirms it."""


class Issuer(Fact):
    """Who issues the report. Bodies print as typed; a line break stays one (Nghị định 30/2020, Phụ lục I, II.2)."""

    parent: str | None
    body: str
    body_in_text: str
    symbol: str
    place: str
    area: str


class Signer(Fact):
    """Who signs, and in which capacity (Nghị định 30/2020, Phụ lục I, II.7)."""

    capacity: str | None
    post: str | None
    name: str


class Recipients(Fact):
    """Nơi nhận, in order, without dash and semicolon."""

    names: Annotated[tuple[str, ...], Field(min_length=1)]


class Document(Fact):
    """Type, abstract and closing sentence of the report; `fill` says which names stand in braces."""

    kind: str
    project: str
    abstract: str
    period_line: str
    closing: str

    @field_validator("abstract", "period_line", "closing")
    @classmethod
    def _names_are_known(cls, template: str) -> str:
        try:
            template.format(**dict.fromkeys(_SLOTS, ""))
        except (KeyError, ValueError, IndexError, AttributeError) as error:
            known = ", ".join(f"{{{name}}}" for name in _SLOTS)
            raise ValueError(f"phần trong ngoặc nhọn phải là một trong: {known}") from error
        return template


class Term(Fact):
    """A term that a law renamed; `name` is how notebooks call it."""

    name: str
    text: str


class Window(Fact):
    """First and last day of the data of a monthly report: `start_day` of the month before to `end_day`."""

    start_day: int = Field(ge=1, le=28)
    end_day: int = Field(ge=1, le=28)
    source: str


class Defaults(Strict):
    """`params/defaults.yml`."""

    issuers: tuple[Issuer, ...]
    signers: tuple[Signer, ...]
    recipients: tuple[Recipients, ...]
    documents: tuple[Document, ...]
    terms: tuple[Term, ...]
    windows: tuple[Window, ...]
    cell_timeout: int = Field(default=300, ge=1)
    """Seconds that one notebook cell may take."""


class Acknowledgement(Strict):
    """Somebody answers for a finding: `rule` and `code` as `baocao check` prints them."""

    rule: str
    code: str
    reason: Annotated[str, Field(min_length=10)]
    by: Annotated[str, Field(min_length=2)]


class Monthly(Strict):
    """`params/<period>.yml`; what is not known yet is null and prints as a blank."""

    period: Month
    number: int | None = Field(default=None, ge=1)
    issued: date | None = None
    to: tuple[str, ...] = ()
    """Kính gửi."""
    simulated: bool = False
    """Generated figures: every page says so."""
    acknowledged: tuple[Acknowledgement, ...] = ()

    @field_validator("acknowledged")
    @classmethod
    def _each_answered_once(cls, given: tuple[Acknowledgement, ...]) -> tuple[Acknowledgement, ...]:
        counts = Counter(f"{item.rule}{WHERE_SEPARATOR}{item.code}" for item in given)
        repeated = [f"{name} có {count} lời xác nhận" for name, count in counts.items() if count > 1]
        if repeated:
            raise ValueError("; ".join(repeated))
        return given


@dataclass(frozen=True)
class Params:
    """All parameters of one period, with the dated facts in force."""

    period: Period
    monthly: Monthly
    issuer: Issuer
    signer: Signer
    recipients: Recipients
    document: Document
    terms: dict[str, str]
    window: Window
    cell_timeout: int

    @property
    def window_days(self) -> tuple[date, date]:
        """First and last day that the data of the period cover."""
        before = self.period.shift(-1)
        return (
            date(before.year, before.month, self.window.start_day),
            date(self.period.year, self.period.month, self.window.end_day),
        )

    @property
    def dated(self) -> date:
        """Date of the files: the day of issue, or the cut-off date while that is open."""
        return self.monthly.issued or self.window_days[1]

    @property
    def symbol_line(self) -> str:
        """“Số: 05/BC-…”, the number blank while it is open (Nghị định 30/2020, Phụ lục I, II.3.c)."""
        number = BLANK if self.monthly.number is None else f"{self.monthly.number:02d}"
        return f"Số: {number}/{self.issuer.symbol}"

    @property
    def place_and_date(self) -> str:
        """“Nha Trang, ngày 16 tháng 4 năm 2024”, the day blank while it is open (II.4)."""
        return f"{self.issuer.place}, {self.day_words}"

    @property
    def day_words(self) -> str:
        """“ngày 16 tháng 4 năm 2024”."""
        day = BLANK if self.monthly.issued is None else f"{self.dated.day:02d}"
        month = f"{self.dated.month:02d}" if self.dated.month < 3 else str(self.dated.month)
        return f"ngày {day} tháng {month} năm {self.dated.year}"

    def fill(self, template: str) -> str:
        """A sentence of `document` with `{project}`, `{month}`, `{month_short}`, `{body}` and `{area}` filled in."""
        return template.format(
            project=self.document.project,
            month=format_date_words(PartialDate(self.period.year, self.period.month)),
            month_short=format_month(self.period.year, self.period.month),
            body=self.issuer.body_in_text,
            area=self.issuer.area,
        )

    def inferred(self) -> tuple[str, ...]:
        """Names of the facts in force that nobody has confirmed."""
        facts = {"cơ quan ban hành": self.issuer, "người ký": self.signer, "nơi nhận": self.recipients}
        facts |= {"tên văn bản": self.document, "kỳ số liệu": self.window}
        return tuple(name for name, fact in facts.items() if fact.inferred)


AnyFact = TypeVar("AnyFact", bound=Fact)


def load_params(project: Project, period: Period) -> Params:
    """The parameters of `period`; everything missing or malformed is one `InputError`."""
    problems: list[Problem] = []
    defaults = monthly = None
    try:
        defaults = load_model(project.defaults, Defaults, "params/defaults.yml")
    except InputError as error:
        problems += error.problems
    try:
        monthly = load_monthly(project, period)
    except InputError as error:
        problems += error.problems
    if defaults is None or monthly is None:
        raise InputError(problems)

    def pick(facts: Sequence[AnyFact], title: str) -> AnyFact | None:
        holding = [fact for fact in facts if fact.holds(period)]
        if len(holding) != 1:
            problems.append(
                Problem(
                    what=f"có {len(holding)} mục {title} áp dụng cho kỳ {period}",
                    where=("params/defaults.yml", title),
                    expected="đúng một mục còn hiệu lực (valid_from, valid_to)",
                    remedy="sửa thời gian hiệu lực",
                )
            )
            return None
        return holding[0]

    issuer = pick(defaults.issuers, "issuers")
    signer = pick(defaults.signers, "signers")
    recipients = pick(defaults.recipients, "recipients")
    document = pick(defaults.documents, "documents")
    window = pick(defaults.windows, "windows")
    terms: dict[str, str] = {}
    for term_name in dict.fromkeys(term.name for term in defaults.terms):
        term = pick([term for term in defaults.terms if term.name == term_name], f"terms › {term_name}")
        if term is not None:
            terms[term_name] = term.text
    if problems or not (issuer and signer and recipients and document and window):
        raise InputError(problems)
    return Params(period, monthly, issuer, signer, recipients, document, terms, window, defaults.cell_timeout)


def load_monthly(project: Project, period: Period) -> Monthly:
    """What `params/<period>.yml` states; everything malformed is one `InputError`."""
    name = f"params/{period}.yml"
    monthly = load_model(project.params(period), Monthly, name)
    if monthly.period != str(period):
        raise InputError(
            Problem(
                what=f"tham số của kỳ {monthly.period} nằm trong tệp của kỳ {period}",
                where=(name, "period"),
                expected=f"period: {period}",
                remedy="sửa khóa period, hoặc dùng đúng tệp",
            )
        )
    return monthly


def describe_window(params: Params) -> str:
    """“15/3/2024–14/4/2024”."""
    first, last = params.window_days
    return f"{format_date(first)}–{format_date(last)}"
