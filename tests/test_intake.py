"""Submitted workbooks as they come: faults each told once, oddities read right."""

import hashlib
import os
import re
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

import workbooks
from baocao.book import read_book
from baocao.errors import InputError, Severity
from baocao.figure import Figure
from baocao.forms import Form, load_forms
from baocao.intake import read_submissions
from baocao.new import new_month
from baocao.period import Period
from baocao.project import Project
from baocao.sheet import RawSheet
from baocao.submission import Shelf, Submission, open_submission
from baocao.vi import PartialDate
from workbooks import APRIL, CARDS, GROUPS, OFFICE, ONE_STOP, POLICE


@pytest.fixture
def folder(project: Project) -> Path:
    return workbooks.folder_of(project)


def test_april_reads_without_errors() -> None:
    intake = workbooks.april()
    assert [finding for finding in intake.findings if finding.severity is Severity.LOI] == []
    assert intake.data["cccd.da_cap"].value == 375671
    assert str(intake.data["cccd.da_cap"].cell) == "01-cong-an.xlsx › CCCD, định danh › D9"
    assert intake.lengths["dvc_28"] == len(
        [code for code in intake.data if code.startswith("dvc_28.") and code.endswith(".dich_vu")]
    )


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_submissions(tmp_path / "2024-04", workbooks.april_forms(), APRIL)
    assert "không có thư mục số liệu của kỳ 2024-04" in str(caught.value)


def test_missing_workbook(folder: Path) -> None:
    (folder / POLICE).unlink()
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.code, finding.severity) == ("thieu_tep", "cong_an", Severity.LOI)
    assert str(finding.problem) == (
        "data/2024-04: chưa có tệp của Công an thành phố Nha Trang, biểu 01/ĐA06-CA\n"
        "  Cần có: một tệp, thường tên là 01-cong-an.xlsx\n"
        "  Cách xử lý: đề nghị đơn vị gửi biểu, chép tệp vào thư mục rồi chạy lại lệnh"
    )


def test_what_a_missing_workbook_would_hold_is_missing_not_unknown(folder: Path) -> None:
    (folder / POLICE).unlink()
    intake = workbooks.read(folder)
    assert list(intake.data) == list(workbooks.april().data)
    assert intake.data["cccd.da_cap"].missing
    assert str(intake.data["cccd.da_cap"].cell) == "01-cong-an.xlsx › CCCD, định danh"


def test_who_is_late(project: Project) -> None:
    """Nobody's form is there, then the blank ones of `baocao new`, then one with a number and one with a word."""
    may = Period(2024, 5)
    new_month(project, may)
    forms = [form for form in load_forms(project.forms, may) if not form.per_unit]
    folder = workbooks.folder_of(project).with_name(str(may))
    everybody = tuple(form.department for form in forms)
    assert read_submissions(folder, forms, may).late == everybody
    workbooks.put(folder / POLICE, CARDS, "D10", 375_700)
    workbooks.put(folder / "03-bhxh.xlsx", "Số liệu", "D9", "chưa rõ")
    late = read_submissions(folder, forms, may).late
    assert set(everybody) - set(late) == {"Công an thành phố Nha Trang", "Bảo hiểm xã hội thành phố Nha Trang"}
    for path in folder.glob("0*.xlsx"):
        path.unlink()
    assert read_submissions(folder, forms, may).late == everybody


# One file that cannot be read: how it is made, and the rule that says so.


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3000])


