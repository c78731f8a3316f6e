"""One cell's content as the type that its column asks for."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest

from baocao.forms import Constraints, Item
from baocao.value import Reading, Unreadable, read_value
from baocao.vi import PartialDate


def item(kind: str, unit: str = "", **limits: object) -> Item:
    return Item.model_validate({"name": "x", "title": "X", "type": kind, "unit": unit, "constraints": limits})


@pytest.mark.parametrize(
    ("content", "kind", "value"),
    [
        (819, "integer", 819),
        (819.0, "integer", 819),
        (2742.9999999999995, "integer", 2743),
        (375671.00000001, "integer", 375671),
        (0.1 + 0.2, "number", Decimal("0.3")),
        (1.1 * 3, "number", Decimal("3.3")),
        (2435220000, "number", 2435220000),
        (1e15, "number", 10**15),
        (-1.5, "number", Decimal("-1.5")),
        ("trên 98%", "reported_rate", 98),
        ("  Trên\u00a098,5 % ", "reported_rate", Decimal("98.5")),
        (98, "reported_rate", 98),
        ("96,82%", "reported_rate", Decimal("96.82")),
        ("trên 98.5%", "reported_rate", Decimal("98.5")),
        ("12/4/2024 00:00", "date", PartialDate(2024, 4, 12)),
        ("2024-04-12 00:00:00", "date", PartialDate(2024, 4, 12)),
        (datetime(2024, 4, 12), "date", PartialDate(2024, 4, 12)),
        (date(2024, 4, 12), "partial_date", PartialDate(2024, 4, 12)),
        ("4/2024", "partial_date", PartialDate(2024, 4)),
        ("Năm 2023", "partial_date", PartialDate(2023)),
        (2023, "partial_date", PartialDate(2023)),
        ("", "integer", None),
        ("\u00a0\n", "string", None),
        ("  Đã\u00a0 kết  nối ", "string", "Đã kết nối"),
        (2462, "string", "2462"),
        (12.5, "string", "12,5"),
        (True, "string", "TRUE"),
        (datetime(2024, 4, 1), "string", "01/4/2024"),
    ],
)
def test_read(content: object, kind: str, value: object) -> None:
    outcome = read_value(content, False, item(kind))
    assert isinstance(outcome, Reading), outcome
    assert (outcome.value, type(outcome.value)) == (value, type(value))


@pytest.mark.parametrize("content", [0.00000001, 2.743, 2.000001, 1_000_000.001])
def test_a_small_fraction_that_is_no_noise(content: float) -> None:
    outcome = read_value(content, False, item("integer"))
    assert isinstance(outcome, Unreadable)
    assert outcome.rule == "so_le"


@pytest.mark.parametrize(("form", "read"), [("", True), ("General", False)])
def test_a_serial_day_where_the_workbook_has_no_formats(form: str, read: bool) -> None:
    outcome = read_value(45394, False, item("partial_date"), form)
    assert (outcome == Reading(PartialDate(2024, 4, 12))) is read


def test_qualifier_of_a_reported_rate() -> None:
    assert read_value("Trên 98%", False, item("reported_rate")) == Reading(98, "trên")


@pytest.mark.parametrize(
    ("content", "form", "kind", "unit", "value"),
    [
        (1, "0%", "integer", "%", 100),
        (0.57, "0.00%", "number", "%", 57),
        (0.985, "0.0%", "reported_rate", "%", Decimal("98.5")),
        (date(2024, 4, 1), "mmm-yy", "partial_date", "", PartialDate(2024, 4)),
        (date(2024, 4, 1), '"năm" yyyy', "partial_date", "", PartialDate(2024)),
        (date(2024, 4, 1), '[$-42A]dd\\ "tháng" mm\\ yyyy;@', "partial_date", "", PartialDate(2024, 4, 1)),
        (date(2024, 4, 1), "mm/yyyy", "string", "", "4/2024"),
    ],
)
def test_number_format_tells_what_is_shown(content: object, form: str, kind: str, unit: str, value: object) -> None:
    assert read_value(content, False, item(kind, unit), form) == Reading(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "kind", "rule", "words"),
    [
        ("chín", "integer", "chu_o_cot_so", "“chín”"),
        ("2.743 người", "integer", "chu_o_cot_so", "“2.743 người”"),
        ("2,743", "integer", "so_hai_nghia", "“2,743” được gõ dạng chữ, đọc được hai cách: là 2,743 hay 2.743?"),
        ("2.000", "integer", "so_hai_nghia", "là 2.000 hay 2?"),
        ("2.743", "number", "so_hai_nghia", "là 2.743 hay 2,743?"),
        ("12,5", "integer", "so_le", "“12,5” được gõ dạng chữ, là số lẻ 12,5 ở ô đếm"),
        ("−2.743", "integer", "ngoai_khoang", "-2.743 nhỏ hơn 0"),
        ("98%", "integer", "chu_o_cot_so", "“98%”"),
        ("Céng hßa x· héi", "string", "ma_cu", "bảng mã cũ TCVN3, không phải Unicode; có lẽ là “Cộng hòa xã hội”"),
        ("treân 98%", "reported_rate", "ma_cu", "có lẽ là “trên 98%”"),
        ("\u202e347.2", "integer", "dao_chieu", "ký tự ẩn đảo chiều chữ"),
        ("an\u200f toàn", "string", "dao_chieu", "“an toàn”"),
        (2.743, "integer", "so_le", "là 2,743 hay 2.743?"),
        (0.5, "integer", "so_le", "là 0,5 hay 500?"),
        (2.7435, "integer", "so_le", "là 2,7435?"),
        (-3, "integer", "ngoai_khoang", "-3 nhỏ hơn 0"),
        (date(2024, 4, 12), "integer", "ngay_o_cot_so", "12/4/2024"),
        (time(12, 0), "number", "khong_la_so", "12:00:00"),
        (float("nan"), "number", "khong_la_so", "nan"),
        (False, "integer", "khong_la_so", "“FALSE”"),
        ("#REF!", "string", "o_loi", "#REF!"),
        ("#DIV/0!", "integer", "o_loi", "#DIV/0!"),
        ("98.500%", "reported_rate", "sai_ty_le", "“98.500%”"),
        (0.98, "reported_rate", "sai_ty_le", "là 0,98% hay 98%?"),
        ("gần hết", "reported_rate", "sai_ty_le", "“gần hết”"),
        ("31/4/2024", "date", "sai_ngay", "“31/4/2024”"),
        ("4/2024", "date", "sai_ngay", "“4/2024”"),
        (45394, "date", "sai_ngay", "45394"),
        ("hôm qua", "partial_date", "sai_ngay", "“hôm qua”"),
    ],
)
def test_refused(content: object, kind: str, rule: str, words: str) -> None:
    outcome = read_value(content, False, item(kind))
    assert isinstance(outcome, Unreadable)
    assert outcome.rule == rule
    assert words in outcome.what
    assert outcome.expected
    assert outcome.remedy


@pytest.mark.parametrize(
    ("content", "kind", "value", "typed"),
    [
        ("2.743", "integer", 2743, "2.743"),
        (" 1\u00a0485\u2009", "integer", 1485, "1 485"),
        ("1485,0", "integer", 1485, "1485,0"),
        ("'1485", "integer", 1485, "'1485"),
        ("２７４３", "integer", 2743, "２７４３"),
        ("\u202d2743\u202c", "integer", 2743, "2743"),
        ("2.435.220.000", "number", 2435220000, "2.435.220.000"),
        ("12,5", "number", Decimal("12.5"), "12,5"),
    ],
)
def test_number_typed_as_text(content: str, kind: str, value: object, typed: str) -> None:
    outcome = read_value(content, False, item(kind))
    assert outcome == Reading(value, typed=typed)  # type: ignore[arg-type]
    assert type(outcome.value) is type(value)  # type: ignore[union-attr]


def test_percentage_typed_as_text_where_the_unit_is_percent() -> None:
    assert read_value("98 %", False, item("integer", "%")) == Reading(98, typed="98 %")


def test_font_of_an_old_encoding() -> None:
    outcome = read_value("bé", False, item("string"), font=".VnTime")
    assert isinstance(outcome, Unreadable)
    assert (outcome.rule, "“bộ”" in outcome.what) == ("ma_cu", True)
    assert read_value("bé", False, item("string"), font="Times New Roman") == Reading("bé")


@pytest.mark.parametrize("text", ['=HYPERLINK("file:///x")', "<script>", "{{ 7*7 }}", "a|b", "x" * 30_000])
def test_text_is_read_literally(text: str) -> None:
    assert read_value(text, False, item("string")) == Reading(text)


def test_percentage_where_a_count_belongs() -> None:
    outcome = read_value(0.5, False, item("integer", "người"), "0%")
    assert isinstance(outcome, Unreadable)
    assert outcome.what == "ô chứa 50%, không phải số đếm"


def test_month_where_a_day_belongs() -> None:
    outcome = read_value(date(2024, 4, 1), False, item("date"), "mmm-yy")
    assert isinstance(outcome, Unreadable)
    assert outcome.what == "“4/2024” không phải là ngày"


def test_limits() -> None:
    outcome = read_value(101, False, item("integer", "%", maximum=100))
    assert isinstance(outcome, Unreadable)
    assert outcome.what == "101 lớn hơn 100"
    outcome = read_value("x" * 200, False, item("string", max_length=10))
    assert isinstance(outcome, Unreadable)
    assert outcome.what == "dài 200 ký tự"
    assert Constraints().required is False


@pytest.mark.parametrize(
    ("content", "form", "what"),
    [
        ("trên 98%", "General", "98% lớn hơn 90%"),
        (98, "General", "98% lớn hơn 90%"),
        (0.98, "0%", "98% lớn hơn 90%"),
        ("dưới 10%", "General", "10% nhỏ hơn 50%"),
    ],
)
def test_limits_of_a_reported_rate(content: object, form: str, what: str) -> None:
    outcome = read_value(content, False, item("reported_rate", minimum=50, maximum=90), form)
    assert isinstance(outcome, Unreadable)
    assert (outcome.rule, outcome.what) == ("ngoai_khoang", what)
    assert outcome.expected == "một tỷ lệ từ 50% đến 90%"


def test_reported_rate_is_not_negative() -> None:
    outcome = read_value(-0.5, False, item("reported_rate"), "0%")
    assert isinstance(outcome, Unreadable)
    assert outcome.what == "-50% nhỏ hơn 0%"


def test_largest_number_is_the_form_s_alone() -> None:
    assert read_value(10**13, False, item("integer")) == Reading(10**13)


def test_choice_is_read_in_the_form_s_own_spelling() -> None:
    choice = item("string", enum=["đã kết nối", "chưa kết nối"])
    assert read_value(" ĐÃ  KẾT NỐI", False, choice) == Reading("đã kết nối")
    assert read_value("Hoà giải", False, item("string", enum=["hòa giải"])) == Reading("hòa giải")
    assert read_value("ho\u0061\u0300 giải", False, item("string", enum=["hòa giải"])) == Reading("hòa giải")
    outcome = read_value("có", False, choice)
    assert isinstance(outcome, Unreadable)
    assert outcome.expected == "một trong: đã kết nối; chưa kết nối"


def test_characters_that_the_font_lacks_are_refused() -> None:
    outcome = read_value("Xong 😀 ✓ 中 😀", False, item("string"))
    assert isinstance(outcome, Unreadable)
    assert outcome.rule == "ky_tu_la"
    assert "“😀” (U+1F600), “✓” (U+2713), “中” (U+4E2D)" in outcome.what
    usual = "“Đề án 06” – 100% ≥ ½ → 25°C, ½ m², №1 • ₫\nẶ"
    assert read_value(usual, False, item("string")) == Reading(usual)


@pytest.mark.parametrize("content", ["9" * 40, "1" * 30_000, "375." * 5_000 + "1"])
def test_more_digits_than_any_number_has_are_no_number(content: str) -> None:
    outcome = read_value(content, False, item("integer"))
    assert isinstance(outcome, Unreadable) and outcome.rule == "chu_o_cot_so"


def test_a_share_typed_as_text_without_percent_is_a_question() -> None:
    outcome = read_value("0,98", False, item("reported_rate"))
    assert isinstance(outcome, Unreadable) and "là 0,98% hay 98%?" in outcome.what
    assert read_value("0,98%", False, item("reported_rate")) == Reading(Decimal("0.98"))


def test_a_date_in_digits_of_full_width_is_read() -> None:
    assert read_value("１２/４/2024", False, item("date")) == Reading(PartialDate(2024, 4, 12))
