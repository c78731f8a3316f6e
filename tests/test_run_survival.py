"""The last good report is whole, and the next run works without a hand, whatever happens to the one that makes it."""

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from baocao.cli import main
from baocao.project import Project
from baocao.render import pandoc, pdf, program
from chaos import MARK, check_report, in_child, kill, left_after
from conftest import APRIL, ROOT, copy_project

KILLS = 24
GONE_SECONDS = 20.0

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="fork, signals and /proc")


@dataclass
class Ground:
    """A small project with a good report, and how to see what a run has left."""

    project: Project
    temporary: Path
    mark: str
    capture: pytest.CaptureFixture[str]
    renderer: str = "pandoc"

    @property
    def results(self) -> Path:
        return self.project.outputs / str(APRIL)

    def run(self) -> tuple[int, str]:
        """The status of `baocao run`, and what it said."""
        status = main(["run", str(APRIL), "--renderer", self.renderer])
        return status, self.capture.readouterr().err

    def failed(self) -> str:
        """What a run says that must fail, with all that must hold then."""
        before = check_report(self.results)
        status, said = self.run()
        assert status == 1, said
        assert "Traceback" not in said
        assert "ngoài dự kiến" not in said, said
        assert check_report(self.results) == before
        self.check_nothing_runs()
        return said

    @property
    def log(self) -> str:
        """What the last run wrote to its log."""
        logs = (self.project.outputs / "logs").glob("*.jsonl")
        return max(logs, key=lambda path: path.stat().st_mtime_ns).read_text(encoding="utf-8")

    def logged(self) -> list[str]:
        """The problems in the log of the last run, which failed."""
        last = json.loads(self.log.splitlines()[-1])
        assert (last["event"], last["bug"]) == ("run_failed", False)
        return list(last["problems"])

    def check_nothing_runs(self) -> None:
        assert left_after(self.mark, GONE_SECONDS) == []

    def works(self) -> str:
        """The next run makes the report, and nothing of earlier ones is left; what it said."""
        status, said = self.run()
        assert status == 0, said
        check_report(self.results)
        self.check_nothing_runs()
        assert {path.name for path in self.project.outputs.iterdir()} == {
            str(APRIL),
            "logs",
            f".{APRIL}.lock",
            f".{APRIL}.goc",
        }
        assert list(self.temporary.iterdir()) == []
        return said

    def put(self, source: str) -> None:
        """`source` becomes the last cell of the notebook of section IV."""
        path = self.project.root / "notebooks" / "40-phuong-huong.ipynb"
        content = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        content.cells.append(nbformat.v4.new_code_cell(source, id="them"))  # type: ignore[no-untyped-call]
        nbformat.write(content, path)  # type: ignore[no-untyped-call]

    def mend(self) -> None:
        """Take that cell away."""
        path = self.project.root / "notebooks" / "40-phuong-huong.ipynb"
        content = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        content.cells = [cell for cell in content.cells if cell.id != "them"]
        nbformat.write(content, path)  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with two sections, to be copied, with a report."""
    project = copy_project(tmp_path_factory.mktemp("small"))
    shutil.rmtree(project.root / "notebooks" / str(APRIL))
    for section in project.sections(APRIL):
        if section.label not in ("I", "IV"):
            section.notebook.unlink()
    with contextlib.chdir(project.root):
        assert main(["run", str(APRIL)]) == 0
    return project


@pytest.fixture
def ground(
    small: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Ground:
    project = Project(shutil.copytree(small.root, tmp_path / "project"))
    temporary = tmp_path / "tam"
    temporary.mkdir()
    mark = uuid.uuid4().hex
    monkeypatch.chdir(project.root)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv(MARK, mark)
    return Ground(project, temporary, mark, capsys)


def test_killed_at_random_moments(ground: Ground) -> None:
    began = time.monotonic()
    assert os.waitpid(in_child(lambda: main(["run", str(APRIL)])), 0)[1] == 0
    life = time.monotonic() - began
    chance = random.Random(11)
    killed = 0
    for number in range(KILLS):
        child = in_child(lambda: main(["run", str(APRIL)]))
        time.sleep(chance.uniform(0, life))
        kill(child, group=bool(number % 2))
        killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        check_report(ground.results)
        # What the killed run had started ends by itself.
        ground.check_nothing_runs()
        # What it left does not pile up.
        assert len(list(ground.temporary.iterdir())) <= 1
    assert killed > KILLS / 2
    ground.works()


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < deadline, path
        time.sleep(0.01)


def test_the_next_run_says_that_the_one_before_was_cut_off(ground: Ground) -> None:
    child = in_child(lambda: main(["run", str(APRIL)]))
    wait_for(ground.project.outputs / f".{APRIL}.work" / "build")
    kill(child, group=True)
    os.waitpid(child, 0)
    assert "Dọn phần dở dang của lần chạy trước bị ngắt" in ground.works()
    assert "Dọn phần dở dang của lần chạy trước bị ngắt" in ground.log
    assert "dở dang" not in ground.works()


def test_a_cell_that_never_ends(ground: Ground) -> None:
    defaults = ground.project.defaults
    text = defaults.read_text(encoding="utf-8")
    defaults.write_text(text.replace("cell_timeout: 300", "cell_timeout: 5"), encoding="utf-8")
    # It hears no signal that can be refused, and has started another program.
    ground.put(
        "import signal, subprocess\n"
        "subprocess.Popen(['sleep', '600'])\n"
        "for number in (signal.SIGINT, signal.SIGTERM):\n    signal.signal(number, signal.SIG_IGN)\n"
        "while True:\n    pass"
    )
    said = ground.failed()
    assert "Mục IV: ô chạy quá 5 giây nên bị dừng" in said
    assert "40-phuong-huong.ipynb" in said
    assert "Cách xử lý" in said
    assert any("ô chạy quá 5 giây" in problem for problem in ground.logged())
    ground.mend()
    ground.works()


def test_a_kernel_that_takes_the_warm_process_with_it(ground: Ground) -> None:
    ground.put("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nwhile True:\n    pass")
    said = ground.failed()
    assert "Mục IV: tiến trình tính toán của mục dừng đột ngột" in said
    assert any("dừng đột ngột" in problem for problem in ground.logged())
    ground.mend()
    ground.works()


def script(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def test_a_renderer_that_crashes(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    real = pandoc.pandoc_path()
    broken = ground.temporary.parent / "pandoc"
    monkeypatch.setattr(program, "TIMEOUT_SECONDS", 1)
    for text, reason in (
        ("#!/bin/sh\nkill -SEGV $$\n", "pandoc dừng đột ngột (SIGSEGV)"),
        ("#!/bin/sh\nkill -KILL $$\n", "pandoc dừng đột ngột (SIGKILL, có thể máy hết bộ nhớ)"),
        ("#!/bin/sh\nexec sleep 600\n", "pandoc chạy quá 1 giây nên bị dừng"),
        ("not a program", "không chạy được pandoc (Exec format error)"),
    ):
        script(broken, text)
        monkeypatch.setattr(pandoc, "pandoc_path", lambda: broken)
        said = ground.failed()
        for name in ("DOCX", "PDF", "HTML"):
            assert f"không tạo được bản {name}: {reason}" in said
        assert "gửi nhật ký cho người quản trị" in said
        assert len([problem for problem in ground.logged() if reason in problem]) == 3
        kept = ground.project.outputs / f"{APRIL}.loi"
        assert reason in (kept / "render-docx.log").read_text(encoding="utf-8")
    monkeypatch.setattr(pandoc, "pandoc_path", lambda: real)
    monkeypatch.setattr(program, "TIMEOUT_SECONDS", 120)
    ground.works()


@pytest.mark.parametrize(("kind", "made"), [("pdf", "bản PDF"), ("png", "hình cho bản Word (26-")])
def test_typst_that_crashes(ground: Ground, kind: str, made: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(ROOT / "notebooks" / "26-cong-dan-so.ipynb", ground.project.root / "notebooks")  # has a chart
    crash = f"""
