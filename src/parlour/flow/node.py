"""What a node is: a config read from its data, and a function that runs it. Knows no kind of node and no engine.

A node is an async generator: `run(config, scope)` yields `Chunk`s of text while it makes them, any event of its own
(`ModelCalled`, `AgentLog`, the events of an iteration, …) as it is, and last of all exactly one `Result`. It fails by
raising a `Problem` (mostly `NodeFailed`); retries, `fail-branch` and `default-value` are the engine's.
"""

from collections.abc import AsyncGenerator, Callable, Container, Iterable
from typing import Any, Literal

from msgspec import Struct

from parlour.domain.app import FlowApp, ToolUse
from parlour.domain.events import AnyEvent, Citation, HumanInputRequired
from parlour.domain.files import File
from parlour.domain.graph import Node
from parlour.domain.message import Owner
from parlour.domain.problems import Problem
from parlour.domain.turn import Submission, Turn
from parlour.flow.pool import Pool, Selector
from parlour.flow.veil import Secrets, secrets
from parlour.ports import Ports
from parlour.ports.tools import Caller


class NodeFailed(Problem):
    """A node cannot go on. `kind` is the `error_type` that a fail-branch is told."""

    code, status = "invalid_param", 400
    kind: str

    def __init__(self, message: str, kind: str = "NodeError") -> None:
        super().__init__(message)
        self.kind = kind


class Part(Struct, frozen=True):
    """A piece of what an answer says: a literal, or the selector of a value."""

    segment: str | tuple[str, ...]
    said_as: tuple[str, ...]
    """The selector that a literal is said under."""


class Chunk(Struct, frozen=True, gc=False):
    """A piece of a streamed output, at `(node, name)`. Whether a client sees it, the answer's template decides."""

    selector: tuple[str, ...]
    text: str


class Result(Struct, frozen=True):
    """How a node ended: what it puts out, and by which way it is left."""

    outputs: dict[str, object]
    handle: str | None = None
    """One way of a branching node (`true`, a class's id, …); None takes every way."""
    metadata: dict[str, object] = {}
    """`total_tokens`, `total_price`, `currency`, … of `execution_metadata`."""
    kinds: dict[str, str] = {}
    """Kinds of outputs that their values do not tell (`array[file]` of an empty list)."""
    files: tuple[File, ...] = ()
    """Those that the node made or said, for `node_finished.files`."""
    answer: str = ""
    """What the answers of a graph within it have said."""
    told: dict[str, object] | None = None
    """What events tell of the outputs, where that is not all of them."""


class Round(Struct, frozen=True):
    """Which round of which iteration or loop a node runs in."""

    kind: Literal["iteration", "loop"]
    node_id: str
    index: int
    """From 0."""
    outer: "Round | None" = None


class OutputLimits(Struct, frozen=True):
    """How much code may put out (dsl.md 6.8)."""

    max_string_length: int = 400_000
    max_string_array_length: int = 30
    max_object_array_length: int = 30
    max_number_array_length: int = 1000
    max_depth: int = 5
    """Of objects within objects, what `main` returns being the first."""
    max_precision: int = 20
    """Digits behind the point."""
    min_number: int = -(2**63)
    max_number: int = 2**63 - 1


class Limits(Struct, frozen=True):
    """Bounds of one run (dsl.md 4.1)."""

    steps: int = 500
    depth: int = 5
    """Of containers within containers, and of apps within apps."""
    parallel: int = 10
    outputs: OutputLimits = OutputLimits()


class Course(Struct):
    """What one run shares among all its nodes, those of iterations and loops included."""

    turn: Turn[FlowApp]
    ports: Ports
    limits: Limits = Limits()
    steps: int = 0
    """Node starts so far."""
    exceptions: int = 0
    """Failures that a strategy has caught."""
    citations: list[Citation] = []
    durable: bool = False
    """Whether each step is to be told of, so that the run can go on from there."""
    hidden: Secrets = ()
    """What no event of its nodes may tell: the secrets of its app."""

    def __post_init__(self) -> None:
        self.hidden = secrets(self.turn.app)


