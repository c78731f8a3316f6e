"""Executed sections become one document, numbered; what must not be printed is refused."""

import hashlib
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml

from baocao.errors import RunError
from baocao.figure import Cell, Figure, change, rate
from baocao.indicators import Indicator
from baocao.markup import NOTHING_REPORTED
from baocao.month import Month
from baocao.params import Params, Signer
from baocao.part import Part, take_apart
from baocao.project import Section
from baocao.raster import rasterise
from baocao.theme.generate import MARKED_DOCX
from baocao.weave import weave
from conftest import APRIL, MadeReport

_SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'


def _narrative(text: str) -> Any:
    return _output({"text/markdown": text}, {"kind": "narrative"})


def _table(name: str, caption: str, cell: str = "1") -> Any:
    html = f"<table><caption>{caption}</caption><tbody><tr><td>{cell}</td></tr></tbody></table>"
    return _output({"text/html": html}, {"kind": "table", "name": name, "caption": caption})


def _chart(name: str, caption: str, alt: str = "mô tả", **more: str) -> Any:
    data = {"image/svg+xml": _SVG} | more
    return _output(data, {"kind": "chart", "name": name, "caption": caption, "alt": alt})


def _output(data: dict[str, Any], mark: dict[str, Any] | None) -> Any:
    return nbformat.v4.new_output("display_data", data=data, metadata={"baocao": mark} if mark else {})


def _section(folder: Path, number: int, *cells: list[Any], stamp: dict[str, Any] | None = None) -> tuple[Section, Path]:
    source = folder / f"{number}-muc.ipynb"
    source.write_text("{}", encoding="utf-8")
    executed = folder / f"executed-{number}.ipynb"
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell("x", outputs=outputs, execution_count=index) for index, outputs in enumerate(cells, 1)
    ]
    sha = hashlib.sha256(source.read_bytes()).hexdigest()
    notebook.metadata["baocao"] = {"source_sha256": sha, "period": "2024-04", "complete": True} | (stamp or {})
    nbformat.write(notebook, executed)
    return Section(number, source, False), executed


def _part(folder: Path, number: int, *cells: list[Any]) -> Part:
    return take_apart(*_section(folder, number, *cells), "2024-04")


def _woven(build: Path, month: Month, *parts: Part) -> dict[str, str]:
    rasterise(weave(parts, month.params, build).drawings, build.with_name("hinh.log"))
    return {path.stem: path.read_text(encoding="utf-8") for path in [*build.glob("parts/*.md"), build / "report.qmd"]}


def _head(report: str) -> dict[str, Any]:
    head: dict[str, Any] = yaml.safe_load(report.split("---\n")[1])
    return head


def test_tables_and_charts_are_numbered_over_the_whole_report(tmp_path: Path, april_month: Month) -> None:
    first = _part(
        tmp_path, 21, [_narrative('xem <span data-ref="b"></span>, <span data-ref="c"></span>')], [_table("a", "A")]
    )
    second = _part(tmp_path, 22, [_table("b", "B"), _chart("c", "C")], [_table("khong-tieu-de", "")])
    texts = _woven(tmp_path, april_month, first, second)
    assert "xem [Bảng 2](#bang-b){.tham-chieu}, [Biểu đồ 1](#bieu-do-c){.tham-chieu}" in texts["21"]
    assert "<caption>Bảng 1. A</caption>" in texts["21"]
    assert "<caption>Bảng 2. B</caption>" in texts["22"]
    assert "![Biểu đồ 1. C](images/22-c.svg)" in texts["22"]
    assert "::: {#bang-b .khung-bang}" in texts["22"]
    assert "{#bieu-do-c fig-alt" in texts["22"]
    assert "Bảng 3" not in texts["22"]
    assert (tmp_path / "images" / "22-c.png").read_bytes().startswith(b"\x89PNG")


def test_headings_get_addresses_from_their_numbers(tmp_path: Path, april_month: Month) -> None:
    head = _part(tmp_path, 20, [_narrative("# II. KẾT QUẢ")])
    body = _part(tmp_path, 24, [_narrative("## 4. Về dịch vụ\n\n### 4.2. Triển khai\n\n#### đ) Đánh giá\n\nchữ")])
    texts = _woven(tmp_path, april_month, head, body)
    assert "# II. KẾT QUẢ {#muc-ii}" in texts["20"]
    assert "## 4. Về dịch vụ {#muc-ii-4}" in texts["24"]
    assert "### 4.2. Triển khai {#muc-ii-4-2}" in texts["24"]
    assert "#### đ) Đánh giá {#muc-ii-4-2-d}" in texts["24"]


