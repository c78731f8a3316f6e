"""Bề mặt mà sổ tay dùng: mở báo cáo của kỳ, viết lời văn có số liệu, hiện bảng và biểu đồ.

Sổ tay bắt đầu bằng ô tham số `period = ""`, rồi:

    from baocao.notebook import charts, open_report
    report = open_report(period)

Từ đó dùng được `%%narrative`, `report.table(...)`, `report.show(...)`, `report.chart(...)`, `report.find(...)`.
"""

import base64
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from IPython.core.getipython import get_ipython
from IPython.display import display

from baocao import charts, completion, inspection, narrative
from baocao.dataset import Dataset
from baocao.errors import BaocaoError, InputError, Problem
from baocao.figure import Datum, Figure
from baocao.markup import html_text, markdown_text
from baocao.month import read_month
from baocao.narrative import Namespace
from baocao.notebook_keys import DATASET_VARIABLE, KEY, NARROW, NUMBERS, PERIOD_VARIABLE, READS
from baocao.params import READ, Params, load_params
from baocao.period import Period
from baocao.project import Project
from baocao.vi import format_month

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from baocao.tables import FigureTable, Header

    ChartNumbers = Mapping[str, Figure] | Mapping[str, Mapping[str, Figure]] | tuple[FigureTable, Mapping[str, Header]]

__all__ = ["Report", "charts", "open_report"]

_current: "Report | None" = None


class _NotedParams:
    """Parameters that note each attribute asked for in `reads`."""

    def __init__(self, params: Params, reads: set[str]) -> None:
        self._params, self._reads = params, reads

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        value: object = getattr(self._params, name)
        self._reads.add(f"{READ}{name}")
        return value

    def __dir__(self) -> list[str]:
        return dir(self._params)


