"""Go back to a release that readers saw before."""

from dataclasses import dataclass
from pathlib import Path

from baocao.errors import InputError, Problem
from baocao.site.folder import RECORD, Site, opened
from baocao.site.publish import WAIT
from baocao.site.tree import read_json


@dataclass(frozen=True)
class Release:
    """A release that is kept: its id, its months, and whether it is the one that is served."""

    name: str
    months: dict[str, list[int]]
    served: bool


def releases(folder: Path) -> tuple[Release, ...]:
    """The releases that are kept, oldest first; a folder without a site is an `InputError`."""
    site = _existing(folder)
    record = site.record()
    return tuple(
        Release(name, read_json(site.releases / name / RECORD)["months"], bool(record and record["id"] == name))
        for name in site.release_ids()
    )


def roll_back(folder: Path, wanted: str | None = None, *, wait: float = WAIT) -> str:
    """Serve the release `wanted`, or the one before what is served; its id. The next publication builds on it."""
    _existing(folder)
    with opened(folder, wait) as site:
        record = site.record()
        ids = site.release_ids()
        now = record["id"] if record else ""
        if wanted is None:
            earlier = [name for name in ids if name < now]
            if not earlier:
                raise _no_release("không còn bản phát hành nào trước bản hiện hành", folder, ids)
            wanted = earlier[-1]
        elif wanted not in ids:
            raise _no_release(f"không có bản phát hành “{wanted}”", folder, ids)
        if wanted != now or not site.current.exists():
            site.switch_to(site.releases / wanted)
    return wanted


def _existing(folder: Path) -> Site:
    site = Site(folder)
    if not site.releases.is_dir():
        raise InputError(
            Problem(
                "thư mục không phải trang đã công bố",
                (str(folder),),
                expected="thư mục mà baocao publish đã ghi",
                remedy="kiểm tra đường dẫn và kết nối tới ổ mạng",
            )
        )
    return site


def _no_release(fault: str, folder: Path, ids: tuple[str, ...]) -> InputError:
    return InputError(
        Problem(
            fault,
            (str(folder),),
            expected=f"một trong các bản còn giữ: {', '.join(ids) or 'không có'}",
            remedy="xem danh sách bằng baocao rollback --list, rồi nêu một bản trong đó",
        )
    )
