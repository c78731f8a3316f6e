"""Form definitions: what is accepted, and what a definition must not say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from baocao.errors import InputError
from baocao.forms import counts, load_forms
from baocao.period import Period
from baocao.project import Project
from workbooks import APRIL, ROOT, april_forms

Content = dict[str, Any]


def test_april_has_nine_forms() -> None:
    forms = april_forms()
    assert [form.file for form in forms] == sorted(form.file for form in forms)
    assert len(forms) == 9
    assert len({block.block for form in forms for block in form.blocks}) == sum(len(form.blocks) for form in forms)


def change(project: Project, edit: Callable[[Content], None], name: str = "01-cong-an.yml") -> Path:
    path = project.forms / name
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    edit(content)
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def limit(form: Content, kind: str = "integer", **limits: object) -> None:
    """Give the first field other constraints."""
    form["sheets"][0]["blocks"][0]["fields"][0].update(type=kind, constraints=limits)


def problems(project: Project) -> str:
    with pytest.raises(InputError) as caught:
        load_forms(project.forms, APRIL)
    return str(caught.value)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda form: form["sheets"][0]["blocks"][0].update(block="Cccd"), "chữ thường không dấu"),
        (lambda form: form["sheets"][0]["blocks"][0].update(block="rate"), "mã khối “rate” là từ dành riêng"),
        (lambda form: form["sheets"][0]["blocks"][0].update(kind="bang"), "“blocks” thuộc loại không được biết đến"),
        (lambda form: form["sheets"][0]["blocks"][0]["fields"][0].update(name="da_cap"), "“da_cap” viết hai lần"),
        (lambda form: form["sheets"][0]["blocks"][0]["fields"][0].update(name="class"), "“class” là từ dành riêng"),
        (lambda form: form["sheets"][0]["blocks"][0]["fields"][0].update(type="int"), "phải là một trong"),
        (lambda form: form["sheets"][1]["blocks"][0]["columns"][0].update(name="stt"), "mã cột “stt” của bảng hoi"),
        (lambda form: form["sheets"][1]["blocks"][0]["rows"][0].update(title="Hội  nông dân"), "viết hai lần"),
        (lambda form: form["sheets"][1]["blocks"][0]["columns"][1].update(title="Kỳ  trước"), "là tiêu đề dành riêng"),
        (lambda form: form["sheets"][0].update(name="Hội, đoàn thể, phương tiện"), "trang tính"),
        (lambda form: form.update(valid_from="2022-13"), "tháng dạng NNNN-TT"),
        (lambda form: form.pop("department"), "thiếu khóa “department”"),
        (lambda form: form.update(sheets=[]), "danh sách “sheets” trống"),
        (lambda form: limit(form, enum=["a"]), "type: integer không dùng enum"),
        (lambda form: limit(form, max_length=3), "type: integer không dùng max_length"),
        (lambda form: limit(form, "string", minimum=0, maximum=9), "type: string không dùng minimum, maximum"),
        (lambda form: limit(form, "date", maximum=9), "type: date không dùng maximum"),
        (lambda form: limit(form, minimum=9, maximum=3), "minimum 9 lớn hơn maximum 3"),
        (lambda form: limit(form, "string", enum=["có", "một, hai"]), "không có dấu phẩy"),
        (lambda form: limit(form, "string", enum=['nói "có"']), "dấu ngoặc kép"),
        (lambda form: limit(form, "string", enum=["x" * 130, "y" * 130]), "không quá 255 ký tự"),
        (lambda form: limit(form, "string", enum=["có", ""]), "enum có giá trị trống"),
        (lambda form: limit(form, "string", enum=["có", "CÓ"]), "“có” viết hai lần"),
        (lambda form: form.update(file="../01-cong-an.xlsx"), "tên tệp .xlsx, không kèm thư mục"),
        (lambda form: form.update(file="a\\b.xlsx"), "tên tệp .xlsx, không kèm thư mục"),
        (lambda form: form.update(file="01-cong-an.xls"), "tên tệp .xlsx, không kèm thư mục"),
        (lambda form: form.update(file="~$01-cong-an.xlsx"), "tên tệp .xlsx, không kèm thư mục"),
        (lambda form: form.update(file=".xlsx"), "tên tệp .xlsx, không kèm thư mục"),
    ],
)
def test_mistakes_of_a_definition(project: Project, edit: Callable[[Content], None], words: str) -> None:
    change(project, edit)
    found = problems(project)
    assert words in found
    assert found.startswith("data/forms/01-cong-an.yml › dòng ")


def test_the_title_of_last_month_s_column_is_refused_in_its_line(project: Project) -> None:
    path = project.forms / "01-cong-an.yml"
    lines = path.read_text(encoding="utf-8").split("\n")
    number = next(number for number, line in enumerate(lines) if "name: da_cung_cap" in line)
    lines[number] = lines[number].replace("Số hội viên đã cung cấp hồ sơ cho Công an cấp xã", "KỲ TRƯỚC")
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_forms(project.forms, APRIL)
    assert [problem.where for problem in caught.value.problems] == [("data/forms/01-cong-an.yml", f"dòng {number + 1}")]


def test_cards_change_their_name_and_keep_their_code() -> None:
    june, july = (load_forms(ROOT / "data" / "forms", Period(2024, month))[0] for month in (6, 7))
    assert (june.version, july.version) == (1, 2)
    assert [count.code for count in counts(june)] == [count.code for count in counts(july)]
    titles = [count.label for form in (june, july) for count in counts(form) if count.code == "cccd.da_cap"]
    assert titles == ["Số thẻ CCCD gắn chip điện tử đã cấp", "Số thẻ căn cước đã cấp"]
    assert "CCCD gắn chip" not in july.model_dump_json()


def test_mistakes_of_several_definitions_at_once(project: Project) -> None:
    change(project, lambda form: form.update(version="một"))
    change(project, lambda form: form.pop("title"), "02-lao-dong.yml")
    found = problems(project)
    assert "01-cong-an.yml" in found
    assert "02-lao-dong.yml" in found


@pytest.mark.parametrize("key", ["form", "code", "file"])
def test_two_forms_with_one_name(project: Project, key: str) -> None:
    value = yaml.safe_load((project.forms / "01-cong-an.yml").read_text(encoding="utf-8"))[key]
    change(project, lambda form: form.update({key: value}), "02-lao-dong.yml")
    lines = (project.forms / "02-lao-dong.yml").read_text(encoding="utf-8").split("\n")
    number = next(number for number, line in enumerate(lines, start=1) if line.startswith(f"{key}: "))
    where = f"data/forms/02-lao-dong.yml › dòng {number}: "
    assert problems(project).startswith(where)
    assert f"“{value}” đã có ở data/forms/01-cong-an.yml" in problems(project)


def test_a_block_of_another_form_is_refused_in_its_line(project: Project) -> None:
    path = project.forms / "07-van-hoa.yml"
    lines = path.read_text(encoding="utf-8").split("\n")
    number = next(number for number, line in enumerate(lines) if "block: dai_truyen_thanh" in line)
    lines[number] = lines[number].replace("dai_truyen_thanh", "cccd")
    path.write_text("\n".join(lines), encoding="utf-8")
    assert problems(project).startswith(f"data/forms/07-van-hoa.yml › dòng {number + 1}: mã khối (block) “cccd”")


def test_a_definition_holds_from_month_to_month(project: Project) -> None:
    change(project, lambda form: form.update(valid_to="2024-03"))
    assert "cong_an" not in {form.form for form in load_forms(project.forms, APRIL)}
    assert "cong_an" in {form.form for form in load_forms(project.forms, Period(2024, 3))}


def test_no_form_in_force(project: Project) -> None:
    with pytest.raises(InputError, match="không có biểu mẫu nào áp dụng cho kỳ 2001-01"):
        load_forms(project.forms, Period(2001, 1))
