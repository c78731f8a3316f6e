"""Numbering and enumeration in administrative texts (Nghị định 30/2020/NĐ-CP, Phụ lục I, Phần I, II.6.đ and III.1)."""

from collections.abc import Sequence

_ROMAN = (
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
)
_POINTS = "abcdđeghiklmnopqrstuvxy"


def roman(n: int) -> str:
    """`n` from 1 to 3999 as a Roman numeral (phần, chương, phụ lục); else a `ValueError`."""
    if not 1 <= n <= 3999:
        raise ValueError(f"số La Mã chỉ viết được từ 1 đến 3999, không phải {n}")
    numeral = ""
    for value, sign in _ROMAN:
        count, n = divmod(n, value)
        numeral += sign * count
    return numeral


def letter(n: int) -> str:
    """Letter of the `n`-th point (điểm), from 1, without the bracket: a b c d đ e g … y; past y a `ValueError`."""
    if not 1 <= n <= len(_POINTS):
        raise ValueError(f"điểm chỉ đánh được từ 1 đến {len(_POINTS)} (a đến y), không phải {n}")
    return _POINTS[n - 1]


def join_list(items: Sequence[str]) -> str:
    """“A”, “A và B”, “A, B và C”; empty for no items."""
    if isinstance(items, str):
        raise TypeError("cần một danh sách, không phải một chuỗi")
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} và {items[-1]}"
