"""Writes variables of the conversation and of the loops around it (dsl.md 6.13). Does not know who keeps them.

What is written is seen by later nodes at once, and is told by `VariableAssigned`. All items are written, or none.
"""

import json
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import cast

import msgspec
from msgspec import Struct

from parlour.domain.app import ChatflowApp
from parlour.domain.events import VariableAssigned
from parlour.domain.files import File
from parlour.domain.graph import Node
from parlour.domain.workflow_run import LARGEST_VARIABLE
from parlour.flow.node import Fault, NodeFailed, Result, Say, Scope
from parlour.flow.pool import MISSING
from parlour.flow.values import json_form, kind_of, zero

KIND = "VariableOperatorNodeError"
ARITHMETIC = frozenset({"+=", "-=", "*=", "/="})
ON_LISTS = frozenset({"append", "extend", "remove-first", "remove-last"})
ALONE = frozenset({"clear", "remove-first", "remove-last"})
"""Operations that need no value."""
OPERATIONS = ARITHMETIC | ON_LISTS | ALONE | {"over-write", "set"}

Selector = tuple[str, ...]


class Item(Struct, frozen=True):
    variable_selector: Selector = ()
    input_type: str | None = "variable"
    operation: str = "over-write"
    value: object = None


class Config(Struct, frozen=True):
    items: tuple[Item, ...] | None = None
    assigned_variable_selector: Selector | None = None
    write_mode: str | None = "over-write"
    input_variable_selector: Selector | None = None

    @property
    def all_items(self) -> tuple[Item, ...]:
        """The first version of this node writes one variable, from another one."""
        if self.items is not None:
            return self.items
        if self.assigned_variable_selector is None:
            return ()
        source = list(self.input_variable_selector or ())
        return (Item(self.assigned_variable_selector, "variable", self.write_mode or "over-write", source),)


class Target(Struct, frozen=True):
    selector: Selector
    kind: str
    now: object

    @property
    def list(self) -> bool:
        return self.kind.startswith("array")


def writes(config: Config) -> frozenset[Selector]:
    """The variables that it writes."""
    return frozenset(item.variable_selector[:2] for item in config.all_items)


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    before: dict[Selector, object] = {}
    shown: list[object] = []
    scope.inputs = {"items": shown}
    if not config.all_items:
        raise scope.failed("It does not say what to write.", KIND)
    try:
        for item in config.all_items:
            target = _target(item.variable_selector, scope)
            value = _source(item, target, scope)
            shown.append(json_form({"variable_selector": item.variable_selector, "value": value}))
            if value is None and item.operation not in ALONE:
                continue
            written = _written(item.operation, target, value)
            _check_size(target, written)
            before.setdefault(target.selector, target.now)
            scope.pool.put(target.selector[0], target.selector[1], written, target.kind)
    except NodeFailed as failed:
        for selector, value in before.items():
            scope.pool.put(selector[0], selector[1], value)
        raise scope.failed(failed.message, failed.kind) from failed
    for selector in before:
        if selector[0] == "conversation":
            yield VariableAssigned(selector[1], scope.value(selector))
    yield Result({})


def _target(selector: Selector, scope: Scope) -> Target:
    """
    Raises:
        NodeFailed: it is no variable that can be written here.
    """
    now, kind = scope.value(selector), ""
    if len(selector) == 2 and selector[0] == "conversation":
        app = scope.turn.app
        declared = app.variables if isinstance(app, ChatflowApp) else ()
        kind = next((variable.kind for variable in declared if variable.name == selector[1]), "")
    elif len(selector) == 2 and now is not MISSING and _around(selector[0], scope):
        kind = scope.pool.kind(selector) or kind_of(now)
    if not kind:
        raise NodeFailed(f"There is no variable {'.'.join(selector) or '(none chosen)'} to write.", KIND)
    return Target(selector, kind, zero(kind) if now is MISSING else now)


def _around(node: str, scope: Scope) -> bool:
    """Whether it runs within that iteration or loop."""
    round_ = scope.round
    while round_ is not None and round_.node_id != node:
        round_ = round_.outer
    return round_ is not None


