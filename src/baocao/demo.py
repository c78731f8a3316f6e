"""A second month to try the report with: a copy of the project, with workbooks of generated figures, marked as such."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from baocao.errors import InputError, Problem
from baocao.faults import readable
from baocao.forms import Form, UnitForm, load_forms
from baocao.month import Month, read_month
from baocao.new import monthly_params, move_notebook, write_notebook
from baocao.params import Acknowledgement, load_params
from baocao.period import Period
from baocao.project import Project
from baocao.render.config import load_options
from baocao.simulate import simulated_values
from baocao.workbook import write_workbook

MARK = "DỮ LIỆU MÔ PHỎNG"
_MARKER = "ban-mo-phong.txt"
"""The file by which an earlier demo is known."""

_NOTE = f"{MARK}: bản sao để dùng thử, do lệnh baocao demo tạo ra và có thể xóa bất cứ lúc nào.\n"
_WARNING = f"{MARK}: số liệu do phần mềm sinh ra để dùng thử, không phải số liệu của đơn vị."


def make_demo(project: Project, target: Path, source: Period, period: Period) -> Project:
    """Copy the project into `target`, with the workbooks of `source`, and simulate those of `period` from them.

    An earlier demo in `target` is replaced; any other folder that is not empty is an `InputError`, as is a source
    month that cannot be read or has findings that stop a run. Then `target` is as it was.
    """
    target = target.resolve()
    _check_target(project, target)
    month = _readable_source(project, source, period)
    notebooks = _notebooks(project, source, period)
    theme = _theme(project)
    demo = Project(target)
    with readable(target):
        if target.exists():
            shutil.rmtree(target)
        target.mkdir(parents=True)
        (target / _MARKER).write_text(_NOTE, encoding="utf-8", newline="\n")
        for path in _files(project, source):
            _copy(path, project, demo)
        for path in theme:
            _copy(path, project, demo)
        for path, notebook in notebooks.items():
            place = target / path
            place.parent.mkdir(parents=True, exist_ok=True)
            write_notebook(place, notebook)
        _write_params(demo, period)
        _write_workbooks(month, demo, period)
        _carry_acknowledgements(month, demo, period)
    return demo


def _check_target(project: Project, target: Path) -> None:
    if target == project.root or project.root.is_relative_to(target):
        fault = "thư mục chứa chính dự án"
    elif target.exists() and not target.is_dir():
        fault = "là một tệp, không phải thư mục"
    elif target.exists() and any(target.iterdir()) and not (target / _MARKER).is_file():
        fault = "thư mục đã có tệp, và không phải bản mô phỏng trước"
    else:
        return
    raise InputError(
        Problem(
            fault,
            (str(target),),
            expected="một thư mục mới, thư mục trống, hoặc bản mô phỏng trước",
            remedy="chọn thư mục khác, ví dụ: baocao demo outputs/demo",
        )
    )


def _readable_source(project: Project, source: Period, period: Period) -> Month:
    month = read_month(project, source)
    if month.stopping:
        raise InputError(finding.problem for finding in month.stopping)
    if _departments(load_forms(project.forms, period)) != _departments(month.forms):
        raise InputError(
            Problem(
                f"biểu mẫu của kỳ {period} khác biểu mẫu của kỳ {source}",
                ("data/forms",),
                expected="hai kỳ dùng chung biểu mẫu",
                remedy="chọn kỳ mô phỏng khác bằng --period",
            )
        )
    return month


def _departments(forms: Sequence[Form]) -> tuple[Form, ...]:
    """The forms of the city's departments; what units report is made from theirs."""
    return tuple(form for form in forms if not form.per_unit)


def _notebooks(project: Project, source: Period, period: Period) -> dict[Path, object]:
    """The source month's own notebooks for the simulated month, by path from the root."""
    folder = project.root / "notebooks" / str(source)
    return {
        Path("notebooks", str(period), path.name): move_notebook(path, period)
        for path in sorted(folder.glob("*.ipynb"))
    }


def _files(project: Project, source: Period) -> Iterator[Path]:
    """What a run reads, apart from the theme; and what git is not to take."""
    yield from project.root.glob(".gitignore")
    yield from (project.forms, project.units, project.derived, project.indicators, project.rules)
    yield project.submissions(source)
    yield from (project.defaults, project.params(source), project.quarto_config)
    folder = project.root / "notebooks"
    yield from sorted(folder.glob("*.ipynb"))
    if (folder / str(source)).is_dir():
        yield folder / str(source)


def _theme(project: Project) -> list[Path]:
    """What `_quarto.yml` names: the folder of each file, since templates read what is beside them."""
    named: dict[Path, None] = {}
    for options in load_options(project.quarto_config).values():
        values = [options.defaults.get(key) for key in ("filters", "reference-doc", "template", "css")]
        for value in values:
            for text in value if isinstance(value, list) else [value]:
                if text is not None:
                    path = Path(text)
                    named[path if path.parent == project.root else path.parent] = None
        named |= dict.fromkeys(options.font_paths)
    inside = [path for path in named if path.is_relative_to(project.root)]
    return [path for path in inside if not any(other in path.parents for other in inside)]


def _copy(path: Path, project: Project, demo: Project) -> None:
    place = demo.root / path.relative_to(project.root)
    place.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, place, ignore=shutil.ignore_patterns("*.py", "__pycache__", ".ipynb_checkpoints", "~$*"))
    else:
        shutil.copyfile(path, place)


def _write_workbooks(month: Month, demo: Project, period: Period) -> None:
    forms = load_forms(demo.forms, period)
    left = simulated_values(month, load_params(demo, period), forms)
    folder = demo.submissions(period)
    folder.mkdir(parents=True)
    for form in forms:
        starts = tuple(f"{block.block}." for block in form.blocks)
        values = {code: left.pop(code) for code in list(left) if code.startswith(starts)}
        marked = form.model_copy(update={"title": f"{MARK} - {form.title}", "guidance": (_WARNING, *form.guidance)})
        write_workbook(marked, period, folder / form.file, values)
    assert not left, left


def _carry_acknowledgements(month: Month, demo: Project, period: Period) -> None:
    """Oddities that somebody answers for in the source month are in the simulated one as well."""
    simulated = read_month(demo, period)
    found = [(finding.rule, finding.code) for finding in simulated.findings]
    given = {(item.rule, item.code): item for item in month.params.monthly.acknowledged}
    # What is odd in the city's figures is odd in the units' shares of them.
    kept = [
        given[rule, city].model_copy(update={"code": code})
        for rule, code in dict.fromkeys(found)
        if (rule, city := _of_city(code, simulated.forms)) in given
    ]
    _write_params(demo, period, kept)


def _of_city(code: str, forms: Sequence[Form]) -> str:
    """`code` of a finding about a unit as that of the city; any other as it is."""
    for form in forms:
        if isinstance(form, UnitForm):
            for own, city in form.general.totals.items():
                code = code.replace(f"{own}.{form.unit.code}.", f"{city}.")
    return code


def _write_params(demo: Project, period: Period, acknowledged: Sequence[Acknowledgement] = ()) -> None:
    content = monthly_params(period, simulated=True, acknowledged=acknowledged)
    demo.params(period).write_text(content, encoding="utf-8", newline="\n")
