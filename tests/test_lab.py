"""JupyterLab and the preview as `baocao` starts them, in a browser; sections in Jupyter and in a run."""

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from nbclient import NotebookClient
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from baocao.cli import main
from baocao.kernels import Kernels
from baocao.notebook_keys import DATASET_VARIABLE, KEY, PERIOD_VARIABLE
from baocao.project import ROOT_VARIABLE, Project
from conftest import ROOT, copy_project, in_browser
from desks import PATIENCE, STOPPED, Desk, await_kernel, desk
from guide import Reader

SECTION = "27"
SECONDS = 1000.0
KEPT = ("20", "27", "28")
"""Few sections, so that the preview's first page is soon there."""


def in_lab(test: Callable[..., None]) -> Callable[..., None]:
    """For tests that meet at one JupyterLab, in a browser."""
    return in_browser(pytest.mark.xdist_group("lab")(test))


@dataclass
class Lab:
    """JupyterLab on the month's own copy of a section, and the preview of the same project."""

    jupyter: Desk
    preview: Desk
    root: Path

    @property
    def notebook(self) -> Path:
        return next((self.root / "notebooks/2024-04").glob(f"{SECTION}-*.ipynb"))

    def sources(self) -> list[str]:
        return [cell.source for cell in nbformat.read(self.notebook, as_version=4).cells]

    def tree(self, path: Path) -> str:
        """JupyterLab's address of a notebook, alone: without those of the last time."""
        name = path.relative_to(self.root).as_posix()
        return re.sub(r"/tree/[^?]+", f"/tree/{name}", self.jupyter.address) + "&reset"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    root = copy_project(folder / "project").root
    for path in (root / "notebooks").rglob("*.ipynb"):
        if not path.name.startswith(KEPT):
            path.unlink()
    with (
        desk(root, ["edit", "2024-04", SECTION], folder / "jupyter") as jupyter,
        desk(root, ["preview", "2024-04"], folder / "preview") as preview,
    ):
        yield Lab(jupyter, preview, root)
        kernels = psutil.Process(jupyter.process.pid).children(recursive=True)
        assert len(kernels) > 1, "no kernel was running"
        for server in (jupyter, preview):
            assert server.interrupt() == STOPPED
            assert server.said.read_text(encoding="utf-8").endswith("Đã dừng.\n")
        _, left = psutil.wait_procs(kernels, timeout=5)
        assert left == [], "a kernel lives on"


@contextlib.contextmanager
def _tab(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 3000}, locale="en-US")
    page = context.new_page()
    page.set_default_timeout(PATIENCE * SECONDS)
    expect.set_options(timeout=PATIENCE * SECONDS)
    outside: list[str] = []
    page.on("request", lambda request: None if _local(request.url) else outside.append(request.url))
    page.goto(address)
    yield page
    context.close()
    assert outside == [], "a page asked the network"


def _local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))


@pytest.fixture
def page(lab: Lab, browser: Browser) -> Iterator[Page]:
    """The section in JupyterLab; what a test leaves in it does not stay."""
    content = lab.notebook.read_bytes()
    with _tab(browser, lab.tree(lab.notebook)) as page:
        await_kernel(page)
        yield page
    lab.notebook.write_bytes(content)


@pytest.fixture
def report(lab: Lab, browser: Browser) -> Iterator[FrameLocator]:
    """The report in the preview's page, beside."""
    with _tab(browser, lab.preview.address) as page:
        expect(page.locator("#trang-thai")).to_contain_text("Cập nhật lúc")
        yield page.frame_locator("iframe[title='Báo cáo']:not(.sau)")


def _cells(page: Page) -> Locator:
    return page.locator(".jp-CodeCell")


def _run_all(page: Page) -> None:
    page.locator(".lm-MenuBar-itemLabel").get_by_text("Chạy", exact=True).click()
    page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()


def _append(page: Page, cell: Locator, text: str) -> None:
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text(text)


def _add_cell(page: Page, source: str) -> None:
    """A cell at the end, with what somebody copied."""
    count = _cells(page).count()
    _cells(page).last.locator(".cm-content").click()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    expect(_cells(page)).to_have_count(count + 1)
    page.keyboard.press("Enter")
    page.keyboard.insert_text(source)


