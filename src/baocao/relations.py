"""Rules between figures of one month: a part within its whole, parts that add up, one thing reported twice."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from baocao.breach import breach, shortened
from baocao.figure import Datum, Figure
from baocao.finding import Finding
from baocao.rules import Distinct, Equal, PartWhole, Sum
from baocao.scene import Scene, cells_of, places
from baocao.vi import fold, format_number

_THOUSAND, _FAR = 1000, 50
"""What a misread separator makes a number smaller by, and by how much it must be too small to be taken for that."""


def part_whole(rule: PartWhole, scene: Scene) -> Iterator[Finding]:
    """Chains, what is not reported left out, and declared rates of typed figures.

    A part that is larger than several is said once, against the last of them: the widest whole.
    """
    pairs: list[tuple[Figure, Figure]] = []
    for chain in rule.chains:
        for codes in scene.bound(chain):
            known = [figure for code in codes if (figure := scene.figure(code))]
            for place, part in enumerate(known):
                pairs += [(part, whole) for whole in known[place + 1 :] if _value(part) > _value(whole)][-1:]
    if rule.declared_rates:
        for datum in scene.data.values():
            # A part that is itself a sum was looked at row by row.
            if isinstance(datum, Figure) and datum.operation == "rate" and not any(o.operands for o in datum.operands):
                part, whole = datum.operands
                pairs += [] if part.missing or whole.missing else [(part, whole)]
    pairs = [(part, whole) for part, whole in pairs if _value(part) > _value(whole)]
    misread = {}
    for _, whole in pairs:
        parts = [part for part, other in pairs if other.code == whole.code]
        if whole.code not in misread and _misread(whole, parts, scene.earlier(whole.code)):
            misread[whole.code] = whole
            yield _far_too_small(rule, scene, whole, parts)
    for part, whole in pairs:
        if whole.code not in misread:
            yield breach(
                scene,
                rule,
                f"{part.code}/{whole.code}",
                f"{part.label} ({part}) lớn hơn {whole.label} ({whole})",
                cells_of(part, whole),
                expected=f"không quá {whole}, theo {places(whole.cells)}",
                remedy="kiểm tra hai ô và nhập lại",
            )


def _misread(whole: Figure, parts: Sequence[Figure], before: Figure | None) -> bool:
    """Thousands were lost from the whole itself: all else speaks against it, its parts or last month's."""
    value, largest = _value(whole), max(map(_value, parts))
    if not 0 < value < _THOUSAND or largest > value * _THOUSAND:
        return False
    fell = before is not None and _value(before) >= value * _FAR
    return fell or (len(parts) > 1 and largest >= value * _FAR)


def _far_too_small(rule: PartWhole, scene: Scene, whole: Figure, parts: Sequence[Figure]) -> Finding:
    told = ", ".join(f"{part.label} ({part})" for part in parts)
    return breach(
        scene,
        rule,
        whole.code,
        f"{whole.label}: {whole}, nhỏ hơn nhiều so với các phần của nó: {told}; "
        f"là {whole} hay {format_number(_value(whole) * _THOUSAND)}?",
        cells_of(whole, *parts),
        expected=f"từ {max(parts, key=_value)} trở lên; các phần: {_places(list(parts))}",
        remedy="gõ lại chỉ bằng chữ số, không dấu chấm, không dấu phẩy (Excel cài đặt kiểu Mỹ đọc “2.000” thành 2)",
    )


def add_up(rule: Sum, scene: Scene) -> Iterator[Finding]:
    """Parts against their whole. Where a part is not reported, the others must still not be more than the whole."""
    for whole_code, *part_codes in scene.bound((rule.whole, *rule.parts)):
        whole = scene.figure(whole_code)
        parts = [figure for code in part_codes if (figure := scene.figure(code))]
        if whole is None or not parts:
            continue
        total = sum(map(_value, parts), Fraction(0))
        open_end = rule.at_most or len(parts) < len(part_codes)
        if total == _value(whole) or (open_end and total < _value(whole)):
            continue
        terms = " + ".join(f"{part.label} ({part})" for part in parts)
        relation = "lớn hơn" if open_end else "khác"
        yield breach(
            scene,
            rule,
            whole_code,
            f"tổng các phần {format_number(total)} {relation} {whole.label} ({whole}): {terms}",
            cells_of(whole, *parts),
            expected=f"{'không quá' if open_end else 'bằng'} {whole}; các phần: {_places(parts)}",
            remedy="kiểm tra các ô và nhập lại",
        )


def equal(rule: Equal, scene: Scene) -> Iterator[Finding]:
    """One thing in several places; those that do not report it are left out."""
    for codes in scene.bound((*rule.codes, *rule.beside)):
        names = codes[: len(rule.codes)]
        beside = codes[len(rule.codes) :] or ("",) * len(names)
        pairs = [(scene.figure(name), scene.figure(extra)) for name, extra in zip(names, beside, strict=True)]
        known = [(figure, extra) for figure, extra in pairs if figure]
        if len({_value(figure) for figure, _ in known}) < 2:
            continue
        told = [
            f"{scene.department(figure.code) or figure.label} báo cáo {figure}" + (f" ({extra})" if extra else "")
            for figure, extra in known
        ]
        yield breach(
            scene,
            rule,
            "/".join(names),
            f"{rule.subject} không thống nhất: {', '.join(told)}",
            cells_of(*(figure for figure, _ in known)),
            expected=f"các số bằng nhau; hiện là {_places([figure for figure, _ in known])}",
            remedy="đề nghị các đơn vị đối chiếu, thống nhất một số và sửa ở biểu sai",
        )


def distinct(rule: Distinct, scene: Scene) -> Iterator[Finding]:
    """Rows that say the same as one above them."""
    first: dict[tuple[str, ...], Datum] = {}
    for codes in scene.bound(rule.codes):
        row = [datum for code in codes if (datum := scene.data.get(code)) and not datum.missing]
        if len(row) < len(codes):
            continue
        key = tuple(fold(str(datum)) for datum in row)
        known = first.setdefault(key, row[0])
        if known is not row[0]:
            said = "”, “".join(shortened(str(datum)) for datum in row)
            yield breach(
                scene,
                rule,
                codes[0],
                f"{row[0].label}: “{said}” đã ghi ở {places(cells_of(known))}",
                cells_of(row[0], known),
                expected="mỗi văn bản, nhiệm vụ, nội dung một dòng",
                remedy="xóa dòng ghi lặp, hoặc sửa dòng ghi sai",
            )


def _value(figure: Figure) -> Fraction:
    assert figure.value is not None
    return Fraction(figure.value)


def _places(figures: list[Figure]) -> str:
    return "; ".join(f"{figure} tại {places(figure.cells)}" for figure in figures)
