"""What the port `Feedbacks` promises, on every store."""

import pytest

from parlour.domain.feedback import Feedback
from parlour.domain.message import Message, Owner
from parlour.domain.problems import NotFound
from parlour.ports.feedback import Said
from tests.conformance.samples import ANN, STRANGERS, Storage, ask_and_answer, begun

pytestmark = pytest.mark.anyio
BOB = Owner("app-1", "bob")


async def a_kept_message(stores: Storage, owner: Owner = ANN) -> Message:
    return await ask_and_answer(stores, await begun(stores, owner=owner), 2.0)


def said_of(message: Message, said: Said) -> Feedback:
    conversation_id = message.conversation_id
    return Feedback(said.id, message.owner, conversation_id, message.id, said.rating, said.content, said.at, said.at)


async def test_an_opinion_reads_back_as_it_was_said(stores: Storage) -> None:
    message, other = await a_kept_message(stores), await a_kept_message(stores)
    said = Said("f1", "like", "naïve “quotes” \\ \n 漢字 🙂", 7.5)
    await stores.feedbacks.set(ANN, message.id, said)
    assert await stores.feedbacks.page("app-1", 1, 20) == (said_of(message, said),)
    assert await stores.feedbacks.ratings(ANN, [other.id, message.id, "unknown"]) == {message.id: "like"}
    assert await stores.feedbacks.ratings(ANN, []) == {}


async def test_a_second_opinion_takes_the_place_of_the_first(stores: Storage) -> None:
    message = await a_kept_message(stores)
    await stores.feedbacks.set(ANN, message.id, Said("f1", "like", "good", 7.0))
    await stores.feedbacks.set(ANN, message.id, Said("f2", "dislike", None, 8.0))
    (found,) = await stores.feedbacks.page("app-1", 1, 20)
    assert (found.id, found.rating, found.content) == ("f1", "dislike", None)
    assert (found.created_at, found.updated_at) == (7.0, 8.0)


async def test_an_opinion_is_taken_back_once(stores: Storage) -> None:
    message = await a_kept_message(stores)
    assert not await stores.feedbacks.clear(ANN, message.id)
    await stores.feedbacks.set(ANN, message.id, Said("f1", "like", None, 7.0))
    assert await stores.feedbacks.clear(ANN, message.id)
    assert not await stores.feedbacks.clear(ANN, message.id)
    assert await stores.feedbacks.page("app-1", 1, 20) == ()
    assert await stores.feedbacks.ratings(ANN, [message.id]) == {}


async def test_nobody_judges_or_reads_for_another(stores: Storage) -> None:
    message = await a_kept_message(stores)
    await stores.feedbacks.set(ANN, message.id, Said("f1", "like", None, 7.0))
    for owner, message_id in ((ANN, "unknown"), *((stranger, message.id) for stranger in STRANGERS)):
        with pytest.raises(NotFound):
            await stores.feedbacks.set(owner, message_id, Said("f2", "dislike", None, 8.0))
        with pytest.raises(NotFound):
            await stores.feedbacks.clear(owner, message_id)
        assert await stores.feedbacks.ratings(owner, [message_id]) == {}
    (found,) = await stores.feedbacks.page("app-1", 1, 20)
    assert found.rating == "like"
    assert await stores.feedbacks.page("app-2", 1, 20) == ()


async def test_pages_hold_an_apps_opinions_newest_first(stores: Storage) -> None:
    foreign = await a_kept_message(stores, Owner("app-2", "ann"))
    await stores.feedbacks.set(foreign.owner, foreign.id, Said("foreign", "like", None, 9.0))
    for number, (at, owner) in enumerate([(5.0, ANN), (7.0, BOB), (7.0, ANN), (6.0, BOB)]):
        message = await a_kept_message(stores, owner)
        await stores.feedbacks.set(owner, message.id, Said(f"f{number}", "like", None, at))

    async def ids(page: int, limit: int) -> list[str]:
        return [found.id for found in await stores.feedbacks.page("app-1", page, limit)]

    assert await ids(1, 20) == ["f2", "f1", "f3", "f0"], "of one time, the last that was written comes first"
    assert await ids(1, 3) == ["f2", "f1", "f3"]
    assert await ids(2, 3) == ["f0"]
    assert await ids(3, 3) == []
    assert await ids(999_999_999, 101) == []


async def test_a_deleted_conversation_takes_its_opinions_with_it(stores: Storage) -> None:
    gone, kept = await a_kept_message(stores), await a_kept_message(stores)
    for message in (gone, kept):
        await stores.feedbacks.set(ANN, message.id, Said(f"of {message.id}", "like", None, 7.0))
    assert await stores.conversations.delete(ANN, gone.conversation_id)
    assert [found.message_id for found in await stores.feedbacks.page("app-1", 1, 20)] == [kept.id]
    with pytest.raises(NotFound):
        await stores.feedbacks.clear(ANN, gone.id)
