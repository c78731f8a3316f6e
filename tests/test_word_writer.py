"""The report edited by LibreOffice itself, as a person edits it: each change is listed at its cell, and no other."""

import json
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from baocao.word_edits import Comparison, WordEdit, compare_docx
from conftest import APRIL, MadeReport

PYTHON = "/usr/bin/python3"
"""The interpreter that Debian's python3-uno is for."""
SCRIPT = Path(__file__).with_name("writer.py")
DIRECTION, PROPAGANDA, INSTITUTIONS, SERVICES, ECONOMY, CITIZENS, ECOSYSTEM, MODELS, TASKS, APPENDIX = (
    f"notebooks/{name}.ipynb"
    for name in (
        "21-chi-dao",
        "22-tuyen-truyen",
        "23-the-che",
        "24-dich-vu-cong",
        "25-kinh-te-xa-hoi",
        "26-cong-dan-so",
        "27-he-sinh-thai",
        "29-mo-hinh-diem",
        "91-phu-luc-1",
        "92-phu-luc-2",
    )
)
REMARKS, PLANS = "notebooks/2024-04/30-nhan-xet.ipynb", "notebooks/2024-04/40-phuong-huong.ipynb"
DEFAULTS, MONTH = "params/defaults.yml", "params/2024-04.yml"
FIRST, SECOND = "Nguyễn Văn Bình", "Trần Thị Lan"

Step = Sequence[str | int]

pytestmark = pytest.mark.xdist_group("writer")


def _has_uno() -> bool:
    return Path(PYTHON).exists() and subprocess.run([PYTHON, "-c", "import uno"], capture_output=True).returncode == 0


