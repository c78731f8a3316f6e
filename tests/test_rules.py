"""Rules as data: every kind where it is kept, broken and open; what April really has; what a rules file may not say."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from baocao.dataset import BlockInfo
from baocao.errors import InputError, Severity
from baocao.figure import Cell, Date, Datum, Figure, Text, rate
from baocao.finding import Finding
from baocao.month import Month, read_month
from baocao.params import load_params
from baocao.period import Period
from baocao.project import Project
from baocao.rules import NAME, AnyRule, RuleFile, Rules, load_rules
from baocao.ruling import evaluate
from baocao.scene import Scene
from baocao.units import load_units
from baocao.vi import PartialDate
from baocao.yamlfile import load_model
from conftest import copy_project
from workbooks import APRIL, CARDS, GROUPS, OFFICE, ONE_STOP, POLICE, ROOT, folder_of, put

LABOUR = "02-lao-dong.xlsx"
MARCH = Period(2024, 3)
LIST = BlockInfo("nv", "list", "Nhiệm vụ", "f", (("r1", "1"), ("r2", "2")), ())
GRID = BlockInfo("dv", "grid", "Dịch vụ", "f", (("a", "Dịch vụ A"), ("b", "Dịch vụ B"), ("c", "Dịch vụ C")), ())
CONVENTIONS = load_model(ROOT / "data" / "rules.yml", RuleFile, NAME).documents
PARAMS = load_params(Project(ROOT), APRIL)
UNITS = load_units(Project(ROOT).units, APRIL)
MADE: TypeAdapter[AnyRule] = TypeAdapter(AnyRule)


def cell(code: str) -> Cell:
    return Cell("a.xlsx", "Tờ", f"D{sum(map(ord, code))}")


def datum(code: str, value: Any) -> Datum:
    """A number (or nothing), a date for a code that says so, or a text."""
    if code.rpartition(".")[2] in ("tinh_den", "ngay", "han"):
        return Date(code, PartialDate.parse(value) if value else None, f"Nhãn {code}", cell(code))
    if isinstance(value, str) or code.rpartition(".")[2] in ("ten", "ket_qua", "so", "loai", "co_quan"):
        return Text(code, value, f"Nhãn {code}", cell(code))
    return Figure(code, value, f"Nhãn {code}", "hồ sơ", cell=cell(code))


def scene(values: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> Scene:
    data = {code: datum(code, value) for code, value in values.items()}
    earlier = {code: datum(code, value) for code, value in (before or {}).items()}
    return Scene(APRIL, data, frozenset(data), earlier, {"nv": LIST, "dv": GRID}, PARAMS, ())


def judge(
    entry: Mapping[str, Any], values: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> tuple[Finding, ...]:
    return judge_all([entry], scene(values, before))


def judge_all(entries: list[Mapping[str, Any]], where: Scene) -> tuple[Finding, ...]:
    made = tuple(MADE.validate_python({"rule": "r", "severity": "cảnh báo", **entry}) for entry in entries)
    return evaluate(Rules(made, CONVENTIONS, {"ten": ("Cấp điện mới", "Đăng ký thường trú")}, UNITS), where)


# -------------------- kinds of rules

CHAIN = {"kind": "part_whole", "chains": [["x.a", "x.b", "x.c"]]}


@pytest.mark.parametrize(
    ("a", "b", "c", "broken"),
    [
        (1, 2, 3, []),
        (3, 3, 3, []),
        (0, 0, 0, []),
        (3, 2, 5, ["x.a/x.b"]),
        (1, 6, 5, ["x.b/x.c"]),
        (7, 6, 5, ["x.a/x.c", "x.b/x.c"]),
        (6, 7, 5, ["x.a/x.c", "x.b/x.c"]),
        (6, 5, 5, ["x.a/x.c"]),
        (6, None, 5, ["x.a/x.c"]),
        (4, None, 5, []),
        (None, None, 5, []),
        (9, None, None, []),
    ],
)
def test_part_whole(a: int | None, b: int | None, c: int | None, broken: list[str]) -> None:
    assert [item.code for item in judge(CHAIN, {"x.a": a, "x.b": b, "x.c": c})] == broken


def test_part_whole_says_both_numbers_and_cells() -> None:
    (one,) = judge(CHAIN, {"x.a": 2000, "x.b": 1500, "x.c": None})
    assert one.problem.what == "Nhãn x.a (2.000) lớn hơn Nhãn x.b (1.500)"
    assert one.problem.where == ("a.xlsx", "Tờ", cell("x.a").ref)
    assert one.problem.expected == f"không quá 1.500, theo {cell('x.b')}"
    assert one.cells == (cell("x.a"), cell("x.b"))


def test_same_row_for_every_star() -> None:
    values = {"dv.a.p": 5, "dv.a.q": 4, "dv.b.p": 1, "dv.b.q": 9, "dv.c.p": None, "dv.c.q": 1}
    entry = {"kind": "part_whole", "chains": [["dv.*.p", "dv.*.q"]]}
    assert [item.code for item in judge(entry, values)] == ["dv.a.p/dv.a.q"]
    units = {"u.x.a.p": 5, "u.x.a.q": 4, "u.y.a.p": 3, "u.y.a.q": 4}
    entry = {"kind": "part_whole", "chains": [["u.*.*.p", "u.*.*.q"]]}
    assert [item.code for item in judge(entry, units)] == ["u.x.a.p/u.x.a.q"]


def test_declared_rate_above_one_hundred() -> None:
    where = scene({"x.a": 5, "x.b": 4})
    part, whole = where.data["x.a"], where.data["x.b"]
    assert isinstance(part, Figure)
    assert isinstance(whole, Figure)
    data = {**where.data, "x.ty_le": rate(part, whole)}
    entry = {"kind": "part_whole", "declared_rates": True}
    found = judge_all([entry], Scene(APRIL, data, where.typed, {}, {}, where.params, ()))
    assert [item.code for item in found] == ["x.a/x.b"]


@given(st.lists(st.none() | st.integers(0, 9), min_size=3, max_size=3))
def test_chain_is_broken_exactly_where_neighbours_are_out_of_order(values: list[int | None]) -> None:
    known = [value for value in values if value is not None]
    found = judge(CHAIN, dict(zip(("x.a", "x.b", "x.c"), values, strict=True)))
    assert bool(found) == (known != sorted(known))


SUM = {"kind": "sum", "whole": "x.w", "parts": ["x.a", "x.b"]}


@pytest.mark.parametrize(
    ("whole", "a", "b", "at_most", "broken"),
    [
        (10, 4, 6, False, False),
        (10, 4, 5, False, True),
        (10, 4, 7, False, True),
        (10, 4, 5, True, False),
        (10, 4, 7, True, True),
        (10, 4, None, False, False),  # the other part is open
        (10, 11, None, False, True),
        (10, None, None, False, False),
        (None, 4, 6, False, False),
    ],
)
def test_sum(whole: int | None, a: int | None, b: int | None, at_most: bool, broken: bool) -> None:
    found = judge({**SUM, "at_most": at_most}, {"x.w": whole, "x.a": a, "x.b": b})
    assert [item.code for item in found] == (["x.w"] if broken else [])


def test_sum_names_whole_and_parts() -> None:
    (one,) = judge({**SUM, "why": "a + b = w"}, {"x.w": 2810, "x.a": 2754, "x.b": 57})
    assert one.problem.what == "tổng các phần 2.811 khác Nhãn x.w (2.810): Nhãn x.a (2.754) + Nhãn x.b (57)"
    assert one.problem.expected.endswith(f"57 tại {cell('x.b')} (a + b = w)")
    assert one.cells == (cell("x.w"), cell("x.a"), cell("x.b"))


EQUAL = {"kind": "equal", "subject": "Người có công", "codes": ["x.a", "y.b"]}


@pytest.mark.parametrize(
    ("a", "b", "broken"),
    [(2810, 2842, True), (2810, 2810, False), (None, 2842, False), (0, 1, True), (None, None, False)],
)
def test_equal(a: int | None, b: int | None, broken: bool) -> None:
    found = judge(EQUAL, {"x.a": a, "y.b": b})
    assert [item.code for item in found] == (["x.a/y.b"] if broken else [])
    for item in found:
        assert item.cells == (cell("x.a"), cell("y.b"))
        assert str(cell("x.a")) in item.problem.expected
        assert str(cell("y.b")) in item.problem.expected


@pytest.mark.parametrize(
    ("day", "broken"),
    [
        ("14/3/2024", True),
        ("15/3/2024", False),
        ("14/4/2024", False),
        ("15/4/2024", True),
        ("4/2024", False),
        ("2/2024", True),
        ("2024", False),
        ("2023", True),
        (None, False),
    ],
)
def test_as_of_in_window(day: str | None, broken: bool) -> None:
    found = judge({"kind": "as_of_in_window"}, {"x.a.tinh_den": day, "x.ngay": "1/1/2020"})
    assert [item.code for item in found] == (["x.a.tinh_den"] if broken else [])


def test_window_for_named_dates_with_words_of_its_own() -> None:
    entry = {"kind": "as_of_in_window", "codes": ["nv.*.ngay"], "besides": ["nv.r2.ngay"], "remedy": "bỏ văn bản này"}
    values = {"nv.r1.ngay": "1/1/2020", "nv.r2.ngay": "1/1/2020", "x.tinh_den": "1/1/2020"}
    (one,) = judge(entry, values)
    assert (one.code, one.problem.remedy) == ("nv.r1.ngay", "bỏ văn bản này")


GROWS = {"kind": "non_decreasing", "codes": ["x.a"]}
JUMP = {"kind": "jump", "percent": 50, "minimum": 20}
TRAP = {"kind": "thousand_fold", "severity": "lỗi"}


@pytest.mark.parametrize(
    ("entry", "now", "before", "broken"),
    [
        (GROWS, 99, 100, True),
        (GROWS, 100, 100, False),
        (GROWS, None, 100, False),
        (GROWS, 5, None, False),
        (JUMP, 150, 100, False),
        (JUMP, 151, 100, True),
        (JUMP, 50, 100, False),
        (JUMP, 49, 100, True),
        (JUMP, 19, 2, False),
        (JUMP, 20, 0, True),
        (JUMP, 0, 20, True),
        (JUMP, 0, 0, False),
        (JUMP, None, 100, False),
        ({"kind": "jump", "factor": 3}, 299, 100, False),
        ({"kind": "jump", "factor": 3}, 300, 100, True),
        ({"kind": "jump", "factor": 3}, 33, 100, True),
        ({"kind": "jump", "factor": 3}, 34, 100, False),
        (TRAP, 2, 1985, True),
        (TRAP, 2, 2743, True),
        (TRAP, 376, 375671, True),
        (TRAP, 2435, 2435220000, True),
        (TRAP, 2000, 1985, False),
        (TRAP, 20, 1985, False),
        (TRAP, 0, 1985, False),
        (TRAP, 1, 100, False),
        (TRAP, 1985, 2, False),
        (TRAP, None, 1985, False),
    ],
)
def test_against_last_month(entry: dict[str, Any], now: int | None, before: int | None, broken: bool) -> None:
    found = judge(entry, {"x.a": now}, {"x.a": before})
    assert [item.code for item in found] == (["x.a"] if broken else [])


def test_no_last_month_no_finding() -> None:
    assert judge_all([GROWS, JUMP, TRAP], scene({"x.a": 5})) == ()
    assert judge_all([GROWS, JUMP, TRAP], scene({"x.a": 5}, {"x.b": 50000})) == ()


def test_misread_separator_is_said_once_with_both_readings() -> None:
    (one,) = judge_all([GROWS, JUMP, TRAP], scene({"x.a": 2}, {"x.a": 1985}))
    assert one.severity is Severity.LOI
    assert one.problem.what == "Nhãn x.a: 2, kỳ trước là 1.985: là 2 hay 2.000?"
    assert "1.985" in one.problem.expected
    assert one.cells == (cell("x.a"),)
    (fall,) = judge_all([{**GROWS, "rule": "giam"}, JUMP, TRAP], scene({"x.a": 200}, {"x.a": 1985}))
    assert fall.rule == "giam"


def test_rows_of_a_list_and_declared_figures_are_no_series_unless_named() -> None:
    earlier = {"nv.r1.a": 1985, "dv.a.p": 1985, "dv.a.q": 1985}
    made = scene(dict.fromkeys(earlier, 200), earlier)
    where = replace(made, typed=made.typed - {"dv.a.q"})
    assert [item.code for item in judge_all([JUMP], where)] == ["dv.a.p"]
    assert [item.code for item in judge_all([{**JUMP, "codes": ["dv.*.*"]}], where)] == ["dv.a.p"]
    assert [item.code for item in judge_all([{**JUMP, "codes": ["dv.a.q"]}], where)] == ["dv.a.q"]


def test_first_entry_that_names_a_code_decides() -> None:
    gentle = {"kind": "jump", "factor": 3, "codes": ["x.a"], "rule": "gap"}
    found = judge_all([gentle, {**JUMP, "percent": 20}], scene({"x.a": 250, "x.b": 250}, {"x.a": 100, "x.b": 100}))
    assert [(item.rule, item.code) for item in found] == [("r", "x.b")]


@given(st.integers(1, 999), st.integers(70, 140))
def test_every_number_of_thousands_read_as_units_is_caught(thousands: int, percent_of_last_month: int) -> None:
    before = thousands * 10 * percent_of_last_month
    (one,) = judge(TRAP, {"x.a": thousands}, {"x.a": before})
    assert f"là {thousands} hay {thousands}.000?" in one.problem.what


TALLY = {"kind": "part_whole", "chains": [["so.ky", "so.gan", "so.tong"], ["so.hoa", "so.tong"]]}


@pytest.mark.parametrize("before", [{}, {"so.tong": 2100, "so.ky": 250, "so.gan": 950, "so.hoa": 150}])
def test_a_whole_that_lost_its_thousands_is_told_once(before: dict[str, int]) -> None:
    values = {"so.tong": 2, "so.ky": 252, "so.gan": 953, "so.hoa": 159}
    (found,) = judge(TALLY, values, before)
    assert found.code == "so.tong" and found.cells[0] == cell("so.tong")
    assert "là 2 hay 2.000?" in found.problem.what


@pytest.mark.parametrize(
    "values",
    [
        {"so.tong": 250, "so.ky": 252, "so.gan": 953, "so.hoa": 159},  # as likely the parts
        {"so.tong": 2, "so.ky": 1, "so.gan": 953, "so.hoa": 1},  # one part against all others
        {"so.tong": 0, "so.ky": 252, "so.gan": 953, "so.hoa": 159},
        {"so.tong": 2, "so.ky": 252, "so.gan": 9530, "so.hoa": 159},  # a thousand times two is too small as well
    ],
)
def test_parts_larger_than_their_whole_are_told_one_by_one(values: dict[str, int]) -> None:
    found = judge(TALLY, values)
    assert found and all("/" in item.code for item in found)


DISTINCT = {"kind": "distinct", "codes": ["nv.*.so", "nv.*.ngay"]}


@pytest.mark.parametrize(
    ("number", "day", "broken"),
    [("72/tb-ubnd ", "1/3/2024", True), ("73/TB-UBND", "1/3/2024", False), ("72/TB-UBND", None, False)],
)
def test_distinct(number: str, day: str | None, broken: bool) -> None:
    values = {"nv.r1.so": "72/TB-UBND", "nv.r1.ngay": "1/3/2024", "nv.r2.so": number, "nv.r2.ngay": day}
    found = judge(DISTINCT, values)
    assert [item.code for item in found] == (["nv.r2.so"] if broken else [])
    for item in found:
        assert item.cells == (cell("nv.r2.so"), cell("nv.r1.so"))
        assert f"đã ghi ở {cell('nv.r1.so')}" in item.problem.what


OVERDUE = {
    "kind": "overdue",
    "due": "nv.*.han",
    "status": "nv.*.ket_qua",
    "subject": "nv.*.ten",
    "done": ["Đã hoàn thành"],
}


@pytest.mark.parametrize(
    ("due", "status", "broken"),
    [
        ("13/4/2024", "Đang thực hiện", True),
        ("14/4/2024", "Đang thực hiện", False),
        ("2023", "Đang thực hiện", True),
        ("2024", "Đang thực hiện", False),
        ("3/2024", "Chưa thực hiện", True),
        ("3/2024", "đã hoàn thành", False),
        ("3/2024", None, True),
        (None, "Đang thực hiện", False),
    ],
)
def test_overdue(due: str | None, status: str | None, broken: bool) -> None:
    found = judge(OVERDUE, {"nv.r1.han": due, "nv.r1.ket_qua": status, "nv.r1.ten": "Việc thứ nhất"})
    assert [item.code for item in found] == (["nv.r1.ket_qua"] if broken else [])
    for item in found:
        assert item.problem.what.startswith("“Việc thứ nhất”: đã quá thời hạn ")
        assert item.cells == (cell("nv.r1.ket_qua"), cell("nv.r1.han"))


DOCUMENTS = [{"number": "nv.*.so", "type": "nv.*.loai", "date": "nv.*.ngay", "issuer": "nv.*.co_quan"}]


@pytest.mark.parametrize(
    ("number", "issuer", "day", "wrong"),
    [
        ("72/TB-UBND", "UBND tỉnh", "1/3/2024", []),
        ("72/UBND-TB", "UBND tỉnh", "1/3/2024", ["document_number"]),
        ("83/TB-UBND", "Sở Tư pháp", "1/3/2024", ["issuer"]),
        ("83/TB-UBND", None, "1/3/2024", []),
        (None, "Sở Tư pháp", "1/3/2024", []),
        ("83/TB-CATP", "Sở Tư pháp", "1/3/2024", ["issuer"]),
        ("83/TB-CATP", "Sở Tư pháp", "1/4/2025", []),  # no such agency any more
        ("83/TB-CATP", "Sở Tư pháp", None, ["issuer"]),
    ],
)
def test_documents(number: str | None, issuer: str | None, day: str | None, wrong: list[str]) -> None:
    values = {"nv.r1.so": number, "nv.r1.loai": "Thông báo", "nv.r1.ngay": day, "nv.r1.co_quan": issuer}
    entries = [{"kind": kind, "rule": kind, "documents": DOCUMENTS} for kind in ("document_number", "issuer")]
    found = judge_all(entries, scene(values))
    assert [(item.rule, item.code) for item in found] == [(kind, "nv.r1.so") for kind in wrong]
    for item in found:
        assert item.cells[0] == cell("nv.r1.so")
        assert (cell("nv.r1.co_quan") in item.cells) == (item.rule == "issuer")


@pytest.mark.parametrize(
    ("name", "closed", "what"),
    [
        ("Đăng ký thường trú", True, None),
        ("đăng ký  thường trú", True, None),
        ("Đăng kí thường trú", False, "viết khác danh mục"),
        ("Đăng ký thường trú (mới)", False, "viết khác danh mục"),
        ("Khai báo tạm vắng", False, None),
        ("Khai báo tạm vắng", True, "không có trong danh mục"),
        (None, True, None),
    ],
)
def test_catalogue(name: str | None, closed: bool, what: str | None) -> None:
    entry = {"kind": "catalogue", "codes": ["nv.*.ten"], "catalogue": "ten", "closed": closed}
    found = judge(entry, {"nv.r1.ten": name})
    assert [what in item.problem.what for item in found] == ([] if what is None else [True])
    assert all("Đăng ký thường trú" in item.problem.expected for item in found)


def test_catalogue_of_beginnings() -> None:
    entry = {"kind": "catalogue", "codes": ["nv.*.ten"], "catalogue": "ten", "prefix": True, "closed": True}
    assert judge(entry, {"nv.r1.ten": "Đăng ký thường trú (mới)"}) == ()
    assert judge(entry, {"nv.r1.ten": "Cấp điện mớii"}) != ()


@pytest.mark.parametrize(
    ("name", "closed", "what", "expected"),
    [
        ("UBND phường Lộc Thọ", True, "", ""),
        ("P. Vĩnh Hoà", True, "", ""),
        ("P.Vĩnh Hòa; X.Vĩnh Hiệp", True, "", ""),
        ("Vĩnh Hải, Vĩnh Thọ và Phước Đồng", True, "", ""),
        ("VĨNH HẢI (2 tổ)", True, "", ""),
        ("Uỷ ban nhân dân xã Vĩnh Phương", True, "", ""),
        (None, True, "", ""),
        ("UBND phường Lộc Tho", True, "“UBND phường Lộc Tho” không có trong danh sách", "phường Lộc Thọ"),
        ("phuong Vinh Hiep", False, "", ""),
        ("Vinh Hiep", False, "“Vinh Hiep” không có trong danh sách", "xã Vĩnh Hiệp"),
        ("xã Vĩnh Hòa", True, "“xã Vĩnh Hòa” không phải là xã", "phường Vĩnh Hòa"),
        ("P. Tân Tiến", False, "“P. Tân Tiến” không có trong danh sách", "một trong: phường Vĩnh Hòa, "),
        ("Khu phố 3", True, "“Khu phố 3” không có trong danh sách", "một trong: phường Vĩnh Hòa, "),
        ("Các xã, phường trên địa bàn", False, "", ""),
    ],
)
def test_unit_names(name: str | None, closed: bool, what: str, expected: str) -> None:
    entry = {"kind": "unit_names", "codes": ["nv.*.ten"], "closed": closed}
    found = judge(entry, {"nv.r1.ten": name})
    assert [what in item.problem.what for item in found] == ([True] if what else [])
    assert all(item.problem.expected.startswith(expected) for item in found)


def test_every_wrong_unit_of_a_cell_is_told_in_one_finding() -> None:
    entry = {"kind": "unit_names", "codes": ["nv.*.ten"], "closed": True}
    (one,) = judge(entry, {"nv.r1.ten": "P. Lộc Tho, P. Vĩnh Hòa, X. Vĩnh Thai"})
    assert "“P. Lộc Tho” không có trong danh sách; “X. Vĩnh Thai” không có" in one.problem.what
    assert "27 xã, phường của kỳ 2024-04" in one.problem.what
    assert one.problem.expected == "phường Lộc Thọ; xã Vĩnh Thái"


def test_a_ward_that_a_merger_ended_is_unknown(project: Project) -> None:
    """Tân Lập takes part in April 2024; from November there is no such ward."""
    entry = {"kind": "unit_names", "codes": ["nv.*.ten"], "closed": True, "rule": "r", "severity": "cảnh báo"}
    later = load_units(project.units, Period(2024, 11))
    rules = Rules((MADE.validate_python(entry),), CONVENTIONS, {}, later)
    (one,) = evaluate(rules, scene({"nv.r1.ten": "UBND phường Tân Lập"}))
    assert "22 xã, phường" in one.problem.what
    assert judge(entry, {"nv.r1.ten": "UBND phường Tân Lập"}) == ()


@pytest.mark.parametrize(
    ("a", "b", "c", "of", "what"),
    [
        (1, 0, 5, 3, None),
        (1, None, None, 3, "1/3 dịch vụ có số liệu; còn thiếu: Dịch vụ B; Dịch vụ C"),
        (1, None, None, None, "1/3 dịch vụ có số liệu; còn thiếu: Dịch vụ B; Dịch vụ C"),
        (None, None, None, 3, "0/3 dịch vụ có số liệu; còn thiếu: Dịch vụ A; Dịch vụ B; Dịch vụ C"),
        (1, 2, 3, 4, "3/4 dịch vụ có số liệu"),
        (1, 2, 3, 2, "3/2 dịch vụ có số liệu"),
    ],
)
def test_coverage(a: int | None, b: int | None, c: int | None, of: int | None, what: str | None) -> None:
    entry = {"kind": "coverage", "block": "dv", "column": "p", "noun": "dịch vụ", "of": "x.n"}
    found = judge(entry, {"dv.a.p": a, "dv.b.p": b, "dv.c.p": c, "x.n": of})
    assert [(item.code, item.problem.what) for item in found] == ([] if what is None else [("dv", what)])
    assert all(item.cells for item in found)


@pytest.mark.parametrize(
    ("a", "b", "when", "broken"),
    [
        (None, None, 5, True),
        (None, None, 0, False),
        (None, None, None, False),
        (1, None, 5, False),
        (None, 1, 5, False),
    ],
)
def test_needed(a: int | None, b: int | None, when: int | None, broken: bool) -> None:
    entry = {"kind": "needed", "any_of": ["x.a", "x.b"], "when": "x.c", "why": "mục II.1 in số này"}
    found = judge(entry, {"x.a": a, "x.b": b, "x.c": when})
    assert [item.code for item in found] == (["x.a"] if broken else [])
    assert all(item.problem.expected == "mục II.1 in số này" for item in found)
    assert bool(judge({**entry, "when": None}, {"x.a": a, "x.b": b})) == (a is None and b is None)


# -------------------- the rules file


def load(path: Path, month: Month) -> Rules:
    return load_rules(path, month.dataset, month.forms, UNITS)


def told(text: str, tmp_path: Path, month: Month) -> list[str]:
    path = tmp_path / "rules.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load(path, month)
    return [str(problem) for problem in caught.value.problems]


HEAD = "documents: {kinds: [{name: Kế hoạch, abbreviations: [KH]}]}\nrules:\n"


@pytest.mark.parametrize(
    ("entry", "line", "message"),
    [
        ("kind: sum\n    whole: cccd.dan_soo\n    parts: [cccd.da_cap]", 5, "không có mã “cccd.dan_soo”"),
        (
            "kind: sum\n    whole: cccd.dan_so\n    parts:\n      - cccd.da_cap\n      - cccd.x",
            8,
            "không có mã “cccd.x”",
        ),
        ("kind: part_whole\n    chains:\n      - [hoi.*.da_cap, hoi.*.tong_so]", 6, "không có mã “hoi.*.da_cap”"),
        ("kind: sum\n    whole: vb_chi_dao.*.loai\n    parts: [cccd.da_cap]", 5, "không phải một con số"),
        ("kind: non_decreasing\n    codes: [cccd.da_cap.tinh_den]", 5, "không phải một con số"),
        ("kind: as_of_in_window\n    codes: [cccd.da_cap]", 5, "không phải một ngày"),
        ("kind: sum\n    whole: Cccd\n    parts: [cccd.da_cap]", 5, "không đúng mẫu"),
        ("kind: sum\n    whole: cccd.dan_so", 3, "thiếu khóa “parts”"),
        ("kind: tong\n    whole: cccd.dan_so", 3, "thuộc loại không được biết đến"),
        ("whole: cccd.dan_so", 3, "thiếu khóa cho biết loại"),
        ("kind: sum\n    whole: hoi.*.tong_so\n    parts: [ho_so.*.*]", 3, "cùng số dấu *"),
        ("kind: jump\n    percent: 5\n    factor: 3", 3, "đúng một trong hai khóa"),
        ("kind: jump", 3, "đúng một trong hai khóa"),
        ("kind: part_whole", 3, "cần chains"),
        ("kind: needed\n    any_of: [cccd.da_cap]", 3, "cần why"),
        ("kind: equal\n    subject: a\n    codes: [cccd.da_cap]", 6, "trống"),
        ("kind: catalogue\n    codes: [vb_chi_dao.*.loai]\n    catalogue: loai_van_bann", 6, "không có danh mục"),
        ("kind: coverage\n    block: dvc_25\n    column: tong\n    noun: dịch vụ", 6, "không có mã “dvc_25.*.tong”"),
        ("kind: coverage\n    block: dvc_25\n    column: tong_so\n    noun: x\n    cot: y", 8, "không được biết đến"),
    ],
)
def test_malformed_entry_is_named_with_its_line(
    entry: str, line: int, message: str, tmp_path: Path, april_month: Month
) -> None:
    found = told(f"{HEAD}  - rule: r\n    severity: lỗi\n    {entry}\n", tmp_path, april_month)
    assert len(found) == 1, found
    assert message in found[0]
    number = re.search(r"data/rules\.yml › dòng (\d+)", found[0])
    assert number
    # Entries begin in the third line, with their severity in the fourth and their kind in the fifth.
    assert int(number[1]) in (line, line + 1), found


def test_line_of_an_unknown_code_is_exact_and_the_nearest_is_named(tmp_path: Path, april_month: Month) -> None:
    entry = "kind: sum\n    whole: cccd.dan_so\n    parts:\n      - cccd.da_cap\n      - cccd.da_capp\n"
    (one,) = told(f"{HEAD}  - rule: r\n    severity: lỗi\n    {entry}", tmp_path, april_month)
    assert one == (
        "data/rules.yml › dòng 9: không có mã “cccd.da_capp”\n"
        "  Cần có: mã gần nhất: cccd.da_cap\n"
        "  Cách xử lý: sửa mã tại dòng đã nêu"
    )
    row = "kind: part_whole\n    chains: [[hoi.*.da_phe_duyett, hoi.*.tong_so]]\n"
    (one,) = told(f"{HEAD}  - rule: r\n    severity: lỗi\n    {row}", tmp_path, april_month)
    assert "mã gần nhất: hoi.*.da_phe_duyet\n" in one


def test_unknown_severity_and_broken_yaml(tmp_path: Path, april_month: Month) -> None:
    (one,) = told(f"{HEAD}  - {{rule: r, severity: nặng, kind: thousand_fold}}\n", tmp_path, april_month)
    assert "data/rules.yml › dòng 3: giá trị của “severity” phải là một trong: 'lỗi', 'cảnh báo' hoặc 'lưu ý'" in one
    (one,) = told(f"{HEAD}  - rule: [\n", tmp_path, april_month)
    assert one.startswith("data/rules.yml › dòng ")
    assert "YAML" in one


def test_every_mistake_at_once(tmp_path: Path, april_month: Month) -> None:
    entry = "  - {rule: r, severity: lỗi, kind: sum, whole: x.a, parts: [x.b]}\n"
    found = told(HEAD + entry + entry, tmp_path, april_month)
    assert [problem.partition(":")[0] for problem in found] == [
        f"data/rules.yml › dòng {line}" for line in (3, 3, 4, 4)
    ]


def test_entry_of_another_time_is_neither_looked_up_nor_evaluated(tmp_path: Path, april_month: Month) -> None:
    path = tmp_path / "rules.yml"
    later = "  - {rule: r, severity: lỗi, kind: sum, whole: x.a, parts: [x.b], valid_from: 2024-05}\n"
    past = "  - {rule: r, severity: lỗi, kind: sum, whole: x.a, parts: [x.b], valid_to: 2024-03}\n"
    now = "  - {rule: r, severity: lỗi, kind: thousand_fold, valid_from: 2024-04, valid_to: 2024-04}\n"
    path.write_text(HEAD + later + past + now, encoding="utf-8")
    assert [entry.kind for entry in load(path, april_month).entries] == ["thousand_fold"]


def test_list_without_entries_is_no_unknown_code(project: Project) -> None:
    book = openpyxl.load_workbook(folder_of(project) / OFFICE)
    page = book["Văn bản chỉ đạo"]
    for row in page.iter_rows(min_row=9, max_row=page.max_row, min_col=2):
        for box in row:
            if type(box).__name__ != "MergedCell":
                box.value = None
    book.save(folder_of(project) / OFFICE)
    month = read_month(project, APRIL)
    assert month.dataset.rows("vb_chi_dao") == ()
    assert [item for item in month.findings if item.code.startswith("vb_chi_dao")] == []


def test_a_rule_is_added_by_one_entry(project: Project) -> None:
    entry = (
        "  - rule: tai_khoan_nhieu_hon_the\n    kind: part_whole\n    severity: lưu ý\n"
        "    chains: [[cccd.da_cap, dinh_danh.da_cap]]\n"
    )
    with project.rules.open("a", encoding="utf-8") as file:
        file.write(entry)
    month = read_month(project, APRIL)
    (one,) = [item for item in month.findings if item.rule == "tai_khoan_nhieu_hon_the"]
    assert one.problem.where == (POLICE, CARDS, "D9")


def test_faulty_rules_stop_with_everything_else(project: Project) -> None:
    text = project.rules.read_text(encoding="utf-8")
    project.rules.write_text(text.replace("whole: kcb.luot\n", "whole: kcb.luott\n"), encoding="utf-8")
    project.params(APRIL).unlink()
    with pytest.raises(InputError) as caught:
        read_month(project, APRIL)
    assert [problem.where[0] for problem in caught.value.problems] == ["params/2024-04.yml", "data/rules.yml"]


def test_every_kind_has_an_entry_on_the_forms(april_month: Month) -> None:
    used = {entry.kind for entry in load(ROOT / "data" / "rules.yml", april_month).entries}
    assert used == set(re.findall(r'kind: Literal\["(\w+)"\]', _source()))
    assert len(used) == 15


def _source() -> str:
    return (ROOT / "src" / "baocao" / "rules.py").read_text(encoding="utf-8")


# -------------------- April as it really is


def test_april_is_told_what_is_really_there(april_month: Month) -> None:
    weighty = [item for item in april_month.findings if item.severity is not Severity.LUU_Y]
    assert sorted((item.rule, item.code) for item in weighty) == [
        ("hai_bieu_khac_nhau", "nguoi_co_cong.da_cap_nhat/hoi.nguoi_co_cong.da_phe_duyet"),
        ("hai_bieu_khac_nhau", "nguoi_co_cong.tong_so/hoi.nguoi_co_cong.tong_so"),
        ("ky_hieu_khac_co_quan", "vien_dan.chi_tra.so_ky_hieu"),
        ("ngay_ngoai_ky", "luong_huu.hang_thang.tinh_den"),
        ("ngay_ngoai_ky", "luong_huu.mot_lan.tinh_den"),
        ("ngay_ngoai_ky", "luong_huu.that_nghiep.tinh_den"),
        ("qua_han_chua_xong", "nhiem_vu.r1.ket_qua"),
        ("qua_han_chua_xong", "nhiem_vu.r2.ket_qua"),
        ("qua_han_chua_xong", "nhiem_vu.r3.ket_qua"),
        ("so_ky_hieu_sai", "vien_dan.can_bo.so_ky_hieu"),
        ("thieu_so_lieu", "dai_truyen_thanh.luot_phat"),
        ("thieu_so_lieu", "hoi.phuong_tien.da_cung_cap"),
    ]
    assert {item.severity for item in weighty} == {Severity.CANH_BAO}
    notes = [item for item in april_month.findings if item.severity is Severity.LUU_Y]
    assert sorted((item.rule, item.code) for item in notes) == [
        ("chua_bao_cao", "dvc_25"),
        ("chua_bao_cao", "dvc_28"),
        ("chua_ghi", "issued"),
        ("chua_ghi", "number"),
        ("chua_ghi", "to"),
        ("suy_luan", "cơ quan ban hành"),
        ("suy_luan", "kỳ số liệu"),
        ("thieu_so_lieu", "dvc_25.*.kho_khan"),
        ("thieu_so_lieu", "vien_dan.dich_vu_bo_sung.trich_yeu"),
    ]


def one_of(month: Month, rule: str, code: str) -> Finding:
    return next(item for item in month.findings if (item.rule, item.code) == (rule, code))


def test_words_of_the_april_findings(april_month: Month) -> None:
    twice = one_of(april_month, "hai_bieu_khac_nhau", "nguoi_co_cong.tong_so/hoi.nguoi_co_cong.tong_so")
    assert twice.problem.what == (
        "Tổng số người có công không thống nhất: Phòng Lao động - Thương binh và Xã hội thành phố Nha Trang báo cáo "
        "2.810 (98%), Công an thành phố Nha Trang báo cáo 2.842 (100%)"
    )
    assert twice.cells == (Cell(LABOUR, "Số liệu", "D8"), Cell(POLICE, GROUPS, "D14"))
    assert all(str(place) in twice.problem.expected for place in twice.cells)
    number = one_of(april_month, "so_ky_hieu_sai", "vien_dan.can_bo.so_ky_hieu")
    assert "“2287/UBND-KH” đặt cơ quan trước loại văn bản" in number.problem.what
    assert number.problem.expected.startswith("2287/KH-UBND ")
    notice = one_of(april_month, "ky_hieu_khac_co_quan", "vien_dan.chi_tra.so_ky_hieu")
    assert (
        "“83/TB-UBND” là ký hiệu của UBND, nhưng cơ quan ban hành ghi “Sở Lao động - Thương binh" in notice.problem.what
    )
    assert len(notice.cells) == 2
    late = one_of(april_month, "qua_han_chua_xong", "nhiem_vu.r2.ket_qua")
    assert "đã quá thời hạn 30/11/2023, kết quả ghi “Đang thực hiện”" in late.problem.what
    broadcasts = one_of(april_month, "thieu_so_lieu", "dai_truyen_thanh.luot_phat")
    assert "mục II.2 của báo cáo in số này" in broadcasts.problem.expected
    assert one_of(april_month, "chua_bao_cao", "dvc_25").problem.what.startswith("12/25 dịch vụ công")
    assert one_of(april_month, "chua_bao_cao", "dvc_28").problem.what.startswith("1/28 dịch vụ công")
    assert all(item.problem.remedy for item in april_month.findings)


CORRUPTED = """
08-mot-cua.xlsx | Phụ lục II | D11 | 818 | bo_phan_lon_hon_tong | dvc_25.cap_lai_cccd.truc_tuyen/dvc_25.cap_lai_cccd.tong_so
08-mot-cua.xlsx | Phụ lục II | G12 | 2 | tong_khac_cac_phan | dvc_25.thuong_tru.truc_tuyen
08-mot-cua.xlsx | Phụ lục III | F9 | 953 | tong_khac_cac_phan | dvc_28.r1.truc_tuyen
02-lao-dong.xlsx | Số liệu | D10 | 57 | tong_khac_cac_phan | nguoi_co_cong.tong_so
08-mot-cua.xlsx | Hồ sơ | E9 | 954 | bo_phan_lon_hon_tong | ho_so.thanh_pho.ky_so/ho_so.thanh_pho.gan_file
04-y-te.xlsx | Tiêm chủng | D11 | 3544 | tong_khac_cac_phan | tiem_chung.con_lai
09-van-phong.xlsx | Văn bản chỉ đạo | D9 | CV2462 | so_ky_hieu_sai | vb_chi_dao.r1.so_ky_hieu
09-van-phong.xlsx | Văn bản chỉ đạo | B9 | Công an tỉnh | ky_hieu_khac_co_quan | vb_chi_dao.r1.so_ky_hieu
09-van-phong.xlsx | Văn bản chỉ đạo | C9 | Kế hoạch | so_ky_hieu_sai | vb_chi_dao.r1.so_ky_hieu
08-mot-cua.xlsx | Phụ lục III | B9 | Xác nhận thông tin cư trú | ten_khac_danh_muc | dvc_28.r1.dich_vu
"""  # noqa: E501
"""Workbook, sheet, cell, what is typed there; the rule and the code that must be found, and nothing else."""


@pytest.mark.parametrize("fault", CORRUPTED.strip().splitlines())
def test_corrupted_april(fault: str, project: Project, april_month: Month) -> None:
    book, sheet, ref, value, rule, code = fault.split(" | ")
    put(folder_of(project) / book, sheet, ref, int(value) if value.isdigit() else value)
    found = news(read_month(project, APRIL), april_month)
    assert code in {item.code for item in found if item.rule == rule}, [(item.rule, item.code) for item in found]
    assert {item.rule for item in found} == {rule}, [(item.rule, item.code) for item in found]
    assert Cell(book, sheet, ref) in next(item for item in found if item.code == code).cells


def news(month: Month, april_month: Month) -> list[Finding]:
    usual = {(item.rule, item.code) for item in april_month.findings}
    return [item for item in month.findings if (item.rule, item.code) not in usual]


def of_march(project: Project) -> Path:
    """April's workbooks, said to be of March, with dates of March."""
    folder = project.submissions(MARCH)
    folder.mkdir()
    for path in folder_of(project).glob("*.xlsx"):
        book = openpyxl.load_workbook(path)
        for page in book.worksheets:
            page["A2"].value = "Kỳ báo cáo: Tháng 3 năm 2024"
        book.save(folder / path.name)
    return folder


