"""Answers that are one JSON body: the blocking answer, pages of messages and conversations (contract 3.1, 5.3, 5.4).

The structs are what is sent and what the API's description is made from. Does not know where the values come from.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Literal
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from parlour.domain.events import AgentThought, AnnotationHit, Citation
from parlour.domain.feedback import Rating
from parlour.domain.files import Attachment, FileType, TransferMethod
from parlour.domain.ids import Ids
from parlour.domain.message import Conversation, Message, Page
from parlour.domain.record import Record
from parlour.domain.usage import Usage, plain
from parlour.domain.workflow_run import Form
from parlour.wire.encode import encode
from parlour.wire.extra_contents import ExtraContent, extra_contents

UNRATED: Mapping[str, Rating] = MappingProxyType({})
UNASKED: Mapping[str, Sequence[Form]] = MappingProxyType({})

SUCCESS = b'{"result":"success"}'

_CITED = UUID("7f2c5b0e-6c3f-5f0e-9a51-0d3c8f6f2a11")
"""The namespace of the ids that citations have in a history: nothing looks them up, they only have to stay."""

DecimalText = Annotated[str, Meta(description="A decimal number as text.", pattern=r"^-?[0-9]+(\.[0-9]+)?$")]
Seconds = Annotated[int, Meta(description="Seconds since 1970.")]


class Success(Struct):
    """It is done (or there was nothing to do)."""

    result: Literal["success"] = "success"


class Welcome(Struct):
    """Who answers here."""

    welcome: str
    api_version: str
    server_version: str


class UsageBody(Struct):
    """What an answer took. Times in seconds, null where nobody measured."""

    prompt_tokens: int
    prompt_unit_price: DecimalText
    prompt_price_unit: DecimalText
    prompt_price: DecimalText
    completion_tokens: int
    completion_unit_price: DecimalText
    completion_price_unit: DecimalText
    completion_price: DecimalText
    total_tokens: int
    total_price: DecimalText
    currency: str
    latency: float
    time_to_first_token: float | None
    time_to_generate: float | None


class AnnotationAccount(Struct):
    """Who wrote an annotation."""

    id: str
    name: str


class AnnotationReply(Struct):
    """The annotation that answered instead of a model."""

    id: str
    account: AnnotationAccount


class Metadata(Struct, kw_only=True):
    """What stands beside an answer."""

    annotation_reply: AnnotationReply | UnsetType | None = UNSET
    retriever_resources: tuple[Citation, ...] | UnsetType
    """A new agent has none (contract 2.7)."""
    usage: UsageBody


class BlockingAnswer(Struct, kw_only=True):
    """A whole answer."""

    event: Literal["message"]
    task_id: str
    id: str
    message_id: str
    conversation_id: Annotated[str | UnsetType, Meta(description="Not in the answer of a completion app.")] = UNSET
    mode: Annotated[str, Meta(description="The app's mode.", examples=["chat"])]
    answer: str
    metadata: Metadata
    created_at: Seconds


class HistoryCitation(Struct):
    """A passage that a stored answer rests on."""

    id: str
    message_id: str
    position: int
    dataset_id: str | None
    dataset_name: str | None
    document_id: str | None
    document_name: str | None
    data_source_type: str | None
    segment_id: str | None
    score: float | None
    hit_count: int | None
    word_count: int | None
    segment_position: int | None
    index_node_hash: str | None
    content: str
    summary: str | None
    created_at: int | None


class FeedbackBody(Struct):
    """What the user thought of an answer."""

    rating: Rating


class MessageFileBody(Struct):
    """A file that was sent with a message."""

    id: str
    filename: str
    type: FileType
    url: Annotated[str, Meta(description="Of an upload: signed, opens without a key for five minutes.")]
    mime_type: str
    size: int
    transfer_method: TransferMethod | Literal["tool_file"]
    belongs_to: Literal["user", "assistant"]
    upload_file_id: str | None


class AgentThoughtBody(Struct):
    """One step of an agent: what it thought, which tools it used, and what came of it."""

    id: str
    chain_id: str | None
    message_id: str
    position: int
    thought: str
    tool: Annotated[str, Meta(description="Names of tools, joined by `;`; empty where none was used.")]
    tool_labels: dict[str, dict[str, str]]
    tool_input: Annotated[str, Meta(description="JSON text: arguments by tool.")]
    observation: Annotated[str, Meta(description="JSON text: results by tool.")]
    files: tuple[str, ...]
    created_at: Seconds


class MessageBody(Struct):
    """One turn of a conversation."""

    id: str
    conversation_id: str
    parent_message_id: str
    inputs: dict[str, object]
    query: str
    answer: str
    status: Literal["normal", "error", "paused"]
    error: str | None
    message_files: tuple[MessageFileBody, ...]
    feedback: FeedbackBody | None
    retriever_resources: tuple[HistoryCitation, ...]
    agent_thoughts: tuple[AgentThoughtBody, ...]
    created_at: Seconds
    extra_contents: tuple[ExtraContent, ...]
    message_tokens: int
    answer_tokens: int
    total_tokens: int
    provider_response_latency: float
    total_price: DecimalText
    currency: str


class MessagesPage(Struct):
    """Oldest first; pages go back in time."""

    limit: int
    has_more: bool
    data: tuple[MessageBody, ...]


class ConversationBody(Struct):
    """A conversation, without its messages."""

    id: str
    name: str
    inputs: dict[str, object]
    status: Literal["normal"]
    introduction: str
    created_at: Seconds
    updated_at: Seconds


class ConversationsPage(Struct):
    """In the order that was asked for."""

    limit: int
    has_more: bool
    data: tuple[ConversationBody, ...]


def welcome(version: str) -> bytes:
    """Contract 1.2."""
    return encode(Welcome("Parlour answers as the Dify Service API does.", "v1", version))


def usage(spent: Usage) -> UsageBody:
    """Contract 3.1."""
    return msgspec.convert(spent.members(), UsageBody)


def metadata(
    mode: str, spent: Usage, citations: tuple[Citation, ...] = (), annotation: AnnotationHit | None = None
) -> Metadata:
    """Contract 3.1."""
    cited = UNSET if mode == "agent" else citations
    return Metadata(annotation_reply=_annotation(mode, annotation), retriever_resources=cited, usage=usage(spent))


def _annotation(mode: str, hit: AnnotationHit | None) -> AnnotationReply | UnsetType | None:
    """A chatflow that was answered by an annotation leaves the member out (contract 3.1, 4.5 n)."""
    if hit is None:
        return None
    if mode == "advanced-chat":
        return UNSET
    return AnnotationReply(hit.id, AnnotationAccount(hit.account_id, hit.account_name))


def blocking(ids: Ids, mode: str, record: Record) -> bytes:
    """The whole answer of a run that went well (contract 3.1)."""
    return encode(
        BlockingAnswer(
            event="message",
            task_id=ids.task_id,
            id=ids.message_id,
            message_id=ids.message_id,
            conversation_id=UNSET if mode == "completion" else ids.conversation_id,
            mode=mode,
            answer=record.answer,
            metadata=metadata(mode, record.usage, record.citations, record.annotation),
            created_at=ids.created_at,
        )
    )


def ids(given: Ids, mode: str) -> dict[str, str]:
    """What a client may know of a run by (contract 3.4); a completion app has no conversations."""
    run = {"message_id": given.message_id, "task_id": given.task_id}
    return run if mode == "completion" else {"conversation_id": given.conversation_id, **run}


def message(stored: Message, rating: Rating | None = None, asked: Sequence[Form] = ()) -> MessageBody:
    """Contract 5.3. Whatever still runs reads as `normal`, with what is there so far."""
    return MessageBody(
        id=stored.id,
        conversation_id=stored.conversation_id,
        parent_message_id=stored.parent_id,
        inputs=stored.inputs,
        query=stored.query,
        answer=stored.answer,
        status="normal" if stored.status == "running" else stored.status,
        error=stored.error,
        message_files=tuple(_file(file) for file in stored.files),
        feedback=None if rating is None else FeedbackBody(rating),
        retriever_resources=tuple(_history(stored, citation) for citation in stored.citations),
        agent_thoughts=tuple(_thought(stored, thought) for thought in stored.thoughts),
        created_at=int(stored.created_at),
        extra_contents=extra_contents(asked),
        message_tokens=stored.usage.prompt_tokens,
        answer_tokens=stored.usage.completion_tokens,
        total_tokens=stored.usage.total_tokens,
        provider_response_latency=stored.usage.latency,
        total_price=plain(stored.usage.total_price),
        currency=stored.usage.price.currency,
    )


def _file(file: Attachment) -> MessageFileBody:
    return MessageFileBody(
        id=file.id,
        filename=file.name,
        type=file.type,
        url=file.url,
        mime_type=file.mime_type,
        size=file.size,
        transfer_method="tool_file" if file.belongs_to == "assistant" else file.transfer_method,
        belongs_to=file.belongs_to,
        upload_file_id=file.upload_file_id or None,
    )


def _thought(stored: Message, thought: AgentThought) -> AgentThoughtBody:
    return AgentThoughtBody(
        id=thought.id,
        chain_id=None,
        message_id=stored.id,
        position=thought.position,
        thought=thought.thought,
        tool=thought.tool,
        tool_labels=thought.tool_labels,
        tool_input=thought.tool_input,
        observation=thought.observation,
        files=thought.message_files,
        created_at=thought.created_at,
    )


def _history(stored: Message, cited: Citation) -> HistoryCitation:
    return HistoryCitation(
        id=str(uuid5(_CITED, f"{stored.id}/{cited.position}")),
        message_id=stored.id,
        position=cited.position,
        dataset_id=cited.dataset_id,
        dataset_name=cited.dataset_name,
        document_id=cited.document_id,
        document_name=cited.document_name,
        data_source_type=cited.data_source_type,
        segment_id=cited.segment_id,
        score=cited.score,
        hit_count=cited.hit_count,
        word_count=cited.word_count,
        segment_position=cited.segment_position,
        index_node_hash=cited.index_node_hash,
        content=cited.content,
        summary=cited.summary,
        created_at=int(stored.created_at),
    )


def messages_page(
    page: Page[Message],
    limit: int,
    ratings: Mapping[str, Rating] = UNRATED,
    asked: Mapping[str, Sequence[Form]] = UNASKED,
) -> bytes:
    """Contract 5.3. `ratings`, and what was `asked` by forms, are by message."""
    data = tuple(message(item, ratings.get(item.id), asked.get(item.id, ())) for item in page.items)
    return encode(MessagesPage(limit, page.has_more, data))


def conversation(stored: Conversation) -> bytes:
    """One conversation by itself, as a rename answers it (contract 5.4)."""
    return encode(_conversation(stored))


def _conversation(stored: Conversation) -> ConversationBody:
    return ConversationBody(
        id=stored.id,
        name=stored.name,
        inputs=stored.inputs,
        status="normal",
        introduction=stored.introduction,
        created_at=int(stored.created_at),
        updated_at=int(stored.updated_at),
    )


def conversations_page(page: Page[Conversation], limit: int) -> bytes:
    """Contract 5.4."""
    return encode(ConversationsPage(limit, page.has_more, tuple(_conversation(item) for item in page.items)))
