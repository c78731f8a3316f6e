"""The SVG that matplotlib writes, said in fewer bytes: the page carries every drawing in itself, twice."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "{http://www.w3.org/1999/xlink}"
_REFERENCE = re.compile(r"(?<=url\(#)[^)]+|(?<=^#).+")
_TOKEN = re.compile(r"[MLQCZz]|-?[\d.]+(?:e[-+]?\d+)?")
_LONG = re.compile(r"-?\d+\.\d{3,}")
_MOVED = re.compile(r"translate\((-?[\d.]+)(?: (-?[\d.]+))?\)")
_SIZES = ("width", "height", "viewBox", "x", "y", "transform")
_POINTS = {"M": 1, "L": 1, "Q": 2, "C": 3}
_PLACES = 2  # decimals of a point of 1/72 inch


def compact(svg: str) -> str:
    """The same picture: no metadata and no unused names, relative coordinates, no more decimals than an eye sees."""
    root = ET.fromstring(svg)
    for metadata in root.findall(f"{{{_SVG}}}metadata"):
        root.remove(metadata)
    for style in root.findall(f"{{{_SVG}}}defs/{{{_SVG}}}style"):
        # What matplotlib sets for every element; from the root it is inherited.
        root.set("style", (style.text or "").removeprefix("*").strip("{}"))
        style.clear()
    used = {name for element in root.iter() for value in element.attrib.values() for name in _REFERENCE.findall(value)}
    # Letters are defined once for all texts, so names in the order of their use are short.
    names = {name: f"n{index}" for index, name in enumerate(_in_order(root, used))}
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{_SVG}}}")
        element.text = element.tail = None
        element.attrib = dict(_attributes(element, names))
    _unwrap(root)
    root.set("xmlns", _SVG)
    return ET.tostring(root, encoding="unicode").replace(" />", "/>")


def _in_order(root: ET.Element, used: set[str]) -> Iterator[str]:
    return (element.attrib["id"] for element in root.iter() if element.attrib.get("id") in used)


def _attributes(element: ET.Element, names: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        key = name.removeprefix(_XLINK)
        moved = _MOVED.fullmatch(value) if key == "transform" and element.tag == "use" else None
        if key == "id":
            if value in names:
                yield key, names[value]
        elif key == "d":
            # An outline of a letter is drawn in whole units and scaled.
            yield key, _relative(value, 0 if "scale" in element.get("transform", "") else _PLACES)
        elif moved and not {"x", "y"} & set(element.attrib):
            yield from ((side, _short(step)) for side, step in zip("xy", moved.groups("0"), strict=True) if float(step))
        elif key in _SIZES:
            yield key, _LONG.sub(lambda match: _short(match[0]), value)
        elif value:
            yield key, _REFERENCE.sub(lambda match: names.get(match[0], match[0]), value)


def _short(number: str) -> str:
    return f"{float(number):.5g}"


def _relative(path: str, places: int) -> str:
    """Path data with relative coordinates, rounded before they are subtracted, so that nothing adds up."""
    out: list[str] = []
    here = start = (0, 0)
    tokens = iter(_TOKEN.findall(path))
    last = ""
    for command in tokens:
        if command in "Zz":
            out.append("z")
            here = start
        else:
            points = [tuple(round(float(next(tokens)) * 10**places) for _ in "xy") for _ in range(_POINTS[command])]
            steps = " ".join(
                f"{step / 10**places:.9g}" for point in points for step in (point[0] - here[0], point[1] - here[1])
            )
            out.append(f"{' ' if command == last != 'M' else command.lower()}{steps}")
            here = (points[-1][0], points[-1][1])
            start = here if command == "M" else start
        last = command
    return "".join(out).replace(" -", "-")


def _unwrap(parent: ET.Element) -> None:
    """Groups that say nothing give way to what they hold; what is empty goes."""
    children: list[ET.Element] = []
    for child in parent:
        _unwrap(child)
        if child.tag == "g" and not child.attrib:
            children += child
        elif len(child) or child.attrib:
            children.append(child)
    parent[:] = children