def test_appendices_follow_the_signature_with_number_title_and_attachment_line(
    tmp_path: Path, april_month: Month
) -> None:
    mark = {"kind": "appendix", "title": "Tình hình", "landscape": True}
    body = _part(tmp_path, 10, [_narrative("chữ")])
    appendix = _part(tmp_path, 92, [_output({"text/markdown": "**Tình hình**"}, mark)], [_table("t", "")])
    texts = _woven(tmp_path, april_month, body, appendix)
    assert '::: {.phu-luc huong="ngang"}' in texts["92"]
    assert "# Phụ lục II {#phu-luc-ii .so-phu-luc}" in texts["92"]
    assert "(Kèm theo Báo cáo số" in texts["92"]
    report = texts["report"]
    assert report.index("parts/10.md") < report.index(".khoi-ky") < report.index("parts/92.md")


def test_document_says_what_params_say(tmp_path: Path, april_month: Month) -> None:
    report = _woven(tmp_path, april_month, _part(tmp_path, 10, [_narrative("chữ")]))["report"]
    head = yaml.safe_load(report.split("---")[1])
    document = head["van-ban"]
    assert document["ky"]["ho-ten"] == "Nguyễn Sỹ Khánh"
    assert document["noi-nhan"][-1] == "Lưu: VT, CATP"
    assert document["dau"] == []
    assert document["ky-bao-cao"] == "(Tháng 4 năm 2024)"
    assert str(head["date"]) == "2024-04-14"


def test_cell_with_a_fence_in_it_stays_in_its_table(tmp_path: Path, april_month: Month) -> None:
    texts = _woven(tmp_path, april_month, _part(tmp_path, 21, [_table("a", "A", cell="```` x")]))
    assert "\n`````{.bang}\n" in texts["21"]


def test_what_was_printed_for_the_desk_never_reaches_the_report(tmp_path: Path, april_month: Month) -> None:
    stream = nbformat.v4.new_output("stream", name="stdout", text="bí mật")
    texts = _woven(tmp_path, april_month, _part(tmp_path, 21, [stream, _narrative("chữ")]))
    assert "bí mật" not in "".join(texts.values())


@pytest.mark.parametrize(
    ("outputs", "stamp", "message"),
    [
        ([nbformat.v4.new_output("error", ename="E", evalue="hỏng", traceback=[])], {}, "ô bị lỗi E: hỏng"),
        ([_output({"text/plain": "42"}, None)], {}, "không thuộc báo cáo"),
        ([], {"source_sha256": "khác"}, "không ứng với sổ tay hiện tại"),
        ([], {"period": "2024-03"}, "không ứng với sổ tay hiện tại"),
        ([], {"complete": False}, "chưa chạy hết"),
    ],
)
def test_unfit_section_is_refused(tmp_path: Path, outputs: list[Any], stamp: dict[str, Any], message: str) -> None:
    section, executed = _section(tmp_path, 21, outputs, stamp=stamp)
    with pytest.raises(RunError, match=message) as caught:
        take_apart(section, executed, "2024-04")
    assert caught.value.problems[0].where[0] == "21-muc.ipynb"


def test_prose_in_a_markdown_cell_is_refused_and_a_note_is_not(tmp_path: Path) -> None:
    section, executed = _section(tmp_path, 21, [_narrative("chữ")])
    notebook = nbformat.read(executed, as_version=4)
    notebook.cells.append(nbformat.v4.new_markdown_cell("nhớ hỏi lại", metadata={"tags": ["ghi-chu"]}))
    nbformat.write(notebook, executed)
    take_apart(section, executed, "2024-04")
    notebook.cells.append(nbformat.v4.new_markdown_cell("lời văn bị mất"))
    nbformat.write(notebook, executed)
    with pytest.raises(RunError, match="ô Markdown không vào báo cáo") as caught:
        take_apart(section, executed, "2024-04")
    assert caught.value.problems[0].where == ("21-muc.ipynb", "ô 3")


def test_section_without_content_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="không đưa gì vào báo cáo"):
        take_apart(*_section(tmp_path, 21, []), "2024-04")


