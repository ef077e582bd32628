"""One tenant never sees another: an id of another's is answered as one of nothing, wherever it is sent.

The places are in `walk_knowledge.py`; a stranger goes to each of them, and what the owner has is looked at in between.
"""

import json

import pytest

from parlour.wire.openapi import document
from tests.contract import walk
from tests.contract.requirements import requirement
from tests.contract.shelving import desk
from tests.contract.test_isolation import shown
from tests.contract.walk_knowledge import NO_IDS, PLACES, Tenant, belongings, furnish
from tests.houses import NOBODY, Build

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@requirement("knowledge:own")
async def test_another_tenants_id_is_answered_as_one_of_nothing_and_harms_nothing(build: Build) -> None:
    house = await build()
    owner, stranger = Tenant(desk(house)), Tenant(desk(house, "umbrella"))
    for tenant in (owner, stranger):
        await furnish(tenant)
    before = await belongings(owner)
    for place in PLACES:
        foreign = owner.has[place.kind]
        found, nothing = await place.visit(stranger, foreign), await place.visit(stranger, NOBODY)
        assert shown(found, foreign) == shown(nothing, NOBODY), place
        assert (found.status < 400) == place.silent, (place, found.body)
        assert await belongings(owner) == before, place


@pytest.mark.slow
@requirement("knowledge:own")
async def test_the_walk_could_do_harm_with_a_tenants_own_ids(build: Build) -> None:
    house = await build()
    for place in PLACES:
        owner = Tenant(desk(house))
        await furnish(owner)
        reply = await place.visit(owner, owner.has[place.kind])
        assert reply.status < 300, (place, reply.body)


def test_the_walk_goes_to_every_place_for_an_id_that_the_document_names() -> None:
    wanted = set(walk.described(json.loads(document("1.0.0")), "knowledge_key"))
    visited = {(place.operation, place.name) for place in PLACES}
    assert wanted - visited == NO_IDS.keys()
    assert {one for one in visited if one[1].endswith(("_id", "_ids"))} <= wanted