def test_against_the_month_before(project: Project, april_month: Month) -> None:
    of_march(project)
    folder = folder_of(project)
    put(folder / POLICE, CARDS, "D9", 375000)  # fell, though it only grows
    put(folder / "03-bhxh.xlsx", "Số liệu", "D18", 2)  # 1.672 before; “2.000” in a US Excel
    put(folder / ONE_STOP, "Hồ sơ", "C10", 55350)  # ten times as many
    month = read_month(project, APRIL)
    found = news(month, april_month)
    assert sorted((item.rule, item.code, item.severity.value) for item in found) == [
        ("bien_dong_lon", "ho_so.cap_xa.tong_so", "cảnh báo"),
        ("giam_nghin_lan", "luong_huu.mot_lan", "lỗi"),
        ("giam_so_luy_ke", "cccd.da_cap", "cảnh báo"),
    ]
    trap = one_of(month, "giam_nghin_lan", "luong_huu.mot_lan")
    assert "là 2 hay 2.000?" in trap.problem.what
    assert "2024-03/03-bhxh.xlsx › Số liệu › D18" in trap.problem.expected
    assert month.stopping == (trap,)


def test_rules_leave_no_reads() -> None:
    assert read_month(Project(ROOT), APRIL).dataset.reads == set()


# -------------------- notes brought together


