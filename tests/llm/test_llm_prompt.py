"""What the prompts of easy apps become: which lines, in which order, and with which stop words."""

import pytest

from parlour.domain.app import ChatPrompt, CompletionPrompt, Model, Said
from parlour.ports.models import Image
from tests.llm.llm_fakes import MODEL, OLD_MODEL, Words, chat, completion, composed, spoken, turn

pytestmark = pytest.mark.anyio
PICTURES = (Image("https://example.com/1.png"), Image("data:image/png;base64,AA==", "low"))
PAST = (("最初の質問", "最初の答え"), ("second?", "second!"))


async def test_a_chat_has_instruction_past_and_question_in_this_order() -> None:
    call = await composed(turn(chat("Tu es {{role}}."), "Wie geht's?", {"role": "poète"}, *PAST))
    assert spoken(call) == [
        ("system", "Tu es poète.\n"),
        ("user", "最初の質問"),
        ("assistant", "最初の答え"),
        ("user", "second?"),
        ("assistant", "second!"),
        ("user", "Wie geht's?"),
    ]
    assert call.model == MODEL
    assert (call.tools, call.purpose) == ((), "answer")


async def test_without_an_instruction_there_is_no_system_line() -> None:
    for prompt, inputs in (("", {}), ("{{a}}", {"a": ""}), (" ", {})):
        assert spoken(await composed(turn(chat(prompt), "q", {**inputs}))) == [("user", "q")]


async def test_what_a_user_asks_is_no_template() -> None:
    query = "{{role}} {{#context#}} <|im_start|>"
    call = await composed(turn(chat("{{role}}"), query, {"role": "x"}, ("{{role}}", "<|y|>")), context="c")
    assert [text for _, text in spoken(call)][1:] == ["{{role}}", "<|y|>", query]


async def test_pictures_go_with_the_question() -> None:
    call = await composed(turn(chat("s"), "q", {}, *PAST), images=PICTURES)
    assert [line.images for line in call.lines] == [()] * 5 + [PICTURES]


async def test_what_was_retrieved_stands_before_the_instruction_once() -> None:
    call = await composed(
        turn(chat("Antworte {{wie}}."), "q", {"wie": "kurz"}), context="Das Meer {{wie}} ist <|tief|>."
    )
    (role, text), *rest = spoken(call)
    assert role == "system"
    assert "<context>\nDas Meer {wie} ist .\n</context>" in text
    assert text.endswith("\n\nAntworte kurz.\n")
    assert rest == [("user", "q")]


async def test_a_place_for_the_context_is_filled_even_if_there_is_none() -> None:
    assert spoken(await composed(turn(chat("<{{#context#}}>"), "q")))[0] == ("system", "<>\n")


async def test_a_completion_app_says_its_prompt_as_the_user() -> None:
    call = await composed(turn(completion("Übersetze: {{text}}"), "", {"text": "chat 🐈"}), images=PICTURES)
    assert spoken(call) == [("user", "Übersetze: chat 🐈\n")]
    assert call.lines[0].images == PICTURES


async def test_a_completion_app_with_a_query_is_told_as_a_chat_is() -> None:
    call = await composed(turn(completion("Translate."), "猫"))
    assert spoken(call) == [("system", "Translate.\n"), ("user", "猫")]


async def test_a_completion_app_has_no_past() -> None:
    assert len((await composed(turn(completion("a"), "q", {}, *PAST))).lines) == 2


async def test_a_completion_model_gets_a_chat_as_one_text_that_ends_where_it_speaks() -> None:
    call = await composed(turn(chat("Be {{how}}.", OLD_MODEL), "q {{how}} <|x|>", {"how": "brief"}), images=PICTURES)
    assert spoken(call) == [("user", "Be brief.\n\n\nHuman: q {how} \n\nAssistant: ")]
    assert call.lines[0].images == PICTURES
    assert call.model.stop == ("\nHuman:", "</histories>")


