"""Documents of datasets as clients see them: sent, indexed, changed, hidden, read again, deleted."""

import io
import json
import zipfile
from urllib.parse import urlsplit

import pytest
from msgspec import structs

from parlour.domain.dataset import MetadataField, Place
from parlour.domain.problems import StoreUnavailable
from parlour.http import app as http_app
from parlour.stores.memory_datasets import KnowledgeRows, MemoryMetadataFields
from tests.contract.requirements import requirement
from tests.contract.shelving import CUT, LEAVE, PATIENCE, Body, desk, done, found, paper, papers, sent, shelf
from tests.contract.test_dataset_routes import refused
from tests.contract.uploading import BOUNDARY, PNG, Part, multipart
from tests.front_door import FrontDoor, Reply, until
from tests.houses import NOBODY, Build, knowledge_key

pytestmark = pytest.mark.anyio

FORM = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
PLAIN: Body = {"indexing_technique": "high_quality", "process_rule": CUT}


async def send_file(door: FrontDoor, path: str, *parts: Part, data: object = PLAIN, method: str = "POST") -> Reply:
    said = json.dumps(data).encode()
    body = multipart(("data", None, "text/plain", said), *parts)
    return await door.request(method, path, body=body, headers=FORM)


def file(content: bytes = LEAVE.encode(), name: str = "leave.md", mime_type: str = "application/octet-stream") -> Part:
    return ("file", name, mime_type, content)


@requirement("documents:text", "documents:progress")
@pytest.mark.parametrize("by", ["-by-", "_by_"])
async def test_a_text_becomes_a_document_whose_passages_are_found(build: Build, by: str) -> None:
    door = desk(await build())
    dataset = await shelf(door)
    told = await door.post(f"/v1/datasets/{dataset['id']}/document/create{by}text", name="leave", text=LEAVE, **PLAIN)
    assert told.status == 200
    document = told.json()["document"]
    assert (document["name"], document["position"], document["created_from"]) == ("leave", 1, "api")
    assert document["data_source_detail_dict"]["upload_file"]["name"] == "leave.txt"
    status = await done(door, dataset, told.json())
    assert (status["id"], status["completed_segments"], status["total_segments"]) == (document["id"], 3, 3)
    times = ("processing_started_at", "parsing_completed_at", "cleaning_completed_at", "splitting_completed_at")
    moments = [status[name] for name in (*times, "completed_at")]
    assert moments == sorted(moments)
    known = (await door.get(f"{papers(dataset)}/{document['id']}")).json()
    assert (known["display_status"], known["segment_count"]) == ("available", 3)
    assert known["document_process_rule"]["rules"]["segmentation"]["separator"] == "\n\n"
    assert (await found(door, dataset, "days of leave"))[0].startswith("Staff get twenty")
    shown = (await door.get(f"/v1/datasets/{dataset['id']}")).json()
    assert (shown["indexing_technique"], shown["doc_form"], shown["data_source_type"]) == (
        "high_quality",
        "text_model",
        "upload_file",
    )
    assert (shown["document_count"], shown["total_available_documents"]) == (1, 1)


@requirement("documents:first")
async def test_the_first_document_decides_how_a_dataset_is_indexed(build: Build) -> None:
    door = desk(await build())
    dataset = await shelf(door)
    path = f"/v1/datasets/{dataset['id']}/document/create-by-text"
    reply = await door.post(path, name="x", text="y")
    assert refused(reply, 400, "invalid_param", "indexing_technique")
    model = {"search_method": "full_text_search", "top_k": 9}
    await paper(door, dataset, indexing_technique="economy", retrieval_model=model)
    shown = (await door.get(f"/v1/datasets/{dataset['id']}")).json()
    assert (shown["indexing_technique"], shown["retrieval_model_dict"]["top_k"]) == ("economy", 9)
    again = await door.post(path, name="x", text="y", indexing_technique="high_quality", doc_form="qa_model")
    assert refused(again, 400, "invalid_param", "doc_form")
    assert (await door.post(path, name="x", text="y", indexing_technique="high_quality")).status == 200
    assert (await door.get(f"/v1/datasets/{dataset['id']}")).json()["indexing_technique"] == "economy"


