"""The figures of one month, read once and shared by every section: values with cells, derived figures, last month.

A dataset is saved as `build/dataset.json`; every kernel loads that one file. It records each code that a
notebook asks for, present or absent.
"""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from baocao.derived import Derived, Rows, derive, nearest
from baocao.errors import InputError, Problem
from baocao.figure import Cell, Date, Datum, Figure, Number, Text, change
from baocao.forms import Fields, Form, Grid, List, UnitForm
from baocao.intake import Intake
from baocao.period import Period
from baocao.vi import PartialDate, fold, strip_marks

FORMAT = 2


@dataclass(frozen=True)
class BlockInfo:
    """What a table needs to know of its block: titles of rows and columns, in order."""

    block: str
    kind: str
    title: str
    form: str
    rows: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str, str], ...]
    """(name, title, group)"""


@dataclass
class Dataset:
    """Figures, texts and dates by code, and those of the month before, which has rows and declarations of its own.

    What a notebook asks for goes through `get`, `lookup`, `previous`, `change`, `rows` and `find`, which note the
    codes in `reads`, present or absent. Everything else is for the machinery around it and leaves no trace.
    """

    period: Period
    inputs: Mapping[str, Datum]
    blocks: Mapping[str, BlockInfo]
    declarations: tuple[Derived, ...]
    before: "Dataset | None" = None
    reads: set[str] = field(default_factory=set, compare=False)

    def __post_init__(self) -> None:
        """Compute what is declared."""
        rows = _row_titles(self.blocks)
        self._data: dict[str, Datum] = {**self.inputs, **derive(self.inputs, self.declarations, rows)}

    def __contains__(self, code: str) -> bool:
        return code in self._data

    @property
    def data(self) -> Mapping[str, Datum]:
        """Everything by code."""
        return self._data

    def derived(self) -> tuple[Figure, ...]:
        """The declared figures."""
        return tuple(datum for datum in self._data.values() if isinstance(datum, Figure) and datum.operands)

    def values(self) -> tuple[Datum, ...]:
        """Everything, inputs first."""
        return tuple(self._data.values())

    def get(self, code: str) -> Datum:
        """The datum with that code; an unknown one is an `InputError` that suggests the nearest."""
        datum = self.lookup(code)
        if datum is None:
            remedy = "tìm mã bằng report.find(“từ khóa”)"
            raise InputError(Problem(f"không có mã “{code}”", expected=nearest(code, self._data), remedy=remedy))
        return datum

    def block(self, name: str) -> BlockInfo:
        """The block with that name; an unknown one is an `InputError` that suggests the nearest."""
        if name in self.blocks:
            return self.blocks[name]
        close = difflib.get_close_matches(name, list(self.blocks), n=1)
        raise InputError(Problem(f"không có khối “{name}”", expected=f"khối gần nhất: {close[0]}" if close else ""))

    def lookup(self, code: str) -> Datum | None:
        """The datum with that code, if there is one."""
        self.reads.add(code)
        datum = self._data.get(code)
        if isinstance(datum, Figure) and datum.as_of is not None:
            self.reads.add(datum.as_of.code)
        return datum

    def change(self, figure: Figure) -> Figure:
        """Change against the same code a month earlier; missing where there is none."""
        before = self.previous(figure.code)
        if not isinstance(before, Figure):
            before = Figure(figure.code, None, figure.label, figure.unit)
        return change(figure, before)

    def previous(self, code: str) -> Datum | None:
        """The datum of the month before, if there is one."""
        self.reads.add(code)
        return self.before._data.get(code) if self.before else None

    def row_code(self, block: str, row: str) -> str:
        """What the codes of a row begin with; in `hoi_xa.*.nong_dan`, which lists units, the row is the unit."""
        return block.replace("*", row) if "*" in block else f"{block}.{row}"

    def rows(self, block: str) -> tuple[str, ...]:
        """Row names of a grid or list, as codes use them. A list counts as read with the row that it does not have."""
        info = self.blocks[block]
        if info.kind == "list":
            self.reads.add(f"{block}.r{len(info.rows) + 1}")
        return tuple(name for name, _ in info.rows)

    def columns(self, block: str) -> tuple[str, ...]:
        """Column names of a grid or list, then those of the figures declared for its rows."""
        own = [name for name, _, _ in self.blocks[block].columns]
        found = [name for row, _ in self.blocks[block].rows for name in self.names_under(self.row_code(block, row))]
        start = f"{self.row_code(block, '*')}."
        declared = [item.code.removeprefix(start) for item in self.declarations if item.code.startswith(start)]
        return tuple(dict.fromkeys((*own, *found, *(name for name in declared if "." not in name))))

    def has_prefix(self, prefix: str) -> bool:
        """Some code begins with these parts."""
        return any(code.startswith(prefix + ".") for code in self._data)

    def names_under(self, prefix: str) -> tuple[str, ...]:
        """The next parts after `prefix` (all first parts for an empty one)."""
        start = f"{prefix}." if prefix else ""
        return tuple(dict.fromkeys(code[len(start) :].split(".")[0] for code in self._data if code.startswith(start)))

    def find(self, words: str) -> Iterator[Datum]:
        """Data whose label, code and block's title have all of `words` between them, with or without diacritics.

        Everything that was searched counts as read, since any of it could have been found.
        """
        wanted = strip_marks(fold(words)).split()
        self.reads.update(self._data)
        titles = {name: info.title for name, info in self.blocks.items()}
        return (
            datum
            for code, datum in self._data.items()
            if all(
                word in strip_marks(fold(f"{datum.label} {code} {titles.get(code.partition('.')[0], '')}"))
                for word in wanted
            )
        )

    def save(self, path: Path) -> None:
        """Write as JSON; numbers keep their exact text."""
        content = {"format": FORMAT, **self._content()}
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")

    def _content(self) -> dict[str, Any]:
        return {
            "period": str(self.period),
            "inputs": [_dump(datum) for datum in self.inputs.values()],
            "blocks": [vars(block) for block in self.blocks.values()],
            "derived": [declaration.model_dump() for declaration in self.declarations],
            "before": self.before._content() if self.before else None,
        }

    @classmethod
    def load(cls, path: Path) -> "Dataset":
        """Read what `save` wrote; another format is an `InputError`."""
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("format") != FORMAT:
            raise InputError(
                Problem(
                    "tệp số liệu trung gian của phiên bản khác",
                    (path.name,),
                    remedy="chạy lại baocao run để đọc lại số liệu",
                )
            )
        return cls._of(content)

    @classmethod
    def _of(cls, content: dict[str, Any]) -> "Dataset":
        blocks = [
            BlockInfo(
                **{**block, "rows": tuple(map(tuple, block["rows"])), "columns": tuple(map(tuple, block["columns"]))}
            )
            for block in content["blocks"]
        ]
        return cls(
            Period.parse(content["period"]),
            _load_all(content["inputs"]),
            {block.block: block for block in blocks},
            tuple(Derived.model_validate(item) for item in content["derived"]),
            cls._of(content["before"]) if content["before"] else None,
        )


