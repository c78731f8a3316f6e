"""Parameters of a report: what a month states (`params/2024-04.yml`) and dated facts (`params/defaults.yml`).

Everything that changes with time (issuing body, signer, recipients, terms, reporting windows) is a list of facts
with `valid_from` and `valid_to` months, looked up by period.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, TypeVar, get_args

from pydantic import Field, field_validator, model_validator

from baocao.errors import WHERE_SEPARATOR, InputError, Problem
from baocao.period import Period
from baocao.project import Project
from baocao.vi import PartialDate, format_date, format_date_words, format_month
from baocao.yamlfile import Dated, Month, Strict, load_model

_SLOTS = ("project", "month", "month_short", "body", "area")
"""Names that the sentences of a document can hold in braces; `Params.fill` gives their values."""

_ABBREVIATION = re.compile(r"(TM|Q|KT|TL|TUQ)\.")

Line = Annotated[str, Field(min_length=1)]

Format = Literal["docx", "pdf", "html"]
FORMATS: tuple[Format, ...] = get_args(Format)

READ = "params:"
"""Begins the name under which the reads of a section have a parameter: `params:issuer`, `params:terms.the_gon`."""

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


class Signature(Strict):
    """Who signs, and in which capacity (Nghị định 30/2020, Phụ lục I, II.7.b)."""

    on_behalf_of: Line | None = None
    """The collective or agency that is signed for: “TM.” stands before it."""
    form: Literal["Q", "KT", "TL", "TUQ"] | None = None
    """Acting head, deputy for the head, by order, by authority delegated; None: the head."""
    head: Line | None = None
    """Post of the head whom KT., TL. or TUQ. names."""
    post: Line
    """Own post: in the agency, or in the working group that issues the report."""
    other_post: Line | None = None
    """Post in the agency of one who signs for a working group; printed above the name (ô 7b)."""
    name: Line

    @model_validator(mode="after")
    def _form_is_complete(self) -> "Signature":
        deputy = self.form in ("KT", "TL", "TUQ")
        if deputy and self.head is None:
            raise ValueError(f"form {self.form} cần thêm head: chức vụ của người đứng đầu, ví dụ CHỦ TỊCH")
        if not deputy and self.head is not None:
            raise ValueError("head chỉ dùng khi form là KT, TL hoặc TUQ")
        for key in ("on_behalf_of", "head", "post"):
            if match := _ABBREVIATION.match(getattr(self, key) or ""):
                raise ValueError(f"{key} không ghi sẵn “{match[0]}”: báo cáo tự thêm theo on_behalf_of và form")
        return self

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines above the signature (ô 7a): “TM. ỦY BAN NHÂN DÂN”, “KT. CHỦ TỊCH”, “PHÓ CHỦ TỊCH”."""
        behalf = (f"TM. {self.on_behalf_of}",) if self.on_behalf_of else ()
        if self.form == "Q":
            return (*behalf, f"Q. {self.post}")
        return (*behalf, *((f"{self.form}. {self.head}",) if self.form else ()), self.post)


class Signer(Signature, Fact):
    """The signer of a time."""


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
    deadline_working_days: int = Field(ge=1, le=30)
    """Working days after the last day until which the report is sent."""
    source: str

    def days(self, period: Period) -> tuple[date, date]:
        """First and last day of the data of `period`."""
        before = period.shift(-1)
        return date(before.year, before.month, self.start_day), date(period.year, period.month, self.end_day)


class Day(Strict):
    """A day on which offices are closed or open against the usual, with the decision that says so."""

    day: date
    source: Line


class Defaults(Strict):
    """`params/defaults.yml`."""

    issuers: tuple[Issuer, ...]
    signers: tuple[Signer, ...]
    recipients: tuple[Recipients, ...]
    documents: tuple[Document, ...]
    terms: tuple[Term, ...]
    windows: tuple[Window, ...]
    days_off: tuple[Day, ...] = ()
    """Days off beside weekends and the public holidays that are known."""
    working_days_swapped: tuple[Day, ...] = ()
    """Days that are worked in exchange for others."""
    charts: tuple[Format, ...] = FORMATS
    """The formats whose copy has the charts; the others are the strict official copy."""
    cell_timeout: int = Field(default=300, ge=1)
    """Seconds that one notebook cell may take."""
    site: Line | None = None
    """Folder of the site that months are published to, from the project's folder."""

    @model_validator(mode="after")
    def _day_is_off_or_worked(self) -> "Defaults":
        both = {entry.day for entry in self.days_off} & {entry.day for entry in self.working_days_swapped}
        if both:
            days = ", ".join(map(format_date, sorted(both)))
            raise ValueError(f"ngày {days} có cả trong days_off và working_days_swapped")
        return self


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
    signer: Signature | None = None
    """Who signs this month alone, in place of the signer of the time."""
    charts: tuple[Format, ...] | None = None
    """In place of the setting of all months."""
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
    charts: tuple[Format, ...]
    cell_timeout: int

    @property
    def window_days(self) -> tuple[date, date]:
        """First and last day that the data of the period cover."""
        return self.window.days(self.period)

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
        defaults = load_defaults(project)
    except InputError as error:
        problems += error.problems
    try:
        monthly = load_monthly(project, period)
    except InputError as error:
        problems += error.problems
    if defaults is None or monthly is None:
        raise InputError(problems)

    def pick(facts: Sequence[AnyFact], title: str) -> AnyFact | None:
        try:
            return in_force(facts, title, period)
        except InputError as error:
            problems.extend(error.problems)
            return None

    issuer = pick(defaults.issuers, "issuers")
    signer = _own_signer(monthly, period) or pick(defaults.signers, "signers")
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
    wanted = defaults.charts if monthly.charts is None else monthly.charts
    charts = tuple(name for name in FORMATS if name in wanted)
    return Params(period, monthly, issuer, signer, recipients, document, terms, window, charts, defaults.cell_timeout)


def load_defaults(project: Project) -> Defaults:
    """`params/defaults.yml`; everything malformed is one `InputError`."""
    return load_model(project.defaults, Defaults, "params/defaults.yml")


def in_force(facts: Sequence[AnyFact], title: str, period: Period) -> AnyFact:
    """The one of `facts`, the entries of `title`, that holds in `period`; none or several are an `InputError`."""
    holding = [fact for fact in facts if fact.holds(period)]
    if len(holding) != 1:
        raise InputError(
            Problem(
                what=f"có {len(holding)} mục {title} áp dụng cho kỳ {period}",
                where=("params/defaults.yml", title),
                expected="đúng một mục còn hiệu lực (valid_from, valid_to)",
                remedy="sửa thời gian hiệu lực",
            )
        )
    return holding[0]


def _own_signer(monthly: Monthly, period: Period) -> Signer | None:
    if monthly.signer is None:
        return None
    return Signer(**monthly.signer.model_dump(), valid_from=str(period), valid_to=str(period))


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
