"""What tests of knowledge share: a client with the key of a tenant, and datasets to work on."""

from typing import Any

from tests.front_door import FrontDoor, until
from tests.houses import Place, knowledge_key

Body = dict[str, Any]
PATIENCE = 30.0
"""Seconds for a document to be indexed."""


def desk(place: Place, tenant: str = "acme") -> FrontDoor:
    """The house as that tenant sees it; what it answers is held against the description like all else."""
    door = FrontDoor(place.app, knowledge_key(tenant), PATIENCE)
    door.documented = place.door.documented
    return door


async def shelf(door: FrontDoor, name: str = "Handbook", **members: object) -> Body:
    """A dataset."""
    reply = await door.post("/v1/datasets", name=name, **members)
    assert reply.status == 200, reply.body
    return reply.json()


LEAVE = (
    "Staff get twenty days of leave a year.\n\nSick people stay at home, and call before nine.\n\n"
    "The office is closed on Sundays."
)


def papers(dataset: Body) -> str:
    return f"/v1/datasets/{dataset['id']}/documents"


async def sent(door: FrontDoor, dataset: Body, text: str = LEAVE, name: str = "leave.txt", **members: object) -> Body:
    """A text that is going to be indexed, with its batch."""
    asked = {"indexing_technique": "high_quality", "process_rule": CUT, **members}
    reply = await door.post(f"/v1/datasets/{dataset['id']}/document/create-by-text", name=name, text=text, **asked)
    assert reply.status == 200, reply.body
    return reply.json()


CUT: Body = {
    "mode": "custom",
    "rules": {
        "pre_processing_rules": [{"id": "remove_extra_spaces", "enabled": True}],
        "segmentation": {"separator": "\\n\\n", "max_tokens": 50, "chunk_overlap": 0},
    },
}
"""Each paragraph of the text is a passage of its own."""
PARTS: Body = {
    "mode": "hierarchical",
    "rules": {
        "pre_processing_rules": [],
        "segmentation": {"separator": "\n\n", "max_tokens": 50},
        "parent_mode": "paragraph",
        "subchunk_segmentation": {"separator": ",", "max_tokens": 20},
    },
}


async def done(door: FrontDoor, dataset: Body, told: Body) -> Body:
    """The same when it is indexed, or has failed."""
    one: Body = {}
    path = f"{papers(dataset)}/{told['batch']}/indexing-status"

    async def ended() -> bool:
        one.update((await door.get(path)).json()["data"][0])
        return one["indexing_status"] in {"completed", "error"}

    await until(ended, PATIENCE)
    return one


async def paper(door: FrontDoor, dataset: Body, *text: str, **members: Any) -> Body:
    """A document that is indexed."""
    told = await sent(door, dataset, *text, **members)
    status = await done(door, dataset, told)
    assert status["indexing_status"] == "completed", status
    return (await door.get(f"{papers(dataset)}/{told['document']['id']}")).json()


async def passages(door: FrontDoor, dataset: Body, document: Body, **query: object) -> list[Body]:
    reply = await door.get(f"{papers(dataset)}/{document['id']}/segments", **query)
    assert reply.status == 200, reply.body
    return reply.json()["data"]


async def found(door: FrontDoor, dataset: Body, query: str, **model: object) -> list[str]:
    """What a search finds, the best first."""
    asked = {"query": query, "retrieval_model": {"search_method": "hybrid_search", "top_k": 3, **model}}
    reply = await door.post(f"/v1/datasets/{dataset['id']}/retrieve", **asked)
    assert reply.status == 200, reply.body
    return [record["segment"]["content"] for record in reply.json()["records"]]