import io, json, os, sys
from baocao.render import typeset
order = sys.stdin.read()
if json.loads(order)["options"]["format"] == "{kind}":
    os.abort()
sys.stdin = io.StringIO(order)
typeset.main()
"""
    monkeypatch.setattr(pdf.typeset, "__file__", str(script(ground.temporary.parent / "crash.py", crash)))
    said = ground.failed()
    assert f"không tạo được {made}" in said
    assert "Typst dừng đột ngột (SIGABRT)" in said
    assert len(ground.logged()) == 1, "the other formats were fine"
    monkeypatch.undo()
    os.chdir(ground.project.root)
    ground.works()


@pytest.fixture
def small_disk(ground: Ground) -> Iterator[Path]:
    """The results are on a disk of 24 MB, where the system lets a test mount one."""
    place = ground.project.outputs
    aside = place.rename(place.with_name("aside"))
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk")
    shutil.copytree(aside, place, dirs_exist_ok=True)
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_fills_while_the_report_is_made(ground: Ground, small_disk: Path) -> None:
    """From the figures of the month on to the finished files, whatever finds no room."""
    size = sum(path.stat().st_size for path in ground.results.rglob("*"))
    filler = small_disk / "day.bin"
    stages = set()
    for share in (0, 0.1, 0.4, 0.8):
        shutil.rmtree(small_disk / f"{APRIL}.loi", ignore_errors=True)
        filler.unlink(missing_ok=True)
        filler.write_bytes(b"x" * int(shutil.disk_usage(small_disk).free - share * size))
        said = ground.failed()
        assert "ổ đĩa hết chỗ" in said
        assert "dọn ổ đĩa, rồi chạy lại lệnh" in said
        if share:
            assert any("ổ đĩa hết chỗ" in problem for problem in ground.logged())
        else:
            assert "Không ghi được nhật ký" in said
        stages |= {line.partition(":")[0] for line in said.splitlines() if line.endswith("dừng vì lỗi")}
    assert stages == {"Chạy các mục", "Dàn trang"}
    filler.unlink()
    ground.works()


@pytest.mark.quarto
def test_a_disk_that_fills_when_quarto_gets_the_document(ground: Ground, small_disk: Path) -> None:
    ground.renderer = "quarto"
    filler = small_disk / "day.bin"
    filler.write_bytes(b"x" * (shutil.disk_usage(small_disk).free - 2_500_000))
    said = ground.failed()
    (stage,) = [line.partition(":")[0] for line in said.splitlines() if line.endswith("dừng vì lỗi")]
    assert stage == "Dàn trang"
    assert "ổ đĩa hết chỗ" in said
    filler.unlink()
    ground.works()


def test_a_disk_that_has_become_read_only(ground: Ground, small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    said = ground.failed()
    assert "không ghi được: ổ đĩa chỉ cho đọc" in said
    assert "gắn lại ổ đĩa ở chế độ ghi được, rồi chạy lại lệnh" in said
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    ground.works()


def test_no_right_to_write(ground: Ground) -> None:
    command = [sys.executable, "-m", "baocao", "run", str(APRIL)]
    if os.getuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("no way to run without the rights of root")
        command = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner", *command]
    before = check_report(ground.results)
    ground.project.outputs.chmod(0o555)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "không ghi được: không có quyền ghi" in done.stderr
    assert "cấp quyền ghi vào thư mục này, rồi chạy lại lệnh" in done.stderr
    assert check_report(ground.results) == before
    ground.check_nothing_runs()
    ground.project.outputs.chmod(0o755)
    ground.works()


def test_two_runs_at_once(ground: Ground) -> None:
    go = ground.temporary.parent / "go"
    ground.put(f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists():\n    time.sleep(0.05)")
    first = in_child(lambda: os._exit(main(["run", str(APRIL)])))
    wait_for(ground.project.outputs / f".{APRIL}.work" / "build" / "dataset.json")
    status, said = ground.run()
    assert status == 1
    assert "một lần chạy khác của kỳ 2024-04 đang diễn ra" in said
    assert "chờ lần chạy kia xong rồi chạy lại lệnh" in said
    assert any("một lần chạy khác" in problem for problem in ground.logged())
    go.touch()
    assert os.waitpid(first, 0)[1] == 0, "the first goes on undisturbed"
    check_report(ground.results)
    ground.works()
