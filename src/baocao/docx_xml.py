"""Elements of Word's XML by their names, in the two namespaces that Word writes."""

from typing import Any
from xml.etree.ElementTree import Element

_W = (
    "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}",
    "{http://purl.oclc.org/ooxml/wordprocessingml/main}",
)


def name_of(element: Element) -> str:
    """Name of a Word element; others keep their namespace."""
    tag: Any = element.tag
    for space in _W:
        if isinstance(tag, str) and tag.startswith(space):
            return tag[len(space) :]
    return str(tag)


def value(element: Element | None, name: str) -> str:
    """A Word attribute; empty where there is none."""
    if element is None:
        return ""
    return next((found for space in _W if (found := element.get(space + name)) is not None), "")


def reference(element: Element, name: str) -> str:
    """The id of another part: `r:id`, `r:embed`."""
    ends = f"/relationships}}{name}"
    return next((found for key, found in element.attrib.items() if key.endswith(ends)), "")


def child(element: Element | None, *names: str) -> Element | None:
    """The first child of that name, of which the first of the next name, and so on."""
    for name in names:
        element = next((item for item in (element if element is not None else ()) if name_of(item) == name), None)
    return element
