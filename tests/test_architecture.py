"""The layers of docs/architecture.md, and the files that must agree with one another."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "baocao"


def _rows() -> list[list[str]]:
    """Modules by row, as the table of the document lists them."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.split("## Layers")[1].split("## Contracts")[0]
    cells = [line.split("|")[2] for line in table.splitlines() if line.startswith("| ") and "`" in line]
    return [[name.rstrip("/") for name in re.findall(r"`([^`]+)`", cell)] for cell in cells]


def _modules() -> list[str]:
    names = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")}
    return sorted(names - {"__init__", "__main__"})


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "baocao":
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("baocao.")}
    return found - {"__version__"}


def test_every_module_has_its_row() -> None:
    listed = [name for row in _rows() for name in row]
    assert sorted(listed) == _modules()


@pytest.mark.parametrize("module", _modules())
def test_a_module_imports_from_its_own_row_or_above(module: str) -> None:
    rank = {name: index for index, row in enumerate(_rows()) for name in row}
    source = PACKAGE / module
    paths = sorted(source.rglob("*.py")) if source.is_dir() else [source.with_suffix(".py")]
    below = {name for path in paths for name in _imports(path) if rank[name] > rank[module]}
    assert not below, f"{module} imports from rows below its own: {sorted(below)}"


def _canonical(requirement: str) -> tuple[str, str]:
    match = re.fullmatch(r"([A-Za-z0-9._-]+)(.*)", requirement.replace(" ", ""))
    assert match
    return re.sub(r"[-_.]+", "-", match[1]).lower(), match[2]


def test_environment_has_what_the_project_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = dict(map(_canonical, [*project["dependencies"], *project["optional-dependencies"]["lab"]]))
    wanted["python"] = project["requires-python"]
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    plain = [item for item in environment["dependencies"] if isinstance(item, str)]
    nested = [item for item in environment["dependencies"] if isinstance(item, dict)]
    listed = dict(map(_canonical, [*plain, *(name for name in nested[0]["pip"] if not name.startswith("-"))]))
    assert listed.pop("pip") == ""
    assert listed.pop("quarto").startswith(">=")
    assert listed == wanted
    assert environment["channels"] == ["conda-forge"]


@pytest.mark.parametrize("extra", ["", "test", "lab"])
def test_lock_has_hashes_for_everything_declared(extra: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + (extras[extra] if extra else [])
    while own := next((item for item in wanted if _canonical(item)[0] == project["name"]), None):
        wanted = [*(item for item in wanted if item != own), *extras[own.partition("[")[2].rstrip("]")]]
    name = f"requirements-{extra}.lock" if extra else "requirements.lock"
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.M)[1:]
    pins = {match[1] for entry in entries if (match := re.match(r"([a-z0-9-]+)==[^\s;]+", entry))}
    assert len(entries) > 50
    assert all(re.search(r"^    --hash=sha256:[0-9a-f]{64}\b", entry, re.M) for entry in entries)
    assert {_canonical(item)[0] for item in wanted} <= pins


def test_locks_agree_on_versions() -> None:
    def versions(name: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9-]+==\S+", (ROOT / name).read_text(encoding="utf-8"), re.M))

    assert versions("requirements.lock") <= versions("requirements-test.lock")
    assert versions("requirements.lock") <= versions("requirements-lab.lock")


@pytest.mark.xdist_group("nhom")
def test_workers_know_the_groups_of_tests(request: pytest.FixtureRequest, worker_id: str) -> None:
    assert worker_id == "master" or request.node.nodeid.endswith("@nhom")


def test_notebooks_are_stored_without_outputs() -> None:
    import nbformat

    paths = sorted((ROOT / "notebooks").rglob("*.ipynb"))
    assert paths
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert not any(cell.outputs or cell.execution_count for cell in code), path
        assert "parameters" in code[0].metadata.get("tags", []), path
        imports = "\n".join(re.findall(r"^(?:from|import) .*", "\n".join(cell.source for cell in code), re.M))
        assert re.sub(r"from baocao\.notebook import [^\n]+", "", imports).strip() == "", path


def test_no_tracked_file_names_a_machine() -> None:
    pattern = re.compile(f"/(?:{'|'.join(('root', 'home', 'work', 'tmp'))})/")
    texts = [path for suffix in ("py", "md", "yml", "toml", "lock", "lua", "typ") for path in ROOT.rglob(f"*.{suffix}")]
    own = [path for path in texts if not {".venv", "outputs", "node_modules"} & set(path.relative_to(ROOT).parts)]
    assert own
    hits = [path for path in own if path != Path(__file__) and pattern.search(path.read_text(encoding="utf-8"))]
    assert not hits
