"""WordprocessingML of the styles and sections that `nd30.yml` describes; element order as the schema wants it."""

from xml.sax.saxutils import escape

from baocao.theme.measures import Grid, Measures, Page, Style

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
# The filters write sections that name the headers of the reference document by these ids.
HEADER_IDS = {"default": "rIdDauTrang", "first": "rIdDauTrangNhat"}

_JUSTIFY = {"deu": "both", "giua": "center", "trai": "left", "phai": "right"}
# Word knows these as its own styles; all others are custom.
_BUILT_IN = {"Normal", "BodyText", "Heading1", "Heading2", "Heading3", "Heading4", "SoTrang", "FootnoteText"}
_RULE = "DuongKe"


def twips(millimetres: float) -> int:
    """Twentieths of a point, Word's unit of length."""
    return round(millimetres / 25.4 * 1440)


def half_points(points: float) -> int:
    """Word's unit of type sizes."""
    return round(points * 2)


def eighths(points: float) -> int:
    """Word's unit of strokes."""
    return round(points * 8)


def section_properties(page: Page, landscape: bool, restart: bool) -> str:
    """`w:sectPr` of a section that starts a page; `restart` numbers its pages from 1."""
    width, height = (page.cao, page.rong) if landscape else (page.rong, page.cao)
    orient = ' w:orient="landscape"' if landscape else ""
    number = '<w:pgNumType w:start="1"/>' if restart else ""
    return (
        "<w:sectPr>"
        + "".join(f'<w:headerReference w:type="{kind}" r:id="{rid}"/>' for kind, rid in HEADER_IDS.items())
        + f'<w:type w:val="nextPage"/><w:pgSz w:w="{twips(width)}" w:h="{twips(height)}"{orient}/>'
        f'<w:pgMar w:top="{twips(page.tren)}" w:right="{twips(page.phai)}" w:bottom="{twips(page.duoi)}" '
        f'w:left="{twips(page.trai)}" w:header="{twips(page.so_trang)}" w:footer="{twips(page.so_trang)}" '
        f'w:gutter="0"/>{number}<w:titlePg/></w:sectPr>'
    )


def styles_part(measures: Measures) -> str:
    """`word/styles.xml`."""
    font = escape(measures.phong.ten, {'"': "&quot;"})
    language = measures.phong.ngon_ngu
    body = half_points(measures.kieu["Normal"].co or 0)
    defaults = (
        "<w:docDefaults><w:rPrDefault><w:rPr>"
        f'<w:rFonts w:ascii="{font}" w:hAnsi="{font}" w:eastAsia="{font}" w:cs="{font}"/>'
        f'<w:color w:val="000000"/><w:sz w:val="{body}"/><w:szCs w:val="{body}"/>'
        f'<w:lang w:val="{language}" w:eastAsia="{language}" w:bidi="ar-SA"/>'
        "</w:rPr></w:rPrDefault><w:pPrDefault><w:pPr>"
        '<w:spacing w:before="0" w:after="0" w:line="240" w:lineRule="auto"/>'
        "</w:pPr></w:pPrDefault></w:docDefaults>"
    )
    stroke = f'w:sz="{eighths(measures.duong_ke.net)}" w:space="{measures.duong_ke.cach:.0f}"'
    rule = f'<w:pBdr><w:top w:val="single" {stroke} w:color="000000"/></w:pBdr>'
    paragraphs = "".join(
        _paragraph_style(name, style, rule if name == _RULE else "") for name, style in measures.kieu.items()
    )
    return f"<w:styles {W}>{defaults}{paragraphs}{_CHARACTERS}{_table_styles(measures.bang)}</w:styles>"


def _paragraph_style(name: str, style: Style, border: str) -> str:
    custom = "" if name in _BUILT_IN else ' w:customStyle="1"'
    default = ' w:default="1"' if name == "Normal" else ""
    based = f'<w:basedOn w:val="{style.goc or "Normal"}"/>' if name != "Normal" else ""
    following = '<w:next w:val="BodyText"/>' if style.cap else ""
    return (
        f'<w:style w:type="paragraph"{default}{custom} w:styleId="{name}"><w:name w:val="{escape(style.ten)}"/>'
        f"{based}{following}<w:qFormat/>{_paragraph_properties(style, border)}{_run_properties(style)}</w:style>"
    )