@pytest.mark.parametrize(
    ("number", "heading", "fits"),
    [
        (24, "## 4. Tên", True),
        (24, "### 4.2. Tên", True),
        (24, "## 5. Tên", False),
        (24, "# II. Tên", False),
        (30, "# III. Tên", True),
        (30, "# IV. Tên", False),
        (30, "## 2. Tên", True),
    ],
)
def test_heading_carries_the_number_of_its_section(
    tmp_path: Path, april_month: Month, number: int, heading: str, fits: bool
) -> None:
    part = _part(tmp_path, number, [_narrative(heading)])
    if fits:
        weave([part], april_month.params, tmp_path)
    else:
        with pytest.raises(RunError, match="không phải của mục này"):
            weave([part], april_month.params, tmp_path)


@pytest.mark.parametrize(("first", "second"), [("ty le", "tỷ lệ"), ("a", "A")])
def test_names_with_one_address_are_refused(tmp_path: Path, april_month: Month, first: str, second: str) -> None:
    part = _part(tmp_path, 21, [_chart(first, "A"), _chart(second, "B")])
    with pytest.raises(RunError, match="trùng với"):
        weave([part], april_month.params, tmp_path)


def test_unexecuted_cell_is_refused(tmp_path: Path) -> None:
    section, executed = _section(tmp_path, 21, [])
    notebook = nbformat.read(executed, as_version=4)
    notebook.cells[0].execution_count = None
    nbformat.write(notebook, executed)
    with pytest.raises(RunError, match="ô chưa chạy"):
        take_apart(section, executed, "2024-04")


def test_all_problems_of_all_sections_come_at_once_and_nothing_is_written(tmp_path: Path, april_month: Month) -> None:
    first = _part(tmp_path, 21, [_narrative('<span data-ref="la"></span>'), _table("a", "A")])
    second = _part(tmp_path, 22, [_chart("a", "B")])
    third = _part(tmp_path, 91, [_narrative("không có tiêu đề phụ lục")])
    with pytest.raises(RunError) as caught:
        weave([first, second, third], april_month.params, tmp_path)
    assert len(caught.value.problems) == 3
    assert not (tmp_path / "report.qmd").exists()


@pytest.mark.parametrize(
    ("simulated_month", "lacking", "marks"),
    [
        (True, (), ["DỮ LIỆU MÔ PHỎNG"]),
        (False, ("Công an *A*", "B"), ["BÁO CÁO CHƯA ĐỦ SỐ LIỆU"]),
        (True, ("Công an *A*", "B"), ["DỮ LIỆU MÔ PHỎNG", "BÁO CÁO CHƯA ĐỦ SỐ LIỆU"]),
    ],
)
def test_a_marked_report_brings_the_word_document_that_marks_it(
    tmp_path: Path, april_month: Month, simulated_month: bool, lacking: tuple[str, ...], marks: list[str]
) -> None:
    params = april_month.params
    build = tmp_path / "build"
    part = _part(tmp_path, 21, [_narrative("x")])
    weave([part], params, build)
    assert "format:" not in (build / "report.qmd").read_text(encoding="utf-8")
    assert not (build / MARKED_DOCX).exists()
    simulated = params.monthly.model_copy(update={"simulated": simulated_month})
    weave([part], replace(params, monthly=simulated), build, lacking=lacking)
    report = (build / "report.qmd").read_text(encoding="utf-8")
    assert ("số liệu của Công an \\*A\\*; B." in report) == bool(lacking)
    head = yaml.safe_load(report.split("---\n")[1])
    assert head["van-ban"]["dau"] == marks
    assert head["format"] == {"docx": {"reference-doc": MARKED_DOCX}, "typst": "default", "html": "default"}
    with zipfile.ZipFile(build / MARKED_DOCX) as archive:
        assert " · ".join(marks) in archive.read("word/header2.xml").decode()


def _with(month: Month, **monthly: object) -> Params:
    """April's parameters with its own `charts` or signer."""
    return replace(month.params, **monthly)  # type: ignore[arg-type]


