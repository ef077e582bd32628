"""Conversations and messages to keep, and what every set of stores offers. Knows no store."""

from decimal import Decimal
from uuid import uuid4

from msgspec import structs

from parlour.domain.events import Citation
from parlour.domain.message import Conversation, Message, Owner
from parlour.domain.usage import Price, Usage
from parlour.wiring import Storage

ANN = Owner("app-1", "ann")
STRANGERS = (Owner("app-1", "bob"), Owner("app-2", "ann"), Owner("app-1", ""), Owner("", "ann"))

USAGE = Usage(
    prompt_tokens=9,
    completion_tokens=3,
    price=Price(Decimal("0.150"), Decimal("0E-7"), Decimal("0.0000010"), "EUR"),
    latency=0.1 + 0.2,
    time_to_first_token=1 / 3,
    time_to_generate=None,
)
CITATIONS = (
    Citation(1, "d1", "Handbook", "o1", "rules.pdf", "upload_file", "s1", "api", 0.8765432109876543, 2, 40, 7, "hash"),
    Citation(2, content="naïve “quotes” \\ \n 漢字 🙂", page=3, doc_metadata={"a": [1, 2.5, None, {"b": True}]}),
)


def a_conversation(at: float = 1.0, owner: Owner = ANN, conversation_id: str = "") -> Conversation:
    return Conversation(
        id=conversation_id or str(uuid4()),
        owner=owner,
        name="A question about 漢字",
        inputs={"topic": "Ünïcode 🙂", "count": 3, "ratio": 0.1, "nested": {"list": [1, None, "x"]}, "on": True},
        introduction="Hello, ann",
        version="v1",
        created_at=at,
        updated_at=at,
    )


def a_message(conversation: Conversation, at: float = 1.0, query: str = "How are you?") -> Message:
    return Message(
        id=str(uuid4()),
        conversation_id=conversation.id,
        owner=conversation.owner,
        query=query,
        inputs=conversation.inputs,
        created_at=at,
        task_id=f"task of {query}",
    )


def answered(message: Message, answer: str = "Fine.") -> Message:
    return structs.replace(message, answer=answer, status="normal")


async def begun(stores: Storage, at: float = 1.0, owner: Owner = ANN, conversation_id: str = "") -> Conversation:
    """A conversation that is kept, with one message of the same time."""
    conversation = a_conversation(at, owner, conversation_id)
    await stores.messages.open(a_message(conversation, at), conversation)
    return conversation


async def ask_and_answer(stores: Storage, conversation: Conversation, at: float, answer: str = "Fine.") -> Message:
    """One more answered turn of a conversation that is kept."""
    message = a_message(conversation, at)
    await stores.messages.open(message, None)
    await stores.messages.close(answered(message, answer))
    return answered(message, answer)


async def messages_of(stores: Storage, conversation: Conversation) -> tuple[Message, ...]:
    page = await stores.messages.page(conversation.owner, conversation.id, "", 1000)
    assert page is not None
    return page.items
