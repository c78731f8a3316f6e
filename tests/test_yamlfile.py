"""YAML files: every mistake with its file and line, in Vietnamese, and no traps of YAML 1.1."""

import unicodedata
from datetime import date
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from baocao.errors import InputError, Problem
from baocao.yamlfile import MONTH, load_model


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=2)
    month: str = Field(pattern=MONTH)


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: int | None = Field(default=None, ge=1)
    day: date | None = None
    flag: bool = False
    items: tuple[Inner, ...] = ()


def load(tmp_path: Path, text: str | bytes) -> Outer:
    path = tmp_path / "x.yml"
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return load_model(path, Outer, "params/x.yml")


def problems(tmp_path: Path, text: str | bytes) -> tuple[Problem, ...]:
    with pytest.raises(InputError) as caught:
        load(tmp_path, text)
    return caught.value.problems


def test_reads(tmp_path: Path) -> None:
    text = "\ufeffnumber: 012\nday: 2024-04-16\nflag: true\nitems:\n  - {name: Đề án, month: 2024-04}\n"
    assert load(tmp_path, text) == Outer(
        number=12, day=date(2024, 4, 16), flag=True, items=(Inner(name="Đề án", month="2024-04"),)
    )
    assert load(tmp_path, "") == Outer()


def test_letters_are_composed_in_keys_and_values(tmp_path: Path) -> None:
    text = unicodedata.normalize("NFD", "items:\n  - {name: Đề án Nguyễn, month: 2024-04}\n")
    (item,) = load(tmp_path, text).items
    assert item.name == "Đề án Nguyễn"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("number: x", 1, "giá trị của “number” phải là số nguyên"),
        ("flag: true\nnumber: 0", 2, "giá trị của “number” phải từ 1 trở lên"),
        ("day: 2024-04-31", 1, "“2024-04-31” không phải là một ngày có trong lịch"),
        ("day: 16/4/2024", 1, "phải là ngày, ví dụ 2024-04-14"),
        ("day: 20240416", 1, "phải là ngày, ví dụ 2024-04-14"),
        ("flag: có", 1, "phải là true hoặc false"),
        ("items: a", 1, "phải là danh sách"),
        ("items:\n  - name: abc\n", 2, "thiếu khóa “month”"),
        ("items:\n  - name: abc\n    month: 2024-13\n", 3, "không đúng mẫu: tháng dạng NNNN-TT"),
        ("items:\n  - name: a\n    month: 2024-12\n", 2, "“name” quá ngắn: cần ít nhất 2 ký tự"),
        ("items:\n  - name: abc\n    month: 2024-12\n    nane: x\n", 4, "khóa “nane” không được biết đến"),
        ("number: 1\nflag: true\nnumber: 2", 3, "khóa “number” viết hai lần"),
        ("flag: true\nday: a: b", 2, "dấu hai chấm đặt sai chỗ"),
        ("flag: true\n\tday: x", 2, "tệp YAML viết sai"),
        ('flag: "x', 1, "thiếu dấu ngoặc kép đóng"),
        ("? [a]\n: b", 1, "khóa phải là một chữ"),
        ("flag: true\nday: \x07", 2, "ký tự không được phép"),
        ("- a\n- b", 1, "“cả tệp” phải là các cặp khóa: giá trị"),
        ("a: 1\n---\nb: 2", 2, "tệp YAML viết sai"),
    ],
)
def test_mistake_has_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    (problem,) = problems(tmp_path, text)
    assert problem.where == ("params/x.yml", f"dòng {line}")
    assert words in problem.what
    assert problem.remedy


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, "number: x\nflag: 5\nitems:\n  - name: abc\n")
    assert [problem.where[1] for problem in found] == ["dòng 1", "dòng 2", "dòng 4"]


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"params/x\.yml: không có tệp params/x\.yml"):
        load_model(tmp_path / "x.yml", Outer, "params/x.yml")


def test_unreadable_file(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "name: Đề án".encode("utf-16"))
    assert "không được lưu ở mã UTF-8" in problem.what
    (tmp_path / "thu-muc").mkdir()
    with pytest.raises(InputError) as caught:
        load_model(tmp_path / "thu-muc", Outer, "params/x.yml")
    assert "không đọc được tệp" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
