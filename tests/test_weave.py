"""Executed sections become one document, numbered; what must not be printed is refused."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml

from baocao.errors import RunError
from baocao.month import Month
from baocao.project import Section
from baocao.weave import Part, take_apart, weave

_SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'
_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def _narrative(text: str) -> Any:
    return _output({"text/markdown": text}, {"kind": "narrative"})


def _table(name: str, caption: str, cell: str = "1") -> Any:
    html = f"<table><caption>{caption}</caption><tbody><tr><td>{cell}</td></tr></tbody></table>"
    return _output({"text/html": html}, {"kind": "table", "name": name, "caption": caption})


def _chart(name: str, caption: str, alt: str = "mô tả") -> Any:
    data = {"image/svg+xml": _SVG, "image/png": _PNG}
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
    weave(parts, month.params, build)
    return {path.stem: path.read_text(encoding="utf-8") for path in [*build.glob("parts/*.md"), build / "report.qmd"]}


def test_tables_and_charts_are_numbered_over_the_whole_report(tmp_path: Path, april_month: Month) -> None:
    first = _part(
        tmp_path, 21, [_narrative('xem <span data-ref="b"></span>, <span data-ref="c"></span>')], [_table("a", "A")]
    )
    second = _part(tmp_path, 22, [_table("b", "B"), _chart("c", "C")], [_table("khong-tieu-de", "")])
    texts = _woven(tmp_path, april_month, first, second)
    assert "xem Bảng 2, Biểu đồ 1" in texts["21"]
    assert "<caption>Bảng 1. A</caption>" in texts["21"]
    assert "<caption>Bảng 2. B</caption>" in texts["22"]
    assert "![Biểu đồ 1. C](images/22-c.svg)" in texts["22"]
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
    assert document["mo-phong"] is False
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


def test_a_simulated_month_names_the_word_document_that_marks_it(tmp_path: Path, april_month: Month) -> None:
    params = april_month.params
    marked = tmp_path / "van-ban-mo-phong.docx"
    marked.write_bytes(b"mau")
    build = tmp_path / "build"
    part = _part(tmp_path, 21, [_narrative("x")])
    weave([part], params, build, marked)
    assert "format:" not in (build / "report.qmd").read_text(encoding="utf-8")
    assert not (build / marked.name).exists()
    simulated = params.monthly.model_copy(update={"simulated": True})
    weave([part], replace(params, monthly=simulated), build, marked)
    head = yaml.safe_load((build / "report.qmd").read_text(encoding="utf-8").split("---\n")[1])
    assert head["van-ban"]["mo-phong"] is True
    assert head["format"] == {"docx": {"reference-doc": marked.name}, "typst": "default", "html": "default"}
    assert (build / marked.name).read_bytes() == b"mau"
