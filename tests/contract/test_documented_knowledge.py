"""Every operation of knowledge in the published description, asked for and held against it, as `test_documented.py`."""

import pytest

from tests.contract.differences_knowledge import DIFFERENCES_KNOWLEDGE
from tests.contract.requirements import requirement
from tests.contract.shelving import desk
from tests.contract.test_documented import OTHER_APPS
from tests.contract.walk_knowledge import DATASET, TAGS, Tenant, belongings, furnish
from tests.documented import operations
from tests.front_door import LISTED, FrontDoor
from tests.houses import Build

pytestmark = pytest.mark.anyio

NOT_SERVED = ("/pipeline", "/document", "/metadata", "/retrieve", "/workspaces")
"""Pipelines are programs of Dify's own editor; the rest is to come."""


async def ask_everything(tenant: Tenant) -> None:
    """One success of every operation, and one failure of every kind."""
    door = tenant.door
    await furnish(tenant)
    await belongings(tenant)
    await datasets(door, tenant.has["dataset_id"])
    await tags(door, tenant.has["dataset_id"], tenant.has["tag_id"])
    await door.request("DELETE", DATASET.format_map(tenant.has))


async def datasets(door: FrontDoor, dataset: str) -> None:
    await door.request("PATCH", f"/v1/datasets/{dataset}", json_body={"name": "New"})
    await door.post("/v1/datasets", name="Other")
    await door.request("PATCH", f"/v1/datasets/{dataset}", json_body={"name": "Other"})


async def tags(door: FrontDoor, dataset: str, tag: str) -> None:
    await door.request("PATCH", TAGS, json_body={"tag_id": tag, "name": "blue"})
    await door.post(f"{TAGS}/unbinding", tag_ids=[tag], target_id=dataset)
    await door.request("DELETE", TAGS, json_body={"tag_id": tag})


@requirement("error:envelope")
async def test_every_operation_answers_as_documented_and_no_listed_difference_is_stale(build: Build) -> None:
    tenant = Tenant(desk(await build()))
    await ask_everything(tenant)
    found = tenant.door.documented
    seen = set(found.found)
    assert seen - LISTED.keys() == set()
    assert DIFFERENCES_KNOWLEDGE.keys() - seen == set(), "listed, and no longer a difference"
    ours = {name for name, _ in operations() if name.partition(" ")[2].startswith(OTHER_APPS)}
    answered = {name for name, status in found.seen if status < 400}
    assert {name for name in ours - answered if not any(word in name for word in NOT_SERVED)} == set()
