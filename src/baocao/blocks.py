"""The blocks of a form read from a sheet: values with their cells, and everything that does not fit.

Whatever a form defines has a datum afterwards, missing where nothing could be read.
"""

from baocao.area import Area, Reader
from baocao.datum import in_unit, make_datum
from baocao.errors import Severity
from baocao.figure import Cell, Date
from baocao.forms import AS_OF, REFERENCE, Fields, Grid, Item, List
from baocao.sheet import Header, SheetContent
from baocao.value import Reading
from baocao.vi import fold
from baocao.workbook import AS_OF_LABEL, FIELD_HEADERS, ORDINAL, UNIT, header


def required(block: Fields | Grid | List) -> bool:
    """Something in the block is required, so that the block must be in the workbook."""
    return any(item.constraints.required for item in (block.fields if isinstance(block, Fields) else block.columns))


def read_block(reader: Reader, sheet: SheetContent, block: Fields | Grid | List, start: int, end: int) -> None:
    """Read the block whose title stands in row `start` and that ends in row `end`."""
    area = Area(reader, sheet, block.block, start, end)
    if isinstance(block, Fields):
        _read_fields(area, block)
    elif isinstance(block, Grid):
        _read_grid(area, block)
    else:
        _read_list(area, block)
    area.note_origin(block.title)


def _read_fields(area: Area, block: Fields) -> None:
    _, label_title, _, value_title, as_of_title, note_title = FIELD_HEADERS
    needed = required(block)
    wanted = [("", label_title), ("", value_title), ("", as_of_title)]
    header = area.header(("ten", "so_lieu", AS_OF), wanted, [needed, needed, False], FIELD_HEADERS)
    if header is None or 0 not in header.columns or 1 not in header.columns:
        return
    label, value, as_of = header.columns[0], header.columns[1], header.columns.get(2)
    names, titles = [item.name for item in block.fields], [item.title for item in block.fields]
    note = next((column for column, shown in header.labels.items() if fold(shown) == fold(note_title)), None)
    rows = area.rows(names, titles, [item.constraints.required for item in block.fields], header, label)
    for index, row in rows.items():
        item = block.fields[index]
        code = f"{block.block}.{item.name}"
        moment = None
        if item.numeric:
            known = area.reader.data.get(f"{code}.{AS_OF}")
            moment = known if isinstance(known, Date) else None
            if as_of is not None:
                moment = area.as_of(f"{code}.{AS_OF}", item.title, row, as_of)
                area.reader.data[moment.code] = moment
        area.reader.data[code] = area.read(code, item, item.title, row, value, moment)
        if note is not None:
            _read_note(area, code, item, row, note)
    area.extra_columns(rows.values(), header, FIELD_HEADERS)


def _read_note(area: Area, code: str, item: Item, row: int, column: int) -> None:
    """What a clerk wrote in the column of notes, in place of the form's own or after it, is quoted."""
    written = area.sheet.shown(row, column)
    if written and fold(written) != fold(item.note):
        own = written[len(item.note) :].lstrip(" ;.,-") if item.note and written.startswith(item.note) else written
        area.reader.found(
            "ghi_chu",
            code,
            f"{item.title}: đơn vị ghi chú “{own}”",
            (area.sheet.title, area.sheet.ref(row, column)),
            Severity.LUU_Y,
            remedy="đọc ghi chú; nếu ảnh hưởng đến số liệu thì trao đổi với đơn vị",
        )


def _read_grid(area: Area, block: Grid) -> None:
    wanted = [("", block.row_title), *((item.group, header(item)) for item in block.columns)]
    needed = required(block)
    names = ["ten", *(item.name for item in block.columns)]
    found = area.header(
        names, wanted, [needed, *(item.constraints.required for item in block.columns)], (ORDINAL, UNIT)
    )
    if found is None:
        return
    moment = _grid_as_of(area, block, found.bottom) if block.as_of else None
    if 0 not in found.columns:
        return
    names, titles = [row.name for row in block.rows], [row.title for row in block.rows]
    rows = area.rows(names, titles, [needed] * len(block.rows), found, found.columns[0])
    values = {index: column for index, column in found.columns.items() if index > 0}
    for place, row in rows.items():
        definition = block.rows[place]
        prefix = f"{block.block}.{definition.name}"
        empty = not any(area.sheet.content(*area.sheet.anchor(row, column)) for column in values.values())
        if empty and values:
            area.reader.found(
                "chua_bao_cao",
                prefix,
                f"{definition.title}: cả dòng để trống, coi như chưa báo cáo",
                (area.sheet.title, area.sheet.ref(row, min(values.values()))),
                Severity.LUU_Y,
                expected="số liệu của dòng này, nếu có phát sinh",
                remedy="đề nghị đơn vị bổ sung nếu có",
            )
        for index, item in enumerate(block.columns, start=1):
            code, label = f"{prefix}.{item.name}", f"{definition.title}, {item.title}"
            if index in values:
                datum = area.read(code, in_unit(item, definition), label, row, values[index], moment, quiet=empty)
                area.reader.data[code] = datum
    area.extra_columns(rows.values(), found, (ORDINAL, UNIT))


