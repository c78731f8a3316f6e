"""The administrator's guide: what it says to type is run in its order; it explains every message of a run on time."""

import ast
import re
from pathlib import Path

import pytest
from typer.main import get_command

from baocao.cli import app
from baocao.cli_due import NOW_VARIABLE
from baocao.cli_usage import Group
from baocao.due import _STATUS
from baocao.faults import _FAULTS
from baocao.project import ROOT_VARIABLE
from conftest import ROOT
from guide import Reader
from small import small_project

GUIDE = ROOT / "docs" / "quan-tri"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(GUIDE.glob("*.md"))}


class Administrator(Reader):
    """Somebody who does what the guide says, but for what is of the whole machine."""

    def do_sh(self, _before: str, _body: str) -> None:
        pass


def test_following_the_guide_succeeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)
    monkeypatch.setenv(NOW_VARIABLE, "2024-04-15T08:00")
    somebody = Administrator(small_project(tmp_path / "nha-trang").root)
    (tmp_path / "backups").mkdir()
    for page in ("cai-dat", "van-hanh"):
        # The places of a server are folders of the test.
        text = PAGES[page].replace("/srv/bao-cao", str(tmp_path / "bao-cao"))
        somebody.follow(text.replace("/var/backups", str(tmp_path / "backups")), page)
    assert len(somebody.ran) == sum(text.count("\n$ ") for text in PAGES.values()) == 21
    assert f"site: {tmp_path / 'bao-cao'}\n" in (somebody.folder / "params" / "defaults.yml").read_text(
        encoding="utf-8"
    )
    assert (tmp_path / "bao-cao" / "current" / "2024-04" / "bao-cao.html").is_file()


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


MODULES = ("due", "due_work", "duestate", "mail", "cli_due", "cli_site", "timer_install", "faults", "store", "scratch")


def test_every_message_of_a_run_on_time_is_explained() -> None:
    package = ROOT / "src" / "baocao"
    modules = [package / f"{name}.py" for name in MODULES] + sorted((package / "site").glob("*.py"))
    wanted = {text for module in modules for text in messages(module)}
    wanted |= {outcome.value for outcome in _STATUS}
    wanted |= {fault.partition(",")[0] for fault in _FAULTS.values()}
    assert len(wanted) > 40
    page = " ".join(PAGES["su-co"].split())
    assert {text for text in wanted if text not in page} == set()
