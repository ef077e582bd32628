"""Flows to try nodes with: a node by itself, or a small graph run from its start to its end."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from itertools import count
from typing import Any

import msgspec
from anyio import fail_after

from parlour.domain.app import Card, ChatflowApp
from parlour.domain.events import AnyEvent
from parlour.domain.graph import Edge, Graph, Node, Variable
from parlour.domain.ids import Ids
from parlour.domain.turn import Ask, Turn
from parlour.flow.engine import Paused, Reached, first, run
from parlour.flow.node import Chunk, Course, Heard, Limits, Result, Round, Scope, Waiting
from parlour.flow.nodes import NODES
from parlour.flow.plan import plan
from parlour.flow.pool import Pool
from parlour.ports import Ports

Values = Mapping[str, Mapping[str, object]]
LIMITS = Limits()


def node(id_: str, type_: str, *, parent: str = "", **data: object) -> Node:
    return Node(id_, type_, id_, data, parent)


def graph(nodes: Iterable[Node], *edges: str) -> Graph:
    """Edges are written `a b`, or `a b handle`."""
    return Graph(tuple(nodes), tuple(Edge(*edge.split()) for edge in edges))


class Ticks:
    """A clock that goes on by a second each time it is asked, and ids that count."""

    def __init__(self) -> None:
        self.time = count(1)
        self.ids = count(1)

    def now(self) -> float:
        return float(next(self.time))

    def new_id(self) -> str:
        return f"e{next(self.ids)}"


def course(
    made: Graph, variables: Iterable[Variable] = (), limits: Limits = LIMITS, ports: Ports | None = None
) -> Course:
    """What a run of a graph shares. Unless ports are given, its nodes reach for nothing but the time and new ids."""
    app = ChatflowApp(Card("a", "a", "v"), made, variables=tuple(variables))
    turn = Turn(app, Ids("task", "message", "conversation", 0), Ask("hi", "user", {}))
    ticks = Ticks()
    absent: dict[str, Any] = dict.fromkeys(Ports.__struct_fields__)
    absent.update(now=ticks.now, new_id=ticks.new_id)
    return Course(turn, ports or Ports(**absent), limits)


async def _nothing(pool: Pool, round_: Round) -> AsyncGenerator[Heard | Result, None]:
    raise AssertionError(f"{pool} and {round_} are for containers")
    yield Result({})


class Tried(msgspec.Struct):
    """What a node by itself has said."""

    result: Result
    events: list[AnyEvent]
    pool: Pool
    scope: Scope

    @property
    def outputs(self) -> dict[str, object]:
        return self.result.outputs


async def attempt(
    made: Node,
    values: Values | None = None,
    *,
    pool: Pool | None = None,
    variables: Iterable[Variable] = (),
    ports: Ports | None = None,
) -> Tried:
    """Run one node on these values. Raises what it raises."""
    pool = pool or Pool(values)
    kind = NODES[made.type]
    config = msgspec.convert(made.data, kind.config, strict=False)
    scope = Scope(made, pool, course(graph([made]), variables, ports=ports), "execution", _nothing)
    events: list[AnyEvent] = []
    result: Result | None = None
    with fail_after(5):
        async with aclosing(kind.run(config, scope)) as said:
            async for item in said:
                if isinstance(item, Result):
                    assert result is None, "a second result"
                    result = item
                elif not isinstance(item, Chunk | Waiting):
                    events.append(item)
    assert result is not None, "no result"
    return Tried(result, events, pool, scope)


async def walk(
    made: Graph,
    values: Values | None = None,
    *,
    variables: Iterable[Variable] = (),
    limits: Limits = LIMITS,
    said: list[AnyEvent] | None = None,
) -> tuple[list[AnyEvent], Result, Pool]:
    """Run a graph to its end; `said` holds the events of one that fails. Raises what its nodes raise."""
    pool = Pool(values)
    events: list[AnyEvent] = [] if said is None else said
    result: Result | None = None
    with fail_after(5):
        async with aclosing(run(first(plan(made), pool, course(made, variables, limits)))) as items:
            async for item in items:
                assert not isinstance(item, Chunk | Waiting | Paused | Reached)
                if isinstance(item, Result):
                    result = item
                else:
                    events.append(item)
    assert result is not None
    return events, result, pool
