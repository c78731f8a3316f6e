"""Forms that every ward and commune sends: the dated list of units, and the city's totals from theirs."""

import shutil
import unicodedata
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
import yaml

from baocao.dataset import Dataset, build_dataset, previous_month
from baocao.demo import make_demo
from baocao.derived import load_derived
from baocao.errors import InputError, Severity
from baocao.figure import Cell, Date, Figure
from baocao.finding import Finding
from baocao.findings_xlsx import checked_workbooks
from baocao.forms import Form, UnitForm, counts, department_of, load_forms
from baocao.intake import Intake, read_submissions
from baocao.manifest import sha256
from baocao.month import read_month
from baocao.period import Period
from baocao.place import place as where_is
from baocao.project import Project
from baocao.tables import figure_table
from baocao.units import load_units
from baocao.workbook import FINDINGS_SHEET, Value, write_workbook
from conftest import copy_project
from workbooks import ROOT, convert, needs_calc, put

APRIL, MAY, JUNE = Period(2024, 4), Period(2024, 5), Period(2024, 6)
OCTOBER, NOVEMBER = Period(2024, 10), Period(2024, 11)
UNITS = ROOT / "data" / "units.yml"
POLICE, GROUPS = "01-cong-an.xlsx", "Hội, đoàn thể, phương tiện"
PAGE = "Phường, xã"
FARMERS = "hoi.nong_dan.tong_so"


# The list of units


def test_units_change_with_time() -> None:
    kinds = {
        period: [unit.kind for unit in load_units(UNITS, Period.parse(period))]
        for period in ("2024-04", "2024-10", "2024-11", "2025-06", "2025-07")
    }
    split = {period: (names.count("phường"), names.count("xã")) for period, names in kinds.items()}
    assert split == {"2024-04": (19, 8), "2024-10": (19, 8), "2024-11": (14, 8), "2025-06": (14, 8), "2025-07": (4, 0)}


def test_mergers_of_november_2024() -> None:
    before, after = ({unit.title for unit in load_units(UNITS, period)} for period in (OCTOBER, NOVEMBER))
    gone = ("Phương Sơn", "Xương Huân", "Vạn Thắng", "Phước Tiến", "Phước Tân", "Tân Lập")
    assert before - after == {f"phường {name}" for name in gone}
    assert after - before == {"phường Tân Tiến"}
    # A ward that took others in keeps its name, but its figures do not continue the old one's.
    codes = [{unit.code for unit in load_units(UNITS, period)} for period in (OCTOBER, NOVEMBER)]
    assert not {"van_thanh", "phuong_sai"} & codes[1]
    assert len(codes[0] & codes[1]) == 19


