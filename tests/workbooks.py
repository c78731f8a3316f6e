"""Workbooks of April 2024 with faults and oddities, as real files."""

import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from baocao.errors import Severity
from baocao.figure import Datum
from baocao.finding import Finding
from baocao.forms import Form, load_forms
from baocao.intake import Intake, read_submissions
from baocao.period import Period
from baocao.project import Project

ROOT = Path(__file__).resolve().parents[1]
APRIL = Period(2024, 4)
POLICE = "01-cong-an.xlsx"
ONE_STOP = "08-mot-cua.xlsx"
OFFICE = "09-van-phong.xlsx"
CARDS = "CCCD, định danh"
GROUPS = "Hội, đoàn thể, phương tiện"


def _has_calc() -> bool:
    found = shutil.which("soffice")
    return found is not None and (Path(found).resolve().parent / "libsclo.so").is_file()


needs_calc = pytest.mark.skipif(not _has_calc(), reason="cần LibreOffice Calc (gói libreoffice-calc)")


@cache
def april_forms() -> tuple[Form, ...]:
    return load_forms(ROOT / "data" / "forms", APRIL)


@cache
def april() -> Intake:
    """The untouched workbooks."""
    return read_submissions(ROOT / "data" / "2024-04", april_forms(), APRIL)


def read(folder: Path, forms: Iterable[Form] | None = None) -> Intake:
    return read_submissions(folder, tuple(forms) if forms else april_forms(), APRIL)


def folder_of(project: Project) -> Path:
    return project.submissions(APRIL)


def edit(path: Path, change: Callable[[Worksheet], None], sheet: str = CARDS) -> None:
    """Change one sheet of a workbook."""
    book = openpyxl.load_workbook(path)
    change(book[sheet])
    book.save(path)


def put(path: Path, sheet: str, ref: str, value: object, number_format: str | None = None) -> None:
    """Type a value into a cell."""

    def change(page: Worksheet) -> None:
        page[ref].value = value  # type: ignore[assignment]
        if number_format:
            page[ref].number_format = number_format

    edit(path, change, sheet)


def rewrite(path: Path, part: str, change: Callable[[str], str]) -> None:
    """Change the XML of one part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    before = parts[part].decode("utf-8")
    after = change(before)
    assert after != before
    parts[part] = after.encode("utf-8")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def put_xml(path: Path, ref: str, cell: str, part: str = "xl/worksheets/sheet1.xml") -> None:
    """Replace a cell's XML, for what openpyxl cannot write."""
    rewrite(path, part, lambda xml: re.sub(rf'<c r="{ref}"[^>]*?(/>|>.*?</c>)', cell, xml, count=1))


def swell(path: Path, piece: str, count: int) -> None:
    """Write `count` pieces of XML below the rows of the first sheet, `%(row)d` in each the number of its row."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    head, end, tail = parts.pop("xl/worksheets/sheet1.xml").partition(b"</sheetData>")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as stream:
            stream.write(head)
            for start in range(0, count, 10_000):
                stream.write(
                    "".join(piece % {"row": 60 + n} for n in range(start, min(start + 10_000, count))).encode()
                )
            stream.write(end + tail)


def insert(page: Worksheet, *, row: int = 0, column: int = 0) -> None:
    """Insert a row or a column as a spreadsheet does: merged cells move along."""
    areas = [(area.min_row, area.min_col, area.max_row, area.max_col) for area in page.merged_cells.ranges]
    for area in list(page.merged_cells.ranges):
        page.unmerge_cells(str(area))
    if row:
        page.insert_rows(row)
    if column:
        page.insert_cols(column)
    for top, left, bottom, right in areas:
        down, across = (1 if row and top >= row else 0), (1 if column and left >= column else 0)
        page.merge_cells(
            start_row=top + down, start_column=left + across, end_row=bottom + down, end_column=right + across
        )


def convert(paths: Iterable[Path], kind: str, target: Path, profile: Path) -> None:
    """Let LibreOffice write the workbooks anew."""
    command = [shutil.which("soffice") or "", f"-env:UserInstallation=file://{profile}", "--headless"]
    command += ["--convert-to", kind, "--outdir", str(target), *map(str, paths)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)


def contents(intake: Intake) -> dict[str, object]:
    """Values by code, with as-of dates and labels but without places."""

    def told(datum: Datum) -> object:
        as_of = getattr(datum, "as_of", None)
        return (type(datum), datum.value, datum.label, getattr(datum, "qualifier", ""), as_of and as_of.value)

    return {code: told(datum) for code, datum in intake.data.items()}


def news(intake: Intake, *severities: Severity) -> list[Finding]:
    """The findings that April's own workbooks do not have."""
    usual = {(finding.rule, finding.code) for finding in april().findings}
    wanted = severities or tuple(Severity)
    return [
        finding
        for finding in intake.findings
        if (finding.rule, finding.code) not in usual and finding.severity in wanted
    ]


def only(intake: Intake) -> Finding:
    """The one new finding."""
    found = news(intake)
    assert len(found) == 1, "\n".join(f"{finding.rule} {finding.problem}" for finding in found)
    return found[0]
