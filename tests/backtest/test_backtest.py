"""The report of April 2024 that we make, read back from its three formats, against the report as issued."""

from functools import cache
from pathlib import Path
from typing import Protocol

import pytest

from .copies import copied
from .facts import BackTest, flat, load, missing, wrong_forms
from .sections import KEYS, Line, SectionText, split
from .texts import READERS
from .tokens import DATE, DIGITS, DOCUMENT, whole

HERE = Path(__file__).parent
NARRATIVE = tuple(key for key in KEYS if key.startswith("I"))


class Report(Protocol):
    """The three files of one report."""

    @property
    def docx(self) -> Path: ...

    @property
    def pdf(self) -> Path: ...

    @property
    def html(self) -> Path: ...


@cache
def backtest() -> BackTest:
    """The facts of April 2024."""
    return load(HERE / "2024-04.yml")


@cache
def reference() -> dict[str, SectionText]:
    """The report as issued, by section."""
    lines = (HERE / "bao-cao-2024-04.txt").read_text(encoding="utf-8").splitlines()
    return split(map(Line, lines), with_rows=False)


@cache
def _sections(path: Path) -> dict[str, SectionText]:
    return READERS[path.suffix.removeprefix(".")](path)


def _narrative(section: str) -> str:
    """The text of a section of the reference without its heading, which has no full stop of its own."""
    text = reference()[section].text
    headings = [fact for fact in backtest().of(section) if fact.kind == "heading"]
    for start, end in sorted((span for fact in headings for span in fact.reference_spans(text)), reverse=True):
        text = f"{text[:start]}\n- {text[end:]}"
    return text


def _read(report: Report, extension: str) -> dict[str, SectionText]:
    path: Path = getattr(report, extension)
    return _sections(path)


# The list is complete.


@pytest.mark.parametrize("section", KEYS)
def test_the_list_holds_every_digit_date_and_document_number_of_the_reference(section: str) -> None:
    text = reference()[section].text
    assert text, f"the reference has no section {section}"
    spans = [span for fact in backtest().of(section) for span in fact.reference_spans(text)]
    open_places = [
        f"“{match[0]}” in “…{text[max(0, match.start() - 40) : match.end() + 40]}…”"
        for pattern in (DIGITS, DATE, DOCUMENT)
        for match in pattern.finditer(text)
        if not any(start <= match.start() and match.end() <= end for start, end in spans)
    ]
    assert not open_places, "\n".join(open_places)


@pytest.mark.parametrize("section", KEYS)
def test_the_list_holds_nothing_that_the_reference_does_not_say(section: str) -> None:
    text = reference()[section].text
    invented = [str(fact) for fact in backtest().of(section) if not fact.reference_spans(text)]
    assert not invented, "\n".join(invented)


# Our report states it.


@pytest.mark.parametrize("section", KEYS)
@pytest.mark.parametrize("extension", READERS)
def test_the_section_states_every_fact(april_report: Report, extension: str, section: str) -> None:
    lost = missing(backtest().of(section), _read(april_report, extension)[section])
    listing = "\n".join(f"  {fact}" for fact in lost)
    assert not lost, f"{len(lost)} facts of {section} are not in the {extension.upper()}:\n{listing}"


@pytest.mark.parametrize("section", KEYS)
@pytest.mark.parametrize("extension", READERS)
def test_the_section_prints_no_fact_in_a_wrong_form(april_report: Report, extension: str, section: str) -> None:
    wrong = wrong_forms(backtest().of(section), _read(april_report, extension)[section])
    assert not wrong, f"{section} of the {extension.upper()} prints {wrong}"


@pytest.mark.parametrize("extension", READERS)
def test_the_report_repeats_no_error_of_the_reference(april_report: Report, extension: str) -> None:
    sections = _read(april_report, extension)
    repeated = [
        f"{section}: “{text}” ({reason})"
        for text, reason in backtest().forbidden
        for section, part in sections.items()
        if any(whole(text).search(variant) for variant in part.variants)
    ]
    assert not repeated, "\n".join(repeated)


def test_the_narrative_is_not_a_copy_of_the_reference(april_report: Report) -> None:
    ours = "\n".join(part.text for part in _read(april_report, "docx").values())
    titles = [
        text
        for fact in backtest().facts
        if fact.kind in {"name", "heading", "column", "row"}
        for text in flat(fact.reference)
    ]
    same = copied(map(_narrative, NARRATIVE), ours, [*titles, *backtest().copy_allowed])
    assert not same, "word for word from the reference:\n" + "\n".join(f"  {sentence}" for sentence in same)
