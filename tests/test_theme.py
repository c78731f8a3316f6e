"""The style profile as data, and what the filters make of a document on paper: one small report with what is hard."""

import re
import shutil
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pdfplumber
import pytest
from docx import Document
from PIL import Image
from pypdf import PdfReader

import ooxml
import seen
from baocao.errors import InputError
from baocao.period import Period
from baocao.render import FORMATS, render
from baocao.theme import THEME
from baocao.theme.measures import SOURCE, load_measures, measures_in_force
from conftest import ROOT

FIXTURE = Path(__file__).parent / "fixtures" / "render"
W = ooxml.W
SIGNER = """  ky:
    quyen-han: "TM. ỦY BAN NHÂN DÂN\\nKT. CHỦ TỊCH\\nPHÓ CHỦ TỊCH"
    chuc-vu: "TỔ TRƯỞNG TỔ CÔNG TÁC TRIỂN KHAI ĐỀ ÁN PHÁT TRIỂN ỨNG DỤNG DỮ LIỆU VỀ DÂN CƯ"
    ho-ten: "Nguyễn Sỹ Khánh"
"""
PROSE = """
Theo **Kế hoạch số 2287/KH-UBND** và *Quyết định số 422/QĐ-TTg* giai đoạn 2022 - 2025, xem
[Bảng 1](#bang-hoi){.tham-chieu}.<span class="theo-bieu-do"> So sánh tại
[Biểu đồ 1](#bieu-do-hoi-vien){.tham-chieu}.</span>

<span class="theo-bieu-do">Cả đoạn này nói về biểu đồ.</span>

::: {.so-lieu-bieu-do nhan="Số liệu của Biểu đồ 1"}
```{.bang}
<table class="bang"><thead><tr><th>Nhóm</th></tr></thead><tbody><tr><td>Chỉ trang mạng có</td></tr></tbody></table>
```
:::

Một câu cuối ngắn.
"""
INDICATORS = """:::: {.chi-tieu-chinh}
::: {.chi-tieu}
[Chỉ tiêu của trang mạng]{.nhan}
:::
::::
"""
WIDE = '![Biểu đồ 2. Trong phụ lục ngang](images/27-hoi-vien.svg){#bieu-do-ngang fig-alt="Như trên" width=100%}'


@dataclass(frozen=True)
class Paper:
    files: dict[str, Path]

    @property
    def body(self) -> ElementTree.Element:
        with zipfile.ZipFile(self.files["docx"]) as archive:
            return ElementTree.fromstring(archive.read("word/document.xml"))

    @property
    def pages(self) -> list[str]:
        return [unicodedata.normalize("NFC", page.extract_text()) for page in PdfReader(self.files["pdf"]).pages]

    def text(self, name: str) -> str:
        if name == "docx":
            return seen.squeeze(seen.docx_text(self.files["docx"]))
        if name == "pdf":
            return seen.squeeze(" ".join(self.pages))
        return str(seen.html(self.files["html"])["text"])

    def styles(self) -> list[tuple[str, str]]:
        """Style and text of each paragraph that has a style."""
        found = []
        for paragraph in self.body.iter(f"{W}p"):
            style = paragraph.find(f"{W}pPr/{W}pStyle")
            if style is not None:
                found.append((style.get(f"{W}val") or "", seen.squeeze(seen._text(paragraph))))
        return found


def make(target: Path, front: str = "") -> Paper:
    build = target / "build"
    shutil.copytree(FIXTURE, build)
    report = build / "report.qmd"
    text = report.read_text(encoding="utf-8")
    text = re.sub(r"^  ky: .*\n", lambda _: SIGNER + front, text, flags=re.MULTILINE)
    text = text.replace("::: {.dau-van-ban}\n:::\n", f"::: {{.dau-van-ban}}\n:::\n\n{INDICATORS}")
    report.write_text(text, encoding="utf-8")
    for name, old, new in (
        ("27", None, PROSE),
        ("92", "TÌNH HÌNH TRIỂN KHAI", "Tình hình triển khai"),
        ("92", "CỦA THỦ TƯỚNG", "của Thủ tướng"),
        ("92", "```{.bang}", f"{WIDE}\n\n```{{.bang}}"),
    ):
        path = build / "parts" / f"{name}.md"
        before = path.read_text(encoding="utf-8")
        after = before + new if old is None else before.replace(old, new, 1)
        assert after != before
        path.write_text(after, encoding="utf-8")
    return Paper(render(build, ROOT / "_quarto.yml", target / "out", "bao-cao", FORMATS))


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    return make(tmp_path_factory.mktemp("paper"))


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    """Without charts on paper."""
    return make(tmp_path_factory.mktemp("strict"), "  bieu-do: [html]\n")


