"""Faults of a notebook's prose that are seen without running it: its headings, and figures typed by hand."""

import re
from collections.abc import Iterator, Mapping, Sequence

from baocao.cells import NARRATIVE, Sheet
from baocao.errors import BaocaoError, Severity
from baocao.finding import Finding
from baocao.narrative import NarrativeError, names_wanted
from baocao.templates import templates
from baocao.weave import HEADING, belongs

_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|\]\([^)\s]*\)")
_OTHERWISE = re.compile(r"\{%[-+]?\s*(?:else|elif)\b")
_LEVEL = re.compile(r"^(#{1,6}) +(\S.*)$")
_ALPHABET = "abcdđeghiklmnopqrstuvxy"

_UNITS = (
    "người|công dân|trường hợp|hồ sơ|thẻ|tài khoản|lượt|tin|bài|phóng sự|văn bản|dịch vụ|DVC|TTHC|thủ tục|dữ liệu|"
    "hội viên|đoàn viên|học sinh|giáo viên|trẻ em|đối tượng|mũi|phương tiện|xe|cơ sở|đơn vị|xã|phường|thôn|tổ|"
    "thành viên|chứng thư|mô hình|nhiệm vụ|hộ|doanh nghiệp|lao động|giao dịch|đồng|triệu|tỷ|nghìn|ngàn|infographic|"
    "chuyên mục|điểm phần trăm"
)
_NUMBER = r"\d+(?:[.\u00a0 ]\d{3})*(?:,\d+)?"
_DATA = re.compile(
    rf"(?<![\w/.,:-])(?P<number>\d{{1,3}}(?:\.\d{{3}})+(?:,\d+)?|\d{{1,3}}(?:[ \u00a0]\d{{3}})+|\d+,\d+"
    rf"|{_NUMBER}(?=\s?%)|\d+(?:/\d+)?(?=\s+(?:{_UNITS})\b))(?![\w/]|[.,]\d)",
    re.IGNORECASE,
)
"""Grouped, with decimals, in percent, or before a word of what is counted."""
_NO_DATA = re.compile(
    r"(?:\b(?:số|năm|tháng|ngày|quý|kỳ|điều|khoản|điểm|mục|phần|chương|bảng|biểu|hình|biểu đồ|phụ lục|mẫu|đề án|"
    r"lần thứ|giai đoạn|phiên bản|quyết định|nghị định|thông tư|luật|công văn|kế hoạch|thông báo|khóa|lớp)\s*"
    r"|\d{4}\s*[-–]\s*)$",
    re.IGNORECASE,
)
"""Before a number that names something instead of counting it."""