def build_dataset(
    intake: Intake, forms: Sequence[Form], declarations: tuple[Derived, ...], before: Dataset | None
) -> Dataset:
    """Put together what was read, with the month before where there is one."""
    return Dataset(intake.period, intake.data, _block_infos(intake, forms), (*intake.sums, *declarations), before)


def previous_month(intake: Intake, forms: Sequence[Form], declarations: tuple[Derived, ...]) -> Dataset:
    """What `intake` is to the month after it: forms and declarations are those of its own month.

    Its cells have the period before their workbooks' names, which are the same month after month.
    """

    def moved(cell: Cell) -> Cell:
        return replace(cell, workbook=f"{intake.period}/{cell.workbook}")

    data: dict[str, Datum] = {}
    for code, datum in intake.data.items():
        if isinstance(datum, Figure):
            as_of = replace(datum.as_of, cell=moved(datum.as_of.cell)) if datum.as_of else None
            data[code] = replace(datum, cell=moved(datum.cell) if datum.cell else None, as_of=as_of)
        else:
            data[code] = replace(datum, cell=moved(datum.cell))
    return Dataset(intake.period, data, _block_infos(intake, forms), (*intake.sums, *declarations))


def _block_infos(intake: Intake, forms: Sequence[Form]) -> dict[str, BlockInfo]:
    """The blocks of the forms, open lists with the rows that were filled in.

    Those of a form per unit come once for each unit, once as the sums over units, and as tables with a row per unit:
    `hoi_xa.*.nong_dan` for a row of a grid, `nguon_luc_xa.*` for single values.
    """
    infos = [_block_info(block, form, intake.lengths) for form in forms for block in form.blocks]
    units: dict[str, list[UnitForm]] = {}
    for form in forms:
        if isinstance(form, UnitForm):
            units.setdefault(form.general.form, []).append(form)
    for parts in units.values():
        general, rows = parts[0].general, tuple((part.unit.code, part.unit.title) for part in parts)
        for block in general.blocks:
            info = _block_info(block, general, intake.lengths)
            infos.append(info)
            if isinstance(block, Fields):
                columns = tuple((item.name, item.title, item.group) for item in block.fields)
                infos.append(replace(info, block=f"{info.block}.*", kind="grid", rows=rows, columns=columns))
            else:
                infos += [
                    replace(info, block=f"{info.block}.*.{name}", title=f"{info.title}: {title}", rows=rows)
                    for name, title in info.rows
                ]
    return {info.block: info for info in infos}


