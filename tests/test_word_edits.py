"""The report edited in Word: through LibreOffice and by hand in the XML; every edit is listed at its cell, no other."""

import copy
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from baocao.cli import main
from baocao.docx_diff import compare, marked
from baocao.docx_text import read_docx
from baocao.errors import InputError
from baocao.word_edits import Comparison, WordEdit, compare_docx, to_json
from conftest import APRIL, MadeReport

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
SOFFICE = shutil.which("soffice")
BODY = "word/document.xml"
REFERENCES = "word/_rels/document.xml.rels"
COMMENTS_REFERENCE = (
    b'<Relationship Id="rId900" Target="comments.xml" '
    b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments"/>'
)
MINE = {f"{W}author": "Trần Thị Lan", f"{W}date": "2024-04-16T08:00:00Z", f"{W}id": "900"}


@pytest.fixture(scope="session")
def saved(april_report: MadeReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report as LibreOffice saves it."""
    if SOFFICE is None:
        pytest.skip("LibreOffice is not installed")
    folder = tmp_path_factory.mktemp("saved")
    profile = (folder / "profile").as_uri()
    command = [SOFFICE, "--headless", f"-env:UserInstallation={profile}", "--convert-to", "docx:MS Word 2007 XML"]
    subprocess.run([*command, "--outdir", folder / "out", april_report.docx], check=True, capture_output=True)
    return folder / "out" / april_report.docx.name


@pytest.fixture(params=["as made", "saved by LibreOffice"])
def base(request: pytest.FixtureRequest, april_report: MadeReport) -> Path:
    if request.param == "as made":
        return april_report.docx
    made: Path = request.getfixturevalue("saved")
    return made


def edited(base: Path, target: Path, edit: Callable[[Element], None], **more: bytes) -> Path:
    with zipfile.ZipFile(base) as source, zipfile.ZipFile(target, "w") as result:
        for name in source.namelist():
            if name in more:
                continue
            content = source.read(name)
            if name == BODY:
                root = ElementTree.fromstring(content)
                edit(root)
                content = ElementTree.tostring(root)
            if name == REFERENCES and "word/comments.xml" in more and b"/comments" not in content:
                content = content.replace(b"</Relationships>", COMMENTS_REFERENCE + b"</Relationships>")
            result.writestr(name, content)
        for name, content in more.items():
            result.writestr(name, content)
    return target


def text(paragraph: Element) -> str:
    return "".join(item.text or "" for item in paragraph.iter(f"{W}t"))


def flat(value: str) -> str:
    return " ".join(value.split())


def paragraph(root: Element, beginning: str) -> Element:
    found = [item for item in root.iter(f"{W}p") if flat(text(item)).startswith(beginning)]
    assert found, beginning
    return found[0]


def parent(root: Element, child: Element) -> Element:
    return next(item for item in root.iter() if child in list(item))


def say(target: Element, words: str) -> None:
    """Give the paragraph this text, in its first run."""
    runs = list(target.iter(f"{W}t"))
    for run in runs:
        run.text = ""
    runs[0].text = words
    runs[0].set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def new_run(words: str, tag: str = "t") -> Element:
    run = Element(f"{W}r")
    ElementTree.SubElement(run, f"{W}{tag}").text = words
    return run


def new_paragraph(words: str) -> Element:
    made = Element(f"{W}p")
    made.append(new_run(words))
    return made


def wrapped(tag: str, *children: Element) -> Element:
    made = Element(f"{W}{tag}", MINE)
    made.extend(children)
    return made


def line_of(report: MadeReport, name: str, cell: int, words: str) -> str:
    notebook = json.loads((report.project.root / name).read_text("utf-8"))
    lines = "".join(notebook["cells"][cell - 1]["source"]).split("\n")
    return f"dòng {next(number for number, line in enumerate(lines, start=1) if words in line)}"


PROPAGANDA = "notebooks/22-tuyen-truyen.ipynb"
INSTITUTIONS = "notebooks/23-the-che.ipynb"
SENTENCE = "UBND thành phố chỉ đạo các cơ quan, đơn vị thực hiện nghiêm"


def only(comparison: Comparison) -> WordEdit:
    assert len(comparison.edits) == 1, [edit.kind + edit.old + " → " + edit.new for edit in comparison.edits]
    return comparison.edits[0]


def compared(report: MadeReport, path: Path) -> Comparison:
    return compare_docx(report.project, APRIL, path)


def test_a_file_that_was_only_saved_has_no_difference(april_report: MadeReport, base: Path) -> None:
    assert compared(april_report, base) == Comparison(APRIL, (), (), False, ())


def test_a_changed_sentence(april_report: MadeReport, base: Path, tmp_path: Path) -> None:
    def edit(root: Element) -> None:
        target = paragraph(root, SENTENCE)
        say(target, text(target).replace("nghiêm", "nghiêm túc, kịp thời"))

    found = only(compared(april_report, edited(base, tmp_path / "x.docx", edit)))
    assert found.kind == "doi"
    assert found.where == (INSTITUTIONS, "ô 3", line_of(april_report, INSTITUTIONS, 3, SENTENCE))
    assert [(item.mark, item.text.strip()) for item in found.segments if item.mark != "="] == [
        ("+", "túc, kịp thời")
    ] or [item.text.strip() for item in found.segments if item.mark == "-"] == ["nghiêm"]
    assert found.sources == ()


def test_a_deleted_paragraph(april_report: MadeReport, base: Path, tmp_path: Path) -> None:
    def edit(root: Element) -> None:
        target = paragraph(root, SENTENCE)
        parent(root, target).remove(target)

    found = only(compared(april_report, edited(base, tmp_path / "x.docx", edit)))
    assert (found.kind, found.where[:2], found.new) == ("bo", (INSTITUTIONS, "ô 3"), "")


def test_an_added_paragraph_stands_behind_the_one_above(april_report: MadeReport, base: Path, tmp_path: Path) -> None:
    def edit(root: Element) -> None:
        target = paragraph(root, SENTENCE)
        above = parent(root, target)
        above.insert(list(above).index(target) + 1, new_paragraph("Việc công khai được kiểm tra hằng tháng."))

    found = only(compared(april_report, edited(base, tmp_path / "x.docx", edit)))
    assert (found.kind, found.new) == ("them", "Việc công khai được kiểm tra hằng tháng.")
    assert found.where == (INSTITUTIONS, "ô 3", line_of(april_report, INSTITUTIONS, 3, SENTENCE))


def test_a_moved_paragraph(april_report: MadeReport, base: Path, tmp_path: Path) -> None:
    def edit(root: Element) -> None:
        target = paragraph(root, SENTENCE)
        above = parent(root, target)
        above.remove(target)
        above.insert(list(above).index(paragraph(root, "II. KẾT QUẢ")), target)

    found = only(compared(april_report, edited(base, tmp_path / "x.docx", edit)))
    assert (found.kind, found.where[:2]) == ("chuyen", (INSTITUTIONS, "ô 3"))


def test_a_split_and_a_joined_paragraph(april_report: MadeReport, base: Path, tmp_path: Path) -> None:
    def split(root: Element) -> None:
        target = paragraph(root, SENTENCE)
        words = text(target)
        above, rest = parent(root, target), copy.deepcopy(target)
        say(target, words[: words.index(" về công khai")])
        say(rest, words[words.index(" về công khai") :])
        above.insert(list(above).index(target) + 1, rest)

    found = only(compared(april_report, edited(base, tmp_path / "x.docx", split)))
    assert (found.kind, found.where[:2]) == ("tach", (INSTITUTIONS, "ô 3"))

    def join(root: Element) -> None:
        first, second = paragraph(root, "Trong tháng 4/2024, UBND"), paragraph(root, "Cùng với đó, UBND")
        say(first, f"{text(first)} {text(second)}")
        parent(root, second).remove(second)

    found = only(compared(april_report, edited(base, tmp_path / "y.docx", join)))
    assert (found.kind, found.where[:2]) == ("gop", ("notebooks/2024-04/10-khai-quat.ipynb", "ô 3"))


def test_a_figure_is_corrected_in_its_workbook(april_report: MadeReport, base: Path, tmp_path: Path) -> None:
    def edit(root: Element) -> None:
        target = paragraph(root, "Đến nay, UBND cấp huyện có thẩm quyền")
        say(target, re.sub(r"giải quyết \d+ TTHC", "giải quyết 999 TTHC", flat(text(target)), count=1))

    found = only(compared(april_report, edited(base, tmp_path / "x.docx", edit)))
    assert found.where == (INSTITUTIONS, "ô 3", line_of(april_report, INSTITUTIONS, 3, "Đến nay, UBND cấp huyện"))
    assert [source.code for source in found.sources] == ["tthc.cap_huyen"]
    assert ".xlsx › " in found.sources[0].cells


def test_a_cell_of_a_table(april_report: MadeReport, base: Path, tmp_path: Path) -> None:
    def edit(root: Element) -> None:
        row = next(item for item in root.iter(f"{W}tr") if "Hội Nông dân" in text(item))
        say(list(row.iter(f"{W}tc"))[2], "12.345")

    found = only(compared(april_report, edited(base, tmp_path / "x.docx", edit)))
    assert (found.kind, found.where[:2]) == ("doi", ("notebooks/27-he-sinh-thai.ipynb", "ô 8"))
    assert [source.code for source in found.sources] == ["hoi.nong_dan.tong_so"]


def test_a_text_of_a_workbook(april_report: MadeReport, base: Path, tmp_path: Path) -> None:
    def edit(root: Element) -> None:
        row = next(item for item in root.iter(f"{W}tr") if "Thu thập, cập nhật thông tin hội viên" in text(item))
        say(list(row.iter(f"{W}tc"))[1], "Thu thập thông tin hội viên")

    found = only(compared(april_report, edited(base, tmp_path / "x.docx", edit)))
    assert found.where[:2] == ("notebooks/91-phu-luc-1.ipynb", "ô 3")
    assert "nhiem_vu.r2.noi_dung" in [source.code for source in found.sources]


def test_what_parameters_say(april_report: MadeReport, base: Path, tmp_path: Path) -> None:
    def edit(root: Element) -> None:
        closing = paragraph(root, "Trên đây là Báo cáo")
        say(closing, text(closing).replace("kính báo cáo", "trân trọng báo cáo"))

    found = only(compared(april_report, edited(base, tmp_path / "x.docx", edit)))
    assert found.where == ("params/defaults.yml", "documents › closing")


def test_tracked_changes_and_comments(april_report: MadeReport, base: Path, tmp_path: Path) -> None:
    def edit(root: Element) -> None:
        changed = paragraph(root, SENTENCE)
        changed.append(wrapped("ins", new_run(" Thực hiện hằng tuần.")))
        run = Element(f"{W}r")
        ElementTree.SubElement(run, f"{W}commentReference", {f"{W}id": "5"})
        changed.append(run)
        gone = paragraph(root, "- Ban biên tập")
        words = text(gone)
        properties = gone.find(f"{W}pPr")
        assert properties is not None
        for child in list(gone):
            if child is not properties:
                gone.remove(child)
        gone.append(wrapped("del", new_run(words, "delText")))
        mark = properties.find(f"{W}rPr")
        mark = ElementTree.SubElement(properties, f"{W}rPr") if mark is None else mark
        mark.insert(0, wrapped("del"))

    comments = (
        f'<w:comments xmlns:w="{W[1:-1]}"><w:comment w:id="5" w:author="Lê Văn Hùng" w:date="2024-04-16T09:00:00Z">'
        "<w:p><w:r><w:t>Ghi rõ thời hạn.</w:t></w:r></w:p></w:comment></w:comments>"
    )
    path = edited(base, tmp_path / "x.docx", edit, **{"word/comments.xml": comments.encode()})
    found = compared(april_report, path)
    assert sorted((edit.kind, *edit.where[:2]) for edit in found.edits) == [
        ("bo", PROPAGANDA, "ô 3"),
        ("doi", INSTITUTIONS, "ô 3"),
    ]
    assert {edit.authors for edit in found.edits} == {(("Trần Thị Lan", "2024-04-16T08:00:00Z"),)}
    ((author, _, words, place),) = found.comments
    assert (author, words) == ("Lê Văn Hùng", "Ghi rõ thời hạn.")
    assert place.startswith(SENTENCE)


def test_a_copy_of_an_earlier_report_is_told(april_report: MadeReport, base: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(base) as archive:
        custom = archive.read("docProps/custom.xml").decode()
    mark = read_docx(base).made_from
    assert re.fullmatch("[0-9a-f]{16}", mark)
    other = {"docProps/custom.xml": custom.replace(mark, "0" * 16).encode()}
    path = edited(base, tmp_path / "x.docx", lambda _root: None, **other)
    assert compared(april_report, path).other_report


def test_files_changed_since_the_run_are_named(april_report: MadeReport, tmp_path: Path) -> None:
    copied = shutil.copytree(april_report.project.root, tmp_path / "p", symlinks=True)
    params = copied / "params" / "2024-04.yml"
    params.write_text(params.read_text("utf-8") + "# sửa\n", "utf-8")
    project = type(april_report.project)(copied)
    assert compare_docx(project, APRIL, april_report.docx).changed_since == ("params/2024-04.yml",)


def _broken(path: Path, kind: str) -> Path:
    if kind == "no archive":
        path.write_text("Báo cáo", "utf-8")
    elif kind == "PDF":
        path.write_bytes(b"%PDF-1.7\n")
    elif kind == "folder":
        path.mkdir()
    elif kind == "password":
        path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))
    elif kind != "absent":
        body = {
            "other archive": None,
            "no XML": b"<w:document",
            "entity": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
            "bomb": b" " * (65 * 2**20),
        }[kind]
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("word/document.xml" if body else "x.txt", body or b"")
    return path


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("absent", "không có tệp"),
        ("no archive", "không phải .docx"),
        ("PDF", "là PDF"),
        ("folder", "là thư mục"),
        ("password", "mật khẩu"),
        ("other archive", "không phải văn bản Word"),
        ("no XML", "hỏng"),
        ("entity", "thực thể"),
        ("bomb", "quá lớn"),
    ],
)
def test_what_is_no_word_document_is_refused(kind: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=what):
        read_docx(_broken(tmp_path / "x.docx", kind))


def test_the_command(
    april_report: MadeReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(april_report.project.root)
    monkeypatch.delenv("BAOCAO_ROOT", raising=False)
    assert main(["diff", "--docx", str(april_report.docx)]) == 0
    assert "không có khác biệt" in capsys.readouterr().out

    def edit(root: Element) -> None:
        target = paragraph(root, "Đến nay, UBND cấp huyện có thẩm quyền")
        say(target, re.sub(r"giải quyết \d+ TTHC", "giải quyết 999 TTHC", flat(text(target)), count=1))

    path = edited(april_report.docx, tmp_path / "x.docx", edit)
    assert main(["diff", "--docx", str(path), "2024-04"]) == 1
    printed = capsys.readouterr().out
    assert "Tại: notebooks/23-the-che.ipynb › ô 3 › dòng" in printed
    assert "{+999+}" in printed
    assert "sửa ở biểu, không sửa lời văn" in printed
    assert main(["diff", "--docx", str(path), "--format", "json"]) == 1
    content = json.loads(capsys.readouterr().out)
    assert content == json.loads(to_json(compared(april_report, path)))
    assert main(["diff", "--docx", str(path), "--format", "xlsx"]) == 2
    assert main(["diff", "--docx", str(tmp_path / "y.docx")]) == 2
    assert main(["diff"]) == 2


def test_pure_comparison() -> None:
    old = ["một hai ba bốn", "năm sáu", "bảy tám chín mười", "-"]
    assert compare(old, old) == ()
    assert [(edit.kind, edit.old, edit.new) for edit in compare(old, [old[2], old[0], old[1], "-"])] == [
        ("chuyen", (2,), (0,))
    ]
    long = "Trong tháng 4 năm 2024 Ủy ban nhân dân thành phố tiếp tục chỉ đạo các cơ quan đơn vị thực hiện Đề án 06"
    long = " ".join([long] * 3)
    # A heading that went is not joined to the paragraph behind it, however short it is.
    edits = compare(["1. Kết quả đạt được", long, "x"], [f"{long} đạt kết quả", "x"])
    assert [(edit.kind, edit.old, edit.new) for edit in edits] == [("bo", (0,), ()), ("doi", (1,), (0,))]
    assert [(item.mark, item.text.strip()) for item in marked("a b c", "a x c")] == [
        ("=", "a"),
        ("-", "b"),
        ("+", "x"),
        ("=", "c"),
    ]
