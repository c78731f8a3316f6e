"""The parts of a workbook file, within limits: what is no workbook, damaged or a trap is told before it is parsed."""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from xml.parsers import expat

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from openpyxl.utils.cell import range_boundaries

LARGEST = 20 * 2**20
"""Bytes that a workbook may have, and may unpack to; a form takes well under one million."""
_LARGEST_PART = 4 * 2**20
"""Bytes of one part that is no picture: XML is parsed in time that grows with the square of its longest token."""
_LARGEST_SHEETS = 384 * 2**20
"""Bytes that all may unpack to before empty cells are left out: the rows of a sheet with a dozen formatted cells."""
_CHUNK = 2**20
_MOST_CELLS = 200_000
"""XML elements and cells of merged or linked areas that a workbook may have; a form has a few thousand."""
_AREA_WEIGHT = 20
"""What one area costs openpyxl beside its cells, in cells."""
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_AREAS = ("mergeCell", "hyperlink")
"""Elements whose `ref` openpyxl expands cell by cell."""
_PICTURES, _SHEETS = "xl/media/", "xl/worksheets/"
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument"
_EMPTY_CELL = re.compile(rb"<((?:\w+:)?c)(?: [^<>]*)?(?:/>|></\1>)")
_ROW = re.compile(rb"<(?:\w+:)?row[ />]")
_FILLED = (b"v", b"f", b"inlineStr", b"sheetData")
"""One of these is in every stretch of a sheet with a value, a formula or a text, or with more than rows: found fast."""
_EMPTY_ROW = re.compile(rb"<((?:\w+:)?row)(?: [^<>]*)?(?:/>|>\s*</\1>)")


class TooLargeError(Exception):
    """The workbook has more in it than can be a form; the message, in Vietnamese, says of what."""


class DamagedError(Exception):
    """A library could not read the content; its own error is the cause."""


class ForeignError(Exception):
    """The file is a sound one of another kind; the message, in Vietnamese, names it."""


class TrapError(Exception):
    """The XML declares entities or a document type, which no spreadsheet writes."""


@contextmanager
def library() -> Iterator[None]:
    """Around calls of libraries only: they let every fault of a damaged archive or of its XML through as it comes."""
    try:
        yield
    except (zipfile.BadZipFile, TooLargeError):
        raise
    except DefusedXmlException as error:
        raise TrapError from error
    except Exception as error:
        raise DamagedError from error


@dataclass(frozen=True)
class Archive:
    """A workbook's parts by name, and the bytes of an archive that has them."""

    parts: dict[str, bytes]
    content: bytes


def unpack(content: bytes) -> Archive:
    """Take a workbook apart; sheets of very many cells come without the empty ones.

    What has more in it than can be a form is a `TooLargeError`, however small it is packed.
    """
    with library():
        archive = zipfile.ZipFile(io.BytesIO(content))
    with archive:
        files = archive.infolist()
        thinned = {file.filename for file in files if _is_sheet(file) and file.file_size > _LARGEST_PART}
        if len(content) > LARGEST or sum(file.file_size for file in files) > _LARGEST_SHEETS:
            raise TooLargeError(f"hơn {LARGEST >> 20} MB khi giải nén")
        parts: dict[str, bytes] = {}
        room = LARGEST
        for file in files:
            thin = file.filename in thinned
            if not thin and file.file_size > _LARGEST_PART and not file.filename.startswith(_PICTURES):
                raise TooLargeError(f"có phần hơn {_LARGEST_PART >> 20} MB khi giải nén")
            if not thin and file.file_size > room:
                raise TooLargeError(f"hơn {LARGEST >> 20} MB khi giải nén")
            with library():
                parts[file.filename] = part = _thin(archive, file) if thin else archive.read(file)
            room -= len(part)
    if parts.get("mimetype", b"").startswith(_OPEN_DOCUMENT):
        raise ForeignError("tệp .ods đổi đuôi")
    _count(parts.values())
    return Archive(parts, _packed(parts) if thinned else content)


def _is_sheet(file: zipfile.ZipInfo) -> bool:
    return file.filename.startswith(_SHEETS)


def _thin(archive: zipfile.ZipFile, file: zipfile.ZipInfo) -> bytes:
    """A sheet without its empty cells and rows, read piece by piece: what is left is small, or the sheet no form."""
    kept, tail = bytearray(), b""
    inside = False
    with archive.open(file) as stream:
        while chunk := stream.read(_CHUNK):
            block = tail + chunk
            inside = inside or b"sheetData" in block
            if inside and not any(mark in block for mark in _FILLED):
                block = _between_rows(block)
            cut = block.rfind(b">") + 1
            kept += _EMPTY_ROW.sub(b"", _EMPTY_CELL.sub(b"", block[:cut]))
            tail = block[cut:]
            if len(kept) + len(tail) > _LARGEST_PART:
                raise TooLargeError(f"có phần hơn {_LARGEST_PART >> 20} MB khi giải nén")
    return bytes(kept) + tail


def _between_rows(block: bytes) -> bytes:
    """A stretch of rows without values, from within a row to within another: the whole rows between them left out."""
    first = _ROW.search(block)
    last = block.rfind(b"<", 0, max(block.rfind(b"row "), 0))
    return block if first is None or last <= first.start() else block[: first.start()] + block[last:]


def _packed(parts: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return buffer.getvalue()


def _count(parts: Iterable[bytes]) -> None:
    """Refuse what a library would spend minutes on, and declarations that no spreadsheet writes."""
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if "ref" in attributes or "sqref" in attributes:
            count += _area(name.rpartition(":")[2], attributes)
        if count > _MOST_CELLS:
            raise TooLargeError("quá nhiều ô, hoặc vùng trộn ô quá rộng")

    def refuse(*_: object) -> None:
        raise TrapError

    for part in parts:
        parser = expat.ParserCreate()
        parser.StartElementHandler = start
        parser.StartDoctypeDeclHandler = refuse
        # As far as it is XML: who reads the part says what is wrong with the rest.
        with suppress(expat.ExpatError, ValueError):
            parser.Parse(part, True)


def _area(name: str, attributes: dict[str, str]) -> int:
    """How many cells or ranges the element makes openpyxl expand."""
    if name not in _AREAS:
        return attributes.get("sqref", "").count(" ")
    try:
        left, top, right, bottom = range_boundaries(attributes.get("ref", ""))
    except (ValueError, TypeError):
        return 0
    width, height = (right or _LAST_COLUMN) - (left or 1), (bottom or _LAST_ROW) - (top or 1)
    return _AREA_WEIGHT + (abs(width) + 1) * (abs(height) + 1)
