"""Values put into prose and tables: figures marked with their code and source, texts made literal."""

import html
import re
from dataclasses import replace

from baocao.figure import MISSING_IN_TABLE, PERCENT, Date, Datum, Figure
from baocao.vi import clean_text

NOTHING_REPORTED = "Trong kỳ chưa có báo cáo về nội dung này."
"""Where a heading or a table has no content. A blank in a form is “chưa có số liệu”; what did not occur is a 0."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~^$@!&=])")
_URI = re.compile(r":(?=[/:])")
_LIST_LABEL = re.compile(r"^(\(?[0-9A-Za-z]{1,9})([.)])")
_CAPTION = re.compile(r"^(table):", re.IGNORECASE)
_LEADING = re.compile(r"^([-+:%.)(?\"'])")


def one_line(text: str) -> str:
    """`text` without line breaks: a blank line inside a tag would end the paragraph and with it the tag."""
    return " ".join(clean_text(text).split())


def markdown_text(text: str) -> str:
    """`text` as Markdown that prints literally: no emphasis, HTML, link, list, shortcode or maths takes effect."""
    flat = one_line(text)
    flat = _URI.sub(r"\\:", _SPECIAL.sub(r"\\\1", flat))
    return _LIST_LABEL.sub(r"\1\\\2", _CAPTION.sub(r"\1\\:", _LEADING.sub(r"\\\1", flat)))


def html_text(text: str) -> str:
    """`text` as HTML that prints literally; braces too, so that no template language after this one sees them."""
    return html.escape(text).replace("{", "&#123;").replace("}", "&#125;")


def figure_span(figure: Figure, shown: str | None = None) -> str:
    """A figure with its code and source, as Markdown and HTML both read it."""
    return (
        f'<span data-so="{html_text(figure.code)}" title="{html_text(one_line(figure.source))}">'
        f"{html_text(str(figure) if shown is None else shown)}</span>"
    )


def change_text(moved: Figure) -> str:
    """“tăng 1.234 so với tháng trước” for a change; empty where there is no month before to compare with."""
    if moved.value is None:
        return ""
    if moved.value == 0:
        return "không thay đổi so với tháng trước"
    word = "tăng" if moved.value > 0 else "giảm"
    size = replace(moved, value=moved.value if moved.value > 0 else -moved.value)
    if str(size).rstrip("%").strip("0,") == "":
        return "tương đương tháng trước"
    unit = " điểm phần trăm" if moved.unit == PERCENT else ""
    return f"{word} {figure_span(moved, str(size).removesuffix(PERCENT))}{unit} so với tháng trước"


def markdown_value(datum: Datum) -> str:
    """A value as prose shows it."""
    if isinstance(datum, Figure):
        return figure_span(datum)
    return markdown_text(str(datum))


def table_value(datum: Datum) -> tuple[str, str]:
    """A value as a table cell shows it: HTML and alignment."""
    if isinstance(datum, Figure):
        return (figure_span(datum, MISSING_IN_TABLE), "center") if datum.missing else (figure_span(datum), "right")
    if datum.missing:
        return "", "left"
    if isinstance(datum, Date):
        # A bare year in a column of dates would read as a number.
        bare_year = datum.value is not None and datum.value.month is None
        return html_text(f"Năm {datum}" if bare_year else str(datum)), "center"
    return "<br>".join(html_text(line) for line in str(datum).split("\n")), "left"
