"""A graph, run: starts what the frontier says is ready, and passes on what comes of it (dsl.md 4).

Knows no kind of node. One event loop: nodes that wait, wait together; there is no thread and no poll.
"""

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from functools import partial

from msgspec import Struct, structs

from parlour.domain.events import AnyEvent, HumanInputRequired, NodeRetried, NodeStarted, Retracted, TextDelta
from parlour.domain.files import File
from parlour.domain.turn import Submission
from parlour.flow.attempt import Circumstances, Ended, execute, shown
from parlour.flow.frontier import Frontier
from parlour.flow.merge import Merge
from parlour.flow.node import Chunk, Course, Heard, NodeFailed, Result, Round, Scope
from parlour.flow.plan import Plan
from parlour.flow.pool import Pool
from parlour.flow.speech import Speech


class Walk(Struct):
    """How far one level of a graph has got."""

    plan: Plan
    pool: Pool
    course: Course
    frontier: Frontier
    speech: Speech
    round: Round | None = None
    submissions: Mapping[str, Submission] = {}
    ready: dict[str, str | None] = {}
    """Nodes that can start now, and the node that each one follows."""
    going: dict[str, Circumstances] = {}
    """Nodes that have started and not ended."""
    outputs: dict[str, object] = {}
    answers: dict[str, str] = {}
    """What was said, by the node that said it, in the order of their ends (dsl.md 4.3)."""
    files: list[File] = []

    @property
    def waiting(self) -> dict[str, HumanInputRequired]:
        """What somebody is asked, by node."""
        return {node: around.asked for node, around in self.going.items() if around.asked is not None}


class Reached(Struct, frozen=True):
    """A node has ended, and there are others: a durable run could go on from here."""

    walk: Walk


class Paused(Struct, frozen=True):
    """The graph waits for somebody, and nothing else of it can run: said in the place of a `Result`."""

    walk: Walk


Place = Reached | Paused
"""How far the graph as a whole has got."""


def first(plan: Plan, pool: Pool, course: Course, round_: Round | None = None) -> Walk:
    """A walk that has not begun.

    Raises:
        NodeFailed: there is nowhere to begin.
    """
    if not plan.root:
        raise NodeFailed("The graph has no node to start with.", "NoStart")
    frontier = Frontier(plan.steps, plan.edges)
    walk = Walk(plan, pool, course, frontier, Speech(plan.script, pool, plan.root), round_)
    walk.ready = dict.fromkeys(frontier.start(plan.root))
    return walk


async def run(walk: Walk) -> AsyncGenerator[Heard | Result | Place, None]:
    """Everything that comes of a graph, in order. Its last word is a `Result`, or `Paused`.

    Raises:
        Problem: a node failed, and nobody caught it; the others are ended.
    """
    merge = Merge[Heard | Ended]()
    try:
        if walk.plan.root not in walk.ready or not shown(walk.plan.steps[walk.plan.root]):
            for delta in walk.speech.start():
                yield delta
        for node in walk.going:
            merge.add(node, execution(walk, node))
        start_ready(walk, merge)
        while (said := await merge.next()) is not None:
            node, item = said
            if type(item) is Chunk:
                if (heard := hear(walk, item)) is not None:
                    yield heard
                continue
            for event in settled(walk, item) if isinstance(item, Ended) else passed(walk, item):
                yield event
            if isinstance(item, Ended):
                if walk.course.durable and walk.round is None and goes_on(walk):
                    yield Reached(walk)
                start_ready(walk, merge)
    finally:
        await merge.close()
    if walk.going:
        yield Paused(walk)
    else:
        yield Result(walk.outputs, answer="".join(walk.answers.values()), files=tuple(walk.files))


def goes_on(walk: Walk) -> bool:
    """Whether anything runs, or can run, without anybody's answer."""
    return bool(walk.ready) or any(around.asked is None for around in walk.going.values())