def _cut_tail(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def _zip_without_workbook(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ghi-chu.txt", "không phải bảng tính")


def _html(path: Path) -> None:
    path.write_text("<html><table><tr><td>Biểu số: 01/ĐA06-CA</td></tr></table></html>", encoding="utf-8")


def _broken_xml(path: Path) -> None:
    workbooks.rewrite(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace("</sheetData>", ""))


def _flipped_bytes(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for index in range(200, 400):
        content[index] ^= 0xFF
    path.write_bytes(bytes(content))


def _cell_beyond_the_sheet(path: Path) -> None:
    cells = f'<row r="900">{"<c/>" * 20_000}</row></sheetData>'
    workbooks.rewrite(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace("</sheetData>", cells))


def _ole(path: Path) -> None:
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096))


def _password(path: Path) -> None:
    shutil.copy(Path(__file__).parent / "fixtures" / "co-mat-khau.xlsx", path)


def _csv(path: Path) -> None:
    path.write_text("\ufeffSTT;Chỉ tiêu;Số liệu\n1;Số thẻ đã cấp;375671\n", encoding="utf-8")


def _open_document(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<office:document-content/>")


def _declared(path: Path, part: str, declaration: str, use: str) -> None:
    def change(xml: str) -> str:
        head, mark, rest = xml.partition("?>") if xml.startswith("<?xml") else ("", "", xml)
        return f"{head}{mark}{declaration}{rest.replace('</', f'{use}</', 1)}"

    workbooks.rewrite(path, part, change)


def _entities(path: Path) -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    _declared(path, "xl/worksheets/sheet1.xml", f'<!DOCTYPE l [<!ENTITY l0 "ha">{levels}]>', "&l9;")


def _external_entity(path: Path) -> None:
    _declared(path, "xl/workbook.xml", '<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "&x;")


def _entities_in_properties(path: Path) -> None:
    _declared(path, "docProps/core.xml", '<!DOCTYPE l [<!ENTITY x "tên">]>', "&x;")


def _bomb_of_cells(path: Path) -> None:
    workbooks.swell(path, '<row r="%(row)d"><c r="A%(row)d"><v>1</v></c></row>', 300_000)


def _bomb_of_blanks(path: Path) -> None:
    workbooks.swell(path, " " * 4096, 100_000)


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/anh.bin", bytes(21 * 2**20))


def _long_comment(path: Path) -> None:
    workbooks.rewrite(path, "xl/worksheets/sheet1.xml", lambda xml: f"{xml}<!--{'x' * 5_000_000}-->")


def _merged_column(path: Path) -> None:
    areas = '<mergeCells count="1"><mergeCell ref="H1:H1048576"/></mergeCells>'
    workbooks.rewrite(path, "xl/worksheets/sheet1.xml", lambda xml: re.sub(r"<mergeCells.*?</mergeCells>", areas, xml))


def _link_over_the_sheet(path: Path) -> None:
    links = '<hyperlinks><hyperlink ref="A1:XFD1048576" location="A1"/></hyperlinks><pageMargins'
    workbooks.rewrite(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace("<pageMargins", links, 1))


def _cells_without_end(path: Path) -> None:
    cells = f'<row r="900">{"<c/>" * 500_000}</row></sheetData>'
    workbooks.rewrite(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace("</sheetData>", cells))


@pytest.mark.parametrize(
    ("damage", "rule", "words"),
    [
        (_truncate, "tep_hong", "tệp bị hỏng"),
        (_cut_tail, "tep_hong", "tệp bị hỏng"),
        (_zip_without_workbook, "tep_hong", "bị hỏng"),
        (_html, "sai_dinh_dang", "tệp văn bản (CSV, HTML) đổi đuôi"),
        (_csv, "sai_dinh_dang", "tệp văn bản (CSV, HTML) đổi đuôi"),
        (_open_document, "sai_dinh_dang", "tệp .ods đổi đuôi"),
        (_entities, "xml_la", "khai báo XML"),
        (_external_entity, "xml_la", "khai báo XML"),
        (_entities_in_properties, "xml_la", "khai báo XML"),
        (_broken_xml, "tep_hong", "bị hỏng"),
        (_flipped_bytes, "tep_hong", "bị hỏng"),
        (_ole, "sai_dinh_dang", "tệp .xls cũ đổi đuôi"),
        (_password, "co_mat_khau", "mật khẩu"),
        (lambda path: path.write_bytes(b""), "tep_rong", "0 byte"),
        (_directory, "la_thu_muc", "thư mục"),
        (_cell_beyond_the_sheet, "tep_hong", "bị hỏng"),
        (_bomb, "qua_lon", "quá lớn"),
        (_bomb_of_cells, "qua_lon", "quá lớn"),
        (_bomb_of_blanks, "qua_lon", "quá lớn"),
        (_long_comment, "qua_lon", "có phần hơn 4 MB"),
        (_merged_column, "qua_lon", "quá nhiều ô"),
        (_link_over_the_sheet, "qua_lon", "quá nhiều ô"),
        (_cells_without_end, "qua_lon", "quá nhiều ô"),
    ],
)
def test_unreadable_file_is_one_problem(folder: Path, damage: object, rule: str, words: str) -> None:
    damage(folder / POLICE)  # type: ignore[operator]
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.severity) == (rule, Severity.LOI)
    assert finding.problem.where == (POLICE,)
    assert words in finding.problem.what
    assert finding.problem.expected == "tệp Excel .xlsx của Công an thành phố Nha Trang"
    assert finding.problem.remedy
    assert finding.department == "Công an thành phố Nha Trang"


def test_mistake_of_this_package_is_not_the_department_s(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise NameError("no such name")

    monkeypatch.setattr("baocao.submission.SheetContent", broken)
    with pytest.raises(NameError):
        workbooks.read(folder)


@pytest.mark.parametrize(
    ("part", "pattern", "replacement"),
    [
        ("_rels/.rels", '/officeDocument"', '/khac"'),
        ("xl/workbook.xml", r'r:id="rId1"', 'r:id="rId99"'),
        ("xl/workbook.xml", r' r:id="rId1"', ""),
        ("xl/_rels/workbook.xml.rels", r"sheet1\.xml", "sheet9.xml"),
        ("xl/styles.xml", r"<cellXfs.*</cellXfs>", '<cellXfs><xf numFmtId="0" fontId="0"/></cellXfs>'),
        ("xl/styles.xml", r"<fonts.*</fonts>", "<fonts/>"),
        ("xl/worksheets/sheet1.xml", r'<c r="D9"[^>]*>.*?</c>', '<c r="D9" t="s"><v>9999</v></c>'),
        ("xl/worksheets/sheet1.xml", r'<c r="D9"[^>]*>.*?</c>', '<c r="D9"><v>1.2.3</v></c>'),
        ("xl/worksheets/sheet1.xml", r'<c r="D9"', '<c r="9D"'),
        ("xl/worksheets/sheet1.xml", r'<mergeCell ref="A1:', '<mergeCell ref="A1-'),
    ],
)
def test_whatever_is_wrong_inside_is_a_damaged_file(folder: Path, part: str, pattern: str, replacement: str) -> None:
    workbooks.rewrite(folder / POLICE, part, lambda xml: re.sub(pattern, replacement, xml, count=1, flags=re.DOTALL))
    assert workbooks.only(workbooks.read(folder)).rule == "tep_hong"


def test_hash_is_of_the_bytes_that_were_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(parts: Mapping[str, bytes]) -> list[RawSheet]:
        (folder / POLICE).write_bytes(b"sent again while the month was being read")
        return read_book(parts)

    wanted = hashlib.sha256((folder / POLICE).read_bytes()).hexdigest()
    monkeypatch.setattr("baocao.submission.read_book", late)
    submission = open_submission(folder / POLICE)
    assert isinstance(submission, Submission)
    assert (submission.sha256, len(submission.sheets)) == (wanted, 2)


def test_a_month_read_again_takes_apart_only_what_changed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apart: list[int] = []
    monkeypatch.setattr("baocao.submission.read_book", lambda parts: (apart.append(1), read_book(parts))[1])
    shelf = Shelf()
    forms = workbooks.april_forms()
    first = read_submissions(folder, forms, APRIL, shelf)
    assert len(apart) == 9
    assert read_submissions(folder, forms, APRIL, shelf) == first
    assert len(apart) == 9
    workbooks.put(folder / POLICE, CARDS, "D9", 375672)
    (folder / OFFICE).write_bytes(b"damaged")
    again = read_submissions(folder, forms, APRIL, shelf)
    assert len(apart) == 10
    assert again == read_submissions(folder, forms, APRIL)
    assert again.data["cccd.da_cap"].value == 375672


def test_every_workbook_that_was_read_has_its_hash(folder: Path) -> None:
    (folder / POLICE).rename(folder / "Gửi lại.XLSX")
    (folder / "ghi-chu.txt").write_text("x", encoding="utf-8")
    wanted = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.[xX]*")}
    assert len(wanted) == 9
    assert workbooks.read(folder).hashes == wanted


def test_unreadable_file_of_another_name_leaves_its_form_missing(folder: Path) -> None:
    (folder / POLICE).rename(folder / "gui-lai.xlsx")
    _truncate(folder / "gui-lai.xlsx")
    found = workbooks.news(workbooks.read(folder))
    assert [finding.rule for finding in found] == ["tep_hong", "thieu_tep"]


def test_unreadable_file_when_permission_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / POLICE).chmod(0)
    if os.access(folder / POLICE, os.R_OK):  # the superuser reads everything: the refusal is simulated
        opened = Path.open

        def refuse(path: Path, *args: object, **options: object) -> object:
            if path.name == POLICE:
                raise PermissionError(13, "Permission denied", str(path))
            return opened(path, *args, **options)  # type: ignore[call-overload]

        monkeypatch.setattr(Path, "open", refuse)
    finding = workbooks.only(workbooks.read(folder))
    assert finding.rule == "khong_doc_duoc"
    assert "không có quyền" in finding.problem.what
    assert "Permission" not in str(finding.problem)


@workbooks.needs_calc
def test_old_excel_file_under_the_new_name(folder: Path, tmp_path: Path) -> None:
    workbooks.convert([folder / POLICE], "xls", tmp_path, tmp_path / "lo")
    shutil.copy(tmp_path / "01-cong-an.xls", folder / POLICE)
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.severity) == ("sai_dinh_dang", Severity.LOI)
    assert "tệp .xls cũ đổi đuôi" in finding.problem.what


@pytest.mark.parametrize("suffix", [".xls", ".ods", ".csv", ".XLSM"])
def test_other_spreadsheet_instead_of_a_workbook(folder: Path, suffix: str) -> None:
    (folder / POLICE).rename(folder / f"01-cong-an{suffix}")
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.severity) == ("sai_dinh_dang", Severity.LOI)
    assert "lưu lại dạng .xlsx" in finding.problem.remedy


