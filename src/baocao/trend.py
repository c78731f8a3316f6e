"""Rules against the month before: what only grows, what changed too much, what a misread separator made small."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TypeVar

from baocao.breach import breach
from baocao.figure import PERCENT, Figure
from baocao.finding import Finding
from baocao.rules import Jump, NonDecreasing, ThousandFold
from baocao.scene import Scene, cells_of, places
from baocao.vi import format_number, format_percent

AnyTrend = TypeVar("AnyTrend", ThousandFold, NonDecreasing, Jump)

_POWERS = (1_000, 1_000_000)


def against_last_month(
    thousands: Iterable[ThousandFold], growing: Iterable[NonDecreasing], jumps: Iterable[Jump], scene: Scene
) -> Iterator[Finding]:
    """At most one finding a figure, the plainest: a misread number explains its fall."""
    if not scene.before:
        return
    misread = _by_code(scene, thousands)
    grows = _by_code(scene, growing)
    leaps = _by_code(scene, jumps)
    for code in dict.fromkeys((*misread, *grows, *leaps)):
        now, before = scene.figure(code), scene.earlier(code)
        if now is None or before is None or now.unit != before.unit:
            continue
        finding = None
        if code in misread:
            finding = _thousand_fold(misread[code], scene, now, before)
        if finding is None and code in grows:
            finding = _fall(grows[code], scene, now, before)
        if finding is None and code in leaps:
            finding = _leap(leaps[code], scene, now, before)
        if finding is not None:
            yield finding


def _by_code(scene: Scene, rules: Iterable[AnyTrend]) -> dict[str, AnyTrend]:
    """The rule for each code: the first entry that names it. A code with `*` means counts only."""
    found: dict[str, AnyTrend] = {}
    for rule in rules:
        for code in scene.matching(rule.codes) if rule.codes else scene.data:
            if code in rule.codes or _is_count(scene, code):
                found.setdefault(code, rule)
    return found


def _is_count(scene: Scene, code: str) -> bool:
    """A typed number that is no rate, and no entry of a list: its rows are other things every month."""
    datum = scene.data[code]
    if code not in scene.typed or not isinstance(datum, Figure) or datum.unit == PERCENT:
        return False
    block = scene.block(code)
    return block is None or block.kind != "list"


def _exact(figure: Figure) -> Fraction:
    assert figure.value is not None
    return Fraction(figure.value)


def _thousand_fold(rule: ThousandFold, scene: Scene, now: Figure, before: Figure) -> Finding | None:
    value, earlier = _exact(now), _exact(before)
    if value <= 0:
        return None
    for power in _POWERS:
        if Fraction(rule.least, 1000) <= earlier / value / power <= Fraction(rule.most, 1000):
            return breach(
                scene,
                rule,
                now.code,
                f"{now.label}: {now}, kỳ trước là {before}: là {now} hay {format_number(value * power)}?",
                cells_of(now),
                expected=f"số cùng cỡ với kỳ trước ({before}, theo {places(before.cells)})",
                remedy="gõ lại chỉ bằng chữ số, đúng đơn vị tính, không dấu chấm, không dấu phẩy "
                "(Excel cài đặt kiểu Mỹ đọc “2.000” thành 2); nếu số đúng thì xác nhận kèm lý do",
            )
    return None


def _fall(rule: NonDecreasing, scene: Scene, now: Figure, before: Figure) -> Finding | None:
    if _exact(now) >= _exact(before):
        return None
    fall = format_number(_exact(before) - _exact(now))
    return breach(
        scene,
        rule,
        now.code,
        f"{now.label}: {now}, giảm {fall} so với kỳ trước ({before}) trong khi là số lũy kế",
        cells_of(now),
        expected=f"từ {before} trở lên, theo {places(before.cells)}",
        remedy="kiểm tra và nhập lại; nếu đã điều chỉnh số liệu thì xác nhận kèm lý do",
    )


def _leap(rule: Jump, scene: Scene, now: Figure, before: Figure) -> Finding | None:
    value, earlier = _exact(now), _exact(before)
    if max(abs(value), abs(earlier)) < rule.minimum or value == earlier:
        return None
    if rule.percent is not None:
        within = abs(value - earlier) * 100 <= rule.percent * abs(earlier)
        limit = f"không quá {rule.percent}%"
    else:
        assert rule.factor is not None
        small, large = sorted((abs(value), abs(earlier)))
        within = large < small * rule.factor
        limit = f"dưới {rule.factor} lần"
    if within:
        return None
    way = "tăng" if value > earlier else "giảm"
    size = "" if earlier == 0 else f" {format_percent(abs(value - earlier) * 100 / abs(earlier), 1)}"
    return breach(
        scene,
        rule,
        now.code,
        f"{now.label}: {now}, {way}{size} so với kỳ trước ({before})",
        cells_of(now),
        expected=f"thay đổi {limit} so với kỳ trước ({before}, theo {places(before.cells)})",
        remedy="kiểm tra lại số liệu; nếu đúng thì đơn vị nêu lý do biến động",
    )
