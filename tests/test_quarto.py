"""Quarto as the renderer: which one is taken, what its failures become, what a run by hand does.

A small program stands for Quarto where a failure or a version is what matters; tests marked `quarto` run the real one.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import seen
from baocao.cli import main
from baocao.errors import InputError, RenderError, RunError
from baocao.progress import Progress
from baocao.project import Project
from baocao.render import FORMATS, Embedded, Quarto, choose, quarto, quarto_version, render, tools_text
from baocao.render.precheck import check
from baocao.render.quarto import MINIMUM, require_quarto
from baocao.run import run
from conftest import APRIL, ROOT, MadeReport

CONFIG = ROOT / "_quarto.yml"
FIXTURE = Path(__file__).parent / "fixtures" / "render"
SUPPORTED = f"{MINIMUM[0]}.{MINIMUM[1]}.5"

posix = pytest.mark.skipif(os.name == "nt", reason="the stand-in for Quarto is a script with a shebang")

_FAKE = f"""#!{sys.executable}
import json, os, sys, time
from pathlib import Path
arguments = sys.argv[1:]
if arguments == ["--version"]:
    print(VERSION)
elif arguments[1:] == ["--version"]:
    print({{"pandoc": "pandoc 3.8.2", "typst": "typst 0.14.2 (abc)"}}[arguments[0]], file=sys.stderr)
