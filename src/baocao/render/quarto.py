"""Quarto as the renderer: found on the machine, run on a project of its own, its failures told in one sentence each.

Quarto applies `_quarto.yml` only to the files that the project lists, and writes into the project's root and beside the
source. So a run gives it small copies of the project (options, theme, document), one for each format, which are gone
afterwards. `quarto render` by hand on the staged document makes the same files.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baocao.errors import InputError, Problem, RenderError
from baocao.render.config import QUARTO_FORMAT, read_content
from baocao.render.program import ending
from baocao.render.renderer import OnDone
from baocao.render.source import NAME, Source, load_source

MINIMUM = (1, 9)
"""The first version whose Typst (0.14) writes tagged PDF, and that knows PDF standards."""
BELOW = (2, 0)
SUPPORTED = f"{MINIMUM[0]}.{MINIMUM[1]} đến trước {BELOW[0]}.{BELOW[1]}"

TIMEOUT_SECONDS = 300
_WARNING = 30
"""Quarto's level of a warning; errors are above."""
_VERSION_SECONDS = 30
_WAYS = (
    "cài Quarto bằng một trong các cách: conda env create -f environment.yml; bộ cài tại quarto.org; "
    "pip install quarto-cli (tải bộ cài về khi cài). Không cài được thì dùng --renderer pandoc"
)
_VARIABLE = "QUARTO_PATH"
# They would change what Quarto does or where it complains.
_FOREIGN = re.compile(r"QUARTO_(LOG.*|PROFILE|PROJECT_.*|DOCUMENT_.*|EXECUTE_INFO)")
# Not about the document: Quarto looks for a validator that nobody has asked for.
_HARMLESS = ("PDF standard validation requested but verapdf is not installed.",)
# They say that something went wrong, and not what.
_EMPTY = ("Error encountered when rendering files", "Typst compilation failed")
_PANDOC_SAYS = re.compile(r"\[(?:WARNING|ERROR)\]|pandoc(?:\.exe)?: |Error running filter ")
_DRAWING = re.compile(r"\s*\d*\s*│|┌─ ")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class QuartoVersion:
    """The Quarto of this machine; `text` is its version as it says it."""

    path: Path
    text: str

    @property
    def supported(self) -> bool:
        """Whether reports can be made with it."""
        match = re.match(r"(\d+)\.(\d+)", self.text)
        return match is not None and MINIMUM <= (int(match[1]), int(match[2])) < BELOW

    @property
    def remedy(self) -> str:
        """What to do about a version that is not supported."""
        return f"cần Quarto {SUPPORTED}; {_WAYS}"


def quarto_version() -> QuartoVersion | None:
    """Quarto at `$QUARTO_PATH` or else on the PATH; None where there is none. One that does not answer is “?”."""
    found = os.environ.get(_VARIABLE) or shutil.which("quarto")
    path = shutil.which(found) if found else None
    if path is None:
        return None
    return QuartoVersion(Path(path), _first_line([path, "--version"]) or "?")


def require_quarto() -> QuartoVersion:
    """A Quarto that is supported, or an `InputError` that names the ways to get one."""
    found = quarto_version()
    if found is None:
        named = os.environ.get(_VARIABLE)
        what = f"${_VARIABLE} không trỏ đến Quarto: {named}" if named else "không tìm thấy Quarto trên máy này"
        raise InputError(Problem(what, ("--renderer quarto",), expected=f"Quarto {SUPPORTED}", remedy=_WAYS))
    if not found.supported:
        raise InputError(
            Problem(
                f"Quarto {found.text} không dùng được",
                ("--renderer quarto", str(found.path)),
                expected=f"Quarto {SUPPORTED}",
                remedy=_WAYS,
            )
        )
    return found


def _first_line(command: Sequence[str]) -> str | None:
    try:
        # Quarto passes what its Typst says on as errors.
        result = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_VERSION_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if result.returncode:
        return None
    return result.stdout.decode(errors="replace").strip().partition("\n")[0].strip() or None


