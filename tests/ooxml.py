"""What makes Word offer to repair a document: broken parts and relationships, children out of the schema's order.

Orders are those of ECMA-376, part 1 (transitional), for the elements that hold properties.
"""

import posixpath
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

Element = ElementTree.Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_RELS = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"

_SEQUENCES = """
pPr: pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers pBdr shd tabs
  suppressAutoHyphens kinsoku wordWrap overflowPunct topLinePunct autoSpaceDE autoSpaceDN bidi adjustRightInd
  snapToGrid spacing ind contextualSpacing mirrorIndents suppressOverlap jc textDirection textAlignment
  textboxTightWrap outlineLvl divId cnfStyle rPr sectPr pPrChange
rPr: rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline shadow emboss imprint noProof snapToGrid vanish
  webHidden color spacing w kern position sz szCs highlight u effect bdr shd fitText vertAlign rtl cs em lang
  eastAsianLayout specVanish oMath
tblPr: tblStyle tblpPr tblOverlap bidiVisual tblStyleRowBandSize tblStyleColBandSize tblW jc tblCellSpacing tblInd
  tblBorders shd tblLayout tblCellMar tblLook tblCaption tblDescription tblPrChange
tcPr: cnfStyle tcW gridSpan hMerge vMerge tcBorders shd noWrap tcMar textDirection tcFitText vAlign hideMark
sectPr: headerReference footerReference footnotePr endnotePr type pgSz pgMar paperSrc pgBorders lnNumType pgNumType
  cols formProt vAlign noEndnote titlePg textDirection bidi rtlGutter docGrid printerSettings
tblBorders: top left start bottom right end insideH insideV
tcBorders: top left start bottom right end insideH insideV tl2br tr2bl
pBdr: top left bottom right between bar
tblCellMar: top left start bottom right end
numPr: ilvl numId
style: name aliases basedOn next link autoRedefine hidden uiPriority semiHidden unhideWhenUsed qFormat locked
  personal personalCompose personalReply rsid pPr rPr tblPr trPr tcPr tblStylePr
styles: docDefaults latentStyles style
lvl: start numFmt lvlRestart pStyle isLgl suff lvlText lvlPicBulletId legacy lvlJc pPr rPr
abstractNum: nsid multiLevelType tmpl name styleLink numStyleLink lvl
numbering: numPicBullet abstractNum num numIdMacAtCleanup
settings: writeProtection view zoom removePersonalInformation removeDateAndTime embedTrueTypeFonts embedSystemFonts
  saveSubsetFonts mirrorMargins hideSpellingErrors hideGrammaticalErrors proofState attachedTemplate linkStyles
  stylePaneFormatFilter trackRevisions doNotTrackMoves doNotTrackFormatting documentProtection defaultTabStop
  autoHyphenation consecutiveHyphenLimit hyphenationZone doNotHyphenateCaps evenAndOddHeaders
  drawingGridHorizontalSpacing drawingGridVerticalSpacing displayHorizontalDrawingGridEvery
  displayVerticalDrawingGridEvery characterSpacingControl savePreviewPicture doNotValidateAgainstSchema
  ignoreMixedContent updateFields hdrShapeDefaults footnotePr endnotePr compat docVars rsids mathPr attachedSchema
  themeFontLang clrSchemeMapping doNotIncludeSubdocsInStats doNotAutoCompressPictures shapeDefaults
  doNotEmbedSmartTags decimalSymbol listSeparator
tr: tblPrEx trPr tc
"""
ORDER = {
    name: children.split()
    for name, children in (line.split(": ") for line in _SEQUENCES.replace("\n  ", " ").strip().splitlines())
}
_REPEAT = {"headerReference", "footerReference", "style", "tblStylePr", "lvl", "abstractNum", "num", "tc"}
# These may stand between other elements anywhere.
_MARKS = {"bookmarkStart", "bookmarkEnd", "proofErr", "commentRangeStart", "commentRangeEnd"}
_FIRST = {"p": "pPr", "r": "rPr", "tc": "tcPr"}


