"""Windows and macOS desktops, simulated: code pages, file names, files held open, no fork, no symlink, no make."""

import json
import os
import re
import shutil
import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from baocao import zygote
from baocao.check_report import check, to_json
from baocao.errors import InputError, RunError
from baocao.executed import save
from baocao.faults import readable
from baocao.findings_xlsx import checked_workbooks
from baocao.forms import load_forms
from baocao.kernels import Kernels
from baocao.month import Month
from baocao.new import new_month
from baocao.preview.rerun import Change, change_of
from baocao.project import Project
from baocao.render.config import load_options
from baocao.render.pandoc import convert
from baocao.render.quarto import _Job
from baocao.render.source import load_source
from baocao.store import Store
from baocao.submission import is_noise
from conftest import APRIL, ROOT, MadeReport, copy_project

OFFICE = unicodedata.normalize("NFD", "Báo cáo tháng 4 (bản thử) & đặc biệt")
"""A folder as a Vietnamese office names it, in the form of letters that macOS gives."""

# As a desktop whose code page has no Vietnamese letter.
POOR = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "cp1252", "TZ": "Etc/GMT+12"}
RICH = {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "1", "TZ": "Asia/Ho_Chi_Minh"}

# What neither Windows (all of it) nor a restricted desktop has.
_WITHOUT_POSIX = """
import os, signal, sys
import IPython, ipykernel.kernelapp, nbclient, pandas, papermill, seaborn, typer, watchfiles  # ask for what they like
for module, names in {
    os: "fork forkpty killpg setsid getuid geteuid getpgid setpgid WNOHANG mkfifo chown symlink link",
    signal: "SIGKILL SIGCHLD SIGHUP SIGALRM alarm pthread_sigmask",
}.items():
    for name in names.split():
        vars(module).pop(name, None)
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty"):
            raise ImportError(name)
for name in ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty"):
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Absent())
"""
# A desktop: no symbolic link, no fork, no Unix socket.
_DESKTOP = """
import os, sys
def refuse(*_, **__): raise OSError("no privilege for symbolic links")
os.symlink = os.link = refuse
from baocao import kernels, zygote
zygote.SUPPORTED = kernels._HAS_IPC = False
del os.fork
from baocao.cli import main
sys.exit(main(sys.argv[1:]))
"""


