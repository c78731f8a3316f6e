"""How the letters of a Word document look: bold, italic, underlined, struck; by styles and by hand."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from baocao.docx_file import DocxFile
from baocao.docx_xml import child, name_of, value

_OFF = frozenset(("0", "false", "off", "none"))
LOOKS = {"b": "đậm", "i": "nghiêng", "u": "gạch chân", "strike": "gạch ngang"}


class Looks:
    """The styles of a document."""

    def __init__(self, file: DocxFile) -> None:
        parts = file.of_kind(file.body, "styles")
        root = file.roots.get(parts[0]) if parts else None
        styles = [item for item in (root if root is not None else ()) if name_of(item) == "style"]
        self._styles = {value(item, "styleId"): item for item in styles}
        usual = (
            item for item in styles if value(item, "type") == "paragraph" and value(item, "default") in ("1", "true")
        )
        self._usual = next((value(item, "styleId") for item in usual), "")
        self._defaults = child(root, "docDefaults", "rPrDefault", "rPr")

    def of(self, style: str, run: Element) -> str:
        """The names of what a run has, `b u`; `style` is that of its paragraph, empty for the usual one."""
        properties = child(run, "rPr")
        own = value(child(properties, "rStyle"), "val")
        return " ".join(name for name in LOOKS if self._has(name, properties, own, style or self._usual))

    def _has(self, name: str, properties: Element | None, own: str, style: str) -> bool:
        said = _says(properties, name)
        if said is not None:
            return said
        of_letters, of_paragraph = self._of_style(own, name), self._of_style(style, name)
        if of_letters is None and of_paragraph is None:
            return bool(_says(self._defaults, name))
        if name == "u":
            return bool(of_paragraph if of_letters is None else of_letters)
        # Letters that are bold in a bold paragraph are plain (ISO 29500-1, 17.7.3).
        return bool(of_letters) != bool(of_paragraph)

    def _of_style(self, style: str, name: str) -> bool | None:
        said = (_says(child(item, "rPr"), name) for item in self._line(style))
        return next((item for item in said if item is not None), None)

    def _line(self, style: str) -> Iterator[Element]:
        seen: set[str] = set()
        while style in self._styles and style not in seen:
            seen.add(style)
            yield self._styles[style]
            style = value(child(self._styles[style], "basedOn"), "val")


def _says(properties: Element | None, name: str) -> bool | None:
    element = child(properties, name)
    return None if element is None else value(element, "val") not in _OFF
