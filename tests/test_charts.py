"""Charts: what they say in numbers, how they are drawn, on paper and for a phone, byte for byte the same again."""

import io
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from baocao import charts, look, narrow
from baocao.errors import InputError, RunError
from baocao.figure import Figure
from baocao.raster import rasterise
from baocao.svg import compact
from conftest import chromium, in_browser

_LONG = "Liên thông đăng ký khai sinh - Đăng ký thường trú - Cấp thẻ bảo hiểm y tế cho trẻ dưới 6 tuổi"


def _figure(code: str, value: int | Decimal | None, unit: str = "") -> Figure:
    return Figure(code, value, code, unit)


def _texts(axes: Any) -> list[str]:
    drawn = [text.get_text() for text in axes.texts]
    return [text.replace("\n", " ") for text in [*drawn, *(label.get_text() for label in axes.get_yticklabels())]]


def _progress() -> Any:
    pairs = {"Đã cấp": (_figure("a", 375671), _figure("b", 388006)), _LONG: (_figure("c", 41), _figure("d", 100))}
    pairs["Vượt"] = (_figure("e", 120000), _figure("f", 100000))
    return charts.progress(pairs | {"Trống": (_figure("g", None), _figure("h", 5))}, unit="người đủ điều kiện")


def _bars() -> Any:
    values = {_LONG: _figure("a", 15414), "Giảm": _figure("b", -3000), "Trống": _figure("c", None)}
    return charts.bars(values, unit="lượt")


def _grouped() -> Any:
    names = ["UBND thành phố Nha Trang và các phòng, ban chuyên môn trực thuộc thành phố", "B", "C", "D", "E"]
    groups = {
        name: {_LONG: _figure(f"{name}1", 2743 - row * 300), "Ký số": _figure(f"{name}2", row or None)}
        for row, name in enumerate(names)
    }
    return charts.grouped_bars(groups, unit="hồ sơ")


def _own() -> Any:
    axes = charts.canvas(6)
    months = [f"Tháng {month}" for month in range(1, 13)]
    axes.plot(months, range(12), label="Hồ sơ tiếp nhận trực tuyến toàn trình của cấp xã")
    axes.plot(months, range(12, 0, -1), label="Hồ sơ tiếp nhận trực tiếp", linestyle="--")
    axes.set_title("Diễn biến hồ sơ tiếp nhận trực tuyến theo từng tháng của năm 2024 trên địa bàn thành phố")
    axes.annotate("Cao nhất vào tháng 12, sau đợt cao điểm", (11, 11), (3, 10.5), arrowprops={"arrowstyle": "->"})
    axes.legend(ncols=2)
    return axes


_ALL = [_progress, _bars, _grouped, _own]


def test_progress_shows_parts_rates_and_what_is_missing() -> None:
    axes = charts.progress(
        {
            "Đã cấp": (_figure("a", 375671), _figure("b", 388006)),
            "Ít": (_figure("c", 1), _figure("d", 100)),
            "Trống": (_figure("e", None), _figure("f", 5)),
            "Không phát sinh": (_figure("g", 0), _figure("h", 0)),
        },
        unit="thẻ",
    )
    texts = _texts(axes)
    assert {"375.671/388.006 thẻ", "96,82%", "1/100 thẻ", "1%", "chưa có số liệu", "-", "0/0 thẻ"} <= set(texts)
    assert texts[-4:] == ["Đã cấp", "Ít", "Trống", "Không phát sinh"]


def test_bars_write_each_value() -> None:
    texts = _texts(charts.bars({"CCCD": _figure("a", 15414), "VssID": _figure("b", None)}, unit="lượt"))
    assert "15.414 lượt" in texts
    assert "chưa có số liệu" in texts


def test_grouped_bars_name_groups_and_labels() -> None:
    levels = {"thành phố": {"Tổng": _figure("a", 2743), "Ký số": _figure("b", 252)}}
    levels["cấp xã"] = {"Tổng": _figure("c", 5535), "Ký số": _figure("d", 3085)}
    axes = charts.grouped_bars(levels)
    (legend,) = axes.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["thành phố", "cấp xã"]
    assert {"2.743", "252", "5.535", "3.085"} <= set(_texts(axes))


def test_long_names_stay_inside_the_picture() -> None:
    name = "Liên thông đăng ký khai sinh - Đăng ký thường trú - Cấp thẻ bảo hiểm y tế cho trẻ dưới 6 tuổi" * 2
    axes = charts.bars({name: _figure("a", 10), "Ngắn": _figure("b", 5)})
    figure = axes.get_figure()
    assert figure is not None
    figure.draw_without_rendering()  # type: ignore[union-attr]
    box = figure.bbox
    for label in axes.get_yticklabels():
        extent = label.get_window_extent()
        assert extent.x0 >= box.x0 - 1 and extent.x1 <= box.x1 + 1
    assert axes.get_window_extent().width > box.width * 0.25


