"""The drawing for a phone: names above their bars, text as large as on paper, nothing beside anything else.

Lengths are in cm from the top left corner of the drawing; text is measured, never guessed.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from baocao.look import CM, EDGE, HATCHES, INK, PALETTE, PAPER, SIZE, TRACK, prepare, text_width, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas
    from matplotlib.text import Text

WIDTH = 8.4
"""Width in cm: 317 CSS pixels, so that a phone of 320 shows the text no smaller than the wide drawing has it."""

_LINE, _THICK, _BETWEEN, _AFTER, _MARGIN, _PAD = 0.47, 0.42, 0.12, 0.4, 0.08, 0.15
_INNER = WIDTH - 2 * _MARGIN


@dataclass(frozen=True)
class Bar:
    """One bar: how long, what stands at its end, which look."""

    value: float
    note: str = ""
    look: int = 0


@dataclass(frozen=True)
class Entry:
    """A label with its bars; `note` stands below the label, `strong` at the right of that line in bold."""

    label: str
    bars: tuple[Bar, ...]
    note: str = ""
    strong: str = ""


def draw(entries: Sequence[Entry], legend: Sequence[str] = (), full: float | None = None) -> "Canvas":
    """The drawing, as high as it needs. `legend` names the looks; `full` is the end of the track behind each bar."""
    prepare()
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas()
    page = _Page(canvas.add_axes((0, 0, 1, 1)))
    for look, name in enumerate(legend):
        page.bar(_MARGIN, 0.7, look)
        page.lines(wrapped(name, WIDTH - 1.1), 0.95)
    page.y += _AFTER / 2 if legend else 0

    values = [bar.value for entry in entries for bar in entry.bars]
    least, most = (0.0, full) if full is not None else (min(0.0, *values), max(0.0, *values))
    longest = max((text_width(bar.note) for entry in entries for bar in entry.bars), default=0.0)
    beside = longest <= WIDTH / 2
    room = _INNER - (longest + _PAD if beside and longest else 0)
    scale = room / ((most - least) or 1)
    zero = _MARGIN - least * scale
    for entry in entries:
        page.lines(wrapped(entry.label, _INNER))
        if entry.strong:
            page.line_at_right(entry.strong)
        if entry.note or entry.strong:
            taken = text_width(entry.strong, bold=True) + _PAD if entry.strong else 0
            page.lines(wrapped(entry.note, _INNER - taken))
        page.y += _BETWEEN
        top = page.y
        for bar in entry.bars:
            if not beside:
                page.lines(wrapped(bar.note, _INNER))
            if full is not None:
                page.track(zero, full * scale)
            length = max(least, min(most, bar.value)) * scale
            page.bar(zero, length, bar.look)
            if beside:
                page.text(zero + max(0.0, length) + _PAD, _THICK, bar.note)
            page.y += _THICK + _BETWEEN
        if full is None:
            page.zero_line(zero, top)
        page.y += _AFTER - _BETWEEN
    height = page.y - _AFTER + _MARGIN
    canvas.set_size_inches(WIDTH * CM, height * CM)
    page.axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    return canvas


class _Page:
    """Axes in cm, written from the top; `y` is how far it has come."""

    def __init__(self, axes: "Axes") -> None:
        self.axes = axes
        self.axes.set_axis_off()
        self.y = _MARGIN

    def text(self, x: float, high: float, text: str, *, right: bool = False, bold: bool = False) -> None:
        self.axes.text(
            x,
            self.y + high / 2,
            text,
            va="center_baseline",
            ha="right" if right else "left",
            fontsize=SIZE,
            fontweight="bold" if bold else "normal",
        )

    def lines(self, lines: Sequence[str], x: float = _MARGIN) -> None:
        for line in lines:
            self.text(x, _LINE, line)
            self.y += _LINE

    def line_at_right(self, text: str) -> None:
        self.text(WIDTH - _MARGIN, _LINE, text, right=True, bold=True)

    def bar(self, start: float, length: float, look: int) -> None:
        self._box(start, length, facecolor=PALETTE[look], edgecolor=PAPER, hatch=HATCHES[look], linewidth=0)

    def track(self, start: float, length: float) -> None:
        self._box(start, length, facecolor=TRACK, edgecolor=EDGE, linewidth=0.6)

    def _box(self, start: float, length: float, **style: Any) -> None:
        from matplotlib.patches import Rectangle

        # Not as bars: the limits of these axes are known, and need not be found anew after each.
        self.axes.add_artist(Rectangle((start, self.y), length, _THICK, **style))

    def zero_line(self, x: float, top: float) -> None:
        ends = [top - _BETWEEN / 2, self.y - _BETWEEN / 2]
        self.axes.plot([x, x], ends, color=INK, linewidth=0.8)


def narrowed(canvas: "Canvas") -> "Canvas":
    """A copy of any drawing on a narrower and higher canvas: the same axes, long texts on more lines, legends above."""
    narrow: Canvas = copy.deepcopy(canvas)
    high = float(canvas.get_size_inches()[1]) / CM
    more = 0
    for axes in narrow.axes:
        more += sum(_wrap(text, WIDTH * 0.9) for text in (axes.title, axes.xaxis.label))
        more += sum(_wrap(text, WIDTH * 0.4) for text in axes.texts)
        _wrap(axes.yaxis.label, high)
        more += _wrap_names(axes)
    more += _legends_above(narrow)
    narrow.set_layout_engine("constrained")
    narrow.set_size_inches(WIDTH * CM, (high + more * _LINE) * CM)
    narrow.draw_without_rendering()
    for axes in narrow.axes:
        _part_ticks(axes)
        for text in axes.texts:
            if text.get_window_extent().y1 > axes.get_window_extent().y1:
                text.set_verticalalignment("top")  # or it would stand in the title
    return narrow


def _wrap(text: "Text", width: float) -> int:
    """Put a text on as many lines as `width` cm wants; how many more they are."""
    before = text.get_text()
    if text_width(before.replace("\n", " "), size=float(text.get_fontsize())) <= width:
        return 0
    lines = wrapped(before.replace("\n", " "), width, float(text.get_fontsize()))
    text.set_text("\n".join(lines))
    return max(0, len(lines) - before.count("\n") - 1)


def _wrap_names(axes: "Axes") -> int:
    """Labels of the vertical axis take two fifths of the width at most; how many lines more that makes."""
    names = axes.get_yticklabels()
    more = [_wrap(name, WIDTH * 0.4) for name in names]
    if not any(more):
        return 0
    axes.set_yticks(axes.get_yticks(), [name.get_text() for name in names])
    return len(more) * max(more)


def _legends_above(canvas: "Canvas") -> int:
    """Move the legends above the drawing, one name on a line; how many lines they take."""
    legends = [*canvas.legends, *filter(None, (axes.get_legend() for axes in canvas.axes))]
    names = ["\n".join(wrapped(text.get_text(), WIDTH * 0.75)) for legend in legends for text in legend.get_texts()]
    handles = [handle for legend in legends for handle in legend.legend_handles]
    for legend in legends:
        legend.remove()
    if names:
        canvas.legend(handles=handles, labels=names, loc="outside upper left", frameon=False)
    return sum(name.count("\n") + 1 for name in names)


def _part_ticks(axes: "Axes") -> None:
    """Labels of the horizontal axis that would touch stand at an angle."""
    boxes = [label.get_window_extent() for label in axes.get_xticklabels() if label.get_text()]
    boxes.sort(key=lambda box: box.x0)
    if any(left.x1 > right.x0 - 2 for left, right in pairwise(boxes)):
        for label in axes.get_xticklabels():
            label.set(rotation=45, ha="right", rotation_mode="anchor")
