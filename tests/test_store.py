"""Results change all at once or not at all, whatever stops a swap."""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from baocao.errors import RunError
from baocao.period import Period
from baocao.store import Store, readable

APRIL = Period(2024, 4)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "outputs", APRIL)


def _finish(store: Store, text: str) -> None:
    with store.locked():
        (store.fresh() / "report.txt").write_text(text, encoding="utf-8")
        store.commit()


def test_new_results_replace_the_old_ones(store: Store) -> None:
    _finish(store, "một")
    _finish(store, "hai")
    assert (store.final / "report.txt").read_text(encoding="utf-8") == "hai"
    assert sorted(path.name for path in store.outputs.iterdir() if path.is_dir()) == ["2024-04"]


def test_kept_failure_leaves_results_alone(store: Store) -> None:
    _finish(store, "tốt")
    with store.locked():
        (store.fresh() / "half.txt").write_text("dở dang", encoding="utf-8")
        kept = store.keep_failed()
    assert (kept / "half.txt").is_file()
    assert (store.final / "report.txt").read_text(encoding="utf-8") == "tốt"
    _finish(store, "tốt hơn")
    assert not kept.exists(), "a good run clears what the failed one left"


def test_killed_between_the_two_renames_puts_the_old_results_back(store: Store) -> None:
    _finish(store, "cũ")
    store.fresh()
    store.final.rename(store.outputs / ".2024-04.old")
    with store.locked():
        assert (store.final / "report.txt").read_text(encoding="utf-8") == "cũ"


def test_killed_before_the_old_results_are_away_keeps_the_new_ones(store: Store) -> None:
    _finish(store, "mới")
    aside = store.outputs / ".2024-04.old"
    aside.mkdir()
    (aside / "report.txt").write_text("cũ", encoding="utf-8")
    with store.locked():
        assert (store.final / "report.txt").read_text(encoding="utf-8") == "mới"
        assert not aside.exists()


def test_swap_that_fails_puts_the_old_results_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    _finish(store, "cũ")
    with store.locked():
        work = store.fresh()
        (work / "report.txt").write_text("mới", encoding="utf-8")
        real = Path.rename

        def held_open(self: Path, target: Path) -> Path:
            if self == work:
                raise PermissionError(13, "Permission denied", str(self))
            return real(self, target)

        monkeypatch.setattr(Path, "rename", held_open)
        with pytest.raises(RunError, match="không ghi được") as caught:
            store.commit()
    assert "đóng các tệp" in caught.value.problems[0].remedy
    assert (store.final / "report.txt").read_text(encoding="utf-8") == "cũ"
    assert (work / "report.txt").read_text(encoding="utf-8") == "mới", "both are kept"


def _hold(outputs: Path, ready: str, go: str) -> None:
    with Store(outputs, APRIL).locked():
        Path(ready).touch()
        while not Path(go).exists():
            pass


def test_second_run_of_a_period_is_told_so(store: Store, tmp_path: Path) -> None:
    ready, go = tmp_path / "ready", tmp_path / "go"
    other = multiprocessing.get_context("spawn").Process(target=_hold, args=(store.outputs, str(ready), str(go)))
    other.start()
    try:
        while not ready.exists():
            assert other.is_alive()
        with pytest.raises(RunError, match="một lần chạy khác của kỳ 2024-04"), store.locked():
            pass
        with Store(store.outputs, Period(2024, 5)).locked():
            pass
    finally:
        go.touch()
        other.join(20)
    with store.locked():
        pass


def test_killed_run_blocks_nobody(store: Store) -> None:
    code = (
        "import os, sys; from pathlib import Path; from baocao.store import Store; from baocao.period import Period\n"
        f"with Store(Path({str(store.outputs)!r}), Period(2024, 4)).locked(): os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ}, check=False)
    assert done.returncode == -9
    with store.locked():
        assert store.fresh().is_dir()


def test_full_disk_is_one_message() -> None:
    with pytest.raises(RunError, match="không ghi được") as caught, readable(Path("outputs")):
        raise OSError(28, "No space left on device", "outputs/x")
    assert "hết chỗ" in caught.value.problems[0].what
    assert "dọn ổ đĩa" in caught.value.problems[0].remedy


def test_error_that_is_not_of_the_disk_goes_on_as_it_is() -> None:
    with pytest.raises(TimeoutError), readable(Path("outputs")):
        raise TimeoutError("no answer")
