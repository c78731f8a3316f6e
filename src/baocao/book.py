"""The sheets of a workbook, from the XML of its parts: values, number formats, merged areas, what is hidden.

Each part is parsed once, with expat, and nothing is built beside the cells that have something in them. What
numbers mean as dates, and the built-in number formats, are openpyxl's.
"""

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from xml.parsers import expat

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.cell import coordinate_to_tuple, range_boundaries
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel, from_ISO8601
from openpyxl.utils.escape import unescape

from baocao.archive import DamagedError
from baocao.sheet import Content, RawSheet

Attributes = dict[str, str]

_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_SPREADSHEET = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
_PACKAGE = ("http://schemas.openxmlformats.org/package/2006/relationships",)
_RELATIONS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "http://purl.oclc.org/ooxml/officeDocument/relationships}id",
)
"""The attribute that names the part of a sheet."""
_STYLE_SECTIONS = ("fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "extLst")
_OTHER_BOOK = re.compile(r"\[\d+\]")
"""In a formula, another workbook by its number."""
_TRUE = ("1", "true", "on")


def read_book(parts: Mapping[str, bytes]) -> list[RawSheet]:
    """The worksheets of a workbook, in order, from its parts by name; a missing or damaged part is a `DamagedError`."""
    try:
        return _read_book(parts)
    except (expat.ExpatError, LookupError, ValueError, OverflowError) as error:
        raise DamagedError from error


def _read_book(parts: Mapping[str, bytes]) -> list[RawSheet]:
    main = dict(_relations(parts, "").values())["officeDocument"]
    sheets: list[Attributes] = []
    settings: Attributes = {}
    _parse(parts[main], {"sheet": sheets.append, "workbookPr": settings.update}, {})
    relations = _relations(parts, main)
    own = {kind: parts.get(path) for kind, path in relations.values()}
    shared, styles = own.get("sharedStrings"), own.get("styles")
    strings = [] if shared is None else _strings(shared)
    epoch = MAC_EPOCH if settings.get("date1904") in _TRUE else WINDOWS_EPOCH
    # Without its styles a number may be a day; which one is certain only where days are counted as usual.
    looks = _Looks([""] if epoch == WINDOWS_EPOCH else ["General"]) if styles is None else _looks(styles)
    found = []
    for sheet in sheets:
        kind, path = relations[next((sheet[name] for name in _RELATIONS if name in sheet), "")]
        if kind == "worksheet":
            reader = _Sheet(strings, looks, epoch, styled=styles is not None)
            found.append(reader.read(parts[path], sheet["name"], hidden=sheet.get("state", "visible") != "visible"))
    return found


def _parse(
    part: bytes,
    starts: Mapping[str, Callable[[Attributes], object]],
    ends: Mapping[str, Callable[[], object]],
    text: Callable[[str], object] | None = None,
    namespaces: tuple[str, ...] = _SPREADSHEET,
) -> None:
    """Call what belongs to each element of the `namespaces` by its local name, at its start and at its end."""
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    opening = {f"{namespace}}}{name}": call for namespace in namespaces for name, call in starts.items()}
    closing = {f"{namespace}}}{name}": call for namespace in namespaces for name, call in ends.items()}

    def start(name: str, attributes: Attributes) -> None:
        if (call := opening.get(name)) is not None:
            call(attributes)

    def end(name: str) -> None:
        if (call := closing.get(name)) is not None:
            call()

    parser.StartElementHandler = start
    if closing:
        parser.EndElementHandler = end
    if text is not None:
        parser.CharacterDataHandler = text
    parser.Parse(part, True)


def _relations(parts: Mapping[str, bytes], of: str) -> dict[str, tuple[str, str]]:
    """Identifier → (kind, path of the part) of the relations of a part; of the package for an empty name."""
    folder, name = posixpath.split(of)
    found: dict[str, tuple[str, str]] = {}

    def add(relation: Attributes) -> None:
        if relation.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, relation["Target"])).lstrip("/")
            found[relation["Id"]] = (relation["Type"].rpartition("/")[2], target)

    part = parts[posixpath.join(folder, "_rels", f"{name}.rels")]
    _parse(part, {"Relationship": add}, {}, namespaces=_PACKAGE)
    return found


