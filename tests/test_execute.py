"""Sections run in real kernels: what comes out, what failed and where, and that nothing is left behind."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

import nbformat
import pytest

import baocao
from baocao.execute import SectionEvent, SectionRun, Step, execute
from baocao.failure import Failure, error_line, error_sentence, plain
from baocao.failure_report import failure_problems, write_log
from baocao.kernels import Kernels
from baocao.period import Period
from baocao.project import Section
from chaos import MARK, left_after, marked_processes

NOTEBOOKS = Path(__file__).parent / "fixtures" / "notebooks"
PERIOD = Period(2024, 4)
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def section(name: str, folder: Path = NOTEBOOKS) -> Section:
    [path] = folder.glob(f"{name}*.ipynb")
    return Section(int(name[:2]), path, own=False)


def run(
    out: Path,
    *names: str,
    jobs: int = 2,
    warm: bool = True,
    timeout: float = 60.0,
    environment: Mapping[str, str] | None = None,
    on_event: Callable[[SectionEvent], None] = lambda _event: None,
) -> tuple[SectionRun, ...]:
    """Run the fixtures whose names begin so."""
    given = environment or {}
    with Kernels(given, warm=warm) as kernels:
        return execute(
            [section(name) for name in names],
            PERIOD,
            out,
            jobs=jobs,
            environment=given,
            timeout=timeout,
            on_event=on_event,
            kernels=kernels,
        )


def failure_of(result: SectionRun) -> Failure:
    assert result.failure is not None
    return result.failure


def read(notebook: Path) -> nbformat.NotebookNode:
    node: nbformat.NotebookNode = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    return node


def text_of(notebook: Path) -> str:
    cells = read(notebook).cells
    return "".join(output.get("text", "") for cell in cells for output in cell.get("outputs", ()))


@pytest.mark.parametrize("warm", [True, False])
def test_a_section_is_executed_with_its_period(tmp_path: Path, warm: bool) -> None:
    before = (NOTEBOOKS / "10-thanh-cong.ipynb").read_bytes()
    [result] = run(tmp_path / "out", "10", warm=warm)
    assert result.failure is None
    assert result.notebook == tmp_path / "out" / "10-thanh-cong.ipynb"
    assert result.seconds > 0
    node = read(result.notebook)
    assert node.cells[3].outputs[0].text == "kỳ 2024-04\ndòng hai\n"
    assert node.cells[4].outputs[0].data["text/markdown"] == "Kỳ **2024-04**"
    assert node.metadata["baocao"] == {
        "source_sha256": hashlib.sha256(before).hexdigest(),
        "period": "2024-04",
        "complete": True,
    }
    assert (NOTEBOOKS / "10-thanh-cong.ipynb").read_bytes() == before
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["10-thanh-cong.ipynb"]


def test_equal_runs_give_equal_bytes_warm_or_not(tmp_path: Path) -> None:
    names = ("10", "21", "29")
    for folder, warm in (("a", True), ("b", True), ("c", False)):
        run(tmp_path / folder, *names, warm=warm)
    for name in ("10-thanh-cong.ipynb", "21-loi-o.ipynb", "29-bieu-do.ipynb"):
        first = (tmp_path / "a" / name).read_bytes()
        assert (tmp_path / "b" / name).read_bytes() == first
        assert (tmp_path / "c" / name).read_bytes() == first
    assert b"image/png" in (tmp_path / "a" / "29-bieu-do.ipynb").read_bytes()


def test_executed_notebooks_keep_ids_and_no_traces_of_the_run(tmp_path: Path) -> None:
    [result] = run(tmp_path, "10")
    raw = json.loads(result.notebook.read_text("utf-8"))
    assert [cell["id"] for cell in raw["cells"]] == ["c1", "injected-parameters", "c2", "c3", "c4", "c5", "c6", "c7"]
    assert set(raw["metadata"]) == {"baocao", "kernelspec", "language_info"}
    assert all(set(cell["metadata"]) <= {"tags"} for cell in raw["cells"])
    text = result.notebook.read_text("utf-8")
    assert "papermill" not in text
    assert str(tmp_path) not in text
    assert "ipykernel_" not in text
    assert "<object at 0x0>" in text
    assert "UserWarning: chú ý" in text


def test_cells_without_ids_get_stable_ones(tmp_path: Path) -> None:
    raw = json.loads((NOTEBOOKS / "10-thanh-cong.ipynb").read_text("utf-8"))
    for cell in raw["cells"]:
        del cell["id"]
    raw["nbformat_minor"] = 4
    (tmp_path / "10-x.ipynb").write_text(json.dumps(raw), "utf-8")
    [result] = execute(
        [section("10", tmp_path)],
        PERIOD,
        tmp_path / "out",
        jobs=1,
        environment={},
        timeout=60,
        on_event=lambda _event: None,
    )
    assert result.failure is None
    ids = [cell["id"] for cell in json.loads(result.notebook.read_text("utf-8"))["cells"]]
    assert ids[0] == "cell-1"
    assert ids[2] == "cell-2"


def test_a_failing_cell_is_named_by_position_and_line_and_others_run(tmp_path: Path) -> None:
    failed, fine = run(tmp_path, "21", "10")
    assert fine.failure is None
    found = failure_of(failed)
    # Position in the section's own notebook: heading, parameters, a cell, then the culprit; line 3 calls chia().
    assert (found.cell, found.line) == (4, 3)
    assert found.error == "chia cho 0 (ZeroDivisionError: division by zero)"
    assert "return so / 0" in found.traceback
    assert "\x1b" not in found.traceback
    node = read(failed.notebook)
    assert node.metadata["baocao"]["complete"] is False
    assert len(node.cells) == 6  # papermill's own error markers are not in it
    assert node.cells[5].execution_count is None


def test_a_failure_in_prose_takes_its_line_from_the_message(tmp_path: Path) -> None:
    [result] = run(tmp_path, "28")
    found = failure_of(result)
    assert (found.cell, found.line) == (3, 3)
    assert found.error == "không có số liệu “cccd.cap”, có phải “cccd.da_cap”? (dòng 3)"


def test_a_syntax_error_has_its_line(tmp_path: Path) -> None:
    [result] = run(tmp_path, "30")
    assert failure_of(result).line == 2
    assert failure_of(result).error == "sai cú pháp Python (SyntaxError: invalid syntax)"


def test_leaving_by_exit_is_a_failure(tmp_path: Path) -> None:
    [result] = run(tmp_path, "27")
    assert failure_of(result).cell == 2
    assert failure_of(result).error == "ô gọi exit() nên các ô sau không chạy"


@LINUX
@pytest.mark.parametrize("warm", [True, False])
def test_a_dying_kernel_is_a_failure_and_leaves_nothing(tmp_path: Path, warm: bool) -> None:
    mark = uuid.uuid4().hex
    died, fine = run(tmp_path, "22", "10", warm=warm, environment={MARK: mark})
    assert fine.failure is None
    found = failure_of(died)
    assert found.cell == 2
    assert found.error == "tiến trình tính toán của mục dừng đột ngột (mã kết thúc 3)"
    assert "lời cuối" in found.traceback
    assert left_after(mark, 3) == []


@LINUX
@pytest.mark.parametrize("warm", [True, False])
def test_an_endless_cell_is_stopped(tmp_path: Path, warm: bool, capfd: pytest.CaptureFixture[str]) -> None:
    mark = uuid.uuid4().hex
    [result] = run(tmp_path, "23", warm=warm, timeout=0.6, environment={MARK: mark})
    found = failure_of(result)
    assert found.cell == 3
    assert found.error == "ô chạy quá 0,6 giây nên bị dừng"
    assert "bắt đầu" in text_of(result.notebook)
    assert read(result.notebook).metadata["baocao"]["complete"] is False
    assert left_after(mark, 3) == []
    assert capfd.readouterr() == ("", "")


def test_notebooks_that_cannot_run_say_so(tmp_path: Path) -> None:
    (tmp_path / "25-hong.ipynb").write_text("của lần trước", "utf-8")
    without, broken, fine = run(tmp_path, "24", "25", "10")
    assert failure_of(without).error == "sổ tay không có ô mã nào mang nhãn “parameters” để nhận kỳ báo cáo"
    assert failure_of(broken).error == "tệp sổ tay hỏng hoặc không phải sổ tay Jupyter"
    assert failure_of(broken).cell is None
    assert not broken.notebook.exists()  # what an earlier run left does not pass for this one's
    assert fine.failure is None


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "tệp sổ tay hỏng hoặc không phải sổ tay Jupyter"),
        (b"[1, 2]", "tệp sổ tay hỏng hoặc không phải sổ tay Jupyter"),
        (b"\xff\xfe\x00", "sổ tay không phải tệp văn bản UTF-8 nên không đọc được"),
        (
            b'{"cells": [], "metadata": {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}},'
            b' "nbformat": 4, "nbformat_minor": 5}',
            "sổ tay không dùng ngôn ngữ Python",
        ),
        (None, "không mở được sổ tay (No such file or directory)"),
    ],
)
def test_unreadable_notebooks(tmp_path: Path, content: bytes | None, error: str) -> None:
    path = tmp_path / "40-x.ipynb"
    if content is not None:
        path.write_bytes(content)
    with Kernels({}, warm=False) as kernels:
        [result] = execute(
            [Section(40, path, own=True)],
            PERIOD,
            tmp_path / "out",
            jobs=1,
            environment={},
            timeout=60,
            on_event=lambda _event: None,
            kernels=kernels,
        )
    assert failure_of(result).error == error


def test_six_sections_two_at_a_time(tmp_path: Path) -> None:
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    for number in range(21, 27):
        shutil.copy(NOTEBOOKS / "26-moi-truong.ipynb", notebooks / f"{number}-x.ipynb")
    sections = [section(str(number), notebooks) for number in range(21, 27)]
    events: list[SectionEvent] = []
    inside = threading.Lock()

    def on_event(event: SectionEvent) -> None:
        assert inside.acquire(blocking=False), "two events at once"
        time.sleep(0.001)
        events.append(event)
        inside.release()

    where = os.getcwd()  # noqa: PTH109
    variables = dict(os.environ)
    results = execute(
        sections, PERIOD, tmp_path / "out", jobs=2, environment={"BAOCAO_THU": "có"}, timeout=60, on_event=on_event
    )
    assert (os.getcwd(), dict(os.environ)) == (where, variables)  # noqa: PTH109
    assert [result.section for result in results] == sections
    assert [result.failure for result in results] == [None] * 6
    said = [text_of(result.notebook).split() for result in results]
    # The folder of the notebook, the environment given, and a process of its own.
    assert {(folder, value) for folder, value, _pid in said} == {("notebooks", "có")}
    assert len({pid for _folder, _value, pid in said}) == 6

    running: set[int] = set()
    most = 0
    for event in events:
        if event.step is Step.RUNNING:
            running.add(event.section.number)
        elif event.step in (Step.DONE, Step.FAILED):
            running.discard(event.section.number)
        most = max(most, len(running))
    assert most == 2
    assert [event.step for event in events[:6]] == [Step.WAITING] * 6
    of_first = [event for event in events if event.section is sections[0]]
    assert [(event.step, event.cells_done, event.cells_total) for event in of_first] == [
        (Step.WAITING, 0, 0),
        (Step.RUNNING, 0, 2),
        (Step.RUNNING, 1, 2),
        (Step.RUNNING, 2, 2),
        (Step.DONE, 2, 2),
    ]


def test_an_error_of_the_caller_stops_the_run(tmp_path: Path) -> None:
    def on_event(event: SectionEvent) -> None:
        if event.cells_done:
            raise LookupError("of the caller")

    with pytest.raises(LookupError, match="of the caller"):
        run(tmp_path, "10", "23", on_event=on_event)


def test_no_jobs_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="jobs"):
        run(tmp_path, "10", jobs=0)


@LINUX
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("warm", [True, False])
def test_no_kernel_outlives_its_run(tmp_path: Path, warm: bool, signum: signal.Signals) -> None:
    mark = uuid.uuid4().hex
    script = tmp_path / "run.py"
    script.write_text(
        f"""
