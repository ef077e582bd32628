"""The mode `advanced-chat`: a graph answers, and what its answers say is the message.

Knows no store, no socket and no wire.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from parlour.domain.app import ChatflowApp, FlowApp
from parlour.domain.events import (
    AnswerFinished,
    AnyEvent,
    Journaled,
    ModelFinished,
    Suspended,
    WorkflowFinished,
    WorkflowPaused,
    WorkflowStarted,
)
from parlour.domain.message import Owner
from parlour.domain.people import end_user_id
from parlour.domain.problems import Problem, RunFailed
from parlour.domain.turn import Turn
from parlour.domain.usage import Usage, total
from parlour.flow import engine, snapshot
from parlour.flow.node import Chunk, Course, Limits, Result
from parlour.flow.opening import opened, told
from parlour.flow.plan import plan
from parlour.ports import Ports

LIMITS = Limits()


async def run(turn: Turn[FlowApp], ports: Ports, limits: Limits = LIMITS) -> AsyncGenerator[AnyEvent, None]:
    """Everything that a graph says in one turn, in order: the message ends before its run does (contract 0.17).

    Raises:
        RunFailed: a node failed, and nobody caught it.
    """
    resumption = turn.resumption
    if resumption is None:
        course = Course(turn, ports, limits, durable=turn.durable)
        (walk, began), spent = begun(course), list[Usage]()
        reason = "initial"
    else:
        laid_aside = snapshot.read(resumption.state)
        turn = snapshot.turn_of(laid_aside, turn)
        course = Course(turn, ports, limits, durable=turn.durable)
        walk = snapshot.restored(laid_aside, plan(turn.app.graph), course, resumption)
        began, spent, reason = laid_aside.began, list(laid_aside.spent), "resumption"
    card, run_id = turn.app.card, turn.ids.workflow_run_id
    yield WorkflowStarted(run_id, card.version, told(turn, began), int(began), reason)
    result = Result({})
    try:
        async with aclosing(engine.run(walk)) as said:
            async for item in said:
                if isinstance(item, Result):
                    result = item
                elif isinstance(item, engine.Paused):
                    yield suspended(turn, item.walk, tuple(spent), began)
                    return
                elif isinstance(item, engine.Reached):
                    yield journaled(item.walk, tuple(spent), began)
                elif not isinstance(item, Chunk):
                    if isinstance(item, ModelFinished):
                        spent.append(item.usage)
                    yield item
    except Problem as problem:
        cause = "" if problem.code == RunFailed.code else problem.code
        raise RunFailed(f"Run failed: {problem.message}", reason=problem.message, cause=cause) from problem
    usage = total(spent)
    citations = tuple(course.citations) if turn.app.features.citations else ()
    yield AnswerFinished(usage=usage, citations=citations, files=result.files)
    yield finished(turn, course, result, usage, began)


def begun(course: Course) -> tuple[engine.Walk, float]:
    """The way through the graph from its start, and when it began."""
    turn, now = course.turn, course.ports.now()
    level = plan(turn.app.graph)
    return engine.first(level, opened(turn, level.root, now), course), now


def journaled(walk: engine.Walk, spent: tuple[Usage, ...], began: float) -> Journaled:
    state = snapshot.dump(walk, spent, began)
    return Journaled(state, tuple(walk.waiting.values()), walk.speech.unsure, walk.course.steps)


def suspended(turn: Turn[FlowApp], walk: engine.Walk, spent: tuple[Usage, ...], began: float) -> Suspended:
    forms, now = tuple(walk.waiting.values()), walk.course.ports.now()
    paused = WorkflowPaused(
        workflow_run_id=turn.ids.workflow_run_id,
        paused_nodes=tuple(walk.waiting),
        outputs=walk.outputs,
        reasons=forms,
        created_at=int(now),
        elapsed_time=now - began,
        total_tokens=total(spent).total_tokens,
        total_steps=walk.course.steps,
    )
    return Suspended(snapshot.dump(walk, spent, began), forms, paused)


def finished(turn: Turn[FlowApp], course: Course, result: Result, usage: Usage, began: float) -> WorkflowFinished:
    outputs: dict[str, object] = result.outputs
    if isinstance(turn.app, ChatflowApp):
        outputs = {"answer": result.answer, "files": list(result.files), **result.outputs}
    now = course.ports.now()
    return WorkflowFinished(
        id=turn.ids.workflow_run_id,
        workflow_id=turn.app.card.version,
        status="partial-succeeded" if course.exceptions else "succeeded",
        outputs=outputs,
        error=None,
        elapsed_time=now - began,
        total_tokens=usage.total_tokens,
        total_steps=course.steps,
        created_by={"id": end_user_id(Owner(turn.app.card.id, turn.ask.user)), "user": turn.ask.user},
        created_at=int(began),
        finished_at=int(now),
        exceptions_count=course.exceptions,
        files=result.files,
    )
