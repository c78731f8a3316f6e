"""What the office and the departments are told by mail, in Vietnamese, as plain text and as HTML.

A notice is known by its content without the run's id, so that the same is not said twice.
"""

import hashlib
import html
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from baocao.duestate import Notice
from baocao.errors import WHERE_SEPARATOR, Problem, Severity
from baocao.finding import Finding
from baocao.period import Period
from baocao.place import place
from baocao.reporting import ReportingDates, weekday_date
from baocao.settings import vietnam
from baocao.vi import clean_text, format_month, join_list

MOST: Final = 40
"""Entries of a list in a mail; the others are counted."""

Bullets = list[str]
Blocks = Sequence[str | Bullets]
"""Paragraphs and lists of a notice, in order."""

_WIDTH: Final = 76
"""Letters in a line of a plain text."""
_STYLE: Final = "max-width: 44em; font-family: Arial, sans-serif; font-size: 15px; line-height: 1.5"
_ITEM_STYLE: Final = "margin-bottom: 0.5em"


@dataclass(frozen=True)
class Told:
    """What every notice of one month in one run has in common."""

    period: Period
    dates: ReportingDates
    body: str
    """Who reports: “Tổ công tác Đề án 06 thành phố Nha Trang”."""
    run: str
    now: datetime

    @property
    def month(self) -> str:
        """“tháng 4/2024”."""
        return format_month(self.period.year, self.period.month)

    @property
    def deadline(self) -> str:
        """“Hạn gửi báo cáo: thứ Ba 16/4/2024 (đã quá hạn).”."""
        over = vietnam(self.now).date() > self.dates.deadline
        return f"Hạn gửi báo cáo: {weekday_date(self.dates.deadline)}{' (đã quá hạn)' if over else ''}."

    def notice(self, kind: str, department: str, subject: str, blocks: Blocks, about: str = "") -> Notice:
        """The notice with its key, its two forms and the run's id."""
        return make_notice(kind, str(self.period), department, subject, blocks, self.run, self.now, about)


def make_notice(
    kind: str, period: str, department: str, subject: str, blocks: Blocks, run: str, now: datetime, about: str = ""
) -> Notice:
    """A notice to `department`, or to the office for “”; `about` tells apart what would read the same."""
    subject = one_line(subject)
    cleaned = [_clean(block) for block in blocks]
    key = hashlib.sha256("\0".join([kind, period, department, subject, about, _text(cleaned)]).encode()).hexdigest()
    cleaned.append(f"Thư tự động của phần mềm lập báo cáo. Mã lần chạy: {run}")
    return Notice(
        key=key,
        kind=kind,
        period=period,
        department=department,
        subject=subject,
        text=_text(cleaned),
        html=_html(subject, cleaned),
        run=run,
        at=vietnam(now).isoformat(timespec="seconds"),
    )


def ready(
    told: Told,
    files: Iterable[str],
    counts: str,
    late: Sequence[str],
    partial: Sequence[str] = (),
    drafts: Sequence[str] = (),
) -> Notice:
    """To the office: the report is there, and which sections nobody has read yet."""
    blocks: list[str | Bullets] = [f"Đã lập báo cáo {told.month} (kỳ {told.period}).", list(files)]
    if partial:
        blocks = [
            f"Đã lập báo cáo {told.month} (kỳ {told.period}) khi chưa đủ số liệu; mọi trang đều ghi rõ điều đó.",
            list(files),
            "Báo cáo chưa có số liệu, hoặc có số liệu còn lỗi, của:",
            list(partial),
        ]
    blocks += [f"Kiểm tra số liệu: {counts}. Xem: baocao check {told.period}", told.deadline]
    if late:
        blocks += ["Đơn vị chưa gửi biểu:", list(late)]
    if drafts:
        blocks.append(
            f"Lời văn của mục {join_list(drafts)} còn là bản nháp chép từ kỳ trước, nên báo cáo này không tự công bố. "
            f"Đọc và sửa (baocao edit {told.period}), xóa ô BẢN NHÁP, rồi chạy: baocao run {told.period}; "
            f"công bố: baocao publish {told.period}"
        )
    what = "đã lập khi chưa đủ số liệu" if partial else "đã lập xong"
    return told.notice("partial" if partial else "ready", "", f"Báo cáo kỳ {told.period}: {what}", blocks)


def waiting(told: Told, late: Sequence[str], faulty: Mapping[str, Sequence[Finding]]) -> Notice:
    """To the office: the report cannot be made yet, and whom it waits for."""
    blocks: list[str | Bullets] = [f"Chưa lập được báo cáo {told.month} (kỳ {told.period})."]
    if late:
        blocks += [f"Đơn vị chưa gửi biểu ({len(late)}):", list(late)]
    if faulty:
        blocks.append(f"Đơn vị có biểu còn lỗi ({len(faulty)}):")
        blocks.append([f"{name or 'Chung'}: {len(found)} lỗi" for name, found in faulty.items()])
    blocks += [told.deadline, f"Xem chi tiết: baocao check {told.period}"]
    return told.notice("waiting", "", f"Báo cáo kỳ {told.period}: chưa đủ biểu của các đơn vị", blocks)


