"""A new month: its parameters, blank forms for the departments, and drafts of last month's own notebooks."""

import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import nbformat
import yaml

from baocao.errors import InputError, Problem
from baocao.executed import PARAMETERS_TAG
from baocao.faults import readable
from baocao.figure import Datum, Figure
from baocao.forms import load_forms
from baocao.held import patiently
from baocao.intake import read_submissions
from baocao.notebook_keys import KEY, NOTE_TAG
from baocao.params import Acknowledgement
from baocao.period import Period
from baocao.project import Project, Section, files
from baocao.reporting import ReportingDates, load_reporting_dates, weekday_date
from baocao.vi import format_date
from baocao.workbook import Value, write_workbook

_ASSIGNMENT = re.compile(r"^period\s*(:\s*str\s*)?=.*$", re.MULTILINE)
_DRAFT_CELL = "ban-nhap"


@dataclass(frozen=True)
class NewMonth:
    """The files that were written, those that were there already, and which of the written ones are draft notebooks."""

    dates: ReportingDates
    written: tuple[Path, ...]
    kept: tuple[Path, ...]
    drafts: tuple[Path, ...]


def new_month(project: Project, period: Period) -> NewMonth:
    """Prepare `period`: what is missing is written, nothing is ever overwritten.

    The forms show what the month before reported. Notebooks that belonged to it are copied as drafts, unless the new
    month has a folder of its own already. Malformed form definitions and unreadable notebooks are an `InputError`, and
    then nothing is written.
    """
    forms = load_forms(project.forms, period)
    dates = load_reporting_dates(project, period)
    previous = _last_values(project, period.shift(-1))
    own = project.root / "notebooks" / str(period)
    drafts = {} if own.exists() else _drafts(project, period)
    written: list[Path] = []
    kept: list[Path] = []

    params = project.params(period)
    with readable(params):
        if params.exists():
            kept.append(params)
        else:
            with whole(params) as draft:
                draft.write_text(monthly_params(period, dates=dates), encoding="utf-8", newline="\n")
            written.append(params)
    folder = project.submissions(period)
    with readable(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for form in forms:
            path = folder / form.file
            if path.exists():
                kept.append(path)
            else:
                with whole(path) as draft:
                    window = (dates.first, dates.cut_off)
                    write_workbook(form, period, draft, previous=previous, window=window)
                written.append(path)
    with readable(own):
        if own.exists():
            kept.append(own)
        elif drafts:
            with whole(own) as draft:
                draft.mkdir()
                for path, notebook in drafts.items():
                    write_notebook(draft / path.name, notebook)
            written += drafts
    return NewMonth(dates, tuple(written), tuple(kept), tuple(drafts))


def _last_values(project: Project, before: Period) -> dict[str, Value]:
    """What the workbooks of the month before say, by code; what cannot be read there is left out."""
    folder = project.submissions(before)
    if not folder.is_dir():
        return {}
    try:
        forms = load_forms(project.forms, before)
    except InputError:
        return {}  # The forms of the new month are sound: those of the month before are not needed.
    intake = read_submissions(folder, forms, before)
    return {code: _typed(datum) for code, datum in intake.data.items() if not datum.missing}


def _typed(datum: Datum) -> Value:
    """The value as a clerk types it: a reported rate in words."""
    if isinstance(datum, Figure) and (datum.qualifier or not isinstance(datum.value, int | Decimal)):
        return str(datum)
    return datum.value  # type: ignore[return-value]


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A hidden place beside `path`, a file's or a folder's, that takes its name once everything is written there."""
    draft = path.with_name(f".{path.name}.tmp")
    _remove(draft)
    try:
        yield draft
        patiently(lambda: draft.replace(path))
    finally:
        _remove(draft)


def _remove(draft: Path) -> None:
    if draft.is_dir():
        shutil.rmtree(draft)
    else:
        draft.unlink(missing_ok=True)


def monthly_params(
    period: Period,
    simulated: bool = False,
    acknowledged: Sequence[Acknowledgement] = (),
    dates: ReportingDates | None = None,
) -> str:
    """Content of `params/<period>.yml` for a month of which nothing else is known yet."""
    known = (
        [
            f"# Kỳ số liệu: {format_date(dates.first)}–{format_date(dates.cut_off)}, "
            f"chốt {weekday_date(dates.cut_off)}.",
            f"# Hạn gửi báo cáo: {weekday_date(dates.deadline)} (tính từ windows trong params/defaults.yml).",
        ]
        if dates
        else []
    )
    example = dates.deadline if dates else f"{period}-16"
    answers = yaml.safe_dump(
        {"acknowledged": [item.model_dump() for item in acknowledged]}, allow_unicode=True, sort_keys=False
    )
    return "\n".join(
        [
            f"# Báo cáo tháng {period.month} năm {period.year}. Điều chưa biết ghi null, in ra chỗ trống.",
            *known,
            f"period: {period}",
            "number: null             # số của báo cáo, ví dụ 12",
            f"issued: null             # ngày ban hành, ví dụ {example}",
            "to: []                   # Kính gửi: mỗi nơi một dòng, bắt đầu bằng dấu gạch",
            "# signer: {form: KT, head: CHỦ TỊCH, post: PHÓ CHỦ TỊCH, name: …}  # người ký riêng của tháng này",
            "# charts: [html]         # các định dạng có biểu đồ, nếu khác params/defaults.yml",
            f"simulated: {str(simulated).lower():<14}# true: số liệu mô phỏng, in rõ trên mọi trang",
            "# Phát hiện đã có người trả lời, ghi theo “Mã phát hiện” mà baocao check in ra, ví dụ:",
            '#   - {rule: thieu_dong, code: "cccd.da_cap", reason: "đơn vị báo cáo sau", by: "Nguyễn Văn A"}',
            answers,
        ]
    )


def _drafts(project: Project, period: Period) -> dict[Path, Any]:
    """Last month's own notebooks by their new path, marked as drafts."""
    before = period.shift(-1)
    drafts: dict[Path, Any] = {}
    problems: list[Problem] = []
    for source in files(project.root / "notebooks" / str(before), ".ipynb"):
        try:
            drafts[project.root / "notebooks" / str(period) / source.name] = draft_notebook(source, period)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return drafts


def drafts(sections: Iterable[Section]) -> tuple[Section, ...]:
    """The sections whose notebook still has the note that it is a draft: nobody has read it for this month yet."""
    return tuple(section for section in sections if section.own and _has_note(section.notebook))


def _has_note(path: Path) -> bool:
    with readable(path):
        notebook = nbformat.reads(path.read_text(encoding="utf-8-sig"), as_version=4)  # type: ignore[no-untyped-call]
    return any(cell.get("id") == _DRAFT_CELL for cell in notebook.cells)


def draft_notebook(source: Path, period: Period) -> Any:
    """The notebook in `source`, of the month before, as a draft for `period`; unreadable: `InputError`."""
    notebook = move_notebook(source, period)
    notebook.metadata[KEY] = {**notebook.metadata.get(KEY, {}), "draft": True}
    note = nbformat.v4.new_markdown_cell(  # type: ignore[no-untyped-call]
        f"**BẢN NHÁP**: chép từ sổ tay riêng của kỳ {period.shift(-1)}. Đọc lại, sửa lời văn cho kỳ {period}, "
        "rồi xóa ô này. Ô này không in vào báo cáo.",
        id=_DRAFT_CELL,
        metadata={"tags": [NOTE_TAG]},
    )
    notebook.cells = [note, *(cell for cell in notebook.cells if cell.get("id") != _DRAFT_CELL)]
    return notebook


def move_notebook(source: Path, period: Period) -> Any:
    """The notebook in `source`, without outputs, with `period` in its parameters cell; unreadable: `InputError`."""
    try:
        notebook = nbformat.reads(source.read_text(encoding="utf-8-sig"), as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, KeyError, nbformat.ValidationError) as error:
        raise InputError(
            Problem(
                f"không đọc được sổ tay: {error}",
                ("notebooks", source.parent.name, source.name),
                expected="một sổ tay Jupyter",
                remedy="mở sổ tay trong JupyterLab và lưu lại, hoặc chép lại từ bản tốt",
            )
        ) from error
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = []
        cell.execution_count = None
        if PARAMETERS_TAG in cell.metadata.get("tags", ()):
            cell.source = _ASSIGNMENT.sub(f'period = "{period}"', cell.source)
    return notebook


def write_notebook(path: Path, notebook: Any) -> None:
    """Write as the project stores notebooks: one space of indent, letters as they are, LF."""
    text = nbformat.writes(notebook, version=nbformat.NO_CONVERT, indent=1)  # type: ignore[no-untyped-call]
    path.write_text(text.rstrip("\n") + "\n", encoding="utf-8", newline="\n")
