"""What the port `Messages` promises, on every store."""

import asyncio

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from parlour.domain.files import FileRef
from parlour.domain.ids import NIL
from parlour.domain.message import Message, MessageStatus, Owner
from parlour.domain.problems import NotFound
from parlour.domain.turn import Exchange
from tests.conformance.samples import (
    ANN,
    CITATIONS,
    STRANGERS,
    USAGE,
    Storage,
    a_conversation,
    a_message,
    answered,
    ask_and_answer,
    begun,
    messages_of,
)
from tests.conformance.test_uploads import SHOWN

pytestmark = pytest.mark.anyio
many = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
users = iter(range(10**9))


async def test_an_opened_message_reads_back_in_every_member(stores: Storage) -> None:
    conversation = a_conversation(at=1767000000.1234567)
    message = structs.replace(a_message(conversation, at=1767000000.1234567, query="漢字 🙂 \\ \" ' \n"), parent_id="p")
    await stores.messages.open(message, conversation)
    assert await messages_of(stores, conversation) == (message,)
    assert await stores.conversations.get(ANN, conversation.id) == conversation


async def test_a_closed_message_reads_back_in_every_member(stores: Storage) -> None:
    conversation = a_conversation()
    message = a_message(conversation)
    await stores.messages.open(message, conversation)
    closed = structs.replace(
        message, answer="Grüße 🙂\r\n", status="error", error="cut off", usage=USAGE, citations=CITATIONS
    )
    await stores.messages.close(closed)
    (read,) = await messages_of(stores, conversation)
    assert read == closed
    assert str(read.usage.price) == str(USAGE.price), "decimals keep their digits, trailing zeros too"


async def test_closing_writes_the_answer_and_nothing_else(stores: Storage) -> None:
    conversation = a_conversation()
    message = a_message(conversation)
    await stores.messages.open(message, conversation)
    await stores.messages.close(structs.replace(answered(message), query="another", inputs={}, created_at=9.0))
    assert await messages_of(stores, conversation) == (answered(message),)


async def test_a_message_moves_its_conversation_and_no_other(stores: Storage) -> None:
    moved, other = await begun(stores, 1.0), await begun(stores, 1.0)
    await ask_and_answer(stores, moved, at=5.0)
    assert await stores.conversations.get(ANN, moved.id) == structs.replace(moved, updated_at=5.0)
    assert await stores.conversations.get(ANN, other.id) == other


async def test_opening_in_an_unknown_conversation_is_refused_and_leaves_nothing(stores: Storage) -> None:
    missing = a_conversation()
    with pytest.raises(NotFound, match="start a new one"):
        await stores.messages.open(a_message(missing), None)
    assert await stores.conversations.get(ANN, missing.id) is None


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_nobody_reads_or_writes_the_messages_of_another(stores: Storage, stranger: Owner) -> None:
    conversation = a_conversation()
    message = a_message(conversation)
    await stores.messages.open(message, conversation)
    foreign = structs.replace(message, owner=stranger)
    with pytest.raises(NotFound):
        await stores.messages.open(structs.replace(foreign, id="new", created_at=9.0), None)
    await stores.messages.close(answered(foreign))
    assert await stores.messages.page(stranger, conversation.id, "", 20) is None
    assert await stores.messages.page(stranger, conversation.id, message.id, 20) is None
    assert await stores.messages.thread(stranger, conversation.id, 20) is None
    assert await messages_of(stores, conversation) == (message,)
    assert await stores.conversations.get(ANN, conversation.id) == conversation


async def test_an_answer_to_a_deleted_conversation_is_dropped_in_silence(stores: Storage) -> None:
    conversation = a_conversation()
    message = a_message(conversation)
    await stores.messages.open(message, conversation)
    assert await stores.conversations.delete(ANN, conversation.id)
    await stores.messages.close(answered(message))
    assert await stores.messages.page(ANN, conversation.id, "", 20) is None
    with pytest.raises(NotFound):
        await stores.messages.open(a_message(conversation), None)
    assert await stores.conversations.get(ANN, conversation.id) is None, "deleted stays deleted"


async def test_an_answer_to_no_message_is_dropped_in_silence(stores: Storage) -> None:
    conversation = await begun(stores)
    before = await messages_of(stores, conversation)
    await stores.messages.close(answered(a_message(conversation)))
    assert await messages_of(stores, conversation) == before


