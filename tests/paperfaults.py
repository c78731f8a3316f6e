"""What is not as the profile wants it, on paper and in the styles of a Word document: one line of text for a fault."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

from ooxml import W
from paper import HEADINGS, MM, TWIP, Line, Paper, Placed, Word, child, line_height, measures, size_of, style

Element = ElementTree.Element

CENTRED = 1.5
EDGE = 1.5
RULE = 2.0
LINE = 0.6
"""How far, in points, a line may stand from where it belongs: centres, edges, ends of rules, from line to line."""


def _near(value: float, wanted: float, tolerance: float) -> bool:
    return abs(value - wanted) <= tolerance


def type_faults(paper: Paper) -> Iterator[str]:
    """Font family, size, weight and slant of every character; what a run adds by itself is counted in."""
    family = measures().phong.nhung
    for item in paper.placed + paper.repeats:
        wanted = style(item.style)
        marks = [
            mark for char, mark in zip(item.paragraph.text, item.paragraph.marks, strict=True) if not char.isspace()
        ]
        seen = set()
        for glyph, mark in zip(item.glyphs, marks, strict=True):
            font = glyph.font.partition("+")[2]
            bold, italic = wanted.bold or "b" in mark, wanted.italic or "i" in mark
            size = size_of(item.style)
            if font.partition("-")[0] != family:
                seen.add(f"font {font}, profile {family}")
            if ("Bold" in font) != bold:
                seen.add(f"{'bold' if 'Bold' in font else 'not bold'}, profile {wanted.kieu}")
            if ("Italic" in font) != italic:
                seen.add(f"{'italic' if 'Italic' in font else 'upright'}, profile {wanted.kieu}")
            if not _near(glyph.size, size, 0.05) and "vertAlign" not in mark:
                seen.add(f"size {glyph.size:.2f}, profile {size:g}")
        yield from (f"{item}: {fault}" for fault in sorted(seen))


def alignment_faults(paper: Paper) -> Iterator[str]:
    """Left and right edges, centres and indents of every line in its column."""
    for item in paper.placed + paper.repeats:
        wanted, box = style(item.style), item.paragraph.box
        start = box.left + (wanted.le or 0) * MM
        align = wanted.can or "trai"
        breaks = item.paragraph.text.count("\n")
        for number, line in enumerate(item.lines):
            left = start + ((wanted.thut or 0) * MM if number == 0 else 0)
            last = number == len(item.lines) - 1
            where = f"{item}, line {number + 1}"
            if line.left < box.left - EDGE or line.right > box.right + EDGE:
                yield f"{where}: {line.left:.1f}–{line.right:.1f}, its column {box.left:.1f}–{box.right:.1f}"
            if align == "giua" and not _near(line.middle, box.middle, CENTRED):
                yield f"{where}: centre at {line.middle:.1f}, of its column {box.middle:.1f}"
            if align in ("trai", "deu") and not _near(line.left, left, EDGE):
                yield f"{where}: begins at {line.left:.1f}, profile {left:.1f}"
            if (align == "phai" or (align == "deu" and not last and not breaks)) and not _near(
                line.right, box.right, EDGE
            ):
                yield f"{where}: ends at {line.right:.1f}, its column at {box.right:.1f}"


def spacing_faults(paper: Paper) -> Iterator[str]:
    """From line to line within a paragraph, and from paragraph to paragraph where nothing stands between them."""
    face = measures().phong
    for item in paper.placed + paper.repeats:
        wanted = line_height(item.style)
        for number, (above, below) in enumerate(pairwise(item.lines), start=1):
            step = above.baseline - below.baseline
            if above.page == below.page and not _near(step, wanted, LINE):
                yield f"{item}, line {number} to {number + 1}: {step:.2f} pt, profile {wanted:.2f}"
    order = {id(paragraph): index for index, paragraph in enumerate(paper.word.paragraphs)}
    for upper, lower in pairwise(paper.placed):
        first, second = upper.paragraph, lower.paragraph
        neighbours = order[id(second)] == order[id(first)] + 1 and first.place == second.place
        if not neighbours or first.section != second.section:
            continue
        above, below = upper.lines[-1], lower.lines[0]
        if above.page != below.page:
            continue
        step = above.baseline - below.baseline
        room = max(style(upper.style).sau or 0, style(lower.style).truoc or 0)
        # What line spacing adds stands below a line in Word, below or above in Typst: equal where both styles are.
        gaps = [line_height(name) - (face.len + face.xuong) * size_of(name) for name in (upper.style, lower.style)]
        wanted = face.xuong * size_of(upper.style) + gaps[0] + room + face.len * size_of(lower.style)
        if not _near(step, wanted, 2 * LINE + abs(gaps[0] - gaps[1])):
            yield f"{lower}: {step:.2f} pt below “{upper.paragraph.text[:20]}…” [{upper.style}], profile {wanted:.2f}"


def page_faults(paper: Paper) -> Iterator[str]:
    """Sizes and directions of pages; text, drawings and strokes inside the margins."""
    for section, pages in zip(paper.word.sections, paper.section_pages(), strict=True):
        for number in pages:
            page = paper.pages[number - 1]
            wide, high = section.size
            if not (_near(page.width, wide, 0.5) and _near(page.height, high, 0.5)):
                yield f"p. {number}: {page.width:.1f} × {page.height:.1f} pt, profile {wide:.1f} × {high:.1f}"
            for glyph in page.body:
                if glyph.x0 < section.text.left - EDGE or glyph.x1 > section.text.right + EDGE:
                    yield f"p. {number}: “{glyph.text}” at {glyph.x0:.1f} stands in a side margin"
                if glyph.top > section.top + EDGE or glyph.bottom < section.bottom - EDGE:
                    yield f"p. {number}: “{glyph.text}” at height {glyph.baseline:.1f} stands in the margin"
            for mark in page.marks:
                inside = mark.x0 >= section.text.left - EDGE and mark.x1 <= section.text.right + EDGE
                if not inside or mark.top > section.top + EDGE or mark.bottom < section.bottom - EDGE:
                    yield (
                        f"p. {number}: a {mark.kind} at {mark.x0:.1f}–{mark.x1:.1f}, height "
                        f"{mark.bottom:.1f}–{mark.top:.1f} reaches into a margin"
                    )
    used = {number for pages in paper.section_pages() for number in pages}
    yield from (f"p. {number}: empty" for number in range(1, len(paper.pages) + 1) if number not in used)


def overlap_faults(paper: Paper) -> Iterator[str]:
    """Lines whose characters stand on those of another line, and characters that stand on one another."""
    by_page: dict[int, list[Line]] = {}
    for item in paper.placed + paper.repeats:
        for line in item.lines:
            by_page.setdefault(line.page, []).append(line)
            for one, next_one in pairwise(line.glyphs):
                if next_one.x0 < one.x0 + 0.2 * (one.x1 - one.x0) and next_one.x0 > one.x0 - 50:
                    yield f"{item}: “{one.text}” and “{next_one.text}” stand on one another at {one.x0:.1f}"
    for page, lines in by_page.items():
        lines.sort(key=lambda line: -line.top)
        for index, upper in enumerate(lines):
            for lower in lines[index + 1 :]:
                if lower.top < upper.bottom:
                    break
                beside = lower.left > upper.right - 0.5 or lower.right < upper.left + 0.5
                if not beside and lower.top > upper.bottom + 0.5:
                    yield f"p. {page}: “{upper.text[:30]}” and “{lower.text[:30]}” overlap at {lower.top:.1f}"


def rule_faults(paper: Paper) -> Iterator[str]:
    """The rules of the first page: length, centre, place; there are no others above the body."""
    profile = measures().duong_ke
    body = max((item.lines[0].top for item in paper.of(*HEADINGS) if item.lines[0].page == 1), default=0.0)
    drawn = {(round(mark.x0), round(mark.x1), round(mark.bottom)): mark for mark in paper.pages[0].marks}
    rules = sorted((mark for mark in drawn.values() if mark.bottom > body), key=lambda mark: mark.x0 - mark.top)
    if len(rules) != 3:
        yield f"{len(rules)} rules on the first page, the decree has 3"
    for names, rule in (
        (("TieuNgu",), profile.tieu_ngu),
        (("CoQuanBanHanh",), profile.co_quan_ban_hanh),
        (("TrichYeu", "KyBaoCao"), profile.trich_yeu),
    ):
        name, lines = names[0], [line for item in paper.of(names[0]) for line in item.lines]
        last = min((line for item in paper.of(*names) for line in item.lines), key=lambda line: line.baseline)
        below = [mark for mark in rules if mark.top < last.baseline and _near((mark.x0 + mark.x1) / 2, last.middle, 3)]
        if not below:
            yield f"no rule below {name}"
            continue
        mark = max(below, key=lambda mark: mark.top)
        length, text = mark.x1 - mark.x0, max(line.width for line in lines)
        # How long the lines of a text become is known where they are broken; the rule is made before that.
        if len(lines) == 1 and not _near(length, text * rule.phan, RULE):
            yield f"rule of {name}: {length:.1f} pt, profile {rule.phan:g} of {text:.1f} = {text * rule.phan:.1f}"
        lowest, highest = rule.khoang["phan"]
        if length < text * lowest - RULE or (highest is not None and length > text * highest + RULE):
            yield f"rule of {name}: {length / text:.2f} of its text, the decree wants {lowest:g} to {highest}"
        if not _near((mark.x0 + mark.x1) / 2, last.middle, CENTRED):
            yield f"rule of {name}: centre at {(mark.x0 + mark.x1) / 2:.1f}, of its text {last.middle:.1f}"
        gap = last.bottom - mark.top
        if not -0.5 <= gap <= 10:
            yield f"rule of {name}: {gap:.1f} pt below its text"
        for item in paper.placed:
            for line in item.lines:
                beside = line.page != 1 or line.left > mark.x1 or line.right < mark.x0
                if not beside and line.top < last.bottom and line.top > mark.bottom + 0.5:
                    yield f"rule of {name}: at height {mark.bottom:.1f} it runs through {item}"


def number_faults(paper: Paper) -> Iterator[str]:
    """Page numbers: from 2 in each section, none on its first page, centred in the top margin."""
    numbering = style("SoTrang")
    for section, pages in zip(paper.word.sections, paper.section_pages(), strict=True):
        for expected, number in enumerate(pages, start=1):
            page = paper.pages[number - 1]
            text = "".join(glyph.text for glyph in page.header)
            wanted = "" if expected == 1 else str(expected)
            if text != wanted:
                yield f"p. {number}: number “{text}”, expected “{wanted}”"
            if not page.header:
                continue
            line = Line(page.header)
            if not _near(line.middle, section.text.middle, CENTRED):
                yield f"p. {number}: its number's centre at {line.middle:.1f}, of the text {section.text.middle:.1f}"
            at = page.height - measures().trang.so_trang * MM
            if not _near(line.top, at, 2):
                yield f"p. {number}: its number's line begins at height {line.top:.1f}, profile {at:.1f}"
            for glyph in page.header:
                plain = glyph.font.partition("+")[2]
                if plain != f"{measures().phong.nhung}-Regular" or not _near(glyph.size, numbering.co or 0, 0.05):
                    yield f"p. {number}: its number in {plain} {glyph.size:.1f}"


def table_faults(paper: Paper) -> Iterator[str]:
    """Rows stay whole, header rows come again on every page, no caption or header row without a row."""
    for number, table in enumerate(paper.word.tables):
        rows: dict[int, set[int]] = {}
        for item in paper.placed:
            if item.paragraph.place and item.paragraph.place.table == number:
                rows.setdefault(item.paragraph.place.row, set()).update(item.pages)
        title = next(
            (item for item in paper.placed if item.paragraph.place and item.paragraph.place.table == number), None
        )
        yield from (
            f"table {number + 1} ({title}): row {row + 1} is on pages {pages}"
            for row, pages in rows.items()
            if len(pages) > 1
        )
        if table.style == "KhungChu" or not rows:
            continue
        if not table.header:
            yield f"table {number + 1} ({title}): no header row"
        pages = sorted({page for own in rows.values() for page in own})
        repeated = paper.repeated.get(number, [])
        if repeated != pages[1:]:
            yield f"table {number + 1} ({title}): on pages {pages}, its header row comes again on {repeated}"
        heads = {page for row, own in rows.items() if row < table.header for page in own}
        body = {page for row, own in rows.items() if row >= table.header for page in own}
        if heads and body and min(body) != min(heads):
            yield f"table {number + 1} ({title}): header row on p. {min(heads)}, first row on p. {min(body)}"


def keep_faults(paper: Paper) -> Iterator[str]:
    """No heading, caption or closing line at the foot of a page without what follows it.

    LibreOffice keeps a chain of paragraphs before a table together only in part; there the last paragraphs before the
    closing sentence are left out. It is that they are kept in the file that `style_faults` sees to.
    """
    for upper, lower in pairwise(paper.placed):
        if not style(upper.style).giu or upper.style in ("NoiNhan", "NoiNhanMuc", "QuyenHan"):
            continue
        if paper.by_writer and upper.style == "DoanCuoi":
            continue
        if upper.paragraph.place is not None and upper.paragraph.place != lower.paragraph.place:
            continue
        if upper.lines[-1].page != lower.lines[0].page:
            yield f"{upper}: parted from what follows, {lower}"
        if len(upper.pages) > 1:
            yield f"{upper}: on pages {sorted(upper.pages)}"


def signature_faults(paper: Paper) -> Iterator[str]:
    """The signature block: on one page with the end of the text, in order, level, with its room left free."""
    end = paper.one("KetThuc")
    if not end.paragraph.text.rstrip().endswith("./."):
        yield f"{end}: does not end with “./.”"
    left, right = paper.of("NoiNhan", "NoiNhanMuc"), paper.of("QuyenHan", "HoTen")
    block = left + right
    pages = {page for item in block for page in item.pages}
    if len(pages) != 1:
        yield f"signature block on pages {sorted(pages)}"
        return
    if end.lines[-1].page not in pages:
        yield f"{end}: on p. {end.lines[-1].page}, signature on {pages}"
    elif min(line.bottom for line in end.lines if line.page in pages) < max(
        line.top for item in block for line in item.lines
    ):
        yield "the signature block does not stand below the end of the text"
    above = _above_the_room(paper)
    below = [item for item in right if item not in above]
    if not above or not below or below[-1].style != "HoTen":
        yield "no title above the room, or no name below it"
        return
    heights = [line.baseline for item in right for line in item.lines]
    if heights != sorted(heights, reverse=True):
        yield "title, other post and name are not in order"
    if left and not _near(left[0].lines[0].baseline, above[0].lines[0].baseline, CENTRED):
        heights = [left[0].lines[0].baseline, above[0].lines[0].baseline]
        yield f"“Nơi nhận” and the signer's title at heights {heights}"
    top, bottom = above[-1].lines[-1].bottom, below[0].lines[0].top
    room = (style("ChoKy").cao or 0) * MM
    if top - bottom < room - 0.5:
        yield f"{top - bottom:.1f} pt between title and name, profile {room:.1f}"
    if top - bottom > room + line_height("QuyenHan"):
        yield f"{top - bottom:.1f} pt between title and name: more than the profile's {room:.1f} and a line"
    column, page = above[0].paragraph.box, paper.pages[min(pages) - 1]
    inside = [
        *(glyph.text for glyph in page.body if glyph.x1 > column.left and bottom < glyph.baseline < top - 2),
        *(mark.kind for mark in page.marks if mark.x1 > column.left and bottom < mark.bottom and mark.top < top),
    ]
    if inside:
        yield f"in the room for signature and seal there is {inside[:5]}"


def _above_the_room(paper: Paper) -> list[Placed]:
    """The lines of ô 7a: those before the empty paragraph that leaves the room."""
    above = []
    room = next(index for index, item in enumerate(paper.word.paragraphs) if item.style == "ChoKy")
    known = {id(item) for item in paper.word.paragraphs[:room]}
    for item in paper.of("QuyenHan"):
        if id(item.paragraph) in known:
            above.append(item)
    return above


CHECKS: dict[str, Callable[[Paper], Iterator[str]]] = {
    check.__name__.removesuffix("_faults"): check
    for check in (
        type_faults,
        alignment_faults,
        spacing_faults,
        page_faults,
        overlap_faults,
        rule_faults,
        number_faults,
        table_faults,
        keep_faults,
        signature_faults,
    )
}


def told(faults: Sequence[str], most: int = 12) -> str:
    """The first faults, and how many there are."""
    return f"{len(faults)} faults\n" + "\n".join(faults[:most])


def styles_of(word: Word) -> dict[str, dict[str, Any]]:
    """Each paragraph style with all that it takes over, by Word's names."""
    tree = word.tree("word/styles.xml")
    nodes = {node.get(f"{W}styleId") or "": node for node in tree.iter(f"{W}style")}
    defaults = child(tree, "docDefaults")
    base: dict[str, Any] = {}
    _take(base, defaults.find(f"{W}pPrDefault/{W}pPr"), defaults.find(f"{W}rPrDefault/{W}rPr"))

    def resolve(name: str) -> dict[str, Any]:
        node = nodes[name]
        parent = node.find(f"{W}basedOn")
        found = dict(base) if parent is None else resolve(parent.get(f"{W}val") or "")
        _take(found, node.find(f"{W}pPr"), node.find(f"{W}rPr"))
        return found | {"ten": child(node, "name").get(f"{W}val")}

    return {name: resolve(name) for name, node in nodes.items() if node.get(f"{W}type") == "paragraph"}