else:
    source, name, log = Path(arguments[1]), arguments[3], Path(arguments[5])
    target = source.with_suffix("." + {{"typst": "pdf"}}.get(name, name))
    def say(level, text):
        with log.open("a") as output:
            output.write(json.dumps({{"msg": text, "level": level, "levelName": "WARN"}}) + "\\n")
    BODY
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Put a program that stands for Quarto on the PATH; its body is what `quarto render` does."""

    def put(
        body: str = "target.write_text('<meta charset=\"utf-8\">' + source.read_text())", version: str = SUPPORTED
    ) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / "quarto"
        text = _FAKE.replace("VERSION", repr(version)).replace("BODY", body.replace("\n", "\n    "))
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.delenv("QUARTO_PATH", raising=False)
        return program

    return put


@pytest.fixture
def none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Quarto."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("QUARTO_PATH", raising=False)


def make(tmp_path: Path, formats: tuple[str, ...] = FORMATS) -> dict[str, Path]:
    build = tmp_path / "work" / "build"
    shutil.copytree(FIXTURE, build)
    return render(build, CONFIG, tmp_path / "work", "bao-cao", formats, renderer=choose("quarto"))


def failure(tmp_path: Path, formats: tuple[str, ...] = ("html",)) -> RenderError:
    with pytest.raises(RenderError) as caught:
        make(tmp_path, formats)
    left = {path.name for path in (tmp_path / "work").iterdir()}
    assert left == {"build"} | {Path(problem.where[0]).name for problem in caught.value.problems}
    return caught.value


def test_without_quarto_auto_is_the_embedded_renderer(none: None) -> None:
    assert quarto_version() is None
    assert isinstance(choose("auto"), Embedded)
    assert isinstance(choose("pandoc"), Embedded)


def test_quarto_that_is_asked_for_and_not_there(none: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "2024-04", "--renderer", "quarto", "--format", "odt"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    for words in (
        "không tìm thấy Quarto",
        "conda env create -f environment.yml",
        "bộ cài tại quarto.org",
        "pip install quarto-cli",
        "--renderer pandoc",
        "không có định dạng “odt”",
    ):
        assert words in said


def test_a_path_to_nothing_says_so(none: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARTO_PATH", "/nowhere/quarto")
    with pytest.raises(InputError, match=r"\$QUARTO_PATH không trỏ đến Quarto: /nowhere/quarto"):
        choose("quarto")


def test_an_unknown_renderer_is_refused() -> None:
    with pytest.raises(InputError, match="không có bộ dàn trang “latex”"):
        choose("latex")


@posix
@pytest.mark.parametrize(
    ("version", "good"),
    [("1.8.27", False), (SUPPORTED, True), ("1.10.1", True), ("2.0.0", False), ("99.9.9", False), ("what", False)],
)
def test_only_supported_versions_are_taken(fake: Callable[..., Path], version: str, good: bool) -> None:
    program = fake(version=version)
    found = quarto_version()
    assert found is not None
    assert (found.path, found.text, found.supported) == (program, version, good)
    assert isinstance(choose("auto"), Quarto if good else Embedded)
    if good:
        assert require_quarto() == found
    else:
        with pytest.raises(InputError, match=f"Quarto {version} không dùng được") as caught:
            choose("quarto")
        assert caught.value.exit_code == 2
        assert "conda env create" in found.remedy


@posix
def test_a_quarto_that_does_not_answer(fake: Callable[..., Path]) -> None:
    program = fake()
    program.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    found = quarto_version()
    assert found is not None
    assert (found.text, found.supported) == ("?", False)


@posix
def test_the_variable_goes_before_the_path(
    fake: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = shutil.copy(fake(version="1.99.0"), tmp_path / "my-quarto")
    fake()
    monkeypatch.setenv("QUARTO_PATH", str(other))
    found = quarto_version()
    assert found is not None
    assert found.text == "1.99.0"


@posix
def test_what_is_said_of_the_programs(fake: Callable[..., Path]) -> None:
    fake()
    chosen = choose("auto")
    tools = chosen.tools(FORMATS)
    assert tools == {"Quarto": SUPPORTED, "pandoc": "3.8.2", "Typst": "0.14.2"}
    assert tools_text(chosen.name, tools) == f"Quarto {SUPPORTED} (pandoc 3.8, Typst 0.14)"
    assert list(chosen.tools(("docx",))) == ["Quarto", "pandoc"]
    embedded = Embedded()
    assert list(embedded.tools(("docx",))) == ["pandoc"]
    assert tools_text("pandoc", {"pandoc": "3.9", "Typst": "0.15.2"}) == "pandoc 3.9 và Typst 0.15"


@posix
def test_files_and_nothing_else_are_left(fake: Callable[..., Path], tmp_path: Path) -> None:
    fake()
    files = make(tmp_path)
    assert {name: path.name for name, path in files.items()} == {name: f"bao-cao.{name}" for name in FORMATS}
    left = sorted(path.name for path in (tmp_path / "work").iterdir())
    assert left == ["bao-cao.docx", "bao-cao.html", "bao-cao.pdf", "build"]


@posix
def test_what_quarto_is_given(fake: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project's options and files, the document's date, and nothing of its user's settings."""
    monkeypatch.setenv("QUARTO_PROFILE", "other")
    monkeypatch.setenv("QUARTO_LOG_LEVEL", "critical")
    fake(
        "here = Path.cwd()\n"
        "files = sorted(p.relative_to(here).as_posix() for p in here.rglob('*') if p.is_file())\n"
        "variables = {n: v for n, v in os.environ.items() if n.startswith('QUARTO') or n == 'SOURCE_DATE_EPOCH'}\n"
        "target.write_text(json.dumps([files, variables, json.loads(Path('_quarto.yml').read_text())]))"
    )
    files, variables, options = json.loads(make(tmp_path, ("pdf",))["pdf"].read_text(encoding="utf-8"))
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    assert variables == {"SOURCE_DATE_EPOCH": "1713052800", "QUARTO_PDF_STANDARD": "a-2a"}
    assert options["project"] == {"type": "default", "render": ["build/report.qmd"]}
    assert {key: options[key] for key in config if key != "project"} == {
        key: config[key] for key in config if key != "project"
    }
    named = [config["format"]["docx"]["reference-doc"], config["format"]["typst"]["template-partials"][0]]
    assert {*named, "build/report.qmd", "build/parts/10.md", "build/images/27-hoi-vien.png"} <= set(files)
    assert "src/baocao/theme/fonts/Tinos-Bold.ttf" in files
    assert not [name for name in files if name.endswith(".py")]


