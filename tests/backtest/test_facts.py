"""The file of facts: what it may say, and that every mistake in it is named."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from .facts import load
from .sections import KEYS


def _write(path: Path, entries: Sequence[object], **sections: Sequence[object]) -> Path:
    content = {
        "sections": {**{key: [] for key in KEYS}, "I": entries, **sections},
        "forbidden": [{"text": "1485", "reason": "thiếu dấu chấm"}],
        "copy_allowed": ["cơ sở dữ liệu"],
    }
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def test_expected_is_the_reference_unless_another_form_is_given(tmp_path: Path) -> None:
    plain = {"kind": "figure", "reference": "158"}
    other = {"kind": "date", "reference": "04/2024", "expected": "4/2024", "also": ["tháng 4"], "reason": "số 0 thừa"}
    group = {"kind": "row", "reference": ["1", "CV 5"], "expected": ["1", ["5", "ngày"]], "reason": "tên loại"}
    facts = load(_write(tmp_path / "facts.yml", [plain, other, group])).of("I")
    assert [fact.expected for fact in facts] == [("158",), ("4/2024",), ("1", ("5", "ngày"))]
    assert facts[1].alternatives == (("4/2024",), ("tháng 4",))
    assert str(facts[1]) == "date: 4/2024  [reference: 04/2024]"


@pytest.mark.parametrize(
    ("entry", "mistake"),
    [
        ({"kind": "number", "reference": "1"}, "kind must be one of"),
        ({"kind": "figure"}, "no reference"),
        ({"kind": "figure", "reference": 158}, "quoted"),
        ({"kind": "figure", "reference": ["1", 2]}, "quoted"),
        ({"kind": "figure", "reference": "ho\u0302\u0300 sơ"}, "NFC"),
        ({"kind": "figure", "reference": "1", "expected": "2"}, "both expected and reason"),
        ({"kind": "figure", "reference": "1", "reason": "vì"}, "both expected and reason"),
        ({"kind": "figure", "reference": "1", "expected": "1", "reason": "vì"}, "leave it out"),
        ({"kind": "row", "reference": "1"}, "list of cells"),
        ({"kind": "figure", "reference": "1", "expcted": "2"}, "unknown keys"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, entry: dict[str, object], mistake: str) -> None:
    with pytest.raises(ValueError, match=mistake):
        load(_write(tmp_path / "facts.yml", [entry]))


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    path = _write(tmp_path / "facts.yml", [{"kind": "figure"}, {"kind": "row", "reference": "1"}], V=[])
    with pytest.raises(ValueError, match="unknown section V") as caught:
        load(path)
    assert len(str(caught.value).splitlines()) == 3
