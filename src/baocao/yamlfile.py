"""YAML files read into validated models; every mistake is named with its file and line."""

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from baocao.errors import InputError, Problem
from baocao.period import Period
from baocao.vi import nfc

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[str | int, ...]

MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
"""A month as YAML files write it."""
NAME = r"^[a-z][a-z0-9_]*$"
"""One part of a code."""

Month = Annotated[str, Field(pattern=MONTH)]
Name = Annotated[str, Field(pattern=NAME)]


class Strict(BaseModel):
    """What a YAML file says: a key that nobody knows is a mistake, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Dated(Strict):
    """What holds from one month to another, both included."""

    valid_from: Month
    valid_to: Month | None = None

    def holds(self, period: Period) -> bool:
        """It is in force in that month."""
        return self.valid_from <= str(period) and (self.valid_to is None or str(period) <= self.valid_to)


_REMEDY = "sửa tệp tại dòng đã nêu rồi chạy lại lệnh"
_MESSAGES = {
    "missing": "thiếu khóa “{key}”",
    "extra_forbidden": "khóa “{key}” không được biết đến",
    "string_type": "giá trị của “{key}” phải là chữ",
    "int_type": "giá trị của “{key}” phải là số nguyên",
    "int_parsing": "giá trị của “{key}” phải là số nguyên",
    "bool_type": "giá trị của “{key}” phải là true hoặc false",
    "bool_parsing": "giá trị của “{key}” phải là true hoặc false",
    "list_type": "giá trị của “{key}” phải là danh sách",
    "tuple_type": "giá trị của “{key}” phải là danh sách",
    "dict_type": "giá trị của “{key}” phải là các cặp khóa: giá trị",
    "model_type": "giá trị của “{key}” phải là các cặp khóa: giá trị",
    "string_pattern_mismatch": "giá trị của “{key}” không đúng mẫu: {pattern}",
    "too_short": "danh sách “{key}” trống",
    "union_tag_invalid": "“{key}” thuộc loại không được biết đến: {tag}; phải là một trong: {expected_tags}",
    "union_tag_not_found": "“{key}” thiếu khóa cho biết loại (kind)",
    "literal_error": "giá trị của “{key}” phải là một trong: {expected}",
    "enum": "giá trị của “{key}” phải là một trong: {expected}",
    "bool": "giá trị của “{key}” phải là true hoặc false",
    "int_from_float": "giá trị của “{key}” phải là số nguyên",
    "greater_than_equal": "giá trị của “{key}” phải từ {ge} trở lên",
    "less_than_equal": "giá trị của “{key}” phải từ {le} trở xuống",
    "string_too_short": "“{key}” quá ngắn: cần ít nhất {min_length} ký tự",
    "string_too_long": "“{key}” quá dài: không quá {max_length} ký tự",
    "date_parsing": "giá trị của “{key}” phải là ngày, ví dụ 2024-04-14",
    "date_from_datetime_inexact": "giá trị của “{key}” phải là ngày, ví dụ 2024-04-14",
    "date_from_datetime_parsing": "giá trị của “{key}” phải là ngày, ví dụ 2024-04-14",
    "date_type": "giá trị của “{key}” phải là ngày, ví dụ 2024-04-14",
}


_PATTERNS = {
    MONTH: "tháng dạng NNNN-TT, ví dụ 2024-04",
    NAME: "chữ thường không dấu, số và gạch dưới, bắt đầu bằng chữ",
}
_SYNTAX = {
    "mapping values are not allowed here": "dấu hai chấm đặt sai chỗ; chữ có dấu hai chấm cần đặt trong ngoặc kép",
    "could not find expected ':'": "thiếu dấu hai chấm sau khóa",
    "found unexpected end of stream": "thiếu dấu ngoặc kép đóng",
    "found character '\\t' that cannot start any token": "có ký tự tab; thụt dòng bằng dấu cách",
    "found duplicate anchor": "hai neo (&) trùng tên",
}


class _Rules(yaml.constructor.SafeConstructor):
    """Safe loading without the traps of YAML 1.1.

    A key written twice is refused, because the first value would be lost in silence; 012 is 12, not octal; a day
    that the calendar does not have is a mistake of that line.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "khóa phải là một chữ", key_node.start_mark)
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"khóa “{key}” viết hai lần", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


class _Loader(_Rules, yaml.SafeLoader):
    """Says where a mistake is."""


