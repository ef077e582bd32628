"""What is told of a run to other processes reads back as it was said, as clients see it."""

from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from parlour.domain.events import AnswerFinished, AnyEvent
from parlour.domain.ids import Ids
from parlour.stores.redis_bus import decode_events, encode, plain
from parlour.wire.sse import Frames
from tests.any_event import EVENTS, structs_of

OF_CHATS = {AnswerFinished}
"""Whose values never hold files."""
IDS = Ids("T", "M", "C", 1767000000, "R")


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_an_event_of_another_process_is_shown_as_it_would_be_there(kind: type[Struct], data: st.DataObject) -> None:
    event = cast("AnyEvent", data.draw(structs_of(kind, told="chat" if kind in OF_CHATS else "flow")))
    mode = data.draw(st.sampled_from(["chat", "advanced-chat", "workflow"]))
    [told] = decode_events(encode([plain(event)]))
    assert type(told) is type(event)
    assert Frames(IDS, mode).encode(told) == Frames(IDS, mode).encode(event)