class Waiting(Struct, frozen=True):
    """Said in the place of a `Result`: the run pauses here until the form is sent, and the node runs once more."""

    form: HumanInputRequired


Heard = AnyEvent | Chunk
"""What comes of a node while it runs."""
Say = Heard | Result | Waiting
Runner = Callable[[Any, "Scope"], AsyncGenerator[Say, None]]
Inner = Callable[[Pool, Round], AsyncGenerator[Heard | Result, None]]
"""Runs the graph within a container on a pool; its last word is a `Result` whose outputs are those of its answers."""


class Scope(Struct):
    """What a node may know and reach for while it runs. The engine makes a new one for each attempt."""

    node: Node
    pool: Pool
    course: Course
    execution_id: str
    inner: Inner
    round: Round | None = None
    skipped: Container[str] = ()
    """Nodes of this graph that will never run."""
    submission: Submission | None = None
    """What the form of this node was answered with, when a paused run goes on."""
    asked: HumanInputRequired | None = None
    """What this node has asked already: who has no answer yet waits on with the very same."""
    inputs: dict[str, object] | None = None
    """What the node worked on, for its events: set it as soon as it is known, a failure shows it too."""
    process: dict[str, object] | None = None
    """`process_data` of its events, likewise."""

    @property
    def ports(self) -> Ports:
        return self.course.ports

    @property
    def turn(self) -> Turn[FlowApp]:
        return self.course.turn

    @property
    def owner(self) -> Owner:
        """Whose the files of this run are."""
        return Owner(self.turn.app.card.id, self.turn.ask.user)

    @property
    def caller(self) -> Caller:
        """Who uses a tool."""
        return Caller(self.turn.app.card.name, self.turn.ask.user, self.turn.ask.depth)

    def value(self, selector: Selector) -> object:
        return self.pool.get(selector)

    def failed(self, message: str, kind: str = "NodeError") -> NodeFailed:
        """A failure that names its node."""
        return NodeFailed(f"{self.node.title or self.node.id}: {message}", kind)


class Fault(Struct, frozen=True):
    """Something in a graph that does not run, or not quite as written; `check` shows it with its line."""

    level: Literal["approximated", "refused"]
    node_id: str
    what: str
    advice: str = ""
    keys: tuple[str | int, ...] = ()
    """Where it stands within the node's `data`."""


class Used(Struct, frozen=True):
    """A tool that a node uses."""

    use: ToolUse
    keys: tuple[str | int, ...] = ()
    """Where it stands within the node's `data`."""
    needed: bool = False
    """Whether the node does nothing without it."""


class Kind(Struct, frozen=True):
    """A kind of node, as the table `flow/nodes/__init__.py` lists it."""

    config: type[Any]
    """A msgspec Struct; unknown members are ignored, and text that is a number may stand for one."""
    run: Runner
    branches: bool = False
    """Whether it is left by one way only."""
    container: bool = False
    """Whether it holds a graph; its events are its own then."""
    gives: bool = False
    """Whether its outputs are the run's: an end's."""
    hidden: bool = False
    """Whether clients are told nothing of it: the pseudo-nodes that a container's graph begins with."""
    speaks: Callable[[Any, str], tuple[Part, ...]] | None = None
    """Of an answer or an end: its config and its id to the template of what it says."""
    writes: Callable[[Any], frozenset[tuple[str, ...]]] | None = None
    """Of an assigner: the selectors of the variables that it writes."""
    strategy: Callable[[Any], dict[str, str | None]] | None = None
    """Of an agent: the name of its strategy, and its icon."""
    uses: Callable[[Any], Iterable[Used]] | None = None
    """Of one that uses tools: which ones."""
    check: Callable[[Any, Node], Iterable[Fault]] | None = None
    """What cannot be told from the shape of its config alone."""
