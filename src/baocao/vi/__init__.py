"""Vietnamese: text hygiene, alphabetical order, numbers, dates and numbering as administrative documents write them.

Only the standard library is imported, so that the command line starts fast.
"""

from baocao.vi.collation import SortKey, sort_key
from baocao.vi.dates import PartialDate, format_date, format_date_words, format_month
from baocao.vi.numbers import decimal_places, format_money, format_number, format_percent, round_half_up
from baocao.vi.text import clean_text, fold, nfc, slug, strip_marks
from baocao.vi.wording import join_list, letter, roman

__all__ = [
    "PartialDate",
    "SortKey",
    "clean_text",
    "decimal_places",
    "fold",
    "format_date",
    "format_date_words",
    "format_money",
    "format_month",
    "format_number",
    "format_percent",
    "join_list",
    "letter",
    "nfc",
    "roman",
    "round_half_up",
    "slug",
    "sort_key",
    "strip_marks",
]