def _strings(part: bytes) -> list[str]:
    """The shared texts: runs of different looks joined, phonetic guides left out."""
    found: list[str] = []
    text = _Text()
    starts = {"si": text.begin, "t": text.open, "rPh": text.skip}
    ends = {"si": lambda: found.append(text.take()), "t": text.close, "rPh": text.resume}
    _parse(part, starts, ends, text.add)
    return found


class _Text:
    """A text in pieces."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._open = self._skipped = False

    def begin(self, _: Attributes) -> None:
        self._pieces.clear()

    def open(self, _: Attributes) -> None:
        self._open = not self._skipped

    def close(self) -> None:
        self._open = False

    def skip(self, _: Attributes) -> None:
        self._skipped = True

    def resume(self) -> None:
        self._skipped = False

    def add(self, piece: str) -> None:
        if self._open:
            self._pieces.append(piece)

    def take(self) -> str:
        return unescape("".join(self._pieces))


@dataclass
class _Looks:
    """What cells look like, by the number of their style."""

    formats: list[str] = field(default_factory=lambda: ["General"])
    fonts: list[str] = field(default_factory=lambda: [""])
    dates: dict[int, bool] = field(default_factory=dict)
    """Styles that show a number as a date or time → as a length of time."""


def _looks(part: bytes) -> _Looks:
    own: dict[int, str] = {}
    fonts: list[str] = []
    styles: list[tuple[int, int]] = []
    section = ""

    def enter(name: str) -> Callable[[Attributes], None]:
        def call(_: Attributes) -> None:
            nonlocal section
            section = name

        return call

    def font(_: Attributes) -> None:
        if section == "fonts":
            fonts.append("")

    def name(attributes: Attributes) -> None:
        if section == "fonts":
            fonts[-1] = attributes.get("val", "")

    def style(attributes: Attributes) -> None:
        if section == "cellXfs":
            styles.append((int(attributes.get("numFmtId", "0")), int(attributes.get("fontId", "0"))))

    def number_format(attributes: Attributes) -> None:
        own[int(attributes["numFmtId"])] = attributes["formatCode"]

    starts: dict[str, Callable[[Attributes], None]] = {one: enter(one) for one in _STYLE_SECTIONS}
    _parse(part, {**starts, "font": font, "name": name, "xf": style, "numFmt": number_format}, {})
    if not styles:
        return _Looks()
    formats = [own.get(number) or BUILTIN_FORMATS.get(number, "General") for number, _ in styles]
    dates = {number: is_timedelta_format(shape) for number, shape in enumerate(formats) if is_date_format(shape)}
    return _Looks(formats, [fonts[number] for _, number in styles], dates)


class _Sheet:
    """Reads one sheet."""

    def __init__(self, strings: list[str], looks: _Looks, epoch: datetime, *, styled: bool) -> None:
        self._strings, self._looks, self._epoch, self._styled = strings, looks, epoch, styled
        self._cells: list[tuple[int, int, Content]] = []
        self._merged: list[tuple[int, int, int, int]] = []
        self._rows: set[int] = set()
        self._spans: list[tuple[int, int]] = []
        self._row = self._column = 0
        self._cell: Attributes = {}
        self._inside = self._formula = self._valued = False
        self._value: list[str] = []
        self._terms: list[str] = []
        self._linked: set[str] = set()
        self._reading = self._composing = False
        self._shared = ""
        self._inline = _Text()

    def read(self, part: bytes, title: str, *, hidden: bool) -> RawSheet:
        starts = {
            "row": self._start_row,
            "c": self._start_cell,
            "v": self._start_value,
            "f": self._start_formula,
            "is": self._inline.begin,
            "t": self._start_text,
            "rPh": self._inline.skip,
            "mergeCell": self._merge,
            "col": self._span,
        }
        ends = {
            "c": self._end_cell,
            "v": self._end_value,
            "f": self._end_formula,
            "t": self._inline.close,
            "rPh": self._inline.resume,
        }
        _parse(part, starts, ends, self._text)
        last = max((column for _, column, _ in self._cells), default=0)
        columns = frozenset(column for first, end in self._spans for column in range(first, min(end, last) + 1))
        # What stands under a merged cell nobody sees.
        covered = {
            (row, column)
            for top, left, bottom, right in self._merged
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
            if (row, column) != (top, left)
        }
        cells = sorted((cell for cell in self._cells if cell[:2] not in covered), key=lambda cell: cell[:2])
        return RawSheet(title, tuple(cells), tuple(self._merged), hidden, frozenset(self._rows), columns)

    def _start_row(self, attributes: Attributes) -> None:
        self._row = int(attributes["r"]) if "r" in attributes else self._row + 1
        self._column = 0
        if attributes.get("hidden") in _TRUE or ("ht" in attributes and float(attributes["ht"]) == 0):
            self._rows.add(self._row)

    def _start_cell(self, attributes: Attributes) -> None:
        self._cell = attributes
        self._inside, self._formula, self._valued = True, False, False
        self._value.clear()
        self._terms.clear()
        self._shared = ""
        if "r" in attributes:
            self._row, self._column = coordinate_to_tuple(attributes["r"])
        else:
            self._column += 1
        if self._row > _LAST_ROW or self._column > _LAST_COLUMN:
            raise ValueError("cell beyond the sheet")

    def _start_value(self, _: Attributes) -> None:
        self._reading = self._inside and not self._value

    def _end_value(self) -> None:
        self._reading = False

    def _start_formula(self, attributes: Attributes) -> None:
        self._formula = self._composing = self._inside
        # Cells that share a formula name it by its number; the first of them has it.
        self._shared = attributes.get("si", "")

    def _end_formula(self) -> None:
        self._composing = False
        if _OTHER_BOOK.search("".join(self._terms)):
            self._linked.add(self._shared or f"{self._row}.{self._column}")

    def _start_text(self, attributes: Attributes) -> None:
        if self._inside:
            self._valued = True
            self._inline.open(attributes)

    def _text(self, piece: str) -> None:
        if self._reading:
            self._value.append(piece)
        elif self._composing:
            self._terms.append(piece)
        else:
            self._inline.add(piece)

    def _end_cell(self) -> None:
        self._inside = False
        text = "".join(self._value)
        kind = self._cell.get("t", "n")
        style = int(self._cell.get("s", "0")) if self._styled else 0
        value: object = None
        if kind == "inlineStr":
            value = self._inline.take() if self._valued else None
        elif text:
            kind, value = self._convert(kind, text, style)
        # A text formula may well come to nothing: an empty text is a result.
        uncalculated = self._formula and not text and kind != "str"
        if value is None and not uncalculated:
            return
        named = isinstance(value, str) and not value.isascii()
        font = self._looks.fonts[style] if named else ""
        linked = self._formula and (self._shared or f"{self._row}.{self._column}") in self._linked
        content = Content(value, self._looks.formats[style], kind == "e", uncalculated, linked, font)
        self._cells.append((self._row, self._column, content))

    def _convert(self, kind: str, text: str, style: int) -> tuple[str, object]:
        """The value of a cell, and its kind where that is an error now."""
        if kind == "s":
            return kind, self._strings[int(text)]
        if kind == "n":
            number = float(text) if any(mark in text for mark in ".eE") else int(text)
            length = self._looks.dates.get(style)
            if length is None:
                return kind, number
            try:
                return kind, from_excel(number, self._epoch, timedelta=length)
            except (OverflowError, ValueError):
                return "e", "#VALUE!"
        if kind == "b":
            return kind, bool(int(text))
        if kind == "d":
            return kind, from_ISO8601(text)  # type: ignore[no-untyped-call]
        return kind, unescape(text)

    def _merge(self, attributes: Attributes) -> None:
        left, top, right, bottom = range_boundaries(attributes["ref"])
        self._merged.append((top or 1, left or 1, bottom or _LAST_ROW, right or _LAST_COLUMN))

    def _span(self, attributes: Attributes) -> None:
        if attributes.get("hidden") in _TRUE or ("width" in attributes and float(attributes["width"]) == 0):
            self._spans.append((int(attributes["min"]), int(attributes["max"])))
