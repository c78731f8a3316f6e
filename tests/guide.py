"""The guides in docs as steps, and somebody who takes them in a copy of the project."""

import contextlib
import io
import itertools
import os
import re
import shlex
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import openpyxl
from docx import Document
from jupyter_client.manager import run_kernel

from baocao.cli import main
from conftest import ROOT
from desks import STOPPED, desk

GUIDE = ROOT / "docs" / "huong-dan"

SETTING_UP = {
    "make .venv/.run",
    "make lab",
    "python3 -m venv .venv",
    ".venv/bin/python -m pip install --require-hashes -r requirements.lock",
    ".venv/bin/python -m pip install --no-deps --no-build-isolation --no-index -e .",
    ".venv/bin/python -m pip install --require-hashes -r requirements-lab.lock",
    "source .venv/bin/activate",
}
"""Takes an index of packages: a test compares it with the Makefile instead."""

SERVERS = ("baocao edit ", "baocao preview ")
_QUOTED = re.compile(r"`([^`]+)`")
_REPLACING = ("**Sửa ô**", "**Sửa trong Word**")
_FENCE = re.compile(r"^```(\w*)$")
_PROGRAM = re.compile(r"(baocao|make|git|python3?|pip|cp|source) |\.venv/")


@dataclass(frozen=True)
class Step:
    """A block of a page, and the paragraph before it that says what is to be done with it."""

    kind: str
    before: str
    body: str


def steps(text: str) -> Iterator[Step]:
    """The blocks and tables of a page, and the paragraphs that tell to replace something, in order."""
    before, closed = "", True
    lines = iter(text.splitlines())
    for line in lines:
        if fence := _FENCE.match(line):
            yield Step(fence[1], before, "".join(f"{one}\n" for one in iter(lambda: next(lines), "```")))
            before = ""
        elif line.startswith("|"):
            rows = [line, *itertools.takewhile(lambda row: row.startswith("|"), lines)]
            yield Step("table", before, "\n".join(rows))
            before = ""
        elif line:
            before = line if closed else f"{before}\n{line}"
        elif before.startswith(_REPLACING):
            yield Step("replace", before, "")
            before = ""
        closed = not line


def pages() -> list[str]:
    """The pages in the order in which the guide says to read them."""
    text = (GUIDE / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^\d+\. \[[^]]+\]\(([\w-]+)\.md\)", text, re.MULTILINE)


def page_text(page: str) -> str:
    return (GUIDE / f"{page}.md").read_text(encoding="utf-8")


