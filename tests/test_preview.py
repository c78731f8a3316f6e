"""`baocao preview` as a person meets it: the real command on a copy of the project, watched in Chromium."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FrameLocator, Page, expect
from pypdf import PdfReader

from baocao.errors import Problem, Severity
from baocao.finding import Finding
from baocao.preview.panel import panel
from baocao.preview.session import View
from baocao.project import Project
from conftest import copy_project, in_browser

ENTRY = [sys.executable, "-c", "from baocao.cli import main; raise SystemExit(main())", "preview", "2024-04"]
TABLE_FILTER = "src/baocao/theme/filters/bang.lua"
KEPT = ("20", "24", "26", "40")
PATIENCE = 60.0
PHONE, DESK = 320, 1440

pytestmark = pytest.mark.xdist_group("preview")


@dataclass
class Running:
    """A preview that runs, and the project that it shows."""

    process: "subprocess.Popen[str]"
    address: str
    project: Project
    temporary: Path

    def get(self, path: str, host: str | None = None) -> tuple[int, dict[str, str], bytes]:
        port = int(self.address.rstrip("/").rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("GET", path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def told(self) -> dict[str, Any]:
        """What an open page is told now."""
        port = int(self.address.rstrip("/").rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("GET", "/tin")
        line = connection.getresponse().readline().decode()
        connection.close()
        content: dict[str, Any] = json.loads(line.removeprefix("data: "))
        return content

    def settled(self, condition: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """What is told once nothing is being done and `condition` holds."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            told = self.told()
            if not told["busy"] and condition(told):
                return told
            time.sleep(0.05)
        raise AssertionError(f"still: {told['state']} {told['problems']}")

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


