"""Charts: what they say in numbers, how they are drawn, and that equal figures give equal pictures."""

import base64
import io
import re
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image

from baocao import charts
from baocao.figure import Figure


def _figure(code: str, value: int | Decimal | None, unit: str = "") -> Figure:
    return Figure(code, value, code, unit)


def _texts(axes: Any) -> list[str]:
    drawn = [text.get_text() for text in axes.texts]
    return [text.replace("\n", " ") for text in [*drawn, *(label.get_text() for label in axes.get_yticklabels())]]


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
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["thành phố", "cấp xã"]
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


def test_pictures_are_vector_and_sharp_raster_and_repeat_byte_for_byte() -> None:
    def draw() -> tuple[str, str]:
        return charts.images(charts.bars({"Đề án": _figure("a", 7)}))

    svg, png = draw()
    assert (svg, png) == draw()
    assert "<text" not in svg, "letters are outlines: a reader needs no font"
    assert not re.search(r"\d{4}-\d{2}-\d{2}T", svg)
    image = Image.open(io.BytesIO(base64.b64decode(png)))
    assert image.info["dpi"] == pytest.approx((300, 300), abs=1)
    assert image.width == pytest.approx(16 / 2.54 * 300, abs=2)


def test_letters_come_from_the_report_font() -> None:
    from matplotlib import font_manager

    charts.canvas(1)
    path = font_manager.findfont("Tinos", fallback_to_default=False)
    assert "theme" in path and path.endswith("Tinos-Regular.ttf")
