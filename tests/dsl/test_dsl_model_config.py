"""What an easy app does: its model, prompts, knowledge, and the features around the answer."""

from typing import Any

import pytest

from parlour.domain.annotation import ReplySetting
from parlour.domain.app import ChatPrompt, CompletionPrompt, Features, Lookup, Said, SimplePrompt, Speech, Suggestions
from parlour.domain.dataset import Condition, Filter, ModelName, RetrievalSettings, Weights
from parlour.domain.files import FileRules, FileType
from tests.dsl.dsl_samples import app, findings, line_of, refusals, sample

MODEL = {"provider": "openai", "name": "gpt-4o-mini"}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("openai", "openai"),
        ("langgenius/openai/openai", "openai"),
        ("langgenius/tongyi/tongyi/", "tongyi"),
        ("私の組織/モデル/モデル", "モデル"),
    ],
)
def test_a_provider_is_called_by_the_last_part_of_its_path(written: str, name: str) -> None:
    assert app(model=MODEL | {"provider": written}).model.provider == name


def test_a_models_parameters_stand_apart_from_its_stop_words() -> None:
    params = {"temperature": 0.2, "max_tokens": 512, "stop": ["\nEND", "", "。"], "seed": None, "x": {"y": [1]}}
    model = app(model=MODEL | {"completion_params": params, "mode": "completion"}).model
    assert model.parameters == {"temperature": 0.2, "max_tokens": 512, "x": {"y": [1]}}
    assert (model.stop, model.mode) == (("\nEND", "。"), "completion")


def test_a_model_without_mode_or_parameters_is_a_chat_model() -> None:
    for more in ({}, {"mode": None, "completion_params": None}, {"mode": ""}):
        model = app(model=MODEL | more).model
        assert (model.mode, model.parameters, model.stop) == ("chat", {}, ())


def test_a_single_stop_word_may_stand_alone_and_more_than_four_are_cut() -> None:
    assert app(model=MODEL | {"completion_params": {"stop": "END"}}).model.stop == ("END",)
    source = sample(model=MODEL | {"completion_params": {"stop": list("abcde")}})
    assert [finding.line for finding in findings(source, "approximated")] == [line_of(source, "stop")]
    assert app(model=MODEL | {"completion_params": {"stop": list("abcde")}}).model.stop == tuple("abcd")


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (None, "model_config.model: must have a `provider`"),
        ({}, "model_config.model: must have a `provider`"),
        ({"name": "x"}, "model_config.model: must have a `provider`"),
        ({"provider": "x", "name": ""}, "model_config.model: must have a `provider`"),
        ("gpt-4", "model_config.model: must be a mapping"),
        (MODEL | {"mode": "embedding"}, "model_config.model.mode: embedding: must be one of chat, completion"),
        (MODEL | {"completion_params": [1]}, "model_config.model.completion_params: must be a mapping"),
        (MODEL | {"completion_params": {"stop": {"a": 1}}}, "completion_params.stop: must be a list"),
        (MODEL | {"completion_params": {"stop": [True]}}, "completion_params.stop.1: must be text"),
    ],
)
def test_a_model_that_is_not_understood_is_refused(model: object, says: str) -> None:
    assert says in refusals(sample(model=model))


def test_a_name_that_yaml_takes_for_a_number_is_read_as_written() -> None:
    assert app(model=MODEL | {"name": 4.0}).model.name == "4.0"


def test_simple_prompts() -> None:
    assert app(pre_prompt="Sei knapp: {{ton}}").prompt == SimplePrompt("Sei knapp: {{ton}}")
    assert app(pre_prompt=None, prompt_type="simple").prompt == SimplePrompt("")
    assert app(prompt_type="", chat_prompt_config={}, completion_prompt_config={}).prompt == SimplePrompt("Be brief.")


def test_an_advanced_prompt_of_a_chat_model() -> None:
    said = [{"role": "system", "text": "你是{{name}}"}, {"role": "assistant", "text": None}, {"text": "x"}]
    prompt = app(prompt_type="advanced", chat_prompt_config={"prompt": said}).prompt
    assert prompt == ChatPrompt((Said("system", "你是{{name}}"), Said("assistant", ""), Said("user", "x")))


