"""Biểu đồ của báo cáo theo một kiểu: thanh ngang, nhãn tiếng Việt, số theo cách viết Việt Nam.

Mỗi hàm trả về khung vẽ của matplotlib để đưa vào `report.chart(…)`; số liệu của hình được giữ kèm để in thành bảng.
"""

import copy
import io
import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from types import FunctionType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from baocao.errors import InputError, Problem
from baocao.figure import PERCENT, Figure, rate
from baocao.look import EDGE, HATCHES, INK, PALETTE, PAPER, TRACK, canvas, text_width, wrapped
from baocao.narrow import Bar, Entry, draw, narrowed
from baocao.svg import compact

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["PALETTE", "Numbers", "Pictures", "bars", "canvas", "grouped_bars", "images", "numbers", "progress", "told"]

_WIDTH = 16.0
_LABELS = 7.6  # cm; longer labels take more lines
_LINE, _ROW, _AROUND = 0.47, 0.8, 1.1  # cm: a line of a label, a bar with its gap, what is not bars
_GAP = 0.3  # cm beside a text
_UNKNOWN = "chưa có số liệu"
_WHAT = "Nội dung"

Header = str | tuple[str, str]
"""Title of a column, or (title that spans several columns, title below it)."""


@dataclass(frozen=True)
class Numbers:
    """What a drawing shows: titles of the columns (as `report.show` takes them), and for each label its figures."""

    columns: tuple[Header, ...]
    rows: tuple[tuple[str, tuple[Figure, ...]], ...]


@dataclass(frozen=True)
class Pictures:
    """A drawing as SVG: as on paper, and for a phone."""

    svg: str
    narrow: str


@dataclass(frozen=True)
class _Drawing:
    """How one of the functions below made its axes: what it shows, its state, the same once more and for a phone."""

    numbers: Numbers
    state: bytes
    again: "Callable[[], Axes]"
    narrow: "Callable[[], Canvas]"


_drawings: "WeakKeyDictionary[Axes, _Drawing]" = WeakKeyDictionary()


def progress(parts: Mapping[str, tuple[Figure, Figure]], *, unit: str = "", decimals: int = 2) -> "Axes":
    """Thanh tiến độ: mỗi nhãn một cặp (đã đạt, chỉ tiêu), ghi số và tỷ lệ; cặp thiếu số liệu ghi “chưa có số liệu”.

    `unit` là đơn vị ghi sau số; `decimals` là số chữ số thập phân của tỷ lệ. Thanh vượt chỉ tiêu vẽ đến 100%.

        charts.progress({"Cấp thẻ": (report.figure("cccd.da_cap"), report.figure("cccd.dan_so"))}, unit="người")
    """
    import seaborn as sns

    _refuse_nothing(parts)
    parts = dict(parts)
    rates = [rate(part, whole, decimals) for part, whole in parts.values()]
    lengths = [min(100.0, _float(figure)) for figure in rates]
    notes = [
        _UNKNOWN if part.missing or whole.missing else f"{part}/{whole} {unit}".strip()
        for part, whole in parts.values()
    ]
    strong = ["-" if percent.missing else str(percent) for percent in rates]
    labels = _wrapped(parts)
    # What the labels and the rates leave for the whole track.
    room = _WIDTH - max(map(_widest, labels)) - max(text_width(text, bold=True) for text in strong) - 3 * _GAP
    needs = [(text_width(note) + 2 * _GAP) / room * 100 for note in notes]
    beside = all(need <= max(length, 100 - length) for need, length in zip(needs, lengths, strict=True))
    if not beside:
        labels = ["\n".join([label, *wrapped(note, _LABELS)]) for label, note in zip(labels, notes, strict=True)]
    axes = canvas(height=_height(labels))
    style = {"y": labels, "saturation": 1, "width": 0.62, "ax": axes}
    sns.barplot(x=[100.0] * len(labels), color=TRACK, edgecolor=EDGE, linewidth=0.6, **style)
    sns.barplot(x=lengths, color=PALETTE[0], linewidth=0, **style)
    for row, (length, note, need, percent) in enumerate(zip(lengths, notes, needs, strong, strict=True)):
        if beside:
            inside = length >= need
            axes.text(1.5 + (0 if inside else length), row, note, va="center", color=PAPER if inside else INK)
        axes.text(101.5, row, percent, va="center", fontweight="bold")
    axes.set(xlim=(0, 101.5), xticks=[], xlabel="", ylabel="")
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(left=False)

    entries = [
        Entry(label, (Bar(length),), note, percent)
        for label, length, note, percent in zip(parts, lengths, notes, strong, strict=True)
    ]
    columns = (
        _WHAT,
        _head("Đã đạt", unit, (part for part, _ in parts.values())),
        _head("Chỉ tiêu", unit, (whole for _, whole in parts.values())),
        "Tỷ lệ",
    )
    rows = tuple((label, (*pair, percent)) for (label, pair), percent in zip(parts.items(), rates, strict=True))
    again = partial(progress, parts, unit=unit, decimals=decimals)
    _keep(axes, Numbers(columns, rows), again, partial(draw, entries, full=100.0))
    return axes


