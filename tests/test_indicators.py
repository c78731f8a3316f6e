"""The main indicators: declared by code, checked against the data, compared with the month before."""

import shutil
from pathlib import Path

import openpyxl
import pytest

from baocao.errors import InputError
from baocao.indicators import read_indicators
from baocao.month import Month, read_month
from baocao.period import Period
from baocao.project import Project
from workbooks import APRIL, CARDS, POLICE, ROOT, folder_of, put

MARCH = Period(2024, 3)


def declared(folder: Path, *entries: str) -> Path:
    path = folder / "indicators.yml"
    path.write_text("\n".join(["indicators:", *(f"  - {{{entry}}}" for entry in entries)]), encoding="utf-8")
    return path


def test_what_april_shows_first(april_month: Month) -> None:
    shown = {item.label: (str(item.value), item.value.unit, str(item.rate)) for item in april_month.indicators}
    assert shown == {
        "Thẻ CCCD gắn chip đã cấp": ("375.671", "thẻ", "96,82%"),
        "Công dân đã được duyệt cấp tài khoản định danh điện tử": ("332.295", "người", "85,64%"),
        "Công dân đã kích hoạt tài khoản định danh điện tử": ("316.294", "người", "81,52%"),
        "Hồ sơ trực tuyến trên tổng số hồ sơ của các DVC thiết yếu có báo cáo": ("6.063", "hồ sơ", "98,97%"),
        "Hồ sơ trực tuyến của các DVC thiết yếu có báo cáo, xử lý đúng hạn": ("6.054", "hồ sơ", "99,85%"),
        "Người có công đã được cập nhật dữ liệu": ("2.754", "đối tượng", "98%"),
        "Trẻ em đã có mã định danh": ("85.782", "trẻ em", "100%"),
        "Dữ liệu hộ tịch đã số hóa": ("473.543", "dữ liệu", "100%"),
    }
    assert all(item.change.missing for item in april_month.indicators)


def test_terms_change_with_the_law(april_month: Month) -> None:
    path = ROOT / "data" / "indicators.yml"
    for month, label in ((6, "Thẻ CCCD gắn chip đã cấp"), (7, "Thẻ căn cước đã cấp")):
        dataset = type(april_month.dataset)(
            Period(2024, month),
            april_month.dataset.inputs,
            april_month.dataset.blocks,
            april_month.dataset.declarations,
        )
        labels = [item.label for item in read_indicators(path, dataset)]
        assert labels[0] == label
        assert len(labels) == 8


def test_compared_with_the_month_before(project: Project) -> None:
    march = project.submissions(MARCH)
    shutil.copytree(folder_of(project), march)
    for path in march.glob("*.xlsx"):
        book = openpyxl.load_workbook(path)
        for page in book.worksheets:
            page["A2"].value = "Kỳ báo cáo: Tháng 3 năm 2024"
        book.save(path)
    put(march / POLICE, CARDS, "D9", 375000)
    first, second, *_ = read_month(project, APRIL).indicators
    assert (first.change.value, second.change.value) == (671, 0)


def test_value_that_nobody_reported_stays_missing(project: Project) -> None:
    put(folder_of(project) / POLICE, CARDS, "D14", None)
    month = read_month(project, APRIL)
    item = next(item for item in month.indicators if item.value.code == "dinh_danh.da_cap")
    assert item.value.missing
    assert item.rate is not None
    assert item.rate.missing


def test_indicators_are_no_reads_of_a_section(april_month: Month) -> None:
    before = set(april_month.dataset.reads)
    (item,) = read_indicators(ROOT / "data" / "indicators.yml", april_month.dataset)[:1]
    assert item.reads == {"cccd.da_cap", "cccd.da_cap.tinh_den", "cccd.ty_le"}
    assert april_month.dataset.reads == before


def test_unknown_codes_and_texts_are_refused_at_their_lines(tmp_path: Path, april_month: Month) -> None:
    path = declared(
        tmp_path,
        "label: Một, value: cccd.da_cap",
        "label: Hai, value: cccd.da_cp, rate: cccd.ty_le",
        "label: Ba, value: cccd.da_cap, rate: cccd.ty_lee",
        "label: Bốn, value: nguoi_co_cong.ly_do",
        "label: Năm, value: khong.co, valid_to: 2024-03",
    )
    with pytest.raises(InputError) as caught:
        read_indicators(path, april_month.dataset)
    assert [(item.where, item.what, item.expected) for item in caught.value.problems] == [
        (("data/indicators.yml", "dòng 3"), "không có mã “cccd.da_cp”", "mã gần nhất: cccd.da_cap"),
        (("data/indicators.yml", "dòng 4"), "không có mã “cccd.ty_lee”", "mã gần nhất: cccd.ty_le"),
        (("data/indicators.yml", "dòng 5"), "mã “nguoi_co_cong.ly_do” không phải một con số", "mã của một con số"),
    ]
    assert all(item.remedy for item in caught.value.problems)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("value: cccd.da_cap", "thiếu khóa “label”"),
        ("label: A, value: cccd.da_cap, rates: cccd.ty_le", "khóa “rates” không được biết đến"),
        ("label: A, value: cccd.da_cap, valid_to: 2024-13", "tháng dạng NNNN-TT"),
    ],
)
def test_malformed_entries_name_file_and_line(tmp_path: Path, april_month: Month, entry: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_indicators(declared(tmp_path, "label: Một, value: cccd.da_cap", entry), april_month.dataset)
    assert words in str(caught.value)
    assert caught.value.problems[0].where == ("data/indicators.yml", "dòng 3")


def test_a_wrong_code_stops_before_anything_runs(project: Project) -> None:
    text = project.indicators.read_text(encoding="utf-8")
    project.indicators.write_text(text.replace("dinh_danh.da_cap", "dinh_danh.da_capp"), encoding="utf-8")
    with pytest.raises(InputError, match=r"không có mã “dinh_danh\.da_capp”"):
        read_month(project, APRIL)
