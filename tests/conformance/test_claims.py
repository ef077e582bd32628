"""What the port `Claims` promises, and `Messages.open` of a message with a key, on every store."""

import asyncio

import pytest
from msgspec import structs

from parlour.domain.claim import SECONDS, Claim, Repeat
from parlour.domain.message import Message, Owner
from parlour.domain.problems import AlreadyBegun, NotFound
from tests.conformance.samples import (
    ANN,
    STRANGERS,
    Storage,
    a_conversation,
    a_message,
    answered,
    begun,
    messages_of,
)

pytestmark = pytest.mark.anyio


def a_claim(message: Message, at: float = 1.0, key: str = "once", body: str = "digest") -> Claim:
    return Claim(message.owner, Repeat(key, body), f"task of {message.id}", message.id, at)


async def test_a_key_is_written_with_its_message_and_found_by_its_owner_alone(stores: Storage) -> None:
    conversation = a_conversation()
    message = a_message(conversation)
    claim = a_claim(message, 1.25, 'Ünïcode " key')
    await stores.messages.open(message, conversation, claim)
    assert await stores.claims.find(ANN, 'Ünïcode " key', 2.0) == claim
    assert await stores.claims.find(ANN, "another", 2.0) is None
    for stranger in STRANGERS:
        assert await stores.claims.find(stranger, 'Ünïcode " key', 2.0) is None
    assert await messages_of(stores, conversation) == (message,)


async def test_a_key_that_is_taken_refuses_another_message_and_leaves_nothing(stores: Storage) -> None:
    conversation = await begun(stores)
    taken = a_message(conversation, 2.0)
    await stores.messages.open(taken, None, a_claim(taken))
    refused, new = a_message(conversation, 3.0), a_conversation(3.0)
    with pytest.raises(AlreadyBegun):
        await stores.messages.open(refused, None, a_claim(refused, 3.0))
    with pytest.raises(AlreadyBegun):
        await stores.messages.open(structs.replace(refused, conversation_id=new.id), new, a_claim(refused, 3.0))
    assert len(await messages_of(stores, conversation)) == 2
    assert await stores.conversations.get(ANN, new.id) is None
    assert await stores.claims.find(ANN, "once", 3.0) == a_claim(taken)


async def test_of_many_at_once_with_one_key_one_is_written_and_others_are_not_hurt(stores: Storage) -> None:
    conversation = await begun(stores)
    same = [a_message(conversation, 2.0, f"same {number}") for number in range(10)]
    others = [a_message(conversation, 3.0, f"other {number}") for number in range(10)]
    told = await asyncio.gather(
        *(stores.messages.open(message, None, a_claim(message)) for message in same),
        *(stores.messages.open(message, None) for message in others),
        return_exceptions=True,
    )
    assert sorted(str(type(one).__name__) for one in told[:10]) == ["AlreadyBegun"] * 9 + ["NoneType"]
    assert told[10:] == [None] * 10
    written = {message.id for message in await messages_of(stores, conversation)}
    claim = await stores.claims.find(ANN, "once", 2.0)
    assert claim is not None
    assert written & {message.id for message in same} == {claim.message_id}


async def test_a_key_is_one_owners_and_another_may_use_the_same(stores: Storage) -> None:
    for owner in (ANN, *STRANGERS):
        conversation = a_conversation(owner=owner)
        message = a_message(conversation)
        await stores.messages.open(message, conversation, a_claim(message))
        found = await stores.claims.find(owner, "once", 2.0)
        assert found == a_claim(message)


async def test_a_key_that_has_expired_stands_for_nothing_and_may_be_used_again(stores: Storage) -> None:
    conversation = await begun(stores)
    first, second = a_message(conversation, 2.0), a_message(conversation, 3.0)
    await stores.messages.open(first, None, a_claim(first, 1.0))
    assert await stores.claims.find(ANN, "once", 1.0 + SECONDS - 0.5) is not None
    assert await stores.claims.find(ANN, "once", 1.0 + SECONDS) is None
    await stores.messages.open(second, None, a_claim(second, 1.0 + SECONDS))
    found = await stores.claims.find(ANN, "once", 2.0 + SECONDS)
    assert found == a_claim(second, 1.0 + SECONDS)


async def test_a_message_that_is_refused_leaves_its_key_free(stores: Storage) -> None:
    gone = a_conversation()
    message = a_message(gone)
    with pytest.raises(NotFound):
        await stores.messages.open(message, None, a_claim(message))
    assert await stores.claims.find(ANN, "once", 2.0) is None


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_a_message_is_found_by_its_id_for_its_owner_alone(stores: Storage, stranger: Owner) -> None:
    conversation = a_conversation()
    message = a_message(conversation)
    await stores.messages.open(message, conversation)
    await stores.messages.close(answered(message))
    assert await stores.history.message(ANN, message.id) == answered(message)
    assert await stores.history.message(ANN, "unknown") is None
    assert await stores.history.message(stranger, message.id) is None
    await stores.conversations.delete(ANN, conversation.id)
    assert await stores.history.message(ANN, message.id) is None
