"""The April 2024 report on paper, measured against the profile: the PDF, and what LibreOffice prints of the DOCX.

Beside the report itself two that are made of the same executed sections: the strict official copy (no chart, an empty
section and appendix, very long posts of the signer) and a long one (text three times as long, appendices of sixty
rows, five addressees, an agency on two lines, a deputy who signs on behalf of a collective).
"""

import re
import subprocess
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from docx import Document
from pypdf import PdfReader

import ooxml
import seen
from baocao.markup import NOTHING_REPORTED
from baocao.month import Month
from baocao.params import Params, Signer
from baocao.part import Part, Piece, take_apart
from baocao.raster import rasterise
from baocao.render import render
from baocao.weave import weave
from conftest import ROOT, MadeReport
from ooxml import W
from paper import HEADINGS, MM, Paper, Word, has_writer, lay, measures, read_word, style, through_writer
from paperfaults import CHECKS, signature_faults, style_faults, told

# The papers are made once for the module, so its tests stay with one worker.
pytestmark = pytest.mark.xdist_group("paper")
needs_writer = pytest.mark.skipif(not has_writer(), reason="LibreOffice Writer is not installed")

COPIES = ("april", "strict", "long")
MEDIA = ("pdf", pytest.param("docx", marks=needs_writer))
ROWS = 60
LINES = range(7, 23, 2)
"""Paragraphs before the signature, so that it comes to stand everywhere from the middle to the foot of a page."""

# Weight and slant, alignment, capitals: what the decree fixes without a number (Phụ lục I, II and III; bảng V.6.b).
DECREE: dict[str, tuple[str | None, str, bool]] = {
    "QuocHieu": ("dam", "giua", True),
    "TieuNgu": ("dam", "giua", False),
    "CoQuanChuQuan": (None, "giua", True),
    "CoQuanBanHanh": ("dam", "giua", True),
    "SoKyHieu": (None, "giua", False),
    "DiaDanhNgay": ("nghieng", "giua", False),
    "TenLoai": ("dam", "giua", True),
    "TrichYeu": ("dam", "giua", False),
    "KinhGui": (None, "giua", False),
    "BodyText": (None, "deu", False),
    "Heading1": ("dam", "trai", True),
    "Heading2": ("dam", "trai", False),
    "NoiNhan": ("dam nghieng", "trai", False),
    "NoiNhanMuc": (None, "trai", False),
    "QuyenHan": ("dam", "giua", True),
    "HoTen": ("dam", "giua", False),
    "SoPhuLuc": ("dam", "giua", False),
    "TenPhuLuc": ("dam", "giua", True),
    "KemTheo": ("nghieng", "giua", False),
    "SoTrang": (None, "giua", False),
}


# ---------------------------------------------------------------------------------------------------------------------
# The copies


def _strict(parts: Sequence[Part], params: Params) -> tuple[list[Part], Params]:
    signer = Signer(
        valid_from="2022-01",
        post="PHÓ TỔ TRƯỞNG THƯỜNG TRỰC TỔ CÔNG TÁC TRIỂN KHAI ĐỀ ÁN PHÁT TRIỂN ỨNG DỤNG DỮ LIỆU VỀ DÂN CƯ, ĐỊNH DANH "
        "VÀ XÁC THỰC ĐIỆN TỬ",
        other_post="PHÓ CHỦ TỊCH THƯỜNG TRỰC ỦY BAN NHÂN DÂN THÀNH PHỐ, TRƯỞNG BAN CHỈ ĐẠO CHUYỂN ĐỔI SỐ THÀNH PHỐ",
        name="Công Tằng Tôn Nữ Nguyễn Thị Phương Khánh",
    )
    monthly = params.monthly.model_copy(
        update={"number": 5, "issued": date(2024, 4, 16), "to": ("Ủy ban nhân dân tỉnh Khánh Hòa",)}
    )

    def empty(part: Part) -> Part:
        if part.section.number == 26:
            first = part.pieces[0]
            heading = first.data["text/markdown"].lstrip().split("\n")[0]
            return replace(part, pieces=(replace(first, data={"text/markdown": heading}),))
        if part.section.number == 93:
            return replace(part, pieces=tuple(piece for piece in part.pieces if piece.kind == "appendix"))
        return part

    return [empty(part) for part in parts], replace(params, monthly=monthly, signer=signer, charts=())