@requirement("datasets:again")
async def test_another_way_of_indexing_has_all_documents_indexed_again(build: Build) -> None:
    door = desk(await build())
    dataset = await shelf(door)
    document = await paper(door, dataset, indexing_technique="economy")
    one = f"/v1/datasets/{dataset['id']}"
    passages = f"{papers(dataset)}/{document['id']}/segments"
    last = (await door.get(passages)).json()["data"][-1]["id"]
    own = await door.post(f"{passages}/{last}", segment={"content": "Somebody has written this by hand."})
    assert own.status == 200, own.body
    for change in ({"indexing_technique": "high_quality"}, {"embedding_model": "others"}):
        changed = await door.request("PATCH", one, json_body=change)
        assert changed.status == 200

        async def available() -> bool:
            return (await door.get(one)).json()["total_available_documents"] == 1

        await until(available, PATIENCE)
        assert "Somebody has written this by hand." in await found(door, dataset, "written by hand")
        assert (await found(door, dataset, "days of leave", search_method="semantic_search"))[0].startswith("Staff")


@requirement("documents:model")
async def test_a_document_for_a_model_that_nobody_has_is_refused(build: Build) -> None:
    door = desk(await build(embedding="openai"))
    dataset = await shelf(door)
    path = f"/v1/datasets/{dataset['id']}/document/create-by-text"
    reply = await door.post(path, name="x", text="y", indexing_technique="high_quality")
    assert refused(reply, 400, "provider_not_initialize")


@requirement("documents:file")
@pytest.mark.parametrize("by", ["-by-", "_by_"])
async def test_a_file_becomes_a_document_and_is_given_back(build: Build, by: str) -> None:
    place = await build()
    door = desk(place)
    dataset = await shelf(door)
    told = await send_file(door, f"/v1/datasets/{dataset['id']}/document/create{by}file", file())
    assert told.status == 200, told.body
    document = told.json()["document"]
    source = document["data_source_detail_dict"]["upload_file"]
    assert (document["name"], source["extension"], source["size"]) == ("leave.md", "md", len(LEAVE))
    assert (await done(door, dataset, told.json()))["indexing_status"] == "completed"
    signed: str = (await door.get(f"{papers(dataset)}/{document['id']}/download")).json()["url"]
    url = urlsplit(signed)
    back = await place.door.request("GET", url.path, query=url.query.encode(), key="")
    assert (back.status, back.body) == (200, LEAVE.encode())
    assert "leave.md" in back.headers["content-disposition"]
    for spoilt in (url.query.replace("acme", "umbrella"), url.query.replace("sign=", "sign=x"), ""):
        reply = await place.door.request("GET", url.path, query=spoilt.encode(), key="")
        assert refused(reply, 404, "file_not_found")


@requirement("documents:file:refused")
@pytest.mark.parametrize(
    ("parts", "data", "expected"),
    [
        ([], PLAIN, (400, "no_file_uploaded", None)),
        ([file(), file()], PLAIN, (400, "too_many_files", None)),
        ([("file", "", "text/plain", b"x")], PLAIN, (400, "filename_not_exists_error", None)),
        ([file(PNG, "dot.png", "image/png")], PLAIN, (415, "unsupported_file_type", None)),
        ([file()], {}, (400, "invalid_param", "indexing_technique")),
        ([file()], [], (400, "bad_request", None)),
        ([file()], {"indexing_technique": "cheap"}, (400, "invalid_param", "indexing_technique")),
        ([file(b"x" * (15 * 1024 * 1024 + 1))], PLAIN, (413, "file_too_large", None)),
    ],
)
async def test_a_file_that_cannot_be_taken_is_refused_and_leaves_nothing(
    build: Build, parts: list[Part], data: object, expected: tuple[int, str, str | None]
) -> None:
    door = desk(await build())
    dataset = await shelf(door)
    reply = await send_file(door, f"/v1/datasets/{dataset['id']}/document/create-by-file", *parts, data=data)
    assert refused(reply, *expected), reply.body
    assert (await door.get(papers(dataset))).json()["total"] == 0


