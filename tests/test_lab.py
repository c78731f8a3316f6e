"""JupyterLab as `baocao edit` starts it, in a browser, and a section in Jupyter as under Papermill."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from nbclient import NotebookClient
from playwright.sync_api import Locator, Page, expect

from baocao.cli import main
from baocao.notebook_keys import DATASET_VARIABLE, PERIOD_VARIABLE
from baocao.project import ROOT_VARIABLE, Project
from conftest import chromium, copy_project, in_browser

SECTION = "27"
ENTRY = [sys.executable, "-c", "from baocao.cli import main; raise SystemExit(main())"]
PATIENCE = 60.0

pytestmark = pytest.mark.xdist_group("lab")


@dataclass
class Desk:
    """JupyterLab on the month's own copy of a section."""

    process: "subprocess.Popen[bytes]"
    address: str
    project: Project
    said: Path
    keyboard: int
    """The terminal's other end: JupyterLab asks, or does not, where there is somebody to answer."""

    @property
    def notebook(self) -> Path:
        return next((self.project.root / "notebooks/2024-04").glob(f"{SECTION}-*.ipynb"))

    def sources(self) -> list[str]:
        return [cell.source for cell in nbformat.read(self.notebook, as_version=4).cells]

    def interrupt(self) -> int:
        """Ctrl-C, as a terminal gives it to all that runs there."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(PATIENCE)


def _other_kernel(jupyter: Path) -> None:
    """A kernel that does not start, under the name that the notebooks ask for."""
    folder = jupyter / "kernels" / "python3"
    folder.mkdir(parents=True)
    spec = {"argv": [str(folder / "khong-co"), "{connection_file}"], "display_name": "Khác", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def start(folder: Path) -> Desk:
    project = copy_project(folder / "project")
    names = {name: folder / name for name in ("config", "data", "runtime", "ipython", "other")}
    names["config"].mkdir()
    settings = {"ServerApp": {"allow_root": True}}  # a container's user
    (names["config"] / "jupyter_server_config.json").write_text(json.dumps(settings), encoding="utf-8")
    _other_kernel(names["data"])
    _other_kernel(names["other"])
    environment = {
        **os.environ,
        ROOT_VARIABLE: str(project.root),
        "IPYTHONDIR": str(names["ipython"]),
        "JUPYTER_CONFIG_DIR": str(names["config"]),
        "JUPYTER_DATA_DIR": str(names["data"]),
        "JUPYTER_RUNTIME_DIR": str(names["runtime"]),
        "JUPYTER_PATH": str(names["other"]),
    }
    said = folder / "said.txt"
    keyboard, terminal = pty.openpty()
    with said.open("wb") as output:
        process = subprocess.Popen(
            [*ENTRY, "edit", "2024-04", SECTION, "--no-browser"],
            stdin=terminal,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
        )
    os.close(terminal)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        for file in names["runtime"].glob("jpserver-*.json"):
            server = json.loads(file.read_text(encoding="utf-8") or "{}")
            if server:
                address = f"{server['url']}?token={server['token']}"
                return Desk(process, address, project, said, keyboard)
        time.sleep(0.1)
    process.kill()
    raise AssertionError(said.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = start(tmp_path_factory.mktemp("lab"))
    try:
        yield desk
        kernels = psutil.Process(desk.process.pid).children(recursive=True)
        assert len(kernels) > 1, "no kernel was running"
        assert desk.interrupt() == 130
        assert desk.said.read_text(encoding="utf-8").endswith("Đã dừng.\n")
        _, left = psutil.wait_procs(kernels, timeout=5)
        assert left == [], "a kernel lives on"
    finally:
        os.close(desk.keyboard)
        if desk.process.poll() is None:
            os.killpg(desk.process.pid, signal.SIGKILL)


@pytest.fixture
def page(desk: Desk) -> Iterator[Page]:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 3000}, locale="en-US")
        page.set_default_timeout(PATIENCE * 1000)
        outside: list[str] = []
        page.on("request", lambda request: None if _local(request.url) else outside.append(request.url))
        page.goto(desk.address)
        yield page
        assert outside == [], "JupyterLab asked the network"


def _local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))


def _cells(page: Page) -> Locator:
    return page.locator(".jp-NotebookPanel .jp-CodeCell")


def _run_all(page: Page) -> None:
    page.locator(".lm-MenuBar-itemLabel").get_by_text("Chạy", exact=True).click()
    page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()


def _append(page: Page, cell: Locator, text: str) -> None:
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text(text)


def _save(page: Page) -> None:
    page.keyboard.press("Control+s")
    expect(page.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(0, timeout=PATIENCE * 1000)


@in_browser
def test_a_section_is_run_read_and_edited(desk: Desk, page: Page) -> None:
    before = desk.sources()
    expect(page.locator(".lm-MenuBar-itemLabel").get_by_text("Tệp", exact=True)).to_be_visible(timeout=PATIENCE * 1000)
    expect(_cells(page)).to_have_count(len(before), timeout=PATIENCE * 1000)
    _run_all(page)
    picture = page.locator(".jp-OutputArea-output figure img")
    picture.wait_for()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    prose = page.locator('.jp-OutputArea-output[data-mime-type="text/markdown"]')
    expect(prose.first.locator("h2")).to_contain_text("7. Hoàn thiện hệ sinh thái")
    assert "{{" not in "".join(prose.all_inner_texts())
    number = prose.locator("span[data-so='xac_thuc.so_nguoi']")
    assert number.inner_text() == "446.871"
    assert " › " in (number.get_attribute("title") or "")
    expect(prose.filter(has_text="7.7.")).to_contain_text("được nêu tại “hoi”")
    table = page.locator(".jp-OutputArea-output table")
    expect(table.locator("caption")).to_contain_text("các hội, đoàn thể")
    assert " › " in (table.locator("td span[data-so]").first.get_attribute("title") or "")
    assert page.locator(".jp-OutputArea-output[data-mime-type*='stderr']").count() == 0

    narrative = next(index for index, source in enumerate(before) if source.startswith("%%narrative"))
    sentence = " Công tác này tiếp tục được duy trì."
    _append(page, _cells(page).nth(narrative), sentence)
    page.keyboard.press("Control+Enter")
    expect(prose.first).to_contain_text(sentence.strip())
    _save(page)
    expected = [source + sentence if index == narrative else source for index, source in enumerate(before)]
    assert desk.sources() == expected
    page.reload()
    expect(_cells(page).nth(narrative)).to_contain_text(sentence.strip(), timeout=PATIENCE * 1000)


@in_browser
def test_a_fault_in_prose_names_its_line(desk: Desk, page: Page) -> None:
    sources = desk.sources()
    narrative = next(index for index, source in enumerate(sources) if source.startswith("%%narrative"))
    expect(_cells(page)).to_have_count(len(sources), timeout=PATIENCE * 1000)
    _append(page, _cells(page).nth(narrative), "\nTổng số {{ xac_thuc.so_nguoii }} người.")
    _run_all(page)
    fault = _cells(page).nth(narrative).locator(".jp-OutputArea-output[data-mime-type*='stderr']")
    line = sources[narrative].count("\n") + 2
    expect(fault).to_contain_text(f"dòng {line}: không có mã “xac_thuc.so_nguoii”", timeout=PATIENCE * 1000)
    expect(fault).to_contain_text("Tổng số {{ xac_thuc.so_nguoii }} người.")
    expect(fault).to_contain_text("mã gần nhất: xac_thuc.so_nguoi")
    assert not any(word in fault.inner_text() for word in ("Traceback", "jinja2", ".py", "narrate("))


def test_jupyter_and_papermill_give_the_same(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(project.root))
    monkeypatch.setenv(PERIOD_VARIABLE, "2024-04")
    monkeypatch.delenv(DATASET_VARIABLE, raising=False)
    shared = next((project.root / "notebooks").glob(f"{SECTION}-*.ipynb"))
    in_jupyter = nbformat.read(shared, as_version=4)
    NotebookClient(in_jupyter, resources={"metadata": {"path": str(shared.parent)}}).execute()
    assert main(["run", "2024-04", "--section", SECTION]) == 0
    under_papermill = nbformat.read(next(project.outputs.glob(f"*.muc/**/{shared.name}")), as_version=4)
    ours, theirs = _outputs(in_jupyter), _outputs(under_papermill)
    assert {output["metadata"]["baocao"]["kind"] for cell in ours.values() for output in cell} == {
        *("narrative", "table", "chart", "reads")
    }
    assert ours == theirs


def _outputs(notebook: Any) -> dict[str, list[dict[str, Any]]]:
    """What each of the section's own cells showed."""
    return {cell["id"]: cell["outputs"] for cell in notebook.cells if cell.get("outputs")}