def _long(parts: Sequence[Part], params: Params) -> tuple[list[Part], Params]:
    issuer = params.issuer.model_copy(
        update={"body": "BAN CHỈ ĐẠO CHUYỂN ĐỔI SỐ VÀ\nTRIỂN KHAI THỰC HIỆN ĐỀ ÁN 06 THÀNH PHỐ"}
    )
    signer = Signer(
        valid_from="2022-01",
        on_behalf_of="ỦY BAN NHÂN DÂN THÀNH PHỐ",
        form="KT",
        head="CHỦ TỊCH",
        post="PHÓ CHỦ TỊCH",
        name="Nguyễn Sỹ Khánh",
    )
    addressees = (
        "Ủy ban nhân dân tỉnh Khánh Hòa",
        "Công an tỉnh Khánh Hòa",
        "Tổ công tác triển khai Đề án 06 tỉnh Khánh Hòa",
        "Sở Thông tin và Truyền thông",
        "Văn phòng Ủy ban nhân dân tỉnh Khánh Hòa (Trung tâm Phục vụ hành chính công và Kiểm soát thủ tục hành chính)",
    )

    def longer(part: Part, piece: Piece) -> Piece:
        if piece.kind == "narrative":
            text = "\n\n".join(_three_times(block) for block in piece.data["text/markdown"].split("\n\n"))
            return replace(piece, data=piece.data | {"text/markdown": text})
        if piece.kind == "table" and part.section.is_appendix:
            head, rows, foot = re.split(r"(?<=<tbody>)|(?=</tbody>)", piece.data["text/html"])
            lines = re.findall(r"<tr>.*?</tr>", rows, re.DOTALL)
            more = "\n".join((lines * ROWS)[:ROWS])
            return replace(piece, data=piece.data | {"text/html": f"{head}\n{more}\n{foot}"})
        return piece

    longer_parts = [replace(part, pieces=tuple(longer(part, piece) for piece in part.pieces)) for part in parts]
    monthly = params.monthly.model_copy(update={"to": addressees})
    return longer_parts, replace(params, monthly=monthly, signer=signer, issuer=issuer)


def _three_times(block: str) -> str:
    """Paragraphs become three times as long, lists have three times as many items; headings stay."""
    if block.lstrip().startswith("#"):
        return block
    if re.match(r"\s*([-+*]|\d+\.) ", block):
        return "\n".join([block] * 3)
    return " ".join([block.strip()] * 3)


def _short(parts: Sequence[Part], params: Params, lines: int) -> tuple[list[Part], Params]:
    """One section of so many paragraphs of one line."""
    first = parts[0]
    paragraphs = [f"Đoạn {number} của phần này chỉ có một dòng." for number in range(1, lines + 1)]
    text = "\n\n".join(["# I. TÌNH HÌNH", *paragraphs])
    return [replace(first, pieces=(replace(first.pieces[0], data={"text/markdown": text}),))], params


class Papers:
    """The copies: as Word documents, and on paper (`pdf` is Typst's, `docx` what LibreOffice prints)."""

    def __init__(self, april: MadeReport, params: Params, folder: Path) -> None:
        self._laid: dict[tuple[str, str], Paper] = {}
        executed = april.folder / "build" / "sections"
        parts = [
            take_apart(section, executed / section.notebook.name, str(april.period))
            for section in april.project.sections(april.period)
        ]
        self.files: dict[str, dict[str, Path]] = {"april": {"docx": folder / "april.docx", "pdf": april.pdf}}
        self.files["april"]["docx"].write_bytes(april.docx.read_bytes())
        makers: dict[str, Callable[[], tuple[list[Part], Params]]] = {
            "strict": lambda: _strict(parts, params),
            "long": lambda: _long(parts, params),
        }
        makers |= {f"lines-{lines}": lambda lines=lines: _short(parts, params, lines) for lines in LINES}  # type: ignore[misc]
        for name, make in makers.items():
            build = folder / name / "build"
            rasterise(weave(*make(), build).drawings, build.with_name("hinh.log"))
            self.files[name] = render(build, ROOT / "_quarto.yml", folder, name, ("docx", "pdf"))
        self.word = {name: read_word(files["docx"]) for name, files in self.files.items()}
        self.printed: dict[str, Path] = {}
        if has_writer():
            documents = [files["docx"] for files in self.files.values()]
            made = through_writer(documents, folder / "printed", folder / "writer")
            self.printed = dict(zip(self.files, made, strict=True))

    def __call__(self, copy: str, medium: str) -> Paper:
        key = copy, medium
        if key not in self._laid:
            path = self.files[copy]["pdf"] if medium == "pdf" else self.printed[copy]
            self._laid[key] = lay(f"{copy} as {medium}", self.word[copy], path, by_writer=medium == "docx")
        return self._laid[key]


