"""A text made of values by a template (dsl.md 6.9). Does not know the language: `flow/jinja.py` does."""

from collections.abc import AsyncGenerator

from msgspec import Struct

from parlour.flow import jinja
from parlour.flow.node import NodeFailed, Result, Say, Scope
from parlour.flow.pool import MISSING
from parlour.flow.values import json_form


class Variable(Struct, frozen=True):
    variable: str
    value_selector: tuple[str, ...] | None = None


class Config(Struct, frozen=True):
    template: str = ""
    variables: tuple[Variable, ...] | None = None


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    found = {named.variable: scope.value(named.value_selector or ()) for named in config.variables or ()}
    values = {name: None if value is MISSING else json_form(value) for name, value in found.items()}
    scope.inputs = dict(values)
    try:
        yield Result({"output": jinja.render(config.template, values)})
    except NodeFailed as failed:
        raise scope.failed(failed.message, failed.kind) from failed
