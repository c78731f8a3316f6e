"""The command line: words, exit statuses, what is printed where. Commands run on a copy of the real project."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest
from rich.console import Console

from baocao import __version__, cli, run
from baocao.cli import main
from baocao.cli_text import counts, say, show_findings, show_problems
from baocao.errors import Problem, RunError, Severity
from baocao.finding import Finding
from baocao.manifest import MANIFEST
from baocao.month import Month
from baocao.period import Period
from baocao.project import Project
from baocao.render import Renderer, choose

ROOT = Path(__file__).parents[1]
COMMANDS = ("run", "check", "preview", "new", "demo", "diff")
ENTRY = [sys.executable, "-c", "from baocao.cli import main; raise SystemExit(main())"]
ENGLISH = re.compile(
    r"\b(usage|options?|arguments?|args|commands?|errors?|show|this|message|and|exit|missing|such|try|help|for|default"
    r"|required|requires|invalid|value|unexpected|extra|got|possible|did|you|mean|str|bool|text|is|not|aborted)\b",
    re.IGNORECASE,
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("data", "params", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints", "2024-05*"))
    shutil.copyfile(ROOT / "_quarto.yml", tmp_path / "_quarto.yml")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BAOCAO_ROOT", raising=False)
    return tmp_path


def english(text: str) -> list[str]:
    for typed in ("--help", "--version", "text, json, xlsx", "text, json", "Mặc định: text"):
        text = text.replace(typed, "")
    return ENGLISH.findall(text)


def in_new_process(arguments: Sequence[str], **environment: str) -> subprocess.CompletedProcess[bytes]:
    paths = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))
    return subprocess.run(
        [*ENTRY, *arguments], capture_output=True, check=False, env={**os.environ, "PYTHONPATH": paths, **environment}
    )


def terminal(width: int) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, width=width, force_terminal=True, color_system=None, highlight=False), stream


def set_cell(path: Path, sheet: str, row_title: str, column: int, value: object) -> None:
    book = openpyxl.load_workbook(path)
    page = book[sheet]
    row = next(cells[0].row for cells in page.iter_rows() if any(cell.value == row_title for cell in cells))
    page.cell(row, column).value = value
    book.save(path)


# Words


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_vietnamese(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command.split(), "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"Cách dùng: baocao {command}".rstrip())
    assert "Hiện hướng dẫn này rồi thoát." in text
    assert english(text) == []


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(re.search(rf"^  {name}  +\S", text, re.MULTILINE) for name in COMMANDS)


WRONG = {
    "rnu": "có phải “run”?",
    "--verson": "có phải “--version”?",
    "--version=3": "không nhận giá trị",
    "--": "thiếu lệnh",
    "run --formt pdf": "có phải “--format”?",
    "run -x": "không có tùy chọn “-x”",
    "run --format": "--format DẠNG",
    "run --help=1": "không nhận giá trị",
    "run 2024-04 2024-05": "thừa “2024-05”",
    "run 2024-13": "kỳ báo cáo “2024-13” không hợp lệ",
    "run 2024-04 --format doc": "không có định dạng “doc”",
    "run 2024-04 --format ,": "không có định dạng “”",
    "run 2024-04 --jobs hai": "“hai” không hợp lệ",
    "run 2024-04 --jobs 0": "“0” không hợp lệ",
    "run 2024-04 --section": "--section MỤC",
    "run 2024-04 --section 77": "không có mục “77”",
    "run 2024-04 --section 20 --format pdf": "không đi cùng",
    "run 2024-04 --section 20 --renderer pandoc": "không đi cùng",
    "run 2024-04 --renderer latex": "không có bộ dàn trang “latex”",
    "run 2023-01": "không có tệp params/2023-01.yml",
    "check thang-tu": "“thang-tu” không hợp lệ",
    "check 2024-04 --format csv": "không có định dạng “csv”",
    "check --format": "--format DẠNG",
    "check --notebooks --format xlsx": "--notebooks không đi cùng --format xlsx",
    "diff": "--docx",
    "diff --docx x.docx --format odt": "không có định dạng “odt”",
    "diff --docx x.docx 2024-04": "chưa có báo cáo DOCX",
    "new": "thiếu KỲ",
    "demo": "thiếu THƯ_MỤC",
    "demo outputs/demo --period 5": "“5” không hợp lệ",
}


@pytest.mark.parametrize("line", WRONG)
def test_wrong_use(line: str, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line.split()) == 2
    printed = capsys.readouterr()
    assert WRONG[line] in printed.err
    assert printed.out == ""
    assert english(printed.err) == []
    assert {path.name for path in (root / "outputs").glob("*")} <= {"logs"}


def test_nothing_typed_shows_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("Cách dùng: baocao")
    assert printed.out == ""


def test_all_that_is_wrong_at_once(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "2024-13", "--format", "doc,odt", "--jobs", "x"]) == 2
    text = capsys.readouterr().err
    assert text.startswith("Có 4 lỗi:")
    assert all(f"\n  {number}. " in text for number in range(1, 5))


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"baocao {__version__}\n"


def test_outside_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BAOCAO_ROOT", raising=False)
    assert main(["check"]) == 2
    assert "không tìm thấy dự án báo cáo" in capsys.readouterr().err


# Cost and encoding


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["rnu"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys; from baocao.cli import main; main(sys.argv[1:]); "
        "print('LOADED', *[name for name in sys.modules if '.' not in name])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"},
    )
    loaded = set(result.stdout.decode().split("LOADED")[1].split())
    heavy = {"pandas", "numpy", "openpyxl", "papermill", "seaborn", "matplotlib", "jinja2", "nbformat", "yaml"}
    if arguments == ["--help"]:
        # Typer itself checks flags with pydantic as soon as a command is named.
        heavy.add("pydantic")
    assert "typer" in loaded
    assert loaded & heavy == set()


@pytest.mark.parametrize("code_page", ["ascii", "cp1252", "cp1258"])
def test_utf8_whatever_the_code_page(code_page: str) -> None:
    result = in_new_process(["rnu"], PYTHONIOENCODING=code_page)
    assert result.returncode == 2
    assert "không có lệnh “rnu”" in result.stderr.decode("utf-8")
    assert "Cách dùng: baocao" in in_new_process(["--help"], PYTHONIOENCODING=code_page).stdout.decode("utf-8")


# Layout

PROBLEM = Problem(
    "Số thẻ CCCD gắn chip điện tử đã cấp: “12 nghìn” được gõ dạng chữ, không phải số",
    ("01-cong-an.xlsx", "CCCD, định danh", "D9"),
    "một số nguyên không âm, đơn vị: thẻ",
    "nhập lại số liệu bằng chữ số",
)


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_a_terminal_never_loses_or_cuts_a_word(width: int) -> None:
    target, stream = terminal(width)
    show_problems(target, [PROBLEM, PROBLEM])
    text = stream.getvalue()
    assert all(len(line.rstrip()) <= width for line in text.splitlines())
    words = " ".join((PROBLEM.what, *PROBLEM.where, PROBLEM.expected, PROBLEM.remedy)).split()
    assert all(text.split().count(word) >= 2 * words.count(word) for word in set(words))


def test_a_word_longer_than_the_terminal_is_folded() -> None:
    target, stream = terminal(12)
    say(target, "bao-cao-2024-04.docx", 2)
    assert "".join(stream.getvalue().split()) == "bao-cao-2024-04.docx"


def test_elsewhere_a_line_is_a_line() -> None:
    stream = io.StringIO()
    show_problems(Console(file=stream, width=20, highlight=False), [PROBLEM])
    assert stream.getvalue().splitlines() == [
        "Lỗi:",
        f"  {PROBLEM.what}",
        "     Tại: 01-cong-an.xlsx › CCCD, định danh › D9",
        f"     Cần có: {PROBLEM.expected}",
        f"     Cách xử lý: {PROBLEM.remedy}",
    ]


def test_texts_of_a_workbook_are_printed_literally() -> None:
    stream = io.StringIO()
    say(Console(file=stream, highlight=False), "[red]x[/red] :smile: \x1b[31m\x07 <b>")
    assert stream.getvalue() == "[red]x[/red] :smile: \ufffd[31m\ufffd <b>\n"


def test_counts() -> None:
    stop = Finding("a", "b", Severity.LOI, PROBLEM)
    answered = Finding("a", "c", Severity.LOI, PROBLEM, acknowledged_by="Lan", reason="đã đối chiếu")
    note = Finding("a", "d", Severity.LUU_Y, PROBLEM)
    assert counts([]) == "không có phát hiện nào"
    assert counts([stop, note, note]) == "1 lỗi, 2 lưu ý"
    assert counts([stop, answered, note]) == "2 lỗi (1 đã xác nhận), 1 lưu ý"


def test_findings_stand_under_their_department() -> None:
    stream = io.StringIO()
    one = Finding("r1", "c1", Severity.CANH_BAO, PROBLEM, "Công an")
    general = Finding("r2", "c2", Severity.LUU_Y, Problem("suy luận"))
    other = Finding("r3", "c3", Severity.LUU_Y, PROBLEM, "Y tế", "Trần Thị Lan", "số liệu đã đối chiếu")
    show_findings(Console(file=stream, highlight=False), [general, one, other, one])
    headings = [line for line in stream.getvalue().splitlines() if line and not line.startswith(" ")]
    assert headings == ["Công an: 2 cảnh báo", "Y tế: 1 lưu ý", "Chung: 1 lưu ý"]
    assert "Đã xác nhận: số liệu đã đối chiếu (Trần Thị Lan)" in stream.getvalue()
    assert "Mã phát hiện: r3 › c3" in stream.getvalue()


# Commands


def test_check_of_the_real_month(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    text = capsys.readouterr().out
    assert "Tại: 07-van-hoa.xlsx › Số liệu › D20" in text
    assert "Mã phát hiện: thieu_so_lieu › dai_truyen_thanh.luot_phat" in text
    assert re.search(r"^Kỳ 2024-04: \d+ cảnh báo, \d+ lưu ý\.$", text, re.MULTILINE)
    assert not (root / "outputs").exists()


def test_check_stops_for_a_fault_until_somebody_answers_for_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_cell(root / "data/2024-04/01-cong-an.xlsx", "Hội, đoàn thể, phương tiện", "Hội Nông dân", 6, 9999)
    assert main(["check", "2024-04"]) == 2
    printed = capsys.readouterr().out
    assert "[lỗi]" in printed
    assert "9.999" in printed
    assert "Chưa lập được báo cáo" in printed
    assert main(["run", "2024-04"]) == 2
    assert "lớn hơn" in capsys.readouterr().err

    params = root / "params/2024-04.yml"
    answer = (
        "acknowledged:\n  - {rule: bo_phan_lon_hon_tong, code: hoi.nong_dan.da_phe_duyet/hoi.nong_dan.tong_so, "
        "reason: Hội đã đối chiếu danh sách, by: Trần Thị Lan}\n"
    )
    params.write_text(params.read_text("utf-8").replace("acknowledged: []\n", answer), "utf-8")
    assert main(["check", "2024-04"]) == 0
    assert "Đã xác nhận: Hội đã đối chiếu danh sách (Trần Thị Lan)" in capsys.readouterr().out


def test_check_names_a_notebook_that_a_run_would_refuse(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "notebooks" / "Muc 24.ipynb").write_text("{}", "utf-8")
    assert main(["check", "2024-04"]) == 2
    assert "tên sổ tay không đúng mẫu" in capsys.readouterr().err


def test_check_for_a_program(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "2024-04", "--format", "JSON"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert json.loads(printed.out)["period"] == "2024-04"
    (root / "notebooks" / "Muc 24.ipynb").write_text("{}", "utf-8")
    assert main(["check", "2024-04", "--format", "json"]) == 2
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert told["readable"] and told["stops"]
    assert told["findings"][0]["what"] == "tên sổ tay không đúng mẫu"
    assert told["counts"]["loi"] == told["counts"]["stopping"] == 1
    assert printed.err == ""
    (root / "params/2024-04.yml").unlink()
    assert main(["check", "2024-04", "--format", "json"]) == 2
    assert not json.loads(capsys.readouterr().out)["readable"]
    assert not (root / "outputs").exists()


def test_check_makes_workbooks_to_send_back(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "2024-04", "--format", "xlsx"]) == 0
    text = capsys.readouterr().out
    folder = root / "outputs" / "2024-04.kiem-tra"
    listed = [root / line.strip() for line in text.splitlines() if line.startswith("  ")]
    assert sorted([*listed, folder / MANIFEST]) == sorted(folder.iterdir())
    assert re.search(r"^Kỳ 2024-04: \d+ cảnh báo, \d+ lưu ý\.$", text, re.MULTILINE)
    set_cell(root / "data/2024-04/01-cong-an.xlsx", "Hội, đoàn thể, phương tiện", "Hội Nông dân", 6, 9999)
    (folder / "bản gửi lại.xlsx").write_bytes(listed[0].read_bytes())
    assert main(["check", "2024-04", "--format", "xlsx"]) == 2
    text = capsys.readouterr().out
    assert "bản sao giữ tại:\n  outputs/2024-04.kiem-tra.da-sua/bản gửi lại.sua-1.xlsx\n" in text
    assert "Chưa lập được báo cáo" in text
    # A month that cannot be read leaves what is there as it is.
    (root / "params/2024-04.yml").unlink()
    assert main(["check", "2024-04", "--format", "xlsx"]) == 2
    assert "params/2024-04.yml" in capsys.readouterr().err
    assert sorted([*listed, folder / MANIFEST]) == sorted(folder.iterdir())


class FakeRun:
    """Stands for `baocao.run.run`: remembers what it was asked."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.asked: tuple[object, ...] = ()
        self.error = error

    def __call__(
        self,
        project: Project,
        period: Period,
        formats: Sequence[str],
        jobs: int,
        watcher: run.Watcher,
        announce: Callable[[Month], None],
        renderer: Renderer,
        partial: bool = False,
    ) -> run.Result:
        self.asked = (str(period), tuple(formats), jobs, renderer.name)
        if self.error is not None:
            raise self.error
        with watcher.stage("Đọc"):
            month = cli_month(project, period)
        announce(month)
        files = {name: project.outputs / f"bao-cao.{name}" for name in formats}
        return run.Result(files, month.findings, renderer.name, renderer.tools(formats))


