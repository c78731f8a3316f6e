"""Numbers as Vietnamese administrative texts print them: 2.435.220.000; 96,82%. Exact throughout, never via float."""

from decimal import Decimal
from fractions import Fraction

Number = int | Decimal | Fraction

_FRACTION_DECIMALS = 2


def round_half_up(value: Number, decimals: int) -> Decimal:
    """`value` rounded exactly to `decimals` ≥ 0 places; a half goes away from zero. Never a negative zero.

    The result has exactly `decimals` places, whatever the current decimal context. A float or a bool is a
    `TypeError`, an infinite or undefined `Decimal` a `ValueError`.
    """
    exact = Fraction(_checked(value))
    if decimals < 0:
        raise ValueError(f"số chữ số thập phân phải từ 0 trở lên, không phải {decimals}")
    units = int(abs(exact) * 10**decimals + Fraction(1, 2))
    return Decimal(f"{-units if exact < 0 else units}E-{decimals}")


def format_number(value: Number, decimals: int | None = None, fixed: bool = False) -> str:
    """`value` with thousands “.” and decimal “,”, rounded half-up to `decimals` places.

    Without `decimals`, an int or Decimal prints exactly and a Fraction at 2 places. Trailing zeros after the
    comma are dropped unless `fixed`. Errors as in `round_half_up`.
    """
    places = decimal_places(_checked(value)) if decimals is None else decimals
    whole, _, part = f"{round_half_up(value, places):,f}".partition(".")
    if not fixed:
        part = part.rstrip("0")
    whole = whole.replace(",", ".")
    return f"{whole},{part}" if part else whole


def format_percent(value: Number, decimals: int = 2, fixed: bool = False) -> str:
    """`value`, already in percent, with the sign and no space: 96.82093 → “96,82%”. Errors as in `round_half_up`."""
    return f"{format_number(value, decimals, fixed)}%"


def format_money(value: int | Decimal) -> str:
    """An exact amount in đồng: “2.435.220.000 đồng”. A quotient (Fraction) must be rounded first: `TypeError`."""
    if isinstance(value, Fraction):
        raise TypeError("số tiền là thương của phép chia: cần làm tròn trước khi in")
    return f"{format_number(value)} đồng"


def _checked(value: Number) -> Number:
    # The types are checked at run time too: notebooks are not type-checked, and float is not exact.
    if isinstance(value, bool) or not isinstance(value, int | Decimal | Fraction):
        raise TypeError(f"cần số chính xác (int, Decimal hoặc Fraction), không phải {type(value).__name__}")
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError(f"không phải là số hữu hạn: {value}")
    return value


def decimal_places(value: Number) -> int:
    """Decimals that `value` has as stored; a fraction counts as the usual two."""
    if isinstance(value, Fraction):
        return _FRACTION_DECIMALS
    if isinstance(value, int):
        return 0
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
