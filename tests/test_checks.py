"""Findings across figures, and who answers for them."""

import yaml

from baocao.checks import acknowledge, check_dataset, check_params
from baocao.errors import Problem, Severity
from baocao.finding import Finding
from baocao.month import Month, read_month
from baocao.params import Params, load_params
from baocao.project import Project
from baocao.rules import load_rules
from baocao.units import load_units
from workbooks import APRIL, CARDS, POLICE, ROOT, folder_of, put


def params(project: Project, *acknowledged: dict[str, str]) -> Params:
    content = {"period": "2024-04", "acknowledged": list(acknowledged)}
    project.params(APRIL).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return load_params(project, APRIL)


def answer(rule: str, code: str) -> dict[str, str]:
    return {"rule": rule, "code": code, "reason": "đơn vị đã xác nhận bằng văn bản", "by": "Nguyễn Văn A"}


def finding(rule: str, code: str, severity: Severity) -> Finding:
    return Finding(rule, code, severity, Problem("x"))


def test_as_of_dates_outside_the_window(april_month: Month) -> None:
    month = april_month
    units = load_units(ROOT / "data" / "units.yml", APRIL)
    rules = load_rules(ROOT / "data" / "rules.yml", month.dataset, month.forms, units)
    found = check_dataset(month.dataset, month.forms, month.params, rules)
    assert {item.code for item in found if item.rule == "ngay_ngoai_ky"} == {
        f"luong_huu.{name}.tinh_den" for name in ("hang_thang", "mot_lan", "that_nghiep")
    }
    one = next(item for item in found if item.code == "luong_huu.hang_thang.tinh_den")
    assert one.severity is Severity.CANH_BAO
    assert "11/3/2024 nằm ngoài kỳ số liệu" in one.problem.what
    assert one.problem.expected == "ngày trong khoảng 15/3/2024–14/4/2024"
    assert one.department == next(form.department for form in month.forms if form.form == "bhxh")


def test_part_larger_than_its_whole(project: Project) -> None:
    put(folder_of(project) / POLICE, CARDS, "D9", 400000)
    month = read_month(project, APRIL)
    (one,) = month.stopping
    assert (one.rule, one.code) == ("bo_phan_lon_hon_tong", "cccd.da_cap/cccd.dan_so")
    assert one.problem.where == (POLICE, CARDS, "D9")
    assert "(400.000) lớn hơn" in one.problem.what
    assert "388.006" in one.problem.expected


def test_larger_part_that_somebody_answers_for(project: Project) -> None:
    put(folder_of(project) / POLICE, CARDS, "D9", 400000)
    params(project, answer("bo_phan_lon_hon_tong", "cccd.da_cap/cccd.dan_so"))
    month = read_month(project, APRIL)
    assert month.stopping == ()
    one = next(item for item in month.findings if item.rule == "bo_phan_lon_hon_tong")
    assert (one.acknowledged_by, one.stops) == ("Nguyễn Văn A", False)


def test_unused_answers_are_findings_in_their_order(project: Project) -> None:
    given = params(project, answer("a", "x"), answer("b", "y"), answer("c", "z"))
    found = acknowledge([finding("b", "y", Severity.LOI)], given)
    assert [(item.rule, item.code, item.severity) for item in found] == [
        ("b", "y", Severity.LOI),
        ("xac_nhan_thua", "x", Severity.CANH_BAO),
        ("xac_nhan_thua", "z", Severity.CANH_BAO),
    ]


def test_an_answer_is_for_one_rule_and_one_code(project: Project) -> None:
    given = params(project, answer("a", "x"))
    found = acknowledge([finding("a", "y", Severity.LOI), finding("b", "x", Severity.LOI)], given)
    assert [item.stops for item in found if item.severity is Severity.LOI] == [True, True]


def test_heaviest_first_and_otherwise_as_found(project: Project) -> None:
    kinds = [Severity.LUU_Y, Severity.LOI, Severity.CANH_BAO, Severity.LOI]
    found = acknowledge([finding("r", str(place), kind) for place, kind in enumerate(kinds)], params(project))
    assert [item.code for item in found] == ["1", "3", "2", "0"]


def test_inferred_facts_are_notes(project: Project) -> None:
    found = check_params(load_params(project, APRIL))
    assert {item.severity for item in found} == {Severity.LUU_Y}
    assert any("suy luận" in item.problem.what for item in found)


def test_what_is_left_open_is_noted_once_each(project: Project) -> None:
    found = {item.code: item for item in check_params(params(project)) if item.rule == "chua_ghi"}
    assert list(found) == ["to", "number", "issued"]
    assert {item.severity for item in found.values()} == {Severity.LUU_Y}
    assert found["to"].problem.what == "Kính gửi: chưa ghi nơi nhận báo cáo"
    assert found["to"].problem.where == ("params/2024-04.yml", "to")
    assert "II.9.b" in found["to"].problem.expected


def test_a_report_ready_to_be_issued_leaves_nothing_open(project: Project) -> None:
    content = {"period": "2024-04", "number": 5, "issued": "2024-04-16", "to": ["Tổ công tác Đề án 06 tỉnh"]}
    project.params(APRIL).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    assert "chua_ghi" not in {item.rule for item in check_params(load_params(project, APRIL))}