def bars(values: Mapping[str, Figure], *, unit: str = "") -> "Axes":
    """Thanh ngang, mỗi nhãn một số, số ghi ở đầu thanh; `unit` là đơn vị ghi sau số.

    charts.bars({"Bằng thẻ CCCD": report.figure("kcb.luot_cccd")}, unit="lượt")
    """
    import seaborn as sns

    _refuse_nothing(values)
    values = dict(values)
    labels = _wrapped(values)
    axes = canvas(len(values), height=_height(labels))
    lengths = [_float(figure) for figure in values.values()]
    sns.barplot(x=lengths, y=labels, color=PALETTE[0], saturation=1, width=0.62, linewidth=0, ax=axes)
    notes = _label(axes, [values], unit)

    entries = [
        Entry(label, (Bar(length, note),)) for label, length, note in zip(values, lengths, notes[0], strict=True)
    ]
    _keep(axes, _listed(values, unit), partial(bars, values, unit=unit), partial(draw, entries))
    return axes


def grouped_bars(groups: Mapping[str, Mapping[str, Figure]], *, unit: str = "") -> "Axes":
    """Thanh ngang theo nhóm: tên nhóm (chú giải) → nhãn → số; các nhóm có cùng các nhãn, nhiều nhất 5 nhóm.

    Các nhóm khác nhau cả màu và nét gạch, để bản in đen trắng vẫn phân biệt được.
    """
    import pandas as pd
    import seaborn as sns

    _refuse_nothing(groups)
    _refuse_unequal(groups)
    labels = list(next(iter(groups.values())))
    groups = {name: {label: figures[label] for label in labels} for name, figures in groups.items()}
    if len(groups) > len(PALETTE):
        raise InputError(
            Problem(
                f"biểu đồ có {len(groups)} nhóm",
                expected=f"nhiều nhất {len(PALETTE)} nhóm",
                remedy="gộp bớt nhóm hoặc tách thành nhiều biểu đồ",
            )
        )
    shown = dict(zip(labels, _wrapped(labels), strict=True))
    names = ["\n".join(wrapped(name, _WIDTH - 2.5)) for name in groups]
    beside = max(1, min(len(names), int(_WIDTH / (max(map(_widest, names)) + 2))))
    legend = sum(map(_lines, names)) / beside
    row = max(0.5 * len(groups) + 0.25, _LINE * max(map(_lines, shown.values())) + 0.1)
    axes = canvas(height=_AROUND + _LINE * legend + len(labels) * row)
    rows: list[dict[str, Any]] = [
        {"label": shown[label], "group": group, "value": _float(figures[label])}
        for group, figures in groups.items()
        for label in labels
    ]
    sns.barplot(
        pd.DataFrame(rows),
        x="value",
        y="label",
        hue="group",
        palette=list(PALETTE[: len(groups)]),
        saturation=1,
        width=0.75,
        linewidth=0,
        legend=False,
        ax=axes,
    )
    for container, hatch in zip(axes.containers, HATCHES, strict=False):
        for patch in container:
            patch.set(hatch=hatch, edgecolor=PAPER)
    notes = _label(axes, list(groups.values()), unit)
    # Above the bars: no place beside them is free in every month.
    axes.figure.legend(
        handles=[container[0] for container in axes.containers],
        labels=names,
        frameon=False,
        loc="outside upper left",
        ncols=beside,
    )

    entries = [
        Entry(
            label,
            tuple(Bar(_float(groups[name][label]), notes[look][index], look) for look, name in enumerate(groups)),
        )
        for index, label in enumerate(labels)
    ]
    again = partial(grouped_bars, groups, unit=unit)
    _keep(axes, _grouped(groups, unit), again, partial(draw, entries, list(groups)))
    return axes


