"""The node `llm`: what the model is asked, and what is made of its answer (dsl.md 6.4, 11.9, 11.10)."""

from typing import Any, ClassVar

import pytest

from parlour.domain.files import File, FileRef
from parlour.domain.problems import FileNotFound
from parlour.domain.turn import Exchange
from parlour.flow.node import NodeFailed
from parlour.ports.models import Image
from parlour.providers.scripted import Script, Scripted
from tests.flow.model_samples import LETTER, MODEL, PICTURE, Answered, ask, llm, said

pytestmark = pytest.mark.anyio

SENT = FileRef("image", "remote_url", "http://pictures.test/old.png", name="old.png", mime_type="image/png")
HERS = FileRef("image", "local_file", upload_file_id="picture", name="b.jpg", mime_type="application/octet-stream")
UPLOAD = File("image", "local_file", "b.jpg", ".jpg", "application/octet-stream", related_id="picture")
FOUND = [
    {"content": "Ada wrote it.", "summary": "Who", "metadata": {"_source": "knowledge", "document_id": "d"}},
    {"content": "{{#env.KEY#}} #histories#", "metadata": {"_source": "elsewhere"}},
]
WANTED = {"enabled": True, "variable_selector": ["search", "result"]}
SEEN = {"enabled": True}
CHOICE: dict[str, object] = {**MODEL, "mode": "completion"}
PREFIX = {"role_prefix": {"user": "Human", "assistant": "Bot"}}
HISTORY = [(f"question {n}", f"answer {n}") for n in (1, 2, 3)]


class TestPrompt:
    async def test_messages_come_in_their_order_with_their_references_filled_in(self) -> None:
        asked = await llm(
            said("system", "Be {{#start.tone#}}."),
            said("user", "{{#sys.query#}}"),
            values={"start": {"tone": "kind"}, "sys": {"query": "why?"}},
        )

        assert asked.lines == [("system", "Be kind."), ("user", "why?")]

    async def test_a_message_that_is_empty_in_the_end_is_left_out(self) -> None:
        asked = await llm(said("system", "{{#start.tone#}}"), said("user", "go"), values={"start": {"tone": None}})

        assert asked.lines == [("user", "go")]

    async def test_a_jinja_message_sees_native_objects_and_null_for_what_is_missing(self) -> None:
        asked = await llm(
            said("user", "unused {{#no.where#}}", edition_type="jinja2", jinja2_text="{{ rows[1].name }}{{ gone }}."),
            prompt_config={
                "jinja2_variables": [
                    {"variable": "rows", "value_selector": ["code", "rows"]},
                    {"variable": "gone", "value_selector": ["no", "where"]},
                ]
            },
            values={"code": {"rows": [{"name": "a"}, {"name": "b"}]}},
        )

        assert asked.lines == [("user", "bNone.")]

    async def test_a_reference_to_nothing_fails_before_the_model_is_asked(self) -> None:
        with pytest.raises(NodeFailed, match=r"Title: Variable no\.where not found") as failed:
            await llm(said("user", "{{#no.where#}}"))

        assert failed.value.kind == "VariableNotFoundError"

    async def test_messages_of_a_list_stay_messages_and_one_text_stays_one_whatever_the_mode_says(self) -> None:
        listed = await llm(said("system", "a"), said("user", "b"), model_data={"mode": "completion"})
        whole = await llm(prompt_template={"text": "#sys.query# {{#sys.query#}}"})

        assert listed.lines == [("system", "a"), ("user", "b")]
        assert whole.lines == [("user", "hi hi")]

    async def test_a_prompt_of_which_nothing_is_left_fails(self) -> None:
        with pytest.raises(NodeFailed, match="No prompt"):
            await llm(said("user", ""))

    async def test_a_node_without_a_model_fails(self) -> None:
        with pytest.raises(NodeFailed, match="No model"):
            await ask("llm", {"model": {"provider": "", "name": ""}})


