"""Graphs for tests, made by hand, and a way to run them without a server."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any

from parlour.domain.app import Card, ChatflowApp, FlowApp, WorkflowApp
from parlour.domain.events import NodeFinished, NodeOutcome, TextDelta
from parlour.domain.graph import Edge, Graph, Node, Variable
from parlour.domain.ids import Ids
from parlour.domain.turn import Ask, Turn
from parlour.flow import engine
from parlour.flow.node import Chunk, Course, Heard, Limits, Result
from parlour.flow.opening import opened
from parlour.flow.plan import plan
from parlour.ports import Ports
from parlour.ports.models import Models
from parlour.stores.blobs import MemoryBlobs
from parlour.stores.memory import Memory
from tests.houses import NOW, Plan, open_ports

IDS = Ids("task", "message", "conversation", int(NOW), "run")
CARD = Card("app", "app", "version")
Item = Heard | Result | engine.Place


def node(id_: str, type_: str, parent: str = "", /, **data: Any) -> Node:
    return Node(id_, type_, id_.title(), {"type": type_, "title": id_.title(), **data}, parent)


def graph(nodes: Iterable[Node], *ways: str) -> Graph:
    """`ways`: `a b`, or `a true b` for a way that is left by a handle."""
    edges: list[Edge] = []
    for way in ways:
        source, *handle, target = way.split()
        edges.append(Edge(source, target, *handle))
    return Graph(tuple(nodes), tuple(edges))


def chatflow(flow: Graph, **variables: object) -> ChatflowApp:
    """With these variables of its conversations."""
    kinds: dict[type, str] = {str: "string", bool: "boolean", int: "number", dict: "object", list: "array[string]"}
    return ChatflowApp(CARD, flow, variables=tuple(Variable(n, kinds[type(v)], v) for n, v in variables.items()))


def workflow(flow: Graph) -> WorkflowApp:
    return WorkflowApp(CARD, flow)


class Played:
    """All that came of a run."""

    def __init__(self, said: list[Item], course: Course) -> None:
        self.said = said
        self.course = course

    @property
    def text(self) -> str:
        """What a client has heard."""
        return "".join(item.text for item in self.said if isinstance(item, TextDelta))

    @property
    def result(self) -> Result:
        last = self.said[-1]
        assert isinstance(last, Result)
        return last

    @property
    def outcomes(self) -> dict[str, NodeOutcome]:
        """Of each node, its last one."""
        return {item.outcome.node_id: item.outcome for item in self.said if isinstance(item, NodeFinished)}

    @property
    def path(self) -> list[str]:
        """The nodes in the order of their end."""
        return [item.outcome.node_id for item in self.said if isinstance(item, NodeFinished)]

    @property
    def unheard(self) -> list[Chunk]:
        return [item for item in self.said if isinstance(item, Chunk)]


@asynccontextmanager
async def ports_for(models: Models | None = None, **plan_: Any) -> AsyncGenerator[Ports]:
    async with AsyncExitStack() as stack:
        ports, _ = open_ports(Plan(models=models, fixed=True, **plan_), Memory(), MemoryBlobs(), stack)
        yield ports


async def play(
    app: FlowApp | Graph,
    query: str = "hi",
    *,
    ports: Ports | None = None,
    inputs: Mapping[str, object] | None = None,
    limits: Limits | None = None,
    **turn: Any,
) -> Played:
    """Run a graph from its start to its end.

    Raises:
        Problem: it failed.
    """
    whole = chatflow(app) if isinstance(app, Graph) else app
    asked = Turn(whole, IDS, Ask(query, "user", dict(inputs or {})), **turn)
    async with AsyncExitStack() as stack:
        given = ports or await stack.enter_async_context(ports_for())
        course = Course(asked, given, limits or Limits())
        level = plan(whole.graph)
        pool = opened(asked, level.root, NOW)
        for name, value in (inputs or {}).items():
            pool.put(level.root, name, value)
        said = await heard(engine.first(level, pool, course))
    return Played(said, course)


async def heard(walk: engine.Walk) -> list[Item]:
    async with aclosing(engine.run(walk)) as said:
        return [item async for item in said]
