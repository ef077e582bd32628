"""The loops of an agent by themselves: what a model is asked in each step, and what of earlier turns."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, field, structs

from parlour.domain.app import ToolUse
from parlour.domain.events import AgentThought
from parlour.domain.problems import InvalidParam
from parlour.domain.turn import Exchange
from parlour.llm.calling import calling
from parlour.llm.growth import SHORTENED, Growth
from parlour.llm.react import reacting
from parlour.llm.replay import STOPPED, as_text, with_calls
from parlour.llm.steps import Agent, Chose, Move
from parlour.llm.using import MOST_CALLS, use
from parlour.llm.window import Scale, fitting_turns
from parlour.ports import Ports
from parlour.ports.models import Call, Image, Line, Said, Text, Thinking, Tool, ToolCall
from parlour.ports.tools import Caller, Made, Offer, Outcome
from tests.houses import FREE, OnePrice
from tests.llm.llm_fakes import MODEL, Room, Words

pytestmark = pytest.mark.anyio

Script = Sequence[Sequence[Said]]


class Speaking(Room):
    """A model that says these things, an answer a call, and what it was asked."""

    script: Sequence[Sequence[Said]] = ()
    calls: list[Call] = field(default_factory=list[Call])

    async def stream(self, call: Call) -> AsyncGenerator[Said, None]:
        self.calls.append(call)
        for said in self.script[len(self.calls) - 1]:
            yield said


class Tools(Struct):
    """Tools that say what they are given."""

    used: list[tuple[str, dict[str, object]]] = []
    outcome: Outcome | None = None

    def serves(self, use: ToolUse, /) -> str:
        return use.name

    async def offers(self, uses: Sequence[ToolUse]) -> tuple[Offer, ...]:
        raise AssertionError(uses)

    async def run(self, offer: Offer, arguments: Mapping[str, object], caller: Caller) -> Outcome:
        assert caller == Caller("support", "ann")
        self.used.append((offer.tool.name, dict(arguments)))
        return self.outcome or Outcome(f"{offer.tool.name}: {arguments}")


SCHEMA: dict[str, object] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
OFFER = Offer(ToolUse("w", "weather"), Tool("weather", "", SCHEMA))
ANY = Offer(ToolUse("w", "any"), Tool("any", "", {"type": "object", "properties": {}}))


def house(model: Speaking, tools: Tools | None = None) -> Ports:
    given: dict[str, Any] = dict.fromkeys(Ports.__struct_fields__)
    given |= {"models": model, "tools": tools or Tools(), "tokens": Words(), "prices": OnePrice(FREE)}
    given["now"] = lambda: 1.0
    return Ports(**given)


def agent(*lines: Line, rounds: int = 3) -> Agent:
    asked = lines or (Line("system", "Be kind."), Line("user", "hi"))
    return Agent(MODEL, asked, (OFFER, ANY), rounds, Caller("support", "ann"))


def asks(name: str = "weather", arguments: str = '{"city": "x"}', id_: str = "c1") -> ToolCall:
    return ToolCall(id_, name, arguments)


async def heard(moves: AsyncGenerator[Move, None]) -> list[Move]:
    async with aclosing(moves):
        return [move async for move in moves]


def roles(call: Call) -> list[tuple[str, str]]:
    return [(line.role, line.text) for line in call.lines]


async def test_each_step_is_shown_the_calls_before_it_and_the_last_one_has_no_tools() -> None:
    model = Speaking(script=[[Text("a"), asks()], [asks()], [Text("done")]])
    await heard(calling(agent(rounds=2), house(model)))
    first, second, third = model.calls
    assert [tool.name for tool in first.tools] == ["weather", "any"]
    assert third.tools == ()
    assert roles(second)[2:] == [("assistant", "a"), ("tool", "weather: {'city': 'x'}")]
    ids = [call.id for line in third.lines for call in line.tool_calls]
    assert len(set(ids)) == 2, "ids that a provider numbers anew are told apart"
    assert [line.tool_call_id for line in third.lines if line.role == "tool"] == ids


async def test_a_model_that_asks_for_a_tool_when_it_has_none_left_is_an_error() -> None:
    for loop, script in (
        (calling, [[asks()], [asks()]]),
        (reacting, [[Text('{"action": "any", "action_input": {}}')]] * 2),
    ):
        with pytest.raises(InvalidParam, match="1 rounds"):
            await heard(loop(agent(rounds=1), house(Speaking(script=list(script)))))


async def test_from_the_second_step_on_pictures_are_only_named_and_thoughts_are_left_out() -> None:
    picture = Line("user", "what?", (Image("https://a/x.png"), Image("https://a/y.png")))
    model = Speaking(script=[[Thinking("hm"), Text("a"), asks()], [Text("b")]])
    moves = await heard(calling(agent(picture), house(model)))
    assert model.calls[0].lines == (picture,)
    assert roles(model.calls[1])[:2] == [("user", "[image]\n[image]\nwhat?"), ("assistant", "a")]
    assert [move.text for move in moves if isinstance(move, Chose)] == ["<think>\nhm\n</think>a", "b"]


async def test_a_model_without_tools_is_stopped_before_it_makes_an_observation_up() -> None:
    act = 'Thought: look.\nAction: {"action": "weather", "action_input": "Köln"}'
    final = '{"action": "Final Answer", "action_input": "Sunny."}'
    model = Speaking(script=[[Text(act)], [Text(final)]])
    tools = Tools()
    await heard(reacting(agent(Line("system", "Be kind."), Line("user", "hi"), rounds=3), house(model, tools)))
    first, second = model.calls
    assert first.model.stop == ("Observation",)
    assert first.tools == ()
    assert first.lines[0].text.startswith("Be kind.\n")
    assert tools.used == [("weather", {"city": "Köln"})], "a tool that takes one thing is given it without a name"
    assert [role for role, _ in roles(second)] == ["system", "user", "assistant", "user"]
    assert "Observation: weather: {'city': 'Köln'}" in second.lines[2].text
    assert second.lines[3].text == "continue"


CALLS: list[tuple[ToolCall, list[Any], str]] = [
    (asks(), [("weather", {"city": "x"})], "weather:"),
    (asks(arguments="{'city': 'x',}"), [("weather", {"city": "x"})], "weather:"),
    (asks(arguments='"Köln"'), [("weather", {"city": "Köln"})], "weather:"),
    (asks("any", ""), [("any", {})], "any:"),
    (asks("any", "[1]"), [], "must be one JSON object"),
    (asks(arguments="{}"), [], "lack city"),
    (asks("gone"), [], "there is not a tool named gone (there are: weather, any)"),
]


@pytest.mark.parametrize(("call", "used", "says"), CALLS)
async def test_a_call_is_mended_where_it_can_be(call: ToolCall, used: list[object], says: str) -> None:
    tools = Tools()
    [one] = await use([call], agent(), house(Speaking(), tools))
    assert tools.used == used
    assert says in one.text
    assert one.failed is (not used)


async def test_files_that_are_too_many_or_too_large_are_left_out_and_told_of() -> None:
    files = [*(Made(f"{n}.png", "image/png", b"x") for n in range(9)), Made("big", "a/b", b"x" * (10 * 2**20 + 1))]
    [one] = await use([asks()], agent(), house(Speaking(), Tools(outcome=Outcome("", tuple(files)))))
    assert len(one.files) == 8
    assert "(2 files are left out" in one.text
    assert "image 0.png has been made" in one.text


async def test_only_so_many_tools_run_in_one_step() -> None:
    tools = Tools()
    calls = [asks(id_=str(number)) for number in range(MOST_CALLS + 2)]
    used = await use(calls, agent(), house(Speaking(), tools))
    assert len(tools.used) == MOST_CALLS
    assert [one.failed for one in used].count(True) == 2


TWO = AgentThought(
    "t", 1, "<think>x</think>Look.", '{"a": "1", "a (2)": "2"}', "a;a", {}, '{"a": {"n": 1}, "a (2)": {"n": 2}}'
)
CUT = AgentThought("t", 1, "Look.", "", "a", {}, '{"a": {"n": 1}}')
LAST = AgentThought("u", 2, "So.")


def test_earlier_turns_are_shown_with_their_calls_each_with_its_own_result() -> None:
    [turn] = with_calls([Exchange("hi", "Look.\nSo.", thoughts=(TWO, LAST))], "high")
    assert [(line.role, line.text) for line in turn] == [
        ("user", "hi"),
        ("assistant", "Look."),
        ("tool", "1"),
        ("tool", "2"),
        ("assistant", "So."),
    ]
    assert [(call.name, call.arguments) for call in turn[1].tool_calls] == [("a", '{"n":1}'), ("a", '{"n":2}')]
    assert [line.tool_call_id for line in turn[2:4]] == [call.id for call in turn[1].tool_calls]
    [cut] = with_calls([Exchange("hi", "Look.", thoughts=(CUT,))], "high")
    assert [line.text for line in cut] == ["hi", "Look.", STOPPED]
    assert with_calls([Exchange("hi", "x")], "high") == ((Line("user", "hi"), Line("assistant", "x")),)


def test_earlier_turns_are_shown_as_text_to_a_model_without_tools() -> None:
    [turn] = as_text([Exchange("hi", "Look.\nSo.", thoughts=(TWO, LAST))], "high")
    assert [line.role for line in turn] == ["user", "assistant"]
    assert turn[1].text == (
        'Thought: Look.\n\nAction: {"action":"a","action_input":{"n":1}}\nObservation: 1\n\n'
        'Action: {"action":"a","action_input":{"n":2}}\nObservation: 2\n\nFinal Answer: So.'
    )
    [plain] = as_text([Exchange("hi", "So.", thoughts=(LAST,))], "high")
    assert plain[1].text == "So."


async def test_turns_are_kept_whole_from_the_newest_on() -> None:
    turns = with_calls([Exchange(f"q{n}", "x y", thoughts=(TWO, LAST)) for n in range(4)], "high")
    scale = Scale(MODEL, Words())
    weight = await scale.weigh(turns[0])
    assert await fitting_turns(turns, 2 * weight, scale) == (*turns[2], *turns[3])
    assert await fitting_turns(turns, 2 * weight - 1, scale) == turns[3]
    assert await fitting_turns(turns, weight - 1, scale) == ()
    assert await fitting_turns(turns, 10_000, scale) == tuple(line for turn in turns for line in turn)


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 400), min_size=1, max_size=6),
    room=st.integers(200, 2000),
    limit=st.one_of(st.none(), st.integers(1, 100)),
    light=st.integers(0, 3000),
)
def test_however_much_its_tools_say_a_turn_fits_its_model_and_the_newest_result_stays_longest(
    lengths: list[int], room: int, limit: int | None, light: int
) -> None:
    model = structs.replace(MODEL, parameters={} if limit is None else {"max_tokens": limit})
    asked = structs.replace(agent(), model=model)
    growth = Growth(asked, house(Speaking(size=room)))
    lines = [Line("user", "hi"), *(Line("tool", "word " * length + "x" * light) for length in lengths)]

    async def run() -> None:
        before = await growth.over(lines)
        found = await growth.lines(lines)
        assert await growth.over(found) <= 0
        if before <= 0:
            assert found == tuple(lines)
        cut = [line.text != whole.text for line, whole in zip(found, lines, strict=True)][1:]
        long_enough = [after for after, length in zip(cut, lengths, strict=True) if length > 20]
        assert sorted(long_enough, reverse=True) == long_enough, "the oldest give way first"

    asyncio.run(run())


async def test_a_result_too_long_for_the_model_is_shown_in_part_in_the_next_step_of_either_loop() -> None:
    outcome = Outcome("word " * 5000)
    native = Speaking(size=1000, script=[[asks()], [Text("done")]])
    await heard(calling(agent(), house(native, Tools(outcome=outcome))))
    act = 'Action: {"action": "weather", "action_input": "Köln"}'
    plain = Speaking(size=1000, script=[[Text(act)], [Text('{"action": "Final Answer", "action_input": "Sunny."}')]])
    await heard(reacting(agent(), house(plain, Tools(outcome=outcome))))
    for model in (native, plain):
        texts = [line.text for line in model.calls[1].lines if "word" in line.text]
        assert len(texts) == 1
        assert SHORTENED.strip() in texts[0]
        assert 400 < len(texts[0].split()) < 750
        assert "word" not in str(model.calls[0].lines)


async def test_a_model_whose_room_nobody_knows_is_shown_everything() -> None:
    model = Speaking(script=[[asks()], [Text("done")]])
    await heard(calling(agent(), house(model, Tools(outcome=Outcome("word " * 5000)))))
    assert model.calls[1].lines[-1].text == "word " * 5000


@pytest.mark.parametrize(
    ("loop", "asking", "rounds"),
    [
        (reacting, Text('{"action": "weather", "action_input": "Köln"}'), 3),
        (reacting, Text('{"action": "weather", "action_input": "Köln"}'), 1),
        (calling, asks(), 1),
    ],
    ids=["described in the prompt", "plain, the last step", "native, the last step"],
)
async def test_tools_take_the_room_that_they_are_sent_in_and_no_more(loop: Any, asking: Said, rounds: int) -> None:
    """In plain text they stand in the prompt already; in the last step there are none."""
    long = structs.replace(OFFER, tool=structs.replace(OFFER.tool, description="tells " * 300))
    asked = structs.replace(agent(rounds=rounds), offers=(long,))
    outcome = Outcome("word " * 100)
    script = [[asking], [Text("done")]]
    free = Speaking(script=script)
    await heard(loop(asked, house(free, Tools(outcome=outcome))))
    weight = await Scale(MODEL, Words()).weigh(free.calls[1].lines)
    tight = Speaking(script=script, size=weight * 4 // 3 + 1)  # a quarter is for the answer
    await heard(loop(asked, house(tight, Tools(outcome=outcome))))
    assert tight.calls[1].lines == free.calls[1].lines