async def test_pages_go_backwards_and_each_is_ascending(stores: Storage) -> None:
    conversation = await begun(stores, at=0.0)
    for at in range(1, 5):
        await ask_and_answer(stores, conversation, at=float(at))
    newest = await stores.messages.page(ANN, conversation.id, "", 2)
    assert newest is not None
    assert [message.created_at for message in newest.items] == [3.0, 4.0]
    assert newest.has_more
    older = await stores.messages.page(ANN, conversation.id, newest.items[0].id, 3)
    assert older is not None
    assert [message.created_at for message in older.items] == [0.0, 1.0, 2.0]
    assert not older.has_more
    none = await stores.messages.page(ANN, conversation.id, older.items[0].id, 3)
    assert none is not None
    assert (none.items, none.has_more) == ((), False)


async def test_a_page_after_an_unknown_message_is_refused(stores: Storage) -> None:
    conversation, other = await begun(stores), await begun(stores)
    (elsewhere,) = await messages_of(stores, other)
    for first_id in ("unknown", elsewhere.id):
        with pytest.raises(NotFound):
            await stores.messages.page(ANN, conversation.id, first_id, 20)


@many
@given(times=st.lists(st.sampled_from([1.0, 2.0, 3.0, 1e9 + 0.1]), min_size=1, max_size=9), limit=st.integers(1, 4))
async def test_pages_joined_are_the_whole_without_gap_or_repeat(
    stores: Storage, times: list[float], limit: int
) -> None:
    conversation = a_conversation(owner=Owner("app-1", f"user {next(users)}"))
    written = [a_message(conversation, at) for at in times]
    await stores.messages.open(written[0], conversation)
    await asyncio.gather(*(stores.messages.open(message, None) for message in written[1:]))
    joined: list[str] = []
    has_more = True
    while has_more:
        page = await stores.messages.page(conversation.owner, conversation.id, joined[0] if joined else "", limit)
        assert page is not None
        joined = [message.id for message in page.items] + joined
        has_more = page.has_more
        assert has_more == (len(joined) < len(written))
        assert len(page.items) <= limit
    assert joined == [message.id for message in sorted(written, key=lambda message: message.created_at)]


async def test_a_thread_is_the_newest_answered_turns_oldest_first(stores: Storage) -> None:
    conversation = await begun(stores, at=0.0)  # still running
    await ask_and_answer(stores, conversation, 1.0, "one")
    await ask_and_answer(stores, conversation, 3.0, "three")
    await ask_and_answer(stores, conversation, 2.0, "two")
    await ask_and_answer(stores, conversation, 3.0, "three again")
    await ask_and_answer(stores, conversation, 4.0, "")
    statuses: tuple[MessageStatus, ...] = ("error", "paused", "running")
    for status in statuses:
        message = await ask_and_answer(stores, conversation, 5.0, "not counted")
        await stores.messages.close(structs.replace(message, status=status))
    for limit, expected in ((9, ["one", "two", "three", "three again"]), (2, ["three", "three again"]), (0, [])):
        thread = await stores.messages.thread(ANN, conversation.id, limit)
        assert thread is not None
        assert [exchange.answer for exchange in thread.exchanges] == expected
        assert thread.conversation == structs.replace(conversation, updated_at=5.0)


@many
@given(
    turns=st.lists(
        st.tuples(st.sampled_from([1.0, 2.0, 3.0]), st.none() | st.integers(0, 9), st.booleans()), max_size=10
    ),
    asked=st.none() | st.integers(0, 9),
    limit=st.integers(0, 12),
)
async def test_a_thread_follows_parents_and_from_one_without_goes_to_the_newest_before_it(
    stores: Storage, turns: list[tuple[float, int | None, bool]], asked: int | None, limit: int
) -> None:
    """Also when the clock was set back between turns, which could make a circle."""
    conversation = a_conversation(owner=Owner("app-1", f"user {next(users)}"))
    first = a_message(conversation, 2.0, "first")
    await stores.messages.open(first, conversation)
    await stores.messages.close(answered(first))
    written = [first]
    for number, (at, parent, well) in enumerate(turns):
        parent_id = NIL if parent is None else written[parent % len(written)].id
        message = structs.replace(a_message(conversation, at, f"turn {number}"), parent_id=parent_id)
        await stores.messages.open(message, None)
        await stores.messages.close(answered(message, "Fine." if well else ""))
        written.append(answered(message, "Fine." if well else ""))
    written[0] = answered(first)
    ordered = sorted(written, key=lambda message: message.created_at)
    one = None if asked is None else written[asked % len(written)]
    thread = await stores.messages.thread(conversation.owner, conversation.id, limit, one.id if one else NIL)
    assert thread is not None
    path: list[Message] = []
    at_last: Message | None = one or ordered[-1]
    while at_last is not None and at_last not in path:
        path.append(at_last)
        before = ordered[: ordered.index(at_last)]
        parents = [message for message in written if message.id == at_last.parent_id]
        at_last = next(iter(parents or before[-1:]), None)
    queries = [message.query for message in path if message.answer][:limit]
    assert [exchange.query for exchange in thread.exchanges] == queries[::-1]


