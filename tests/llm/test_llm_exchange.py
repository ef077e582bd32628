"""Calls of models, accounted for: which one has ended, which one is cut, what all of them took."""

from contextlib import aclosing
from decimal import Decimal
from typing import Any

import pytest

from parlour.domain.app import Model
from parlour.domain.events import ModelCalled, ModelFinished, TextDelta
from parlour.domain.pieces import MOST, shared
from parlour.domain.problems import CompletionRequestFailed
from parlour.domain.record import Record
from parlour.domain.usage import NOTHING, Price, Usage, total
from parlour.llm.exchange import Heard, converse, exchange
from parlour.ports import Ports
from parlour.ports.models import Call, Line, Text, Thinking, ToolCall
from parlour.providers.scripted import Scripted
from tests.houses import GPT, OnePrice, Words, rules

pytestmark = pytest.mark.anyio

CALL = Call(Model("p", "m"), (Line("user", "one two three"),))


def ports(model: Scripted) -> Ports:
    given: dict[str, Any] = dict.fromkeys(Ports.__struct_fields__)
    given |= {"models": model, "tokens": Words(), "prices": OnePrice(GPT), "now": lambda: 1.0}
    return Ports(**given)


async def heard(model: Scripted, into: list[Heard] | None = None) -> list[Heard]:
    items: list[Heard] = [] if into is None else into
    async with aclosing(converse(CALL, ports(model))) as said:
        async for item in said:
            items += [item]  # one by one: it may fail in the middle
    return items


def end(items: list[Heard]) -> ModelFinished:
    last = items[-1]
    assert isinstance(last, ModelFinished)
    return last


async def test_thoughts_text_and_tools_are_told_apart() -> None:
    model = rules({"think": ["Hm"], "say": ["Yes"], "tool_calls": [{"name": "t", "arguments": {"a": 1}}]})

    called, *said, finished = await heard(model)

    assert isinstance(called, ModelCalled)
    assert said == [Thinking("Hm"), Text("Yes"), ToolCall("call_0", "t", '{"a":1}')]
    assert isinstance(finished, ModelFinished)
    assert finished.called is called
    assert (finished.usage.prompt_tokens, finished.usage.completion_tokens) == (3, 3)


async def test_a_call_that_fails_has_ended_and_took_nothing() -> None:
    items: list[Heard] = []
    with pytest.raises(CompletionRequestFailed):
        await heard(rules({"say": ["a", "b"], "error": {"message": "broken", "after": 1}}), items)

    assert end(items).called is items[0]
    assert end(items).reason == "error"
    assert end(items).usage.total_tokens == 0


def test_of_two_calls_at_once_the_one_that_goes_on_is_left() -> None:
    first, second = ModelCalled(Model("p", "a"), ("x",), 1.0), ModelCalled(Model("p", "b"), ("y",), 1.0)
    record = Record()
    for event in (first, second, ModelFinished(NOTHING, called=first)):
        record.add(event)

    assert [one.called for one in record.calling] == [second]


def test_the_first_token_is_that_of_the_first_call_that_said_anything() -> None:
    assert total([Usage(latency=2), Usage(1, 1, time_to_first_token=0.5), Usage(1, 1)]).time_to_first_token == 0.5
    assert total([Usage(), Usage()]).time_to_first_token is None


def test_calls_at_several_prices_cost_what_they_cost_together() -> None:
    dear = Price(Decimal(10), Decimal(20))
    both = total([Usage(1000, 100, GPT), Usage(10, 1, dear)])

    assert both.total_tokens == 1111
    assert both.total_price == Decimal("0.00015") + Decimal("0.00006") + Decimal("0.0001") + Decimal("0.00002")
    assert both.price == dear
    assert total([both, Usage(10, 1, dear)]).total_price == both.total_price + Decimal("0.00012")
    assert total([Usage(1, 1, GPT), Usage(1, 1, GPT)]).paid is None


async def test_events_that_tell_of_a_short_piece_are_one_and_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parlour.llm.exchange.delta", shared(TextDelta))  # other tests may have filled ours
    model = ports(rules({"say": [" the", " a whole sentence that nobody repeats"]}))
    once, again = [[event async for event in exchange(CALL, model)][1:-1] for _ in "12"]

    assert once == again
    assert once[0] is again[0]
    assert once[1] is not again[1]


def test_no_more_is_kept_in_common_than_the_first_pieces() -> None:
    once = shared(TextDelta)
    for number in range(MOST + 1):
        once(str(number))
    assert once("0") is once("0")
    assert once(str(MOST)) is not once(str(MOST))
