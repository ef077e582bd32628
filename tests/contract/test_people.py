"""End users: who an app's users are by id (contract 5.9, 6.1)."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from anyio import Event, fail_after

from parlour.domain.message import Owner
from parlour.domain.people import EndUser, end_user_id
from parlour.domain.problems import InternalError
from parlour.http.guests import Guests
from tests.contract.requirements import requirement
from tests.front_door import FrontDoor, Reply
from tests.houses import NOBODY, Build, Place, chat_app, key_of

pytestmark = pytest.mark.anyio


def id_of(place: Place, user: str, app: str = "first") -> str:
    known = place.house.catalogue.get(app)
    assert known is not None
    return end_user_id(Owner(known.card.id, user))


async def found(door: FrontDoor, end_user: str) -> Reply:
    return await door.get(f"/v1/end-users/{end_user}")


def unknown(reply: Reply) -> bool:
    return (reply.status, reply.json()["code"]) == (404, "end_user_not_found")


@requirement("people:item", "people:valid")
async def test_an_end_user_is_there_as_soon_as_its_first_message(build: Build) -> None:
    place = await build(fixed=True)
    assert unknown(await found(place.door, id_of(place, "ann")))
    assert (await place.door.send("hi", "ann", auto_generate_name=False)).status == 200
    reply = await found(place.door, id_of(place, "ann").upper())
    assert (reply.status, reply.json()) == (
        200,
        {
            "id": id_of(place, "ann"),
            "tenant_id": "00000000-0000-0000-0000-000000000000",
            "app_id": place.house.catalogue.all()[0].card.id,
            "type": "service-api",
            "external_user_id": "ann",
            "name": None,
            "is_anonymous": False,
            "session_id": "ann",
            "created_at": "2025-12-29T09:20:00Z",
            "updated_at": "2025-12-29T09:20:00Z",
        },
    )


@requirement("people:valid")
async def test_a_refused_request_leaves_no_end_user(build: Build) -> None:
    place = await build()
    assert (await place.door.send("", "ann")).status == 400
    assert (await place.door.send("hi", "ann", conversation_id=NOBODY)).status == 404
    assert (await place.door.post(f"/v1/messages/{NOBODY}/feedbacks", rating="like", user="ann")).status == 404
    assert (await place.door.get("/v1/conversations", user="ann", limit=0)).status == 400
    assert unknown(await found(place.door, id_of(place, "ann")))


@requirement("people:once")
async def test_a_user_is_one_under_all_keys_of_an_app_and_another_elsewhere(build: Build) -> None:
    place = await build(apps={"first": chat_app(), "second": chat_app()})
    doors = [FrontDoor(place.app, key) for key in (key_of("first"), key_of("first", 1), key_of("second"))]
    for user in (5, "5"):
        for door in doors:
            assert (await door.get("/v1/conversations", user=user)).status == 200
    first, second = id_of(place, "5"), id_of(place, "5", "second")
    assert first != second
    assert (await found(doors[1], first)).json()["external_user_id"] == "5"
    assert (await found(doors[2], second)).json()["external_user_id"] == "5"


@requirement("people:own")
async def test_another_apps_end_user_is_as_unknown_as_any(build: Build) -> None:
    place = await build(apps={"first": chat_app(), "second": chat_app()})
    await place.door.get("/v1/conversations", user="ann")
    assert (await found(place.door, id_of(place, "ann"))).status == 200
    elsewhere = FrontDoor(place.app, key_of("second"))
    foreign, nobody = await found(elsewhere, id_of(place, "ann")), await found(elsewhere, NOBODY)
    assert unknown(foreign)
    assert foreign.body == nobody.body
    assert (await found(place.door, "abc")).status == 404


@requirement("people:default")
async def test_who_names_nobody_is_anonymous(build: Build) -> None:
    place = await build()
    assert (await place.door.get("/v1/conversations")).status == 200
    reply = (await found(place.door, id_of(place, "DEFAULT-USER"))).json()
    assert (reply["session_id"], reply["is_anonymous"]) == ("DEFAULT-USER", True)


class Ledger:
    """A store that keeps what it was asked to write, and writes when it may."""

    def __init__(self) -> None:
        self.written: list[list[str]] = []
        self.open = Event()
        self.failing = False
        self.meanwhile: Callable[[], object] = int
        """Done between the end of a write and the news of it."""

    async def seen(self, people: Sequence[EndUser]) -> None:
        self.written.append([one.owner.user for one in people])
        if not self.open.is_set():
            await self.open.wait()
        asyncio.get_running_loop().call_soon(self.meanwhile)
        if self.failing:
            raise InternalError("the disk is full")

    async def get(self, app_id: str, end_user_id: str) -> EndUser | None:
        del app_id, end_user_id
        return None


def owner(user: str) -> Owner:
    return Owner("app", user)


async def test_a_known_user_costs_no_statement_and_new_ones_are_written_together() -> None:
    ledger = Ledger()
    guests = Guests(ledger, lambda: 1.0, remembered=3)
    for user in ("ann", "bob", "ann"):
        guests.note(owner(user))
    assert ledger.written == [], "nobody waits for the store"
    ledger.open.set()
    with fail_after(5):
        await guests.settled()
    assert ledger.written == [["ann", "bob"]]
    for user in ("ann", "cat", "dan", "ann"):
        guests.note(owner(user))
    await guests.settled()
    assert ledger.written[1:] == [["cat", "dan"]], "ann was seen lately"
    guests.note(owner("bob"))
    await guests.settled()
    assert ledger.written[2:] == [["bob"]], "longest ago, and forgotten"


async def test_who_comes_just_after_the_last_look_is_written_down_too() -> None:
    ledger = Ledger()
    ledger.open.set()
    guests = Guests(ledger, lambda: 1.0)
    ledger.meanwhile = lambda: guests.note(owner("bob"))
    guests.note(owner("ann"))
    with fail_after(5):
        await guests.settled()
    assert ledger.written == [["ann"], ["bob"]]


async def test_who_could_not_be_written_down_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger()
    ledger.failing = True
    ledger.open.set()
    guests = Guests(ledger, lambda: 1.0)
    with fail_after(5):
        for _ in range(2):
            guests.note(owner("ann"))
            await guests.settled()
    assert ledger.written == [["ann"], ["ann"]]
    assert "could not be written down" in caplog.text
