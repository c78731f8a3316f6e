"""Random edits of the report's XML: every one is found at its cell, and none is invented."""

import copy
import random
import re
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import nbformat
import pytest

from baocao.docx_text import tidy
from baocao.word_edits import compare_docx
from conftest import APRIL, MadeReport

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
BODY = "word/document.xml"
MARK = {f"{W}author": "Lê Văn Hùng", f"{W}date": "2024-04-16T09:00:00Z", f"{W}id": "950"}
WORDS = ("đồng bộ", "kịp thời", "thường xuyên", "rà soát", "thống nhất", "chặt chẽ", "minh bạch", "hiệu quả")
EACH = 5
"""Edits of one document, well apart."""

Cell = tuple[str, str]


def _plain(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _said(report: MadeReport) -> list[tuple[Cell, list[str]]]:
    """The words that each cell printed, from the executed notebooks."""
    found: list[tuple[Cell, list[str]]] = []
    for path in sorted((report.folder / "build" / "sections").glob("*.ipynb")):
        own = report.project.root / "notebooks" / "2024-04" / path.name
        name = f"notebooks/2024-04/{path.name}" if own.exists() else f"notebooks/{path.name}"
        notebook: Any = nbformat.read(path, as_version=4)
        cells = [cell for cell in notebook.cells if "injected-parameters" not in cell.metadata.get("tags", [])]
        for number, cell in enumerate(cells, start=1):
            printed = [output.data for output in cell.get("outputs", []) if output.output_type != "stream"]
            text = " ".join(str(data.get("text/markdown") or data.get("text/html") or "") for data in printed)
            words = _plain(re.sub(r"<[^>]*>", " ", text).replace("\\", ""))
            if words:
                found.append(((name, f"ô {number}"), words))
    return found


def _cell(said: list[tuple[Cell, list[str]]], text: str) -> Cell | None:
    """The one cell that printed this text; none where several or none did."""
    words = _plain(text)
    joined = f" {' '.join(words)} "
    cells = [cell for cell, printed in said if joined in f" {' '.join(printed)} "]
    return cells[0] if len(cells) == 1 and len(words) >= 6 else None


@dataclass(frozen=True)
class Target:
    """A paragraph or row that may be edited, and the cell that it comes from."""

    element: Element
    parent: Element
    text: str
    cell: Cell


def _text(element: Element) -> str:
    letters = {f"{W}t": None, f"{W}tab": " ", f"{W}br": "\n", f"{W}noBreakHyphen": "-"}
    return "".join(letters[item.tag] or item.text or "" for item in element.iter() if item.tag in letters)


def _targets(root: Element, said: list[tuple[Cell, list[str]]]) -> list[Target]:
    parents = {child: parent for parent in root.iter() for child in parent}
    rows = list(root.iter(f"{W}tr"))
    inside = {paragraph for row in rows for paragraph in row.iter(f"{W}p")}
    plain = [item for item in root.iter(f"{W}p") if item not in inside and item.find(f".//{W}fldChar") is None]
    found = [(item, _text(item)) for item in plain]
    found += [(row, " ".join(tidy(_text(cell)) for cell in row.iter(f"{W}tc"))) for row in rows]
    return [
        Target(element, parents[element], text, cell)
        for element, text in found
        if (cell := _cell(said, text.lstrip("-+ "))) is not None
    ]


def _set(element: Element, text: str) -> None:
    """One run with this text instead of all."""
    runs = element.findall(f".//{W}r")
    kept = next(run for run in runs if run.find(f"{W}t") is not None)
    for run in element.findall(f"{W}r"):
        if run is not kept:
            element.remove(run)
    for child in list(kept):
        if child.tag != f"{W}rPr":
            kept.remove(child)
    made = ElementTree.SubElement(kept, f"{W}t", {SPACE: "preserve"})
    made.text = text


def _run(text: str, tag: str = "t") -> Element:
    run = Element(f"{W}r")
    ElementTree.SubElement(run, f"{W}{tag}", {SPACE: "preserve"}).text = text
    return run


def _phrase(chance: random.Random) -> str:
    return " ".join(chance.sample(WORDS, 5))


# Each edit changes the document and says which kinds it may be listed as; none where a reader sees no change.
Kinds = tuple[str, ...]


def replace(target: Target, chance: random.Random) -> Kinds:
    words = tidy(target.text).split(" ")
    at = chance.randrange(1, len(words))
    words[at] = chance.choice(["hoàn-toàn-khác", "99.999", "(sửa)"])
    _set(target.element, " ".join(words))
    return ("doi",)


def cut(target: Target, chance: random.Random) -> Kinds:
    words = tidy(target.text).split(" ")
    at = chance.randrange(1, len(words))
    del words[at : at + 2]
    _set(target.element, " ".join(words))
    return ("doi",)


def insert(target: Target, chance: random.Random) -> Kinds:
    words = tidy(target.text).split(" ")
    words.insert(chance.randrange(1, len(words) + 1), _phrase(chance))
    _set(target.element, " ".join(words))
    return ("doi",)


def delete(target: Target, chance: random.Random) -> Kinds:
    target.parent.remove(target.element)
    return ("bo",)


def add(target: Target, chance: random.Random) -> Kinds:
    paragraph = Element(f"{W}p")
    paragraph.append(_run(f"- {_phrase(chance)} {_phrase(chance)} {chance.random()}."))
    target.parent.insert(list(target.parent).index(target.element) + 1, paragraph)
    return ("them",)


def split(target: Target, chance: random.Random) -> Kinds:
    words = tidy(target.text).split(" ")
    at = chance.randrange(2, len(words) - 1)
    rest = copy.deepcopy(target.element)
    _set(target.element, " ".join(words[:at]))
    _set(rest, " ".join(words[at:]))
    target.parent.insert(list(target.parent).index(target.element) + 1, rest)
    return ("tach",)


def tracked_insert(target: Target, chance: random.Random) -> Kinds:
    made = Element(f"{W}ins", MARK)
    made.append(_run(f" {_phrase(chance)}"))
    target.element.append(made)
    return ("doi",)


def tracked_delete(target: Target, chance: random.Random) -> Kinds:
    properties = target.element.find(f"{W}pPr")
    gone = Element(f"{W}del", MARK)
    for child in list(target.element):
        if child is properties:
            continue
        target.element.remove(child)
        for text in list(child.iter(f"{W}t")):
            text.tag = f"{W}delText"
        gone.append(child)
    target.element.append(gone)
    if properties is None:
        properties = Element(f"{W}pPr")
        target.element.insert(0, properties)
    mark = properties.find(f"{W}rPr")
    mark = ElementTree.SubElement(properties, f"{W}rPr") if mark is None else mark
    mark.insert(0, Element(f"{W}del", MARK))
    return ("bo",)


def cell(target: Target, chance: random.Random) -> Kinds:
    cells = list(target.element.iter(f"{W}tc"))
    chosen = chance.choice([item for item in cells if tidy(_text(item))])
    paragraphs = chosen.findall(f"{W}p")
    for paragraph in paragraphs[1:]:
        chosen.remove(paragraph)
    _set(paragraphs[0], str(chance.randrange(10**6, 10**7)))
    return ("doi",)


def tracked_row(target: Target, chance: random.Random) -> Kinds:
    properties = target.element.find(f"{W}trPr")
    if properties is None:
        properties = Element(f"{W}trPr")
        target.element.insert(0, properties)
    ElementTree.SubElement(properties, f"{W}del", MARK)
    return ("bo",)


def add_row(target: Target, chance: random.Random) -> Kinds:
    made = copy.deepcopy(target.element)
    for item in made.iter(f"{W}tc"):
        paragraphs = item.findall(f"{W}p")
        for paragraph in paragraphs[1:]:
            item.remove(paragraph)
        if tidy(_text(item)):
            _set(paragraphs[0], _phrase(chance))
    target.parent.insert(list(target.parent).index(target.element) + 1, made)
    return ("them",)


def decompose(target: Target, chance: random.Random) -> Kinds:
    for item in target.element.iter(f"{W}t"):
        item.text = unicodedata.normalize("NFD", item.text or "")
    return ()


def other_blanks(target: Target, chance: random.Random) -> Kinds:
    for item in target.element.iter(f"{W}t"):
        item.text = (item.text or "").replace(" ", "\u00a0").replace("-", "\u2011")
    return ()


def strike(target: Target, chance: random.Random) -> Kinds:
    for run in target.element.iter(f"{W}r"):
        properties = run.find(f"{W}rPr")
        if properties is None:
            properties = Element(f"{W}rPr")
            run.insert(0, properties)
        for old in [*properties.findall(f"{W}i"), *properties.findall(f"{W}strike")]:
            properties.remove(old)
        ElementTree.SubElement(properties, f"{W}strike")
    return ("kieu",)


OF_PARAGRAPHS: tuple[Callable[[Target, random.Random], Kinds], ...] = (
    replace,
    cut,
    insert,
    delete,
    add,
    split,
    tracked_insert,
    tracked_delete,
    decompose,
    other_blanks,
    strike,
)
OF_ROWS: tuple[Callable[[Target, random.Random], Kinds], ...] = (cell, delete, tracked_row, add_row, decompose)


@pytest.mark.parametrize("seed", range(12))
def test_random_edits(april_report: MadeReport, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    said = _said(april_report)
    with zipfile.ZipFile(april_report.docx) as source:
        root = ElementTree.fromstring(source.read(BODY))
    targets = _targets(root, said)
    assert len(targets) > 100
    start = chance.randrange(len(targets) // EACH)
    chosen = targets[start :: len(targets) // EACH][:EACH]
    expected: list[tuple[Kinds, Cell]] = []
    made = []
    for target in chosen:
        edit = chance.choice(OF_ROWS if target.element.tag == f"{W}tr" else OF_PARAGRAPHS)
        kinds = edit(target, chance)
        made.append((edit.__name__, target.text))
        if kinds:
            expected.append((kinds, target.cell))
    path = tmp_path / "x.docx"
    with zipfile.ZipFile(april_report.docx) as source, zipfile.ZipFile(path, "w") as result:
        for name in source.namelist():
            result.writestr(name, ElementTree.tostring(root) if name == BODY else source.read(name))
    found = [((edit.kind,), edit.where[:2]) for edit in compare_docx(april_report.project, APRIL, path).edits]
    assert sorted(found) == sorted(expected), made