def cli_month(project: Project, period: Period) -> Month:
    from baocao.month import read_month

    return read_month(project, period)


def test_run_says_what_it_found_and_made(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = FakeRun()
    monkeypatch.setattr(run, "run", fake)
    assert main(["run", "--format", "PDF, docx,pdf", "--jobs", "3", "--renderer", "Pandoc"]) == 0
    assert fake.asked == ("2024-04", ("pdf", "docx"), 3, "pandoc")
    printed = capsys.readouterr()
    assert re.search(r"\d+ cảnh báo, \d+ lưu ý; xem: baocao check 2024-04\n", printed.err)
    assert "Tổng thời gian:" in printed.err
    assert re.fullmatch(
        rf"Báo cáo kỳ 2024-04:\n  outputs{re.escape(os.sep)}bao-cao.pdf\n  outputs{re.escape(os.sep)}bao-cao.docx\n"
        r"Dàn trang bằng pandoc [\d.]+ và Typst \d+\.\d+\.\n",
        printed.out,
    )


def test_run_takes_the_newest_month_and_every_format(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeRun(RunError(Problem("hết chỗ")))
    monkeypatch.setattr(run, "run", fake)
    assert main(["run"]) == 1
    assert fake.asked[:3] == ("2024-04", ("docx", "pdf", "html"), 2 * (os.cpu_count() or 1))
    assert fake.asked[3] == choose("auto").name


def test_ctrl_c(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(run, "run", FakeRun(KeyboardInterrupt()))
    assert main(["run"]) == 130
    assert capsys.readouterr().err.endswith("\nĐã dừng.\n")


def test_a_bug_is_one_sentence_and_a_log(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "run", FakeRun(ZeroDivisionError("division by zero")))
    assert main(["run"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    told, sentence = printed.err.splitlines()
    assert told.startswith("Mã lần chạy: ")
    assert "Traceback" not in sentence
    log = root / "outputs/logs/loi-phan-mem.log"
    assert str(log) in printed.err
    assert "ZeroDivisionError: division by zero" in log.read_text("utf-8")


def test_a_bug_outside_a_project_is_logged_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BAOCAO_ROOT", raising=False)
    monkeypatch.setattr(cli.tempfile, "gettempdir", lambda: str(tmp_path))

    def broken(_text: str) -> Period:
        raise LookupError("x")

    monkeypatch.setattr(Period, "parse", broken)
    monkeypatch.setattr(Project, "find", lambda: Project(tmp_path / "params"))
    (tmp_path / "params").write_text("", "utf-8")
    assert main(["new", "2024-05"]) == 1
    assert "LookupError" in (tmp_path / "loi-phan-mem.log").read_text("utf-8")
    assert "loi-phan-mem.log" in capsys.readouterr().err


def test_one_section(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "2024-04", "--section", "II"]) == 0
    printed = capsys.readouterr().out
    notebook = root / "outputs/2024-04.muc/20-ket-qua.ipynb"
    assert str(notebook.relative_to(root)) in printed
    assert "Báo cáo chưa được làm lại" in printed
    assert notebook.is_file()
    assert not (root / "outputs/2024-04").exists()


def test_new_lists_what_it_wrote_and_what_it_kept(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "2024-05"]) == 0
    first = capsys.readouterr().out
    assert str(Path("params/2024-05.yml")) in first
    assert str(Path("data/2024-05/01-cong-an.xlsx")) in first
    assert "Đã có sẵn" not in first
    assert main(["new", "2024-05"]) == 0
    second = capsys.readouterr().out
    assert "Đã tạo" not in second
    assert str(Path("data/2024-05/01-cong-an.xlsx")) in second