def test_files_beside_the_workbooks_do_not_stop(folder: Path) -> None:
    for name in ("01-cong-an.xls", "so-lieu.ods", "~$01-cong-an.xlsx", ".~lock.01-cong-an.xlsx#", "cong-van.pdf"):
        (folder / name).write_bytes(b"x")
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "Thư gửi").mkdir()
    intake = workbooks.read(folder)
    assert [(finding.rule, finding.severity) for finding in workbooks.news(intake)] == [
        ("dang_mo", Severity.CANH_BAO),
        ("sai_dinh_dang", Severity.CANH_BAO),
        ("thu_muc_la", Severity.LUU_Y),
        ("tep_la", Severity.LUU_Y),
        ("sai_dinh_dang", Severity.CANH_BAO),
        ("dang_mo", Severity.CANH_BAO),
    ]
    assert workbooks.contents(intake) == workbooks.contents(workbooks.april())


def test_two_workbooks_for_one_form(folder: Path) -> None:
    shutil.copy(folder / POLICE, folder / "01-cong-an (1).xlsx")
    finding = workbooks.only(workbooks.read(folder))
    assert finding.rule == "trung_tep"
    assert "01-cong-an (1).xlsx, 01-cong-an.xlsx" in finding.problem.what


def test_workbook_of_another_month(folder: Path) -> None:
    workbooks.put(folder / POLICE, CARDS, "A2", "Kỳ báo cáo: Tháng 3 năm 2024")
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.problem.where) == ("sai_ky", (POLICE, CARDS, "A2"))
    assert "Tháng 3 năm 2024" in finding.problem.what
    assert finding.problem.expected == "Kỳ báo cáo: Tháng 4 năm 2024"


