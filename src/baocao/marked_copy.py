"""A copy of a submitted workbook in which the faulty cells are coloured and commented; nothing in it acts by itself."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO

import openpyxl
from openpyxl import Workbook
from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.formatting.formatting import ConditionalFormattingList
from openpyxl.styles import PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from baocao.archive import library, unpack
from baocao.errors import Severity
from baocao.finding import Finding
from baocao.pen import as_typed
from baocao.vi import clean_text, fold, nfc
from baocao.workbook import FINDINGS_SHEET

COLOURS = {Severity.LOI: "FF8A80", Severity.CANH_BAO: "FFC266", Severity.LUU_Y: "9CC9F5"}
ANSWERED = "D0D0D0"
"""Colour of what somebody has answered for."""

_AUTHOR = "baocao"
_MARK = "KẾT QUẢ KIỂM TRA"
"""First line of what is said at a cell; what stands above it is the department's own comment."""
_COMMENT_WIDTH, _COMMENT_LINE, _HIGHEST_COMMENT = 380, 18, 460
"""Pixels."""
_LINE_LENGTH = 52
_LONGEST_COMMENT = 1500
_LONGEST_CELL = 32_000
"""Characters; a cell of a spreadsheet takes 32,767."""
_OTHER_BOOK = re.compile(r"\[[^\]]*\]")
_FORMULA = re.compile(rb"<(\w+:)?f[ />]")
_LAST_ROW = 1_048_576
_REF = re.compile(r"[A-Z]{1,2}[1-9]\d{0,6}")


@dataclass(frozen=True)
class Numbered:
    """A finding with its number in the list."""

    number: int
    finding: Finding


def literal(text: str, longest: int = _LONGEST_CELL) -> str:
    """`text` as a cell or comment shows it literally: no control characters, no escapes of its own, not endless."""
    text = clean_text(text)
    if len(text) > longest:
        text = f"{text[:longest].rstrip()} …"
    return as_typed(text)


def colour(findings: Iterable[Finding]) -> str:
    """The colour of the heaviest that nobody answers for."""
    open_ones = [finding.severity for finding in findings if not finding.acknowledged_by]
    return COLOURS[min(open_ones, key=list(Severity).index)] if open_ones else ANSWERED


def open_copy(content: bytes) -> Workbook:
    """The workbook with results for formulas, without links, pictures, charts, pivots and rules that colour cells.

    Marks of an earlier check go too. Faults of the file are those of `archive`.
    """
    archive = unpack(content)
    with library():
        book = openpyxl.load_workbook(BytesIO(archive.content), data_only=True, keep_links=False)
        if any(_FORMULA.search(part) for name, part in archive.parts.items() if name.startswith("xl/worksheets/")):
            _show_formulas(book, openpyxl.load_workbook(BytesIO(archive.content), keep_links=False))
        for chart in book.chartsheets:
            book.remove(chart)
    for name in [name for name, defined in book.defined_names.items() if _OTHER_BOOK.search(defined.value or "")]:
        del book.defined_names[name]
    for sheet in book.worksheets:
        if fold(sheet.title) == fold(FINDINGS_SHEET):
            book.remove(sheet)
        else:
            _make_inert(sheet)
    return book


def _show_formulas(book: Workbook, formulas: Workbook) -> None:
    """Formulas without a result as text: the reader took them for what they are, and the clerk must see them."""
    for sheet in formulas.worksheets:
        for place, cell in sorted(sheet._cells.items()):
            shown = book[sheet.title]._cells.get(place)
            if cell.data_type == "f" and shown is not None and shown.value is None:
                shown.value = str(getattr(cell.value, "text", cell.value))[:_LONGEST_CELL]
                shown.data_type = "s"


def _make_inert(sheet: Worksheet) -> None:
    sheet.conditional_formatting = ConditionalFormattingList()
    for drawn in ("_images", "_charts", "_pivots", "_hyperlinks"):
        getattr(sheet, drawn).clear()
    validations = sheet.data_validations
    validations.dataValidation = [
        rule
        for rule in validations.dataValidation
        if not any(_OTHER_BOOK.search(formula or "") for formula in (rule.formula1, rule.formula2))
    ]
    for cell in list(sheet._cells.values()):
        if isinstance(cell, MergedCell):
            continue
        if cell.data_type == "f":
            cell.data_type = "s"
        if cell.comment is not None and _MARK in cell.comment.text.splitlines():
            _unmark(cell)


