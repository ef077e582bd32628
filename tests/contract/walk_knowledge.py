"""Every place of every request about knowledge that an id can stand in, as data, and what a tenant has to stand there.

Knows no test: `test_isolation_knowledge.py` goes to each of these places with the ids of another tenant.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from tests.contract.shelving import shelf
from tests.front_door import FrontDoor, Reply
from tests.houses import fresh_id

Body = dict[str, Any]


class Tenant(Struct):
    """A tenant's key, and the ids of what it has."""

    door: FrontDoor
    has: dict[str, str] = {}


class Place(Struct, frozen=True):
    """One place for an id: a parameter or a member `name` of an operation of the API's document."""

    operation: str
    name: str
    body: Callable[[str, Body], Body] | None = None
    """The request's body with an id in its place, beside what the tenant has."""
    query: Callable[[str], Body] | None = None
    found: str = ""
    """What it has that could stand there, if that is not `name`."""
    silent: bool = False
    """Whether an id of nothing is passed over there, and all else done."""

    @property
    def kind(self) -> str:
        return self.found or self.name

    async def visit(self, tenant: Tenant, given: str) -> Reply:
        """Ask as this tenant, all as it should be but for the id that is given."""
        method, _, path = self.operation.partition(" ")
        path = path.format_map({**tenant.has, self.name: given})
        return await tenant.door.request(
            method,
            path,
            json_body=self.body(given, tenant.has) if self.body else None,
            query=self.query(given) if self.query else None,
        )


DATASET, TAGS = "/v1/datasets/{dataset_id}", "/v1/datasets/tags"

PLACES = (
    Place("GET /v1/datasets", "tag_ids", query=lambda it: {"tag_ids": it}, found="tag_id", silent=True),
    Place(f"GET {DATASET}", "dataset_id"),
    Place(f"PATCH {DATASET}", "dataset_id", body=lambda _, __: {"name": "Stolen"}),
    Place(f"DELETE {DATASET}", "dataset_id"),
    Place(f"PATCH {TAGS}", "tag_id", body=lambda it, _: {"tag_id": it, "name": "Stolen"}),
    Place(f"DELETE {TAGS}", "tag_id", body=lambda it, _: {"tag_id": it}),
    Place(
        f"POST {TAGS}/binding",
        "tag_ids",
        body=lambda it, has: {"tag_ids": [it], "target_id": has["dataset_id"]},
        found="tag_id",
        silent=True,
    ),
    Place(
        f"POST {TAGS}/binding",
        "target_id",
        body=lambda it, has: {"tag_ids": [has["tag_id"]], "target_id": it},
        found="dataset_id",
    ),
    Place(
        f"POST {TAGS}/unbinding",
        "tag_ids",
        body=lambda it, has: {"tag_ids": [it], "target_id": has["dataset_id"]},
        found="tag_id",
        silent=True,
    ),
    Place(
        f"POST {TAGS}/unbinding",
        "tag_id",
        body=lambda it, has: {"tag_id": it, "target_id": has["dataset_id"]},
        silent=True,
    ),
    Place(
        f"POST {TAGS}/unbinding",
        "target_id",
        body=lambda it, has: {"tag_ids": [has["tag_id"]], "target_id": it},
        found="dataset_id",
    ),
    Place(f"GET {DATASET}/tags", "dataset_id"),
)

ELSEWHERE = "names something of somebody else's server: kept, shown to its tenant, never looked up here"
NO_IDS = {
    **{
        (operation, name): ELSEWHERE
        for operation in ("POST /v1/datasets", f"PATCH {DATASET}")
        for name in ("external_knowledge_id", "external_knowledge_api_id")
    },
    (f"PATCH {DATASET}", "partial_member_list[].user_id"): "there are no accounts here: kept, and shown to its tenant",
}
"""What ends in `_id` and names nothing of anybody's."""


async def furnish(tenant: Tenant) -> None:
    """Have a tenant own one of each."""
    door = tenant.door
    dataset, tag = await shelf(door, fresh_id()), await door.post(TAGS, name=fresh_id())
    tenant.has = {"dataset_id": dataset["id"], "tag_id": tag.json()["id"]}
    bound = await door.post(f"{TAGS}/binding", tag_ids=[tenant.has["tag_id"]], target_id=dataset["id"])
    assert bound.status == 204


async def belongings(tenant: Tenant) -> list[bytes]:
    """All that can be seen of what a tenant has, by itself."""
    own = DATASET.format_map(tenant.has)
    replies = [await tenant.door.get(path) for path in ("/v1/datasets", TAGS, own, f"{own}/tags")]
    assert [reply.status for reply in replies] == [200] * len(replies)
    return [reply.body for reply in replies]
