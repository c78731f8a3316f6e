"""Static files of a release. Their names carry a hash of their content, so that browsers may keep them for ever."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from baocao.site.months import Edition
from baocao.site.switch import STATIC
from baocao.site.tree import write
from baocao.theme import THEME

_URL = re.compile(r"url\(fonts/([\w-]+)\.woff2\)")


@dataclass
class Assets:
    """The static files of the release in `folder`: style sheet, scripts, fonts, one search index a month."""

    folder: Path

    def __post_init__(self) -> None:
        sheet = (THEME / "van-ban.css").read_text(encoding="utf-8")
        sheet = _URL.sub(lambda match: f"url({self._font(match[1])})", sheet)
        own = THEME / "site"
        # One look for report and site: the site's rules stand after the report's.
        self.style = self._keep("trang", "css", (sheet + (own / "trang.css").read_text(encoding="utf-8")).encode())
        self.script = self._keep("trang", "js", (THEME / "nen.js").read_bytes())
        self.search = self._keep("tim-kiem", "js", (own / "tim-kiem.js").read_bytes())

    def index(self, edition: Edition) -> str:
        """Keep the search index of a month; its name."""
        content = {
            "ky": str(edition.period),
            "muc": [[section.anchor, section.title, section.text] for section in edition.contents],
        }
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        return self._keep(f"muc-{edition.period}", "json", text.encode())

    def _font(self, name: str) -> str:
        return self._keep(name, "woff2", (THEME / "fonts" / f"{name}.woff2").read_bytes())

    def _keep(self, stem: str, suffix: str, content: bytes) -> str:
        name = f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
        if not (self.folder / STATIC / name).exists():
            write(self.folder / STATIC / name, content)
        return name