def _unmark(cell: SheetCell) -> None:
    """Take away what an earlier check said here."""
    assert cell.comment is not None
    own = cell.comment.text.partition(_MARK)[0].rstrip()
    cell.comment = Comment(own, _AUTHOR) if own else None
    if cell.fill.fgColor.rgb in {f"00{each}" for each in (*COLOURS.values(), ANSWERED)}:
        cell.fill = PatternFill()


def mark(book: Workbook, faults: Mapping[tuple[str, str], Iterable[Numbered]]) -> dict[tuple[str, str], str]:
    """Colour and comment the cells at (sheet, reference); where each is in the copy, as the target of a link.

    A merged area is marked at its first cell. What the copy does not have is left out. Marked cells are not hidden.
    """
    sheets = {nfc(sheet.title): sheet for sheet in book.worksheets}
    marked: dict[tuple[str, str], str] = {}
    at_cell: dict[tuple[str, str], list[Numbered]] = {}
    for (title, ref), numbered in faults.items():
        sheet = sheets.get(title)
        if sheet is None or not _REF.fullmatch(ref) or int(ref.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) > _LAST_ROW:
            continue
        anchor = _anchor(sheet, ref)
        marked[title, ref] = link(sheet.title, anchor)
        known = at_cell.setdefault((title, anchor), [])
        known += [each for each in numbered if each not in known]
    for (title, ref), found in at_cell.items():
        _mark_cell(sheets[title], ref, found)
    return marked


def link(sheet: str, ref: str) -> str:
    """The place of a cell as an internal link names it."""
    quoted = sheet.replace("'", "''")
    return f"'{quoted}'!{ref}"


def _anchor(sheet: Worksheet, ref: str) -> str:
    if not isinstance(sheet[ref], MergedCell):
        return ref
    area = next(area for area in sheet.merged_cells.ranges if ref in area)
    return str(sheet.cell(area.min_row, area.min_col).coordinate)


def _mark_cell(sheet: Worksheet, ref: str, found: list[Numbered]) -> None:
    cell = sheet[ref]
    shade = colour(each.finding for each in found)
    cell.fill = PatternFill("solid", fgColor=shade)
    said = "\n\n".join(_said(each) for each in sorted(found, key=lambda each: each.number))
    if len(said) > _LONGEST_COMMENT:
        said = f"{said[:_LONGEST_COMMENT].rstrip()} … (xem đủ ở trang “{FINDINGS_SHEET}”)"
    own = f"{cell.comment.text.rstrip()}\n\n" if cell.comment is not None else ""
    text = f"{own}{_MARK}\n{said}"
    lines = sum(1 + len(line) // _LINE_LENGTH for line in text.split("\n"))
    cell.comment = Comment(
        text, _AUTHOR, height=min(_HIGHEST_COMMENT, (lines + 1) * _COMMENT_LINE), width=_COMMENT_WIDTH
    )
    _show(sheet, cell)


def _said(numbered: Numbered) -> str:
    finding, problem = numbered.finding, numbered.finding.problem
    lines = [f"{numbered.number}. [{finding.severity.value}] {literal(problem.what)}"]
    if problem.expected:
        lines.append(f"Cần có: {literal(problem.expected)}")
    if problem.remedy:
        lines.append(f"Cách xử lý: {literal(problem.remedy)}")
    if finding.acknowledged_by:
        lines.append(f"Đã xác nhận: {literal(finding.reason)} ({literal(finding.acknowledged_by)})")
    return "\n".join(lines)


def _show(sheet: Worksheet, cell: SheetCell) -> None:
    """Take the cell out of hiding: a link cannot lead to what is hidden."""
    sheet.sheet_state = "visible"
    row = sheet.row_dimensions[cell.row]
    row.hidden = False
    if row.height == 0:
        row.height = None
    for column in sheet.column_dimensions.values():
        if (column.min or 0) <= cell.column <= (column.max or 0) and (column.hidden or column.width == 0):
            column.hidden = False
            column.width = column.width or 13
