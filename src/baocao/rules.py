"""Rules (`data/rules.yml`): what must hold between figures, dates and documents, as dated data.

An entry names a kind of rule, the codes it is about and how much a breach weighs; `ruling` evaluates it. `*` in a code
stands for one part of it, such as the rows of a grid or list; within one entry the same `*` is the same row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from baocao.dataset import Dataset
from baocao.derived import Code, nearest
from baocao.documents import Conventions, Line, Lines
from baocao.errors import InputError, Problem, Severity
from baocao.figure import Date, Datum, Figure, Text
from baocao.forms import Form, List
from baocao.scene import data_of, pattern
from baocao.units import Unit
from baocao.yamlfile import Dated, Month, Name, Place, Strict, line_of, load_model

NAME = "data/rules.yml"

DOCUMENT_KINDS = "loai_van_ban"
"""The catalogue that the types of documents make by themselves."""

Codes = Annotated[tuple[Code, ...], Field(min_length=1)]
Kinds = Mapping[str, type[Datum] | None]
"""Key of an entry → what its codes must be; None for anything."""
Wanted = tuple[Place, str, type[Datum] | None]
"""Where in its entry a code stands, the code, and what it must be."""


class Rule(Dated):
    """What all kinds of entry have. `rule` names the findings in an acknowledgement; several entries may share it."""

    valid_from: Month = "2000-01"
    rule: Name
    severity: Severity
    why: str = ""
    """A word of explanation, printed with what is expected."""
    remedy: str = ""
    """What to do, in place of the usual words of the kind."""

    about: ClassVar[Kinds] = {}
    """The keys that hold codes."""

    def wanted(self) -> Iterator[Wanted]:
        """The codes of the entry."""
        for key, kind in self.about.items():
            yield from _codes((key,), getattr(self, key), kind)


class PartWhole(Rule):
    """Each code of a chain is at most those after it; `declared_rates`: so for all declared rates of typed figures."""

    kind: Literal["part_whole"]
    about: ClassVar[Kinds] = {"chains": Figure}
    chains: tuple[Annotated[tuple[Code, ...], Field(min_length=2)], ...] = ()
    declared_rates: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> "PartWhole":
        if not self.chains and not self.declared_rates:
            raise ValueError("cần chains, hoặc declared_rates: true")
        return self

    @field_validator("chains")
    @classmethod
    def _stars_agree(cls, chains: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        for chain in chains:
            _same_stars(chain)
        return chains


class _Bound(Rule):
    """Its codes are matched with one another, row by row."""

    @model_validator(mode="after")
    def _stars_agree(self) -> "_Bound":
        _same_stars([code for _, code, _ in self.wanted()])
        return self


class Sum(_Bound):
    """The parts make up the whole, or (`at_most`) are not more than it. A part not reported leaves the rule open."""

    kind: Literal["sum"]
    about: ClassVar[Kinds] = {"whole": Figure, "parts": Figure}
    whole: Code
    parts: Codes
    at_most: bool = False


class Equal(Rule):
    """The same thing reported in several places. `beside` are figures shown in brackets after each."""

    kind: Literal["equal"]
    about: ClassVar[Kinds] = {"codes": Figure, "beside": Figure}
    subject: Line
    codes: Annotated[tuple[Code, ...], Field(min_length=2)]
    beside: tuple[Code, ...] = ()

    @model_validator(mode="after")
    def _stars_agree(self) -> "Equal":
        _same_stars((*self.codes, *self.beside))
        if self.beside and len(self.beside) != len(self.codes):
            raise ValueError("beside phải có số mã bằng codes")
        return self


class InWindow(Rule):
    """Dates lie in the reporting window; without `codes` all as-of dates do. `besides` are left out."""

    kind: Literal["as_of_in_window"]
    about: ClassVar[Kinds] = {"codes": Date, "besides": Date}
    codes: tuple[Code, ...] = ()
    besides: tuple[Code, ...] = ()


class NonDecreasing(Rule):
    """A count that only grows did not fall against the month before."""

    kind: Literal["non_decreasing"]
    about: ClassVar[Kinds] = {"codes": Figure}
    codes: Codes


class ThousandFold(Rule):
    """Figures about 1,000 (or 1,000,000) times smaller than last month's: a separator or a unit was misread.

    Without `codes` all typed counts of single values and grids. `least` and `most` bound the ratio to last month's.
    """

    kind: Literal["thousand_fold"]
    about: ClassVar[Kinds] = {"codes": Figure}
    codes: tuple[Code, ...] = ()
    least: int = Field(default=500, ge=101, le=999)
    most: int = Field(default=2000, ge=1001, le=9999)


class Jump(Rule):
    """A change against last month of more than `percent`, or by `factor` or more either way.

    The first entry that names a code decides for it; without `codes` all other typed counts. Where both months are
    below `minimum` nothing is said.
    """

    kind: Literal["jump"]
    about: ClassVar[Kinds] = {"codes": Figure}
    codes: tuple[Code, ...] = ()
    percent: int | None = Field(default=None, ge=1)
    factor: int | None = Field(default=None, ge=2)
    minimum: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _one_measure(self) -> "Jump":
        if (self.percent is None) == (self.factor is None):
            raise ValueError("cần đúng một trong hai khóa percent, factor")
        return self


class Overdue(_Bound):
    """A deadline before the cut-off of the data, and a status that is none of `done`."""

    kind: Literal["overdue"]
    about: ClassVar[Kinds] = {"due": Date, "status": Text, "subject": Text}
    due: Code
    status: Code
    subject: Code
    """The code of the text that says what was to be done."""
    done: Lines


class Columns(Strict):
    """Where the parts of one document stand."""

    number: Code
    type: Code | None = None
    date: Code | None = None
    issuer: Code | None = None

    @model_validator(mode="after")
    def _stars_agree(self) -> "Columns":
        _same_stars([code for code in (self.number, self.type, self.date, self.issuer) if code])
        return self


class _Documents(Rule):
    documents: Annotated[tuple[Columns, ...], Field(min_length=1)]

    def wanted(self) -> Iterator[Wanted]:
        """The codes of all documents."""
        for number, columns in enumerate(self.documents):
            for key, kind in (("number", Text), ("type", Text), ("date", Date), ("issuer", Text)):
                yield from _codes(("documents", number, key), getattr(columns, key), kind)


class DocumentNumber(_Documents):
    """Numbers and symbols of documents are well formed and of the stated type."""

    kind: Literal["document_number"]


class IssuerOfDocument(_Documents):
    """The symbol of a document is that of its stated issuer."""

    kind: Literal["issuer"]


class Catalogue(Rule):
    """Names are written as in a catalogue. `prefix`: more words may follow; `closed`: other names are a finding too."""

    kind: Literal["catalogue"]
    about: ClassVar[Kinds] = {"codes": Text}
    codes: Codes
    catalogue: Name
    prefix: bool = False
    closed: bool = False


class UnitNames(Rule):
    """Wards and communes are called as in `data/units.yml` in that month; a cell may name several.

    Without `closed`, words that neither follow phường, xã as a name does nor resemble a name are no finding.
    """

    kind: Literal["unit_names"]
    about: ClassVar[Kinds] = {"codes": Text}
    codes: Codes
    closed: bool = False


class Distinct(_Bound):
    """No two rows have the same in all of `codes`. Rows where one of them is blank are left out."""

    kind: Literal["distinct"]
    about: ClassVar[Kinds] = {"codes": None}
    codes: Codes


class Coverage(Rule):
    """How many rows of a grid or list are reported, of all of them or of as many as the figure `of` says.

    A row is reported where it has a value in `column`. A grid names the rows that are not.
    """

    kind: Literal["coverage"]
    about: ClassVar[Kinds] = {"of": Figure}
    block: Name
    column: Name
    noun: Line
    of: Code | None = None

    def wanted(self) -> Iterator[Wanted]:
        """The figure, and the column that says which rows are reported."""
        yield ("column",), f"{self.block}.*.{self.column}", None
        yield from super().wanted()


class Needed(Rule):
    """A sentence needs a value: one of `any_of` at least, where `when` (if given) has a value other than 0."""

    kind: Literal["needed"]
    about: ClassVar[Kinds] = {"any_of": None, "when": None}
    any_of: Codes
    when: Code | None = None

    @model_validator(mode="after")
    def _stars_agree(self) -> "Needed":
        _same_stars([*self.any_of, *([self.when] if self.when else [])])
        if not self.why:
            raise ValueError("cần why: câu nào của báo cáo dùng đến giá trị này")
        return self


AnyRule = Annotated[
    PartWhole
    | Sum
    | Equal
    | InWindow
    | NonDecreasing
    | ThousandFold
    | Jump
    | Overdue
    | DocumentNumber
    | IssuerOfDocument
    | Catalogue
    | UnitNames
    | Distinct
    | Coverage
    | Needed,
    Field(discriminator="kind"),
]


class Names(Dated):
    """A catalogue: how things are officially called."""

    valid_from: Month = "2000-01"
    catalogue: Name
    names: Lines


class RuleFile(Strict):
    """`data/rules.yml`."""

    documents: Conventions
    catalogues: tuple[Names, ...] = ()
    rules: tuple[AnyRule, ...]


@dataclass(frozen=True)
class Rules:
    """The rules of one period."""

    entries: tuple[AnyRule, ...]
    conventions: Conventions
    """Of all times: a document is judged by its own."""
    catalogues: Mapping[str, tuple[str, ...]]
    units: tuple[Unit, ...]
    """The wards and communes in force."""


def read_rules(path: Path) -> RuleFile:
    """The file as it is written; whatever is malformed is one `InputError`."""
    return load_model(path, RuleFile, NAME)


def load_rules(path: Path, dataset: Dataset, forms: Sequence[Form], units: Sequence[Unit]) -> Rules:
    """The rules that hold in the period of `dataset`, in the order of the file.

    Whatever is malformed, and every code and catalogue that does not exist in that period, is one `InputError`.
    """
    content = read_rules(path)
    period = dataset.period
    catalogues = {item.catalogue: item.names for item in content.catalogues if item.holds(period)}
    catalogues[DOCUMENT_KINDS] = tuple(kind.name for kind in content.documents.at(period).kinds)
    known = _known(dataset, forms)
    problems: list[Problem] = []
    for number, entry in enumerate(content.rules):
        if not entry.holds(period):
            continue
        for place, code, kind in entry.wanted():
            problems += _unfit(path, ("rules", number, *place), code, kind, known)
        if isinstance(entry, Catalogue) and entry.catalogue not in catalogues:
            what = f"không có danh mục “{entry.catalogue}” cho kỳ {period}"
            where = (NAME, f"dòng {line_of(path, ('rules', number, 'catalogue'))}")
            problems.append(Problem(what, where, nearest(entry.catalogue, catalogues), "sửa tên danh mục"))
    if problems:
        raise InputError(problems)
    entries = tuple(entry for entry in content.rules if entry.holds(period))
    return Rules(entries, content.documents, catalogues, tuple(units))


def _known(dataset: Dataset, forms: Sequence[Form]) -> dict[str, Datum | None]:
    """Every code of the period; a list that nobody filled in counts with a row."""
    known: dict[str, Datum | None] = dict(data_of(dataset))
    for block in (block for form in forms for block in form.blocks if isinstance(block, List)):
        for item in block.columns:
            known.setdefault(f"{block.block}.r1.{item.name}", None)
    return known


def _unfit(
    path: Path, place: Place, code: str, kind: type[Datum] | None, known: Mapping[str, Datum | None]
) -> Iterator[Problem]:
    """A code that nothing has, or that is something else than its rule is about."""
    matching = [known[code]] if code in known else [known[item] for item in filter(pattern(code).fullmatch, known)]
    if not matching:
        patterns = {".".join([item.split(".")[0], "*", item.split(".")[-1]]) for item in known if item.count(".") == 2}
        what, expected = f"không có mã “{code}”", nearest(code, patterns if "*" in code else known)
    elif kind is not None and not any(datum is None or isinstance(datum, kind) for datum in matching):
        names = {Figure: "một con số", Date: "một ngày", Text: "một nội dung bằng chữ"}
        what, expected = f"mã “{code}” không phải {names[kind]}", f"mã của {names[kind]}"
    else:
        return
    yield Problem(what, (NAME, f"dòng {line_of(path, place)}"), expected, "sửa mã tại dòng đã nêu")


def _codes(place: Place, value: object, kind: type[Datum] | None) -> Iterator[Wanted]:
    """The codes in the value of a key: one, a list, or lists in a list."""
    if isinstance(value, str):
        yield place, value, kind
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _codes((*place, number), item, kind)


def _same_stars(codes: Sequence[str]) -> None:
    """Rows are matched with one another: as many `*` in every code that has any."""
    if len({code.count("*") for code in codes if "*" in code}) > 1:
        raise ValueError("các mã đi với nhau phải có cùng số dấu *")
