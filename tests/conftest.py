"""The April 2024 report, made once for all tests that read it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, sync_playwright

from baocao.month import Month, read_month
from baocao.period import Period
from baocao.progress import Progress
from baocao.project import Project
from baocao.render import quarto_version
from baocao.run import run

ROOT = Path(__file__).resolve().parents[1]
APRIL = Period(2024, 4)
CHROMIUM = shutil.which("chromium")
in_browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

# What a run needs of a project, beside the package.
_PARTS = ("data", "params", "notebooks", "_quarto.yml")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs Quarto is skipped, visibly, where there is none that is supported."""
    marked = [item for item in items if item.get_closest_marker("quarto")]
    if not marked:
        return
    found = quarto_version()
    if found is None or not found.supported:
        reason = "Quarto is not installed" if found is None else f"Quarto {found.text} is not supported"
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=reason))


@dataclass(frozen=True)
class MadeReport:
    """Where a report and what it was made from are."""

    project: Project
    period: Period
    docx: Path
    pdf: Path
    html: Path

    @property
    def folder(self) -> Path:
        return self.docx.parent


def copy_project(target: Path) -> Project:
    """Copy the project's own data, parameters and notebooks to `target`."""
    target.mkdir(parents=True, exist_ok=True)
    for name in _PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        else:
            shutil.copy(source, target / name)
    theme = target / "src" / "baocao" / "theme"
    shutil.copytree(ROOT / "src" / "baocao" / "theme", theme, ignore=shutil.ignore_patterns("__pycache__"))
    return Project(target)


def make_report(project: Project, period: Period = APRIL) -> MadeReport:
    """Run the whole report of `period`."""
    with Progress() as progress:
        files = run(project, period, ("docx", "pdf", "html"), 2, progress, lambda _month: None).files
    return MadeReport(project, period, files["docx"], files["pdf"], files["html"])


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium, for tests that are marked `in_browser`."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the tests of a module."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy of the project that a test may change."""
    return copy_project(tmp_path / "project")


@pytest.fixture(scope="session")
def april_month() -> Month:
    """What a run of April 2024 starts from."""
    return read_month(Project(ROOT), APRIL)


@pytest.fixture(scope="session")
def april_report(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> MadeReport:
    """The April 2024 report, made once for all workers."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "april"
    with FileLock(str(shared) + ".lock"):
        final = Project(shared).outputs / str(APRIL)
        if not final.is_dir():
            if shared.exists():
                shutil.rmtree(shared)
            make_report(copy_project(shared))
    stem = f"bao-cao-{APRIL}"
    return MadeReport(Project(shared), APRIL, final / f"{stem}.docx", final / f"{stem}.pdf", final / f"{stem}.html")