@posix
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            "target.write_text('x'); say(30, 'Unable to resolve link target: x\\n\\nmore'); ",
            "Unable to resolve link target: x",
        ),
        ("target.write_text('x'); print('[WARNING] Could not fetch resource a.svg')", "Could not fetch resource a.svg"),
        ("target.write_text('x'); print('\\x1b[31m[WARNING] Colour\\x1b[39m')", "[WARNING] Colour"),
        (
            "say(40, 'Include failed.\\n  could not find ' + os.getcwd() + '/build/a.md.\\n\\nStack')\nsys.exit(1)",
            "Include failed. could not find build/a.md.",
        ),
        (
            "say(30, 'Error encountered when rendering files')\n"
            "print('Error running filter bang.lua:\\nmất bảng')\nsys.exit(1)",
            "Error running filter bang.lua: mất bảng",
        ),
        (
            "say(40, 'error: bad SVG\\n  ┌─ a.svg:1:0\\n  │\\n1 │ <svg\\n  │ ^\\n\\n')\nsys.exit(1)",
            "error: bad SVG a.svg:1:0 <svg",
        ),
        ("say(40, 'Typst compilation failed'); sys.exit(1)", "Typst compilation failed"),
        ("print('last words'); sys.exit(7)", "last words"),
        ("sys.exit(7)", "Quarto thoát mã 7, không nêu lý do"),
        ("pass", "Quarto thoát mã 0, không nêu lý do"),
    ],
    ids=[
        "warning",
        "of pandoc",
        "coloured",
        "error",
        "in a filter",
        "of Typst",
        "unclear",
        "last words",
        "mute",
        "no file",
    ],
)
def test_a_failure_or_a_warning_is_one_sentence_with_the_log(
    fake: Callable[..., Path], tmp_path: Path, body: str, reason: str
) -> None:
    fake(body)
    error = failure(tmp_path)
    problem = error.problems[0]
    assert problem.what.startswith("Quarto không tạo được bản HTML: ")
    assert problem.what.endswith(reason)
    assert "\n" not in problem.what
    assert problem.where == (str(tmp_path / "work" / "render-html.log"),)
    assert "--renderer pandoc" in problem.remedy
    assert error.exit_code == 1


@posix
def test_a_validator_that_is_not_installed_is_no_warning(fake: Callable[..., Path], tmp_path: Path) -> None:
    text = "PDF standard validation requested but verapdf is not installed.\\nInstall with: quarto install verapdf"
    fake(f"target.write_text('x'); say(30, '{text}')")
    assert make(tmp_path, ("pdf",))["pdf"].read_text(encoding="utf-8") == "x"


@posix
def test_failures_of_all_formats_come_at_once_and_keep_the_old(fake: Callable[..., Path], tmp_path: Path) -> None:
    fake("target.write_text('half'); sys.exit(0 if name == 'docx' else 1)")
    build = tmp_path / "build"
    shutil.copytree(FIXTURE, build)
    out = tmp_path / "out"
    out.mkdir()
    (out / "bao-cao.docx").write_text("old", encoding="utf-8")
    with pytest.raises(RenderError) as caught:
        render(build, CONFIG, out, "bao-cao", FORMATS, renderer=choose("quarto"))
    assert [problem.what.split(":")[0] for problem in caught.value.problems] == [
        "Quarto không tạo được bản PDF",
        "Quarto không tạo được bản HTML",
    ]
    assert [path.name for path in out.iterdir()] == ["bao-cao.docx"]
    assert (out / "bao-cao.docx").read_text(encoding="utf-8") == "old"


