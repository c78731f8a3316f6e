"""WordprocessingML of the styles and sections that `nd30.yml` describes; element order as the schema wants it."""

from xml.sax.saxutils import escape

from baocao.theme.measures import Measures, Page, Style

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
# The filters write sections that name the headers of the reference document by these ids.
HEADER_IDS = {"default": "rIdDauTrang", "first": "rIdDauTrangNhat"}

_JUSTIFY = {"deu": "both", "giua": "center", "trai": "left"}
# Word knows these as its own styles; all others are custom.
_BUILT_IN = {"Normal", "BodyText", "Heading1", "Heading2", "Heading3", "Heading4", "SoTrang"}


def twips(millimetres: float) -> int:
    """Twentieths of a point, Word's unit of length."""
    return round(millimetres / 25.4 * 1440)


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
    body = round((measures.kieu["Normal"].co or 14) * 2)
    defaults = (
        "<w:docDefaults><w:rPrDefault><w:rPr>"
        f'<w:rFonts w:ascii="{font}" w:hAnsi="{font}" w:eastAsia="{font}" w:cs="{font}"/>'
        f'<w:color w:val="000000"/><w:sz w:val="{body}"/><w:szCs w:val="{body}"/>'
        f'<w:lang w:val="{language}" w:eastAsia="{language}" w:bidi="ar-SA"/>'
        "</w:rPr></w:rPrDefault><w:pPrDefault><w:pPr>"
        '<w:spacing w:before="0" w:after="0" w:line="240" w:lineRule="auto"/>'
        "</w:pPr></w:pPrDefault></w:docDefaults>"
    )
    paragraphs = "".join(_paragraph_style(name, style) for name, style in measures.kieu.items())
    return f"<w:styles {W}>{defaults}{paragraphs}{_OTHERS}</w:styles>"


def _paragraph_style(name: str, style: Style) -> str:
    custom = "" if name in _BUILT_IN else ' w:customStyle="1"'
    default = ' w:default="1"' if name == "Normal" else ""
    based = f'<w:basedOn w:val="{style.goc or "Normal"}"/>' if name != "Normal" else ""
    following = '<w:next w:val="BodyText"/>' if style.cap else ""
    return (
        f'<w:style w:type="paragraph"{default}{custom} w:styleId="{name}"><w:name w:val="{escape(style.ten)}"/>'
        f"{based}{following}<w:qFormat/>{_paragraph_properties(style)}{_run_properties(style)}</w:style>"
    )


def _paragraph_properties(style: Style) -> str:
    spacing = ""
    if style.truoc is not None:
        spacing += f' w:before="{round(style.truoc * 20)}"'
    if style.sau is not None:
        spacing += f' w:after="{round(style.sau * 20)}"'
    if style.dong is not None:
        spacing += f' w:line="{round(style.dong * 240)}" w:lineRule="auto"'
    content = ("<w:keepNext/><w:keepLines/>" if style.giu else "") + (f"<w:spacing{spacing}/>" if spacing else "")
    if style.thut is not None:
        content += f'<w:ind w:firstLine="{twips(style.thut)}"/>'
    if style.can is not None:
        content += f'<w:jc w:val="{_JUSTIFY[style.can]}"/>'
    if style.cap is not None:
        content += f'<w:outlineLvl w:val="{style.cap - 1}"/>'
    return f"<w:pPr>{content}</w:pPr>" if content else ""


def _run_properties(style: Style) -> str:
    content = ("<w:b/><w:bCs/>" if style.bold else "") + ("<w:i/><w:iCs/>" if style.italic else "")
    if style.co is not None:
        content += f'<w:sz w:val="{round(style.co * 2)}"/><w:szCs w:val="{round(style.co * 2)}"/>'
    return f"<w:rPr>{content}</w:rPr>" if content else ""


_LINE = 'w:val="single" w:sz="4" w:space="0" w:color="000000"'
_CELL_MARGINS = (
    '<w:tblCellMar><w:top w:w="0" w:type="dxa"/><w:left w:w="70" w:type="dxa"/>'
    '<w:bottom w:w="0" w:type="dxa"/><w:right w:w="70" w:type="dxa"/></w:tblCellMar>'
)
# Styles that are not elements of the decree: tables, links, notes.
_OTHERS = (
    '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
    '<w:name w:val="Default Paragraph Font"/><w:uiPriority w:val="1"/><w:semiHidden/></w:style>'
    '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>'
    '<w:uiPriority w:val="99"/><w:semiHidden/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/>'
    '<w:tblCellMar><w:top w:w="0" w:type="dxa"/><w:left w:w="108" w:type="dxa"/>'
    '<w:bottom w:w="0" w:type="dxa"/><w:right w:w="108" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>'
    # pandoc's own tables, should one ever reach it, take the same look.
    '<w:style w:type="table" w:customStyle="1" w:styleId="Table"><w:name w:val="Table"/>'
    '<w:basedOn w:val="TableNormal"/><w:qFormat/><w:tblPr><w:tblBorders>'
    + "".join(f"<w:{side} {_LINE}/>" for side in ("top", "left", "bottom", "right", "insideH", "insideV"))
    + f"</w:tblBorders>{_CELL_MARGINS}</w:tblPr></w:style>"
    '<w:style w:type="table" w:customStyle="1" w:styleId="Bang"><w:name w:val="Bảng"/>'
    '<w:basedOn w:val="Table"/><w:qFormat/></w:style>'
    '<w:style w:type="table" w:customStyle="1" w:styleId="KhungChu"><w:name w:val="Khung chữ"/>'
    '<w:basedOn w:val="TableNormal"/><w:tblPr><w:tblCellMar><w:left w:w="0" w:type="dxa"/>'
    '<w:right w:w="0" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>'
    '<w:style w:type="character" w:styleId="Hyperlink"><w:name w:val="Hyperlink"/>'
    '<w:basedOn w:val="DefaultParagraphFont"/></w:style>'
    '<w:style w:type="character" w:styleId="FootnoteReference"><w:name w:val="footnote reference"/>'
    '<w:basedOn w:val="DefaultParagraphFont"/><w:rPr><w:vertAlign w:val="superscript"/></w:rPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="FootnoteText"><w:name w:val="footnote text"/>'
    '<w:basedOn w:val="Normal"/><w:pPr><w:jc w:val="both"/></w:pPr><w:rPr><w:sz w:val="22"/><w:szCs w:val="22"/>'
    "</w:rPr></w:style>"
)