def test_workbook_of_another_month_beside_the_right_one(folder: Path) -> None:
    shutil.copy(folder / POLICE, folder / "thang-3.xlsx")
    workbooks.put(folder / "thang-3.xlsx", CARDS, "A2", "Kỳ báo cáo: 3/2024")
    assert workbooks.only(workbooks.read(folder)).rule == "sai_ky"


@pytest.mark.parametrize(
    ("ref", "text", "rule"),
    [
        ("D1", "Biểu số: 99/ĐA06-XX", "bieu_la"),
        ("D1", "Biểu mẫu 01", "khong_ro_bieu"),
        ("D2", "Phiên bản: 7", "sai_phien_ban"),
        ("A1", "Đơn vị báo cáo: Công an huyện Diên Khánh", "sai_don_vi"),
        ("A2", "", "sai_ky"),
    ],
)
def test_identity_that_is_not_the_form_s(folder: Path, ref: str, text: str, rule: str) -> None:
    def change(page: Worksheet) -> None:
        page[ref].value = text

    book = openpyxl.load_workbook(folder / POLICE)
    for page in book.worksheets:
        change(page)
    book.save(folder / POLICE)
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.severity) == (rule, Severity.LOI)
    assert finding.problem.where[0] == POLICE
    assert finding.problem.expected
    assert finding.problem.remedy


def test_workbook_of_another_form(folder: Path) -> None:
    shutil.copy(folder / "03-bhxh.xlsx", folder / POLICE)
    found = workbooks.news(workbooks.read(folder))
    assert [(finding.rule, finding.code) for finding in found] == [("thieu_tep", "cong_an"), ("trung_tep", "bhxh")]


def test_sheet_of_another_month_in_the_right_workbook(folder: Path) -> None:
    workbooks.put(folder / POLICE, GROUPS, "A2", "Kỳ báo cáo: Tháng 2 năm 2024")
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.problem.where) == ("sai_ky", (POLICE, GROUPS, "A2"))
    assert finding.code == f"{POLICE}/{GROUPS}"


def test_missing_sheet(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / POLICE)
    del book[GROUPS]
    book.save(folder / POLICE)
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.code, finding.severity) == ("thieu_trang", f"cong_an/{GROUPS}", Severity.LOI)
    assert f"“{GROUPS}”" in finding.problem.what


def test_missing_block_title_is_one_problem(folder: Path) -> None:
    workbooks.put(folder / POLICE, CARDS, "A11", None)
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.code) == ("thieu_khoi", "dinh_danh")


# Columns and rows


def test_missing_required_column(folder: Path) -> None:
    workbooks.put(folder / POLICE, GROUPS, "D8", None)
    found = workbooks.news(workbooks.read(folder))
    assert [(finding.rule, finding.severity) for finding in found] == [
        ("thieu_cot", Severity.LOI),
        ("cot_la", Severity.CANH_BAO),
    ]
    assert "thiếu cột “Tổng số hội viên”" in found[0].problem.what
    assert found[0].problem.where == (POLICE, GROUPS, "dòng 8")
    assert [finding.code for finding in found] == ["hoi.tong_so", "hoi/D9"]


