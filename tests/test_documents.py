"""Numbers and symbols of official documents: what is well formed, what is not, and how it should look."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baocao.documents import Conventions, issuer_fault, number_fault
from baocao.period import Period
from baocao.rules import NAME, RuleFile
from baocao.yamlfile import load_model
from workbooks import APRIL, ROOT

ALL = load_model(ROOT / "data" / "rules.yml", RuleFile, NAME).documents
NOW = ALL.at(APRIL)


def expected(text: str, kind: str | None) -> str | None:
    """The mended number that a finding names; None where nothing is wrong."""
    fault = number_fault(text, kind, NOW)
    if fault is None:
        return None
    assert text in fault.what
    return re.sub(r" \(Nghị định.*", "", fault.expected)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2462/UBND-LĐTBXH", "Công văn"),
        ("72/TB-UBND", "Thông báo"),
        ("480/TB-UBND", "Thông báo kết luận"),
        ("1186/TB-TCTTKĐA", "Thông báo"),
        ("1769/KH-CATP(QLHC-TM)", "Kế hoạch"),
        ("1505/LĐTBXH", "Công văn"),
        ("205/TCTĐA-CAT", "Công văn"),
        ("422/QĐ-TTg", "Quyết định"),
        ("21/CT-TTg", "Chỉ thị"),
        ("01/2023/QĐ-UBND", "Quyết định"),
        ("59/2021/TT-BCA", "Thông tư"),
        ("26/2023/QH15", "Luật"),
        ("43/2022/QH15", "Nghị quyết"),
        ("1667/NQ-UBTVQH15", "Nghị quyết"),
        ("52-NQ/TW", "Nghị quyết"),
        ("12-CT/TU", "Chỉ thị"),
        ("205/CV-UBND", "Công văn"),
        ("05/BC-TCTĐA06", "Báo cáo"),
        ("2287/UBND-KH", "Công văn"),
        ("2287/UBND-KH", None),
        ("12/TT-HC", "Công văn"),
        ("17/ABC-XYZ", "Giấy gì đó"),
        ("3181/UBND-KT.NV", "Công văn"),
    ],
)
def test_well_formed(text: str, kind: str | None) -> None:
    assert expected(text, kind) is None


@pytest.mark.parametrize(
    ("text", "kind", "mended"),
    [
        ("2287/UBND-KH", "Kế hoạch", "2287/KH-UBND"),
        ("83/UBND-TB", "thông báo", "83/TB-UBND"),
        ("2287-KH/UBND", "Kế hoạch", "2287/KH-UBND"),
        ("205/UBND-CV", "Công văn", "205/UBND"),
        ("CV3181/UBND-NC", "Công văn", "3181/UBND-NC"),
        ("CV 205/TCTĐA-CAT", "Công văn", "205/TCTĐA-CAT"),
        ("CV3181", "Công văn", "số/cơ quan-đơn vị soạn thảo, ví dụ 3181/UBND-NC"),
        ("CV 205", None, "số/cơ quan-đơn vị soạn thảo, ví dụ 205/UBND-NC"),
        ("3181", "Công văn", "số/cơ quan-đơn vị soạn thảo, ví dụ 3181/UBND-NC"),
        ("2287", "Kế hoạch", "số/KH-cơ quan ban hành, ví dụ 2287/KH-UBND"),
        ("72/TB", "Thông báo", "số/TB-cơ quan ban hành, ví dụ 72/TB-UBND"),
        ("422/TTg", "Quyết định", "422/QĐ-TTg"),
        ("Số 72/TB-UBND", "Thông báo", "72/TB-UBND"),
        ("số: 2287/UBND-KH", "Kế hoạch", "2287/KH-UBND"),
        ("72 / TB - UBND", "Thông báo", "72/TB-UBND"),
        ("5/BC-UBND", "Báo cáo", "05/BC-UBND"),
        ("72/TB-UBND", "Kế hoạch", "loại văn bản “Thông báo”, hoặc số, ký hiệu đúng loại “Kế hoạch”"),
        ("2287/KH-UBND", "Công văn", "loại văn bản “Kế hoạch”, hoặc số, ký hiệu đúng loại “Công văn”"),
    ],
)
def test_not_well_formed(text: str, kind: str | None, mended: str) -> None:
    assert expected(text, kind) == mended


@pytest.mark.parametrize(
    ("text", "kind", "issuer"),
    [
        ("72/TB-UBND", "Thông báo", "UBND tỉnh Khánh Hòa"),
        ("72/TB-UBND", "Thông báo", "Uỷ ban nhân dân tỉnh"),
        ("72/TB-UBND", "Thông báo kết luận", "Văn phòng UBND tỉnh"),
        ("2462/UBND-LĐTBXH", "Công văn", "UBND thành phố"),
        ("205/CV-UBND", "Công văn", "UBND thành phố"),
        ("1505/LĐTBXH", "Công văn", "Phòng Lao động - Thương binh và Xã hội thành phố"),
        ("477/GDĐT-HC", "Công văn", "Phòng Giáo dục và Đào tạo"),
        ("422/QĐ-TTg", "Quyết định", "Thủ tướng Chính phủ"),
        ("1186/TB-TCTTKĐA", "Thông báo", "Tổ Công tác triển khai Đề án 06/CP của Chính phủ"),
        ("26/2023/QH15", "Luật", "Quốc hội"),
        ("12/TB-ABC", "Thông báo", "Sở Lao động - Thương binh và Xã hội"),
        ("CV3181", "Công văn", "Công an thành phố"),
        ("2287/UBND-KH", "Kế hoạch", "UBND tỉnh"),
    ],
)
def test_issuer_that_fits_or_cannot_be_judged(text: str, kind: str, issuer: str) -> None:
    assert issuer_fault(text, kind, issuer, NOW) is None


@pytest.mark.parametrize(
    ("text", "kind", "issuer", "owner", "example"),
    [
        ("83/TB-UBND", "Thông báo", "Sở Lao động - Thương binh và Xã hội tỉnh", "UBND", "83/TB-SLĐTBXH"),
        ("2462/UBND-NC", "Công văn", "Công an thành phố", "UBND", "2462/CATP-NC"),
        ("422/QĐ-TTg", "Quyết định", "Chính phủ", "Thủ tướng Chính phủ", "422/QĐ-CP"),
        ("06/NĐ-CP", "Nghị định", "Thủ tướng Chính phủ", "Chính phủ", "06/NĐ-TTg"),
        ("2287/UBND-KH", "Kế hoạch", "Công an tỉnh", "UBND", "2287/CAT-KH"),
        ("83/TB-UBND", None, "Hội Nông dân", "UBND", None),
    ],
)
def test_symbol_of_another_agency(text: str, kind: str | None, issuer: str, owner: str, example: str | None) -> None:
    fault = issuer_fault(text, kind, issuer, NOW)
    assert fault is not None
    assert f"“{text}” là ký hiệu của {owner}" in fault.what
    assert issuer in fault.what
    assert fault.expected.startswith(f"cơ quan ban hành là {owner}, hoặc")
    assert example is None or fault.expected.endswith(f"ví dụ {example}")


def test_agencies_hold_in_their_time() -> None:
    after = ALL.at(Period(2025, 7))
    assert issuer_fault("12/CATP-QLHC", "Công văn", "UBND thành phố", NOW) is not None
    assert issuer_fault("12/CATP-QLHC", "Công văn", "UBND thành phố", after) is None


def test_kind_by_the_beginning_of_its_name_or_its_abbreviation() -> None:
    def name(written: str) -> str | None:
        kind = NOW.kind(written)
        return kind and kind.name

    assert name("Thông báo kết luận của Chủ tịch") == "Thông báo kết luận"
    assert name("THÔNG BÁO") == "Thông báo"
    assert name("KH") == "Kế hoạch"
    assert name("Thông báoo") is None
    assert name("") is None


def test_kind_without_an_abbreviation_is_refused() -> None:
    with pytest.raises(ValueError, match="cần abbreviations"):
        Conventions.model_validate({"kinds": [{"name": "Kế hoạch"}]})


TYPED = [kind for kind in NOW.kinds if not kind.untyped]


@given(st.integers(10, 99999), st.sampled_from(TYPED), st.sampled_from(["UBND", "TTg", "ABCXYZ", "SYT"]))
def test_any_typed_number_in_order_is_well_formed_and_swapped_is_not(number: int, kind: object, agency: str) -> None:
    name, short = kind.name, kind.abbreviations[0]  # type: ignore[attr-defined]
    good = f"{number}/{short}-{agency}"
    assert expected(good, name) is None
    assert expected(f"{number}/{agency}-{short}", name) == good


@given(st.text(max_size=60), st.sampled_from([None, "Công văn", "Kế hoạch", "Luật", "lạ"]), st.text(max_size=40))
def test_anything_typed_gets_an_answer(text: str, kind: str | None, issuer: str) -> None:
    fault = number_fault(text, kind, NOW)
    assert fault is None or (fault.what and fault.expected)
    issuer_fault(text, kind, issuer, NOW)
    # What is expected of a mended number is itself well formed.
    mended = re.match(r"(\d\S*/\S+) \(Nghị định", fault.expected) if fault else None
    assert mended is None or number_fault(mended[1], kind, NOW) is None
