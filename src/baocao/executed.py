"""A section's notebook before and after its run: fit to be run, and then free of what differs between equal runs."""

import copy
import hashlib
import json
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import nbformat
from nbformat import NotebookNode

from baocao.held import patiently
from baocao.notebook_keys import KEY
from baocao.period import Period

PARAMETERS_TAG: Final = "parameters"
INJECTED_TAG: Final = "injected-parameters"

# What frontends and runners leave in a cell's metadata; no part of what the cell says.
_VOLATILE: Final = frozenset({"execution", "papermill", "collapsed", "scrolled", "ExecuteTime", "trusted"})
_ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_CELL_FILE: Final = re.compile(r"[^\s\"'<>]*ipykernel_\d+[/\\]\d+\.py")
_ADDRESS: Final = re.compile(r"\bat 0x[0-9a-fA-F]{4,}")


class UnusableError(Exception):
    """A notebook that cannot be run; its one argument says why, in Vietnamese."""


@dataclass(frozen=True)
class Source:
    """A section's notebook as read: the node, the number of its code cells with code, the SHA-256 of the file."""

    node: NotebookNode
    code_cells: int
    sha256: str

    def position(self, index: int) -> int:
        """Translate an index in the executed notebook into a position, from 1, in this one."""
        tagged = next(i for i, cell in enumerate(self.node.cells) if PARAMETERS_TAG in cell.metadata.get("tags", ()))
        # Papermill puts its cell behind the tagged one.
        return index + 1 if index <= tagged else index


def read_notebook(path: Path) -> tuple[NotebookNode, list[object], str]:
    """A notebook, the ids that its cells have in the file, and the file's SHA-256; `UnusableError` if it is none."""
    try:
        text = (data := path.read_bytes()).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnusableError("sổ tay không phải tệp văn bản UTF-8 nên không đọc được") from error
    except OSError as error:
        raise UnusableError(f"không mở được sổ tay ({error.strerror})") from error
    try:
        raw = json.loads(text)
        ids = [cell.get("id") for cell in raw["cells"]]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about ids, which are settled here
            node: NotebookNode = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
            nbformat.v4.upgrade(node)  # type: ignore[no-untyped-call]
    except (ValueError, KeyError, TypeError, AttributeError, nbformat.ValidationError) as error:
        raise UnusableError("tệp sổ tay hỏng hoặc không phải sổ tay Jupyter") from error
    return node, ids, hashlib.sha256(data).hexdigest()


def read_source(path: Path) -> Source:
    """Read a section's notebook, fit to be run; `UnusableError` otherwise. Cells with no sound id get a stable one."""
    node, ids, digest = read_notebook(path)
    if node.metadata.get("kernelspec", {}).get("language", "python").casefold() != "python":
        raise UnusableError("sổ tay không dùng ngôn ngữ Python")
    seen: set[str] = set()
    for number, (cell, own) in enumerate(zip(node.cells, ids, strict=True), start=1):
        sound = isinstance(own, str) and _ID.fullmatch(own) is not None and own not in seen
        cell.id = own if sound else f"cell-{number}"
        seen.add(cell.id)
        # An analyst's last injected cell, saved by mistake, would be taken for the run's own.
        if INJECTED_TAG in cell.metadata.get("tags", ()):
            raise UnusableError(f"ô {number} mang nhãn “{INJECTED_TAG}”, nhãn này dành cho lúc chạy; hãy xóa ô đó")
    if not any(PARAMETERS_TAG in cell.metadata.get("tags", ()) for cell in node.cells if cell.cell_type == "code"):
        raise UnusableError(f"sổ tay không có ô mã nào mang nhãn “{PARAMETERS_TAG}” để nhận kỳ báo cáo")
    code = sum(1 for cell in node.cells if cell.cell_type == "code" and cell.source.strip())
    return Source(node, code, digest)


def normalised(source: Source, executed: NotebookNode, period: Period, complete: bool) -> NotebookNode:
    """Give the executed notebook with nothing in it that two equal runs would not share."""
    node = copy.deepcopy(executed)
    node.metadata = copy.deepcopy(source.node.metadata)
    for key in ("papermill", "widgets"):
        node.metadata.pop(key, None)
    node.metadata[KEY] = {"source_sha256": source.sha256, "period": str(period), "complete": complete}
    taken = {cell.id for cell in source.node.cells}
    for cell in node.cells:
        for key in _VOLATILE & cell.metadata.keys():
            del cell.metadata[key]
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]  # papermill gives an empty list to cells that had none
        if INJECTED_TAG in cell.metadata.get("tags", ()):
            cell.id = next(name for name in (INJECTED_TAG, *map("injected-{}".format, range(99))) if name not in taken)
        for output in cell.get("outputs", ()):
            _normalise_output(output)
    return node


def _normalise_output(output: NotebookNode) -> None:
    """Warnings name a cell by a file with a process id in it, and plain objects print their address."""

    def clean(text: str) -> str:
        return _ADDRESS.sub("at 0x0", _CELL_FILE.sub("<cell>", text))

    if output.output_type == "stream":
        output.text = clean(output.text)
    elif output.output_type == "error":
        output.evalue = clean(output.evalue)
        output.traceback = [clean(line) for line in output.traceback]
    elif "text/plain" in output.data:
        output.data["text/plain"] = clean(output.data["text/plain"])


def save(node: NotebookNode, target: Path) -> None:
    """Write a notebook whole or not at all."""
    partial = target.with_name(target.name + ".part")
    text: str = nbformat.writes(node)  # type: ignore[no-untyped-call]
    partial.write_text(text + "\n", "utf-8", newline="\n")
    patiently(lambda: partial.replace(target))
