"""The `model_config` of chat and completion apps (dsl.md 7). Does not know who the app is, nor who runs it."""

from typing import Literal

from msgspec import Struct

from parlour.domain.app import AnyPrompt, Features, Field, Model
from parlour.dsl.features import NAMES, features
from parlour.dsl.form import fields
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
STRATEGIES = {"function_call", "react", "cot"}
MAX_STOPS = 4
TOOL_KEYS = 4
"""A tool of an agent has at least as many keys; older maps of one key were another thing."""


class Body(Struct, frozen=True):
    """What an easy app does."""

    model: Model
    prompt: AnyPrompt
    form: tuple[Field, ...]
    features: Features


def body(config: Part, written: dict[str, Value], mode: Literal["chat", "completion"]) -> Body:
    """Everything under `model_config`. `written`: the same before any upgrade."""
    model = _model(config)
    _check_agent(config.part("agent_mode"), mode)
    _check_knowledge(config.part("dataset_configs"))
    if unknown := sorted(set(config.value) - KNOWN):
        config.approximated(", ".join(unknown[:5]), "not known here, and ignored", unknown[0])
    return Body(model, prompt(config, model.mode), fields(config), features(config, written))


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


def _check_agent(agent: Part, mode: Literal["chat", "completion"]) -> None:
    """A chat app with an agent's strategy runs as one, whatever its mode says; without tools it is a chat."""
    tools = list(agent.parts("tools"))
    for at, tool in enumerate(tools):
        if list(tool.value) == ["dataset"] and tool.part("dataset").flag("enabled"):
            _refuse_knowledge(agent, "tools", at)  # where the oldest files listed it
    if not agent.flag("enabled") or mode == "completion":
        return
    usable = sum(len(tool.value) >= TOOL_KEYS and tool.flag("enabled") for tool in tools)
    strategy = agent.text("strategy")
    if strategy in STRATEGIES and usable:
        agent.refused(f"agent ({strategy}, tools: {usable})", "agents are not served yet; turn `enabled` off to chat")
    elif strategy in STRATEGIES:
        agent.approximated(f"agent ({strategy})", "has no tools, and is served as a plain chat")
    elif tools:
        agent.approximated("agent tools", "are not used: the app has no agent strategy", "tools")


def _check_knowledge(configs: Part) -> None:
    datasets = configs.part("datasets")
    for at, entry in enumerate(datasets.parts("datasets")):
        if entry.part("dataset").flag("enabled"):
            _refuse_knowledge(datasets, "datasets", at)


def _refuse_knowledge(where: Part, *keys: str | int) -> None:
    where.refused("dataset", "knowledge is not served yet; set its `enabled` to false to go without", *keys)