class Failing(MemoryMetadataFields):
    async def all(self, place: Place, *, counted: bool = False) -> tuple[MetadataField, ...]:
        del place, counted
        raise StoreUnavailable


@requirement("documents:text", "documents:file")
async def test_a_document_that_is_kept_has_its_bytes_whatever_fails_after_it(build: Build) -> None:
    place = await build()
    door = desk(place)
    dataset = await shelf(door)
    knowledge = place.house.knowledge
    store = structs.replace(knowledge.store, fields=Failing(KnowledgeRows()))
    house = structs.replace(place.house, knowledge=structs.replace(knowledge, store=store))
    broken = FrontDoor(http_app.build(house), knowledge_key("acme"), PATIENCE)
    broken.documented = door.documented
    path = f"/v1/datasets/{dataset['id']}/document"
    text = await broken.post(f"{path}/create-by-text", name="a", text=LEAVE, **PLAIN)
    sent_file = await send_file(broken, f"{path}/create-by-file", file())
    assert (text.status, sent_file.status) == (503, 503)

    async def indexed() -> bool:
        listed = (await door.get(papers(dataset))).json()["data"]
        return [one["display_status"] for one in listed] == ["available", "available"]

    await until(indexed, PATIENCE)


@requirement("documents:list", "documents:status")
async def test_documents_are_listed_hidden_and_archived(build: Build) -> None:
    door = desk(await build())
    dataset = await shelf(door)
    one, two = await paper(door, dataset, name="Straße.txt"), await paper(door, dataset, "Owls hunt.", name="owl.txt")

    async def names(**query: object) -> list[str]:
        return [each["name"] for each in (await door.get(papers(dataset), **query)).json()["data"]]

    assert await names() == ["owl.txt", "Straße.txt"]
    assert await names(limit=1, page=2) == ["Straße.txt"]
    assert await names(keyword="STRASSE") == ["Straße.txt"]
    path = f"{papers(dataset)}/status"
    for action, status in (("disable", "disabled"), ("enable", "available"), ("archive", "archived")):
        ids = [one["id"], NOBODY, "abc", one["id"].upper()]
        reply = await door.request("PATCH", f"{path}/{action}", json_body={"document_ids": ids})
        assert (reply.status, reply.json()) == (200, {"result": "success"})
        assert "Straße.txt" in await names(status=status)
        told = await found(door, dataset, "days of leave")
        assert any("leave" in passage for passage in told) == (action == "enable")
    assert refused(await door.request("DELETE", f"{papers(dataset)}/{one['id']}"), 403, "archived_document_immutable")
    assert refused(
        await door.post(f"{papers(dataset)}/{one['id']}/update-by-text", name="x", text="y"), 400, "invalid_param"
    )
    await door.request("PATCH", f"{path}/un_archive", json_body={"document_ids": [one["id"]]})
    assert (await door.request("DELETE", f"{papers(dataset)}/{one['id']}")).status == 204
    assert await names() == ["owl.txt"]
    assert refused(await door.get(f"{papers(dataset)}/{one['id']}"), 404, "not_found")
    reply = await door.request("PATCH", f"{path}/burn", json_body={"document_ids": [two["id"]]})
    assert refused(reply, 400, "invalid_action")
    assert refused(await door.get(papers(dataset), status="lost"), 400, "invalid_param", "status")


