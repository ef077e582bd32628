"""Serving processes on one database: what a living one runs is let alone, what a dead one ran is nobody's."""

import asyncio

import pytest
from msgspec import structs

from parlour.stores.postgres.opening import open_database
from parlour.stores.sql.stores import Stores
from tests.conformance.samples import a_conversation, a_message, messages_of
from tests.postgres_server import Postgres

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_what_a_living_process_runs_is_not_swept_and_what_a_dead_one_ran_is(postgres: Postgres) -> None:
    with postgres.database() as url:
        one, other = Stores(open_database(url)), Stores(open_database(url))
        assert not await one.replicas.renew(60, bury=True)
        assert not await one.replicas.others()
        await other.replicas.renew(60, bury=True)
        assert await one.replicas.others()
        conversation = a_conversation()
        await one.messages.open(a_message(conversation), conversation)
        assert await other.messages.sweep("gone") == 0
        await one.replicas.renew(-1, bury=False)  # its time is over
        assert not await other.replicas.others()
        assert await other.messages.sweep("gone") == 0, "until somebody has looked"
        assert await other.replicas.renew(60, bury=True)
        assert not await other.replicas.renew(60, bury=True)
        assert await other.messages.sweep("gone") == 1
        [message] = await messages_of(other, conversation)
        assert (message.status, message.error) == ("error", "gone")
        await one.messages.close(structs.replace(message, answer="Said.", status="normal"))
        assert (await messages_of(other, conversation))[0].answer == "Said.", "it lived all the same"
        await asyncio.gather(one.close(), other.close())
