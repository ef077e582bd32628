"""What surrounds an answer: greeting, follow-ups, citations, files, voice. Does not know who serves it (dsl.md 5)."""

from parlour.domain.annotation import ReplySetting
from parlour.domain.app import Features, Speech, Suggestions
from parlour.domain.dataset import ModelName
from parlour.dsl.moderation import moderation
from parlour.dsl.named_model import named_model
from parlour.dsl.part import Part
from parlour.dsl.uploads import app_rules
from parlour.dsl.yaml import Value

NAMES = (
    "opening_statement",
    "suggested_questions",
    "suggested_questions_after_answer",
    "speech_to_text",
    "text_to_speech",
    "retriever_resource",
    "sensitive_word_avoidance",
    "annotation_reply",
    "more_like_this",
    "file_upload",
)
IGNORED = {
    "more_like_this": "clients are told, and ask again by themselves: the API has no route of its own for it",
}
"""What is read, and has no effect for now."""
SERVED = ("suggested_questions_after_answer", "speech_to_text", "text_to_speech")


def features(config: Part, written: dict[str, Value], *, graph: bool = False, conversing: bool = True) -> Features:
    """Of an easy app they stand beside its model, of a graph apart. `written`: the same before any upgrade."""
    enabled = {name: config.part(name).flag("enabled") for name in (*IGNORED, *SERVED)}
    for name, advice in IGNORED.items():
        if enabled[name]:
            config.approximated(name, advice, name)
    for name in SERVED:
        if enabled[name]:
            config.supported(name, name)
    opening = config.text("opening_statement")
    if opening:
        config.supported("opening_statement", "opening_statement")
    speech = config.part("text_to_speech")
    return Features(
        opening_statement=opening,
        suggested_questions=config.texts("suggested_questions"),
        suggestions=_suggestions(config.part("suggested_questions_after_answer")),
        citations=config.part("retriever_resource").flag("enabled", default=True),
        speech_to_text=enabled["speech_to_text"],
        speech=Speech(
            enabled=enabled["text_to_speech"],
            voice=speech.text("voice"),
            language=speech.text("language"),
            autoplay=speech.text("autoPlay") == "enabled",
        ),
        more_like_this=enabled["more_like_this"],
        annotations=_annotations(config.part("annotation_reply")) if conversing and not graph else None,
        moderation=moderation(config, conversing=conversing),
        files=app_rules(config.part("file_upload"), graph=graph),
        raw={name: written[name] for name in NAMES if name in written},
    )


def _suggestions(said: Part) -> Suggestions | None:
    """Newer exports may name a model for it, and what that is told."""
    if not said.flag("enabled"):
        return None
    model = named_model(said.part("model"))
    return Suggestions(model if model.provider and model.name else None, said.text("prompt").strip())


def _annotations(said: Part) -> ReplySetting | None:
    """The original exports it and does not take it back (dsl.md 5): here a file is all that an app has."""
    if not said.flag("enabled"):
        return None
    model = said.part("embedding_model")
    named = ModelName(model.text("embedding_provider_name"), model.text("embedding_model_name"))
    said.supported("annotation_reply")
    return ReplySetting(said.number("score_threshold", 0.0) or 1.0, named)
