"""A folder for temporary files lives as long as its process, and no longer than until the next one."""

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import pytest

from baocao.errors import RunError
from baocao.scratch import scratch
from chaos import in_child

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="fork and signals")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_it_goes_with_its_user(place: Path) -> None:
    with pytest.raises(LookupError), scratch() as folder:
        (folder / "in" / "deep").mkdir(parents=True)
        raise LookupError
    assert list(place.iterdir()) == []


def _die() -> None:
    with scratch() as folder:
        (folder / "a" / "b").mkdir(parents=True)
        (folder / "a" / "b" / "c").touch()
        (folder / "link").symlink_to(folder / "a")
        os.kill(os.getpid(), signal.SIGKILL)


def test_what_another_process_swept_while_it_ended_is_gone(place: Path) -> None:
    with scratch() as folder:
        shutil.rmtree(folder)
    assert list(place.iterdir()) == []


def test_what_a_killed_process_left_goes_and_what_lives_or_is_not_ours_stays(place: Path) -> None:
    (place / "baocao-cua-toi").mkdir()
    (place / "baocao-cua-toi" / "tep.txt").touch()
    assert os.waitpid(in_child(_die), 0)[1] == signal.SIGKILL
    assert len(list(place.iterdir())) == 2
    with scratch() as first, scratch() as second:
        (first / "mine").touch()
        assert {path.name for path in place.iterdir()} == {"baocao-cua-toi", first.name, second.name}
        assert (first / "mine").exists()
    assert [path.name for path in place.iterdir()] == ["baocao-cua-toi"]


def test_another_user_s_folder_stays_and_a_link_leads_nowhere(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may put a link among temporary files, and exchange it while its target is emptied."""
    assert os.waitpid(in_child(_die), 0)[1] == signal.SIGKILL
    (theirs,) = place.iterdir()
    with monkeypatch.context() as patch:
        patch.setattr(os, "getuid", lambda: theirs.stat().st_uid + 1)
        with scratch():
            pass
    assert (theirs / "a" / "b" / "c").exists()
    mine = theirs.rename(place / "cua-toi")
    (place / "baocao-link").symlink_to(mine)
    with scratch():
        pass
    assert (mine / "a" / "b" / "c").exists()


def test_no_place_for_temporary_files_is_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found in [...]")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    with pytest.raises(RunError, match="không ghi được vào thư mục tạm nào của máy"), scratch():
        pass
