"""Completion of codes, in a real kernel."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

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


def test_methods_are_python_as_ever(client: Any) -> None:
    matches, _ = completed(client, "report.fi")
    assert any(match.endswith("find") for match in matches)
    assert any(match.endswith("figure") for match in matches)


def test_plain_prose_is_not_completed_with_codes(client: Any) -> None:
    matches, _ = completed(client, "%%narrative\nĐã cấp {{ cccd.da_cap }} ccc")
    assert "cccd" not in matches
