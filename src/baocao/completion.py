"""Completion in a notebook: codes in strings and in the `{{ … }}` of `%%narrative`, with functions and filters."""

import re
from collections.abc import Callable, Iterable

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

from baocao.dataset import Dataset
from baocao.narrative import FILTERS
from baocao.vi import strip_marks

IDENTIFIER = "baocao"

_STRING = re.compile(r"""report(?:\.figure\(|\.table\(|\[)\s*["'](?P<typed>[\w.]*)$""")
_FILTER = re.compile(r"\|\s*(?P<typed>\w*)$")
_NAME = re.compile(r"[^\W\d][\w.]*$")
# What JupyterLab shows beside each proposal; the panel next to the list has the help of `inspection`.
_DATUM_TYPE, _GROUP_TYPE, _FUNCTION_TYPE, _FILTER_TYPE = "số liệu", "nhóm", "hàm", "cách viết"


def matcher(current: Callable[[], tuple[Dataset, Iterable[str]] | None]) -> Callable[..., SimpleMatcherResult]:
    """A matcher for IPython's completer; `current` gives the open report's dataset and the names of prose."""

    @context_matcher(identifier=IDENTIFIER, priority=100)  # type: ignore[untyped-decorator]
    def complete(context: CompletionContext) -> SimpleMatcherResult:
        opened = current()
        lines = context.full_text.split("\n")
        before = "\n".join([*lines[: context.cursor_line], context.text_until_cursor])
        found = None if opened is None else candidates(before, *opened)
        if found is None:
            return SimpleMatcherResult(completions=[])
        typed, names = found
        return SimpleMatcherResult(
            completions=[SimpleCompletion(text=text, type=kind) for text, kind in names],
            matched_fragment=typed,
            suppress=True,
            ordered=True,
        )

    return complete  # type: ignore[no-any-return]


def candidates(before: str, dataset: Dataset, names: Iterable[str]) -> tuple[str, list[tuple[str, str]]] | None:
    """What is typed at the end of `before` and how it can go on; None where neither code nor prose is written."""
    if before.startswith("%%narrative"):
        opened = max(before.rfind("{{"), before.rfind("{%"))
        if opened < 0 or max(before.rfind("}}"), before.rfind("%}")) > opened:
            return None
        if match := _FILTER.search(before[opened:]):
            typed = match["typed"]
            return typed, [(name, _FILTER_TYPE) for name in sorted(FILTERS) if name.startswith(typed)]
        name = _NAME.search(before[opened:])
        typed = name[0] if name else ""
        codes = set(dataset.names_under(""))
        functions = () if "." in typed else sorted(set(names) - codes)
        return typed, [
            *_codes(dataset, typed),
            *((name, _FUNCTION_TYPE) for name in functions if name.startswith(typed)),
        ]
    if match := _STRING.search(before):
        return match["typed"], _codes(dataset, match["typed"])
    return None


def _codes(dataset: Dataset, typed: str) -> list[tuple[str, str]]:
    """The codes one part further on; nothing counts as read."""
    prefix, dot, part = _plain(typed).rpartition(".")
    start = f"{prefix}{dot}"
    # A list without a row in this month has no code, but is a block all the same.
    blocks = (name[len(start) :].split(".")[0] for name in dataset.blocks if name.startswith(start))
    names = dict.fromkeys((*dataset.names_under(prefix), *(name for name in blocks if name != "*")))
    codes = (f"{start}{name}" for name in names if _plain(name).startswith(part))
    return [(code, _DATUM_TYPE if code in dataset.data else _GROUP_TYPE) for code in codes]


def _plain(text: str) -> str:
    return strip_marks(text).lower()
