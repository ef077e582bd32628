"""Runs the graph within it once for each item of a list (dsl.md 6.14). Does not know what is in that graph.

Each item has a copy of the pool of its own: nothing of it is seen outside but its output, and what it writes to the
conversation's variables. A list that is longer than a run has steps is refused before the first item.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import cast

from msgspec import Struct

from parlour.domain.events import ModelCalled, ModelFinished, VariableAssigned
from parlour.domain.problems import Problem
from parlour.flow.merge import Merge
from parlour.flow.node import Heard, NodeFailed, Result, Say, Scope
from parlour.flow.pool import MISSING
from parlour.flow.rounds import Tale, named
from parlour.flow.values import kind_of

KIND = "IterationNodeError"


class Config(Struct, frozen=True):
    iterator_selector: tuple[str, ...] | None = None
    output_selector: tuple[str, ...] | None = None
    output_type: str | None = ""
    is_parallel: bool | None = False
    parallel_nums: int | None = 10
    error_handle_mode: str | None = "terminated"
    flatten_output: bool | None = True


class Over(Struct, frozen=True):
    """An item is done with."""

    index: int
    output: object
    result: Result
    problem: Problem | None


class Work(Struct, frozen=True):
    """One execution: its items, and what they write to the conversation when they run beside each other."""

    config: Config
    scope: Scope
    items: Sequence[object]
    tale: Tale
    writes: dict[str, list[VariableAssigned]] = {}


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    items = _items(config, scope)
    scope.inputs = {"iterator_selector": items}
    kinds = {"output": "array[file]"} if (config.output_type or "").lower() == "array[file]" else {}
    if not items:
        yield Result({"output": []}, kinds=kinds)
        return
    work = Work(config, scope, items, Tale(scope, "iteration", scope.inputs))
    yield work.tale.started(len(items))
    done: dict[int, Over] = {}
    problem: Problem | None = None
    async with aclosing(_beside(work) if config.is_parallel else _in_turn(work)) as said:
        async for item in said:
            if not isinstance(item, Over):
                work.tale.hear(item)
                yield item
                continue
            done[item.index] = item
            if item.problem is not None and _fatal(config, item.problem):
                problem = named(item.problem, scope)
                break
    for write in _in_order(work):
        scope.pool.put("conversation", write.name, write.value)
        yield write
    if problem is not None:
        yield work.tale.failed(problem)
        raise problem
    last = done[len(items) - 1].result
    outputs: dict[str, object] = {"output": _output(config, [done[index] for index in range(len(items))])}
    result = Result(outputs, None, work.tale.metadata(), kinds, last.files, last.answer)
    yield work.tale.succeeded(result)
    yield result


def _items(config: Config, scope: Scope) -> list[object]:
    """
    Raises:
        NodeFailed: it is no list, or too long a one.
    """
    selector = ".".join(config.iterator_selector or ()) or "(none chosen)"
    value = scope.value(config.iterator_selector or ())
    if value is MISSING:
        raise scope.failed(f"The variable {selector} is not there.", KIND)
    if value is None:
        return []
    if not isinstance(value, list):
        raise scope.failed(f"{selector} is of type {kind_of(value)}, and no list.", KIND)
    items, most = cast("list[object]", value), scope.course.limits.steps
    if len(items) > most:
        raise scope.failed(f"{selector} has {len(items)} items, and a run takes at most {most} steps.", "TooManySteps")
    return items


def _fatal(config: Config, problem: Problem) -> bool:
    """Whether the failure of an item is the iteration's. The run's limit is nobody's to pass over."""
    if isinstance(problem, NodeFailed) and problem.kind == "TooManySteps":
        return True
    return config.error_handle_mode not in {"continue-on-error", "remove-abnormal-output"}


async def _in_turn(work: Work) -> AsyncGenerator[Heard | Over, None]:
    """One item after the other; each one sees what those before it have written to the conversation."""
    for index in range(len(work.items)):
        yield work.tale.next(index)
        async with aclosing(_item(work, index)) as said:
            async for item in said:
                if isinstance(item, VariableAssigned):
                    work.scope.pool.put("conversation", item.name, item.value)
                yield item


async def _beside(work: Work) -> AsyncGenerator[Heard | Over, None]:
    """Some items at a time. What comes of one is told as a whole, when it is done with (contract 4.5 h)."""
    for index in range(len(work.items)):
        yield work.tale.next(index)
    limit = work.scope.course.limits.parallel
    width = max(1, min(work.config.parallel_nums or limit, limit, len(work.items)))
    waiting = iter(range(len(work.items)))
    merge = Merge[Heard | Over]()
    blocks: dict[str, list[Heard]] = {}
    try:
        for _, index in zip(range(width), waiting, strict=False):
            merge.add(str(index), _item(work, index))
        while (said := await merge.next()) is not None:
            key, item = said
            if isinstance(item, Over):
                for told in blocks.pop(key, ()):
                    yield told
                yield item
                if (following := next(waiting, None)) is not None:
                    merge.add(str(following), _item(work, following))
            elif isinstance(item, ModelCalled | ModelFinished):
                yield item  # no client sees it, and a run that is stopped must account for it
            elif isinstance(item, VariableAssigned):
                work.writes.setdefault(key, []).append(item)
            else:
                blocks.setdefault(key, []).append(item)
    finally:
        await merge.close()


async def _item(work: Work, index: int) -> AsyncGenerator[Heard | Over, None]:
    """The graph within, once; its last word is `Over`."""
    await asyncio.sleep(0)  # a graph that never waits would let nobody else run, however many items there are
    node, config = work.scope.node.id, work.config
    pool = work.scope.pool.copy()
    pool.put(node, "item", work.items[index])
    pool.put(node, "index", index)
    result, problem = Result({}), None
    try:
        async with aclosing(work.scope.inner(pool, work.tale.begins(index))) as said:
            async for item in said:
                if isinstance(item, Result):
                    result = item
                else:
                    yield item
    except Problem as raised:
        problem = raised
    work.tale.ends(index)
    output = pool.get(config.output_selector or ())
    yield Over(index, None if problem is not None or output is MISSING else output, result, problem)


def _in_order(work: Work) -> list[VariableAssigned]:
    """What items beside each other have written, as if one had run after the other."""
    return [write for key in sorted(work.writes, key=int) for write in work.writes[key]]


def _output(config: Config, done: Sequence[Over]) -> list[object]:
    """In the order of the list; lists of lists are made flat by one level, unless the author does not want it."""
    dropped = config.error_handle_mode == "remove-abnormal-output"
    outputs = [over.output for over in done if over.problem is None or not dropped]
    lists = [cast("list[object]", output) for output in outputs if isinstance(output, list)]
    flat = config.flatten_output is not False and lists and len(lists) == sum(out is not None for out in outputs)
    return [item for items in lists for item in items] if flat else outputs
