"""Checks before any notebook starts: everything that the intake found, and what only shows across figures."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from baocao.dataset import Dataset
from baocao.errors import Problem, Severity
from baocao.figure import Date
from baocao.finding import Finding
from baocao.forms import AS_OF, Form
from baocao.params import Monthly, Params, describe_window
from baocao.vi import format_date

_ORDER = {Severity.LOI: 0, Severity.CANH_BAO: 1, Severity.LUU_Y: 2}


def check_dataset(dataset: Dataset, forms: Sequence[Form], params: Params) -> tuple[Finding, ...]:
    """Findings that need more than one cell: as-of dates against the window, parts larger than their whole."""
    departments = {block.block: form.department for form in forms for block in form.blocks}
    return (*_as_of(dataset, params, departments), *_parts(dataset, departments))


def check_params(params: Params) -> tuple[Finding, ...]:
    """Facts in `params/` that the sources at hand do not state."""
    return tuple(
        Finding(
            "suy_luan",
            name,
            Severity.LUU_Y,
            Problem(
                f"{name}: suy luận, chưa có văn bản xác nhận",
                ("params/defaults.yml",),
                remedy="xác nhận rồi bỏ inferred: true",
            ),
        )
        for name in params.inferred()
    )


def _as_of(dataset: Dataset, params: Params, departments: dict[str, str]) -> Iterable[Finding]:
    first, last = params.window_days
    for code, datum in dataset.inputs.items():
        if not (isinstance(datum, Date) and code.endswith(f".{AS_OF}")) or datum.value is None:
            continue
        if datum.value.last_day() < first or datum.value.first_day() > last:
            yield Finding(
                "ngay_ngoai_ky",
                code,
                Severity.CANH_BAO,
                Problem(
                    what=f"{datum.label}: {format_date(datum.value)} nằm ngoài kỳ số liệu",
                    where=(datum.cell.workbook, datum.cell.sheet, datum.cell.ref),
                    expected=f"ngày trong khoảng {describe_window(params)}",
                    remedy="đề nghị đơn vị cập nhật số liệu, hoặc xác nhận là số liệu cũ",
                ),
                departments.get(code.split(".")[0], ""),
            )


def _parts(dataset: Dataset, departments: dict[str, str]) -> Iterable[Finding]:
    """A declared rate above 100%: the part is larger than the whole."""
    for figure in dataset.derived():
        if figure.operation != "rate" or figure.value is None or figure.value <= 100:
            continue
        part, whole = figure.operands
        cell = part.cells[0]
        yield Finding(
            "bo_phan_lon_hon_tong",
            f"{part.code}/{whole.code}",
            Severity.LOI,
            Problem(
                what=f"{part.label} ({part}) lớn hơn {whole.label} ({whole})",
                where=(cell.workbook, cell.sheet, cell.ref),
                expected=f"không quá {whole}, theo {'; '.join(str(cell) for cell in whole.cells)}",
                remedy="kiểm tra hai ô và nhập lại",
            ),
            departments.get(part.code.split(".")[0], ""),
        )


def acknowledge(findings: Iterable[Finding], params: Params) -> tuple[Finding, ...]:
    """Findings in order of weight, those answered for in `params/<period>.yml` marked so.

    An acknowledgement that fits no finding is itself a cảnh báo: what it excused is gone, or misspelt.
    """
    marked = answered(findings, params.monthly)
    used = {(finding.rule, finding.code) for finding in marked}
    unused = [
        Finding(
            "xac_nhan_thua",
            item.code,
            Severity.CANH_BAO,
            Problem(
                what=f"lời xác nhận cho {item.rule} › {item.code} không ứng với phát hiện nào",
                where=(f"params/{params.period}.yml", "acknowledged"),
                remedy="bỏ lời xác nhận này, hoặc sửa rule, code",
            ),
        )
        for item in params.monthly.acknowledged
        if (item.rule, item.code) not in used
    ]
    return tuple(sorted([*marked, *unused], key=lambda finding: _ORDER[finding.severity]))


def answered(findings: Iterable[Finding], monthly: Monthly) -> list[Finding]:
    """The findings as they come, those that `monthly` answers for marked so."""
    given = {(item.rule, item.code): item for item in monthly.acknowledged}
    return [
        replace(finding, acknowledged_by=answer.by, reason=answer.reason)
        if (answer := given.get((finding.rule, finding.code)))
        else finding
        for finding in findings
    ]
