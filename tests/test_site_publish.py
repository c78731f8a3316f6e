"""What `publish` and `rollback` do to a site, with results that are cheap to make."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from baocao.cli import main
from baocao.errors import BaocaoError, InputError
from baocao.period import Period
from baocao.project import Project
from baocao.site import publish, releases, roll_back
from sites import check_site, clock, empty_project, write_results

MARCH, APRIL, MAY = Period(2024, 3), Period(2024, 4), Period(2024, 5)


@pytest.fixture(autouse=True)
def _no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baocao.site.switch._GRACE", 0)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return empty_project(tmp_path / "project")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "trang"


def put(project: Project, site: Path, period: Period, text: str = "nội dung", day: str = "2024-04-22") -> str:
    write_results(project, period, text)
    return publish(project, period, site, clock=lambda: clock(day)).release


def page(site: Path, path: str) -> str:
    return (site / "current" / path).read_text(encoding="utf-8")


def test_first_month(project: Project, site: Path) -> None:
    write_results(project, APRIL)
    done = publish(project, APRIL, site, clock=lambda: datetime(2024, 4, 22, 2, 15, tzinfo=UTC))
    assert re.fullmatch(r"20240422T021500Z-[0-9a-f]{8}", done.release)
    assert (done.revision, done.changed) == (1, True)
    assert check_site(site) == done.release
    top = {path.name for path in (site / "current").iterdir()}
    assert top == {"index.html", "2024-04", "latest", "nam", "tim-kiem", "tinh", "404.html", "ban-phat-hanh.json"}
    assert not list(site.rglob("next"))
    assert not any(path.is_symlink() for path in site.rglob("*"))
    assert "Báo cáo tháng 4/2024" in page(site, "index.html")
    assert "375.671" in page(site, "index.html")
    assert 'rel="canonical" href="../2024-04/"' in page(site, "latest/index.html")
    files = {path.name for path in (site / "current" / "latest").iterdir()}
    assert files == {"index.html", "bao-cao.html", "bao-cao.pdf", "bao-cao.docx"}


def test_nothing_to_do_the_second_time(project: Project, site: Path) -> None:
    name = put(project, site, APRIL)
    before = {path: path.stat().st_mtime_ns for path in site.rglob("*.html")}
    again = publish(project, APRIL, site)
    assert (again.release, again.changed) == (name, False)
    assert {path: path.stat().st_mtime_ns for path in site.rglob("*.html")} == before


def test_a_month_published_again_keeps_its_earlier_revision_marked(project: Project, site: Path) -> None:
    put(project, site, APRIL, "bản đầu")
    put(project, site, MAY, "tháng sau", "2024-05-20")
    put(project, site, APRIL, "bản sửa", "2024-05-21")
    check_site(site)
    assert "bản sửa" in page(site, "2024-04/bao-cao.html")
    assert "thay-the" not in page(site, "2024-04/bao-cao.html")
    assert "bản sửa" in page(site, "2024-04/lan-2/bao-cao.html")
    earlier = page(site, "2024-04/lan-1/bao-cao.html")
    assert "bản đầu" in earlier
    assert "đã được thay thế" in earlier
    assert 'href="../../2024-04/bao-cao.html"' in earlier
    assert "đã được thay thế" in page(site, "2024-04/lan-1/index.html")
    assert "công bố ngày 21/5/2024" in page(site, "2024-04/lan-1/index.html")
    assert "Báo cáo tháng 5/2024" in page(site, "index.html"), "the newest month, not the one published last"


def test_rollback_and_what_follows(project: Project, site: Path) -> None:
    first = put(project, site, APRIL, "bản đầu")
    second = put(project, site, APRIL, "bản sai")
    assert roll_back(site) == first
    assert check_site(site) == first
    assert "bản sai" not in page(site, "2024-04/bao-cao.html")
    assert not (site / "current" / "2024-04" / "lan-2").exists()
    assert not list((site / "previous").rglob("*.html")), "what was withdrawn must not be served"
    assert [(item.name, item.served) for item in releases(site)] == [(first, True), (second, False)]
    # The next publication builds on what readers see: the withdrawn revision stays away.
    put(project, site, MAY, day="2024-05-20")
    assert not (site / "current" / "2024-04" / "lan-2").exists()
    # Published again, it is what it was.
    put(project, site, APRIL, "bản sai", "2024-05-21")
    assert "bản sai" in page(site, "2024-04/lan-2/bao-cao.html")
    assert roll_back(site, second) == second
    with pytest.raises(InputError, match="không còn bản phát hành nào trước"):
        roll_back(site, first)
        roll_back(site)
    with pytest.raises(InputError, match="không có bản phát hành “x”"):
        roll_back(site, "x")


def test_a_corrected_month_after_rollback_has_a_number_of_its_own(project: Project, site: Path) -> None:
    put(project, site, APRIL, "bản đầu")
    put(project, site, APRIL, "bản sai")
    roll_back(site)
    put(project, site, APRIL, "bản đúng")
    record = json.loads(page(site, "ban-phat-hanh.json"))
    assert record["months"] == {"2024-04": [1, 3]}
    check_site(site)


def test_the_last_releases_are_kept_and_ids_sort_by_time(project: Project, site: Path) -> None:
    # The clock of the server goes backwards.
    names = [put(project, site, APRIL, f"bản {n}", f"2024-05-{20 - n:02d}") for n in range(8)]
    assert names == sorted(names)
    assert [item.name for item in releases(site)] == names[-5:]
    check_site(site)
    assert len(list((site / "months" / "2024-04").iterdir())) == 8


@pytest.mark.parametrize(
    "name", ["bao-cao-2024-04.pdf", "bao-cao-2024-04.docx", "bao-cao-2024-04.html", "tom-tat.json"]
)
def test_only_what_the_run_wrote_is_published(project: Project, site: Path, name: str) -> None:
    folder = write_results(project, APRIL)
    (folder / name).write_bytes(b"x")
    with pytest.raises(InputError, match="đã bị sửa sau khi lập báo cáo"):
        publish(project, APRIL, site)
    (folder / name).unlink()
    with pytest.raises(InputError, match="thiếu một tệp của báo cáo"):
        publish(project, APRIL, site)
    assert not (site / "current").exists()


def test_late_forms_are_published_only_on_demand(project: Project, site: Path) -> None:
    write_results(project, APRIL, manifest={"partial": ["02-lao-dong"]})
    with pytest.raises(InputError, match="chưa gửi số liệu"):
        publish(project, APRIL, site)
    publish(project, APRIL, site, partial=True)
    assert "BÁO CÁO CHƯA ĐỦ SỐ LIỆU" in page(site, "2024-04/index.html")
    assert "chưa đủ số liệu" in page(site, "index.html")


def test_simulated_figures_are_marked_on_every_page_that_shows_them(project: Project, site: Path) -> None:
    write_results(project, APRIL)
    publish(project, APRIL, site)
    write_results(project, MAY, simulated=True)
    publish(project, MAY, site)
    for path in ("index.html", "2024-05/index.html", "latest/index.html", "nam/2024/index.html"):
        assert "DỮ LIỆU MÔ PHỎNG" in page(site, path)
    assert "DỮ LIỆU MÔ PHỎNG" not in page(site, "2024-04/index.html")


def test_text_of_a_report_is_data(project: Project, site: Path) -> None:
    folder = write_results(project, APRIL)
    summary = json.loads((folder / "tom-tat.json").read_bytes())
    summary["indicators"][0]["label"] = "<script>alert(1)</script>"
    import hashlib

    content = json.dumps(summary).encode()
    (folder / "tom-tat.json").write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["outputs"]["tom-tat.json"] = hashlib.sha256(content).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    publish(project, APRIL, site)
    for path in (site / "current").rglob("*.html"):
        assert "<script>alert" not in path.read_text(encoding="utf-8")


def test_a_folder_of_somebody_else_is_refused(project: Project, tmp_path: Path) -> None:
    write_results(project, APRIL)
    (tmp_path / "khac").mkdir()
    (tmp_path / "khac" / "thu.txt").write_text("x", encoding="utf-8")
    for folder, message in (
        (tmp_path / "khac", "không phải trang do baocao tạo"),
        (tmp_path / "khac" / "thu.txt", "là một tệp"),
        (tmp_path / "mất" / "trang", "không có thư mục này"),
    ):
        with pytest.raises(InputError, match=message):
            publish(project, APRIL, folder)
    assert [path.name for path in (tmp_path / "khac").iterdir()] == ["thu.txt"]
    with pytest.raises(InputError, match="không phải trang đã công bố"):
        roll_back(tmp_path / "khac")


def test_no_report_yet(project: Project, site: Path) -> None:
    with pytest.raises(InputError, match="baocao run 2024-04"):
        publish(project, APRIL, site)


def test_the_course_shows_gaps_and_new_names(project: Project, site: Path) -> None:
    for period, value in ((Period(2023, 12), 350_000), (MARCH, 360_000), (APRIL, None), (Period(2024, 7), 380_000)):
        write_results(project, period, value=value)
        publish(project, period, site)
    front = page(site, "index.html")
    assert "Thẻ căn cước đã cấp" in front, "the name that the indicator has in the newest month"
    row = front.partition("dien-bien")[2].partition("<tbody>")[2]
    assert len(re.findall("<td>", row)) == 8
    assert row.count("khong-co") == 5
    assert front.partition("duong")[2].count("<circle") == 3
    assert "Kỳ trước: tháng 12/2023" in page(site, "2024-03/index.html")
    assert (site / "current" / "nam" / "2023" / "index.html").is_file()


def test_commands(
    project: Project, site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BAOCAO_ROOT", str(project.root))
    write_results(project, APRIL, "một")
    assert main(["publish", "2024-04", "--site", str(site)]) == 0
    assert "Đã công bố báo cáo kỳ 2024-04, lần 1" in capsys.readouterr().out
    assert main(["publish", "2024-04", "--site", str(site)]) == 0
    assert "không có gì phải làm" in capsys.readouterr().out
    write_results(project, APRIL, "hai")
    assert main(["publish", "2024-04", "--site", str(site)]) == 0
    capsys.readouterr()
    assert main(["rollback", "--site", str(site), "--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert len(listed) == 2
    assert "[hiện hành]: 2024-04 (lần 2)" in listed[1]
    assert main(["rollback", "--site", str(site), listed[0].partition(":")[0]]) == 0
    assert "một" in page(site, "2024-04/bao-cao.html")
    assert main(["rollback", "--site", str(site)]) == 2


def test_the_site_of_the_parameters(
    monkeypatch: pytest.MonkeyPatch, april_project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BAOCAO_ROOT", str(april_project.root))
    write_results(april_project, APRIL)
    assert main(["publish"]) == 2
    assert "--site THƯ_MỤC" in capsys.readouterr().err
    defaults = april_project.defaults.read_text(encoding="utf-8")
    april_project.defaults.write_text(defaults.replace("site: null", "site: outputs/trang"), encoding="utf-8")
    assert main(["publish"]) == 0
    check_site(april_project.outputs / "trang")


@pytest.fixture
def april_project(tmp_path: Path) -> Project:
    from conftest import copy_project

    return copy_project(tmp_path / "own")


def test_problems_say_what_to_do(project: Project, tmp_path: Path) -> None:
    with pytest.raises(BaocaoError) as caught:
        publish(project, APRIL, tmp_path / "không" / "có")
    (problem,) = caught.value.problems
    assert problem.where
    assert problem.expected
    assert problem.remedy