def test_groups_keep_their_numbers_whatever_the_order_of_their_labels() -> None:
    axes = charts.grouped_bars(
        {"A": {"x": _figure("ax", 1), "y": _figure("ay", 2)}, "B": {"y": _figure("by", 40), "x": _figure("bx", 30)}}
    )
    lengths = [bar.get_width() for container in axes.containers for bar in container]
    notes = [text.get_text() for text in axes.texts]
    assert [f"{length:g}" for length in lengths] == notes == ["1", "2", "30", "40"]


def test_a_note_longer_than_its_bar_does_not_run_over_anything() -> None:
    axes = _progress()
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[0] == "Đã cấp\n375.671/388.006 người đủ điều kiện"
    assert [text.get_text() for text in axes.texts] == ["96,82%", "41%", "120%", "-"]
    assert max(bar.get_width() for container in axes.containers for bar in container) == 100


def _written(axes: Any) -> list[Any]:
    low, high = sorted(axes.get_ylim())
    names = [label for label in axes.get_yticklabels() if axes.axison and low <= label.get_position()[1] <= high]
    return [axes.title, *axes.texts, *names]


def _overlaps(figure: Any) -> list[tuple[str, str]]:
    """Pairs of texts that touch, and texts that the edge cuts."""
    figure.set_dpi(600)  # letters on a coarse grid are wider than outlines
    figure.draw_without_rendering()
    texts = [text for axes in figure.axes for text in _written(axes)]
    texts += [text for legend in figure.legends for text in legend.get_texts()]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts if text.get_text().strip()]
    assert len(boxes) > 2
    edge = figure.bbox
    cut = [
        (name, "")
        for name, box in boxes
        if box.x0 < edge.x0 - 0.5 or box.x1 > edge.x1 + 0.5 or box.y0 < edge.y0 - 0.5 or box.y1 > edge.y1 + 0.5
    ]
    touching = [
        (name, other)
        for index, (name, box) in enumerate(boxes)
        for other, there in boxes[index + 1 :]
        if min(box.x1, there.x1) - max(box.x0, there.x0) > 0.5 and min(box.y1, there.y1) - max(box.y0, there.y0) > 2
    ]
    return cut + touching


@pytest.mark.parametrize("draw", _ALL)
def test_no_text_is_cut_or_runs_into_another(draw: Any) -> None:
    assert _overlaps(draw().figure) == []