def test_reworded_column_names_its_cell(folder: Path) -> None:
    workbooks.put(folder / POLICE, GROUPS, "D8", "Tổng hội viên")
    finding = workbooks.only(workbooks.read(folder))
    assert finding.problem.where == (POLICE, GROUPS, "D8")
    assert finding.problem.what == "thiếu cột “Tổng số hội viên”; ở đây ghi “Tổng hội viên”"


def test_renamed_column_is_known_by_its_place(folder: Path) -> None:
    workbooks.put(folder / POLICE, GROUPS, "D8", "Quân số")
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.code, finding.problem.where) == ("thieu_cot", "hoi.tong_so", (POLICE, GROUPS, "D8"))


@pytest.mark.parametrize(("ref", "code"), [("B9", "cccd.da_cap"), ("B8", "cccd.dan_so")])
def test_renamed_row_is_known_by_its_place(folder: Path, ref: str, code: str) -> None:
    workbooks.put(folder / POLICE, CARDS, ref, "Thẻ")
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.code, finding.problem.where) == ("thieu_dong", code, (POLICE, CARDS, ref))


def test_renamed_sheets_are_read(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / POLICE)
    for number, page in enumerate(book.worksheets):
        page.title = f"Sheet{number}"
    book.save(folder / POLICE)
    intake = workbooks.read(folder)
    found = workbooks.news(intake)
    assert [(finding.rule, finding.severity) for finding in found] == [("trang_doi_ten", Severity.LUU_Y)] * 2
    assert found[0].problem.where == (POLICE, "Sheet0")
    usual = workbooks.april().data
    assert {code: datum.value for code, datum in intake.data.items()} == {
        code: datum.value for code, datum in usual.items()
    }


def test_a_copy_of_a_sheet_is_a_warning_and_not_read(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / POLICE)
    copy = book.copy_worksheet(book[CARDS])
    copy["D9"] = 1
    book.save(folder / POLICE)
    intake = workbooks.read(folder)
    finding = workbooks.only(intake)
    assert (finding.rule, finding.severity) == ("trang_la", Severity.CANH_BAO)
    assert f"chỉ trang “{CARDS}” được đọc" in finding.problem.what
    assert intake.data["cccd.da_cap"].value == 375671


def test_two_sheets_that_may_be_the_missing_one_are_not_chosen_from(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / POLICE)
    book.copy_worksheet(book[CARDS])
    book[CARDS].title = "Sheet1"
    book.save(folder / POLICE)
    intake = workbooks.read(folder)
    assert {finding.rule for finding in workbooks.news(intake)} == {"thieu_trang", "trang_la"}
    assert intake.data["cccd.da_cap"].missing


def test_optional_column_that_the_workbook_lacks_is_a_warning(folder: Path) -> None:
    workbooks.edit(folder / POLICE, lambda page: page.delete_cols(5), GROUPS)
    intake = workbooks.read(folder)
    finding = next(finding for finding in workbooks.news(intake) if finding.rule == "thieu_cot")
    assert finding.severity is Severity.CANH_BAO
    assert "Số hội viên đã cung cấp hồ sơ" in finding.problem.what
    assert intake.data["hoi.nong_dan.da_cung_cap"].missing
    assert intake.data["hoi.nong_dan.da_phe_duyet"].value == 7026


def test_as_of_column_that_the_workbook_lacks_is_a_warning(folder: Path) -> None:
    workbooks.edit(folder / POLICE, lambda page: page.delete_cols(5), CARDS)
    intake = workbooks.read(folder)
    assert {(finding.rule, finding.severity) for finding in workbooks.news(intake)} == {
        ("thieu_cot", Severity.CANH_BAO)
    }
    assert intake.data["cccd.da_cap"].value == 375671
    assert intake.data["cccd.da_cap.tinh_den"].missing


def test_missing_header_row_is_one_problem(folder: Path) -> None:
    def change(page: Worksheet) -> None:
        for column in "ABCDEF":
            page[f"{column}7"].value = None

    workbooks.edit(folder / POLICE, change)
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.code) == ("thieu_tieu_de", "cccd")


def test_reworded_required_row_names_its_cell(folder: Path) -> None:
    workbooks.put(folder / POLICE, CARDS, "B9", "Số thẻ CCCD gắn chip đã cấp")
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.code, finding.severity) == ("thieu_dong", "cccd.da_cap", Severity.LOI)
    assert finding.problem.where == (POLICE, CARDS, "B9")
    assert "ở đây ghi “Số thẻ CCCD gắn chip đã cấp”" in finding.problem.what