def commands_in_prose(text: str) -> set[str]:
    """What prose and headings quote of commands."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return {quoted for quoted in _QUOTED.findall(prose) if _PROGRAM.match(quoted)}


def squeezed(text: str) -> str:
    return " ".join(text.split())


def _create(path: Path) -> None:
    nbformat.write(nbformat.v4.new_notebook(), path)


def _append_cell(path: Path, source: str, tags: list[str]) -> None:
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(source, metadata={"tags": tags} if tags else {}))
    nbformat.write(notebook, path)


@dataclass
class Reader:
    """Somebody who does what the guide says, from the project's folder."""

    folder: Path
    month: str = "2024-05"
    """The guide's own month; another one where a test follows only a part of it."""
    commands: bool = True
    notebook: Path | None = None
    ran: list[str] = field(default_factory=list)
    create: Callable[[Path], None] = _create
    add_cell: Callable[[Path, str, list[str]], None] = _append_cell

    def read(self, page: str) -> None:
        self.follow(page_text(page).replace("2024-05", self.month), page)

    def follow(self, text: str, page: str) -> None:
        self.notebook = None
        for step in steps(text):
            try:
                getattr(self, f"do_{step.kind}")(step.before, step.body)
            except AssertionError as error:
                error.add_note(f"{page}.md: {step.before}{step.body}")
                raise

    def do_sh(self, _before: str, body: str) -> None:
        self.ran += body.splitlines()
        assert set(body.splitlines()) <= SETTING_UP

    def do_powershell(self, _before: str, body: str) -> None:
        assert ".venv\\Scripts" in body  # compared with the Makefile

    def do_console(self, _before: str, body: str) -> None:
        if not self.commands:
            return
        for entry in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
            command, *expected = entry.splitlines()
            said = squeezed(self.run(command))
            for line in expected:
                for part in filter(None, (squeezed(piece) for piece in line.split("…"))):
                    assert part in said, f"{command}: {part}\n{said}"

    def run(self, command: str) -> str:
        """What the command says; it succeeds, or finds the differences that it looked for."""
        self.ran.append(command)
        if command.startswith("cd "):
            self.folder = (self.folder / command[3:]).resolve()
            assert self.folder.is_dir()
            return ""
        if command.startswith(SERVERS):
            return self.serve(command)
        status, said = self.in_process(command) if command.startswith("baocao ") else self.in_shell(command)
        differs = command.startswith("baocao diff") and "[sửa]" in said
        assert status == differs, f"{command}\n{said}"
        return said

    def in_process(self, command: str) -> tuple[int, str]:
        """A command of this package, in this process: nothing but the start of Python is left out."""
        said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = main(shlex.split(command)[1:])
        return status, said.buffer.getvalue().decode("utf-8")  # type: ignore[attr-defined]

    def in_shell(self, command: str) -> tuple[int, str]:
        done = subprocess.run(
            command,
            shell=True,
            cwd=self.folder,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        return done.returncode, done.stdout

    def serve(self, command: str) -> str:
        """Start it, open its page and stop it with Ctrl-C."""
        with tempfile.TemporaryDirectory() as home, desk(self.folder, shlex.split(command)[1:], Path(home)) as server:
            try:
                with urllib.request.urlopen(server.address, timeout=60) as answer:
                    assert answer.status == 200
            except OSError as error:
                error.add_note(f"{server.address} {server.process.poll()}\n{server.said.read_text(encoding='utf-8')}")
                raise
            assert server.interrupt() == STOPPED
            return server.said.read_text(encoding="utf-8")

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
            self.add_cell(self.folder / _QUOTED.findall(before.rpartition("**Thêm ô**")[2])[0], source, [])
        elif "**Tạo sổ tay**" in before:
            self.notebook = self.folder / _QUOTED.findall(before.rpartition("**Tạo sổ tay**")[2])[0]
            assert not self.notebook.exists()
            self.create(self.notebook)
            self.add_cell(self.notebook, source, ["parameters"])
        elif self.notebook:
            self.add_cell(self.notebook, source, [])
        elif self.commands:
            self.in_kernel(source)

    def in_kernel(self, source: str) -> None:
        with run_kernel(kernel_name="python3", cwd=str(self.folder)) as client:
            reply = client.execute_interactive(source, timeout=60, output_hook=lambda _message: None)
        assert reply["content"]["status"] == "ok", reply["content"]

    def do_replace(self, before: str, _body: str) -> None:
        name, old, new = _QUOTED.findall(before)
        path = self.folder / name
        if path.suffix == ".docx":
            document = Document(str(path))
            (run,) = [run for paragraph in document.paragraphs for run in paragraph.runs if old in run.text]
            run.text = run.text.replace(old, new)
            document.save(str(path))
        else:
            notebook = nbformat.read(path, as_version=4)
            (cell,) = [cell for cell in notebook.cells if old in cell.source]
            cell.source = cell.source.replace(old, new)
            nbformat.write(notebook, path)

    def do_table(self, before: str, body: str) -> None:
        if "**Chèn dòng biểu**" not in before:
            return
        workbook_name, sheet_name, above = _QUOTED.findall(before.rpartition("**Chèn dòng biểu**")[2])
        titles, _, values = ([cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines())
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
