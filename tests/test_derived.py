"""Declared figures: rows, sums over rows, and every way in which a declaration can be wrong."""

from pathlib import Path

import pytest

from baocao.derived import Derived, derive, load_derived
from baocao.errors import InputError
from baocao.figure import Cell, Datum, Figure, Text
from baocao.period import Period

CELL = Cell("a.xlsx", "Tờ", "D9")
ROWS = {"hoi": {"nong_dan": "Hội Nông dân", "phu_nu": "Hội Phụ nữ"}, "trong": {}}


def data(**values: int | None) -> dict[str, Datum]:
    made: dict[str, Datum] = {}
    for name, value in values.items():
        code = name.replace("__", ".")
        unit = "hồ sơ" if code.startswith("ho_so") else "người"
        made[code] = Figure(code, value, code, unit, cell=CELL)
    return made


HOI = data(hoi__nong_dan__tong=10, hoi__nong_dan__co=5, hoi__phu_nu__tong=8, hoi__phu_nu__co=None)


def declare(code: str, operation: str, *operands: str, **more: object) -> Derived:
    content = {"code": code, "label": "Nhãn", "operation": operation, "operands": operands, **more}
    return Derived.model_validate(content)


def problems(*declarations: Derived, over: dict[str, Datum] = HOI) -> list[str]:
    with pytest.raises(InputError) as caught:
        derive(over, declarations, ROWS)
    return [str(problem) for problem in caught.value.problems]


def test_wildcard_makes_one_figure_a_row() -> None:
    done = derive(HOI, [declare("hoi.*.ty_le", "rate", "hoi.*.co", "hoi.*.tong")], ROWS)
    assert {code: figure.value for code, figure in done.items()} == {
        "hoi.nong_dan.ty_le": 50,
        "hoi.phu_nu.ty_le": None,
    }
    assert done["hoi.nong_dan.ty_le"].label == "Nhãn, Hội Nông dân"


def test_explicit_row_wins_over_the_wildcard() -> None:
    done = derive(
        HOI,
        [
            declare("hoi.*.ty_le", "rate", "hoi.*.co", "hoi.*.tong"),
            declare("hoi.nong_dan.ty_le", "rate", "hoi.nong_dan.co", "hoi.nong_dan.tong", decimals=1),
        ],
        ROWS,
    )
    assert (done["hoi.nong_dan.ty_le"].decimals, done["hoi.phu_nu.ty_le"].decimals) == (1, 2)


def test_sum_over_all_rows() -> None:
    done = derive(
        HOI,
        [
            declare("hoi.tat_ca", "sum", "hoi.*.tong"),
            declare("hoi.co", "sum", "hoi.*.co"),
            declare("hoi.co_bao_cao", "sum", "hoi.*.co", partial=True),
            declare("hoi.khong_co", "sum", "trong.*.tong"),
        ],
        ROWS,
    )
    assert done["hoi.tat_ca"].value == 18
    assert done["hoi.co"].missing
    assert done["hoi.co_bao_cao"].value == 5
    assert done["hoi.khong_co"].missing


def test_declared_figures_can_be_operands_in_any_order() -> None:
    done = derive(
        HOI,
        [
            declare("x.b", "difference", "x.a", "hoi.nong_dan.co"),
            declare("x.a", "sum", "hoi.nong_dan.tong", "hoi.phu_nu.tong"),
            declare("hoi.*.gap", "sum", "hoi.*.tong", "hoi.*.tong"),
            declare("hoi.*.ty_le", "rate", "hoi.*.tong", "hoi.*.gap"),
        ],
        ROWS,
    )
    assert (done["x.b"].value, done["hoi.nong_dan.ty_le"].value) == (13, 50)


def test_zero_of_zero_is_missing() -> None:
    done = derive(data(a__x=0, a__y=0), [declare("a.z", "rate", "a.x", "a.y")], ROWS)
    assert done["a.z"].missing


def test_unknown_operand_suggests_the_nearest() -> None:
    assert problems(declare("x.a", "rate", "hoi.nong_dan.co", "hoi.nong_dan.tog")) == [
        "data/derived.yml › x.a: không có mã “hoi.nong_dan.tog”\n"
        "  Cần có: mã gần nhất: hoi.nong_dan.tong\n"
        "  Cách xử lý: sửa khai báo của mã này"
    ]


