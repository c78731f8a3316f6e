"""What a spreadsheet tells the clerk at an input cell: a short prompt, and a word when the value does not fit.

The limits are those that the reader has, and no others. An as-of date outside the reporting window can be kept.
"""

from dataclasses import dataclass
from datetime import date

from openpyxl.utils.datetime import to_excel
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from baocao.forms import Item
from baocao.vi import format_date

Window = tuple[date, date]
"""First and last day of the data, both included."""

_LONGEST_PROMPT = 255
"""Characters that Excel shows; more, and it calls the file damaged."""
_PARTIAL = "Ngày/tháng/năm, ví dụ 12/4/2024; chỉ biết tháng thì ghi “tháng 4/2024”, chỉ biết năm thì ghi “năm 2024”."
_KEYS = ("type", "operator", "formula1", "formula2", "allow_blank", "promptTitle", "prompt", "error")


@dataclass(frozen=True)
class Guidance:
    """The validations of one sheet."""

    sheet: Worksheet
    window: Window | None = None

    def add(self, ref: str, item: Item, unit: str = "") -> None:
        """Guide the clerk at the cell `ref`, which takes an `item`, in `unit` where that is not the item's own."""
        rule = _rule(item)
        self._put(ref, rule, item, *_prompt(item, unit or item.unit))

    def add_as_of(self, ref: str, item: Item) -> None:
        """Guide the clerk at the cell `ref` of an as-of date: a day of the window, or a month or year in words."""
        title, prompt = "Ngày chốt số liệu", _PARTIAL
        if self.window is None:
            self._put(ref, DataValidation(), item, title, prompt)
            return
        first, last = self.window
        rule = DataValidation(
            type="custom",
            # The cell names itself: programs differ in what a rule of several cells is relative to.
            formula1=f"OR(ISTEXT({ref}),AND({ref}>={_serial(first)},{ref}<={_serial(last)}))",
            errorStyle="warning",
            error=f"Ngày này ngoài kỳ số liệu {format_date(first)}–{format_date(last)}",
        )
        self._put(ref, rule, item, title, f"Trong kỳ số liệu {format_date(first)}–{format_date(last)}. {prompt}")

    def _put(self, ref: str, rule: DataValidation, item: Item, title: str, prompt: str) -> None:
        rule.allow_blank = not item.constraints.required
        rule.promptTitle, rule.prompt = title, _cut(prompt)
        rule.showInputMessage = True
        if rule.error:
            rule.errorTitle, rule.showErrorMessage = "Giá trị chưa đúng", True
        for known in self.sheet.data_validations.dataValidation:
            if all(getattr(known, key) == getattr(rule, key) for key in _KEYS):
                known.add(ref)
                return
        self.sheet.add_data_validation(rule)
        rule.add(ref)


def _serial(day: date) -> int:
    return int(to_excel(day))  # type: ignore[no-untyped-call]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_PROMPT else f"{text[: _LONGEST_PROMPT - 1].rstrip()}…"


def _prompt(item: Item, unit: str) -> tuple[str, str]:
    """Title and text of the prompt."""
    of_unit = f"Đơn vị tính: {unit}. " if unit else ""
    if item.type == "integer":
        return "Số nguyên", f"{of_unit}Gõ liền bằng chữ số, không gõ dấu chấm, dấu phẩy. Không phát sinh thì ghi 0."
    if item.type == "number":
        return "Số", f"{of_unit}Phần thập phân ghi sau dấu phẩy."
    if item.type == "reported_rate":
        return "Tỷ lệ", "Ghi tỷ lệ đơn vị báo cáo, ví dụ 98% hoặc trên 98%."
    if item.type == "date":
        return "Ngày", "Ngày/tháng/năm, ví dụ 14/4/2024."
    if item.type == "partial_date":
        return "Ngày, tháng hoặc năm", _PARTIAL
    if item.constraints.enum:
        return "Chọn trong danh sách", f"Một trong: {'; '.join(item.constraints.enum)}."
    most = item.constraints.max_length
    return "Nội dung", f"Ghi bằng chữ, không quá {most} ký tự." if most else "Ghi bằng chữ; không có thì để trống."


def _rule(item: Item) -> DataValidation:
    limits = item.constraints
    if item.type == "integer":
        kind = "số nguyên" if (item.minimum or 0) < 0 else "số nguyên không âm"
        rule = DataValidation(type="whole", error=f"Ô này cần một {kind}, không gõ dấu chấm hay dấu phẩy")
        _bound(rule, item)
    elif item.type == "number" and (limits.minimum is not None or limits.maximum is not None):
        rule = DataValidation(type="decimal", error="Ô này cần một số trong khoảng cho phép")
        _bound(rule, item)
    elif limits.enum:
        rule = DataValidation(
            type="list", formula1=f'"{",".join(limits.enum)}"', error="Chọn một giá trị trong danh sách"
        )
    elif limits.max_length is not None:
        rule = DataValidation(
            type="textLength",
            operator="lessThanOrEqual",
            formula1=str(limits.max_length),
            error=f"Ô này nhận không quá {limits.max_length} ký tự",
        )
    elif item.type == "date":
        rule = DataValidation(
            type="date", operator="greaterThan", formula1="36526", error="Ô này cần một ngày: ngày/tháng/năm"
        )
    else:
        return DataValidation()
    return rule


def _bound(rule: DataValidation, item: Item) -> None:
    """Give the rule the limits of a number that the reader has, and no others."""
    least, most = item.minimum, item.constraints.maximum
    if least is not None and most is not None:
        rule.operator, rule.formula1, rule.formula2 = "between", str(least), str(most)
    elif least is not None:
        rule.operator, rule.formula1 = "greaterThanOrEqual", str(least)
    else:
        rule.operator, rule.formula1 = "lessThanOrEqual", str(most)