from pathlib import Path
from baocao.execute import execute
from baocao.kernels import Kernels
from baocao.period import Period
from baocao.project import Section

source = Path({str(NOTEBOOKS / "23-vo-tan.ipynb")!r})

def on_event(event):
    if event.cells_done == 2:
        print("endless", flush=True)

with Kernels({{}}, warm={warm}) as kernels:
    execute([Section(number, source, False) for number in (21, 22, 23)], Period(2024, 4), Path({str(tmp_path)!r}),
            jobs=2, environment={{}}, timeout=60, on_event=on_event, kernels=kernels)
""",
        "utf-8",
    )
    package = str(Path(baocao.__file__).parent.parent)
    process = subprocess.Popen(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": package, MARK: mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "endless\n"
    assert process.stdout.readline() == "endless\n"
    time.sleep(0.3)
    assert len(marked_processes(mark)) >= 3
    process.send_signal(signum)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == -signum
    assert errors.rstrip().endswith("KeyboardInterrupt") is (signum == signal.SIGINT)
    assert left_after(mark, 5) == []


@pytest.mark.parametrize("name", ["10-thanh-cong.ipynb", "21-loi-o.ipynb"])
def test_plain_papermill_gives_the_same(tmp_path: Path, name: str) -> None:
    [ours] = run(tmp_path / "ours", name[:2])
    theirs = tmp_path / name
    status = subprocess.run(
        [sys.executable, "-m", "papermill", NOTEBOOKS / name, theirs, "-p", "period", "2024-04"], capture_output=True
    ).returncode
    assert (status == 0) is (ours.failure is None)

    def said(path: Path) -> list[tuple[str, object]]:
        cells = read(path).cells
        outputs = [output for cell in cells for output in cell.get("outputs", ())]
        return [(output.output_type, output.get("data", {}).get("text/markdown")) for output in outputs]

    assert said(theirs) == said(ours.notebook)


def test_problems_and_log_name_the_place(tmp_path: Path) -> None:
    runs = run(tmp_path / "out", "21", "25", "10")
    log = tmp_path / "nhat-ky" / "chay.log"
    first, second = failure_problems(runs, log)
    assert first.where == ("notebooks/21-loi-o.ipynb", "ô 4", "dòng 3")
    assert first.what == "Mục II.1: chia cho 0 (ZeroDivisionError: division by zero)"
    assert str(runs[0].notebook) in first.remedy
    assert str(log) in first.remedy
    assert second.where == ("notebooks/25-hong.ipynb",)
    assert str(runs[1].notebook) not in second.remedy
    write_log(log, runs)
    text = log.read_text("utf-8")
    assert "return so / 0" in text
    assert "== I · notebooks/10-thanh-cong.ipynb · xong" in text


@pytest.mark.parametrize(
    ("name", "message", "sentence"),
    [
        ("NameError", "name 'x' is not defined", "tên này chưa được định nghĩa (NameError: name 'x' is not defined)"),
        ("KeyError", "'Số lượng'", "không có khóa này (KeyError: 'Số lượng')"),
        ("KeyboardInterrupt", "", "ô bị ngắt giữa chừng (KeyboardInterrupt)"),
        ("OddError", "", "lỗi OddError"),
        ("OddError", "went wrong", "lỗi OddError: went wrong"),
        ("NarrativeError", "dòng 3: không có mã “a”\n    {{ a }}\nCần có: b", "không có mã “a”; Cần có: b"),
        ("OddError", "\x1b[31mred\x1b[0m", "lỗi OddError: red"),
    ],
)
def test_error_sentences(name: str, message: str, sentence: str) -> None:
    assert error_sentence(name, message) == sentence


def test_long_messages_are_cut() -> None:
    assert len(error_sentence("OddError", "x" * 5000)) < 450


def test_lines() -> None:
    trace = "Cell In[7], line 4\nCell In[2], line 9, in f()\nCell In[7], line 2, in g()\n"
    assert error_line("a\nb\nc\nd", 7, "", trace) == 2
    assert error_line("a\nb\nc\nd", 3, "", trace) is None
    assert error_line("a", 7, "", trace) is None
    assert error_line("%%narrative\na\nb", 7, "dòng 2: thiếu ở tệp x dòng 3", trace) == 2
    assert error_line("%%narrative\na\nb", 7, "không rõ", trace) is None


def test_plain_text_has_no_escapes() -> None:
    assert plain("\x1b[1;31mđỏ\x1b[0m \x1b]8;;http://x\x1b\\nối\x1b]8;;\x1b\\") == "đỏ nối"
