"""Readers see one whole release, whatever happens to the one who publishes."""

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from baocao.errors import InputError, RunError
from baocao.period import Period
from baocao.project import Project
from baocao.site import publish, roll_back, switch, tree
from baocao.site.folder import Site
from chaos import in_child
from sites import check_site, empty_project, write_results

APRIL, MAY = Period(2024, 4), Period(2024, 5)
KILLS = 100

posix = pytest.mark.skipif(os.name == "nt", reason="fork and signals")


@pytest.fixture(autouse=True)
def _short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baocao.site.switch._GRACE", 0.002)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return empty_project(tmp_path / "project")


@pytest.fixture
def site(tmp_path: Path, project: Project) -> Path:
    """A site that has April."""
    write_results(project, APRIL, "tốt")
    publish(project, APRIL, tmp_path / "trang")
    return tmp_path / "trang"


@pytest.fixture(params=["exchange", "renames"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Both ways to switch; the file system of the tests may have but one."""
    if request.param == "renames":
        monkeypatch.setattr(switch, "exchange", lambda first, second: False)
    else:
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        if not switch.exchange(tmp_path / "a", tmp_path / "b"):
            pytest.skip("this file system does not exchange folders")
    return str(request.param)


def test_exchange_is_one_step(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "which").write_text(name, encoding="utf-8")
    if not switch.exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this file system does not exchange folders")
    assert (tmp_path / "a" / "which").read_text(encoding="utf-8") == "b"
    with pytest.raises(FileNotFoundError):
        switch.exchange(tmp_path / "a", tmp_path / "none")


def test_readers_during_200_switches(tmp_path: Path) -> None:
    current, following, previous = (tmp_path / name for name in ("current", "next", "previous"))
    pages = [f"{folder}trang.html" for folder in ("", "2024-04/", "2024-04/lan-1/")]

    def make(place: Path, number: int) -> None:
        for page in pages:
            (place / page).parent.mkdir(parents=True, exist_ok=True)
            (place / page).write_bytes(f"{number:06d}".encode() * 500)

    make(current, 0)
    make(following, 1)
    if not switch.exchange(following, current):
        pytest.skip("this file system does not exchange folders")
    shutil.rmtree(following)
    stop = threading.Event()
    faults: list[str] = []
    reads = [0]

    def read() -> None:
        last = 0
        while not stop.is_set():
            for page in pages:
                try:
                    content = (current / page).read_bytes()
                except OSError as error:
                    faults.append(repr(error))
                    continue
                number = int(content[:6])
                if content != content[:6] * 500 or number < last:
                    faults.append(f"{page}: {number} after {last}")
                last = number
                reads[0] += 1
            time.sleep(0)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(2, 202):
        make(following, number)
        switch.switch(following, current, previous)
    stop.set()
    for reader in readers:
        reader.join()
    assert faults == []
    assert reads[0] > 1000
    assert (current / "trang.html").read_bytes().startswith(b"000201")


def test_in_two_renames_what_current_has_not_is_in_previous(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switch, "exchange", lambda first, second: False)
    current, following, previous = (tmp_path / name for name in ("current", "next", "previous"))
    tree.write(current / "trang.html", b"0")
    seen: list[tuple[bool, bool]] = []
    rename = Path.rename

    def watched(self: Path, target: Path) -> Path:
        result = rename(self, target)
        seen.append(((current / "trang.html").exists(), (previous / "trang.html").exists()))
        return result

    monkeypatch.setattr(Path, "rename", watched)
    for number in range(3):
        tree.write(following / "trang.html", f"{number}".encode())
        tree.write(following / "tinh" / f"a-{number}.css", b"")
        switch.switch(following, current, previous)
        assert not (previous / "trang.html").exists()
    assert seen == [(False, True), (True, True)] * 3
    assert [path.name for path in (previous / "tinh").iterdir()] == ["a-1.css"]


def test_a_folder_in_use_keeps_the_release(project: Project, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = check_site(site)
    monkeypatch.setattr(switch, "exchange", lambda first, second: False)
    real = switch.move

    def held(source: Path, target: Path) -> None:
        if target.name == "current" and source.name == "next":
            raise PermissionError(errno.EACCES, "in use", str(target))
        real(source, target)

    monkeypatch.setattr(switch, "move", held)
    write_results(project, MAY)
    with pytest.raises(RunError, match="không có quyền ghi, hoặc tệp đang mở"):
        publish(project, MAY, site)
    assert check_site(site) == before
    monkeypatch.setattr(switch, "move", real)
    publish(project, MAY, site)
    assert (site / "current" / "2024-05").is_dir()


@posix
def test_killed_at_random_moments(project: Project, site: Path, way: str) -> None:
    variants = [Project(project.root.with_name(f"p{index}")) for index in range(2)]
    for index, variant in enumerate(variants):
        empty_project(variant.root)
        for period in (APRIL, MAY):
            write_results(variant, period, f"biến thể {index}")

    def forever() -> None:
        while True:
            for variant in variants:
                for period in (APRIL, MAY):
                    publish(variant, period, site)
            roll_back(site)

    chance = random.Random(7)
    seen = set()
    shutil.copytree(site, site.with_name("copy"))
    for number in range(KILLS if way == "exchange" else KILLS // 5):
        if number % 20 == 0:
            # Every revision stays, and a site of a hundred of them takes long to publish and to check.
            shutil.rmtree(site)
            shutil.copytree(site.with_name("copy"), site)
        child = in_child(forever)
        time.sleep(chance.uniform(0.01, 0.35))
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        if way == "exchange":
            seen.add(check_site(site))
        elif not (site / "current").exists():
            # Between two renames readers are served the release before.
            assert (site / "previous" / "index.html").exists()
    assert len(seen) > 2 or way == "renames"
    done = publish(variants[0], APRIL, site)
    assert check_site(site) == done.release
    assert {path.name for path in site.iterdir()} == {".lock", "current", "months", "previous", "releases"}


@posix
def test_killed_before_each_rename(project: Project, site: Path, way: str) -> None:
    write_results(project, MAY)
    count = 0
    while True:
        shutil.copytree(site, site.with_name("copy"))

        def publish_and_die(at: int = count) -> None:
            left = [at]

            def watch(event: str, _: tuple[object, ...]) -> None:
                if event in ("os.rename", "ctypes.dlsym", "shutil.rmtree"):
                    if left[0] == 0:
                        os.kill(os.getpid(), signal.SIGKILL)
                    left[0] -= 1

            sys.addaudithook(watch)
            publish(project, MAY, site)

        _, status = os.waitpid(in_child(publish_and_die), 0)
        if (site / "current").exists():
            check_site(site)
        else:
            assert way == "renames"
            assert (site / "previous" / "index.html").exists()
        left = (site / ".work").exists() or (site / "next").exists()
        assert left or count == 0 or status == 0
        done = publish(project, MAY, site)
        assert done.revision == 1
        assert done.interrupted is left
        assert not publish(project, MAY, site).interrupted
        assert check_site(site)
        assert (site / "current" / "2024-05").is_dir()
        assert not {"next", ".work"} & {path.name for path in site.iterdir()}
        assert len(list((site / "releases").iterdir())) == 2
        shutil.rmtree(site)
        site.with_name("copy").rename(site)
        if status == 0:
            break
        assert status == signal.SIGKILL
        count += 1
    assert count > 5


@posix
def test_two_publishers_at_once(project: Project, site: Path) -> None:
    other = empty_project(project.root.with_name("other"))
    write_results(project, APRIL, "của người này")
    write_results(other, MAY, "của người kia")
    children = [
        in_child(lambda: void(publish(project, APRIL, site))),
        in_child(lambda: void(publish(other, MAY, site))),
    ]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    check_site(site)
    assert "của người này" in (site / "current" / "2024-04" / "bao-cao.html").read_text(encoding="utf-8")
    assert "của người kia" in (site / "current" / "2024-05" / "bao-cao.html").read_text(encoding="utf-8")


def void(_: object) -> None:
    pass


def test_a_second_publisher_that_waits_too_long_is_told(project: Project, site: Path) -> None:
    from filelock import FileLock

    with FileLock(site / ".lock"), pytest.raises(RunError, match="một lệnh khác đang công bố"):
        publish(project, APRIL, site, wait=0.1)


def test_no_room(project: Project, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = check_site(site)
    write_results(project, MAY)
    real = tree.os.fsync
    left = [0]

    def full(handle: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    for room in (0, 3, 9, 25):
        left[0] = room
        monkeypatch.setattr(tree.os, "fsync", full)
        with pytest.raises(RunError, match="ổ đĩa hết chỗ"):
            publish(project, MAY, site)
        monkeypatch.setattr(tree.os, "fsync", real)
        assert check_site(site) == before
        assert not (site / ".work").exists(), "room is given back"
    publish(project, MAY, site)
    check_site(site)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB, where the system lets a test mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=place.is_mount())


def test_a_disk_that_is_really_full(project: Project, small_disk: Path) -> None:
    site = small_disk / "trang"
    write_results(project, APRIL)
    publish(project, APRIL, site)
    before = check_site(site)
    (small_disk / "rest").write_bytes(b"x" * (shutil.disk_usage(small_disk).free - 100_000))
    write_results(project, MAY, "dài " * 50_000)
    with pytest.raises(RunError, match="ổ đĩa hết chỗ"):
        publish(project, MAY, site)
    assert check_site(site) == before
    (small_disk / "rest").unlink()
    write_results(project, MAY)
    publish(project, MAY, site)
    check_site(site)


@posix
def test_no_right_to_write() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project, site = empty_project(folder / "project"), folder / "trang"
        write_results(project, APRIL)
        publish(project, APRIL, site)
        before = check_site(site)
        write_results(project, MAY)
        heard = folder / "heard"
        heard.touch()
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        for path in (project.outputs, heard, *project.outputs.glob(".*.lock")):
            path.chmod(0o777)
        for path in (site, site / "releases"):
            path.chmod(0o555)

        def try_it() -> None:
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            try:
                publish(project, MAY, site)
            except RunError as error:
                heard.write_text(str(error), encoding="utf-8")

        os.waitpid(in_child(try_it), 0)
        assert "không có quyền ghi" in heard.read_text(encoding="utf-8")
        assert "cấp quyền ghi vào thư mục này" in heard.read_text(encoding="utf-8")
        assert check_site(site) == before
        for path in (site, site / "releases"):
            path.chmod(0o755)
        publish(project, MAY, site)
        check_site(site)


def test_the_folder_vanishes_and_comes_back(project: Project, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules["baocao.site.publish"]

    before = check_site(site)
    away = site.with_name("away")
    real = module.settle
    write_results(project, MAY)

    def unplugged(folder: Path) -> None:
        site.rename(away)
        real(folder)

    monkeypatch.setattr(module, "settle", unplugged)
    with pytest.raises(RunError, match="không còn thấy thư mục của trang"):
        publish(project, MAY, site)
    assert not site.exists()
    away.rename(site)
    assert check_site(site) == before
    monkeypatch.setattr(module, "settle", real)
    publish(project, MAY, site)
    check_site(site)


@pytest.fixture
def share(small_disk: Path) -> Path:
    """A site on a share, which can be unmounted; the folder that it is mounted on stays."""
    return small_disk


def unmount(place: Path, *how: str) -> None:
    subprocess.run(["umount", *how, str(place)], check=True)


def test_a_share_that_is_not_mounted_is_no_place_for_a_new_site(project: Project, share: Path) -> None:
    write_results(project, APRIL)
    # The mount point is hidden below what is mounted on it from here on.
    publish(project, APRIL, share)
    before = check_site(share)
    copy = share.with_name("copy")
    shutil.copytree(share, copy)
    unmount(share)
    write_results(project, MAY)
    with pytest.raises(RunError, match="không thấy trang đã công bố ở đây") as caught:
        publish(project, MAY, share)
    assert "nối lại ổ mạng" in caught.value.problems[0].remedy
    assert list(share.iterdir()) == [], "nothing is left in the mount point"
    subprocess.run(["mount", "--bind", str(copy), str(share)], check=True)
    assert check_site(share) == before
    publish(project, MAY, share)
    assert set(json.loads((share / "current" / "ban-phat-hanh.json").read_bytes())["months"]) == {"2024-04", "2024-05"}


def test_a_share_that_is_unmounted_while_a_release_is_built(
    project: Project, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_results(project, APRIL)
    publish(project, APRIL, share)
    copy = share.with_name("copy")
    shutil.copytree(share, copy)
    module = sys.modules["baocao.site.publish"]
    real = module.build_pages
    write_results(project, MAY)

    def unplugged(folder: Path, *values: object) -> None:
        unmount(share, "--lazy")
        real(folder, *values)

    monkeypatch.setattr(module, "build_pages", unplugged)
    with pytest.raises(RunError, match="không còn thấy thư mục của trang"):
        publish(project, MAY, share)
    assert {path.name for path in share.iterdir()} <= {".work"}
    monkeypatch.setattr(module, "build_pages", real)
    with pytest.raises(RunError, match="không thấy trang đã công bố ở đây"):
        publish(project, MAY, share)
    subprocess.run(["mount", "--bind", str(copy), str(share)], check=True)
    publish(project, MAY, share)
    check_site(share)


def test_a_site_that_is_gone_for_good_is_begun_anew_when_asked_for(project: Project, site: Path) -> None:
    with pytest.raises(InputError, match="bỏ --new-site"):
        publish(project, APRIL, site, new_site=True)
    shutil.rmtree(site)
    for remains in (False, True):
        if remains:
            site.mkdir()
        with pytest.raises(RunError, match="thêm --new-site"):
            publish(project, APRIL, site)
    assert publish(project, APRIL, site, new_site=True).revision == 1
    check_site(site)
    # Who has never published there begins without asking, and so does a first publication that was cut off.
    other = empty_project(project.root.with_name("other"))
    write_results(other, APRIL)
    fresh = site.with_name("mới")
    fresh.mkdir()
    (fresh / ".lock").touch()
    (fresh / ".work").mkdir()
    publish(other, APRIL, fresh)
    check_site(fresh)


def test_results_that_a_killed_run_left_aside_are_published(project: Project, site: Path) -> None:
    write_results(project, MAY)
    (project.outputs / "2024-05").rename(project.outputs / ".2024-05.old")
    assert publish(project, MAY, site).changed
    assert (project.outputs / "2024-05").is_dir()


def test_without_hard_links(project: Project, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(tree.os, "link", refuse)
    write_results(project, MAY)
    publish(project, MAY, site)
    check_site(site)


def test_a_share_that_gives_names_in_lower_case(site: Path) -> None:
    [name] = Site(site).release_ids()
    (site / "releases" / name).rename(site / "releases" / name.lower())
    assert Site(site).release_ids() == (name,)


def test_the_current_release_is_lost(project: Project, site: Path) -> None:
    shutil.rmtree(site / "current")
    assert publish(project, APRIL, site).changed
    check_site(site)
    shutil.rmtree(site / "current")
    shutil.rmtree(site / "releases")
    write_results(project, MAY)
    publish(project, MAY, site)
    assert {"2024-04", "2024-05"} <= {path.name for path in (site / "current").iterdir()}
