"""Parameters and dated facts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from baocao.errors import InputError
from baocao.params import BLANK, Params, load_params
from baocao.period import Period
from baocao.project import Project
from workbooks import APRIL


def change(path: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    edit(content)
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")


def monthly(project: Project, period: Period = APRIL, **values: object) -> Params:
    content = {"period": str(period), **values}
    project.params(period).write_text(yaml.safe_dump(content), encoding="utf-8")
    return load_params(project, period)


def problems(project: Project, period: Period = APRIL) -> str:
    with pytest.raises(InputError) as caught:
        load_params(project, period)
    return str(caught.value)


def test_april_is_open(project: Project) -> None:
    params = load_params(project, APRIL)
    assert params.symbol_line == f"Số: {BLANK}/BC-TCTĐA06"
    assert params.place_and_date == f"Nha Trang, ngày {BLANK} tháng 4 năm 2024"
    assert params.dated.isoformat() == "2024-04-14"
    assert [day.isoformat() for day in params.window_days] == ["2024-03-15", "2024-04-14"]
    assert "kỳ số liệu" in params.inferred()


@pytest.mark.parametrize(
    ("number", "issued", "symbol", "day"),
    [
        (5, "2024-04-16", "Số: 05/BC", "ngày 16 tháng 4 năm 2024"),
        (12, "2024-02-03", "Số: 12/BC", "ngày 03 tháng 02 năm 2024"),
        (123, "2024-12-31", "Số: 123/BC", "ngày 31 tháng 12 năm 2024"),
        (1, "2024-01-09", "Số: 01/BC", "ngày 09 tháng 01 năm 2024"),
    ],
)
def test_number_and_day_have_the_decree_s_padding(
    project: Project, number: int, issued: str, symbol: str, day: str
) -> None:
    params = monthly(project, number=number, issued=issued)
    assert params.symbol_line.startswith(symbol)
    assert params.day_words == day


def test_window_over_the_turn_of_the_year(project: Project) -> None:
    params = monthly(project, Period(2024, 1))
    assert [day.isoformat() for day in params.window_days] == ["2023-12-15", "2024-01-14"]


def test_terms_change_with_the_law(project: Project) -> None:
    assert load_params(project, APRIL).terms["the_gon"] == "thẻ CCCD"
    assert monthly(project, Period(2024, 6)).terms["the_gon"] == "thẻ CCCD"
    assert monthly(project, Period(2024, 7)).terms["the_gon"] == "thẻ căn cước"


def test_missing_parameters(project: Project) -> None:
    assert "không có tệp params/2024-09.yml" in problems(project, Period(2024, 9))


def test_missing_parameters_and_wrong_defaults_at_once(project: Project) -> None:
    change(project.defaults, lambda content: content.update(cell_timeout=0))
    found = problems(project, Period(2024, 9))
    assert "không có tệp params/2024-09.yml" in found
    assert "“cell_timeout” phải từ 1 trở lên" in found


def test_parameters_of_another_month(project: Project) -> None:
    change(project.params(APRIL), lambda content: content.update(period="2024-03"))
    assert "tham số của kỳ 2024-03 nằm trong tệp của kỳ 2024-04" in problems(project)


def test_gaps_and_overlaps_of_dated_facts_at_once(project: Project) -> None:
    def edit(content: dict[str, Any]) -> None:
        content["signers"][0]["valid_to"] = "2024-03"
        content["windows"].append(dict(content["windows"][0]))
        content["terms"].append(dict(content["terms"][0]))

    change(project.defaults, edit)
    found = problems(project)
    assert "có 0 mục signers áp dụng cho kỳ 2024-04" in found
    assert "có 2 mục windows áp dụng cho kỳ 2024-04" in found
    assert "terms › the_can_cuoc" in found


def test_sentence_with_an_unknown_name(project: Project) -> None:
    change(project.defaults, lambda content: content["documents"][0].update(closing="Ngày {ngay}: hết."))
    found = problems(project)
    assert "“closing”: phần trong ngoặc nhọn phải là một trong: {project}, {month}" in found
    assert "params/defaults.yml › dòng " in found


def test_sentences_are_filled_in(project: Project) -> None:
    params = load_params(project, APRIL)
    shown = params.fill("{body}, {area}: {month} ({month_short}), {project}")
    assert shown.startswith(
        "Tổ công tác Đề án 06 thành phố Nha Trang, thành phố Nha Trang: tháng 4 năm 2024 (tháng 4/2024), Đề án “"
    )
    assert "{" not in params.fill(params.document.closing)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("number", 0, "“number” phải từ 1 trở lên"),
        ("number", "năm", "“number” phải là số nguyên"),
        ("issued", "2024-04-31", "ngày"),
        ("acknowledged", [{"rule": "a", "code": "b", "reason": "ngắn", "by": "AB"}], "“reason” quá ngắn"),
        (
            "acknowledged",
            [{"rule": "a", "code": "b", "reason": "đã đối chiếu", "by": by} for by in ("Lan", "Hoa")],
            "“acknowledged”: a › b có 2 lời xác nhận",
        ),
        ("signe", "x", "khóa “signe” không được biết đến"),
        ("charts", ["docx", "odt"], "phải là một trong: 'docx', 'pdf' hoặc 'html'"),
        ("charts", "docx", "“charts” phải là danh sách"),
        ("signer", {"name": "An"}, "thiếu khóa “post”"),
        ("signer", {"name": "An", "post": ""}, "“post” quá ngắn"),
        ("signer", {"name": "An", "post": "PHÓ", "form": "KY"}, "“form” phải là một trong"),
        *(
            ("signer", {"name": "An", "post": "PHÓ", "form": form}, f"“signer”: form {form} cần thêm head")
            for form in ("KT", "TL", "TUQ")
        ),
        *(
            ("signer", {"name": "An", "post": "CHỦ TỊCH", "form": form, "head": "CHỦ TỊCH"}, "head chỉ dùng khi form")
            for form in (None, "Q")
        ),
        (
            "signer",
            {"name": "An", "post": "PHÓ CHỦ TỊCH", "form": "KT", "head": "KT. CHỦ TỊCH"},
            "“signer”: head không ghi sẵn “KT.”",
        ),
        (
            "signer",
            {"name": "An", "post": "CHỦ TỊCH", "on_behalf_of": "TM. UBND"},
            "“signer”: on_behalf_of không ghi sẵn “TM.”",
        ),
    ],
)
def test_malformed_parameters(project: Project, key: str, value: object, words: str) -> None:
    change(project.params(APRIL), lambda content: content.update({key: value}))
    found = problems(project)
    assert words in found
    assert found.startswith("params/2024-04.yml › dòng ")


@pytest.mark.parametrize(
    ("signer", "lines"),
    [
        ({"post": "TỔ TRƯỞNG TỔ CÔNG TÁC"}, ["TỔ TRƯỞNG TỔ CÔNG TÁC"]),
        ({"on_behalf_of": "ỦY BAN NHÂN DÂN", "post": "CHỦ TỊCH"}, ["TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"]),
        ({"form": "Q", "post": "CHỦ TỊCH"}, ["Q. CHỦ TỊCH"]),
        (
            {"on_behalf_of": "ỦY BAN NHÂN DÂN", "form": "Q", "post": "CHỦ TỊCH"},
            ["TM. ỦY BAN NHÂN DÂN", "Q. CHỦ TỊCH"],
        ),
        (
            {"on_behalf_of": "ỦY BAN NHÂN DÂN", "form": "KT", "head": "CHỦ TỊCH", "post": "PHÓ CHỦ TỊCH"},
            ["TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"],
        ),
        ({"form": "KT", "head": "TỔ TRƯỞNG", "post": "TỔ PHÓ"}, ["KT. TỔ TRƯỞNG", "TỔ PHÓ"]),
        ({"form": "TL", "head": "CHỦ TỊCH", "post": "CHÁNH VĂN PHÒNG"}, ["TL. CHỦ TỊCH", "CHÁNH VĂN PHÒNG"]),
        ({"form": "TUQ", "head": "GIÁM ĐỐC", "post": "TRƯỞNG PHÒNG"}, ["TUQ. GIÁM ĐỐC", "TRƯỞNG PHÒNG"]),
    ],
)
def test_lines_above_the_signature_follow_the_decree(
    project: Project, signer: dict[str, str], lines: list[str]
) -> None:
    params = monthly(project, signer={**signer, "name": "Trần An"})
    assert list(params.signer.lines) == lines
    assert (params.signer.name, params.signer.other_post) == ("Trần An", None)


def test_the_head_of_the_working_group_signs_unless_a_month_says_otherwise(project: Project) -> None:
    signer = load_params(project, APRIL).signer
    assert signer.lines == ("TỔ TRƯỞNG TỔ CÔNG TÁC",)
    assert (signer.other_post, signer.name) == ("CHỦ TỊCH UBND THÀNH PHỐ", "Nguyễn Sỹ Khánh")
    change(project.defaults, lambda content: content["signers"][0].update(inferred=True))
    assert "người ký" in load_params(project, APRIL).inferred()
    own = monthly(project, signer={"post": "CHỦ TỊCH", "name": "Trần An"})
    assert own.signer.lines == ("CHỦ TỊCH",)
    assert "người ký" not in own.inferred()


def test_a_dated_signer_is_checked_with_file_and_line(project: Project) -> None:
    change(project.defaults, lambda content: content["signers"][0].update(form="TUQ"))
    found = problems(project)
    assert "“signers”: form TUQ cần thêm head" in found
    assert found.startswith("params/defaults.yml › dòng ")


def test_formats_with_charts(project: Project) -> None:
    assert load_params(project, APRIL).charts == ("docx", "pdf", "html")
    assert monthly(project, charts=["html"]).charts == ("html",)
    assert monthly(project, charts=[]).charts == ()
    change(project.defaults, lambda content: content.update(charts=["html", "docx", "html"]))
    assert monthly(project).charts == ("docx", "html")
    assert monthly(project, charts=["pdf"]).charts == ("pdf",)