def _grid_as_of(area: Area, block: Grid, bottom: int) -> Date | None:
    code = f"{block.block}.{AS_OF}"
    wanted = fold(AS_OF_LABEL)
    for row in area.sheet.filled(area.start + 1, bottom):
        for column in sorted(area.sheet.rows[row]):
            if area.sheet.label(row, column).rstrip(": ") == wanted:
                moment = area.as_of(code, block.title, row, area.sheet.right_of(row, column, fold(REFERENCE)))
                area.reader.data[code] = moment
                return moment
    area.reader.found(
        "thieu_dong",
        code,
        f"phần “{block.title}”: thiếu dòng “{AS_OF_LABEL}”",
        (area.sheet.title,),
        Severity.CANH_BAO,
        expected="dòng ghi ngày số liệu như biểu mẫu",
        remedy="khôi phục dòng này theo biểu mẫu",
    )
    known = area.reader.data.get(code)
    return known if isinstance(known, Date) else None


def _read_list(area: Area, block: List) -> None:
    wanted = [(item.group, header(item)) for item in block.columns]
    names = [item.name for item in block.columns]
    found = area.header(names, wanted, [item.constraints.required for item in block.columns], (ORDINAL,))
    area.reader.lengths[block.block] = 0
    if found is None:
        return
    rows = _entries(area, found)
    for number, row in enumerate(rows, start=1):
        for index, item in enumerate(block.columns):
            code = f"{block.block}.r{number}.{item.name}"
            label = f"{block.title}, dòng {number}, {item.title}"
            if index in found.columns:
                quiet = not item.constraints.required
                datum = area.read(code, item, label, row, found.columns[index], quiet=quiet)
            else:
                nowhere = Cell(area.reader.workbook, area.sheet.title, "")
                datum = make_datum(code, item, label, nowhere, Reading(None), None)
            area.reader.data[code] = datum
    area.reader.lengths[block.block] = len(rows)
    area.extra_columns(rows, found, (ORDINAL,))


def _entries(area: Area, found: Header) -> list[int]:
    """The rows of a list that are entries: with an ordinal, or right below one; what else is there is named.

    Guidance below the last list stands in the first column only, a signature below it has no ordinal.
    """
    ordinal = next((column for column, title in found.labels.items() if fold(title) == fold(ORDINAL)), None)
    entries: list[int] = []
    beside: list[int] = []
    signed = False
    for row in sorted(area.sheet.filled(found.bottom + 1, area.end)):
        filled = [column for column in found.columns.values() if area.sheet.content(row, column)]
        if not filled:
            continue
        if ordinal is None or area.sheet.label(row, ordinal).rstrip(".").isdigit():
            entries.append(row)
            continue
        signed = signed or area.signature(row)
        joined = row - 1 in (entries[-1:] or [found.bottom]) and len(filled) > min(1, len(found.columns) - 1)
        if joined and not signed:
            entries.append(row)
        elif not signed or (not area.signature(row) and 2 * len(filled) > len(found.columns)):
            beside.append(row)
    if beside:
        ref = area.sheet.ref(beside[0], min(area.sheet.rows[beside[0]]))
        texts = [area.sheet.shown(row, column) for row in beside for column in sorted(area.sheet.rows[row])]
        area.reader.found(
            "dong_la",
            f"{area.block}/{ref}",
            f"có nội dung không có số thứ tự ở dưới danh sách, chưa được đọc: “{'”, “'.join(texts[:3])}”",
            (area.sheet.title, ref),
            Severity.CANH_BAO,
            expected="mỗi dòng của danh sách có số thứ tự",
            remedy="ghi số thứ tự nếu là một dòng của danh sách, hoặc xóa nội dung này",
        )
    return entries