async def test_a_thread_to_a_message_from_elsewhere_is_refused(stores: Storage) -> None:
    conversation, other = await begun(stores), await begun(stores)
    (elsewhere,) = await messages_of(stores, other)
    for parent_id in ("unknown", elsewhere.id):
        with pytest.raises(NotFound, match="Message Not Exists"):
            await stores.messages.thread(ANN, conversation.id, 20, parent_id)
    assert await stores.messages.thread(STRANGERS[0], conversation.id, 20, elsewhere.id) is None


@many
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
async def test_any_text_comes_back_as_it_was(stores: Storage, text: str) -> None:
    conversation = a_conversation(owner=Owner("app-1", f"user {next(users)}"))
    message = structs.replace(a_message(conversation, query=text), inputs={text: text})
    await stores.messages.open(message, conversation)
    await stores.messages.close(answered(message, text))
    assert await messages_of(stores, conversation) == (answered(message, text),)
    thread = await stores.messages.thread(conversation.owner, conversation.id, 5)
    assert thread is not None
    assert thread.exchanges == (Exchange(text, text),)


@pytest.mark.parametrize("branching", [False, True])
async def test_a_thread_has_the_files_that_were_sent_with_each_query(stores: Storage, branching: bool) -> None:  # noqa: FBT001
    conversation = a_conversation()
    first = structs.replace(a_message(conversation), files=SHOWN)
    await stores.messages.open(first, conversation)
    await stores.messages.close(answered(first))
    await ask_and_answer(stores, conversation, at=2.0)
    parent = first.id if branching else NIL
    thread = await stores.messages.thread(ANN, conversation.id, 5, parent)
    assert thread is not None
    sent = FileRef("image", "local_file", "", "u1", "Grüße 漢字.png", "image/png", 2**33)
    addressed = FileRef("document", "remote_url", "https://pages.example/a?b=“c”")
    assert [said.files for said in thread.exchanges][:1] == [(sent, addressed)]
    assert [said.files for said in thread.exchanges][1:] == [()] * (not branching)


async def test_two_hundred_turns_at_once_are_all_kept(stores: Storage) -> None:
    shared = await begun(stores, at=0.0)

    async def turn(number: int) -> str:
        conversation = shared if number % 2 else a_conversation()
        message = a_message(conversation, at=float(number), query=f"question {number}")
        await stores.messages.open(message, None if number % 2 else conversation)
        await stores.messages.close(answered(message, f"answer {number}"))
        thread = await stores.messages.thread(ANN, conversation.id, 500)
        assert thread is not None
        assert Exchange(f"question {number}", f"answer {number}") in thread.exchanges, "read your own writes"
        return conversation.id

    with anyio.fail_after(5):
        ids = await asyncio.gather(*(turn(number) for number in range(200)))
    thread = await stores.messages.thread(ANN, shared.id, 500)
    assert thread is not None
    assert [exchange.answer for exchange in thread.exchanges] == [f"answer {n}" for n in range(1, 200, 2)]
    page = await stores.conversations.page(ANN, "", 500, "created_at")
    assert {conversation.id for conversation in page.items} == set(ids)


async def test_turns_at_once_in_a_deleted_and_a_living_conversation_do_not_hurt_each_other(stores: Storage) -> None:
    living, deleted = await begun(stores), await begun(stores)
    await stores.conversations.delete(ANN, deleted.id)
    told = await asyncio.gather(
        *(stores.messages.open(a_message(living if n % 2 else deleted), None) for n in range(20)),
        return_exceptions=True,
    )
    assert [type(one) for one in told] == [NotFound, type(None)] * 10
    assert len(await messages_of(stores, living)) == 11


async def test_a_sweep_marks_what_is_unfinished_and_nothing_else(stores: Storage) -> None:
    conversation = await begun(stores, at=1.0)
    done = await ask_and_answer(stores, conversation, at=2.0)
    paused = a_message(conversation, at=3.0)
    await stores.messages.open(paused, None)
    await stores.messages.close(structs.replace(paused, status="paused"))
    elsewhere = await begun(stores, owner=STRANGERS[0])
    assert await stores.messages.sweep("The server stopped before it had answered.") == 2
    unfinished, *others = await messages_of(stores, conversation)
    assert (unfinished.status, unfinished.error) == ("error", "The server stopped before it had answered.")
    assert others == [done, structs.replace(paused, status="paused")]
    assert [message.status for message in await messages_of(stores, elsewhere)] == ["error"]
    assert await stores.messages.sweep("again") == 0