def faults(path: Path) -> list[str]:
    """Everything that is wrong with the document, each with the part it is in."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        found = [f"{name}: twice in the archive" for name, count in Counter(names).items() if count > 1]
        content = {name: archive.read(name) for name in names if not name.endswith("/")}
    trees: dict[str, Element] = {}
    for name, data in content.items():
        if name.endswith((".xml", ".rels")):
            try:
                trees[name] = ElementTree.fromstring(data)
            except ElementTree.ParseError as error:
                found.append(f"{name}: not well formed: {error}")
    found += _content_types(trees, content)
    found += _relationships(trees, content)
    for name, tree in trees.items():
        if name.startswith("word/"):
            found += [f"{name}: {fault}" for fault in (*_order(tree), *_tables(tree))]
    found += _identities(trees)
    found += _styles(trees)
    return found


def _local(node: Element) -> str:
    return node.tag.rpartition("}")[2]


def _content_types(trees: dict[str, Element], content: dict[str, bytes]) -> Iterator[str]:
    types = trees.get("[Content_Types].xml")
    if types is None:
        yield "[Content_Types].xml: missing"
        return
    defaults = {(node.get("Extension") or "").lower() for node in types.iter(f"{_TYPES}Default")}
    overrides = [(node.get("PartName") or "").lstrip("/") for node in types.iter(f"{_TYPES}Override")]
    yield from (f"[Content_Types].xml: {name} named twice" for name, n in Counter(overrides).items() if n > 1)
    yield from (f"[Content_Types].xml: {name} is not there" for name in overrides if name not in content)
    for name in content:
        known = name in overrides or name.rpartition(".")[2].lower() in defaults
        if name != "[Content_Types].xml" and not known:
            yield f"{name}: has no content type"


def _relationships(trees: dict[str, Element], content: dict[str, bytes]) -> Iterator[str]:
    by_part: dict[str, set[str]] = {}
    for name, tree in trees.items():
        if not name.endswith(".rels"):
            continue
        folder, _, file = name.rpartition("/_rels/") if "/_rels/" in name else ("", "", name.removeprefix("_rels/"))
        part = posixpath.join(folder, file.removesuffix(".rels"))
        if part and part not in content:
            yield f"{name}: belongs to no part"
        identifiers = [node.get("Id") or "" for node in tree.iter(f"{_RELS}Relationship")]
        yield from (f"{name}: {identifier} twice" for identifier, n in Counter(identifiers).items() if n > 1)
        by_part[part] = set(identifiers)
        for node in tree.iter(f"{_RELS}Relationship"):
            target = node.get("Target") or ""
            if node.get("TargetMode") == "External":
                continue
            place = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            if place not in content:
                yield f"{name}: {target} is not there"
    for name, tree in trees.items():
        used = {value for node in tree.iter() for key, value in node.attrib.items() if key.startswith(R)}
        yield from (f"{name}: relation {identifier} is not there" for identifier in used - by_part.get(name, set()))


def _order(tree: Element) -> Iterator[str]:
    for node in tree.iter():
        if not node.tag.startswith(W):
            continue
        name = _local(node)
        children = [_local(child) for child in node]
        if name in ORDER:
            known = [child for child in children if child not in _MARKS]
            yield from (f"{child} does not belong into {name}" for child in known if child not in ORDER[name])
            twice = [child for child, n in Counter(known).items() if n > 1 and child not in _REPEAT]
            yield from (f"{child} twice in {name}" for child in twice)
            # Header and footer references may alternate.
            places = [ORDER[name].index(child) for child in known if child in ORDER[name] and "Reference" not in child]
            if places != sorted(places) or ("Reference" in "".join(known) and "Reference" not in known[0]):
                yield f"{name} has its children in the order {' '.join(known)}"
        first = _FIRST.get(name)
        if first in children and (children.count(first) > 1 or children[0] != first):
            yield f"{first} is not the one first child of {name}: {' '.join(children)}"
        if name == "tc" and children[-1:] != ["p"]:
            yield "a cell does not end with a paragraph"
        if name == "body" and (children[-1:] != ["sectPr"] or children.count("sectPr") > 1):
            yield "the body does not end with its one sectPr"


def _tables(tree: Element) -> Iterator[str]:
    for table in tree.iter(f"{W}tbl"):
        children = [_local(child) for child in table if _local(child) not in _MARKS]
        if children[:2] != ["tblPr", "tblGrid"] or set(children[2:]) != {"tr"}:
            yield f"a table consists of {' '.join(dict.fromkeys(children))}"
        columns = len(table.findall(f"{W}tblGrid/{W}gridCol"))
        merged: set[int] = set()
        for row in table.findall(f"{W}tr"):
            column, below = 0, set()
            for cell in row.findall(f"{W}tc"):
                span = cell.find(f"{W}tcPr/{W}gridSpan")
                merge = cell.find(f"{W}tcPr/{W}vMerge")
                if merge is not None:
                    if merge.get(f"{W}val") != "restart" and column not in merged:
                        yield "a merged cell has none above it"
                    below.add(column)
                column += 1 if span is None else int(span.get(f"{W}val") or 1)
            if column != columns:
                yield f"a row of {column} columns in a table of {columns}"
            merged = below


def _identities(trees: dict[str, Element]) -> Iterator[str]:
    body = trees.get("word/document.xml")
    if body is None:
        yield "word/document.xml: missing"
        return
    drawings = Counter(node.get("id") for name in trees for node in trees[name].iter(f"{WP}docPr"))
    yield from (f"docPr id {identifier} twice" for identifier, n in drawings.items() if n > 1)
    starts = list(body.iter(f"{W}bookmarkStart"))
    for key in ("id", "name"):
        values = Counter(node.get(f"{W}{key}") for node in starts)
        yield from (f"bookmark {key} {value} twice" for value, n in values.items() if n > 1)
    ends = Counter(node.get(f"{W}id") for node in body.iter(f"{W}bookmarkEnd"))
    if ends != Counter(node.get(f"{W}id") for node in starts):
        yield "bookmarks do not begin and end"


def _styles(trees: dict[str, Element]) -> Iterator[str]:
    styles = trees.get("word/styles.xml")
    if styles is None:
        yield "word/styles.xml: missing"
        return
    defined = [node.get(f"{W}styleId") for node in styles.iter(f"{W}style")]
    yield from (f"style {name} twice" for name, n in Counter(defined).items() if n > 1)
    for part, tree in trees.items():
        for tag in ("pStyle", "rStyle", "tblStyle", "basedOn", "next", "link"):
            used = {node.get(f"{W}val") for node in tree.iter(f"{W}{tag}")}
            yield from (f"{part}: style {name} is not defined" for name in used - set(defined))
    numbering = trees.get("word/numbering.xml")
    known = {node.get(f"{W}numId") for node in numbering.iter(f"{W}num")} if numbering is not None else set()
    for part, tree in trees.items():
        if part != "word/numbering.xml":
            used = {node.get(f"{W}val") for node in tree.iter(f"{W}numId")}
            yield from (f"{part}: list {name} is not defined" for name in used - known - {"0"})
