"""Faults of the file system are messages, also where many files were copied at once."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from baocao.errors import RunError
from baocao.faults import readable


def refusing(number: int):  # type: ignore[no-untyped-def]
    def copy(source: str, target: str) -> None:
        raise OSError(number, os.strerror(number), target)

    return copy


def test_a_folder_that_finds_no_room(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.txt").touch()
    for number, words in ((errno.ENOSPC, "ổ đĩa hết chỗ"), (errno.EROFS, "ổ đĩa chỉ cho đọc")):
        with pytest.raises(RunError, match=f"không ghi được: {words}"), readable(tmp_path):
            shutil.copytree(tmp_path / "a", tmp_path / f"c{number}", copy_function=refusing(number))


def test_what_is_no_fault_of_the_place_stays_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.txt").touch()
    with pytest.raises(shutil.Error), readable(tmp_path):
        shutil.copytree(tmp_path / "a", tmp_path / "c", copy_function=refusing(errno.EBADF))
    with pytest.raises(shutil.Error), readable(tmp_path):
        raise shutil.Error("into itself")
