"""An app: the immutable, published configuration that answers. One struct per mode, told apart by type.

Does not know the file it came from, nor the credentials of the models that it names.
"""

from typing import ClassVar, Literal

from msgspec import Struct

from parlour.domain.annotation import ReplySetting
from parlour.domain.dataset import Filter, RetrievalSettings
from parlour.domain.files import FileRules
from parlour.domain.graph import Graph, Variable

Role = Literal["system", "user", "assistant"]
FieldKind = Literal[
    "text-input", "paragraph", "select", "number", "checkbox", "file", "file-list", "json_object", "external_data_tool"
]


class Field(Struct, frozen=True):
    """One variable of an app's input form."""

    kind: FieldKind
    variable: str
    label: str = ""
    required: bool = False
    default: object = None
    max_length: int = 0
    """Characters of a text, or files of a list; 0 is no limit."""
    options: tuple[str, ...] = ()
    files: FileRules = FileRules(enabled=True)
    schema: str = ""
    """The JSON Schema that an object has to fit, as JSON; empty for none."""
    raw: dict[str, object] = {}
    """The declaration as it was written, for clients that draw the form."""


class Model(Struct, frozen=True):
    """A model as an app names it. `provider` is the last part of its provider's path (`openai`)."""

    provider: str
    name: str
    mode: Literal["chat", "completion"] = "chat"
    parameters: dict[str, object] = {}
    """Temperature and the like, as the app's author set them, without the stop words."""
    stop: tuple[str, ...] = ()


class Said(Struct, frozen=True):
    """One message of a prompt written by the app's author, with `{{variables}}` still in it."""

    role: Role
    text: str


class SimplePrompt(Struct, frozen=True, tag="simple"):
    """A single instruction; the server adds history and query around it."""

    text: str = ""


class ChatPrompt(Struct, frozen=True, tag="chat"):
    """A prompt written out message by message, for chat models."""

    said: tuple[Said, ...] = ()


class CompletionPrompt(Struct, frozen=True, tag="completion"):
    """A prompt written out as one text, for completion models."""

    text: str = ""
    user_prefix: str = "Human"
    assistant_prefix: str = "Assistant"


AnyPrompt = SimplePrompt | ChatPrompt | CompletionPrompt


class Speech(Struct, frozen=True):
    """Text to speech, as the app's author set it."""

    enabled: bool = False
    voice: str = ""
    language: str = ""
    autoplay: bool = False


class Suggestions(Struct, frozen=True):
    """What may be asked next, as the app's author wants it suggested."""

    model: Model | None = None
    """None for the app's own."""
    prompt: str = ""
    """What the model is told, in place of the usual instruction."""


ModerationKind = Literal["keywords", "openai_moderation", "api"]


class Preset(Struct, frozen=True):
    """What is said in the place of a text that is not let through; whether texts are looked at."""

    enabled: bool = False
    response: str = ""


class Moderation(Struct, frozen=True):
    """Which texts are let through, as the app's author set it."""

    kind: ModerationKind
    inputs: Preset = Preset()
    outputs: Preset = Preset()
    keywords: tuple[str, ...] = ()
    extension: str = ""
    """Of `api`: who decides, as the app names it."""


class Features(Struct, frozen=True):
    """What surrounds an answer."""

    opening_statement: str = ""
    suggested_questions: tuple[str, ...] = ()
    suggestions: Suggestions | None = None
    """None where nothing is suggested after an answer."""
    citations: bool = True
    speech_to_text: bool = False
    speech: Speech = Speech()
    more_like_this: bool = False
    annotations: ReplySetting | None = None
    """How its annotations answer, as its file has it."""
    moderation: Moderation | None = None
    """None where texts are let through as they are."""
    files: FileRules = FileRules()
    raw: dict[str, object] = {}
    """Each feature as it was written, by its name in the file, for clients that ask for the app's parameters."""


class Card(Struct, frozen=True):
    """Who an app is, apart from what it does."""

    id: str
    """A UUID that stays the same over the app's versions."""
    name: str
    """The short name that the operator uses (the file's stem, or the `id` of the configuration)."""
    version: str
    """The UUID of this content: the same file has the same one everywhere."""
    title: str = ""
    description: str = ""
    icon: str = ""
    icon_type: str = "emoji"
    icon_background: str = ""
    icon_on_answers: bool = False
    """Whether a page shows the icon beside each answer."""


