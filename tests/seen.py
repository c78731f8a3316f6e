"""What a reader sees of a file, as data that two files can be compared by: text, structure, pictures, measures."""

import hashlib
import re
import unicodedata
import zipfile
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pypdf import PdfReader

from ooxml import R, W

Element = ElementTree.Element

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_DC = "{http://purl.org/dc/elements/1.1/}"
# Quarto's own classes; no rule of the style sheet names them.
_DRESS = frozenset({"caption-top", "header", "odd", "even"})
_VOID = frozenset({"meta", "link", "img", "br", "col", "hr", "input"})


def squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


class _Page(HTMLParser):
    """Elements with what they show, and texts, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[object] = []
        self.styles: list[str] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._flush()
        shown: dict[str, object] = {}
        for name, value in attrs:
            text = value or ""
            if name == "class":
                if classes := set(text.split()) - _DRESS:
                    shown[name] = sorted(classes)
            elif "'sha256-" in text:
                # Of the style sheet and the script as each renderer lays them out; these are compared as such.
                shown[name] = re.sub(r"(?<='sha256-)[^']*", "", text)
            elif text.startswith("data:"):
                shown[name] = _digest(text.encode())
            elif name == "style":
                shown[name] = re.sub(r"\.0(?=%)", "", re.sub(r"\s+", "", text).rstrip(";"))
            else:
                shown[name] = squeeze(text)
        self.events.append((tag, tuple(sorted(shown.items(), key=lambda item: item[0]))))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self._flush()
        if tag in self.open:
            while self.open.pop() != tag:
                pass
            self.events.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if self.open[-1:] in (["style"], ["script"]):
            self.styles.append(_digest(squeeze(data).encode()))
        else:
            self.text.append(data)

    def _flush(self) -> None:
        text = squeeze("".join(self.text))
        if text:
            self.events.append(text)
        self.text = []


def html(path: Path) -> dict[str, object]:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    tags = [event for event in page.events if isinstance(event, tuple)]
    texts = [event for event in page.events if isinstance(event, str) and not event.startswith("/")]
    return {
        "text": squeeze(" ".join(texts)),
        "headings": [tag for tag in tags if re.fullmatch("h[1-6]", tag[0])],
        "cells": [tag for tag in tags if tag[0] in ("th", "td")],
        "captions": [page.events[i + 1] for i, tag in enumerate(page.events) if _is(tag, "caption", "figcaption")],
        "alternatives": [dict(tag[1]).get("alt") for tag in tags if tag[0] == "img"],
        "links": [tag for tag in tags if tag[0] == "a"],
        "styles": page.styles,
        "everything": page.events,
    }


def _is(event: object, *names: str) -> bool:
    return isinstance(event, tuple) and event[0] in names


def _text(node: Element) -> str:
    parts = {
        f"{W}t": lambda run: run.text or "",
        f"{W}br": lambda _: "\n",
        f"{W}tab": lambda _: "\t",
        f"{W}noBreakHyphen": lambda _: "-",
    }
    return unicodedata.normalize("NFC", "".join(parts[run.tag](run) for run in node.iter() if run.tag in parts))


def docx_text(path: Path) -> str:
    """The text of the body, one paragraph a line."""
    with zipfile.ZipFile(path) as archive:
        body = ElementTree.fromstring(archive.read("word/document.xml"))
    return "\n".join(_text(paragraph) for paragraph in body.iter(f"{W}p"))


def docx(path: Path) -> dict[str, object]:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    body = ElementTree.fromstring(parts["word/document.xml"])
    relations = {
        node.get("Id"): node.get("Target") or ""
        for node in ElementTree.fromstring(parts["word/_rels/document.xml.rels"])
    }
    styles = ElementTree.fromstring(parts["word/styles.xml"])
    core = ElementTree.fromstring(parts["docProps/core.xml"])
    custom = parts.get("docProps/custom.xml", b"<none/>")
    return {
        "paragraphs": [_paragraph(node) for node in body.iter(f"{W}p")],
        "tables": [[_row(row) for row in table.iter(f"{W}tr")] for table in body.iter(f"{W}tbl")],
        "grids": [[node.get(f"{W}w") for node in grid] for grid in body.iter(f"{W}tblGrid")],
        "bookmarks": [node.get(f"{W}name") for node in body.iter(f"{W}bookmarkStart")],
        "pictures": [
            (
                drawing.find(f".//{_WP}docPr").get("descr"),  # type: ignore[union-attr]
                sorted(drawing.find(f".//{_WP}extent").attrib.items()),  # type: ignore[union-attr]
                [_digest(parts[f"word/{relations[blip.get(f'{R}embed')]}"]) for blip in drawing.iter(f"{_A}blip")],
            )
            for drawing in body.iter(f"{W}drawing")
        ],
        "sections": [_section(node, relations, parts) for node in body.iter(f"{W}sectPr")],
        "styles": {node.get(f"{W}styleId"): ElementTree.tostring(node) for node in styles.iter(f"{W}style")},
        "title": core.findtext(f"{_DC}title"),
        "language": core.findtext(f"{_DC}language"),
        "properties": [node.get("name") for node in ElementTree.fromstring(custom)],
        "settings": parts["word/settings.xml"],
    }


def _paragraph(node: Element) -> tuple[object, ...]:
    properties = node.find(f"{W}pPr")
    kept = [] if properties is None else [child for child in properties if child.tag != f"{W}sectPr"]
    looks = [(child.tag, sorted(child.attrib.items())) for child in kept]
    runs = [(_text(run), [child.tag for child in run.find(f"{W}rPr") or ()]) for run in node.iter(f"{W}r")]
    return (looks, [run for run in runs if run[0]])


def _row(row: Element) -> tuple[object, ...]:
    cells = []
    for cell in row.findall(f"{W}tc"):
        looks = [(child.tag, sorted(child.attrib.items())) for child in cell.find(f"{W}tcPr") or ()]
        cells.append((looks, [_text(paragraph) for paragraph in cell.findall(f"{W}p")]))
    return ([child.tag for child in row.find(f"{W}trPr") or ()], cells)


def _section(node: Element, relations: dict[str | None, str], parts: dict[str, bytes]) -> list[object]:
    seen: list[object] = []
    for child in node:
        if child.tag == f"{W}headerReference":
            seen.append((child.get(f"{W}type"), _digest(parts[f"word/{relations[child.get(f'{R}id')]}"])))
        else:
            seen.append((child.tag, sorted(child.attrib.items())))
    return seen


def pdf(path: Path) -> dict[str, object]:
    reader = PdfReader(path)
    root: Any = reader.trailer["/Root"]
    nodes = list(_structure(root["/StructTreeRoot"]))
    assert reader.metadata is not None
    fonts = {
        str(font.get_object()["/BaseFont"]).partition("+")[2]
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()  # type: ignore[index]
    }
    return {
        "text": [squeeze(page.extract_text()) for page in reader.pages],
        "sizes": [(round(page.mediabox.width, 1), round(page.mediabox.height, 1)) for page in reader.pages],
        "labels": reader.page_labels,
        "fonts": sorted(fonts),
        "outline": _outline(reader.outline, 0),
        "kinds": Counter(str(node["/S"]) for node in nodes),
        "alternatives": [str(node["/Alt"]) for node in nodes if "/Alt" in node],
        "title": reader.metadata.title,
        "created": reader.metadata.creation_date,
        "language": str(root["/Lang"]),
    }


def _structure(node: Any) -> list[dict[str, Any]]:
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        return [item for child in node for item in _structure(child)]
    if not isinstance(node, dict):
        return []
    return ([node] if "/S" in node else []) + (_structure(node["/K"]) if "/K" in node else [])


def _outline(items: list[Any], depth: int) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for item in items:
        found += _outline(item, depth + 1) if isinstance(item, list) else [(depth, str(item["/Title"]))]
    return found


SEEN = {"docx": docx, "html": html, "pdf": pdf}