class Quarto:
    """One run of Quarto for each format, side by side."""

    name = "quarto"

    def __init__(self, version: QuartoVersion) -> None:
        self.version = version

    def tools(self, formats: Sequence[str]) -> dict[str, str]:
        """Quarto, and the pandoc and Typst that it uses."""
        asked = {"pandoc": "pandoc", **({"Typst": "typst"} if "pdf" in formats else {})}
        with ThreadPoolExecutor(max_workers=len(asked)) as pool:
            said = pool.map(lambda command: _first_line([str(self.version.path), command, "--version"]), asked.values())
        found = [re.search(r"\d+(?:\.\d+)+", text or "") for text in said]
        inner = {name: match[0] if match else "?" for name, match in zip(asked, found, strict=True)}
        return {"Quarto": self.version.text, **inner}

    def make(
        self, build: Path, config: Path, work: Path, formats: Sequence[str], on_done: OnDone | None
    ) -> dict[str, Path]:
        """See `Renderer.make`; problems of all formats come at once."""
        content = read_content(config)
        source = load_source(build)
        jobs = {name: _Job(self.version.path, name, work / name, source) for name in formats}
        for job in jobs.values():
            job.stage(content, config.resolve().parent)
        with ThreadPoolExecutor(max_workers=max(len(jobs), 1)) as pool:
            futures = [pool.submit(job.run, on_done) for job in jobs.values()]
            try:
                problems = [problem for future in futures for problem in future.result()]
            except BaseException:
                for job in jobs.values():
                    job.stop()
                raise
        if problems:
            raise RenderError(problems)
        return {name: job.target for name, job in jobs.items()}