class Report:
    """Báo cáo của một kỳ: số liệu theo mã, bảng, biểu đồ, thuật ngữ."""

    def __init__(self, dataset: Dataset, params: Params) -> None:
        """Dùng `open_report(period)` thay vì gọi trực tiếp."""
        self.period = dataset.period
        # Looks like the parameters; the reads of the section have what was asked for.
        self.params = cast(Params, _NotedParams(params, dataset.reads))
        self._dataset = dataset
        self._names = narrative.context(dataset, params.terms)
        self._emitted: set[str] = set()

    def __getitem__(self, code: str) -> "Datum | Namespace":
        """Số liệu theo mã: report["cccd.da_cap"]."""
        return narrative.resolve(self._dataset, code)

    @property
    def month(self) -> str:
        """Tháng báo cáo: “tháng 4/2024”."""
        return format_month(self.period.year, self.period.month)

    def figure(self, code: str) -> Figure:
        """Một con số theo mã; mã của chữ hay ngày bị từ chối."""
        datum = self._dataset.get(code)
        if not isinstance(datum, Figure):
            raise InputError(Problem(f"mã “{code}” không phải một con số", expected="mã của một con số"))
        return datum

    def find(self, words: str) -> "pd.DataFrame":
        """Tìm số liệu theo từ khóa, có dấu hay không dấu: report.find("can cuoc")."""
        import pandas as pd

        # What tells two labels apart is at their ends.
        pd.set_option("display.max_colwidth", None)
        rows = [
            (datum.code, datum.label, str(datum), getattr(datum, "unit", ""), str(datum.cell or ""))
            for datum in self._dataset.find(words)
        ]
        return pd.DataFrame(rows, columns=["mã", "chỉ tiêu", "giá trị", "đơn vị", "nguồn"])

    def table(self, block: str, *, only_reported: bool = False) -> "FigureTable":
        """Bảng số liệu của một khối: mỗi dòng một mã dòng, mỗi cột một mã cột; `.numeric()` cho biểu đồ.

            report.table("hoi")                # các dòng của một khối
            report.table("hoi_xa.vinh_hoa")    # khối của một phường, xã
            report.table("hoi_xa.*.nong_dan")  # một dòng của khối, mỗi phường, xã một dòng

        Khối của biểu phường, xã không kèm mã đơn vị (`hoi_xa`) là bảng các số tổng.
        """
        from baocao.tables import figure_table, reported

        table = figure_table(self._dataset, block)
        return reported(table) if only_reported else table

    def column(self, block: str, *lines: str) -> "pd.Series[str]":
        """Cột ghép từ các cột khác của khối, để thêm vào bảng.

            table.assign(van_ban=report.column("nhiem_vu", "{{ cite(dong, 'vb1_') }}"))

        Mỗi mẫu trong `lines` là một dòng chữ của ô, dòng rỗng bị bỏ; `dong` là dòng đang xét của khối.
        """
        import pandas as pd

        entries = self._names["entries"](block)  # type: ignore[operator]
        texts = [[narrative.plain(line, {**self._names, "dong": entry}) for line in lines] for entry in entries]
        cells = ["\n".join(text for text in cell if text) for cell in texts]
        return pd.Series(cells, index=list(self._dataset.rows(block)), dtype=object)

    def show(
        self,
        table: "FigureTable",
        columns: "Mapping[str, Header]",
        *,
        name: str,
        caption: str = "",
        widths: Sequence[float] | None = None,
    ) -> None:
        """Đưa bảng vào báo cáo. `columns`: mã cột → tiêu đề, hoặc (tiêu đề chung, tiêu đề); "stt" là số thứ tự."""
        from baocao.tables import table_html

        caption = self.text(caption)
        _emit(
            {"text/html": table_html(table, columns, widths, caption, name), "text/plain": f"Bảng: {caption or name}"},
            {"kind": "table", "name": name, "caption": caption},
        )

    def chart(self, axes: "Axes", *, name: str, caption: str, alt: str, numbers: "ChartNumbers | None" = None) -> None:
        """Đưa biểu đồ vào báo cáo, kèm tên gọi, tiêu đề, lời mô tả và bảng số liệu cho người không nhìn thấy hình.

        Biểu đồ vẽ bằng charts.progress, charts.bars, charts.grouped_bars đã có số liệu. Hình tự vẽ trên charts.canvas
        thì ghi `numbers`: nhãn → số liệu; nhóm → nhãn → số liệu; hoặc (bảng, tiêu đề cột) như report.show nhận.

            report.chart(axes, name="…", caption="…", alt="…", numbers={"Bằng VNeID": report.figure("kcb.luot_vneid")})
        """
        caption, alt = self.text(caption), self.text(alt)
        problems = []
        if not alt:
            problems.append(
                Problem(f"biểu đồ “{name}” thiếu lời mô tả", expected="alt=“…” nói nội dung chính của hình")
            )
        if numbers is None and charts.numbers(axes) is None:
            problems.append(
                Problem(
                    f"biểu đồ “{name}” thiếu số liệu cho người không nhìn thấy hình",
                    expected="numbers={nhãn: số liệu}, {nhóm: {nhãn: số liệu}} hoặc (bảng, {mã cột: tiêu đề})",
                    remedy='thêm numbers=… vào report.chart(…), ví dụ numbers={"Nhãn": report.figure("mã")}',
                )
            )
        if problems:
            raise InputError(problems)
        table = _numbers_html(axes, numbers)
        pictures = charts.images(axes)
        picture = base64.b64encode(pictures.svg.encode()).decode("ascii")
        _emit(
            {
                # Its letters are dark: a dark desk gets them on paper.
                "text/html": f'<figure style="background:#fff;color:#222"><img alt="{html_text(alt)}" '
                f'src="data:image/svg+xml;base64,{picture}"><figcaption>{html_text(caption)}</figcaption></figure>',
                "image/svg+xml": pictures.svg,
                NARROW: pictures.narrow,
                NUMBERS: table,
                "text/plain": f"Biểu đồ: {caption}",
            },
            {"kind": "chart", "name": name, "caption": caption, "alt": alt},
        )

    def appendix(self, title: str, *, landscape: bool = False) -> None:
        """Tiêu đề phụ lục; số của phụ lục theo số sổ tay (91 là Phụ lục I). `landscape`: khổ giấy ngang."""
        _emit(
            {"text/markdown": f"**{markdown_text(self.text(title))}**"},
            {"kind": "appendix", "title": self.text(title), "landscape": landscape},
        )

    def text(self, source: str) -> str:
        """Chữ có số liệu ở dạng thuần: report.text("Đã cấp {{ cccd.da_cap }} thẻ")."""
        return narrative.plain(source, self._scope()) if source else ""

    def narrate(self, source: str, first_line: int = 1) -> None:
        """Đưa lời văn Markdown có `{{ mã }}` vào báo cáo; `%%narrative` gọi hàm này."""
        text = narrative.render(source, self._scope(), first_line)
        _emit({"text/markdown": text, "text/plain": text}, {"kind": "narrative"})

    def _scope(self) -> dict[str, Any]:
        """Names that prose can use: codes and functions, and below them the notebook's own variables."""
        shell = get_ipython()
        own = shell.user_ns if shell else {}
        return {name: value for name, value in own.items() if not name.startswith("_")} | self._names

    def vocabulary(self) -> tuple[Dataset, Sequence[str]]:
        """Số liệu và các tên dùng được trong lời văn, cho việc gợi ý khi gõ."""
        return self._dataset, tuple(self._names)

    def take_reads(self) -> list[str]:
        """Codes asked for since the last call, in order of the alphabet."""
        new = self._dataset.reads - self._emitted
        self._emitted |= new
        return sorted(new)


