"""Rules evaluated on a month: pure functions, one for each kind of rule, from data to findings.

What is missing breaks no rule, unless the rule is about what is missing.
"""

import difflib
from collections.abc import Callable, Iterator
from typing import Any

from baocao.breach import breach, shortened
from baocao.documents import Conventions, issuer_fault, number_fault
from baocao.figure import Date, Figure, Text
from baocao.finding import Finding
from baocao.forms import AS_OF
from baocao.params import describe_window
from baocao.period import Period
from baocao.relations import add_up, distinct, equal, part_whole
from baocao.rules import (
    Catalogue,
    Coverage,
    Distinct,
    DocumentNumber,
    Equal,
    InWindow,
    IssuerOfDocument,
    Jump,
    Needed,
    NonDecreasing,
    Overdue,
    PartWhole,
    Rules,
    Sum,
    ThousandFold,
    UnitNames,
)
from baocao.scene import Scene, cells_of
from baocao.trend import against_last_month
from baocao.unit_names import unit_names
from baocao.vi import fold, format_date

_ALIKE = 0.8
"""How much a name must be like one of the catalogue to be taken for it, written differently."""


def evaluate(rules: Rules, scene: Scene) -> tuple[Finding, ...]:
    """Every breach in the order of the rules, each (rule, code) once; those against last month come last."""
    found: list[Finding] = []
    for entry in rules.entries:
        judge = _JUDGES.get(type(entry))
        if judge is not None:
            found += judge(entry, scene, rules)
    wholes = {entry.rule for entry in rules.entries if isinstance(entry, PartWhole)}
    told = {finding.code for finding in found if finding.rule in wholes}
    trends = against_last_month(
        [entry for entry in rules.entries if isinstance(entry, ThousandFold)],
        [entry for entry in rules.entries if isinstance(entry, NonDecreasing)],
        [entry for entry in rules.entries if isinstance(entry, Jump)],
        scene,
    )
    # A whole far smaller than its parts is told with them, in the same words.
    found += [finding for finding in trends if finding.code not in told]
    return tuple({(finding.rule, finding.code): finding for finding in reversed(found)}.values())[::-1]


def _in_window(rule: InWindow, scene: Scene) -> Iterator[Finding]:
    first, last = scene.params.window_days
    besides = set(scene.matching(rule.besides))
    as_of = [code for code, datum in scene.data.items() if isinstance(datum, Date) and code.endswith(f".{AS_OF}")]
    for code in scene.matching(rule.codes) if rule.codes else as_of:
        datum = scene.date(code)
        if code in besides or datum is None or datum.value is None:
            continue
        if datum.value.last_day() < first or datum.value.first_day() > last:
            yield breach(
                scene,
                rule,
                code,
                f"{datum.label}: {format_date(datum.value)} nằm ngoài kỳ số liệu",
                cells_of(datum),
                expected=f"ngày trong khoảng {describe_window(scene.params)}",
                remedy="đề nghị đơn vị cập nhật số liệu, hoặc xác nhận là số liệu cũ",
            )


def _overdue(rule: Overdue, scene: Scene) -> Iterator[Finding]:
    cut_off = scene.params.window_days[1]
    done = {fold(status) for status in rule.done}
    for due_code, status_code, subject_code in scene.bound((rule.due, rule.status, rule.subject)):
        due, status, subject = scene.date(due_code), scene.text(status_code), scene.text(subject_code)
        if due is None or due.value is None or due.value.last_day() >= cut_off:
            continue
        if status is None or fold(status.value or "") not in done:
            told = f"kết quả ghi “{status}”" if status else "chưa ghi kết quả"
            name = f"“{shortened(str(subject))}”: " if subject else ""
            yield breach(
                scene,
                rule,
                status_code,
                f"{name}đã quá thời hạn {format_date(due.value)}, {told}",
                cells_of(scene.data.get(status_code), due),
                expected=f"“{'” hoặc “'.join(rule.done)}”, vì thời hạn trước ngày chốt số liệu {format_date(cut_off)}",
                remedy="đề nghị đơn vị chủ trì cập nhật kết quả, hoặc ghi thời hạn mới nếu được gia hạn",
            )


def _documents(rule: DocumentNumber | IssuerOfDocument, scene: Scene, rules: Rules) -> Iterator[Finding]:
    for columns in rule.documents:
        codes = [columns.number, columns.type or "", columns.date or "", columns.issuer or ""]
        for number_code, type_code, date_code, issuer_code in scene.bound(codes):
            number, issuer = scene.text(number_code), scene.text(issuer_code)
            if number is None or number.value is None:
                continue
            kind = scene.text(type_code)
            stated = kind.value if kind else None
            conventions = _of_the_time(rules.conventions, scene.date(date_code), scene.period)
            if isinstance(rule, DocumentNumber):
                fault = number_fault(number.value, stated, conventions)
                cells = cells_of(number, kind) if fault and fault.type_too else cells_of(number)
            elif issuer is None or issuer.value is None:
                continue
            else:
                fault = issuer_fault(number.value, stated, issuer.value, conventions)
                cells = cells_of(number, issuer)
            if fault is not None:
                others = "; ".join(map(str, cells[1:]))
                yield breach(
                    scene,
                    rule,
                    number_code,
                    f"{number.label}: {fault.what}" + (f" (tại {others})" if others else ""),
                    cells,
                    expected=fault.expected,
                    remedy="đối chiếu với văn bản gốc rồi sửa lại",
                )