def _changed(tmp_path: Path, old: str, new: str) -> Path:
    text = SOURCE.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    path = tmp_path / "nd30.yml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "message", "line"),
    [
        ("ten: Quốc hiệu, dieu: II.1.a, co: 13,", "ten: Quốc hiệu, dieu: II.1.a, co: 14,",
         "“co” là 14, phải từ 12 đến 13", "QuocHieu"),
        ("  trai: 30\n", "  trai: 25\n", "“trai” là 25, phải từ 30 đến 35", "trang:"),
        ("can: deu, thut: 12.7, truoc: 0, sau: 6, dong: 1.15,\n                    khoang",
         "can: deu, thut: 12.7, truoc: 0, sau: 3, dong: 1.15,\n                    khoang",
         "“sau” là 3, phải từ 6 trở lên", "BodyText"),
        ("{dieu: II.2.b, phan: 0.4,", "{dieu: II.2.b, phan: 0.6,", "“phan” là 0.6, phải từ 0.333 đến 0.5",
         "co-quan-ban-hanh"),
        ("giu: true, khoang: {co: [13, 14]}}\n  ChoKy", "giu: true}\n  ChoKy",
         "phải có “khoang” của “co”", "QuyenHan"),
        ("khoang: {co: [12, 12]}", "khoang: {cao: [12, 12]}", "không phải một số đo", "NoiNhan:"),
        ("KetThuc:         {ten: Kết thúc, goc: BodyText", "KetThuc:         {ten: Kết thúc, goc: KhongCo",
         "“goc: KhongCo” không dẫn đến kiểu nào", None),
    ],
)  # fmt: skip
def test_a_measure_that_the_decree_does_not_allow_is_refused(
    tmp_path: Path, old: str, new: str, message: str, line: str | None
) -> None:
    path = _changed(tmp_path, old, new)
    with pytest.raises(InputError) as caught:
        load_measures(path)
    problem = caught.value.problems[0]
    assert message in problem.what
    if line is not None:
        number = next(n for n, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if line in text)
        assert problem.where == ("nd30.yml", f"dòng {number}")


def test_a_style_takes_the_allowed_ranges_over_with_the_measures(tmp_path: Path) -> None:
    path = _changed(tmp_path, "{ten: Kết thúc, goc: BodyText, sau: 12,", "{ten: Kết thúc, goc: BodyText, sau: 2,")
    with pytest.raises(InputError, match="“sau” là 2, phải từ 6 trở lên"):
        load_measures(path)


def test_every_measure_of_the_decree_names_its_article() -> None:
    measures = load_measures()
    for name, style in measures.kieu.items():
        assert bool(style.khoang) <= bool(style.dieu), name
    assert measures.resolved("DauCong").khoang["thut"] == (10, 12.7)


@pytest.mark.parametrize(("period", "holds"), [("2020-03", True), ("2024-04", True), ("2020-02", False)])
def test_the_form_is_dated(period: str, holds: bool) -> None:
    if holds:
        assert measures_in_force(Period.parse(period)) == load_measures()
    else:
        with pytest.raises(InputError, match=f"không có thể thức văn bản áp dụng cho kỳ {period}"):
            measures_in_force(Period.parse(period))


def test_a_form_that_has_ended_is_refused(tmp_path: Path) -> None:
    path = _changed(tmp_path, "valid_to: null", "valid_to: 2024-03")
    with pytest.raises(InputError, match="kỳ từ 2020-03 đến 2024-03"):
        measures_in_force(Period(2024, 4), path)


def test_no_measure_is_written_in_the_template() -> None:
    text = (THEME / "van-ban.typ").read_text(encoding="utf-8")
    assert set(re.findall(r"[\d.]+(?:pt|mm|cm|em|%)", text)) <= {"0pt", "100%"}