def test_front_matter_has_the_signer_s_lines_and_the_formats_with_charts(tmp_path: Path, april_month: Month) -> None:
    part = _part(tmp_path, 10, [_narrative("chữ")])
    head = _head(_woven(tmp_path, april_month, part)["report"])["van-ban"]
    assert head["ky"] == {
        "quyen-han": "TỔ TRƯỞNG TỔ CÔNG TÁC",
        "chuc-vu": "CHỦ TỊCH UBND THÀNH PHỐ",
        "ho-ten": "Nguyễn Sỹ Khánh",
    }
    assert head["bieu-do"] == ["docx", "pdf", "html"]
    deputy = {"on_behalf_of": "ỦY BAN NHÂN DÂN", "form": "KT", "head": "CHỦ TỊCH", "post": "PHÓ CHỦ TỊCH"}
    signer = Signer.model_validate({**deputy, "name": "Trần An", "valid_from": "2024-04"})
    weave([part], _with(april_month, signer=signer, charts=("html",)), tmp_path)
    head = _head((tmp_path / "report.qmd").read_text(encoding="utf-8"))["van-ban"]
    lines = "TM. ỦY BAN NHÂN DÂN\nKT. CHỦ TỊCH\nPHÓ CHỦ TỊCH"
    assert head["ky"] == {"quyen-han": lines, "chuc-vu": None, "ho-ten": "Trần An"}
    assert head["bieu-do"] == ["html"]


_REF = '<span data-ref="c"></span>'
_SPAN = '<span class="theo-bieu-do">'


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (f"xem {_REF}", False),
        (f"{_SPAN}xem {_REF}.</span>", True),
        (f'{_SPAN}xem <span data-so="a" title="b">1</span> và {_REF}</span>.', True),
        (f"{_SPAN}xem hình</span> {_REF}", False),
        (f'<span data-so="a">1</span> {_REF}', False),
        (f'\\<span class\\="theo-bieu-do"\\> {_REF}\\</span\\>', False),
        ('xem <span data-ref="t"></span>', True),
    ],
)
def test_a_copy_without_charts_must_not_speak_of_them(
    tmp_path: Path, april_month: Month, text: str, fits: bool
) -> None:
    part = _part(tmp_path, 21, [_narrative(text)], [_chart("c", "C"), _table("t", "T")])
    weave([part], april_month.params, tmp_path)
    strict = _with(april_month, charts=("html",))
    if fits:
        weave([part], strict, tmp_path)
        return
    with pytest.raises(RunError, match="câu nhắc đến biểu đồ “c” vẫn in ở bản không có biểu đồ") as caught:
        weave([part], strict, tmp_path)
    (problem,) = caught.value.problems
    assert problem.where == ("21-muc.ipynb", "ô 1")
    assert '<span class="theo-bieu-do">' in problem.expected


@pytest.mark.parametrize("text", [f"{_SPAN}câu", f"{_SPAN}câu\n\nđoạn sau</span>", f"{_SPAN}<span>a</span>"])
def test_a_span_of_the_charts_ends_in_its_paragraph(tmp_path: Path, april_month: Month, text: str) -> None:
    part = _part(tmp_path, 21, [_narrative(text)])
    with pytest.raises(RunError, match="chưa đóng trong đoạn"):
        weave([part], april_month.params, tmp_path)