def _of_the_time(conventions: Conventions, day: Date | None, period: Period) -> Conventions:
    if day is None or day.value is None:
        return conventions.at(period)
    return conventions.at(Period(day.value.year, day.value.month or 1))


def _catalogue(rule: Catalogue, scene: Scene, rules: Rules) -> Iterator[Finding]:
    names = {fold(name): name for name in rules.catalogues[rule.catalogue]}
    for code in scene.matching(rule.codes):
        datum = scene.text(code)
        if datum is None or datum.value is None:
            continue
        written = fold(datum.value)
        if written in names or (rule.prefix and any(written.startswith(f"{name} ") for name in names)):
            continue
        near = difflib.get_close_matches(written, names, n=1, cutoff=_ALIKE)
        if near:
            what = f"{datum.label}: “{shortened(datum.value)}” viết khác danh mục"
            yield breach(scene, rule, code, what, cells_of(datum), expected=names[near[0]], remedy=_AS_LISTED)
        elif rule.closed:
            what = f"{datum.label}: “{shortened(datum.value)}” không có trong danh mục"
            listed = shortened("; ".join(names.values()), 300)
            yield breach(scene, rule, code, what, cells_of(datum), expected=listed, remedy=_AS_LISTED)


_AS_LISTED = "ghi tên đúng như danh mục; nếu là tên mới thì bổ sung vào danh mục (data/rules.yml)"


def _coverage(rule: Coverage, scene: Scene) -> Iterator[Finding]:
    block = scene.blocks[rule.block]
    codes = {row: f"{rule.block}.{row}.{rule.column}" for row, _ in block.rows}
    lacking = [
        row
        for row, code in codes.items()
        if code not in scene.refused and ((datum := scene.data.get(code)) is None or datum.missing)
    ]
    done = len(codes) - len(lacking)
    of = scene.figure(rule.of) if rule.of else None
    wanted = int(of.value) if of is not None and of.value is not None else len(codes)
    if done == wanted:
        return
    titles = dict(block.rows)
    what = f"{done}/{wanted} {rule.noun} có số liệu"
    if block.kind != "list" and lacking:
        what += f"; còn thiếu: {'; '.join(titles[row] for row in lacking)}"
    # Where nothing was reported yet, the number that says how many there are shows the workbook.
    cells = cells_of(*(scene.data.get(codes[row]) for row in lacking)) or cells_of(
        *(scene.data.get(code) for code in codes.values()), of
    )
    yield breach(
        scene,
        rule,
        rule.block,
        what,
        cells,
        expected=f"{wanted} {rule.noun}" + (f", theo {of.source}" if of else f" của phần “{block.title}”"),
        remedy="đề nghị đơn vị bổ sung nếu có phát sinh, ghi 0 nếu không phát sinh",
    )


def _needed(rule: Needed, scene: Scene) -> Iterator[Finding]:
    for codes in scene.bound((*rule.any_of, *([rule.when] if rule.when else []))):
        if rule.when:
            *codes_needed, when = codes
            occasion = scene.data.get(when)
            if occasion is None or occasion.missing or occasion.value == 0:
                continue
        else:
            codes_needed = list(codes)
        data = [scene.data.get(code) for code in codes_needed]
        if any(datum is not None and not datum.missing for datum in data):
            continue
        if any(scene.explained(code) for code in codes_needed):
            continue
        lacking = [datum for datum in data if datum is not None]
        if lacking:
            labels = " và ".join(datum.label for datum in lacking)
            noun = {Figure: "số liệu", Date: "ngày", Text: "nội dung"}[type(lacking[0])]
            yield breach(
                scene,
                rule,
                codes_needed[0],
                f"{labels}: chưa có {noun}",
                cells_of(*lacking),
                remedy="đề nghị đơn vị bổ sung",
            )


_JUDGES: dict[type, Callable[[Any, Scene, Rules], Iterator[Finding]]] = {
    PartWhole: lambda rule, scene, _: part_whole(rule, scene),
    Sum: lambda rule, scene, _: add_up(rule, scene),
    Equal: lambda rule, scene, _: equal(rule, scene),
    InWindow: lambda rule, scene, _: _in_window(rule, scene),
    Overdue: lambda rule, scene, _: _overdue(rule, scene),
    DocumentNumber: _documents,
    IssuerOfDocument: _documents,
    Catalogue: _catalogue,
    UnitNames: unit_names,
    Distinct: lambda rule, scene, _: distinct(rule, scene),
    Coverage: lambda rule, scene, _: _coverage(rule, scene),
    Needed: lambda rule, scene, _: _needed(rule, scene),
}
"""By kind of entry; those against last month are judged together."""