def test_pattern_that_fits_nothing_is_a_mistake() -> None:
    found = problems(declare("hoi.*.ty_le", "rate", "hoii.*.co", "hoi.*.tong"))
    assert len(found) == 1
    assert "không có mã nào dạng “hoii.*.co”" in found[0]
    assert "không có mã nào dạng “hoi.*.cc”" in problems(declare("x.a", "sum", "hoi.*.cc"))[0]


def test_circle_is_told_once() -> None:
    found = problems(
        declare("x.a", "sum", "x.b"),
        declare("x.b", "sum", "x.c"),
        declare("x.c", "sum", "x.a"),
        declare("x.d", "sum", "x.a"),
    )
    assert len(found) == 1
    assert "khai báo vòng tròn: x.a → x.b → x.c → x.a" in found[0]


def test_other_mistakes_all_at_once() -> None:
    over = {**HOI, **data(ho_so__a=1), "chu.a": Text("chu.a", "x", "x", CELL)}
    found = problems(
        declare("x.a", "sum", "hoi.nong_dan.co", "ho_so.a"),
        declare("x.b", "sum", "chu.a"),
        declare("hoi.nong_dan.co", "sum", "ho_so.a"),
        declare("x.c", "sum", "ho_so.a"),
        declare("x.c", "sum", "ho_so.a"),
        over=over,
    )
    assert len(found) == 4
    assert any("khác đơn vị" in problem for problem in found)
    assert any("mã “chu.a” không phải số liệu" in problem for problem in found)
    assert sum("đã có" in problem for problem in found) == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("operation: rate, operands: [a.b]", "rate cần đúng 2 toán hạng, đang có 1"),
        ("operation: rate, operands: [a.b, a.c, a.d]", "rate cần đúng 2 toán hạng, đang có 3"),
        ("operation: difference, operands: [a.b]", "difference cần ít nhất 2 toán hạng"),
        ("operation: difference, operands: [a.b, c.*.d]", "chỉ sum được cộng mọi dòng"),
        ("operation: sum, operands: [a.*.*]", "mỗi mã chỉ được có một dấu *"),
        ("operation: sum, operands: []", "danh sách “operands” trống"),
        ("operation: chia, operands: [a.b]", "phải là một trong: 'rate', 'share', 'sum' hoặc 'difference'"),
        ("operation: sum, operands: [A.b]", "không đúng mẫu"),
        ("operation: sum, operands: [a.b], decimals: 9", "phải từ 6 trở xuống"),
        ("operation: sum, operands: [a.b], decimal: 1", "khóa “decimal” không được biết đến"),
    ],
)
def test_mistakes_of_the_file_have_their_line(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "derived.yml"
    path.write_text(
        f"derived:\n  - {{code: x.a, label: A, operation: sum, operands: [a.b]}}\n  - {{code: x.b, label: B, {line}}}\n"
    )
    with pytest.raises(InputError) as caught:
        load_derived(path)
    (problem,) = caught.value.problems
    assert problem.where == ("data/derived.yml", "dòng 3")
    assert words in problem.what


@pytest.mark.parametrize(("month", "decimals"), [(3, 2), (4, 1), (5, 0), (6, 2)])
def test_a_declaration_holds_in_its_months_only(tmp_path: Path, month: int, decimals: int) -> None:
    path = tmp_path / "derived.yml"
    row = "operation: rate, operands: [hoi.nong_dan.co, hoi.nong_dan.tong]"
    path.write_text(
        f"""derived:
  - {{code: hoi.*.ty_le, label: A, operation: rate, operands: [hoi.*.co, hoi.*.tong], decimals: 2}}
  - {{code: hoi.nong_dan.ty_le, label: B, {row}, decimals: 1, valid_from: 2024-04, valid_to: 2024-04}}
  - {{code: hoi.nong_dan.ty_le, label: C, {row}, decimals: 0, valid_from: 2024-05, valid_to: 2024-05}}
""",
        encoding="utf-8",
    )
    done = derive(HOI, load_derived(path, Period(2024, month)), ROWS)
    assert (done["hoi.nong_dan.ty_le"].decimals, done["hoi.phu_nu.ty_le"].decimals) == (decimals, 2)
    assert len(load_derived(path)) == 3


def test_the_one_decimal_of_the_veterans_is_of_april_2024_only() -> None:
    path = Path(__file__).parents[1] / "data" / "derived.yml"
    holding = {
        month: [item.code for item in load_derived(path, Period(2024, month))].count("hoi.cuu_chien_binh.ty_le")
        for month in (3, 4, 5)
    }
    assert holding == {3: 0, 4: 1, 5: 0}
