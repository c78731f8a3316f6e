"""Completion of codes and help on them, in a real kernel."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from baocao import inspection, narrative
from baocao.completion import candidates
from baocao.dataset import BlockInfo, Dataset
from baocao.period import Period

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(ROOT / "notebooks"))
    try:
        reply = client.execute_interactive(
            "from baocao.notebook import open_report\nreport = open_report('2024-04')", timeout=60
        )
        assert reply["content"]["status"] == "ok"
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def completed(client: Any, code: str) -> tuple[list[str], str]:
    content = client.complete(code, len(code), reply=True, timeout=30)["content"]
    return content["matches"], code[content["cursor_start"] : content["cursor_end"]]


@pytest.mark.parametrize(
    ("code", "typed", "match"),
    [
        ('report["cccd.', "cccd.", "cccd.da_cap"),
        ('report["cc', "cc", "cccd"),
        ("so = report.figure('cccd.da", "cccd.da", "cccd.da_cap"),
        ('report.table("thiet', "thiet", "thiet_bi"),
        ("%%narrative\nĐã cấp {{ cccd.da", "cccd.da", "cccd.da_cap"),
        ("%%narrative\nĐã cấp {{ cccd.da_cap }}{{ compa", "compa", "compared"),
        ("%%narrative\n{{ cccd.da_cap | deci", "deci", "decimals"),
    ],
)
def test_codes_functions_and_filters(client: Any, code: str, typed: str, match: str) -> None:
    matches, replaced = completed(client, code)
    assert match in matches
    assert replaced == typed
    assert all(found.startswith(typed) for found in matches), matches


@pytest.mark.parametrize(
    ("code", "match", "told"),
    [
        ("%%narrative\n{{ cccd.da", "cccd.da_cap", "số liệu"),
        ('report.table("ccc', "cccd", "nhóm"),
        ("%%narrative\n{{ hoi.nong", "hoi.nong_dan", "nhóm"),
        ("%%narrative\n{{ compa", "compared", "hàm"),
        ("%%narrative\n{{ cccd.da_cap | deci", "decimals", "cách viết"),
    ],
)
def test_each_proposal_says_what_it_is(client: Any, code: str, match: str, told: str) -> None:
    content = client.complete(code, len(code), reply=True, timeout=30)["content"]
    proposals = content["metadata"]["_jupyter_types_experimental"]  # what JupyterLab shows
    assert {one["text"]: one["type"].replace("\N{NO-BREAK SPACE}", " ") for one in proposals}[match] == told


def test_methods_are_python_as_ever(client: Any) -> None:
    matches, _ = completed(client, "report.fi")
    assert any(match.endswith("find") for match in matches)
    assert any(match.endswith("figure") for match in matches)


def test_plain_prose_is_not_completed_with_codes(client: Any) -> None:
    matches, _ = completed(client, "%%narrative\nĐã cấp {{ cccd.da_cap }} ccc")
    assert "cccd" not in matches


@pytest.mark.parametrize("code", ['report["CCCD.DA_C', 'report["cccd.đa_c', "%%narrative\n{{ Cccd.Đã_c"])
def test_letter_case_and_diacritics_do_not_matter(client: Any, code: str) -> None:
    matches, _ = completed(client, code)
    assert "cccd.da_cap" in matches


def test_a_block_without_rows_in_a_month_completes() -> None:
    block = BlockInfo("van_ban", "list", "Văn bản", "01", (), ())
    dataset = Dataset(Period(2024, 4), {}, {"van_ban": block, "hoi_xa.*.nong_dan": block, "hoi_xa": block}, ())
    assert candidates('report.table("van', dataset, ()) == ("van", [("van_ban", "nhóm")])
    assert candidates('report.table("hoi_xa.', dataset, ()) == ("hoi_xa.", [])


def inspected(client: Any, code: str, at: str) -> str:
    content = client.inspect(code, code.index(at) + 2, reply=True, timeout=30)["content"]
    assert content["status"] == "ok"
    return content["data"]["text/plain"] if content["found"] else ""


@pytest.mark.parametrize(
    "code",
    [
        'report["cccd.da_cap"]',
        "so = report.figure('cccd.da_cap')",
        "%%narrative\nĐã “cấp {{ rate(cccd.da_cap, 5) }} 'thẻ",
    ],
)
def test_help_on_a_code_tells_value_and_source(client: Any, code: str) -> None:
    text = inspected(client, code, "cccd.da_cap")
    for part in ("Chỉ tiêu: ", "Giá trị: ", "Đơn vị: ", "Tính đến: ", "Nguồn: ", ".xlsx › "):
        assert part in text, text


@pytest.mark.parametrize("before", ["%%narrative\n{{ ", 'report["'])
def test_help_on_a_proposal_of_the_list(client: Any, before: str) -> None:
    code = f"{before}cccd.da_cap"
    typed = len(code) + len("cccd.")
    content = client.inspect(code, typed, reply=True, timeout=30)["content"]
    assert "Chỉ tiêu: Số thẻ CCCD" in content["data"]["text/plain"]


def test_help_on_blocks_functions_and_filters_is_vietnamese(client: Any) -> None:
    prose = "%%narrative\nĐã cấp {{ compared(cccd.da_cap) }}, {{ cccd.da_cap | decimals(1) }} compared"
    assert "so với tháng trước" in inspected(client, prose, "compared")
    assert "làm tròn" in inspected(client, prose, "decimals")
    assert "cccd: " in inspected(client, 'report.table("cccd")', "cccd")
    assert "Bảng số liệu của một khối" in inspected(client, "report.table(", "table")


def test_help_reads_nothing(client: Any) -> None:
    inspected(client, 'report["cccd.da_cap"]', "cccd.da_cap")
    reply = client.execute_interactive("assert not report.take_reads()", timeout=30)
    assert reply["content"]["status"] == "ok"


def test_every_function_and_filter_of_the_narrative_has_help() -> None:
    names = narrative.context(Dataset(Period(2024, 4), {}, {}, ()), {})
    assert set(inspection.FUNCTIONS) == set(names)
    assert set(inspection.FILTERS) == set(narrative._OWN_FILTERS)
