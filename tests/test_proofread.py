"""Notebooks read without running them: each fault is found at its cell and line, and clean ones have none."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baocao.cells import Sheet, read_sheet
from baocao.cli import main
from baocao.finding import Finding
from baocao.project import Project, Section
from baocao.proofread import proofread
from baocao.prose_faults import prose_faults
from conftest import APRIL, ROOT, copy_project

OPEN = "from baocao.notebook import charts, open_report\n\nreport = open_report(period)"
HEAD = "%%narrative\n## 5. Phát triển kinh tế, xã hội"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return copy_project(tmp_path_factory.mktemp("proofread"))


def notebook(cells: Sequence[str | Any], parameters: str | None = 'period = ""') -> Any:
    made = nbformat.v4.new_notebook()
    if parameters is not None:
        made.cells.append(nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    made.cells += [nbformat.v4.new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    return made


def found(project: Project, made: Any, own: bool = False) -> list[Finding]:
    """Findings about a notebook of section 25."""
    folder = project.root / "notebooks" / ("2024-04" if own else "")
    path = folder / "25-kinh-te-xa-hoi.ipynb"
    before = path.read_bytes() if path.exists() else None
    try:
        nbformat.write(made, path)
        name = path.relative_to(project.root).as_posix()
        return [finding for finding in proofread(project, APRIL) if finding.problem.where[0] == name]
    finally:
        path.unlink() if before is None else path.write_bytes(before)


def places(findings: Sequence[Finding]) -> list[tuple[str, ...]]:
    return [(finding.rule, finding.severity.name, *finding.problem.where[1:]) for finding in findings]


def test_the_projects_own_notebooks_have_no_finding() -> None:
    assert proofread(Project(ROOT), APRIL) == ()


MARKED = {"metadata": {"tags": ["parameters"]}}
PARAMETERS = {
    "missing": (notebook([OPEN], None), False, ("o_tham_so", "LOI")),
    "second": (notebook(["import math", *notebook([OPEN]).cells], None), False, ("o_tham_so", "CANH_BAO", "ô 2")),
    "more": (notebook([OPEN], 'period = ""\nnguong = 5'), False, ("o_tham_so", "CANH_BAO", "ô 1", "dòng 2")),
    "shared with a month": (notebook([OPEN], 'period = "2024-04"'), False, ("o_tham_so", "CANH_BAO", "ô 1", "dòng 1")),
    "another month": (notebook([OPEN], 'period = "2024-03"'), True, ("o_tham_so", "CANH_BAO", "ô 1", "dòng 1")),
    "no text": (notebook([OPEN], "period = None"), False, ("o_tham_so", "CANH_BAO", "ô 1", "dòng 1")),
    "injected": (
        notebook([OPEN, nbformat.v4.new_code_cell("", metadata={"tags": ["injected-parameters"]})]),
        False,
        ("o_tham_so", "LOI", "ô 3"),
    ),
}


@pytest.mark.parametrize("case", PARAMETERS)
def test_parameters(case: str, shared: Project) -> None:
    made, own, expected = PARAMETERS[case]
    assert expected in places(found(shared, made, own))


@pytest.mark.parametrize("value", ['""', '"2024-04"'])
def test_a_months_own_notebook_may_name_it(value: str, shared: Project) -> None:
    assert found(shared, notebook([OPEN, HEAD], f"period = {value}"), own=True) == []


# (cells after the parameters and the opening, rule, severity, place)
FAULTS = {
    "level jumps": ([f"{HEAD}\n\n#### a) Thẻ"], "tieu_de", "CANH_BAO", "ô 3", "dòng 4"),
    "first level": (["%%narrative\n### 5.1. Thẻ"], "tieu_de", "CANH_BAO", "ô 3", "dòng 2"),
    "other section": (["%%narrative\n## 6. Công dân số"], "tieu_de", "LOI", "ô 3", "dòng 2"),
    "left out": ([f"{HEAD}\n### 5.1. Thẻ\n\n### 5.3. Định danh"], "tieu_de", "CANH_BAO", "ô 3", "dòng 5"),
    "letters": ([f"{HEAD}\n### 5.1. Thẻ\n#### b) Hai\n"], "tieu_de", "CANH_BAO", "ô 3", "dòng 4"),
    "across cells": ([f"{HEAD}\n### 5.1. A", "%%narrative\n\n### 5.1. B"], "tieu_de", "CANH_BAO", "ô 4", "dòng 3"),
    "pandas": (['import pandas as pd\nx = pd.read_excel("bang")'], "tep_rieng", "CANH_BAO", "ô 3", "dòng 2"),
    "open": (["x = 1\nwith open(period) as tep:\n    y = tep.read()"], "tep_rieng", "CANH_BAO", "ô 3", "dòng 2"),
    "path": (['x = "data/2024-04/01-cong-an.xlsx"'], "tep_rieng", "CANH_BAO", "ô 3", "dòng 1"),
    "drive": (['\n\nx = r"D:\\so lieu\\thang 4"'], "tep_rieng", "CANH_BAO", "ô 3", "dòng 3"),
    "pathlib": (["from pathlib import Path"], "tep_rieng", "CANH_BAO", "ô 3", "dòng 1"),
    "requests": (["import requests"], "tep_rieng", "CANH_BAO", "ô 3", "dòng 1"),
    "numpy": (["import numpy as np\nx = np.load(period)"], "tep_rieng", "CANH_BAO", "ô 3", "dòng 2"),
    "shell": (["x = 1\n!dir"], "tep_rieng", "CANH_BAO", "ô 3", "dòng 2"),
    "library": (["import sklearn"], "thu_vien", "LUU_Y", "ô 3", "dòng 1"),
    "looked at": (['bang = report.table("ho_so")\nbang'], "ngoai_bao_cao", "LOI", "ô 3", "dòng 2"),
    "searched": (['report.find("căn cước")'], "ngoai_bao_cao", "LOI", "ô 3", "dòng 1"),
    "display": (["display(report.period)\nx = 1"], "ngoai_bao_cao", "LOI", "ô 3", "dòng 1"),
    "plt.show": (
        ["import matplotlib.pyplot as plt\n\nplt.show()\nx = 1"],
        "ngoai_bao_cao",
        "LOI",
        "ô 3",
        "dòng 3",
    ),
    "Markdown": ([nbformat.v4.new_markdown_cell("Đã cấp thẻ.")], "ngoai_bao_cao", "LOI", "ô 3"),
    "stored": (
        [nbformat.v4.new_code_cell("x = 1", outputs=[nbformat.v4.new_output("display_data", {"text/plain": "1"})])],
        "ket_qua_luu",
        "CANH_BAO",
        "ô 3",
    ),
    "syntax": (["x = 1\nif x\n"], "cu_phap", "LOI", "ô 3", "dòng 2"),
    "template": (["%%narrative\nMột.\n\n{% if %}"], "cu_phap", "LOI", "ô 3", "dòng 4"),
    "magic": (["%%narative\nMột."], "lenh_la", "CANH_BAO", "ô 3", "dòng 1"),
    "grouped": ([f"{HEAD}\n\nĐã cấp\n2.743 thẻ."], "so_go_tay", "CANH_BAO", "ô 3", "dòng 5"),
    "percent": ([f"{HEAD}\n\nĐạt 98%."], "so_go_tay", "CANH_BAO", "ô 3", "dòng 4"),
    "decimal": ([f"{HEAD}\n\nTăng 2,5 lần."], "so_go_tay", "CANH_BAO", "ô 3", "dòng 4"),
    "with a unit": ([f"{HEAD}\n\nCó 12 hồ sơ."], "so_go_tay", "CANH_BAO", "ô 3", "dòng 4"),
    "in a description": (
        ['x = charts.bars({})\nreport.chart(x, name="x", caption="Biểu", alt="Đạt 45%")'],
        "so_go_tay",
        "CANH_BAO",
        "ô 3",
        "dòng 2",
    ),
    "used before": (["x = moc + 1", "moc = 2"], "thu_tu_o", "LOI", "ô 3", "dòng 1"),
    "nowhere": (["x = 1\ny = khong_co"], "thu_tu_o", "LOI", "ô 3", "dòng 2"),
    "nowhere in a function": (["def f():\n    return khong_co"], "thu_tu_o", "LOI", "ô 3", "dòng 2"),
    "prose before": ([f"{HEAD}\n\n{{{{ moc }}}}", "moc = 2"], "thu_tu_o", "LOI", "ô 3", "dòng 4"),
    "prose nowhere": ([f"{HEAD}\n\n{{{{ khong_co }}}}"], "thu_tu_o", "LOI", "ô 3", "dòng 4"),
    "given again": (["a = 1", "b = a", "a = 2"], "thu_tu_o", "CANH_BAO", "ô 5", "dòng 1"),
    "grows": (["a = []", "b = 1\na.append(b)"], "thu_tu_o", "CANH_BAO", "ô 4", "dòng 2"),
    "changed later": (["a = {}", "b = a.get(1)", "a[1] = 2"], "thu_tu_o", "CANH_BAO", "ô 5", "dòng 1"),
    "counts": (
        [nbformat.v4.new_code_cell("x = 1", execution_count=7), nbformat.v4.new_code_cell("y = 1", execution_count=3)],
        "thu_tu_o",
        "CANH_BAO",
        "ô 4",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_found_at_its_line(case: str, shared: Project) -> None:
    cells, *expected = FAULTS[case]
    findings = found(shared, notebook([OPEN, *cells]))
    assert tuple(expected) in places(findings)
    of_it = [finding for finding in findings if tuple(expected) == places([finding])[0]]
    assert all(finding.problem.remedy for finding in of_it)


CLEAN = {
    "headings": [f"{HEAD}\n### 5.1. A\n#### a) Một\n#### b) Hai\n### 5.2. B\n#### a) Một"],
    "either heading": [f"{HEAD}\n{{% if period %}}\n### 5.1. A\n{{% else %}}\n### 5.1. B\n{{% endif %}}"],
    "names that are no figures": [
        f"{HEAD}\n\nNgày 12/4/2024, theo Công văn số 2462/UBND-LĐTBXH ngày 01/4/2024, Nghị định số 30/2020/NĐ-CP, "
        "khoản 2 Điều 4, Đề án 06, giai đoạn 2022 - 2025, Phụ lục 2, tháng 4/2024, năm 2024, mục 2.1, COVID-19.",
        "%%narrative\n1. Một\n2. Hai",
    ],
    "a number that belongs there": [f'{HEAD}\n\nPhấn đấu đạt {{{{ "100%" }}}}, {{{{ 2 + 1 }}}} hồ sơ.'],
    "code": [
        'hang = [dong for _, dong in report.table("ho_so").iterrows()]\nprint(hang)',
        "for mot in hang:\n    tong = mot\nten = {str(x): x for x in hang}\nten.get(1);",
        "def ghi(gi):\n    print(gi, hang)\n\nghi(1)",
        nbformat.v4.new_markdown_cell("Ghi chú.", metadata={"tags": ["ghi-chu"]}),
    ],
}


@pytest.mark.parametrize("case", CLEAN)
def test_nothing_is_found_where_nothing_is_wrong(case: str, shared: Project) -> None:
    assert found(shared, notebook([OPEN, *CLEAN[case]])) == []


def test_a_typed_figure_is_told_its_code(shared: Project, april_month: Any) -> None:
    figure = april_month.dataset.get("ho_so.thanh_pho.tong_so")
    (finding,) = found(shared, notebook([OPEN, f"{HEAD}\n\nCó {figure} hồ sơ."]))
    assert "{{ ho_so.thanh_pho.tong_so }}" in finding.problem.remedy
    assert f'{{{{ "{figure}" }}}}' in finding.problem.remedy


def test_unreadable_and_ill_named_notebooks_are_findings(project: Project) -> None:
    folder = project.root / "notebooks"
    (folder / "25-kinh-te-xa-hoi.ipynb").write_text("{", "utf-8")
    (folder / "Muc 24.ipynb").write_text("{}", "utf-8")
    assert sorted(finding.problem.where[0] for finding in proofread(project, APRIL)) == [
        "notebooks/25-kinh-te-xa-hoi.ipynb",
        str(Path("notebooks") / "Muc 24.ipynb"),
    ]


def test_without_a_readable_month_the_notebooks_are_read(project: Project) -> None:
    project.params(APRIL).write_text("period: [", "utf-8")
    assert proofread(project, APRIL) == ()


def test_the_command(project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(project.root)
    monkeypatch.delenv("BAOCAO_ROOT", raising=False)
    assert main(["check", "--notebooks"]) == 0
    assert "Sổ tay của kỳ 2024-04: không có phát hiện nào." in capsys.readouterr().out
    nbformat.write(notebook(["1 + 1"], None), project.root / "notebooks" / "25-kinh-te-xa-hoi.ipynb")
    assert main(["check", "--notebooks", "--format", "json"]) == 2
    content = json.loads(capsys.readouterr().out)
    assert content["stops"] is True
    assert [entry["where"][1:] for entry in content["findings"]] == [[], ["ô 1", "dòng 1"]]
    assert main(["check", "--notebooks"]) == 2
    assert "Tại: notebooks/25-kinh-te-xa-hoi.ipynb › ô 1 › dòng 1" in capsys.readouterr().out
    assert main(["check", "--notebooks", "--format", "xlsx"]) == 2
    assert "không đi cùng --format xlsx" in capsys.readouterr().err


_WORDS = st.sampled_from(
    ["Đề án 06", "tháng 4/2024", "ngày 01/4/2024", "công tác", "số 12/KH-UBND", "và", "năm 2024", "{{ cccd.da_cap }}",
     "{{ cccd.ty_le }}.", "khoản 3 Điều 12", "Phụ lục II", "(mục 2.1)", "VNeID,", "{% if true %}thẻ{% endif %}"]
)  # fmt: skip


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prose") / "25-x.ipynb"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(_WORDS, min_size=1), min_size=1))
def test_clean_prose_has_no_finding(sheet: Path, lines: list[list[str]]) -> None:
    nbformat.write(notebook([f"{HEAD}\n\n" + "\n".join(map(" ".join, lines))]), sheet)
    read: Sheet = read_sheet(Project(sheet.parent), Section(25, sheet, False))
    assert list(prose_faults(read, {})) == []
