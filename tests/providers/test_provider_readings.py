"""Bytes from models' wires: wherever the network cuts them, and however a provider spells them, the same is heard."""

import json
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.domain.pieces import shared
from parlour.ports.models import Counted, Ended, Said, Sealed, Text, Thinking, ToolCall
from parlour.providers.anthropic_reading import AnthropicReading
from parlour.providers.failures import Refused
from parlour.providers.openai_reading import OpenAIReading
from parlour.providers.sse import EventLines, TooLong
from parlour.providers.upstream import Reading
from tests.providers.fake_provider import DONE, STOP, USAGE, Json, chunk, event, texts

ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
PAYLOADS = st.lists(st.binary(max_size=12).map(lambda raw: raw.replace(b"\n", b"").replace(b"\r", b"")), max_size=8)
CUTS = st.lists(st.integers(0, 400), max_size=12)
NOISE = st.sampled_from([b"", b": ping", b"event: message", b"id: 7", b"retry: 10", b"data"])


def cut(data: bytes, places: list[int]) -> Iterator[bytes]:
    marks = sorted({0, len(data), *(place for place in places if place < len(data))})
    return (data[start:end] for start, end in pairwise(marks))


def read(reading: Reading, reads: list[bytes]) -> list[Said]:
    said = [one for part in reads for one in reading.feed(part)]
    return said + list(reading.end())


@given(payloads=PAYLOADS, places=CUTS, end=ENDS, noise=NOISE, last=st.sampled_from(["ended", "cut off"]))
def test_any_cut_of_a_stream_gives_the_same_payloads(
    payloads: list[bytes], places: list[int], end: bytes, noise: bytes, last: str
) -> None:
    data = b"".join(noise + end + b"data:" + payload + end + end for payload in payloads)
    if last == "cut off":
        data = data.removesuffix(end).removesuffix(end)
    lines = EventLines()
    found = [payload for part in cut(data, places) for payload in lines.feed(part)]
    assert found + lines.end() == payloads


def test_a_line_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parlour.providers.sse.LONGEST_LINE", 10)
    with pytest.raises(TooLong):
        EventLines().feed(b"data: 12345678")