@pytest.mark.parametrize(
    ("edit", "line", "words"),
    [
        (lambda text: text.replace("code: vinh_hai", "code: vinh_hoa"), 11, "mã đơn vị “vinh_hoa” viết hai lần"),
        (lambda text: text.replace("name: Vĩnh Hải", "name: Vĩnh Hoà"), 11, "“Vĩnh Hoà” viết hai lần"),
        (lambda text: text.replace("name: Vĩnh Hải", "name: Vinh Hóa"), 11, "tên không dấu “Vinh Hóa” viết hai lần"),
        (lambda text: text.replace("kind: phường", "kind: quận", 1), 10, "phải là một trong"),
        (lambda text: text.replace("2022-01", "2022-1", 1), 10, "tháng dạng NNNN-TT"),
        (lambda text: text.replace("code: vinh_hoa", "code: Vĩnh-Hòa"), 10, "chữ thường không dấu"),
        (lambda text: text.replace("{code: vinh_hoa,", "{code: vinh_hoa, mã: 1,"), 10, "“mã” không được biết đến"),
    ],
)
def test_mistakes_of_the_list(tmp_path: Path, edit: Callable[[str], str], line: int, words: str) -> None:
    path = tmp_path / "units.yml"
    path.write_text(edit(UNITS.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_units(path, MAY)
    (problem,) = caught.value.problems
    assert problem.where == ("data/units.yml", f"dòng {line}")
    assert words in problem.what


def test_no_unit_in_force() -> None:
    with pytest.raises(InputError, match="không có đơn vị nào áp dụng cho kỳ 2001-01"):
        load_units(UNITS, Period(2001, 1))


# Definitions


def test_a_form_per_unit_comes_once_for_each(april_units: tuple[Form, ...]) -> None:
    assert not any(isinstance(form, UnitForm) for form in april_units)
    forms = [form for form in load_forms(ROOT / "data" / "forms", MAY) if isinstance(form, UnitForm)]
    assert len({form.file for form in forms}) == len({form.form for form in forms}) == len(forms) == 27
    first = forms[0]
    assert (first.form, first.file) == ("phuong_xa.vinh_hoa", "10-phuong-xa-vinh-hoa.xlsx")
    assert first.department == "UBND phường Vĩnh Hòa"
    assert [block.block for block in first.blocks] == ["hoi_xa.vinh_hoa", "nguon_luc_xa.vinh_hoa"]
    assert len(load_forms(ROOT / "data" / "forms", NOVEMBER)) == 9 + 22


@pytest.fixture(scope="module")
def april_units() -> tuple[Form, ...]:
    return load_forms(ROOT / "data" / "forms", APRIL)


def test_departments_of_codes() -> None:
    forms = load_forms(ROOT / "data" / "forms", MAY)
    assert department_of(FARMERS, forms) == "Công an thành phố Nha Trang"
    assert department_of("hoi_xa.vinh_hoa.nong_dan.tong_so", forms) == "UBND phường Vĩnh Hòa"
    assert department_of("hoi_xa.nong_dan.tong_so", forms) == "UBND phường, xã"
    assert department_of("khac.nong_dan", forms) == ""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("hoi_xa: hoi,", "hoi_xa: hoi_cu,", "cộng thành hoi_cu.nguoi_cao_tuoi.tong_so, nhưng không biểu nào có"),
        ("hoi_xa: hoi,", "hoi_khac: hoi,", "biểu không có khối “hoi_khac”"),
        (
            "title: Hội Nông dân, unit: người",
            "title: Hội Nông dân, unit: hộ",
            "hoi_xa.nong_dan.tong_so (“hộ”) cộng thành hoi.nong_dan.tong_so, nhưng tính bằng “người”",
        ),
        ("per_unit: true\n", "", "totals chỉ dùng với per_unit: true"),
        ("name: nong_dan,", "name: vinh_hoa,", "mã “vinh_hoa” trùng mã của phường Vĩnh Hòa"),
        ("kind: fields\n        title", "kind: list\n        title", "thiếu khóa “columns”"),
        (
            "name: tong_so, title: Tổng số hội viên,",
            "name: so, title: Tổng số hội viên,",
            "cộng thành hoi.nguoi_cao_tuoi.so",
        ),
    ],
)
def test_mistakes_of_a_form_per_unit(project: Project, old: str, new: str, words: str) -> None:
    path = project.forms / "10-phuong-xa.yml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_forms(project.forms, MAY)
    found = "\n".join(str(problem) for problem in caught.value.problems)
    assert words in found
    assert all(problem.where[0] == "data/forms/10-phuong-xa.yml" for problem in caught.value.problems)
    assert all(problem.where[1].startswith("dòng ") for problem in caught.value.problems)


def test_a_list_cannot_be_summed(project: Project) -> None:
    path = project.forms / "10-phuong-xa.yml"
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    block = form["sheets"][0]["blocks"][1]
    block |= {"kind": "list", "columns": block.pop("fields")}
    path.write_text(yaml.safe_dump(form, allow_unicode=True), encoding="utf-8")
    with pytest.raises(InputError, match="biểu theo đơn vị không có danh sách"):
        load_forms(project.forms, MAY)


def test_without_the_list_of_units(project: Project) -> None:
    project.units.unlink()
    assert len(load_forms(project.forms, APRIL)) == 9
    with pytest.raises(InputError, match=r"không có tệp data/units\.yml"):
        load_forms(project.forms, MAY)


# Submissions


