"""A number typed as text: every number that it can mean, so that nothing is guessed."""

import re
from decimal import Decimal

# Typed by hand or pasted: an apostrophe that marks text, the signs of minus, digits of East Asian keyboards.
_LEADING_MARK = re.compile("^['’`]+ *")
# A spreadsheet holds fifteen digits: what is much longer, with its separators, is no number.
_SIGNED = re.compile("(-?) ?([0-9][0-9., ]{0,29})")
_PLAIN = str.maketrans(dict(zip("０１２３４５６７８９．，", "0123456789.,", strict=True)) | dict.fromkeys("−–－", "-"))

_VIETNAMESE = re.compile(r"(?:\d+|[1-9]\d{0,2}(?:\.\d{3})+|[1-9]\d{0,2}(?: \d{3})+)(?:,\d+)?")
_ENGLISH = re.compile(r"(?:\d+|[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d{0,2}(?: \d{3})+)(?:\.\d+)?")
# 1485.000 and 1485,000: decimals, or a thousands separator forgotten.
_CARELESS = re.compile(r"\d{4,}[.,]\d{3}")


def read_typed(text: str, whole: bool) -> tuple[Decimal, ...]:
    """The numbers that `text` (clean, see `clean_text`) can mean, the Vietnamese reading first; none: no number.

    Vietnamese writing groups thousands by “.” or a space and has the decimal “,”; English the reverse. The
    Vietnamese reading always counts. The English one counts where it fits the column: `whole` where only whole
    numbers do. One reading is certain, two are a question:

    | typed | count | number with decimals |
    | --- | --- | --- |
    | 1485; 1 485; １４８５; '1485 | 1485 | 1485 |
    | 2.743 | 2743: 2,743 is no count | 2743 or 2,743 |
    | 2.000 | 2000 or 2 | 2000 or 2 |
    | 2.000.000; 2,000,000 | 2000000 | 2000000 |
    | 2,743 | 2,743 or 2743 | 2,743 or 2743 |
    | 1485,0; 1.485,0; 1485.0; 1,485.0 | 1485 | 1485 |
    | 1485,000; 1485.000 | 1485 or 1485000 | 1485 or 1485000 |
    | 12,5; 12.5; 0,500; 0.500 | a fraction, refused by the caller | 12,5; 0,5 |
    | 2.74; 27.43.1; 1 48; 2.743 người | 2.74 a fraction; else no number | 2,74; else no number |
    """
    match = _SIGNED.fullmatch(_LEADING_MARK.sub("", text.translate(_PLAIN)).rstrip("'’"))
    if not match:
        return ()
    sign, digits = match.groups()
    own = [_decimal(digits, ".", ",")] if _VIETNAMESE.fullmatch(digits) else []
    foreign = [_decimal(digits, ",", ".")] if _ENGLISH.fullmatch(digits) else []
    if _CARELESS.fullmatch(digits):
        foreign.append(Decimal(re.sub("[.,]", "", digits)))
    fitting = [number for number in foreign if not whole or number == number.to_integral_value()]
    readings = dict.fromkeys(own + (fitting or ([] if own else foreign)))
    return tuple(-number if sign else number for number in readings)


def _decimal(digits: str, group: str, point: str) -> Decimal:
    return Decimal(digits.replace(group, "").replace(" ", "").replace(point, "."))
