"""What a renderer is: something that makes files of the staged document, and says with which programs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

OnDone = Callable[[str, float], None]


class Renderer(Protocol):
    """Makes the formats of one document."""

    @property
    def name(self) -> str:
        """As `--renderer` and the manifest call it."""

    def tools(self, formats: Sequence[str]) -> dict[str, str]:
        """The programs that make `formats`, with their versions; the one that leads the others comes first."""

    def make(
        self, build: Path, config: Path, work: Path, formats: Sequence[str], on_done: OnDone | None
    ) -> dict[str, Path]:
        """Make `formats` of `build/report.qmd` with the options of `config`, somewhere in the empty folder `work`.

        Returns the files by format. `InputError` for options that cannot be used, `RenderError` when a file could not
        be made; the errors and warnings of the programs are in `render-….log` beside `build`.
        """


def tools_text(renderer: str, tools: Mapping[str, str]) -> str:
    """The programs as a reader is told: “Quarto 1.9.38 (pandoc 3.8, Typst 0.14)”, “pandoc 3.9 và Typst 0.15”."""
    if renderer == "quarto":
        (leader, version), *inner = tools.items()
        parts = ", ".join(f"{name} {short(text)}" for name, text in inner)
        return f"{leader} {version}" + (f" ({parts})" if parts else "")
    return " và ".join(f"{name} {short(text)}" for name, text in tools.items())


def short(version: str) -> str:
    """The first two numbers of a version."""
    return ".".join(version.split(".")[:2])