class Writer:
    """One Writer for all tests of the module."""

    def __init__(self, report: MadeReport, folder: Path) -> None:
        self._folder = folder
        # Writer puts a lock beside what it has open, and others read the report.
        self._report = Path(shutil.copy(report.docx, folder))
        command = [PYTHON, str(SCRIPT), str(folder / "profile")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        self._count = 0

    def edit(self, *steps: Step, record: bool = False, author: str = FIRST, base: Path | None = None) -> Path:
        """A document edited by these steps."""
        assert self._process.stdin and self._process.stdout
        self._count += 1
        saved = self._folder / f"{self._count}.docx"
        request = {
            "open": str(base or self._report),
            "save": str(saved),
            "steps": steps,
            "record": record,
            "author": author,
        }
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline().strip() == "ok"
        return saved

    def close(self) -> None:
        """End Writer, whatever it does."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(60)
        finally:
            self._process.kill()


@pytest.fixture(scope="module")
def writer(april_report: MadeReport, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writer]:
    if shutil.which("soffice") is None or not _has_uno():
        pytest.skip("LibreOffice with python3-uno is not installed")
    writer = Writer(april_report, tmp_path_factory.mktemp("writer"))
    yield writer
    writer.close()


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A picture."""
    path = tmp_path_factory.mktemp("picture") / "red.png"
    Image.new("RGB", (90, 60), (200, 30, 30)).save(path)
    return str(path)


@dataclass(frozen=True)
class Expected:
    """An edit that must be found: kind, part, file, cell or key, words of its line, codes of figures."""

    kind: str
    file: str
    place: str
    line: str = ""
    codes: tuple[str, ...] = ()
    part: str = ""
    words: tuple[str, ...] = ()
    """What the marks of the edit have, `-` before what went and `+` before what came."""


def check(report: MadeReport, comparison: Comparison, expected: Sequence[Expected]) -> None:
    """Exactly these edits, each at its place."""
    found = [_found(report, edit, item) for edit, item in zip(comparison.edits, expected, strict=False)]
    assert found == list(expected)
    assert len(comparison.edits) == len(expected), comparison.edits[len(expected) :]


def _found(report: MadeReport, edit: WordEdit, expected: Expected) -> Expected:
    file, place, *line = *edit.where, *[""] * (2 - len(edit.where))
    said = ""
    if line:
        notebook = json.loads((report.project.root / file).read_text("utf-8"))
        lines = "".join(notebook["cells"][int(place.removeprefix("ô ")) - 1]["source"]).split("\n")
        said = lines[int(line[0].removeprefix("dòng ")) - 1]
        said = expected.line if expected.line and expected.line in said else said
    words = tuple(segment.mark + segment.text.strip() for segment in edit.segments if segment.mark != "=")
    codes = tuple(source.code for source in edit.sources)
    return Expected(edit.kind, file, place, said, codes, edit.part, words if expected.words else ())


NEW = "- Về kiểm tra: đoàn kiểm tra của thành phố làm việc tại 05 phường."
EDITS: tuple[tuple[Step, Expected], ...] = (
    (
        ("replace", "TỔ CÔNG TÁC ĐỀ ÁN 06", "BAN CHỈ ĐẠO ĐỀ ÁN 06"),
        Expected("doi", DEFAULTS, "issuers › body", words=("-TỔ CÔNG TÁC", "+BAN CHỈ ĐẠO")),
    ),
    (("insert", "Nha Trang, ngày", " 16"), Expected("doi", MONTH, "issued", words=("+16",))),
    (
        ("replace", "Công văn số 1363/CATP-QLHC", "Công văn số 1364/CATP-QLHC"),
        Expected("doi", DIRECTION, "ô 3", "vb.trich_yeu", ("vb_chi_dao.r4.so_ky_hieu",)),
    ),
    (("delete", "Ban biên tập Trang thông tin"), Expected("bo", PROPAGANDA, "ô 3", "Ban biên tập")),
    (
        ("insert", "3. Về", " xây dựng và"),
        Expected("doi", INSTITUTIONS, "ô 3", "hoàn thiện thể chế", words=("+xây dựng và",)),
    ),
    (
        ("insert", "thực hiện nghiêm", " túc"),
        Expected("doi", INSTITUTIONS, "ô 3", "thực hiện nghiêm", words=("+túc",)),
    ),
    (("add", "- Về niêm yết TTHC", NEW), Expected("them", INSTITUTIONS, "ô 3", "Về niêm yết TTHC")),
    (
        ("replace", "giải quyết 340 TTHC", "giải quyết 341 TTHC"),
        Expected("doi", INSTITUTIONS, "ô 3", "Đến nay", ("tthc.cap_huyen",), words=("-340", "+341")),
    ),
    (("split", "tạo lập hồ sơ điện tử"), Expected("tach", SERVICES, "ô 4", words=("+¶",))),
    (("join", "Phổ biến rộng rãi"), Expected("gop", ECONOMY, "ô 3", words=("-¶",))),
    (("cell", "Hội Nông dân", "C", "7.400"), Expected("doi", ECOSYSTEM, "ô 8", "", ("hoi.nong_dan.tong_so",))),
    (
        ("add_row", "Hội Chữ thập đỏ", "", "Hội Khuyến học", "100", "90", "80", "80%"),
        Expected("them", ECOSYSTEM, "ô 8"),
    ),
    (
        ("footnote", "đang triển khai nghiêm túc", "Theo báo cáo của Công an thành phố."),
        Expected("them", MODELS, "ô 3", "x.so_don_vi", part="chu_thich"),
    ),
    (("bold", "gương mẫu, đi đầu"), Expected("kieu", REMARKS, "ô 3")),
    (
        ("endnote", "kinh phí hạn chế", "Theo kiến nghị của các phòng."),
        Expected("them", REMARKS, "ô 4", part="chu_thich"),
    ),
    (
        ("replace", "Internet hoặc 4G", "Internet, 4G"),
        Expected("doi", REMARKS, "ô 4", "", ("kho_khan.r5.noi_dung",)),
    ),
    (("text_box", "- Làm sạch dữ liệu", "Cần ghi rõ thời hạn."), Expected("them", PLANS, "ô 3", part="khung")),
    (("replace", "Trên đây là Báo", "Trên đây là toàn văn Báo"), Expected("doi", DEFAULTS, "documents › closing")),
    (
        ("replace", "- Công an thành phố;", "- Công an thành phố (phối hợp);"),
        Expected("doi", DEFAULTS, "recipients › names"),
    ),
    (
        ("replace", "các cơ quan đơn vị thực hiện chi trả", "các cơ quan, đơn vị thực hiện chi trả"),
        Expected("doi", TASKS, "ô 3", "", ("nhiem_vu.r1.noi_dung",)),
    ),
    (("delete_row", "Đăng ký khai tử"), Expected("bo", APPENDIX, "ô 3", "", ("dvc_25.khai_tu.ket_noi",))),
)


@pytest.mark.parametrize("record", [False, True], ids=["untracked", "tracked"])
def test_each_edit_is_listed_at_its_cell(april_report: MadeReport, writer: Writer, record: bool) -> None:
    edited = writer.edit(*(step for step, _ in EDITS), record=record)
    comparison = compare_docx(april_report.project, APRIL, edited)
    check(april_report, comparison, [item for _, item in EDITS])
    names = {author for edit in comparison.edits for author, _ in edit.authors}
    assert names == ({FIRST} if record else set())
    if record:
        # LibreOffice does not track that a row went.
        assert [edit.old[:3] for edit in comparison.edits if not edit.authors] == ["9 |"]
    (bold,) = (edit for edit in comparison.edits if edit.kind == "kieu")
    assert bold.looks == (("gương mẫu, đi đầu,", "", "b"),)
    assert comparison.edits[6].new == NEW
    assert comparison.edits[6].behind.startswith("- Về niêm yết TTHC")


def test_a_document_that_was_only_saved_has_no_difference(april_report: MadeReport, writer: Writer) -> None:
    again = writer.edit(base=writer.edit())
    assert compare_docx(april_report.project, APRIL, again) == Comparison(APRIL, (), (), False, ())


@pytest.mark.parametrize("record", [False, True], ids=["untracked", "tracked"])
def test_pictures_and_margins(april_report: MadeReport, writer: Writer, red: str, record: bool) -> None:
    edited = writer.edit(
        ("delete_picture", 0),
        ("replace_picture", 1, red),
        ("add_picture", "- Làm sạch dữ liệu", red),
        ("header", " – DỰ THẢO"),
        ("footer", "Lưu hành nội bộ"),
        record=record,
    )
    comparison = compare_docx(april_report.project, APRIL, edited)
    expected = [
        Expected("bo", SERVICES, "ô 5", part="hinh"),
        Expected("doi", ECONOMY, "ô 4", part="hinh"),
        Expected("them", PLANS, "ô 3", part="hinh"),
        Expected("doi", "", "", part="dau_trang", words=("+– DỰ THẢO",)),
        Expected("them", "", "", part="dau_trang"),
        Expected("them", "", "", part="chan_trang"),
    ]
    check(april_report, comparison, expected)
    assert comparison.edits[0].old.startswith("UBND thành phố: 2.743 hồ sơ"), "what the chart shows"


@pytest.mark.parametrize("record", [False, True], ids=["untracked", "tracked"])
def test_a_moved_paragraph(april_report: MadeReport, writer: Writer, record: bool) -> None:
    edited = writer.edit(("move", "Ban biên tập Trang thông tin", "IV. PHƯƠNG HƯỚNG"), record=record)
    comparison = compare_docx(april_report.project, APRIL, edited)
    check(april_report, comparison, [Expected("chuyen", PROPAGANDA, "ô 3", "Ban biên tập")])
    (edit,) = comparison.edits
    assert edit.target[:2] == (REMARKS, "ô 4")
    assert {author for author, _ in edit.authors} == ({FIRST} if record else set())


def test_of_two_paragraphs_the_tracked_one_was_moved(april_report: MadeReport, writer: Writer) -> None:
    edited = writer.edit(("move_down", "- Về niêm yết TTHC"), record=True)
    (edit,) = compare_docx(april_report.project, APRIL, edited).edits
    assert (edit.kind, edit.old[:13], edit.old == edit.new) == ("chuyen", "- Về niêm yết", True)
    assert edit.behind.startswith("- Về phản ánh")
    assert [author for author, _ in edit.authors] == [FIRST]


def test_changes_of_two_authors_half_of_them_decided(april_report: MadeReport, writer: Writer) -> None:
    first = writer.edit(
        ("insert", "thực hiện nghiêm", " túc"),
        ("delete", "Ban biên tập Trang thông tin"),
        ("insert", "- Về niêm yết TTHC", " hằng tháng"),
        record=True,
    )
    second = writer.edit(
        ("replace", "giải quyết 340 TTHC", "giải quyết 341 TTHC"), record=True, author=SECOND, base=first
    )
    decided = writer.edit(("accept", " túc các quy"), ("reject", " hằng tháng"), base=second)
    comparison = compare_docx(april_report.project, APRIL, decided)
    check(
        april_report,
        comparison,
        [
            Expected("bo", PROPAGANDA, "ô 3", "Ban biên tập"),
            Expected("doi", INSTITUTIONS, "ô 3", "thực hiện nghiêm"),
            Expected("doi", INSTITUTIONS, "ô 3", "Đến nay", ("tthc.cap_huyen",)),
        ],
    )
    authors = [[author for author, _ in edit.authors] for edit in comparison.edits]
    assert authors == [[FIRST], [], [SECOND]]


def test_a_comment_is_told_and_is_no_edit(april_report: MadeReport, writer: Writer) -> None:
    edited = writer.edit(("comment", "Huy động nguồn lực", "Nêu rõ đơn vị chủ trì."))
    comparison = compare_docx(april_report.project, APRIL, edited)
    assert comparison.edits == ()
    ((author, _, text, paragraph),) = comparison.comments
    assert (author, text) == ("Lê Văn Hùng", "Nêu rõ đơn vị chủ trì.")
    assert paragraph.startswith("- Huy động nguồn lực")


def test_two_origins_of_one_row(april_report: MadeReport, writer: Writer) -> None:
    edited = writer.edit(
        ("replace", "- Công an thành phố;", "- Công an thành phố (phối hợp);"),
        ("replace", "CHỦ TỊCH UBND THÀNH PHỐ", "PHÓ CHỦ TỊCH UBND THÀNH PHỐ"),
        ("replace", "Độc lập", "ĐỘC LẬP"),
    )
    first, second = compare_docx(april_report.project, APRIL, edited).edits
    assert first.where == (), "what the form prints is in no notebook"
    assert (second.where, second.also) == ((DEFAULTS, "recipients › names"), ((DEFAULTS, "signers"),))


def test_pictures_are_not_to_be_compressed(april_report: MadeReport) -> None:
    with zipfile.ZipFile(april_report.docx) as archive:
        assert b"doNotAutoCompressPictures" in archive.read("word/settings.xml")
