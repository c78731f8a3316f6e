"""A simulated month: what holds in the source month holds in it, and nobody can take it for a real one."""

import os
import re
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import docx
import openpyxl
import pytest
import yaml
from pypdf import PdfReader

from baocao.demo import MARK, make_demo
from baocao.errors import InputError
from baocao.figure import Date, Figure, Text
from baocao.forms import AS_OF, UnitForm
from baocao.month import Month, read_month
from baocao.params import load_params
from baocao.period import Period
from baocao.project import Project
from baocao.render.config import load_options
from baocao.simulate import simulated_values

ROOT = Path(__file__).parents[1]
APRIL, MAY = Period(2024, 4), Period(2024, 5)


def copy_of_the_project(folder: Path) -> Project:
    for name in ("data", "params", "notebooks", "src/baocao/theme"):
        ignored = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__", "2024-05*")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("_quarto.yml", ".gitignore"):
        shutil.copyfile(ROOT / name, folder / name)
    return Project(folder)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return copy_of_the_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def april(project: Project) -> Month:
    return read_month(project, APRIL)


@pytest.fixture(scope="module")
def demo(project: Project) -> Project:
    return make_demo(project, project.root / "outputs" / "demo", APRIL, MAY)


@pytest.fixture(scope="module")
def may(demo: Project) -> Month:
    return read_month(demo, MAY)


def counts(month: Month) -> dict[str, int]:
    return {
        code: datum.value
        for code, datum in month.dataset.inputs.items()
        if isinstance(datum, Figure) and isinstance(datum.value, int)
    }


# Figures


def test_the_same_cells_are_filled_and_nothing_stops(april: Month, may: Month) -> None:
    assert may.params.monthly.simulated
    assert may.stopping == ()
    # What the units report begins in May.
    same = [code for code in may.dataset.inputs if not code.startswith(("hoi_xa.", "nguon_luc_xa."))]
    assert same == list(april.dataset.inputs)
    missing = {code for code, datum in april.dataset.inputs.items() if datum.missing}
    assert {code for code in same if may.dataset.inputs[code].missing} == missing