def python(*arguments: str, at: Path, **environment: str) -> bytes:
    """What a child process says on its standard output; it must succeed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=at, env={**kept, **environment}, capture_output=True, check=False
    )
    assert done.returncode in (0, 2), done.stderr.decode(errors="replace")
    assert b"Traceback" not in done.stderr
    return done.stdout


def windows_error(code: int, path: Path, errno: int = 13) -> OSError:
    """A refusal of Windows; elsewhere Python gives errors no such code."""
    error = PermissionError(errno, "held", str(path)) if errno == 13 else OSError(errno, "not found", str(path))
    error.winerror = code  # type: ignore[attr-defined]
    return error


# Encodings.


@pytest.mark.parametrize("command", [("--help",), ("check", "2024-04", "--format", "json"), ("check", "2024-04")])
def test_output_is_the_same_utf8_whatever_the_code_page_locale_and_time_zone(command: tuple[str, ...]) -> None:
    poor, rich = (python("-m", "baocao", *command, at=ROOT, **each) for each in (POOR, RICH))
    assert poor == rich
    assert "ố" in rich.decode("utf-8")


def test_new_month_is_the_same_whatever_the_code_page(tmp_path: Path) -> None:
    poor, rich = (copy_project(tmp_path / name) for name in ("poor", "rich"))
    python("-m", "baocao", "new", "2024-05", at=poor.root, **POOR)
    new_month(rich, APRIL.shift(1))
    made = [
        [
            (path.name, path.read_bytes())
            for path in (each.params(APRIL.shift(1)), *sorted((each.root / "notebooks" / "2024-05").iterdir()))
        ]
        for each in (poor, rich)
    ]
    assert made[0] == made[1]
    assert len(made[0]) > 1


def test_kernels_read_and_write_utf8(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONUTF8", "0")
    with Kernels({}, warm=False) as kernels:
        assert kernels.environment["PYTHONUTF8"] == "1"


def _as_notepad_saves(project: Project) -> None:
    """UTF-8 with a mark at its head, lines ended by CR LF, letters taken apart."""
    for path in [*project.root.glob("params/*.yml"), *project.root.glob("data/**/*.yml"), project.quarto_config]:
        text = unicodedata.normalize("NFD", path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8-sig", newline="\r\n")
    for path in project.root.glob("notebooks/**/*.ipynb"):
        content = json.loads(path.read_text(encoding="utf-8"))
        for cell in content["cells"]:
            cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8-sig", newline="\r\n")


def test_files_with_a_bom_and_windows_line_ends_are_read_as_the_others(
    project: Project, april_report: MadeReport
) -> None:
    said = to_json(check(project, APRIL))
    _as_notepad_saves(project)
    assert to_json(check(project, APRIL)) == said
    drafts = new_month(project, APRIL.shift(1)).drafts
    assert drafts
    assert all(r"period = \"2024-05\"" in path.read_text(encoding="utf-8") for path in drafts)
    python("-m", "baocao", "run", "2024-04", "--section", "24", at=project.root)
    ours, theirs = (
        json.loads(path.read_text(encoding="utf-8"))["cells"]
        for path in (
            project.outputs / "2024-04.muc" / "24-dich-vu-cong.ipynb",
            april_report.folder / "build" / "sections" / "24-dich-vu-cong.ipynb",
        )
    )
    assert [cell.get("outputs") for cell in ours] == [cell.get("outputs") for cell in theirs]


# Names of files and folders.


def test_a_report_made_in_an_office_folder_is_the_same(tmp_path: Path, april_report: MadeReport) -> None:
    project = copy_project(tmp_path / OFFICE)
    python("-m", "baocao", "run", "2024-04", "--renderer", "pandoc", at=project.root, **{**POOR, "LC_ALL": "C.UTF-8"})
    made = project.outputs / "2024-04"
    for path in (april_report.docx, april_report.pdf, april_report.html, april_report.folder / "manifest.json"):
        assert (made / path.name).read_bytes() == path.read_bytes(), path.name
    named = json.loads((made / "manifest.json").read_text(encoding="utf-8"))["inputs"]
    assert not [name for name in named if "\\" in name or name.startswith("/") or ":" in name]
    assert not [path for path in project.root.rglob("*") if path.is_symlink()]


def test_ordinary_kernels_without_fork_sockets_and_links_say_the_same(tmp_path: Path, april_report: MadeReport) -> None:
    project = copy_project(tmp_path / OFFICE)
    python("-c", _DESKTOP, "run", "2024-04", "--section", "24", at=project.root, **RICH)
    name = "24-dich-vu-cong.ipynb"
    ours = (project.outputs / "2024-04.muc" / name).read_bytes()
    assert ours == (april_report.folder / "build" / "sections" / name).read_bytes()


def test_what_desktops_leave_in_folders_is_no_form_notebook_or_workbook(project: Project) -> None:
    before = to_json(check(project, APRIL))
    sections = project.sections(APRIL)
    # macOS keeps what a share or a memory stick cannot in a second file.
    for path in (project.forms / "01-cong-an.yml", sections[0].notebook, sections[-1].notebook):
        path.with_name(f"._{path.name}").write_bytes(b"\x00\x05\x16\x07\x00\x02")
    for name in ("desktop.ini", "Thumbs.db", ".DS_Store", "._01.xlsx"):
        (project.submissions(APRIL) / name).write_bytes(b"\x00\x05\x16\x07")
        assert is_noise(Path(name))
    assert project.sections(APRIL) == sections
    assert project.notebooks(APRIL)
    assert to_json(check(project, APRIL)) == before


def test_forms_whose_workbooks_windows_takes_for_one(project: Project) -> None:
    first, second = sorted(project.forms.glob("*.yml"))[:3:2]
    name = yaml.safe_load(first.read_text(encoding="utf-8"))["file"]
    text = second.read_text(encoding="utf-8")
    second.write_text(re.sub(r"(?m)^file: .*$", f"file: {name.upper()[:-5]}.xlsx", text), encoding="utf-8")
    with pytest.raises(InputError, match="tên tệp"):
        load_forms(project.forms, APRIL)


@pytest.mark.parametrize("name", ["con.xlsx", "AUX.xlsx", "nul.v2.xlsx", "Com1.xlsx", "lpt9.xlsx"])
def test_a_name_that_windows_keeps_for_devices_is_no_name_of_a_form(project: Project, name: str) -> None:
    path = min(project.forms.glob("*.yml"))
    path.write_text(re.sub(r"(?m)^file: .*$", f"file: {name}", path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(InputError, match="tên tệp"):
        load_forms(project.forms, APRIL)


def test_a_department_called_like_a_device_gets_its_workbook(april_month: Month) -> None:
    finding = replace(april_month.findings[0], department="Con", parts=())
    names = checked_workbooks(Project(ROOT), replace(april_month, findings=(finding,)))
    assert "don-vi-con.xlsx" in names
    assert "con.xlsx" not in names


def test_a_saved_file_is_known_however_the_watcher_spells_its_folder(tmp_path: Path) -> None:
    project = Project(tmp_path / unicodedata.normalize("NFC", OFFICE))
    saved = tmp_path / OFFICE / "notebooks" / "24-dich-vu-cong.ipynb"
    assert change_of(saved, project, APRIL) is Change.NOTEBOOK


def test_pandoc_gets_filters_without_the_name_of_the_folder(
    tmp_path: Path, april_report: MadeReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On Windows Lua opens files by the code page, and most have not all letters of Vietnamese.
    project = copy_project(tmp_path / OFFICE)
    options = load_options(project.quarto_config)["html"]
    source = load_source(april_report.folder / "build")
    seen: list[Any] = []
    real = subprocess.run

    def watched(command: Any, **keywords: Any) -> Any:
        if "--defaults" in command:
            seen.append((json.loads(Path(command[2]).read_text(encoding="utf-8"))["filters"], keywords["cwd"]))
        return real(command, **keywords)

    monkeypatch.setattr(subprocess, "run", watched)
    convert(source, options, "html", tmp_path / "report.html", tmp_path / "log")
    [(filters, folder)] = seen
    assert filters
    assert all(name.isascii() and (Path(folder) / name).is_file() for name in filters)


def test_paths_below_a_project_leave_room_for_its_own_folder(april_report: MadeReport) -> None:
    root = april_report.project.root
    longest = max((str(path.relative_to(root)) for path in april_report.folder.rglob("*")), key=len)
    # Windows takes 259 characters; work is in `.2024-04.work`, and is saved as `.part` first.
    assert len(longest) + len(".work.part") < 130, longest


@pytest.mark.parametrize("code", [3, 206])
def test_a_path_too_long_for_windows_is_said_to_be_so(code: int) -> None:
    path = Path("C:/") / ("thư mục rất dài " * 20)
    with pytest.raises(RunError) as caught, readable(path):
        raise windows_error(code, path, errno=2)
    [problem] = caught.value.problems
    assert "đường dẫn quá dài" in problem.what
    assert "tên ngắn" in problem.remedy


# Files that are held open.


class _Held:
    """`Path.rename` and `Path.replace` as Windows has them while another program holds the file."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, times: int, code: int) -> None:
        self.refusals, self.pauses = 0, 0.0
        for name in ("rename", "replace"):
            real = getattr(Path, name)

            def move(path: Path, target: Path, real: Any = real) -> Path:
                if self.refusals < times:
                    self.refusals += 1
                    raise windows_error(code, path)
                moved: Path = real(path, target)
                return moved

            monkeypatch.setattr(Path, name, move)
        monkeypatch.setattr("baocao.held.time.sleep", self._pause)
        # Windows exchanges no folders.
        monkeypatch.setattr("baocao.store.exchange", lambda first, second: False)

    def _pause(self, seconds: float) -> None:
        self.pauses += seconds


