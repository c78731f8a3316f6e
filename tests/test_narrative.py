"""Prose with figures: what it prints, and what an author is told about a mistake."""

import pickle
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import pypandoc
import pytest
import yaml

from baocao.dataset import BlockInfo, Dataset
from baocao.derived import Derived
from baocao.errors import InputError
from baocao.figure import Cell, Date, Datum, Figure, Text
from baocao.markup import figure_span
from baocao.narrative import NarrativeError, context, plain, render
from baocao.period import Period
from baocao.vi import PartialDate
from test_markup import HOSTILE, flat
from workbooks import APRIL, ROOT

READER = yaml.safe_load((ROOT / "_quarto.yml").read_text(encoding="utf-8"))["from"]
CELL = Cell("a.xlsx", "Tờ", "D9")
TERMS = {"the_gon": "thẻ CCCD"}


def dataset(before: Mapping[str, int | None] | None = None, text: str = "x") -> Dataset:
    as_of = Date("cccd.da_cap.tinh_den", PartialDate(2024, 4, 12), "ngày", CELL)
    data: list[Datum] = [
        as_of,
        Figure("cccd.da_cap", 375671, "Số thẻ", "người", as_of, CELL),
        Figure("cccd.dan_so", 388006, "Nhân khẩu", "người", None, replace(CELL, ref="D8")),
        Figure("cccd.thieu", None, "Thiếu", "người", None, CELL),
        Figure("ho_so.a", 5, "Hồ sơ", "hồ sơ", None, CELL),
        Text("chu.a", text, "Chữ", CELL),
        Text("vb.r1.loai", "Công văn", "Loại", CELL),
        Text("vb.r1.so_ky_hieu", "2462/UBND-LĐTBXH", "Số", CELL),
        Date("vb.r1.ngay", PartialDate(2024, 4, 1), "Ngày", CELL),
    ]
    inputs = {datum.code: datum for datum in data}
    earlier = {
        code: replace(inputs[code], value=value, cell=replace(CELL, workbook="2024-03/a.xlsx"))  # type: ignore[type-var]
        for code, value in (before or {}).items()
    }
    rate = Derived(
        code="cccd.ty_le", label="Tỷ lệ", operation="rate", operands=("cccd.da_cap", "cccd.dan_so"), decimals=1
    )
    declared = (rate,) if not before or len(before) > 1 else ()
    return Dataset(APRIL, inputs, {}, declared, Dataset(APRIL.shift(-1), earlier, {}, declared) if earlier else None)


def shown(source: str, data: Dataset | None = None, **own: object) -> str:
    names = context(data or dataset(), TERMS)
    text = pypandoc.convert_text(render(source, {**own, **names}), "plain", READER, extra_args=["--wrap=none"])
    return " ".join(text.split())


def fault(source: str, first_line: int = 1, **own: object) -> NarrativeError:
    with pytest.raises(NarrativeError) as caught:
        render(source, {**own, **context(dataset(), TERMS)}, first_line)
    return caught.value


# What is printed


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Đã cấp {{ cccd.da_cap }} thẻ.", "Đã cấp 375.671 thẻ."),
        ("{{ cccd.ty_le }}", "96,8%"),
        ("{{ rate(cccd.da_cap, cccd.dan_so) | decimals(2) }}", "96,82%"),
        ("{{ cccd.dan_so - cccd.da_cap }}", "12.335"),
        ("{{ total(cccd.dan_so, cccd.da_cap) }}", "763.677"),
        ("{{ cccd.thieu }} và {{ rate(cccd.thieu, cccd.dan_so) }}", "… và …"),
        ("đến {{ cccd.da_cap.tinh_den }}", "đến 12/4/2024"),
        ("đến {{ cccd.da_cap.tinh_den | words }}", "đến ngày 12 tháng 4 năm 2024"),
        ("{{ term('the_gon') }}", "thẻ CCCD"),
        ("{{ cite(vb.r1) }}", "Công văn số 2462/UBND-LĐTBXH ngày 01/4/2024"),
        ("{{ [cccd.da_cap, cccd.dan_so] | and_list }}", "375.671 và 388.006"),
        ("{% set n = cccd.da_cap %}**{{ n }}**", "375.671"),
        ("{% macro m(x) %}*{{ x }}* thẻ{% endmacro %}{{ m(cccd.da_cap) }}", "375.671 thẻ"),
        ("{% set t %}{{ cccd.da_cap }} thẻ{% endset %}{{ t }}", "375.671 thẻ"),
        ("{{ '**x**' }}", "**x**"),
        ("{{ so }}", "1.234"),
    ],
)
def test_printed(source: str, text: str) -> None:
    assert shown(source, so=1234) == text


