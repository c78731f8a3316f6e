"""Faults of a notebook's code that are seen without running it: parameters, own files, output beside the report."""

import ast
import re
from collections.abc import Iterator

from baocao.cells import NARRATIVE, CodeCell, Sheet
from baocao.errors import Severity
from baocao.executed import INJECTED_TAG, PARAMETERS_TAG
from baocao.finding import Finding
from baocao.notebook_keys import KEY, NOTE_TAG

_FILES = frozenset(
    (
        *("os", "pathlib", "io", "glob", "shutil", "requests"),
        *("urllib", "urllib3", "http", "httpx", "socket", "ftplib"),
        *("subprocess", "sqlite3", "sqlalchemy", "openpyxl", "xlrd", "xlsxwriter"),
        *("docx", "csv", "json", "pickle", "tempfile", "zipfile"),
        *("tarfile", "fsspec", "aiohttp"),
    )
)
"""Modules that a notebook can only want for files and networks."""
_FOR_FIGURES = frozenset(
    (
        *("pandas", "numpy", "matplotlib", "seaborn", "math", "statistics"),
        *("decimal", "fractions", "datetime", "collections", "itertools", "functools"),
        *("re", "operator", "string", "textwrap", "unicodedata", "typing"),
        *("dataclasses", "__future__"),
    )
)
"""Modules that reckon or draw."""
_READERS = re.compile(r"read_\w+|load|loadtxt|genfromtxt|fromfile|urlopen|imread|memmap|ExcelFile|load_workbook")
_READER_OWNERS = re.compile(r"pd|pandas|np|numpy|plt|matplotlib|json|pickle|openpyxl|urllib|request")
_PATH = re.compile(
    r"(?:[A-Za-z]:[\\/]|\\\\|~?/|\.{1,2}[\\/]|https?://|ftp://)\S.*|\S*\.(?:xlsx?|xlsm|ods|csv|tsv|json|txt|docx?|pdf|parquet|pkl|db)",
    re.IGNORECASE | re.DOTALL,
)
_SURFACE = frozenset(("show", "chart", "appendix", "narrate"))
"""Methods of the report whose output belongs to it."""
_NOTHING = frozenset(
    (
        *("append", "extend", "update", "sort", "insert", "clear"),
        *("add", "remove", "discard", "reverse", "close", "savefig"),
        "print",
    )
)
"""Functions and methods that give nothing to show."""
_SHOWN = frozenset(("table", "find", "column", "text", "figure", "head", "tail", "describe", "numeric", "info"))
"""Methods that an analyst looks at a result with."""
_SHELL = frozenset(("system", "getoutput", "run_line_magic", "run_cell_magic"))
_HARMLESS_MAGICS = frozenset(("matplotlib", "config", "time", "timeit", "who", "whos", "pdb", "xmode", "precision"))
_FROM_FORMS = "đưa số liệu vào biểu (data/forms), rồi dùng report.table(…), report.figure(…) hoặc {{ mã }}"


def code_faults(sheet: Sheet) -> Iterator[Finding]:
    """Everything wrong with the code cells of a notebook, and its cells that print nothing."""
    yield from _parameters(sheet)
    for cell in sheet.code:
        yield from _magic(sheet, cell)
        yield from _stored(sheet, cell)
        if isinstance(cell.tree, SyntaxError):
            line, what = cell.tree.lineno, f"sai cú pháp Python ({cell.tree.msg})"
            yield sheet.finding("cu_phap", Severity.LOI, what, cell.number, line, remedy="sửa dòng này")
        elif cell.tree is not None:
            yield from _own_files(sheet, cell.number, cell.tree)
            yield from _beside_report(sheet, cell, cell.tree)
    for number, cell in sheet.others:
        if cell.source.strip() and NOTE_TAG not in cell.metadata.get("tags", ()):
            markdown = cell.cell_type == "markdown"
            yield sheet.finding(
                "ngoai_bao_cao",
                Severity.LOI if markdown else Severity.CANH_BAO,
                f"nội dung trong ô {'Markdown' if markdown else 'Raw'} không vào báo cáo",
                number,
                expected="ô mã bắt đầu bằng %%narrative",
                remedy=f"đổi ô thành ô mã có %%narrative ở dòng đầu; ghi chú thì dùng ô Markdown có nhãn “{NOTE_TAG}”",
            )


