"""Texts of workbooks print literally in prose and tables, whatever they hold."""

import re

import pypandoc
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from baocao.figure import Cell, Date, Figure, Text
from baocao.markup import figure_span, html_text, markdown_text, markdown_value, table_value
from baocao.vi import PartialDate, clean_text
from hostile import HOSTILE
from workbooks import ROOT

CELL = Cell("01 “a”.xlsx", "Tờ <1>", "D9")
READER = yaml.safe_load((ROOT / "_quarto.yml").read_text(encoding="utf-8"))["from"]


def plain(source: str, reader: str) -> str:
    text = pypandoc.convert_text(source, "plain", reader, extra_args=["--wrap=none"])
    return " ".join(text.replace("\u00a0", " ").split())


def flat(text: str) -> str:
    return " ".join(clean_text(text).split())


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_prints_the_text_itself(text: str) -> None:
    assert plain(markdown_text(text), READER) == flat(text)


def test_markdown_prints_every_text_itself_wherever_it_stands() -> None:
    places = {"{}": "{}", "a {} b": "a {} b", "- {}": "- {}", "1. {}": "1.  {}", "a\n{}": "a {}", "**{}**": "**{}**"}
    for place, shown in places.items():
        sources = [place.format(markdown_text(text)) for text in HOSTILE]
        # One document, its texts kept apart, for the sake of speed.
        whole = plain("\n\n<hr class='x'>\n\n".join(["x", *sources, "x"]), f"{READER}-raw_html-native_divs")
        for text in HOSTILE:
            wanted = " ".join(shown.format(flat(text)).split())
            assert re.sub(r"\s", "", wanted.replace("**", "")) in re.sub(r"\s", "", whole.replace("**", "")), (
                place,
                text,
            )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.text(st.sampled_from("aĐ1 .-+*_`~^$@#!|<>[](){}\\:;/&=%\"'?\n"), min_size=1, max_size=12),
        min_size=1,
        max_size=20,
    )
)
def test_markdown_prints_any_text_itself(texts: list[str]) -> None:
    texts = [text for text in texts if flat(text)]
    source = "\n\n".join(f"dau {markdown_text(text)} cuoi" for text in texts)
    shown = pypandoc.convert_text(source, "plain", READER, extra_args=["--wrap=none"])
    assert [" ".join(line.split()) for line in shown.splitlines() if line] == [
        f"dau {flat(text)} cuoi" for text in texts
    ]


@settings(max_examples=40, deadline=None)
@given(st.text(st.sampled_from("aĐ1 .-+*_`~^$@#!|<>[](){}\\:;/&=%\"'?\n"), min_size=1, max_size=12).filter(str.strip))
def test_markdown_prints_any_text_at_the_beginning(text: str) -> None:
    assert plain(markdown_text(text), READER) == flat(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_table_cells_print_the_text_itself(text: str) -> None:
    datum = Text("a.b", clean_text(text), "nhãn", CELL)
    shown, align = table_value(datum)
    assert align == "left"
    assert "{{" not in shown
    assert plain(f"<p>{shown}</p>", "html+native_spans") == flat(text)


def test_lines_of_a_text_stay_lines_in_tables() -> None:
    assert table_value(Text("a.b", "một\nhai", "nhãn", CELL)) == ("một<br>hai", "left")


def test_html_text_leaves_nothing_for_template_languages() -> None:
    assert html_text("{{< x >}} \"&'") == "&#123;&#123;&lt; x &gt;&#125;&#125; &quot;&amp;&#x27;"


def test_figures_carry_code_and_source() -> None:
    figure = Figure("cccd.da_cap", 2743, "Số thẻ", "thẻ", cell=CELL)
    assert figure_span(figure) == ('<span data-so="cccd.da_cap" title="01 “a”.xlsx › Tờ &lt;1&gt; › D9">2.743</span>')
    assert plain(f"Đã cấp {markdown_value(figure)} thẻ.", READER) == "Đã cấp 2.743 thẻ."
    assert plain(f"{markdown_value(figure)}. x", READER) == "2.743. x"


def test_missing_values_have_their_signs() -> None:
    figure = Figure("a.b", None, "x", cell=CELL)
    assert ">…</span>" in markdown_value(figure)
    assert ">-</span>" in table_value(figure)[0]
    assert table_value(figure)[1] == "center"
    assert markdown_value(Text("a.b", None, "x", CELL)) == "…"
    assert table_value(Text("a.b", None, "x", CELL)) == ("", "left")
    assert table_value(Date("a.b", None, "x", CELL)) == ("", "left")
    assert table_value(Date("a.b", PartialDate(2024, 4, 1), "x", CELL)) == ("01/4/2024", "center")
