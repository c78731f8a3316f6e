"""Warm kernels: forked from one process, replaced by ordinary ones when that process cannot be had."""

import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from queue import Empty
from typing import Any

import pytest

from baocao import kernels as kernels_module
from baocao import zygote
from baocao.execute import SectionRun, execute
from baocao.kernels import Kernels
from baocao.period import Period
from baocao.project import Section

NOTEBOOKS = Path(__file__).parent / "fixtures" / "notebooks"
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="warm kernels need a safe fork")


def run(kernels: Kernels, out: Path, source: Path, *numbers: int) -> tuple[SectionRun, ...]:
    sections = [Section(number, source, own=False) for number in numbers]
    return execute(
        sections,
        Period(2024, 4),
        out,
        jobs=2,
        environment={},
        timeout=30,
        on_event=lambda _event: None,
        kernels=kernels,
    )


def notebook(path: Path, code: str) -> Path:
    """Write a notebook with a parameters cell and this code."""
    cells: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": name,
            "metadata": metadata,
            "outputs": [],
            "source": source,
        }
        for name, metadata, source in (("a", {"tags": ["parameters"]}, 'period = ""'), ("b", {}, code))
    ]
    node = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(node), "utf-8")
    return path


def printed(result: SectionRun) -> str:
    assert result.failure is None, result.failure
    cells = json.loads(result.notebook.read_text("utf-8"))["cells"]
    return "".join("".join(output["text"]) for cell in cells for output in cell["outputs"])


@LINUX
def test_warm_kernels_have_the_libraries_but_nothing_of_each_other(tmp_path: Path) -> None:
    source = notebook(
        tmp_path / "10-x.ipynb",
        "import os, sys, numpy\n"
        "print('seaborn' in sys.modules, 'matplotlib_inline.backend_inline' in sys.modules)\n"
        "print(os.environ['PYTHONHASHSEED'], numpy.random.random())",
    )
    with Kernels({}) as kernels:
        assert kernels.warm(), kernels.why_cold
        [one] = run(kernels, tmp_path / "one", source, 10)
        [two] = run(kernels, tmp_path / "two", source, 10)
    first, second = printed(one).splitlines(), printed(two).splitlines()
    assert first[0] == "True False"
    assert first[1].startswith("0 ")
    assert first[1] != second[1], "both draw the same random numbers"


@LINUX
def test_nothing_waits_for_silence_or_looks_for_an_end_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent: list[float] = []
    ended: list[int | None] = []
    hear, kill = kernels_module._Client.get_iopub_msg, kernels_module.WarmProvisioner.kill

    async def hearing(client: kernels_module._Client, timeout: float | None = None) -> Any:
        try:
            return await hear(client, timeout=timeout)
        except Empty:
            silent.append(timeout or 0.0)
            raise

    async def killing(provisioner: kernels_module.WarmProvisioner, restart: bool = False) -> None:
        await kill(provisioner, restart)
        ended.append(await provisioner.poll())

    monkeypatch.setattr(kernels_module._Client, "get_iopub_msg", hearing)
    monkeypatch.setattr(kernels_module.WarmProvisioner, "kill", killing)
    source = notebook(
        tmp_path / "10-x.ipynb", "import sys\nprint('debugpy' in sys.modules)\nfor n in range(99): print(n)"
    )
    with Kernels({}) as kernels:
        assert kernels.warm(), kernels.why_cold
        [result] = run(kernels, tmp_path / "out", source, 10)
    assert printed(result).split() == ["True", *map(str, range(99))]
    assert (silent, ended) == ([], [-signal.SIGKILL])


@LINUX
def test_a_missing_library_means_ordinary_kernels(tmp_path: Path) -> None:
    with Kernels({}, preload=("khong_co_thu_vien_nay",)) as kernels:
        [result] = run(kernels, tmp_path, NOTEBOOKS / "10-thanh-cong.ipynb", 10)
        assert not kernels.warm()
        assert "khong_co_thu_vien_nay" in kernels.why_cold
    assert result.failure is None


@LINUX
def test_a_process_with_threads_is_not_forked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "co_luong.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(30,), daemon=True).start()\n", "utf-8"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    with Kernels({}, preload=("co_luong",)) as kernels:
        assert not kernels.warm()
        assert kernels.why_cold == "2 threads after import"


@LINUX
def test_losing_the_warm_process_ends_in_ordinary_kernels(tmp_path: Path) -> None:
    with Kernels({}) as kernels:
        assert kernels.warm()
        assert kernels._zygote is not None
        os.kill(kernels._zygote._process.pid, signal.SIGKILL)
        [result] = run(kernels, tmp_path, NOTEBOOKS / "10-thanh-cong.ipynb", 10)
        assert not kernels.warm()
    assert result.failure is None


@LINUX
def test_leaving_early_does_not_wait_for_imports() -> None:
    with Kernels({}) as kernels:
        warm_process = kernels._zygote
        folder = kernels._folder
    assert warm_process is not None
    assert warm_process._process.returncode is not None
    assert folder is not None
    assert not folder.exists()


def test_platforms_without_fork_get_ordinary_kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zygote, "SUPPORTED", False)
    monkeypatch.setattr(kernels_module, "_HAS_IPC", False)
    with Kernels({}) as kernels:
        results = run(kernels, tmp_path, NOTEBOOKS / "10-thanh-cong.ipynb", 10)
        assert not kernels.warm()
    assert [result.failure for result in results] == [None]


def test_desk_settings_do_not_reach_kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    startup = tmp_path / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("bien_cua_ban_lam_viec = 1\n", "utf-8")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    source = notebook(
        tmp_path / "10-x.ipynb", "import os\nprint('bien_cua_ban_lam_viec' in globals(), os.environ['PYTHONHASHSEED'])"
    )
    with Kernels({}, warm=False) as kernels:
        [result] = run(kernels, tmp_path / "out", source, 10)
    assert printed(result) == "False 0\n"


def test_deep_folder_for_temporary_files_needs_no_socket_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    deep.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with Kernels({}) as kernels:
        assert kernels.manager("24-1").transport == "tcp"
