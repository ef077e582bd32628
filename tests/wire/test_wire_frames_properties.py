"""Whatever a run says, its frames keep contract 4.1: properties over every event there is."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, json

from parlour.domain.events import (
    AgentTextDelta,
    AnswerFinished,
    AnyEvent,
    Intercepted,
    Journaled,
    ModelCalled,
    ModelFinished,
    Retracted,
    RunFinished,
    Suspended,
    TextDelta,
    VariableAssigned,
)
from parlour.domain.ids import Ids
from parlour.domain.usage import Price, Usage
from parlour.wire import bodies
from parlour.wire.sse import Frames
from tests.any_event import DECIMALS, EVENTS, structs_of

MODES = ("chat", "agent-chat", "advanced-chat", "agent", "completion", "workflow")
IDS = Ids("5f0c-T", 'M"\\ž', "C", 1767000000, "R")
FRAME = re.compile(rb"data: (\{[^\n\r]*\})\n\n")

WHOLE = st.text()
"""Without surrogates."""


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_every_event_is_nothing_or_whole_frames_of_one_line_each(kind: type[Struct], data: st.DataObject) -> None:
    event = cast("AnyEvent", data.draw(structs_of(kind)))
    mode = data.draw(st.sampled_from(MODES))
    sent = Frames(IDS, mode).encode(event)
    lines = FRAME.findall(sent)
    assert FRAME.sub(b"", sent) == b""
    assert len(sent.decode().splitlines()) == 2 * len(lines)
    for line in lines:
        members = json.decode(line)
        assert next(iter(members)) == "event"
        assert members["task_id"] == IDS.task_id
        assert ("status" in members) == (members["event"] == "error")
        if mode != "workflow":
            assert (members["message_id"], members["created_at"]) == (IDS.message_id, IDS.created_at)
            assert members.get("conversation_id") == (None if mode == "completion" else "C")
    hidden = isinstance(
        event,
        ModelCalled | ModelFinished | RunFinished | Suspended | Journaled | Intercepted | VariableAssigned | Retracted,
    ) or (mode == "workflow" and kind.__name__ == "AnswerFinished")
    twice = isinstance(event, AnswerFinished) and event.whole is not None  # contract 2.7
    assert len(lines) == 1 + twice or hidden


@given(
    st.lists(st.tuples(WHOLE, st.none() | st.lists(WHOLE, max_size=3).map(tuple)), max_size=5), st.sampled_from(MODES)
)
@settings(deadline=None)
def test_the_short_way_of_a_token_sends_what_the_long_way_would(
    tokens: list[tuple[str, tuple[str, ...] | None]], mode: str
) -> None:
    """The long way: one object, encoded as a whole."""
    frames = Frames(IDS, mode)
    message: dict[str, object] = {"message_id": IDS.message_id, "created_at": 1767000000, "task_id": IDS.task_id}
    conversation = {} if mode == "completion" else {"conversation_id": "C"}
    envelope = {"workflow_run_id": "R", "task_id": IDS.task_id} if mode == "workflow" else conversation | message
    for text, selector in tokens:
        if mode == "workflow":
            own: dict[str, object] = {"data": {"text": text, "from_variable_selector": selector}}
        else:
            own = {"id": IDS.message_id, "answer": text, "from_variable_selector": selector}
        name = "text_chunk" if mode == "workflow" else "message"
        assert frames.encode(TextDelta(text, selector)) == whole({"event": name} | envelope | own)
        said = {"event": "agent_message"} | envelope | {"id": IDS.message_id, "answer": text}
        assert frames.encode(AgentTextDelta(text)) == whole(said)


def whole(members: Mapping[str, object]) -> bytes:
    line = json.encode(members).decode()
    for end in ("\u2028", "\u2029", "\x85"):
        line = line.replace(end, f"\\u{ord(end):04x}")
    return f"data: {line}\n\n".encode()


@given(
    st.builds(
        Usage,
        st.integers(0, 10**9),
        st.integers(0, 10**9),
        st.builds(Price, DECIMALS, DECIMALS, st.sampled_from([Decimal("0.000001"), Decimal("0.001"), Decimal("1E-9")])),
        latency=st.floats(0, 1000),
    )
)
def test_prices_are_plain_digits_and_worth_what_they_were(usage: Usage) -> None:
    body = bodies.usage(usage)
    prices = [name for name in body.__struct_fields__ if "price" in name]
    assert len(prices) == 7
    for name in prices:
        text = cast("str", getattr(body, name))
        assert re.fullmatch(r"[0-9]+(\.[0-9]+)?", text), name
    assert Decimal(body.total_price) == usage.total_price
    assert Decimal(body.prompt_price) == usage.prompt_price
    assert not re.search(r"\.[0-9]*0$|\.$", body.total_price)
