"""Projects with results of several months, cheap to make: what `publish` reads, in the shape that a run gives it."""

import hashlib
import json
import re
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from baocao.period import Period
from baocao.project import Project
from baocao.vi import format_number

_PAGE = """<!DOCTYPE html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:">
<title>Báo cáo {month}</title>
</head>
<body>
<a class="bo-qua" href="#noi-dung">Đến nội dung</a>
<div class="trang">
<main id="noi-dung" tabindex="-1">
<h1>BÁO CÁO</h1>
<h2 id="muc-i">I. KHÁI QUÁT TÌNH HÌNH</h2>
<p>Trong {month}, thành phố đã triển khai {words}. Nội dung: {text}.</p>
<h2 id="muc-ii">II. KẾT QUẢ THỰC HIỆN</h2>
<h3 id="muc-ii-6">6. Công dân số</h3>
<p>Đã cấp <span data-so="cccd.da_cap" title="01-cong-an.xlsx">{value}</span> thẻ căn cước cho công dân.</p>
<table><thead><tr><th scope="col">Đơn vị</th></tr></thead><tbody><tr><td>Phường Vĩnh Hòa</td></tr></tbody></table>
</main>
</div>
</body>
</html>
"""


def clock(day: str, hour: int = 9) -> datetime:
    """A moment, for `publish`."""
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)


def empty_project(folder: Path) -> Project:
    """A project that has nothing but its marker."""
    (folder / "params").mkdir(parents=True)
    (folder / "params" / "defaults.yml").write_text("", encoding="utf-8")
    return Project(folder)


def write_results(
    project: Project,
    period: Period,
    text: str = "nội dung của kỳ",
    *,
    value: int | None = 375_671,
    words: str = "Đề án 06",
    simulated: bool = False,
    manifest: dict[str, Any] | None = None,
) -> Path:
    """The results of a run of `period`; its folder."""
    folder = project.outputs / str(period)
    folder.mkdir(parents=True, exist_ok=True)
    month = f"tháng {period.month}/{period.year}"
    page = _PAGE.format(month=month, text=text, words=words, value=value)
    stem = f"bao-cao-{period}"
    contents = {
        f"{stem}.html": page.encode(),
        f"{stem}.pdf": f"%PDF-1.7 {period} {text}\n".encode() * 100,
        f"{stem}.docx": f"PK {period} {text}\n".encode() * 100,
        "tom-tat.json": json.dumps(_summary(period, value, simulated), ensure_ascii=False).encode(),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    description = {"period": str(period), "outputs": hashes, **(manifest or {})}
    (folder / "manifest.json").write_text(json.dumps(description), encoding="utf-8")
    return folder


def _summary(period: Period, value: int | None, simulated: bool) -> dict[str, Any]:
    rate: dict[str, Any] | None = None
    if value is not None:
        text = f"{value * 100 / 388_006:.2f}%".replace(".", ",")
        rate = {"code": "cccd.ty_le", "exact": str(Fraction(value * 100, 388_006)), "text": text, "unit": ""}
    first = {
        "label": "Thẻ CCCD gắn chip đã cấp" if str(period) < "2024-07" else "Thẻ căn cước đã cấp",
        "value": {
            "code": "cccd.da_cap",
            "exact": None if value is None else str(value),
            "text": "…" if value is None else format_number(value),
            "unit": "thẻ",
        },
        "rate": rate,
        "change": "tăng 1.234 so với tháng trước" if period.month > 1 else "",
    }
    return {
        "period": str(period),
        "kind": "BÁO CÁO",
        "title": "Kết quả triển khai, thực hiện Đề án “Phát triển ứng dụng dữ liệu về dân cư”",
        "parent": "ỦY BAN NHÂN DÂN\nTHÀNH PHỐ NHA TRANG",
        "body": "TỔ CÔNG TÁC ĐỀ ÁN 06",
        "body_in_text": "Tổ công tác Đề án 06 thành phố Nha Trang",
        "symbol": f"Số: {period.month:02d}/BC-TCTĐA06",
        "place_and_date": f"Nha Trang, ngày 16 tháng {period.month} năm {period.year}",
        "window": ["15/3/2024", "14/4/2024"],
        "simulated": simulated,
        "indicators": [first],
    }


def check_site(root: Path) -> str:
    """The release that `root` serves: whole, of one piece, every link in it leads somewhere; its id."""
    current = root / "current"
    record = json.loads((current / "ban-phat-hanh.json").read_text(encoding="utf-8"))
    pages = sorted(current.rglob("*.html"))
    assert current / "index.html" in pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert f'<meta name="ban-phat-hanh" content="{record["id"]}">' in text, page
        for target in re.findall(r'(?:href|src|action|data-tep)="([^"#?]+)', text):
            if target.startswith("data:") or page.name == "404.html":
                continue
            assert "://" not in target, (page, target)
            assert not target.startswith("/"), (page, target)
            place = page.parent / target
            assert (place / "index.html" if place.is_dir() else place).is_file(), (page, target)
    for month, numbers in record["months"].items():
        for number in numbers:
            outputs = json.loads((root / "months" / month / str(number) / "manifest.json").read_bytes())["outputs"]
            for kind in ("pdf", "docx"):
                name = f"bao-cao-{month}.{kind}"
                content = (current / month / f"lan-{number}" / name).read_bytes()
                assert hashlib.sha256(content).hexdigest() == outputs[name]
    identity: str = record["id"]
    return identity
