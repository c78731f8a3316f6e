"""Results change all at once or not at all, whatever stops a swap."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from baocao.errors import RunError
from baocao.faults import readable
from baocao.period import Period
from baocao.store import Store
from chaos import in_child

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


@pytest.fixture
def renames(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that cannot exchange two folders."""
    monkeypatch.setattr("baocao.store.exchange", lambda first, second: False)


@pytest.mark.usefixtures("renames")
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


def _finish_and_die(store: Store, at: int) -> None:
    """In a process of its own: a run that is killed before its step number `at` that changes folders."""
    left = [at]

    def watch(event: str, _: tuple[object, ...]) -> None:
        if event in ("os.rename", "os.mkdir", "os.rmdir", "os.remove", "ctypes.dlsym", "shutil.rmtree"):
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1

    sys.addaudithook(watch)
    _finish(store, "mới")


@pytest.mark.skipif(os.name == "nt", reason="fork and signals")
@pytest.mark.parametrize("exchanges", [True, False])
def test_killed_before_each_step(store: Store, exchanges: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not exchanges:
        monkeypatch.setattr("baocao.store.exchange", lambda first, second: False)
    _finish(store, "cũ")
    with store.locked():
        store.fresh()
        store.keep_failed()
        store.single.mkdir()
    status, count, absent, seen = -1, 0, 0, set()
    while status != 0:
        shutil.copytree(store.outputs, store.outputs.with_name("copy"))
        at = count
        _, status = os.waitpid(in_child(lambda at=at: _finish_and_die(store, at)), 0)
        assert status in (0, signal.SIGKILL)
        if store.final.exists():
            seen.add((store.final / "report.txt").read_text(encoding="utf-8"))
        else:
            absent += 1
        with store.locked():
            assert (store.final / "report.txt").read_text(encoding="utf-8") in ("cũ", "mới")
        _finish(store, "sau")
        assert (store.final / "report.txt").read_text(encoding="utf-8") == "sau"
        assert {path.name for path in store.outputs.iterdir()} == {"2024-04", ".2024-04.lock"}
        shutil.rmtree(store.outputs)
        store.outputs.with_name("copy").rename(store.outputs)
        count += 1
    assert count > 5
    assert seen == {"cũ", "mới"}
    assert absent == (0 if exchanges else 1)


def test_a_folder_that_an_orphan_still_writes_to_is_removed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.locked():
        late = store.fresh() / ".render-x" / "late.docx"
        late.parent.mkdir()
        real, left = os.rmdir, [3]

        def rmdir(path: str, **options: int) -> None:
            if left[0] and os.fspath(path).endswith(".render-x"):
                left[0] -= 1
                late.write_text("of a pandoc that outlived its run", encoding="utf-8")
            real(path, **options)

        monkeypatch.setattr(os, "rmdir", rmdir)
        assert list(store.fresh().iterdir()) == []
        assert left == [0]


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