def test_macros_keep_codes_and_sources() -> None:
    source = "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(cccd.da_cap) }}"
    assert 'data-so="cccd.da_cap" title="a.xlsx › Tờ › D9"' in render(source, context(dataset(), TERMS))


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_workbooks_print_literally(text: str) -> None:
    data = dataset(text=text)
    assert shown("{{ chu.a }}", data) == flat(text)
    assert shown("Nêu {{ chu.a }} nhé", data) == f"Nêu {flat(text)} nhé"
    assert shown("{% macro m(x) %}{{ x }}{% endmacro %}{{ m(chu.a) }}", data) == flat(text)
    assert plain("{{ chu.a }}", context(data, TERMS)) == flat(text)


def test_plain_text_of_a_caption() -> None:
    names = context(dataset(), TERMS)
    assert plain("{{ cccd.da_cap }} thẻ, số < 5 và > 3", names) == "375.671 thẻ, số < 5 và > 3"


# Compared with the month before


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ({"cccd.da_cap": 375000}, "(tăng 671 so với tháng trước)"),
        ({"cccd.da_cap": 376000}, "(giảm 329 so với tháng trước)"),
        ({"cccd.da_cap": 375671}, "(không thay đổi so với tháng trước)"),
        ({"cccd.da_cap": None}, ""),
        (None, ""),
    ],
)
def test_compared_counts(before: Mapping[str, int | None] | None, text: str) -> None:
    assert shown("x{{ compared(cccd.da_cap) }}", dataset(before)) == f"x {text}".strip()


def test_compared_rates_are_percentage_points() -> None:
    data = dataset({"cccd.da_cap": 370000, "cccd.dan_so": 388006})
    assert shown("x{{ compared(cccd.ty_le) }}", data) == "x (tăng 1,5 điểm phần trăm so với tháng trước)"
    data = dataset({"cccd.da_cap": 375670, "cccd.dan_so": 388006})
    assert shown("x{{ compared(cccd.ty_le) }}", data) == "x (tương đương tháng trước)"
    figure = data.change(data.get("cccd.ty_le"))  # type: ignore[arg-type]
    assert figure.value == Fraction(100, 388006)


# Mistakes


@pytest.mark.parametrize(
    ("source", "line", "words", "expected"),
    [
        ("a\n{{ ccdc.da_cap }}", 2, "không có tên “ccdc”", "tên gần nhất: cccd"),
        ("a\n\n{{ cccd.da_capp }}", 3, "không có mã “cccd.da_capp”", "mã gần nhất: cccd.da_cap"),
        ("{{ cccd['da_capp'] }}", 1, "không có mã “cccd.da_capp”", "mã gần nhất: cccd.da_cap"),
        ("a\n{{ cccd }}", 2, "“cccd” là một nhóm số liệu", "cccd.da_cap"),
        ("a\n{{ cccd.da_cap", 2, "thiếu phần đóng", "đóng mở đủ"),
        ("a\n{{ cccd.da_cap }", 2, "cú pháp mẫu sai", "{{ mã }}"),
        ("a\n{% if x %}\nb", 3, "thiếu phần đóng", "đóng mở đủ"),
        ("a\n{% iff x %}", 2, "không có lệnh “{% iff %}”", "if, for, set"),
        ("a\n{{ cccd.da_cap | decimal(1) }}", 2, "không có bộ lọc “decimal”", "decimals"),
        ("a\n{{ cccd.da_cap / cccd.dan_so }}", 2, "phép tính “/” không dùng được", "rate(a, b)"),
        ("a\n{{ cccd.da_cap + 5 }}", 2, "phép tính “+” không dùng được", "a + b"),
        ("a\n{% if cccd.da_cap > 5 %}{% endif %}", 2, "phép tính “>” không dùng được", ""),
        ("a\n{{ cccd.da_cap + ho_so.a }}", 2, "không cộng, trừ được các số liệu khác đơn vị", "cùng đơn vị"),
        ("a\n{{ 1 / 0 }}", 2, "không tính được biểu thức", ""),
        ("a\n{{ rate(cccd.da_cap) }}", 2, "gọi hàm rate sai tham số", "rate(a, b)"),
        ("a\n{{ 0.5 }}", 2, "không in được giá trị 0.5", "một số liệu"),
        ("a\n{{ term('the') }}", 2, "không có thuật ngữ “the”", "the_gon"),
        ("a\n{{ entries('vbb') }}", 2, "không có khối “vbb”", ""),
        ("{% for i in [1, 2] %}\n{{ i }}\n{{ cccd.khong_co }}\n{% endfor %}", 3, "không có mã “cccd.khong_co”", ""),
        ("{% macro m() %}\n{{ sai }}\n{% endmacro %}\na\n{{ m() }}", 2, "không có tên “sai”", ""),
        ("a\n{{ sai * 2 }}", 2, "không có tên “sai”", ""),
        ("a\n{{ sai > 2 }}", 2, "không có tên “sai”", ""),
        ("a\n{{ sai.x.y }}", 2, "không có tên “sai”", ""),
        ("a\n{{ sai() }}", 2, "không có tên “sai”", ""),
        ("a\n{% for x in sai %}{% endfor %}", 2, "không có tên “sai”", ""),
        ("a\n{{ cite(chu) }}", 2, "không có mã “chu.loai”", ""),
        ("a\n{% include 'x' %}", 2, "không tính được biểu thức", ""),
    ],
)
def test_mistake_has_its_line(source: str, line: int, words: str, expected: str) -> None:
    error = fault(source)
    assert error.line == line, str(error)
    assert words in error.problems[0].what
    assert expected in error.problems[0].expected
    assert error.source.strip() == source.splitlines()[line - 1].strip()


