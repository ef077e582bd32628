"""The `model_config` of chats, agents and completion apps (dsl.md 7). Does not know who the app is, nor who runs it."""

from typing import Literal

from msgspec import Struct

from parlour.domain.app import AnyPrompt, Features, Field, Lookup, Model
from parlour.dsl.agent import Agent, agent
from parlour.dsl.features import NAMES, features
from parlour.dsl.form import fields
from parlour.dsl.knowledge import lookup
from parlour.dsl.named_model import named_model
from parlour.dsl.part import Part
from parlour.dsl.prompts import prompt
from parlour.dsl.yaml import Value

KNOWN = {
    *NAMES,
    "model",
    "user_input_form",
    "pre_prompt",
    "prompt_type",
    "chat_prompt_config",
    "completion_prompt_config",
    "agent_mode",
    "dataset_configs",
    "dataset_query_variable",
    "external_data_tools",
}


class Body(Struct, frozen=True):
    """What an easy app does."""

    model: Model
    prompt: AnyPrompt
    form: tuple[Field, ...]
    features: Features
    agent: Agent | None
    """Of one that uses tools."""
    lookup: Lookup | None = None


def body(config: Part, written: dict[str, Value], mode: Literal["chat", "agent-chat", "completion"]) -> Body:
    """Everything under `model_config`. `written`: the same before any upgrade."""
    model = _model(config)
    found = agent(config.part("agent_mode"), mode)
    known = lookup(config)
    if unknown := sorted(set(config.value) - KNOWN):
        config.approximated(", ".join(unknown[:5]), "not known here, and ignored", unknown[0])
    return Body(model, prompt(config, model.mode), fields(config), features(config, written), found, known)


def _model(config: Part) -> Model:
    said = config.part("model")
    model = named_model(said)
    if not model.provider or not model.name:
        said.refused(said.name(), "must have a `provider` and a `name`, such as openai and gpt-4o-mini")
    elif mode := said.text("mode"):
        said.supported(f"model {model.provider}/{model.name} ({mode})")
    else:
        said.supported(f"model {model.provider}/{model.name}")
    return model
