"""Where things are: the folders of a project, and which notebook serves a section in a month."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from baocao.errors import InputError, Problem
from baocao.period import Period
from baocao.vi import fold, roman

ROOT_VARIABLE = "BAOCAO_ROOT"
MARKER = Path("params") / "defaults.yml"

_NOTEBOOK = re.compile(r"(\d{2})-[a-z0-9-]+\.ipynb")


def files(folder: Path, ending: str) -> list[Path]:
    """The files in `folder` with that ending, in order; not the hidden ones that macOS leaves on shares."""
    return sorted(path for path in folder.glob(f"*{ending}") if not path.name.startswith("."))


@dataclass(frozen=True)
class Section:
    """One section of the report and the notebook that makes it in a given month."""

    number: int
    notebook: Path
    own: bool
    """The notebook belongs to this month alone."""

    @property
    def label(self) -> str:
        """The section's number as a reader knows it: `II.4`, `IV`, `Phụ lục II`."""
        tens, units = divmod(self.number, 10)
        if tens == 9:
            return f"Phụ lục {roman(units)}" if units else "Phụ lục"
        chapter = roman(tens) if tens else "0"
        return f"{chapter}.{units}" if units else chapter

    @property
    def title(self) -> str:
        """The label as a sentence names it: “Mục II.4”, “Phụ lục II”."""
        return self.label if self.is_appendix else f"Mục {self.label}"

    @property
    def is_appendix(self) -> bool:
        """Appendices (90 and above) follow the signature."""
        return self.number >= 90


@dataclass(frozen=True)
class Project:
    """The folders of one project, by `root`."""

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> "Project":
        """The project around `start` (by default `$BAOCAO_ROOT`, else the current folder), or an `InputError`."""
        origin = (start or Path(os.environ.get(ROOT_VARIABLE) or Path.cwd())).resolve()
        for folder in (origin, *origin.parents):
            if (folder / MARKER).is_file():
                return cls(folder)
        raise InputError(
            Problem(
                what=f"không tìm thấy dự án báo cáo tại {origin}",
                expected=f"một thư mục có tệp {MARKER.as_posix()}",
                remedy="chuyển vào thư mục dự án rồi chạy lại lệnh",
            )
        )

    @property
    def forms(self) -> Path:
        """Form definitions."""
        return self.root / "data" / "forms"

    @property
    def units(self) -> Path:
        """The wards and communes."""
        return self.root / "data" / "units.yml"

    @property
    def derived(self) -> Path:
        """Declared rates, sums and differences."""
        return self.root / "data" / "derived.yml"

    @property
    def rules(self) -> Path:
        """What must hold between figures, dates and documents."""
        return self.root / "data" / "rules.yml"

    @property
    def indicators(self) -> Path:
        """The main indicators at the top of the page."""
        return self.root / "data" / "indicators.yml"

    @property
    def quarto_config(self) -> Path:
        """The one place for format options."""
        return self.root / "_quarto.yml"

    def submissions(self, period: Period) -> Path:
        """Workbooks of a month."""
        return self.root / "data" / str(period)

    def params(self, period: Period) -> Path:
        """Parameters of a month."""
        return self.root / "params" / f"{period}.yml"

    @property
    def defaults(self) -> Path:
        """Parameters that hold for every month, and dated facts."""
        return self.root / MARKER

    @property
    def outputs(self) -> Path:
        """Everything generated."""
        return self.root / "outputs"

    def periods(self) -> tuple[Period, ...]:
        """The months that have parameters, oldest first."""
        names = (path.stem for path in self.defaults.parent.glob("*.yml"))
        return tuple(sorted(Period.parse(name) for name in names if re.fullmatch(r"\d{4}-\d{2}", name)))

    def newest(self) -> Period:
        """The newest month that has parameters; none is an `InputError`."""
        periods = self.periods()
        if not periods:
            raise InputError(
                Problem(
                    "chưa có tham số của kỳ nào",
                    ("params",),
                    expected="một tệp params/NNNN-TT.yml",
                    remedy="tạo kỳ đầu tiên, ví dụ: baocao new 2024-04",
                )
            )
        return periods[-1]

    @property
    def settings(self) -> Path:
        """How reports are made on time, told about and published at this place; may be absent."""
        return self.root / "params" / "delivery.yml"

    @property
    def state(self) -> Path:
        """What runs on time remember: reports made, notices sent. It outlives `outputs`."""
        return self.root / ".baocao"

    def sections(self, period: Period) -> tuple[Section, ...]:
        """The sections of a month in order; a month's own notebook wins over the shared one of its number.

        Two notebooks with one number in one folder are an `InputError`.
        """
        found: dict[int, Section] = {}
        problems: list[Problem] = []
        for folder, own in ((self.root / "notebooks", False), (self.root / "notebooks" / str(period), True)):
            seen: dict[int, str] = {}
            for path in files(folder, ".ipynb"):
                match = _NOTEBOOK.fullmatch(path.name)
                if not match:
                    problems.append(
                        Problem(
                            what="tên sổ tay không đúng mẫu",
                            where=(str(path.relative_to(self.root)),),
                            expected="hai chữ số rồi tên không dấu, ví dụ 24-dich-vu-cong.ipynb",
                            remedy="đổi tên sổ tay",
                        )
                    )
                    continue
                number = int(match[1])
                if number in seen:
                    problems.append(
                        Problem(
                            what=f"hai sổ tay cùng số {number}: {seen[number]} và {path.name}",
                            where=(str(folder.relative_to(self.root)),),
                            expected="mỗi số một sổ tay",
                            remedy="đổi số hoặc xóa một trong hai",
                        )
                    )
                seen[number] = path.name
                found[number] = Section(number, path, own)
        if not found and not problems:
            problems.append(Problem(what="không có sổ tay nào", where=("notebooks",), expected="sổ tay NN-ten.ipynb"))
        if problems:
            raise InputError(problems)
        return tuple(found[number] for number in sorted(found))

    def notebooks(self, period: Period) -> tuple[Section, ...]:
        """All notebooks that are rightly named: the shared ones, then the month's own."""
        shared = self.root / "notebooks"
        return tuple(
            Section(int(match[1]), path, own)
            for folder, own in ((shared, False), (shared / str(period), True))
            for path in files(folder, ".ipynb")
            if (match := _NOTEBOOK.fullmatch(path.name))
        )

    def section(self, period: Period, wanted: str) -> Section:
        """The section that a user calls `24`, `II.4` or `Phụ lục II`; unknown names are an `InputError`."""
        sections = self.sections(period)
        for section in sections:
            if fold(wanted) in (str(section.number), fold(section.label)):
                return section
        known = ", ".join(f"{section.number} ({section.label})" for section in sections)
        raise InputError(
            Problem(
                what=f"không có mục “{wanted}”",
                expected=f"một trong các mục: {known}",
                remedy="gọi mục bằng số sổ tay hoặc số mục",
            )
        )
