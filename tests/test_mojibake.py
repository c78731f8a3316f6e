"""UTF-8 taken for Windows-1252: every text recognised and read, no sound text mistaken for one."""

import pytest

from baocao.forms import Item
from baocao.value import Unreadable, read_value
from baocao.vi.mojibake import undo_mojibake
from test_legacy import april_texts


def broken(text: str) -> str:
    """As Windows shows the bytes; those that Windows-1252 lacks as control characters."""
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "Thành phố Nha Trang",
        "Không có thông tin",
        "UBND phường Lộc Thọ",
        "ỦY BAN NHÂN DÂN",
        "đã gửi",
        "Đã xong",
        "“98%”",
    ],
)
def test_read(text: str) -> None:
    assert undo_mojibake(broken(text)) == text


def test_a_space_that_does_not_break_may_be_lost() -> None:
    assert undo_mojibake(broken("Thành phố").replace("\u00a0", " ")) == "Thành phố"


def test_every_vietnamese_text_of_a_month() -> None:
    texts = [text for text in april_texts() if not text.isascii()]
    assert len(texts) > 100
    unknown = [text for text in texts if undo_mojibake(broken(text)) != text]
    assert not unknown


@pytest.mark.parametrize(
    "text", ["XÃ “A”", "ĐÃ ”", "XÃ\u00a0", "XÃ HỘI", "LÃ", "TÃ ÁO", "naïve café", "Ã", "€ 5", "HÃNG"]
)
def test_sound_text(text: str) -> None:
    assert undo_mojibake(text) is None


def test_no_text_of_a_month_is_mistaken() -> None:
    assert not [text for text in april_texts() if undo_mojibake(text) or undo_mojibake(text.upper())]


def test_refused_with_the_likely_reading() -> None:
    item = Item.model_validate({"name": "x", "title": "X", "type": "string"})
    outcome = read_value(broken("Không có thông tin"), False, item)
    assert isinstance(outcome, Unreadable)
    assert outcome.rule == "vo_ma" and "có lẽ là “Không có thông tin”" in outcome.what