def _take(found: dict[str, Any], paragraph: Element | None, run: Element | None) -> None:
    for item in [*(paragraph if paragraph is not None else ()), *(run if run is not None else ())]:
        name = item.tag.removeprefix(W)
        if name in ("spacing", "ind", "rFonts", "lang"):
            found.setdefault(name, {})
            found[name] = found[name] | {key.removeprefix(W): value for key, value in item.attrib.items()}
        else:
            found[name] = item.get(f"{W}val", "1")


def style_faults(word: Word) -> Iterator[str]:
    """Styles that the document uses, against the profile."""
    defined = styles_of(word)
    face = measures().phong
    for name in sorted({paragraph.style for paragraph in word.paragraphs}):
        if name not in measures().kieu:
            yield f"style “{name}” is none of the profile"
            continue
        wanted, found = style(name), defined[name]
        spacing, indent = found["spacing"], found.get("ind", {})
        align = {"both": "deu", "center": "giua", "left": "trai", "right": "phai"}[found.get("jc", "left")]
        pairs = [
            ("name", found["ten"], wanted.ten),
            ("font", {found["rFonts"].get(kind) for kind in ("ascii", "hAnsi", "cs", "eastAsia")}, {face.ten}),
            ("language", found["lang"].get("val"), face.ngon_ngu),
            ("colour", found.get("color"), "000000"),
            ("size", int(found["sz"]) / 2, size_of(name)),
            ("size of complex scripts", found.get("szCs"), found["sz"]),
            ("bold", found.get("b", "0") == "1", wanted.bold),
            ("italic", found.get("i", "0") == "1", wanted.italic),
            ("alignment", align, wanted.can or "trai"),
            ("before", int(spacing.get("before", 0)) / 20, wanted.truoc or 0),
            ("after", int(spacing.get("after", 0)) / 20, wanted.sau or 0),
            ("first line", round(int(indent.get("firstLine", 0)) * TWIP), round((wanted.thut or 0) * MM)),
            ("left", round(int(indent.get("left", 0)) * TWIP), round((wanted.le or 0) * MM)),
            ("keep with next", found.get("keepNext", "0") == "1", wanted.giu),
            ("keep lines", found.get("keepLines", "0") == "1", wanted.giu),
            ("outline level", int(found["outlineLvl"]) + 1 if "outlineLvl" in found else None, wanted.cap),
        ]
        if wanted.cao is None:
            pairs.append(("lines", (int(spacing["line"]) / 240, spacing["lineRule"]), (wanted.dong or 1, "auto")))
        else:
            pairs.append(
                ("height", (round(int(spacing["line"]) * TWIP), spacing["lineRule"]), (round(wanted.cao * MM), "exact"))
            )
        yield from (f"{name}: {what} {has!r}, profile {wants!r}" for what, has, wants in pairs if has != wants)
