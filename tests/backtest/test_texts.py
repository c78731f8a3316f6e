"""The readers on real DOCX, PDF and HTML files, and the search for facts in what they read."""

import shutil
from pathlib import Path

import pytest
import typst

from . import texts
from .copies import copied, sentences
from .facts import Fact, Kind, Parts, missing, wrong_forms
from .sample import WRITERS
from .sections import KEYS, Line, Row, SectionText, split
from .test_backtest import backtest
from .texts import READERS
from .tokens import whole

FORMATS = tuple(READERS)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, SectionText]]:
    """A made-up report with all facts of April 2024, read back from each format."""
    folder = tmp_path_factory.mktemp("sample")
    facts = backtest().facts
    return {name: READERS[name](write(folder / f"sample.{name}", facts)) for name, write in WRITERS.items()}


def _fact(text: Parts | str, kind: Kind = "figure", section: str = "I") -> Fact:
    parts = (text,) if isinstance(text, str) else text
    return Fact(section=section, kind=kind, reference=parts, alternatives=(parts,), reason="")


def _section(*variants: str, rows: tuple[tuple[str, ...], ...] | None = None) -> SectionText:
    return SectionText(variants, None if rows is None else tuple(map(Row, rows)))


@pytest.mark.parametrize("section", KEYS)
@pytest.mark.parametrize("extension", FORMATS)
def test_every_fact_of_a_report_that_states_them_is_found(
    sample: dict[str, dict[str, SectionText]], extension: str, section: str
) -> None:
    part = sample[extension][section]
    assert [str(fact) for fact in missing(backtest().of(section), part)] == []
    assert wrong_forms(backtest().of(section), part) == []


@pytest.mark.parametrize("extension", FORMATS)
def test_a_fact_in_another_section_is_missing(sample: dict[str, dict[str, SectionText]], extension: str) -> None:
    part = sample[extension]["II.6.1"]
    assert [fact.expected for fact in missing([_fact("375.671/388.006"), _fact("332.295")], part)] == [("332.295",)]


@pytest.mark.parametrize("extension", FORMATS)
def test_a_row_with_one_other_cell_is_missing(sample: dict[str, dict[str, SectionText]], extension: str) -> None:
    right = _fact(("9", "Đăng ký khai tử", "đã kết nối", "114", "103", "90,4%", "103", "0"), "row")
    swapped = _fact(("9", "Đăng ký khai tử", "đã kết nối", "103", "114", "90,4%", "103", "0"), "row")
    joined = _fact(("9", "Đăng ký kết hôn", "đã kết nối", "161"), "row")
    assert missing([right, swapped, joined], sample[extension]["phu_luc_2"]) == [swapped, joined]


@pytest.mark.parametrize("extension", FORMATS)
def test_what_no_reader_sees_is_left_out(sample: dict[str, dict[str, SectionText]], extension: str) -> None:
    everything = "\n".join(part.text for part in sample[extension].values())
    assert not whole("999.999").search(everything)
    assert not whole("888.888").search(everything)
    assert "MỤC LỤC" not in everything


@pytest.mark.parametrize("extension", FORMATS)
def test_recipients_and_signer_stand_side_by_side_but_are_two_sections(
    sample: dict[str, dict[str, SectionText]], extension: str
) -> None:
    assert "Nguyễn Sỹ Khánh" in sample[extension]["ky"].text
    assert "Nguyễn Sỹ Khánh" not in sample[extension]["noi_nhan"].text
    assert "Phòng PC06" not in sample[extension]["ky"].text