@pytest.mark.parametrize("draw", [_progress, _bars, _grouped])
def test_a_phone_gets_its_own_layout_with_all_the_words(draw: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []
    wide = draw()
    monkeypatch.setattr(charts, "narrowed", lambda canvas: pytest.fail("not laid out anew"))
    original = charts._svg
    monkeypatch.setattr(charts, "_svg", lambda figure: (drawn.append(figure), original(figure))[1])
    charts.images(wide)
    phone = drawn[-1]
    assert phone.get_size_inches()[0] == pytest.approx(narrow.WIDTH / 2.54)
    assert _overlaps(phone) == []

    def words(figure: Any) -> list[str]:
        texts = [text for axes in figure.axes for text in _written(axes)]
        texts += [text for legend in figure.legends for text in legend.get_texts()]
        return sorted(word for text in texts for word in text.get_text().split())

    assert words(phone) == words(wide.figure)
    assert all(text.get_fontsize() >= look.SIZE for axes in phone.axes for text in axes.texts)


def test_an_own_drawing_keeps_its_axes_on_the_narrower_canvas() -> None:
    wide = _own().figure
    phone = narrow.narrowed(wide)
    assert phone.get_size_inches()[0] == pytest.approx(narrow.WIDTH / 2.54)
    assert wide.get_size_inches()[0] == pytest.approx(16 / 2.54)
    assert phone.axes[0].get_xlim() == wide.axes[0].get_xlim()
    assert _overlaps(phone) == []
    (legend,) = phone.legends
    assert [text.get_text().replace("\n", " ") for text in legend.get_texts()] == [
        "Hồ sơ tiếp nhận trực tuyến toàn trình của cấp xã",
        "Hồ sơ tiếp nhận trực tiếp",
    ]
    labels = [label.get_window_extent() for label in phone.axes[0].get_xticklabels()]
    assert labels[0].height > labels[0].width * 0.5, "month names stand at an angle"


def test_what_is_added_to_a_chart_is_in_the_narrow_one_too() -> None:
    plain, added = _bars(), _bars()
    added.axvline(8000, color="#ff00ff")
    assert "#ff00ff" in charts.images(added).narrow
    assert charts.images(plain).narrow != charts.images(added).narrow


@pytest.mark.parametrize("draw", _ALL)
def test_pictures_repeat_byte_for_byte_and_leave_the_drawing_alone(draw: Any) -> None:
    axes = draw()
    size = tuple(axes.figure.get_size_inches())
    first = charts.images(axes)
    assert charts.images(axes) == first == charts.images(draw())
    assert tuple(axes.figure.get_size_inches()) == size
    for svg in (first.svg, first.narrow):
        assert "<text" not in svg, "letters are outlines: a reader needs no font"
        assert not re.search(r"\d{4}-\d{2}-\d{2}T", svg)
        assert len(svg) < 45_000


def _relative_luminance(colour: str, *, inverted: bool = False) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    parts = [1 - part if inverted else part for part in parts]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str, *, inverted: bool = False) -> float:
    """As WCAG 2.1 defines it; `inverted` as a dark page shows both."""
    light, dark = sorted((_relative_luminance(colour, inverted=inverted) for colour in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("inverted", [False, True])
def test_colours_are_told_from_the_ground_light_or_dark(inverted: bool) -> None:
    for colour in (*look.PALETTE, look.EDGE):
        assert _contrast(colour, look.PAPER, inverted=inverted) >= 3, colour
    for ground in (look.PAPER, look.TRACK):
        assert _contrast(look.INK, ground, inverted=inverted) >= 4.5
    assert _contrast(look.PAPER, look.PALETTE[0], inverted=inverted) >= 4.5
    assert len(set(look.HATCHES)) == len(look.PALETTE), "no group is told by its colour alone"


def test_vector_has_no_ground_and_raster_has_paper(tmp_path: Path) -> None:
    pictures = charts.images(charts.bars({"Đề án": _figure("a", 7)}))
    assert "#ffffff" not in pictures.svg + pictures.narrow
    drawing = tmp_path / 'hình "vẽ".svg'
    drawing.write_text(pictures.svg, encoding="utf-8")
    rasterise([drawing], tmp_path / "hinh.log")
    image = Image.open(drawing.with_suffix(".png"))
    assert image.info["dpi"] == pytest.approx((300, 300), abs=1)
    assert image.width == pytest.approx(16 / 2.54 * 300, abs=2)
    assert image.convert("RGBA").getpixel((0, 0)) == (255, 255, 255, 255)


def test_rasters_of_many_drawings_repeat_byte_for_byte_and_keep_their_names(tmp_path: Path) -> None:
    drawings = [tmp_path / f"{name}.svg" for name in "ab"]
    for path, axes in zip(drawings, (_bars(), _grouped()), strict=True):
        path.write_text(charts.images(axes).svg, encoding="utf-8")
    rasterise(drawings, tmp_path / "hinh.log")
    made = [path.with_suffix(".png").read_bytes() for path in drawings]
    for path, together in zip(drawings, made, strict=True):
        rasterise([path], tmp_path / "hinh.log")
        assert path.with_suffix(".png").read_bytes() == together
        wide, high = (float(size) for size in re.findall(r'(?:width|height)="([\d.]+)pt"', path.read_text())[:2])
        assert Image.open(io.BytesIO(together)).size == pytest.approx((wide / 72 * 300, high / 72 * 300), abs=2)


def test_a_drawing_that_cannot_be_read_is_told_by_name(tmp_path: Path) -> None:
    log = tmp_path.with_suffix(".log")
    broken = tmp_path / "27-hoi.svg"
    broken.write_text("<svg", encoding="utf-8")
    with pytest.raises(RunError, match="27-hoi") as failed:
        rasterise([broken], log)
    assert "bản Word" in failed.value.problems[0].what
    assert "27-hoi" in log.read_text(encoding="utf-8")
    rasterise([], log)
    assert list(tmp_path.iterdir()) == [broken]


def test_an_untouched_chart_is_drawn_no_more_often_than_it_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []
    original = charts._svg
    monkeypatch.setattr(charts, "_svg", lambda figure: (drawn.append(figure), original(figure))[1])
    axes = _bars()
    first = charts.images(axes)
    assert len(drawn) == 2
    axes.get_xticklabels()  # makes them
    assert charts.images(axes) == first
    assert len(drawn) == 5, "only a comparison can tell that nothing was added"


@pytest.mark.parametrize(
    "touch",
    [
        lambda axes: axes.get_yticklabels()[0].set_fontweight("bold"),
        lambda axes: axes.patches[0].set_facecolor("#ff00ff"),
        lambda axes: axes.margins(x=0.5),
        lambda axes: axes.texts[0].remove(),
        lambda axes: axes.xaxis.set_major_formatter(lambda value, _: f"{value}"),
        lambda axes: axes.figure.set_layout_engine("tight"),
    ],
)
def test_whatever_is_done_to_a_chart_is_noticed(touch: Callable[[Any], object]) -> None:
    axes = _bars()
    before = charts._state(axes.figure)
    assert charts._state(axes.figure) == before
    touch(axes)
    assert charts._state(axes.figure) != before


@in_browser
def test_compact_vector_is_the_same_picture(tmp_path: Path) -> None:
    figure = _grouped().figure
    figure.axes[0].plot([100, 900], [0, 1], marker="o", color="#ff00ff")
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None})
    before = written.getvalue()
    after = compact(before)
    assert len(after) < len(before) * 0.65
    shots = []
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 640, "height": 420}, device_scale_factor=2)
        for name, svg in (("before", before), ("after", after)):
            (tmp_path / f"{name}.svg").write_text(svg, encoding="utf-8")
            page.goto((tmp_path / f"{name}.svg").as_uri())
            shots.append(Image.open(io.BytesIO(page.screenshot())).convert("L"))
    assert shots[0].getextrema()[0] < 50, "something is drawn"
    assert ImageChops.difference(*shots).getextrema()[1] < 100, "no more than the edges of letters differ"


