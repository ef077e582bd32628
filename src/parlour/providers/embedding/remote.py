"""Embeddings and ranks over the network: `/embeddings` as OpenAI has it, `/rerank` as Jina and Cohere have it.

Does not know datasets, nor which model an app meant.
"""

from collections.abc import Iterator, Sequence
from contextlib import aclosing
from typing import Literal, TypeVar

import msgspec
from aiohttp import ClientSession
from msgspec import Struct

from parlour.domain.dataset import ModelName
from parlour.domain.problems import CompletionRequestFailed
from parlour.domain.vectors import packed
from parlour.ports.models import Said, Text
from parlour.providers.failures import Failure, need_key
from parlour.providers.upstream import Gathered, Patience, Upstream

AT_ONCE = 32
"""Texts of one request: more than that some servers refuse."""

T = TypeVar("T")


class Embedded(Struct, frozen=True):
    index: int
    embedding: tuple[float, ...]


class Embeddeds(Struct, frozen=True):
    data: tuple[Embedded, ...]


class Ranked(Struct, frozen=True):
    index: int
    relevance_score: float | None = None
    score: float | None = None


class Rankeds(Struct, frozen=True):
    results: tuple[Ranked, ...]


class Whole(Gathered):
    """An answer that is one JSON document."""

    def __init__(self) -> None:
        super().__init__(self)

    def whole(self, body: bytes) -> Iterator[Said]:
        yield Text(body.decode("utf-8", "replace"))


class Question:
    """One request."""

    def __init__(self, url: str, provider: str, body: dict[str, object]) -> None:
        self.url = url
        self.provider = provider
        self._body = msgspec.json.encode(body)

    def body(self) -> bytes:
        return self._body

    def reading(self) -> Whole:
        return Whole()

    def adapt(self, failure: Failure) -> bool:
        del failure
        return False


class RemoteTexts:
    """A provider at an address that compares texts: the parts of both ports."""

    def __init__(
        self, session: ClientSession, base_url: str, api_key: str | None, *, patience: Patience | None = None
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._upstream = Upstream(session, headers, api_key, patience or Patience(first_byte=60.0))
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key

    def check(self, model: ModelName) -> None:
        need_key(model.provider, self._api_key)

    async def embed(self, model: ModelName, texts: Sequence[str], of: Literal["query", "passage"]) -> tuple[bytes, ...]:
        del of
        self.check(model)
        found: list[bytes] = []
        for start in range(0, len(texts), AT_ONCE):
            # an empty text is refused by most
            some = [text if text.strip() else "." for text in texts[start : start + AT_ONCE]]
            body: dict[str, object] = {"model": model.name, "input": some, "encoding_format": "float"}
            answer = await self._ask(model, "/embeddings", body, Embeddeds)
            vectors = {one.index: packed(one.embedding) for one in answer.data}
            found += in_order(vectors, len(some), model)
        return tuple(found)

    async def scores(self, model: ModelName, query: str, texts: Sequence[str]) -> tuple[float, ...]:
        self.check(model)
        body: dict[str, object] = {"model": model.name, "query": query, "documents": texts, "top_n": len(texts)}
        answer = await self._ask(model, "/rerank", body, Rankeds)
        said = {one.index: one.relevance_score if one.score is None else one.score for one in answer.results}
        scores = in_order(said, len(texts), model)
        return tuple(min(max(score or 0.0, 0.0), 1.0) for score in scores)

    async def _ask(self, model: ModelName, path: str, body: dict[str, object], kind: type[T]) -> T:
        question = Question(self._base_url + path, model.provider, body)
        async with aclosing(self._upstream.ask(question)) as answer:
            text = "".join([said.text async for said in answer if isinstance(said, Text)])
        try:
            return msgspec.json.decode(text, type=kind)
        except msgspec.MsgspecError as error:
            raise strange(model, str(error)) from None


def in_order(found: dict[int, T], count: int, model: ModelName) -> list[T]:
    if found.keys() != set(range(count)):
        raise strange(model, f"{len(found)} answers to {count} texts")
    return [found[index] for index in range(count)]


def strange(model: ModelName, why: str) -> CompletionRequestFailed:
    return CompletionRequestFailed(f"[{model.provider}] The provider sent what cannot be read ({why}).")
