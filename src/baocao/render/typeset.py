"""Typst markup to PDF. Run as a script, so that Typst's crash is not the end of the run that asked for it.

It reads one JSON object from its standard input; errors and warnings go to its standard error, with exit status 1.
"""

import json
import sys
from pathlib import Path

import typst


def main() -> None:
    """Write `target` from `markup`; images are looked up below `root`, fonts in `fonts` only."""
    order = json.load(sys.stdin)
    # Neither the machine's fonts nor Typst's own: the same file everywhere.
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=order["fonts"])
    try:
        compiler = typst.Compiler(Path(order["markup"]).read_bytes(), root=order["root"], font_paths=fonts)
        content, warnings = compiler.compile_with_warnings(
            format="pdf", pdf_standards=order["standards"], timestamp=order["epoch"]
        )
    except typst.TypstError as error:
        sys.exit(error.diagnostic or error.message)
    if warnings or not isinstance(content, bytes):
        sys.exit("\n".join(warning.diagnostic or warning.message for warning in warnings))
    Path(order["target"]).write_bytes(content)


if __name__ == "__main__":
    main()
