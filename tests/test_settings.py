"""`params/delivery.yml`: what it may say, and where a mistake is."""

from pathlib import Path

import pytest

from baocao.due_work import departments
from baocao.errors import InputError
from baocao.project import Project
from baocao.settings import NAME, Settings, check_departments, load_settings
from conftest import ROOT

MAIL = """mail:
  host: mail.example
  sender: baocao@example.vn
  office: [vanphong@example.vn]
"""


def settings_of(tmp_path: Path, text: str) -> Project:
    (tmp_path / "params").mkdir()
    (tmp_path / NAME).write_text(text, encoding="utf-8")
    return Project(tmp_path)


def test_without_a_file_nothing_is_sent_or_published(tmp_path: Path) -> None:
    assert load_settings(Project(tmp_path)) == Settings()
    assert Settings().mail is None
    assert not Settings().publish.automatic


def test_the_file_of_the_project_sends_and_publishes_nothing() -> None:
    settings = load_settings(Project(ROOT))
    assert settings.mail is None
    assert not settings.publish.automatic


def test_the_example_in_the_file_is_right(tmp_path: Path) -> None:
    lines = (ROOT / NAME).read_text(encoding="utf-8").splitlines()
    start = lines.index("# mail:")
    project = settings_of(tmp_path, "\n".join(line.removeprefix("# ") for line in lines[start:]))
    settings = load_settings(project)
    assert settings.mail is not None
    assert settings.mail.addresses("UBND phường Vĩnh Hòa") == ("vinhhoa@nhatrang.example",)
    assert settings.mail.addresses("") == ("tonghop@nhatrang.example",)
    check_departments(project, settings, departments(Project(ROOT)))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("schedule:\n  time: 7 giờ\n", 2, "không phải là giờ trong ngày"),
        ('schedule:\n  time: "24:00"\n', 2, "không phải là giờ trong ngày"),
        ("schedule:\n  valid_from: tháng 4\n", 2, "tháng dạng NNNN-TT"),
        ("publish:\n  automatic: co\n", 2, "true hoặc false"),
        (f"{MAIL}  security: ssl\n", 5, "phải là một trong"),
        (f"{MAIL}  password: bi-mat\n", 5, "“password” không được biết đến"),
        (f"{MAIL}  port: 0\n", 5, "từ 1 trở lên"),
        (f"{MAIL}  user: a\n  security: none\n", 1, "mật khẩu"),
        (MAIL.replace("baocao@example.vn", '"a@example.vn\\nBcc: b@example.vn"'), 3, "không phải là một địa chỉ thư"),
        (MAIL.replace("vanphong@example.vn", "vanphong"), 4, "không phải là một địa chỉ thư"),
        (MAIL.replace("[vanphong@example.vn]", "[]"), 4, "trống"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(InputError) as caught:
        load_settings(settings_of(tmp_path, text))
    assert said in str(caught.value)
    assert caught.value.problems[0].where == (NAME, f"dòng {line}")
    assert caught.value.exit_code == 2


def test_a_department_that_no_form_names(tmp_path: Path) -> None:
    text = f"{MAIL}  departments:\n    - {{name: Công an, to: [a@example.vn]}}\n"
    project = settings_of(tmp_path, text)
    with pytest.raises(InputError, match="không có đơn vị “Công an”") as caught:
        check_departments(project, load_settings(project), departments(Project(ROOT)))
    assert caught.value.problems[0].where == (NAME, "dòng 6")