def _finished(store: Store, text: str) -> None:
    with store.locked():
        (store.fresh() / "a.docx").write_text(text, encoding="utf-8")
        store.commit()


@pytest.mark.parametrize("code", [5, 32])
def test_a_scanner_that_holds_a_file_for_a_moment_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, april_report: MadeReport
) -> None:
    store = Store(tmp_path / "outputs", APRIL)
    _finished(store, "cũ")
    held = _Held(monkeypatch, 3, code)
    _finished(store, "mới")
    assert (store.final / "a.docx").read_text(encoding="utf-8") == "mới"
    assert held.refusals == 3
    held = _Held(monkeypatch, 3, code)
    import nbformat

    save(nbformat.v4.new_notebook(), tmp_path / "x.ipynb")  # type: ignore[no-untyped-call]
    assert (tmp_path / "x.ipynb").is_file()
    assert held.refusals == 3


def test_word_that_keeps_the_report_open_is_told_within_seconds_and_both_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "outputs", APRIL)
    _finished(store, "cũ")
    with store.locked():
        work = store.fresh()
        (work / "a.docx").write_text("mới", encoding="utf-8")
        held = _Held(monkeypatch, 1000, 32)
        with pytest.raises(RunError) as caught:
            store.commit()
    assert "đóng các tệp" in caught.value.problems[0].remedy
    assert 1 < held.pauses < 5
    assert (store.final / "a.docx").read_text(encoding="utf-8") == "cũ"
    assert (work / "a.docx").read_text(encoding="utf-8") == "mới"


