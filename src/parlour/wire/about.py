"""What an app says of itself and to its user: /info, /parameters, /meta, /site (contract 5.8), suggestions (5.2).

Every key is always there. Does not know who asks. What stands in a file for the server alone (what a moderation looks
for, the settings of an external tool) is not told: clients get by without it.
"""

from typing import Literal

from msgspec import Struct, field

from parlour.domain.app import AgentApp, App, ChatflowApp, Field, WorkflowApp
from parlour.domain.files import FileRules, FileType, TransferMethod
from parlour.domain.graph import Node
from parlour.wire.encode import encode

TEXTS = {"text-input", "paragraph", "select"}
COUNTED = {"text-input", "paragraph", "file-list"}
"""Kinds that have a `max_length`."""
TOOL_ICON = {"background": "#252525", "content": "\U0001f527"}
WITHHELD = {"config"}
"""Members of a form's field that are the server's own."""


class Info(Struct):
    """Who the app is."""

    name: str
    description: str
    tags: tuple[str, ...]
    mode: str
    author_name: str


class ToolIcons(Struct):
    """Icons of the tools that the app uses, by name: an address, or `{background, content}`."""

    tool_icons: dict[str, object]


class Site(Struct):
    """How a web page that shows the app should look."""

    title: str
    icon_type: str
    icon: str
    icon_background: str
    icon_url: str | None
    description: str
    use_icon_as_answer_icon: bool
    chat_color_theme: str = ""
    chat_color_theme_inverted: bool = False
    copyright: str = ""
    privacy_policy: str = ""
    input_placeholder: str | None = None
    custom_disclaimer: str = ""
    default_language: str = "en-US"
    show_workflow_steps: bool = True


class Switch(Struct):
    """Whether a feature is on."""

    enabled: bool


class SpeechSettings(Struct):
    """Text to speech. `autoPlay` is `enabled` or `disabled`."""

    enabled: bool
    voice: str
    language: str
    auto_play: str = field(name="autoPlay")


class Moderation(Struct):
    """Whether words are moderated, and by what kind of check; what it looks for is not told."""

    enabled: bool
    type: str
    configs: tuple[object, ...] = ()


class ImageUpload(Struct):
    """Images, as older clients ask for them."""

    enabled: bool
    number_limits: int
    detail: str
    transfer_methods: tuple[TransferMethod, ...]


class FileUpload(Struct):
    """Which files may come with a message."""

    image: ImageUpload
    enabled: bool
    allowed_file_types: tuple[FileType, ...]
    allowed_file_extensions: tuple[str, ...]
    allowed_file_upload_methods: tuple[TransferMethod, ...]
    number_limits: int


class SystemParameters(Struct):
    """Limits of the server: sizes in MB, and how many files a workflow takes."""

    file_size_limit: int = 15
    image_file_size_limit: int = 10
    audio_file_size_limit: int = 50
    video_file_size_limit: int = 100
    workflow_file_upload_limit: int = 10


class Parameters(Struct):
    """What a client needs to draw the app: greeting, features, form, limits."""

    opening_statement: str
    suggested_questions: tuple[str, ...]
    suggested_questions_after_answer: Switch
    speech_to_text: Switch
    text_to_speech: SpeechSettings
    retriever_resource: Switch
    annotation_reply: Switch
    more_like_this: Switch
    user_input_form: tuple[dict[str, dict[str, object]], ...]
    """Objects of one key, the kind of field: `{"text-input": {label, variable, required, default, …}}`."""
    sensitive_word_avoidance: Moderation
    file_upload: FileUpload
    system_parameters: SystemParameters


class Suggested(Struct):
    """What the user may want to ask next; empty where no model has an idea."""

    result: Literal["success"]
    data: tuple[str, ...]


def suggested(questions: tuple[str, ...]) -> bytes:
    """Contract 5.2."""
    return encode(Suggested("success", questions))


def info(app: App) -> bytes:
    """An exported file names neither tags nor an author."""
    return encode(Info(app.card.title, app.card.description, (), app.mode, ""))


def meta(app: App) -> bytes:
    """Each tool has the same icon: a file names none."""
    names = [tool.name for tool in app.tools] if isinstance(app, AgentApp) else []
    if isinstance(app, ChatflowApp | WorkflowApp):
        names += [str(node.data["tool_name"]) for node in app.graph.nodes if node.type == "tool" and named(node)]
    return encode(ToolIcons(dict.fromkeys(names, TOOL_ICON)))


def named(node: Node) -> bool:
    return bool(node.data.get("tool_name"))


def site(app: App) -> bytes:
    """The card, and for what an exported file does not hold, what a new app starts with."""
    card = app.card
    return encode(
        Site(
            title=card.title,
            icon_type=card.icon_type,
            icon=card.icon,
            icon_background=card.icon_background,
            icon_url=card.icon if card.icon.startswith(("https://", "http://")) else None,
            description=card.description,
            use_icon_as_answer_icon=card.icon_on_answers,
        )
    )


def parameters(app: App, *, annotated: bool) -> bytes:
    """`annotated`: whether its annotations answer, which is no part of a version of it (dsl.md 5)."""
    features = app.features
    speech = features.speech
    return encode(
        Parameters(
            opening_statement=features.opening_statement,
            suggested_questions=features.suggested_questions,
            suggested_questions_after_answer=Switch(features.suggestions is not None),
            speech_to_text=Switch(features.speech_to_text),
            text_to_speech=SpeechSettings(
                speech.enabled, speech.voice, speech.language, "enabled" if speech.autoplay else "disabled"
            ),
            retriever_resource=Switch(features.citations),
            annotation_reply=Switch(annotated),
            more_like_this=Switch(features.more_like_this),
            user_input_form=tuple(_field(declared) for declared in app.form),
            sensitive_word_avoidance=_moderation(features.raw.get("sensitive_word_avoidance")),
            file_upload=_uploads(features.files),
            system_parameters=SystemParameters(),
        )
    )


def _field(declared: Field) -> dict[str, dict[str, object]]:
    """As it was written, after the members that every kind has."""
    known: dict[str, object] = {
        "label": declared.label,
        "variable": declared.variable,
        "required": declared.required,
        "default": "" if declared.default is None and declared.kind in TEXTS else declared.default,
    }
    if declared.kind in COUNTED:
        known["max_length"] = declared.max_length or None
    if declared.kind == "select":
        known["options"] = declared.options
    written = {name: value for name, value in declared.raw.items() if name not in known and name not in WITHHELD}
    return {declared.kind: known | written}


def _moderation(written: object) -> Moderation:
    match written:
        case {"enabled": True, "type": str(kind)}:
            return Moderation(enabled=True, type=kind)
        case {"enabled": True}:
            return Moderation(enabled=True, type="")
        case {"type": str(kind)}:
            return Moderation(enabled=False, type=kind)
        case _:
            return Moderation(enabled=False, type="")


def _uploads(rules: FileRules) -> FileUpload:
    """What is really taken, however old the form was in which the file said it."""
    return FileUpload(
        image=ImageUpload(rules.enabled and "image" in rules.types, rules.limit, rules.image_detail, rules.methods),
        enabled=rules.enabled,
        allowed_file_types=rules.types,
        allowed_file_extensions=rules.extensions,
        allowed_file_upload_methods=rules.methods,
        number_limits=rules.limit,
    )
