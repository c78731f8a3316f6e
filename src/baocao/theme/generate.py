"""Write what is derived from `nd30.yml`: the Word reference documents, and the numbers for Typst and the Lua filters.

`python -m baocao.theme.generate`. Same measures, same bytes; a test keeps the committed files in step.
"""

import io
import zipfile
from pathlib import Path

from baocao.theme import THEME
from baocao.theme.measures import Measures, Style, load_measures
from baocao.theme.wordstyles import HEADER_IDS, W, section_properties, styles_part, twips

MARKED_DOCX = "van-ban-dau.docx"
"""The reference document of a report with a mark, beside its source; the filters know it by the end of its name."""

GENERATED = "Generated from nd30.yml by `python -m baocao.theme.generate`; edit that file instead."

_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
# Zip entries need a time; the earliest that the format can express says that it means nothing.
_EPOCH = (1980, 1, 1, 0, 0, 0)

_ALIGN = {"deu": ("left", True), "giua": ("center", False), "trai": ("left", False), "phai": ("right", False)}


def reference_document(measures: Measures, mark: str = "") -> bytes:
    """The DOCX that pandoc takes styles, page and headers from, with `mark` in the header of every page."""
    parts = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relationships([("rId1", "officeDocument", "word/document.xml")]),
        "word/_rels/document.xml.rels": _relationships(
            [
                ("rId1", "styles", "styles.xml"),
                ("rId2", "settings", "settings.xml"),
                ("rId3", "fontTable", "fontTable.xml"),
                (HEADER_IDS["default"], "header", "header1.xml"),
                (HEADER_IDS["first"], "header", "header2.xml"),
            ]
        ),
        "word/document.xml": _document(measures),
        "word/styles.xml": styles_part(measures),
        "word/settings.xml": _settings(measures),
        "word/fontTable.xml": _font_table(measures),
        "word/header1.xml": _header(numbered=True, mark=mark),
        "word/header2.xml": _header(numbered=False, mark=mark),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in parts.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            # Stored, not deflated: zlib's output differs between builds. The writing system is a byte too; name one.
            info.create_system = 3
            archive.writestr(info, _XML + text)
    return buffer.getvalue()


def typst_measures(measures: Measures) -> str:
    """A Typst dictionary `nd30` (a pandoc partial of the template `van-ban.typ`)."""
    page, font, blocks, rules, grid = (
        measures.trang,
        measures.phong,
        measures.letterhead,
        measures.duong_ke,
        measures.bang,
    )
    lines = [
        f"// {GENERATED}",
        "#let nd30 = (",
        f"  trang: (rong: {page.rong:g}mm, cao: {page.cao:g}mm, tren: {page.tren:g}mm, duoi: {page.duoi:g}mm, "
        f"trai: {page.trai:g}mm, phai: {page.phai:g}mm, so-trang: {page.so_trang:g}mm),",
        f'  phong: (ten: "{font.nhung}", len: {font.len:g}em, xuong: {font.xuong:g}em, '
        # What remains between two lines set solid.
        f"dong-don: {font.dong_don:g}, khit: {font.len + font.xuong:g}),",
        f"  cot: (trai: {blocks.trai:g}%, phai: {blocks.phai:g}%, ky-trai: {blocks.ky_trai:g}%, "
        f"ky-phai: {blocks.ky_phai:g}%),",
        f"  duong-ke: (net: {rules.net:g}pt, cach: {rules.cach:g}pt, tieu-ngu: {rules.tieu_ngu.phan:g}, "
        f"co-quan-ban-hanh: {rules.co_quan_ban_hanh.phan:g}, trich-yeu: {rules.trich_yeu.phan:g}),",
        f"  bang: (net: {grid.net:g}pt, dem: {grid.dem:g}pt, lien-trang: {grid.lien_trang:g}%),",
        f"  hinh: (cao-nhat: {measures.hinh.cao_nhat:g}mm),",
        "  kieu: (",
    ]
    for name in measures.kieu:
        lines.append(f"    {name}: {_typst_style(measures.resolved(name), measures)},")
    lines += ["  ),", ")", ""]
    return "\n".join(lines)


def lua_measures(measures: Measures) -> str:
    """A Lua module with the numbers that the filters need: lengths in twips, sizes in points, shares as they are."""
    page, blocks, rules, grid = measures.trang, measures.letterhead, measures.duong_ke, measures.bang
    sections = {
        (orientation, first): section_properties(page, landscape=orientation == "ngang", restart=first == "dau")
        for orientation, first in (("doc", "dau"), ("doc", "tiep"), ("ngang", "dau"))
    }
    lines = [
        f"-- {GENERATED}",
        "return {",
        f"  rong = {{ doc = {twips(page.rong - page.trai - page.phai)}, "
        f"ngang = {twips(page.cao - page.trai - page.phai)} }},",
        f"  cao = {{ doc = {twips(page.cao - page.tren - page.duoi)}, "
        f"ngang = {twips(page.rong - page.tren - page.duoi)} }},",
        f"  cot = {{ trai = {blocks.trai:g}, phai = {blocks.phai:g}, ky_trai = {blocks.ky_trai:g}, "
        f"ky_phai = {blocks.ky_phai:g} }},",
        f"  duong_ke = {{ tieu_ngu = {rules.tieu_ngu.phan:g}, co_quan_ban_hanh = {rules.co_quan_ban_hanh.phan:g}, "
        f"trich_yeu = {rules.trich_yeu.phan:g} }},",
        f"  bang = {{ dem = {round(grid.dem * 20)}, nhieu_cot = {grid.nhieu_cot}, it_hang = {grid.it_hang} }},",
        f"  hinh = {{ cao_nhat = {twips(measures.hinh.cao_nhat)} }},",
        "  co = {",
        *(f"    {name} = {size:g}," for name in measures.kieu if (size := measures.resolved(name).co) is not None),
        "  },",
        "  phan = {",
        *(f"    {orientation}_{first} = '{xml}'," for (orientation, first), xml in sections.items()),
        "  },",
        "}",
        "",
    ]
    return "\n".join(lines)