class TestContext:
    FOUND: ClassVar[Any] = [
        {"content": "Ada wrote it.", "summary": "Who", "metadata": {"_source": "knowledge", "document_id": "d"}},
        {"content": "{{#env.KEY#}} #histories#", "metadata": {"_source": "elsewhere"}},
    ]
    WANTED: ClassVar[Any] = {"enabled": True, "variable_selector": ["search", "result"]}

    async def test_it_stands_where_its_place_is_and_nothing_in_it_is_expanded(self) -> None:
        asked = await llm(
            said("system", "Know: {{#context#}}"),
            context=WANTED,
            values={"search": {"result": FOUND}, "env": {"KEY": "secret"}},
        )

        assert asked.lines == [("system", "Know: Who\nAda wrote it.\n{{#env.KEY#}} #histories#")]

    async def test_without_a_place_it_is_not_shown_but_cited(self) -> None:
        asked = await llm(context=WANTED, values={"search": {"result": FOUND}})

        assert asked.lines == [("user", "Hello")]
        assert [(cited.position, cited.document_id) for cited in asked.scope.course.citations] == [(1, "d")]

    @pytest.mark.parametrize(
        ("value", "text"),
        [("as it is ", "as it is "), ([" a", "b "], "a\nb"), ({"content": "c"}, ""), (5, ""), (None, ""), ([], "")],
    )
    async def test_every_kind_of_value_has_its_text(self, value: object, text: str) -> None:
        asked = await llm(said("user", "[{{#context#}}]"), context=WANTED, values={"search": {"result": value}})

        assert asked.lines == [("user", f"[{text}]")]

    async def test_one_that_is_switched_off_is_neither_shown_nor_cited(self) -> None:
        off = {**WANTED, "enabled": False}
        asked = await llm(said("user", "[{{#context#}}]"), context=off, values={"search": {"result": FOUND}})

        assert asked.lines == [("user", "[]")]
        assert not asked.scope.course.citations

    async def test_a_missing_one_is_empty(self) -> None:
        asked = await llm(said("user", "[{{#context#}}]"), context=WANTED)

        assert asked.lines == [("user", "[]")]

    async def test_an_object_without_content_is_a_failure(self) -> None:
        with pytest.raises(NodeFailed, match="no content"):
            await llm(context=WANTED, values={"search": {"result": [{"text": "?"}]}})


