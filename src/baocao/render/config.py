"""`_quarto.yml` as the embedded renderer reads it: one set of options for each format, unknown keys refused by name."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from baocao.errors import InputError, Problem

# The format's name in Quarto, by ours.
QUARTO_FORMAT = {"docx": "docx", "pdf": "typst", "html": "html"}

# Quarto's key and its name in a pandoc defaults file.
_PANDOC = {
    "columns": "columns",
    "css": "css",
    "dpi": "dpi",
    "embed-resources": "embed-resources",
    "filters": "filters",
    "from": "from",
    "number-sections": "number-sections",
    "reference-doc": "reference-doc",
    "section-divs": "section-divs",
    "shift-heading-level-by": "shift-heading-level-by",
    "syntax-highlighting": "syntax-highlighting",
    "template": "template",
    "toc": "table-of-contents",
    "toc-depth": "toc-depth",
    "wrap": "wrap",
}
_METADATA = frozenset({"lang", "toc-title"})
_STANDARDS = "tieu-chuan-pdf"
_TYPST = frozenset({"font-paths", _STANDARDS})
# What only Quarto reads: how it runs, its terms, its own dressing of HTML, and files that pandoc finds by itself.
_QUARTO_TOP = frozenset({"project", "execute", "language"})
_QUARTO_FORMAT = frozenset({"theme", "minimal", "template-partials"})
_FILTER = frozenset({"path", "at"})
_PATHS = frozenset({"css", "font-paths", "reference-doc", "template"})


@dataclass(frozen=True)
class Options:
    """Options of one format; paths in them are absolute, but those of filters are relative to `root`.

    On Windows Lua finds no file whose path has letters that the code page lacks.
    """

    root: Path
    defaults: dict[str, Any] = field(default_factory=dict)
    """Keys of a pandoc defaults file."""
    metadata: dict[str, Any] = field(default_factory=dict)
    font_paths: tuple[Path, ...] = ()
    pdf_standards: tuple[str, ...] = ()


def load_options(config: Path) -> dict[str, Options]:
    """The options of every format, by our name of it; wrong keys and missing files together in one `InputError`."""
    name = config.name
    content, node = _read(config)
    problems = list(_unknown(content, node, name))
    if problems:
        raise InputError(problems)
    shared = {key: value for key, value in content.items() if key not in _QUARTO_TOP | {"format"}}
    formats = content.get("format") or {}
    options = {
        ours: _options({**shared, **_mapping(formats.get(theirs))}, config.parent.resolve())
        for ours, theirs in QUARTO_FORMAT.items()
    }
    problems = [
        Problem(f"không có tệp {path}", (name,), remedy="sửa đường dẫn trong tệp này")
        for path in dict.fromkeys(path for each in options.values() for path in _files(each))
        if not path.exists()
    ]
    if problems:
        raise InputError(problems)
    return options


def read_content(config: Path) -> dict[str, Any]:
    """What `_quarto.yml` says, unchecked; an `InputError` when it cannot be read."""
    content, _ = _read(config)
    return content if isinstance(content, dict) else {}


def _read(config: Path) -> tuple[Any, yaml.Node | None]:
    name = config.name
    try:
        text = config.read_text(encoding="utf-8-sig")
        return yaml.safe_load(text), yaml.compose(text, Loader=yaml.SafeLoader)
    except FileNotFoundError:
        raise InputError(Problem(f"không có tệp {name}", (name,), remedy="khôi phục tệp này từ bản gốc")) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(
            Problem(f"không đọc được tệp: {error}", (name,), expected="tệp YAML mã hóa UTF-8", remedy="sửa tệp này")
        ) from error


def _mapping(value: Any) -> dict[str, Any]:
    """A format's options; Quarto also writes `docx: default` for none."""
    return value if isinstance(value, dict) else {}


def _unknown(content: Any, node: yaml.Node | None, name: str) -> Iterator[Problem]:
    if not isinstance(content, dict) or not isinstance(node, yaml.MappingNode):
        yield Problem("nội dung tệp không đúng", (name,), expected="các cặp khóa: giá trị", remedy="sửa tệp này")
        return
    shared = frozenset(_PANDOC) | _METADATA
    yield from _unknown_keys(node, shared | _QUARTO_TOP | {"format"}, name, "")
    yield from _unknown_filters(node, name, "")
    formats = _child(node, "format")
    if formats is None:
        return
    if not isinstance(formats, yaml.MappingNode):
        yield Problem("“format” không đúng", (name,), expected="các cặp khóa: giá trị", remedy="sửa tệp này")
        return
    yield from _unknown_keys(formats, frozenset(QUARTO_FORMAT.values()), name, "format.")
    for key, value in formats.value:
        if key.value in QUARTO_FORMAT.values() and isinstance(value, yaml.MappingNode):
            allowed = shared | _QUARTO_FORMAT | (_TYPST if key.value == "typst" else frozenset())
            yield from _unknown_keys(value, allowed, name, f"format.{key.value}.")
            yield from _unknown_filters(value, name, f"format.{key.value}.")


def _unknown_keys(node: yaml.MappingNode, allowed: frozenset[str], name: str, prefix: str) -> Iterator[Problem]:
    for key, _ in node.value:
        if key.value not in allowed:
            yield Problem(
                f"khóa “{prefix}{key.value}” không được hỗ trợ",
                (name, f"dòng {key.start_mark.line + 1}"),
                expected="một trong các khóa: " + ", ".join(sorted(allowed)),
                remedy="bỏ khóa này, hoặc dùng Quarto (--renderer quarto)",
            )


def _unknown_filters(node: yaml.MappingNode, name: str, prefix: str) -> Iterator[Problem]:
    """A filter is a path, or for Quarto a path and the place where it runs."""
    filters = _child(node, "filters")
    for item in filters.value if isinstance(filters, yaml.SequenceNode) else ():
        if isinstance(item, yaml.MappingNode):
            yield from _unknown_keys(item, _FILTER, name, f"{prefix}filters.")


def _child(node: yaml.MappingNode, wanted: str) -> yaml.Node | None:
    return next((value for key, value in node.value if key.value == wanted), None)


def _options(merged: dict[str, Any], root: Path) -> Options:
    resolved = {key: _resolve(value, root) if key in _PATHS else value for key, value in merged.items()}
    if "filters" in resolved:
        resolved["filters"] = [item["path"] if isinstance(item, dict) else item for item in resolved["filters"]]
    return Options(
        root=root,
        defaults={_PANDOC[key]: value for key, value in resolved.items() if key in _PANDOC},
        metadata={key: value for key, value in resolved.items() if key in _METADATA},
        font_paths=tuple(Path(path) for path in _as_list(resolved.get("font-paths"))),
        pdf_standards=tuple(_as_list(resolved.get(_STANDARDS))),
    )


def _resolve(value: Any, root: Path) -> Any:
    """Paths in the file are relative to it."""
    if isinstance(value, list):
        return [str(root / item) for item in value]
    return str(root / value)


def _as_list(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _files(options: Options) -> Iterator[Path]:
    for key in _PATHS - {"font-paths"}:
        yield from map(Path, _as_list(options.defaults.get(key)))
    yield from (options.root / name for name in options.defaults.get("filters", ()))
    yield from options.font_paths
