"""What is heard of any chatflow, whatever ends first: each answer that runs, once, whole, as its template says.

The graphs run on the real engine; their nodes say what they are told to, and take their time.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator
from contextlib import aclosing

import pytest
from anyio import fail_after
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, structs, to_builtins

from parlour.domain.app import ChatflowApp
from parlour.domain.events import AnyEvent, NodeFinished, TextDelta
from parlour.domain.graph import Graph, Node
from parlour.domain.problems import RunFailed
from parlour.domain.record import Record
from parlour.domain.turn import Ask, Turn
from parlour.flow import engine
from parlour.flow.attempt import Ended
from parlour.flow.node import Chunk, Kind, Part, Result, Say, Scope
from parlour.flow.nodes import NODES, answer
from parlour.flow.speech import Speech
from parlour.modes import chatflow
from parlour.wire import bodies
from parlour.wire.sse import Frames
from tests.flow.branching import Branching, caught, connected
from tests.flow.flow_samples import CARD, IDS, ports_for


class Stage(Struct, frozen=True):
    """A node that says these pieces, resting so often before each."""

    pieces: tuple[str, ...] = ()
    rests: tuple[int, ...] = ()
    handle: str | None = None
    fails: bool = False


async def stage(config: Stage, scope: Scope) -> AsyncGenerator[Say, None]:
    for piece, rests in zip((*config.pieces, None), config.rests, strict=True):
        for _ in range(rests):
            await asyncio.sleep(0)
        if piece is not None:
            yield Chunk((scope.node.id, "text"), piece)
    if config.fails:
        raise scope.failed("It fails.")
    yield Result({"text": "".join(config.pieces), "whole": scope.node.id.upper()}, handle=config.handle)


@pytest.fixture(scope="module", autouse=True)
def stages() -> Generator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(NODES, "stage", Kind(Stage, stage))
        patch.setitem(NODES, "fork", Kind(Stage, stage, branches=True))
        yield


Reference = tuple[str, str]


class Play(Struct, frozen=True):
    """A chatflow: of its nodes some are answers, the others stages."""

    made: Branching
    says: dict[str, tuple[str | Reference, ...]]
    """By answer: its template."""
    stages: dict[str, Stage]

    def graph(self) -> Graph:
        return Graph(tuple(map(self._node, self.made.nodes)), self.made.edges)

    def _node(self, name: str) -> Node:
        if name == self.made.nodes[0]:
            return Node(name, "start", name, {})
        if name in self.says:
            parts = (part if isinstance(part, str) else "{{#" + ".".join(part) + "#}}" for part in self.says[name])
            return Node(name, "answer", name, {"answer": "".join(parts)})
        own = self.stages[name]
        data: dict[str, object] = to_builtins(own)
        return Node(name, "fork" if own.handle else "stage", name, data)

    def answer(self, name: str) -> str:
        """What an answer says in the end, told without the engine."""
        return "".join(part if isinstance(part, str) else self._value(*part) for part in self.says[name])

    def _value(self, node: str, value: str) -> str:
        if not self.made.runs(node):
            return ""
        known = {"text": "".join(self.stages[node].pieces), "whole": node.upper()} if node in self.stages else {}
        return known.get(value, f"{node}.{value}")


@st.composite
def plays(draw: st.DrawFn, *, failing: bool = False) -> Play:
    made = draw(connected())
    says: dict[str, tuple[str | Reference, ...]] = {}
    stages: dict[str, Stage] = {}
    handles: dict[str, str | None] = {made.nodes[0]: None}
    for name in made.nodes[1:]:
        if name == "last" or draw(st.integers(0, 3)) == 0:
            handles[name] = None
            says[name] = (f"[{name}]", *draw(templates(sorted(made.before(name) - says.keys()))))
        else:
            handles[name] = made.handles[name]
            pieces = ("one ", "", "two ", "three ")[: draw(st.integers(0, 4))]
            rests = tuple(draw(st.integers(0, 5)) for _ in range(len(pieces) + 1))
            stages[name] = Stage(pieces, rests, handles[name], failing and draw(st.integers(0, 3)) == 0)
    return Play(Branching(made.nodes, made.edges, handles), says, stages)


@st.composite
def templates(draw: st.DrawFn, sources: list[str]) -> list[str | Reference]:
    """Some of what each may have put out, in any order."""
    wanted = draw(st.permutations(sources))[: draw(st.integers(1, 5))]
    return [part for one in wanted for part in ((one, draw(VALUES)), draw(st.sampled_from(["", "x", " and "]))) if part]


VALUES = st.sampled_from(["text", "text", "text", "whole", "gone"])


async def played(play: Play) -> tuple[list[AnyEvent], bool]:
    """Its events, and whether it came to an end."""
    events: list[AnyEvent] = []
    turn = Turn(ChatflowApp(CARD, play.graph()), IDS, Ask("hi", "user", {}))
    with fail_after(5):
        async with ports_for() as ports, aclosing(chatflow.run(turn, ports)) as said:
            try:
                async for event in said:
                    events += (event,)
            except RunFailed:
                return events, False
    return events, True


def heard_of(events: list[AnyEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def split(heard: str) -> Iterator[tuple[str, str]]:
    """What each answer has said, by its name, as it was heard."""
    for part in heard.split("[")[1:]:
        yield part.partition("]")[0], f"[{part}"


def each_answer_is_heard_once_and_whole(play: Play) -> None:
    events, ended = asyncio.run(played(play))
    assert ended
    heard = heard_of(events)
    found = list(split(heard))
    assert dict(found) == {name: play.answer(name) for name in play.says if play.made.runs(name)}
    assert len(heard) == sum(len(said) for _, said in found)
    assert len(found) == len(dict(found)), "an answer is heard twice, or in pieces"
    said = {one.outcome.node_id: one.outcome.outputs for one in events if isinstance(one, NodeFinished)}
    for name, text in found:
        outputs = said[name]
        assert outputs is not None
        assert outputs["answer"] == text, "an answer puts out what was heard"


def the_blocking_answer_is_the_fold_of_the_stream(play: Play) -> None:
    events, ended = asyncio.run(played(play))
    record = Record()
    for event in events:
        record.add(event)
    frames = Frames(IDS, "advanced-chat")
    said = [json.loads(frame.removeprefix(b"data: ")) for event in events if (frame := frames.encode(event))]
    streamed = "".join(one["answer"] for one in said if one["event"] == "message")
    assert record.answer == streamed == heard_of(events)
    if not ended:
        return
    assert record.closing is not None
    assert record.closing.outputs is not None
    ends = [one.outcome for one in events if isinstance(one, NodeFinished) and one.outcome.node_type == "answer"]
    assert record.closing.outputs["answer"] == "".join(str((one.outputs or {})["answer"]) for one in ends)
    blocking = json.loads(bodies.blocking(IDS, "advanced-chat", record))
    assert blocking["answer"] == streamed
    [last] = [one for one in said if one["event"] == "message_end"]
    assert last["metadata"] == blocking["metadata"]
    assert (
        record.steps == sum(one["event"] == "node_started" for one in said) == sum(map(play.made.runs, play.made.nodes))
    )


@given(plays())
@settings(deadline=None, max_examples=200)
def test_what_is_heard_is_each_answer_once_and_whole_as_its_template_says(play: Play) -> None:
    each_answer_is_heard_once_and_whole(play)


@given(plays(failing=True))
@settings(deadline=None, max_examples=200)
def test_the_blocking_answer_is_the_fold_of_the_stream(play: Play) -> None:
    the_blocking_answer_is_the_fold_of_the_stream(play)


class Eager(Speech):
    def _reached(self, answer: str) -> bool:
        return bool(answer)


class Forgetful(Speech):
    def hear(self, chunk: Chunk) -> TextDelta | None:
        return super().hear(chunk) if self._now == chunk.selector else None


class Hasty(Speech):
    def _say(self, part: Part, heard: list[TextDelta]) -> bool:
        return super()._say(part, heard) or bool(heard)


class Stubborn(Speech):
    def left(self, node: str, handle: str | None, skipped: Iterable[str]) -> list[TextDelta]:
        del skipped
        return super().left(node, handle, ())


class Jumping(Speech):
    def _activate(self) -> None:
        before = len(self.said.queue)
        super()._activate()
        self.said.queue[:] = self.said.queue[before:] + self.said.queue[:before]


class Repeating(Speech):
    def _say(self, part: Part, heard: list[TextDelta]) -> bool:
        self.said.told = 0
        return super()._say(part, heard)


class Deaf(Speech):
    def left(self, node: str, handle: str | None, skipped: Iterable[str]) -> list[TextDelta]:
        del handle
        return super().left(node, "source", skipped)


@pytest.mark.parametrize("bug", [Eager, Forgetful, Hasty, Stubborn, Jumping, Repeating, Deaf])
def test_a_planted_bug_in_what_is_heard_is_caught(bug: type[Speech], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "Speech", bug)
    assert caught(each_answer_is_heard_once_and_whole, plays())


def test_an_answer_that_says_more_than_was_heard_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    async def of_what_is_skipped_too(config: object, scope: Scope) -> AsyncGenerator[Say, None]:
        async with aclosing(answer.run(config, structs.replace(scope, skipped=()))) as said:  # pyright: ignore[reportArgumentType]
            async for one in said:
                yield one

    monkeypatch.setitem(NODES, "answer", structs.replace(NODES["answer"], run=of_what_is_skipped_too))
    assert caught(each_answer_is_heard_once_and_whole, plays())


def test_a_blocking_answer_that_lacks_a_piece_of_the_stream_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    add = Record.add

    def hard_of_hearing(record: Record, event: AnyEvent) -> None:
        if not (isinstance(event, TextDelta) and len(record.parts) == 2):
            add(record, event)

    monkeypatch.setattr(Record, "add", hard_of_hearing)
    assert caught(the_blocking_answer_is_the_fold_of_the_stream, plays())


def test_answers_that_are_put_out_in_another_order_than_that_of_their_ends_are_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settled = engine.settled

    def by_name(walk: engine.Walk, ended: Ended) -> Iterator[AnyEvent]:
        yield from settled(walk, ended)
        walk.answers = dict(sorted(walk.answers.items()))

    monkeypatch.setattr(engine, "settled", by_name)
    assert caught(the_blocking_answer_is_the_fold_of_the_stream, plays())