def _save(page: Page) -> None:
    page.keyboard.press("Control+s")
    expect(page.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(0)


def _narrative(sources: list[str]) -> int:
    return next(index for index, source in enumerate(sources) if source.startswith("%%narrative"))


@in_lab
def test_a_section_is_run_read_and_edited(lab: Lab, page: Page, report: FrameLocator) -> None:
    before = lab.sources()
    expect(page.locator(".lm-MenuBar-itemLabel").get_by_text("Tệp", exact=True)).to_be_visible()
    expect(_cells(page)).to_have_count(len(before))
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

    narrative = _narrative(before)
    sentence = " Công tác này tiếp tục được duy trì."
    expect(report.locator("body")).not_to_contain_text(sentence.strip())
    _append(page, _cells(page).nth(narrative), sentence)
    page.keyboard.press("Control+Enter")
    expect(prose.first).to_contain_text(sentence.strip())
    _save(page)
    expected = [source + sentence if index == narrative else source for index, source in enumerate(before)]
    assert lab.sources() == expected
    expect(report.locator("body")).to_contain_text(sentence.strip())
    page.reload()
    expect(_cells(page).nth(narrative)).to_contain_text(sentence.strip())


@in_lab
def test_figure_chart_and_section_by_following_the_guide(lab: Lab, page: Page, report: FrameLocator) -> None:
    reader = Reader(
        lab.root,
        month="2024-04",
        commands=False,
        create=lambda path: _create(lab, page, path),
        add_cell=lambda path, source, tags: _type(lab, page, path, source, tags),
    )
    for name in ("them-so-lieu", "them-cau-van", "them-bieu-do"):
        reader.read(name)
    _run_all(page)
    drawn = page.locator(".jp-OutputArea-output figure").filter(has_text="Chứng thư số cá nhân đã gia hạn")
    drawn.locator("img").wait_for()
    assert "Đã gia hạn 40 trên" in (drawn.locator("img").get_attribute("alt") or "")
    number = page.locator(".jp-OutputArea-output span[data-so='chung_thu_so.gia_han']")
    assert number.inner_text() == "40"
    assert re.fullmatch(r"08-mot-cua\.xlsx › Nguồn lực › \w+", number.get_attribute("title") or "")
    rate = page.locator(".jp-OutputArea-output span[data-so='chung_thu_so.ty_le_gia_han']")
    assert rate.inner_text().endswith("%")
    assert page.locator(".jp-OutputArea-output[data-mime-type*='stderr']").count() == 0
    _save(page)
    shown = report.locator("span[data-so='chung_thu_so.gia_han']").first
    expect(shown).to_have_text("40")
    assert " › Nguồn lực › " in (shown.get_attribute("title") or "")
    caption = report.locator("figure").filter(has_text="Chứng thư số cá nhân đã gia hạn")
    expect(caption.locator("img, svg").first).to_be_visible()
    expect(report.locator("body")).to_contain_text(re.compile(r"Kết quả gia hạn được thể hiện tại Biểu đồ \d"))

    reader.read("them-muc")
    _run_all(page)
    expect(page.locator(".jp-OutputArea-output h1")).to_contain_text("V. ĐỀ XUẤT, KIẾN NGHỊ")
    _save(page)
    expect(report.locator("body")).to_contain_text("Đề nghị cấp trên bổ sung chứng thư số cho Bộ phận một cửa")


def _create(lab: Lab, page: Page, path: Path) -> None:
    """From the launcher; the first save asks for the name."""
    page.goto(lab.tree(path.parent))
    page.locator(".jp-LauncherCard", has_text="Python 3 (ipykernel)").first.click()
    await_kernel(page)
    page.keyboard.press("Control+s")
    page.locator(".jp-Dialog input[type=text]").fill(path.name)
    page.get_by_role("button", name="Rename and Save").click()
    expect(page.locator(".lm-TabBar-tab.lm-mod-current", has_text=path.name)).to_be_visible()


def _type(lab: Lab, page: Page, path: Path, source: str, tags: list[str]) -> None:
    """Into a cell at the end, or the one that a new notebook comes with."""
    if not page.locator(".lm-TabBar-tab.lm-mod-current", has_text=path.name).count():
        page.goto(lab.tree(path))
        await_kernel(page)
        expect(_cells(page)).to_have_count(len(nbformat.read(path, as_version=4).cells))
    if not tags:
        _add_cell(page, source)
        return
    _cells(page).last.locator(".cm-content").click()
    page.keyboard.insert_text(source)
    page.locator('[data-id="jp-property-inspector"]').click()
    page.get_by_text("Common Tools").click()
    for tag in tags:
        page.locator(".jp-CellTags-Add").click()
        page.keyboard.insert_text(tag)
        page.keyboard.press("Enter")


@in_lab
def test_help_comes_while_typing(lab: Lab, page: Page) -> None:
    sources = lab.sources()
    expect(_cells(page)).to_have_count(len(sources))
    _run_all(page)
    page.locator(".jp-OutputArea-output figure img").wait_for()
    cell = _cells(page).nth(_narrative(sources))
    _append(page, cell, "\nĐã xác thực {{ xac_thuc.")
    page.keyboard.press("Tab")
    proposals = page.locator(".jp-Completer-item")
    expect(proposals).to_have_text([re.compile("xac_thuc.so_nguoi"), re.compile("xac_thuc.ty_le")])
    beside = page.locator(".jp-Completer-docpanel")
    expect(beside).to_contain_text("Chỉ tiêu: Số người đang tham gia BHXH, BHYT, BHTN đã được xác thực")
    expect(beside).to_contain_text("Nguồn: 03-bhxh.xlsx › Số liệu › ")
    page.keyboard.press("Enter")
    expect(cell.locator(".cm-line").last).to_have_text("Đã xác thực {{ xac_thuc.so_nguoi")
    page.keyboard.press("Shift+Tab")
    tooltip = page.locator(".jp-Tooltip")
    expect(tooltip).to_contain_text("Giá trị: 446.871")
    page.keyboard.press("Escape")

    _add_cell(page, "report.find('can cuoc')")
    page.keyboard.press("Control+Enter")
    found = _cells(page).last.locator("table")
    expect(found).to_contain_text("Số thẻ CCCD gắn chip điện tử đã cấp")
    expect(found).to_contain_text("cccd.da_cap")
    _add_cell(page, "report.chart")
    page.keyboard.press("Shift+Tab")
    expect(tooltip).to_contain_text("Đưa biểu đồ vào báo cáo")


@in_lab
def test_a_fault_in_prose_names_its_line(lab: Lab, page: Page) -> None:
    sources = lab.sources()
    narrative = _narrative(sources)
    expect(_cells(page)).to_have_count(len(sources))
    _append(page, _cells(page).nth(narrative), "\nTổng số {{ xac_thuc.so_nguoii }} người.")
    _run_all(page)
    fault = _cells(page).nth(narrative).locator(".jp-OutputArea-output[data-mime-type*='stderr']")
    line = sources[narrative].count("\n") + 2
    expect(fault).to_contain_text(f"dòng {line}: không có mã “xac_thuc.so_nguoii”")
    expect(fault).to_contain_text("Tổng số {{ xac_thuc.so_nguoii }} người.")
    expect(fault).to_contain_text("mã gần nhất: xac_thuc.so_nguoi")
    assert not any(word in fault.inner_text() for word in ("Traceback", "jinja2", ".py", "narrate("))


def test_run_all_works_in_every_notebook() -> None:
    """In a kernel each, in the notebook's folder, with the month in the environment and no parameter put in."""
    paths = sorted((ROOT / "notebooks").rglob("*.ipynb"))
    paths = [path for path in paths if ".ipynb_checkpoints" not in path.parts]
    environment = {ROOT_VARIABLE: str(ROOT), PERIOD_VARIABLE: "2024-04"}
    with Kernels(environment) as kernels, ThreadPoolExecutor(2) as pool:
        assert kernels.warm()
        assert DATASET_VARIABLE not in kernels.environment
        kinds = dict(zip(paths, pool.map(lambda path: _kinds(path, kernels), paths), strict=True))
    assert len(kinds) > 15
    assert [path for path, found in kinds.items() if not found & {"narrative", "table", "chart"}] == []


def _kinds(path: Path, kernels: Kernels) -> set[str]:
    """What kinds of output a notebook's cells show; one that fails is an error."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, km=kernels.manager("lab"), resources={"metadata": {"path": str(path.parent)}})
    asyncio.run(client.async_execute(env=dict(kernels.environment), cleanup_kc=True))
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return {output["metadata"][KEY]["kind"] for output in outputs}


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
