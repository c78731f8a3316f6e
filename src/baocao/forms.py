"""Form definitions: what each department submits, block by block, in Table Schema words.

A definition (`data/forms/*.yml`) is the one description from which the blank workbook, its cell validation,
the reader and the checks come. Codes are made here: `block.field`, `block.row.column`, `block.r1.column`.
"""

import keyword
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from baocao.errors import InputError, Problem
from baocao.period import Period
from baocao.vi import fold
from baocao.yamlfile import MONTH, NAME, load_model

AS_OF = "tinh_den"
"""Last part of the code of an as-of date."""

_RESERVED = {AS_OF, "items", "keys", "values", "get"}
# Names that prose and tables give another meaning.
_RESERVED_BLOCKS = {"rate", "share", "total", "difference", "change", "compared", "entries", "term", "cite", "ref"}
_RESERVED_BLOCKS |= {"loop", "range", "dict", "none", "true", "false", "report", "period"}
_RESERVED_COLUMNS = {"stt", "ten"}

Name = Annotated[str, Field(pattern=NAME)]
Month = Annotated[str, Field(pattern=MONTH)]
Type = Literal["integer", "number", "reported_rate", "string", "date", "partial_date"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Constraints(_Strict):
    """Table Schema constraints."""

    required: bool = False
    minimum: int | None = None
    maximum: int | None = None
    enum: tuple[str, ...] = ()
    max_length: int | None = None


class Item(_Strict):
    """One kind of value: a field, or a column of a grid or list."""

    name: Name
    title: str
    type: Type
    unit: str = ""
    note: str = ""
    group: str = ""
    constraints: Constraints = Constraints()

    @property
    def numeric(self) -> bool:
        """The value is a number (else text or a date)."""
        return self.type in ("integer", "number", "reported_rate")


class Row(_Strict):
    """A fixed row of a grid."""

    name: Name
    title: str
    unit: str = ""
    """Where set, wins over the columns' unit."""


class Fields(_Strict):
    """Single values, one a row, each with its own as-of date: the columns of `FIELD_HEADERS`."""

    kind: Literal["fields"]
    block: Name
    title: str
    fields: Annotated[tuple[Item, ...], Field(min_length=1)]


class Grid(_Strict):
    """Fixed rows × typed columns, with one as-of date for all where `as_of` is set."""

    kind: Literal["grid"]
    block: Name
    title: str
    row_title: str = "Nội dung"
    as_of: bool = False
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]
    columns: Annotated[tuple[Item, ...], Field(min_length=1)]


class List(_Strict):
    """Open rows with typed columns; an entry is known by its place: `r1`, `r2` and on."""

    kind: Literal["list"]
    block: Name
    title: str
    blank_rows: int = Field(default=10, ge=1, le=500)
    columns: Annotated[tuple[Item, ...], Field(min_length=1)]


Block = Annotated[Fields | Grid | List, Field(discriminator="kind")]


class Sheet(_Strict):
    """One sheet of the workbook."""

    name: Annotated[str, Field(max_length=31)]
    blocks: Annotated[tuple[Block, ...], Field(min_length=1)]


class Form(_Strict):
    """The form of one department."""

    form: Name
    code: str
    version: int
    valid_from: Month
    valid_to: Month | None = None
    file: str
    department: str
    title: str
    guidance: tuple[str, ...] = ()
    sheets: Annotated[tuple[Sheet, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_are_distinct(self) -> "Form":
        faults: list[str] = []
        faults += _repeated("trang tính", [sheet.name for sheet in self.sheets])
        for sheet in self.sheets:
            faults += _repeated(f"khối trong trang “{sheet.name}”", [block.title for block in sheet.blocks])
        faults += _repeated("mã khối", [block.block for block in self.blocks])
        for block in self.blocks:
            items = block.fields if isinstance(block, Fields) else block.columns
            faults += _repeated(f"mã trong khối {block.block}", [item.name for item in items])
            faults += _repeated(f"tiêu đề trong khối {block.block}", [f"{item.group}/{item.title}" for item in items])
            if isinstance(block, Grid):
                faults += _repeated(f"mã dòng trong khối {block.block}", [row.name for row in block.rows])
                faults += _repeated(f"tên dòng trong khối {block.block}", [row.title for row in block.rows])
        names = {name for block in self.blocks for name in _names(block)}
        faults += [
            f"mã “{name}” là từ dành riêng" for name in sorted(names) if keyword.iskeyword(name) or name in _RESERVED
        ]
        faults += [
            f"mã khối “{block.block}” là từ dành riêng" for block in self.blocks if block.block in _RESERVED_BLOCKS
        ]
        faults += [
            f"mã cột “{item.name}” của bảng {block.block} là từ dành riêng"
            for block in self.blocks
            if isinstance(block, Grid)
            for item in block.columns
            if item.name in _RESERVED_COLUMNS
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def blocks(self) -> tuple[Fields | Grid | List, ...]:
        """All blocks, sheet after sheet."""
        return tuple(block for sheet in self.sheets for block in sheet.blocks)

    def valid_in(self, period: Period) -> bool:
        """The definition holds for that month."""
        return self.valid_from <= str(period) and (self.valid_to is None or str(period) <= self.valid_to)


def _names(block: Fields | Grid | List) -> Iterator[str]:
    yield block.block
    if isinstance(block, Fields):
        yield from (item.name for item in block.fields)
        return
    yield from (item.name for item in block.columns)
    if isinstance(block, Grid):
        yield from (row.name for row in block.rows)


def _repeated(what: str, titles: list[str]) -> list[str]:
    counts = Counter(fold(title) for title in titles)
    return [f"{what} “{title}” viết hai lần" for title, count in counts.items() if count > 1]


def load_forms(folder: Path, period: Period) -> tuple[Form, ...]:
    """The forms in force in `period`, by file name; malformed or clashing definitions are one `InputError`."""
    forms: list[Form] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.yml")):
        name = f"data/forms/{path.name}"
        try:
            form = load_model(path, Form, name)
        except InputError as error:
            problems += error.problems
            continue
        if form.valid_in(period):
            forms.append(form)
    problems += _clashes("mã biểu (form)", [(form.form, form) for form in forms])
    problems += _clashes("biểu số (code)", [(form.code, form) for form in forms])
    problems += _clashes("tên tệp (file)", [(form.file, form) for form in forms])
    problems += _clashes("mã khối (block)", [(block.block, form) for form in forms for block in form.blocks])
    if not forms and not problems:
        problems.append(
            Problem(
                what=f"không có biểu mẫu nào áp dụng cho kỳ {period}",
                where=("data/forms",),
                expected="ít nhất một tệp .yml còn hiệu lực (valid_from, valid_to)",
            )
        )
    if problems:
        raise InputError(problems)
    return tuple(forms)


def _clashes(what: str, owners: list[tuple[str, Form]]) -> list[Problem]:
    seen: dict[str, Form] = {}
    problems = []
    for name, form in owners:
        if name in seen:
            problems.append(
                Problem(
                    what=f"{what} “{name}” có ở cả biểu {seen[name].form} và biểu {form.form}",
                    where=("data/forms",),
                    expected="mỗi mã chỉ dùng một lần trong cùng thời gian hiệu lực",
                    remedy="đổi một trong hai mã, hoặc sửa valid_from, valid_to",
                )
            )
        seen[name] = form
    return problems
