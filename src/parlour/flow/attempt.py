"""One node, from its start to its end: attempts, retries, and what its author wants done about a failure (dsl.md 4.2).

Knows neither the graph around it nor what any kind of node does.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from msgspec import Struct, structs

from parlour.domain.events import (
    HumanInputRequired,
    ModelCalled,
    ModelFinished,
    NodeFinished,
    NodeOutcome,
    NodeRetried,
    NodeStarted,
    NodeStatus,
)
from parlour.domain.problems import Problem
from parlour.flow.node import Heard, NodeFailed, Result, Round, Scope, Waiting
from parlour.flow.plan import Step, Strategy
from parlour.flow.veil import Secrets, covered, veiled

NOTHING = Result({})


class Ended(Struct, frozen=True):
    """A node is over: with a result, by a failure that nobody caught, or because somebody is waited for."""

    step: Step
    result: Result = NOTHING
    caught: bool = False
    """Whether the result is what its author wants in the place of a failure."""
    problem: Problem | None = None
    waiting: Waiting | None = None
    told: NodeFinished | None = None
    """What clients are told of it, once what it says has been heard."""


class Circumstances(Struct, frozen=True):
    """What the events of one execution say beside what the node does."""

    execution_id: str
    index: int
    created_at: float
    predecessor: str | None = None
    asked: HumanInputRequired | None = None
    """What the node waits for somebody to fill in: it has started before, and does not start again."""


async def execute(
    step: Step, around: Circumstances, attempt: Callable[[], Scope]
) -> AsyncGenerator[Heard | Ended, None]:
    """Everything that comes of a node, each attempt in a scope of its own; its last word is `Ended`."""
    if step.fault is not None or step.kind is None:
        why = (step.fault.what, step.fault.advice) if step.fault else (step.node.type,)
        scope = attempt()
        yield started(step, around, scope)
        told = ": ".join(part for part in (step.node.title or step.node.id, *why) if part)
        problem = NodeFailed(told, "NodeNotServed")
        yield ended(step, around, scope, problem=problem)
        return
    retries = 0
    while True:
        scope = attempt()
        if not retries and shown(step) and around.asked is None:
            yield started(step, around, scope)
        result, waiting, problem = NOTHING, None, None
        try:
            async with aclosing(step.kind.run(step.config, scope)) as said:
                async for item in said:
                    if isinstance(item, Result):
                        result = item
                    elif isinstance(item, Waiting):
                        waiting = item
                    elif isinstance(item, ModelCalled | ModelFinished):
                        yield placed(item, scope.execution_id)
                    else:
                        yield item
        except Problem as raised:
            problem = discreet(raised, scope.course.hidden)
        if waiting is not None:
            yield Ended(step, waiting=waiting)
            return
        if problem is None or retries >= step.strategy.retries:
            yield ended(step, around, scope, result=result, problem=problem)
            return
        retries += 1
        yield NodeRetried(outcome(step, around, scope, status="retry", problem=problem), retries)
        await asyncio.sleep(step.strategy.pause)


def placed(item: ModelCalled | ModelFinished, execution: str) -> ModelCalled | ModelFinished:
    """The same, with the node that asked; one within a container knows that already."""
    if isinstance(item, ModelCalled):
        return item if item.execution else structs.replace(item, execution=execution)
    if item.called is None or item.called.execution:
        return item
    return structs.replace(item, called=structs.replace(item.called, execution=execution))


def ended(
    step: Step,
    around: Circumstances,
    scope: Scope,
    *,
    result: Result = NOTHING,
    problem: Problem | None = None,
) -> Ended:
    """How it ended, with what its author has laid down for a failure."""
    status: NodeStatus = "succeeded"
    uncaught = problem
    if problem is not None:
        caught = instead(step.strategy, problem)
        status = "failed" if caught is None else "exception"
        if caught is not None:
            result, uncaught = caught, None
    elif step.strategy.on_failure == "fail-branch" and result.handle is None:
        result = structs.replace(result, handle="source")
    told = None
    if shown(step):
        told = NodeFinished(outcome(step, around, scope, status=status, result=result, problem=problem))
    return Ended(step, result, caught=status == "exception", problem=uncaught, told=told)


def shown(step: Step) -> bool:
    """Whether clients are told of it by the events of a node."""
    return step.kind is None or not (step.kind.container or step.kind.hidden)


def instead(strategy: Strategy, problem: Problem) -> Result | None:
    """What stands in the place of a failure; None if it is the run's."""
    told: dict[str, object] = {"error_message": problem.message, "error_type": kind_of(problem)}
    match strategy.on_failure:
        case "fail-branch":
            return Result(told, "fail-branch", {"error_strategy": "fail-branch"})
        case "default-value":
            return Result(strategy.defaults | told, None, {"error_strategy": "default-value"})
        case _:
            return None


def kind_of(problem: Problem) -> str:
    return problem.kind if isinstance(problem, NodeFailed) else type(problem).__name__


def discreet(problem: Problem, hidden: Secrets) -> Problem:
    """The same failure, in words without a secret: they go to clients, and into answers."""
    message = covered(problem.message, hidden)
    return problem if message == problem.message else NodeFailed(message, kind_of(problem))


def started(step: Step, around: Circumstances, scope: Scope) -> NodeStarted:
    iteration, loop = containers(scope.round)
    return NodeStarted(
        id=scope.execution_id,
        node_id=step.node.id,
        node_type=step.node.type,
        title=step.node.title,
        index=around.index,
        created_at=int(around.created_at),
        predecessor_node_id=around.predecessor,
        iteration_id=iteration,
        loop_id=loop,
        agent_strategy=step.kind.strategy(step.config) if step.kind and step.kind.strategy else None,
    )


def outcome(
    step: Step,
    around: Circumstances,
    scope: Scope,
    *,
    status: NodeStatus,
    result: Result = NOTHING,
    problem: Problem | None = None,
) -> NodeOutcome:
    iteration, loop = containers(scope.round)
    now, hidden = scope.ports.now(), scope.course.hidden
    metadata = dict(result.metadata)
    if scope.round is not None:
        kind = scope.round.kind
        metadata |= {f"{kind}_id": scope.round.node_id, f"{kind}_index": scope.round.index}
    return NodeOutcome(
        id=scope.execution_id,
        node_id=step.node.id,
        node_type=step.node.type,
        title=step.node.title,
        index=around.index,
        created_at=int(around.created_at),
        status=status,
        elapsed_time=now - around.created_at,
        finished_at=int(now),
        predecessor_node_id=around.predecessor,
        inputs=veiled(scope.inputs, hidden),
        process_data=veiled(scope.process, hidden),
        outputs=result.outputs if result.told is None else result.told,
        error=problem.message if problem is not None else None,
        execution_metadata=metadata or None,
        files=result.files,
        iteration_id=iteration,
        loop_id=loop,
        began=around.created_at,
    )


def containers(round_: Round | None) -> tuple[str | None, str | None]:
    """The iteration and the loop that it runs in: the nearest one."""
    if round_ is None:
        return None, None
    return (round_.node_id, None) if round_.kind == "iteration" else (None, round_.node_id)
