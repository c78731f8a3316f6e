"""The measures of `nd30.yml` as values: page, type, and one style per element of an official document."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from baocao.theme import THEME
from baocao.yamlfile import load_model

SOURCE = THEME / "nd30.yml"

Millimetres = Annotated[float, Field(ge=0)]
Points = Annotated[float, Field(ge=0)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=lambda name: name.replace("_", "-"))


class Page(_Model):
    """A4 and its margins (I.1 to I.3), in millimetres; `so_trang` is where the page number stands (I.7)."""

    rong: Millimetres
    cao: Millimetres
    tren: Annotated[float, Field(ge=20, le=25)]
    duoi: Annotated[float, Field(ge=20, le=25)]
    trai: Annotated[float, Field(ge=30, le=35)]
    phai: Annotated[float, Field(ge=15, le=20)]
    so_trang: Millimetres


class Typeface(_Model):
    """The font that the decree names (I.4), the metric-compatible one that is embedded, and the language tag."""

    ten: str
    nhung: str
    ngon_ngu: str


class Blocks(_Model):
    """Columns of letterhead and signature block in percent of the text width; `cho_ky` in millimetres."""

    trai: float
    phai: float
    ky_trai: float
    ky_phai: float
    cho_ky: Millimetres


class Style(_Model):
    """One element; what is absent comes from `goc`.

    Sizes and spaces in points, `thut` (first-line indent) in millimetres, `dong` (line spacing) in lines.
    """

    ten: str
    dieu: str = ""
    goc: str | None = None
    co: Points | None = None
    kieu: Literal["dam", "nghieng", "dam nghieng"] | None = None
    can: Literal["deu", "giua", "trai"] | None = None
    thut: Millimetres | None = None
    truoc: Points | None = None
    sau: Points | None = None
    dong: float | None = None
    giu: bool = False
    cap: int | None = None

    @property
    def bold(self) -> bool:
        """Chữ đậm."""
        return self.kieu is not None and "dam" in self.kieu

    @property
    def italic(self) -> bool:
        """Chữ nghiêng."""
        return self.kieu is not None and "nghieng" in self.kieu


class Measures(_Model):
    """All of `nd30.yml`."""

    trang: Page
    phong: Typeface
    mo_phong: str
    letterhead: Blocks
    kieu: dict[str, Style]

    def resolved(self, name: str) -> Style:
        """The style with everything that it takes over from the style it is based on."""
        style = self.kieu[name]
        if style.goc is None:
            return style
        inherited = self.resolved(style.goc).model_dump(exclude={"ten", "goc", "dieu"})
        own = style.model_dump(exclude_unset=True)
        return Style.model_validate(
            {key.replace("_", "-"): value for key, value in {**inherited, **own}.items()},
        )


def load_measures(source: Path = SOURCE) -> Measures:
    """Read and validate the measures; a mistake is an `InputError` with its line."""
    return load_model(source, Measures, source.name)