class _FastLoader(_Rules, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The same, by libyaml where the package has it: ten times as fast, with other words for mistakes."""


def _timestamp(loader: _Rules, node: yaml.ScalarNode) -> Any:
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError as error:
        what = f"“{node.value}” không phải là một ngày có trong lịch"
        raise yaml.constructor.ConstructorError(None, None, what, node.start_mark) from error


_INTEGER = "tag:yaml.org,2002:int"
for _loader in (_Loader, _FastLoader):
    _loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _INTEGER]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    _loader.add_implicit_resolver(_INTEGER, re.compile(r"[-+]?[0-9]+$"), list("-+0123456789"))
    _loader.add_constructor(_INTEGER, lambda _, node: int(node.value))
    _loader.add_constructor("tag:yaml.org,2002:timestamp", _timestamp)  # type: ignore[type-var]


def _load(text: str) -> Any:
    """The content of a YAML text; what is wrong with it is told by the loader that knows the place."""
    try:
        return yaml.load(text, Loader=_FastLoader)
    except yaml.YAMLError:
        return yaml.load(text, Loader=_Loader)


def load_model(path: Path, model: type[Model], name: str) -> Model:
    """The content of `path` as `model`, its letters in NFC; `name` is how messages call the file.

    All mistakes are one `InputError`.
    """
    try:
        text = nfc(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError(Problem(f"không có tệp {name}", (name,), remedy="tạo tệp này rồi chạy lại lệnh")) from None
    except UnicodeDecodeError as error:
        what = f"tệp không được lưu ở mã UTF-8 (byte thứ {error.start + 1})"
        raise InputError(
            Problem(what, (name,), expected="tệp YAML mã hóa UTF-8", remedy="lưu lại tệp ở mã UTF-8")
        ) from error
    except OSError as error:
        what = "không đọc được tệp: không có quyền, là một thư mục, hoặc chương trình khác đang giữ tệp"
        raise InputError(
            Problem(what, (name,), expected="tệp YAML mã hóa UTF-8", remedy="cấp quyền đọc hoặc đóng tệp")
        ) from error
    try:
        content = _load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = (name, f"dòng {mark.line + 1}") if mark else (name,)
        raise InputError(
            Problem(f"tệp YAML viết sai: {_syntax(error)}", where, expected="cú pháp YAML đúng", remedy=_REMEDY)
        ) from error
    except yaml.reader.ReaderError as error:
        where = (name, f"dòng {text.count(chr(10), 0, error.position) + 1}")
        raise InputError(
            Problem(
                "tệp YAML có ký tự không được phép",
                where,
                expected="chữ thường, không ký tự điều khiển",
                remedy=_REMEDY,
            )
        ) from error
    try:
        return model.model_validate(content if content is not None else {})
    except ValidationError as error:
        node = yaml.compose(text, Loader=_Loader)
        raise InputError(
            [
                Problem(_message(item), (name, f"dòng {_line(node, item['loc'])}"), remedy=_REMEDY)
                for item in _innermost(error.errors(include_url=False))
            ]
        ) from error


def line_of(path: Path, place: Place) -> int:
    """Line (from 1) of a place in a file that `load_model` has read: (“indicators”, 2, “value”)."""
    return _line(yaml.compose(nfc(path.read_text(encoding="utf-8-sig")), Loader=_Loader), place)


def _syntax(error: yaml.MarkedYAMLError) -> str:
    problem = str(error.problem)
    # What this module raises itself is Vietnamese already.
    return _SYNTAX.get(problem, problem if not problem.isascii() else "cú pháp sai ở dòng này hoặc dòng ngay trước")


def _innermost(errors: list[Any]) -> list[Any]:
    """Without what follows from a mistake further in: a list is too short because its only entry is wrong."""
    places = [item["loc"] for item in errors]
    return [
        item
        for item in errors
        if not any(len(place) > len(item["loc"]) and place[: len(item["loc"])] == item["loc"] for place in places)
    ]


def _message(item: Any) -> str:
    key = next((part for part in reversed(item["loc"]) if isinstance(part, str)), "")
    context = {"key": key or "cả tệp", **item.get("ctx", {})}
    if "pattern" in context:
        context["pattern"] = _PATTERNS.get(context["pattern"], context["pattern"])
    if "expected" in context:
        context["expected"] = str(context["expected"]).replace(" or ", " hoặc ")
    template = _MESSAGES.get(item["type"])
    if template:
        return template.format(**context)
    if item["type"] != "value_error":
        return f"giá trị của “{context['key']}” không hợp lệ"
    # Validators of this package speak Vietnamese already; pydantic only prefixes them.
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"“{key}”: {message}" if key else message


def _line(node: yaml.Node | None, place: Place) -> int:
    """Line (from 1) of the deepest node that `place` reaches."""
    line = 1
    for part in place:
        if isinstance(node, yaml.MappingNode):
            match = next(((key, value) for key, value in node.value if key.value == part), None)
            if match is None:
                continue  # a union's tag stands in the place but not in the file
            line = match[0].start_mark.line + 1
            node = match[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
