"""Blank and filled workbooks: what is written reads back as it was."""

from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.datavalidation import DataValidation

from baocao.errors import Severity
from baocao.figure import Datum, Figure
from baocao.forms import Form
from baocao.period import Period
from baocao.vi import PartialDate
from baocao.workbook import Value, write_workbook
from workbooks import APRIL, april, april_forms, contents, read

FORMS = {form.form: form for form in april_forms()}


def value(datum: Datum) -> Value:
    if isinstance(datum, Figure) and datum.unit == "%" and datum.qualifier:
        return f"{datum.qualifier} {datum.value}%"
    return datum.value  # type: ignore[return-value]


def test_filled_workbooks_read_back(tmp_path: Path) -> None:
    for form in april_forms():
        blocks = {block.block for block in form.blocks}
        values = {code: value(datum) for code, datum in april().data.items() if code.split(".")[0] in blocks}
        write_workbook(form, APRIL, tmp_path / form.file, values)
    assert contents(read(tmp_path)) == contents(april())


def test_blank_workbooks_lack_only_values(tmp_path: Path) -> None:
    for form in april_forms():
        write_workbook(form, APRIL, tmp_path / form.file)
    intake = read(tmp_path)
    assert {finding.rule for finding in intake.findings} == {"thieu_so_lieu", "chua_bao_cao"}
    assert all(datum.missing for datum in intake.data.values())
    assert set(intake.lengths.values()) == {0}


@pytest.mark.parametrize("text", ["=1+1", "+84", "-", "@x", "'x", "#x", "01/2024", "0012", "1e5", "Đề án “06”"])
def test_text_is_text_whatever_it_begins_with(tmp_path: Path, text: str) -> None:
    form = FORMS["van_phong"]
    write_workbook(form, APRIL, tmp_path / form.file, {"tthc.niem_yet": text})
    assert read(tmp_path).data["tthc.niem_yet"].value == text


@pytest.mark.parametrize("moment", [PartialDate(2024, 4, 12), PartialDate(2024, 4), PartialDate(2023)])
def test_dates_known_in_part(tmp_path: Path, moment: PartialDate) -> None:
    form = FORMS["cong_an"]
    write_workbook(form, APRIL, tmp_path / form.file, {"cccd.da_cap": 5, "cccd.da_cap.tinh_den": moment})
    figure = read(tmp_path).data["cccd.da_cap"]
    assert isinstance(figure, Figure)
    assert figure.as_of is not None
    assert (figure.value, figure.as_of.value) == (5, moment)


def test_unknown_code_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"không có các mã: cccd\.khac"):
        write_workbook(FORMS["cong_an"], APRIL, tmp_path / "x.xlsx", {"cccd.khac": Decimal(1)})
    assert not (tmp_path / "x.xlsx").exists()


def test_another_month_says_so(tmp_path: Path) -> None:
    form = FORMS["cong_an"]
    write_workbook(form, Period(2024, 5), tmp_path / form.file)
    intake = read(tmp_path)
    assert [finding.rule for finding in intake.findings if finding.severity is Severity.LOI].count("sai_ky") == 1


def test_validation_guides_the_clerk(tmp_path: Path) -> None:
    form = FORMS["mot_cua"]
    write_workbook(form, APRIL, tmp_path / form.file)
    page = openpyxl.load_workbook(tmp_path / form.file)["Phụ lục II"]
    rules = {rule.type: rule for rule in page.data_validations.dataValidation}
    assert rules["list"].formula1 == '"đã kết nối,chưa kết nối"'
    assert "số nguyên" in rules["whole"].error


def rule_of(tmp_path: Path, kind: str, **limits: object) -> DataValidation:
    """Excel's rule for a value of that type, in a form of one field."""
    content = FORMS["cong_an"].model_dump()
    content["sheets"] = content["sheets"][:1]
    block = content["sheets"][0]["blocks"][0]
    block["fields"] = [{"name": "x", "title": "X", "type": kind, "constraints": limits}]
    content["sheets"][0]["blocks"] = [block]
    write_workbook(Form.model_validate(content), APRIL, tmp_path / "x.xlsx")
    (rule,) = openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets[0].data_validations.dataValidation
    return rule


@pytest.mark.parametrize(
    ("kind", "limits", "rule"),
    [
        ("integer", {}, ("whole", "greaterThanOrEqual", "0", None)),
        ("integer", {"minimum": -5}, ("whole", "greaterThanOrEqual", "-5", None)),
        ("integer", {"maximum": 100}, ("whole", "between", "0", "100")),
        ("number", {"maximum": 100}, ("decimal", "lessThanOrEqual", "100", None)),
        ("number", {"minimum": 1}, ("decimal", "greaterThanOrEqual", "1", None)),
    ],
)
def test_excel_accepts_what_the_reader_accepts(
    tmp_path: Path, kind: str, limits: dict[str, int], rule: tuple[str | None, ...]
) -> None:
    found = rule_of(tmp_path, kind, **limits)
    # Excel leaves the usual operator out.
    assert (found.type, found.operator or "between", found.formula1, found.formula2) == rule
    assert ("không âm" in found.error) == (kind == "integer" and limits.get("minimum", 0) >= 0)
