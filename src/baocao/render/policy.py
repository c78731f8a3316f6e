"""The Content-Security-Policy of the finished page: hashes of the style sheet and the script that are in it.

A template cannot know them, because the renderer puts the fonts into the style sheet. `quarto render` by hand makes a
page without a policy, which would stop the script that reloads it in `quarto preview`.
"""

import base64
import hashlib
import re
from pathlib import Path

from baocao.errors import Problem, RenderError

_ELEMENT = re.compile(r"<(style|script)\b[^>]*>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_CHARSET = re.compile(r'<meta charset="utf-8" ?/?>', re.IGNORECASE)


def policy(page: str) -> str:
    """What `page` may load: its own styles and scripts by their hashes, pictures and fonts inside it, nothing else."""
    hashes: dict[str, list[str]] = {"style": [], "script": []}
    for name, content in _ELEMENT.findall(page):
        # The hash is of the text as the browser reads it, with line feeds alone.
        text = content.replace("\r\n", "\n").replace("\r", "\n")
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        hashes[name.lower()].append(f"'sha256-{digest}'")
    sources = [" ".join([f"{name}-src", *(found or ["'none'"])]) for name, found in hashes.items()]
    return "; ".join(
        ["default-src 'none'", *sources, "img-src data:", "font-src data:", "base-uri 'none'", "form-action 'none'"]
    )


def protect(path: Path) -> None:
    """Write the policy of the page at `path` into its head, before anything that it is about."""
    page = path.read_bytes().decode("utf-8")
    charset = _CHARSET.search(page)
    if charset is None:
        raise RenderError(
            Problem(
                "trang HTML thiếu dòng khai báo bảng mã, không ghi được chính sách nội dung",
                (path.name,),
                expected='<meta charset="utf-8"> trong phần <head>',
                remedy="sửa mẫu trang (template) nêu trong _quarto.yml",
            )
        )
    meta = f'\n<meta http-equiv="Content-Security-Policy" content="{policy(page)}">'
    path.write_bytes((page[: charset.end()] + meta + page[charset.end() :]).encode())
