"""Notebooks go into git without what a run left in them: the pre-commit hook, and differences as nbdime shows them.

`python -m baocao.hooks install` sets both up for the checkout around the project; without an argument it is the hook.
"""

import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baocao.errors import BaocaoError, InputError, Problem
from baocao.faults import readable
from baocao.project import MARKER, Project

_MARK = "# baocao: sổ tay vào git không kèm kết quả chạy. Tệp này do baocao tạo và cập nhật."
_SCRIPT = """#!/bin/sh
{mark}
git diff --cached --quiet --diff-filter=ACMRT -- '*.ipynb' && exit 0
python={python}
if [ ! -x "$python" ]; then
  echo "Lỗi: không thấy môi trường Python của baocao ($python); chưa ghi gì vào git." >&2
  echo "  Cách xử lý: chạy make lab trong thư mục dự án rồi commit lại; máy không có make thì chạy baocao edit." >&2
  exit 1
fi
"$python" -P -X utf8 -m baocao.hooks && exit 0
echo "Chưa ghi gì vào git: commit đã dừng." >&2
exit 1
"""
_TRANSIENT = (
    *("cell.metadata.execution", "cell.metadata.ExecuteTime", "cell.metadata.papermill", "cell.metadata.trusted"),
    *("cell.metadata.collapsed", "cell.metadata.scrolled", "cell.metadata.jupyter.outputs_hidden"),
    *("metadata.widgets", "metadata.papermill", "metadata.signature", "metadata.varInspector", "metadata.vscode"),
    *(f"metadata.language_info.{key}" for key in ("version", "codemirror_mode", "file_extension", "mimetype")),
    *(f"metadata.language_info.{key}" for key in ("nbconvert_exporter", "pygments_lexer")),
)
_NBDIME = {
    "diff.jupyternotebook.command": "{python} -P -X utf8 -m nbdime.vcs.git.diffdriver diff",
    "merge.jupyternotebook.driver": "{python} -P -X utf8 -m nbdime.vcs.git.mergedriver merge %O %A %B %L %P",
    "merge.jupyternotebook.name": "nbdime",
}
_OF_ANOTHER_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")


@dataclass(frozen=True)
class Installed:
    """What became of the hook: `hook` is ours; else it is None, and `note` says why when there is something to do."""

    hook: Path | None
    note: Problem | None = None


def cleaned(content: bytes, name: str) -> bytes:
    """The notebook without outputs, counts and traces of a session; cell ids stay, missing ones are numbered.

    What is clean already comes back byte for byte. What is no notebook is an `InputError`.
    """
    from nbformat import from_dict
    from nbformat.v4 import writes_json
    from nbstripout import MetadataError, strip_output

    try:
        read = json.loads(content)
        notebook = from_dict(read)  # type: ignore[no-untyped-call]
        if notebook.nbformat != 4:
            raise ValueError(notebook.nbformat)
        strip_output(notebook, False, False, keep_id=True, extra_keys=list(_TRANSIENT), strip_init_cells=True)
        _number(notebook)
        for cell in notebook.cells:
            if cell.metadata.get("jupyter") == {}:
                del cell.metadata["jupyter"]
    except (ValueError, AttributeError, TypeError, KeyError, MetadataError) as error:
        raise InputError(
            Problem(
                "không đọc được sổ tay này, nên chưa bỏ được kết quả chạy",
                (name,),
                expected="một sổ tay Jupyter lưu đúng định dạng (nbformat 4)",
                remedy="mở bằng JupyterLab (baocao edit), lưu lại, git add rồi commit lại; "
                f"hoặc lấy lại bản cũ: git restore --staged --worktree -- {shlex.quote(name)}",
            )
        ) from error
    if notebook == read:
        return content
    text: str = writes_json(notebook, indent=1)  # type: ignore[no-untyped-call]
    return (text.rstrip("\n") + "\n").encode()


def _number(notebook: Any) -> None:
    """Give ids to the cells without one, or with one that a cell before has: the same ids every time."""
    taken = {cell["id"] for cell in notebook.cells if "id" in cell}
    free = (name for number in range(1, 10**6) if (name := f"o-{number:02}") not in taken)
    seen: set[str] = set()
    for cell in notebook.cells:
        if cell.get("id") in (None, "", *seen):
            cell["id"] = next(free)
        seen.add(cell["id"])
    notebook.nbformat_minor = max(notebook.nbformat_minor, 5)


def strip_staged() -> list[str]:
    """Clean the notebooks that are about to be committed, in the repository of the current folder; those changed.

    A working file that says what was staged follows; one that was edited since stays as it is.
    """
    changed = _git("diff", "--cached", "--name-only", "-z", "--diff-filter=ACMRT", "--", "*.ipynb")
    paths = [path for path in changed.decode().split("\0") if path and _wanted(path)]
    if not paths:
        return []
    if importlib.util.find_spec("nbstripout") is None:
        raise InputError(
            Problem(
                "môi trường Python của baocao chưa có nbstripout để bỏ kết quả chạy khỏi sổ tay",
                expected="nbstripout trong cùng môi trường với baocao",
                remedy="chạy trong thư mục dự án: make lab; máy không có make: "
                f'"{sys.executable}" -m pip install --require-hashes -r requirements-lab.lock',
            )
        )
    problems: list[Problem] = []
    entries: dict[str, tuple[str, str, str]] = {}
    for path in paths:
        mode, old, _ = _git("ls-files", "--stage", "-z", "--", f":(top,literal){path}").decode().split(maxsplit=2)
        if not mode.startswith("100"):
            continue  # a link or a submodule
        content = _git("cat-file", "blob", old)
        try:
            clean = cleaned(content, path)
        except InputError as error:
            problems += error.problems
            continue
        if clean != content:
            entries[path] = mode, old, _git("hash-object", "-w", "--stdin", given=clean).decode().strip()
    if problems:
        raise InputError(problems)
    if entries:
        _put(entries)
    return list(entries)


