"""Checks before any notebook starts: everything that the intake found, and what only shows across figures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from baocao.area import MERGED
from baocao.dataset import BlockInfo, Dataset
from baocao.digest import digest, merge_blank, over_units
from baocao.errors import Problem, Severity
from baocao.finding import Finding
from baocao.forms import Form
from baocao.params import Monthly, Params
from baocao.rules import Rules
from baocao.ruling import evaluate
from baocao.scene import make_scene

_ORDER = {Severity.LOI: 0, Severity.CANH_BAO: 1, Severity.LUU_Y: 2}


def check_dataset(
    dataset: Dataset, forms: Sequence[Form], params: Params, rules: Rules, known: Iterable[Finding] = ()
) -> tuple[Finding, ...]:
    """What breaks a rule, which may take more than one cell. A value that `known` refuses does not count as blank."""
    refused = frozenset(item.code for item in known if item.severity is Severity.LOI or item.rule == MERGED)
    return evaluate(rules, make_scene(dataset, forms, params, refused))


def check_params(params: Params) -> tuple[Finding, ...]:
    """Facts in `params/` that the sources at hand do not state, and what the report leaves open."""
    inferred = [
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
    ]
    return (*inferred, *_open(params))


def _open(params: Params) -> Iterable[Finding]:
    """What a report must have when it is issued and the month does not state yet."""
    monthly = params.monthly
    to = "cơ quan cấp trên nhận báo cáo (Nghị định 30/2020/NĐ-CP, Phụ lục I, Phần I, mục II.9.b)"
    day = f"ngày ký, ví dụ {params.period}-16"
    for key, known, what, expected in (
        ("to", bool(monthly.to), "Kính gửi: chưa ghi nơi nhận báo cáo", to),
        ("number", monthly.number is not None, "Số của báo cáo: chưa ghi, in ra chỗ trống", "số thứ tự, ví dụ 12"),
        ("issued", monthly.issued is not None, "Ngày ban hành: chưa ghi, in ra chỗ trống", day),
    ):
        if not known:
            remedy = f"ghi vào khóa {key} trước khi ban hành"
            where = (f"params/{params.period}.yml", key)
            yield Finding("chua_ghi", key, Severity.LUU_Y, Problem(what, where, expected, remedy))


def acknowledge(
    findings: Iterable[Finding],
    params: Params,
    blocks: Mapping[str, BlockInfo] | None = None,
    forms: Sequence[Form] = (),
) -> tuple[Finding, ...]:
    """Findings in order of weight, those answered for in `params/<period>.yml` marked so.

    With `blocks` and `forms`, equal findings that nobody answers for come together as one, by column or block and over
    the units of a form, which can be answered for in its turn. An
    acknowledgement that fits no finding is itself a cảnh báo: what it excused is gone, or misspelt.
    """
    single = answered(merge_blank(findings), params.monthly)
    whole = answered(digest(single, blocks or {}), params.monthly)
    marked = answered(over_units(whole, forms), params.monthly)
    used = {(finding.rule, finding.code) for finding in (*single, *whole, *marked)}
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
        replace(
            finding,
            acknowledged_by=answer.by,
            reason=answer.reason,
            parts=tuple(replace(part, acknowledged_by=answer.by, reason=answer.reason) for part in finding.parts),
        )
        if (answer := given.get((finding.rule, finding.code)))
        else finding
        for finding in findings
    ]
