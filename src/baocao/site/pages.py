"""All pages of one release, from what was published: front page, months with their revisions, archive, search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from baocao.params import BLANK
from baocao.period import Period
from baocao.render.policy import policy
from baocao.site.assets import Assets
from baocao.site.course import HEIGHT, WIDTH, courses
from baocao.site.folder import RECORD, Record
from baocao.site.months import FORMATS, Edition
from baocao.site.reportpage import dress
from baocao.site.tree import link, write, write_json
from baocao.theme import THEME
from baocao.vi import format_date, format_month, format_number

MONTHS = 12
"""Months of a course."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'"
)
_NAMES = {"html": "HTML", "pdf": "PDF", "docx": "Word (DOCX)"}


@dataclass
class _Builder:
    """Writes the pages of one release into `folder`."""

    folder: Path
    release: str
    editions: Mapping[Period, Sequence[Edition]]
    assets: Assets
    templates: Environment

    @property
    def newest(self) -> list[Edition]:
        """The last revision of each month, oldest month first."""
        return [revisions[-1] for _, revisions in sorted(self.editions.items())]

    @property
    def years(self) -> dict[int, list[Edition]]:
        """The months by year, newest first."""
        years: dict[int, list[Edition]] = {}
        for edition in reversed(self.newest):
            years.setdefault(edition.period.year, []).append(edition)
        return years

    def page(self, template: str, path: str, **values: Any) -> None:
        """Write one page; `up` leads from it to the top of the site, so that the site can lie below any address."""
        depth = len(PurePosixPath(path).parts) - 1
        text = self.templates.get_template(template).render(
            release=self.release,
            policy=_POLICY,
            up="../" * depth or "./",
            assets=self.assets,
            site=self.newest[-1].summary,
            latest=self.newest[-1],
            years=self.years,
            published=set(self.editions),
            **values,
        )
        write(self.folder / path, text.encode())

    def front(self) -> None:
        self.page("index.html", "index.html", courses=courses(self.newest, MONTHS), marked=self._marked(self.newest))

    def year(self, year: int, editions: Sequence[Edition]) -> None:
        upwards = list(reversed(editions))
        # A year begins in January, though the course of its last month may begin before.
        span = courses(upwards, upwards[-1].period.month)
        self.page("nam.html", f"nam/{year}/index.html", year=year, courses=span, marked=self._marked(editions))

    def month(self, edition: Edition, place: str, canonical: str = "") -> None:
        """The page of one revision with its files, whose names have no month where another address is `canonical`."""
        revisions = self.editions[edition.period]
        stem = "bao-cao" if canonical else f"bao-cao-{edition.period}"
        files = {kind: f"{stem}.{kind}" for kind in FORMATS if kind != "html"}
        for kind, name in files.items():
            link(edition.file(kind), self.folder / place / name)
        replaced_by = revisions[-1] if edition is not revisions[-1] else None
        neighbours = [item.period for item in self.newest]
        index = neighbours.index(edition.period)
        self.page(
            "thang.html",
            f"{place}/index.html",
            edition=edition,
            revisions=revisions,
            files=[(kind, name, self._size(edition.file(kind))) for kind, name in files.items()],
            hashes=[(edition.file(kind).name, edition.outputs[edition.file(kind).name]) for kind in FORMATS],
            before=neighbours[index - 1] if index else None,
            after=neighbours[index + 1] if index + 1 < len(neighbours) else None,
            replaced_by=replaced_by,
            canonical=canonical,
            marked=self._marked([edition]),
        )
        up = "../" * len(PurePosixPath(place).parts)
        parts: Any = self.templates.get_template("bao-cao.html").module
        strip = parts.strip(up, edition, replaced_by, files)
        content = dress(edition.file("html").read_text(encoding="utf-8"), parts.head(self.release, canonical), strip)
        write(self.folder / place / "bao-cao.html", content.encode())

    def search(self) -> None:
        indexes = {edition.period: self.assets.index(edition) for edition in reversed(self.newest)}
        self.page("tim-kiem.html", "tim-kiem/index.html", indexes=indexes, marked=[])

    def not_found(self) -> None:
        """A page of its own: it stands in for any address, so that no relative address in it would hold."""
        text = self.templates.get_template("404.html").render(release=self.release, assets=self.assets)
        write(self.folder / "404.html", text.replace("@POLICY@", policy(text), 1).encode())

    def _marked(self, editions: Sequence[Edition]) -> list[str]:
        """Why a reader should be careful with what a page shows."""
        marks = []
        if any(edition.simulated for edition in editions):
            marks.append("DỮ LIỆU MÔ PHỎNG")
        if any(edition.partial for edition in editions):
            marks.append("BÁO CÁO CHƯA ĐỦ SỐ LIỆU")
        return marks

    def _size(self, path: Path) -> str:
        return f"{format_number(max(1, round(path.stat().st_size / 1024)))} KB"


def build_pages(folder: Path, record: Record, editions: Mapping[Period, Sequence[Edition]]) -> None:
    """Write the whole release of `editions` (the revisions of each month, oldest first) into the new `folder`."""
    builder = _Builder(folder, record["id"], editions, Assets(folder), _templates())
    builder.front()
    for period, revisions in editions.items():
        builder.month(revisions[-1], str(period))
        for edition in revisions:
            builder.month(edition, f"{period}/lan-{edition.number}")
    builder.month(builder.newest[-1], "latest", f"../{builder.newest[-1].period}/")
    for year, of_year in builder.years.items():
        builder.year(year, of_year)
    builder.search()
    builder.not_found()
    write_json(folder / RECORD, record)


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(THEME / "site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.globals |= {"WIDTH": WIDTH, "HEIGHT": HEIGHT, "FORMAT_NAMES": _NAMES}
    templates.filters |= {
        "month": lambda period: format_month(period.year, period.month),
        "short": lambda period: f"{period.month}/{period.year}",
        "day": lambda moment: format_date(moment.astimezone().date()),
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
        "blank": lambda text: text.replace(BLANK, "…"),
    }
    return templates