def test_counts_grow_by_three_percent_at_most(april: Month, may: Month) -> None:
    old, new = counts(april), counts(may)
    # A part that takes the rest of a sum may lose the one file that its sibling gained.
    rest = {code for code in old if code.endswith((".dung_han", ".da_cap_nhat"))}
    for code, value in old.items():
        assert value - (code in rest) <= new[code] <= value + -(-value * 3 // 100) + 1000 * (value > 10**9), code
    grown = [code for code in old if new[code] > old[code]]
    assert len(grown) > 60
    assert {"cccd.da_cap", "dinh_danh.kich_hoat", "kcb.luot_cccd", "ho_so.cap_xa.ky_so"} <= set(grown)


def test_what_does_not_grow(april: Month, may: Month) -> None:
    old, new = counts(april), counts(may)
    fixed = ("tiem_chung.", "ho_tich.", "mo_hinh.", "tthc.", "truong_hoc.", "lien_thong.", "tre_em.xa_hoan_thanh")
    for code in (*(code for code in old if code.startswith(fixed)), "dinh_danh.chi_tieu", "kcb.tram_y_te"):
        assert new[code] == old[code], code
    assert all(new[code] == 0 for code in old if old[code] == 0)
    assert str(may.dataset.get("xac_thuc.ty_le")) == str(april.dataset.get("xac_thuc.ty_le")) == "trên 98%"


def test_rates_stay_rates_and_differences_stay_positive(april: Month, may: Month) -> None:
    declared = {figure.code: figure for figure in may.dataset.derived()}
    for before in april.dataset.derived():
        after = declared[before.code]
        assert before.missing == after.missing
        if after.value is not None:
            assert after.value >= 0
            if after.operation == "rate":
                assert after.value <= Fraction(100), after.code
            if before.value == 100:
                assert after.value == 100, after.code


def test_parts_stay_within_their_whole(april: Month, may: Month) -> None:
    new = counts(may)
    chains = [("tong_so", "da_cung_cap", "da_phe_duyet"), ("tong_so", "gan_file", "ky_so", "so_hoa")]
    checked = 0
    for code in new:
        row, _, name = code.rpartition(".")
        for chain in chains:
            present = [new[f"{row}.{part}"] for part in chain if f"{row}.{part}" in new]
            if name == "tong_so" and len(present) > 2:
                assert present == sorted(present, reverse=True), row
                checked += 1
    assert checked > 6


def test_sums_stay_sums(april: Month, may: Month) -> None:
    for month in (april, may):
        value = counts(month)
        rows = [code.removesuffix(".truc_tuyen") for code in value if code.endswith(".truc_tuyen")]
        assert len(rows) > 10
        for row in rows:
            assert value[f"{row}.truc_tuyen"] == value[f"{row}.dung_han"] + value[f"{row}.qua_han"], row
        assert value["nguoi_co_cong.tong_so"] == (
            value["nguoi_co_cong.da_cap_nhat"] + value["nguoi_co_cong.khong_cap_nhat"]
        )
        left = value["tiem_chung.can_xac_minh"] - value["tiem_chung.da_lam_sach"]
        assert left == sum(value[f"tiem_chung.{part}"] for part in ("khong_cccd", "sai_cccd", "sai_thong_tin"))


def test_the_same_source_gives_the_same_figures(april: Month, may: Month) -> None:
    first = simulated_values(april, may.params, may.forms)
    assert simulated_values(april, may.params, may.forms) == first


def test_the_units_add_up_to_the_city(may: Month) -> None:
    value = counts(may)
    units = [form.unit.code for form in may.forms if isinstance(form, UnitForm)]
    assert len(units) == 27
    compared = 0
    for code, whole in value.items():
        block, _, place = code.partition(".")
        parts = [value[f"{block}_xa.{unit}.{place}"] for unit in units if f"{block}_xa.{unit}.{place}" in value]
        if parts:
            assert len(parts) == 27, code
            assert sum(parts) == whole, code
            compared += 1
    # 7 groups by 3 columns, of which April lacks one cell, and 3 numbers of the community teams.
    assert compared == 7 * 3 - 1 + 3


def test_parts_stay_within_their_whole_in_every_unit(may: Month) -> None:
    value = counts(may)
    for form in may.forms:
        if isinstance(form, UnitForm):
            for row in ("nguoi_cao_tuoi", "nong_dan", "lao_dong", "nguoi_co_cong"):
                start = f"hoi_xa.{form.unit.code}.{row}"
                chain = [value[f"{start}.{name}"] for name in ("tong_so", "da_cung_cap", "da_phe_duyet")]
                assert chain == sorted(chain, reverse=True), start


def test_a_month_after_unit_forms_is_simulated_from_the_sums(demo: Project, tmp_path: Path) -> None:
    path = demo.submissions(MAY) / "01-cong-an.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book["Hội, đoàn thể, phương tiện"]
    row = next(cells[0].row for cells in sheet.iter_rows() if any(cell.value == "Hội Nông dân" for cell in cells))
    kept = [sheet.cell(row, column).value for column in (4, 5, 6)]
    for column in (4, 5, 6):
        sheet.cell(row, column).value = None
    whole = tmp_path / "whole"
    shutil.copytree(demo.root, whole)
    book.save(Project(whole).submissions(MAY) / "01-cong-an.xlsx")
    june = Period(2024, 6)
    month = read_month(make_demo(Project(whole), tmp_path / "june", MAY, june), june)
    assert month.stopping == ()
    assert [
        month.dataset.get(f"hoi.nong_dan.{name}").value for name in ("tong_so", "da_cung_cap", "da_phe_duyet")
    ] == kept
    assert month.dataset.change(month.dataset.get("hoi.nong_dan.tong_so")).value == 0  # type: ignore[arg-type]


def test_another_month_gives_other_figures(april: Month, may: Month, project: Project) -> None:
    params = project.params(Period(2024, 6))
    params.write_text("period: 2024-06\n", "utf-8")
    later = simulated_values(april, load_params(project, Period(2024, 6)), may.forms)
    params.unlink()
    assert later["cccd.da_cap"] != simulated_values(april, may.params, may.forms)["cccd.da_cap"]
    assert str(later["cccd.da_cap.tinh_den"]) == "2024-06-12"


def test_codes_that_no_form_has_are_named(april: Month, may: Month, monkeypatch: pytest.MonkeyPatch) -> None:
    sums = (("nguoi_co_cong.tong_so", ("nguoi_co_cong.cu",)), ("dvc_26.*.truc_tuyen", ("dvc_25.*.cu",)))
    monkeypatch.setattr("baocao.simulate._SUMS", sums)
    monkeypatch.setattr("baocao.simulate._CLOSED_BLOCKS", frozenset({"tiem_chung", "khoi_cu"}))
    with pytest.raises(ValueError, match="không có") as caught:
        simulated_values(april, may.params, may.forms)
    named = str(caught.value).partition(": ")[2].split(", ")
    assert named == ["dvc_25.*.cu", "dvc_26.*.truc_tuyen", "khoi_cu", "nguoi_co_cong.cu"]


# Dates and documents


def test_as_of_dates_are_of_the_month(may: Month) -> None:
    first, last = may.params.window_days
    dates = [
        datum.value
        for code, datum in may.dataset.inputs.items()
        if isinstance(datum, Date) and code.endswith(AS_OF) and datum.value is not None
    ]
    assert len(dates) > 10
    assert all(date.last_day() >= first and date.first_day() <= last for date in dates)
    assert not [finding for finding in may.findings if finding.rule == "ngay_ngoai_ky"]


def test_documents_of_the_month_move_with_it_and_older_ones_stay(april: Month, may: Month) -> None:
    first, last = may.params.window_days
    for row in april.dataset.rows("vb_chi_dao"):
        day = may.dataset.get(f"vb_chi_dao.{row}.ngay")
        assert isinstance(day, Date)
        assert day.value is not None
        assert first <= day.value.first_day() <= last
        old, new = (month.dataset.get(f"vb_chi_dao.{row}.so_ky_hieu") for month in (april, may))
        old_number, _, old_symbol = str(old).partition("/")
        assert str(new) == f"{int(old_number) + 1000}/{old_symbol}"
    older = ("vien_dan.", "nhiem_vu.", "tiem_chung.khoa_tu", "ho_tich.dang_ky_truoc")
    compared = [code for code in april.dataset.inputs if code.startswith(older) or ".can_cu_" in code]
    assert len(compared) > 60
    assert all(str(april.dataset.get(code)) == str(may.dataset.get(code)) for code in compared)


def test_other_texts_are_unchanged(april: Month, may: Month) -> None:
    for code, datum in april.dataset.inputs.items():
        if isinstance(datum, Text) and not re.fullmatch(r"vb_chi_dao\.r\d+\.so_ky_hieu", code):
            assert may.dataset.get(code) == may.dataset.inputs[code]
            assert str(may.dataset.inputs[code]) == str(datum), code


def test_changes_against_the_month_before_can_be_computed(may: Month) -> None:
    figure = may.dataset.get("cccd.da_cap")
    assert isinstance(figure, Figure)
    change = may.dataset.change(figure)
    assert change.value is not None
    assert change.value > 0


# The copy


def test_every_sheet_says_that_it_is_simulated(demo: Project) -> None:
    paths = sorted(demo.submissions(MAY).glob("*.xlsx"))
    assert len(paths) == 9 + 27
    for path in paths:
        for sheet in openpyxl.load_workbook(path).worksheets:
            texts = [str(cell.value) for cells in sheet.iter_rows() for cell in cells if cell.value is not None]
            assert sum(MARK in text for text in texts) == 2, (path.name, sheet.title)


def test_the_copy_has_what_a_run_needs(project: Project, demo: Project) -> None:
    load_options(demo.quarto_config)
    assert demo.root == project.root / "outputs" / "demo"
    assert [section.number for section in demo.sections(APRIL)] == [
        section.number for section in project.sections(APRIL)
    ]
    assert [section.own for section in demo.sections(MAY)] == [section.own for section in project.sections(APRIL)]
    assert demo.periods() == (APRIL, MAY)
    theme = {path.name for path in (demo.root / "src/baocao/theme").iterdir()}
    assert {"van-ban.docx", "nd30.typ", "fonts", "filters"} <= theme


def test_git_takes_no_results_of_the_copy(demo: Project) -> None:
    assert "outputs/" in (demo.root / ".gitignore").read_text("utf-8").splitlines()


def test_own_notebooks_are_of_the_simulated_month(demo: Project) -> None:
    for path in (demo.root / "notebooks" / str(MAY)).glob("*.ipynb"):
        assert 'period = \\"2024-05\\"' in path.read_text("utf-8"), path.name


def test_the_source_is_untouched(project: Project, demo: Project) -> None:
    assert demo.params(MAY).is_file()
    assert not project.params(MAY).exists()
    assert not project.submissions(MAY).exists()
    for name in ("data/2024-04/01-cong-an.xlsx", "params/2024-04.yml", "_quarto.yml"):
        assert (project.root / name).read_bytes() == (ROOT / name).read_bytes()


def test_an_earlier_demo_is_replaced(project: Project, tmp_path: Path) -> None:
    target = tmp_path / "demo"
    make_demo(project, target, APRIL, MAY)
    (target / "outputs").mkdir()
    (target / "data/2024-05/01-cong-an.xlsx").unlink()
    make_demo(project, target, APRIL, MAY)
    assert not (target / "outputs").exists()
    assert (target / "data/2024-05/01-cong-an.xlsx").is_file()


def test_other_folders_are_refused_and_left_alone(project: Project, tmp_path: Path) -> None:
    full = tmp_path / "thu-muc"
    full.mkdir()
    (full / "luan-van.txt").write_text("của tôi", "utf-8")
    file = tmp_path / "tep"
    file.write_text("x", "utf-8")
    for target in (full, file, project.root, project.root.parent, project.root / "data"):
        with pytest.raises(InputError):
            make_demo(project, target, APRIL, MAY)
    assert (full / "luan-van.txt").read_text("utf-8") == "của tôi"
    assert [path.name for path in full.iterdir()] == ["luan-van.txt"]


def test_an_empty_folder_will_do(project: Project, tmp_path: Path) -> None:
    assert make_demo(project, tmp_path, APRIL, MAY).params(MAY).is_file()


def test_a_source_that_cannot_be_read_leaves_the_earlier_demo(tmp_path: Path) -> None:
    project = copy_of_the_project(tmp_path / "project")
    demo = make_demo(project, tmp_path / "demo", APRIL, MAY)
    (project.submissions(APRIL) / "03-bhxh.xlsx").unlink()
    with pytest.raises(InputError, match="Bảo hiểm xã hội"):
        make_demo(project, tmp_path / "demo", APRIL, MAY)
    with pytest.raises(InputError, match="2024-07"):
        make_demo(project, tmp_path / "demo", Period(2024, 7), Period(2024, 8))
    assert demo.params(MAY).is_file()


def test_forms_that_change_between_the_months(tmp_path: Path) -> None:
    project = copy_of_the_project(tmp_path / "project")
    path = project.forms / "06-tu-phap.yml"
    form = yaml.safe_load(path.read_text("utf-8"))
    later = {**form, "version": 2, "valid_from": "2024-05"}
    for name, content in (("06-tu-phap", {**form, "valid_to": "2024-04"}), ("06-tu-phap-2", later)):
        (project.forms / f"{name}.yml").write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    with pytest.raises(InputError, match="khác biểu mẫu"):
        make_demo(project, tmp_path / "demo", APRIL, MAY)


def test_acknowledged_oddities_are_carried_over(tmp_path: Path) -> None:
    project = copy_of_the_project(tmp_path / "project")
    path = project.submissions(APRIL) / "01-cong-an.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book["Hội, đoàn thể, phương tiện"]
    row = next(cells[0].row for cells in sheet.iter_rows() if any(cell.value == "Hội Nông dân" for cell in cells))
    sheet.cell(row, 6).value = 9999
    book.save(path)
    with pytest.raises(InputError, match="lớn hơn"):
        make_demo(project, tmp_path / "demo", APRIL, MAY)
    params = project.params(APRIL)
    answer = {
        "rule": "bo_phan_lon_hon_tong",
        "code": "hoi.nong_dan.da_phe_duyet/hoi.nong_dan.tong_so",
        "reason": "Hội đã đối chiếu danh sách",
        "by": "Trần Thị Lan",
    }
    params.write_text(yaml.safe_dump({"period": "2024-04", "acknowledged": [answer]}, allow_unicode=True), "utf-8")
    month = read_month(make_demo(project, tmp_path / "demo", APRIL, MAY), MAY)
    assert month.stopping == ()
    kept = {item.code: item for item in month.params.monthly.acknowledged}
    assert answer["code"] in kept
    # The units' shares have the same oddity.
    start = "hoi_xa.vinh_hoa.nong_dan"
    unit = kept[f"{start}.da_phe_duyet/{start}.tong_so"]
    assert (unit.reason, unit.by) == ("Hội đã đối chiếu danh sách", "Trần Thị Lan")
    assert not [finding for finding in month.findings if finding.rule == "xac_nhan_thua"]


# From the command line to the report


def test_the_report_says_on_every_page_that_it_is_simulated(project: Project, may: Month, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8"}
    environment.pop("BAOCAO_ROOT", None)
    result = subprocess.run(
        [
            sys.executable,
            "-c",
            "from baocao.cli import main; raise SystemExit(main())",
            "demo",
            str(tmp_path / "demo"),
        ],
        cwd=project.root,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr.decode()
    folder = tmp_path / "demo" / "outputs" / "2024-05"
    files = {kind: folder / f"bao-cao-2024-05.{kind}" for kind in ("docx", "pdf", "html")}
    assert all(str(path) in result.stdout.decode() for path in files.values())
    figure = str(may.dataset.get("cccd.da_cap"))

    pages = [page.extract_text() for page in PdfReader(files["pdf"]).pages]
    assert len(pages) > 5
    assert all(MARK in page for page in pages)
    assert any(figure in page for page in pages)
    assert "Tháng 5 năm 2024" in pages[0]

    document = docx.Document(str(files["docx"]))
    for section in document.sections:
        headers = [section.header]
        if section.different_first_page_header_footer:
            headers.append(section.first_page_header)
        assert all(MARK in "".join(paragraph.text for paragraph in header.paragraphs) for header in headers)
    assert any(figure in paragraph.text for paragraph in document.paragraphs)

    html = files["html"].read_text("utf-8")
    assert MARK in html
    assert figure in html
