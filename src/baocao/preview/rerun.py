"""What a change means for the sections: which of them must run again, and why. Nothing here touches a file."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from baocao.dataset import BlockInfo, Dataset
from baocao.params import READ, Params
from baocao.part import Part
from baocao.period import Period
from baocao.project import Project, Section
from baocao.vi import nfc

_NAMED = 3
"""Codes that a reason names."""


class Change(Enum):
    """What a saved file is to the report."""

    MATERIAL = "số liệu, tham số"
    NOTEBOOK = "sổ tay"
    LOOK = "mẫu trình bày"


@dataclass(frozen=True)
class Material:
    """What sections are run on."""

    dataset: Dataset
    params: Params


@dataclass(frozen=True)
class Done:
    """What a section came to when it last ran, and on which notebook."""

    part: Part
    sha256: str

    @property
    def notebook(self) -> Path:
        """The notebook that was run."""
        return self.part.section.notebook


def change_of(path: Path, project: Project, period: Period) -> Change | None:
    """What a file at `path` is to the report of `period`; None: nothing.

    Copies that programs make while they save, and checkpoints of Jupyter, are nothing. The lock file of a workbook
    that is open is a finding.
    """
    # macOS tells names as they are stored, which may be in another form of letters than as they were typed.
    path, root = Path(nfc(str(path))), Path(nfc(str(project.root)))
    if not path.is_relative_to(root):
        return None
    parts = path.relative_to(root).parts
    lock = parts[0] == "data" and parts[-1].startswith(("~$", ".~lock."))
    if not lock and any(part.startswith((".", "~")) or part.endswith((".tmp", "~")) for part in parts):
        return None
    months = (str(period), str(period.shift(-1)))
    match parts:
        case ("notebooks", name) | ("notebooks", _, name) if name.endswith(".ipynb"):
            return Change.NOTEBOOK if len(parts) == 2 or parts[1] == months[0] else None
        case ("notebooks", folder) if folder == months[0]:
            return Change.NOTEBOOK
        case ("params", name) if name in ("defaults.yml", *(f"{month}.yml" for month in months)):
            return Change.MATERIAL
        case ("data", name) if name in (*months, "forms") or name.endswith(".yml"):
            return Change.MATERIAL
        case ("data", folder, *_) if folder in (*months, "forms"):
            return Change.MATERIAL
        case ("_quarto.yml",) | ("src", "baocao", "theme", *_):
            return Change.LOOK
    return None


def to_run(
    sections: Iterable[Section],
    digests: Mapping[int, str],
    done: Mapping[int, Done],
    old: Material | None,
    new: Material,
) -> dict[int, str]:
    """The numbers of the sections to run, in order, each with the reason as a user reads it.

    `digests` are the SHA-256 of the notebooks now; what is `done` was run on `old` or on what is no different to it.
    """
    if old is None:
        return {section.number: "lần chạy đầu" for section in sections}
    rebuilt = structure_changed(old.dataset, new.dataset)
    codes = frozenset() if rebuilt else changed_codes(old.dataset, new.dataset)
    reasons: dict[int, str] = {}
    for section in sections:
        last = done.get(section.number)
        if last is None:
            reasons[section.number] = "chưa có kết quả dùng được"
        elif last.notebook != section.notebook:
            reasons[section.number] = "sổ tay riêng của kỳ được thêm hoặc bỏ"
        elif last.sha256 != digests[section.number]:
            reasons[section.number] = "sổ tay được lưu"
        elif rebuilt:
            reasons[section.number] = "biểu mẫu hoặc khai báo số liệu đã đổi"
        elif touched := _touched(last.part.reads, codes, old, new):
            reasons[section.number] = _named(touched)
    return reasons


def structure_changed(old: Dataset, new: Dataset) -> bool:
    """What sections may walk over unseen has changed: the blocks, the names that codes begin with, an order.

    How many rows open lists have is seen, and so is a figure more or less in `data/derived.yml`: see `_reached`.
    """
    if old.before is not None and new.before is not None and structure_changed(old.before, new.before):
        return True
    kept = {item.code for item in old.declarations} & {item.code for item in new.declarations}
    return (old.before is None) != (new.before is None) or _structure(old, kept) != _structure(new, kept)


def _structure(dataset: Dataset, kept: AbstractSet[str]) -> tuple[object, ...]:
    blocks = {name: (info.kind, info.title, _fixed_rows(info), info.columns) for name, info in dataset.blocks.items()}
    return blocks, _names(dataset), [item.code for item in dataset.declarations if item.code in kept]


def _names(dataset: Dataset) -> set[str]:
    """What codes begin with: prose knows it by name. Open lists are left out, whose rows come and go."""
    lists = {info.block for info in dataset.blocks.values() if info.kind == "list"}
    names: set[str] = set()
    for code in dataset.data:
        parts = code.split(".")
        for end in range(1, len(parts)):
            if (name := ".".join(parts[:end])) in lists:
                break
            names.add(name)
    return names


def _fixed_rows(info: BlockInfo) -> object:
    return () if info.kind == "list" else info.rows


def changed_codes(old: Dataset, new: Dataset) -> frozenset[str]:
    """Codes whose datum is another, came or went, this month or the month before; of lists, the row past their end."""
    changed = _changed(old, new)
    if old.before is not None and new.before is not None:
        changed |= _changed(old.before, new.before)
    return frozenset(changed)


def _changed(old: Dataset, new: Dataset) -> set[str]:
    # Equal numbers may be printed differently (98 and 98.0); their text tells them apart.
    changed = {
        code
        for code in old.data.keys() | new.data.keys()
        if (was := old.data.get(code)) is not (now := new.data.get(code)) and (was != now or repr(was) != repr(now))
    }
    for name, info in old.blocks.items():
        if info.kind == "list" and (now_info := new.blocks.get(name)) and len(now_info.rows) != len(info.rows):
            changed.add(f"{name}.r{len(info.rows) + 1}")
    return changed


def _touched(reads: Sequence[str], codes: AbstractSet[str], old: Material, new: Material) -> list[str]:
    """Which of the reads of a section are others now, and what came or went that it may have walked over."""
    asked = set(reads)
    touched = sorted(asked & codes | _reached(asked, old.dataset, new.dataset))
    if codes and asked >= old.dataset.data.keys():
        # A search: whatever is there now could be found.
        touched = sorted(codes)
    return touched + [name for name in sorted(asked) if name.startswith(READ) and _param_changed(name, old, new)]


def _reached(asked: AbstractSet[str], old: Dataset, new: Dataset) -> set[str]:
    """Declared figures that came or went in a block of which something was read: they are columns of its tables."""
    moved = (old.data.keys() ^ new.data.keys()) - old.inputs.keys() - new.inputs.keys()
    blocks = {_first(code) for code in asked}
    return {code for code in moved if _first(code) in blocks}


def _first(code: str) -> str:
    return code.partition(".")[0]


def _param_changed(read: str, old: Material, new: Material) -> bool:
    name, _, key = read.removeprefix(READ).partition(".")
    was, now = getattr(old.params, name), getattr(new.params, name)
    if callable(was):
        return old.params != new.params
    if key:
        return bool(was.get(key) != now.get(key))
    return bool(was != now)


def _named(touched: Sequence[str]) -> str:
    names = [f"tham số {name.removeprefix(READ)}" if name.startswith(READ) else name for name in touched]
    more = f" và {len(names) - _NAMED} mã khác" if len(names) > _NAMED else ""
    return f"số liệu đọc đã đổi: {', '.join(names[:_NAMED])}{more}"
