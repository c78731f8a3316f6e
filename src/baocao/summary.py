"""What a month's report says of itself in one small file, `tom-tat.json`: title, dates and main indicators.

The site is made from it, so that its pages say what the report says.
"""

import html
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from baocao.figure import PERCENT, Figure
from baocao.indicators import Indicator
from baocao.markup import change_text
from baocao.params import Params
from baocao.vi import format_date, nfc

NAME = "tom-tat.json"

_TAG = re.compile(r"<[^>]+>")


def write_summary(path: Path, params: Params, indicators: Sequence[Indicator]) -> None:
    """Write the summary of the month of `params`; equal months give equal bytes."""
    first, last = params.window_days
    content: dict[str, Any] = {
        "period": str(params.period),
        "kind": params.document.kind,
        "title": params.fill(params.document.abstract),
        "parent": params.issuer.parent,
        "body": params.issuer.body,
        "body_in_text": params.issuer.body_in_text,
        "symbol": params.symbol_line,
        "place_and_date": params.place_and_date,
        "window": [format_date(first), format_date(last)],
        "simulated": params.monthly.simulated,
        "indicators": [_indicator(item) for item in indicators],
    }
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    path.write_text(nfc(text), encoding="utf-8", newline="\n")


def _indicator(item: Indicator) -> dict[str, Any]:
    return {
        "label": item.label,
        "value": _figure(item.value),
        "rate": None if item.rate is None or item.rate.missing else _figure(item.rate),
        "change": html.unescape(_TAG.sub("", change_text(item.change))),
    }


def _figure(figure: Figure) -> dict[str, str | None]:
    """Code, exact value (`376000`, `9682/100`) and what is printed."""
    return {
        "code": figure.code,
        "exact": None if figure.value is None else str(figure.value),
        "text": str(figure),
        "unit": "" if figure.unit == PERCENT else figure.unit,
    }
