"""What stands around the sections of a report: front matter, who is lacking, main indicators, closing, signature."""

from collections.abc import Sequence
from typing import Any

import yaml

from baocao.figure import PERCENT
from baocao.indicators import Indicator
from baocao.markup import change_text, figure_span, markdown_text
from baocao.params import Params
from baocao.part import Part
from baocao.theme.generate import MARKED_DOCX
from baocao.vi import nfc


def document(
    parts: Sequence[Part],
    params: Params,
    marks: list[str],
    lacking: Sequence[str],
    indicators: Sequence[Indicator],
    mark: str,
) -> str:
    """The source of the report, which names its parts; `marks` are those of its pages, `mark` is that of its text."""
    head: dict[str, Any] = {
        "title": f"{params.fill(params.document.abstract)}, {params.fill('{month}')}",
        "lang": "vi",
        "date": params.dated,
        # Properties of the Word document: an edited copy says by them which month and which text it was made from.
        "ky": str(params.period),
        "dau-noi-dung": mark,
        "van-ban": {
            "co-quan-chu-quan": params.issuer.parent,
            "co-quan-ban-hanh": params.issuer.body,
            "so-ky-hieu": params.symbol_line,
            "dia-danh-ngay": params.place_and_date,
            "ten-loai": params.document.kind,
            "trich-yeu": params.fill(params.document.abstract),
            "ky-bao-cao": _capital(params.fill(params.document.period_line)),
            "kinh-gui": list(params.monthly.to),
            # Nghị định 30/2020, Phụ lục I, II.9.d: who is addressed above is not named again below.
            "noi-nhan": [*(["Như trên"] if params.monthly.to else []), *params.recipients.names],
            "ky": {
                "quyen-han": "\n".join(params.signer.lines),
                "chuc-vu": params.signer.other_post,
                "ho-ten": params.signer.name,
            },
            "bieu-do": list(params.charts),
            "dau": marks,
        },
    }
    if marks:
        # Word marks its pages in the headers of the reference document. The other formats are named to be made as well.
        head["format"] = {"docx": {"reference-doc": MARKED_DOCX}, "typst": "default", "html": "default"}
    body = [part for part in parts if not part.section.is_appendix]
    appendices = [part for part in parts if part.section.is_appendix]
    blocks = [
        "---\n" + yaml.safe_dump(head, allow_unicode=True, sort_keys=False, width=10_000) + "---",
        "::: {.dau-van-ban}\n:::",
        *_lacking(lacking),
        *_main(indicators),
        *[_include(part) for part in body],
        f"::: {{.ket-thuc}}\n{markdown_text(params.fill(params.document.closing))}\n:::",
        "::: {.khoi-ky}\n:::",
        *[_include(part) for part in appendices],
    ]
    return nfc("\n\n".join(blocks) + "\n")


def _capital(text: str) -> str:
    return text.replace("(tháng", "(Tháng", 1)


def _include(part: Part) -> str:
    return f"{{{{< include parts/{part.section.number:02d}.md >}}}}"


def _lacking(departments: Sequence[str]) -> list[str]:
    """What the first page of a partial report says before anything else."""
    if not departments:
        return []
    said = f"Báo cáo chưa đủ số liệu: chưa có, hoặc còn lỗi, số liệu của {'; '.join(departments)}."
    rest = "Chỗ thiếu in dấu “…” hoặc “-”. Bản này để theo dõi tiến độ, không dùng để trình ký, ban hành."
    return [f"::: {{.con-thieu}}\n**{markdown_text(said)}** {markdown_text(rest)}\n:::"]


def _main(indicators: Sequence[Indicator]) -> list[str]:
    """The block of the main indicators, one card each: label, value, rate, change. The page alone prints it."""
    if not indicators:
        return []
    cards = "\n\n".join(f"::: {{.chi-tieu}}\n{_card(item)}\n:::" for item in indicators)
    return [f":::: {{.chi-tieu-chinh}}\n{cards}\n::::"]


def _card(item: Indicator) -> str:
    value, rate = item.value, item.rate
    unit = f" {markdown_text(value.unit)}" if value.unit not in ("", PERCENT) else ""
    shown = figure_span(value, "chưa có số liệu") if value.missing else f"{figure_span(value)}{unit}"
    lines = {
        "nhan": markdown_text(item.label),
        "gia-tri": shown,
        "ty-le": "" if rate is None or rate.missing else figure_span(rate),
        "thay-doi": change_text(item.change),
    }
    return "\n\n".join(f"[{text}]{{.{name}}}" for name, text in lines.items() if text)