OPENAI = [
    chunk({"role": "assistant", "content": None}),
    b": keep-alive\n\n",
    chunk({"reasoning": "So."}),
    *texts("Grüße ", "你好 ", "\n\ndata: no line"),
    chunk({"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "f", "arguments": '{"a"'}}]}),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]}),
    chunk({}, "tool_calls"),
    USAGE,
    DONE,
]
HEARD = [
    Thinking("So."),
    Text("Grüße "),
    Text("你好 "),
    Text("\n\ndata: no line"),
    ToolCall("c1", "f", '{"a":1}'),
    Ended("tool_calls"),
    Counted(7, 3),
]
ANTHROPIC = [
    event({"type": "message_start", "message": {"usage": {"input_tokens": 2, "cache_read_input_tokens": 5}}}),
    event({"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "So."}}),
    *(
        event({"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}})
        for text in ("Grüße ", "你好 ", "\n\ndata: no line")
    ),
    event({"type": "content_block_start", "content_block": {"type": "tool_use", "id": "c1", "name": "f", "input": {}}}),
    event({"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": '{"a"'}}),
    event({"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": ":1}"}}),
    event({"type": "content_block_stop"}),
    event({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 3}}),
    event({"type": "message_stop"}),
]


@given(places=st.lists(st.integers(0, 1200), max_size=30), ends=ENDS)
def test_any_cut_of_an_answer_is_heard_the_same(places: list[int], ends: bytes) -> None:
    for pieces, reading in ((OPENAI, OpenAIReading()), (ANTHROPIC, AnthropicReading())):
        data = b"".join(pieces).replace(b"\n", ends)
        assert read(reading, list(cut(data, places))) == HEARD


def test_a_stream_may_end_without_its_last_word() -> None:
    assert read(OpenAIReading(), [*texts("a"), STOP]) == [Text("a"), Ended("stop")]
    assert read(OpenAIReading(), [*texts("a"), STOP.rstrip()]) == [Text("a"), Ended("stop")]


def test_the_last_word_may_come_without_a_reason() -> None:
    assert read(OpenAIReading(), [*texts("a"), DONE]) == [Text("a")]


def test_half_a_tool_call_is_none() -> None:
    half = chunk({"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "f", "arguments": '{"a"'}}]})
    begun = event({"type": "content_block_start", "content_block": {"type": "tool_use", "id": "c", "name": "f"}})
    for reading, piece in ((OpenAIReading(), half), (AnthropicReading(), begun)):
        assert list(reading.feed(piece)) == []
        with pytest.raises(Refused):
            list(reading.end())


def test_nothing_after_the_last_word_is_heard() -> None:
    assert read(OpenAIReading(), [b"".join([*texts("a"), STOP, DONE, *texts("b")])]) == [Text("a"), Ended("stop")]


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"error": {"message": "broken", "code": 500}}, "broken"),
        ({"error": "broken"}, "broken"),
        ({"object": "error", "message": "broken", "code": 400}, "broken"),
        ({"error": {"message": "broken"}, "choices": [{"delta": {"content": ""}, "finish_reason": "error"}]}, "broken"),
        ({"detail": "broken"}, "broken"),
        ("not json", "The provider sent what cannot be read"),
        ({"choices": [{"delta": {"content": 7}}]}, "The provider sent what cannot be read"),
    ],
)
def test_an_error_inside_a_stream_is_heard_as_one(payload: Json | str, message: str) -> None:
    reading = OpenAIReading()
    with pytest.raises(Refused, match=message):
        read(reading, [*texts("a"), event(payload)])


def test_an_answer_of_nothing_is_a_failure() -> None:
    for reading in (OpenAIReading(), AnthropicReading()):
        with pytest.raises(Refused, match="without saying anything"):
            read(reading, [b": ping\n\n"])


def test_an_answer_that_only_ends_is_none() -> None:
    assert read(OpenAIReading(), [STOP, DONE]) == [Ended("stop")]


def test_tool_calls_of_providers_that_number_none_or_all_alike_are_kept_apart() -> None:
    for index in (None, 0):
        calls = [
            chunk({"tool_calls": [{"index": index, "id": name, "function": {"name": name, "arguments": "{}"}}]})
            for name in ("one", "two")
        ]
        said = read(OpenAIReading(), [*calls, chunk({}, "tool_calls")])
        assert said[:2] == [ToolCall("one", "one", "{}"), ToolCall("two", "two", "{}")]


def test_pieces_of_tool_calls_that_come_in_turns_find_their_own() -> None:
    pieces: list[Json] = [
        {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{"}},
        {"index": 1, "id": "b", "function": {"name": "g", "arguments": "["}},
        {"index": 0, "function": {"arguments": "}"}},
        {"index": 1, "function": {"arguments": "]"}},
    ]
    said = read(OpenAIReading(), [*(chunk({"tool_calls": [piece]}) for piece in pieces), STOP])
    assert said == [ToolCall("a", "f", "{}"), ToolCall("b", "g", "[]"), Ended("stop")]


def test_an_answer_ends_once() -> None:
    assert read(OpenAIReading(), [*texts("a"), STOP, chunk({"content": "b"}, "stop")]) == [
        Text("a"),
        Ended("stop"),
        Text("b"),
    ]


def test_a_tool_call_without_id_or_arguments_is_completed() -> None:
    said = read(OpenAIReading(), [chunk({"tool_calls": [{"function": {"name": "now"}}]}, "tool_calls")])
    assert said == [ToolCall("call_0", "now", "{}"), Ended("tool_calls")]


def test_arguments_given_as_an_object_become_text() -> None:
    said = read(OpenAIReading(), [chunk({"tool_calls": [{"id": "x", "function": {"arguments": {"a": 1}}}]}, "stop")])
    assert said == [ToolCall("x", "", '{"a":1}'), Ended("stop")]


def test_content_in_parts_is_heard_as_text_and_thoughts() -> None:
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}, {"type": "text", "text": "Yes"}]
    assert read(OpenAIReading(), [chunk({"content": parts}, "stop")]) == [Thinking("Hm"), Text("Yes"), Ended("stop")]


def test_completion_mode_speaks_in_text() -> None:
    said = read(OpenAIReading(), [event({"choices": [{"text": "a", "index": 0, "finish_reason": "length"}]}), DONE])
    assert said == [Text("a"), Ended("length")]


def test_a_whole_answer_is_heard_like_a_streamed_one() -> None:
    function = {"name": "f", "arguments": "{}"}
    message = {"role": "assistant", "content": "a", "reasoning_content": "b", "tool_calls": [{"function": function}]}
    body = {
        "choices": [{"message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    }
    said = list(OpenAIReading().whole(json.dumps(body).encode()))
    assert said == [Thinking("b"), Text("a"), ToolCall("call_0", "f", "{}"), Ended("tool_calls"), Counted(1, 2)]


def test_a_whole_message_is_heard_like_a_streamed_one() -> None:
    content = [
        {"type": "thinking", "thinking": "b"},
        {"type": "text", "text": "a"},
        {"type": "tool_use", "id": "c", "name": "f", "input": {"x": 1}},
    ]
    body = {"content": content, "stop_reason": "max_tokens", "usage": {"input_tokens": 1, "output_tokens": 2}}
    said = list(AnthropicReading().whole(json.dumps(body).encode()))
    assert said[:2] == [Thinking("b"), Text("a")]
    assert isinstance(said[2], ToolCall)
    assert (said[2].name, json.loads(said[2].arguments)) == ("f", {"x": 1})
    assert said[3:] == [Ended("length"), Counted(1, 2)]


SIGNED = [
    event({"type": "message_start", "message": {"usage": {"input_tokens": 2}}}),
    event({"type": "content_block_start", "content_block": {"type": "thinking", "thinking": "", "signature": ""}}),
    event({"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "So, "}}),
    event({"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "owls."}}),
    event({"type": "content_block_delta", "delta": {"type": "signature_delta", "signature": "abc"}}),
    event({"type": "content_block_stop"}),
    event({"type": "content_block_start", "content_block": {"type": "redacted_thinking", "data": "xyz"}}),
    event({"type": "content_block_stop"}),
    event({"type": "content_block_start", "content_block": {"type": "tool_use", "id": "c1", "name": "f", "input": {}}}),
    event({"type": "content_block_stop"}),
    event({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 3}}),
    event({"type": "message_stop"}),
]


def test_a_thought_that_its_provider_wants_back_is_kept_whole_and_as_it_was() -> None:
    said = read(AnthropicReading(), SIGNED)
    assert said == [
        Thinking("So, "),
        Thinking("owls."),
        Sealed('{"type":"thinking","thinking":"So, owls.","signature":"abc"}'),
        Sealed('{"type":"redacted_thinking","data":"xyz"}'),
        ToolCall("c1", "f", "{}"),
        Ended("tool_calls"),
        Counted(2, 3),
    ]
    content: list[Json] = [
        {"type": "thinking", "thinking": "So, owls.", "signature": "abc"},
        {"type": "redacted_thinking", "data": "xyz"},
        {"type": "tool_use", "id": "c1", "name": "f", "input": {}},
    ]
    body: Json = {"content": content, "stop_reason": "tool_use", "usage": {"input_tokens": 2, "output_tokens": 3}}
    assert list(AnthropicReading().whole(json.dumps(body).encode())) == [Thinking("So, owls."), *said[2:]]


def test_half_an_emoji_is_no_reason_to_lose_an_answer() -> None:
    pieces = (rb"\ud83d", rb"\ude00", rb"\ud83d\ude00")
    data = b"".join(b'data: {"choices":[{"delta":{"content":"%b"}}]}\n\n' % piece for piece in pieces)
    assert list(OpenAIReading().feed(data)) == [Text("\ufffd"), Text("\ufffd"), Text("\U0001f600")]
    begun = b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\\ud83d"}}\n\n'
    assert list(AnthropicReading().feed(begun)) == [Text("\ufffd")]


def test_what_many_answers_say_is_in_memory_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parlour.providers.openai_reading.piece", shared(Text))  # other tests may have filled ours
    once, again = (read(OpenAIReading(), [*texts(" the", " a whole sentence that nobody repeats"), STOP]) for _ in "12")
    assert once == again
    assert once[0] is again[0]
    assert once[1] is not again[1], "it would be kept for nothing"