def _parameters(sheet: Sheet) -> Iterator[Finding]:
    rule, only = "o_tham_so", 'một dòng period = ""'
    tagged = [cell for cell in sheet.code if PARAMETERS_TAG in cell.tags]
    for cell in sheet.code:
        if INJECTED_TAG in cell.tags:
            what = f"ô mang nhãn “{INJECTED_TAG}”, nhãn này dành cho lúc chạy"
            yield sheet.finding(rule, Severity.LOI, what, cell.number, remedy="xóa ô này")
    if not tagged:
        what = f"không có ô mã nào mang nhãn “{PARAMETERS_TAG}” để nhận kỳ báo cáo"
        remedy = f'thêm ô mã đầu tiên ghi period = "" và gắn nhãn “{PARAMETERS_TAG}”'
        yield sheet.finding(rule, Severity.LOI, what, expected=only, remedy=remedy)
        return
    first, *more = tagged
    if first is not sheet.code[0]:
        remedy = "chuyển ô tham số lên trước mọi ô mã khác"
        yield sheet.finding(
            rule, Severity.CANH_BAO, "ô tham số không phải ô mã đầu tiên", first.number, expected=only, remedy=remedy
        )
    for cell in more:
        what = f"thêm một ô mang nhãn “{PARAMETERS_TAG}”; lúc chạy chỉ ô {first.number} nhận kỳ báo cáo"
        yield sheet.finding(rule, Severity.CANH_BAO, what, cell.number, remedy="bỏ nhãn ở ô này")
    if isinstance(first.tree, SyntaxError):
        return
    statements = first.tree.body if first.tree else []
    period: str | None = None
    for statement in statements:
        value = _period(statement)
        if value is None:
            what = "ô tham số có nội dung khác ngoài period"
            remedy = "chuyển phần còn lại sang ô sau"
            yield sheet.finding(rule, Severity.CANH_BAO, what, first.number, statement.lineno, only, remedy)
        else:
            period = value
    if period is None:
        what = "ô tham số không gán period bằng một chuỗi chữ"
        yield sheet.finding(rule, Severity.CANH_BAO, what, first.number, None, only, 'ghi period = ""')
    folder = sheet.section.notebook.parent.name if sheet.section.own else ""
    if period and period != folder:
        what = (
            f"sổ tay riêng của kỳ {folder} lại ghi kỳ {period}"
            if folder
            else f"sổ tay dùng chung mọi tháng lại ghi kỳ {period}"
        )
        expected = 'period = ""' + (f' hoặc period = "{folder}"' if folder else "")
        yield sheet.finding(rule, Severity.CANH_BAO, what, first.number, 1, expected, "sửa giá trị của period")


def _period(statement: ast.stmt) -> str | None:
    match statement:
        case ast.Assign(targets=[ast.Name(id="period")], value=ast.Constant(value=str(value))):
            return value
        case ast.AnnAssign(target=ast.Name(id="period"), value=ast.Constant(value=str(value))):
            return value
    return None


def _magic(sheet: Sheet, cell: CodeCell) -> Iterator[Finding]:
    line = cell.first_line - 1
    if cell.magic == NARRATIVE:
        if cell.magic_line:
            what = f"%%narrative không nhận “{cell.magic_line}”"
            yield sheet.finding("lenh_la", Severity.LOI, what, cell.number, line, remedy="viết lời văn từ dòng dưới")
    elif cell.magic:
        what = f"ô dùng lệnh %%{cell.magic}, không phải %%{NARRATIVE}"
        remedy = f"sửa tên lệnh thành %%{NARRATIVE}, hoặc bỏ lệnh"
        yield sheet.finding("lenh_la", Severity.CANH_BAO, what, cell.number, line, f"%%{NARRATIVE} hoặc mã", remedy)


def _stored(sheet: Sheet, cell: CodeCell) -> Iterator[Finding]:
    for output in cell.outputs:
        if output.output_type == "error":
            what = f"lần chạy gần nhất ở JupyterLab dừng vì lỗi {output.ename}"
            yield sheet.finding("ket_qua_luu", Severity.CANH_BAO, what, cell.number, remedy="sửa ô rồi chạy lại")
        elif output.output_type != "stream" and KEY not in output.metadata:
            what = "kết quả lưu trong ô không thuộc báo cáo"
            expected = "lời văn (%%narrative), report.show(…), report.chart(…)"
            yield sheet.finding(
                "ket_qua_luu", Severity.CANH_BAO, what, cell.number, None, expected, "xóa lệnh hiển thị"
            )
            return


