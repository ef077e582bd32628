"""However an answer comes in pieces: what is not let through is never more than a buffer ahead of who looks at it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, cast

import pytest
from anyio import run
from hypothesis import example, given, settings
from hypothesis import strategies as st

from parlour.domain.app import Card, ChatApp, Features, Moderation, Preset, SimplePrompt
from parlour.domain.events import AnswerFinished, AnswerReplaced, AnyEvent, Intercepted, Retracted, TextDelta
from parlour.domain.ids import Ids
from parlour.domain.record import Record
from parlour.domain.turn import Ask, Turn
from parlour.llm.prompt import Model
from parlour.modes.features import moderated_answers, staged
from parlour.ports import Ports
from parlour.rag.replies import Replies
from tests.contract.requirements import requirement
from tests.moderating import Moderating
from tests.trial_tools import NOTHING

NO = "No."
BUFFER = 300
WORDS = ("secret", "HEMLOCK", "ab")

PIECES = st.lists(
    st.one_of(
        st.sampled_from(["sec", "ret", "secret", "hem", "LOCK", "a", "b", " ", "\n"]),
        st.integers(1, 400).map(lambda length: "." * length),
        st.text("xyzé ", min_size=1, max_size=40),
    ),
    max_size=30,
)


def turn_with(rule: Moderation) -> Turn[ChatApp]:
    app = ChatApp(Card("a", "a", "v"), Model("openai", "m"), SimplePrompt(), features=Features(moderation=rule))
    return Turn(app, Ids("t", "m", "c", 0), Ask("hi", "ann", {}))


def ports() -> Ports:
    parts: dict[str, Any] = dict.fromkeys(Ports.__struct_fields__)
    parts |= {"moderation": Moderating(), "replies": Replies(NOTHING, NOTHING, NOTHING, NOTHING)}
    return Ports(**parts)


def told(pieces: list[str | int]) -> list[AnyEvent]:
    """The events of a moderated answer in these pieces; a number takes so many characters back."""

    async def mode(turn: Turn[Any], ports: Ports) -> AsyncGenerator[AnyEvent, None]:
        del turn, ports
        for piece in pieces:
            yield Retracted(piece) if isinstance(piece, int) else TextDelta(piece)
        yield AnswerFinished()

    async def heard() -> list[AnyEvent]:
        rule = Moderation("keywords", outputs=Preset(enabled=True, response=NO), keywords=tuple(map(str.lower, WORDS)))
        async with aclosing(staged(mode)(turn_with(rule), ports())) as events:
            return [event async for event in events]

    return run(heard)


def flagged(text: str) -> bool:
    return any(word.lower() in text.lower() for word in WORDS)


def leaked(text: str) -> int:
    """How many characters follow the end of the first word in it that is not let through."""
    ends = [text.lower().find(word.lower()) + len(word) for word in WORDS if word.lower() in text.lower()]
    return len(text) - min(ends) if ends else 0


def holds(pieces: list[str]) -> None:
    events, whole = told([*pieces]), "".join(pieces)
    record, shown = Record(), ""
    for event in events:
        record.add(event)
        if isinstance(event, TextDelta):
            shown += event.text
            assert leaked(shown) < BUFFER
    replaced = [event for event in events if isinstance(event, AnswerReplaced)]
    assert bool(replaced) == flagged(whole)
    assert record.answer == (NO if flagged(whole) else whole)
    if not flagged(whole):
        assert shown == whole
    else:
        after = events[events.index(replaced[0]) + 1 :]
        assert [type(event) for event in after] in ([AnswerFinished], [Intercepted])


@requirement("moderation:buffer", "moderation:answer")
@given(PIECES)
@example(["secret", "." * 299, "x"])
@example(["." * 299, "secret", "." * 300])
@example(["sec", "." * 400, "ret"])
@settings(max_examples=300, deadline=None)
def test_an_answer_is_never_a_buffer_ahead_of_who_looks_at_it(pieces: list[str]) -> None:
    holds(pieces)


@pytest.mark.parametrize("planted", ["a larger buffer", "only what is new", "not at the end"])
def test_the_property_catches_planted_bugs(monkeypatch: pytest.MonkeyPatch, planted: str) -> None:
    """What would slip through is found by the three examples above alone."""
    answer = moderated_answers.Answer
    judged, hear = answer.judged, answer.hear

    async def only_new(self: moderated_answers.Answer) -> object:
        self.parts = self.parts[-1:]
        return await judged(self)

    async def not_at_the_end(self: moderated_answers.Answer, event: AnyEvent) -> object:
        return None if isinstance(event, AnswerFinished) else await hear(self, event)

    match planted:
        case "a larger buffer":
            monkeypatch.setattr(moderated_answers, "BUFFER", 400)
        case "only what is new":
            monkeypatch.setattr(answer, "judged", only_new)
        case _:
            monkeypatch.setattr(answer, "hear", not_at_the_end)
    with pytest.raises(AssertionError):  # noqa: PT012 -- one of them is enough
        for pieces in (["secret", "." * 299, "x"], ["." * 299, "sec", "ret" + "." * 300], ["x", "secret"]):
            holds(pieces)


@given(st.lists(st.sampled_from(["sec", "ret", " and on", "." * 200]), min_size=1, max_size=8), st.integers(1, 12))
@settings(max_examples=100, deadline=None)
def test_what_is_taken_back_is_not_looked_at(before: list[str], characters: int) -> None:
    """A node failed, and something else stands in its place."""
    whole = "".join(before)
    taken = min(characters, len(whole))
    events = told([*before, taken, "ret."])
    if any(isinstance(event, Retracted) for event in events):
        left = whole[:-taken] + "ret."
        assert bool([event for event in events if isinstance(event, AnswerReplaced)]) == flagged(left)
    else:
        assert flagged(whole)


def test_an_app_without_moderation_pays_nothing() -> None:
    """The events of its mode are handed on as they are, by no other generator."""

    async def mode(turn: Turn[Any], ports: Ports) -> AsyncGenerator[AnyEvent, None]:
        del turn, ports
        yield AnswerFinished()

    plain = turn_with(cast("Moderation", None))
    made = staged(mode)(plain, ports())
    assert getattr(made, "ag_code", None) is mode.__code__
