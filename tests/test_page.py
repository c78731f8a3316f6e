"""The HTML page of the April report in Chromium: for readers with a phone, a keyboard, a screen reader, or paper."""

import itertools
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pdfplumber
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from conftest import MadeReport, in_browser

# One browser for the module, so its tests stay with one worker.
pytestmark = [
    pytest.mark.xdist_group("page"),
    in_browser,
]
MM = 72 / 25.4
PHONE, TABLET, DESK = 320, 768, 1440
HEIGHT = 800


class Reader:
    """Opens the page in windows of their own, and hears what the browser says of it."""

    def __init__(self, browser: Browser, path: Path) -> None:
        self.browser, self.path = browser, path
        self.said: list[str] = []
        self.requests: list[str] = []
        self.pages: list[Page] = []

    def open(self, width: int = DESK, scheme: str = "light", script: bool = True, init: str = "") -> Page:
        context = self.browser.new_context(
            viewport={"width": width, "height": HEIGHT},
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
        if init:
            page.add_init_script(init)
        page.goto(self.path.as_uri())
        return page


@pytest.fixture
def reader(browser: Browser, april_report: MadeReport) -> Iterator[Reader]:
    """Whatever a test does, the page reports no error and no breach of its policy."""
    reader = Reader(browser, april_report.html)
    yield reader
    for page in reader.pages:
        page.context.close()
    assert reader.said == []


def go_to(page: Page, selector: str) -> None:
    page.eval_on_selector(selector, "element => element.scrollIntoView({behavior: 'instant'})")
    settle(page)


def settle(page: Page) -> None:
    """The browser tells observers once it has drawn."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")


def search(page: Page, words: str) -> str:
    """Type `words` into the search and wait for the count."""
    page.keyboard.press("/")
    page.locator("#o-tim").fill(words)
    page.keyboard.press("Enter")
    return page.inner_text("#so-ket-qua")


def fold(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return re.sub(r"\s+", " ", "".join(letter for letter in plain if not unicodedata.combining(letter)))


def test_one_small_file_that_asks_for_nothing(reader: Reader) -> None:
    assert reader.path.stat().st_size < 1_000_000
    page = reader.open(PHONE)
    page.evaluate("document.fonts.ready")
    assert [url for url in reader.requests if not url.startswith("data:")] == [reader.path.as_uri()]
    assert page.evaluate("[...document.fonts].some(font => font.status === 'loaded')")
    assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")


def test_it_obeys_its_own_policy(reader: Reader) -> None:
    page = reader.open()
    policy = page.get_attribute("meta[http-equiv=Content-Security-Policy]", "content") or ""
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; script-src 'sha256-[\w+/]{43}='; img-src data:; "
        r"font-src data:; base-uri 'none'; form-action 'none'",
        policy,
    )
    assert not re.search(r"<[^>]* style=", reader.path.read_text(encoding="utf-8").partition("<body>")[2])
    assert page.evaluate("getComputedStyle(document.querySelector('.ngay')).fontStyle") == "italic"
    assert page.is_visible(".cong-cu"), "the script has not run"
    assert reader.said == []
    # What the policy does not know is stopped, so that the tests above say something.
    page.evaluate("document.body.append(Object.assign(document.createElement('style'), {textContent: 'p{color:red}'}))")
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.x = 1'}))"
    )
    assert [re.search(r"directive '(\w+)-src", text)[1] for text in reader.said] == ["style", "script"]  # type: ignore[index]
    assert page.evaluate("window.x === undefined")
    reader.said.clear()


def test_landmarks_and_headings(reader: Reader) -> None:
    page = reader.open()
    assert page.locator("h1").all_inner_texts()[0].split("\n")[0] == "BÁO CÁO"
    levels = [
        int(tag[1]) for tag in page.eval_on_selector_all("h1, h2, h3, h4, h5, h6", "all => all.map(h => h.tagName)")
    ]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(level - before <= 1 for before, level in itertools.pairwise(levels))
    for selector in (
        "body > .trang > header",
        "header > nav",
        "main",
        "main > header",
        "main > footer",
        "[role=search]",
    ):
        assert page.locator(selector).count() == 1, selector
    assert page.locator("h5", has_text="a) ").first.evaluate("h => getComputedStyle(h).fontStyle") == "normal"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "bo-qua"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "noi-dung"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, TABLET, DESK])
def test_axe_finds_nothing(reader: Reader, width: int, scheme: str) -> None:
    page = reader.open(width, scheme)
    axe = Axe()

    def violations() -> list[str]:
        return [
            f"{found['id']}: {found['nodes'][0]['html']}: {found['nodes'][0]['failureSummary']}"
            for found in axe.run(page).response["violations"]
        ]

    assert violations() == []
    page.click("#xem-nguon")
    assert search(page, "hồ sơ").startswith(("1/", "2/"))
    page.eval_on_selector_all("main details", "all => all.forEach(details => { details.open = true })")
    assert violations() == []
    page.locator("main p [data-so]").first.click()
    assert page.is_visible("#nguon")
    page.eval_on_selector("#muc-luc details", "contents => { contents.open = true }")
    assert violations() == []


@pytest.mark.parametrize("width", [PHONE, 375, TABLET, DESK, 2200])
def test_nothing_reaches_over_the_edge(reader: Reader, width: int) -> None:
    page = reader.open(width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.eval_on_selector_all("details", "all => all.forEach(details => { details.open = true })")
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_letters_twice_as_large(reader: Reader) -> None:
    for width in (640, 1280):
        page = reader.open(width)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("words", ["căn cước", "can cuoc", "CĂN CƯỚC", unicodedata.normalize("NFD", "căn cước")])
def test_search_knows_neither_case_nor_diacritics(reader: Reader, words: str) -> None:
    page = reader.open()
    count = search(page, words)
    marks = page.locator("main mark").all_text_contents()
    expected = fold(page.evaluate("document.querySelector('main').textContent")).count("can cuoc")
    assert expected > 2
    assert len(marks) == expected
    assert {fold(mark) for mark in marks} == {"can cuoc"}
    assert count == f"1/{expected}"


def test_search_by_keyboard(reader: Reader) -> None:
    page = reader.open(PHONE)
    before = page.inner_html("main")
    assert page.is_hidden("#tim")
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.id") != "mo-tim":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "o-tim"
    page.keyboard.type("de an 06")
    page.wait_for_selector("mark.dang-xem")
    total = int(page.inner_text("#so-ket-qua").split("/")[1])
    assert page.locator("#so-ket-qua").evaluate("output => output.tagName") == "OUTPUT", "it would not be read out"
    for key, place in (("Enter", 2), ("Enter", 3), ("Shift+Enter", 2), ("Shift+Enter", 1), ("Shift+Enter", total)):
        page.keyboard.press(key)
        assert page.inner_text("#so-ket-qua") == f"{place}/{total}"
        top = page.locator("mark.dang-xem").first.bounding_box()
        assert top is not None
        assert 100 < top["y"] < HEIGHT, "the hit is not in view, or below the bar"
    page.click("#tim-sau")
    assert page.inner_text("#so-ket-qua") == f"1/{total}"
    page.focus("#o-tim")
    page.keyboard.press("Escape")
    assert page.input_value("#o-tim") == ""
    assert page.inner_html("main") == before
    page.keyboard.press("Escape")
    assert page.is_hidden("#tim")
    assert page.evaluate("document.activeElement.id") == "mo-tim"


def test_search_over_several_numbers_and_for_nothing(reader: Reader) -> None:
    page = reader.open()
    before = page.inner_html("main")
    assert search(page, "375.671/388.006").startswith("1/")
    assert page.locator("mark.dang-xem").count() > 1
    assert "".join(page.locator("mark.dang-xem").all_inner_texts()) == "375.671/388.006"
    assert page.locator("[data-so='cccd.da_cap'] mark").count() > 0
    page.locator("#o-tim").fill("không có chữ này")
    page.keyboard.press("Enter")
    assert page.inner_text("#so-ket-qua") == "Không tìm thấy"
    assert page.is_disabled("#tim-sau")
    assert page.inner_html("main") == before


def test_search_opens_what_is_folded(reader: Reader) -> None:
    page = reader.open()
    assert page.locator("details.so-lieu-bieu-do").count() > 1
    assert page.locator("details.so-lieu-bieu-do[open]").count() == 0
    cell = page.locator("details.so-lieu-bieu-do thead th").last
    assert cell.is_hidden()
    search(page, cell.text_content() or "")
    for _ in range(page.locator("main mark").count()):
        page.keyboard.press("Enter")
    assert cell.is_visible()
    assert cell.locator("mark").count() > 0
    page.keyboard.press("Escape")
    assert page.locator("details.so-lieu-bieu-do[open]").count() == 0


def test_contents_follow_the_reading(reader: Reader) -> None:
    page = reader.open()
    assert page.locator("#muc-luc a[aria-current]").count() == 0
    for address, text in (("#muc-iii", "III."), ("#muc-ii-6-1", "6.1."), ("#muc-i", "I.")):
        go_to(page, address)
        assert page.locator("#muc-luc a[aria-current]").count() == 1
        current = page.locator("#muc-luc a[aria-current=location]")
        assert current.inner_text().startswith(text)
        box = current.bounding_box()
        assert box is not None
        assert 0 < box["y"] < HEIGHT, "the current entry is not in view"
    page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    expect(page.locator("#muc-luc a[aria-current]")).to_have_text("Phụ lục III")


def test_contents_on_a_phone(reader: Reader) -> None:
    page = reader.open(PHONE)
    assert page.inner_text("#muc-luc summary") == "Mục lục"
    go_to(page, "#muc-iii")
    assert page.inner_text("#muc-luc summary").startswith("III.")
    bar = page.locator("header.thanh").bounding_box()
    assert bar is not None
    assert bar["y"] == 0
    assert bar["height"] < 60
    page.focus("#muc-luc summary")
    page.keyboard.press("Enter")
    assert page.is_visible("#muc-luc a[aria-current]")
    page.keyboard.press("Escape")
    assert page.is_hidden("#muc-luc a[aria-current]")
    page.keyboard.press("Enter")
    page.click("#muc-luc a[href='#muc-ii-6-2']")
    assert page.is_hidden("#muc-luc a[aria-current]")
    expect(page.locator("#muc-luc summary")).to_have_text(re.compile(r"^6\.2\."))
    assert page.evaluate("document.activeElement.id") == "muc-ii-6-2"


def background(page: Page) -> int:
    colour = page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")
    return max(int(part) for part in re.findall(r"\d+", colour)[:3])


def test_light_and_dark(reader: Reader) -> None:
    assert background(reader.open(scheme="light")) == 255
    page = reader.open(scheme="dark")
    assert background(page) < 60
    assert page.evaluate("getComputedStyle(document.querySelector('figure img')).filter").startswith("invert")
    names = [page.inner_text("#ten-nen")]
    shades = [background(page)]
    for _ in range(3):
        page.click("#doi-nen")
        names.append(page.inner_text("#ten-nen"))
        shades.append(background(page))
    assert names == ["Nền: theo máy", "Nền: sáng", "Nền: tối", "Nền: theo máy"]
    assert [shade > 200 for shade in shades] == [False, True, False, False]
    page.click("#doi-nen")
    page.reload()
    assert page.inner_text("#ten-nen") == "Nền: sáng"
    assert background(page) == 255


def test_without_storage_the_choice_holds_for_the_visit(reader: Reader) -> None:
    page = reader.open(init="Object.defineProperty(window, 'localStorage', {get() { throw new Error('không') }})")
    page.click("#doi-nen")
    page.click("#doi-nen")
    assert background(page) < 60


def test_tables_on_a_phone(reader: Reader) -> None:
    page = reader.open(PHONE)
    box = page.locator(".phu-luc .cuon-ngang").nth(1)
    box.scroll_into_view_if_needed()
    assert box.get_attribute("tabindex") == "0"
    assert box.get_attribute("aria-label")
    size = box.evaluate("box => [box.scrollWidth - box.clientWidth, box.scrollHeight - box.clientHeight]")
    assert min(size) > 50
    box.evaluate("box => box.scrollTo(box.scrollWidth, 300)")
    frame = box.bounding_box()
    head = box.locator("thead").bounding_box()
    name = box.locator("tbody th.ten").last.bounding_box()
    assert frame is not None
    assert head is not None
    assert name is not None
    assert abs(head["y"] - frame["y"]) < 2, "the header has gone with the rows"
    assert -1 <= name["x"] - frame["x"] <= 1, "the names have gone with the columns"
    assert name["width"] < 0.55 * PHONE


def test_tables_on_a_wide_screen(reader: Reader) -> None:
    page = reader.open(DESK)
    boxes = page.locator(".cuon-ngang:visible")
    assert boxes.count() > 2
    assert all(box.get_attribute("tabindex") is None for box in boxes.all())
    table = page.locator(".phu-luc table").nth(1)
    table.evaluate("table => scrollTo({top: table.getBoundingClientRect().top + scrollY + 250, behavior: 'instant'})")
    head = table.locator("thead").bounding_box()
    assert head is not None
    assert abs(head["y"]) < 2, "the header has left the window"


def test_table_headers(reader: Reader) -> None:
    page = reader.open()
    assert page.locator("table th:not([scope])").count() == 0
    names = page.locator("table").evaluate_all(
        "all => all.map(table => table.caption ? table.caption.textContent : table.getAttribute('aria-label'))"
    )
    assert all(names), "a table has no name"
    assert len(set(names)) == len(names)
    assert page.locator("tbody tr:not(:has(th))").count() == 0
    assert page.locator("tbody th.ten[scope=row]").count() > 20
    row = page.locator("#bang-hoi tbody tr").first
    assert row.locator("th").all_inner_texts() == ["1", "Hội Người cao tuổi"]
    numbers = row.locator("td")
    assert {numbers.nth(i).evaluate("td => getComputedStyle(td).textAlign") for i in range(numbers.count())} == {
        "right"
    }
    shares = page.locator("#bang-hoi thead th").evaluate_all(
        "all => all.map(th => th.offsetWidth * 100 / th.closest('table').offsetWidth)"
    )
    assert [round(share) for share in shares] == pytest.approx([7, 27, 15, 19, 20, 12], abs=2)


def test_charts(reader: Reader) -> None:
    for width, seen, hidden in ((PHONE, ".hep", ".rong"), (DESK, ".rong", ".hep")):
        page = reader.open(width)
        figures = page.locator("figure").all()
        assert figures
        for figure in figures:
            assert figure.locator(f"img{seen}").is_visible()
            assert figure.locator(f"img{hidden}").is_hidden()
            assert figure.locator("img").first.get_attribute("alt") == figure.locator("img").last.get_attribute("alt")
            label = figure.locator("figcaption").inner_text().split(".")[0]
            fold_below = figure.locator("xpath=following-sibling::*[1]")
            assert fold_below.locator("summary").inner_text() == f"Số liệu của {label}"
            fold_below.locator("summary").click()
            assert fold_below.locator("tbody td").first.is_visible()


def test_sources_by_pointer(reader: Reader) -> None:
    page = reader.open(PHONE)
    number = page.locator("main p [data-so='cccd.da_cap']").first
    number.click()
    assert "01-cong-an.xlsx › CCCD, định danh › D9" in page.inner_text("#nguon")
    assert "cccd.da_cap" in page.inner_text("#nguon")
    box = page.locator("#nguon").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE
    page.locator("main p [data-so='cccd.ty_le']").first.click()
    assert "= 375.671 / 388.006" in page.inner_text("#nguon")
    page.click("#nguon button")
    assert page.is_hidden("#nguon")
    number.click()
    page.locator("main h3").first.dispatch_event("pointerdown")
    assert page.is_hidden("#nguon")


def test_sources_by_keyboard(reader: Reader) -> None:
    page = reader.open()
    assert page.locator("main [data-so][tabindex]").count() == 0
    page.focus("#xem-nguon")
    page.keyboard.press("Enter")
    assert page.get_attribute("#xem-nguon", "aria-pressed") == "true"
    page.focus("main p [data-so='cccd.da_cap']")
    for key in ("Enter", "Space"):
        page.keyboard.press(key)
        assert page.evaluate("document.querySelector('#nguon').contains(document.activeElement)")
        page.keyboard.press("Escape")
        assert page.is_hidden("#nguon")
        assert page.evaluate("document.activeElement.dataset.so") == "cccd.da_cap"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.is_hidden("#nguon")
    assert page.evaluate("document.activeElement.dataset.so") == "cccd.dan_so"
    page.click("#xem-nguon")
    assert page.locator("main [data-so][tabindex], main [data-so][role]").count() == 0


def test_main_indicators(reader: Reader) -> None:
    page = reader.open(PHONE)
    cards = page.locator("section.chi-tieu-chinh dl > .chi-tieu")
    assert cards.count() > 3
    first = cards.first
    assert first.locator("dt").count() == 1
    assert [dd.get_attribute("class") for dd in first.locator("dd").all()][:2] == ["gia-tri", "ty-le"]
    assert first.locator("[data-so='cccd.da_cap']").inner_text() == "375.671"
    places = [card.bounding_box() for card in cards.all()]
    assert len({place["x"] for place in places if place}) == 1, "cards do not stack"
    desk = reader.open(DESK)
    wide = [card.bounding_box() for card in desk.locator(".chi-tieu").all()]
    assert len({place["x"] for place in wide if place}) > 1


def test_motion_only_for_who_wants_it(reader: Reader) -> None:
    page = reader.open()
    behaviour = "getComputedStyle(document.documentElement).scrollBehavior"
    assert page.evaluate(behaviour) == "auto"
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(behaviour) == "smooth"


def test_without_the_script(reader: Reader) -> None:
    for width in (PHONE, DESK):
        page = reader.open(width, script=False)
        for selector in ("#mo-tim", "#xem-nguon", "#doi-nen", "#o-tim"):
            assert page.is_hidden(selector), selector
        assert page.is_visible("#muc-iii")
        assert page.locator("figure img:visible").count() == page.locator("figure").count()
    page = reader.open(PHONE, script=False)
    page.click("#muc-luc summary")
    page.click("#muc-luc a[href='#muc-iii']")
    place = page.locator("#muc-iii").bounding_box()
    assert place is not None
    assert 0 <= place["y"] < HEIGHT
    page.locator("details.so-lieu-bieu-do summary").first.click()
    assert page.locator("details.so-lieu-bieu-do td").first.is_visible()


def test_print_is_the_paper_form(reader: Reader, tmp_path: Path) -> None:
    page = reader.open(PHONE, scheme="dark")
    page.click("#xem-nguon")
    search(page, "căn cước")
    page.eval_on_selector_all("details", "all => all.forEach(details => { details.open = true })")
    target = tmp_path / "in.pdf"
    page.pdf(path=target, prefer_css_page_size=True, print_background=True)
    with pdfplumber.open(target) as document:
        sizes = [(round(sheet.width / MM), round(sheet.height / MM)) for sheet in document.pages]
        texts = [sheet.extract_text() for sheet in document.pages]
        first = document.pages[0]
        words = first.extract_words()
        left = min(word["x0"] for word in words) / MM
        right = max(word["x1"] for word in words) / MM
        colours = {str(char["non_stroking_color"]) for sheet in document.pages for char in sheet.chars}
        edges = [max(rect["x1"] for rect in [*sheet.rects, *sheet.lines]) / MM for sheet in document.pages[-2:]]
        heads = {word["text"]: word["x0"] / MM for word in words if word["top"] < 40 * MM}
    appendix = next(index for index, text in enumerate(texts) if re.match(r"\d+\nPhụ lục II\n", text))
    assert set(sizes[:appendix]) == {(210, 297)}
    assert set(sizes[appendix:]) == {(297, 210)}
    assert left == pytest.approx(30, abs=1)
    assert right == pytest.approx(195, abs=1)
    assert all(edge <= 282.5 for edge in edges), "the wide tables do not fit"
    assert heads["ỦY"] < heads["CỘNG"] - 40, "the letterhead does not stand in two columns"
    assert len(colours) == 1, "more than black on the paper"
    whole = "\n".join(texts)
    for text in (
        "Mục lục",
        "Tìm trong báo cáo",
        "Nguồn số liệu",
        "Nền:",
        "Số liệu của Biểu đồ",
        "Thẻ CCCD gắn chip đã cấp",
    ):
        assert text not in whole, text
    assert "Biểu đồ 1." in whole
    assert not texts[0].startswith("1\n")
    assert texts[1].startswith("2\n")
