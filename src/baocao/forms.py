"""Form definitions: what each department submits, block by block, in Table Schema words.

A definition (`data/forms/*.yml`) is the one description from which the blank workbook, its cell validation,
the reader and the checks come. Codes are made here: `block.field`, `block.row.column`, `block.r1.column`; those of
one ward or commune have its code after the block: `block.unit.field`, `block.unit.row.column`.
"""

import keyword
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, TypeVar

from pydantic import Field, field_validator, model_validator

from baocao.errors import InputError, Problem
from baocao.period import Period
from baocao.project import files
from baocao.units import NAME as UNITS
from baocao.units import Unit, load_units
from baocao.vi import fold
from baocao.yamlfile import Dated, Name, Place, Strict, line_of, load_model

AS_OF = "tinh_den"
"""Last part of the code of an as-of date."""
REFERENCE = "Kỳ trước"
"""Header of a locked column with last month's values, at the right of the column that they belong to."""

_RESERVED = {AS_OF, "items", "keys", "values", "get"}
# Names that prose and tables give another meaning.
_RESERVED_BLOCKS = {"rate", "share", "total", "difference", "change", "compared", "entries", "term", "cite", "ref"}
_RESERVED_BLOCKS |= {"loop", "range", "dict", "none", "true", "false", "report", "period"}
_RESERVED_COLUMNS = {"stt", "ten"}

Type = Literal["integer", "number", "reported_rate", "string", "date", "partial_date"]
Checked = TypeVar("Checked")

_LONGEST_CHOICE = 255
"""Characters that the list of a cell validation of Excel holds, commas included."""
_FILE = re.compile(
    r"(?!~\$)(?!(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])\.)[^\x00-\x1f<>:\"/\\|?*.][^\x00-\x1f<>:\"/\\|?*]*\.xlsx"
)
"""A file name that Windows takes too (no device), and that is no hidden or lock file."""


class Constraints(Strict):
    """Table Schema constraints: numbers take `minimum` and `maximum`, texts `enum` and `max_length`, all `required`."""

    required: bool = False
    minimum: int | None = None
    maximum: int | None = None
    enum: tuple[str, ...] = ()
    max_length: int | None = Field(default=None, ge=1)

    @field_validator("enum")
    @classmethod
    def _excel_can_list(cls, options: tuple[str, ...]) -> tuple[str, ...]:
        faults = _repeated("giá trị", list(options))
        if any(not fold(option) for option in options):
            faults.append("enum có giá trị trống")
        if any(mark in option for option in options for mark in ',"'):
            faults.append("giá trị không có dấu phẩy và dấu ngoặc kép, vì Excel không chọn được")
        if len(",".join(options)) > _LONGEST_CHOICE:
            faults.append(f"các giá trị cộng lại không quá {_LONGEST_CHOICE} ký tự, kể cả dấu phẩy")
        return _without(faults, options)

    @model_validator(mode="after")
    def _some_number_fits(self) -> "Constraints":
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum} lớn hơn maximum {self.maximum}")
        return self


class Item(Strict):
    """One kind of value: a field, or a column of a grid or list."""

    name: Name
    title: str
    type: Type
    unit: str = ""
    note: str = ""
    group: str = ""
    constraints: Constraints = Constraints()

    @field_validator("title", "group")
    @classmethod
    def _title_is_free(cls, title: str) -> str:
        if fold(title) == fold(REFERENCE):
            raise ValueError(f"“{title}” là tiêu đề dành riêng của cột số liệu tháng trước, biểu tự có cột này")
        return title

    @model_validator(mode="after")
    def _constraints_are_of_the_type(self) -> "Item":
        used = {"required"}
        if self.numeric:
            used |= {"minimum", "maximum"}
        elif self.type == "string":
            used |= {"enum", "max_length"}
        given = self.constraints.model_dump(exclude_defaults=True)
        idle = [name for name in given if name not in used]
        if idle:
            raise ValueError(f"type: {self.type} không dùng {', '.join(idle)}")
        return self

    @property
    def numeric(self) -> bool:
        """The value is a number (else text or a date)."""
        return self.type in ("integer", "number", "reported_rate")

    @property
    def minimum(self) -> int | None:
        """The least number that the cell may hold: counts and rates are not negative unless the form says so."""
        if self.constraints.minimum is None and self.type in ("integer", "reported_rate"):
            return 0
        return self.constraints.minimum


class Row(Strict):
    """A fixed row of a grid."""

    name: Name
    title: str
    unit: str = ""
    """Where set, wins over the columns' unit."""


class Fields(Strict):
    """Single values, one a row, each with its own as-of date: the columns of `FIELD_HEADERS`."""

    kind: Literal["fields"]
    block: Name
    title: str
    fields: Annotated[tuple[Item, ...], Field(min_length=1)]