@requirement("documents:update")
async def test_another_text_takes_the_place_of_a_document(build: Build) -> None:
    door = desk(await build())
    dataset = await shelf(door)
    document = await paper(door, dataset)
    path = f"{papers(dataset)}/{document['id']}"
    assert refused(await door.post(f"{path}/update-by-text", text="x"), 400, "invalid_param", "name")
    told = await door.post(f"{path}/update-by-text", name="owl", text="Owls hunt at night.")
    assert (told.json()["document"]["id"], told.json()["document"]["name"]) == (document["id"], "owl")
    assert (await done(door, dataset, told.json()))["total_segments"] == 1
    assert await found(door, dataset, "leave owls") == ["Owls hunt at night."]
    renamed = (await door.post(f"{path}/update_by_text", name="barn owl")).json()
    assert renamed["document"]["indexing_status"] == "completed", "a name alone is no reason to index again"
    for method, way in (("PATCH", path), ("POST", f"{path}/update-by-file"), ("POST", f"{path}/update_by_file")):
        text = f"Mice hide, {way[-5:]}."
        reply = await send_file(door, way, file(text.encode(), "mice.txt"), data={}, method=method)
        assert reply.status == 200, reply.body
        await done(door, dataset, reply.json())
        assert await found(door, dataset, "mice") == [text]
    kept = await send_file(door, path, data={"name": "again"}, method="PATCH")
    assert (kept.status, kept.json()["document"]["name"]) == (200, "again")
    original = await sent(door, dataset, "Cats sleep.", "cats", original_document_id=document["id"])
    assert original["document"]["id"] == document["id"]
    assert (await done(door, dataset, original))["indexing_status"] == "completed"
    assert (await door.get(papers(dataset))).json()["total"] == 1


@requirement("documents:detail")
async def test_a_document_is_shown_whole_or_in_part(build: Build) -> None:
    door = desk(await build())
    dataset = await shelf(door)
    document = await paper(door, dataset)
    path = f"{papers(dataset)}/{document['id']}"
    assert (await door.get(path, metadata="all")).json() == document
    only, without = [(await door.get(path, metadata=part)).json() for part in ("only", "without")]
    assert only == {name: document[name] for name in ("id", "doc_type", "doc_metadata")}
    assert without == {name: value for name, value in document.items() if name not in {"doc_type", "doc_metadata"}}
    assert refused(await door.get(path, metadata="some"), 400, "invalid_metadata", "metadata")


@requirement("documents:error")
async def test_a_document_without_text_ends_in_an_error_and_can_be_mended(build: Build) -> None:
    door = desk(await build())
    dataset = await shelf(door)
    told = await sent(door, dataset, "   ")
    status = await done(door, dataset, told)
    assert (status["indexing_status"], bool(status["error"])) == ("error", True)
    path = f"{papers(dataset)}/{told['document']['id']}"
    assert (await door.get(path)).json()["display_status"] == "error"
    again = await door.post(f"{path}/update-by-text", name="x", text="Owls hunt.")
    assert (await done(door, dataset, again.json()))["indexing_status"] == "completed"


@requirement("documents:zip")
async def test_files_of_documents_come_as_one_archive(build: Build) -> None:
    door = desk(await build())
    dataset = await shelf(door)
    documents = [await paper(door, dataset, text, name="a.txt") for text in ("Owls hunt.", "Mice hide.")]
    ids = [document["id"] for document in documents]
    reply = await door.post(f"{papers(dataset)}/download-zip", document_ids=ids)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(reply.body)) as whole:
        assert {name: whole.read(name) for name in whole.namelist()} == {
            "a.txt": b"Owls hunt.",
            "a (2).txt": b"Mice hide.",
        }
    assert refused(await door.post(f"{papers(dataset)}/download-zip", document_ids=[*ids, NOBODY]), 404, "not_found")
    reply = await door.post(f"{papers(dataset)}/download-zip", document_ids=[])
    assert refused(reply, 400, "invalid_param", "document_ids")


@requirement("documents:progress", "documents:list")
async def test_what_is_not_there_is_not_found(build: Build) -> None:
    door = desk(await build())
    dataset = await shelf(door)
    external = await shelf(door, "ext", provider="external", external_knowledge_id="k", external_knowledge_api_id="a")
    assert refused(await door.get(f"{papers(dataset)}/{NOBODY}/indexing-status"), 404, "not_found")
    for path in (f"{papers(dataset)}/{NOBODY}", f"{papers(dataset)}/abc", f"/v1/datasets/{NOBODY}/documents"):
        assert refused(await door.get(path), 404, "not_found")
    path = f"/v1/datasets/{external['id']}/document/create-by-text"
    assert refused(await door.post(path, name="x", text="y", **PLAIN), 400, "invalid_param")
