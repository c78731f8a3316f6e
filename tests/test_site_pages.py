"""The pages of the site in Chromium, below an address of their own: phone and desk, light and dark, search."""

import functools
import http.server
import shutil
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from baocao.period import Period
from baocao.site import publish
from baocao.site.contents import read_contents
from conftest import MadeReport, in_browser
from sites import check_site, clock, empty_project, write_results

BELOW = "noi-bo/bao-cao/"
PAGES = ("", "2024-05/", "2024-04/lan-1/", "latest/", "nam/2024/", "tim-kiem/?q=can+cuoc", "2023-12/bao-cao.html")
PHONE, DESK = 320, 1440

pytestmark = [
    pytest.mark.xdist_group("site-pages"),
    in_browser,
]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site of five months, one of them in two revisions, below an address of its own."""
    folder = tmp_path_factory.mktemp("web")
    project = empty_project(folder / "project")
    site = folder / "trang"
    for period, value, words in (
        (Period(2023, 11), 350_000, "kho dữ liệu hộ tịch"),
        (Period(2023, 12), 352_000, "Luật Căn cước"),
        (Period(2024, 3), 360_000, "cấp thẻ căn cước, cấp tài khoản"),
        (Period(2024, 4), 375_671, "hồ sơ trực tuyến"),
        (Period(2024, 5), None, "mã định danh; cước vận chuyển ngoài căn hộ"),
    ):
        write_results(project, period, words=words, value=value, simulated=period.month == 5)
        publish(project, period, site, clock=lambda: clock("2024-05-20"))
    write_results(project, Period(2024, 4), "bản sửa", words="hồ sơ trực tuyến")
    publish(project, Period(2024, 4), site, clock=lambda: clock("2024-05-21"))
    place = folder / "www" / BELOW
    place.parent.mkdir(parents=True)
    shutil.copytree(site / "current", place)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def send_error(self, code: int, *_: object) -> None:
            content = (place / "404.html").read_bytes()
            self.send_response(code)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(content)

    handler = functools.partial(Handler, directory=str(folder / "www"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/{BELOW}"
    server.shutdown()


class Reader:
    """Opens pages, and hears what the browser says and asks for."""

    def __init__(self, browser: Browser, web: str) -> None:
        self.browser, self.web = browser, web
        self.said: list[str] = []
        self.requests: list[str] = []
        self.pages: list[Page] = []

    def open(self, path: str, width: int = DESK, scheme: str = "light", script: bool = True) -> Page:
        context = self.browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        context.set_default_timeout(8_000)
        page = context.new_page()
        self.pages.append(page)
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(path if "://" in path else self.web + path)
        return page


@pytest.fixture
def reader(browser: Browser, web: str) -> Iterator[Reader]:
    reader = Reader(browser, web)
    yield reader
    for page in reader.pages:
        page.context.close()
    assert reader.said == []
    outside = [url for url in reader.requests if not url.startswith((web, "data:", "file:"))]
    assert outside == []


def violations(page: Page) -> list[str]:
    return [
        f"{found['id']}: {found['nodes'][0]['html']}: {found['nodes'][0]['failureSummary']}"
        for found in Axe().run(page).response["violations"]
    ]


@pytest.mark.parametrize("path", [*PAGES, "404.html"])
def test_axe_finds_nothing_and_nothing_reaches_over_the_edge(reader: Reader, path: str) -> None:
    for width in (PHONE, DESK):
        for scheme in ("light", "dark"):
            page = reader.open(path, width, scheme)
            if "tim-kiem" in path:
                page.wait_for_selector("#ket-qua li")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert violations(page) == []
            page.context.close()


@pytest.mark.parametrize("path", ["", "2024-04/lan-1/", "tim-kiem/"])
def test_letters_twice_as_large(reader: Reader, path: str) -> None:
    page = reader.open(path, 640)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 640


def test_letters_and_colours_are_those_of_the_report(reader: Reader) -> None:
    page = reader.open("", scheme="dark")
    page.evaluate("document.fonts.ready")
    assert page.evaluate("[...document.fonts].some(font => font.family === 'Tinos' && font.status === 'loaded')")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(18, 20, 23)"
    page.click("#doi-nen")
    assert page.inner_text("#ten-nen") == "Nền: sáng"
    assert page.evaluate(ground) == "rgb(241, 241, 237)"
    page.click(".dieu-huong >> text=Mới nhất")
    page.wait_for_url("**/latest/**")
    page.wait_for_load_state()
    assert page.evaluate(ground) == "rgb(241, 241, 237)", "the choice holds on the next page"


def test_simulated_figures_are_marked_as_in_the_report(reader: Reader) -> None:
    for path in ("", "2024-05/", "nam/2024/"):
        page = reader.open(path, width=PHONE)
        mark = page.get_by_text("DỮ LIỆU MÔ PHỎNG", exact=True)
        assert mark.evaluate("e => getComputedStyle(e).position") == "fixed", path
        assert mark.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(138, 28, 28)", path
        # It covers nothing at the end of the page.
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        last = page.locator(".phien").bounding_box()
        above = mark.bounding_box()
        assert last and above
        assert last["y"] + last["height"] <= above["y"], path


def test_the_policy_is_in_force(reader: Reader) -> None:
    page = reader.open("")
    page.evaluate("document.body.append(Object.assign(document.createElement('style'), {textContent: 'p{color:red}'}))")
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.x=1'}))")
    page.evaluate("fetch('https://example.org/').catch(() => 0)")
    page.wait_for_timeout(100)
    blocked = [text for text in reader.said if "Content Security Policy" in text]
    assert {word for word in ("style-src", "script-src", "connect-src") for text in blocked if word in text} == {
        "style-src",
        "script-src",
        "connect-src",
    }
    reader.said.clear()
    assert all(url.startswith(reader.web) for url in reader.requests)


@pytest.mark.parametrize("words", ["căn cước", "can cuoc", "CĂN CƯỚC", unicodedata.normalize("NFD", "căn cước")])
def test_search_over_all_months(reader: Reader, words: str) -> None:
    page = reader.open("")
    page.locator("#tim-nhanh").fill(words)
    page.keyboard.press("Enter")
    page.wait_for_selector("#ket-qua h2")
    assert "/tim-kiem/?q=" in page.url
    # The words of May are both there, but apart. Every month names the card in II.6.
    heads = page.locator("#ket-qua h2").all_inner_texts()
    assert [head.split(" (")[0] for head in heads] == [
        f"Báo cáo tháng {name}" for name in ("5/2024", "4/2024", "3/2024", "12/2023", "11/2023")
    ]
    assert [head.split("(")[1] for head in heads] == ["1 mục)", "1 mục)", "2 mục)", "2 mục)", "1 mục)"]
    assert {mark.lower() for mark in page.locator("#ket-qua mark").all_inner_texts()} == {"căn cước"}
    assert page.inner_text("#trang-thai").endswith("ở 7 mục của 5 kỳ.")
    page.locator("#ket-qua a", has_text="6. Công dân số").first.click()
    assert page.url == f"{reader.web}2024-05/bao-cao.html#muc-ii-6"
    page.go_back()
    page.wait_for_selector("#ket-qua h2")


def test_search_that_finds_words_apart_or_nothing(reader: Reader) -> None:
    page = reader.open("tim-kiem/?q=van%20chuyen%20can%20ho")
    page.wait_for_selector("#ket-qua h2")
    assert page.inner_text("#trang-thai") == (
        "Tìm thấy “van chuyen can ho” ở 1 mục của 1 kỳ (các từ không đứng liền nhau)."
    )
    page.locator("#tim-nhanh").fill("<b>không có")
    page.keyboard.press("Enter")
    page.wait_for_function("document.getElementById('trang-thai').textContent.startsWith('Không')")
    assert page.inner_text("#trang-thai") == "Không tìm thấy “<b>không có” trong 5 kỳ."
    page.go_back()
    page.wait_for_selector("#ket-qua h2")


def test_without_script_everything_but_the_search_works(reader: Reader) -> None:
    page = reader.open("", PHONE, script=False)
    page.click("text=Đọc báo cáo")
    page.wait_for_url("**/2024-05/bao-cao.html")
    page.click(".ve-trang >> text=Trang chủ")
    page.wait_for_url(lambda address: address.rstrip("/") == reader.web.rstrip("/"))
    page.locator("#tim-nhanh").fill("thẻ")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tim-kiem/**")
    assert "đang tắt JavaScript" in page.inner_text("main")


def test_keyboard(reader: Reader) -> None:
    page = reader.open("")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "bo-qua"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "noi-dung"


def test_page_not_found_finds_the_way_back(reader: Reader) -> None:
    origin = reader.web.removesuffix(f"/{BELOW}")
    for path, home in (
        (f"/{BELOW}2023-01/x", f"/{BELOW}"),
        (f"/{BELOW}nam/1999/", f"/{BELOW}"),
        (f"/{BELOW}khong-co", f"/{BELOW}"),
        ("/a/b/", "/a/"),
    ):
        page = reader.open(origin + path)
        assert page.inner_text("h1") == "Không có trang này"
        assert page.get_attribute("#ve a", "href") == home
    assert all("404" in text for text in reader.said)
    reader.said.clear()
    reader.requests.clear()


def test_a_real_report_in_the_site(browser: Browser, april_report: MadeReport, tmp_path: Path) -> None:
    site = tmp_path / "trang"
    publish(april_report.project, april_report.period, site)
    check_site(site)
    contents = read_contents(april_report.html.read_text(encoding="utf-8"))
    titles = {section.anchor: section.title for section in contents}
    assert titles["muc-ii-6"].startswith("6. ")
    assert titles["phu-luc-ii"] == "Phụ lục II. TÌNH HÌNH TRIỂN KHAI 25 DỊCH VỤ CÔNG TRỰC TUYẾN THIẾT YẾU"
    assert "(Kèm theo Báo cáo số" in next(s.text for s in contents if s.anchor == "phu-luc-ii")
    front = (site / "current" / "index.html").read_text(encoding="utf-8")
    assert "375.671" in front
    assert "96,82%" in front
    assert (site / "current" / "2024-04" / "bao-cao-2024-04.pdf").read_bytes() == april_report.pdf.read_bytes()
    reader = Reader(browser, "")
    for width, scheme in ((PHONE, "light"), (DESK, "dark")):
        page = reader.open((site / "current" / "2024-04" / "bao-cao.html").as_uri(), width, scheme)
        assert page.is_visible(".ve-trang")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert violations(page) == []
        page.context.close()
    assert reader.said == [], "its own policy holds in the site as well"
