"""The scripted model does what its script says, and nothing it was not told."""

from contextlib import aclosing
from pathlib import Path

import anyio
import msgspec
import pytest

from parlour.domain.app import Model
from parlour.domain.problems import Problem, ProviderQuotaExceeded
from parlour.ports.models import Call, Counted, Ended, Line, Said, Text, Thinking, ToolCall
from parlour.providers.scripted import Scripted, problems, script_of
from tests.providers.fake_provider import Naps, a_call, all_of

pytestmark = pytest.mark.anyio

CALL = Call(Model("p", "m"), (Line("system", "Be {brief}."), Line("user", "What is {query}?")))


async def said_by(script: str, call: Call = CALL) -> list[Said]:
    return await all_of(Scripted(script_of(script)).stream(call))


async def test_without_a_script_the_query_comes_back_word_by_word() -> None:
    query = "  Say {query} twice,\n please "
    said = await all_of(Scripted().stream(a_call(query)))
    assert said[-1] == Ended("stop")
    assert "".join(one.text for one in said if isinstance(one, Text)) == query
    assert len(said) == 6


async def test_a_title_is_the_first_words_and_suggestions_are_a_list() -> None:
    call = a_call("one two three four five six seven eight")
    title = await all_of(Scripted().stream(msgspec.structs.replace(call, purpose="title")))
    assert title[0] == Text("one two three four five six")
    suggested = await all_of(Scripted().stream(msgspec.structs.replace(call, purpose="suggest")))
    assert isinstance(suggested[0], Text)
    assert len(msgspec.json.decode(suggested[0].text, type=list[str])) == 3


async def test_a_rule_may_use_every_key() -> None:
    script = """{"rules": [
      {"match": "nothing like it", "say": ["wrong"]},
      {"purpose": "title", "say": ["wrong"]},
      {"match": "What", "think": ["Hm."], "say": ["a", "b"], "repeat": 2, "finish": "length",
       "tool_calls": [{"name": "f", "arguments": {"x": 1}}], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}
    ]}"""
    assert await said_by(script) == [
        Thinking("Hm."),
        *map(Text, "abab"),
        ToolCall("call_0", "f", '{"x":1}'),
        Counted(1, 2),
        Ended("length"),
    ]


async def test_placeholders_are_filled_once() -> None:
    said = await said_by('{"rules": [{"say": ["{query}|{system}|{prompt}|{other}"]}]}')
    expected = "What is {query}?|Be {brief}.|system: Be {brief}.\nuser: What is {query}?|{other}"
    assert said[0] == Text(expected)


async def test_a_rule_for_once_makes_a_sequence() -> None:
    model = Scripted(
        script_of('{"rules": [{"once": true, "say": ["1"]}, {"once": true, "say": ["2"]}, {"say": ["3"]}]}')
    )
    assert [(await all_of(model.stream(CALL)))[0] for _ in range(4)] == [Text("1"), Text("2"), Text("3"), Text("3")]


async def test_delays_go_by_the_given_clock() -> None:
    naps = Naps()
    script = script_of('{"rules": [{"first_ms": 500, "delay_ms": 20, "say": ["a", "b", "c"]}]}')
    await all_of(Scripted(script, naps.sleep).stream(CALL))
    assert naps.taken == [0.5, 0.02, 0.02]


@pytest.mark.parametrize("code", sorted(problems()))
async def test_every_problem_can_be_scripted(code: str) -> None:
    script = f'{{"rules": [{{"say": ["a", "b"], "error": {{"code": "{code}", "message": "no", "after": 1}}}}]}}'
    stream = Scripted(script_of(script)).stream(CALL)
    assert await anext(stream) == Text("a")
    with pytest.raises(Problem, match=r"^no$") as caught:
        await anext(stream)
    assert caught.value.code == code


async def test_an_error_may_come_before_any_word() -> None:
    script = '{"rules": [{"say": ["a"], "error": {"code": "provider_quota_exceeded"}}]}'
    with pytest.raises(ProviderQuotaExceeded):
        await said_by(script)


async def test_an_endless_answer_without_delay_leaves_others_a_turn() -> None:
    stream = Scripted(script_of('{"rules": [{"say": ["x"], "repeat": 1000000}]}')).stream(CALL)
    said: list[Said] = []

    async def read() -> None:
        async with aclosing(stream):
            async for one in stream:
                said.append(one)  # noqa: PERF401 -- looked at although the loop is cancelled

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(read)
            await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
    assert 0 < len(said) < 1000


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ('{"rules": [{"match": "("}]}', "is no regular expression"),
        ('{"rules": [{"error": {"code": "nonsense"}}]}', "is not one of"),
        ('{"rules": [{"sya": ["a"]}]}', "unknown field `sya`"),
    ],
)
def test_a_mistake_is_found_when_the_script_is_read(script: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text(script)
    with pytest.raises(msgspec.ValidationError, match=message):
        script_of(path)