def test_numbers_of_a_drawing() -> None:
    progress = charts.numbers(_progress())
    assert progress is not None
    assert progress.columns == ("Nội dung", "Đã đạt (người đủ điều kiện)", "Chỉ tiêu (người đủ điều kiện)", "Tỷ lệ")
    label, figures = progress.rows[0]
    assert (label, [str(figure) for figure in figures]) == ("Đã cấp", ["375.671", "388.006", "96,82%"])
    assert str(progress.rows[2][1][2]) == "120%"

    bars = charts.numbers(_bars())
    assert bars is not None
    assert bars.columns == ("Nội dung", "Số lượng (lượt)")
    assert [(label, figure.value) for label, (figure,) in bars.rows] == [
        (_LONG, 15414),
        ("Giảm", -3000),
        ("Trống", None),
    ]
    rates = charts.numbers(charts.bars({"x": _figure("a", Decimal("12.5"), "%")}))
    assert rates is not None and rates.columns == ("Nội dung", "Tỷ lệ")
    own_unit = charts.numbers(charts.bars({"x": _figure("a", 1, "thẻ")}))
    assert own_unit is not None and own_unit.columns[1] == "Số lượng (thẻ)"

    grouped = charts.numbers(_grouped())
    assert grouped is not None
    assert grouped.columns[1][0] == "Số lượng (hồ sơ)" and grouped.columns[2] == ("Số lượng (hồ sơ)", "B")
    assert [figure.value for figure in grouped.rows[0][1]] == [2743, 2443, 2143, 1843, 1543]
    assert charts.numbers(_own()) is None


def test_numbers_told_by_the_author() -> None:
    listed = charts.told({"x": _figure("a", 1, "thẻ"), "y": _figure("b", 2, "thẻ")})
    assert listed.columns == ("Nội dung", "Số lượng (thẻ)")
    grouped = charts.told({"Xã": {"x": _figure("a", 1)}, "Phường": {"x": _figure("b", 2)}})
    assert grouped.columns == ("Nội dung", ("Số lượng", "Xã"), ("Số lượng", "Phường"))
    assert [figure.value for figure in grouped.rows[0][1]] == [1, 2]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: charts.bars({}), "không có nhãn nào"),
        (lambda: charts.progress({}), "không có nhãn nào"),
        (lambda: charts.grouped_bars({}), "không có nhãn nào"),
        (lambda: charts.grouped_bars({"A": {}}), "các nhóm của biểu đồ không có nhãn nào"),
        (
            lambda: charts.grouped_bars({"A": {"x": _figure("a", 1)}, "B": {"y": _figure("b", 1)}}),
            "nhóm “B” của biểu đồ không có cùng các nhãn",
        ),
        (lambda: charts.grouped_bars({str(n): {"x": _figure("a", n)} for n in range(6)}), "biểu đồ có 6 nhóm"),
        (lambda: charts.told({"x": 12}), "số liệu “x” của biểu đồ là 12"),
        (lambda: charts.told({"A": {"x": 1.5}}), r"số liệu “x” của biểu đồ là 1\.5"),
        (lambda: charts.told({"A": {"x": _figure("a", 1)}, "y": _figure("b", 1)}), "cả nhóm"),
        (lambda: charts.told({}), "không có nhãn nào"),
    ],
)
def test_mistakes_of_the_author(make: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make()


def test_letters_come_from_the_report_font() -> None:
    from matplotlib import font_manager

    charts.canvas(1)
    path = font_manager.findfont("Tinos", fallback_to_default=False)
    assert "theme" in path and path.endswith("Tinos-Regular.ttf")


def test_labels_that_look_the_same_are_refused() -> None:
    with pytest.raises(InputError, match="hai nhãn của biểu đồ trông như nhau"):
        charts.bars({"một hai": _figure("a.b", 1), "một  hai": _figure("a.c", 2)})