def _paragraph_properties(style: Style, border: str) -> str:
    spacing = ""
    if style.truoc is not None:
        spacing += f' w:before="{round(style.truoc * 20)}"'
    if style.sau is not None:
        spacing += f' w:after="{round(style.sau * 20)}"'
    if style.dong is not None:
        spacing += f' w:line="{round(style.dong * 240)}" w:lineRule="auto"'
    if style.cao is not None:
        spacing += f' w:line="{twips(style.cao)}" w:lineRule="exact"'
    content = ("<w:keepNext/><w:keepLines/>" if style.giu else "") + border
    content += f"<w:spacing{spacing}/>" if spacing else ""
    indent = "" if style.le is None else f' w:left="{twips(style.le)}"'
    indent += "" if style.thut is None else f' w:firstLine="{twips(style.thut)}"'
    content += f"<w:ind{indent}/>" if indent else ""
    if style.can is not None:
        content += f'<w:jc w:val="{_JUSTIFY[style.can]}"/>'
    if style.cap is not None:
        content += f'<w:outlineLvl w:val="{style.cap - 1}"/>'
    return f"<w:pPr>{content}</w:pPr>" if content else ""


def _run_properties(style: Style) -> str:
    content = ("<w:b/><w:bCs/>" if style.bold else "") + ("<w:i/><w:iCs/>" if style.italic else "")
    if style.co is not None:
        content += f'<w:sz w:val="{half_points(style.co)}"/><w:szCs w:val="{half_points(style.co)}"/>'
    return f"<w:rPr>{content}</w:rPr>" if content else ""


def _table_styles(grid: Grid) -> str:
    """Styles of tables; `BangLien` keeps its rows on one page, because a table's own property for that is not there."""
    line = f'w:val="single" w:sz="{eighths(grid.net)}" w:space="0" w:color="000000"'
    borders = "".join(f"<w:{side} {line}/>" for side in ("top", "left", "bottom", "right", "insideH", "insideV"))
    return (
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>'
        '<w:uiPriority w:val="99"/><w:semiHidden/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/>'
        f"{_cell_margins(0)}</w:tblPr></w:style>"
        # pandoc's own tables, should one ever reach it, take the same look.
        '<w:style w:type="table" w:customStyle="1" w:styleId="Table"><w:name w:val="Table"/>'
        '<w:basedOn w:val="TableNormal"/><w:qFormat/><w:tblPr><w:jc w:val="center"/>'
        f"<w:tblBorders>{borders}</w:tblBorders>{_cell_margins(round(grid.dem * 20))}</w:tblPr>"
        '<w:tcPr><w:vAlign w:val="center"/></w:tcPr></w:style>'
        '<w:style w:type="table" w:customStyle="1" w:styleId="Bang"><w:name w:val="Bảng"/>'
        '<w:basedOn w:val="Table"/><w:qFormat/></w:style>'
        '<w:style w:type="table" w:customStyle="1" w:styleId="BangLien"><w:name w:val="Bảng liền trang"/>'
        '<w:basedOn w:val="Bang"/><w:qFormat/><w:pPr><w:keepNext/></w:pPr></w:style>'
        '<w:style w:type="table" w:customStyle="1" w:styleId="KhungChu"><w:name w:val="Khung chữ"/>'
        '<w:basedOn w:val="TableNormal"/></w:style>'
    )


def _cell_margins(sides: int) -> str:
    return (
        "<w:tblCellMar>"
        + "".join(
            f'<w:{side} w:w="{width}" w:type="dxa"/>'
            for side, width in (("top", 0), ("left", sides), ("bottom", 0), ("right", sides))
        )
        + "</w:tblCellMar>"
    )


# Styles of characters that pandoc and Word name.
_CHARACTERS = (
    '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
    '<w:name w:val="Default Paragraph Font"/><w:uiPriority w:val="1"/><w:semiHidden/></w:style>'
    '<w:style w:type="character" w:styleId="Hyperlink"><w:name w:val="Hyperlink"/>'
    '<w:basedOn w:val="DefaultParagraphFont"/></w:style>'
    '<w:style w:type="character" w:styleId="FootnoteReference"><w:name w:val="footnote reference"/>'
    '<w:basedOn w:val="DefaultParagraphFont"/><w:rPr><w:vertAlign w:val="superscript"/></w:rPr></w:style>'
)
