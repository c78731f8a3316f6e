"""The measures of `nd30.yml` as values: page, type, and one style per element of an official document."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from baocao.errors import InputError, Problem
from baocao.period import Period
from baocao.theme import THEME
from baocao.yamlfile import Dated, Strict, load_model

SOURCE = THEME / "nd30.yml"

DECREE = "Nghị định 30/2020/NĐ-CP, Phụ lục I, Phần I"

Millimetres = Annotated[float, Field(ge=0)]
Points = Annotated[float, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=lambda name: name.replace("_", "-"))


class _Allowed(_Model):
    """What the decree fixes: `dieu` is the article, `khoang` the lowest and highest value of a measure by its name."""

    dieu: str = ""
    khoang: dict[str, tuple[float, float | None]] = {}

    @model_validator(mode="after")
    def _within(self) -> "_Allowed":
        for name, (lowest, highest) in self.khoang.items():
            value = getattr(self, name, None)
            if not isinstance(value, int | float):
                raise ValueError(f"“khoang” nêu “{name}”, không phải một số đo của mục này")
            if value < lowest or (highest is not None and value > highest):
                bounds = f"từ {lowest:g} trở lên" if highest is None else f"từ {lowest:g} đến {highest:g}"
                raise ValueError(f"“{name}” là {value:g}, phải {bounds} ({DECREE}, mục {self.dieu})")
        return self


class Page(_Allowed):
    """A4 and its margins (I.1 to I.3), in millimetres; `so_trang` is where the page number stands (I.7)."""

    rong: Millimetres
    cao: Millimetres
    tren: Millimetres
    duoi: Millimetres
    trai: Millimetres
    phai: Millimetres
    so_trang: Millimetres


class Typeface(_Allowed):
    """The font that the decree names (I.4), the metric-compatible one that is embedded, and the language tag.

    `len`, `xuong`, `dong_don`: a line of either font above and below the baseline and from line to line, in sizes.
    """

    ten: str
    nhung: str
    ngon_ngu: str
    len: float
    xuong: float
    dong_don: float


class Blocks(_Model):
    """Columns of letterhead and signature block in percent of the text width."""

    trai: Percent
    phai: Percent
    ky_trai: Percent
    ky_phai: Percent


class Rule(_Allowed):
    """A rule below a text; `phan` is its length as a share of the longest line of that text."""

    phan: Annotated[float, Field(gt=0, le=1)]


class Rules(_Model):
    """The rules of the first page (II.1.c, II.2.b, II.5.b): stroke (`net`) and the room below it (`cach`) in points."""

    net: Points
    cach: Points
    tieu_ngu: Rule
    co_quan_ban_hanh: Rule
    trich_yeu: Rule


class Grid(_Model):
    """Tables: stroke and padding in points; when the small size is used; which tables stay on one page."""

    net: Points
    dem: Points
    nhieu_cot: int
    lien_trang: Percent
    it_hang: int


class Picture(_Model):
    """Charts: the greatest height, in millimetres."""

    cao_nhat: Millimetres


class Style(_Allowed):
    """One element; what is absent comes from `goc`.

    Sizes and spaces in points, `thut` (first-line indent), `le` (left indent) and `cao` (height of an empty line) in
    millimetres, `dong` (line spacing) in lines; `giu`: not divided, and on the page of what follows.
    """

    ten: str
    goc: str | None = None
    co: Points | None = None
    kieu: Literal["dam", "nghieng", "dam nghieng"] | None = None
    can: Literal["deu", "giua", "trai", "phai"] | None = None
    thut: Millimetres | None = None
    le: Millimetres | None = None
    truoc: Points | None = None
    sau: Points | None = None
    dong: float | None = None
    cao: Millimetres | None = None
    giu: bool = False
    cap: int | None = None

    @model_validator(mode="after")
    def _sizes_have_a_source(self) -> "Style":
        if self.dieu and self.co is not None and "co" not in self.khoang:
            raise ValueError("có “dieu” và “co” thì phải có “khoang” của “co”")
        return self

    @property
    def bold(self) -> bool:
        """Chữ đậm."""
        return self.kieu is not None and "dam" in self.kieu.split()

    @property
    def italic(self) -> bool:
        """Chữ nghiêng."""
        return self.kieu is not None and "nghieng" in self.kieu.split()


class Marks(Strict):
    """What every page says of a report that is none to be relied on."""

    mo_phong: str = Field(alias="mo-phong")
    chua_du: str = Field(alias="chua-du")


class Measures(Dated):
    """All of `nd30.yml`: the form of documents from `valid_from` to `valid_to`."""

    trang: Page
    phong: Typeface
    dau: Marks
    letterhead: Blocks
    duong_ke: Rules = Field(alias="duong-ke")
    bang: Grid
    hinh: Picture
    kieu: dict[str, Style]

    @model_validator(mode="after")
    def _styles_resolve(self) -> "Measures":
        for name, style in self.kieu.items():
            seen = {name}
            while style.goc is not None:
                if style.goc not in self.kieu or style.goc in seen:
                    raise ValueError(f"kiểu “{name}”: “goc: {style.goc}” không dẫn đến kiểu nào")
                seen.add(style.goc)
                style = self.kieu[style.goc]
            self.resolved(name)
        return self

    def resolved(self, name: str) -> Style:
        """The style with everything that it takes over from the style it is based on, the allowed ranges too."""
        style = self.kieu[name]
        if style.goc is None:
            return style
        base = self.resolved(style.goc)
        own = style.model_dump(exclude_unset=True)
        merged = {**base.model_dump(exclude={"ten", "goc"}), **own, "khoang": {**base.khoang, **style.khoang}}
        return Style.model_validate({key.replace("_", "-"): value for key, value in merged.items()})


def load_measures(source: Path = SOURCE) -> Measures:
    """Read and validate the measures; a mistake is an `InputError` with its line."""
    return load_model(source, Measures, source.name)


def measures_in_force(period: Period, source: Path = SOURCE) -> Measures:
    """The measures that hold for documents of `period`; an `InputError` where there are none."""
    measures = load_measures(source)
    if measures.holds(period):
        return measures
    until = f" đến {measures.valid_to}" if measures.valid_to else ""
    raise InputError(
        Problem(
            f"không có thể thức văn bản áp dụng cho kỳ {period}",
            (source.name, "valid_from, valid_to"),
            expected=f"kỳ từ {measures.valid_from}{until}",
            remedy="bổ sung số đo theo quy định về thể thức áp dụng cho kỳ này, rồi tạo lại tệp mẫu",
        )
    )