@pytest.mark.parametrize("place", ["header", "footer"])
@pytest.mark.parametrize("with_poppler", [True, False])
def test_page_numbers_and_repeated_table_headers_are_left_out(
    place: str, with_poppler: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pages.pdf"
    rows = ", ".join(f"[{number}], [Hội số {number}]" for number in range(1, 9))
    path.write_bytes(
        typst.compile(
            f"""#let number = context align(center, counter(page).display())
            #set page(height: 7cm, width: 10cm, margin: 2cm, {place}: number)
            = I. KHÁT QUÁT
            #table(columns: 2, table.header[STT][Tên hội], {rows})
            #pagebreak()
            #counter(page).update(1)
            Trang đầu của phụ lục""".encode()
        )
    )
    if not with_poppler:
        monkeypatch.setattr(shutil, "which", lambda _: None)
    elif shutil.which("pdftotext") is None:
        pytest.skip("poppler is not installed")
    expected = ["I. KHÁT QUÁT", "STT Tên hội", *(f"{number} Hội số {number}" for number in range(1, 9))]
    for variant in texts.read_pdf(path)["I"].variants:
        assert variant.split() == " ".join([*expected, "Trang đầu của phụ lục"]).split()


def test_pypdf_reads_what_poppler_reads(
    sample: dict[str, dict[str, SectionText]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sample["pdf"]
    path = WRITERS["pdf"](tmp_path / "sample.pdf", backtest().facts)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    sections = texts.read_pdf(path)
    assert len(sections["I"].variants) == 1
    lost = [str(fact) for key in KEYS for fact in missing(backtest().of(key), sections[key])]
    assert lost == []


def test_a_document_number_broken_over_lines_is_found(tmp_path: Path) -> None:
    path = tmp_path / "narrow.pdf"
    path.write_bytes(
        typst.compile(
            "#set page(width: 5cm, height: auto, margin: 1cm)\n= I. KHÁT QUÁT\n"
            "Kế hoạch số 1769/KH-CATP(QLHC-TM) ngày 04/4/2024, số tiền 2.435.220.000 đồng".encode()
        )
    )
    part = texts.read_pdf(path)["I"]
    assert missing([_fact(("1769/KH-CATP(QLHC-TM)", "04/4/2024"), "document"), _fact("2.435.220.000 đồng")], part) == []


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        ("43", "có 2.743 hồ sơ"),
        ("43", "đạt 43,5%"),
        ("43", "43% số hồ sơ"),
        ("43", "43 % số hồ sơ"),
        ("43", "43/45 hồ sơ"),
        ("43", "số 43/TB-UBND"),
        ("2.743", "12.743 hồ sơ"),
        ("2.743", "2.743.000 đồng"),
        ("98%", "0,98%"),
        ("1/4/2024", "01/4/2024"),
        ("1/4/2024", "11/4/2024"),
        ("2414/UBND-CA", "2414/UBND-CAT"),
        ("158", "PC158"),
        ("VNeID", "VneID"),
        ("Đề án 06", "Đề án 06/CP"),
    ],
)
def test_a_part_of_a_longer_token_is_not_the_fact(figure: str, text: str) -> None:
    assert missing([_fact(figure)], _section(text))


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        ("43", "có 43."),
        ("43", "(43)"),
        ("2.743", "là 2.743; trong đó"),
        ("96,82%", "đạt 96,82%."),
        ("02 tin", "đăng 2 tin"),
        ("2 tin", "đăng 02 tin"),
        ("1616/CATP-QLHC", "số 1616/CATP-\nQLHC ngày"),
        ("1769/KH-CATP(QLHC-TM)", "số 1769/KH-\nCATP(QLHC-\nTM)"),
        ("Phòng Lao động \u2013 Thương binh và Xã hội", "phòng Lao động -\nThương binh và\nXã hội"),
        ("tháng 4/2024", "Tháng\u00a04/2024"),
        ("… lượt phát", "... lượt phát"),
        ("hồ sơ", "ho\u0302\u0300 so\u031b"),
    ],
)
def test_a_fact_is_found_however_it_is_set(figure: str, text: str) -> None:
    part = split([Line("I. KHÁT QUÁT"), *map(Line, text.splitlines())])["I"]
    assert missing([_fact(figure)], part) == []


def test_a_decimal_or_a_date_takes_no_free_leading_zero() -> None:
    assert missing([_fact("2,0%")], _section("đạt 02,0%"))
    assert missing([_fact("01/4/2024", "date")], _section("ngày 1/4/2024"))
    assert missing([_fact("Mô hình 9")], _section("Mô hình 19"))


def test_wrong_forms_are_the_reference_s_errors_and_foreign_separators() -> None:
    rate = Fact("I", "row", ("1", "90,64%"), (("1", "90,65%"),), "làm tròn")
    facts = [rate, _fact("1.485"), _fact("93%"), _fact("2,0%")]
    part = _section("1485 rồi 1,485 rồi 90,64% rồi 93,0% rồi 2.0% rồi 93 % và đúng: 1.485, 90,65%, 93%, 2,0%")
    assert sorted(wrong_forms(facts, part)) == ["1,485", "1485", "2.0%", "90,64%", "93 %", "93,0%"]
    open_cell = Fact("I", "row", ("1", "Thông báo 480/TB-UBND"), (("1", ("480/TB-UBND",)),), "tên loại")
    assert wrong_forms([open_cell], _section("Thông báo 480/TB-UBND")) == []
    assert wrong_forms(facts, _section("1.485, 90,65%, 93%, 2,0%; số 1485/UBND; 2.1485")) == []


def test_headings_open_sections_in_their_order_only() -> None:
    part = split(
        map(
            Line,
            [
                *("BÁO CÁO", "I. KHÁT QUÁT", "II. KẾT QUẢ", "1. Công tác", "theo Phụ lục II kèm theo"),
                *("4. Về dịch vụ công", "4.2. Về DVC", "a) Đánh giá", "1. Một ý được đánh số", "2.743 hồ sơ"),
                *("b) Đối với", "5. Nhóm", "III. NHẬN XÉT", "5. Một ý", "Trên đây là Báo cáo"),
                *("Phụ lục I", "Phụ lục II: Tình hình"),
            ],
        )
    )
    assert part["II.4.2.a"].text == "a) Đánh giá\n1. Một ý được đánh số\n2.743 hồ sơ"
    assert part["II.4.2.b"].text == "b) Đối với"
    assert part["III"].text == "III. NHẬN XÉT\n5. Một ý"
    assert part["phu_luc_2"].text == "Phụ lục II: Tình hình"
    assert part["II.1"].text.endswith("kèm theo")


def test_a_copied_sentence_is_named_unless_it_is_a_title() -> None:
    sentence = "Các phòng, ban đã chủ động tổ chức thực hiện nghiêm túc nhiều nội dung công việc."
    reference = [f"- Câu ngắn; {sentence} Câu khác."]
    assert copied(reference, f"Mở đầu. {sentence.upper()}", []) == [sentence]
    assert copied(reference, sentence.replace("nghiêm túc", "tốt"), []) == []
    assert copied(reference, sentence, ["thực hiện nghiêm túc nhiều nội dung công việc"]) == []
    assert copied(reference, sentence, [f"4.1. {sentence}"]) == []
    assert sentences("- Một ý dài\nhai dòng 2.743. Hết\n+ Ý khác") == ["- Một ý dài hai dòng 2.743.", "Hết", "+ Ý khác"]
