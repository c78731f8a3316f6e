"""Help on what the cursor stands on (Shift-Tab): codes in strings and in prose, with functions and filters of prose."""

import re
from collections.abc import Callable
from typing import Any

from baocao.dataset import Dataset
from baocao.figure import Datum, Figure
from baocao.vi import format_date

_STRING = re.compile(r"""report(?:\.figure\(|\.table\(|\.column\(|\[)\s*["'](?P<code>[\w.*]*)""")
_NAME = re.compile(r"[^\W\d]\w*(?:\.\w+)*")
_WRAPPED = "_baocao_inspects"

FUNCTIONS = {
    "rate": "rate(phần, cả) hoặc rate(phần, cả, số_lẻ): tỷ lệ phần trăm của một phần trên cả.",
    "share": "share(phần, [phần, phần, …]): tỷ lệ phần trăm của một phần trên tổng các phần.",
    "total": "total(a, b, …): tổng các số cùng đơn vị.",
    "difference": "difference(a, b, …): a trừ các số sau, cùng đơn vị.",
    "change": "change(a): mức thay đổi của a so với tháng trước.",
    "compared": "compared(a): “ (tăng 1.234 so với tháng trước)”; không in gì khi không có số liệu tháng trước.",
    "entries": 'entries("khối") hoặc entries("khối", cột="giá trị"): các dòng của một danh sách hoặc bảng, để lặp.',
    "term": 'term("tên"): thuật ngữ theo thời gian, ví dụ “thẻ CCCD gắn chip”.',
    "cite": 'cite(dòng) hoặc cite(dòng, "vb2_"): viện dẫn văn bản, “Công văn số 2462/UBND-LĐTBXH ngày 01/4/2024”.',
    "ref": 'ref("tên"): nhắc đến một bảng hoặc biểu đồ theo tên, “Bảng 1”.',
}
FILTERS = {
    "words": "ngày | words: ngày viết bằng chữ, “ngày 12 tháng 4 năm 2024”.",
    "decimals": "số | decimals(2): làm tròn đến 2 chữ số thập phân khi in; decimals(2, true) giữ cả số 0 ở cuối.",
    "lower_first": "chữ | lower_first: chữ đầu viết thường để đặt giữa câu; chữ viết tắt giữ nguyên.",
    "ended": 'chữ | ended("."): thay dấu ở cuối bằng dấu đã nêu.',
    "and_list": "danh sách | and_list: “a, b và c”.",
    "join": 'danh sách | join("; "): ghép các phần bằng dấu đã nêu.',
}


def inspecting(kernel: Any, current: Callable[[], Dataset | None]) -> None:
    """Let `kernel` answer for codes of the dataset that `current` gives; for all else it answers as before."""
    answer = getattr(kernel.do_inspect, _WRAPPED, kernel.do_inspect)

    def do_inspect(code: str, cursor_pos: int, *rest: Any, **more: Any) -> Any:
        dataset = current()
        text = None if dataset is None else help_at(code, cursor_pos, dataset)
        if text is None:
            return answer(code, cursor_pos, *rest, **more)
        return {"status": "ok", "found": True, "data": {"text/plain": text}, "metadata": {}}

    setattr(do_inspect, _WRAPPED, answer)
    kernel.do_inspect = do_inspect


def help_at(source: str, cursor: int, dataset: Dataset) -> str | None:
    """What is known of the name at `cursor`; None where neither a code nor a name of prose stands. Nothing is read.

    JupyterLab asks for a proposal of its list with a cursor behind the end of the text.
    """
    cursor = min(cursor, len(source))
    if not source.startswith("%%narrative"):
        found = (match for match in _STRING.finditer(source) if match.start("code") <= cursor <= match.end("code"))
        match = next(found, None)
        return match and _code_help(match["code"], dataset)
    opened = max(source.rfind("{{", 0, cursor), source.rfind("{%", 0, cursor))
    if opened < 0 or max(source.rfind("}}", 0, cursor), source.rfind("%}", 0, cursor)) > opened:
        return None
    for match in _NAME.finditer(source, opened):
        if match.start() <= cursor <= match.end():
            if source[: match.start()].rstrip().endswith("|"):
                return FILTERS.get(match[0])
            return FUNCTIONS.get(match[0]) or _code_help(match[0], dataset)
    return None


def _code_help(code: str, dataset: Dataset) -> str | None:
    datum = dataset.data.get(code)
    if datum is not None:
        return _datum_help(datum)
    block, names = dataset.blocks.get(code), dataset.names_under(code) if code else ()
    if block is None and not names:
        return None
    lines = [f"{code}: {block.title}" if block else f"{code}: một nhóm số liệu"]
    if block:
        lines += [f"  {name}: {title}" for name, title in block.rows]
        lines += [f"  cột {name}: {title}" for name, title, _ in block.columns]
    else:
        inner = [f"{code}.{name}" for name in names]
        lines += [f"  {one}: {dataset.data[one].label}" if one in dataset.data else f"  {one}" for one in inner]
    return "\n".join(lines)


def _datum_help(datum: Datum) -> str:
    lines = [datum.code, f"Chỉ tiêu: {datum.label}", f"Giá trị: {datum}"]
    if isinstance(datum, Figure):
        lines += [f"Đơn vị: {datum.unit}"] if datum.unit else []
        if datum.as_of is not None and datum.as_of.value is not None:
            lines.append(f"Tính đến: {format_date(datum.as_of.value)}")
        lines.append(f"Nguồn: {datum.source}")
    else:
        lines.append(f"Nguồn: {datum.cell}")
    return "\n".join(lines)
