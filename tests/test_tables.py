"""Tables of figures and their HTML."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from baocao.dataset import build_dataset
from baocao.derived import load_derived
from baocao.errors import InputError
from baocao.figure import Figure
from baocao.month import Month
from baocao.tables import FigureTable, figure_table, labelled_html, reported, table_html
from workbooks import ROOT, april, april_forms


def test_grid_has_its_rows_titles_and_declared_figures(april_month: Month) -> None:
    table = figure_table(april_month.dataset, "hoi")
    assert list(table.columns) == ["ten", "tong_so", "da_cung_cap", "da_phe_duyet", "ty_le"]
    assert table.loc["nong_dan", "ten"] == "Hội Nông dân"
    assert table.loc["nong_dan", "ty_le"] is april_month.dataset.get("hoi.nong_dan.ty_le")
    assert len(table) == 7


def test_numbers_for_charts(april_month: Month) -> None:
    plain = figure_table(april_month.dataset, "hoi").numeric()
    assert plain["tong_so"].dtype.kind in "fi"
    assert plain.loc["nong_dan", "tong_so"] == 7355
    assert np.isnan(plain.loc["phuong_tien", "da_cung_cap"])


def test_only_reported_rows(april_month: Month) -> None:
    table = figure_table(april_month.dataset, "dvc_25")
    kept = reported(table)
    assert isinstance(kept, FigureTable)
    assert "phat_nguoi" in table.index
    assert "phat_nguoi" not in kept.index
    assert "khai_sinh" in kept.index


def test_html(april_month: Month) -> None:
    table = figure_table(april_month.dataset, "hoi").loc[["nong_dan", "phuong_tien"]]
    columns = {
        "stt": "STT",
        "ten": "Hội & <đoàn thể>",
        "tong_so": ("Hội viên", "Tổng số"),
        "da_cung_cap": ("Hội viên", "Đã cung cấp"),
        "ty_le": "Tỷ lệ",
    }
    html = table_html(FigureTable(table), columns, [1, 4, 2, 2, 1], "Bảng {{ x }}", 'ten"<bang>')
    assert '<table class="bang" data-name="ten&quot;&lt;bang&gt;">' in html
    assert "<caption>Bảng &#123;&#123; x &#125;&#125;</caption>" in html
    assert '<col style="width:40.00%">' in html
    assert '<th rowspan="2">Hội &amp; &lt;đoàn thể&gt;</th><th colspan="2">Hội viên</th>' in html
    assert '<td style="text-align:center">1</td><td class="ten-dong" style="text-align:left">Hội Nông dân</td>' in html
    assert 'data-so="hoi.nong_dan.tong_so" title="01-cong-an.xlsx › Hội, đoàn thể, phương tiện › D11">7.355<' in html
    assert '<td style="text-align:center"><span data-so="hoi.phuong_tien.da_cung_cap"' in html
    assert ">-</span>" in html


def test_rows_of_a_label_and_its_figures() -> None:
    figures = [Figure("a", 1200, "A", "thẻ"), Figure("b", None, "B", "thẻ")]
    html = labelled_html(
        ["Nội dung", ("Số lượng (thẻ)", "Xã & phường"), ("Số lượng (thẻ)", "Sở")], [("<Cấp>", figures)]
    )
    assert html.count("<tr>") == 3
    assert '<th rowspan="2">Nội dung</th><th colspan="2">Số lượng (thẻ)</th>' in html
    assert "<th>Xã &amp; phường</th><th>Sở</th>" in html
    assert '<td class="ten-dong" style="text-align:left">&lt;Cấp&gt;</td>' in html
    assert '<td style="text-align:right"><span data-so="a" title="">1.200</span></td>' in html
    assert '<td style="text-align:center"><span data-so="b" title="">-</span></td>' in html


def test_list_without_entries_keeps_its_columns() -> None:
    data = {code: datum for code, datum in april().data.items() if not code.startswith("dvc_28.")}
    intake = replace(april(), data=data, lengths={**april().lengths, "dvc_28": 0})
    dataset = build_dataset(intake, april_forms(), load_derived(ROOT / "data" / "derived.yml"), None)
    table = figure_table(dataset, "dvc_28")
    assert len(table) == 0
    assert list(table.columns)[-1] == "ty_le"
    html = table_html(table, {"stt": "STT", "dich_vu": "Dịch vụ", "ty_le": "Tỷ lệ"})
    assert '<tbody>\n<tr><td colspan="3">Trong kỳ chưa có báo cáo về nội dung này.</td></tr>\n</tbody>' in html


def test_columns_of_the_author(april_month: Month) -> None:
    table = FigureTable(figure_table(april_month.dataset, "hoi"))
    table["dem"] = np.arange(1000, 1007)
    table["so"] = [Decimal("1.5")] * 7
    table["trong"] = [float("nan")] * 7
    html = table_html(table, {"dem": "Đếm", "so": "Số", "trong": "Trống"})
    assert '<td style="text-align:right">1.000</td><td style="text-align:right">1,5</td>' in html
    assert '<td style="text-align:left"></td>' in html


def test_floating_point_is_refused(april_month: Month) -> None:
    table = figure_table(april_month.dataset, "hoi")
    table["so"] = [0.1] * 7
    with pytest.raises(InputError, match=r"không in được giá trị 0\.1 trong bảng"):
        table_html(table, {"so": "Số"})


def test_mistakes_of_the_author(april_month: Month) -> None:
    table = figure_table(april_month.dataset, "hoi")
    with pytest.raises(InputError, match="bảng không có cột: khac") as caught:
        table_html(table, {"khac": "Khác"})
    assert "tong_so" in caught.value.problems[0].expected
    with pytest.raises(InputError, match="có 1 cột nhưng 2 độ rộng"):
        table_html(table, {"ten": "Tên"}, [1, 2])


def test_figures_are_the_dataset_s_own(april_month: Month) -> None:
    table = figure_table(april_month.dataset, "hoi")
    assert all(isinstance(value, Figure) for value in table["tong_so"])
