"""Notebooks in git: the pre-commit hook in real repositories, and differences through nbdime."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from baocao import desk
from baocao.cli import main
from baocao.errors import InputError
from baocao.hooks import cleaned, install

ROOT = Path(__file__).parents[1]
NAME = "notebooks/24-dịch vụ.ipynb"

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture(autouse=True)
def _own_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Nguyễn Văn A")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "a@example.vn")


def _run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
    )


def _git(root: Path, *arguments: str) -> str:
    done = _run(root, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "dự án"
    (root / "params").mkdir(parents=True)
    (root / "notebooks").mkdir()
    (root / "params/defaults.yml").write_text("{}\n", encoding="utf-8")
    shutil.copy(ROOT / ".gitattributes", root)
    _git(root, "init", "-q", "-b", "main")
    _git(root, "add", ".")
    _git(root, "commit", "-q", "-m", "Đầu")
    return root


def _notebook(source: str = "1 + 1", ran: bool = True) -> str:
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "so-lieu",
        "source": [source],
        "outputs": [],
        "execution_count": None,
        "metadata": {"tags": ["parameters"]},
    }
    metadata: dict[str, Any] = {"kernelspec": {"name": "python3"}, "language_info": {"name": "python"}}
    if ran:
        cell["execution_count"] = 7
        cell["outputs"] = [{"output_type": "execute_result", "execution_count": 7, "data": {}, "metadata": {}}]
        cell["metadata"] |= {
            "execution": {"iopub.execute_input": "2024-05-02T01:02:03Z"},
            "collapsed": True,
            "jupyter": {"outputs_hidden": True},
        }
        metadata["language_info"] |= {"version": "3.11.2", "codemirror_mode": {"name": "ipython"}}
        metadata["widgets"] = {"x": {}}
    content = {"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


CLEAN = _notebook(ran=False)


def _save(root: Path, text: str, name: str = NAME) -> Path:
    path = root / name
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _committed(root: Path, name: str = NAME) -> str:
    return _git(root, "show", f"HEAD:{name}")


def test_what_a_run_left_is_not_committed_and_the_working_file_follows(project: Path) -> None:
    assert install(project).hook == project / ".git/hooks/pre-commit"
    path = _save(project, _notebook())
    _git(project, "add", ".")
    done = _run(project, "commit", "-m", "Sổ tay")
    assert done.returncode == 0
    assert f"Đã bỏ kết quả chạy khỏi bản ghi vào git: {NAME}" in done.stderr
    assert _committed(project) == CLEAN
    assert path.read_text(encoding="utf-8") == CLEAN
    assert _git(project, "status", "--porcelain") == ""


def test_edit_installs_the_hook(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAOCAO_ROOT", str(project))
    monkeypatch.setattr(desk, "require_month", lambda *arguments: None)
    monkeypatch.setattr(desk, "require_lab", lambda: None)
    monkeypatch.setattr(desk, "open_lab", lambda *arguments: 0)
    assert main(["edit", "2024-05"]) == 0
    assert (project / ".git/hooks/pre-commit").is_file()


def test_a_partly_staged_notebook_keeps_its_working_file(project: Path) -> None:
    install(project)
    path = _save(project, _notebook())
    _git(project, "add", ".")
    later = _notebook("2 + 2")
    _save(project, later)
    _git(project, "commit", "-q", "-m", "Sổ tay")
    assert _committed(project) == CLEAN
    assert path.read_text(encoding="utf-8") == later


@pytest.mark.parametrize("how", [("-a",), ("--", NAME)])
def test_commits_past_the_index_are_clean_too(project: Path, how: tuple[str, ...]) -> None:
    install(project)
    _save(project, CLEAN)
    _git(project, "add", ".")
    _git(project, "commit", "-q", "-m", "Sổ tay")
    _save(project, _notebook("3 + 3"))
    _git(project, "commit", "-q", "-m", "Sửa", *how)
    assert _committed(project) == _notebook("3 + 3", ran=False)
    assert _git(project, "status", "--porcelain") == ""


def test_windows_line_ends_stay_in_the_working_file(project: Path) -> None:
    install(project)
    (project / ".gitattributes").write_text("* text=auto eol=crlf\n", encoding="utf-8")
    path = project / NAME
    path.write_bytes(_notebook().replace("\n", "\r\n").encode())
    _git(project, "add", ".")
    _git(project, "commit", "-q", "-m", "Sổ tay")
    assert _committed(project) == CLEAN
    assert path.read_bytes() == CLEAN.replace("\n", "\r\n").encode()
    assert _git(project, "status", "--porcelain") == ""


def test_what_is_no_notebook_stops_the_commit(project: Path) -> None:
    install(project)
    head = _git(project, "rev-parse", "HEAD")
    _save(project, '{"cells": [')
    _git(project, "add", ".")
    done = _run(project, "commit", "-m", "Sổ tay")
    assert done.returncode != 0
    assert "không đọc được sổ tay" in done.stderr
    assert NAME in done.stderr
    assert "commit đã dừng" in done.stderr
    assert _git(project, "rev-parse", "HEAD") == head


def test_notebooks_declared_without_filter_are_left_alone(project: Path) -> None:
    install(project)
    (project / ".gitattributes").write_text("notebooks/*.ipynb -filter\n", encoding="utf-8")
    _save(project, '{"cells": [')
    _git(project, "add", ".")
    _git(project, "commit", "-q", "-m", "Hỏng có chủ ý")
    assert _committed(project) == '{"cells": ['


def test_commits_without_notebooks_need_no_python(project: Path) -> None:
    hook = install(project).hook
    assert hook is not None
    here = Path(sys.executable).as_posix()
    hook.write_text(hook.read_text(encoding="utf-8").replace(here, "/không/có/python"), encoding="utf-8")
    (project / "ghi-chu.txt").write_text("a\n", encoding="utf-8")
    _git(project, "add", ".")
    _git(project, "commit", "-q", "-m", "Ghi chú")
    _save(project, _notebook())
    _git(project, "add", ".")
    done = _run(project, "commit", "-m", "Sổ tay")
    assert done.returncode != 0
    assert "không thấy môi trường Python của baocao" in done.stderr


def test_without_nbstripout_the_commit_stops_and_says_how(project: Path, tmp_path: Path) -> None:
    """An interpreter that has baocao without the extra `lab`."""
    bare = tmp_path / "python trần"
    bare.mkdir()
    (bare / "sitecustomize.py").write_text(
        "import sys\nsys.modules['nbstripout'] = None\nimport importlib.util as u\nold = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'nbstripout' else old(name, *rest)\n",
        encoding="utf-8",
    )
    install(project)
    _save(project, _notebook())
    _git(project, "add", ".")
    done = subprocess.run(
        ["git", "commit", "-m", "Sổ tay"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(bare)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode != 0
    assert "chưa có nbstripout" in done.stderr
    assert "make lab" in done.stderr


def test_a_hook_of_the_users_own_is_untouched(project: Path) -> None:
    own = project / ".git/hooks/pre-commit"
    own.parent.mkdir(exist_ok=True)
    own.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    done = install(project)
    assert done.hook is None
    assert done.note is not None
    assert "-m baocao.hooks || exit 1" in done.note.remedy
    assert own.read_text(encoding="utf-8") == "#!/bin/sh\nexit 0\n"
    # The remedy does what it says.
    own.write_text(f"#!/bin/sh\n{done.note.remedy.partition(': ')[2]}\n", encoding="utf-8")
    own.chmod(0o755)
    _save(project, _notebook())
    _git(project, "add", ".")
    _git(project, "commit", "-q", "-m", "Sổ tay")
    assert _committed(project) == CLEAN


def test_our_hook_is_brought_up_to_date(project: Path) -> None:
    hook = install(project).hook
    assert hook is not None
    script = hook.read_bytes()
    hook.write_bytes(script.replace(b"exit 1", b"exit 3"))
    assert install(project).hook == hook
    assert hook.read_bytes() == script


def test_a_worktree_has_the_hook(project: Path, tmp_path: Path) -> None:
    tree = tmp_path / "cây khác"
    _git(project, "worktree", "add", "-q", "-b", "khac", str(tree))
    assert install(tree).hook == project / ".git/hooks/pre-commit"
    (tree / "notebooks").mkdir()
    _save(tree, _notebook())
    _git(tree, "add", ".")
    _git(tree, "commit", "-q", "-m", "Sổ tay")
    assert _committed(tree) == CLEAN
    assert _git(tree, "status", "--porcelain") == ""


def test_hooks_path_of_the_repository_is_used_and_a_shared_one_is_not(project: Path, tmp_path: Path) -> None:
    _git(project, "config", "core.hooksPath", ".githooks")
    assert install(project).hook == project / ".githooks/pre-commit"
    _git(project, "config", "--unset", "core.hooksPath")
    _git(project, "config", "--global", "core.hooksPath", str(tmp_path / "chung"))
    done = install(project)
    assert done.hook is None
    assert done.note is not None
    assert not (tmp_path / "chung").exists()


def test_without_a_checkout_nothing_happens(tmp_path: Path, project: Path) -> None:
    (tmp_path / "ngoài").mkdir()
    assert install(tmp_path / "ngoài").hook is None
    inside = project / "dự án khác"
    inside.mkdir()
    assert install(inside).hook is None
    assert not (project / ".git/hooks/pre-commit").exists()


def test_cell_ids_stay_and_missing_ones_are_the_same_every_time() -> None:
    read = json.loads(_notebook())
    read["cells"] += [{"cell_type": "markdown", "metadata": {}, "source": ["x"]} for _ in range(2)]
    read["cells"].append({**read["cells"][0]})
    read["nbformat_minor"] = 4
    content = json.dumps(read).encode()
    once = cleaned(content, NAME)
    assert [cell["id"] for cell in json.loads(once)["cells"]] == ["so-lieu", "o-01", "o-02", "o-03"]
    assert json.loads(once)["nbformat_minor"] == 5
    assert cleaned(content, NAME) == once
    assert cleaned(once, NAME) == once


def test_what_is_clean_stays_byte_for_byte() -> None:
    written = json.dumps(json.loads(CLEAN), indent=4).encode()
    assert cleaned(written, NAME) == written


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"nbformat": 3, "worksheets": []}', b"\xff\xfe"])
def test_what_cannot_be_cleaned_is_a_problem(content: bytes) -> None:
    with pytest.raises(InputError, match="không đọc được sổ tay"):
        cleaned(content, NAME)


def test_every_notebook_of_this_project_is_clean() -> None:
    paths = sorted(path for path in ROOT.rglob("notebooks/**/*.ipynb") if "tests" not in path.relative_to(ROOT).parts)
    paths = [path for path in paths if not {".venv", "outputs"} & set(path.relative_to(ROOT).parts)]
    assert paths
    assert [path.name for path in paths if cleaned(path.read_bytes(), path.name) != path.read_bytes()] == []


def test_differences_are_readable_with_nbdime_and_work_without(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(project)
    _save(project, CLEAN)
    _git(project, "add", ".")
    _git(project, "commit", "-q", "-m", "Sổ tay")
    _save(project, _notebook("tổng = 1 + 2", ran=False))
    said = _git(project, "diff")
    assert "nbdiff" in said
    assert "+  tổng = 1 + 2" in said
    assert '"source"' not in said
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "nbdime" else found(name))
    install(project)
    assert '+    "tổng = 1 + 2"' in _git(project, "diff")


def test_settings_of_the_users_own_for_differences_stay(project: Path) -> None:
    _git(project, "config", "diff.jupyternotebook.command", "của-tôi")
    install(project)
    assert _git(project, "config", "diff.jupyternotebook.command").strip() == "của-tôi"


def test_two_changes_of_one_notebook_merge(project: Path) -> None:
    install(project)
    read = json.loads(CLEAN)
    read["cells"].append({**read["cells"][0], "id": "sau", "source": ["x = 1"]})
    _save(project, json.dumps(read, ensure_ascii=False, indent=1) + "\n")
    _git(project, "add", ".")
    _git(project, "commit", "-q", "-m", "Sổ tay")
    _git(project, "checkout", "-q", "-b", "khác")
    for branch, index, source in (("khác", 0, "1 + 5"), ("main", 1, "x = 6")):
        _git(project, "checkout", "-q", branch)
        changed = json.loads(json.dumps(read))
        changed["cells"][index]["source"] = [source]
        _save(project, json.dumps(changed, ensure_ascii=False, indent=1) + "\n")
        _git(project, "commit", "-q", "-a", "-m", branch)
    _git(project, "merge", "-q", "-m", "Gộp", "khác")
    merged = json.loads(_committed(project))
    assert ["".join(cell["source"]) for cell in merged["cells"]] == ["1 + 5", "x = 6"]
