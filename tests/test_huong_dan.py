"""The guide in docs/huong-dan: what it says to type is really run, in its order, in a project copy."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import openpyxl
import pytest
from docx import Document
from jupyter_client.manager import run_kernel

from conftest import ROOT, copy_project

GUIDE = ROOT / "docs" / "huong-dan"
PAGES = ("ngay-dau-tien", "mot-thang", "them-so-lieu", "them-cau-van", "them-bieu-do", "them-muc", "lam-viec-voi-git")
ERRORS = GUIDE / "loi-thuong-gap.md"

NOT_RUN = {
    "make .venv/.run",
    "python3 -m venv .venv",
    ".venv/bin/python -m pip install --require-hashes -r requirements.lock",
    ".venv/bin/python -m pip install --no-deps --no-build-isolation --no-index -e .",
    "source .venv/bin/activate",
}
"""Setting up takes an index of packages: `test_setting_up_is_what_the_makefile_does` compares instead."""

_BLOCK = re.compile(r"(?P<before>[^\n]+(?:\n[^\n]+)*)\n\n```(?P<kind>\w+)\n(?P<body>.*?)```", re.DOTALL)
_TABLE = re.compile(r"\*\*Chèn dòng biểu\*\*(?P<before>[^|]+)\n\n(?P<table>(?:\|.*\n)+)")
_QUOTED = re.compile(r"`([^`]+)`")

pytestmark = pytest.mark.xdist_group("huong-dan")


class Reader:
    """Somebody who does what the guide says, in a copy of the project."""

    def __init__(self, root: Path) -> None:
        self.folder = root
        self.notebook: Path | None = None

    def read(self, page: str) -> None:
        text = (GUIDE / f"{page}.md").read_text(encoding="utf-8")
        found = [*_BLOCK.finditer(text), *_TABLE.finditer(text)]
        self.notebook = None
        for match in sorted(found, key=lambda match: match.start()):
            if match.re is _TABLE:
                self.insert_row(_QUOTED.findall(match["before"]), match["table"])
            else:
                getattr(self, f"do_{match['kind']}")(match["before"], match["body"])

    def do_sh(self, _before: str, body: str) -> None:
        for command in body.splitlines():
            if command not in NOT_RUN:
                self.run(command)

    def do_powershell(self, _before: str, body: str) -> None:
        assert ".venv\\Scripts" in body  # compared with the Makefile below

    def do_console(self, _before: str, body: str) -> None:
        for entry in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
            command, *expected = entry.splitlines()
            said = self.run(command)
            for line in expected:
                for part in filter(None, (piece.strip() for piece in line.split("…"))):
                    assert squeezed(part) in squeezed(said), f"{command}: {part}\n{said}"

    def run(self, command: str) -> str:
        if command.startswith("cd "):
            self.folder /= command[3:]
            assert self.folder.is_dir()
            return ""
        # Without Quarto, where a machine has it: the same report, sooner.
        path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"])
        environment = {**os.environ, "PATH": path, "COLUMNS": "200"}
        done = subprocess.run(
            command, shell=True, cwd=self.folder, env=environment, capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def do_yaml(self, before: str, body: str) -> None:
        last = before.rpartition("**Th")[2]
        names = _QUOTED.findall(last)
        if last.startswith("ay dòng**"):
            line, name = names
            path, text = self.content(name)
            assert text.count(f"\n{line}\n") == 1
            path.write_text(text.replace(f"\n{line}\n", f"\n{body}"), encoding="utf-8")
        elif "cuối" in last:
            path, text = self.content(names[0])
            path.write_text(text.rstrip("\n") + "\n" + body, encoding="utf-8")
        else:
            name, mark = names
            path, text = self.content(name)
            lines = text.splitlines(keepends=True)
            (place,) = [number for number, line in enumerate(lines) if mark in line]
            path.write_text("".join([*lines[: place + 1], body, *lines[place + 1 :]]), encoding="utf-8")

    def content(self, name: str) -> tuple[Path, str]:
        path = self.folder / name
        return path, path.read_text(encoding="utf-8")

    def do_python(self, before: str, body: str) -> None:
        source = body.rstrip("\n")
        if "**Thêm ô**" in before:
            self.add_cell(self.folder / _QUOTED.findall(before.rpartition("**Thêm ô**")[2])[0], source)
        elif "**Tạo sổ tay**" in before:
            self.notebook = self.folder / _QUOTED.findall(before.rpartition("**Tạo sổ tay**")[2])[0]
            assert not self.notebook.exists()
            nbformat.write(nbformat.v4.new_notebook(), self.notebook)  # type: ignore[no-untyped-call]
            self.add_cell(self.notebook, source, tags=["parameters"])
        elif self.notebook:
            self.add_cell(self.notebook, source)
        else:
            self.in_kernel(source)

    def add_cell(self, path: Path, source: str, tags: list[str] | None = None) -> None:
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        cell = nbformat.v4.new_code_cell(source, metadata={"tags": tags} if tags else {})  # type: ignore[no-untyped-call]
        notebook.cells.append(cell)
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]

    def in_kernel(self, source: str) -> None:
        with run_kernel(kernel_name="python3", cwd=str(self.folder)) as client:
            reply = client.execute_interactive(source, timeout=60, output_hook=lambda _message: None)
        assert reply["content"]["status"] == "ok", reply["content"]

    def insert_row(self, names: list[str], table: str) -> None:
        workbook_name, sheet_name, above = names
        titles, _, values = ([cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines())
        path = self.folder / workbook_name
        workbook = openpyxl.load_workbook(path)
        sheet = workbook[sheet_name]
        (row,) = [cell.row for cell in sheet["B"] if cell.value == above]
        head = next(number for number in range(row, 0, -1) if sheet.cell(number, 2).value == titles[0])
        columns = {str(cell.value): cell.column for cell in sheet[head] if cell.value}
        sheet.insert_rows(row + 1)
        for merged in sheet.merged_cells.ranges:  # as a spreadsheet program does, and openpyxl does not
            if merged.min_row > row:
                merged.shift(row_shift=1)
        for title, value in zip(titles, values, strict=True):
            sheet.cell(row + 1, columns[title], int(value) if value.isdigit() else value)
        workbook.save(path)


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    project = copy_project(tmp_path_factory.mktemp("huong-dan") / "du-an")
    yield Reader(project.root)


@pytest.mark.parametrize("page", PAGES)
def test_following_the_guide_succeeds(page: str, reader: Reader) -> None:
    reader.read(page)
    if page == "them-muc":
        made = reader.folder / "outputs" / "2024-05"
        html = (made / "bao-cao-2024-05.html").read_text(encoding="utf-8")
        docx = "\n".join(paragraph.text for paragraph in Document(str(made / "bao-cao-2024-05.docx")).paragraphs)
        for text in ("V. ĐỀ XUẤT, KIẾN NGHỊ", "Chứng thư số cá nhân đã gia hạn", "đạt tỷ lệ"):
            assert text in docx
            assert text in html
        assert 'data-so="chung_thu_so.gia_han"' in html
        assert 'data-so="chung_thu_so.ty_le_gia_han"' in html


def test_setting_up_is_what_the_makefile_does() -> None:
    text = (GUIDE / "ngay-dau-tien.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for install in ("--require-hashes -r requirements.lock", "--no-deps --no-build-isolation --no-index -e ."):
        assert install in makefile
        assert f".venv/bin/python -m pip install {install}\n" in text
        assert f".venv\\Scripts\\python -m pip install {install}\n" in text
    assert all(command in text for command in NOT_RUN)


def test_every_page_and_picture_is_there() -> None:
    pages = sorted(GUIDE.glob("*.md"))
    assert {path.stem for path in pages} == {"README", "loi-thuong-gap", *PAGES}
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)", page.read_text(encoding="utf-8")):
            assert (GUIDE / target).is_file(), f"{page.name}: {target}"
    assert all(path.stat().st_size < 150_000 for path in GUIDE.glob("anh/*.png"))


_FINDERS = {"Finding", "finding", "found", "refuse", "_row_finding", "Unreadable"}


def rule_names() -> set[str]:
    """Every name that a finding of this code or of data/rules.yml can have."""
    names: set[str] = set()
    for path in (ROOT / "src" / "baocao").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called in _FINDERS:
                    names |= {part.value for part in ast.walk(node.args[0]) if _is_name(part)}  # type: ignore[attr-defined]
            elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if any(
                    name in ast.unparse(target).upper().split(", ")[0]
                    for name in ("RULE", "VERSION", "UNREADABLE", "MERGED", "BLANK")
                ):
                    names |= {part.value for part in ast.walk(node.value) if _is_name(part)}  # type: ignore[attr-defined]
    rules = (ROOT / "data" / "rules.yml").read_text(encoding="utf-8")
    return names | set(re.findall(r"^  - \{?rule: (\w+)", rules, re.MULTILINE))


def _is_name(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[a-z]+(_[a-z]+)+", node.value) is not None
    )


def kinds() -> set[str]:
    source = (ROOT / "src" / "baocao" / "rules.py").read_text(encoding="utf-8")
    return set(re.findall(r'kind: Literal\["(\w+)"\]', source))


def test_every_rule_and_kind_is_explained() -> None:
    explained = set(re.findall(r"^- \*\*`(\w+)`\*\*: \S", ERRORS.read_text(encoding="utf-8"), re.MULTILINE))
    wanted = rule_names() | kinds()
    assert len(kinds()) == 15
    assert {"thieu_tep", "so_hai_nghia", "bo_phan_lon_hon_tong", "so_go_tay", "sai_ky"} <= wanted
    assert wanted - explained == set()
    assert explained - wanted == set()