def test_lines_count_from_the_cell() -> None:
    assert fault("a\n{{ sai }}", first_line=2).line == 3


def test_error_is_told_without_a_traceback_and_crosses_processes() -> None:
    error = fault("a\n{{ ccdc.da_cap }}")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert again._render_traceback_() == [
        "NarrativeError: dòng 2: không có tên “ccdc”",
        "    {{ ccdc.da_cap }}",
        "Cần có: tên gần nhất: cccd",
        "Cách xử lý: sửa tên; tìm mã bằng report.find(“từ khóa”)",
    ]
    assert isinstance(error, InputError)


def test_reads_are_noted() -> None:
    data = dataset()
    render("{{ cccd.da_cap }}", context(data, TERMS))
    assert data.reads == {"cccd.da_cap", "cccd.da_cap.tinh_den"}


_LIVE = "**đậm** [a](http://x.y)"


@pytest.fixture
def names() -> dict[str, object]:
    cell = Cell("a.xlsx", "S", "B2")
    values = {"loai": "Công văn", "so_ky_hieu": "1/UBND", "chu": _LIVE}
    data: dict[str, Datum] = {f"vb.{name}": Text(f"vb.{name}", value, name, cell) for name, value in values.items()}
    data["vb.ngay"] = Date("vb.ngay", PartialDate(2024, 4, 1), "ngày", cell)
    blocks = {"vb": BlockInfo("vb", "fields", "Văn bản", "f", tuple((name, name) for name in (*values, "ngay")), ())}
    return context(Dataset(Period(2024, 4), data, blocks, ()), {})


@pytest.mark.parametrize(
    "source",
    [
        "{{ cite(vb) + vb.chu.value }}",
        "{{ vb.chu.value + cite(vb) }}",
        "{{ [cite(vb), vb.chu] | join('; ') }}",
        "{{ [cite(vb), vb.chu] | and_list }}",
        "{{ vb.chu | ended('.') }}",
        "{{ vb.chu | lower_first }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(vb.chu) }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m('') + vb.chu.value }}",
        "{% set x %}{{ vb.chu }}{% endset %}{{ x }}",
        "{{ '%s' % vb.chu.value }}",
    ],
)
def test_no_way_of_joining_makes_a_text_take_effect(names: dict[str, object], source: str) -> None:
    printed = render(source, names)
    assert "**" not in printed.replace(r"\*", "")
    assert "[a]" not in printed.replace(r"\[", "").replace(r"\]", "")


@pytest.mark.parametrize("source", ["{{ vb.chu | safe }}", "{{ vb.chu | e }}", "{{ cite(vb) ~ vb.chu }}"])
def test_what_would_pass_text_as_markup_is_refused_in_words(names: dict[str, object], source: str) -> None:
    with pytest.raises(NarrativeError, match=r"bộ lọc|dấu ~"):
        render(source, names)


@pytest.mark.parametrize(
    "source",
    [
        "{{ cycler }}",
        "{{ cite.__globals__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ vb.chu.__init__.__globals__ }}",
        "{{ range.__self__ }}",
    ],
)
def test_prose_has_no_way_to_python(names: dict[str, object], source: str) -> None:
    with pytest.raises(NarrativeError):
        render(source, names)


def test_line_breaks_in_a_file_name_stay_inside_the_tag() -> None:
    cell = Cell("a\n\n# Chèn\n\n**đậm** {{< x >}}.xlsx", "S", "B2")
    span = figure_span(Figure("a.b", 5, "số", cell=cell))
    assert "\n" not in span
    assert "{{" not in span