@pytest.fixture(scope="module")
def papers(april_report: MadeReport, april_month: Month, tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return Papers(april_report, april_month.params, tmp_path_factory.mktemp("paper"))


@pytest.fixture(scope="module")
def april(papers: Papers) -> Word:
    return papers.word["april"]


@pytest.fixture(scope="module")
def pdf(papers: Papers) -> PdfReader:
    return PdfReader(papers.files["april"]["pdf"])


# ---------------------------------------------------------------------------------------------------------------------
# On paper


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize("copy", COPIES)
def test_paper_is_as_the_profile_says(papers: Papers, copy: str, medium: str, check: str) -> None:
    faults = list(CHECKS[check](papers(copy, medium)))
    assert not faults, told(faults)


@needs_writer
@pytest.mark.parametrize("copy", COPIES)
def test_pdf_and_word_have_as_many_pages(papers: Papers, copy: str) -> None:
    counts = {medium: [len(pages) for pages in papers(copy, medium).section_pages()] for medium in ("pdf", "docx")}
    assert abs(sum(counts["pdf"]) - sum(counts["docx"])) <= 1, f"{copy}: pages by section: {counts}"


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize("lines", LINES)
def test_the_signature_is_whole_wherever_it_comes_to_stand(papers: Papers, lines: int, medium: str) -> None:
    paper = papers(f"lines-{lines}", medium)
    faults = [*signature_faults(paper), *CHECKS["keep"](paper)]
    assert not faults, told(faults)


def test_some_text_goes_with_the_signature(papers: Papers) -> None:
    """The paragraphs before the closing sentence are kept with it: so the file says, so the PDF does."""
    for lines in LINES:
        paper = papers(f"lines-{lines}", "pdf")
        order = [item.style for item in paper.placed]
        assert order[order.index("KetThuc") - 1] == "DoanCuoi"
        (page,) = paper.one("KetThuc").pages
        assert [item for item in paper.of("DoanCuoi") if page in item.pages], (
            f"{lines}: only the closing sentence on p. {page}"
        )


def test_the_sweep_has_signatures_on_both_pages(papers: Papers) -> None:
    pages = {max(papers(f"lines-{lines}", "pdf").one("HoTen").pages) for lines in LINES}
    assert pages == {1, 2}


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize("copy", COPIES)
def test_number_and_date_stand_on_one_line(papers: Papers, copy: str, medium: str) -> None:
    paper = papers(copy, medium)
    number, place = paper.one("SoKyHieu").lines, paper.one("DiaDanhNgay").lines
    assert len(number) == len(place) == 1, "number and date take one line each"
    assert abs(number[0].baseline - place[0].baseline) <= 1, (number[0].baseline, place[0].baseline)
    title, motto = paper.of("QuocHieu")[0].lines, paper.of("TieuNgu")[0].lines
    assert len(title) == len(motto) == 1
    first = paper.of("CoQuanChuQuan")[0].lines[0]
    assert abs(first.baseline - title[0].baseline) <= 1, "both columns of the letterhead begin on one line"


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize("copy", COPIES)
def test_sizes_and_indents_are_what_the_decree_allows(papers: Papers, copy: str, medium: str) -> None:
    paper = papers(copy, medium)
    faults = []
    for item in paper.placed:
        lowest, highest = style(item.style).khoang.get("co", (0, None))
        sizes = {round(glyph.size, 1) for glyph in item.glyphs}
        if any(size < lowest or (highest is not None and size > highest) for size in sizes):
            faults.append(f"{item}: size {sizes}, the decree has {lowest:g} to {highest}")
    assert not faults, told(faults)
    page = measures().trang.khoang
    millimetres = 25.4 / 72
    for number, sheet in enumerate(paper.pages, start=1):
        left = min(glyph.x0 for glyph in sheet.body) * millimetres
        right = (sheet.width - max(glyph.x1 for glyph in sheet.body)) * millimetres
        top = (sheet.height - max(glyph.top for glyph in sheet.body)) * millimetres
        bottom = min(glyph.bottom for glyph in sheet.body) * millimetres
        for name, margin in (("trai", left), ("phai", right), ("tren", top), ("duoi", bottom)):
            assert margin >= page[name][0] - 0.5, (
                f"{paper.name}, p. {number}: {name} {margin:.1f} mm, decree {page[name]}"
            )


@pytest.mark.parametrize("name", DECREE)
def test_the_profile_is_the_decree(papers: Papers, name: str) -> None:
    profile = style(name)
    kind, align, capitals = DECREE[name]
    assert (profile.kieu, profile.can) == (kind, align)
    assert "co" in profile.khoang, f"{name} says no range of sizes"
    if capitals:
        for copy in COPIES:
            for paragraph in papers.word[copy].of(name):
                # Symbols of documents such as 06/QĐ-TTg keep their letters.
                words = [word for word in paragraph.text.split() if not re.search("[-/]", word)]
                assert [word for word in words if word != word.upper()] == [], f"{copy}: “{paragraph.text}”"


def test_addressees(papers: Papers) -> None:
    strict, long = papers.word["strict"], papers.word["long"]
    assert [paragraph.text for paragraph in strict.of("KinhGui")] == ["Kính gửi: Ủy ban nhân dân tỉnh Khánh Hòa"]
    assert [paragraph.text for paragraph in long.of("KinhGui")] == ["Kính gửi:"]
    items = [paragraph.text for paragraph in long.of("KinhGuiMuc")]
    assert [item[:2] for item in items] == ["- "] * 5
    assert [item[-1] for item in items] == [";"] * 4 + ["."]
    for word in (strict, long):
        assert word.of("NoiNhanMuc")[0].text == "- Như trên;", "who is addressed above is not named again"
    assert not papers.word["april"].of("KinhGui")


def test_recipients_end_with_the_archive(papers: Papers) -> None:
    for copy in COPIES:
        items = [paragraph.text for paragraph in papers.word[copy].of("NoiNhanMuc")]
        assert all(item.startswith("- ") and item.endswith(";") for item in items[:-1]), items
        assert re.fullmatch(r"- Lưu: VT, .+\.", items[-1]), items[-1]


def test_signers(papers: Papers) -> None:
    def block(copy: str) -> list[str]:
        return [item.text for item in papers.word[copy].paragraphs if item.style in ("QuyenHan", "ChoKy", "HoTen")]

    assert block("april") == ["TỔ TRƯỞNG TỔ CÔNG TÁC", "", "CHỦ TỊCH UBND THÀNH PHỐ", "Nguyễn Sỹ Khánh"]
    assert block("long") == ["TM. ỦY BAN NHÂN DÂN THÀNH PHỐ", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH", "", "Nguyễn Sỹ Khánh"]


def test_the_number_and_the_day_are_written_as_the_decree_wants(papers: Papers) -> None:
    strict = papers.word["strict"]
    assert seen.squeeze(strict.of("SoKyHieu")[0].text) == "Số: 05/BC-TCTĐA06"
    assert seen.squeeze(strict.of("DiaDanhNgay")[0].text) == "Nha Trang, ngày 16 tháng 4 năm 2024"
    for paragraph in strict.of("KemTheo"):
        assert seen.squeeze(paragraph.text).startswith(
            "(Kèm theo Báo cáo số 05/BC-TCTĐA06 ngày 16 tháng 4 năm 2024 của "
        )
    assert len(strict.of("KemTheo")) == 3


def test_appendices_begin_a_page_and_two_lie_across(papers: Papers) -> None:
    for copy in COPIES:
        word = papers.word[copy]
        assert [section.landscape for section in word.sections] == [False, False, True, True]
        starts = [
            next(item for item in word.paragraphs if item.section == index and item.letters) for index in (1, 2, 3)
        ]
        assert [item.text for item in starts] == ["Phụ lục I", "Phụ lục II", "Phụ lục III"]


def test_long_tables_go_over_pages(papers: Papers) -> None:
    """Else the header rows of the long copy would have had no page to come again on."""
    paper = papers("long", "pdf")
    assert [len(pages) > 2 for pages in paper.section_pages()[1:]] == [True] * 3
    assert len(paper.repeated) == 3


def test_the_strict_copy_has_no_chart_and_does_not_speak_of_one(papers: Papers) -> None:
    strict = papers.word["strict"]
    assert not list(strict.body.iter("{http://schemas.openxmlformats.org/drawingml/2006/main}blip"))
    assert not [name for name in strict.parts if name.startswith("word/media/")]
    reader = PdfReader(papers.files["strict"]["pdf"])
    kinds = seen.pdf(papers.files["strict"]["pdf"])["kinds"]
    assert isinstance(kinds, Counter)
    assert not kinds["/Figure"]
    assert not [mark for page in papers("strict", "pdf").pages for mark in page.marks if mark.kind == "drawing"]
    texts = {"docx": seen.docx_text(strict.path), "pdf": " ".join(page.extract_text() for page in reader.pages)}
    for name, text in texts.items():
        assert "biểu đồ" not in seen.squeeze(text).lower(), f"{name} speaks of a chart"
    assert "biểu đồ" in seen.docx_text(papers.files["april"]["docx"]).lower()
    broken = [
        item.text for item in strict.paragraphs if re.search(r"\s[,.;:]|\(\s*\)|[,;:]\s*$(?<!:)(?<!;)", item.text)
    ]
    assert broken == [], "what is left of a sentence without its chart"


def test_what_is_empty_says_so(papers: Papers) -> None:
    strict = papers.word["strict"]
    texts = [item.text for item in strict.paragraphs if item.letters]
    heading = next(index for index, text in enumerate(texts) if text.startswith("6. "))
    assert texts[heading + 1] == NOTHING_REPORTED
    assert texts[-1] == NOTHING_REPORTED


# ---------------------------------------------------------------------------------------------------------------------
# The PDF as a file


def test_pdf_carries_its_fonts(pdf: PdfReader) -> None:
    fonts = {
        str(font["/BaseFont"]): font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        for page in pdf.pages
        for font in (entry.get_object() for entry in page["/Resources"].get("/Font", {}).values())  # type: ignore[attr-defined]
    }
    assert fonts
    assert all("/FontFile2" in descriptor or "/FontFile3" in descriptor for descriptor in fonts.values()), fonts
    assert {name.partition("+")[2].partition("-")[0] for name in fonts} == {measures().phong.nhung}


def test_pdf_declares_its_standards_language_and_title(pdf: PdfReader) -> None:
    root: Any = pdf.trailer["/Root"]
    xmp = root["/Metadata"].get_data().decode()
    for tag, value in (("pdfaid:part", "2"), ("pdfaid:conformance", "A"), ("pdfuaid:part", "1")):
        assert re.search(rf"<{tag}>{value}</{tag}>", xmp), f"{tag} is not {value}"
    assert str(root["/Lang"]).startswith("vi")
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata is not None
    assert (pdf.metadata.title or "").endswith("tháng 4 năm 2024")
    assert pdf.metadata.author == "TỔ CÔNG TÁC ĐỀ ÁN 06"


def test_outline_has_the_headings(papers: Papers) -> None:
    for copy in COPIES:
        outline = _outline(PdfReader(papers.files[copy]["pdf"]).outline)
        headings = [(style(item.style).cap, seen.squeeze(item.text)) for item in papers.word[copy].of(*HEADINGS)]
        assert outline == [((level or 0) - 1, text) for level, text in headings], copy


def _outline(items: list[Any], depth: int = 0) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for item in items:
        found += _outline(item, depth + 1) if isinstance(item, list) else [(depth, str(item["/Title"]))]
    return found


def test_text_copies_out_of_the_pdf(papers: Papers) -> None:
    for copy in COPIES:
        path = papers.files[copy]["pdf"]
        done = subprocess.run(["pdftotext", "-enc", "UTF-8", str(path), "-"], capture_output=True, check=True)
        text = done.stdout.decode()
        assert unicodedata.is_normalized("NFC", text), f"{copy}: not NFC"
        assert not re.search(r"[\ue000-\uf8ff\ufffd]", text), f"{copy}: characters without meaning"
        # A word that is broken at its hyphen, after a slash or at a dash of years stands on two lines.
        words = Counter(re.findall(r"\w+", text))
        wanted = Counter(word for item in papers.word[copy].paragraphs for word in re.findall(r"\w+", item.text))
        assert not wanted - words, f"{copy}: missing words: {(wanted - words).most_common(10)}"


# ---------------------------------------------------------------------------------------------------------------------
# The Word document as a file


@pytest.mark.parametrize("copy", COPIES)
def test_word_has_nothing_to_repair(papers: Papers, copy: str) -> None:
    assert ooxml.faults(papers.files[copy]["docx"]) == []


@pytest.mark.parametrize("copy", COPIES)
def test_styles_of_word_are_the_profile(papers: Papers, copy: str) -> None:
    faults = list(style_faults(papers.word[copy]))
    assert not faults, told(faults)


@pytest.mark.parametrize("copy", COPIES)
def test_looks_come_from_styles_alone(papers: Papers, copy: str) -> None:
    body = papers.word[copy].body
    unnamed = [node for node in body.iter(f"{W}p") if node.find(f"{W}pPr/{W}pStyle") is None]
    assert not unnamed, f"{len(unnamed)} paragraphs without a style"
    runs = Counter(child.tag.removeprefix(W) for node in body.iter(f"{W}rPr") for child in node)
    assert set(runs) <= {"b", "bCs", "i", "iCs", "rStyle", "noProof"}, f"direct formatting of text: {runs}"
    # The indents of a rule make it as long as its text wants it.
    own = Counter(
        (child.tag.removeprefix(W), _style_name(node) == "DuongKe")
        for node in body.iter(f"{W}pPr")
        for child in node
        if child.tag not in (f"{W}pStyle", f"{W}sectPr")
    )
    assert set(own) <= {("ind", True)}, f"direct formatting of paragraphs: {own}"
    # A cell that is covered or has nothing to say is no empty paragraph that makes room.
    empty = Counter(
        item.style
        for item in papers.word[copy].paragraphs
        if not item.letters and not item.style.startswith(("OBang", "DauBang"))
    )
    assert set(empty) <= {"DuongKe", "SauBang", "ChoKy", "NgatPhan", "Hinh"}, f"empty paragraphs: {empty}"


def _style_name(properties: ElementTree.Element) -> str | None:
    named = properties.find(f"{W}pStyle")
    return None if named is None else named.get(f"{W}val")


@pytest.mark.parametrize("copy", COPIES)
def test_sections_of_word(papers: Papers, copy: str) -> None:
    page = measures().trang
    twips = {name: round(value / 25.4 * 1440) for name, value in page.model_dump().items() if isinstance(value, float)}
    for section in papers.word[copy].sections:

        def values(tag: str, node: ElementTree.Element = section.properties) -> dict[str, str]:
            found = node.find(f"{W}{tag}")
            assert found is not None, f"a section has no {tag}"
            return {key.removeprefix(W): value for key, value in found.attrib.items()}

        high, wide = (twips["rong"], twips["cao"]) if section.landscape else (twips["cao"], twips["rong"])
        size = values("pgSz")
        assert (int(size["w"]), int(size["h"])) == (wide, high)
        margins = {key: int(value) for key, value in values("pgMar").items()}
        assert margins == {
            "top": twips["tren"],
            "bottom": twips["duoi"],
            "left": twips["trai"],
            "right": twips["phai"],
            "header": twips["so-trang"] if "so-trang" in twips else twips["so_trang"],
            "footer": twips["so-trang"] if "so-trang" in twips else twips["so_trang"],
            "gutter": 0,
        }
        assert values("pgNumType") == {"start": "1"}
        assert values("titlePg").get("val", "1") == "1"
        references = [node.get(f"{W}type") for node in section.properties.findall(f"{W}headerReference")]
        assert sorted(references) == ["default", "first"]
        assert values("type") == {"val": "nextPage"}


@pytest.mark.parametrize("copy", COPIES)
def test_tables_of_word(papers: Papers, copy: str) -> None:
    word = papers.word[copy]
    for number, table in enumerate(word.tables):
        assert all(row.find(f"{W}trPr/{W}cantSplit") is not None for row in table.rows), (
            f"table {number}: a row may split"
        )
        place = next(item for item in word.paragraphs if item.place and item.place.table == number)
        width = word.sections[place.section].text
        assert abs(sum(table.widths) - (width.right - width.left)) <= 1, (
            f"table {number} is {sum(table.widths)} pt wide"
        )
        if table.style == "KhungChu":
            continue
        marked = [row.find(f"{W}trPr/{W}tblHeader") is not None for row in table.rows]
        assert table.header >= 1, f"table {number} has no header row"
        assert marked == sorted(marked, reverse=True), f"table {number}: header rows are not its first"


@pytest.mark.parametrize("copy", COPIES)
def test_numbers_in_tables_stand_right(papers: Papers, copy: str) -> None:
    word = papers.word[copy]
    ordinals = {
        (item.place.table, item.place.column)
        for item in word.paragraphs
        if item.place and item.text in ("STT", "TT") and item.style.startswith("DauBang")
    }
    cells = [item for item in word.paragraphs if item.place and word.tables[item.place.table].style != "KhungChu"]
    numbers = [
        item
        for item in cells
        if re.fullmatch(r"\d[\d.]*(,\d+)?%?", item.text)
        and item.place
        and (item.place.table, item.place.column) not in ordinals
        and not item.style.startswith("DauBang")
    ]
    assert numbers
    wrong = Counter(item.style for item in numbers if style(item.style).can != "phai")
    assert not wrong, f"numbers that do not stand right: {wrong}"


def test_language_and_properties_of_word(april: Word) -> None:
    language = measures().phong.ngon_ngu
    document = Document(str(april.path))
    properties = document.core_properties
    assert properties.language == language
    assert properties.title.endswith("tháng 4 năm 2024")
    assert properties.author == "TỔ CÔNG TÁC ĐỀ ÁN 06"
    assert properties.subject == "Báo cáo tháng 4 năm 2024"
    assert properties.category == "Báo cáo"
    assert properties.keywords == "BC-TCTĐA06"
    found = {
        node.get(f"{W}val")
        for name in ("word/styles.xml", "word/settings.xml", "word/document.xml")
        for tag in ("lang", "themeFontLang")
        for node in april.tree(name).iter(f"{W}{tag}")
    }
    assert found == {language}


def test_pictures_fit(april: Word) -> None:
    extents = list(april.body.iter("{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}extent"))
    assert len(extents) == len(april.of("Hinh")) == len(april.of("TenHinh")) > 0
    for extent in extents:
        width, height = (int(extent.get(side) or 0) / 12700 for side in ("cx", "cy"))
        assert width <= april.sections[0].text.right - april.sections[0].text.left + 0.5
        assert height <= measures().hinh.cao_nhat * MM + 0.5


def _fields(node: ElementTree.Element) -> list[tuple[str, str]]:
    """The fields below `node`: instruction and present result."""
    fields: list[list[str]] = []
    open_fields: list[list[str]] = []
    result = False
    for item in node.iter():
        kind = item.get(f"{W}fldCharType") if item.tag == f"{W}fldChar" else None
        if kind == "begin":
            open_fields.append(["", ""])
            result = False
        elif kind == "separate":
            result = True
        elif kind == "end":
            fields.append(open_fields.pop())
            result = False
        elif item.tag == f"{W}instrText" and open_fields:
            open_fields[-1][0] += item.text or ""
        elif item.tag == f"{W}t" and open_fields and result:
            open_fields[-1][1] += item.text or ""
    assert not open_fields, "a field does not end"
    return [(instruction.strip(), text) for instruction, text in fields]


def test_page_numbers_are_fields(april: Word) -> None:
    found = [_fields(april.tree(name)) for name in sorted(april.parts) if re.match(r"word/header\d+\.xml", name)]
    assert sorted(len(fields) for fields in found) == [0, 1], "a header with the number and an empty one"
    assert [fields[0][0].split()[0] for fields in found if fields] == ["PAGE"]


def _bookmarked(april: Word) -> dict[str, str]:
    """The text of each bookmark inside one paragraph."""
    texts = {}
    for paragraph in april.body.iter(f"{W}p"):
        open_marks: dict[str, str] = {}
        for node in paragraph.iter():
            if node.tag == f"{W}bookmarkStart":
                open_marks[node.get(f"{W}id") or ""] = node.get(f"{W}name") or ""
                texts[node.get(f"{W}name") or ""] = ""
            elif node.tag == f"{W}bookmarkEnd":
                open_marks.pop(node.get(f"{W}id") or "", None)
            elif node.tag == f"{W}t":
                for name in open_marks.values():
                    texts[name] += node.text or ""
    return texts


def test_captions_count_themselves_and_references_follow_them(april: Word) -> None:
    fields = _fields(april.body)
    captions = [seen.squeeze(item.text) for item in april.of("TenBang", "TenHinh")]
    assert [caption.partition(".")[0] for caption in captions if caption.startswith(("Bảng", "Biểu đồ"))] == [
        caption.partition(".")[0] for caption in captions
    ]
    counted: dict[str, list[str]] = {}
    for instruction, result in fields:
        if instruction.startswith("SEQ "):
            counted.setdefault(instruction.split()[1], []).append(result)
    assert sorted(len(numbers) for numbers in counted.values()) == [1, 5], f"one table and five charts: {counted}"
    assert all(numbers == [str(n) for n in range(1, len(numbers) + 1)] for numbers in counted.values()), counted
    bookmarks = _bookmarked(april)
    references = [(instruction.split()[1], result) for instruction, result in fields if instruction.startswith("REF ")]
    for target, result in references:
        assert len(target) <= 40 and re.fullmatch(r"\w+", target), f"{target} is no name of a bookmark to Word"
        assert bookmarks.get(target) == result, (
            f"REF {target} shows “{result}”, its bookmark holds “{bookmarks.get(target)}”"
        )
    plain = re.findall(
        r"(?:Bảng|Biểu đồ) \d+", " ".join(item.text for item in april.paragraphs if "OBang" not in item.style)
    )
    assert len(plain) == len(captions) + len(references), f"{plain}: a reference that is no field"
    assert references


@needs_writer
def test_a_round_trip_through_libreoffice_keeps_the_document(papers: Papers, tmp_path: Path) -> None:
    source = papers.files["april"]["docx"]
    back = through_writer([source], tmp_path / "back", tmp_path / "writer", "docx")[0]
    before, after = Document(str(source)), Document(str(back))

    def headings(document: Any) -> list[tuple[str, str]]:
        return [
            (p.style.name, seen.squeeze(p.text))
            for p in document.paragraphs
            if p.style.name.startswith(("Heading", "Số phụ lục"))
        ]

    def tables(document: Any) -> list[list[list[str]]]:
        return [[[seen.squeeze(cell.text) for cell in row.cells] for row in table.rows] for table in document.tables]

    assert len(headings(before)) == len(papers.word["april"].of(*HEADINGS))
    assert headings(after) == headings(before)
    assert tables(after) == tables(before)
    assert len(after.sections) == len(before.sections)
    assert len(after.inline_shapes) == len(before.inline_shapes)
    with zipfile.ZipFile(back) as archive:
        text = archive.read("word/document.xml").decode()
    assert text.count("w:tblHeader") == sum(table.header for table in papers.word["april"].tables)
    assert len(re.findall(r"<w:instrText[^>]*>\s*SEQ", text)) == len(papers.word["april"].of("TenBang", "TenHinh"))
