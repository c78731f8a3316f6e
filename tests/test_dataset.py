"""The figures of a month: saved and loaded, compared, searched, and what was asked for."""

from dataclasses import replace
from pathlib import Path

import pytest

from baocao.dataset import Dataset, build_dataset, previous_month
from baocao.derived import Derived, load_derived
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


def everything(dataset: Dataset) -> set[str]:
    return {*dataset.inputs, *(figure.code for figure in dataset.derived())}


@pytest.fixture
def dataset() -> Dataset:
    return build_dataset(april(), april_forms(), DECLARATIONS, previous_month(march(), april_forms(), DECLARATIONS))


def test_saved_and_loaded_is_the_same(dataset: Dataset, tmp_path: Path) -> None:
    dataset.save(tmp_path / "dataset.json")
    loaded = Dataset.load(tmp_path / "dataset.json")
    assert loaded == dataset
    assert loaded.derived() == dataset.derived()
    for code in (*dataset.inputs, *(figure.code for figure in dataset.derived())):
        assert loaded.get(code) == dataset.get(code)
        assert loaded.previous(code) == dataset.previous(code)
    assert loaded.change(loaded.get("cccd.da_cap")) == dataset.change(dataset.get("cccd.da_cap"))  # type: ignore[arg-type]
    loaded.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "dataset.json").read_bytes()


def test_other_format_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "dataset.json"
    dataset.save(path)
    path.write_text(path.read_text(encoding="utf-8").replace('"format": 2', '"format": 99'), encoding="utf-8")
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


def with_entries(intake: Intake, count: int) -> Intake:
    """The month with so many entries in the list `dvc_28`, all like the first."""
    first = {code: datum for code, datum in intake.data.items() if code.startswith("dvc_28.r1.")}
    assert first
    data = {code: datum for code, datum in intake.data.items() if not code.startswith("dvc_28.")}
    for number in range(1, count + 1):
        for code, datum in first.items():
            other = code.replace(".r1.", f".r{number}.")
            data[other] = replace(datum, code=other)
    return replace(intake, data=data, lengths={**intake.lengths, "dvc_28": count})


@pytest.mark.parametrize(("now", "then"), [(4, 3), (3, 4), (2, 0), (0, 2)])
def test_previous_month_is_derived_with_its_own_rows(tmp_path: Path, now: int, then: int) -> None:
    declared = (
        *DECLARATIONS,
        Derived(code="dvc_28.tong", label="T", operation="sum", operands=("dvc_28.*.tong_so",)),
    )
    before = previous_month(with_entries(march(), then), april_forms(), declared)
    dataset = build_dataset(with_entries(april(), now), april_forms(), declared, before)
    dataset.save(tmp_path / "dataset.json")
    for one in (dataset, Dataset.load(tmp_path / "dataset.json")):
        for number in range(1, 5):
            assert (f"dvc_28.r{number}.ty_le" in one) == (number <= now)
            earlier = one.previous(f"dvc_28.r{number}.ty_le")
            assert (earlier is not None) == (number <= then)
            assert earlier is None or earlier.label == f"Tỷ lệ hồ sơ trực tuyến, dòng {number}"
        total = one.previous("dvc_28.tong")
        assert total is not None
        assert total.missing == (then == 0)


def test_previous_month_has_declarations_of_its_own() -> None:
    renamed = tuple(item.model_copy(update={"decimals": 0}) for item in DECLARATIONS)
    dataset = build_dataset(april(), april_forms(), DECLARATIONS, previous_month(march(), april_forms(), renamed))
    now, before = dataset.get("cccd.ty_le"), dataset.previous("cccd.ty_le")
    assert isinstance(now, Figure)
    assert isinstance(before, Figure)
    assert (now.decimals, before.decimals) == (2, 0)


def test_without_a_previous_month_changes_are_missing() -> None:
    dataset = build_dataset(april(), april_forms(), DECLARATIONS, None)
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
    assert dataset.reads == {code for code in everything(dataset) if code.startswith("hoi.")}


def test_table_reads_codes_that_only_some_rows_have(dataset: Dataset) -> None:
    one = Derived(code="hoi.nong_dan.con_lai", label="Còn lại", operation="sum", operands=("hoi.nong_dan.tong_so",))
    dataset = replace(dataset, declarations=(*DECLARATIONS, one), reads=set())
    table = figure_table(dataset, "hoi")
    assert table.loc["lao_dong", "con_lai"] is None
    assert {"hoi.nong_dan.con_lai", "hoi.lao_dong.con_lai"} <= dataset.reads


def test_machinery_reads_without_a_trace(dataset: Dataset) -> None:
    assert "cccd.da_cap" in dataset
    assert "cccd.khac" not in dataset
    assert dataset.has_prefix("cccd")
    assert "cccd" in dataset.names_under("")
    assert dataset.columns("hoi")
    assert dataset.derived()
    assert dataset.reads == set()


def test_list_reads_the_row_that_it_does_not_have(dataset: Dataset) -> None:
    count = len(dataset.rows("dvc_28"))
    assert dataset.reads == {f"dvc_28.r{count + 1}"}


def test_search_reads_everything(dataset: Dataset) -> None:
    found = dataset.find("the cccd da cap")
    assert dataset.reads == everything(dataset)
    assert "cccd.da_cap" in {datum.code for datum in found}
    assert {datum.code for datum in dataset.find("THẺ  đã cấp")} >= {"cccd.da_cap"}
    assert list(dataset.find("không có gì như thế")) == []


def test_search_knows_the_titles_of_blocks(dataset: Dataset) -> None:
    for words in ("căn cước", "can cuoc"):
        assert "cccd.da_cap" in {datum.code for datum in dataset.find(words)}


def test_unknown_code_suggests_the_nearest(dataset: Dataset) -> None:
    with pytest.raises(InputError) as caught:
        dataset.get("cccd.da_capp")
    (problem,) = caught.value.problems
    assert problem.expected == "mã gần nhất: cccd.da_cap"


def test_labels_of_declared_rows_name_the_row(april_month: Month) -> None:
    labels = {figure.code: figure.label for figure in april_month.dataset.derived()}
    assert labels["hoi.nong_dan.ty_le"] == "Tỷ lệ đã cập nhật, phê duyệt trên tổng số, Hội Nông dân"
    assert labels["dvc_28.r1.ty_le"] == "Tỷ lệ hồ sơ trực tuyến, dòng 1"