def _block_info(block: Fields | Grid | List, form: Form, lengths: Mapping[str, int]) -> BlockInfo:
    columns: tuple[tuple[str, str, str], ...] = ()
    if isinstance(block, Fields):
        rows = tuple((item.name, item.title) for item in block.fields)
    else:
        columns = tuple((item.name, item.title, item.group) for item in block.columns)
        if isinstance(block, Grid):
            rows = tuple((row.name, row.title) for row in block.rows)
        else:
            rows = tuple((f"r{number}", str(number)) for number in range(1, lengths.get(block.block, 0) + 1))
    return BlockInfo(block.block, block.kind, block.title, form.form, rows, columns)


def _row_titles(blocks: Mapping[str, BlockInfo]) -> Rows:
    """Titles of the rows and units by the first part of the block's code, for the labels of declared figures."""
    titles: dict[str, dict[str, str]] = {}
    for info in blocks.values():
        own = titles.setdefault(info.block.partition(".")[0], {})
        own |= {name: f"dòng {title}" if info.kind == "list" else title for name, title in info.rows}
    return titles


def _dump(datum: Datum) -> dict[str, Any]:
    item: dict[str, Any] = {"code": datum.code, "label": datum.label}
    if datum.cell is not None:
        item["cell"] = [datum.cell.workbook, datum.cell.sheet, datum.cell.ref]
    if isinstance(datum, Text):
        return {**item, "text": datum.value}
    if isinstance(datum, Date):
        return {**item, "date": None if datum.value is None else str(datum.value)}
    item["number"] = None if datum.value is None else str(datum.value)
    item["unit"] = datum.unit
    if datum.as_of is not None:
        item["as_of"] = datum.as_of.code
    if datum.qualifier:
        item["qualifier"] = datum.qualifier
    return item


def _load_all(items: list[dict[str, Any]]) -> dict[str, Datum]:
    data: dict[str, Datum] = {}
    for item in items:
        code, label, cell = item["code"], item["label"], Cell(*item["cell"])
        if "text" in item:
            data[code] = Text(code, item["text"], label, cell)
        elif "date" in item:
            data[code] = Date(code, None if item["date"] is None else PartialDate.parse(item["date"]), label, cell)
        else:
            as_of = data.get(item.get("as_of", ""))
            data[code] = Figure(
                code,
                _number(item["number"]),
                label,
                item["unit"],
                as_of if isinstance(as_of, Date) else None,
                cell,
                qualifier=item.get("qualifier", ""),
            )
    return data


def _number(text: str | None) -> Number | None:
    if text is None:
        return None
    return int(text) if text.lstrip("-").isdigit() else Decimal(text)
