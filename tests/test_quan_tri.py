"""The administrator's guide: what it says to type is run in its order; it explains every message of a run on time."""

import ast
import contextlib
import io
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from baocao.cli import app, main
from baocao.cli_due import NOW_VARIABLE
from baocao.cli_usage import Group
from baocao.due import _STATUS
from baocao.faults import _FAULTS
from baocao.project import ROOT_VARIABLE
from conftest import ROOT
from small import small_project

GUIDE = ROOT / "docs" / "quan-tri"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(GUIDE.glob("*.md"))}
_STEP = re.compile(
    r"^\*\*Thay dòng\*\* `(?P<old>[^`]+)` trong `(?P<file>[^`]+)`:\n\n```yaml\n(?P<new>.*?)```$"
    r"|^```console\n(?P<console>.*?)```$",
    re.DOTALL | re.MULTILINE,
)


class Administrator:
    """Somebody who does what the guide says; the places of a server are folders of the test."""

    def __init__(self, folder: Path) -> None:
        self.project = small_project(folder / "nha-trang")
        self.places = {"/srv/bao-cao": folder / "bao-cao", "/var/backups": folder / "backups"}
        self.places["/var/backups"].mkdir()

    def read(self, page: str) -> int:
        """Take the steps of a page; how many there were."""
        steps = list(_STEP.finditer(PAGES[page]))
        for step in steps:
            if step["console"] is None:
                path = self.project.root / step["file"]
                text = path.read_text(encoding="utf-8")
                assert text.count(f"\n{step['old']}\n") == 1
                path.write_text(self.here(text.replace(step["old"], step["new"].strip())), encoding="utf-8")
                continue
            for entry in re.split(r"^\$ ", step["console"], flags=re.MULTILINE)[1:]:
                command, *expected = entry.splitlines()
                said = " ".join(self.type(self.here(command)).split())
                for part in re.split("…|\n", self.here("\n".join(expected))):
                    assert " ".join(part.split()) in said, f"{command}: {part}\n{said}"
        return len(steps)

    def here(self, text: str) -> str:
        for place, folder in self.places.items():
            text = text.replace(place, str(folder))
        return text

    def type(self, command: str) -> str:
        said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        if not command.startswith("baocao "):
            return subprocess.check_output(command, shell=True, cwd=self.project.root, encoding="utf-8")
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = main(shlex.split(command)[1:])
        text = said.buffer.getvalue().decode()  # type: ignore[attr-defined]
        assert status == 0, f"{command}\n{text}"
        return str(text)


def test_following_the_guide_succeeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    somebody = Administrator(tmp_path)
    monkeypatch.setenv(ROOT_VARIABLE, str(somebody.project.root))
    monkeypatch.chdir(somebody.project.root)
    monkeypatch.setenv(NOW_VARIABLE, "2024-04-15T08:00")
    assert [somebody.read(page) for page in ("cai-dat", "van-hanh")] == [5, 7]
    assert (somebody.places["/srv/bao-cao"] / "current" / "2024-04" / "bao-cao.html").is_file()


def test_every_command_and_option_exists() -> None:
    root = get_command(app)
    assert isinstance(root, Group)
    typed = {(page, *found) for page, text in PAGES.items() for found in re.findall(r"baocao ([a-z]+)([^`\n|]*)", text)}
    commands = {(page, name): rest for page, name, rest in typed if name in root.commands}
    assert {name for _, name in commands} >= {"run", "publish", "rollback", "schedule", "check", "new", "doctor"}
    for page, name, rest in typed:
        if name in root.commands:
            known = {option for parameter in root.commands[name].params for option in parameter.opts}
            assert set(re.findall(r"--[a-z-]+", rest)) <= known, (page, name, rest)


@pytest.mark.parametrize("name", ["README.md", "README.vi.md"])
def test_the_readme_has_a_row_for_every_command(name: str) -> None:
    root = get_command(app)
    assert isinstance(root, Group)
    rows = re.findall(r"^\| `baocao ([a-z]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    assert set(rows) == set(root.commands)


def test_installing_is_what_the_makefile_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for install in ("--require-hashes -r requirements.lock", "--no-deps --no-build-isolation --no-index -e ."):
        assert install in makefile
        assert PAGES["cai-dat"].count(f"{install}\n") == 2


def test_every_link_leads_somewhere() -> None:
    for page, text in PAGES.items():
        for target, anchor in re.findall(r"\]\(([^)#:]*)(#[^)]+)?\)", text):
            path = GUIDE / target if target else GUIDE / f"{page}.md"
            assert path.exists(), (page, target)
            if anchor:
                titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
                assert anchor[1:] in {title.lower().replace(" ", "-") for title in titles}, (page, anchor)


def _constants(node: ast.AST) -> list[str]:
    return [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def messages(module: Path) -> set[str]:
    """The fixed words of what each problem of a module says is wrong."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("what", "fault"):
            found.update(_constants(node.value))
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Problem", "_no_release"):
            what = node.args[0] if node.args else next(item.value for item in node.keywords if item.arg == "what")
            found.update(_constants(what))
    words = {text.strip(" ,:“”()") for text in found}
    return {text for text in words if len(text) > 12}


MODULES = ("due", "due_work", "duestate", "mail", "cli_due", "cli_site", "timer_install", "faults", "store")


def test_every_message_of_a_run_on_time_is_explained() -> None:
    package = ROOT / "src" / "baocao"
    modules = [package / f"{name}.py" for name in MODULES] + sorted((package / "site").glob("*.py"))
    wanted = {text for module in modules for text in messages(module)}
    wanted |= {outcome.value for outcome in _STATUS}
    wanted |= {fault.partition(",")[0] for fault in _FAULTS.values()}
    assert len(wanted) > 40
    page = " ".join(PAGES["su-co"].split())
    assert {text for text in wanted if text not in page} == set()
