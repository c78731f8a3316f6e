"""TCVN3 and VNI: every letter there and back, every old text recognised, no Unicode text mistaken for one."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbooks
from baocao.figure import Text
from baocao.vi.legacy import (
    TCVN3,
    TCVN3_CAPITAL_FONT,
    VNI,
    Encoding,
    Legacy,
    decode,
    find_legacy,
    is_syllable,
    legacy_font,
)

LETTERS = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ"
ONSETS = ["", *"bcdđghklmnrstvx", "ch", "gh", "gi", "kh", "ng", "ngh", "nh", "ph", "qu", "th", "tr"]


def encoded(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(char, char) for char in text)


def april_texts() -> list[str]:
    data = workbooks.april().data.values()
    return sorted({datum.value for datum in data if isinstance(datum, Text) and datum.value})


@pytest.mark.parametrize("letter", [*LETTERS, *LETTERS.upper()])
def test_every_letter_there_and_back(letter: str) -> None:
    assert decode(encoded(letter, VNI), "VNI") == letter
    if letter.islower() or letter in TCVN3:
        assert decode(encoded(letter, TCVN3), "TCVN3") == letter
    if letter.isupper():
        assert decode(encoded(letter, TCVN3_CAPITAL_FONT), "TCVN3", capitals=True) == letter


def test_codes_are_distinct_and_on_old_code_pages() -> None:
    for table in (TCVN3, TCVN3_CAPITAL_FONT, VNI):
        assert len(set(table.values())) == len(table)
        assert all(ord(char) < 256 for code in table.values() for char in code)
    assert {letter for letter in LETTERS if not letter.isascii()} <= set(TCVN3) & set(VNI)


@given(st.text(LETTERS + " ,.-0123456789"))
def test_small_text_there_and_back(text: str) -> None:
    assert decode(encoded(text, TCVN3), "TCVN3") == text


@given(st.lists(st.sampled_from(["Việt", "Nam", "thành", "phố", "ĐỀ", "ÁN", "hòa", "quyết", "Giữ", "yêu"]), min_size=1))
def test_vni_text_there_and_back(words: list[str]) -> None:
    text = " ".join(words)
    assert decode(encoded(text, VNI), "VNI") == text


@pytest.mark.parametrize(
    ("old", "encoding", "reading"),
    [
        ("Céng hßa x· héi chñ nghÜa ViÖt Nam", "TCVN3", "Cộng hòa xã hội chủ nghĩa Việt Nam"),
        ("§éc lËp - Tù do - H¹nh phóc", "TCVN3", "Độc lập - Tự do - Hạnh phúc"),
        ("tr\u00adêng häc", "TCVN3", "trường học"),
        ("422/Q§-TTg", "TCVN3", "422/QĐ-TTg"),
        ("Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam", "VNI", "Cộng hòa xã hội chủ nghĩa Việt Nam"),
        ("ÑOÄC LAÄP - TÖÏ DO - HAÏNH PHUÙC", "VNI", "ĐỘC LẬP - TỰ DO - HẠNH PHÚC"),
        ("422/QÑ-TTg", "VNI", "422/QĐ-TTg"),
    ],
)
def test_old_text_is_recognised_by_its_characters(old: str, encoding: Encoding, reading: str) -> None:
    assert find_legacy(old) == (Legacy(encoding, reading),)


def test_one_word_may_be_of_either_encoding() -> None:
    assert {each.encoding for each in find_legacy("Löu")} == {"TCVN3", "VNI"}
    assert find_legacy("Löu", "VNI-Times") == (Legacy("VNI", "Lưu"),)


@pytest.mark.parametrize(
    ("font", "encoding"),
    [
        (".VnTime", "TCVN3"),
        (".VnArialH", "TCVN3"),
        ("VNI-Times", "VNI"),
        ("VNI-Helve-Condense", "VNI"),
        ("Times New Roman", None),
        ("UVN Bai Sau", None),
        ("", None),
    ],
)
def test_fonts_of_old_encodings(font: str, encoding: Encoding | None) -> None:
    assert legacy_font(font) == encoding


def test_font_settles_what_reads_well_both_ways() -> None:
    assert find_legacy("bé") == ()
    assert find_legacy("bé", ".VnTime") == (Legacy("TCVN3", "bộ"),)
    assert find_legacy("céng an", ".VnTimeH") == (Legacy("TCVN3", "CỘNG AN"),)
    # What is Unicode beyond doubt is Unicode in any font, and plain letters are the same in all.
    assert find_legacy("Việt Nam", ".VnTime") == ()
    assert find_legacy("CV 205", ".VnTime") == ()


@pytest.mark.parametrize("text", april_texts())
def test_april_s_texts_are_unicode(text: str) -> None:
    for font in ("", "Times New Roman"):
        assert find_legacy(text, font) == ()
        assert find_legacy(normalize("NFD", text), font) == ()


@pytest.mark.parametrize(("table", "name"), [(TCVN3, "TCVN3"), (VNI, "VNI")])
def test_april_s_texts_are_recognised_in_the_old_encodings(table: dict[str, str], name: str) -> None:
    texts = [text for text in april_texts() if sum(not word.isascii() for word in text.split()) > 2]
    assert len(texts) > 30
    for text in texts:
        found = find_legacy(encoded(text, table))
        assert name in {each.encoding for each in found}, text
        if table is VNI:
            assert text in {each.reading for each in found}


@pytest.mark.parametrize(
    "text",
    [
        "Müller, São Paulo, El Niño, Zürich, Noël, café, naïve",
        "Đắk Lắk, Krông Búk, Ê Đê, Niê, Y Bruêl, Kpă",
        "PM2,5: 10 µm; 5 m²; 25 °C",
        "VNeID®, Zalo®, © 2024",
        "§ 5; 2 × 3; 5·10; ½; ± 2",
        "«trích dẫn» · mục ¹",
        "Ý kiến",
        "lỗi gõ: nhaân dân, hòan thành, tóan",
    ],
)
def test_other_texts_are_no_old_ones(text: str) -> None:
    assert find_legacy(text) == ()


RIMES = "a ác ái àm ãn ăng ắc ân ấp âu ây é eo ên ệch êu i ịch inh iêm iết iêu ó ọc oi ong oa oài oắt ôi ộc ơ ới ợp"
RIMES += " u ua úc ui uân uất uê uôi uốc uy uyên uyệt ư ưa ức ưi ưng ươi ước ươu yêu"


@given(
    st.lists(st.tuples(st.sampled_from(ONSETS), st.sampled_from(RIMES.split())), min_size=1, max_size=12), st.booleans()
)
def test_vietnamese_syllables_are_never_mistaken(syllables: list[tuple[str, str]], capitals: bool) -> None:
    words = [onset + rime for onset, rime in syllables if not (onset == "qu" and rime[0] in "oóọuúưứ")]
    text = " ".join(words)
    assert find_legacy(text.upper() if capitals else text) == ()


def test_syllables() -> None:
    good = "việt nghiêng quyết giữ gì giếng hòa hoà khoẻ thúy thuý được yêu ý ở uống khuya ngoài xoáy quốc quý"
    assert [word for word in good.split() if not is_syllable(word)] == []
    bad = "vieät baùo toân̂ nhaân éng hạchh càt tôíi ngòai qúy xaõ dđ"
    assert [word for word in bad.split() if is_syllable(word) and word != "éng"] == []


@pytest.mark.parametrize("font", [".VnTime", "VNI-Times"])
def test_unicode_text_in_an_old_font_is_unicode(font: str) -> None:
    assert find_legacy("Không có thông tin trên dữ liệu dân cư", font) == ()
