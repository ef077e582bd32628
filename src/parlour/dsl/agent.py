"""The `agent_mode` of an easy app: its tools, and how often it may use them (dsl.md 7 and 8.4).

Does not know which tools are here, nor how a model is asked for one.
"""

from typing import Literal

from msgspec import Struct

from parlour.domain.app import ToolUse
from parlour.dsl.part import Part

STRATEGIES = {"function_call", "react", "cot"}
"""Those of agents. Others route questions to datasets, or are older than these words."""
TOOL_KEYS = 4
"""A tool of an agent has at least as many keys; older maps of one key were another thing."""
USUAL_ROUNDS, MOST_ROUNDS = 10, 99


class Agent(Struct, frozen=True):
    """What makes an agent of an app."""

    tools: tuple[ToolUse, ...] = ()
    lines: tuple[int, ...] = ()
    """Where each of them stands."""
    rounds: int = USUAL_ROUNDS
    scaffold: str = ""


def agent(written: Part, mode: Literal["chat", "agent-chat", "completion"]) -> Agent | None:
    """The agent that an app is; None for one that is none.

    A chat app with an agent's strategy runs as one, whatever its mode says (contract 2.7).
    """
    tools = list(written.parts("tools"))
    strategy = written.text("strategy")
    if mode == "completion" or (mode == "chat" and not (written.flag("enabled") and strategy in STRATEGIES)):
        if mode == "chat" and tools and written.flag("enabled"):
            written.approximated("agent tools", "are not used: the app has no agent strategy", "tools")
        return None
    used = [tool for tool in tools if len(tool.value) >= TOOL_KEYS and tool.flag("enabled")]
    for tool in tools:
        if len(tool.value) < TOOL_KEYS and list(tool.value) != ["dataset"]:
            written.approximated(f"tool {', '.join(tool.value)}", "is written in a way given up long ago: ignored")
    rounds = written.whole("max_iteration", USUAL_ROUNDS)
    if not 1 <= rounds <= MOST_ROUNDS:
        written.approximated("max_iteration", f"is taken as within 1 and {MOST_ROUNDS}", "max_iteration")
    return Agent(
        tuple(_use(tool) for tool in used),
        tuple(tool.line() for tool in used),
        min(max(rounds, 1), MOST_ROUNDS),
        written.part("prompt").text("first_prompt"),
    )


def _use(tool: Part) -> ToolUse:
    """A tool is known by its provider's name, or where it has none, by its id; both may be paths."""
    name = tool.text("tool_name")
    if not name:
        tool.refused(tool.name("tool_name"), "is missing: which tool of its provider is meant?")
    settings = tool.part("tool_parameters").value
    return ToolUse.of(
        tool.text("provider_name"),
        tool.text("provider_id"),
        name,
        kind=tool.text("provider_type") or "builtin",
        label=tool.text("tool_label"),
        settings={key: value for key, value in settings.items() if value is not None and value != ""},
    )