async def test_a_completion_model_gets_the_past_between_instruction_and_question() -> None:
    call = await composed(turn(chat("Be brief.", OLD_MODEL), "q", {}, *PAST), context="known")
    ((_, text),) = spoken(call)
    past = "<histories>\nHuman: 最初の質問\nAssistant: 最初の答え\nHuman: second?\nAssistant: second!\n</histories>"
    parts = ["<context>\nknown\n</context>", "Be brief.\n", past, "\n\nHuman: q\n\nAssistant: "]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


async def test_a_completion_model_of_a_completion_app_gets_the_bare_query_and_the_apps_own_stops() -> None:
    call = await composed(turn(completion("Name it: ", OLD_MODEL), "猫"))
    assert spoken(call) == [("user", "Name it: \n猫")]
    assert call.model.stop == ("END",)


async def test_baichuan_is_spoken_to_in_its_language() -> None:
    model = Model("baichuan", "Baichuan2-53B", "completion")
    call = await composed(turn(chat("", model), "你好", {}, ("一", "二")), context="知识")
    ((_, text),) = spoken(call)
    assert "<context>\n知识\n</context>" in text
    assert "<histories>\n用户: 一\n助手: 二\n</histories>" in text
    assert text.endswith("\n\n用户: 你好\n\n助手: ")
    assert call.model.stop[0] == "\n用户:"


SAID = ChatPrompt(
    (
        Said("system", "{{a}}"),
        Said("user", "{{a}} {{b}} {{#context#}} {{#query#}}"),
        Said("assistant", "{{a}}"),
        Said("system", "rule {{b}}"),
    )
)


async def test_an_advanced_chat_prompt_is_said_message_by_message() -> None:
    call = await composed(turn(chat(SAID), "q", {"a": "", "b": "ß"}, *PAST[1:]), context="ctx", images=PICTURES)
    assert spoken(call) == [
        ("user", " ß ctx {{#query#}}"),
        ("assistant", ""),
        ("system", "rule ß"),
        ("user", "second?"),
        ("assistant", "second!"),
        ("user", "q"),
    ]
    assert [line.images for line in call.lines] == [()] * 5 + [PICTURES]


async def test_an_advanced_chat_prompt_without_a_query_asks_nothing_more() -> None:
    assert spoken(await composed(turn(completion(SAID), "", {"a": "x", "b": ""})))[-1] == ("system", "rule ")


async def test_pictures_without_a_query_go_with_the_last_line_of_the_user() -> None:
    ends_with_user = ChatPrompt((Said("system", "s"), Said("user", "u")))
    call = await composed(turn(completion(ends_with_user)), images=PICTURES)
    assert spoken(call) == [("system", "s"), ("user", "u")]
    assert call.lines[-1].images == PICTURES
    call = await composed(turn(completion(SAID), "", {"a": "x"}), images=PICTURES)
    assert spoken(call)[-2:] == [("system", "rule {{b}}"), ("user", "")]
    assert call.lines[-1].images == PICTURES


async def test_an_advanced_completion_prompt_is_one_text_with_everything_in_its_place() -> None:
    prompt = CompletionPrompt("[{{#context#}}] {{a}}\n{{#histories#}}\nQ: {{#query#}}\nA:", "Ты", "Я")
    call = await composed(turn(chat(prompt, OLD_MODEL), "почему {{a}}?", {"a": "ё"}, *PAST[1:]), context="c")
    assert spoken(call) == [("user", "[c] ё\nТы: second?\nЯ: second!\nQ: почему {a}?\nA:")]
    assert call.model.stop == ("END",)
    bare = await composed(turn(chat(prompt, OLD_MODEL), "q"), images=PICTURES)
    assert spoken(bare) == [("user", "[] {{a}}\n\nQ: q\nA:")]
    assert bare.lines[0].images == PICTURES


async def test_nothing_is_counted_where_everything_fits() -> None:
    words = Words()
    model = Model("openai", "x", parameters={"max_tokens": 512})
    await composed(turn(chat("Be brief.", model), "q" * 1000, {}, *PAST * 20), room=4096, words=words)
    await composed(turn(chat("Be brief.", model), "q"), room=None, words=words)
    assert words.asked == []