def test_april_speaks_of_its_charts_only_where_they_are(
    tmp_path: Path, april_month: Month, april_report: MadeReport
) -> None:
    sections = april_report.project.sections(APRIL)
    executed = april_report.folder / "build" / "sections"
    parts = [take_apart(item, executed / item.notebook.name, str(APRIL)) for item in sections]
    weave(parts, _with(april_month, charts=()), tmp_path)
    prose = "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("parts/*.md"))
    strict = re.sub(r'<span class="theo-bieu-do">[^<]*</span>', "", prose)
    assert prose.count("](#bieu-do-") == 5
    assert "](#bieu-do-" not in strict
    assert "Kết quả xử lý hồ sơ của từng cấp như sau:" in strict


def test_a_chart_brings_its_narrow_drawing_and_its_numbers(tmp_path: Path, april_month: Month) -> None:
    narrow, table = _SVG.replace("/>", ' width="1"/>'), '<table class="bang"><tr><td>``` 1</td></tr></table>'
    keys = {"application/vnd.baocao.narrow+svg": narrow, "application/vnd.baocao.numbers+html": table}
    part = _part(tmp_path, 22, [_chart("c", "C", **keys), _chart("d", "", **keys), _chart("e", "E")])
    text = _woven(tmp_path, april_month, part)["22"]
    numbers = f'::: {{.so-lieu-bieu-do nhan="Số liệu của Biểu đồ 1"}}\n````{{.bang}}\n{table}\n````\n:::'
    assert numbers in text.split("![](images/22-d.svg)")[0]
    assert text.count(".so-lieu-bieu-do") == 2
    assert 'nhan="Số liệu của biểu đồ"' in text
    assert (tmp_path / "images" / "22-c-hep.svg").read_text(encoding="utf-8") == narrow
    assert sorted(path.name for path in tmp_path.glob("images/*-hep.svg")) == ["22-c-hep.svg", "22-d-hep.svg"]


def _indicator(value: int | None, before: int | None, label: str = "Thẻ [đã cấp]") -> Indicator:
    cell = Cell("a.xlsx", "S", "D9")
    now = Figure("x.a", value, "A", "thẻ", cell=cell)
    whole = Figure("x.b", 2000, "B", "thẻ", cell=Cell("a.xlsx", "S", "D8"))
    earlier = Figure("x.a", before, "A", "thẻ", cell=Cell("2024-03/a.xlsx", "S", "D9"))
    return Indicator(label, now, rate(now, whole), change(now, earlier))


def test_main_indicators_stand_below_the_letterhead(tmp_path: Path, april_month: Month) -> None:
    part = _part(tmp_path, 10, [_narrative("chữ")])
    given = [_indicator(1234, 1000), _indicator(None, 1000), _indicator(1000, None)]
    weave([part], april_month.params, tmp_path, indicators=given)
    report = (tmp_path / "report.qmd").read_text(encoding="utf-8")
    block = report.split("::: {.dau-van-ban}\n:::\n\n")[1].split("\n\n{{< include")[0]
    value = '[<span data-so="x.a" title="a.xlsx › S › D9">1.234</span> thẻ]{.gia-tri}'
    assert block.startswith(f":::: {{.chi-tieu-chinh}}\n::: {{.chi-tieu}}\n[Thẻ \\[đã cấp\\]]{{.nhan}}\n\n{value}\n\n")
    assert block.endswith("\n:::\n::::")
    first, second, third = block.split("::: {.chi-tieu}")[1:]
    assert ">61,7%</span>]{.ty-le}" in first
    assert '[tăng <span data-so="change(x.a)"' in first
    assert ">234</span> so với tháng trước]{.thay-doi}" in first
    assert ">chưa có số liệu</span>]{.gia-tri}" in second
    assert "ty-le" not in second
    assert "thay-doi" not in second
    assert "ty-le" in third
    assert "thay-doi" not in third


def test_without_indicators_there_is_no_block(tmp_path: Path, april_month: Month) -> None:
    assert "chi-tieu" not in _woven(tmp_path, april_month, _part(tmp_path, 10, [_narrative("chữ")]))["report"]


def test_a_heading_without_content_says_that_nothing_was_reported(tmp_path: Path, april_month: Month) -> None:
    parts = [
        _part(tmp_path, 20, [_narrative("# II. KẾT QUẢ")]),
        _part(tmp_path, 21, [_narrative("## 1. Chỉ đạo\n\n### 1.1. Một"), _narrative("  \n")]),
        _part(tmp_path, 22, [_narrative("## 2. Tuyên truyền\n"), _narrative("Có chữ.\n\n#### a) Trống")]),
        _part(tmp_path, 23, [_narrative("## 3. Thể chế")], [_table("t", "T")]),
        _part(tmp_path, 30, [_narrative("# III. NHẬN XÉT")]),
        _part(tmp_path, 91, [_output({}, {"kind": "appendix", "title": "Trống", "landscape": False})]),
    ]
    texts = _woven(tmp_path, april_month, *parts)
    assert texts["20"] == "# II. KẾT QUẢ {#muc-ii}\n"
    assert texts["21"].endswith(f"### 1.1. Một {{#muc-ii-1-1}}\n\n{NOTHING_REPORTED}\n")
    assert texts["21"].count(NOTHING_REPORTED) == 1
    assert texts["22"].endswith(f"Có chữ.\n\n#### a) Trống {{#muc-ii-2-a}}\n\n{NOTHING_REPORTED}\n")
    assert texts["22"].count(NOTHING_REPORTED) == 1
    assert NOTHING_REPORTED not in texts["23"]
    assert texts["30"] == f"# III. NHẬN XÉT {{#muc-iii}}\n\n{NOTHING_REPORTED}\n"
    assert texts["91"].endswith(f"{NOTHING_REPORTED}\n\n:::\n")


def test_prose_that_came_to_nothing_is_no_section(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="không đưa gì vào báo cáo"):
        take_apart(*_section(tmp_path, 21, [_narrative(" \n\n")]), "2024-04")
