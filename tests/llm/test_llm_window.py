"""How much of the past a model is shown, and how long it may answer. Here each word is a token, and a line 4 more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.domain.app import Model
from parlour.domain.problems import InvalidParam
from parlour.domain.turn import Exchange
from parlour.llm.window import MOST, Scale, as_text, at_most, fitting, past
from parlour.ports.models import Call, Line
from tests.llm.llm_fakes import MODEL, OLD_MODEL, Room, Words, chat, completion, composed, spoken, turn

pytestmark = pytest.mark.anyio


def words(count: int, word: str = "неделя") -> str:
    return " ".join([word] * count)


def model(**parameters: object) -> Model:
    return Model("openai", "m", parameters=parameters)


def texts(call: Call) -> list[str]:
    return [line.text for line in call.lines]


PAST = tuple((f"{n} {words(5)}", f"{n} {words(15)}") for n in range(10))
TURN_OF_PAST = (6 + 4) + (16 + 4)


@pytest.mark.parametrize(
    ("room", "limit", "kept"),
    [
        (10_000, 0, 20),
        (10 * TURN_OF_PAST + 10, 0, 20),  # the prompt has 2 lines and 2 words: 10
        (10 * TURN_OF_PAST + 9, 0, 19),  # a single line goes, and the past begins with an answer
        (10 * TURN_OF_PAST, 0, 19),
        (10 * TURN_OF_PAST - 1, 0, 18),
        (9 * TURN_OF_PAST + 10, 0, 18),
        (10 * TURN_OF_PAST + 10, 30, 18),
        (10 * TURN_OF_PAST + 10, 31, 17),
        (TURN_OF_PAST + 10, 0, 2),
        (TURN_OF_PAST + 9, 0, 1),
        (31, 0, 1),
        (11, 0, 1),  # the last one stays, whatever there is
        (600, 5000, 1),
    ],
)
async def test_the_oldest_lines_go_until_the_rest_fits(room: int, limit: int, kept: int) -> None:
    asked = turn(chat("prompt", model(max_tokens=limit) if limit else model()), "question", {}, *PAST)
    call = await composed(asked, room=room)
    everything = [text for exchange in PAST for text in exchange]
    assert texts(call) == ["prompt\n", *everything[-kept:], "question"]


async def test_where_nobody_knows_the_room_the_past_has_two_thousand() -> None:
    asked = turn(chat("prompt"), "question", {}, *PAST * 20)
    call = await composed(asked)
    weight = sum(len(text.split()) + 4 for text in texts(call)[1:-1])
    assert 2000 - 20 < weight <= 2000
    long = await composed(turn(chat("prompt"), words(9000), {}, *PAST))
    assert len(long.lines) == 22, "the prompt itself is not counted against it"


async def test_the_past_of_one_text_is_cut_by_the_same_rule() -> None:
    asked = turn(chat("prompt", OLD_MODEL), "question", {}, *PAST)
    ((_, text),) = spoken(await composed(asked, room=80))
    assert "9 неделя" in text
    assert "7 неделя" not in text
    assert text.startswith("prompt\n")


async def test_only_five_hundred_messages_are_looked_at_and_the_one_being_answered_is_among_them() -> None:
    lines = past([Exchange(str(n), "a") for n in range(600)])
    assert len(lines) == 2 * (MOST - 1) == 998
    assert (lines[0].text, lines[-2].text) == ("101", "599")
    assert past([]) == ()


async def test_each_text_is_counted_once_at_most_and_none_that_cannot_matter() -> None:
    tokens = Words()
    asked = turn(chat("prompt", model(max_tokens=50)), "question", {}, *PAST)
    await composed(asked, room=200, words=tokens)
    assert len(tokens.asked) == len(set(tokens.asked))
    assert PAST[0][0] not in tokens.asked, "what is far too old is not even counted"


@given(st.lists(st.integers(0, 30), min_size=1, max_size=30), st.integers(-5, 600), st.sampled_from(["a", "неделя"]))
async def test_the_longest_end_that_fits_is_kept(sizes: list[int], budget: int, word: str) -> None:
    lines = [Line("user", words(size, word)) for size in sizes]
    kept = await fitting(lines, budget, Scale(MODEL, Words()))
    assert kept == tuple(lines[len(lines) - len(kept) :])
    weight = sum(len(line.text.split()) + 4 for line in kept)
    assert weight <= budget or len(kept) == 1
    if len(kept) < len(lines):
        assert weight + sizes[len(lines) - len(kept) - 1] + 4 > budget


@given(st.text())
def test_a_text_never_has_more_than_its_bytes(text: str) -> None:
    assert at_most([Line("user", text)]) == len(text.encode()) + 4


def test_a_past_as_text_has_a_name_before_each_line() -> None:
    lines = past([Exchange("なぜ?", "それは…"), Exchange("", "x")])
    assert as_text(lines, "Q", "A") == "Q: なぜ?\nA: それは…\nQ: \nA: x"


@pytest.mark.parametrize(
    ("room", "limit", "lowered"),
    [
        (1000, 500, 500),
        (510, 500, 500),  # 10 of prompt and 500 of answer
        (509, 500, 499),
        (100, 500, 90),
        (26, 500, 16),
        (20, 500, 16),  # never below 16
        (20, 12, 12),  # and never raised to it
        (None, 500, 500),
        (16385, 16385, 16375),
    ],
)
async def test_the_answer_is_lowered_to_what_the_prompt_leaves(room: int | None, limit: int, lowered: int) -> None:
    call = await composed(turn(chat("prompt", model(max_tokens=limit, top_p=1)), "question"), room=room)
    assert call.model.parameters == {"max_tokens": lowered, "top_p": 1}


async def test_the_past_counts_when_the_answer_is_lowered() -> None:
    call = await composed(turn(chat("prompt", model(max_tokens=90)), "question", {}, ("a b", "c d")), room=100)
    assert texts(call) == ["prompt\n", "c d", "question"]
    assert call.model.parameters["max_tokens"] == 100 - 10 - 6


@pytest.mark.parametrize("name", ["max_completion_tokens", "max_output_tokens", "max_tokens_to_sample", "num_predict"])
async def test_the_limit_goes_by_other_names_too(name: str) -> None:
    call = await composed(turn(chat("prompt", model(**{name: 400.0})), "question"), room=100)
    assert call.model.parameters == {name: 90}


@pytest.mark.parametrize("value", [None, 0, -1, "500", float("inf"), float("nan"), [1]])
async def test_what_is_no_limit_is_left_alone(value: object) -> None:
    call = await composed(turn(chat("prompt", model(max_tokens=value)), "question"), room=40)
    assert call.model.parameters["max_tokens"] is value


async def test_a_prompt_that_is_longer_than_the_room_is_refused_with_the_cure() -> None:
    asked = turn(chat("prompt", model(max_tokens=16)), words(91), {}, *PAST)
    with pytest.raises(InvalidParam, match=r"have 100 tokens, more than the 99 .* m can hold: shorten") as caught:
        await composed(asked, room=99)
    assert caught.value.params == "query"
    assert len((await composed(asked, room=100)).lines) == 3
    with pytest.raises(InvalidParam):
        await composed(turn(completion("{{a}}"), "", {"a": words(200)}), room=99)


async def test_a_room_says_nothing_and_a_model_stays_the_same() -> None:
    asked = turn(chat("prompt", model(max_tokens=5)), "question")
    call = await composed(asked, room=100)
    assert call.model is asked.app.model
    assert Room(100).context(call.model) == 100
