"""Variables of the environment and of a conversation, as a flow declares them (dsl.md 2.1).

Does not know who reads or writes them.
"""

import json
import math
from collections.abc import Callable, Mapping

from parlour.domain.graph import Variable
from parlour.dsl.part import Part
from parlour.dsl.yaml import Value

Reading = Callable[[Value], object]


def variables(workflow: Part, key: str) -> tuple[Variable, ...]:
    """Those of a list, each name once."""
    found: dict[str, Variable] = {}
    for declared in workflow.parts(key):
        variable = _variable(declared)
        if variable is None:
            continue
        if variable.name in found:
            declared.refused(f"variable {variable.name}", "is declared twice: rename one", "name")
        found[variable.name] = variable
    if found:
        workflow.supported(f"{key} ({', '.join(found)})", key)
    return tuple(found.values())


def secrets(workflow: Part, found: tuple[Variable, ...]) -> None:
    """Say of secrets that their file does not tell them."""
    if empty := [variable.name for variable in found if variable.kind == "secret" and variable.value == ""]:
        workflow.approximated(
            f"secrets {', '.join(empty)}",
            "are empty: exports leave secrets out; write them into the file",
            "environment_variables",
        )


def _variable(declared: Part) -> Variable | None:
    name = declared.text("name") or next(iter(declared.texts("selector")[1:]), "")
    kind = declared.text("value_type") or "string"
    reading = KINDS.get(kind)
    if not name or reading is None:
        what = f"variable {name}: {kind}" if name else declared.name("name")
        declared.refused(what, f"its `value_type` must be one of {', '.join(KINDS)}" if name else "is missing")
        return None
    written = declared.value.get("value")
    try:
        value = reading(written) if written is not None else ZERO.get(kind, [])
    except (ValueError, TypeError, RecursionError):
        declared.refused(f"variable {name}", f"its value is no {kind}", "value")
        return None
    return Variable(name, kind, value, declared.text("id"), declared.text("description"))


def _text(value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | list | dict):
        raise TypeError
    return str(value)


def _number(value: Value) -> int | float:
    """A number, or text that is one; `1.0` stays a float."""
    if isinstance(value, str) and value.strip():
        try:
            return int(value)
        except ValueError:
            return _finite(float(value))
    if value == "":
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return _finite(value)


def _finite(value: float) -> int | float:
    if not math.isfinite(value):
        raise ValueError
    return value


def _boolean(value: Value) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _object(value: Value) -> object:
    found = _parsed(value)
    if not isinstance(found, dict):
        raise TypeError
    return found


def _list(*kinds: type) -> Reading:
    def reading(value: Value) -> object:
        found = _parsed(value)
        if not isinstance(found, list) or not all(_is(item, kinds) for item in found):
            raise TypeError
        return found

    return reading


def _parsed(value: Value) -> Value:
    """Objects and lists may stand as JSON."""
    return json.loads(value) if isinstance(value, str) else value


def _is(item: object, kinds: tuple[type, ...]) -> bool:
    return not kinds or (isinstance(item, kinds) and (bool in kinds or not isinstance(item, bool)))


KINDS: Mapping[str, Reading] = {
    "string": _text,
    "number": _number,
    "secret": _text,
    "integer": _number,
    "float": _number,
    "boolean": _boolean,
    "object": _object,
    "array[string]": _list(str),
    "array[number]": _list(int, float),
    "array[object]": _list(dict),
    "array[boolean]": _list(bool),
    "array[any]": _list(),
}
ZERO: Mapping[str, object] = {
    "string": "",
    "secret": "",
    "number": 0,
    "integer": 0,
    "float": 0.0,
    "boolean": False,
    "object": {},
}
