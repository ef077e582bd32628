"""What is told of a run to other processes reads back as it was said, as clients see it."""

from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from parlour.domain.events import AnswerFinished, AnyEvent, MessageFile
from parlour.domain.files import File
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


def test_a_text_keeps_all_but_its_half_characters_wherever_it_was_told() -> None:
    odd = MessageFile("\0\ud800", "image", "\0", file=File("image", "local_file", name="\udfff"))
    [told] = decode_events(encode([odd]))
    for event in (odd, told):
        assert b'"id":"\\u0000\xef\xbf\xbd"' in Frames(IDS, "chat").encode(event)
        assert b'"url":"\\u0000"' in Frames(IDS, "chat").encode(event)
