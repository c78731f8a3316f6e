"""Take the pictures of the guide: `python docs/huong-dan/chup_anh.py`, after `baocao run 2024-04`.

Needs Chromium, LibreOffice and pdftoppm beside the test environment; no picture shows a path of the machine.
"""

import io
import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PICTURES = Path(__file__).with_name("anh")
LARGEST = 150_000


def main() -> None:
    """All pictures, each made anew."""
    PICTURES.mkdir(exist_ok=True)
    _page()
    _form()


def _page() -> None:
    """The report's page, with the source of a figure below the pointer's place."""
    page_file = ROOT / "outputs" / "2024-04" / "bao-cao-2024-04.html"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 760})
        page.goto(page_file.as_uri())
        _save(page.screenshot(), "trang-bao-cao.png")
        browser.close()


def _form() -> None:
    """The first sheets of a form as a spreadsheet prints them."""
    with tempfile.TemporaryDirectory() as folder:
        form = ROOT / "data" / "2024-04" / "08-mot-cua.xlsx"
        subprocess.run(["soffice", "--headless", "--convert-to", "pdf", "--outdir", folder, form], check=True)
        pdf = Path(folder, "08-mot-cua.pdf")
        subprocess.run(["pdftoppm", "-r", "100", "-f", "1", "-l", "1", "-png", "-singlefile", pdf, pdf], check=True)
        printed = Image.open(pdf.with_name("08-mot-cua.pdf.png"))
        shown = io.BytesIO()
        printed.crop((40, 90, printed.width - 40, 410)).save(shown, "PNG")
        _save(shown.getvalue(), "bieu.png")


def _save(png: bytes, name: str) -> None:
    """Few colours are enough, and keep the repository small."""
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(64)
    path = PICTURES / name
    picture.save(path, optimize=True)
    assert path.stat().st_size < LARGEST, f"{name}: {path.stat().st_size}"


if __name__ == "__main__":
    main()
