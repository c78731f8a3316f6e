"""The guide in docs/huong-dan: what it says to type is really run, in its order, in a project copy."""

import ast
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from docx import Document

from conftest import ROOT, copy_project
from guide import GUIDE, SETTING_UP, Reader, commands_in_prose, page_text, pages

ERRORS = GUIDE / "loi-thuong-gap.md"


def test_following_the_guide_succeeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without Quarto, where a machine has it: the same report, sooner.
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("BAOCAO_ROOT", raising=False)
    project = copy_project(tmp_path / "du-an")
    shutil.copy(ROOT / ".gitignore", project.root)
    reader = Reader(project.root)
    for page in pages():
        reader.read(page)
    made = project.root / "outputs" / "tap" / "outputs" / "2024-05"
    html = (made / "bao-cao-2024-05.html").read_text(encoding="utf-8")
    docx = "\n".join(paragraph.text for paragraph in Document(str(made / "bao-cao-2024-05.docx")).paragraphs)
    for text in ("V. ĐỀ XUẤT, KIẾN NGHỊ", "Chứng thư số cá nhân đã gia hạn", "đạt tỷ lệ"):
        assert text in docx
        assert text in html
    assert 'data-so="chung_thu_so.gia_han"' in html
    assert 'data-so="chung_thu_so.ty_le_gia_han"' in html
    _all_were_run(reader.ran)


def _all_were_run(ran: list[str]) -> None:
    """Every command that prose quotes was run as it stands; a command's bare name, with what it takes."""
    quoted = {command for page in (*pages(), "README") for command in commands_in_prose(page_text(page))}
    assert {"baocao new", "baocao edit 2024-05"} <= quoted
    words = [command.split() for command in ran]
    for command in quoted:
        said = command.split()
        known = any(each[: len(said)] == said for each in words) if len(said) == 2 else said in words
        assert known, f"nobody ran: {command}"
    assert {"baocao edit", "baocao preview", "baocao diff", "baocao rollback", "baocao publish", "git commit"} <= {
        " ".join(each[:2]) for each in words
    }


def test_setting_up_is_what_the_makefile_does() -> None:
    text = (GUIDE / "ngay-dau-tien.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for install in ("--require-hashes -r requirements.lock", "--no-deps --no-build-isolation --no-index -e ."):
        assert install in makefile
        assert f".venv/bin/python -m pip install {install}\n" in text
        assert f".venv\\Scripts\\python -m pip install {install}\n" in text
    assert "--require-hashes -r requirements-$*.lock" in makefile
    assert ".venv\\Scripts\\python -m pip install --require-hashes -r requirements-lab.lock\n" in text
    assert all(command in text for command in SETTING_UP)


def test_every_page_and_picture_is_there() -> None:
    there = sorted(GUIDE.glob("*.md"))
    assert {path.stem for path in there} == {"README", *pages()}
    for page in there:
        for target in re.findall(r"\]\(([^)#:]+)", page.read_text(encoding="utf-8")):
            assert (GUIDE / target).is_file(), f"{page.name}: {target}"
    pictures = {path.name: path.stat().st_size for path in GUIDE.glob("anh/*.png")}
    assert all(size < 150_000 for size in pictures.values())
    shown = re.findall(r"\]\(anh/([^)]+)\)", "".join(page.read_text(encoding="utf-8") for page in there))
    made = re.findall(r'"([\w-]+\.png)"', (GUIDE / "chup_anh.py").read_text(encoding="utf-8"))
    assert set(pictures) == set(shown) == set(made)


_FINDERS = {"Finding", "finding", "found", "refuse", "_row_finding", "Unreadable"}


def rule_names() -> set[str]:
    """Every name that a finding of this code or of data/rules.yml can have."""
    names: set[str] = set()
    for path in (ROOT / "src" / "baocao").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called in _FINDERS:
                    names |= {part.value for part in ast.walk(node.args[0]) if _is_name(part)}  # type: ignore[attr-defined]
            elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if any(
                    name in ast.unparse(target).upper().split(", ")[0]
                    for name in ("RULE", "VERSION", "UNREADABLE", "MERGED", "BLANK")
                ):
                    names |= {part.value for part in ast.walk(node.value) if _is_name(part)}  # type: ignore[attr-defined]
    rules = (ROOT / "data" / "rules.yml").read_text(encoding="utf-8")
    return names | set(re.findall(r"^  - \{?rule: (\w+)", rules, re.MULTILINE))


def _is_name(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[a-z]+(_[a-z]+)+", node.value) is not None
    )


def kinds() -> set[str]:
    source = (ROOT / "src" / "baocao" / "rules.py").read_text(encoding="utf-8")
    return set(re.findall(r'kind: Literal\["(\w+)"\]', source))


def test_every_rule_and_kind_is_explained() -> None:
    explained = set(re.findall(r"^- \*\*`(\w+)`\*\*: \S", ERRORS.read_text(encoding="utf-8"), re.MULTILINE))
    wanted = rule_names() | kinds()
    assert len(kinds()) == 15
    assert {"thieu_tep", "so_hai_nghia", "bo_phan_lon_hon_tong", "so_go_tay", "sai_ky"} <= wanted
    assert wanted - explained == set()
    assert explained - wanted == set()
