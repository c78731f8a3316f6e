"""Texts in code that the report's methods read as prose: captions, descriptions, titles of appendices."""

import ast
from collections.abc import Iterator

_FIELDS = {
    "chart": ("caption", "alt"),
    "show": ("caption",),
    "appendix": ("title",),
    "text": ("source",),
    "column": (),
    "narrate": ("source",),
}


def templates(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Each such text with its line; joined literals are one text."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _FIELDS):
            continue
        if ast.unparse(node.func.value) != "report":
            continue
        name = node.func.attr
        given = [word.value for word in node.keywords if word.arg in _FIELDS[name]]
        given += {"column": node.args[1:], "appendix": node.args, "text": node.args, "narrate": node.args}.get(name, [])
        for value in given:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.lineno, value.value
