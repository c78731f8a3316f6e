"""The progress display, on a terminal and off it."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from baocao.execute import SectionEvent, Step
from baocao.progress import Progress, seconds_text
from baocao.project import Section

FIRST = Section(24, Path("notebooks/24-dich-vu-cong.ipynb"), own=False)
SECOND = Section(92, Path("notebooks/92-phu-luc.ipynb"), own=False)


def console(terminal: bool, height: int = 40) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, force_terminal=terminal, width=100, height=height, highlight=False), stream


def test_plain_lines_for_what_has_ended() -> None:
    target, stream = console(terminal=False)
    with Progress(target) as progress:
        with progress.stage("Đọc biểu mẫu"):
            pass
        progress.on_event(SectionEvent(FIRST, Step.WAITING, 0.0, 0, 0))
        progress.on_event(SectionEvent(SECOND, Step.WAITING, 0.0, 0, 0))
        progress.on_event(SectionEvent(FIRST, Step.RUNNING, 0.2, 1, 5))
        progress.on_event(SectionEvent(SECOND, Step.FAILED, 3.25, 2, 4))
        progress.on_event(SectionEvent(FIRST, Step.DONE, 1.26, 5, 5))
    lines = stream.getvalue().splitlines()
    assert lines[:3] == [
        "Đọc biểu mẫu: 0,0 giây",
        "[1/2] Phụ lục II · 92-phu-luc.ipynb: lỗi, 2/4 ô, 3,2 giây",
        "[2/2] Mục II.4 · 24-dich-vu-cong.ipynb: xong, 5/5 ô, 1,3 giây",
    ]
    assert lines[3].startswith("Tổng thời gian: ")
    assert "Đọc biểu mẫu 0,0 giây" in lines[3]
    assert lines[4:] == ["Mục chạy lâu nhất: Phụ lục II 3,2 giây; II.4 1,3 giây", "Số mục lỗi: 1/2"]
    assert "\x1b" not in stream.getvalue()


def test_a_stage_left_by_an_error_says_so_and_the_error_goes_on() -> None:
    target, stream = console(terminal=False)
    with pytest.raises(KeyError), Progress(target) as progress, progress.stage("Dựng PDF"):
        raise KeyError("x")
    assert "Dựng PDF: 0,0 giây — dừng vì lỗi" in stream.getvalue()


def test_a_terminal_shows_a_table() -> None:
    target, stream = console(terminal=True)
    with Progress(target) as progress:
        with progress.stage("Đọc biểu mẫu"):
            pass
        progress.on_event(SectionEvent(FIRST, Step.RUNNING, 0.2, 1, 5))
        progress.on_event(SectionEvent(SECOND, Step.WAITING, 0.0, 0, 0))
    shown = stream.getvalue()
    for part in ("Đọc biểu mẫu", "II.4", "24-dich-vu-cong.ipynb", "đang chạy", "1/5", "Phụ lục II", "chờ"):
        assert part in shown
    assert "[1/2]" not in shown


def test_a_low_terminal_keeps_what_runs_and_what_failed() -> None:
    target, stream = console(terminal=True, height=8)
    sections = [Section(number, Path(f"{number}-x.ipynb"), own=False) for number in range(21, 30)]
    with Progress(target) as progress:
        for section in sections:
            progress.on_event(SectionEvent(section, Step.DONE, 1.0, 1, 1))
        progress.on_event(SectionEvent(sections[7], Step.RUNNING, 1.0, 1, 2))
        progress.on_event(SectionEvent(sections[8], Step.FAILED, 1.0, 1, 2))
    last = stream.getvalue().rsplit("Tổng thời gian", 1)[0].rsplit("II.1", 1)[1]
    assert "28-x.ipynb" in last
    assert "29-x.ipynb" in last
    assert "27-x.ipynb" not in last


def test_a_run_of_nothing_says_nothing() -> None:
    target, stream = console(terminal=False)
    with Progress(target):
        pass
    assert stream.getvalue() == ""


def test_seconds() -> None:
    assert seconds_text(12.34) == "12,3 giây"
