"""Publish a month: take the results of its run, build a release of all months, switch to it."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from baocao.period import Period
from baocao.project import Project
from baocao.site.folder import Site, month_folder, opened
from baocao.site.known import KnownSites
from baocao.site.months import MANIFEST, load_edition, take_results, write_issue
from baocao.site.pages import build_pages
from baocao.site.tree import discard, move, read_json, settle, settle_names

KEEP = 5
"""Releases that are kept."""
WAIT = 60.0
"""Seconds to wait for another publisher."""

_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Published:
    """What `publish` did."""

    release: str
    revision: int
    changed: bool
    """False where the site already had these very files as the month's last revision."""
    interrupted: bool
    """The command before was cut off, and what it left was put right."""


def _now() -> datetime:
    return datetime.now(UTC)


def publish(
    project: Project,
    period: Period,
    folder: Path,
    *,
    partial: bool = False,
    new_site: bool = False,
    clock: Callable[[], datetime] = _now,
    keep: int = KEEP,
    wait: float = WAIT,
) -> Published:
    """Publish the results of the last run of `period` to the site in `folder`.

    A site that was published in `folder` before must be there still, unless `new_site`: an empty folder is what a share
    leaves that is not mounted. `InputError`: nothing to publish, or a folder that is no site. `RunError`: a fault of
    the disk or the share, or another publisher; readers go on with the release they had.
    """
    known = KnownSites(project.state)
    with opened(folder, wait, known=known.has(folder), new=new_site) as site:
        taken = site.work / "month"
        outputs = take_results(project, period, taken, partial)
        record = site.record()
        months: dict[str, list[int]] = dict(record["months"]) if record else _kept_months(site)
        shown = months.get(str(period), [])
        if site.exists:
            known.add(folder)
        if record and site.current.exists() and shown and outputs == _outputs(site, period, shown[-1]):
            return Published(record["id"], shown[-1], False, site.interrupted)
        when = _after_last(site, clock())
        number = _place(site, period, taken, outputs, shown, when)
        months[str(period)] = [*shown, number]
        name = _build(site, months, when)
        known.add(folder)
        site.switch_to(site.work / name)
        site.list_release(name)
        for old in site.release_ids()[:-keep]:
            discard(site.releases / old)
    return Published(name, number, True, site.interrupted)


def _outputs(site: Site, period: Period, number: int) -> object:
    return read_json(month_folder(site, period, number) / MANIFEST)["outputs"]


def _kept_months(site: Site) -> dict[str, list[int]]:
    """All that was ever published, where no release is left to tell what is shown."""
    if not site.months.is_dir():
        return {}
    return {month.name: sorted(int(path.name) for path in month.iterdir()) for month in sorted(site.months.iterdir())}


def _place(site: Site, period: Period, taken: Path, outputs: dict[str, str], shown: list[int], when: datetime) -> int:
    """Keep the results in `taken` as the month's next revision; its number.

    What was published after the revisions that are `shown` and withdrawn since, or never got as far as readers, keeps
    its number when it comes again.
    """
    home = site.months / str(period)
    last = max(shown, default=0)
    later = sorted(int(path.name) for path in home.iterdir() if int(path.name) > last) if home.is_dir() else []
    for number in later:
        if _outputs(site, period, number) == outputs:
            return number
    number = max([last, *later]) + 1
    write_issue(taken, number, when)
    settle(taken)
    home.mkdir(parents=True, exist_ok=True)
    move(taken, month_folder(site, period, number))
    settle_names(home)
    return number


def _after_last(site: Site, now: datetime) -> datetime:
    """`now` in whole seconds, but after every release that is kept: ids sort by time, whatever the clock says."""
    when = now.astimezone(UTC).replace(microsecond=0)
    for name in site.release_ids()[-1:]:
        made = datetime.strptime(name.partition("-")[0], _STAMP).replace(tzinfo=UTC)
        when = max(when, made + timedelta(seconds=1))
    return when


def _build(site: Site, months: dict[str, list[int]], when: datetime) -> str:
    """Build the release of `months` in the work folder; its id."""
    content = json.dumps(months, sort_keys=True).encode()
    name = f"{when:{_STAMP}}-{hashlib.sha256(content).hexdigest()[:8]}"
    editions = {
        Period.parse(month): [load_edition(month_folder(site, Period.parse(month), number)) for number in numbers]
        for month, numbers in sorted(months.items())
    }
    build_pages(site.work / name, {"id": name, "months": months}, editions)
    settle(site.work / name)
    return name
