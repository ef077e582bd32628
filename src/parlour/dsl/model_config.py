"""The `model_config` of chats, agents and completion apps (dsl.md 7). Does not know who the app is, nor who runs it."""

from typing import Literal

from msgspec import Struct

from parlour.domain.app import AnyPrompt, Features, Field, Lookup, Model
from parlour.dsl.agent import Agent, agent
from parlour.dsl.features import NAMES, features
from parlour.dsl.form import fields
from parlour.dsl.knowledge import lookup
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
MAX_STOPS = 4


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
    model = config.part("model")
    provider, name = model.text("provider"), model.text("name")
    if not provider or not name:
        model.refused(model.name(), "must have a `provider` and a `name`, such as openai and gpt-4o-mini")
    elif mode := model.text("mode"):
        model.supported(f"model {provider}/{name} ({mode})")
    else:
        model.supported(f"model {provider}/{name}")
    parameters = model.part("completion_params")
    return Model(
        provider=provider,
        name=name,
        mode="completion" if model.choice("mode", ("chat", "completion")) == "completion" else "chat",
        parameters={key: value for key, value in parameters.value.items() if key != "stop" and value is not None},
        stop=_stops(parameters),
    )


def _stops(parameters: Part) -> tuple[str, ...]:
    """Stop words go apart; a single one may stand without a list."""
    single = parameters.value.get("stop")
    stops = (single,) if isinstance(single, str) else parameters.texts("stop")
    if len(stops) > MAX_STOPS:
        parameters.approximated("stop", f"the first {MAX_STOPS} stop words count, as in Dify", "stop")
    return tuple(stop for stop in stops if stop)[:MAX_STOPS]
