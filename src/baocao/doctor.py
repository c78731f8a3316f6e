"""What is on this machine for making a report, what is missing, and how to get it."""

import locale
import os
import platform
import shutil
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from baocao import __version__, zygote
from baocao.errors import BaocaoError
from baocao.project import Project

_PACKAGES = ("papermill", "nbclient", "ipykernel", "pandas", "openpyxl", "seaborn", "matplotlib")
_LAB = "make lab, hoặc pip install --require-hashes -r requirements-lab.lock"
_REINSTALL = "cài lại môi trường: make run, hoặc pip install --require-hashes -r requirements.lock"
_QUARTO_WAYS = "conda env create -f environment.yml, hoặc bộ cài Quarto; không có thì bộ dàn trang kèm theo làm thay"
_FREE_BYTES = 500_000_000

_VOWELS = "aăâeêioôơuưy"
_TONES = "\u0300\u0309\u0303\u0301\u0323"  # huyền, hỏi, ngã, sắc, nặng
_CONSONANTS = "bcdđghklmnpqrstvx"


class State(Enum):
    """How a finding weighs."""

    GOOD = "tốt"
    OPTIONAL = "không có"
    BAD = "thiếu"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `remedy` says how to get what is not there."""

    name: str
    state: State
    detail: str
    remedy: str = ""


def vietnamese_letters() -> str:
    """All 178 letters of Vietnamese, small and capital, each as one precomposed character."""
    vowels = [unicodedata.normalize("NFC", vowel + tone) for vowel in _VOWELS for tone in ("", *_TONES)]
    letters = "".join(vowels) + _CONSONANTS
    return letters + letters.upper()


def examine() -> tuple[Check, ...]:
    """Look at everything that a run needs or can use."""
    return (*_python(), *_renderers(), *_fonts(), *_desk(), *_place())


def _python() -> Iterator[Check]:
    good = sys.version_info >= (3, 11)
    yield Check(
        "Python",
        State.GOOD if good else State.BAD,
        f"{platform.python_version()} ({platform.system()} {platform.machine()})",
        "" if good else "cài Python 3.11 trở lên",
    )
    yield Check("baocao", State.GOOD, __version__)
    for name in _PACKAGES:
        yield _package(name, name)
    warm = "có" if zygote.SUPPORTED else "chỉ có trên Linux; nhân thường làm cùng việc, chậm hơn"
    yield Check("Nhân Jupyter khởi động sẵn", State.GOOD if zygote.SUPPORTED else State.OPTIONAL, warm)


def _package(title: str, name: str) -> Check:
    try:
        return Check(title, State.GOOD, version(name))
    except PackageNotFoundError:
        return Check(title, State.BAD, "chưa cài", _REINSTALL)


def _renderers() -> Iterator[Check]:
    from baocao.render import embedded_versions, quarto_version

    for name, found in embedded_versions().items():
        state = State.GOOD if found else State.BAD
        yield Check(f"{name} (kèm theo)", state, found or "chưa cài", "" if found else _REINSTALL)
    quarto = quarto_version()
    if quarto is None:
        yield Check("Quarto", State.OPTIONAL, "chưa cài", _QUARTO_WAYS)
    else:
        state = State.GOOD if quarto.supported else State.OPTIONAL
        yield Check("Quarto", state, quarto.text, "" if quarto.supported else quarto.remedy)


def _fonts() -> Iterator[Check]:
    from fontTools.ttLib import TTFont

    folder = Path(__file__).parent / "theme" / "fonts"
    letters = vietnamese_letters()
    paths = sorted(folder.glob("*.ttf"))
    if not paths:
        yield Check("Phông chữ Tinos", State.BAD, "không thấy tệp phông", "lấy lại thư mục src/baocao/theme/fonts")
    for path in paths:
        known = TTFont(path, lazy=True).getBestCmap()
        missing = [letter for letter in letters if ord(letter) not in known]
        detail = f"{len(letters) - len(missing)}/{len(letters)} chữ cái tiếng Việt"
        remedy = "lấy lại tệp phông của dự án" if missing else ""
        yield Check(f"Phông chữ {path.stem}", State.BAD if missing else State.GOOD, detail, remedy)


def _desk() -> Iterator[Check]:
    try:
        yield Check("JupyterLab", State.GOOD, version("jupyterlab"))
    except PackageNotFoundError:
        yield Check("JupyterLab", State.OPTIONAL, "chưa cài; chỉ cần để sửa sổ tay", _LAB)
    encoding = locale.getpreferredencoding(False)
    yield Check("Bảng mã của hệ thống", State.GOOD, f"{encoding}; baocao luôn dùng UTF-8")


def _place() -> Iterator[Check]:
    try:
        project = Project.find()
    except BaocaoError as error:
        problem = error.problems[0]
        yield Check("Dự án", State.OPTIONAL, problem.what, problem.remedy)
        return
    periods = ", ".join(map(str, project.periods())) or "chưa có kỳ nào"
    yield Check("Dự án", State.GOOD, f"{project.root}; các kỳ: {periods}")
    existing = next(folder for folder in (project.outputs, *project.outputs.parents) if folder.exists())
    writable = os.access(existing, os.W_OK)
    free = shutil.disk_usage(existing).free
    roomy = free >= _FREE_BYTES
    detail = f"còn trống {free // 1_000_000} MB" + ("" if writable else "; không ghi được")
    remedy = "" if writable and roomy else "cấp quyền ghi, hoặc dọn bớt ổ đĩa"
    yield Check("Thư mục kết quả", State.GOOD if writable and roomy else State.BAD, detail, remedy)
