"""Typst markup to PDF or pictures. Run as a script, so that Typst's crash is not the end of the run that asked for it.

It reads one JSON object from its standard input; errors and warnings go to its standard error, with exit status 1.
"""

import json
import sys
from pathlib import Path

import typst


def main() -> None:
    """Write `targets`, one file or one a page, from `markup`; images are below `root`, fonts in `fonts` only."""
    order = json.load(sys.stdin)
    # Neither the machine's fonts nor Typst's own: the same file everywhere.
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=order["fonts"])
    try:
        compiler = typst.Compiler(order["markup"].encode(), root=order["root"], font_paths=fonts)
        made, warnings = compiler.compile_with_warnings(**order["options"])
    except typst.TypstError as error:
        sys.exit(error.diagnostic or error.message)
    if warnings:
        sys.exit("\n".join(warning.diagnostic or warning.message for warning in warnings))
    for target, content in zip(order["targets"], made if isinstance(made, list) else [made], strict=True):
        assert isinstance(content, bytes)
        Path(target).write_bytes(content)


if __name__ == "__main__":
    main()
