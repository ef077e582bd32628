"""The steps of an agent, in words that whoever runs one retells: an app, or a node of a graph.

A step is one exchange with the model, and the tools that it asks for. Knows no wire, no tool, and not how a model asks.
"""

from msgspec import Struct

from parlour.domain.app import Model
from parlour.domain.events import ModelCalled, ModelFinished
from parlour.domain.problems import InvalidParam
from parlour.ports.models import Line, ToolCall
from parlour.ports.tools import Caller, Made, Offer


class Agent(Struct, frozen=True):
    """A model, what it is asked, and what it may use."""

    model: Model
    lines: tuple[Line, ...]
    """The prompt, up to and with the question."""
    offers: tuple[Offer, ...]
    rounds: int
    """How many steps may use tools; one more may only answer."""
    caller: Caller
    scaffold: str = ""
    """An instruction on how to ask for a tool in plain text, in place of the usual one."""

    def offer(self, name: str) -> Offer | None:
        return next((offer for offer in self.offers if offer.tool.name == name), None)


class Began(Struct, frozen=True):
    """A step begins: the model says its first word."""

    position: int
    """From 1."""


class Spoke(Struct, frozen=True, gc=False):
    """A piece of what the model says to its user."""

    text: str


class Chose(Struct, frozen=True):
    """The model has said all of a step; without calls it is the last one."""

    text: str
    """The whole text of the step."""
    calls: tuple[ToolCall, ...] = ()
    sealed: tuple[str, ...] = ()
    """Its thoughts, for its provider alone."""
    final: str = ""
    """What of the text is its answer, where it tells that apart."""


class Used(Struct, frozen=True):
    """A tool that a step asked for, and what came of it."""

    call: ToolCall
    text: str
    """For the model; of a failure, what went wrong."""
    files: tuple[Made, ...] = ()
    data: tuple[object, ...] = ()
    failed: bool = False
    seconds: float = 0.0


class Observed(Struct, frozen=True):
    """All tools of the step have answered, in the order in which they were asked for."""

    used: tuple[Used, ...]


Move = ModelCalled | ModelFinished | Began | Spoke | Chose | Observed


def exhausted(rounds: int) -> InvalidParam:
    return InvalidParam(
        f"The agent has used its tools in {rounds} rounds, the most that the app allows (max_iteration), and still asks"
        " for one. Ask for less at a time, or raise max_iteration."
    )
