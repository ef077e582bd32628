"""What the port `Conversations` promises, on every store."""

import asyncio
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from parlour.domain.message import Conversation, ConversationSort, Owner
from parlour.domain.problems import NotFound
from tests.conformance.samples import ANN, STRANGERS, Storage, a_message, begun, messages_of

pytestmark = pytest.mark.anyio
every_sort = pytest.mark.parametrize("sort", get_args(ConversationSort))
users = iter(range(10**9))
times = st.sampled_from([1.0, 2.0, 1e9 + 0.1])


async def test_a_conversation_reads_back_for_its_owner_only(stores: Storage) -> None:
    conversation = await begun(stores)
    assert await stores.conversations.get(ANN, conversation.id) == conversation
    assert await stores.conversations.get(ANN, "unknown") is None
    for stranger in STRANGERS:
        assert await stores.conversations.get(stranger, conversation.id) is None


async def test_a_conversation_that_opens_moves_to_its_message(stores: Storage) -> None:
    conversation = structs.replace(await begun(stores), id="another")
    await stores.messages.open(a_message(conversation, at=7.0), conversation)
    assert await stores.conversations.get(ANN, "another") == structs.replace(conversation, updated_at=7.0)


@every_sort
async def test_a_list_holds_its_owners_conversations_only(stores: Storage, sort: ConversationSort) -> None:
    own = await begun(stores)
    for stranger in STRANGERS:
        foreign = await begun(stores, owner=stranger)
        page = await stores.conversations.page(ANN, "", 20, sort)
        assert (page.items, page.has_more) == ((own,), False)
        with pytest.raises(NotFound):
            await stores.conversations.page(ANN, foreign.id, 20, sort)
    with pytest.raises(NotFound):
        await stores.conversations.page(ANN, "unknown", 20, sort)
    nobody = await stores.conversations.page(Owner("app-9", "ann"), "", 20, sort)
    assert (nobody.items, nobody.has_more) == ((), False)


async def talked(stores: Storage, owner: Owner, created_at: float, updated_at: float) -> Conversation:
    conversation = await begun(stores, created_at, owner)
    await stores.messages.open(a_message(conversation, updated_at), None)
    return structs.replace(conversation, updated_at=updated_at)


@every_sort
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dates=st.lists(st.tuples(times, times), max_size=9), limit=st.integers(1, 4))
async def test_pages_joined_are_the_sorted_whole(
    stores: Storage, sort: ConversationSort, dates: list[tuple[float, float]], limit: int
) -> None:
    owner = Owner("app-1", f"user {next(users)}")
    kept = await asyncio.gather(*(talked(stores, owner, *pair) for pair in dates))
    joined: list[Conversation] = []
    has_more = True
    while has_more:
        page = await stores.conversations.page(owner, joined[-1].id if joined else "", limit, sort)
        joined += page.items
        has_more = page.has_more
        assert has_more == (len(joined) < len(kept))
        assert len(page.items) <= limit
    field = sort.removeprefix("-")
    expected = sorted(kept, key=lambda one: (getattr(one, field), one.id), reverse=sort.startswith("-"))
    assert joined == expected


async def test_a_new_name_moves_the_conversation(stores: Storage) -> None:
    conversation = await begun(stores)
    renamed = structs.replace(conversation, name="Neuer Name 🙂", updated_at=8.5)
    assert await stores.conversations.rename(ANN, conversation.id, "Neuer Name 🙂", 8.5) == renamed
    assert await stores.conversations.get(ANN, conversation.id) == renamed


async def test_nobody_renames_or_deletes_for_another(stores: Storage) -> None:
    conversation = await begun(stores)
    assert await stores.conversations.rename(ANN, "unknown", "x", 9.0) is None
    assert not await stores.conversations.delete(ANN, "unknown")
    for stranger in STRANGERS:
        assert await stores.conversations.rename(stranger, conversation.id, "x", 9.0) is None
        assert not await stores.conversations.delete(stranger, conversation.id)
    assert await stores.conversations.get(ANN, conversation.id) == conversation
    assert len(await messages_of(stores, conversation)) == 1


async def test_a_deleted_conversation_is_gone_everywhere(stores: Storage) -> None:
    deleted, other = await begun(stores), await begun(stores)
    (message,) = await messages_of(stores, deleted)
    assert await stores.conversations.delete(ANN, deleted.id)
    assert not await stores.conversations.delete(ANN, deleted.id)
    assert await stores.conversations.get(ANN, deleted.id) is None
    assert await stores.conversations.rename(ANN, deleted.id, "x", 9.0) is None
    assert await stores.messages.page(ANN, deleted.id, "", 20) is None
    assert await stores.messages.page(ANN, deleted.id, message.id, 20) is None
    assert await stores.messages.thread(ANN, deleted.id, 20) is None
    assert await stores.messages.sweep("left over") == 1, "only the other's message is left"
    page = await stores.conversations.page(ANN, "", 20, "-updated_at")
    assert page.items == (other,)
    with pytest.raises(NotFound):
        await stores.conversations.page(ANN, deleted.id, 20, "-updated_at")
