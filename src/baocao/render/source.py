"""`report.qmd` with its parts: one Markdown text, and what the renderer itself needs from the front matter."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from baocao.errors import Problem, RenderError

NAME = "report.qmd"

_INCLUDE = re.compile(r"^\{\{< +include +(\S+) +>\}\}[ \t]*$", re.MULTILINE)
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)


@dataclass(frozen=True)
class Source:
    """The whole document as pandoc reads it."""

    build: Path
    """Folder of `report.qmd`; images are named relative to it."""
    text: str
    title: str
    date: date
    reference_doc: str | None = None
    """The Word document in `build` that the front matter asks for instead of the one of `_quarto.yml`."""

    @property
    def epoch(self) -> int:
        """The document's date as SOURCE_DATE_EPOCH: seconds to its midnight, UTC."""
        return int(datetime(self.date.year, self.date.month, self.date.day, tzinfo=UTC).timestamp())


def load_source(build: Path) -> Source:
    """Read `build/report.qmd`, put its parts in place and check the front matter; mistakes are a `RenderError`."""
    text = _read(build, NAME)
    problems: list[Problem] = []

    def part(match: re.Match[str]) -> str:
        try:
            return _read(build, match[1])
        except RenderError as error:
            problems.extend(error.problems)
            return ""

    front = _front_matter(text, problems)
    whole = _INCLUDE.sub(part, text)
    title, day = front.get("title"), front.get("date")
    reference_doc = _reference_doc(front, problems)
    if not isinstance(title, str) or not title.strip():
        problems.append(_wrong("thiếu tên văn bản (title)"))
        title = ""
    if not isinstance(day, date):
        problems.append(_wrong("thiếu ngày của văn bản (date), dạng NNNN-TT-NN"))
        day = date.min
    if problems:
        raise RenderError(problems)
    return Source(build.resolve(), whole, title, day, reference_doc)


def _read(build: Path, name: str) -> str:
    path = (build / name).resolve()
    if not path.is_relative_to(build.resolve()):
        raise RenderError(_wrong(f"phần “{name}” nằm ngoài thư mục của văn bản"))
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RenderError(
            Problem(
                f"không đọc được: {error}",
                (name,),
                expected="tệp Markdown mã hóa UTF-8",
                remedy="chạy lại toàn bộ báo cáo để tạo lại tệp này",
            )
        ) from error


def _front_matter(text: str, problems: list[Problem]) -> dict[str, Any]:
    match = _FRONT_MATTER.match(text)
    if match is None:
        problems.append(_wrong("thiếu phần khai báo ở đầu tệp"))
        return {}
    try:
        content = yaml.safe_load(match[1])
    except yaml.YAMLError as error:
        problems.append(_wrong(f"phần khai báo ở đầu tệp viết sai: {error}"))
        return {}
    return content if isinstance(content, dict) else {}


def _reference_doc(front: dict[str, Any], problems: list[Problem]) -> str | None:
    """`format.docx.reference-doc`; the front matter has no other option of a format."""
    formats = front.get("format", {})
    found: str | None = None
    for name, options in formats.items() if isinstance(formats, dict) else [("", None)]:
        if name in ("typst", "html") and options == "default":
            continue
        if name == "docx" and isinstance(options, dict) and list(options) == ["reference-doc"]:
            found = str(options["reference-doc"])
            if Path(found).name != found:
                problems.append(_wrong(f"“reference-doc: {found}” không nằm cạnh văn bản"))
        else:
            problems.append(_wrong(f"phần khai báo ở đầu tệp: “format.{name}” không được hỗ trợ"))
    return found


def _wrong(what: str) -> Problem:
    return Problem(what, (NAME,), remedy="chạy lại toàn bộ báo cáo để tạo lại tệp này")