def test_word_would_not_repair_it(paper: Paper, strict: Paper) -> None:
    assert ooxml.faults(paper.files["docx"]) == []
    assert ooxml.faults(strict.files["docx"]) == []


def test_titles_stand_above_the_room_for_signing_and_the_post_above_the_name(paper: Paper) -> None:
    styles = paper.styles()
    first = next(index for index, (name, _) in enumerate(styles) if name == "QuyenHan")
    assert [name for name, _ in styles[first : first + 6]] == [*["QuyenHan"] * 3, "ChoKy", "QuyenHan", "HoTen"]
    assert [text for _, text in styles[first : first + 3]] == ["TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"]
    page = next(text for text in paper.pages if "Nguyễn Sỹ Khánh" in text)
    assert page.index("PHÓ CHỦ TỊCH") < page.index("TỔ TRƯỞNG") < page.index("Nguyễn Sỹ Khánh")


def test_text_of_one_look_is_one_run(paper: Paper) -> None:
    for name in ("QuocHieu", "TieuNgu", "CoQuanBanHanh", "NoiNhanMuc", "HoTen"):
        found = [
            node
            for node in paper.body.iter(f"{W}p")
            if (style := node.find(f"{W}pPr/{W}pStyle")) is not None and style.get(f"{W}val") == name
        ]
        assert found
        assert {len(node.findall(f"{W}r")) for node in found} == {1}, name


def test_the_last_paragraphs_stay_with_the_signature(paper: Paper) -> None:
    kept = [text for name, text in paper.styles() if name == "DoanCuoi"]
    assert kept[-1] == "Một câu cuối ngắn."
    assert len(kept) > 1, "one short line is too little"
    page = next(text for text in paper.pages if "Nguyễn Sỹ Khánh" in text)
    assert all(seen.squeeze(text) in seen.squeeze(page) for text in kept)
    with zipfile.ZipFile(paper.files["docx"]) as archive:
        styles = ElementTree.fromstring(archive.read("word/styles.xml"))
    keeps = {
        node.get(f"{W}styleId") for node in styles.iter(f"{W}style") if node.find(f"{W}pPr/{W}keepNext") is not None
    }
    assert {"DoanCuoi", "KetThuc", "QuyenHan", "ChoKy", "NoiNhanMuc", "DauBang", "BangLien"} <= keeps


@pytest.mark.parametrize("name", FORMATS)
def test_names_of_appendices_are_in_capitals_but_for_symbols(paper: Paper, name: str) -> None:
    expected = "THIẾT YẾU THEO QUYẾT ĐỊNH SỐ 06/QĐ-TTg NGÀY 06/01/2022 CỦA THỦ TƯỚNG CHÍNH PHỦ"
    text = paper.text(name)
    assert expected in text
    assert "TÌNH HÌNH TRIỂN KHAI 25 DỊCH VỤ" in text


def test_symbols_and_ranges_of_years_stay_on_one_line(paper: Paper) -> None:
    body = paper.body
    runs = ["".join(child.tag.rpartition("}")[2] for child in run) for run in body.iter(f"{W}r")]
    assert sum("noBreakHyphen" in run for run in runs) >= 4
    text = seen.docx_text(paper.files["docx"])
    assert "số\xa02287/KH-UBND" in text
    assert "2022\xa0-\xa02025" in text
    bold = [
        run
        for run in body.iter(f"{W}r")
        if run.find(f"{W}noBreakHyphen") is not None and run.find(f"{W}rPr") is not None
    ]
    assert [[child.tag for child in run.find(f"{W}rPr") or ()] for run in bold] == [
        [f"{W}b", f"{W}bCs"],
        [f"{W}i", f"{W}iCs"],
    ]
    for page in paper.pages:
        assert not re.search(r"(\d/[A-ZĐ]+-?|BC-)\n", page)
    # The reader's characters are the ordinary ones.
    for name in FORMATS:
        assert "Kế hoạch số 2287/KH-UBND và Quyết định số 422/QĐ-TTg giai đoạn 2022 - 2025, xem" in paper.text(name)
    assert '<span class="lien">số 2287/KH-UBND</span>' in paper.files["html"].read_text(encoding="utf-8")


