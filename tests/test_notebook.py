"""What an analyst's notebook can do, in real kernels: prose, search, tables, and errors that point at a line."""

import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest

from baocao.month import Month
from baocao.notebook_keys import KEY, NARROW, NUMBERS
from baocao.part import take_apart
from baocao.project import Project
from conftest import APRIL, MadeReport

_HEAD = "from baocao.notebook import charts, open_report\nreport = open_report(period)"


def _run(project: Project, *cells: str, period: str = "2024-04") -> Any:
    """Run a notebook of these cells under plain papermill, from the project's folder."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell('period = ""', metadata={"tags": ["parameters"]})]
    notebook.cells += [nbformat.v4.new_code_cell(source) for source in (_HEAD, *cells)]
    notebook.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
    source, target = project.root / "notebooks" / "99-thu.ipynb", project.root / "out.ipynb"
    nbformat.write(notebook, source)
    command = [sys.executable, "-m", "papermill", str(source), str(target), "--no-progress-bar", "-p", "period", period]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BAOCAO_")}
    subprocess.run(command, cwd=project.root, env=environment, capture_output=True, check=False)
    return nbformat.read(target, as_version=4)


def _outputs(notebook: Any, kind: str) -> list[Any]:
    return [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.get("metadata", {}).get(KEY, {}).get("kind") == kind
    ]


def _error(notebook: Any) -> Any:
    return next(
        output for cell in notebook.cells for output in cell.get("outputs", []) if output.output_type == "error"
    )


def test_prose_tables_search_and_reads(project: Project) -> None:
    notebook = _run(
        project,
        "so_rieng = 1 + 1",
        "%%narrative\nĐã cấp {{ cccd.da_cap }}; {{ so_rieng }}; {{ rate(cccd.da_cap, cccd.dan_so) }}.",
        "bang = report.table('hoi')\nassert bang.numeric()['tong_so'].sum() > 0\n"
        "cot = {'stt': 'STT', 'ten': 'Hội', 'tong_so': 'Tổng'}\n"
        "report.show(bang, cot, name='hoi', caption='Hội {{ cccd.da_cap }}')",
        "tim = report.find('can cuoc')\nassert 'cccd.da_cap' in list(tim['mã'])\nprint(tim.to_string())",
    )
    assert not [
        output for cell in notebook.cells for output in cell.get("outputs", []) if output.output_type == "error"
    ]
    (prose,) = _outputs(notebook, "narrative")
    assert 'data-so="cccd.da_cap"' in prose.data["text/markdown"]
    assert "; 2; " in prose.data["text/markdown"]
    assert "96,82%" in prose.data["text/markdown"]
    (table,) = _outputs(notebook, "table")
    assert "<caption>Hội 375.671</caption>" in table.data["text/html"]
    assert "22.966" in table.data["text/html"]
    reads = {code for output in _outputs(notebook, "reads") for data in output.data.values() for code in data["codes"]}
    assert {"cccd.da_cap", "cccd.dan_so", "hoi.nguoi_cao_tuoi.tong_so", "hoi.nguoi_cao_tuoi.ty_le"} <= reads


def test_a_chart_shows_in_jupyter_and_brings_its_numbers(project: Project) -> None:
    told = "name='{}', caption='Thẻ & {{{{ cccd.da_cap }}}}', alt='Đã cấp {{{{ cccd.da_cap }}}}'"
    notebook = _run(
        project,
        "cap = report.figure('cccd.da_cap')\n"
        f"report.chart(charts.progress({{'Cấp thẻ': (cap, report.figure('cccd.dan_so'))}}), {told.format('a')})",
        "axes = charts.canvas(2)\naxes.bar(['Cấp thẻ'], [float(cap.value)])\n"
        f"report.chart(axes, {told.format('b')}, numbers={{'Cấp thẻ': cap}})",
        f"report.chart(axes, {told.format('c')}, "
        "numbers=(report.table('hoi'), {'ten': 'Hội', 'tong_so': ('Hội viên', 'Tổng')}))",
    )
    drawn, own, paired = _outputs(notebook, "chart")
    html = drawn.data["text/html"]
    assert "<figcaption>Thẻ &amp; 375.671</figcaption>" in html
    assert 'alt="Đã cấp 375.671"' in html
    picture = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    assert picture and base64.b64decode(picture[1]).decode() == drawn.data["image/svg+xml"]
    for output in (drawn, own, paired):
        assert output.data[NARROW].startswith("<svg") and output.data[NARROW] != output.data["image/svg+xml"]
        assert output.data[NUMBERS].startswith('<table class="bang">')
    source = 'data-so="cccd.da_cap" title="01-cong-an.xlsx › CCCD, định danh › D9">375.671<'
    assert source in drawn.data[NUMBERS] and source in own.data[NUMBERS]
    assert ">96,82%<" in drawn.data[NUMBERS]
    assert "<th>Tổng</th>" in paired.data[NUMBERS] and ">22.966<" in paired.data[NUMBERS]


def test_a_drawing_without_its_numbers_is_refused(project: Project) -> None:
    said = {
        "None": ("InputError", "biểu đồ “a” thiếu số liệu cho người không nhìn thấy hình", "numbers="),
        "{'x': 5}": ("InputError", "số liệu “x” của biểu đồ là 5", "report.figure"),
        "report.table('hoi')": ("InputError", "chưa có tiêu đề cột", "numbers=(bảng, {mã cột: tiêu đề})"),
        "(report.table('hoi'), {'khac': 'Khác'})": ("InputError", "bảng không có cột: khac"),
    }
    attempt = (
        "def thu(so):\n    try:\n"
        "        report.chart(charts.canvas(2), name='a', caption='c', alt='x', numbers=so)\n"
        "    except Exception as error:\n        print(type(error).__name__, error)"
    )
    notebook = _run(project, attempt, *(f"thu({numbers})" for numbers in said))
    assert not _outputs(notebook, "chart")
    printed = [
        output.text for cell in notebook.cells for output in cell.get("outputs", []) if output.output_type == "stream"
    ]
    for text, words in zip(printed, said.values(), strict=True):
        for word in words:
            assert word in text


@pytest.mark.parametrize(
    ("cell", "line", "said"),
    [
        ("%%narrative\nmột\n\nĐã cấp {{ cccd.da_cp }}", 4, ("cccd.da_cp", "cccd.da_cap")),
        ("%%narrative\nĐã cấp {{ cccdd.da_cap }}", 2, ("cccdd", "cccd")),
        ("%%narrative\nmột\n{{ cccd.da_cap }", 3, ("cú pháp",)),
        ("%%narrative\nmột\n{% for e in entries('hoi') %}\n{{ e.khong_co }}\n{% endfor %}", 4, ("khong_co",)),
        ("%%narrative\n{{ cccd.da_cap + kcb.luot }}", 2, ("đơn vị",)),
        ("%%narrative\n{{ cccd }}", 2, ("nhóm số liệu",)),
    ],
)
def test_error_in_prose_points_at_its_line(project: Project, cell: str, line: int, said: tuple[str, ...]) -> None:
    error = _error(_run(project, cell))
    shown = "\n".join(error.traceback)
    assert error.ename == "NarrativeError"
    assert f"dòng {line}:" in shown
    for word in said:
        assert word in shown
    assert "jinja2" not in shown, "no traceback through the template engine"


def test_an_error_in_code_ends_at_the_cells_line(project: Project) -> None:
    error = _error(_run(project, 'a = 1\nreport.figure("cccd.da_cp")'))
    shown = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(error.traceback))
    assert '----> 2 report.figure("cccd.da_cp")' in shown
    assert shown.endswith("mã gần nhất: cccd.da_cap\n  Cách xử lý: tìm mã bằng report.find(“từ khóa”)")
    assert ".py" not in shown


def test_unknown_month_is_refused_in_words(project: Project) -> None:
    error = _error(_run(project, period="2031-01"))
    assert error.ename == "InputError"
    assert "params/2031-01.yml" in error.evalue


def _shown(pieces: Iterable[Any]) -> list[Any]:
    return [(piece.kind, piece.content, piece.data) for piece in pieces]


def test_plain_papermill_gives_what_a_run_gives(april_report: MadeReport, april_month: Month, tmp_path: Path) -> None:
    project = april_report.project
    section = project.section(APRIL, "24")
    target = tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", str(section.notebook), str(target), "-p", "period", "2024-04"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BAOCAO_")}
    subprocess.run(command, cwd=project.root, env=environment, capture_output=True, check=True)
    plain = nbformat.read(target, as_version=4)
    ran = april_report.folder / "build" / "sections" / section.notebook.name
    # Papermill knows nothing of the stamp that a run puts on its notebooks.
    plain.metadata[KEY] = nbformat.read(ran, as_version=4).metadata[KEY]
    nbformat.write(plain, target)
    assert _shown(take_apart(section, target, "2024-04").pieces) == _shown(take_apart(section, ran, "2024-04").pieces)
    assert papermill.inspect_notebook(str(section.notebook))["period"]["default"] == '""'
