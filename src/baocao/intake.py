"""Reading submitted workbooks: values with their cells, and everything that is wrong with them, in one go.

A workbook is known by the identity printed inside it (form, version, period, department), never by its file
name. Blocks, rows and columns are found by their titles, so that an inserted row or a moved sheet does no harm.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from baocao.area import Reader
from baocao.blocks import read_block, required
from baocao.datum import blank_data
from baocao.derived import Derived
from baocao.errors import InputError, Problem, Severity
from baocao.figure import Datum, Figure
from baocao.finding import BLANK_CELL, BLANK_ROW, Finding
from baocao.forms import AS_OF, Form, Sheet, UnitForm
from baocao.period import Period
from baocao.sheet import SheetContent
from baocao.submission import (
    SHEET_FILE,
    VERSION,
    Shelf,
    Submission,
    identify,
    identity,
    is_noise,
    mismatches,
    open_submission,
    told_with_version,
)
from baocao.unit_totals import add_up
from baocao.vi import fold
from baocao.workbook import FINDINGS_SHEET, ORDINAL


@dataclass(frozen=True)
class Intake:
    """All values of a month by code, in the order of the forms; how many rows each open list has; the findings.

    Every code of the forms' fields and grids is there, missing where it could not be read, except what `sums` make of
    the units' values. `hashes` are the SHA-256 of the bytes of each workbook that was opened, by its file name. `late`
    are the departments that sent nothing: their form is absent, or as blank as `baocao new` made it.
    """

    period: Period
    data: dict[str, Datum]
    lengths: dict[str, int]
    findings: tuple[Finding, ...]
    hashes: dict[str, str] = field(default_factory=dict)
    sums: tuple[Derived, ...] = ()
    late: tuple[str, ...] = ()


def read_submissions(folder: Path, forms: Sequence[Form], period: Period, shelf: Shelf | None = None) -> Intake:
    """Read every workbook in `folder`. What is wrong becomes findings; a missing folder is an `InputError`.

    `shelf` has the workbooks that were taken apart before, and gets those that are new to it.
    """
    if not folder.is_dir():
        raise InputError(
            Problem(
                what=f"không có thư mục số liệu của kỳ {period}",
                where=(f"data/{period}",),
                expected="thư mục chứa các tệp .xlsx do các đơn vị gửi",
                remedy="tạo thư mục, chép các tệp của các đơn vị vào rồi chạy lại lệnh",
            )
        )
    refused: list[Finding] = []
    wrong: list[Finding] = []
    sent: set[str] = set()
    hashes: dict[str, str] = {}
    outdated: dict[str, list[tuple[Submission, Finding]]] = {}
    accepted: dict[str, list[Submission]] = {form.form: [] for form in forms}
    for path in sorted(folder.iterdir()):
        if is_noise(path):
            continue
        opened = open_submission(path, shelf)
        if isinstance(opened, Finding):
            refused.append(opened)
            continue
        hashes[opened.name] = opened.sha256
        form, findings = identify(opened, forms, period)
        if form is None:
            refused += findings
        elif [finding.rule for finding in findings] == [VERSION]:
            # Its values are found by their titles all the same: their faults are told together with the version.
            outdated.setdefault(form.form, []).append((opened, findings[0]))
            sent.add(form.form)
        elif findings:
            # The department did send its form: what is wrong with it is said once.
            wrong += findings
            sent.add(form.form)
        else:
            accepted[form.form].append(opened)
    sent |= {form for form, submissions in accepted.items() if submissions}
    findings = [*_absent(forms, sent, refused, period), *wrong, *_repeated(forms, accepted, period)]
    data: dict[str, Datum] = {}
    lengths: dict[str, int] = {}
    blank: set[str] = set()
    for form in forms:
        old = outdated.get(form.form, [])
        submissions = accepted[form.form] or [submission for submission, _ in old[:1]]
        reader = Reader(submissions[0].name if submissions else form.file, form, outdated=not accepted[form.form])
        reader.data |= blank_data(form, reader.workbook)
        if submissions:
            _read_workbook(reader, submissions[0], period)
        if submissions and _is_blank(reader):
            blank.add(form.form)
        if old and not accepted[form.form]:
            reader.findings = told_with_version(old.pop(0)[1], form, reader.findings)
        findings += [version for _, version in old]
        for block in form.blocks:
            data |= {code: _told(datum, form) for code, datum in reader.data.items() if _belongs(code, block.block)}
        lengths |= reader.lengths
        findings += reader.findings
    total = add_up(data, forms, sent, period, findings)
    late = tuple(dict.fromkeys(form.department for form in forms if form.form not in sent - blank))
    return Intake(period, total.data, lengths, total.findings, hashes, total.sums, late)


def _is_blank(reader: Reader) -> bool:
    """Nobody wrote anything into the workbook: its only values are the dates that `baocao new` puts there."""
    filled = any(not datum.missing and not code.endswith(f".{AS_OF}") for code, datum in reader.data.items())
    return not filled and all(finding.rule in (BLANK_CELL, BLANK_ROW) for finding in reader.findings)


def _belongs(code: str, block: str) -> bool:
    return code.startswith(f"{block}.")


def _told(datum: Datum, form: Form) -> Datum:
    """The datum with the unit in its label, where many units report the same."""
    if not isinstance(form, UnitForm):
        return datum
    label = f"{datum.label}, {form.unit.title}"
    if isinstance(datum, Figure) and datum.as_of is not None:
        as_of = replace(datum.as_of, label=f"{datum.as_of.label}, {form.unit.title}")
        return replace(datum, label=label, as_of=as_of)
    return replace(datum, label=label)


def _absent(forms: Sequence[Form], sent: set[str], refused: Sequence[Finding], period: Period) -> Iterator[Finding]:
    """The forms that nobody sent, and the files that could not be taken.

    A file that cannot be read and has the usual name of a missing form stands for it: one problem, said once.
    """
    waiting = {_stem(form.file): form for form in forms if form.form not in sent}
    for finding in refused:
        form = waiting.get(_stem(finding.code)) if finding.rule not in ("dang_mo", "thu_muc_la", "tep_la") else None
        if form is None:
            yield finding
            continue
        del waiting[_stem(form.file)]
        sent.add(form.form)
        problem = finding.problem
        if problem.expected == SHEET_FILE:
            problem = replace(problem, expected=f"{SHEET_FILE} của {form.department}")
        yield replace(finding, severity=Severity.LOI, problem=problem, department=form.department)
    for form in waiting.values():
        if isinstance(form, UnitForm):
            continue  # Units that have not sent theirs are listed together.
        yield Finding(
            "thieu_tep",
            form.form,
            Severity.LOI,
            Problem(
                what=f"chưa có tệp của {form.department}, biểu {form.code}",
                where=(f"data/{period}",),
                expected=f"một tệp, thường tên là {form.file}",
                remedy="đề nghị đơn vị gửi biểu, chép tệp vào thư mục rồi chạy lại lệnh",
            ),
            form.department,
        )


def _stem(name: str) -> str:
    return fold(Path(name).stem)


def _repeated(forms: Sequence[Form], accepted: dict[str, list[Submission]], period: Period) -> Iterator[Finding]:
    for form in forms:
        names = [submission.name for submission in accepted[form.form]]
        if len(names) > 1:
            yield Finding(
                "trung_tep",
                form.form,
                Severity.LOI,
                Problem(
                    what=f"có {len(names)} tệp cùng là biểu {form.code} của {form.department}: {', '.join(names)}",
                    where=(f"data/{period}",),
                    expected="mỗi biểu một tệp",
                    remedy="giữ lại tệp đúng, chuyển tệp kia ra khỏi thư mục",
                ),
                form.department,
            )


def _read_workbook(reader: Reader, submission: Submission, period: Period) -> None:
    named = {
        definition.name: sheet
        for definition in reader.form.sheets
        for sheet in submission.sheets
        if fold(sheet.title) == fold(definition.name)
    }
    left = [sheet for sheet in submission.sheets if sheet not in named.values()]
    for definition in reader.form.sheets:
        sheet = named.get(definition.name) or _renamed(reader, definition, left)
        if sheet is not None:
            _read_sheet(reader, sheet, definition, period)
            continue
        reader.found(
            "thieu_trang",
            f"{reader.form.form}/{definition.name}",
            f"thiếu trang tính “{definition.name}”",
            severity=Severity.LOI if any(map(required, definition.blocks)) else Severity.CANH_BAO,
            expected=f"các trang: {', '.join(sheet.name for sheet in reader.form.sheets)}",
            remedy="khôi phục trang tính theo biểu mẫu",
        )
    for sheet in left:
        if sheet.rows and fold(sheet.title) != fold(FINDINGS_SHEET):
            copied = next((form.name for form in reader.form.sheets if _has_parts(sheet, form)), "")
            reader.found(
                "trang_la",
                f"{reader.form.form}/{sheet.title}",
                f"trang tính có các phần của trang “{copied}”, chỉ trang “{copied}” được đọc"
                if copied
                else "trang tính không có trong biểu mẫu, nội dung không được đọc",
                (sheet.title,),
                Severity.CANH_BAO if copied else Severity.LUU_Y,
                expected=f"các trang: {', '.join(sheet.name for sheet in reader.form.sheets)}",
                remedy=f"kiểm tra số liệu đúng đã nằm ở trang “{copied}”, rồi xóa trang này"
                if copied
                else "xóa trang này nếu không cần",
            )


def _has_parts(sheet: SheetContent, definition: Sheet) -> bool:
    return all(sheet.find_title(block.title) is not None for block in definition.blocks)


def _renamed(reader: Reader, definition: Sheet, left: list[SheetContent]) -> SheetContent | None:
    """The sheet under another name that has the parts of `definition`, taken out of `left`, where only one has them."""
    alike = [sheet for sheet in left if _has_parts(sheet, definition)]
    if len(alike) != 1:
        return None
    left.remove(alike[0])
    reader.found(
        "trang_doi_ten",
        f"{reader.form.form}/{definition.name}",
        f"trang tính “{definition.name}” mang tên “{alike[0].title}”, được nhận ra theo tên các phần và vẫn được đọc",
        (alike[0].title,),
        Severity.LUU_Y,
        expected=f"tên trang: {definition.name}",
        remedy="đặt lại tên trang tính theo biểu mẫu",
    )
    return alike[0]


def _read_sheet(reader: Reader, sheet: SheetContent, definition: Sheet, period: Period) -> None:
    code = f"{reader.workbook}/{sheet.title}"
    foreign = mismatches(reader.workbook, sheet, identity(sheet), reader.form, period, code=code)
    if reader.outdated:
        foreign = [finding for finding in foreign if finding.rule != VERSION]
    if foreign:
        # The sheet was copied from another workbook: none of its values is this form's.
        reader.findings += foreign
        return
    starts: dict[str, int] = {}
    for block in definition.blocks:
        row = sheet.find_title(block.title)
        if row is None:
            reader.found(
                "thieu_khoi",
                block.block,
                f"không thấy phần “{block.title}”",
                (sheet.title,),
                Severity.LOI if required(block) else Severity.CANH_BAO,
                expected="tiêu đề các phần như biểu mẫu",
                remedy="khôi phục dòng tiêu đề này theo biểu mẫu",
            )
        else:
            starts[block.block] = row
    for block in definition.blocks:
        if block.block in starts:
            start = starts[block.block]
            read_block(reader, sheet, block, start, _end(sheet, start, starts.values()))


def _end(sheet: SheetContent, start: int, starts: Iterable[int]) -> int:
    """The last row of the block that begins in row `start`: before the next title, or before the second header."""
    # A block whose title was overwritten still has its header: its rows do not belong to the block above.
    headers = [
        row for row in sheet.rows if row > start and fold(ORDINAL) in map(partial(sheet.label, row), sheet.rows[row])
    ]
    return min([sheet.last_row, *(row - 1 for row in [*starts, *headers[1:]] if row > start)])