def prose_faults(sheet: Sheet, values: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    """Everything wrong with the prose of a notebook; `values` are the codes of the month by how they print."""
    for cell in sheet.code:
        texts = [(cell.first_line, cell.body)] if cell.magic == NARRATIVE else []
        if cell.tree is not None and not isinstance(cell.tree, SyntaxError):
            texts += templates(cell.tree)
        for line, text in texts:
            try:
                names_wanted(text, line)
            except BaocaoError as error:
                at = error.line if isinstance(error, NarrativeError) else line
                problem = error.problems[0]
                what, expected, remedy = problem.what, problem.expected, problem.remedy or "sửa dòng này"
                yield sheet.finding("cu_phap", Severity.LOI, what, cell.number, at, expected, remedy)
                continue
            yield from _typed(sheet, cell.number, line, text, values)
    yield from _headings(sheet)


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", "\0", found[0])


def _typed(
    sheet: Sheet, number: int, first_line: int, text: str, values: Mapping[str, Sequence[str]]
) -> Iterator[Finding]:
    plain = _TAG.sub(_blank, _TEMPLATE.sub(_blank, text))
    for offset, line in enumerate(plain.split("\n")):
        for found in _DATA.finditer(line):
            if _NO_DATA.search(line[: found.start()]):
                continue
            percent = re.match(r"\s?%", line[found.end() :])
            shown = found["number"] + ("%" if percent else "")
            codes = values.get(shown, ())
            remedy = f'nếu số này không phải số liệu của biểu thì viết {{{{ "{shown}" }}}}'
            if codes:
                remedy = (
                    f"thay bằng {{{{ {codes[0]} }}}}"
                    + (f" (hoặc {', '.join(codes[1:4])})" if len(codes) > 1 else "")
                    + f"; {remedy}"
                )
            else:
                remedy = f"thay bằng {{{{ mã }}}}, tìm mã bằng report.find(“từ khóa”); {remedy}"
            what = f"số liệu gõ tay “{shown}” trong lời văn"
            expected = "{{ mã }} lấy từ biểu"
            line_number = first_line + offset
            yield sheet.finding("so_go_tay", Severity.CANH_BAO, what, number, line_number, expected, remedy)


def _headings(sheet: Sheet) -> Iterator[Finding]:
    rule, section = "tieu_de", sheet.section
    level = 0
    latest: dict[tuple[str, ...], tuple[int, bool]] = {}
    """By the heading above: the last number below it."""
    above = ""
    seen = False
    for cell in sheet.code:
        if cell.magic != NARRATIVE:
            continue
        plain = re.sub(r"\{#.*?#\}", _blank, cell.body, flags=re.DOTALL)
        for offset, text in enumerate(plain.split("\n")):
            if _OTHERWISE.search(text):
                latest = {key: (number, True) for key, (number, _) in latest.items()}
            head = _LEVEL.match(text)
            if not head:
                continue
            at = cell.first_line + offset
            own, title = len(head[1]), text.strip()
            top = 1 if section.number % 10 == 0 or section.is_appendix else 2
            if not seen and not section.is_appendix and own != top:
                what = f"tiêu đề đầu tiên “{title}” ở cấp {own}"
                expected = f"mục {section.label} mở đầu bằng tiêu đề cấp {top}: {'#' * top}"
                yield sheet.finding(rule, Severity.CANH_BAO, what, cell.number, at, expected, "sửa số dấu #")
            elif seen and own > level + 1:
                what = f"tiêu đề “{title}” ở cấp {own}, ngay dưới tiêu đề cấp {level}"
                expected, remedy = f"cấp {level + 1} hoặc nhỏ hơn", "sửa số dấu #, hoặc thêm tiêu đề còn thiếu"
                yield sheet.finding(rule, Severity.CANH_BAO, what, cell.number, at, expected, remedy)
            level, seen = own, True
            found = HEADING.match(text)
            if not found:
                continue
            if not belongs(found, section):
                what = f"tiêu đề “{title}” không phải của mục này"
                expected = f"số mục {section.label}, theo số sổ tay"
                yield sheet.finding(rule, Severity.LOI, what, cell.number, at, expected, "sửa số tiêu đề")
                continue
            proper = 1 if found["chapter"] else 4 if found["letter"] else found["number"].count(".") + 2
            if own != proper and not section.is_appendix:
                what = f"tiêu đề “{title}” ở cấp {own}, số của nó thuộc cấp {proper}"
                yield sheet.finding(rule, Severity.CANH_BAO, what, cell.number, at, "#" * proper, "sửa số dấu #")
            if found["chapter"]:
                continue
            if found["letter"]:
                key, ordinal = ("letter", above), _ALPHABET.find(found["letter"]) + 1
            else:
                above = found["number"]
                parent, _, last = above.rpartition(".")
                key, ordinal = ("number", parent), int(last)
            if not found["letter"] and not key[1] and section.number % 10:
                continue  # The section's own number.
            before, otherwise = latest.get(key, (0, False))
            if ordinal != before + 1 and not (otherwise and 0 < ordinal <= before):
                what = f"tiêu đề “{title}” không đúng thứ tự"
                expected = "số tiếp theo của tiêu đề cùng cấp đứng trước" if before else "số đầu tiên: 1, hoặc a)"
                remedy = "đánh số lại, hoặc chuyển phần này về đúng chỗ"
                yield sheet.finding(rule, Severity.CANH_BAO, what, cell.number, at, expected, remedy)
            latest[key] = (ordinal, False)