def test_optional_field_that_the_workbook_lacks_is_a_warning(folder: Path) -> None:
    workbooks.edit(folder / POLICE, lambda page: page.delete_rows(13))
    intake = workbooks.read(folder)
    finding = next(finding for finding in workbooks.news(intake) if finding.rule == "thieu_dong")
    assert (finding.code, finding.severity) == ("dinh_danh.chi_tieu", Severity.CANH_BAO)
    assert intake.data["dinh_danh.chi_tieu"].missing
    assert intake.data["dinh_danh.da_cap"].value == 332295


def test_repeated_row(folder: Path) -> None:
    workbooks.put(folder / POLICE, GROUPS, "B10", "Hội Nông dân")
    found = workbooks.news(workbooks.read(folder))
    assert [finding.rule for finding in found] == ["thieu_dong", "trung_dong"]
    assert found[1].code == "hoi.nong_dan"
    assert "có 2 dòng “Hội Nông dân”" in found[1].problem.what


def test_extra_row_with_figures_is_named(folder: Path) -> None:
    def change(page: Worksheet) -> None:
        page["B16"].value = "Hội Sinh vật cảnh"
        page["D16"].value = 120

    workbooks.edit(folder / POLICE, change, GROUPS)
    intake = workbooks.read(folder)
    finding = workbooks.only(intake)
    assert (finding.rule, finding.code, finding.severity) == ("dong_la", "hoi/Hội Sinh vật cảnh", Severity.CANH_BAO)
    assert finding.problem.where == (POLICE, GROUPS, "D16")
    assert "“Hội Sinh vật cảnh”" in finding.problem.what
    assert workbooks.contents(intake) == workbooks.contents(workbooks.april())


def test_extra_column_of_a_list_is_named(folder: Path) -> None:
    def change(page: Worksheet) -> None:
        row = next(cell.row for cell in page["B"] if cell.value == "Cơ quan ban hành")
        page.cell(row, 13).value = "Ghi chú"
        page.cell(row + 3, 13).value = "đã đăng công báo"

    workbooks.edit(folder / OFFICE, change, "Văn bản chỉ đạo")
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.severity, finding.code) == ("cot_la", Severity.CANH_BAO, "vb_chi_dao/Ghi chú")
    assert finding.problem.where[2].startswith("M")
    assert "“Ghi chú”" in finding.problem.what


def test_extra_sheet_is_named(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / POLICE)
    book.create_sheet("Nháp", 0)["A1"] = "tính thử"
    book.move_sheet(GROUPS, -1)
    book.save(folder / POLICE)
    intake = workbooks.read(folder)
    finding = workbooks.only(intake)
    assert (finding.rule, finding.severity, finding.problem.where) == ("trang_la", Severity.LUU_Y, (POLICE, "Nháp"))
    assert finding.code == "cong_an/Nháp"
    assert workbooks.contents(intake) == workbooks.contents(workbooks.april())


# Values


@pytest.mark.parametrize(
    ("value", "rule", "words"),
    [
        (None, "thieu_so_lieu", "chưa có số liệu"),
        ("   ", "thieu_so_lieu", "chưa có số liệu"),
        ("chưa rõ", "chu_o_cot_so", "“chưa rõ” được gõ dạng chữ"),
        ("375,671", "so_hai_nghia", "là 375,671 hay 375.671?"),
        ("#REF!", "o_loi", "giá trị lỗi #REF!"),
        (-5, "ngoai_khoang", "-5 nhỏ hơn 0"),
        (2.743, "so_le", "là 2,743 hay 2.743?"),
        (True, "khong_la_so", "“TRUE” không phải là số"),
    ],
)
def test_what_is_no_count(folder: Path, value: object, rule: str, words: str) -> None:
    workbooks.put(folder / POLICE, CARDS, "D9", value)
    intake = workbooks.read(folder)
    finding = workbooks.only(intake)
    assert (finding.rule, finding.code, finding.severity) == (rule, "cccd.da_cap", Severity.LOI)
    assert finding.problem.where == (POLICE, CARDS, "D9")
    assert words in finding.problem.what
    assert finding.problem.what.startswith("Số thẻ CCCD gắn chip điện tử đã cấp: ")
    assert finding.problem.expected
    assert finding.problem.remedy
    assert intake.data["cccd.da_cap"].missing


def test_date_where_a_count_belongs(folder: Path) -> None:
    from datetime import date

    workbooks.put(folder / POLICE, CARDS, "D9", date(2024, 4, 12), "dd/mm/yyyy")
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.problem.where[2]) == ("ngay_o_cot_so", "D9")
    assert "12/4/2024" in finding.problem.what