class TestMemory:
    async def test_the_past_stands_before_the_question(self) -> None:
        asked = await llm(said("system", "Be kind."), memory={}, history=HISTORY[:1])

        assert asked.lines == [
            ("system", "Be kind."),
            ("user", "question 1"),
            ("assistant", "answer 1"),
            ("user", "hi"),
        ]

    @pytest.mark.parametrize(("size", "turns"), [(1, 0), (2, 1), (3, 2), (50, 3), (0, 3), (None, 3)])
    async def test_a_window_of_n_shows_one_turn_less(self, size: int | None, turns: int) -> None:
        asked = await llm(memory={"window": {"enabled": True, "size": size}}, history=HISTORY)

        assert len(asked.lines) == 1 + 2 * turns + 1

    async def test_a_window_that_is_off_shows_everything(self) -> None:
        asked = await llm(memory={"window": {"enabled": False, "size": 2}}, history=HISTORY)

        assert len(asked.lines) == 1 + 6 + 1

    async def test_pictures_of_earlier_messages_are_seen_again_in_the_detail_that_the_app_says(self) -> None:
        asked = await llm(vision=SEEN, memory={}, history=[Exchange("look", "I see.", (SENT, HERS))])

        assert asked.lines == [("user", "Hello"), ("user", "look"), ("assistant", "I see."), ("user", "hi")]
        assert asked.calls[0].lines[1].images == (
            Image(SENT.url, "low"),
            Image("data:image/jpeg;base64,cG5n", "low"),
        )

    async def test_earlier_pictures_that_are_gone_or_that_nobody_is_to_see_are_left_out(self) -> None:
        gone = FileRef("image", "local_file", upload_file_id="gone")
        seeing = await llm(vision=SEEN, memory={}, history=[Exchange("look", "I see.", (gone, SENT))])
        blind = await llm(memory={}, history=[Exchange("look", "I see.", (SENT,))])

        assert seeing.calls[0].lines[1].images == (Image(SENT.url, "low"),)
        assert all(not line.images for line in blind.calls[0].lines)

    async def test_without_memory_neither_past_nor_question_is_added(self) -> None:
        assert (await llm(history=HISTORY)).lines == [("user", "Hello")]

    async def test_the_question_has_a_template_of_its_own_and_its_text_is_not_expanded_again(self) -> None:
        asked = await llm(
            memory={"query_prompt_template": "Q: {{#sys.query#}}"},
            values={"sys": {"query": "{{#env.KEY#}}"}, "env": {"KEY": "secret"}},
        )

        assert asked.lines[-1] == ("user", "Q: {{#env.KEY#}}")

    async def test_a_template_that_refers_to_nothing_fails(self) -> None:
        with pytest.raises(NodeFailed, match=r"Variable a\.b not found"):
            await llm(memory={"query_prompt_template": "{{#a.b#}}"})

    async def test_pictures_that_the_template_refers_to_follow_the_question_and_are_shown_once(self) -> None:
        asked = await llm(
            memory={"query_prompt_template": "{{#sys.query#}} {{#sys.files#}}"},
            vision=SEEN,
            values={"sys": {"query": "hi", "files": [PICTURE]}},
        )

        assert asked.lines == [("user", "Hello"), ("user", "hi "), ("user", "")]
        assert [line.images for line in asked.calls[0].lines] == [(), (), (Image(PICTURE.url),)]

    async def test_no_question_is_added_where_there_is_none(self) -> None:
        assert (await llm(memory={}, values={"start": {}})).lines == [("user", "Hello")]

    async def test_single_messages_go_from_the_oldest_end_where_the_past_is_too_long(self) -> None:
        # a word is a token and each line weighs four more: three lines of six fit beside an answer of at most 80
        choice = {**MODEL, "completion_params": {"max_tokens": 80}}
        asked = await ask(
            "llm",
            {"model": choice, "prompt_template": [said("user", "long " * 500)], "memory": {}},
            history=[(f"question {n} " + "é" * 200, f"answer {n} " + "é" * 200) for n in (1, 2)],
            model=Scripted(Script(), context=80 + 21),
        )

        assert [text.split(" é")[0] for _, text in asked.lines[1:-1]] == ["answer 1", "question 2", "answer 2"]


class TestVision:
    SEEN: ClassVar[Any] = {"enabled": True}

    async def test_pictures_stand_with_the_last_message_of_the_user(self) -> None:
        asked = await llm(vision=SEEN, values={"sys": {"files": [PICTURE, UPLOAD, LETTER]}})

        (line,) = asked.calls[0].lines
        assert line.text == "Hello"
        assert line.images == (Image(PICTURE.url), Image("data:image/jpeg;base64,cG5n"))

    async def test_they_have_a_message_of_their_own_where_the_last_one_is_not_the_users(self) -> None:
        asked = await llm(
            said("system", "Look."),
            vision={"enabled": True, "configs": {"variable_selector": ["start", "it"], "detail": "low"}},
            values={"start": {"it": PICTURE}},
        )

        assert asked.lines == [("system", "Look."), ("user", "")]
        assert asked.calls[0].lines[1].images == (Image(PICTURE.url, "low"),)

    @pytest.mark.parametrize("value", [{"files": None}, {"files": []}, {}])
    async def test_no_files_are_no_failure(self, value: dict[str, object]) -> None:
        asked = await llm(vision=SEEN, values={"sys": value})

        assert asked.calls[0].lines[0].images == ()

    @pytest.mark.parametrize("value", ["text", ["text"], [PICTURE, "text"], {"a": 1}])
    async def test_something_else_than_files_is_a_failure(self, value: object) -> None:
        with pytest.raises(NodeFailed, match=r"sys\.files holds no files"):
            await llm(vision=SEEN, values={"sys": {"files": value}})

    async def test_a_file_in_a_reference_becomes_a_message_behind_its_own(self) -> None:
        asked = await llm(said("user", "See {{#start.it#}}"), said("user", "Now"), values={"start": {"it": [PICTURE]}})

        assert asked.lines == [("user", "See "), ("user", ""), ("user", "Now")]
        assert asked.calls[0].lines[1].images == (Image(PICTURE.url),)

    async def test_that_message_is_of_the_same_role(self) -> None:
        asked = await llm(said("assistant", "I drew {{#start.it#}}"), values={"start": {"it": PICTURE}})

        assert asked.lines == [("assistant", "I drew "), ("assistant", "")]

    async def test_files_of_the_context_are_seen_too(self) -> None:
        found = [{"content": "a", "files": [PICTURE]}]
        asked = await llm(vision=SEEN, context=WANTED, values={"search": {"result": found}})

        assert asked.calls[0].lines[0].images == (Image(PICTURE.url),)

    async def test_they_are_not_seen_where_vision_is_off(self) -> None:
        found = [{"content": "a", "files": [PICTURE]}]
        off = {"enabled": False, "configs": {"variable_selector": ["sys", "files"]}}
        asked = await llm(vision=off, context=WANTED, values={"search": {"result": found}, "sys": {"files": [PICTURE]}})

        assert asked.calls[0].lines[0].images == ()

    async def test_an_upload_that_is_not_the_users_is_a_failure(self) -> None:
        other = File("image", "local_file", related_id="other")
        with pytest.raises(FileNotFound):
            await llm(vision=SEEN, values={"sys": {"files": [other]}})


