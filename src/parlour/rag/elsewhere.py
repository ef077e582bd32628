"""Knowledge of somebody else's, asked over the web: one question, `POST …/retrieval`, and records as the answer.

The form is the one that such services have for the original (its documentation: External Knowledge API). Knows neither
who asks nor what becomes of what is found.
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

import msgspec
from msgspec import Struct

from parlour.domain.dataset import Dataset, Filter, RetrievalSettings
from parlour.domain.passages import Document, DocumentSource, Hit, MetadataValue, Segment
from parlour.domain.problems import FetchFailed
from parlour.ports.web import MEGABYTE, Web, WebRequest

SHOWN = 300
"""Characters of a refusal."""


class Service(Protocol):
    """Where it is asked, and with which key."""

    @property
    def external(self) -> str: ...
    @property
    def api_key(self) -> str: ...


class Record(Struct, frozen=True):
    """A passage as the service has it; it may leave out whatever it likes."""

    content: str | None = None
    score: float | None = None
    title: str | None = None
    metadata: dict[str, object] | None = None


class Answer(Struct, frozen=True):
    records: tuple[Record, ...] | None = None


class Refusal(Struct, frozen=True):
    error_msg: str | None = None


class Elsewhere:
    """`services`: by the id of the dataset that each stands in for."""

    def __init__(self, web: Web, services: Mapping[str, Service]) -> None:
        self._web = web
        self._services = services

    async def search(self, dataset: Dataset, query: str, settings: RetrievalSettings) -> tuple[Hit, ...]:
        """The passages that answer, the best first; none of a dataset that no service stands in for.

        Raises:
            FetchFailed: the service does not answer, refuses, or answers something else.
        """
        service, external = self._services.get(dataset.id), dataset.external
        if service is None or external is None:
            return ()
        least = settings.threshold or 0.0
        asked = {
            "knowledge_id": external.knowledge_id,
            "query": query,
            "retrieval_setting": {"top_k": settings.top_k, "score_threshold": least},
            **condition(settings.filter),
        }
        records = await self._records(dataset.name, service, msgspec.json.encode(asked))
        found = [hit(dataset, record) for record in records if record.content]
        good = [one for one in found if (one.score or 0.0) >= least]
        return tuple(sorted(good, key=lambda one: -(one.score or 0.0))[: settings.top_k])

    async def _records(self, name: str, service: Service, body: bytes) -> tuple[Record, ...]:
        key = (("authorization", f"Bearer {service.api_key}"),) if service.api_key else ()
        request = WebRequest(
            f"{service.external.rstrip('/')}/retrieval",
            "POST",
            headers=(("content-type", "application/json"), *key),
            body=body,
            read_seconds=30,
            total_seconds=30,
            redirects=0,  # the key is for this place alone
            most=5 * MEGABYTE,
        )
        try:
            async with self._web.fetch(request) as answer:
                status, data = answer.status, await answer.body()
        except FetchFailed as failed:
            raise FetchFailed(f"The external knowledge {name!r} does not answer: {failed}", failed.why) from failed
        if status != 200:
            raise FetchFailed(f"The external knowledge {name!r} answers {status}: {refusal(data)}")
        try:
            return msgspec.json.decode(data, type=Answer).records or ()
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise FetchFailed(f"What the external knowledge {name!r} answers cannot be read: {error}") from error


def condition(documents: Filter) -> dict[str, object]:
    if not documents.conditions:
        return {}
    conditions = [
        {"name": one.name, "comparison_operator": one.operator, "value": one.value} for one in documents.conditions
    ]
    return {"metadata_condition": {"logical_operator": "and" if documents.every else "or", "conditions": conditions}}


def refusal(data: bytes) -> str:
    """What the service says of it."""
    try:
        said = msgspec.json.decode(data, type=Refusal).error_msg
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = None
    return (said or data.decode("utf-8", "replace"))[:SHOWN]


def hit(dataset: Dataset, record: Record) -> Hit:
    """A passage of there as one of here: what it is a part of is known by its title alone."""
    content, title, known = record.content or "", record.title or "", record.metadata or {}
    source = DocumentSource("external", name=title)
    document_id = known.get("document_id")
    document = Document(
        document_id if isinstance(document_id, str) and document_id else title,
        dataset.tenant,
        dataset.id,
        title,
        dataset.created_at,
        "",
        source,
        metadata={name: plain(value) for name, value in known.items()},
    )
    digest = hashlib.sha256(f"{dataset.id}\0{document.id}\0{content}".encode("utf-8", "replace")).hexdigest()
    segment = Segment(digest, document.id, 1, content, dataset.created_at, words=len(content), status="completed")
    score = None if record.score is None else min(max(record.score, 0.0), 1.0)
    return Hit(dataset.id, dataset.name, document, segment, score)


def plain(value: object) -> MetadataValue:
    """Metadata as documents have it."""
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):  # too large for a number of ours: as it was written
            return float(value)
    return msgspec.json.encode(value).decode()
