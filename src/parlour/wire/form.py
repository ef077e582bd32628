"""Inputs against an app's form: the table of contract 2.3, one function a kind of field.

Does not know where the values came from.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import cast

from msgspec import to_builtins

from parlour.domain.app import Field, FieldKind
from parlour.domain.problems import InvalidParam
from parlour.domain.schema import misfit
from parlour.wire import files
from parlour.wire.body import LARGEST, lenient_boolean

_WHOLE = re.compile(r"[+-]?[0-9]{1,308}")
_FRACTION = re.compile(r"[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?", re.IGNORECASE)


def check(inputs: Mapping[str, object], form: tuple[Field, ...], *, strict: bool = False) -> dict[str, object]:
    """A value for each variable that the form declares, converted; all else is dropped.

    Strict, a required text must not be empty: Dify takes "" for one (contract 8, quirk 34).

    Raises:
        InvalidParam: a required variable is missing, or a value does not fit its field.
    """
    return {field.variable: _value(field, inputs.get(field.variable), strict=strict) for field in form}


def fitting(kept: Mapping[str, object], form: tuple[Field, ...]) -> dict[str, object]:
    """Those of earlier inputs that the form still takes, as a caller writes them."""
    written: dict[str, object] = to_builtins(kept)
    found: dict[str, object] = {}
    for field in form:
        value = written.get(field.variable)
        if value is not None:
            try:
                _KINDS[field.kind](field, value)
            except InvalidParam:
                continue  # the form has changed: the caller is asked as if for the first time
            found[field.variable] = value
    return found


def _value(field: Field, given: object, *, strict: bool) -> object:
    if field.required and (given is None or (strict and given == "")):
        raise InvalidParam(f"{field.variable} is required in input form", params=field.variable)
    value = field.default if given is None else given
    if value is None or (given is None and value == ""):
        return None  # exports write "" for "no default"; a select must not fail on it
    return _KINDS[field.kind](field, value)


def _refuse(field: Field, reason: str) -> InvalidParam:
    return InvalidParam(f"{field.variable} in input form {reason}", params=field.variable)


def _string(field: Field, value: object) -> str:
    if isinstance(value, dict):
        raise _refuse(field, "has an invalid input type: an object does not fit here")
    if not isinstance(value, str):
        raise _refuse(field, "must be a string")
    return value


def _text(field: Field, value: object) -> str:
    text = _string(field, value)
    if field.max_length and len(text) > field.max_length:
        raise _refuse(field, f"must not be longer than {field.max_length} characters")
    return text


def _select(field: Field, value: object) -> str:
    text = _string(field, value)
    if text not in field.options:
        raise _refuse(field, f"must be one of the following: {', '.join(field.options)}")
    return text


def _number(field: Field, value: object) -> int | float | None:
    match value:
        case bool():
            pass
        case int() if abs(value) <= LARGEST:
            return value
        case float() if math.isfinite(value):
            return value
        case str() if not value.strip():
            return None
        case str() if _WHOLE.fullmatch(value.strip()):
            return int(value)
        case str() if _FRACTION.fullmatch(value.strip()) and math.isfinite(float(value)):
            return float(value)
        case dict():
            raise _refuse(field, "has an invalid input type: an object does not fit here")
        case _:
            pass
    raise _refuse(field, "must be a valid number")


def _checkbox(field: Field, value: object) -> bool:
    found = lenient_boolean(value)
    if found is None:
        raise _refuse(field, "must be true or false")
    return found


def _object(field: Field, value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _refuse(field, "must be a JSON object")
    if field.schema and (why := misfit(field.schema, cast("object", value))):
        raise _refuse(field, f"does not fit its JSON Schema: {why}")
    return cast("dict[str, object]", value)


def _file(field: Field, value: object) -> object:
    if not isinstance(value, dict):
        if value == "" and not field.required:
            return None
        raise _refuse(field, "must be a file")
    mapping = cast("dict[str, object]", value)
    if not files.is_placeholder(mapping):
        return files.reference(mapping, field.files, field=field.variable)
    if field.required:
        raise _refuse(field, "must be a file: transfer_method, and url or upload_file_id, are missing")
    return None


def _file_list(field: Field, value: object) -> object:
    if not isinstance(value, list):
        if value == "" and not field.required:
            return None
        raise _refuse(field, "must be a list of files")
    return files.parse(cast("list[object]", value), field.files, field=field.variable, limit=field.max_length)


def _external(field: Field, value: object) -> object:
    if isinstance(value, dict | list):
        raise _refuse(field, "has an invalid input type: send a string, a number or a boolean")
    return value


_KINDS: Mapping[FieldKind, Callable[[Field, object], object]] = {
    "text-input": _text,
    "paragraph": _text,
    "select": _select,
    "number": _number,
    "checkbox": _checkbox,
    "json_object": _object,
    "file": _file,
    "file-list": _file_list,
    "external_data_tool": _external,
}
