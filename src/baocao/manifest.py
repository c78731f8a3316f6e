"""What a run was made from and what it made: `manifest.json`, with hashes; no clock, so that equal runs are equal."""

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from baocao import __version__

MANIFEST = "manifest.json"
"""Its name among the results."""

_TOOLS = ("papermill", "pandas", "openpyxl", "seaborn", "matplotlib", "pypandoc_binary", "typst")


def sha256(path: Path) -> str:
    """Hash of a file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def describe(
    period: str,
    renderer: str,
    renderer_tools: Mapping[str, str],
    inputs: Mapping[str, str],
    outputs: Iterable[Path],
    reads: Mapping[str, Iterable[str]],
    lacking: Iterable[str] = (),
) -> dict[str, Any]:
    """The content of the manifest; `inputs` are hashes by path from the project's folder, `reads` are codes by section.

    `renderer_tools` are the programs that laid out the files, with their versions. `lacking` are the departments that a
    partial report was made without; the key `partial` of a whole report is empty.
    """
    return {
        "period": period,
        "partial": list(lacking),
        "renderer": renderer,
        "renderer_tools": dict(renderer_tools),
        "baocao": __version__,
        "python": platform.python_version(),
        "tools": {name: version(name) for name in _TOOLS},
        "inputs": dict(sorted(inputs.items())),
        "outputs": {path.name: sha256(path) for path in sorted(outputs)},
        "reads": {section: sorted(codes) for section, codes in reads.items()},
    }


def read_manifest(path: Path) -> dict[str, Any] | None:
    """The manifest at `path`; None where there is none, or none that can be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def write_manifest(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` as JSON in a stable form."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