def answer(project: Project, *pairs: tuple[str, str]) -> None:
    given = [{"rule": rule, "code": code, "reason": "đơn vị đã xác nhận", "by": "Lê Thị B"} for rule, code in pairs]
    content = {"period": "2024-04", "acknowledged": given}
    project.params(APRIL).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def test_blank_cells_of_a_column_are_one_note(april_month: Month) -> None:
    one = one_of(april_month, "thieu_so_lieu", "dvc_25.*.kho_khan")
    assert one.problem.what.startswith("Khó khăn, vướng mắc: 12/25 dòng chưa có nội dung: Xác nhận số chứng minh")
    assert one.problem.where == (ONE_STOP, "Phụ lục II", "H10:H16, H18:H20, H24:H25")
    assert len(one.cells) == 12
    assert not [item for item in april_month.findings if item.code == "dvc_25.khai_sinh.kho_khan"]


def test_note_can_be_answered_for_alone_or_together(project: Project) -> None:
    answer(project, ("thieu_so_lieu", "dvc_25.khai_sinh.kho_khan"), ("chua_bao_cao", "dvc_25.phat_nguoi"))
    month = read_month(project, APRIL)
    assert one_of(month, "thieu_so_lieu", "dvc_25.khai_sinh.kho_khan").acknowledged_by == "Lê Thị B"
    assert one_of(month, "chua_bao_cao", "dvc_25.phat_nguoi").acknowledged_by == "Lê Thị B"
    assert "11/25" in one_of(month, "thieu_so_lieu", "dvc_25.*.kho_khan").problem.what
    assert not one_of(month, "chua_bao_cao", "dvc_25").acknowledged_by
    answer(project, ("thieu_so_lieu", "dvc_25.*.kho_khan"), ("chua_bao_cao", "dvc_25"))
    month = read_month(project, APRIL)
    assert one_of(month, "thieu_so_lieu", "dvc_25.*.kho_khan").acknowledged_by == "Lê Thị B"
    assert one_of(month, "chua_bao_cao", "dvc_25").acknowledged_by == "Lê Thị B"
    assert not [item for item in month.findings if item.rule == "xac_nhan_thua"]


def test_cross_form_finding_can_be_answered_for(project: Project) -> None:
    code = "nguoi_co_cong.tong_so/hoi.nguoi_co_cong.tong_so"
    answer(project, ("hai_bieu_khac_nhau", code))
    assert one_of(read_month(project, APRIL), "hai_bieu_khac_nhau", code).acknowledged_by == "Lê Thị B"


def test_copy_of_the_project_has_the_rules(tmp_path: Path) -> None:
    assert copy_project(tmp_path / "p").rules.is_file()