def start_ready(walk: Walk, merge: Merge[Heard | Ended]) -> None:
    """Set going what can start.

    Raises:
        NodeFailed: the run has taken too many steps.
    """
    course = walk.course
    for node, predecessor in walk.ready.items():
        kind = walk.plan.steps[node].kind
        if kind is None or not kind.hidden:
            course.steps += 1
            if course.steps > course.limits.steps:
                raise NodeFailed(f"The run has reached its limit of {course.limits.steps} steps.", "TooManySteps")
        walk.going[node] = Circumstances(course.ports.new_id(), course.steps, course.ports.now(), predecessor)
        merge.add(node, execution(walk, node))
    walk.ready = {}


def execution(walk: Walk, node: str) -> AsyncGenerator[Heard | Ended, None]:
    """A node that is going, to be read."""
    around = walk.going[node]

    def attempt() -> Scope:
        return Scope(
            node=walk.plan.steps[node].node,
            pool=walk.pool,
            course=walk.course,
            execution_id=around.execution_id,
            inner=partial(inside, walk, node),
            round=walk.round,
            skipped=walk.frontier.skipped,
            submission=walk.submissions.get(node),
            asked=around.asked,
        )

    return execute(walk.plan.steps[node], around, attempt)


def hear(walk: Walk, chunk: Chunk) -> TextDelta | Chunk | None:
    """What a client hears of it. An answer around a container may say what none within it does."""
    return walk.speech.hear(chunk) or (chunk if walk.round is not None else None)


def passed(walk: Walk, event: Heard) -> Iterator[Heard]:
    """An event as it is. What is certain from the first is heard when the first node has started (contract 4.4.3).

    What was heard of a node that is tried again, here or within a container, is taken back.
    """
    yield event
    if type(event) is NodeStarted and event.node_id == walk.plan.root:
        yield from walk.speech.start()
    if type(event) is NodeRetried and (void := walk.speech.anew(event.outcome.node_id)):
        yield Retracted(void)


def settled(walk: Walk, ended: Ended) -> Iterator[AnyEvent]:
    """Take up what a node has put out, and what is ready now; what is heard and told of it.

    Raises:
        Problem: it failed, and nobody caught it.
    """
    node, result = ended.step.node.id, ended.result
    if ended.waiting is not None:
        walk.going[node] = structs.replace(walk.going[node], asked=ended.waiting.form)
        return
    if ended.problem is not None:
        if ended.told is not None:
            yield ended.told
        raise ended.problem
    walk.course.exceptions += ended.caught
    if ended.caught and (void := walk.speech.anew(node)):
        yield Retracted(void)
    for name, value in result.outputs.items():
        walk.pool.put(node, name, value, result.kinds.get(name, ""))
    if ended.step.kind is not None and ended.step.kind.gives:
        walk.outputs |= result.outputs
    if result.answer or result.files:
        walk.answers[node] = result.answer
        walk.files += [file for file in result.files if file not in walk.files]  # one may be made, and said later
    yield from walk.speech.ended(node)
    if ended.told is not None:
        yield ended.told
    del walk.going[node]
    walk.ready = dict.fromkeys(walk.frontier.finish(node, result.handle), node)
    yield from walk.speech.left(node, result.handle, walk.frontier.skipped)


async def inside(walk: Walk, node: str, pool: Pool, round_: Round) -> AsyncGenerator[Heard | Result, None]:
    """The graph within a container, once.

    Raises:
        Problem: a node of it failed; or it asks somebody, or is too deep.
    """
    course = walk.course
    depth, outer = 1, round_.outer
    while outer is not None:
        depth, outer = depth + 1, outer.outer
    if depth > course.limits.depth:
        raise NodeFailed(f"Iterations and loops are nested more than {course.limits.depth} deep.", "TooDeep")
    async with aclosing(run(first(walk.plan.inner[node], pool, course, round_))) as said:
        async for item in said:
            if isinstance(item, Reached | Paused):
                raise NodeFailed("Nobody can be asked within an iteration or a loop.", "HumanInputInContainer")
            yield item
