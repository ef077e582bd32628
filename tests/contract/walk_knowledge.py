"""Every place of every request about knowledge that an id can stand in, as data, and what a tenant has to stand there.

Knows no test: `test_isolation_knowledge.py` goes to each of these places with the ids of another tenant.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from tests.contract.shelving import PARTS, done, passages, sent, shelf
from tests.contract.uploading import BOUNDARY, multipart
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
    action: str = "enable"
    silent: bool = False
    """Whether an id of nothing is passed over there, and all else done."""

    @property
    def kind(self) -> str:
        return self.found or self.name

    async def visit(self, tenant: Tenant, given: str) -> Reply:
        """Ask as this tenant, all as it should be but for the id that is given."""
        method, _, path = self.operation.partition(" ")
        path = path.format_map({"action": self.action, **tenant.has, self.name: given})
        body = self.body(given, tenant.has) if self.body else None
        if self.operation == SIGNED:  # the own address, with another id in its place
            url: str = (await tenant.door.get(f"{DOCUMENT}/download".format_map(tenant.has))).json()["url"]
            return await tenant.door.request(method, path, query=url.partition("?")[2].encode())
        if body is not None and body.keys() == FORM.keys():
            data = multipart(("data", None, "", body["data"].encode()), ("file", "a.txt", "text/plain", b"Stolen."))
            headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
            return await tenant.door.request(method, path, body=data, headers=headers)
        query = self.query(given) if self.query else None
        return await tenant.door.request(method, path, json_body=body, query=query)


DATASET, TAGS = "/v1/datasets/{dataset_id}", "/v1/datasets/tags"
NEW, DOCUMENTS = f"{DATASET}/document", f"{DATASET}/documents"
DOCUMENT = f"{DOCUMENTS}/{{document_id}}"
SEGMENTS = f"{DOCUMENT}/segments"
SEGMENT = f"{SEGMENTS}/{{segment_id}}"
CHILDREN = f"{SEGMENT}/child_chunks"
CHILD = f"{CHILDREN}/{{child_chunk_id}}"
METADATA = f"{DATASET}/metadata"
SIGNED = "GET /files/documents/{dataset_id}/{document_id}"
STATUS = f"PATCH {DOCUMENTS}/status/{{action}}"
TEXT: Body = {"name": "Stolen", "text": "Stolen.", "indexing_technique": "high_quality"}
FORM: Body = {"data": json.dumps({"name": "Stolen", "indexing_technique": "high_quality"})}
BODIES: dict[str, Body] = {
    **{f"POST {NEW}/create{by}text": TEXT for by in ("-by-", "_by_")},
    **{f"POST {DOCUMENT}/update{by}text": TEXT for by in ("-by-", "_by_")},
    **{f"POST {NEW}/create{by}file": FORM for by in ("-by-", "_by_")},
    **{f"POST {DOCUMENT}/update{by}file": FORM for by in ("-by-", "_by_")},
    f"PATCH {DOCUMENT}": FORM,
    f"POST {SEGMENTS}": {"segments": [{"content": "Stolen."}]},
    f"POST {SEGMENT}": {"segment": {"content": "Stolen."}},
    f"POST {CHILDREN}": {"content": "Stolen."},
    f"PATCH {CHILD}": {"content": "Stolen."},
    f"POST {METADATA}": {"name": "stolen", "type": "string"},
    f"PATCH {METADATA}/{{metadata_id}}": {"name": "stolen"},
    f"POST {DATASET}/retrieve": {"query": "leave"},
}
"""What is sent where ids stand in the path alone."""
PATHS = (
    *BODIES,
    f"GET {DOCUMENTS}",
    f"GET {DOCUMENT}",
    f"DELETE {DOCUMENT}",
    f"GET {DOCUMENTS}/{{batch}}/indexing-status",
    f"GET {DOCUMENT}/download",
    SIGNED,
    f"GET {SEGMENTS}",
    f"GET {SEGMENT}",
    f"DELETE {SEGMENT}",
    f"GET {CHILDREN}",
    f"DELETE {CHILD}",
    f"GET {METADATA}",
    f"GET {METADATA}/built-in",
    f"POST {METADATA}/built-in/{{action}}",
    f"DELETE {METADATA}/{{metadata_id}}",
)


def said(document_id: str, metadata_id: str) -> Body:
    values = [{"id": metadata_id, "name": "who", "value": "Eve"}]
    return {"operation_data": [{"document_id": document_id, "metadata_list": values}]}


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
    *(
        Place(operation, name, body=(lambda _, __, body=BODIES[operation]: body) if operation in BODIES else None)
        for operation in PATHS
        for name in re.findall(r"\{(\w+)\}", operation)
        if name != "action"
    ),
    *(
        Place(
            operation,
            "original_document_id",
            body=lambda it, _: {**TEXT, "original_document_id": it},
            found="document_id",
        )
        for operation in BODIES
        if operation.endswith("text") and "create" in operation
    ),
    *(
        place
        for action in ("enable", "disable", "archive", "un_archive")
        for place in (
            Place(STATUS, "dataset_id", body=lambda _, __: {"document_ids": []}, action=action),
            Place(
                STATUS,
                "document_ids",
                body=lambda it, _: {"document_ids": [it]},
                found="document_id",
                action=action,
                silent=True,
            ),
        )
    ),
    Place(f"POST {DOCUMENTS}/download-zip", "dataset_id", body=lambda _, has: {"document_ids": [has["document_id"]]}),
    Place(
        f"POST {DOCUMENTS}/download-zip", "document_ids", body=lambda it, _: {"document_ids": [it]}, found="document_id"
    ),
    Place(f"POST {DOCUMENTS}/metadata", "dataset_id", body=lambda _, has: said(has["document_id"], has["metadata_id"])),
    Place(
        f"POST {DOCUMENTS}/metadata",
        "operation_data[].document_id",
        body=lambda it, has: said(it, has["metadata_id"]),
        found="document_id",
    ),
    Place(
        f"POST {DOCUMENTS}/metadata",
        "operation_data[].metadata_list[].id",
        body=lambda it, has: said(has["document_id"], it),
        found="metadata_id",
    ),
)

ELSEWHERE = "names something of somebody else's server: kept, shown to its tenant, never looked up here"
NO_IDS = {
    **{
        (operation, "original_document_id"): "only where a document is made"
        for operation in BODIES
        if operation.startswith("POST") and operation.endswith("text") and "update" in operation
    },
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
    bound = await door.post(f"{TAGS}/binding", tag_ids=[tag.json()["id"]], target_id=dataset["id"])
    assert bound.status == 204
    told = await sent(door, dataset, process_rule=PARTS, doc_form="hierarchical_model")
    assert (await done(door, dataset, told))["indexing_status"] == "completed"
    segment = (await passages(door, dataset, told["document"]))[0]
    field = (await door.post(f"/v1/datasets/{dataset['id']}/metadata", name="who", type="string")).json()
    tenant.has = {
        "dataset_id": dataset["id"],
        "tag_id": tag.json()["id"],
        "document_id": told["document"]["id"],
        "batch": told["batch"],
        "segment_id": segment["id"],
        "child_chunk_id": segment["child_chunks"][0]["id"],
        "metadata_id": field["id"],
    }
    values = said(tenant.has["document_id"], field["id"])
    assert (await door.post(f"/v1/datasets/{dataset['id']}/documents/metadata", **values)).status == 200


async def belongings(tenant: Tenant) -> list[bytes]:
    """All that can be seen of what a tenant has, by itself; all but the search, which counts its hits."""
    paths = ("/v1/datasets", TAGS, DATASET, f"{DATASET}/tags", DOCUMENTS, DOCUMENT, SEGMENTS, CHILDREN, METADATA)
    replies = [await tenant.door.get(path.format_map(tenant.has)) for path in paths]
    assert [reply.status for reply in replies] == [200] * len(replies)
    return [reply.body for reply in replies]
