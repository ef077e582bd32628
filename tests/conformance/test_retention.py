"""What the port `Retention` promises, on every store."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import json, structs

from parlour.domain.claim import SECONDS, Claim, Repeat
from parlour.domain.files import Attachment, File, FileRef
from parlour.domain.message import Conversation, Message, MessageStatus, Owner
from parlour.domain.problems import NotFound
from parlour.domain.turn import Submission
from parlour.domain.uploads import Upload
from parlour.domain.values import json_form
from parlour.domain.workflow_run import Form, LaidAside, LogQuery, StoredVariable
from parlour.ports.feedback import Said
from parlour.ports.retention import Pruned
from parlour.stores.memory import Memory
from tests.conformance.samples import (
    ANN,
    STRANGERS,
    Storage,
    a_conversation,
    a_message,
    answered,
    ask_and_answer,
    begun,
    messages_of,
)
from tests.conformance.test_workflow_runs import a_run, an_outcome, asked

pytestmark = pytest.mark.anyio
many = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


async def talked(stores: Storage, *times: float, owner: Owner = ANN) -> tuple[Conversation, list[Message]]:
    """A conversation with an answered message at each time."""
    conversation = a_conversation(times[0], owner)
    first = a_message(conversation, times[0])
    await stores.messages.open(first, conversation)
    await stores.messages.close(answered(first))
    rest = [await ask_and_answer(stores, conversation, at) for at in times[1:]]
    return conversation, [answered(first), *rest]


def an_upload(upload_id: str, at: float) -> Upload:
    return Upload(upload_id, ANN, "a.png", 3, "png", "image/png", at)


def showing(message: Message, *upload_ids: str) -> Message:
    files = [Attachment(f"f-{one}", "image", "local_file", "", one, "a.png", "image/png", 3) for one in upload_ids]
    return structs.replace(message, files=tuple(files))


async def test_old_messages_go_newer_ones_stay_and_a_conversation_goes_with_its_last(stores: Storage) -> None:
    old, _ = await talked(stores, 1.0, 2.0)
    both, (_, newer) = await talked(stores, 3.0, 10.0, owner=STRANGERS[0])
    new, kept = await talked(stores, 11.0)
    assert await stores.retention.old(10.0, 0.0) == Pruned(messages=3, conversations=1)
    assert await stores.retention.messages(10.0, 100) == Pruned(messages=3, conversations=1)
    assert await stores.conversations.get(ANN, old.id) is None
    assert await messages_of(stores, both) == (newer,), "what is as old as the limit is not older"
    assert await messages_of(stores, new) == tuple(kept)
    assert await stores.retention.messages(10.0, 100) == Pruned()
    assert await stores.retention.old(10.0, 0.0) == Pruned()


async def test_no_more_go_at_once_than_was_said_and_the_oldest_go_first(stores: Storage) -> None:
    one, first = await talked(stores, 5.0, 1.0, 4.0)
    other, second = await talked(stores, 2.0, 3.0)
    assert await stores.retention.messages(9.0, 2) == Pruned(messages=2)
    assert await messages_of(stores, one) == (first[2], first[0])
    assert await messages_of(stores, other) == (second[1],)
    assert await stores.retention.messages(9.0, 2) == Pruned(messages=2, conversations=1)
    assert await stores.retention.messages(9.0, 2) == Pruned(messages=1, conversations=1)


async def test_a_message_that_is_being_answered_stays_and_keeps_its_conversation(stores: Storage) -> None:
    conversation = await begun(stores, 1.0)
    answer = await ask_and_answer(stores, conversation, 2.0)
    statuses: tuple[MessageStatus, ...] = ("error", "paused")
    for status in statuses:
        message = await ask_and_answer(stores, conversation, 3.0)
        await stores.messages.close(structs.replace(message, status=status))
    assert await stores.retention.old(9.0, 0.0) == Pruned(messages=3)
    assert await stores.retention.messages(9.0, 9) == Pruned(messages=3)
    (running,) = await messages_of(stores, conversation)
    assert running.status == "running"
    await stores.messages.close(answered(running))
    assert await stores.retention.messages(9.0, 9) == Pruned(messages=1, conversations=1)
    await stores.messages.close(answer)
    with pytest.raises(NotFound, match="start a new one"):
        await stores.messages.open(a_message(conversation, 9.0), None)


async def test_feedback_goes_with_its_message(stores: Storage) -> None:
    _, (old, new) = await talked(stores, 1.0, 10.0)
    for message in (old, new):
        await stores.feedbacks.set(ANN, message.id, Said(f"feedback on {message.id}", "like", None, 20.0))
    assert (await stores.retention.old(5.0, 0.0)).feedbacks == 1
    assert (await stores.retention.messages(5.0, 9)).feedbacks == 1
    assert [one.message_id for one in await stores.feedbacks.page(ANN.app_id, 1, 20)] == [new.id]
    assert await stores.feedbacks.ratings(ANN, [old.id, new.id]) == {new.id: "like"}


async def test_an_upload_goes_when_it_is_old_and_no_message_shows_it(stores: Storage) -> None:
    for upload_id, at in (("unshown", 1.0), ("shown-old", 1.0), ("shown-new", 1.0), ("young", 10.0)):
        await stores.uploads.add(an_upload(upload_id, at))
    conversation = a_conversation()
    await stores.messages.open(showing(a_message(conversation, 1.0), "shown-old", "shown-new"), conversation)
    await stores.messages.sweep("over")
    await stores.messages.open(showing(a_message(conversation, 10.0), "shown-new"), None)
    assert (await stores.retention.old(5.0, 0.0)).uploads == 2, "one of them once its message has gone"
    assert await stores.retention.uploads(5.0, 9) == ("unshown",)
    await stores.retention.messages(5.0, 9)
    assert set(await stores.retention.uploads(5.0, 9)) == {"shown-old", "unshown"}
    for upload_id in ("shown-new", "young"):
        assert await stores.uploads.find(ANN, upload_id) is not None
    for upload_id in ("unshown", "shown-old"):
        assert await stores.uploads.find(ANN, upload_id) is None


async def test_an_upload_that_is_only_in_the_inputs_of_a_message_goes_after_it(stores: Storage) -> None:
    for upload_id in ("held", "unheld"):
        await stores.uploads.add(an_upload(upload_id, 1.0))
    conversation = a_conversation()
    inputs: dict[str, object] = {"doc": (FileRef("image", "local_file", upload_file_id="held"),)}
    await stores.messages.open(structs.replace(a_message(conversation, 10.0), inputs=inputs), conversation)
    await stores.messages.sweep("over")
    assert (await stores.retention.old(5.0, 0.0)).uploads == 1
    assert await stores.retention.uploads(5.0, 9) == ("unheld",)
    await stores.retention.messages(20.0, 9)
    assert set(await stores.retention.uploads(5.0, 9)) == {"held", "unheld"}


def naming(upload_id: str) -> dict[str, object]:
    return {"doc": json_form(File("document", "local_file", "a.pdf", related_id=upload_id))}


async def test_an_upload_that_only_a_run_names_goes_after_it(stores: Storage) -> None:
    """By its inputs, its outputs, what it was laid aside as, or what somebody has sent with its form."""
    names = ("begun-with", "put-out", "laid-aside", "sent", "long-over", "nobodys")
    for upload_id in names:
        await stores.uploads.add(an_upload(upload_id, 1.0))
    over = structs.replace(a_run(0, 2.0), inputs=naming("long-over"))
    await stores.workflows.open(over)
    await stores.workflows.close(structs.replace(over, status="succeeded"))
    ended = structs.replace(a_run(1, 10.0), inputs=naming("begun-with"))
    await stores.workflows.open(ended)
    await stores.workflows.close(structs.replace(ended, status="succeeded", outputs=naming("put-out")))
    waiting = structs.replace(a_run(2, 10.0), status="paused")
    await stores.workflows.open(a_run(2, 10.0))
    state = json.encode({"values": {"web": naming("laid-aside")}})
    await stores.pauses.lay_aside(LaidAside(waiting, state, (Form(waiting.id, ANN.app_id, asked("f2")),)))
    await stores.forms.answer("f2", Submission("yes", naming("sent")))

    assert (await stores.retention.old(5.0, 0.0)).uploads == 2
    assert await stores.retention.runs(5.0, 9) == 1
    assert set(await stores.retention.uploads(5.0, 9)) == {"long-over", "nobodys"}
    await stores.retention.runs(20.0, 9)
    assert set(await stores.retention.uploads(5.0, 9)) == set(names)


async def test_an_upload_that_only_a_variable_of_a_conversation_holds_goes_after_it(stores: Storage) -> None:
    for upload_id in ("first", "second"):
        await stores.uploads.add(an_upload(upload_id, 1.0))
    conversation, _ = await talked(stores, 10.0)
    variable = StoredVariable("v", "docs", "array[file]", [naming("first")["doc"]], "", 10.0, 10.0)
    await stores.variables.write(conversation.id, [variable])
    assert (await stores.retention.old(5.0, 0.0)).uploads == 1
    await stores.variables.write(conversation.id, [structs.replace(variable, value=[naming("second")["doc"]])])
    assert await stores.retention.uploads(5.0, 9) == ("first",)
    assert (await stores.retention.old(20.0, 0.0)).uploads == 1
    await stores.conversations.delete(ANN, conversation.id)
    assert set(await stores.retention.uploads(5.0, 9)) == {"first", "second"}


async def test_a_blob_is_named_until_it_is_deleted_and_no_more_at_once_than_was_said(stores: Storage) -> None:
    for number in range(5):
        await stores.uploads.add(an_upload(f"u{number}", 1.0))
    names = set[str]()
    for size in (2, 2, 1):
        some = await stores.retention.uploads(5.0, 2)
        assert await stores.retention.uploads(5.0, 2) == some, "again, as after a crash"
        assert len(some) == size
        names |= set(some)
        await stores.retention.deleted(some)
    assert names == {f"u{number}" for number in range(5)}
    assert await stores.retention.uploads(5.0, 2) == ()


async def test_old_runs_of_graphs_go_with_their_nodes_and_forms_and_one_that_goes_on_stays(stores: Storage) -> None:
    for number, at in enumerate((3.0, 1.0, 2.0, 10.0)):
        await stores.workflows.open(a_run(number, at))
        await stores.workflows.close(a_run(number, at, status="succeeded"))
    waiting = structs.replace(a_run(2, 2.0), status="paused")
    await stores.pauses.lay_aside(LaidAside(waiting, b"", (Form(waiting.id, ANN.app_id, asked("f2")),)))
    await stores.workflows.open(a_run(4, 1.0))
    await stores.executions.add("r1", [an_outcome()])
    assert (await stores.retention.old(10.0, 0.0)).runs == 3
    assert [await stores.retention.runs(10.0, 2), await stores.retention.runs(10.0, 2)] == [2, 1]
    assert await stores.retention.runs(10.0, 2) == 0
    left = await stores.workflows.page(ANN.app_id, LogQuery())
    assert [run.id for run in left.items] == ["r3", "r4"]
    assert await stores.executions.of_run("r1") == ()
    assert await stores.forms.find(ANN.app_id, "token of f2") is None


async def test_keys_of_repeated_requests_go_once_they_have_expired(stores: Storage) -> None:
    conversation = await begun(stores)
    for number, at in enumerate((1.0, 2.0, 3.0, 100.0)):
        message = a_message(conversation, at)
        claim = Claim(ANN, Repeat(f"k{number}", "body"), "t", message.id, at)
        await stores.messages.open(message, None, claim)
    now = SECONDS + 3.0
    assert (await stores.retention.old(0.0, now)).keys == 3
    assert [await stores.retention.keys(now, 2) for _ in range(3)] == [2, 1, 0]
    assert await stores.claims.find(ANN, "k3", now) is not None


async def test_one_who_goes_on_with_a_pruned_conversation_is_told_and_writes_nothing(stores: Storage) -> None:
    conversation, _ = await talked(stores, 1.0)
    told = await asyncio.gather(
        stores.retention.messages(5.0, 9),
        stores.messages.open(a_message(conversation, 9.0), None),
        return_exceptions=True,
    )
    page = await stores.messages.page(ANN, conversation.id, "", 20)
    if isinstance(told[1], NotFound):
        assert page is None
    else:
        assert page is not None
        assert [message.created_at for message in page.items] == [9.0]


@many
@given(
    times=st.lists(st.lists(st.sampled_from([1.0, 2.0, 3.0, 4.0]), min_size=1, max_size=5), max_size=4),
    before=st.sampled_from([0.0, 1.0, 2.5, 4.0, 5.0]),
    limit=st.integers(1, 6),
)
async def test_what_would_go_is_what_goes_and_nothing_else(
    times: list[list[float]], before: float, limit: int, stores: Storage
) -> None:
    if isinstance(stores, Memory):
        stores = Memory()
    talks = [await talked(stores, *one) for one in times]
    foretold = await stores.retention.old(before, 0.0)
    gone = Pruned()
    while (some := await stores.retention.messages(before, limit)) != Pruned():
        assert some.messages <= limit
        gone += some
    assert gone == foretold
    for conversation, messages in talks:
        left = [message for message in messages if message.created_at >= before]
        if left:
            assert await messages_of(stores, conversation) == tuple(sorted(left, key=lambda one: one.created_at))
        else:
            assert await stores.conversations.get(conversation.owner, conversation.id) is None
        await stores.conversations.delete(conversation.owner, conversation.id)
