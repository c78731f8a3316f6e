"""The work of a run on time, on the real project: reading, running, publishing."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from baocao.due import Readiness, Report
from baocao.errors import Problem, RunError
from baocao.findings_xlsx import by_department
from baocao.forms import Form, load_forms
from baocao.manifest import MANIFEST, read_manifest, sha256
from baocao.month import read_month
from baocao.new import drafts
from baocao.period import Period
from baocao.project import Project
from baocao.run import current_inputs
from baocao.store import Store
from baocao.submission import is_noise
from baocao.units import authorities
from baocao.yamlfile import load_model


def departments(project: Project) -> frozenset[str]:
    """All departments, wards and communes that ever hand in a form."""
    files = sorted(project.forms.glob("*.yml"))
    named = {load_model(path, Form, f"data/forms/{path.name}").department for path in files}
    return frozenset(named) | authorities(project.units)


def _stands(file: Path, written: str) -> bool:
    return sha256(file) == written or (file.suffix == ".docx" and zipfile.is_zipfile(file))


class ProjectWork:
    """What a month needs done, on `project`; `make` runs a month, `counts` says findings in short."""

    def __init__(
        self,
        project: Project,
        make: Callable[[Period, bool], None],
        publish: Callable[[Period], None],
        counts: Callable[..., str],
    ) -> None:
        self._project = project
        self._make = make
        self._publish = publish
        self._counts = counts

    def forms(self, period: Period) -> Mapping[str, str]:
        """SHA-256 of the workbooks that lie there now, by name."""
        folder = self._project.submissions(period)
        if not folder.is_dir():
            return {}
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".xlsx" and not is_noise(path))
        found: dict[str, str] = {}
        for path in paths:
            if path.name.startswith("~$") or not path.is_file():
                continue
            try:
                found[path.name] = sha256(path)
            except OSError as error:
                raise RunError(
                    Problem(
                        "không đọc được tệp: không có quyền, hoặc chương trình khác đang giữ tệp",
                        (f"data/{period}", path.name),
                        remedy="đóng tệp hoặc cấp quyền đọc",
                    )
                ) from error
        return found

    def readiness(self, period: Period) -> Readiness:
        """Read and check; what is wrong with the project itself is an `InputError`."""
        if not self._project.submissions(period).is_dir():
            forms = load_forms(self._project.forms, period)
            late = tuple(dict.fromkeys(form.department for form in forms))
            return Readiness({}, "chưa có biểu nào", late, stops=True)
        month = read_month(self._project, period)
        sections = self._project.sections(period)
        return Readiness(
            current_inputs(self._project, month, sections),
            self._counts(month.findings),
            month.late,
            by_department(month),
            bool(month.stopping),
            tuple(section.label for section in drafts(sections)),
        )

    def report(self, period: Period) -> Report | None:
        """What was made; None where files are missing or are not those of the manifest.

        A Word document that somebody edited is there: no timer takes it out of their hands.
        """
        store = Store(self._project.outputs, period)
        with store.locked():
            path = store.final / MANIFEST
            content = read_manifest(path)
            if content is None:
                return None
            outputs, inputs = content.get("outputs"), content.get("inputs")
            if not isinstance(outputs, dict) or not isinstance(inputs, dict) or not outputs:
                return None
            files = [store.final / name for name in outputs]
            if not all(file.is_file() and _stands(file, outputs[file.name]) for file in files):
                return None
            return Report(sha256(path), tuple(content.get("partial", ())), inputs, tuple(map(str, files)))

    def make(self, period: Period, partial: bool) -> None:
        """Run the month."""
        self._make(period, partial)

    def publish(self, period: Period) -> None:
        """Put the month on the site."""
        self._publish(period)
