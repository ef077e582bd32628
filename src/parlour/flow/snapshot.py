"""A walk laid aside as JSON, and taken up again: when somebody is waited for, or a process may die.

Does not know where it is kept. Nodes that had begun and not ended begin anew, but for those that wait for somebody.
The environment stays out of it: it may be secret, and the app has it.
"""

from typing import cast

from msgspec import DecodeError, Struct, json, structs

from parlour.domain.app import FlowApp
from parlour.domain.events import Citation
from parlour.domain.files import File
from parlour.domain.problems import RunFailed
from parlour.domain.turn import Ask, Exchange, Resumption, Turn
from parlour.domain.usage import Usage
from parlour.domain.values import json_form, revived
from parlour.flow.attempt import Circumstances
from parlour.flow.engine import Walk
from parlour.flow.frontier import Decided, Frontier
from parlour.flow.node import Course
from parlour.flow.opening import environment
from parlour.flow.plan import Plan
from parlour.flow.pool import Pool
from parlour.flow.speech import Said, Speech

Values = dict[str, dict[str, object]]


class Snapshot(Struct, frozen=True):
    ask: Ask
    """Its inputs as JSON has them."""
    history: tuple[Exchange, ...]
    first: bool
    number: int
    values: Values
    kinds: list[tuple[str, str, str]]
    decided: Decided
    said: Said
    waiting: dict[str, Circumstances]
    """Nodes that wait for somebody."""
    ready: dict[str, str | None]
    """Nodes that are to begin, and whom they follow."""
    outputs: dict[str, object]
    answers: dict[str, str]
    files: list[object]
    steps: int
    exceptions: int
    citations: list[Citation]
    spent: tuple[Usage, ...]
    began: float


def dump(walk: Walk, spent: tuple[Usage, ...], began: float) -> bytes:
    values, kinds = walk.pool.dump()
    turn, course = walk.course.turn, walk.course
    again = {node: around.predecessor for node, around in walk.going.items() if around.asked is None}
    laid_aside = Snapshot(
        ask=structs.replace(turn.ask, inputs=cast("dict[str, object]", json_form(turn.ask.inputs))),
        history=turn.history,
        first=turn.first,
        number=turn.number,
        values=cast("Values", json_form({node: said for node, said in values.items() if node != "env"})),
        kinds=kinds,
        decided=walk.frontier.decided,
        said=walk.speech.dump(),
        waiting={node: around for node, around in walk.going.items() if around.asked is not None},
        ready=again | walk.ready,
        outputs=cast("dict[str, object]", json_form(walk.outputs)),
        answers=walk.answers,
        files=cast("list[object]", json_form(walk.files)),
        steps=course.steps,
        exceptions=course.exceptions,
        citations=course.citations,
        spent=spent,
        began=began,
    )
    return json.encode(laid_aside)


def read(state: bytes) -> Snapshot:
    """
    Raises:
        RunFailed: another version of this program has written it, in a way that this one does not know.
    """
    try:
        return json.decode(state, type=Snapshot)
    except DecodeError as error:
        reason = f"The run was laid aside by another version of the server ({error}), and cannot go on here."
        raise RunFailed(f"Run failed: {reason}", reason=reason) from error


def turn_of(snapshot: Snapshot, turn: Turn[FlowApp]) -> Turn[FlowApp]:
    """The turn as it was when it began."""
    ask = structs.replace(snapshot.ask, inputs=cast("dict[str, object]", revived(snapshot.ask.inputs)))
    return structs.replace(turn, ask=ask, history=snapshot.history, first=snapshot.first, number=snapshot.number)


def restored(snapshot: Snapshot, plan: Plan, course: Course, resumption: Resumption) -> Walk:
    """The walk, to be run again; forms that were sent go to their nodes."""
    pool = Pool.restored(cast("Values", revived(snapshot.values)), snapshot.kinds)
    environment(course.turn.app, pool)
    course.steps, course.exceptions, course.citations = snapshot.steps, snapshot.exceptions, snapshot.citations
    return Walk(
        plan,
        pool,
        course,
        Frontier(plan.steps, plan.edges, snapshot.decided),
        Speech(plan.script, pool, plan.root, snapshot.said),
        submissions=resumption.submissions,
        ready=snapshot.ready,
        going=snapshot.waiting,
        outputs=cast("dict[str, object]", revived(snapshot.outputs)),
        answers=snapshot.answers,
        files=cast("list[File]", revived(snapshot.files)),
    )
