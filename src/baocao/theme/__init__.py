"""How the report looks: measures of Nghị định 30/2020/NĐ-CP, fonts, templates and Lua filters of the three formats."""

from pathlib import Path

THEME = Path(__file__).parent
FONTS = THEME / "fonts"
