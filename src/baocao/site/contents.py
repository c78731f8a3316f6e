"""The text of a report by its headings, read from its page: for the contents of a month and for the search."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from baocao.vi import nfc

_HEADINGS = {"h2": 2, "h3": 3, "h4": 4, "h5": 5}
_INSIDE = {"a", "abbr", "b", "em", "i", "span", "strong", "sub", "sup"}
"""Elements that do not end a word."""
_CELLS = {"td", "th"}
_NAME = "ten-phu-luc"
"""Class of the `div` that names an appendix, below its heading."""
_SPACE = re.compile(r"\s+")
_GAP = re.compile(r" ·( ·)+")


@dataclass
class Section:
    """One heading and what stands below it, up to the next; `anchor` is its address in the page."""

    anchor: str
    level: int
    title: str = ""
    text: str = ""


@dataclass
class _Reader(HTMLParser):
    sections: list[Section] = field(default_factory=list)
    depth: int = 0
    """Open `main` elements."""
    heading: str = ""
    naming: bool = False
    """Inside the name of an appendix."""
    around: str = ""
    """Address of the `section` that begins, for a heading that has none of its own."""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "main":
            self.depth += 1
            self.sections.append(Section("", 2))
        elif tag == "section":
            self.around = dict(attrs).get("id") or ""
        elif tag in _HEADINGS and (anchor := dict(attrs).get("id") or self.around):
            self.heading, self.around = tag, ""
            self.sections.append(Section(anchor, _HEADINGS[tag]))
        elif tag == "div" and dict(attrs).get("class") == _NAME and self.sections:
            self.naming = True
            self.sections[-1].title += ". "
        if tag not in _INSIDE:
            self._add(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "main":
            self.depth -= 1
        elif tag == self.heading:
            self.heading = ""
        elif tag == "div":
            self.naming = False
        if tag in _CELLS:
            self._add(" · ")
        elif tag not in _INSIDE:
            self._add(" ")

    def handle_data(self, data: str) -> None:
        self._add(data)

    def _add(self, text: str) -> None:
        if self.depth and (self.heading or self.naming):
            self.sections[-1].title += text
        elif self.depth:
            self.sections[-1].text += text


def read_contents(page: str) -> list[Section]:
    """The sections of a report's page, in order; what stands before the first heading has no anchor."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    for section in reader.sections:
        section.title = _tidy(section.title)
        section.text = _tidy(section.text)
    return [section for section in reader.sections if section.title or section.text]


def _tidy(text: str) -> str:
    return nfc(_GAP.sub(" ·", _SPACE.sub(" ", text)).strip(" ·"))