class Grid(Strict):
    """Fixed rows × typed columns, with one as-of date for all where `as_of` is set."""

    kind: Literal["grid"]
    block: Name
    title: str
    row_title: str = "Nội dung"
    as_of: bool = False
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]
    columns: Annotated[tuple[Item, ...], Field(min_length=1)]


class List(Strict):
    """Open rows with typed columns; an entry is known by its place: `r1`, `r2` and on."""

    kind: Literal["list"]
    block: Name
    title: str
    blank_rows: int = Field(default=10, ge=1, le=500)
    columns: Annotated[tuple[Item, ...], Field(min_length=1)]


Block = Annotated[Fields | Grid | List, Field(discriminator="kind")]


class Sheet(Strict):
    """One sheet of the workbook."""

    name: Annotated[str, Field(max_length=31)]
    blocks: Annotated[tuple[Block, ...], Field(min_length=1)]


class Form(Dated):
    """The form of one department."""

    form: Name
    code: str
    version: int
    file: str
    department: str
    title: str
    guidance: tuple[str, ...] = ()
    per_unit: bool = False
    """Each ward and commune (`data/units.yml`) sends one; the city's figures are the sums."""
    totals: Mapping[str, str] = {}
    """Block of a form per unit → block of the department that reports the same of the whole city."""
    sheets: Annotated[tuple[Sheet, ...], Field(min_length=1)]

    @field_validator("file")
    @classmethod
    def _file_is_a_bare_name(cls, name: str) -> str:
        if not _FILE.fullmatch(name):
            raise ValueError("phải là tên tệp .xlsx, không kèm thư mục, không có ký tự đặc biệt")
        return name

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
        return _without(faults, self)

    @model_validator(mode="after")
    def _units_can_be_summed(self) -> "Form":
        faults: list[str] = []
        if self.totals and not self.per_unit:
            faults.append("totals chỉ dùng với per_unit: true")
        own = {block.block for block in self.blocks}
        faults += [f"totals: biểu không có khối “{name}”" for name in self.totals if name not in own]
        if self.per_unit:
            faults += [
                f"khối {block.block}: biểu theo đơn vị không có danh sách"
                for block in self.blocks
                if isinstance(block, List)
            ]
        return _without(faults, self)

    @property
    def blocks(self) -> tuple[Fields | Grid | List, ...]:
        """All blocks, sheet after sheet."""
        return tuple(block for sheet in self.sheets for block in sheet.blocks)


class UnitForm(Form):
    """A form per unit as one unit sends it: its blocks have the unit's code in theirs (`hoi_xa.vinh_hoa`)."""

    unit: Unit
    general: Form
    """The definition for all units."""

    @classmethod
    def of(cls, form: Form, unit: Unit) -> "UnitForm":
        """`form` for `unit`: block codes, file name, and the unit's authority as the department."""
        sheets = []
        for sheet in form.sheets:
            blocks = [block.model_copy(update={"block": f"{block.block}.{unit.code}"}) for block in sheet.blocks]
            sheets.append(sheet.model_copy(update={"blocks": tuple(blocks)}))
        own = {
            "form": f"{form.form}.{unit.code}",
            "file": f"{form.file.removesuffix('.xlsx')}-{unit.slug}.xlsx",
            "department": unit.authority,
            "sheets": tuple(sheets),
        }
        return cls.model_construct(**{**dict(form), **own}, unit=unit, general=form)


class Count(NamedTuple):
    """A number that can be summed: `place` is its code without the block."""

    block: str
    place: str
    label: str
    unit: str
    required: bool

    @property
    def code(self) -> str:
        """`block.field` or `block.row.column`."""
        return f"{self.block}.{self.place}"


def counts(form: Form) -> Iterator[Count]:
    """The numbers of the form's fields and grids, without rates."""
    for block in form.blocks:
        cells = [("", "", "", item) for item in block.fields] if isinstance(block, Fields) else []
        if isinstance(block, Grid):
            cells = [(f"{row.name}.", f"{row.title}, ", row.unit, item) for row in block.rows for item in block.columns]
        for place, label, unit, item in cells:
            if item.type in ("integer", "number"):
                place, label, unit = place + item.name, label + item.title, unit or item.unit
                yield Count(block.block, place, label, unit, item.constraints.required)


def department_of(code: str, forms: Sequence[Form]) -> str:
    """The department that reports `code`, of all units together where it is a sum over them; empty for no form's."""
    parts = code.split(".")
    for form in forms:
        if any(block.block in (parts[0], ".".join(parts[:2])) for block in form.blocks):
            return form.department
    general = {form.general.form: form.general for form in forms if isinstance(form, UnitForm)}
    return department_of(code, tuple(general.values())) if general else ""


