"""Everything kept in the memory of one process, gone with it: for trials and for tests.

Does not know how to outlive its process; otherwise it keeps the very promises of the real stores (tests/conformance).
No method waits for anything, so every call is whole: on one event loop nothing comes between its lines.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct, field, structs

from parlour.domain.claim import Claim
from parlour.domain.files import sent
from parlour.domain.ids import NIL
from parlour.domain.message import Conversation, ConversationSort, Message, Owner, Page
from parlour.domain.problems import FirstMessageNotExists, LastConversationNotExists, NotFound, Problem
from parlour.domain.turn import Exchange
from parlour.domain.uploads import Upload
from parlour.domain.workflow_run import WorkflowRun
from parlour.ports.catalogue import Key, Version
from parlour.ports.knowledge import KnowledgeStore
from parlour.ports.messages import Thread
from parlour.ports.uploads import Shown
from parlour.stores.memory_annotations import AnnotationRows, MemoryAnnotations, memory_replies
from parlour.stores.memory_claims import MemoryClaims
from parlour.stores.memory_datasets import (
    KnowledgeRows,
    MemoryDatasets,
    MemoryMetadataFields,
    MemoryTagBindings,
    MemoryTags,
)
from parlour.stores.memory_feedback import MemoryFeedbacks
from parlour.stores.memory_oversight import MemoryErasure, MemoryOversight
from parlour.stores.memory_passages import (
    MemoryChildren,
    MemoryDatasetDocuments,
    MemoryDocumentCounts,
    MemoryIndex,
    MemoryIndexing,
    MemorySegments,
)
from parlour.stores.memory_people import MemoryPeople
from parlour.stores.memory_replicas import MemoryReplicas, MemorySecrets
from parlour.stores.memory_retention import MemoryRetention
from parlour.stores.memory_webhooks import MemoryWebhooks
from parlour.stores.memory_workflows import (
    FlowRows,
    MemoryExecutions,
    MemoryForms,
    MemoryPauses,
    MemoryVariables,
    MemoryWorkflows,
)


class Rows(Struct):
    """What is kept. Dictionaries remember the order of writing, which tells equal times apart."""

    conversations: dict[str, Conversation] = {}
    messages: dict[str, dict[str, Message]] = {}
    """By conversation, then by id."""
    keys: dict[str, Key] = {}
    versions: dict[tuple[str, str], Version] = {}
    """By app and id; the newest last."""
    uploads: dict[str, Upload] = {}
    flows: FlowRows = field(default_factory=FlowRows)

    def conversation(self, owner: Owner, conversation_id: str) -> Conversation | None:
        found = self.conversations.get(conversation_id)
        return found if found and found.owner == owner else None

    def in_order(self, conversation_id: str) -> list[Message]:
        """Sorting is stable: messages of one time stay in their order of writing."""
        return sorted(self.messages[conversation_id].values(), key=lambda message: message.created_at)


class Memory:
    """The four stores over one set of rows."""

    def __init__(self) -> None:
        rows = Rows()
        self.claims = MemoryClaims()
        self.messages = MemoryMessages(rows, self.claims)
        self.conversations = MemoryConversations(rows)
        self.uploads = MemoryUploads(rows)
        self.history = MemoryHistory(rows)
        self.feedbacks = MemoryFeedbacks(rows.messages)
        annotations = AnnotationRows()
        self.annotations, self.replies = MemoryAnnotations(annotations), memory_replies(annotations)
        flows = rows.flows
        kept = rows.conversations, rows.messages, rows.uploads
        self.retention = MemoryRetention(*kept, self.feedbacks, self.claims, flows)
        self.people = MemoryPeople()
        self.oversight = MemoryOversight(rows.conversations, rows.messages, flows)
        self.webhooks = MemoryWebhooks(rows.messages, flows)
        beside = self.feedbacks, self.claims, self.people, self.retention, annotations, self.webhooks
        self.erasure = MemoryErasure(*kept, flows, beside)
        self.workflows = MemoryWorkflows(flows, self.claims)
        self.pauses = MemoryPauses(flows, rows.messages)
        self.forms = MemoryForms(flows)
        self.executions = MemoryExecutions(flows)
        self.variables = MemoryVariables(flows, rows.conversations, rows.messages)
        self.knowledge = memory_knowledge(KnowledgeRows(), annotations)
        self.replicas = MemoryReplicas()
        self.secrets = MemorySecrets()
        self.keys = MemoryKeys(rows)
        self.versions = MemoryVersions(rows)

    def queued(self) -> int:
        """Nothing waits for memory."""
        return 0

    async def changed(self) -> bool:
        """No other process sees these rows."""
        return False

    async def check(self) -> None:
        """Memory is always there."""

    async def close(self) -> None:
        """Nothing is held but memory."""


class MemoryMessages:
    def __init__(self, rows: Rows, claims: MemoryClaims) -> None:
        self._rows = rows
        self._claims = claims

    async def open(
        self,
        message: Message,
        conversation: Conversation | None,
        claim: Claim | None = None,
        run: WorkflowRun | None = None,
    ) -> None:
        opened = conversation or self._rows.conversation(message.owner, message.conversation_id)
        if opened is None:
            raise NotFound(
                "Conversation Not Exists. It was deleted meanwhile: start a new one by leaving out conversation_id."
            )
        if claim is not None:
            self._claims.take(claim)
        self._rows.conversations[opened.id] = structs.replace(opened, updated_at=message.created_at)
        self._rows.messages.setdefault(opened.id, {})[message.id] = message
        if run is not None:
            self._rows.flows.put(run)

    async def close(self, message: Message) -> None:
        if self._rows.conversation(message.owner, message.conversation_id) is None:
            return
        kept = self._rows.messages[message.conversation_id]
        if message.id not in kept:
            return
        known = {file.id for file in kept[message.id].files}
        made = [file for file in message.files if file.belongs_to == "assistant" and file.id not in known]
        kept[message.id] = structs.replace(
            kept[message.id],
            answer=message.answer,
            status=message.status,
            error=message.error,
            usage=message.usage,
            citations=message.citations,
            thoughts=message.thoughts,
            calls=message.calls,
            took=message.took,
            first_text=message.first_text,
            files=(*kept[message.id].files, *made),
        )

    async def thread(self, owner: Owner, conversation_id: str, limit: int, parent_id: str = NIL) -> Thread | None:
        conversation = self._rows.conversation(owner, conversation_id)
        if conversation is None:
            return None
        newest = [
            Exchange(message.query, message.answer, sent(message.files), message.thoughts)
            for message in upwards(self._rows.in_order(conversation_id), parent_id, conversation_id)
            if message.status == "normal" and message.answer
        ][:limit]
        return Thread(conversation, tuple(reversed(newest)))

    async def page(self, owner: Owner, conversation_id: str, first_id: str, limit: int) -> Page[Message] | None:
        if self._rows.conversation(owner, conversation_id) is None:
            return None
        ordered = self._rows.in_order(conversation_id)
        end = (
            position((message.id for message in ordered), first_id, FirstMessageNotExists) if first_id else len(ordered)
        )
        start = max(0, end - limit)
        return Page(tuple(ordered[start:end]), has_more=start > 0)

    async def sweep(self, error: str) -> int:
        durable = {run.message_id: run.id in self._rows.flows.states for run in self._rows.flows.running()}
        swept = [
            message
            for kept in self._rows.messages.values()
            for message in kept.values()
            if (message.status == "running" and not durable.get(message.id))
            or (message.status == "paused" and durable.get(message.id) is False)
        ]
        for message in swept:
            failed = structs.replace(message, status="error", error=error)
            self._rows.messages[message.conversation_id][message.id] = failed
        return len(swept)


class MemoryHistory:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def conversation_of(self, owner: Owner, message_id: str) -> str | None:
        found = await self.message(owner, message_id)
        return found and found.conversation_id

    async def message(self, owner: Owner, message_id: str) -> Message | None:
        found = (kept[message_id] for kept in self._rows.messages.values() if message_id in kept)
        return next((message for message in found if message.owner == owner), None)


class MemoryConversations:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def get(self, owner: Owner, conversation_id: str) -> Conversation | None:
        return self._rows.conversation(owner, conversation_id)

    async def page(self, owner: Owner, last_id: str, limit: int, sort: ConversationSort) -> Page[Conversation]:
        by_creation = sort.endswith("created_at")
        ordered = sorted(
            (one for one in self._rows.conversations.values() if one.owner == owner),
            key=lambda one: (one.created_at if by_creation else one.updated_at, one.id),
            reverse=sort.startswith("-"),
        )
        start = position((one.id for one in ordered), last_id, LastConversationNotExists) + 1 if last_id else 0
        return Page(tuple(ordered[start : start + limit]), has_more=start + limit < len(ordered))

    async def rename(self, owner: Owner, conversation_id: str, name: str, now: float) -> Conversation | None:
        found = self._rows.conversation(owner, conversation_id)
        if found is None:
            return None
        renamed = structs.replace(found, name=name, updated_at=now)
        self._rows.conversations[conversation_id] = renamed
        return renamed

    async def delete(self, owner: Owner, conversation_id: str) -> bool:
        if self._rows.conversation(owner, conversation_id) is None:
            return False
        del self._rows.conversations[conversation_id], self._rows.messages[conversation_id]
        self._rows.flows.forget(conversation_id)
        return True


class MemoryUploads:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def add(self, upload: Upload) -> None:
        self._rows.uploads[upload.id] = upload

    async def find(self, owner: Owner, upload_id: str) -> Upload | None:
        found = self._rows.uploads.get(upload_id)
        return found if found and found.owner == owner else None

    async def look_up(self, upload_id: str) -> Shown | None:
        found = self._rows.uploads.get(upload_id)
        if found is None:
            return None
        messages = (message for kept in self._rows.messages.values() for message in kept.values())
        return Shown(found, any(upload_id in message.uploads for message in messages))


class MemoryKeys:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def add(self, key: Key) -> None:
        self._rows.keys[key.hash] = key

    async def find(self, digest: str) -> Key | None:
        return self._rows.keys.get(digest)

    async def all(self) -> tuple[Key, ...]:
        return tuple(sorted(self._rows.keys.values(), key=lambda key: key.created_at))

    async def revoke(self, digest: str) -> bool:
        return self._rows.keys.pop(digest, None) is not None


class MemoryVersions:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def publish(self, version: Version) -> None:
        place = version.app, version.id
        known = self._rows.versions.get(place)
        if version.draft and known and not known.draft:
            return  # published it is already: a draft of it must not take it back
        self._rows.versions.pop(place, None)
        self._rows.versions[place] = version

    async def get(self, app: str, version_id: str) -> Version | None:
        return self._rows.versions.get((app, version_id))

    async def latest(self) -> tuple[Version, ...]:
        newest = {version.app: version for version in self._rows.versions.values() if not version.draft}
        return tuple(newest[app] for app in sorted(newest))

    async def history(self, app: str) -> tuple[Version, ...]:
        return tuple(version for version in reversed(self._rows.versions.values()) if version.app == app)


def memory_knowledge(rows: KnowledgeRows, annotations: AnnotationRows) -> KnowledgeStore:
    return KnowledgeStore(
        datasets=MemoryDatasets(rows),
        tags=MemoryTags(rows),
        bindings=MemoryTagBindings(rows),
        fields=MemoryMetadataFields(rows),
        documents=MemoryDatasetDocuments(rows),
        counts=MemoryDocumentCounts(rows),
        segments=MemorySegments(rows),
        children=MemoryChildren(rows),
        index=MemoryIndex(rows),
        indexing=MemoryIndexing(rows, annotations),
    )


def upwards(ordered: list[Message], parent_id: str, conversation_id: str) -> Iterator[Message]:
    """From that message, or the newest, to its parent and on; one without a parent follows the one before it, and one
    whose parent is the conversation follows none."""
    if parent_id == conversation_id:
        return
    places = {message.id: place for place, message in enumerate(ordered)}
    if parent_id != NIL and parent_id not in places:
        raise NotFound("Message Not Exists.")
    place = len(ordered) - 1 if parent_id == NIL else places[parent_id]
    seen = set[int]()  # a clock that was set back could make a circle
    while place >= 0 and place not in seen:
        seen.add(place)
        message = ordered[place]
        yield message
        place = place - 1 if message.parent_id == NIL else places.get(message.parent_id, -1)


def position(ids: Iterable[str], wanted: str, unknown: type[Problem]) -> int:
    """Where a page's cursor stands."""
    for place, one in enumerate(ids):
        if one == wanted:
            return place
    raise unknown