@pytest.fixture(scope="module")
def may(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with 9 + 27 workbooks of May 2024, the units' summing up to the city's."""
    folder = tmp_path_factory.mktemp("units")
    return make_demo(copy_project(folder / "project"), folder / "may", APRIL, MAY)


@pytest.fixture
def folder(may: Project, tmp_path: Path) -> Path:
    """A copy of May's workbooks that a test may change."""
    return Path(shutil.copytree(may.submissions(MAY), tmp_path / str(MAY)))


@pytest.fixture(scope="module")
def forms() -> tuple[Form, ...]:
    return load_forms(ROOT / "data" / "forms", MAY)


@pytest.fixture(scope="module")
def usual(may: Project, forms: tuple[Form, ...]) -> Intake:
    """The untouched workbooks."""
    return read_submissions(may.submissions(MAY), forms, MAY)


def dataset_of(intake: Intake, forms: tuple[Form, ...], before: Dataset | None = None) -> Dataset:
    return build_dataset(intake, forms, load_derived(ROOT / "data" / "derived.yml", intake.period), before)


def news(intake: Intake, usual: Intake) -> list[Finding]:
    known = {(finding.rule, finding.code) for finding in usual.findings}
    return [finding for finding in intake.findings if (finding.rule, finding.code) not in known]


def unit_file(name: str) -> str:
    return f"10-phuong-xa-{name}.xlsx"


def place(dataset: Dataset, code: str) -> Cell:
    datum = dataset.get(code)
    assert datum.cell is not None
    return datum.cell


def figure(dataset: Dataset, code: str) -> Figure:
    found = dataset.get(code)
    assert isinstance(found, Figure)
    return found


def test_every_unit_is_read_and_the_sums_are_the_citys(
    may: Project, usual: Intake, forms: tuple[Form, ...], tmp_path: Path
) -> None:
    assert not [item for item in usual.findings if item.severity is Severity.LOI]
    assert not {"don_vi_chua_nop", "tong_don_vi_khac", "ngay_don_vi_khac"} & {item.rule for item in usual.findings}
    dataset = dataset_of(usual, forms)
    general = next(form.general for form in forms if isinstance(form, UnitForm))
    compared = 0
    for count in counts(general):
        whole, summed = (dataset.get(f"{name}.{count.place}") for name in (general.totals[count.block], count.block))
        assert isinstance(whole, Figure)
        assert isinstance(summed, Figure)
        assert whole.value == summed.value, count.code
        assert len(summed.operands) == 27
        compared += whole.value is not None
    assert compared == 23
    farmers = figure(dataset, "hoi_xa.nong_dan.tong_so")
    assert farmers.unit == "người"
    assert str(farmers.as_of) == "12/5/2024"
    assert farmers.source.endswith(
        f"(27 ô của 27 tệp, từ {unit_file('vinh-hoa')} › {PAGE} › {farmers.cells[0].ref} "
        f"đến {unit_file('phuoc-dong')} › {PAGE} › {farmers.cells[0].ref})"
    )
    assert place(dataset, FARMERS).workbook == POLICE
    dataset.save(tmp_path / "dataset.json")
    assert Dataset.load(tmp_path / "dataset.json").get("hoi_xa.nong_dan.tong_so") == farmers
    assert len(usual.hashes) == 36
    name = unit_file("vinh-hoa")
    assert read_month(may, MAY).read_files[f"data/2024-05/{name}"] == sha256(may.submissions(MAY) / name)


def test_tables_of_the_city_of_one_unit_and_of_all_units(usual: Intake, forms: tuple[Form, ...]) -> None:
    declared = load_derived(ROOT / "data" / "derived.yml", MAY)
    dataset = build_dataset(usual, forms, declared, None)
    city = figure_table(dataset, "hoi")
    assert list(city.columns) == ["ten", "tong_so", "da_cung_cap", "da_phe_duyet", "ty_le"]
    sums = figure_table(dataset, "hoi_xa").drop(columns="ten").map(lambda item: item.value)
    assert sums.equals(city[sums.columns].map(lambda item: item.value))
    one = figure_table(dataset, "hoi_xa.vinh_hoa")
    assert list(one.index) == list(city.index)
    units = figure_table(dataset, "hoi_xa.*.nong_dan")
    assert (len(units), list(units.columns)) == (27, ["ten", "tong_so", "da_cung_cap", "da_phe_duyet"])
    assert list(units["ten"][:2]) == ["phường Vĩnh Hòa", "phường Vĩnh Hải"]
    assert units.loc["vinh_hoa", "tong_so"] is one.loc["nong_dan", "tong_so"]
    teams = figure_table(dataset, "nguon_luc_xa.*")
    assert list(teams.columns) == ["ten", "thon", "thon_co_to", "thanh_vien"]
    assert sum(item.value for item in teams["thon"]) == figure(dataset, "nguon_luc.thon").value
    assert "hoi_xa.xuong_huan.nong_dan.tong_so" in dataset.reads
    label = dataset.get("hoi_xa.vinh_hoa.nong_dan.tong_so").label
    assert label == "Hội Nông dân, Tổng số hội viên, phường Vĩnh Hòa"


def test_rates_of_every_unit_can_be_declared(may: Project, project: Project) -> None:
    with (project.root / "data" / "derived.yml").open("a", encoding="utf-8") as file:
        file.write(
            "  - {code: hoi_xa.*.nong_dan.ty_le, label: Tỷ lệ, operation: rate, valid_from: 2024-05,\n"
            "     operands: [hoi_xa.*.nong_dan.da_phe_duyet, hoi_xa.*.nong_dan.tong_so]}\n"
        )
    forms = load_forms(project.forms, MAY)
    intake = read_submissions(may.submissions(MAY), forms, MAY)
    dataset = build_dataset(intake, forms, load_derived(project.derived, MAY), None)
    table = figure_table(dataset, "hoi_xa.*.nong_dan")
    assert list(table.columns)[-1] == "ty_le"
    assert table.loc["vinh_hoa", "ty_le"].label == "Tỷ lệ, phường Vĩnh Hòa"
    assert "ty_le" not in figure_table(dataset, "hoi_xa").columns


def test_an_empty_city_cell_takes_the_sum(folder: Path, usual: Intake, forms: tuple[Form, ...]) -> None:
    cells = {}
    for name in ("tong_so", "da_cung_cap", "da_phe_duyet"):
        cell = place(dataset_of(usual, forms), f"hoi.nong_dan.{name}")
        cells[name] = cell
        put(folder / POLICE, GROUPS, cell.ref, None)
    intake = read_submissions(folder, forms, MAY)
    assert news(intake, usual) == []
    dataset = dataset_of(intake, forms)
    before = dataset_of(usual, forms)
    for name, cell in cells.items():
        found = figure(dataset, f"hoi.nong_dan.{name}")
        assert found.value == figure(before, found.code).value
        assert len(found.operands) == 27
        assert cell not in found.cells
    assert figure(dataset, "hoi.nong_dan.ty_le").value == figure(before, "hoi.nong_dan.ty_le").value


def test_one_empty_required_city_cell_takes_the_sum(folder: Path, usual: Intake, forms: tuple[Form, ...]) -> None:
    put(folder / POLICE, GROUPS, place(dataset_of(usual, forms), FARMERS).ref, None)
    intake = read_submissions(folder, forms, MAY)
    assert news(intake, usual) == []
    assert len(figure(dataset_of(intake, forms), FARMERS).operands) == 27


def test_the_city_leaves_its_table_to_the_units(folder: Path, usual: Intake, forms: tuple[Form, ...]) -> None:
    book = openpyxl.load_workbook(folder / POLICE)
    dataset = dataset_of(usual, forms)
    for code, datum in usual.data.items():
        if code.startswith("hoi.") and datum.cell and datum.cell.ref:
            book[GROUPS][datum.cell.ref].value = None
    book.save(folder / POLICE)
    intake = read_submissions(folder, forms, MAY)
    assert not [item for item in news(intake, usual) if item.severity is not Severity.LUU_Y]
    made = dataset_of(intake, forms)
    moment = made.get("hoi.tinh_den")
    assert isinstance(moment, Date)
    assert str(moment) == "12/5/2024"
    assert moment.cell.workbook == unit_file("vinh-hoa")
    for code in (FARMERS, "hoi.lao_dong.da_phe_duyet", "hoi.phuong_tien.tong_so"):
        assert figure(made, code).value == figure(dataset, code).value


def test_a_city_total_that_differs_from_the_sum(folder: Path, usual: Intake, forms: tuple[Form, ...]) -> None:
    dataset = dataset_of(usual, forms)
    cell, summed = place(dataset, FARMERS), figure(dataset, FARMERS)
    assert isinstance(summed.value, int)
    put(folder / POLICE, GROUPS, cell.ref, summed.value + 1234)
    intake = read_submissions(folder, forms, MAY)
    (finding,) = news(intake, usual)
    assert (finding.rule, finding.code, finding.severity) == ("tong_don_vi_khac", FARMERS, Severity.LOI)
    assert finding.department == "Công an thành phố Nha Trang"
    assert finding.problem.where == (POLICE, GROUPS, cell.ref)
    wrong = figure(dataset_of(intake, forms), FARMERS)
    assert f"báo cáo {wrong}, tổng 27 đơn vị là {summed}" in finding.problem.what
    ref = place(dataset, "hoi_xa.vinh_hoa.nong_dan.tong_so").ref
    assert (
        f"ô {PAGE} › {ref} của 27 tệp {unit_file('vinh-hoa')} … {unit_file('phuoc-dong')}" in finding.problem.expected
    )


def test_who_is_late_is_a_warning_where_the_city_has_its_own_totals(
    folder: Path, usual: Intake, forms: tuple[Form, ...]
) -> None:
    (folder / unit_file("loc-tho")).unlink()
    intake = read_submissions(folder, forms, MAY)
    (finding,) = news(intake, usual)
    assert (finding.rule, finding.code) == ("don_vi_chua_nop", "phuong_xa")
    assert finding.severity is Severity.CANH_BAO
    assert finding.problem.what == "biểu 10/ĐA06-PX: 1 trong 27 đơn vị chưa gửi: phường Lộc Thọ"
    dataset = dataset_of(intake, forms)
    assert figure(dataset, "hoi_xa.nong_dan.tong_so").missing
    assert figure(dataset, FARMERS).value == figure(dataset_of(usual, forms), FARMERS).value


def test_who_is_late_stops_where_a_total_is_missing(folder: Path, usual: Intake, forms: tuple[Form, ...]) -> None:
    for name in ("loc-tho", "vinh-thai"):
        (folder / unit_file(name)).unlink()
    put(folder / POLICE, GROUPS, place(dataset_of(usual, forms), FARMERS).ref, None)
    (finding,) = news(read_submissions(folder, forms, MAY), usual)
    assert (finding.rule, finding.severity) == ("don_vi_chua_nop", Severity.LOI)
    label = figure(dataset_of(usual, forms), FARMERS).label
    assert finding.problem.what.endswith(
        f"2 trong 27 đơn vị chưa gửi: phường Lộc Thọ và xã Vĩnh Thái; chưa có số tổng: {label}"
    )


def test_two_workbooks_of_one_unit(folder: Path, usual: Intake, forms: tuple[Form, ...]) -> None:
    shutil.copyfile(folder / unit_file("loc-tho"), folder / "Lộc Thọ (sửa lại).xlsx")
    (finding,) = news(read_submissions(folder, forms, MAY), usual)
    assert (finding.rule, finding.code, finding.severity) == ("trung_tep", "phuong_xa.loc_tho", Severity.LOI)
    assert finding.department == "UBND phường Lộc Thọ"
    assert unit_file("loc-tho") in finding.problem.what
    assert "Lộc Thọ (sửa lại).xlsx" in finding.problem.what


@pytest.mark.parametrize(
    "spelt",
    [
        unicodedata.normalize("NFD", "UBND phường Lộc Thọ"),
        "ubnd  Phường Lộc Thọ ",
        "Phường Lộc Thọ",
        "Uỷ ban nhân dân phường Lộc Thọ",
    ],
)
def test_the_unit_is_known_in_any_spelling(folder: Path, usual: Intake, forms: tuple[Form, ...], spelt: str) -> None:
    path = folder / unit_file("loc-tho")
    put(path, PAGE, "A1", f"Đơn vị báo cáo: {spelt}")
    path.rename(folder / "bao cao thang 5.xlsx")
    intake = read_submissions(folder, forms, MAY)
    assert news(intake, usual) == []
    assert place(dataset_of(intake, forms), "hoi_xa.loc_tho.nong_dan.tong_so").workbook == "bao cao thang 5.xlsx"


def test_an_unknown_unit_names_the_nearest(folder: Path, usual: Intake, forms: tuple[Form, ...]) -> None:
    put(folder / unit_file("loc-tho"), PAGE, "A1", "Đơn vị báo cáo: UBND phường Lộc Thọo")
    (finding,) = news(read_submissions(folder, forms, MAY), usual)
    assert (finding.rule, finding.severity) == ("don_vi_la", Severity.LOI)
    assert "“UBND phường Lộc Thọo”, không có trong danh sách" in finding.problem.what
    assert finding.problem.expected == "tên gần nhất: UBND phường Lộc Thọ"
    assert finding.problem.where == (unit_file("loc-tho"), PAGE, "A1")


def test_a_unit_that_is_no_more(folder: Path, usual: Intake, forms: tuple[Form, ...]) -> None:
    put(folder / unit_file("loc-tho"), PAGE, "A1", "Đơn vị báo cáo: UBND phường Bắc Nha Trang")
    (folder / unit_file("loc-tho")).rename(folder / "moi.xlsx")
    found = {finding.rule for finding in news(read_submissions(folder, forms, MAY), usual)}
    assert found == {"don_vi_la", "don_vi_chua_nop"}


def test_a_value_of_one_unit_that_is_missing(folder: Path, usual: Intake, forms: tuple[Form, ...]) -> None:
    code = "hoi_xa.loc_tho.nong_dan.tong_so"
    cell = place(dataset_of(usual, forms), code)
    put(folder / cell.workbook, PAGE, cell.ref, None)
    intake = read_submissions(folder, forms, MAY)
    (finding,) = news(intake, usual)
    assert (finding.rule, finding.code, finding.severity) == ("thieu_so_lieu", code, Severity.LOI)
    assert finding.department == "UBND phường Lộc Thọ"
    assert figure(dataset_of(intake, forms), "hoi_xa.nong_dan.tong_so").missing


def test_units_with_another_date(folder: Path, usual: Intake, forms: tuple[Form, ...]) -> None:
    cell = place(dataset_of(usual, forms), "hoi_xa.loc_tho.tinh_den")
    put(folder / cell.workbook, PAGE, cell.ref, "10/5/2024")
    intake = read_submissions(folder, forms, MAY)
    (finding,) = news(intake, usual)
    assert (finding.rule, finding.code, finding.severity) == ("ngay_don_vi_khac", "hoi_xa.tinh_den", Severity.LUU_Y)
    assert finding.problem.what.endswith("12/5/2024 (26 đơn vị); 10/5/2024 (phường Lộc Thọ)")
    assert finding.cells == (cell,)
    dataset = dataset_of(intake, forms)
    assert dataset.get("hoi_xa.tinh_den").missing
    assert figure(dataset, "hoi_xa.nong_dan.tong_so").as_of is None
    assert str(figure(dataset, FARMERS).as_of) == "12/5/2024"


# Across a change of the list


def _write_units(folder: Path, period: Period, each: int) -> Intake:
    """A workbook of every unit, with `each` in every number."""
    folder.mkdir(parents=True)
    forms = load_forms(ROOT / "data" / "forms", period)
    for form in forms:
        if isinstance(form, UnitForm):
            values: dict[str, Value] = {count.code: each for count in counts(form)}
            write_workbook(form, period, folder / form.file, values)
    return read_submissions(folder, forms, period)


def test_sums_compare_across_a_change_of_the_units(tmp_path: Path) -> None:
    declared = load_derived(ROOT / "data" / "derived.yml", NOVEMBER)
    october, november = (load_forms(ROOT / "data" / "forms", period) for period in (OCTOBER, NOVEMBER))
    before = previous_month(_write_units(tmp_path / "2024-10", OCTOBER, 22), october, declared)
    intake = _write_units(tmp_path / "2024-11", NOVEMBER, 28)
    assert "don_vi_chua_nop" not in {finding.rule for finding in intake.findings}
    dataset = build_dataset(intake, november, declared, before)
    # The city's departments sent nothing: its figures are the sums.
    for code in (FARMERS, "hoi_xa.nong_dan.tong_so", "nguon_luc.thanh_vien"):
        now = figure(dataset, code)
        assert (now.value, len(now.operands)) == (22 * 28, 22)
        assert dataset.change(now).value == 22 * 28 - 27 * 22
    stayed, merged = (figure(dataset, f"hoi_xa.{unit}.nong_dan.tong_so") for unit in ("loc_tho", "van_thanh_2024"))
    assert dataset.change(stayed).value == 6
    assert dataset.change(merged).missing
    assert "hoi_xa.van_thanh.nong_dan.tong_so" not in dataset


# Another program


@needs_calc
def test_a_form_saved_by_libreoffice(tmp_path: Path, forms: tuple[Form, ...]) -> None:
    form = next(form for form in forms if isinstance(form, UnitForm) and form.unit.code == "vinh_hoa")
    values: dict[str, Value] = {count.code: number for number, count in enumerate(counts(form), start=1)}
    for name, given in (("blank", None), ("filled", values)):
        (tmp_path / name).mkdir()
        write_workbook(form, MAY, tmp_path / f"{name}-{form.file}", given)
        convert([tmp_path / f"{name}-{form.file}"], "xlsx", tmp_path / name, tmp_path / "profile")
    blank = read_submissions(tmp_path / "blank", forms, MAY)
    filled = read_submissions(tmp_path / "filled", forms, MAY)
    for intake in (blank, filled):
        (late,) = (finding for finding in intake.findings if finding.rule == "don_vi_chua_nop")
        assert "26 trong 27 đơn vị" in late.problem.what
        assert "Vĩnh Hòa" not in late.problem.what
    assert all(blank.data[code].missing for code in values)
    assert {code: getattr(filled.data[code], "value", None) for code in values} == values


# Findings of many units


def blank_workers(may: Project, root: Path, units: int) -> Project:
    """The May of all units, a number of which lack one cell."""
    project = Project(Path(shutil.copytree(may.root, root)))
    for form in [form for form in load_forms(project.forms, MAY) if isinstance(form, UnitForm)][:units]:
        put(project.submissions(MAY) / form.file, PAGE, "E13", None)
    return project


WORKERS = "hoi_xa.*.lao_dong.da_cung_cap"


def test_what_many_units_left_blank_is_one_finding(may: Project, tmp_path: Path) -> None:
    month = read_month(blank_workers(may, tmp_path / "may", 27), MAY)
    (one,) = (
        finding
        for finding in month.findings
        if finding.code.startswith("hoi_xa.") and "lao_dong.da_cung_cap" in finding.code
    )
    assert (one.rule, one.code, one.department) == ("thieu_so_lieu", WORKERS, "UBND phường, xã")
    assert len(one.parts) == len({cell.workbook for cell in one.cells}) == 27
    assert {cell.ref for cell in one.cells} == {"E13"}
    assert "(27 đơn vị: phường Vĩnh Hòa, phường Vĩnh Hải, " in one.problem.what
    assert where_is(one).endswith("(27 tệp) › Phường, xã › E13")


def test_units_are_answered_for_alone_or_together(may: Project, tmp_path: Path) -> None:
    project = blank_workers(may, tmp_path / "may", 4)
    text = project.params(MAY).read_text(encoding="utf-8")
    alone = WORKERS.replace("*", "vinh_hai")
    for codes in ([alone], [alone, WORKERS]):
        content = yaml.safe_load(text)
        content["acknowledged"] += [
            {"rule": "thieu_so_lieu", "code": code, "reason": "đơn vị báo sau", "by": "Lê Thị B"} for code in codes
        ]
        project.params(MAY).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        month = read_month(project, MAY)
        found = [
            finding
            for finding in month.findings
            if finding.code.startswith("hoi_xa.") and "lao_dong.da_cung_cap" in finding.code
        ]
        assert {(f.code, len(f.parts), f.acknowledged_by) for f in found} == {
            (alone, 0, "Lê Thị B"),
            (WORKERS, 3, "Lê Thị B" if WORKERS in codes else ""),
        }
        assert not any(finding.rule == "xac_nhan_thua" for finding in month.findings)
    copies = checked_workbooks(project, month)
    for name in ("ubnd-phuong-vinh-hoa.xlsx", "ubnd-phuong-vinh-phuoc.xlsx"):
        book = openpyxl.load_workbook(BytesIO(copies[name]))
        told = [str(cell.value) for row in book[FINDINGS_SHEET].iter_rows() for cell in row if cell.value]
        assert any("Đã xác nhận: đơn vị báo sau (Lê Thị B)" in line for line in told)
        assert not any("(3 đơn vị" in line for line in told), "each unit is told of its own cell only"
        assert book[PAGE]["E13"].comment is not None