def _wanted(path: str) -> bool:
    """Not declared `-filter` in .gitattributes."""
    return _git("check-attr", "-z", "filter", "--", path).split(b"\0")[2] != b"unset"


def _put(entries: dict[str, tuple[str, str, str]]) -> None:
    same = [
        path
        for path, (_, old, _) in entries.items()
        if Path(path).is_file() and _git("hash-object", "--", path).decode().strip() == old
    ]
    info = "".join(f"{mode} {new}\t{path}\0" for path, (mode, _, new) in entries.items()).encode()
    _git("update-index", "-z", "--index-info", given=info)
    if same:
        _git("checkout-index", "--force", "-u", "-z", "--stdin", given="\0".join([*same, ""]).encode())
    # `git commit -- path` commits from a passing index; the lasting one waits beside it under this name.
    index = Path(os.environ.get("GIT_INDEX_FILE", ""))
    if index.name.startswith("next-index-"):
        lasting = {**os.environ, "GIT_INDEX_FILE": str(index.with_name("index.lock"))}
        _git("update-index", "-z", "--index-info", given=info, environment=lasting)


def install(root: Path) -> Installed:
    """Set up the checkout that `root` is in: the hook, and nbdime where it is installed. Without a checkout, nothing.

    A hook that somebody else wrote stays as it is, and so does a folder of hooks that serves other repositories too.
    """
    own = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER_REPOSITORY}
    if shutil.which("git") is None or not _is_checkout(root, own):
        return Installed(None)
    _set_nbdime(root, own)
    top = Path(_said(root, own, "rev-parse", "--show-toplevel"))
    hook = top / _said(top, own, "rev-parse", "--git-path", "hooks/pre-commit")
    if _said(root, own, "config", "--show-scope", "--get", "core.hooksPath").startswith(("global", "system")):
        return Installed(None, _by_hand(hook, "thư mục hook chung của nhiều kho git (core.hooksPath)"))
    script = _SCRIPT.format(mark=_MARK, python=shlex.quote(Path(sys.executable).as_posix())).encode()
    with readable(hook):
        return _write(hook, script)


def _write(hook: Path, script: bytes) -> Installed:
    if hook.exists() or hook.is_symlink():
        present = hook.read_bytes() if hook.is_file() else b""
        if _MARK.encode() not in present:
            return Installed(None, _by_hand(hook, "hook pre-commit có sẵn được giữ nguyên"))
        if present == script:
            return Installed(hook)
    hook.parent.mkdir(parents=True, exist_ok=True)
    draft = hook.with_name(f".{hook.name}.tmp")
    draft.write_bytes(script)
    draft.chmod(0o755)
    draft.replace(hook)
    return Installed(hook)


def _by_hand(hook: Path, why: str) -> Problem:
    command = f"{shlex.quote(Path(sys.executable).as_posix())} -P -X utf8 -m baocao.hooks || exit 1"
    return Problem(
        f"chưa cài việc bỏ kết quả chạy khỏi sổ tay khi commit: {why}",
        (str(hook),),
        expected="hook pre-commit có gọi baocao",
        remedy=f"thêm vào hook đó dòng: {command}",
    )


def _is_checkout(root: Path, environment: dict[str, str]) -> bool:
    """The project itself is kept in git, not only a folder around it."""
    top = _said(root, environment, "rev-parse", "--show-toplevel")
    tracked = _said(root, environment, "ls-files", "--", MARKER.as_posix())
    return bool(top) and (bool(tracked) or Path(top).resolve() == root.resolve())


def _set_nbdime(root: Path, environment: dict[str, str]) -> None:
    """Write the keys of nbdime for this repository, or take back ours when it is gone; keys of the user's own stay."""
    present = importlib.util.find_spec("nbdime") is not None
    python = shlex.quote(Path(sys.executable).as_posix())
    for key, pattern in _NBDIME.items():
        now = _said(root, environment, "config", "--local", "--get", key)
        if now and "nbdime" not in now:
            continue
        if present and now != pattern.format(python=python):
            _git("config", "--local", key, pattern.format(python=python), root=root, environment=environment)
        elif now and not present:
            _git("config", "--local", "--unset-all", key, root=root, environment=environment)


def _said(root: Path, environment: dict[str, str], *arguments: str) -> str:
    """What git answers; empty where it has no answer."""
    done = subprocess.run(["git", *arguments], cwd=root, env=environment, capture_output=True, check=False)
    return done.stdout.decode().strip() if done.returncode == 0 else ""


def _git(
    *arguments: str, given: bytes | None = None, root: Path | None = None, environment: dict[str, str] | None = None
) -> bytes:
    done = subprocess.run(["git", *arguments], input=given, cwd=root, env=environment, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise InputError(
            Problem(f"git {arguments[0]} báo lỗi: {said}", remedy="sửa theo lời git rồi chạy lại lệnh vừa chạy")
        )
    return done.stdout


def main(arguments: list[str]) -> int:
    """Install for the project around the current folder, or clean what is about to be committed."""
    from baocao.cli_text import console, say, show_problems, use_utf8

    use_utf8()
    errors = console(stderr=True)
    try:
        if arguments == ["install"]:
            note = install(Project.find().root).note
            if note:
                say(errors, f"Lưu ý: {note}")
            return 0
        for path in strip_staged():
            say(errors, f"Đã bỏ kết quả chạy khỏi bản ghi vào git: {path}")
    except BaocaoError as error:
        show_problems(errors, error.problems)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
