"""Every operation of knowledge in the published description, asked for and held against it, as `test_documented.py`."""

import pytest

from tests.contract.differences_knowledge import DIFFERENCES_KNOWLEDGE
from tests.contract.requirements import requirement
from tests.contract.shelving import desk, shelf
from tests.contract.test_documented import OTHER_APPS
from tests.contract.uploading import BOUNDARY, PNG, multipart
from tests.contract.walk_knowledge import DATASET, DOCUMENT, PLACES, Tenant, belongings, furnish
from tests.documented import operations
from tests.front_door import LISTED, FrontDoor
from tests.houses import Build

pytestmark = pytest.mark.anyio

PIPELINES = "/pipeline"
"""Not served: pipelines are programs of Dify's own editor."""


async def ask_everything(tenant: Tenant) -> None:
    """One success of every operation, and one failure of every kind."""
    door = tenant.door
    for place in PLACES:
        await furnish(tenant)
        await place.visit(tenant, tenant.has[place.kind])
    await furnish(tenant)
    await belongings(tenant)
    await door.get("/v1/workspaces/current/models/model-types/text-embedding")
    one, document = DATASET.format_map(tenant.has), DOCUMENT.format_map(tenant.has)
    other = await shelf(door)
    await door.request("PATCH", one, json_body={"name": other["name"]})
    await door.post(f"{one}/metadata/built-in/lost")
    await values(tenant, document)
    await files(door, f"{one}/document/create-by-file")
    await door.post(f"{document}/update-by-file", name="no form")


async def values(tenant: Tenant, document: str) -> None:
    """A document with a value of every kind, whole and in parts."""
    door, one = tenant.door, DATASET.format_map(tenant.has)
    await door.post(f"{one}/metadata/built-in/enable")
    for name, value in (("age", 1.5), ("nothing", None)):
        field = (await door.post(f"{one}/metadata", name=name, type="number")).json()
        listed = [{"id": field["id"], "name": name, "value": value}]
        said = {"document_id": tenant.has["document_id"], "metadata_list": listed, "partial_update": True}
        await door.post(f"{one}/documents/metadata", operation_data=[said])
    for part in ("all", "only", "without", "some"):
        await door.get(document, metadata=part)


async def files(door: FrontDoor, path: str) -> None:
    for part in (
        ("file", "dot.png", "image/png", PNG),
        ("file", "long.txt", "text/plain", b"x" * (15 * 1024 * 1024 + 1)),
    ):
        headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
        await door.request("POST", path, body=multipart(part), headers=headers)


@pytest.mark.slow
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
    assert {name for name in ours - answered if PIPELINES not in name} == set()