def test_error_of_a_formula(folder: Path) -> None:
    workbooks.put_xml(folder / POLICE, "D9", '<c r="D9" t="e"><f>Sheet9!A1</f><v>#REF!</v></c>')
    assert workbooks.only(workbooks.read(folder)).rule == "o_loi"


def test_formula_with_its_result_is_read(folder: Path) -> None:
    workbooks.put_xml(folder / POLICE, "D9", '<c r="D9"><f>375000+671</f><v>375671</v></c>')
    assert workbooks.contents(workbooks.read(folder)) == workbooks.contents(workbooks.april())


def test_formula_without_a_result_is_no_blank(folder: Path) -> None:
    workbooks.put(folder / POLICE, CARDS, "D9", "=375000+671")
    finding = workbooks.only(workbooks.read(folder))
    assert (finding.rule, finding.severity, finding.problem.where[2]) == ("chua_tinh", Severity.LOI, "D9")


def test_formula_with_an_empty_result_is_blank(folder: Path) -> None:
    workbooks.put_xml(folder / POLICE, "D13", '<c r="D13" t="str"><f>IF(A13=1,"","x")</f><v></v></c>')
    assert workbooks.only(workbooks.read(folder)).rule == "thieu_so_lieu"


def test_several_faults_of_one_workbook_at_once(folder: Path) -> None:
    def change(page: Worksheet) -> None:
        page["D8"].value = "nhiều"
        page["D9"].value = None
        page["E8"].value = "hôm qua"
        page["D14"].value = -1

    workbooks.edit(folder / POLICE, change)
    found = workbooks.news(workbooks.read(folder))
    assert [(finding.rule, finding.problem.where[2]) for finding in found] == [
        ("sai_ngay", "E8"),
        ("chu_o_cot_so", "D8"),
        ("thieu_so_lieu", "D9"),
        ("ngoai_khoang", "D14"),
    ]


# Oddities that read right


def _all_the_same(folder: Path) -> None:
    intake = workbooks.read(folder)
    assert workbooks.news(intake) == []
    assert workbooks.contents(intake) == workbooks.contents(workbooks.april())


@pytest.mark.parametrize("row", [1, 3, 6, 7, 8, 11])
def test_inserted_row(folder: Path, row: int) -> None:
    workbooks.edit(folder / POLICE, lambda page: workbooks.insert(page, row=row))
    workbooks.edit(folder / POLICE, lambda page: workbooks.insert(page, row=row), GROUPS)
    intake = workbooks.read(folder)
    assert workbooks.contents(intake) == workbooks.contents(workbooks.april())
    assert intake.data["cccd.da_cap"].cell.ref == "D10" or row > 9


@pytest.mark.parametrize("column", [1, 2, 3, 4, 5])
def test_inserted_column(folder: Path, column: int) -> None:
    workbooks.edit(folder / POLICE, lambda page: workbooks.insert(page, column=column))
    workbooks.edit(folder / POLICE, lambda page: workbooks.insert(page, column=column), GROUPS)
    _all_the_same(folder)


def test_inserted_column_in_a_two_row_header(folder: Path) -> None:
    workbooks.edit(folder / ONE_STOP, lambda page: workbooks.insert(page, column=3), "Phụ lục II")
    workbooks.edit(folder / ONE_STOP, lambda page: workbooks.insert(page, column=2), "Phụ lục III")
    _all_the_same(folder)


def test_labels_in_other_spellings(folder: Path) -> None:
    import unicodedata

    book = openpyxl.load_workbook(folder / POLICE)
    for page in book.worksheets:
        for cells in page.iter_rows():
            for cell in cells:
                if isinstance(cell.value, str):
                    odd = cell.value.replace("hóa", "hoá").replace(" ", "\u00a0 ", 1)
                    cell.value = unicodedata.normalize("NFD", f" {odd}\n")
    book.save(folder / POLICE)
    _all_the_same(folder)


def test_file_name_does_not_matter(folder: Path) -> None:
    (folder / POLICE).rename(folder / "Gửi lại lần 2.XLSX")
    _all_the_same(folder)


def test_counts_stored_as_floating_point(folder: Path) -> None:
    workbooks.put_xml(folder / POLICE, "D9", '<c r="D9"><v>375671.0</v></c>')
    intake = workbooks.read(folder)
    assert type(intake.data["cccd.da_cap"].value) is int
    _all_the_same(folder)


def test_stray_cell_at_the_end_of_the_sheet(folder: Path) -> None:
    def change(page: Worksheet) -> None:
        page["XFD1048576"].value = " "

    workbooks.edit(folder / POLICE, change)
    _all_the_same(folder)


