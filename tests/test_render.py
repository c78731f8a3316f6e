"""The embedded renderer, with the real pandoc and Typst, on a small build folder that has one of everything."""

import functools
import itertools
import re
import shutil
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from docx import Document
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from pypdf import PdfReader

import ooxml
import seen
from baocao.errors import InputError, RenderError
from baocao.render import FORMATS, render
from baocao.render.config import load_options
from baocao.theme import FONTS, THEME
from baocao.theme.generate import MARKED_DOCX, outputs, reference_document
from baocao.theme.measures import load_measures

ROOT = Path(__file__).parent.parent
CONFIG = ROOT / "_quarto.yml"
FIXTURE = Path(__file__).parent / "fixtures" / "render"
MARK = "DỮ LIỆU MÔ PHỎNG"
HOSTILE = (
    "<script>alert(1)</script> #let x = 1 $y$ {{< include /etc/passwd >}} **đậm** "
    '=HYPERLINK("a") <w:p/> [x](javascript:y) @ref \\textbf{z} ```.'
)
ALT = (
    'Biểu đồ thanh: Hội Người cao tuổi 90,65%; Hội Cựu chiến binh 92,99%; Hội Nông dân 95,53%; Hội "Chữ thập đỏ" 99,9%'
)
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@dataclass(frozen=True)
class Rendered:
    files: dict[str, Path]
    done: tuple[str, ...]

    def docx_part(self, name: str) -> str:
        with zipfile.ZipFile(self.files["docx"]) as archive:
            return archive.read(name).decode()

    def docx_xml(self) -> ElementTree.Element:
        return ElementTree.fromstring(self.docx_part("word/document.xml"))

    def html(self) -> str:
        return self.files["html"].read_text(encoding="utf-8")

    def text(self, name: str) -> str:
        """The reader's text, whitespace made single spaces."""
        if name == "docx":
            return squeeze(seen.docx_text(self.files["docx"]))
        if name == "pdf":
            return squeeze(" ".join(page.extract_text() for page in PdfReader(self.files["pdf"]).pages))
        parser = _Text()
        parser.feed(self.html())
        return squeeze("".join(parser.parts))


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in ("style", "title", "script")
        if tag not in ("span", "a", "strong", "em"):
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("style", "title", "script")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def tags(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(html)
    return parser.tags


MARKED = """[DỮ LIỆU MÔ PHỎNG]
format:
  docx: {reference-doc: van-ban-dau.docx}
  typst: default
  html: default"""


def squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def vietnamese_letters() -> set[str]:
    tones = ["", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323"]
    letters = set("bcdđghklmnpqrstvx") | {
        unicodedata.normalize("NFC", vowel + tone) for vowel, tone in itertools.product("aăâeêioôơuưy", tones)
    }
    return letters | {letter.upper() for letter in letters}


def _with_value(value: str, match: re.Match[str]) -> str:
    return f"{match[1]} {value}"


def copy_build(target: Path, **replacements: str) -> Path:
    build = target / "build"
    shutil.copytree(FIXTURE, build)
    (build / MARKED_DOCX).write_bytes(reference_document(load_measures(), MARK))
    source = build / "report.qmd"
    text = source.read_text(encoding="utf-8")
    for old, new in replacements.items():
        key = old.replace("_", "-")
        text, count = re.subn(rf"^( *{key}:).*$", functools.partial(_with_value, new), text, flags=re.MULTILINE)
        assert count == 1, key
    source.write_text(text, encoding="utf-8")
    return build


def make(target: Path, formats: tuple[str, ...] = FORMATS, **replacements: str) -> Rendered:
    done: list[str] = []
    build = copy_build(target, **replacements)
    files = render(build, CONFIG, target / "out", "bao-cao-2024-04", formats, lambda name, _: done.append(name))
    return Rendered(files, tuple(done))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    return make(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    return make(
        tmp_path_factory.mktemp("simulated"),
        dau=MARKED,
        kinh_gui='["Ủy ban nhân dân tỉnh Khánh Hòa", "Công an tỉnh"]',
    )


def test_files_and_progress(report: Rendered) -> None:
    assert {name: path.name for name, path in report.files.items()} == {
        name: f"bao-cao-2024-04.{name}" for name in FORMATS
    }
    assert sorted(report.done) == sorted(FORMATS)
    out = report.files["docx"].parent
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in report.files.values())
    assert not list(out.parent.glob("*.log"))


def test_only_what_is_asked_for(tmp_path: Path) -> None:
    assert list(make(tmp_path, formats=("html",)).files) == ["html"]


def test_places_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(FIXTURE, tmp_path / "build")
    shutil.copytree(THEME, tmp_path / "src" / "baocao" / "theme", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CONFIG, tmp_path)
    monkeypatch.chdir(tmp_path)
    files = render(Path("build"), Path("_quarto.yml"), Path("out"), "bao-cao", FORMATS)
    assert [path.is_file() for path in files.values()] == [True, True, True]


@pytest.mark.parametrize("name", FORMATS)
def test_text_is_in_every_format_in_order(report: Rendered, name: str) -> None:
    text = report.text(name)
    if name == "html":
        text = text[text.index("ỦY BAN NHÂN DÂN") :]
    expected = [
        "BÁO CÁO",
        "(Tháng 4 năm 2024)",
        "I. KHÁT QUÁT TÌNH HÌNH VÀ KẾT QUẢ TRIỂN KHAI ĐỀ ÁN 06",
        "nền tảng CSDLQG về dân cư",
        "4.2. Về triển khai thực hiện DVC trực tuyến",
        "a) Đánh giá chung đối với toàn bộ DVC",
        "Tổng số hồ sơ: 2.743. Hồ sơ đã được gắn file kết quả: 953;",
        "Bảng 1. Kết quả cập nhật thông tin của các hội, đoàn thể",
        "203.797",
        "Biểu đồ 1. Tỷ lệ hội viên đã được cập nhật, phê duyệt",
        "kính báo cáo./.",
    ]
    places = [text.index(item) for item in expected]
    assert places == sorted(places)
    for item in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "THÀNH PHỐ NHA TRANG",
        "TỔ CÔNG TÁC ĐỀ ÁN 06",
        "Nơi nhận:",
        "Văn phòng UBND tỉnh (báo cáo);",
        "Lưu: VT, CATP.",
        "TỔ TRƯỞNG TỔ CÔNG TÁC",
        "CHỦ TỊCH UBND THÀNH PHỐ",
        "Nguyễn Sỹ Khánh",
        "Phụ lục II",
        "25 DỊCH VỤ CÔNG TRỰC TUYẾN THIẾT YẾU",
    ):
        assert item in text, item


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_is_numbered_twice(report: Rendered, name: str) -> None:
    text = report.text(name)
    assert not re.search(r"(Table|Figure|Hình|Bảng|Bảng số) \d+\s*[:.]? *(Bảng|Biểu đồ)", text)
    assert len(re.findall(r"Bảng 1\.", text)) == 1
    assert len(re.findall(r"Biểu đồ 1\.", text)) == 1


@pytest.mark.parametrize("name", FORMATS)
def test_every_vietnamese_letter_arrives(report: Rendered, name: str) -> None:
    letters = vietnamese_letters()
    assert len(letters) == 178
    text = report.text(name)
    assert unicodedata.is_normalized("NFC", text)
    assert letters <= set(text)


@pytest.mark.parametrize("name", FORMATS)
def test_text_of_a_workbook_is_literal(report: Rendered, name: str) -> None:
    assert HOSTILE in report.text(name)


def test_blanks_to_fill_in_keep_their_width(report: Rendered) -> None:
    documents = {
        "docx": report.docx_part("word/document.xml"),
        "html": report.html(),
        "pdf": " ".join(page.extract_text() for page in PdfReader(report.files["pdf"]).pages),
    }
    for name, text in documents.items():
        plain = re.sub(r"<[^>]+>", "", text.replace("<w:noBreakHyphen/>", "-"))
        assert re.search(r"Số:[\s\xa0]{5,}/BC-TCTĐA06", plain), name
        assert re.search(r"ngày[\s\xa0]{5,}tháng 4 năm 2024", plain), name


def test_sources_stay_in_html_and_leave_paper(report: Rendered) -> None:
    spans = [attrs for tag, attrs in tags(report.html()) if tag == "span" and "data-so" in attrs]
    assert {"data-so": "mot_cua.tp.tong", "title": "07-mot-cua.xlsx › Số liệu › D8"} in spans
    assert any(attrs["data-so"] == "hoi.1.c0" for attrs in spans)
    for name in ("docx", "pdf"):
        assert "07-mot-cua.xlsx" not in report.text(name)


def test_tables_in_docx(report: Rendered) -> None:
    document = Document(str(report.files["docx"]))
    names = ("Bảng", "Bảng liền trang")
    tables = [table for table in document.tables if table.style is not None and table.style.name in names]
    assert [table.style.name for table in tables if table.style] == ["Bảng liền trang", "Bảng", "Bảng"]
    assert [len(table.rows) for table in tables] == [1 + 7, 1 + 24, 2 + 12]
    members, _, services = tables
    first = [cell.text for cell in members.rows[1].cells]
    assert first == ["1", "Hội Người cao tuổi", "22.966", "22.264", "20.818", "90,65%"]
    head = [[cell.text for cell in row.cells] for row in services.rows[:2]]
    assert (
        head[0][3:8]
        == ["Tổng số hồ sơ (bao gồm cả trực tiếp và trực tuyến)"] * 3 + ["Tình hình xử lý hồ sơ trực tuyến"] * 2
    )
    assert head[1] == [
        "STT",
        "Dịch vụ công trực tuyến",
        head[0][2],
        "Tổng hồ sơ",
        "Trực tuyến",
        "Tỷ lệ",
        "Đúng hạn",
        "Quá hạn",
        "Khó khăn, vướng mắc",
    ]
    for table, header_rows in zip(tables, (1, 1, 2), strict=True):
        rows = [row._tr for row in table.rows]
        assert [row.find(f".//{W}tblHeader") is not None for row in rows] == [
            index < header_rows for index in range(len(rows))
        ]
        assert all(row.find(f".//{W}cantSplit") is not None for row in rows)
        for row in rows:
            spans = [cell.find(f"{W}tcPr/{W}gridSpan") for cell in row.findall(f"{W}tc")]
            assert sum(1 if span is None else int(span.get(f"{W}val")) for span in spans) == len(table.columns)
    widths = [int(column.get(f"{W}w") or 0) for column in members._tbl.iter(f"{W}gridCol")]
    assert [round(width / sum(widths) * 100) for width in widths] == [8, 30, 14, 17, 19, 12]


def test_tables_in_html(report: Rendered) -> None:
    found = tags(report.html())
    heads = [attrs for tag, attrs in found if tag == "th"]
    assert heads
    heads, names = ([attrs for attrs in heads if (attrs.get("scope") == "row") is is_name] for is_name in (False, True))
    assert all(attrs.get("scope") == ("colgroup" if "colspan" in attrs else "col") for attrs in heads)
    assert len([1 for attrs in names if "ten" in (attrs["class"] or "").split()]) == 7 + 24 + 12
    assert [attrs["colspan"] for attrs in heads if "colspan" in attrs] == ["3", "2"]
    assert len([1 for attrs in heads if attrs.get("rowspan") == "2"]) == 4
    assert len([1 for tag, _ in found if tag == "caption"]) == 1
    boxes = [attrs for tag, attrs in found if "cuon-ngang" in (attrs.get("class") or "")]
    assert len(boxes) == 3
    assert all(box["tabindex"] == "0" and box["aria-label"] for box in boxes)


def test_tables_in_pdf(report: Rendered) -> None:
    reader = PdfReader(report.files["pdf"])
    kinds = [str(node.get("/S")) for node in structure(reader)]
    assert kinds.count("/Table") == 3
    assert kinds.count("/TR") == 8 + 25 + 14
    spans = [
        (int(attributes.get("/RowSpan", 1)), int(attributes.get("/ColSpan", 1)))
        for node in structure(reader)
        if node.get("/S") == "/TH"
        for attributes in attribute_dictionaries(node)
        if "/RowSpan" in attributes or "/ColSpan" in attributes
    ]
    assert (2, 1) in spans
    assert (1, 3) in spans
    appendix = [page.extract_text() for page in reader.pages[3:6]]
    assert all("Thời hạn" in squeeze(text) for text in appendix), "the header row repeats on every page"
    for text in appendix:
        whole = squeeze(text)
        assert whole.count("Triển khai các dịch vụ") == whole.count("(nhiệm vụ số"), "a row is split over pages"


def structure(reader: PdfReader) -> Iterator[dict[str, Any]]:
    def walk(node: Any) -> Iterator[dict[str, Any]]:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for child in node:
                yield from walk(child)
        elif isinstance(node, dict):
            if "/S" in node:
                yield node
            if "/K" in node:
                yield from walk(node["/K"])

    return walk(reader.trailer["/Root"]["/StructTreeRoot"])  # type: ignore[index]


def attribute_dictionaries(node: dict[str, Any]) -> list[dict[str, Any]]:
    value = node.get("/A")
    if value is None:
        return []
    value = value.get_object()
    entries = value if isinstance(value, list) else [value]
    return [entry.get_object() for entry in entries if isinstance(entry.get_object(), dict)]


def test_alt_text_in_every_format(report: Rendered) -> None:
    assert [node.get("descr") for node in report.docx_xml().iter() if node.tag.endswith("}docPr")] == [ALT]
    images = [attrs for tag, attrs in tags(report.html()) if tag == "img"]
    assert [attrs["alt"] for attrs in images] == [ALT]
    assert (images[0]["src"] or "").startswith("data:image/svg+xml")
    assert ALT in [str(node["/Alt"]) for node in structure(PdfReader(report.files["pdf"])) if "/Alt" in node]


def test_pdf_is_archivable_and_carries_its_fonts(report: Rendered) -> None:
    reader = PdfReader(report.files["pdf"])
    root: Any = reader.trailer["/Root"]
    assert str(root["/Lang"]).startswith("vi")
    assert root["/MarkInfo"]["/Marked"]
    assert reader.metadata is not None
    assert (reader.metadata.title or "").endswith("tháng 4 năm 2024")
    assert reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.date().isoformat() == "2024-04-14"
    xmp = root["/Metadata"].get_data().decode()
    assert re.search(r"<pdfaid:part>2</", xmp)
    assert re.search(r"<pdfaid:conformance>A</", xmp)
    assert re.search(r"<pdfuaid:part>1</", xmp)
    fonts = {
        font["/BaseFont"]: font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        for page in reader.pages
        for font in (entry.get_object() for entry in page["/Resources"]["/Font"].values())  # type: ignore[index]
    }
    assert fonts
    assert all(re.fullmatch(r"/[A-Z]{6}\+Tinos-\w+", name) for name in fonts)
    assert all("/FontFile2" in descriptor or "/FontFile3" in descriptor for descriptor in fonts.values())
    titles = [str(item["/Title"]) for item in reader.outline if not isinstance(item, list)]
    assert titles == [
        "I. KHÁT QUÁT TÌNH HÌNH VÀ KẾT QUẢ TRIỂN KHAI ĐỀ ÁN 06",
        "II. KẾT QUẢ CÁC MẶT CÔNG TÁC",
        "Phụ lục I",
        "Phụ lục II",
    ]


def test_pages_of_the_pdf(report: Rendered) -> None:
    reader = PdfReader(report.files["pdf"])
    assert reader.page_labels == ["1", "2", "3", "1", "2", "3", "1"]
    first_lines = [page.extract_text().splitlines()[0].strip() for page in reader.pages]
    shown = [line if line.isdigit() else "" for line in first_lines]
    assert shown == ["", "2", "3", "", "2", "3", ""]
    landscape = [page.mediabox.width > page.mediabox.height for page in reader.pages]
    assert landscape == [False] * 6 + [True]


def test_sections_of_the_docx(report: Rendered) -> None:
    sections = list(report.docx_xml().iter(f"{W}sectPr"))
    assert [section.find(f"{W}pgSz").get(f"{W}orient") for section in sections] == [None, None, "landscape"]  # type: ignore[union-attr]
    assert all(section.find(f"{W}pgNumType").get(f"{W}start") == "1" for section in sections)  # type: ignore[union-attr]
    relations = report.docx_part("word/_rels/document.xml.rels")
    for section in sections:
        headers = {node.get(f"{W}type"): node for node in section.findall(f"{W}headerReference")}
        assert set(headers) == {"default", "first"}
        assert section.find(f"{W}titlePg") is not None
        for node in headers.values():
            identifier = next(value for key, value in node.attrib.items() if key.endswith("}id"))
            assert f'Id="{identifier}"' in relations
    assert report.docx_xml()[0][-1].tag == f"{W}sectPr"


def test_docx_uses_named_styles_and_vietnamese(report: Rendered) -> None:
    document = Document(str(report.files["docx"]))
    cells = [p for table in document.tables for row in table.rows for cell in row.cells for p in cell.paragraphs]
    used = {p.style.name for p in [*document.paragraphs, *cells] if p.style is not None}
    for name in (
        "Quốc hiệu",
        "Tiêu ngữ",
        "Cơ quan ban hành",
        "Số ký hiệu",
        "Tên loại",
        "Trích yếu",
        "Heading 1",
        "Body Text",
        "Gạch đầu dòng",
        "Dấu cộng",
        "Nơi nhận",
        "Họ tên người ký",
        "Số phụ lục",
        "Ô bảng",
    ):
        assert name in used, name
    styles = report.docx_part("word/styles.xml")
    assert re.findall(r'<w:lang [^>]*w:val="([^"]*)"', styles) == ["vi-VN"]
    assert set(re.findall(r'w:ascii="([^"]*)"', styles)) == {"Times New Roman"}
    defined = set(re.findall(r'w:styleId="([^"]*)"', styles))
    assert {node.get(f"{W}val") for node in report.docx_xml().iter(f"{W}pStyle")} <= defined
    assert document.core_properties.title.endswith("tháng 4 năm 2024")


def test_docx_is_what_word_expects(report: Rendered, simulated: Rendered) -> None:
    for rendered in (report, simulated):
        assert ooxml.faults(rendered.files["docx"]) == []


@pytest.mark.parametrize(
    ("part", "old", "new", "fault"),
    [
        ("word/document.xml", "</w:pPr>", "</w:pPr><w:pPr/>", "pPr is not the one first child of p"),
        (
            "word/document.xml",
            '<w:tblLayout w:type="fixed"/>',
            '<w:tblLayout w:type="fixed"/><w:keepNext/>',
            "keepNext does not belong into tblPr",
        ),
        ("word/document.xml", "<w:vMerge/>", '<w:vMerge/><w:gridSpan w:val="1"/>', "in the order"),
        ("word/document.xml", "<w:titlePg/>", "<w:titlePg/><w:cols/>", "sectPr has its children in the order"),
        ("word/document.xml", '<w:gridSpan w:val="3"/>', '<w:gridSpan w:val="4"/>', "a row of 10 columns"),
        ("word/document.xml", 'w:val="SoKyHieu"', 'w:val="KhongCo"', "style KhongCo is not defined"),
        ("word/_rels/document.xml.rels", "rIdDauTrangNhat", "rIdKhac", "relation rIdDauTrangNhat is not there"),
        ("word/_rels/document.xml.rels", 'Target="header1.xml"', 'Target="header9.xml"', "header9.xml is not there"),
        ("[Content_Types].xml", 'Extension="rels"', 'Extension="other"', "has no content type"),
    ],
)
def test_the_checker_finds_what_word_would_repair(
    report: Rendered, tmp_path: Path, part: str, old: str, new: str, fault: str
) -> None:
    broken = tmp_path / "broken.docx"
    with zipfile.ZipFile(report.files["docx"]) as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == part:
                assert old.encode() in content
                content = content.replace(old.encode(), new.encode(), 1)
            target.writestr(name, content)
    assert fault in "\n".join(ooxml.faults(broken))


def test_lists_look_like_an_official_text(report: Rendered) -> None:
    for name in ("docx", "pdf"):
        text = report.text(name)
        assert "- Đối với UBND thành phố: Tổng số hồ sơ" in text
        assert "+ Thực hiện số hóa hồ sơ" in text
        assert "•" not in text
    assert f"{W}numPr" not in {node.tag for node in report.docx_xml().iter()}


def test_html_needs_nothing_from_outside(report: Rendered) -> None:
    html = report.html()
    assert len(html.encode()) < 600_000
    assert '<html lang="vi">' in html
    found = tags(html)
    policy = [attrs["content"] for tag, attrs in found if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert len(policy) == 1
    assert "default-src 'none'" in (policy[0] or "")
    assert "unsafe" not in (policy[0] or "")
    assert [tag for tag, _ in found if tag in ("script", "iframe", "object", "embed", "form")] == ["script"]
    for tag, attrs in found:
        assert not [key for key in attrs if key.startswith("on") or key == "style"], tag
        for key in ("src", "href"):
            value = attrs.get(key)
            assert value is None or value.startswith(("data:", "#")), (tag, value)
    urls = re.findall(r"url\(['\"]?([^'\")]{0,20})", html)
    assert len(urls) == 8
    assert all(url.startswith("data:") for url in urls)
    targets = {attrs["id"] for _, attrs in found if attrs.get("id")}
    links = [attrs["href"] or "" for tag, attrs in found if tag == "a"]
    assert len(links) > 8
    assert all(link.removeprefix("#") in targets for link in links)


def test_simulated_data_say_so_on_every_page(simulated: Rendered, report: Rendered) -> None:
    for page in PdfReader(simulated.files["pdf"]).pages:
        assert MARK in squeeze(page.extract_text())
    document = Document(str(simulated.files["docx"]))
    assert len(document.sections) == 3
    for section in document.sections:
        for header in (section.header, section.first_page_header):
            assert MARK in [paragraph.text for paragraph in header.paragraphs]
    assert MARK in simulated.text("html")
    assert 'class="dau-luu-y"' in simulated.html()
    assert all(MARK not in report.text(name) for name in FORMATS)
    with zipfile.ZipFile(report.files["docx"]) as archive:
        assert all(MARK.encode() not in archive.read(name) for name in archive.namelist())


@pytest.mark.parametrize("value", [f"[{MARK}]", MARKED.replace(f"[{MARK}]", "[]")])
def test_the_mark_and_the_word_document_that_carries_it_go_together(tmp_path: Path, value: str) -> None:
    with pytest.raises(RenderError):
        make(tmp_path, ("docx",), dau=value)
    assert "không khớp với dấu lưu ý" in (tmp_path / "render-docx.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("formats", "key"),
    [
        ("{docx: {toc: true}}", "format.docx"),
        ("{html: {theme: cosmo}}", "format.html"),
        ("{epub: default}", "format.epub"),
    ],
)
def test_options_in_the_document_itself_are_refused_by_name(tmp_path: Path, formats: str, key: str) -> None:
    with pytest.raises(RenderError, match=f"“{key}” không được hỗ trợ"):
        make(tmp_path, ("html",), dau=f"[]\nformat: {formats}")


def test_addressees(simulated: Rendered, report: Rendered) -> None:
    for name in FORMATS:
        text = simulated.text(name)
        assert "Kính gửi:" in text
        assert "Ủy ban nhân dân tỉnh Khánh Hòa;" in text
        assert "Công an tỉnh." in text
        assert "Kính gửi" not in report.text(name)


def test_parts_that_are_null_are_left_out(tmp_path: Path) -> None:
    signer = "{quyen-han: null, chuc-vu: CHỦ TỊCH, ho-ten: null}"
    # The list that followed the key now hangs on another one, which no filter reads.
    rendered = make(tmp_path, co_quan_chu_quan="null", ky=signer, noi_nhan="[]\n  khac:")
    for name in FORMATS:
        text = rendered.text(name)
        assert "THÀNH PHỐ NHA TRANG" not in text
        assert "Nơi nhận" not in text
        assert "CHỦ TỊCH" in text
        assert "null" not in text


def test_same_input_same_bytes(report: Rendered, tmp_path: Path) -> None:
    again = make(tmp_path)
    for name in FORMATS:
        assert again.files[name].read_bytes() == report.files[name].read_bytes(), name


def test_a_failing_format_delivers_none_and_keeps_the_old(tmp_path: Path) -> None:
    build = copy_build(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    old = out / "bao-cao.docx"
    old.write_bytes(b"old")
    # DOCX takes the PNG beside it.
    (build / "images" / "27-hoi-vien.svg").write_text("<svg", encoding="utf-8")
    with pytest.raises(RenderError) as caught:
        render(build, CONFIG, out, "bao-cao", FORMATS)
    problem = next(problem for problem in caught.value.problems if "không tạo được bản PDF" in problem.what)
    log = Path(problem.where[0])
    assert log == tmp_path / "render-pdf.log"
    assert "27-hoi-vien.svg" in log.read_text(encoding="utf-8")
    assert [path.name for path in out.iterdir()] == ["bao-cao.docx"]
    assert old.read_bytes() == b"old"


def test_all_failures_are_told_at_once(tmp_path: Path) -> None:
    build = copy_build(tmp_path)
    for path in (build / "images").iterdir():
        path.unlink()
    with pytest.raises(RenderError) as caught:
        render(build, CONFIG, tmp_path / "out", "bao-cao", FORMATS)
    assert [re.findall(r"bản (\w+)", problem.what)[0] for problem in caught.value.problems] == ["DOCX", "PDF", "HTML"]
    assert not (tmp_path / "out").exists()


def test_a_chart_without_description_is_refused(tmp_path: Path) -> None:
    build = copy_build(tmp_path)
    part = build / "parts" / "27.md"
    part.write_text(re.sub(r' fig-alt="(\\"|[^"])*"', "", part.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(RenderError) as caught:
        render(build, CONFIG, tmp_path / "out", "bao-cao", ("docx",))
    assert "thiếu mô tả" in (tmp_path / "render-docx.log").read_text(encoding="utf-8")
    assert "DOCX" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("parts/20.md", "parts/99.md", "parts/99.md"),
        ("parts/20.md", "../ngoai.md", "nằm ngoài thư mục"),
        ("date: 2024-04-14", "date: hôm nay", "thiếu ngày"),
        ("lang: vi\n", "lang: [vi\n", "viết sai"),
    ],
)
def test_a_wrong_source_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    build = copy_build(tmp_path)
    (tmp_path / "ngoai.md").write_text("x", encoding="utf-8")
    source = build / "report.qmd"
    text = source.read_text(encoding="utf-8")
    assert old in text
    source.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(RenderError, match=re.escape(message)):
        render(build, CONFIG, tmp_path / "out", "bao-cao", ("html",))
    assert not (tmp_path / "out").exists()


def test_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="odt"):
        render(FIXTURE, CONFIG, tmp_path, "bao-cao", ("docx", "odt"))


def test_unknown_keys_of_the_options_are_refused_by_name(tmp_path: Path) -> None:
    config = tmp_path / "_quarto.yml"
    text = CONFIG.read_text(encoding="utf-8")
    config.write_text(
        text.replace("wrap: none", "wrap: none\ncode-fold: true")
        .replace("    at: post-finalize", "    khi: post-finalize")
        .replace("  typst:\n", "  typst:\n    margin: {}\n"),
        encoding="utf-8",
    )
    with pytest.raises(InputError) as caught:
        load_options(config)
    assert [problem.what for problem in caught.value.problems] == [
        "khóa “code-fold” không được hỗ trợ",
        "khóa “filters.khi” không được hỗ trợ",
        "khóa “format.typst.margin” không được hỗ trợ",
    ]
    line = config.read_text(encoding="utf-8").splitlines().index("code-fold: true") + 1
    assert caught.value.problems[0].where == ("_quarto.yml", f"dòng {line}")


def test_options_that_name_missing_files_are_refused(tmp_path: Path) -> None:
    config = tmp_path / "_quarto.yml"
    config.write_text("format:\n  docx:\n    reference-doc: mau.docx\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"mau\.docx"):
        load_options(config)
    with pytest.raises(InputError, match="không có tệp"):
        load_options(tmp_path / "khac.yml")


def test_fonts_have_every_vietnamese_letter() -> None:
    files = sorted(FONTS.glob("Tinos-*.ttf"))
    assert [path.stem for path in files] == ["Tinos-Bold", "Tinos-BoldItalic", "Tinos-Italic", "Tinos-Regular"]
    for path in files:
        assert vietnamese_letters() | set("…“”–•≤≥₫") <= {chr(code) for code in TTFont(path).getBestCmap()}
    assert "The Tinos Project Authors" in (FONTS / "OFL.txt").read_text(encoding="utf-8")


def test_generated_files_are_in_step_with_the_measures() -> None:
    for path, content in outputs(load_measures()).items():
        assert path.read_bytes() == content, f"{path.name}: run `python -m baocao.theme.generate`"


def test_measures_are_the_decree() -> None:
    measures = load_measures()
    page = measures.trang
    assert (page.rong, page.cao) == (210, 297)
    document = Document(str(CONFIG.parent / "src/baocao/theme/van-ban.docx"))
    section = document.sections[0]
    margins = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(length.mm) for length in margins if length] == [page.tren, page.duoi, page.trai, page.phai]
    body = document.styles["Body Text"]
    assert body.font.size.pt == 14
    assert round(body.paragraph_format.first_line_indent.mm, 1) == 12.7
    assert document.styles["Danh sách nơi nhận"].font.size.pt == 11