def test_no_right_to_write_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "outputs", APRIL)
    _finished(store, "cũ")
    held = _Held(monkeypatch, 1000, 0)
    with pytest.raises(RunError), store.locked():
        store.fresh()
        store.commit()
    assert held.pauses == 0


def test_a_workbook_open_in_excel_is_a_finding_that_says_close_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = min(project.submissions(APRIL).glob("*.xlsx"))
    real = Path.open

    def guarded(path: Path, *arguments: Any, **keywords: Any) -> Any:
        if path == held:
            raise windows_error(32, path)
        return real(path, *arguments, **keywords)

    monkeypatch.setattr(Path, "open", guarded)
    report = check(project, APRIL)
    told = [*report.problems, *(finding.problem for finding in (report.month.findings if report.month else ()))]
    said = [problem for problem in told if held.name in problem.where]
    assert [("chương trình khác đang giữ tệp" in problem.what, "đóng tệp" in problem.remedy) for problem in said] == [
        (True, True)
    ]


# What other systems do not have.


def test_every_module_imports_where_posix_is_absent(tmp_path: Path) -> None:
    code = f"""{_WITHOUT_POSIX}
import importlib, pkgutil, baocao
for module in pkgutil.walk_packages(baocao.__path__, "baocao."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print("baocao.zygote" in sys.modules and "baocao.preview.server" in sys.modules)
"""
    assert python("-c", code, at=tmp_path).strip() == b"True"


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_only_linux_forks(platform: str, tmp_path: Path) -> None:
    code = f"import sys; sys.platform = {platform!r}\nimport runpy; print(runpy.run_path(sys.argv[1])['SUPPORTED'])"
    assert python("-c", code, zygote.__file__, at=tmp_path).strip() == b"False"


def test_quarto_is_stopped_with_what_it_started_on_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, april_report: MadeReport
) -> None:
    job = _Job(Path("quarto.exe"), "html", tmp_path, load_source(april_report.folder / "build"))
    job.process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    asked: list[list[str]] = []

    def taskkill(command: list[str], **_: object) -> None:
        asked.append(command)
        assert job.process is not None
        job.process.kill()

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(subprocess, "run", taskkill)
    job.stop()
    assert asked == [["taskkill", "/F", "/T", "/PID", str(job.process.pid)]]
    assert job.process.poll() is not None
    assert job.process.stdin is not None
    job.process.stdin.close()


def test_readme_has_the_way_without_make() -> None:
    recipe = re.findall(r"^\t\$\(PIP\) (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    wanted = [line for line in recipe if "$*" not in line]
    assert len(wanted) == 2
    for name in ("README.md", "README.vi.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "py -m venv .venv" in text
        for line in wanted:
            assert rf".venv\Scripts\python -m pip install {line}" in text, name


def test_what_doctor_advises_can_be_done_without_make() -> None:
    said = python("-m", "baocao", "doctor", at=ROOT).decode("utf-8")
    advised = [line for line in said.splitlines() if "make " in line]
    assert all("pip install --require-hashes" in line for line in advised), advised


def test_git_gives_every_checkout_the_same_line_ends() -> None:
    attributes = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    assert attributes[0] == "* text=auto eol=lf"
    assert shutil.which("git")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    names = listed.decode("utf-8").split("\0")[:-1]
    assert len({name.casefold() for name in names}) == len(names), "Windows and macOS would take two files for one"
    assert not [name for name in names if re.search(r'[<>:"|?*\\]|[. ](/|$)', name)]
