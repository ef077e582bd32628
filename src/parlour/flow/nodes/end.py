"""What a workflow gives back (dsl.md 6.2). Does not know what other ends there are."""

from collections.abc import AsyncGenerator

from msgspec import Struct

from parlour.flow.node import Part, Result, Say, Scope
from parlour.flow.pool import MISSING


class Output(Struct, frozen=True):
    variable: str
    value_selector: tuple[str, ...] = ()


class Config(Struct, frozen=True):
    outputs: tuple[Output, ...] = ()


def speaks(config: Config, node_id: str) -> tuple[Part, ...]:
    """Every output, a line each."""
    parts: list[Part] = []
    for output in config.outputs:
        if parts:
            parts.append(Part("\n", (node_id, output.variable)))
        parts.append(Part(output.value_selector, (node_id, output.variable)))
    return tuple(parts)


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    outputs: dict[str, object] = {}
    for output in config.outputs:
        value = scope.value(output.value_selector)
        outputs[output.variable] = None if value is MISSING else value
    scope.inputs = outputs
    yield Result(outputs)
