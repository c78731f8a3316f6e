"""What was published of a month: an edition, taken from the results of a run and kept with its number and time."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from baocao.errors import InputError, Problem
from baocao.manifest import sha256
from baocao.period import Period
from baocao.project import Project
from baocao.site.contents import Section, read_contents
from baocao.site.tree import read_json, write, write_json
from baocao.store import Store
from baocao.summary import NAME as SUMMARY

FORMATS = ("html", "pdf", "docx")
MANIFEST = "manifest.json"
CONTENTS = "muc.json"
ISSUE = "cong-bo.json"


@dataclass(frozen=True)
class Edition:
    """One revision of a month, by the folder that keeps it."""

    period: Period
    number: int
    """1 for what was published first, 2 for the next."""
    folder: Path
    published: datetime
    summary: dict[str, Any]
    outputs: dict[str, str]
    """Hash of each file by its name."""
    contents: tuple[Section, ...]
    partial: bool
    """Made although some departments were late."""

    def file(self, kind: str) -> Path:
        """The report in one of the formats."""
        return self.folder / f"bao-cao-{self.period}.{kind}"

    @property
    def simulated(self) -> bool:
        """Generated figures, to try the software with."""
        return bool(self.summary["simulated"])


def load_edition(folder: Path) -> Edition:
    """The edition that `folder` keeps."""
    issue = read_json(folder / ISSUE)
    manifest = read_json(folder / MANIFEST)
    return Edition(
        Period.parse(manifest["period"]),
        issue["revision"],
        folder,
        datetime.fromisoformat(issue["published"]),
        read_json(folder / SUMMARY),
        manifest["outputs"],
        tuple(Section(**item) for item in read_json(folder / CONTENTS)),
        bool(manifest.get("partial")),
    )


def take_results(project: Project, period: Period, folder: Path, partial: bool) -> dict[str, str]:
    """Copy the results of the last run of `period` into the new `folder`; their hashes by file.

    Results that are missing, incomplete or not what the run wrote are an `InputError`; so are those made in spite of
    late forms, unless `partial`.
    """
    store = Store(project.outputs, period)
    # Taking the lock puts back results that an interrupted run has left aside.
    with store.locked():
        if not (store.final / MANIFEST).is_file():
            raise InputError(
                Problem(
                    f"chưa có báo cáo của kỳ {period}",
                    (_named(project, store.final),),
                    expected="kết quả của một lần lập báo cáo thành công",
                    remedy=f"lập báo cáo trước: baocao run {period}",
                )
            )
        content = (store.final / MANIFEST).read_bytes()
        manifest = json.loads(content)
        outputs: dict[str, str] = manifest["outputs"]
        problems = list(_faults(project, store, period, outputs))
        if manifest.get("partial") and not partial:
            problems.append(
                Problem(
                    f"báo cáo kỳ {period} lập khi còn đơn vị chưa gửi số liệu",
                    (_named(project, store.final),),
                    expected="báo cáo có đủ số liệu của các đơn vị",
                    remedy="chờ đủ số liệu rồi lập lại, hoặc công bố bản chưa đủ bằng --partial",
                )
            )
        if problems:
            raise InputError(problems)
        for name in outputs:
            write(folder / name, (store.final / name).read_bytes())
    write(folder / MANIFEST, content)
    page = (folder / f"bao-cao-{period}.html").read_text(encoding="utf-8")
    write_json(folder / CONTENTS, [asdict(section) for section in read_contents(page)])
    return outputs


def _faults(project: Project, store: Store, period: Period, outputs: dict[str, str]) -> list[Problem]:
    wanted = [*(f"bao-cao-{period}.{kind}" for kind in FORMATS), SUMMARY]
    again = f"lập lại báo cáo: baocao run {period}"
    missing = [name for name in wanted if name not in outputs or not (store.final / name).is_file()]
    changed = [name for name in wanted if name not in missing and sha256(store.final / name) != outputs[name]]
    return [
        *(
            Problem("thiếu một tệp của báo cáo", (_named(project, store.final / name),), "đủ HTML, PDF, DOCX", again)
            for name in missing
        ),
        *(
            Problem(
                "tệp đã bị sửa sau khi lập báo cáo",
                (_named(project, store.final / name),),
                "đúng nội dung mà lần lập báo cáo đã ghi",
                f"{_carry(name)}{again}",
            )
            for name in changed
        ),
    ]


def _carry(name: str) -> str:
    return "sửa theo ở sổ tay, biểu (xem các chỗ đã sửa bằng baocao diff), rồi " if name.endswith(".docx") else ""


def write_issue(folder: Path, number: int, when: datetime) -> None:
    """Note in `folder` when it was published, and as which revision."""
    write_json(folder / ISSUE, {"revision": number, "published": when.astimezone(UTC).isoformat()})


def _named(project: Project, path: Path) -> str:
    return path.relative_to(project.root).as_posix()
