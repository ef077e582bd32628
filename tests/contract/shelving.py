"""What tests of knowledge share: a client with the key of a tenant, and datasets to work on."""

from typing import Any

from tests.front_door import FrontDoor
from tests.houses import Place, knowledge_key

Body = dict[str, Any]


def desk(place: Place, tenant: str = "acme") -> FrontDoor:
    """The house as that tenant sees it; what it answers is held against the description like all else."""
    door = FrontDoor(place.app, knowledge_key(tenant))
    door.documented = place.door.documented
    return door


async def shelf(door: FrontDoor, name: str = "Handbook", **members: object) -> Body:
    """A dataset."""
    reply = await door.post("/v1/datasets", name=name, **members)
    assert reply.status == 200, reply.body
    return reply.json()