def outputs(measures: Measures) -> dict[Path, bytes]:
    """Every derived file and its content."""
    return {
        THEME / "van-ban.docx": reference_document(measures),
        THEME / "nd30.typ": typst_measures(measures).encode(),
        THEME / "filters" / "nd30.lua": lua_measures(measures).encode(),
    }


def main() -> None:
    """Write the derived files."""
    for path, content in outputs(load_measures()).items():
        path.write_bytes(content)


def _typst_style(style: Style, measures: Measures) -> str:
    align, justified = _ALIGN[style.can or "trai"]
    size = measures.kieu["Normal"].co if style.co is None else style.co
    return (
        f"(co: {size:g}pt, dam: {str(style.bold).lower()}, nghieng: {str(style.italic).lower()}, "
        f"can: {align}, deu: {str(justified).lower()}, thut: {style.thut or 0:g}mm, le: {style.le or 0:g}mm, "
        f"truoc: {style.truoc or 0:g}pt, sau: {style.sau or 0:g}pt, dong: {style.dong or 1:g}, "
        f"cao: {style.cao or 0:g}mm, giu: {str(style.giu).lower()})"
    )


def _content_types() -> str:
    overrides = {
        "document": f"{_TYPE}.document.main+xml",
        "styles": f"{_TYPE}.styles+xml",
        "settings": f"{_TYPE}.settings+xml",
        "fontTable": f"{_TYPE}.fontTable+xml",
        "header1": f"{_TYPE}.header+xml",
        "header2": f"{_TYPE}.header+xml",
    }
    return (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        + "".join(f'<Override PartName="/word/{name}.xml" ContentType="{kind}"/>' for name, kind in overrides.items())
        + "</Types>"
    )


def _relationships(entries: list[tuple[str, str, str]]) -> str:
    return (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(f'<Relationship Id="{i}" Type="{_REL}/{kind}" Target="{target}"/>' for i, kind, target in entries)
        + "</Relationships>"
    )


def _document(measures: Measures) -> str:
    """Empty but for one paragraph in each style, so that a person who opens the file sees them."""
    paragraphs = "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{name}"/></w:pPr><w:r><w:t>{style.ten}</w:t></w:r></w:p>'
        for name, style in measures.kieu.items()
    )
    # Landscape, because pandoc makes no picture wider than this text; filters give every real section its properties.
    section = section_properties(measures.trang, landscape=True, restart=False)
    return f'<w:document {W} xmlns:r="{_REL}"><w:body>{paragraphs}{section}</w:body></w:document>'


def _settings(measures: Measures) -> str:
    tab = twips(measures.kieu["BodyText"].thut or 0)
    # Word leaves pictures as they are when it saves: a chart that it compressed would be taken for another one.
    return (
        f'<w:settings {W}><w:zoom w:percent="100"/><w:defaultTabStop w:val="{tab}"/>'
        '<w:characterSpacingControl w:val="doNotCompress"/><w:compat>'
        '<w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/>'
        f'</w:compat><w:themeFontLang w:val="{measures.phong.ngon_ngu}"/><w:doNotAutoCompressPictures/></w:settings>'
    )


def _font_table(measures: Measures) -> str:
    return (
        f'<w:fonts {W}><w:font w:name="{measures.phong.ten}"><w:panose1 w:val="02020603050405020304"/>'
        '<w:charset w:val="00"/><w:family w:val="roman"/><w:pitch w:val="variable"/></w:font></w:fonts>'
    )


def _header(numbered: bool, mark: str) -> str:
    paragraphs = ""
    if numbered:
        paragraphs += (
            '<w:p><w:pPr><w:pStyle w:val="SoTrang"/></w:pPr><w:r><w:fldChar w:fldCharType="begin"/></w:r>'
            '<w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>'
            '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:rPr><w:noProof/></w:rPr><w:t>2</w:t></w:r>'
            '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
        )
    if mark:
        paragraphs += f'<w:p><w:pPr><w:pStyle w:val="DauLuuY"/></w:pPr><w:r><w:t>{mark}</w:t></w:r></w:p>'
    if not paragraphs:
        paragraphs = '<w:p><w:pPr><w:pStyle w:val="SoTrang"/></w:pPr></w:p>'
    return f"<w:hdr {W}>{paragraphs}</w:hdr>"


if __name__ == "__main__":
    main()
