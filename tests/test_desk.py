"""The analyst's desk: the month's own notebook of a section, and JupyterLab as it is started."""

import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path

import nbformat
import pytest

from baocao import desk
from baocao.cli import main
from baocao.desk import lab_command, lab_environment, own_notebook
from baocao.errors import InputError
from baocao.period import Period
from baocao.project import Project

ROOT = Path(__file__).parents[1]
APRIL, MAY = Period(2024, 4), Period(2024, 5)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name in ("params", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return Project(tmp_path)


def test_last_months_own_notebook_becomes_a_draft(project: Project) -> None:
    path, made = own_notebook(project, MAY, "40")
    assert (path, made) == (project.root / "notebooks/2024-05/40-phuong-huong.ipynb", True)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert "BẢN NHÁP" in notebook.cells[0].source
    assert notebook.metadata["baocao"] == {"draft": True}
    assert 'period = "2024-05"' in [cell.source for cell in notebook.cells]


def test_the_shared_notebook_is_copied_for_the_month(project: Project) -> None:
    path, made = own_notebook(project, MAY, "II.4")
    shared = nbformat.read(project.root / "notebooks/24-dich-vu-cong.ipynb", as_version=4)
    notebook = nbformat.read(path, as_version=4)
    assert made
    assert notebook.cells[0].source == 'period = "2024-05"'
    assert notebook.cells[1:] == shared.cells[1:]
    assert "baocao" not in notebook.metadata


def test_an_own_notebook_is_never_touched(project: Project) -> None:
    path, _ = own_notebook(project, MAY, "24")
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    before = path.read_bytes()
    assert own_notebook(project, MAY, "24") == (path, False)
    assert path.read_bytes() == before
    assert not list(path.parent.glob(".*"))


def test_an_unknown_section_makes_nothing(project: Project) -> None:
    with pytest.raises(InputError, match="không có mục “77”"):
        own_notebook(project, MAY, "77")
    assert not (project.root / "notebooks/2024-05").exists()


def test_lab_is_this_interpreters_on_this_machine_only(project: Project) -> None:
    path, _ = own_notebook(project, MAY, "24")
    command = lab_command(project, path, browser=False)
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert "--ServerApp.ip=127.0.0.1" in command
    assert "--LabApp.default_url=/lab/tree/notebooks/2024-05/24-dich-vu-cong.ipynb" in command
    assert "--no-browser" in command
    assert not any("token" in part or "password" in part for part in command)
    environment = lab_environment(project, MAY)
    assert (environment["BAOCAO_PERIOD"], environment["BAOCAO_ROOT"]) == ("2024-05", str(project.root))


def test_another_python3_kernel_gives_way(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PATH", "/khac")
    first, *others = lab_environment(project, MAY)["JUPYTER_PATH"].split(os.pathsep)
    assert Path(first, "kernels/python3/kernel.json").is_relative_to(sys.prefix)
    assert others == ["/khac"]


def test_settings_fetch_nothing_and_speak_vietnamese() -> None:
    settings = json.loads((desk.SETTINGS / "overrides.json").read_text(encoding="utf-8"))
    notices = settings["@jupyterlab/apputils-extension:notification"]
    assert notices == {"fetchNews": "false", "checkForUpdates": False}
    assert settings["@jupyterlab/translation-extension:plugin"] == {"locale": "vi_VN"}


def test_without_jupyterlab_one_problem_says_how_to_get_it(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BAOCAO_ROOT", str(project.root))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["edit", "2024-04", "24"]) == 2
    said = capsys.readouterr().err
    assert "chưa có JupyterLab" in said
    assert "requirements-lab.lock" in said
    assert not (project.root / "notebooks/2024-04/24-dich-vu-cong.ipynb").exists()


def test_a_month_without_parameters_is_made_first(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BAOCAO_ROOT", str(project.root))
    assert main(["edit", "2024-09", "24"]) == 2
    said = capsys.readouterr().err
    assert "chưa có tham số của kỳ 2024-09" in said
    assert "baocao new 2024-09" in said
    assert not (project.root / "notebooks/2024-09").exists()