def test_an_advanced_prompt_of_a_completion_model() -> None:
    config: dict[str, Any] = {"prompt": {"text": "{{#histories#}}\nQ: {{#query#}}"}}
    model = MODEL | {"mode": "completion"}
    prompt = app(prompt_type="advanced", completion_prompt_config=config, model=model).prompt
    assert prompt == CompletionPrompt("{{#histories#}}\nQ: {{#query#}}", "Human", "Assistant")
    config["conversation_histories_role"] = {"user_prefix": "Ты", "assistant_prefix": "Я"}
    prompt = app(prompt_type="advanced", completion_prompt_config=config, model=model).prompt
    assert prompt == CompletionPrompt("{{#histories#}}\nQ: {{#query#}}", "Ты", "Я")


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"prompt_type": "expert"}, "prompt_type: expert: must be one of simple, advanced"),
        ({"prompt_type": "advanced"}, "chat_prompt_config.prompt: is missing"),
        ({"prompt_type": "advanced", "model": MODEL | {"mode": "completion"}}, "completion_prompt_config.prompt.text"),
        ({"prompt_type": "advanced", "chat_prompt_config": {"prompt": [{"role": "tool"}]}}, "prompt.1.role: tool"),
        ({"prompt_type": "advanced", "chat_prompt_config": {"prompt": ["x"]}}, "prompt.1: must be a mapping"),
        ({"pre_prompt": {"a": 1}}, "model_config.pre_prompt: must be text"),
    ],
)
def test_a_prompt_that_is_not_understood_is_refused(config: dict[str, object], says: str) -> None:
    assert says in refusals(sample(**config))


USUAL_SETTINGS = RetrievalSettings(reranking=True, mode="reranking_model", weights=Weights())
SWITCHED_ON: dict[str, object] = {"datasets": [{"dataset": {"enabled": True, "id": "d1"}}]}


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({"dataset_configs": {"datasets": SWITCHED_ON}}, Lookup(("d1",), multiple=False, settings=USUAL_SETTINGS)),
        (
            {"agent_mode": {"enabled": True, "tools": SWITCHED_ON["datasets"]}},
            Lookup(("d1",), multiple=False, settings=USUAL_SETTINGS),
        ),
        (
            {
                "dataset_query_variable": "topic",
                "dataset_configs": {
                    "retrieval_model": "multiple",
                    "datasets": SWITCHED_ON,
                    "top_k": 7,
                    "score_threshold": 0.5,
                    "score_threshold_enabled": True,
                    "reranking_enable": False,
                    "reranking_mode": "weighted_score",
                    "reranking_model": {"reranking_provider_name": "cohere", "reranking_model_name": "v3"},
                    "weights": {"vector_setting": {"vector_weight": 0.4}, "keyword_setting": {"keyword_weight": 1}},
                    "metadata_filtering_mode": "manual",
                    "metadata_filtering_conditions": {
                        "logical_operator": "or",
                        "conditions": [
                            {"id": "x", "name": "age", "comparison_operator": ">", "value": 3},
                            {"id": "y", "name": "who", "comparison_operator": "in", "value": ["a"]},
                        ],
                    },
                },
            },
            Lookup(
                ("d1",),
                settings=RetrievalSettings(
                    top_k=7,
                    threshold=0.5,
                    reranking=False,
                    mode="weighted_score",
                    reranker=ModelName("cohere", "v3"),
                    weights=Weights(0.4, 1.0),
                    filter=Filter((Condition("age", ">", 3.0), Condition("who", "in", ("a",))), every=False),
                ),
                filtering="manual",
                query_variable="topic",
            ),
        ),
    ],
)
def test_knowledge_is_read_where_it_is_switched_on(config: dict[str, object], wanted: Lookup) -> None:
    assert app(**config).lookup == wanted


def test_a_weight_that_is_no_number_is_refused() -> None:
    weights = {"vector_setting": {"vector_weight": "much"}}
    text = refusals(sample(dataset_configs={"datasets": SWITCHED_ON, "weights": weights}))
    assert "vector_weight: must be a number" in text


@pytest.mark.parametrize(
    "configs",
    [
        {"retrieval_model": "single"},
        {"datasets": {"datasets": []}, "retrieval_model": "multiple", "top_k": 4},
        {"datasets": {"datasets": [{"dataset": {"enabled": False, "id": "d1"}}, {"dataset": {"id": "d2"}}, {}]}},
        {"datasets": {}},
        {"datasets": []},
        {"datasets": None},
        {},
        None,
    ],
)
def test_knowledge_that_is_off_is_no_hindrance(configs: object) -> None:
    assert not findings(sample(dataset_configs=configs), "refused")


@pytest.mark.parametrize("name", ["more_like_this"])
def test_a_feature_that_has_no_effect_yet_says_so_with_its_line(name: str) -> None:
    source = sample(**{name: {"enabled": True}})
    assert [(f.what, f.line) for f in findings(source, "approximated")] == [(name, line_of(source, name))]
    offs: list[Any] = [{"enabled": False}, {"enabled": None}, {}, [], None]
    for off in offs:
        assert not findings(sample(**{name: off}), "approximated")
    assert f"{name}: must be a mapping" in refusals(sample(**{name: True}))
    assert f"{name}.enabled: must be `true` or `false`" in refusals(sample(**{name: {"enabled": "true"}}))


