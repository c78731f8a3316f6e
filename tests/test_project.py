"""The folders of a project and its sections."""

import shutil
import unicodedata
from pathlib import Path

import pytest

from baocao.errors import InputError
from baocao.period import Period
from baocao.project import Project

APRIL = Period(2024, 4)


def test_found_from_within(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Project.find(project.root / "data" / "forms").root == project.root.resolve()
    monkeypatch.setenv("BAOCAO_ROOT", str(project.root))
    assert Project.find().root == project.root.resolve()


def test_not_found(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="không tìm thấy dự án báo cáo") as caught:
        Project.find(tmp_path)
    assert "params/defaults.yml" in caught.value.problems[0].expected


def test_periods_are_those_with_parameters(project: Project) -> None:
    shutil.copy(project.params(APRIL), project.params(Period(2024, 3)))
    (project.defaults.parent / "ghi-chu.yml").touch()
    assert project.periods() == (Period(2024, 3), APRIL)


def test_sections_in_order_and_the_month_s_own_win(project: Project) -> None:
    sections = {section.number: section for section in project.sections(APRIL)}
    assert list(sections) == sorted(sections)
    assert sections[10].own
    assert not sections[24].own
    assert sections[24].label == "II.4"
    assert sections[10].label == "I"
    assert sections[91].label == "Phụ lục I"
    assert sections[91].is_appendix
    assert not any(section.own for section in project.sections(Period(2024, 5)))


@pytest.mark.parametrize("wanted", ["24", "II.4", "ii.4", " II.4 "])
def test_section_by_any_of_its_names(project: Project, wanted: str) -> None:
    assert project.section(APRIL, wanted).number == 24


def test_appendix_by_name_in_any_normal_form(project: Project) -> None:
    assert project.section(APRIL, unicodedata.normalize("NFD", "phụ lục ii")).number == 92


def test_unknown_section(project: Project) -> None:
    with pytest.raises(InputError, match="không có mục “77”") as caught:
        project.section(APRIL, "77")
    assert "24 (II.4)" in caught.value.problems[0].expected


def test_clashing_and_misnamed_notebooks_all_at_once(project: Project) -> None:
    folder = project.root / "notebooks"
    shutil.copy(folder / "24-dich-vu-cong.ipynb", folder / "24-ban-sao.ipynb")
    shutil.copy(folder / "24-dich-vu-cong.ipynb", folder / "Dịch vụ công.ipynb")
    with pytest.raises(InputError) as caught:
        project.sections(APRIL)
    assert len(caught.value.problems) == 2
    assert "hai sổ tay cùng số 24" in str(caught.value)
    assert "tên sổ tay không đúng mẫu" in str(caught.value)


def test_no_notebooks(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="không có sổ tay nào"):
        Project(tmp_path).sections(APRIL)