def test_the_title_of_the_file_is_plain_text(paper: Paper) -> None:
    properties = Document(str(paper.files["docx"])).core_properties
    assert "\u2011" not in properties.title
    assert "\xa0" not in properties.title
    assert (properties.author, properties.subject) == ("TỔ CÔNG TÁC ĐỀ ÁN 06", "Báo cáo tháng 4 năm 2024")
    assert (properties.category, properties.keywords, properties.language) == ("Báo cáo", "BC-TCTĐA06", "vi-VN")
    metadata = PdfReader(paper.files["pdf"]).metadata
    assert metadata is not None
    assert (metadata.author, metadata.subject) == ("TỔ CÔNG TÁC ĐỀ ÁN 06", "Báo cáo tháng 4 năm 2024")


def test_numbers_of_captions_are_fields_and_references_follow_them(paper: Paper) -> None:
    instructions = [seen.squeeze(node.text or "") for node in paper.body.iter(f"{W}instrText")]
    assert instructions == [
        "SEQ Bảng \\* ARABIC",
        "SEQ Biểu_đồ \\* ARABIC",
        "REF bang_hoi \\h",
        "REF bieu_do_hoi_vien \\h",
        "SEQ Biểu_đồ \\* ARABIC",
    ]
    marks = {node.get(f"{W}name") for node in paper.body.iter(f"{W}bookmarkStart")}
    assert {"bang_hoi", "bieu_do_hoi_vien", "bieu_do_ngang"} <= marks
    for paragraph in paper.body.iter(f"{W}p"):
        names = [node.get(f"{W}name") for node in paragraph.iter(f"{W}bookmarkStart")]
        if "bang_hoi" in names:
            children = list(paragraph)
            start = next(i for i, node in enumerate(children) if node.get(f"{W}name") == "bang_hoi")
            end = next(i for i, node in enumerate(children) if node.tag == f"{W}bookmarkEnd")
            assert "".join(seen._text(node) for node in children[start:end]) == "Bảng 1"
    told = [
        annotation.get_object()["/Contents"]
        for page in PdfReader(paper.files["pdf"]).pages
        for annotation in page.get("/Annots", [])
        if annotation.get_object()["/Subtype"] == "/Link"
    ]
    assert told[-2:] == ["Bảng, trang 2", "Biểu đồ, trang 3"]


def test_cells_say_by_their_style_how_they_stand(paper: Paper) -> None:
    tables = [node for node in paper.body.iter(f"{W}tbl") if node.find(f"{W}tblPr/{W}tblCaption") is not None]
    assert len(tables) == 3
    captions = [table.find(f"{W}tblPr/{W}tblCaption").get(f"{W}val") for table in tables]  # type: ignore[union-attr]
    assert captions[0] == "Bảng 1. Kết quả cập nhật thông tin của các hội, đoàn thể"
    assert "25 DỊCH VỤ CÔNG" in str(captions[2])
    first = tables[0].find(f"{W}tblPr/{W}tblDescription")
    assert first is not None
    assert str(first.get(f"{W}val")).startswith("Các cột: STT; Hội/Đoàn thể; ")
    row = tables[0].findall(f"{W}tr")[1]
    styles = [node.get(f"{W}val") for node in row.iter(f"{W}pStyle")]
    assert styles == ["OBangGiua", "OBang", *["OBangSo"] * 4]
    for table in tables:
        assert not list(table.iter(f"{W}jc"))
        assert not list(table.iter(f"{W}keepNext"))


def test_a_chart_in_a_landscape_appendix_is_wider(paper: Paper) -> None:
    measures = load_measures()
    page = measures.trang
    portrait, landscape = (
        [int(node.get(side) or 0) / 36000 for side in ("cx", "cy")] for node in paper.body.iter(f"{ooxml.WP}extent")
    )
    # LibreOffice keeps an eighth of an inch free on each side of a picture.
    beside = 2 * 25.4 / 8
    assert portrait[0] == pytest.approx(page.rong - page.trai - page.phai - beside, abs=0.5)
    assert landscape[0] == pytest.approx(page.cao - page.trai - page.phai - beside, abs=0.5)
    assert landscape[1] <= measures.hinh.cao_nhat


