"""Biểu đồ của báo cáo theo một kiểu: thanh ngang, nhãn tiếng Việt, số theo cách viết Việt Nam.

seaborn and matplotlib are imported by the functions that draw: a section without a chart pays nothing.
"""

import base64
import io
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baocao.figure import Figure, rate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PALETTE = ("#1f4e79", "#c8642b", "#5b8c5a", "#8a6fae", "#7f7f7f")
TRACK = "#e3e8ef"
INK = "#222222"

_FONTS = Path(__file__).parent / "theme" / "fonts"
_CM = 1 / 2.54
_DPI = 300
_LABEL_WIDTH = 48  # characters; longer labels take more lines
_LINE, _ROW, _AROUND = 0.47, 0.8, 1.1  # cm: a line of a label, a bar with its gap, what is not bars


@cache
def _style() -> None:
    """Seaborn's theme with the report's own font; once per process."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib import font_manager

    # What a desk has set for its own drawings must not change the report's.
    mpl.rcdefaults()
    mpl.use("agg")
    for path in sorted(_FONTS.glob("*.ttf")):
        font_manager.fontManager.addfont(path)
    sns.set_theme(
        context="paper",
        style="white",
        palette=list(PALETTE),
        rc={
            "font.family": "Tinos",
            "font.size": 11,
            "axes.labelsize": 11,
            "xtick.labelsize": 10.5,
            "ytick.labelsize": 11,
            "legend.fontsize": 10.5,
            "text.color": INK,
            "axes.labelcolor": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "text.parse_math": False,  # a "$" in a label is a "$"
            "svg.fonttype": "path",
            "svg.hashsalt": "baocao",
            "axes.spines.top": False,
            "axes.spines.right": False,
        },
    )


def canvas(rows: int = 4, *, width: float = 16.0, height: float | None = None) -> "Axes":
    """Khung vẽ trống theo kiểu của báo cáo; kích thước tính bằng cm, cao theo số dòng `rows`."""
    _style()
    from matplotlib.figure import Figure as Canvas

    tall = height if height is not None else _AROUND + _ROW * rows
    return Canvas(figsize=(width * _CM, tall * _CM), layout="constrained").add_subplot()


def progress(parts: Mapping[str, tuple[Figure, Figure]], *, unit: str = "", decimals: int = 2) -> "Axes":
    """Thanh tiến độ: mỗi nhãn một cặp (đã đạt, chỉ tiêu), ghi số và tỷ lệ; cặp thiếu số liệu ghi “chưa có số liệu”."""
    import seaborn as sns

    labels = _wrapped(parts)
    axes = canvas(len(parts), height=_height(labels))
    rates = [rate(part, whole, decimals) for part, whole in parts.values()]
    sns.barplot(x=[100.0] * len(labels), y=labels, color=TRACK, saturation=1, width=0.62, ax=axes)
    sns.barplot(x=[_float(figure) for figure in rates], y=labels, color=PALETTE[0], saturation=1, width=0.62, ax=axes)
    for row, ((part, whole), percent) in enumerate(zip(parts.values(), rates, strict=True)):
        known = not (part.missing or whole.missing)
        note = f"{part}/{whole} {unit}".strip() if known else "chưa có số liệu"
        inside = known and not percent.missing and _float(percent) > 45
        axes.text(1.5 if inside else _float(percent) + 1.5, row, note, va="center", color="white" if inside else INK)
        axes.text(101.5, row, str(percent) if not percent.missing else "-", va="center", fontweight="bold")
    axes.set(xlim=(0, 115), xticks=[], xlabel="", ylabel="")
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(left=False)
    return axes


def bars(values: Mapping[str, Figure], *, unit: str = "") -> "Axes":
    """Thanh ngang, mỗi nhãn một số, số ghi ở đầu thanh."""
    import seaborn as sns

    labels = _wrapped(values)
    axes = canvas(len(values), height=_height(labels))
    sns.barplot(
        x=[_float(figure) for figure in values.values()],
        y=labels,
        color=PALETTE[0],
        saturation=1,
        width=0.62,
        ax=axes,
    )
    _label(axes, [values], unit)
    return axes


def grouped_bars(groups: Mapping[str, Mapping[str, Figure]], *, unit: str = "") -> "Axes":
    """Thanh ngang theo nhóm: tên nhóm (chú giải) → nhãn → số; các nhóm có cùng các nhãn."""
    import pandas as pd
    import seaborn as sns

    labels = list(next(iter(groups.values())))
    shown = dict(zip(labels, _wrapped(labels), strict=True))
    axes = canvas(max(3, round(len(labels) * len(groups) * 0.75)))
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
        ax=axes,
    )
    _label(axes, list(groups.values()), unit)
    # Above the bars: no place beside them is free in every month.
    axes.legend(
        title=None,
        frameon=False,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=len(groups),
        borderaxespad=0.2,
    )
    return axes


def _wrapped(labels: Iterable[str]) -> list[str]:
    """Long labels on several lines, so that the bars keep their room."""
    return [textwrap.fill(label, _LABEL_WIDTH) for label in labels]


def _height(labels: Sequence[str]) -> float:
    """Height in cm at which neighbouring labels do not touch; all rows are equally high."""
    lines = [label.count("\n") + 1 for label in labels]
    tallest = max([(above + below) / 2 for above, below in pairwise(lines)], default=1.0)
    return _AROUND + len(labels) * max(_ROW, _LINE * tallest + 0.1)


def _label(axes: "Axes", groups: Sequence[Mapping[str, Figure]], unit: str) -> None:
    for container, figures in zip(axes.containers, groups, strict=True):
        notes = ["chưa có số liệu" if figure.missing else f"{figure} {unit}".strip() for figure in figures.values()]
        axes.bar_label(container, labels=notes, padding=4)  # type: ignore[arg-type]
    axes.set(xticks=[], xlabel="", ylabel="")
    axes.margins(x=0.22)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(left=False)


def _float(figure: Figure) -> float:
    """For drawing only: a pixel needs no more than a binary float."""
    return 0.0 if figure.value is None else float(figure.value)


def images(axes: "Axes") -> tuple[str, str]:
    """The drawing as SVG text (letters as outlines, no date) and as PNG at 300 dpi in base64."""
    figure = axes.get_figure()
    if figure is None:
        raise ValueError("biểu đồ không có khung vẽ")
    vector, raster = io.StringIO(), io.BytesIO()
    figure.savefig(vector, format="svg", metadata={"Date": None, "Creator": None})  # type: ignore[union-attr]
    figure.savefig(raster, format="png", dpi=_DPI, metadata={"Software": None})  # type: ignore[union-attr]
    return vector.getvalue(), base64.b64encode(raster.getvalue()).decode("ascii")
