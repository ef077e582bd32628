"""Nodes that ask a model, tried by themselves: what they ask, what they say, how they end."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import msgspec
from anyio import fail_after

from parlour.domain.app import Card, ChatflowApp, Features, Model
from parlour.domain.events import AnyEvent
from parlour.domain.files import File, FileRules
from parlour.domain.graph import Graph, Node
from parlour.domain.ids import Ids
from parlour.domain.message import Owner
from parlour.domain.problems import FileNotFound
from parlour.domain.turn import Ask, Exchange, Turn
from parlour.domain.usage import Price
from parlour.flow.node import Chunk, Course, Heard, Result, Round, Scope
from parlour.flow.nodes import NODES
from parlour.flow.pool import Pool
from parlour.ports import Ports
from parlour.ports.models import Call, Said
from parlour.providers.scripted import Scripted
from tests.flow.node_samples import Values
from tests.houses import GPT, OnePrice, Words, rules

MODEL: dict[str, Any] = {"provider": "openai", "name": "gpt-4o-mini", "mode": "chat", "completion_params": {}}
PICTURE = File("image", "remote_url", "a.png", ".png", "image/png", url="http://pictures.test/a.png")
LETTER = File("document", "local_file", "a.pdf", ".pdf", "application/pdf", related_id="letter")


Past = tuple[str, str] | Exchange
"""A query and its answer; or with the files that came with it."""


class Listening:
    """A scripted model, and what it was asked."""

    def __init__(self, model: Scripted) -> None:
        self._model = model
        self.calls: list[Call] = []

    def check(self, model: Model) -> None:
        self._model.check(model)

    def context(self, model: Model) -> int | None:
        return self._model.context(model)

    def uses_tools(self, model: Model) -> bool:
        return self._model.uses_tools(model)

    def stream(self, call: Call) -> AsyncGenerator[Said, None]:
        self.calls.append(call)
        return self._model.stream(call)


class Drawer:
    """The files of one owner, by the id of their upload."""

    def __init__(self, owner: Owner, **files: bytes) -> None:
        self._owner = owner
        self._files = files

    async def read(self, owner: Owner, file: File, most: int, app: str = "") -> bytes:
        del app
        data = self._files.get(file.related_id) if owner == self._owner else None
        if data is None or len(data) > most:
            raise FileNotFound
        return data

    async def keep(self, owner: Owner, name: str, mime_type: str, data: bytes) -> File:
        raise AssertionError((owner, name, mime_type, data))


class Answered(msgspec.Struct):
    """How a node went."""

    result: Result
    said: list[AnyEvent | Chunk]
    calls: list[Call]
    scope: Scope

    @property
    def outputs(self) -> dict[str, object]:
        return self.result.outputs

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What the model was asked in its last call."""
        return [(line.role, line.text) for line in self.calls[-1].lines]

    @property
    def streamed(self) -> list[str]:
        return [item.text for item in self.said if isinstance(item, Chunk)]


async def _nothing(pool: Pool, round_: Round) -> AsyncGenerator[Heard | Result, None]:
    raise AssertionError((pool, round_))
    yield Result({})


def scope_for(
    made: Node, values: Values, model: Listening, *, history: Sequence[Past] = (), price: Price = GPT
) -> Scope:
    features = Features(files=FileRules(enabled=True, image_detail="low"))
    app = ChatflowApp(Card("a", "a", "v"), Graph((made,), ()), features=features)
    past = tuple(said if isinstance(said, Exchange) else Exchange(*said) for said in history)
    turn = Turn(app, Ids("task", "message", "conversation", 0), Ask("hi", "ada", {}), past)
    given: dict[str, Any] = dict.fromkeys(Ports.__struct_fields__)
    times = iter(range(1, 1000))
    given |= {"models": model, "tokens": Words(), "prices": OnePrice(price), "now": lambda: float(next(times))}
    given["files"] = Drawer(Owner("a", "ada"), picture=b"png")
    return Scope(made, Pool(values), Course(turn, Ports(**given)), "execution", _nothing)


async def ask(
    kind: str,
    data: dict[str, object],
    *script: dict[str, Any],
    values: Values | None = None,
    history: Sequence[Past] = (),
    model: Scripted | None = None,
) -> Answered:
    """Run one node on these values; `data` is added to its model. Raises what it raises."""
    made = Node("n", kind, "Title", {"model": MODEL, **data})
    listening = Listening(model or rules(*script))
    scope = scope_for(made, values or {"sys": {"query": "hi"}}, listening, history=history)
    return await ended(made, scope, listening)


async def ended(made: Node, scope: Scope, listening: Listening) -> Answered:
    row = NODES[made.type]
    said: list[AnyEvent | Chunk] = []
    results: list[Result] = []
    with fail_after(5):
        async with aclosing(row.run(msgspec.convert(made.data, row.config, strict=False), scope)) as items:
            async for item in items:
                assert not results, "nothing comes after the result"
                if isinstance(item, Result):
                    results.append(item)
                else:
                    assert item is not None
                    said.append(item)  # pyright: ignore[reportArgumentType]
    (result,) = results
    return Answered(result, said, listening.calls, scope)


def said(role: str, text: str, **more: object) -> dict[str, object]:
    return {"role": role, "text": text, **more}


async def llm(*messages: dict[str, object], script: dict[str, Any] | None = None, **more: Any) -> Answered:
    values, history, model = more.pop("values", None), more.pop("history", ()), more.pop("model", None)
    model_data: dict[str, object] = MODEL | more.pop("model_data", {})
    data: dict[str, Any] = {"model": model_data, "prompt_template": list(messages) or [said("user", "Hello")], **more}
    return await ask("llm", data, script or {"say": ["Fine"]}, values=values, history=history, model=model)
