"""Runs the graph within it again and again, until a condition holds (dsl.md 6.15). Does not know what is in it.

It has no pool of its own: what its nodes put out is seen after it, and its variables stand under its id.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import cast

from msgspec import Struct

from parlour.domain.events import NodeFinished
from parlour.domain.problems import Problem
from parlour.flow.conditions import Condition, judge
from parlour.flow.node import Heard, NodeFailed, Result, Say, Scope
from parlour.flow.nodes.assigner import fits
from parlour.flow.pool import MISSING
from parlour.flow.rounds import Tale, named
from parlour.flow.values import zero

KIND = "LoopNodeError"
END = "loop-end"


class LoopVariable(Struct, frozen=True):
    label: str
    var_type: str = "string"
    value_type: str = "constant"
    value: object = None


class Config(Struct, frozen=True):
    loop_count: int = 0
    break_conditions: tuple[Condition, ...] | None = None
    logical_operator: str | None = "and"
    loop_variables: tuple[LoopVariable, ...] | None = None


class Over(Struct, frozen=True):
    """A round is over."""

    result: Result
    ended: bool
    """Whether it came to a node that ends the loop."""


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    for variable in config.loop_variables or ():
        scope.pool.put(scope.node.id, variable.label, _first_value(variable, scope), variable.var_type)
    tale = Tale(scope, "loop", {"loop_count": config.loop_count} | _variables(config, scope))
    yield tale.started(config.loop_count)
    rounds = 0
    answers: list[Result] = []
    kept: dict[str, object] = {}
    broken = _breaks_before(config, scope)
    try:
        while not broken and rounds < config.loop_count:
            if rounds:
                yield tale.next(rounds, _variables(config, scope) | {"loop_round": rounds})
            async with aclosing(_round(scope, tale, rounds)) as said:
                async for item in said:
                    if not isinstance(item, Over):
                        tale.hear(item)
                        yield item
                        continue
                    answers.append(item.result)
                    kept[str(rounds)] = _variables(config, scope)
                    broken = item.ended or _breaks(config, scope)
            rounds += 1
    except Problem as raised:
        problem = named(raised, scope)
        yield tale.failed(problem)
        raise problem from raised
    outputs = _variables(config, scope) | {"loop_round": rounds} if rounds else {}
    reason = "loop_break" if broken else "loop_completed"
    result = Result(
        outputs,
        metadata=tale.metadata() | {"loop_variable_map": kept, "completed_reason": reason},
        kinds={variable.label: variable.var_type for variable in config.loop_variables or () if rounds},
        files=tuple(file for said in answers for file in said.files),
        answer="".join(said.answer for said in answers),
    )
    yield tale.succeeded(result)
    yield result


async def _round(scope: Scope, tale: Tale, index: int) -> AsyncGenerator[Heard | Over, None]:
    """The graph within, once; its last word is `Over`.

    Raises:
        Problem: a node of it failed, or it goes round too often.
    """
    await asyncio.sleep(0)  # a graph that never waits would let nobody else run
    if index >= scope.course.limits.steps:
        raise scope.failed(f"It goes round more than {index} times.", KIND)
    for node in _within(scope):
        scope.pool.drop(node)
    result, ended = Result({}), False
    async with aclosing(scope.inner(scope.pool, tale.begins(index))) as said:
        async for item in said:
            if isinstance(item, Result):
                result = item
                continue
            if isinstance(item, NodeFinished) and item.outcome.node_type == END:
                ended = ended or item.outcome.loop_id == scope.node.id
            yield item
    tale.ends(index)
    yield Over(result, ended)


def _within(scope: Scope) -> list[str]:
    """Every node in the loop, and in what is in it."""
    around = {node.id: node.parent for node in scope.turn.app.graph.nodes}
    within: list[str] = []
    for id_, parent in around.items():
        seen: set[str] = set()
        while parent and parent != scope.node.id and parent not in seen:
            seen.add(parent)
            parent = around.get(parent, "")  # noqa: PLW2901
        if parent == scope.node.id:
            within.append(id_)
    return within


def _variables(config: Config, scope: Scope) -> dict[str, object]:
    """What the loop's variables hold now."""
    labels = (variable.label for variable in config.loop_variables or ())
    return {label: scope.value((scope.node.id, label)) for label in labels}


def _first_value(variable: LoopVariable, scope: Scope) -> object:
    """
    Raises:
        NodeFailed: it is not there, or not of the type that it should be.
    """
    value, kind = variable.value, variable.var_type
    if variable.value_type == "variable":
        selector = cast("list[str]", value) if isinstance(value, list) else []
        value = scope.value(selector)
        if value is MISSING:
            where = ".".join(selector) or "(none chosen)"
            raise scope.failed(f"The variable {where} for {variable.label} is not there.", KIND)
    elif isinstance(value, str) and kind not in {"string", "secret"}:
        with suppress(ValueError):
            value = json.loads(value) if value.strip() else None
    if value is None:
        value = zero(kind)
    if not fits(kind, value):
        raise scope.failed(f"{variable.label} is to begin as {value!r}, and is of type {kind}.", KIND)
    return value


def _breaks(config: Config, scope: Scope) -> bool:
    """
    Raises:
        NodeFailed: a condition cannot be judged.
    """
    if not config.break_conditions:
        return False
    try:
        return judge(config.break_conditions, config.logical_operator, scope.pool).holds
    except NodeFailed as failed:
        raise scope.failed(failed.message, failed.kind) from failed


def _breaks_before(config: Config, scope: Scope) -> bool:
    """Before the first round, what cannot be judged does not hold: the variable may be one of a node within."""
    try:
        return _breaks(config, scope)
    except NodeFailed:
        return False