class _Job:
    """One format: a project folder, one process of Quarto in it."""

    def __init__(self, program: Path, name: str, folder: Path, source: Source) -> None:
        self.program, self.name, self.folder, self.source = program, name, folder, source
        self.build = build = source.build
        self.log = build.parent / f"render-{name}.log"
        self.records = folder / "quarto.log"
        self.target = folder / "build" / f"{Path(NAME).stem}.{name}"
        self.standards: list[str] = []
        self.process: subprocess.Popen[bytes] | None = None

    def stage(self, content: dict[str, Any], root: Path) -> None:
        """Lay out the project: its options, the files that these name, the document."""
        self.log.unlink(missing_ok=True)
        document = self.folder / "build"
        document.mkdir(parents=True)
        for file in (NAME, self.source.reference_doc):
            if file is not None:
                shutil.copyfile(self.build / file, document / file)
        for part in ("parts", "images"):
            if (self.build / part).is_dir():
                shutil.copytree(self.build / part, document / part)
        for path in _named_files(content, root):
            if self.build.is_relative_to(path):
                continue  # a folder of results
            _copy(path, root, self.folder)
        # What the pre-render check looks at was checked before weaving.
        project = {**content, "project": {"type": "default", "render": [f"build/{NAME}"]}}
        # JSON is YAML, and needs no thought about quoting.
        text = json.dumps(project, ensure_ascii=False, default=str)
        (self.folder / "_quarto.yml").write_text(text, encoding="utf-8")
        formats = content.get("format")
        options = formats.get("typst") if isinstance(formats, dict) else None
        standards = options.get("tieu-chuan-pdf") if isinstance(options, dict) else None
        self.standards = [str(item) for item in ([standards] if isinstance(standards, str) else standards or [])]

    def run(self, on_done: OnDone | None) -> list[Problem]:
        """Make the file; what went wrong, a warning included, is in the log."""
        started = time.perf_counter()
        command = [str(self.program), "render", f"build/{NAME}", "--to", QUARTO_FORMAT[self.name]]
        command += ["--log", str(self.records), "--log-format", "json-stream", "--log-level", "info"]
        try:
            with self.log.open("wb") as output:
                self.process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=self.folder,
                    env=self._environment(),
                    # Quarto is a script that starts the program: they are stopped together.
                    start_new_session=True,
                )
            status = self.process.wait(TIMEOUT_SECONDS)
        except OSError as error:
            self._write_log(str(error))
            return [self._problem(f"không chạy được Quarto: {error.strerror}")]
        except subprocess.TimeoutExpired:
            self.stop()
            return [self._problem(f"Quarto chạy quá {TIMEOUT_SECONDS} giây")]
        problem = self._judge(status)
        if problem is None:
            self.log.unlink()
            if on_done:
                on_done(self.name, time.perf_counter() - started)
        return [] if problem is None else [problem]

    def stop(self) -> None:
        """End Quarto and what it has started."""
        process = self.process
        if process is None or process.poll() is not None:
            return
        if sys.platform == "win32":
            # Killing the program alone would leave those that it has started.
            subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _environment(self) -> dict[str, str]:
        environment = {name: value for name, value in os.environ.items() if not _FOREIGN.fullmatch(name)}
        environment |= {"SOURCE_DATE_EPOCH": str(self.source.epoch), "NO_COLOR": "1"}
        if self.standards:
            # Its Typst writes one standard at a time.
            environment["QUARTO_PDF_STANDARD"] = self.standards[0]
        return environment

    def _judge(self, status: int) -> Problem | None:
        """What is wrong with a finished run, if anything. The log is rewritten for reading."""
        said = _COLOUR.sub("", self.log.read_text(encoding="utf-8", errors="replace")).splitlines()
        # pandoc names a filter on one line and its complaint on the next.
        pairs = zip(said, [*said[1:], ""], strict=False)
        by_pandoc = [
            line + f" {following}" * line.endswith(":") for line, following in pairs if _PANDOC_SAYS.match(line)
        ]
        complaints = [text for text in (*self._records(), *by_pandoc) if not text.startswith(_HARMLESS)]
        if not status and not complaints and self.target.is_file():
            return None
        self._write_log("\n".join([*complaints, "", *said]).strip())
        telling = [text for text in complaints if not text.startswith(_EMPTY)]
        reason = self._sentence((telling or complaints or said[-1:] or [""])[0])
        return self._problem(reason or f"Quarto {ending(status)}, không nêu lý do")

    def _records(self) -> Iterator[str]:
        """Warnings and errors as Quarto logs them, without its ornaments."""
        if not self.records.is_file():
            return
        for line in self.records.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                record = json.loads(line)
                if record["level"] >= _WARNING:
                    yield _COLOUR.sub("", record["msg"]).strip()

    def _sentence(self, text: str) -> str:
        """The first paragraph of a complaint on one line, without drawings and without the folder that is gone."""
        lines = text.partition("\n\n")[0].replace(f"{self.folder}{os.sep}", "").splitlines()
        kept = [_DRAWING.sub("", line).strip() for line in lines if line.strip("│^ \t")]
        return " ".join(line for line in kept if line)

    def _write_log(self, text: str) -> None:
        self.log.write_text(text + "\n", encoding="utf-8", newline="\n")

    def _problem(self, reason: str) -> Problem:
        return Problem(
            f"Quarto không tạo được bản {self.name.upper()}: {reason}",
            (str(self.log),),
            remedy="xem nhật ký nêu trên; cần báo cáo ngay thì dùng --renderer pandoc",
        )


def _named_files(content: dict[str, Any], root: Path) -> set[Path]:
    """The files of the project that its options name, whatever the key: Quarto reads more keys than are known here."""

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for item in value.values():
                yield from texts(item)
        elif isinstance(value, list):
            for item in value:
                yield from texts(item)
        elif isinstance(value, str):
            yield value

    named = {key: value for key, value in content.items() if key not in ("project", "language")}
    # A sentence is no path, and the file system complains of names that are too long.
    paths = {root / text.lstrip("/") for text in texts(named) if text and len(text) < 250 and "\n" not in text}
    return {path.resolve() for path in paths if path.exists() and root in path.resolve().parents}


def _copy(path: Path, root: Path, target: Path) -> None:
    """Copy a file with its folder, since templates and filters read what is beside them; one at the root alone."""
    wanted = path if path.is_dir() or path.parent == root else path.parent
    place = target / wanted.relative_to(root)
    place.parent.mkdir(parents=True, exist_ok=True)
    if wanted.is_dir():
        shutil.copytree(wanted, place, ignore=shutil.ignore_patterns("*.py", "__pycache__"), dirs_exist_ok=True)
    else:
        shutil.copyfile(wanted, place)
