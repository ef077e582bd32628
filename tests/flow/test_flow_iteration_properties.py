"""An iteration whose items run beside each other puts out, says and writes what one does whose items run in turn."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import pytest
from anyio import fail_after
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, structs

from parlour.domain.events import ContainerNext, TextReplaced, VariableAssigned
from parlour.domain.problems import Problem
from parlour.flow.node import Heard, Limits, NodeFailed, Result, Round, Scope
from parlour.flow.nodes import iteration
from parlour.flow.pool import Pool
from tests.flow.branching import caught
from tests.flow.node_samples import course, graph, node

MODES = ("terminated", "continue-on-error", "remove-abnormal-output")
LIMIT = 4


class Item(Struct, frozen=True):
    """What becomes of one item, and how often it rests."""

    output: object
    fails: bool
    rests: int
    writes: bool


class Trial(Struct, frozen=True):
    items: tuple[Item, ...]
    mode: str
    flatten: bool
    width: int


ITEMS = st.builds(
    Item,
    st.none() | st.integers() | st.text(max_size=2) | st.lists(st.integers(), max_size=2),
    st.sampled_from([False, False, False, True]),
    st.integers(0, 5),
    st.booleans(),
)
TRIALS = st.builds(
    Trial,
    st.lists(ITEMS, max_size=9).map(tuple),
    st.sampled_from(MODES),
    st.booleans(),
    st.integers(-1, 12),
)


class Ran(Struct):
    result: Result | None = None
    said: list[Heard] = []
    written: object = None
    most: int = 0
    """How many items ran at once."""

    @property
    def told(self) -> list[str]:
        return [one.text for one in self.said if isinstance(one, TextReplaced)]


async def ran(trial: Trial, *, beside: bool) -> Ran:
    """The iteration of a graph that does with each item what the item says."""
    made = node("each", "iteration")
    pool = Pool({"start": {"list": list(range(len(trial.items)))}, "conversation": {"last": "nobody"}})
    going: list[int] = []
    found = Ran()

    async def inner(own: Pool, round_: Round) -> AsyncGenerator[Heard | Result, None]:
        item = trial.items[round_.index]
        going.append(round_.index)
        found.most = max(found.most, len(going))
        try:
            for _ in range(item.rests):
                yield TextReplaced(str(round_.index))
                await asyncio.sleep(0)
            assert own.get(("each", "index")) == own.get(("each", "item")) == round_.index, "a pool of its own"
            if item.fails:
                raise NodeFailed("It fails.")
            if item.writes:
                own.put("conversation", "last", round_.index)
                yield VariableAssigned("last", round_.index)
            own.put("say", "output", item.output)
            yield Result({}, answer=f"said {round_.index}")
        finally:
            going.remove(round_.index)

    scope = Scope(made, pool, course(graph([made]), limits=Limits(parallel=LIMIT)), "execution", inner)
    config = iteration.Config(
        ("start", "list"),
        ("say", "output"),
        is_parallel=beside,
        parallel_nums=trial.width,
        error_handle_mode=trial.mode,
        flatten_output=trial.flatten,
    )
    with fail_after(5):
        async with aclosing(iteration.run(config, scope)) as said:
            try:
                async for one in said:
                    if isinstance(one, Result):
                        found.result = one
                    else:
                        found.said += (one,)  # pyright: ignore[reportOperatorIssue]
            except Problem:
                assert trial.mode == "terminated"
    assert not going, "an item outlives its iteration"
    found.written = pool.get(("conversation", "last"))
    return found


def both_ways_are_one(trial: Trial) -> None:
    in_turn, beside = asyncio.run(ran(trial, beside=False)), asyncio.run(ran(trial, beside=True))
    assert in_turn.most <= 1
    assert beside.most <= max(1, min(trial.width or LIMIT, LIMIT))
    assert (in_turn.result is None) == (beside.result is None)
    if in_turn.result is None or beside.result is None:
        return
    assert beside.result.outputs == in_turn.result.outputs
    assert beside.result.answer == in_turn.result.answer
    assert beside.written == in_turn.written
    assert sorted(beside.told) == sorted(in_turn.told)
    changes = [text for at, text in enumerate(beside.told) if not at or beside.told[at - 1] != text]
    assert changes == list(dict.fromkeys(changes)), "what comes of one item is told as a whole"
    kinds = [type(one) for one in beside.said]
    assert kinds[1 : len(trial.items) + 1] == [ContainerNext] * len(trial.items)


@given(TRIALS)
@settings(deadline=None)
def test_an_iteration_of_items_beside_each_other_is_as_one_in_turn(trial: Trial) -> None:
    both_ways_are_one(trial)


# pyright: reportPrivateUsage=false
OUTPUT, FATAL, BESIDE = iteration._output, iteration._fatal, iteration._beside


def every_null_dropped(config: iteration.Config, done: Sequence[iteration.Over]) -> list[object]:
    """As in Dify, where items run beside each other (dsl.md 6.14)."""
    found = OUTPUT(config, done)
    drops = config.is_parallel and config.error_handle_mode == "remove-abnormal-output"
    return [one for one in found if one is not None] if drops else found


def as_they_ended(work: iteration.Work) -> list[VariableAssigned]:
    return [write for writes in work.writes.values() for write in writes]


def nothing_fatal(config: iteration.Config, problem: Problem) -> bool:
    return not config.is_parallel and FATAL(config, problem)


def one_pool(pool: Pool) -> Pool:
    return pool


def all_at_once(work: iteration.Work) -> AsyncGenerator[Heard | iteration.Over, None]:
    work.scope.course.limits = Limits(parallel=99)
    return BESIDE(structs.replace(work, config=structs.replace(work.config, parallel_nums=99)))


@pytest.mark.parametrize(
    ("name", "bug"),
    [
        ("_output", every_null_dropped),
        ("_in_order", as_they_ended),
        ("_fatal", nothing_fatal),
        ("_beside", all_at_once),
    ],
)
def test_a_planted_bug_of_items_beside_each_other_is_caught(
    monkeypatch: pytest.MonkeyPatch, name: str, bug: object
) -> None:
    monkeypatch.setattr(iteration, name, bug)
    assert caught(both_ways_are_one, TRIALS)


def test_a_pool_that_items_share_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pool, "copy", one_pool)
    assert caught(both_ways_are_one, TRIALS)