def start(folder: Path) -> Running:
    """A preview of some sections: few, so that the first page is soon there."""
    project = copy_project(folder / "project")
    for path in (project.root / "notebooks").rglob("*.ipynb"):
        if not path.name.startswith(KEPT):
            path.unlink()
    temporary = folder / "tmp"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary), "BAOCAO_ROOT": str(project.root), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [*ENTRY, "--no-browser"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+/", line)
    if found is None:
        process.kill()
        raise AssertionError(process.communicate())
    return Running(process, found[0], project, temporary)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(tmp_path_factory.mktemp("preview"))
    try:
        running.settled(lambda told: told["page"] > 0)
        yield running
        assert running.stop() == 130
        assert running.process.stderr is not None
        assert running.process.stderr.read() == "Nhấn Ctrl-C để dừng.\nĐã dừng.\n"
        assert list(running.temporary.iterdir()) == [], "something was left behind"
        assert not running.project.outputs.exists(), "a preview writes nothing into the project"
    finally:
        running.process.kill()


@pytest.fixture
def edited(running: Running) -> Iterator[Running]:
    """Whatever a test changes in the project is put back, and the page made anew of it."""
    root = running.project.root
    files = [path for name in ("notebooks", "params", "data") for path in (root / name).rglob("*") if path.is_file()]
    files += [root / "_quarto.yml", root / TABLE_FILTER]
    before = {path: path.read_bytes() for path in files}
    yield running
    page = running.settled()["page"]
    changed = [path for path, content in before.items() if path.read_bytes() != content]
    for path in changed:
        path.write_bytes(before[path])
    if changed:
        running.settled(lambda told: told["page"] > page and not told["old"])


@pytest.fixture
def page(running: Running, browser: Browser) -> Iterator[Page]:
    """The page in a wide window, with the report in it; it reports no error and no breach of its policy."""
    said: list[str] = []
    page = opened(running, browser, said=said)
    yield page
    page.context.close()
    assert said == []


def opened(running: Running, browser: Browser, width: int = DESK, scheme: Any = "light", said: Any = None) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    context.set_default_timeout(PATIENCE * 1000)
    expect.set_options(timeout=PATIENCE * 1000)
    page = context.new_page()
    if said is not None:
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(running.address)
    expect(page.locator("#trang-thai")).to_have_text(re.compile(r"Cập nhật lúc \d\d:\d\d:\d\d\."))
    return page


def report(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title='Báo cáo']:not(.sau)")


def notebook(project: Project, number: int) -> Path:
    return next(path for path in sorted((project.root / "notebooks").rglob(f"{number}-*.ipynb"), reverse=True))


def rewrite(path: Path, old: str, new: str) -> float:
    """Save a file as an editor does; the time of it."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    beside = path.with_name(f".~{path.name}")
    beside.write_text(text.replace(old, new), encoding="utf-8")
    saved = time.monotonic()
    beside.replace(path)
    return saved


def took(what: str, saved: float) -> None:
    print(f"\n{what}: on the page {time.monotonic() - saved:.2f} s after saving")


@in_browser
def test_the_report_with_the_findings_beside_it(running: Running, page: Page) -> None:
    expect(report(page).locator("h1").first).to_contain_text("BÁO CÁO")
    expect(report(page).locator("body")).to_contain_text("Nhóm phục vụ phát triển công dân số")
    told = running.told()
    assert [item["name"] for item in told["departments"]][-1] == "Chung"
    expect(page.locator("#phat-hien summary b")).to_have_text([item["name"] for item in told["departments"]])
    expect(page.locator("#so-phat-hien")).to_have_text(told["findings"])
    number = sum(len(item["findings"]) for item in told["departments"])
    assert number > 5
    expect(page.locator("#phat-hien li")).to_have_count(number)
    expect(page.locator("#van-de")).to_be_hidden()


@in_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_accessible_from_phone_to_desk(running: Running, browser: Browser, width: int, scheme: str) -> None:
    page = opened(running, browser, width, scheme)
    page.locator("#phat-hien details").evaluate_all("all => all.forEach(each => { each.open = true; })")
    found = Axe().run(page, options={"iframes": False})
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


@in_browser
def test_keyboard_reaches_the_pdf_and_the_findings(running: Running, page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "pdf"
    page.locator("#phat-hien summary").first.focus()
    was = page.locator("#phat-hien details").first.evaluate("each => each.open")
    page.keyboard.press("Enter")
    assert page.locator("#phat-hien details").first.evaluate("each => each.open") is not was


@in_browser
def test_a_saved_sentence_is_shown_where_one_was_reading(edited: Running, page: Page) -> None:
    expect(report(page).locator("body")).to_contain_text("Nhóm phục vụ")
    page.frames[1].evaluate("window.scrollTo({top: 700, behavior: 'instant'})")
    saved = rewrite(notebook(edited.project, 24), "Các cơ quan chuyên môn", "Câu mới của người phân tích: các cơ quan")
    expect(report(page).locator("body")).to_contain_text("Câu mới của người phân tích")
    took("a sentence", saved)
    told = edited.settled()
    assert told["reruns"] == [{"section": "Mục II.4", "why": "sổ tay được lưu"}]
    expect(page.locator("#chay-lai li")).to_have_text(["Mục II.4: sổ tay được lưu"])
    expect(page.locator("iframe")).to_have_count(1)
    assert abs(page.frames[1].evaluate("window.scrollY") - 700) <= 2


@in_browser
def test_a_saved_workbook_runs_who_reads_it(edited: Running, page: Page) -> None:
    path = edited.project.root / "data" / "2024-04" / "01-cong-an.xlsx"
    book = openpyxl.load_workbook(path)
    cell = book["CCCD, định danh"]["D8"]
    assert isinstance(cell.value, int)
    shown = f"{cell.value + 1:,}".replace(",", ".")
    cell.value += 1
    expect(report(page).locator("body")).not_to_contain_text(shown)
    saved = time.monotonic()
    book.save(path)
    expect(report(page).locator("body")).to_contain_text(shown)
    took("a number in a workbook", saved)
    assert [item["section"] for item in edited.settled()["reruns"]] == ["Mục II.6"]


@in_browser
def test_a_saved_signer_runs_no_section(edited: Running, page: Page) -> None:
    path = edited.project.root / "params" / "2024-04.yml"
    saved = rewrite(path, "issued: null", "issued: null\nsigner: {post: TỔ TRƯỞNG, name: Trần Thị Xem Trước}")
    expect(report(page).locator("body")).to_contain_text("Trần Thị Xem Trước")
    took("the signer", saved)
    assert edited.settled()["reruns"] == []


@in_browser
def test_a_broken_notebook_leaves_the_page_marked_as_old(edited: Running, page: Page) -> None:
    path = notebook(edited.project, 24)
    good = path.read_text(encoding="utf-8")
    shown = edited.told()["page"]
    saved = rewrite(path, "{{ chung_thu_so.da_cap }}", "{{ chung_thu_so.da_cat }}")
    expect(page.locator("html")).to_have_class(re.compile(r"\bcu\b"))
    expect(page.locator("#trang-thai")).to_contain_text("Bản cũ, làm lúc")
    took("a fault", saved)
    expect(page.locator("#van-de li")).to_have_count(1)
    problem = page.locator("#van-de li").inner_text()
    assert "không có mã “chung_thu_so.da_cat”" in problem
    assert re.search(r"Tại: notebooks/24-dich-vu-cong\.ipynb › ô \d+ › dòng \d+", problem)
    assert "Cần có: mã gần nhất: chung_thu_so.da_cap" in problem
    assert "rồi lưu lại" in problem
    expect(page.locator("#pdf")).to_have_text("PDF (bản cũ)")
    expect(report(page).locator("body")).to_contain_text("chứng thư số cá nhân")
    told = edited.settled()
    assert (told["page"], told["old"]) == (shown, True)
    found = Axe().run(page, options={"iframes": False})
    assert found.violations_count == 0, found.generate_report()
    saved = rewrite(path, path.read_text(encoding="utf-8"), good)
    expect(page.locator("#trang-thai")).to_contain_text("Cập nhật lúc")
    took("the mend", saved)
    expect(page.locator("html")).not_to_have_class(re.compile(r"\bcu\b"))
    expect(page.locator("#van-de")).to_be_hidden()


def test_broken_parameters_and_a_wrong_workbook(edited: Running) -> None:
    params = edited.project.root / "params" / "2024-04.yml"
    good = params.read_text(encoding="utf-8")
    rewrite(params, "period: 2024-04", "period: [")
    told = edited.settled(lambda told: told["old"])
    assert told["problems"][0]["where"].startswith("params/2024-04.yml")
    assert told["findings"].endswith("của lần đọc trước")
    rewrite(params, params.read_text(encoding="utf-8"), good)
    assert edited.settled(lambda told: not told["old"])["problems"] == []
    workbook = edited.project.root / "data" / "2024-04" / "01-cong-an.xlsx"
    content = workbook.read_bytes()
    workbook.write_bytes(b"not a workbook")
    told = edited.settled(lambda told: told["old"])
    assert "01-cong-an.xlsx" in {item["where"] for item in told["problems"]}
    assert "lỗi" in told["findings"]
    workbook.write_bytes(content)
    assert edited.settled(lambda told: not told["old"])["problems"] == []


def test_a_workbook_that_is_open_changes_the_findings_and_not_the_page(edited: Running) -> None:
    before = edited.told()
    lock = edited.project.root / "data" / "2024-04" / "~$01-cong-an.xlsx"
    lock.write_bytes(b"")
    told = edited.settled(lambda told: told["findings"] != before["findings"])
    assert "dang_mo › ~$01-cong-an.xlsx" in {item["id"] for each in told["departments"] for item in each["findings"]}
    assert told["page"] == before["page"]
    lock.unlink()
    told = edited.settled(lambda told: told["findings"] == before["findings"])
    assert told["page"] == before["page"]


def test_a_change_of_look_is_not_lost_while_something_is_broken(edited: Running) -> None:
    path = notebook(edited.project, 20)
    rewrite(path, "# II. KẾT QUẢ", "# III. KẾT QUẢ")
    edited.settled(lambda told: told["old"])
    rewrite(edited.project.root / "_quarto.yml", "toc-title: Mục lục", "toc-title: Các mục của báo cáo")
    edited.settled(lambda told: told["old"] and told["busy"] is False)
    time.sleep(0.5)
    rewrite(path, "# III. KẾT QUẢ", "# II. KẾT QUẢ")
    told = edited.settled(lambda told: not told["old"])
    assert "Các mục của báo cáo" in edited.get(f"/bao-cao/{told['page']}")[2].decode()


def test_no_pictures_are_made_for_word(running: Running) -> None:
    made = list(running.temporary.rglob("images/*"))
    assert len(made) >= 4, "charts of sections 24 and 26"
    assert {path.suffix for path in made} == {".svg"}


def test_what_the_renderer_said_can_be_read(edited: Running) -> None:
    path = edited.project.root / TABLE_FILTER
    text = path.read_text(encoding="utf-8")
    rewrite(path, text, f"error('bo loc hong')\n{text}")
    told = edited.settled(lambda told: told["old"])
    log = Path(told["problems"][0]["where"])
    assert log.is_relative_to(edited.temporary)
    assert "bo loc hong" in log.read_text(encoding="utf-8")


def test_a_cell_without_end_is_ended_by_its_mend(edited: Running) -> None:
    path = notebook(edited.project, 20)
    good = path.read_text(encoding="utf-8")
    content = json.loads(good)
    content["cells"][-1]["source"] = ["while True:\n", "    pass"]
    rewrite(path, good, json.dumps(content))
    until = time.monotonic() + PATIENCE
    while not edited.told()["busy"]:
        assert time.monotonic() < until
    time.sleep(1.5)
    rewrite(path, path.read_text(encoding="utf-8"), good)
    told = edited.settled(lambda told: told["reruns"] == [{"section": "Mục II", "why": "sổ tay được lưu"}])
    assert not told["old"]


def test_a_notebook_of_the_month_takes_over(edited: Running) -> None:
    shared = notebook(edited.project, 26)
    own = shared.parent / "2024-04" / shared.name
    content = shared.read_text(encoding="utf-8").replace('period = \\"\\"', 'period = \\"2024-04\\"')
    own.write_text(content, encoding="utf-8")
    why = "sổ tay riêng của kỳ được thêm hoặc bỏ"
    expected = [{"section": "Mục II.6", "why": why}]
    page = edited.settled(lambda told: told["reruns"] == expected)["page"]
    own.unlink()
    assert edited.settled(lambda told: told["page"] > page)["reruns"] == expected


def test_the_pdf_is_made_of_the_page_on_show(edited: Running) -> None:
    rewrite(notebook(edited.project, 24), "Các cơ quan chuyên môn", "Câu chỉ có trong bản in: các cơ quan")
    edited.settled(lambda told: told["reruns"] == [{"section": "Mục II.4", "why": "sổ tay được lưu"}])
    status, headers, data = edited.get("/bao-cao-2024-04.pdf")
    assert (status, headers["content-type"]) == (200, "application/pdf")
    path = edited.temporary.parent / "in.pdf"
    path.write_bytes(data)
    assert "Câu chỉ có trong bản in" in re.sub(
        r"\s+", " ", "".join(page.extract_text() for page in PdfReader(path).pages)
    )
    assert edited.get("/bao-cao-2024-04.pdf")[2] == data


def test_only_this_machine_under_its_own_name(running: Running) -> None:
    port = running.address.rstrip("/").rpartition(":")[2]
    for path in ("/", "/tin", "/bao-cao/1", "/bao-cao-2024-04.pdf", "/xem-truoc.js"):
        for host in ("bao-cao.example", f"bao-cao.example:{port}", f"127.0.0.1.example:{port}", "192.168.1.9"):
            status, _, body = running.get(path, host)
            assert (status, body.decode()) == (403, "Chỉ xem được trên chính máy này."), (path, host)
    assert running.get("/", f"localhost:{port}")[0] == 200
    listening = subprocess.run(["ss", "-ltnp"], capture_output=True, text=True, check=False).stdout
    if f"pid={running.process.pid}," in listening:
        own = [line.split()[3] for line in listening.splitlines() if f"pid={running.process.pid}," in line]
        assert f"127.0.0.1:{port}" in own
        assert all(address.startswith("127.0.0.1:") for address in own)


def test_headers_and_unknown_addresses(running: Running) -> None:
    _, headers, _ = running.get("/")
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers
    for path in ("/khong-co", "/xem-truoc.py", "/../session.py", "/bao-cao/x"):
        assert running.get(path)[0] == 404


@in_browser
def test_two_at_once_and_a_page_whose_server_has_gone(tmp_path: Path, running: Running, browser: Browser) -> None:
    other = start(tmp_path)
    try:
        page = opened(other, browser)
        assert other.address != running.address
        # A page that a browser still has from one of them must not pass for the other's.
        assert other.told()["page"] != running.told()["page"]
        assert other.stop() == 130
        expect(page.locator("#trang-thai")).to_contain_text("Mất liên lạc")
        expect(page.locator("html")).to_have_class(re.compile(r"\bcu\b"))
        page.context.close()
    finally:
        other.process.kill()
    assert running.told()["page"] > 0


def test_a_port_that_is_taken(running: Running) -> None:
    port = running.address.rstrip("/").rpartition(":")[2]
    environment = {**os.environ, "BAOCAO_ROOT": str(running.project.root)}
    done = subprocess.run([*ENTRY, "--port", port], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 2
    assert f"không mở được cổng {port}" in done.stderr
    done = subprocess.run([*ENTRY, "--port", "x"], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, "cổng “x” không hợp lệ" in done.stderr) == (2, True)


def test_what_is_told_without_a_page() -> None:
    finding = Finding("luat", "ma", Severity.LOI, Problem("sai", ("tệp.xlsx",), "đúng", "sửa"), "Công an")
    view = View(problems=(finding.problem,), findings=(finding,))
    told = panel(view, busy=False)
    assert (told["state"], told["pdf"], told["old"]) == ("Chưa có trang: 1 vấn đề.", "", True)
    assert told["departments"][0]["findings"][0]["severity"] == "lỗi"
    assert panel(View(), busy=True)["state"] == "Đang làm trang đầu tiên…"
