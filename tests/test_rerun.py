"""Which sections run again after a change: what is not run again would have been given the same answers."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baocao import narrative
from baocao.dataset import Dataset, build_dataset, previous_month
from baocao.derived import Derived, load_derived
from baocao.errors import InputError
from baocao.figure import Date, Datum, Figure, Text
from baocao.intake import Intake
from baocao.narrative import Namespace
from baocao.notebook import Report
from baocao.params import Params, load_params
from baocao.part import Part
from baocao.preview.rerun import Change, Done, Material, change_of, changed_codes, to_run
from baocao.project import Project, Section
from baocao.tables import figure_table
from test_dataset import march, with_entries
from workbooks import APRIL, ROOT, april, april_forms

SECTION = Section(24, ROOT / "notebooks" / "24-dich-vu-cong.ipynb", False)
GROUPS = "hoi"
LIST = "dvc_28"


@cache
def params() -> Params:
    return load_params(Project(ROOT), APRIL)


def dataset(now: Intake | None = None, before: Intake | None = None, first: bool = False) -> Dataset:
    declared = load_derived(ROOT / "data" / "derived.yml")
    earlier = None if first else previous_month(before or march(), april_forms(), declared)
    return build_dataset(now or april(), april_forms(), declared, earlier)


def with_declared(data: Dataset, code: str) -> Dataset:
    """One more declared figure."""
    operands = (f"{GROUPS}.*.tong_so",) if "*" in code else ("cccd.dan_so",)
    more = Derived(code=code, label="Tổng mới", operation="sum", operands=operands)
    return replace(data, declarations=(*data.declarations, more))


def done(reads: Sequence[str], sha256: str = "a", section: Section = SECTION) -> dict[int, Done]:
    return {section.number: Done(Part(section, (), tuple(reads)), sha256)}


def rerun(reads: Sequence[str], old: Material | None, new: Material, sha256: str = "a") -> dict[int, str]:
    return to_run([SECTION], {SECTION.number: sha256}, done(reads) if old else {}, old, new)


def with_value(intake: Intake, code: str, value: object) -> Intake:
    return replace(intake, data={**intake.data, code: replace(intake.data[code], value=value)})  # type: ignore[arg-type]


def test_nothing_changed_runs_nothing() -> None:
    old, new = (Material(dataset(), params()) for _ in range(2))
    assert rerun(["cccd.da_cap", "params:issuer", "params:terms.the_gon", f"{LIST}.r99"], old, new) == {}


def test_the_first_time_and_a_failed_section() -> None:
    material = Material(dataset(), params())
    assert rerun([], None, material) == {24: "lần chạy đầu"}
    assert to_run([SECTION], {24: "a"}, {}, material, material) == {24: "chưa có kết quả dùng được"}


def test_a_saved_notebook_and_another_one() -> None:
    material = Material(dataset(), params())
    assert rerun([], material, material, sha256="b") == {24: "sổ tay được lưu"}
    own = replace(SECTION, notebook=ROOT / "notebooks" / "2024-04" / SECTION.notebook.name, own=True)
    reasons = to_run([own], {24: "a"}, done([]), material, material)
    assert reasons == {24: "sổ tay riêng của kỳ được thêm hoặc bỏ"}


def test_a_value_runs_who_read_it_and_who_read_what_is_made_of_it() -> None:
    old = Material(dataset(), params())
    new = Material(dataset(with_value(april(), "cccd.da_cap", 7)), params())
    assert "cccd.da_cap" in rerun(["cccd.da_cap"], old, new)[24]
    assert "cccd.ty_le" in rerun(["cccd.ty_le"], old, new)[24]
    assert rerun(["cccd.dan_so", "ho_so.cap_xa.tong_so"], old, new) == {}


def test_the_month_before_counts() -> None:
    old = Material(dataset(), params())
    new = Material(dataset(before=with_value(march(), "cccd.da_cap", 7)), params())
    assert rerun(["cccd.da_cap"], old, new)
    assert rerun(["cccd.dan_so"], old, new) == {}
    assert rerun(["cccd.dan_so"], old, Material(dataset(first=True), params()))


def test_equal_numbers_that_print_differently() -> None:
    from decimal import Decimal

    old, new = (dataset(with_value(april(), "cccd.da_cap", value)) for value in (98, Decimal("98.0")))
    assert "cccd.da_cap" in changed_codes(old, new)


@pytest.mark.parametrize(("now", "then"), [(3, 4), (4, 3), (2, 0), (0, 2)])
def test_a_row_more_or_less_runs_who_walked_over_the_list(now: int, then: int) -> None:
    old, new = (Material(dataset(with_entries(april(), count)), params()) for count in (then, now))
    walked = Dataset.rows(old.dataset, LIST)
    assert len(walked) == then
    assert rerun(sorted(old.dataset.reads), old, new)
    assert rerun(["cccd.dan_so"], old, new) == {}


def test_parameters_run_who_asked_for_them() -> None:
    data = dataset()
    old = Material(data, params())
    other = replace(params(), issuer=params().issuer.model_copy(update={"area": "thành phố khác"}))
    assert "tham số issuer" in rerun(["params:issuer"], old, Material(data, other))[24]
    assert rerun(["params:signer", "cccd.da_cap"], old, Material(data, other)) == {}
    assert rerun(["params:fill"], old, Material(data, other)), "a method may rest on anything"
    terms = replace(params(), terms={**params().terms, "the_gon": "thẻ khác"})
    assert rerun(["params:terms.the_gon"], old, Material(data, terms))
    assert rerun(["params:terms"], old, Material(data, terms))
    assert rerun(["params:terms.the_dien_tu"], old, Material(data, terms)) == {}


def test_a_report_notes_parameters_and_terms() -> None:
    report = Report(dataset(), params())
    assert report.params.issuer.area == params().issuer.area
    assert report.text('{{ term("the_gon") }}') == params().terms["the_gon"]
    assert set(report.take_reads()) == {"params:issuer", "params:terms.the_gon"}
    with pytest.raises(AttributeError):
        _ = report.params.khong_co  # type: ignore[attr-defined]
    assert report.take_reads() == []


def test_a_new_definition_runs_everything() -> None:
    old = Material(dataset(), params())
    blocks = dict(old.dataset.blocks)
    blocks["cccd"] = replace(blocks["cccd"], title="Tên khác")
    new = Material(replace(old.dataset, blocks=blocks), params())
    assert rerun([], old, new) == {24: "biểu mẫu hoặc khai báo số liệu đã đổi"}
    alone = Material(with_declared(old.dataset, "moi_het.tong"), params())
    assert rerun([], old, alone) == {24: "biểu mẫu hoặc khai báo số liệu đã đổi"}, "a name that a notebook may have"
    assert rerun([], alone, old) == {24: "biểu mẫu hoặc khai báo số liệu đã đổi"}
    turned = Material(replace(old.dataset, declarations=old.dataset.declarations[::-1]), params())
    assert rerun([], old, turned) == {24: "biểu mẫu hoặc khai báo số liệu đã đổi"}, "tables have another order"


def test_a_figure_more_or_less_runs_who_read_of_its_block() -> None:
    old = Material(dataset(), params())
    more = Material(with_declared(old.dataset, "cccd.moi"), params())
    for before, after in ((old, more), (more, old)):
        assert rerun(["cccd.dan_so"], before, after) == {24: "số liệu đọc đã đổi: cccd.moi"}
        assert rerun(["hoi.phu_nu.tong_so", "params:issuer"], before, after) == {}
        assert rerun(sorted(before.dataset.data), before, after), "a search could find it, or did"
    column = Material(with_declared(old.dataset, f"{GROUPS}.*.moi"), params())
    table = replace(old.dataset, reads=set())
    figure_table(table, GROUPS)
    assert rerun(sorted(table.reads), old, column)
    assert rerun(["cccd.dan_so"], old, column) == {}


# ---- Whatever a section asks and whatever changes: one that is not run again would have been given the same answers.

CODES = sorted(dataset().data)
INPUTS = sorted(code for code in dataset().inputs if not code.startswith(f"{LIST}."))
OPERANDS = {operand for item in dataset().declarations for operand in item.operands}
DECLARED = [item.code for item in dataset().declarations if item.code not in OPERANDS]
QUESTIONS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["lookup", "previous"]), st.sampled_from(CODES)),
        st.tuples(st.sampled_from(["rows", "table", "entries"]), st.sampled_from([LIST, GROUPS, "ho_so"])),
        st.tuples(st.just("find"), st.sampled_from(["can cuoc", "truc tuyen", "dong 3"])),
        st.tuples(st.just("name"), st.sampled_from(["cccd", "cccd.moi", "hoi.phu_nu", "moi_het", "ho_so.cap_xa.moi"])),
        st.tuples(st.just("term"), st.sampled_from(["the_gon", "the_dien_tu"])),
        st.tuples(st.just("param"), st.sampled_from(["issuer", "signer", "symbol_line"])),
    ),
    max_size=4,
)


def answers(material: Material, questions: Sequence[tuple[str, str]]) -> tuple[list[object], set[str]]:
    data = replace(material.dataset, reads=set())
    report = Report(data, material.params)
    names = narrative.context(data, material.params.terms)
    given: list[object] = []
    for kind, what in questions:
        match kind:
            case "lookup":
                given.append(data.lookup(what))
            case "previous":
                given.append(data.previous(what))
            case "rows":
                given.append(data.rows(what))
            case "table":
                given.append(figure_table(data, what).to_dict())
            case "entries":
                entries: list[Namespace] = names["entries"](what)  # type: ignore[operator]
                given.append(len(entries))
            case "find":
                given.append(list(data.find(what)))
            case "name":
                try:
                    given.append(type(narrative.resolve(data, what)))
                except InputError:
                    given.append(None)
            case "term":
                given.append(report.text(f"{{{{ term('{what}') }}}}"))
            case "param":
                given.append(getattr(report.params, what))
    return given, data.reads


def changed(datum: Datum, number: int) -> Datum:
    if isinstance(datum, Figure):
        return replace(datum, value=None if number == 0 else number)
    if isinstance(datum, Text):
        return replace(datum, value=None if number == 0 else f"chữ {number}")
    assert isinstance(datum, Date)
    return replace(datum, value=None)


@settings(max_examples=60, deadline=None)
@given(
    QUESTIONS,
    st.lists(st.tuples(st.sampled_from(INPUTS), st.integers(0, 3)), max_size=2),
    st.lists(st.tuples(st.sampled_from(INPUTS), st.integers(0, 3)), max_size=1),
    st.sampled_from([2, 3, 4]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(
        ["", "cccd.moi", f"{GROUPS}.*.moi", "hoi.phu_nu.moi", "moi_het.tong", f"-{DECLARED[0]}", f"-{DECLARED[-1]}"]
    ),
)
def test_who_is_not_run_again_has_the_same_answers(
    questions: list[tuple[str, str]],
    now: list[tuple[str, int]],
    then: list[tuple[str, int]],
    rows: int,
    other_issuer: bool,
    other_term: bool,
    declared: str,
) -> None:
    old = Material(dataset(with_entries(april(), 3)), params())
    edited, before = with_entries(april(), rows), march()
    edited = replace(edited, data={**edited.data, **{code: changed(edited.data[code], value) for code, value in now}})
    before = replace(before, data={**before.data, **{code: changed(before.data[code], value) for code, value in then}})
    wanted = params()
    if other_issuer:
        wanted = replace(wanted, issuer=wanted.issuer.model_copy(update={"symbol": "BC-KHAC"}))
    if other_term:
        wanted = replace(wanted, terms={**wanted.terms, "the_gon": "thẻ khác"})
    data = dataset(edited, before)
    if declared.startswith("-"):
        data = replace(data, declarations=tuple(item for item in data.declarations if item.code != declared[1:]))
    elif declared:
        data = with_declared(data, declared)
    new = Material(data, wanted)
    given_before, reads = answers(old, questions)
    given_now, _ = answers(new, questions)
    if not rerun(sorted(reads), old, new):
        assert repr(given_now) == repr(given_before)


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("notebooks/24-dich-vu-cong.ipynb", Change.NOTEBOOK),
        ("notebooks/2024-04/40-phuong-huong.ipynb", Change.NOTEBOOK),
        ("notebooks/2024-04", Change.NOTEBOOK),
        ("notebooks/2024-05/40-phuong-huong.ipynb", None),
        ("notebooks/.ipynb_checkpoints/24-dich-vu-cong-checkpoint.ipynb", None),
        ("notebooks/.~24-dich-vu-cong.ipynb", None),
        ("notebooks/ghi-chu.txt", None),
        ("params/defaults.yml", Change.MATERIAL),
        ("params/2024-04.yml", Change.MATERIAL),
        ("params/2024-03.yml", Change.MATERIAL),
        ("params/2023-12.yml", None),
        ("params/2024-04.yml~", None),
        ("data/2024-04/01-cong-an.xlsx", Change.MATERIAL),
        ("data/2024-03/01-cong-an.xlsx", Change.MATERIAL),
        ("data/2024-04", Change.MATERIAL),
        ("data/2024-04/~$01-cong-an.xlsx", Change.MATERIAL),
        ("data/2024-04/.~lock.01-cong-an.xlsx#", Change.MATERIAL),
        ("data/2024-04/4F21.tmp", None),
        ("data/2024-04/.DS_Store", None),
        ("data/2023-12/~$01-cong-an.xlsx", None),
        ("data/2023-12/01-cong-an.xlsx", None),
        ("data/forms/01-cong-an.yml", Change.MATERIAL),
        ("data/rules.yml", Change.MATERIAL),
        ("_quarto.yml", Change.LOOK),
        ("src/baocao/theme/van-ban.css", Change.LOOK),
        ("src/baocao/run.py", None),
        ("outputs/2024-04/bao-cao-2024-04.html", None),
        ("README.md", None),
    ],
)
def test_what_a_file_is_to_the_report(path: str, change: Change | None) -> None:
    assert change_of(ROOT / path, Project(ROOT), APRIL) is change


def test_a_file_elsewhere_is_nothing() -> None:
    assert change_of(Path("elsewhere") / "params" / "defaults.yml", Project(ROOT), APRIL) is None
