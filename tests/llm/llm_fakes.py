"""Small honest stand-ins for a model's port and a tokenizer, and turns to try them with."""

from collections.abc import AsyncGenerator, Sequence

from msgspec import Struct

from parlour.domain.app import AnyPrompt, Card, ChatApp, CompletionApp, EasyApp, Model, SimplePrompt
from parlour.domain.ids import Ids
from parlour.domain.turn import Ask, Exchange, Turn
from parlour.llm.prompt import compose
from parlour.ports.models import Call, Image, Said, Text

CARD = Card(id="a", name="a", version="v")
IDS = Ids("task", "message", "conversation", 0)
MODEL = Model("openai", "gpt-4o-mini")
OLD_MODEL = Model("openai", "davinci", "completion", stop=("END",))


class Room(Struct):
    """Models that all hold as much."""

    size: int | None = None

    def check(self, model: Model) -> None: ...

    def context(self, model: Model) -> int | None:  # noqa: ARG002 -- the port's
        return self.size

    def uses_tools(self, model: Model) -> bool:  # noqa: ARG002 -- the port's
        return True

    async def stream(self, call: Call) -> AsyncGenerator[Said, None]:
        yield Text(call.lines[-1].text)


class Words(Struct):
    """A tokenizer of which each word is a token, and what it was asked."""

    asked: list[str] = []

    async def count(self, model: Model, texts: Sequence[str]) -> int:  # noqa: ARG002 -- the port's
        self.asked.extend(texts)
        return sum(len(text.split()) for text in texts)


def chat(prompt: AnyPrompt | str = "", model: Model = MODEL) -> ChatApp:
    return ChatApp(CARD, model, SimplePrompt(prompt) if isinstance(prompt, str) else prompt)


def completion(prompt: AnyPrompt | str = "", model: Model = MODEL) -> CompletionApp:
    return CompletionApp(CARD, model, SimplePrompt(prompt) if isinstance(prompt, str) else prompt)


def turn(
    app: EasyApp, query: str = "", inputs: dict[str, object] | None = None, *past: tuple[str, str]
) -> Turn[EasyApp]:
    history = tuple(Exchange(question, answer) for question, answer in past)
    return Turn(app, IDS, Ask(query, "user", inputs or {}), history)


async def composed(
    turn: Turn[EasyApp],
    *,
    room: int | None = None,
    context: str = "",
    images: tuple[Image, ...] = (),
    words: Words | None = None,
) -> Call:
    return await compose(turn, images=images, models=Room(room), tokens=words or Words(), context=context)


def spoken(call: Call) -> list[tuple[str, str]]:
    return [(line.role, line.text) for line in call.lines]