def _names(block: Fields | Grid | List) -> Iterator[str]:
    yield block.block
    if isinstance(block, Fields):
        yield from (item.name for item in block.fields)
        return
    yield from (item.name for item in block.columns)
    if isinstance(block, Grid):
        yield from (row.name for row in block.rows)


def _without(faults: list[str], checked: Checked) -> Checked:
    """What was checked, when it has no faults; else they are one `ValueError`."""
    if faults:
        raise ValueError("; ".join(faults))
    return checked


def _repeated(what: str, titles: list[str]) -> list[str]:
    counts = Counter(fold(title) for title in titles)
    return [f"{what} “{title}” viết hai lần" for title, count in counts.items() if count > 1]


def load_forms(folder: Path, period: Period) -> tuple[Form, ...]:
    """The forms in force in `period`, by file name; malformed or clashing definitions are one `InputError`.

    A form per unit comes once for each unit in force (`UnitForm`), in the order of `units.yml` beside `folder`.
    """
    forms: list[Form] = []
    paths: list[Path] = []
    problems: list[Problem] = []
    for path in files(folder, ".yml"):
        try:
            form = load_model(path, Form, f"data/forms/{path.name}")
        except InputError as error:
            problems += error.problems
            continue
        if form.holds(period):
            forms.append(form)
            paths.append(path)
    problems += _clashes(list(zip(forms, paths, strict=True)))
    if not forms and not problems:
        expected = "ít nhất một tệp .yml còn hiệu lực (valid_from, valid_to)"
        problems.append(Problem(f"không có biểu mẫu nào áp dụng cho kỳ {period}", ("data/forms",), expected))
    units: tuple[Unit, ...] = ()
    if any(form.per_unit for form in forms):
        try:
            units = load_units(folder.parent / "units.yml", period)
        except InputError as error:
            problems += error.problems
    if not problems:
        for form, path in zip(forms, paths, strict=True):
            for key, fault in _unit_faults(form, forms, units):
                where = (f"data/forms/{path.name}", f"dòng {line_of(path, key)}")
                problems.append(Problem(fault, where, remedy="sửa tệp tại dòng đã nêu rồi chạy lại lệnh"))
    if problems:
        raise InputError(problems)
    return tuple(
        part for form in forms for part in ([UnitForm.of(form, unit) for unit in units] if form.per_unit else [form])
    )


def _unit_faults(form: Form, forms: Sequence[Form], units: Sequence[Unit]) -> Iterator[tuple[Place, str]]:
    """What a form per unit cannot be with these units and the departments' forms: (place in its file, fault)."""
    if not form.per_unit:
        return
    for block in form.blocks:
        names = set(_names(block))
        for unit in units:
            if unit.code in names:
                yield ("sheets",), f"khối {block.block}: mã “{unit.code}” trùng mã của {unit.title} trong {UNITS}"
    known = {count.code: count.unit for other in forms if not other.per_unit for count in counts(other)}
    for own, city in form.totals.items():
        # The first that does not fit says what is wrong with the pair.
        for count in counts(form):
            whole = f"{city}.{count.place}"
            if count.block == own and known.get(whole) != count.unit:
                has = f"tính bằng “{known[whole]}”" if whole in known else "không biểu nào có mã này"
                yield ("totals", own), f"{count.code} (“{count.unit}”) cộng thành {whole}, nhưng {has}"
                break


def _clashes(forms: Sequence[tuple[Form, Path]]) -> Iterator[Problem]:
    """Names that an earlier form in force has already, at the line of the later one."""
    seen: dict[tuple[str, str], str] = {}
    for form, path in forms:
        names: list[tuple[str, str, Place]] = [
            ("mã biểu (form)", form.form, ("form",)),
            ("biểu số (code)", form.code, ("code",)),
            ("tên tệp (file)", form.file, ("file",)),
        ]
        for number, sheet in enumerate(form.sheets):
            for at, block in enumerate(sheet.blocks):
                names.append(("mã khối (block)", block.block, ("sheets", number, "blocks", at, "block")))
        for what, name, place in names:
            # Windows and macOS take names that differ in case for one.
            other = seen.setdefault((what, name.casefold()), path.name)
            if other != path.name:
                where = (f"data/forms/{path.name}", f"dòng {line_of(path, place)}")
                remedy = "đổi một trong hai mã, hoặc sửa thời hạn áp dụng (valid_from, valid_to)"
                yield Problem(f"{what} “{name}” đã có ở data/forms/{other}", where, remedy=remedy)