class ToolUse(Struct, frozen=True):
    """A tool as an app names it. Who serves it, others know."""

    provider: str
    """The last part of its provider's path (`time`)."""
    name: str
    kind: str = "builtin"
    """Of which sort its author took it: `builtin`, `api`, `mcp`, `workflow`, …"""
    label: str = ""
    settings: dict[str, object] = {}
    """What the app's author has set for it. No model is shown it."""
    provider_id: str = ""
    """Where its provider has a name of its own, too: what the author's server knew it by."""

    @classmethod
    def of(
        cls, provider: str, id_: str, name: str, *, kind: str, label: str, settings: dict[str, object] | None = None
    ) -> "ToolUse":
        """As a file has it: a tool is known by its provider's name, or by its id; both may be paths."""
        last = [path.rstrip("/").rpartition("/")[2] for path in (provider, id_)]
        named = last[0] or last[1]
        return cls(named, name, kind, label, settings or {}, provider_id=last[1] if last[1] != named else "")

    @property
    def title(self) -> str:
        return f"{self.provider}/{self.name}"

    @property
    def named(self) -> bool:
        return bool(self.provider and self.name)


class Lookup(Struct, frozen=True):
    """The datasets in which something is looked up, and how."""

    datasets: tuple[str, ...] = ()
    """As the app's file names them."""
    multiple: bool = True
    """Whether all are asked, or the one that a model takes for the right one."""
    settings: RetrievalSettings = RetrievalSettings()
    """How what all of them found is ranked and cut, and which documents are searched."""
    filtering: Literal["disabled", "manual", "automatic"] = "disabled"
    """Who says which documents: nobody, `settings`, or a model that reads the question."""
    router: Model | None = None
    filterer: Model | None = None
    """The models that decide these; None for the app's own."""
    query_variable: str = ""
    """The input that is looked up, where it is not the query."""

    @property
    def conditions(self) -> Filter:
        """Those of `settings`, where they are switched on."""
        return self.settings.filter if self.filtering == "manual" else Filter()


class ChatApp(Struct, frozen=True, tag="chat"):
    """A conversation with one model."""

    mode: ClassVar[str] = "chat"
    card: Card
    model: Model
    prompt: AnyPrompt
    form: tuple[Field, ...] = ()
    features: Features = Features()
    lookup: Lookup | None = None


class AgentApp(Struct, frozen=True, tag="agent-chat"):
    """A conversation with a model that uses tools."""

    mode: ClassVar[str] = "agent-chat"
    card: Card
    model: Model
    prompt: AnyPrompt
    form: tuple[Field, ...] = ()
    features: Features = Features()
    lookup: Lookup | None = None
    tools: tuple[ToolUse, ...] = ()
    rounds: int = 10
    """How often it may turn to its tools before it has to answer."""
    scaffold: str = ""
    """Its author's own instruction on how to ask for a tool in plain text; empty for the usual one."""


class NewAgentApp(AgentApp, frozen=True, tag="agent"):
    """The same for clients of a newer kind, which hear it in another way."""

    mode: ClassVar[str] = "agent"


class CompletionApp(Struct, frozen=True, tag="completion"):
    """One text from one form, without a conversation."""

    mode: ClassVar[str] = "completion"
    card: Card
    model: Model
    prompt: AnyPrompt
    form: tuple[Field, ...] = ()
    features: Features = Features()
    lookup: Lookup | None = None


class ChatflowApp(Struct, frozen=True, tag="advanced-chat"):
    """A conversation in which each turn runs a graph."""

    mode: ClassVar[str] = "advanced-chat"
    card: Card
    graph: Graph
    model: Model | None = None
    """The first model of the graph: it names conversations and suggests questions; None where there is none."""
    form: tuple[Field, ...] = ()
    features: Features = Features()
    environment: tuple[Variable, ...] = ()
    variables: tuple[Variable, ...] = ()
    """Those of a conversation, as they are when it begins."""


class WorkflowApp(Struct, frozen=True, tag="workflow"):
    """One run of a graph from one form, without a conversation."""

    mode: ClassVar[str] = "workflow"
    card: Card
    graph: Graph
    model: Model | None = None
    form: tuple[Field, ...] = ()
    features: Features = Features()
    environment: tuple[Variable, ...] = ()


EasyApp = ChatApp | AgentApp | CompletionApp
"""One prompt, one model."""
FlowApp = ChatflowApp | WorkflowApp
"""A graph of nodes."""
App = EasyApp | FlowApp
