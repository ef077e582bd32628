"""What the port `History` promises, on every store."""

import pytest

from parlour.domain.message import Owner
from tests.conformance.samples import ANN, STRANGERS, Storage, a_conversation, a_message

pytestmark = pytest.mark.anyio


async def test_a_message_stands_in_its_own_conversation(stores: Storage) -> None:
    for _ in range(2):
        conversation = a_conversation()
        first, second = a_message(conversation), a_message(conversation, at=2.0)
        await stores.messages.open(first, conversation)
        await stores.messages.open(second, None)
        assert await stores.history.conversation_of(ANN, first.id) == conversation.id
        assert await stores.history.conversation_of(ANN, second.id) == conversation.id


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_a_strangers_message_stands_nowhere(stores: Storage, stranger: Owner) -> None:
    conversation = a_conversation()
    message = a_message(conversation)
    await stores.messages.open(message, conversation)
    assert await stores.history.conversation_of(stranger, message.id) is None


@pytest.mark.parametrize("message_id", ["", "unknown", "%", "' OR 1=1 --"])
async def test_an_unknown_message_stands_nowhere(stores: Storage, message_id: str) -> None:
    conversation = a_conversation()
    await stores.messages.open(a_message(conversation), conversation)
    assert await stores.history.conversation_of(ANN, message_id) is None
    assert await stores.history.conversation_of(ANN, conversation.id) is None


async def test_the_messages_of_a_deleted_conversation_stand_nowhere(stores: Storage) -> None:
    conversation = a_conversation()
    message = a_message(conversation)
    await stores.messages.open(message, conversation)
    await stores.conversations.delete(ANN, conversation.id)
    assert await stores.history.conversation_of(ANN, message.id) is None