def _numbers_html(axes: "Axes", numbers: "ChartNumbers | None") -> str:
    """What the drawing shows as a table: as the author says, else as the function that drew it knows."""
    from baocao.tables import FigureTable, labelled_html, table_html

    if isinstance(numbers, FigureTable):
        raise InputError(
            Problem(
                "bảng số liệu của biểu đồ chưa có tiêu đề cột",
                expected="numbers=(bảng, {mã cột: tiêu đề})",
                remedy="ghi cặp bảng và tiêu đề cột như trong report.show(…)",
            )
        )
    if isinstance(numbers, tuple):
        return table_html(*numbers)
    told = charts.numbers(axes) if numbers is None else charts.told(numbers)
    return "" if told is None else labelled_html(told.columns, told.rows)


def _emit(data: dict[str, Any], metadata: dict[str, Any]) -> None:
    display(data, raw=True, metadata={KEY: metadata})  # type: ignore[no-untyped-call]


def open_report(period: str = "") -> Report:
    """Mở báo cáo của kỳ `period` (ví dụ "2024-04"); để trống thì dùng $BAOCAO_PERIOD hoặc kỳ mới nhất có tham số."""
    global _current
    project = Project.find()
    chosen = period or os.environ.get(PERIOD_VARIABLE, "")
    wanted = Period.parse(chosen) if chosen else project.newest()
    dataset = _shared_dataset(wanted)
    if dataset is None:
        month = read_month(project, wanted)
        if month.stopping:
            raise InputError([finding.problem for finding in month.stopping])
        dataset, params = month.dataset, month.params
    else:
        params = load_params(project, wanted)
    _current = Report(dataset, params)
    return _current


def _shared_dataset(period: Period) -> Dataset | None:
    """The dataset that the run prepared, when this kernel belongs to a run of the same period."""
    path = os.environ.get(DATASET_VARIABLE)
    if not path:
        return None
    dataset = Dataset.load(Path(path))
    return dataset if dataset.period == period else None


def _narrative(line: str, cell: str) -> None:
    """Lời văn của báo cáo: Markdown, trong đó {{ mã }} là số liệu."""
    if _current is None:
        raise InputError(
            Problem(
                "chưa mở báo cáo", expected="report = open_report(period) ở ô trước", remedy="chạy các ô từ trên xuống"
            )
        )
    if line.strip():
        raise InputError(Problem(f"%%narrative không nhận “{line.strip()}”", expected="lời văn bắt đầu từ dòng dưới"))
    _current.narrate(cell, first_line=2)


def _report_reads(_result: object) -> None:
    """After each cell, say which codes it asked for, so that a run knows what a section rests on."""
    if _current is not None and (reads := _current.take_reads()):
        display({READS: {"codes": reads}}, raw=True, metadata={KEY: {"kind": "reads"}})  # type: ignore[no-untyped-call]


def _show_error(
    shell: Any, kind: type, error: BaocaoError, trace: TracebackType, tb_offset: int | None = None
) -> list[str]:
    """Show an error of this package down to the cell's line that met it: what lies below helps no author."""
    if isinstance(error, narrative.NarrativeError):
        shown = error._render_traceback_()
    else:
        frames = list(_frames(trace))
        in_cells = [frame for frame in frames if shell.compile.format_code_name(frame.tb_frame.f_code.co_filename)]
        (in_cells or frames)[-1].tb_next = None
        shown = shell.InteractiveTB.structured_traceback(kind, error, trace, tb_offset=tb_offset)
    shell._showtraceback(kind, error, shown)
    return shown


def _frames(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _register() -> None:
    shell = get_ipython()
    if shell is None:
        return
    shell.register_magic_function(_narrative, "cell", "narrative")  # type: ignore[arg-type]
    for known in list(shell.events.callbacks["post_run_cell"]):
        if getattr(known, "__name__", "") == _report_reads.__name__:
            shell.events.unregister("post_run_cell", known)
    shell.events.register("post_run_cell", _report_reads)
    shell.set_custom_exc((BaocaoError,), _show_error)  # type: ignore[no-untyped-call]
    completer = shell.Completer
    completer.custom_matchers = [
        *(one for one in completer.custom_matchers if getattr(one, "matcher_identifier", "") != completion.IDENTIFIER),
        completion.matcher(lambda: _current.vocabulary() if _current else None),
    ]
    # IPython on a terminal has no kernel.
    if kernel := getattr(shell, "kernel", None):
        inspection.inspecting(kernel, lambda: _current.vocabulary()[0] if _current else None)


_register()
