"""Which tool a question is for, told by likeness: the built-in model is too small to tell by itself.

A question is held against examples of questions, and against what each tool says of itself; the nearest wins. Knows
no tool but by its name.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

from msgspec import Struct

from parlour.domain.dataset import ModelName
from parlour.domain.vectors import likeness
from parlour.ports.models import Tool

BUILT_IN = ModelName("local", "multilingual-e5-small")
LONGEST = 1000
"""Characters of a question."""


class Example(Struct, frozen=True):
    """A question, and what the tool is given for it."""

    question: str
    arguments: dict[str, object] = {}


EXAMPLES: dict[str, tuple[Example, ...]] = {
    "current_time": tuple(map(Example, ("What time is it?", "What is today's date?", "Which day is it today?"))),
    "eval_expression": (
        Example("What is 12 * 3?", {"expression": "12 * 3"}),
        Example("How much is 100 minus 58?", {"expression": "100 - 58"}),
        Example("Calculate (2 + 5) * 4", {"expression": "(2 + 5) * 4"}),
        Example("What is the square root of 81?", {"expression": "sqrt(81)"}),
    ),
}
CHAT = (
    *("Hello, how are you?", "Thank you!", "What can you do?", "Write a poem about the sea.", "Tell me about dogs."),
    *("What is the capital of Spain?", "Who wrote Hamlet?", "Why is the sky blue?", "What is friendship?"),
    *("How old is the moon?", "How heavy is a horse?", "When was Mozart born?"),
)
"""Questions that no tool is for."""


class Vectors(Protocol):
    async def embed(
        self, model: ModelName, texts: Sequence[str], of: Literal["query", "passage"]
    ) -> tuple[bytes, ...]: ...


class Chooser:
    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self._known: dict[str, bytes] = {}
        """Of what does not change: the examples, and what tools say of themselves."""

    async def choose(self, question: str, tools: Sequence[Tool]) -> Tool | None:
        """The tool that a question is for; None for none.

        Raises:
            ProviderNotInitialized: the model that compares texts is not installed.
        """
        of_tools = [(text, tool) for tool in tools for text in texts(tool)]
        known = await self._learnt([*(text for text, _ in of_tools), *CHAT])
        [asked] = await self._vectors.embed(BUILT_IN, [question[:LONGEST]], "query")
        nearest = max(likeness(asked, known[text]) for text in CHAT)
        chosen = None
        for text, tool in of_tools:
            if (found := likeness(asked, known[text])) > nearest:
                nearest, chosen = found, tool
        return chosen

    async def _learnt(self, wanted: Sequence[str]) -> dict[str, bytes]:
        new = [text for text in dict.fromkeys(wanted) if text not in self._known]
        vectors = await self._vectors.embed(BUILT_IN, new, "query")  # both sides alike, as its makers say
        self._known |= dict(zip(new, vectors, strict=True))
        return self._known


def texts(tool: Tool) -> tuple[str, ...]:
    return (
        f"{tool.name.replace('_', ' ')}: {tool.description}"[:LONGEST],
        *(one.question for one in EXAMPLES.get(tool.name, ())),
    )
