"""Take all pictures of the guide: `python docs/huong-dan/chup_anh.py`.

Needs Chromium, LibreOffice and pdftoppm beside the environments for tests and for JupyterLab; works on a copy of the
project, with the servers and the browser that the tests use. No picture shows a path of the machine.
"""

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, Page

ROOT = Path(__file__).resolve().parents[2]
PICTURES = Path(__file__).with_name("anh")
LARGEST = 150_000
WIDE, HIGH = 1280, 800
SECTION = "27"
SECONDS = 1000.0

sys.path.insert(0, str(ROOT / "tests"))
from conftest import APRIL, chromium, copy_project, make_report  # noqa: E402
from desks import PATIENCE, STOPPED, await_kernel, desk  # noqa: E402


def main() -> None:
    """All pictures, each made anew."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as work, chromium() as browser:
        folder = Path(work)
        project = copy_project(folder / "du-an")
        _form(project.submissions(APRIL) / "08-mot-cua.xlsx", folder)
        page = _opened(browser, make_report(project).html.as_uri(), 1100, 760)
        _save(page.screenshot(), "trang-bao-cao.png")
        with desk(project.root, ["preview", "2024-04"], folder / "xem-truoc") as server:
            page = _opened(browser, server.address)
            page.get_by_text("Cập nhật lúc").wait_for()
            _save(page.screenshot(), "xem-truoc.png")
            assert server.interrupt() == STOPPED
        with desk(project.root, ["edit", "2024-04", SECTION], folder / "lab") as server:
            page = _opened(browser, server.address)
            _lab(page)
            _tagged(page)
            assert server.interrupt() == STOPPED


def _form(form: Path, folder: Path) -> None:
    """The first sheet of a form as a spreadsheet program prints it."""
    profile = f"-env:UserInstallation={(folder / 'soffice').as_uri()}"
    subprocess.run(["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", folder, form], check=True)
    pdf = folder / f"{form.stem}.pdf"
    subprocess.run(["pdftoppm", "-r", "100", "-f", "1", "-l", "1", "-png", "-singlefile", pdf, pdf], check=True)
    printed = Image.open(pdf.with_name(f"{pdf.name}.png"))
    shown = io.BytesIO()
    printed.crop((40, 90, printed.width - 40, 410)).save(shown, "PNG")
    _save(shown.getvalue(), "bieu.png")


def _opened(browser: Browser, address: str, width: int = WIDE, height: int = HIGH) -> Page:
    page = browser.new_page(viewport={"width": width, "height": height}, locale="vi-VN")
    page.set_default_timeout(PATIENCE * SECONDS)
    page.goto(address)
    return page


def _lab(page: Page) -> None:
    """A section in JupyterLab as it is run, written and searched, and in the dark."""
    cells = page.locator(".jp-CodeCell")
    await_kernel(page)
    page.locator(".lm-MenuBar-itemLabel").get_by_text("Chạy", exact=True).click()
    page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()
    chart = page.locator(".jp-OutputArea-output figure img")
    chart.wait_for(state="attached")
    page.set_viewport_size({"width": WIDE, "height": 1150})
    _show(page, cells.filter(has_text="7.7.").locator("h3"), "lab-chay-tat-ca.png", lines=-14)
    page.set_viewport_size({"width": WIDE, "height": HIGH})

    narrative = cells.filter(has_text="7.1.").first
    narrative.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.press("Enter")
    page.keyboard.insert_text("- Đã xác thực {{ xac_thuc.")
    page.keyboard.press("Tab")
    page.locator(".jp-Completer-docpanel").get_by_text("Chỉ tiêu").wait_for()
    _save(page.screenshot(), "lab-goi-y.png")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    page.locator(".jp-Tooltip").wait_for()
    _save(page.screenshot(), "lab-tro-giup.png")
    page.keyboard.press("Escape")
    page.keyboard.insert_text("i }} người.")
    page.keyboard.press("Control+Enter")
    fault = narrative.locator(".jp-OutputArea-output[data-mime-type*='stderr']")
    fault.wait_for()
    _show(page, fault, "lab-loi-o-dong.png", lines=-500)

    cells.nth(1).locator(".cm-content").click()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    page.keyboard.insert_text('report.find("căn cước")')
    page.keyboard.press("Control+Enter")
    found = cells.nth(2).locator("table")
    found.wait_for()
    _show(page, found, "lab-tim.png", lines=-250)
    page.keyboard.press("d")
    page.keyboard.press("d")

    page.locator(".lm-MenuBar-itemLabel").get_by_text("Cài đặt", exact=True).click()
    page.locator(".lm-Menu-item").get_by_text("Chủ đề giao diện").hover()
    page.locator(".lm-Menu-item").get_by_text("JupyterLab Tối", exact=True).click()
    page.locator('body[data-jp-theme-light="false"]').wait_for(state="attached")
    _show(page, chart, "lab-nen-toi.png", lines=-330)


def _tagged(page: Page) -> None:
    """A new notebook, its first cell with the tag of parameters."""
    page.locator(".lm-Menu-item").get_by_text("JupyterLab Tối", exact=True).wait_for(state="detached")
    page.locator(".lm-MenuBar-itemLabel").get_by_text("Cài đặt", exact=True).click()
    page.locator(".lm-Menu-item").get_by_text("Chủ đề giao diện").hover()
    page.locator(".lm-Menu-item").get_by_text("JupyterLab Sáng", exact=True).click()
    page.keyboard.press("Control+Shift+l")
    page.locator(".jp-LauncherCard", has_text="Python 3 (ipykernel)").first.click()
    page.locator(".lm-TabBar-tab.lm-mod-current", has_text="Untitled").wait_for()
    await_kernel(page)
    page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .cm-content").click()
    page.keyboard.insert_text('period = ""')
    page.locator('[data-id="jp-property-inspector"]').click()
    page.get_by_text("Common Tools").click()
    page.locator(".jp-CellTags-Add").click()
    page.keyboard.insert_text("parameters")
    page.keyboard.press("Enter")
    page.wait_for_timeout(SECONDS)
    _save(page.screenshot(clip={"x": 280, "y": 0, "width": WIDE - 280, "height": 480}), "lab-nhan-o.png")


def _show(page: Page, what: Locator, name: str, lines: int) -> None:
    """The window with `what` so many pixels below its top."""
    what.evaluate(
        "(element, lines) => { const box = element.closest('.jp-WindowedPanel-outer');"
        " box.scrollTop += element.getBoundingClientRect().top - box.getBoundingClientRect().top + lines; }",
        lines,
    )
    page.mouse.move(0, 0)
    page.wait_for_timeout(1000)
    _save(page.screenshot(), name)


def _save(png: bytes, name: str) -> None:
    """Few colours are enough, and keep the repository small."""
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(64)
    path = PICTURES / name
    picture.save(path, optimize=True)
    assert path.stat().st_size < LARGEST, f"{name}: {path.stat().st_size}"


if __name__ == "__main__":
    main()