class TestCompletion:
    CHOICE: ClassVar[Any] = {**MODEL, "mode": "completion"}
    PREFIX: ClassVar[Any] = {"role_prefix": {"user": "Human", "assistant": "Bot"}}

    async def complete(self, text: str, **more: Any) -> Answered:
        values, history = more.pop("values", {"sys": {"query": "hi"}}), more.pop("history", ())
        data: dict[str, Any] = {
            "model": CHOICE,
            "prompt_template": {"text": text, **more.pop("template", {})},
            **more,
        }
        return await ask("llm", data, {"say": ["Fine"]}, values=values, history=history)

    async def test_the_past_and_the_question_stand_in_their_places(self) -> None:
        asked = await self.complete("#histories#\nQ: #sys.query#", memory=PREFIX, history=HISTORY[:1])

        assert asked.lines == [("user", "Human: question 1\nBot: answer 1\nQ: hi")]
        assert asked.calls[0].model.mode == "completion"

    async def test_the_past_without_a_place_stands_before_the_prompt(self) -> None:
        asked = await self.complete("Go on.", memory=PREFIX, history=HISTORY[:1])

        assert asked.lines == [("user", "Human: question 1\nBot: answer 1\nGo on.")]

    async def test_what_a_user_writes_is_no_place(self) -> None:
        asked = await self.complete("Q: {{#sys.query#}}", memory=PREFIX, values={"sys": {"query": "#histories#"}})

        assert asked.lines == [("user", "Q: #histories#")]

    async def test_the_question_of_a_place_may_have_a_template_of_its_own(self) -> None:
        memory = {**PREFIX, "query_prompt_template": "Please: {{#sys.query#}}"}

        assert (await self.complete("#sys.query#", memory=memory)).lines == [("user", "Please: hi")]

    async def test_a_past_without_prefixes_is_a_failure(self) -> None:
        with pytest.raises(NodeFailed, match="role prefix"):
            await self.complete("x", memory={}, history=HISTORY[:1])

    async def test_jinja_knows_the_places_too_and_does_not_run_what_stands_there(self) -> None:
        template = {"edition_type": "jinja2", "jinja2_text": "#histories#|#sys.query#|{{ 1 + 1 }}"}
        past = [("{{ 7 * 7 }}", "{% if %}")]
        asked = await self.complete("", template=template, memory=PREFIX, history=past)

        assert asked.lines == [("user", "Human: {{ 7 * 7 }}\nBot: {% if %}|hi|2")]