def numbers(axes: "Axes") -> Numbers | None:
    """Số liệu của một biểu đồ do các hàm trên vẽ; hình tự vẽ thì không có."""
    drawing = _drawings.get(axes)
    return drawing.numbers if drawing else None


def told(values: Mapping[str, Figure] | Mapping[str, Mapping[str, Figure]]) -> Numbers:
    """Số liệu của hình tự vẽ: nhãn → số, như `bars` nhận, hoặc nhóm → nhãn → số, như `grouped_bars` nhận."""
    _refuse_nothing(values)
    groups = {name: value for name, value in values.items() if isinstance(value, Mapping)}
    figures = {name: value for name, value in values.items() if not isinstance(value, Mapping)}
    problems = [
        Problem(
            f"số liệu “{name}” của biểu đồ là {value!r}",
            expected="một số liệu có nguồn",
            remedy="dùng report.figure(“mã”) hoặc một ô của report.table(…), không dùng số gõ tay hay số đã .numeric()",
        )
        for part in (figures, *groups.values())
        for name, value in part.items()
        if not isinstance(value, Figure)
    ]
    if groups and figures:
        what = f"số liệu của biểu đồ có cả nhóm (“{next(iter(groups))}”) và số rời (“{next(iter(figures))}”)"
        problems.append(Problem(what, expected="nhãn → số, hoặc nhóm → nhãn → số"))
    if problems:
        raise InputError(problems)
    if not groups:
        return _listed(figures)
    _refuse_unequal(groups)
    return _grouped(groups)


def _listed(values: Mapping[str, Figure], unit: str = "") -> Numbers:
    columns = (_WHAT, _head(_measure(values.values()), unit, values.values()))
    return Numbers(columns, tuple((label, (figure,)) for label, figure in values.items()))


def _grouped(groups: Mapping[str, Mapping[str, Figure]], unit: str = "") -> Numbers:
    figures = [figure for group in groups.values() for figure in group.values()]
    over = _head(_measure(figures), unit, figures)
    rows = ((label, tuple(group[label] for group in groups.values())) for label in next(iter(groups.values())))
    return Numbers((_WHAT, *((over, name) for name in groups)), tuple(rows))


def images(axes: "Axes") -> Pictures:
    """Hai hình SVG của một biểu đồ: như trên giấy, và hẹp cho điện thoại. Khung vẽ giữ nguyên.

    The narrow one is laid out anew for what the functions above drew. For the analyst's own drawing, or where something
    was added to theirs, it is the same axes on a narrower canvas.
    """
    figure = axes.get_figure(root=True)
    if figure is None:
        raise InputError(Problem("biểu đồ không có khung vẽ", expected="khung vẽ của charts.canvas(…)"))
    drawing = _drawings.get(axes)
    as_made = drawing is not None and _state(figure) == drawing.state
    # A layout moves a little each time that it is drawn: what is drawn here is always drawn for the first time.
    svg = _svg(copy.deepcopy(figure))
    if drawing is not None and not as_made:
        # To look at a drawing changes its state, too.
        as_made = _svg(drawing.again().get_figure(root=True)) == svg
    narrow = drawing.narrow() if drawing is not None and as_made else narrowed(figure)
    return Pictures(svg, _svg(narrow))


def _keep(axes: "Axes", numbers: Numbers, again: "Callable[[], Axes]", narrow: "Callable[[], Canvas]") -> None:
    _drawings[axes] = _Drawing(numbers, _state(axes.get_figure(root=True)), again, narrow)


class _Stater(pickle.Pickler):
    """Pickles for comparison, within one process."""

    def reducer_override(self, item: object) -> Any:
        """Name functions by their identity, and leave out who listens: that counts how often it was pickled."""
        from matplotlib.cbook import CallbackRegistry

        if isinstance(item, CallbackRegistry):
            return CallbackRegistry, ()
        return (int, (id(item),)) if isinstance(item, FunctionType) else NotImplemented