@posix
def test_a_quarto_that_hangs_is_ended_with_what_it_started(
    fake: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "child"
    fake(
        "import subprocess\n"
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"Path({str(mark)!r}).write_text(str(child.pid)); time.sleep(60)"
    )
    chosen = choose("quarto")
    monkeypatch.setattr(quarto, "TIMEOUT_SECONDS", 2)
    build = tmp_path / "build"
    shutil.copytree(FIXTURE, build)
    with pytest.raises(RenderError, match="Quarto chạy quá 2 giây"):
        render(build, CONFIG, tmp_path / "out", "bao-cao", ("html",), renderer=chosen)
    child = int(mark.read_text(encoding="utf-8"))
    for _ in range(100):
        state = Path(f"/proc/{child}/stat")
        if not state.exists() or state.read_text(encoding="utf-8").split()[2] == "Z":
            break
        time.sleep(0.05)
    else:
        os.kill(child, signal.SIGKILL)
        pytest.fail("the child runs on")


@pytest.fixture
def staged(april_report: MadeReport, tmp_path: Path) -> Project:
    """A project with the staged document of April."""
    root = tmp_path / "staged"
    shutil.copytree(april_report.project.root, root, ignore=shutil.ignore_patterns("bao-cao-*", "*.lock"))
    shutil.copy(ROOT / ".gitignore", root)
    return Project(root)


def document(project: Project) -> Path:
    return project.outputs / str(APRIL) / "build" / "report.qmd"


def test_a_good_document_passes_the_check(staged: Project) -> None:
    check(staged, [document(staged)])


def test_nothing_staged_is_refused(staged: Project) -> None:
    with pytest.raises(InputError, match="chưa có văn bản nào để dàn trang"):
        check(staged, [])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("stale", "22-tuyen-truyen.ipynb: bản đã chạy không ứng với sổ tay hiện tại"),
        ("failed", "22-tuyen-truyen.ipynb › ô 1: ô bị lỗi ValueError: hỏng"),
        ("halfway", "22-tuyen-truyen.ipynb: sổ tay chưa chạy hết"),
        ("absent", "22-tuyen-truyen.ipynb: mục chưa chạy"),
        ("added", "23-them.ipynb: mục không còn sổ tay"),
        ("part", "parts/22.md: không đọc được"),
    ],
)
def test_sections_that_must_not_be_printed_are_refused(staged: Project, change: str, message: str) -> None:
    build = document(staged).parent
    executed = build / "sections" / "22-tuyen-truyen.ipynb"
    if change == "stale":
        notebook = staged.root / "notebooks" / "22-tuyen-truyen.ipynb"
        notebook.write_text(notebook.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    elif change in ("failed", "halfway"):
        content = json.loads(executed.read_text(encoding="utf-8"))
        if change == "halfway":
            content["metadata"]["baocao"]["complete"] = False
        else:
            cell = next(cell for cell in content["cells"] if cell["cell_type"] == "code")
            cell["outputs"] = [{"output_type": "error", "ename": "ValueError", "evalue": "hỏng", "traceback": []}]
        executed.write_text(json.dumps(content), encoding="utf-8")
    elif change == "absent":
        executed.unlink()
    elif change == "added":
        shutil.copy(executed, executed.with_name("23-them.ipynb"))
    else:
        (build / "parts" / "22.md").unlink()
    with pytest.raises(RunError) as caught:
        check(staged, [document(staged)])
    assert message in str(caught.value)


def by_hand(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`quarto` in the project's folder, as an analyst calls it."""
    found = quarto_version()
    assert found is not None
    return subprocess.run(
        [str(found.path), *arguments],
        cwd=project.root,
        env=hand_environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )


def hand_environment() -> dict[str, str]:
    return {**os.environ, "QUARTO_PYTHON": sys.executable, "PYTHONPATH": str(ROOT / "src"), "NO_COLOR": "1"}


@pytest.mark.quarto
def test_a_run_says_which_programs_made_its_files(staged: Project) -> None:
    chosen = choose("quarto")
    before = {path.name for path in staged.root.iterdir()}
    ignored = (staged.root / ".gitignore").read_bytes()
    with Progress() as progress:
        result = run(staged, APRIL, ("html",), 2, progress, lambda _month: None, chosen)
    assert result.renderer == "quarto"
    assert list(result.tools) == ["Quarto", "pandoc"]
    manifest = json.loads((staged.outputs / str(APRIL) / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["renderer"] == "quarto"
    assert manifest["renderer_tools"] == result.tools
    left = {path.name for path in (staged.outputs / str(APRIL)).iterdir()}
    assert left == {"bao-cao-2024-04.html", "build", "manifest.json", "tom-tat.json"}
    assert {path.name for path in staged.root.iterdir()} == before
    assert (staged.root / ".gitignore").read_bytes() == ignored


@pytest.mark.quarto
def test_by_hand_makes_the_files_of_a_run_and_nothing_else(
    staged: Project, april_report: MadeReport, tmp_path: Path
) -> None:
    # A failed run, which keeps its document for reading, is none of the project's reports.
    shutil.copytree(document(staged).parent, staged.outputs / f"{APRIL}.loi" / "build")
    ignored = (staged.root / ".gitignore").read_bytes()
    result = by_hand(staged, "render")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "WARN" not in result.stdout + result.stderr
    build = document(staged).parent
    made = sorted(path for path in staged.root.rglob("report*") if ".quarto" not in path.parts)
    expected = [build / f"report.{name}" for name in ("docx", "html", "pdf", "qmd")]
    assert made == sorted([*expected, staged.outputs / f"{APRIL}.loi" / "build" / "report.qmd"])
    assert (staged.root / ".gitignore").read_bytes() == ignored
    by_run = render(build, CONFIG, tmp_path / "out", "bao-cao", FORMATS, renderer=choose("quarto"))
    for name, path in by_run.items():
        by_quarto, by_baocao = seen.SEEN[name](build / f"report.{name}"), seen.SEEN[name](path)
        if name == "html":
            # What a run adds: the page forbids scripts, which `quarto preview` needs.
            added = [event for event in by_baocao["everything"] if "Content-Security-Policy" in str(event)]  # type: ignore[attr-defined]
            assert len(added) == 1
            by_baocao["everything"] = [event for event in by_baocao["everything"] if event not in added]  # type: ignore[attr-defined]
        assert by_quarto == by_baocao, name
    assert list((tmp_path / "out").parent.glob("*.log")) == []


@pytest.mark.quarto
def test_by_hand_refuses_what_must_not_be_printed(staged: Project) -> None:
    notebook = staged.root / "notebooks" / "22-tuyen-truyen.ipynb"
    notebook.write_text(notebook.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    for arguments in (["render"], ["render", str(document(staged).relative_to(staged.root)), "--to", "html"]):
        result = by_hand(staged, *arguments)
        assert result.returncode != 0
        assert "bản đã chạy không ứng với sổ tay hiện tại" in result.stdout + result.stderr
    shutil.rmtree(staged.outputs)
    result = by_hand(staged, "render")
    assert result.returncode != 0
    assert "chưa có văn bản nào để dàn trang" in result.stdout + result.stderr
    assert not list(staged.root.rglob("report.*"))


@pytest.mark.quarto
def test_real_failures_are_readable(tmp_path: Path) -> None:
    build = tmp_path / "work" / "build"
    shutil.copytree(FIXTURE, build)
    (build / "images" / "27-hoi-vien.svg").write_text("<svg", encoding="utf-8")
    (build / "images" / "27-hoi-vien.png").unlink()
    with pytest.raises(RenderError) as caught:
        render(build, CONFIG, tmp_path / "work", "bao-cao", FORMATS, renderer=choose("quarto"))
    said = {Path(problem.where[0]).stem: problem.what for problem in caught.value.problems}
    assert "27-hoi-vien.png" in said["render-docx"]
    assert "failed to parse SVG" in said["render-pdf"]
    assert "27-hoi-vien.svg" in said["render-pdf"]
    assert not list((tmp_path / "work").glob("bao-cao.*"))


def descendants(commands: set[tuple[str, ...]]) -> None:
    """Add the commands that come from this process to `commands`, each a program with its arguments.

    A command is known by its words, not by the number of its process: a child has its parent's words for the moment
    before it becomes another program.
    """
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text(errors="replace").rpartition(")")[2].split()[1])
    for number, parent in parents.items():
        while parent in parents and parent != os.getpid():
            parent = parents[parent]
        if parent == os.getpid():
            with contextlib.suppress(OSError):
                commands.add(
                    tuple(Path(f"/proc/{number}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0"))
                )


@pytest.mark.quarto
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are counted in /proc")
@pytest.mark.parametrize("raw", [False, True], ids=["ours", "raw"])
def test_no_program_is_started_for_a_table(staged: Project, tmp_path: Path, raw: bool) -> None:
    """Quarto starts itself again for each raw HTML table; ours are pandoc's own before it sees them."""
    build = document(staged).parent
    part = build / "parts" / "27.md"
    if raw:
        text = part.read_text(encoding="utf-8")
        assert "```{.bang}" in text
        part.write_text(text.replace("```{.bang}", "```{=html}"), encoding="utf-8")
    commands: set[tuple[str, ...]] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            descendants(commands)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        render(build, CONFIG, tmp_path / "out", "x", ("pdf",), renderer=choose("quarto"))
    finally:
        done.set()
        watcher.join()
    started = [command for command in commands if Path(command[0]).name == "deno"]
    assert (len(started) == 1) is not raw, started


@pytest.mark.quarto
def test_preview_serves_the_page(staged: Project) -> None:
    found = quarto_version()
    assert found is not None
    name = document(staged).relative_to(staged.root).as_posix()
    log = staged.root / "preview.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(found.path), "preview", name, "--no-browser"],
            cwd=staged.root,
            env=hand_environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        address = ""
        for _ in range(600):
            text = log.read_text(encoding="utf-8", errors="replace")
            address = next((word for word in text.split() if word.startswith("http://localhost:")), "")
            if address or process.poll() is not None:
                break
            time.sleep(0.1)
        assert address.endswith("report.html"), log.read_text(encoding="utf-8")
        with urllib.request.urlopen(address, timeout=30) as answer:
            page = answer.read().decode()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
    assert "KHÁI QUÁT TÌNH HÌNH" in page
    assert "Content-Security-Policy" not in page


@pytest.mark.quarto
def test_every_term_of_quarto_is_in_vietnamese() -> None:
    found = quarto_version()
    assert found is not None
    said = subprocess.run([str(found.path), "--paths"], capture_output=True, encoding="utf-8", check=True).stdout
    share = Path(said.splitlines()[1])
    terms = yaml.safe_load((share / "language" / "_language.yml").read_text(encoding="utf-8"))
    ours = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["language"]
    assert len(terms) > 50
    assert not set(terms) - set(ours)
    english = {key for key, text in terms.items() if text and ours[key] == text}
    assert not english
