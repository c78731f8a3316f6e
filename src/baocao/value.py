"""One cell's content read as the type that its column asks for: exact, or refused with the reason."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from unicodedata import normalize

from openpyxl.utils.datetime import from_excel

from baocao.figure import PERCENT
from baocao.forms import Item
from baocao.typed import read_typed
from baocao.typeface import unprintable
from baocao.vi import PartialDate, clean_text, fold, format_date, format_number
from baocao.vi.legacy import find_legacy
from baocao.vi.mojibake import undo_mojibake

_RATE = re.compile(r"(trên|dưới|khoảng|gần|hơn)?\s*(\d{1,3}(?:,\d+|\.\d{1,2})?)\s*(%?)")
_MIDNIGHT = re.compile(r"\s+0{1,2}:00(:00(\.0+)?)?$")
"""What programs write after a day."""
_ERRORS = {"#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#N/A", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!"}
_MOST_SHOWN = 5
"""Characters that a finding names."""
_NOISE, _MOST_NOISE = Decimal("1e-12"), Decimal(10**6)
"""What binary arithmetic leaves beside a whole number, as a part of it; no fraction that anybody types is as small."""
_SERIALS = range(36526, 73051)
"""Days of the years 2000 to 2099 as a spreadsheet counts them."""
_EPOCH_CELLS = (datetime, date)
# What a number format shows literally, which is no place for a digit: quoted, escaped, bracketed.
_LITERAL_FORMAT = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.')
# Right-to-left mark, embedding, override, isolate: digits and words are shown in another order than they are stored.
_TURNS = re.compile("[\u200f\u061c\u202b\u202e\u2067]")


@dataclass(frozen=True)
class Reading:
    """A value that was read; `qualifier` is the word before a reported rate."""

    value: int | Decimal | str | PartialDate | None
    qualifier: str = ""
    typed: str = ""
    """What was typed, where a number was typed as text."""


@dataclass(frozen=True)
class Unreadable:
    """Why a content was refused."""

    rule: str
    what: str
    expected: str
    remedy: str


def read_value(
    content: object, is_error: bool, item: Item, number_format: str = "General", font: str = ""
) -> Reading | Unreadable:
    """Read `content` (as openpyxl gives it) for `item`. Nothing is guessed: what does not fit is refused.

    `number_format` is the cell's: it tells 100% from 1, and a month from its first day. So does `font`, by name:
    it tells a text in an encoding from before Unicode. An empty format is that of a workbook without any: there a
    number in a column of dates is the day that it stands for. Characters that nobody sees are dropped, unless they turn
    the direction of the text: then it does not say what it shows, and is refused.
    """
    shape = _LITERAL_FORMAT.sub("", number_format.split(";")[0]).lower()
    if isinstance(content, str):
        refused = _disguised(content, font)
        if refused:
            return refused
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
        return _number(content, item, PERCENT in shape)
    if item.type == "reported_rate":
        return _rate(content, item, PERCENT in shape)
    if item.type in ("date", "partial_date"):
        if not number_format and isinstance(content, int) and content in _SERIALS:
            content = from_excel(content)
        return _date(content, item, shape)
    return _text(content, item, shape)


def _disguised(text: str, font: str) -> Unreadable | None:
    """Why a text is not what it looks like; None when it is."""
    if _TURNS.search(text):
        return Unreadable(
            "dao_chieu",
            f"“{_short(clean_text(text))}” có ký tự ẩn đảo chiều chữ, nội dung lưu khác nội dung nhìn thấy",
            "nội dung không có ký tự điều khiển chiều chữ",
            "xóa ô, gõ lại trực tiếp, không dán từ nguồn khác",
        )
    meant = undo_mojibake(text)
    if meant is not None:
        return Unreadable(
            "vo_ma",
            f"“{_short(clean_text(text))}” bị vỡ mã (UTF-8 mở nhầm bằng Windows-1252); có lẽ là “{_short(meant)}”",
            "chữ Việt Unicode dựng sẵn (TCVN 6909:2001)",
            "mở tệp gốc bằng bảng mã UTF-8 rồi chép lại, hoặc gõ lại nội dung",
        )
    old = find_legacy(text, font)
    if not old:
        return None
    names, readings = (
        " hoặc ".join(each.encoding for each in old),
        " hay ".join(f"“{_short(each.reading)}”" for each in old),
    )
    return Unreadable(
        "ma_cu",
        f"“{_short(text)}” gõ bằng bảng mã cũ {names}, không phải Unicode; có lẽ là {readings}",
        "chữ Việt Unicode dựng sẵn (TCVN 6909:2001), phông Times New Roman",
        "chuyển mã sang Unicode (UniKey: Công cụ), hoặc gõ lại nội dung",
    )


def _decimal(content: object) -> Decimal | None:
    """The number as the spreadsheet shows it; None for what is no finite number."""
    if isinstance(content, bool):
        return None
    try:
        # Spreadsheets calculate in binary and show fifteen digits: 0.1 + 0.2 is stored as 0.30000000000000004.
        number = Decimal(f"{content:.15g}" if isinstance(content, float) else str(content))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _exact(number: Decimal) -> int | Decimal:
    return int(number) if number == number.to_integral_value() else number.normalize()


def _day(content: datetime | date, shape: str) -> PartialDate:
    """A date cell as it is shown: without the day (or the month) where its format leaves them out."""
    if "y" in shape and "d" not in shape:
        return PartialDate(content.year, content.month if "m" in shape else None)
    return PartialDate(content.year, content.month, content.day)


def _number(content: object, item: Item, percent: bool) -> Reading | Unreadable:
    kind = "số" if item.type == "number" else "số nguyên không âm" if (item.minimum or 0) >= 0 else "số nguyên"
    expected = f"một {kind}" + (f", đơn vị: {item.unit}" if item.unit else "")
    if isinstance(content, _EPOCH_CELLS):
        shown = format_date(PartialDate(content.year, content.month, content.day))
        return Unreadable(
            "ngay_o_cot_so", f"ô chứa ngày {shown}, không phải số", expected, "đặt lại định dạng ô là số rồi nhập lại"
        )
    if isinstance(content, str):
        return _typed(content, item, expected)
    number = _decimal(content)
    if number is not None and item.type == "integer" and isinstance(content, float):
        nearest = number.to_integral_value()
        number = nearest if abs(number - nearest) <= _NOISE * min(abs(nearest), _MOST_NOISE) else number
    if number is None:
        return Unreadable("khong_la_so", f"“{_as_shown(content)}” không phải là số", expected, "nhập lại số liệu")
    if percent:
        number *= 100
        if item.unit != PERCENT:
            return Unreadable(
                "phan_tram_o_cot_so",
                f"ô chứa {format_number(number)}%, không phải số đếm",
                expected,
                "đặt định dạng ô là số (Number) rồi nhập lại",
            )
    whole = number == number.to_integral_value()
    if item.type == "integer" and not whole:
        grouped = number * 1000
        as_group = f" hay {format_number(int(grouped))}" if grouped == grouped.to_integral_value() else ""
        return Unreadable(
            "so_le",
            f"số lẻ {format_number(number)} ở ô đếm: là {format_number(number)}{as_group}?",
            expected,
            "gõ lại chỉ bằng chữ số, không dấu chấm, không dấu phẩy, vì Excel có thể hiểu dấu chấm là dấu thập phân",
        )
    return _within(number, item, expected)


def _typed(content: str, item: Item, expected: str) -> Reading | Unreadable:
    """A number typed as text: read where only one number can be meant, see `read_typed`."""
    text = content.removesuffix(PERCENT).rstrip() if item.unit == PERCENT else content
    readings = read_typed(text, whole=item.type == "integer")
    shown = " hay ".join(format_number(reading) for reading in readings)
    remedy = "đặt định dạng ô là số (Number), gõ lại chỉ bằng chữ số"
    if not readings:
        return Unreadable("chu_o_cot_so", f"“{_short(content)}” được gõ dạng chữ, không phải số", expected, remedy)
    if len(readings) > 1:
        what = f"“{_short(content)}” được gõ dạng chữ, đọc được hai cách: là {shown}?"
        return Unreadable("so_hai_nghia", what, expected, remedy)
    number = readings[0]
    if item.type == "integer" and number != number.to_integral_value():
        what = f"“{_short(content)}” được gõ dạng chữ, là số lẻ {shown} ở ô đếm"
        return Unreadable("so_le", what, expected, remedy)
    outcome = _within(number, item, expected)
    return replace(outcome, typed=content) if isinstance(outcome, Reading) else outcome


def _within(number: Decimal, item: Item, expected: str, qualifier: str = "") -> Reading | Unreadable:
    """The number, unless it is outside the limits of the form."""
    unit = PERCENT if item.type == "reported_rate" else ""
    least, most = item.minimum, item.constraints.maximum
    if least is not None and number < least:
        beyond = f"nhỏ hơn {format_number(least)}"
    elif most is not None and number > most:
        beyond = f"lớn hơn {format_number(most)}"
    else:
        return Reading(_exact(number), qualifier)
    what = f"{format_number(number)}{unit} {beyond}{unit}"
    return Unreadable("ngoai_khoang", what, expected, "kiểm tra và nhập lại")


def _rate(content: object, item: Item, percent: bool) -> Reading | Unreadable:
    number = None if isinstance(content, str) else _decimal(content)
    least, most = item.minimum, item.constraints.maximum
    allowed = f"một tỷ lệ từ {least}%" + ("" if most is None else f" đến {most}%")
    if number is not None:
        if percent:
            return _within(number * 100, item, allowed)
        if number == 0 or number > 1:
            return _within(number, item, allowed)
    else:
        match = _RATE.fullmatch(fold(content)) if isinstance(content, str) else None
        number = Decimal(match[2].replace(",", ".")) if match else None
        if match and number is not None and (match[3] or number == 0 or number > 1):
            return _within(number, item, allowed, match[1] or "")
    readings = ""
    if number is not None:
        readings = f": là {format_number(number)}% hay {format_number(number * 100)}%?"
    return Unreadable(
        "sai_ty_le",
        f"“{_short(_as_shown(content))}” không đọc được là tỷ lệ{readings}",
        "một tỷ lệ, ví dụ “trên 98%”; phần lẻ sau dấu phẩy",
        "gõ lại tỷ lệ kèm dấu %",
    )


def _date(content: object, item: Item, shape: str) -> Reading | Unreadable:
    expected = (
        "một ngày, ví dụ 14/4/2024"
        if item.type == "date"
        else "ngày, tháng hoặc năm, ví dụ 14/4/2024; 4/2024; Năm 2024"
    )
    value: PartialDate | None = None
    if isinstance(content, _EPOCH_CELLS):
        value = _day(content, shape)
    elif isinstance(content, str):
        try:
            value = PartialDate.parse(_MIDNIGHT.sub("", normalize("NFKC", content)))
        except ValueError:
            value = None
    elif isinstance(content, int) and item.type == "partial_date" and 1900 <= content <= 2999:
        value = PartialDate(content, None, None)
    if value is None or (item.type == "date" and value.day is None):
        shown = format_date(value) if value else _short(_as_shown(content))
        return Unreadable("sai_ngay", f"“{shown}” không phải là ngày", expected, "gõ lại ngày/tháng/năm")
    return Reading(value)


def _as_shown(content: object) -> str:
    """A cell's content as a reader of the sheet sees it."""
    if isinstance(content, bool):
        return "TRUE" if content else "FALSE"
    number = _decimal(content) if isinstance(content, float) else None
    return str(content) if number is None else format_number(number)


def _text(content: object, item: Item, shape: str) -> Reading | Unreadable:
    text = format_date(_day(content, shape)) if isinstance(content, _EPOCH_CELLS) else _as_shown(content)
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
    lacking = unprintable(text)
    if lacking:
        shown = ", ".join(f"“{char}” (U+{ord(char):04X})" for char in lacking[:_MOST_SHOWN])
        more = " …" if len(lacking) > _MOST_SHOWN else ""
        return Unreadable(
            "ky_tu_la",
            f"có ký tự không in được bằng phông chữ của báo cáo: {shown}{more}",
            "chữ, số và dấu câu thông thường, không có biểu tượng cảm xúc hay chữ nước ngoài ngoài hệ La-tinh",
            "xóa hoặc thay các ký tự đó bằng chữ",
        )
    if limits.max_length is not None and len(text) > limits.max_length:
        return Unreadable(
            "qua_dai", f"dài {len(text)} ký tự", f"không quá {limits.max_length} ký tự", "rút gọn nội dung"
        )
    return Reading(text)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
