"""How drawings of the report look: font, colours, hatching; a canvas of that look; text measured in that font.

Lengths are in cm. matplotlib is imported by the functions that need it: a section without a chart pays nothing.
"""

from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PALETTE = ("#1f4e79", "#c8642b", "#4f7f4e", "#8a6fae", "#747474")
HATCHES = ("", "///", "\\\\\\", "xxx", "---")
"""With the colours one look for each group of bars, so that neither eye nor printer needs the colour."""
INK = "#222222"
PAPER = "#ffffff"
TRACK = "#e3e8ef"
EDGE = "#6f7a87"
"""Outline of the track, which is too pale to be seen by itself."""

CM = 1 / 2.54
SIZE = 11.0
"""Points, of labels and of numbers."""

_FONTS = Path(__file__).parent / "theme" / "fonts"
_AROUND, _ROW = 1.1, 0.8  # cm: what is not bars, a bar with its gap


@cache
def prepare() -> None:
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
            "font.size": SIZE,
            "axes.labelsize": SIZE,
            "xtick.labelsize": 10.5,
            "ytick.labelsize": SIZE,
            "legend.fontsize": 10.5,
            "text.color": INK,
            "axes.labelcolor": INK,
            "axes.edgecolor": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "text.parse_math": False,  # a "$" in a label is a "$"
            "hatch.linewidth": 0.8,
            "patch.edgecolor": INK,  # arrows of annotations
            "patch.force_edgecolor": False,
            "svg.fonttype": "path",
            "svg.hashsalt": "baocao",
            "axes.spines.top": False,
            "axes.spines.right": False,
        },
    )


def canvas(rows: int = 4, *, width: float = 16.0, height: float | None = None) -> "Axes":
    """Khung vẽ trống theo kiểu của báo cáo; kích thước tính bằng cm, cao theo số dòng `rows`.

    Hình tự vẽ trên khung này được đưa vào báo cáo bằng report.chart(…, numbers=…).
    """
    prepare()
    from matplotlib.figure import Figure as Canvas

    tall = height if height is not None else _AROUND + _ROW * rows
    return Canvas(figsize=(width * CM, tall * CM), layout="constrained").add_subplot()


@lru_cache(maxsize=4096)
def text_width(text: str, *, size: float = SIZE, bold: bool = False) -> float:
    """Width of one line in cm, as the report's font sets it at `size` points."""
    prepare()
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="Tinos", size=size, weight="bold" if bold else "normal")
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / 72 / CM


def wrapped(text: str, width: float, size: float = SIZE) -> list[str]:
    """Lines of at most `width` cm; breaks inside a word only where the word alone is too long."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            joined = f"{line} {word}".strip()
            if text_width(joined, size=size) <= width:
                line = joined
                continue
            lines += [line] if line else []
            line = word
            while text_width(line, size=size) > width and len(line) > 1:
                cut = max((end for end in range(1, len(line)) if text_width(line[:end], size=size) <= width), default=1)
                lines.append(line[:cut])
                line = line[cut:]
        lines.append(line)
    return lines