def test_a_chart_is_not_higher_than_the_profile_allows(tmp_path: Path) -> None:
    build = tmp_path / "build"
    shutil.copytree(FIXTURE, build)
    Image.new("RGB", (300, 900)).save(build / "images" / "27-hoi-vien.png")
    made = Paper(render(build, ROOT / "_quarto.yml", tmp_path / "out", "bao-cao", ("docx",)))
    (size,) = (
        [int(node.get(side) or 0) / 36000 for side in ("cx", "cy")] for node in made.body.iter(f"{ooxml.WP}extent")
    )
    highest = load_measures().hinh.cao_nhat
    assert size == pytest.approx([highest / 3, highest], abs=0.5)


@pytest.mark.parametrize("name", ["docx", "pdf"])
def test_paper_has_nothing_of_the_page(paper: Paper, name: str) -> None:
    text = paper.text(name)
    assert "Chỉ tiêu của trang mạng" not in text
    assert "Chỉ trang mạng có" not in text
    assert "Cả đoạn này nói về biểu đồ." in text


def test_a_copy_without_charts(strict: Paper, paper: Paper) -> None:
    for name in ("docx", "pdf"):
        text = strict.text(name)
        assert "Biểu đồ" not in text
        assert "biểu đồ" not in text
        assert "xem Bảng 1. Một câu cuối ngắn." in text
    assert not list(strict.body.iter(f"{ooxml.WP}extent"))
    for made in (strict, paper):
        assert "So sánh tại Biểu đồ 1" in made.text("html")
        assert "Cả đoạn này nói về biểu đồ." in made.text("html")
    empty = [paragraph for paragraph in strict.body.iter(f"{W}p") if paragraph.find(f"{W}pPr") is None]
    assert not empty


@pytest.mark.parametrize(
    ("column", "sentences", "words"),
    [
        (1, 200, "nghiêng ngả, chuyển nhượng."),
        (3, 9, "nghiêng ngả, chuyển nhượng."),
        (3, 34, "nghiêng ngả, chuyển nhượng."),
        (3, 200, "nghiêng ngả, chuyển nhượng."),
        (1, 80, "nhượng.<br>"),
    ],
)
def test_a_row_taller_than_a_page_arrives_whole(tmp_path: Path, column: int, sentences: int, words: str) -> None:
    build = tmp_path / "build"
    shutil.copytree(FIXTURE, build)
    part = build / "parts" / "91.md"
    before = part.read_text(encoding="utf-8")
    row = next(re.finditer(r"<tr><td[^>]*>3</td>.*?</tr>", before)).group()
    cells = re.findall(r"<td[^>]*>.*?</td>", row)
    told = [f"Câu({number}) {words}" for number in range(1, sentences + 1)]
    cells[1] = "<td>Việc dài</td>"
    cells[column] = f"<td>{' '.join(told)}</td>"
    part.write_text(before.replace(row, f"<tr>{''.join(cells)}</tr>"), encoding="utf-8")
    made = Paper(render(build, ROOT / "_quarto.yml", tmp_path / "out", "bao-cao", ("docx", "pdf")))
    lowest = load_measures().trang.cao - load_measures().trang.duoi
    with pdfplumber.open(made.files["pdf"]) as pdf:
        assert max(float(char["bottom"]) for page in pdf.pages for char in page.chars) * 25.4 / 72 < lowest + 0.1
    texts = [seen.squeeze(text) for text in made.pages]
    assert " ".join(texts).count("nhượng.") == sentences
    assert re.findall(r"Câu\((\d+)\)", " ".join(texts)) == [str(number) for number in range(1, sentences + 1)]
    for text in texts:
        assert text.count("Triển khai các dịch vụ") == text.count("(nhiệm vụ số"), "an ordinary row is split"
    tall, ordinary = [], []
    for node in made.body.iter(f"{W}tr"):
        (tall if "nhượng." in seen._text(node) else ordinary).append(node.find(f"{W}trPr/{W}cantSplit") is not None)
    assert all(ordinary)
    assert tall == [sentences < 10]
    assert ooxml.faults(made.files["docx"]) == []
