"""`baocao doctor` says what is there, what is missing, and how to get it."""

import unicodedata
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from baocao import doctor
from baocao.cli import main
from baocao.doctor import Check, State, examine, vietnamese_letters


def _by_name(checks: tuple[Check, ...]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_the_alphabet_is_whole() -> None:
    letters = vietnamese_letters()
    assert len(letters) == len(set(letters)) == 178
    assert letters == unicodedata.normalize("NFC", letters)
    assert set("ảạắấếơưĐỹỴ") <= set(letters)


def test_fonts_of_the_project_have_every_letter() -> None:
    fonts = [check for check in examine() if check.name.startswith("Phông chữ")]
    assert len(fonts) == 4
    assert all(check.state is State.GOOD and "178/178" in check.detail for check in fonts)


def test_missing_quarto_is_no_fault_and_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("QUARTO_PATH", raising=False)
    check = _by_name(examine())["Quarto"]
    assert check.state is State.OPTIONAL
    assert "environment.yml" in check.remedy
    assert main(["doctor"]) == 0


def test_missing_package_is_a_fault(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    real = doctor.version

    def without_seaborn(name: str) -> str:
        if name == "seaborn":
            raise PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(doctor, "version", without_seaborn)
    check = _by_name(examine())["seaborn"]
    assert check.state is State.BAD and "requirements.lock" in check.remedy
    assert main(["doctor"]) == 1
    assert "Còn thiếu 1 thứ" in capsys.readouterr().out


def test_outside_of_a_project_it_still_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BAOCAO_ROOT", raising=False)
    check = _by_name(examine())["Dự án"]
    assert check.state is State.OPTIONAL and check.remedy
