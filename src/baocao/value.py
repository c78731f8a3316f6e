"""One cell's content read as the type that its column asks for: exact, or refused with the reason."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from baocao.forms import Item
from baocao.vi import PartialDate, clean_text, fold, format_date, format_number

_RATE = re.compile(r"(trên|dưới|khoảng|gần|hơn)?\s*(\d{1,3}(?:,\d+)?)\s*%?")
_ERRORS = {"#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#N/A", "#NUM!", "#NULL!"}
_EPOCH_CELLS = (datetime, date)


@dataclass(frozen=True)
class Reading:
    """A value that was read; `qualifier` is the word before a reported rate."""

    value: int | Decimal | str | PartialDate | None
    qualifier: str = ""


@dataclass(frozen=True)
class Unreadable:
    """Why a content was refused."""

    rule: str
    what: str
    expected: str
    remedy: str


def read_value(content: object, is_error: bool, item: Item) -> Reading | Unreadable:
    """Read `content` (as openpyxl gives it) for `item`. Nothing is guessed: what does not fit is refused."""
    if isinstance(content, str):
        content = clean_text(content)
        if not content:
            return Reading(None)
    if is_error or (isinstance(content, str) and content in _ERRORS):
        return Unreadable(
            "o_loi",
            f"ô có giá trị lỗi {content}",
            "giá trị đã nhập, không phải công thức lỗi",
            "sửa công thức, hoặc gõ thẳng giá trị",
        )
    if item.type in ("integer", "number"):
        return _number(content, item)
    if item.type == "reported_rate":
        return _rate(content)
    if item.type in ("date", "partial_date"):
        return _date(content, item)
    return _text(content, item)


def _number(content: object, item: Item) -> Reading | Unreadable:
    kind = "số nguyên không âm" if item.type == "integer" and (item.constraints.minimum or 0) >= 0 else "số"
    expected = f"một {kind}" + (f", đơn vị: {item.unit}" if item.unit else "")
    if isinstance(content, bool):
        return Unreadable("khong_la_so", f"“{content}” không phải là số", expected, "nhập lại số liệu")
    if isinstance(content, _EPOCH_CELLS):
        shown = format_date(PartialDate.from_date(content.date() if isinstance(content, datetime) else content))
        return Unreadable(
            "ngay_o_cot_so", f"ô chứa ngày {shown}, không phải số", expected, "đặt lại định dạng ô là số rồi nhập lại"
        )
    if isinstance(content, str):
        return Unreadable(
            "chu_o_cot_so",
            f"“{_short(content)}” được gõ dạng chữ, không phải số",
            expected,
            "đặt định dạng ô là số (Number), gõ lại chỉ bằng chữ số",
        )
    try:
        # repr of the shortest decimal that Excel stored: no binary digits creep in.
        number = Decimal(repr(content)) if isinstance(content, float) else Decimal(str(content))
    except InvalidOperation:
        return Unreadable("khong_la_so", f"“{content}” không phải là số", expected, "nhập lại số liệu")
    if not number.is_finite():
        return Unreadable("khong_la_so", f"“{content}” không phải là số", expected, "nhập lại số liệu")
    whole = number == number.to_integral_value()
    if item.type == "integer" and not whole:
        grouped = number * 1000
        as_group = f" hay {format_number(int(grouped))}" if grouped == grouped.to_integral_value() else ""
        return Unreadable(
            "so_le",
            f"số lẻ {format_number(number)} ở ô đếm: là {format_number(number)}{as_group}?",
            expected,
            "gõ lại chỉ bằng chữ số, không dấu chấm, không dấu phẩy",
        )
    limits = item.constraints
    minimum = limits.minimum if limits.minimum is not None else (0 if item.type == "integer" else None)
    if minimum is not None and number < minimum:
        return Unreadable(
            "ngoai_khoang",
            f"{format_number(number)} nhỏ hơn {format_number(minimum)}",
            expected,
            "kiểm tra và nhập lại",
        )
    if limits.maximum is not None and number > limits.maximum:
        return Unreadable(
            "ngoai_khoang",
            f"{format_number(number)} lớn hơn {format_number(limits.maximum)}",
            expected,
            "kiểm tra và nhập lại",
        )
    return Reading(int(number) if whole else number)


def _rate(content: object) -> Reading | Unreadable:
    match = _RATE.fullmatch(fold(str(content))) if isinstance(content, str) else None
    if not match:
        return Unreadable(
            "sai_ty_le", f"“{content}” không đọc được là tỷ lệ", "một tỷ lệ bằng chữ, ví dụ “trên 98%”", "gõ lại tỷ lệ"
        )
    value = Decimal(match[2].replace(",", "."))
    return Reading(int(value) if value == value.to_integral_value() else value, match[1] or "")


def _date(content: object, item: Item) -> Reading | Unreadable:
    expected = (
        "một ngày, ví dụ 14/4/2024"
        if item.type == "date"
        else "ngày, tháng hoặc năm, ví dụ 14/4/2024; 4/2024; Năm 2024"
    )
    value: PartialDate | None = None
    if isinstance(content, datetime):
        value = PartialDate.from_date(content.date())
    elif isinstance(content, date):
        value = PartialDate.from_date(content)
    elif isinstance(content, str):
        try:
            value = PartialDate.parse(content)
        except ValueError:
            value = None
    elif isinstance(content, int) and item.type == "partial_date" and 1900 <= content <= 2999:
        value = PartialDate(content, None, None)
    if value is None or (item.type == "date" and value.day is None):
        return Unreadable("sai_ngay", f"“{_short(str(content))}” không phải là ngày", expected, "gõ lại ngày/tháng/năm")
    return Reading(value)


def _text(content: object, item: Item) -> Reading | Unreadable:
    if isinstance(content, _EPOCH_CELLS):
        day = content.date() if isinstance(content, datetime) else content
        text = format_date(PartialDate.from_date(day))
    elif isinstance(content, float):
        text = format_number(Decimal(repr(content)))
    else:
        text = str(content)
    limits = item.constraints
    if limits.enum:
        match = next((option for option in limits.enum if fold(option) == fold(text)), None)
        if match is None:
            return Unreadable(
                "ngoai_danh_sach",
                f"“{_short(text)}” không có trong danh sách",
                f"một trong: {'; '.join(limits.enum)}",
                "chọn trong danh sách",
            )
        text = match
    if limits.max_length is not None and len(text) > limits.max_length:
        return Unreadable(
            "qua_dai", f"dài {len(text)} ký tự", f"không quá {limits.max_length} ký tự", "rút gọn nội dung"
        )
    return Reading(text)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