def _state(figure: Any) -> bytes:
    """All that a drawing is made of: whatever was set or added since shows."""
    state = io.BytesIO()
    _Stater(state).dump(figure)
    return state.getvalue()


def _svg(figure: Any) -> str:
    """Letters as outlines, no date, no ground: the page has its own, light or dark."""
    vector = io.StringIO()
    figure.savefig(vector, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return compact(vector.getvalue())


def _refuse_nothing(drawn: Mapping[str, object]) -> None:
    if not drawn:
        raise InputError(
            Problem(
                "biểu đồ không có nhãn nào",
                expected="ít nhất một nhãn có số liệu",
                remedy="chỉ vẽ khi có số liệu: if …: report.chart(…)",
            )
        )


def _refuse_unequal(groups: Mapping[str, Mapping[str, Figure]]) -> None:
    labels = list(next(iter(groups.values())))
    if not labels:
        raise InputError(Problem("các nhóm của biểu đồ không có nhãn nào", expected="ít nhất một nhãn có số liệu"))
    problems = [
        Problem(
            f"nhóm “{name}” của biểu đồ không có cùng các nhãn với nhóm đầu",
            expected="; ".join(labels),
            remedy="cho mọi nhóm cùng các nhãn; nhãn không có số liệu vẫn ghi",
        )
        for name, figures in groups.items()
        if set(figures) != set(labels)
    ]
    if problems:
        raise InputError(problems)


def _wrapped(labels: Iterable[str]) -> list[str]:
    """Long labels on several lines, so that the bars keep their room; labels that look the same are refused."""
    shown: dict[str, str] = {}
    for label in labels:
        lines = "\n".join(wrapped(label, _LABELS))
        if lines in shown:
            raise InputError(
                Problem(
                    f"hai nhãn của biểu đồ trông như nhau: “{shown[lines]}” và “{label}”",
                    expected="mỗi nhãn một tên khác nhau, không kể khoảng trắng và chỗ ngắt dòng",
                    remedy="sửa tên ở biểu mẫu của đơn vị, hoặc đặt nhãn khác trong sổ tay",
                )
            )
        shown[lines] = label
    return list(shown)


def _widest(label: str) -> float:
    return max(text_width(line) for line in label.split("\n"))


def _lines(label: str) -> int:
    return label.count("\n") + 1


def _height(labels: Sequence[str]) -> float:
    """Height in cm at which neighbouring labels do not touch; all rows are equally high."""
    tallest = max([(above + below) / 2 for above, below in pairwise(map(_lines, labels))], default=1.0)
    return _AROUND + len(labels) * max(_ROW, _LINE * tallest + 0.1)


def _label(axes: "Axes", groups: Sequence[Mapping[str, Figure]], unit: str) -> list[list[str]]:
    """Write each number at the end of its bar; the notes by group."""
    written = [
        [_UNKNOWN if figure.missing else f"{figure} {unit}".strip() for figure in figures.values()]
        for figures in groups
    ]
    for container, notes in zip(axes.containers, written, strict=True):
        for bar, note in zip(container, notes, strict=True):
            # Right of the bar, or of zero: left of a fall stands its name.
            end = (max(0.0, bar.get_width()), bar.get_y() + bar.get_height() / 2)
            axes.annotate(note, end, (4, 0), textcoords="offset points", va="center")
    axes.set(xticks=[], xlabel="", ylabel="")
    axes.margins(x=0.02)
    axes.spines["left"].set_visible(False)
    axes.axvline(0, color=INK, linewidth=0.8, clip_on=False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(left=False)
    return written


def _measure(figures: Iterable[Figure]) -> str:
    return "Tỷ lệ" if {figure.unit for figure in figures} == {PERCENT} else "Số lượng"


def _head(title: str, unit: str, figures: Iterable[Figure]) -> str:
    """Title of a column with its unit: the one that is drawn, or the one that all figures have; “%” is in the cells."""
    units = {figure.unit for figure in figures}
    shown = unit or (units.pop() if len(units) == 1 else "")
    return f"{title} ({shown})" if shown not in ("", PERCENT) else title


def _float(figure: Figure) -> float:
    """For drawing only: a pixel needs no more than a binary float."""
    return 0.0 if figure.value is None else float(figure.value)
