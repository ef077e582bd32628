"""What the port `Webhooks` promises, on every store."""

import asyncio

import pytest
from msgspec import structs

from parlour.domain.message import Message, MessageStatus
from parlour.domain.webhook import Webhook
from parlour.domain.workflow_run import WorkflowRun
from parlour.ports.webhooks import FORGOTTEN, Backlog
from tests.conformance.samples import ANN, STRANGERS, Storage, a_conversation, a_message, answered
from tests.conformance.test_workflow_runs import a_run

pytestmark = pytest.mark.anyio
URL = "https://hooks.example.com/é?token=a%20b"


def hook(run: Message | WorkflowRun, at: float = 1.0) -> Webhook:
    return Webhook(run.id, run.owner, "first", URL, at)


async def owed(stores: Storage, at: float = 1.0) -> Webhook:
    """One of a message that is answered."""
    conversation = a_conversation()
    message = a_message(conversation)
    await stores.messages.open(message, conversation)
    await stores.messages.close(answered(message))
    webhook = hook(message, at)
    await stores.webhooks.add(webhook)
    return webhook


async def test_it_is_due_once_its_run_goes_on_no_more(stores: Storage) -> None:
    conversation = a_conversation()
    message = a_message(conversation)
    await stores.messages.open(message, conversation)
    await stores.webhooks.add(hook(message))
    statuses: tuple[MessageStatus, ...] = ("running", "paused")
    for status in statuses:
        await stores.messages.close(structs.replace(message, status=status))
        assert await stores.webhooks.take("w", 10.0, 20.0) is None
    await stores.messages.close(structs.replace(message, status="error", error="down"))
    assert await stores.webhooks.take("w", 10.0, 20.0) == hook(message)


async def test_that_of_a_workflow_is_due_once_its_run_has_ended(stores: Storage) -> None:
    run = a_run(1, 1.0)
    await stores.workflows.open(run)
    await stores.webhooks.add(hook(run))
    assert await stores.webhooks.take("w", 10.0, 20.0) is None
    await stores.workflows.close(structs.replace(run, status="stopped"))
    assert await stores.webhooks.take("w", 10.0, 20.0) == hook(run)


async def test_one_whose_run_is_deleted_is_due(stores: Storage) -> None:
    conversation = a_conversation()
    message = a_message(conversation)
    await stores.messages.open(message, conversation)
    await stores.webhooks.add(hook(message))
    await stores.conversations.delete(ANN, conversation.id)
    assert await stores.webhooks.take("w", 10.0, 20.0) == hook(message)


async def test_who_takes_it_holds_it_until_his_time_is_over(stores: Storage) -> None:
    webhook = await owed(stores)
    assert await stores.webhooks.take("one", 10.0, 20.0) == webhook
    assert await stores.webhooks.take("two", 19.9, 30.0) is None
    assert await stores.webhooks.take("two", 20.0, 30.0) == webhook
    await stores.webhooks.close(webhook.run_id, "one", "delivered", 21.0)
    await stores.webhooks.put_off(webhook.run_id, "one", 1000.0)
    assert await stores.webhooks.take("three", 30.0, 40.0) == webhook, "it was the second one's by then"


async def test_of_many_who_take_at_once_each_gets_another(stores: Storage) -> None:
    webhooks = [await owed(stores) for _ in range(5)]
    taken = [
        one
        for _ in range(5)  # who comes at the same moment may get nothing, and asks again
        for one in await asyncio.gather(*(stores.webhooks.take(f"w{n}", 10.0, 20.0) for n in range(5)))
        if one is not None
    ]
    assert sorted(one.run_id for one in taken) == sorted(one.run_id for one in webhooks)


async def test_one_that_was_tried_in_vain_comes_again_and_tells_how_often(stores: Storage) -> None:
    webhook = await owed(stores)
    for attempts, at in enumerate((10.0, 20.0, 30.0)):
        assert await stores.webhooks.take("w", at, at + 5) == structs.replace(webhook, attempts=attempts)
        await stores.webhooks.put_off(webhook.run_id, "w", at + 10)
        assert await stores.webhooks.take("w", at + 9.9, at + 20) is None


async def test_the_one_that_is_due_for_longest_comes_first(stores: Storage) -> None:
    late, early = await owed(stores, 3.0), await owed(stores, 2.0)
    assert await stores.webhooks.take("w", 1.9, 10.0) is None
    assert [await stores.webhooks.take("w", 5.0, 10.0) for _ in range(2)] == [early, late]


async def test_one_that_has_ended_is_known_for_a_day_and_owed_no_more(stores: Storage) -> None:
    webhook = await owed(stores)
    assert await stores.webhooks.take("w", 10.0, 20.0)
    await stores.webhooks.close(webhook.run_id, "w", "delivered", 12.0)
    await stores.webhooks.add(webhook)
    assert await stores.webhooks.take("w", 12.0 + FORGOTTEN, 13.0 + FORGOTTEN) is None
    another = await owed(stores)
    assert await stores.webhooks.take("w", 100.0, 200.0) == another
    await stores.webhooks.close(another.run_id, "w", "given up", 12.0 + FORGOTTEN)
    await stores.webhooks.add(webhook)
    assert await stores.webhooks.take("w", 13.0, 20.0) == webhook, "the first one is forgotten"


async def test_the_backlog_tells_those_apart_that_were_tried_in_vain(stores: Storage) -> None:
    assert await stores.webhooks.backlog() == Backlog()
    for _ in range(3):
        await owed(stores)
    for _ in range(2):
        taken = await stores.webhooks.take("w", 10.0, 20.0)
        assert taken is not None
        await stores.webhooks.put_off(taken.run_id, "w", 100.0)
    assert await stores.webhooks.backlog() == Backlog(waiting=1, failing=2)
    taken = await stores.webhooks.take("w", 10.0, 20.0)
    assert taken is not None
    await stores.webhooks.close(taken.run_id, "w", "gone", 11.0)
    assert await stores.webhooks.backlog() == Backlog(waiting=0, failing=2)


async def test_those_of_a_forgotten_user_go_and_no_others(stores: Storage) -> None:
    for owner in (ANN, *STRANGERS):
        await stores.webhooks.add(Webhook(f"{owner.app_id}/{owner.user}", owner, "first", URL, 1.0))
    await stores.erasure.piece(ANN, 100)
    left = [await stores.webhooks.take("w", 10.0, 20.0) for _ in range(5)]
    assert {one.owner for one in left if one is not None} == set(STRANGERS)