def late(told: Told, department: str) -> Notice:
    """To a department that sent nothing."""
    blocks: list[str | Bullets] = [
        f"Kính gửi: {department}",
        f"Đến nay {told.body} chưa nhận được biểu đã điền số liệu {told.month} (kỳ {told.period}) của đơn vị. "
        f"Ngày chốt số liệu là {weekday_date(told.dates.cut_off)}.",
        told.deadline,
        "Đề nghị đơn vị gửi biểu để kịp tổng hợp báo cáo. Trả lời thư này là trả lời bộ phận tổng hợp.",
    ]
    return told.notice("late", department, f"Đề nghị gửi biểu số liệu kỳ {told.period}", blocks)


def found(told: Told, department: str, findings: Sequence[Finding]) -> Notice:
    """To a department: what the checks say of its form; lỗi come first."""
    stopping = [finding for finding in findings if finding.stops]
    numbers = Counter(finding.severity for finding in findings)
    counts = join_list([f"{numbers[severity]} {severity.value}" for severity in Severity if numbers[severity]])
    blocks: list[str | Bullets] = [
        f"Kính gửi: {department}",
        f"Kết quả kiểm tra biểu số liệu {told.month} (kỳ {told.period}) mà đơn vị gửi {told.body}: {counts}.",
        [_finding(finding) for finding in findings],
    ]
    if stopping:
        blocks += ["Báo cáo chưa lập được khi còn lỗi. Đề nghị đơn vị sửa và gửi lại biểu.", told.deadline]
    blocks.append("Trả lời thư này là trả lời bộ phận tổng hợp.")
    subject = "biểu số liệu còn lỗi, đề nghị gửi lại" if stopping else "kết quả kiểm tra biểu số liệu"
    return told.notice("findings", department, f"Kỳ {told.period}: {subject}", blocks)


def failed(told: Told, what: str, problems: Sequence[Problem]) -> Notice:
    """To the office: it could not be made, or published, and why."""
    blocks: list[str | Bullets] = [
        f"{what} {told.month} (kỳ {told.period}) không thành. Báo cáo và trang tin trước đó vẫn nguyên vẹn.",
        [_problem(problem) for problem in problems],
        "Lần chạy theo lịch sau sẽ tự làm lại.",
        told.deadline,
    ]
    return told.notice("failed", "", f"Báo cáo kỳ {told.period}: {what.lower()} không thành", blocks)


def corrected(told: Told, names: Sequence[str], forms: str) -> Notice:
    """To the office: forms changed after the report was made; `forms` tells this change from a later one."""
    blocks: list[str | Bullets] = [
        f"Sau khi lập báo cáo {told.month} (kỳ {told.period}), các tệp sau đã thay đổi:",
        list(names),
        f"Báo cáo không tự lập lại. Nếu cần lập lại, chạy: baocao run {told.period}; nếu đã công bố thì công bố lại: "
        f"baocao publish {told.period}",
    ]
    return told.notice("corrected", "", f"Báo cáo kỳ {told.period}: có biểu sửa sau khi lập", blocks, forms)


def unprepared(periods: Sequence[Period], run: str, now: datetime) -> Notice:
    """To the office: months that are due and have no parameters."""
    blocks: list[str | Bullets] = [
        "Các kỳ sau đã đến hạn lập báo cáo mà chưa được chuẩn bị:",
        [str(period) for period in periods],
        f"Chuẩn bị từng kỳ, ví dụ: baocao new {periods[0]}. Kỳ không do phần mềm này lập thì giới hạn bằng valid_from, "
        "valid_to ở mục schedule trong params/delivery.yml.",
    ]
    subject = f"Báo cáo: {len(periods)} kỳ đến hạn chưa được chuẩn bị"
    return make_notice("unprepared", str(periods[-1]), "", subject, blocks, run, now)


def one_line(text: str) -> str:
    """Text that fits into a header: no line break, no control character."""
    return " ".join(clean_text(text).split())


def _finding(finding: Finding) -> str:
    return f"[{finding.severity.value}] {_sentence(finding.problem, place(finding))}"


def _problem(problem: Problem) -> str:
    return _sentence(problem, WHERE_SEPARATOR.join(problem.where))


def _sentence(problem: Problem, where: str) -> str:
    """“tại: điều sai. Cần có: …. Cách xử lý: …”."""
    parts = [f"{where}: {problem.what}" if where else problem.what]
    parts += [f"Cần có: {problem.expected}"] if problem.expected else []
    parts += [f"Cách xử lý: {problem.remedy}"] if problem.remedy else []
    return ". ".join(parts)


def _clean(block: str | Bullets) -> str | Bullets:
    if isinstance(block, str):
        return one_line(block)
    more = len(block) - MOST
    kept = [one_line(item) for item in block[:MOST]]
    return [*kept, f"… và {more} mục khác"] if more > 0 else kept


def _text(blocks: Blocks) -> str:
    parts = [
        _wrapped(block) if isinstance(block, str) else "\n".join(_wrapped(item, "- ") for item in block)
        for block in blocks
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _wrapped(text: str, lead: str = "") -> str:
    """Lines for a reader who sees them as they are; a path stays in one piece."""
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _html(subject: str, blocks: Blocks) -> str:
    parts = []
    for block in blocks:
        if isinstance(block, str):
            parts.append(f"<p>{html.escape(block)}</p>")
        elif block:
            parts.append(
                "<ul>\n"
                + "\n".join(f'<li style="{_ITEM_STYLE}">{html.escape(item)}</li>' for item in block)
                + "\n</ul>"
            )
    body = "\n".join(parts)
    return (
        f'<!DOCTYPE html>\n<html lang="vi">\n<head><meta charset="utf-8"><title>{html.escape(subject)}</title></head>\n'
        f'<body style="{_STYLE}">\n{body}\n</body>\n</html>\n'
    )
