"""Problems as a user reads them, and exceptions that cross processes."""

import pickle

from baocao.errors import BaocaoError, InputError, Problem, RenderError, RunError, Severity


def test_problem_says_where_what_is_expected_and_what_to_do() -> None:
    problem = Problem("sai", ("a.xlsx", "Tờ", "D9"), "một số", "nhập lại")
    assert str(problem) == "a.xlsx › Tờ › D9: sai\n  Cần có: một số\n  Cách xử lý: nhập lại"
    assert str(Problem("sai")) == "sai"


def test_error_holds_one_or_many() -> None:
    one, two = Problem("một"), Problem("hai")
    assert InputError(one).problems == (one,)
    assert str(InputError(iter([one, two]))) == "một\nhai"


def test_exit_codes() -> None:
    kinds = (BaocaoError, InputError, RunError, RenderError)
    assert [kind.exit_code for kind in kinds] == [1, 2, 1, 1]
    assert [severity.value for severity in Severity] == ["lỗi", "cảnh báo", "lưu ý"]


def test_errors_cross_processes() -> None:
    error = pickle.loads(pickle.dumps(InputError([Problem("một"), Problem("hai")])))
    assert type(error) is InputError
    assert [problem.what for problem in error.problems] == ["một", "hai"]
