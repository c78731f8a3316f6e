"""A Word file: its parts, and what each part refers to; what is none, is locked or is a trap is told."""

import hashlib
import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from baocao.archive import DamagedError, TooLargeError, TrapError, library
from baocao.errors import InputError, Problem

_TEXTS = ("word/", "docProps/")
_CUSTOM = "docProps/custom.xml"
_LARGEST = 64 * 2**20
"""Bytes that a report may unpack to; the report's own takes one million."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_REMEDY = "chọn tệp .docx mà Word hoặc LibreOffice đã lưu"
_RELATED = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


@dataclass(frozen=True)
class DocxFile:
    """The parts of a Word file that a comparison needs."""

    roots: Mapping[str, Element]
    """XML by name of the part."""
    media: Mapping[str, str]
    """SHA-256 of pictures by name of the part."""

    @property
    def body(self) -> str:
        """Name of the part with the text; empty in a file that is no Word document."""
        return next((name for name in self.of_kind("", "officeDocument") if _is_document(self.roots.get(name))), "")

    def related(self, part: str) -> dict[str, str]:
        """Names of the parts that `part` refers to, by the id of the reference."""
        return {item.get("Id", ""): target for item, target in self._references(part)}

    def of_kind(self, part: str, kind: str) -> list[str]:
        """Names of the parts of a kind (`comments`) that `part` refers to; the file is the part without a name."""
        return [target for item, target in self._references(part) if item.get("Type", "").endswith(f"/{kind}")]

    def _references(self, part: str) -> Iterator[tuple[Element, str]]:
        folder, name = posixpath.split(part)
        root = self.roots.get(posixpath.join(folder, f"_rels/{name}.rels"))
        for item in root if root is not None else ():
            if item.tag == _RELATED and item.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, item.get("Target", "")))
                yield item, target.lstrip("/")

    def property(self, name: str) -> str:
        """A property of the document that its maker gave it; empty where there is none."""
        custom = self.roots.get(_CUSTOM)
        named = (item for item in (custom if custom is not None else ()) if item.get("name") == name)
        return "".join("".join(item.itertext()).strip() for item in named)


def _is_document(root: Element | None) -> bool:
    return root is not None and str(root.tag).endswith("}document")


def open_docx(path: Path) -> DocxFile:
    """Read the parts of a Word file; whatever is none is an `InputError`."""
    name = path.name
    try:
        with path.open("rb") as stream:
            content = stream.read(8)
        if content == _OLE:
            raise _refused(name, "tệp có mật khẩu, hoặc là tệp .doc cũ", "bỏ mật khẩu, lưu lại dạng .docx")
        if content.startswith(b"%PDF"):
            remedy = "chọn bản Word (.docx) của báo cáo; bản PDF không so được"
            raise _refused(name, "tệp là PDF, không phải văn bản Word", remedy)
        with library(), zipfile.ZipFile(path) as archive:
            file = _parts(archive)
        if not file.body:
            raise _refused(name, "tệp không phải văn bản Word")
        return file
    except FileNotFoundError as error:
        raise _refused(name, "không có tệp này", "xem lại đường dẫn của tệp") from error
    except IsADirectoryError as error:
        raise _refused(name, "đây là thư mục, không phải tệp", "ghi đường dẫn của tệp .docx") from error
    except OSError as error:
        raise _refused(name, "không mở được tệp", "đóng tệp trong Word rồi thử lại") from error
    except zipfile.BadZipFile as error:
        raise _refused(name, "tệp không phải .docx, hoặc bị hỏng") from error
    except TooLargeError as error:
        raise _refused(name, "tệp quá lớn khi giải nén, không thể là báo cáo") from error
    except TrapError as error:
        raise _refused(name, "XML của tệp khai báo thực thể, Word không bao giờ ghi như vậy") from error
    except DamagedError as error:
        raise _refused(name, "tệp hỏng, không đọc được nội dung") from error


def _refused(name: str, what: str, remedy: str = _REMEDY) -> InputError:
    return InputError(Problem(what, (name,), "một tệp .docx", remedy))


def _parts(archive: zipfile.ZipFile) -> DocxFile:
    roots, media = {}, {}
    left = _LARGEST
    for name in archive.namelist():
        picture = "/media/" in name
        if not picture and not name.endswith(".rels") and not (name.startswith(_TEXTS) and name.endswith(".xml")):
            continue
        with archive.open(name) as stream:
            content = stream.read(left + 1)
        left -= len(content)
        if left < 0:
            raise TooLargeError
        if picture:
            media[name] = hashlib.sha256(content).hexdigest()
        else:
            root: Any = fromstring(content, forbid_dtd=True)
            roots[name] = root
    return DocxFile(roots, media)
