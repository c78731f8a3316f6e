"""The project made small: what a whole month takes, quickly."""

import re
from pathlib import Path

import yaml

from baocao.project import Project
from conftest import copy_project

SECTIONS = ("20-ket-qua.ipynb", "23-the-che.ipynb", "26-cong-dan-so.ipynb")


def small_project(target: Path) -> Project:
    """A copy of the project with three sections, one of them with a chart, and the forms of the city's departments."""
    project = copy_project(target)
    for path in project.root.joinpath("notebooks").rglob("*.ipynb"):
        if path.name not in SECTIONS:
            path.unlink()
    (project.forms / "10-phuong-xa.yml").unlink()
    rules = yaml.safe_load(project.rules.read_text(encoding="utf-8"))
    rules["rules"] = [entry for entry in rules["rules"] if not re.search(r"[a-z]_xa\.", str(entry))]
    project.rules.write_text(yaml.safe_dump(rules, allow_unicode=True), encoding="utf-8")
    return project
