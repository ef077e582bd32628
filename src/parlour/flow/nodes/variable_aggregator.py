"""The first of several values that is there (dsl.md 6.12): joins branches of which one has run.

Does not know which branch it was.
"""

from collections.abc import AsyncGenerator

from msgspec import Struct

from parlour.flow.node import Result, Say, Scope
from parlour.flow.pool import MISSING
from parlour.flow.values import json_form

Selector = tuple[str, ...]


class Group(Struct, frozen=True):
    group_name: str
    variables: tuple[Selector, ...] | None = None


class Settings(Struct, frozen=True):
    group_enabled: bool | None = False
    groups: tuple[Group, ...] | None = None


class Config(Struct, frozen=True):
    variables: tuple[Selector, ...] | None = None
    advanced_settings: Settings | None = None


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    settings = config.advanced_settings or Settings()
    scope.inputs = {}
    outputs: dict[str, object] = {}
    kinds: dict[str, str] = {}
    if not settings.group_enabled:
        if (found := _first(config.variables, scope)) is not None:
            outputs["output"], kinds["output"] = found
    else:
        for group in settings.groups or ():
            if (found := _first(group.variables, scope)) is not None:
                outputs[group.group_name] = {"output": found[0]}
    yield Result(outputs, kinds=kinds)


def _first(variables: tuple[Selector, ...] | None, scope: Scope) -> tuple[object, str] | None:
    """The first value that is there, null or not, with what was said of its kind."""
    for selector in variables or ():
        value = scope.value(selector)
        if value is not MISSING:
            scope.inputs = (scope.inputs or {}) | {".".join(selector[1:]): json_form(value)}
            return value, scope.pool.kind(selector)
    return None
