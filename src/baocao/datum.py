"""Data made of what a form defines and what was read: a figure, a text or a date with its cell."""

from collections.abc import Iterator

from baocao.figure import PERCENT, Cell, Date, Datum, Figure, Text
from baocao.forms import AS_OF, Fields, Form, Grid, Item, List, Row
from baocao.value import Reading
from baocao.vi import PartialDate


def blank_data(form: Form, workbook: str) -> dict[str, Datum]:
    """Every datum of the form's fields and grids, missing: what stands for a value that was not found."""
    data: dict[str, Datum] = {}
    for sheet in form.sheets:
        nowhere = Cell(workbook, sheet.name, "")
        for block in sheet.blocks:
            for datum in _blank_block(block, nowhere):
                data[datum.code] = datum
    return data


def _blank_block(block: Fields | Grid | List, nowhere: Cell) -> Iterator[Datum]:
    nothing = Reading(None)
    moment: Date | None
    if isinstance(block, Fields):
        for item in block.fields:
            code = f"{block.block}.{item.name}"
            moment = Date(f"{code}.{AS_OF}", None, as_of_label(item.title), nowhere) if item.numeric else None
            if moment:
                yield moment
            yield make_datum(code, item, item.title, nowhere, nothing, moment)
    elif isinstance(block, Grid):
        moment = Date(f"{block.block}.{AS_OF}", None, as_of_label(block.title), nowhere) if block.as_of else None
        if moment:
            yield moment
        for row in block.rows:
            for item in block.columns:
                code, label = f"{block.block}.{row.name}.{item.name}", f"{row.title}, {item.title}"
                yield make_datum(code, in_unit(item, row), label, nowhere, nothing, moment)


def as_of_label(title: str) -> str:
    """Label of the as-of date of a field or block."""
    return f"{title}, ngày tính đến"


def in_unit(item: Item, row: Row) -> Item:
    """The column `item` as it is in `row`, whose unit wins."""
    return item.model_copy(update={"unit": row.unit}) if row.unit and item.numeric else item


def make_datum(code: str, item: Item, label: str, place: Cell, reading: Reading, as_of: Date | None) -> Datum:
    """The datum with that code: a date, a number or a text, missing where `reading` has no value."""
    value = reading.value
    if item.type in ("date", "partial_date"):
        return Date(code, value if isinstance(value, PartialDate) else None, label, place)
    if item.numeric:
        unit = PERCENT if item.type == "reported_rate" else item.unit
        number = None if value is None or isinstance(value, str | PartialDate) else value
        return Figure(code, number, label, unit, as_of, place, qualifier=reading.qualifier)
    return Text(code, value if isinstance(value, str) else None, label, place)
