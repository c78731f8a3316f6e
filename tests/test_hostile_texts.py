"""Hostile texts in the cells of a department's workbook, from the file to each output: they show up as they are."""

import csv
import re
import unicodedata
from pathlib import Path

import nbformat
import openpyxl
import pytest
from pypdf import PdfReader

import ooxml
import seen
from baocao.figure import Text
from baocao.findings_xlsx import checked_workbooks
from baocao.month import read_month
from baocao.project import Project
from baocao.render import FORMATS, Quarto, render
from baocao.render.quarto import require_quarto
from baocao.vi import clean_text
from baocao.workbook import Value, write_workbook
from conftest import APRIL, ROOT, chromium, copy_project, in_browser, make_report
from hostile import HOSTILE
from workbooks import OFFICE, april, april_forms, convert, needs_calc, news, read

LONG = "<b>" + "rất dài " * 3_749
LONG_CODE = "tthc.niem_yet"
NOTES = ("tthc.phan_anh", "tthc.cap_nhat", "tthc.linh_vuc", "nguon_luc.kinh_phi", "can_bo.tinh_hinh")
PLANS = "phuong_huong"
# LibreOffice's own words for: all sheets, comma, quotation marks, UTF-8, texts as they are.
CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"

# The files are made once for the module, so its tests stay with one worker.
pytestmark = pytest.mark.xdist_group("hostile")

_CELLS = (
    'period = "2024-04"',
    "from baocao.notebook import charts, open_report\nreport = open_report(period)",
    # Within a sentence, at the beginning of a line, a paragraph, a list item, in emphasis, joined.
    """%%narrative
# IV. PHƯƠNG HƯỚNG

ĐL {{ tthc.niem_yet }} CL

{% for x in entries("phuong_huong") %}
ĐA{{ loop.index }}đ {{ x.noi_dung }} ĐB{{ loop.index }}đ
{{ x.noi_dung }} ĐC{{ loop.index }}đ

{{ x.noi_dung }}

ĐD{{ loop.index }}đ

- {{ x.noi_dung }}

ĐE{{ loop.index }}đ **{{ x.noi_dung }}** ĐF{{ loop.index }}đ
{{ [x.noi_dung, x.noi_dung] | join("; ") }} ĐG{{ loop.index }}đ

{% endfor %}
""",
    """table = report.table("phuong_huong")
table = table.assign(ghep=report.column("phuong_huong", "HB{{ dong.noi_dung }}HC"), dau="HA", cuoi="HD")
columns = {"dau": "a", "noi_dung": "Nội dung", "ghep": "Ghép", "cuoi": "b"}
texts = [" ".join(str(text).split()) for text in table["noi_dung"]]
whole = "".join(texts)
report.show(table, columns, name="<b>$x$", caption="BA: {{ whole }} BB")""",
    """number = report.figure("cccd.da_cap")
axes = charts.bars({text: number for text in texts[:20]}, unit=texts[0])
report.chart(axes, name="`{{a", caption="CA: {{ whole }} CB", alt="DA: {{ whole }} DB")""",
)


def squeeze(text: str) -> str:
    """`text` without white space, which lines and columns of a page change."""
    return re.sub(r"\s", "", unicodedata.normalize("NFC", text))


def as_read(text: str) -> str:
    return squeeze(clean_text(text))


def hostile_values() -> dict[str, Value]:
    """April's values of the office, with the texts as next month's plans and as notes."""
    form = next(form for form in april_forms() if form.file == OFFICE)
    starts = tuple(f"{block.block}." for block in form.blocks if block.block != PLANS)
    values: dict[str, Value] = {code: datum.value for code, datum in april().data.items() if code.startswith(starts)}  # type: ignore[misc]
    values |= {f"{PLANS}.r{row}.noi_dung": text for row, text in enumerate(HOSTILE, start=1)}
    values |= {LONG_CODE: LONG, **dict(zip(NOTES, ("=1+1", "+1+1", "-2+3", "@SUM(1)", "_x000D_"), strict=True))}
    return values


def hostile_project(root: Path) -> Project:
    """April's project with those values, and one section that prints them in every way."""
    project = copy_project(root)
    form = next(form for form in april_forms() if form.file == OFFICE)
    write_workbook(form, APRIL, project.submissions(APRIL) / OFFICE, hostile_values())
    for path in (project.root / "notebooks").rglob("*.ipynb"):
        path.unlink()
    cells = [nbformat.v4.new_code_cell(source, id=f"o-{number}") for number, source in enumerate(_CELLS)]  # type: ignore[no-untyped-call]
    cells[0].metadata["tags"] = ["parameters"]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)  # type: ignore[no-untyped-call]
    nbformat.write(notebook, project.root / "notebooks" / "2024-04" / "40-phuong-huong.ipynb")  # type: ignore[no-untyped-call]
    return project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return hostile_project(tmp_path_factory.mktemp("hostile") / "project")