def _source(item: Item, target: Target, scope: Scope) -> object:
    """What to write, to append, to add; None where there is nothing.

    Raises:
        NodeFailed: it is not there, or may not come from where it comes.
    """
    if item.operation in ALONE:
        return None
    constant = item.input_type == "constant"
    if not constant and item.operation in ARITHMETIC | {"set"}:
        raise NodeFailed(f"`{item.operation}` takes a constant, not a variable.", KIND)
    if constant and target.list:
        raise NodeFailed(f"`{item.operation}` on a list takes a variable, not a constant.", KIND)
    if not constant:
        selector = cast("list[str]", item.value) if isinstance(item.value, list) else []
        value = scope.value(selector)
        if value is MISSING:
            raise NodeFailed(f"The variable {'.'.join(selector) or '(none chosen)'} is not there.", KIND)
        return value
    if target.kind == "object" and isinstance(item.value, str):
        try:
            return json.loads(item.value)
        except ValueError as error:
            raise NodeFailed(f"{item.value!r} is no object.", KIND) from error
    return item.value


def _written(operation: str, target: Target, value: object) -> object:
    """What the variable holds afterwards; a list is always a new one.

    Raises:
        NodeFailed: the operation is not for such a variable, or not with such a value.
    """
    name = ".".join(target.selector)
    if (operation in ARITHMETIC and target.kind not in NUMBERS) or (operation in ON_LISTS and not target.list):
        raise NodeFailed(f"`{operation}` is not for {name}, which is of type {target.kind}.", KIND)
    item_kind = target.kind.removeprefix("array[").removesuffix("]") if target.list else ""
    needed = item_kind if operation == "append" else target.kind
    if operation not in ALONE and not fits(needed, value):
        raise NodeFailed(f"`{operation}` on {name} needs a value of type {needed}.", KIND)
    held = cast("list[object]", target.now) if isinstance(target.now, list) else []
    if operation in ARITHMETIC:
        return _reckoned(operation, name, cast("float", target.now), cast("float", value))
    changed: dict[str, Callable[[], object]] = {
        "over-write": lambda: value,
        "set": lambda: value,
        "clear": lambda: zero(target.kind),
        "append": lambda: [*held, value],
        "extend": lambda: held + cast("list[object]", value),
        "remove-first": lambda: held[1:],
        "remove-last": lambda: held[:-1],
    }
    if operation not in changed:
        raise NodeFailed(f"There is no operation {operation!r}.", KIND)
    return changed[operation]()


def _reckoned(operation: str, name: str, number: float, by: float) -> float:
    match operation:
        case "+=":
            return number + by
        case "-=":
            return number - by
        case "*=":
            return number * by
        case "/=" if by:
            return number / by
        case "/=":
            raise NodeFailed(f"{name} is divided by zero.", KIND)
        case _:
            raise NodeFailed(f"There is no operation {operation!r}.", KIND)


NUMBERS = frozenset({"number", "integer", "float"})
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "secret": str,
    "boolean": bool,
    "object": dict,
    "file": File,
    "number": (int, float),
    "integer": (int, float),
    "float": (int, float),
}


def fits(kind: str, value: object) -> bool:
    """Whether a variable of this kind can hold it; a boolean may stand for a number, as in the exporting house."""
    if kind.startswith("array"):
        item = kind.removeprefix("array[").removesuffix("]")
        return isinstance(value, list) and all(fits(item, one) for one in cast("list[object]", value))
    return kind not in TYPES or isinstance(value, TYPES[kind])


def _check_size(target: Target, value: object) -> None:
    """
    Raises:
        NodeFailed: a conversation does not keep as much.
    """
    kept = target.selector[0] == "conversation"
    if kept and len(msgspec.json.encode(json_form(value))) > LARGEST_VARIABLE:
        raise NodeFailed(f"{'.'.join(target.selector)} would hold more than {LARGEST_VARIABLE // 1024} KiB.", KIND)


def check(config: Config, node: Node) -> Iterable[Fault]:
    if not config.all_items:
        yield Fault("refused", node.id, "assigner", "does not say what to write")
    for item in config.all_items:
        if item.operation not in OPERATIONS:
            yield Fault("refused", node.id, f"operation {item.operation}", "is not known")