@pytest.mark.parametrize("value", ["12/4/2024", "ngày 12 tháng 4 năm 2024", "12-04-2024", "12.4.2024", "2024-04-12"])
def test_dates_typed_as_text(folder: Path, value: str) -> None:
    workbooks.put(folder / POLICE, CARDS, "E9", value, "@")
    _all_the_same(folder)


def test_dates_counted_from_1904(folder: Path) -> None:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = openpyxl.load_workbook(folder / POLICE)
    book.epoch = CALENDAR_MAC_1904
    book.save(folder / POLICE)
    with zipfile.ZipFile(folder / POLICE) as archive:
        assert "date1904" in archive.read("xl/workbook.xml").decode()
    _all_the_same(folder)


def test_month_that_excel_turned_into_its_first_day(folder: Path) -> None:
    from datetime import date

    workbooks.put(folder / POLICE, CARDS, "E9", date(2024, 4, 1), "[$-42A]mmm\\-yy;@")
    figure = workbooks.read(folder).data["cccd.da_cap"]
    assert isinstance(figure, Figure)
    assert figure.as_of is not None
    assert figure.as_of.value == PartialDate(2024, 4)


def test_percentage_of_a_target_typed_as_percentage(folder: Path) -> None:
    workbooks.put(folder / POLICE, CARDS, "D13", 1, "0%")
    _all_the_same(folder)


def test_list_left_blank_has_no_entries(folder: Path) -> None:
    def change(page: Worksheet) -> None:
        header = next(cell.row for cell in page["B"] if cell.value == "Cơ quan ban hành")
        for cells in page.iter_rows(min_row=header + 2, min_col=2):
            for cell in cells:
                if type(cell).__name__ != "MergedCell":
                    cell.value = None

    workbooks.edit(folder / OFFICE, change, "Văn bản chỉ đạo")
    intake = workbooks.read(folder)
    assert workbooks.news(intake, Severity.LOI, Severity.CANH_BAO) == []
    assert intake.lengths["vb_chi_dao"] == 0
    assert not any(code.startswith("vb_chi_dao.") for code in intake.data)


def test_blank_lines_inside_a_list_are_no_entries(folder: Path) -> None:
    def change(page: Worksheet) -> None:
        header = next(cell.row for cell in page["B"] if cell.value == "Cơ quan ban hành")
        workbooks.insert(page, row=header + 3)

    workbooks.edit(folder / OFFICE, change, "Văn bản chỉ đạo")
    _all_the_same(folder)


def test_hyperlinks_and_rich_text_read_as_shown(folder: Path) -> None:
    def change(page: Worksheet) -> None:
        cell = next(cell for cells in page.iter_rows() for cell in cells if cell.value == "4293/UBND-VHTT")
        cell.hyperlink = "https://example.invalid/vb"

    workbooks.edit(folder / OFFICE, change, "Văn bản viện dẫn")
    _all_the_same(folder)


@workbooks.needs_calc
def test_libreoffice_writes_the_same_values(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    workbooks.convert(sorted(folder.glob("*.xlsx")), "xlsx", again, tmp_path / "lo")
    assert len(list(again.glob("*.xlsx"))) == len(workbooks.april_forms())
    _all_the_same(again)


def test_form_that_grew_after_the_workbook_was_filled(folder: Path) -> None:
    def grown(form: Form) -> Form:
        if form.form != "cong_an":
            return form
        content = form.model_dump()
        content["sheets"][0]["blocks"][0]["fields"] = [
            *content["sheets"][0]["blocks"][0]["fields"],
            {"name": "cap_moi", "title": "Số thẻ cấp mới trong kỳ", "type": "integer", "unit": "thẻ"},
        ]
        content["sheets"][1]["blocks"][0]["columns"] = [
            *content["sheets"][1]["blocks"][0]["columns"],
            {"name": "ghi_chu", "title": "Ghi chú thêm", "type": "string"},
        ]
        return Form.model_validate(content)

    intake = workbooks.read(folder, [grown(form) for form in workbooks.april_forms()])
    found = workbooks.news(intake)
    assert [(finding.rule, finding.severity) for finding in found] == [
        ("thieu_dong", Severity.CANH_BAO),
        ("thieu_cot", Severity.CANH_BAO),
    ]
    assert intake.data["cccd.cap_moi"].missing
    assert intake.data["hoi.nong_dan.ghi_chu"].missing
    assert intake.data["cccd.da_cap"].value == 375671


@pytest.mark.parametrize("seed", range(12))
def test_damaged_bytes_never_raise(folder: Path, seed: int) -> None:
    import random

    rng = random.Random(seed)
    content = bytearray((folder / POLICE).read_bytes())
    for _ in range(20):
        content[rng.randrange(len(content))] = rng.randrange(256)
    (folder / POLICE).write_bytes(bytes(content))
    intake = workbooks.read(folder)
    assert list(intake.data) == list(workbooks.april().data)