@pytest.fixture(scope="module", params=["pandoc", pytest.param("quarto", marks=pytest.mark.quarto)])
def made(request: pytest.FixtureRequest, project: Project, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files of the report of these texts."""
    build = project.outputs / str(APRIL) / "build"
    if not build.is_dir():
        make_report(project)
    if request.param == "pandoc":
        return {name: build.parent / f"bao-cao-{APRIL}.{name}" for name in FORMATS}
    target, renderer = tmp_path_factory.mktemp("quarto") / "made", Quarto(require_quarto())
    return render(build, ROOT / "_quarto.yml", target, "bao-cao", FORMATS, renderer=renderer)


def missing(shown: str) -> list[str]:
    """What is not to be read in the text of a report as it stands in the cells."""
    shown = squeeze(shown).replace("\u2011", "-")
    dash = "-?"  # the page draws the marks of its lists
    lacking = [] if f"ĐL{as_read(LONG)}CL" in shown else [LONG]
    for number, text in enumerate(HOSTILE, start=1):
        typed = re.escape(as_read(text))
        prose = f"ĐA{number}đ{typed}ĐB{number}đ{typed}ĐC{number}đ{typed}ĐD{number}đ{dash}{typed}ĐE{number}đ"
        after = f"ĐE{number}đ{typed}ĐF{number}đ{typed};{typed}ĐG{number}đ"
        cells = f"HA{typed}HB{typed}HCHD"
        lacking += [text for pattern in (prose, after, cells) if not re.search(pattern, shown)]
    whole = "".join(map(as_read, HOSTILE))
    lacking += [name for name in ("BA:{}BB", "CA:{}CB") if name.format(whole) not in shown]
    return lacking


def alternative() -> str:
    return f"DA:{''.join(map(as_read, HOSTILE))}DB"


def test_texts_are_read_as_they_were_typed(project: Project) -> None:
    intake = read(project.submissions(APRIL))
    for row, text in enumerate(HOSTILE, start=1):
        datum = intake.data[f"{PLANS}.r{row}.noi_dung"]
        assert isinstance(datum, Text)
        assert datum.value == clean_text(text)
    assert news(intake) == []


def test_word(made: dict[str, Path]) -> None:
    assert missing(seen.docx_text(made["docx"])) == []
    assert ooxml.faults(made["docx"]) == []
    (picture,) = seen.docx(made["docx"])["pictures"]  # type: ignore[misc]
    assert squeeze(str(picture[0])) == alternative()


def test_pdf(made: dict[str, Path]) -> None:
    reader = PdfReader(made["pdf"])
    pages = [page.extract_text() for page in reader.pages]
    # From the second page on the first line is the number.
    assert missing("".join(text.removeprefix(str(number)) for number, text in enumerate(pages, start=1))) == []
    assert not [note for page in reader.pages for note in page.get("/Annots", []) if "/URI" in str(note.get_object())]
    assert {squeeze(text) for text in seen.pdf(made["pdf"])["alternatives"]} >= {alternative()}  # type: ignore[attr-defined]


@in_browser
def test_page(made: dict[str, Path]) -> None:
    told: list[str] = []
    with chromium() as browser:
        page = browser.new_page()
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("dialog", lambda dialog: told.append(dialog.message))
        page.on("request", lambda request: told.append(request.url))
        page.goto(made["html"].as_uri())
        text = page.evaluate("document.body.innerText")
        images = page.eval_on_selector_all("img", "all => all.map(one => one.alt)")
        links = page.eval_on_selector_all("a", "all => all.map(one => one.getAttribute('href'))")
        inside = page.eval_on_selector_all("main *", "all => all.map(one => one.localName)")
        handlers = page.evaluate("[...document.querySelectorAll('*')].filter(e => e.hasAttribute('onerror')).length")
        page.keyboard.press("/")
        page.locator("#o-tim").fill("<script>alert(1)</script>")
        page.keyboard.press("Enter")
        found = page.inner_text("#so-ket-qua")
    assert [each for each in told if not each.startswith("data:")] == [made["html"].as_uri()]
    assert missing(text) == []
    assert {squeeze(alt) for alt in images} == {alternative()}
    assert {link for link in links if not link.startswith("#")} == set()
    assert {"script", "style", "iframe", "math", "form"} & set(inside) == set()
    assert handlers == 0
    assert re.search(r"[1-9]", found)


def texts_of(path: Path) -> list[str]:
    """The texts of all cells of a workbook, as spreadsheets show them; none of its cells is a formula."""
    cells = [cell for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row]
    assert [
        cell.coordinate for cell in cells if cell.data_type == "f" or (cell.hyperlink and cell.hyperlink.target)
    ] == []
    signs = [cell for cell in cells if cell.data_type == "s" and str(cell.value).startswith(("=", "+", "-", "@"))]
    assert [cell.value for cell in signs if not cell.quotePrefix] == []
    return [str(cell.value) for cell in cells if cell.data_type == "s"]


def csv_texts(path: Path, folder: Path) -> set[str]:
    """What LibreOffice shows in the cells."""
    convert([path], CSV, folder / path.stem, folder / "profile")
    found: set[str] = set()
    for file in (folder / path.stem).glob("*.csv"):
        with file.open(encoding="utf-8-sig", newline="") as stream:
            found |= {squeeze(cell) for row in csv.reader(stream) for cell in row}
    return found


@needs_calc
def test_blank_form_with_last_month_s_texts(tmp_path: Path) -> None:
    form = next(form for form in april_forms() if form.file == OFFICE)
    values = hostile_values()
    path = tmp_path / OFFICE
    plans = {code: value for code, value in values.items() if code.startswith(PLANS)}
    write_workbook(form, APRIL.shift(1), path, plans, previous=values)
    texts_of(path)
    shown = csv_texts(path, tmp_path)
    assert [text for text in HOSTILE if squeeze(text) not in shown] == []
    assert {"=1+1", "+1+1", "-2+3", "@SUM(1)", "_x000D_"} <= shown


@needs_calc
def test_findings_to_send_back(project: Project, tmp_path: Path) -> None:
    files = checked_workbooks(project, read_month(project, APRIL))
    office = next(name for name in files if name.startswith("van-phong"))
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    texts_of(tmp_path / office)
    shown = csv_texts(tmp_path / office, tmp_path)
    assert [text for text in HOSTILE if squeeze(text) not in shown] == []
