"""The figures of a month: saved and loaded, compared, searched, and what was asked for."""

from dataclasses import replace
from pathlib import Path

import pytest

from baocao.dataset import Dataset, build_dataset
from baocao.derived import load_derived
from baocao.errors import InputError
from baocao.figure import Figure
from baocao.intake import Intake
from baocao.month import Month
from baocao.period import Period
from baocao.tables import figure_table
from workbooks import ROOT, april, april_forms

DECLARATIONS = load_derived(ROOT / "data" / "derived.yml")


def march() -> Intake:
    """April's figures, each count ten less, as if they were of March."""
    data = {
        code: replace(datum, value=datum.value - 10)
        if isinstance(datum, Figure) and isinstance(datum.value, int)
        else datum
        for code, datum in april().data.items()
    }
    return replace(april(), period=Period(2024, 3), data=data)


@pytest.fixture
def dataset() -> Dataset:
    return build_dataset(april(), april_forms(), DECLARATIONS, march())


def test_saved_and_loaded_is_the_same(dataset: Dataset, tmp_path: Path) -> None:
    dataset.save(tmp_path / "dataset.json")
    loaded = Dataset.load(tmp_path / "dataset.json")
    assert loaded == dataset
    assert [loaded.get(code) for code in loaded.codes()] == [dataset.get(code) for code in dataset.codes()]
    assert loaded.change(loaded.get("cccd.da_cap")) == dataset.change(dataset.get("cccd.da_cap"))  # type: ignore[arg-type]
    loaded.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "dataset.json").read_bytes()


def test_other_format_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "dataset.json"
    dataset.save(path)
    path.write_text(path.read_text(encoding="utf-8").replace('"format": 1', '"format": 99'), encoding="utf-8")
    with pytest.raises(InputError, match="phiên bản khác"):
        Dataset.load(path)


def test_change_names_both_workbooks(dataset: Dataset) -> None:
    figure = dataset.get("cccd.da_cap")
    assert isinstance(figure, Figure)
    change = dataset.change(figure)
    assert change.value == 10
    assert [str(cell) for cell in change.cells] == [
        "01-cong-an.xlsx › CCCD, định danh › D9",
        "2024-03/01-cong-an.xlsx › CCCD, định danh › D9",
    ]


def test_change_of_a_derived_rate(dataset: Dataset) -> None:
    figure = dataset.get("cccd.ty_le")
    assert isinstance(figure, Figure)
    assert figure.value is not None
    assert dataset.change(figure).unit == "%"
    assert dataset.change(figure).decimals == 2


def test_without_a_previous_month_changes_are_missing() -> None:
    dataset = build_dataset(april(), april_forms(), DECLARATIONS, None)
    assert not dataset.has_previous
    assert dataset.change(dataset.get("cccd.da_cap")).missing  # type: ignore[arg-type]
    assert dataset.previous("cccd.da_cap") is None


def test_reads_are_what_was_asked_for_present_or_absent(dataset: Dataset) -> None:
    dataset.get("cccd.da_cap")
    dataset.previous("cccd.dan_so")
    with pytest.raises(InputError):
        dataset.get("cccd.khac")
    assert dataset.reads == {"cccd.da_cap", "cccd.da_cap.tinh_den", "cccd.dan_so", "cccd.khac"}


def test_table_reads_all_its_codes(dataset: Dataset) -> None:
    figure_table(dataset, "hoi")
    assert dataset.reads == {code for code in dataset.codes() if code.startswith("hoi.")}


def test_list_reads_the_row_that_it_does_not_have(dataset: Dataset) -> None:
    count = len(dataset.rows("dvc_28"))
    assert dataset.reads == {f"dvc_28.r{count + 1}"}


def test_search_reads_everything(dataset: Dataset) -> None:
    found = dataset.find("the cccd da cap")
    assert dataset.reads == set(dataset.codes())
    assert "cccd.da_cap" in {datum.code for datum in found}
    assert {datum.code for datum in dataset.find("THẺ  đã cấp")} >= {"cccd.da_cap"}
    assert list(dataset.find("không có gì như thế")) == []


def test_unknown_code_suggests_the_nearest(dataset: Dataset) -> None:
    with pytest.raises(InputError) as caught:
        dataset.get("cccd.da_capp")
    (problem,) = caught.value.problems
    assert problem.expected == "mã gần nhất: cccd.da_cap"


def test_labels_of_declared_rows_name_the_row(april_month: Month) -> None:
    labels = {figure.code: figure.label for figure in april_month.dataset.derived()}
    assert labels["hoi.nong_dan.ty_le"] == "Tỷ lệ đã cập nhật, phê duyệt trên tổng số, Hội Nông dân"
    assert labels["dvc_28.r1.ty_le"] == "Tỷ lệ hồ sơ trực tuyến, dòng 1"