def _own_files(sheet: Sheet, number: int, tree: ast.Module) -> Iterator[Finding]:
    rule = "tep_rieng"
    said: set[int] = set()
    for node in ast.walk(tree):
        what = _reading(node)
        line = getattr(node, "lineno", 0)
        if what and line not in said:
            said.add(line)
            yield sheet.finding(rule, Severity.CANH_BAO, what, number, line, "số liệu của biểu đã gửi", _FROM_FORMS)
        for module in _imported(node):
            if module.split(".")[0] in _FOR_FIGURES or module == "baocao.notebook":
                continue
            if module.split(".")[0] in _FILES:
                what = f"nạp thư viện đọc tệp hoặc mạng: {module}"
                yield sheet.finding(rule, Severity.CANH_BAO, what, number, line, "số liệu của biểu đã gửi", _FROM_FORMS)
            else:
                what = f"nạp thư viện “{module}”"
                remedy = "dùng các lệnh của baocao.notebook; thiếu lệnh nào thì báo người phụ trách phần mềm"
                yield sheet.finding("thu_vien", Severity.LUU_Y, what, number, line, "chỉ baocao.notebook", remedy)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or "."]
    return []


def _reading(node: ast.AST) -> str:
    """How the node reads a file by itself; empty when it does not."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return f"đường dẫn viết trong mã: “{node.value}”" if _PATH.fullmatch(node.value.strip()) else ""
    if not isinstance(node, ast.Call):
        return ""
    called = node.func
    if isinstance(called, ast.Name) and (called.id == "open" or re.fullmatch(r"read_(?!only)\w+", called.id)):
        return f"sổ tay tự đọc tệp bằng {called.id}(…)"
    if not isinstance(called, ast.Attribute):
        return ""
    owner = ast.unparse(called.value)
    if owner == "get_ipython()" and called.attr in _SHELL:
        name = node.args[0] if node.args else None
        if "magic" in called.attr and isinstance(name, ast.Constant) and name.value in _HARMLESS_MAGICS:
            return ""
        return "sổ tay gọi lệnh của hệ điều hành hoặc của JupyterLab (! hoặc %)"
    if called.attr in ("open", "read_text", "read_bytes", "urlopen") or called.attr.startswith("read_"):
        return f"sổ tay tự đọc tệp bằng {owner}.{called.attr}(…)"
    if _READERS.fullmatch(called.attr) and _READER_OWNERS.fullmatch(owner.split(".")[-1]):
        return f"sổ tay tự đọc tệp bằng {owner}.{called.attr}(…)"
    return ""


def _beside_report(sheet: Sheet, cell: CodeCell, tree: ast.Module) -> Iterator[Finding]:
    rule, expected = "ngoai_bao_cao", "lời văn (%%narrative), report.show(…), report.chart(…)"
    remedy = "đưa nội dung vào báo cáo bằng các lệnh trên, hoặc xóa lệnh hiển thị; xem tạm thì dùng print(…)"
    last = tree.body[-1] if tree.body else None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (what := _displaying(node)):
            yield sheet.finding(rule, Severity.LOI, what, cell.number, node.lineno, expected, remedy)
    if not isinstance(last, ast.Expr) or cell.source.rstrip().endswith(";"):
        return
    value = last.value
    severity = Severity.LOI
    if isinstance(value, ast.Constant) and value.value in (None, ...):
        return
    if isinstance(value, ast.Call):
        name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        owner = ast.unparse(value.func.value) if isinstance(value.func, ast.Attribute) else ""
        own = _gives_nothing(sheet, name)
        if name in _NOTHING or (name in _SURFACE and owner) or own or owner == "get_ipython()" or _displaying(value):
            return
        severity = Severity.LOI if name in _SHOWN else Severity.CANH_BAO
    shown = ast.unparse(value).split("\n")[0]
    what = f"dòng cuối của ô hiện ra “{shown if len(shown) <= 60 else shown[:59] + '…'}”, không thuộc báo cáo"
    yield sheet.finding(rule, severity, what, cell.number, last.lineno, expected, remedy)


def _gives_nothing(sheet: Sheet, name: str) -> bool:
    """A function of the notebook's own that returns nothing."""
    for cell in sheet.code:
        if not isinstance(cell.tree, ast.Module):
            continue
        for node in ast.walk(cell.tree):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return not any(isinstance(inner, ast.Return) and inner.value for inner in ast.walk(node))
    return False


def _displaying(call: ast.Call) -> str:
    called = call.func
    if isinstance(called, ast.Name) and called.id in ("display", "display_html", "display_markdown"):
        return f"{called.id}(…) hiện ra nội dung không thuộc báo cáo"
    if (
        isinstance(called, ast.Attribute)
        and called.attr == "show"
        and ast.unparse(called.value) in ("plt", "fig", "pyplot")
    ):
        return f"{ast.unparse(called)}() hiện hình ngoài báo cáo; hình vào báo cáo bằng report.chart(…)"
    return ""
