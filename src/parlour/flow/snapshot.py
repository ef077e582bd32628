"""A walk laid aside as JSON, and taken up again: when somebody is waited for, or a process may die.

Does not know where it is kept. Nodes that had begun and not ended begin anew.
"""

from collections.abc import Mapping
from typing import cast

from msgspec import Struct, json, structs

from parlour.domain.files import File
from parlour.domain.turn import Submission
from parlour.domain.usage import Usage
from parlour.domain.values import json_form, revived
from parlour.flow.engine import Walk
from parlour.flow.frontier import Decided, Frontier
from parlour.flow.node import Course
from parlour.flow.plan import Plan
from parlour.flow.pool import Pool
from parlour.flow.speech import Said, Speech


class Snapshot(Struct, frozen=True):
    values: dict[str, dict[str, object]]
    kinds: list[tuple[str, str, str]]
    decided: Decided
    said: Said
    going: dict[str, str | None]
    outputs: dict[str, object]
    answers: dict[str, str]
    files: list[object]
    steps: int
    exceptions: int
    spent: tuple[Usage, ...]
    began: float


def dump(walk: Walk, spent: tuple[Usage, ...], began: float) -> bytes:
    values, kinds = walk.pool.dump()
    laid_aside = Snapshot(
        values=cast("dict[str, dict[str, object]]", json_form(values)),
        kinds=kinds,
        decided=walk.frontier.decided,
        said=walk.speech.said,
        going=walk.going,
        outputs=cast("dict[str, object]", json_form(walk.outputs)),
        answers=walk.answers,
        files=cast("list[object]", json_form(walk.files)),
        steps=walk.course.steps - len(walk.going),
        exceptions=walk.course.exceptions,
        spent=spent,
        began=began,
    )
    return json.encode(laid_aside)


def read(state: bytes) -> Snapshot:
    return json.decode(state, type=Snapshot)


def restored(snapshot: Snapshot, plan: Plan, course: Course, submissions: Mapping[str, Submission]) -> Walk:
    """The walk, to be run again; forms that were sent go to their nodes."""
    pool = Pool.restored(cast("dict[str, dict[str, object]]", revived(snapshot.values)), snapshot.kinds)
    course.steps, course.exceptions = snapshot.steps, snapshot.exceptions
    said = structs.replace(snapshot.said, told=0)  # a node that begins anew says all of it again
    return Walk(
        plan,
        pool,
        course,
        Frontier(plan.steps, plan.edges, snapshot.decided),
        Speech(plan.script, pool, plan.root, said),
        submissions=submissions,
        going=snapshot.going,
        outputs=cast("dict[str, object]", revived(snapshot.outputs)),
        answers=snapshot.answers,
        files=cast("list[File]", revived(snapshot.files)),
    )