def test_annotations_answer_as_the_file_says() -> None:
    model = {"embedding_provider_name": "langgenius/openai/openai", "embedding_model_name": "small"}
    said = {"id": "x", "enabled": True, "score_threshold": 0.85, "embedding_model": model}
    assert app(annotation_reply=said).features.annotations == ReplySetting(0.85, ModelName(*model.values()))
    assert "annotation_reply" in [found.what for found in findings(sample(annotation_reply=said), "supported")]
    assert app(annotation_reply={"enabled": True}).features.annotations == ReplySetting(1.0, ModelName())
    offs: list[Any] = [{**said, "enabled": False}, {}, [], None]
    for off in offs:
        assert app(annotation_reply=off).features.annotations is None
    assert "annotation_reply: must be a mapping" in refusals(sample(annotation_reply=True))
    assert "score_threshold: must be a number" in refusals(sample(annotation_reply=said | {"score_threshold": "x"}))


def test_a_part_that_nobody_knows_is_ignored_and_said_so() -> None:
    source = sample(telepathy={"enabled": True})
    assert [f.line for f in findings(source, "approximated")] == [line_of(source, "telepathy")]


def test_features_are_what_the_file_says_and_raw_as_it_says_it() -> None:
    written: dict[str, object] = {
        "opening_statement": "こんにちは、{{name}}さん",
        "suggested_questions": ["何ができますか", ""],
        "suggested_questions_after_answer": {"enabled": True, "model": None},
        "speech_to_text": {"enabled": True},
        "text_to_speech": {"enabled": True, "voice": "alloy", "language": "ja-JP", "autoPlay": "enabled"},
        "retriever_resource": {"enabled": False},
        "more_like_this": {"enabled": True},
        "file_upload": {"image": {"enabled": True, "number_limits": 2, "transfer_methods": ["local_file"]}},
    }
    features = app(**written).features
    assert features.raw == written
    assert features.opening_statement == "こんにちは、{{name}}さん"
    assert features.suggested_questions == ("何ができますか", "")
    assert features.suggestions == Suggestions()
    assert features.citations is False
    assert features.speech_to_text is True
    assert features.more_like_this is True
    assert features.speech == Speech(enabled=True, voice="alloy", language="ja-JP", autoplay=True)


def test_features_that_are_not_written_have_the_defaults_of_the_format() -> None:
    assert app().features == Features(files=FileRules())
    assert app().features.citations is True


OLD: dict[str, Any] = {"enabled": True, "detail": "low", "number_limits": 2, "transfer_methods": ["local_file"]}
NEW: dict[str, Any] = {
    "enabled": True,
    "allowed_file_types": ["image", "document"],
    "allowed_file_extensions": [".PDF", "md"],
    "allowed_file_upload_methods": ["remote_url", "tool_file"],
    "number_limits": 5,
    "image": {"enabled": False, "detail": "high", "number_limits": 3, "transfer_methods": ["local_file"]},
}
BOTH: tuple[FileType, ...] = ("image", "document")


@pytest.mark.parametrize(
    ("upload", "rules"),
    [
        ({"image": OLD}, FileRules(True, ("image",), (), ("local_file",), 2, "low")),
        ({"image": {"enabled": True}}, FileRules(True, ("image",), (), ("remote_url", "local_file"), 3, "high")),
        ({"image": OLD, "enabled": None}, FileRules(True, ("image",), (), ("local_file",), 2, "low")),
        ({"image": OLD | {"enabled": False}}, FileRules(False, ("image",), (), ("local_file",), 2, "low")),
        (NEW, FileRules(True, BOTH, (".pdf", ".md"), ("remote_url",), 5, "high")),
        (NEW | {"enabled": False, "image": OLD}, FileRules(False, BOTH, (".pdf", ".md"), ("remote_url",), 5, "low")),
        (
            NEW | {"allowed_file_types": ["image"]},
            FileRules(True, ("image",), (".pdf", ".md"), ("local_file",), 5, "high"),
        ),
        ({"enabled": True, "image": OLD, "number_limits": 0}, FileRules(True, (), (), ("local_file",), 3, "low")),
        ({"enabled": True, "number_limits": -4}, FileRules(True, (), (), ("remote_url", "local_file"), 3, "high")),
        ({}, FileRules()),
        ([], FileRules()),
        (None, FileRules()),
    ],
)  # fmt: skip
def test_file_uploads_old_and_new(upload: object, rules: FileRules) -> None:
    assert app(file_upload=upload).features.files == rules


def test_files_that_the_model_will_not_see_and_words_that_nobody_knows_are_said() -> None:
    assert "the images" in findings(sample(file_upload=NEW), "approximated")[0].advice
    assert not findings(sample(file_upload={"image": OLD}), "approximated")
    odd = findings(sample(file_upload={"enabled": True, "allowed_file_types": ["smell"]}), "approximated")
    assert odd[0].what == "file types smell"
    odd = findings(sample(file_upload={"image": OLD | {"transfer_methods": ["pigeon"]}}), "approximated")
    assert odd[0].what == "transfer methods pigeon"
