"""An executed section taken apart into what the report prints; what must not be printed is refused.

A section that failed, stopped halfway, is stale or shows something that does not belong to the report has no parts.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from baocao.errors import Problem, RunError
from baocao.executed import INJECTED_TAG
from baocao.notebook_keys import KEY, NOTE_TAG
from baocao.project import Section


@dataclass(frozen=True)
class Piece:
    """One output of a section that belongs to the report, and the notebook cell that it comes from."""

    kind: str
    content: dict[str, Any]
    data: dict[str, Any]
    cell: int

    @property
    def prints(self) -> bool:
        """A reader sees something of it; prose may have come to nothing."""
        return self.kind != "narrative" or bool(self.data["text/markdown"].strip())


@dataclass(frozen=True)
class Part:
    """An executed section, taken apart."""

    section: Section
    pieces: tuple[Piece, ...]
    reads: tuple[str, ...]


def take_apart(section: Section, executed: Path, period: str) -> Part:
    """The pieces of an executed notebook; all that must not be printed is one `RunError`."""
    notebook = nbformat.read(executed, as_version=4)  # type: ignore[no-untyped-call]
    name = section.notebook.name
    problems: list[Problem] = []
    stamp = notebook.metadata.get(KEY, {})
    source = hashlib.sha256(section.notebook.read_bytes()).hexdigest()
    if stamp.get("source_sha256") != source or stamp.get("period") != period:
        problems.append(Problem("bản đã chạy không ứng với sổ tay hiện tại", (name,), remedy="chạy lại baocao run"))
    elif not stamp.get("complete"):
        problems.append(Problem("sổ tay chưa chạy hết", (name,), remedy="chạy lại baocao run"))
    pieces: list[Piece] = []
    reads: set[str] = set()
    # The cell that papermill adds is not in the notebook that a person opens.
    cells = [cell for cell in notebook.cells if INJECTED_TAG not in cell.metadata.get("tags", [])]
    for index, cell in enumerate(cells, start=1):
        where = (name, f"ô {index}")
        if cell.cell_type == "markdown" and cell.source.strip() and NOTE_TAG not in cell.metadata.get("tags", []):
            problems.append(
                Problem(
                    "lời văn trong ô Markdown không vào báo cáo",
                    where,
                    expected="ô mã bắt đầu bằng %%narrative",
                    remedy=f"đổi ô thành ô mã có %%narrative ở dòng đầu; lời ghi chú thì gắn nhãn “{NOTE_TAG}”",
                )
            )
        if cell.cell_type != "code":
            continue
        if cell.execution_count is None and cell.source.strip():
            problems.append(Problem("ô chưa chạy", where, remedy="chạy lại baocao run"))
        for output in cell.outputs:
            if output.output_type == "stream":
                continue  # print() is for the person at the desk
            if output.output_type == "error":
                problems.append(Problem(f"ô bị lỗi {output.ename}: {output.evalue}", where, remedy="sửa ô này"))
                continue
            mark = output.metadata.get(KEY)
            if mark is None:
                problems.append(
                    Problem(
                        "ô hiện ra nội dung không thuộc báo cáo",
                        where,
                        expected="lời văn (%%narrative), report.show(…), report.chart(…)",
                        remedy="đưa nội dung vào báo cáo bằng các lệnh trên, hoặc xóa lệnh hiển thị",
                    )
                )
            elif mark["kind"] == "reads":
                reads |= {code for data in output.data.values() for code in data["codes"]}
            else:
                pieces.append(Piece(mark["kind"], dict(mark), dict(output.data), index))
    if not any(piece.prints for piece in pieces) and not problems:
        remedy = "thêm lời văn (%%narrative), hoặc xóa sổ tay"
        problems.append(
            Problem("mục không đưa gì vào báo cáo", (name,), expected="ít nhất một nội dung", remedy=remedy)
        )
    if problems:
        raise RunError(problems)
    return Part(section, tuple(pieces), tuple(sorted(reads)))
