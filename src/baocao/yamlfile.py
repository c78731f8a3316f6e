"""YAML files read into validated models; every mistake is named with its file and line."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from baocao.errors import InputError, Problem

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[str | int, ...]

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
    "string_pattern_mismatch": "giá trị của “{key}” không đúng mẫu {pattern}",
    "too_short": "danh sách “{key}” trống",
    "union_tag_invalid": "“{key}” thuộc loại không được biết đến",
    "union_tag_not_found": "“{key}” thiếu khóa cho biết loại (kind)",
    "literal_error": "giá trị của “{key}” phải là một trong: {expected}",
    "enum": "giá trị của “{key}” phải là một trong: {expected}",
    "date_from_datetime_parsing": "giá trị của “{key}” phải là ngày, ví dụ 2024-04-14",
    "date_type": "giá trị của “{key}” phải là ngày, ví dụ 2024-04-14",
}


class _Loader(yaml.SafeLoader):
    """Safe loading that refuses a key written twice: the first value would be lost in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"khóa “{key}” viết hai lần", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def load_model(path: Path, model: type[Model], name: str) -> Model:
    """The content of `path` as `model`; `name` is how messages call the file. All mistakes in one `InputError`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(Problem(f"không có tệp {name}", (name,), remedy="tạo tệp này rồi chạy lại lệnh")) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            Problem(f"không đọc được tệp: {error}", (name,), expected="tệp YAML mã hóa UTF-8", remedy=_REMEDY)
        ) from error
    try:
        node = yaml.compose(text, Loader=_Loader)
        content = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = (name, f"dòng {mark.line + 1}") if mark else (name,)
        raise InputError(
            Problem(f"tệp YAML viết sai: {error.problem}", where, expected="cú pháp YAML đúng", remedy=_REMEDY)
        ) from error
    try:
        return model.model_validate(content if content is not None else {})
    except ValidationError as error:
        raise InputError(
            [
                Problem(_message(item), (name, f"dòng {_line(node, item['loc'])}"), remedy=_REMEDY)
                for item in error.errors(include_url=False)
            ]
        ) from error


def _message(item: Any) -> str:
    key = next((part for part in reversed(item["loc"]) if isinstance(part, str)), "")
    context = {"key": key, **item.get("ctx", {})}
    template = _MESSAGES.get(item["type"])
    if template:
        return template.format(**context)
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
