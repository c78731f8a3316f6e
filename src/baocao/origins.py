"""Where each text of a report comes from, kept beside it: the notebook and cell that said it, or the parameter."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from baocao.markup import html_text
from baocao.params import Params
from baocao.part import Part

NAME = "nguon-goc.json"


@dataclass(frozen=True)
class Origin:
    """A piece of the report as woven, and its place: file and cell, or file and key."""

    file: str
    """Path from the project's folder."""
    text: str
    """Markdown and HTML, figures marked with their code and source."""
    cell: int = 0
    key: str = ""
    section: str = ""
    chart: bool = False


def write_origins(build: Path, parts: Sequence[Part], texts: Sequence[Sequence[str]], params: Params) -> None:
    """Write the origins of a report, in its order; `texts` are the woven pieces of each part."""
    woven = list(zip(parts, texts, strict=True))
    body = [item for part, chunks in woven if not part.section.is_appendix for item in _pieces(part, chunks, params)]
    appendices = [item for part, chunks in woven if part.section.is_appendix for item in _pieces(part, chunks, params)]
    origins = [*_head(params), *body, *_end(params), *appendices]
    content = json.dumps([asdict(origin) for origin in origins], ensure_ascii=False, indent=1)
    (build / NAME).write_text(content + "\n", encoding="utf-8", newline="\n")


def read_origins(build: Path) -> tuple[Origin, ...]:
    """The origins of the report in `build`."""
    return tuple(Origin(**item) for item in json.loads((build / NAME).read_text("utf-8")))


def _pieces(part: Part, chunks: Sequence[str], params: Params) -> Iterator[Origin]:
    section = part.section
    folder = f"notebooks/{params.period}" if section.own else "notebooks"
    file = f"{folder}/{section.notebook.name}"
    for piece, chunk in zip(part.pieces, chunks, strict=True):
        text = chunk
        if piece.kind == "appendix":
            text = f"{section.label}\n\n{html_text(piece.content['title'])}"
        yield Origin(file, text, cell=piece.cell, section=section.label, chart=piece.kind == "chart")
        if piece.kind == "appendix":
            yield _of(params, params.monthly.number is not None, "number", "issuers", _attached(params))


def _attached(params: Params) -> str:
    symbol = params.symbol_line.removeprefix("Số: ")
    return f"(Kèm theo Báo cáo số {symbol} {params.day_words} của {params.issuer.body_in_text})"


def _of(params: Params, monthly: bool, own: str, shared: str, text: str) -> Origin:
    if monthly:
        return Origin(f"params/{params.period}.yml", html_text(text), key=own)
    return Origin("params/defaults.yml", html_text(text), key=shared)


def _head(params: Params) -> list[Origin]:
    def shared(key: str, text: str) -> Origin:
        return _of(params, False, "", key, text)

    return [
        shared("issuers › parent", params.issuer.parent or ""),
        shared("issuers › body", params.issuer.body),
        _of(params, True, "number", "", params.symbol_line),
        _of(params, True, "issued", "", params.place_and_date),
        shared("documents › kind", params.document.kind),
        shared("documents › abstract", params.fill(params.document.abstract)),
        shared("documents › period_line", params.fill(params.document.period_line)),
        *(_of(params, True, "to", "", name) for name in params.monthly.to),
    ]


def _end(params: Params) -> list[Origin]:
    own = params.monthly.signer is not None
    signer = "\n".join([*params.signer.lines, params.signer.other_post or "", params.signer.name or ""])
    names = "\n".join(params.recipients.names)
    return [
        _of(params, False, "", "documents › closing", params.fill(params.document.closing)),
        _of(params, False, "", "recipients › names", names),
        _of(params, own, "signer", "signers", signer),
    ]
