"""Passages of documents and their parts as clients see them: listed, added, changed, deleted, and found at once."""

import pytest

from tests.contract.requirements import requirement
from tests.contract.shelving import PARTS, Body, desk, found, paper, papers, passages, sent, shelf
from tests.contract.test_dataset_routes import refused
from tests.front_door import FrontDoor
from tests.houses import NOBODY, Build

pytestmark = pytest.mark.anyio

PARENT = "Owls hunt at night, mice hide by day, cats sleep."


async def begun(build: Build, *text: str, **members: object) -> tuple[FrontDoor, Body, Body, str]:
    """A dataset with a document, and the path of its passages."""
    door = desk(await build())
    dataset = await shelf(door)
    document = await paper(door, dataset, *text, **members)
    return door, dataset, document, f"{papers(dataset)}/{document['id']}/segments"


@requirement("segments:kept")
async def test_passages_of_a_document_are_listed_in_its_order(build: Build) -> None:
    door, dataset, document, path = await begun(build)
    listed = await passages(door, dataset, document)
    assert [(one["position"], one["content"].split()[0]) for one in listed] == [(1, "Staff"), (2, "Sick"), (3, "The")]
    assert {(one["status"], one["enabled"], one["document_id"]) for one in listed} == {
        ("completed", True, document["id"])
    }
    assert await passages(door, dataset, document, keyword="STAFF") == listed[:1]
    assert await passages(door, dataset, document, page=2, limit=2) == listed[2:]
    assert await passages(door, dataset, document, status="error") == []
    page = (await door.get(path, limit=2)).json()
    assert (page["total"], page["has_more"], page["limit"], page["page"]) == (3, True, 2, 1)
    assert page["doc_form"] == "text_model"
    assert (await door.get(f"{path}/{listed[0]['id']}")).json() == {"data": listed[0], "doc_form": "text_model"}


@requirement("segments:changed")
async def test_passages_are_added_changed_hidden_and_deleted_and_found_as_they_are(build: Build) -> None:
    door, dataset, document, path = await begun(build)
    new = [{"content": "Owls hunt.", "keywords": ["owl"]}, {"content": "Mice hide."}]
    made = (await door.post(path, segments=new)).json()["data"]
    assert [(one["content"], one["position"], one["keywords"]) for one in made] == [
        ("Owls hunt.", 4, ["owl"]),
        ("Mice hide.", 5, ["mice", "hide"]),
    ]
    assert (await found(door, dataset, "owls hunt"))[0] == "Owls hunt."
    one = f"{path}/{made[0]['id']}"
    changed = await door.post(one, segment={"content": "Bats fly.", "keywords": ["bat"], "summary": "Bats."})
    told = changed.json()["data"]
    assert (told["content"], told["keywords"], told["summary"], told["word_count"]) == (
        "Bats fly.",
        ["bat"],
        "Bats.",
        9,
    )
    assert told["index_node_hash"] != made[0]["index_node_hash"]
    assert (await found(door, dataset, "bats fly"))[0] == "Bats fly."
    assert "Owls hunt." not in await found(door, dataset, "owls hunt")
    hidden = (await door.post(one, segment={"enabled": False})).json()["data"]
    assert (hidden["enabled"], hidden["content"], hidden["disabled_at"] is None) == (False, "Bats fly.", False)
    assert "Bats fly." not in await found(door, dataset, "bats fly")
    shown = (await door.post(one, segment={"enabled": True})).json()["data"]
    assert (shown["enabled"], shown["disabled_at"]) == (True, None)
    assert (await door.request("DELETE", one)).status == 204
    assert refused(await door.request("DELETE", one), 404, "not_found")
    assert refused(await door.get(one), 404, "not_found")
    assert len(await passages(door, dataset, document)) == 4


@requirement("segments:refused")
async def test_passages_that_cannot_be_are_refused(build: Build) -> None:
    door, dataset, document, path = await begun(build)
    wrong: list[object] = [[], [Body()], [{"content": ""}], [{"content": " "}], "x", [{"content": "x"}] * 1001]
    for new in wrong:
        reply = await door.post(path, segments=new)
        assert refused(reply, 400, "invalid_param", "segments"), reply.body
    known = (await passages(door, dataset, document))[0]
    blank = await door.post(f"{path}/{known['id']}", segment={"content": " "})
    assert refused(blank, 400, "invalid_param", "segment")
    assert refused(await door.post(f"{path}/{NOBODY}", segment={}), 404, "not_found")
    other = await paper(door, dataset, "Owls hunt.")
    elsewhere = f"{papers(dataset)}/{other['id']}/segments/{known['id']}"
    nothing: Body = {"segment": {}}
    for method in ("GET", "POST", "DELETE"):
        body = nothing if method == "POST" else None
        assert refused(await door.request(method, elsewhere, json_body=body), 404, "not_found")
    ids = {"document_ids": [document["id"]]}
    await door.request("PATCH", f"{papers(dataset)}/status/disable", json_body=ids)
    reply = await door.post(path, segments=[{"content": "x"}])
    assert (reply.status, reply.json()["message"]) == (404, "Document is disabled.")
    failed = await sent(door, dataset, "  ")
    reply = await door.post(f"{papers(dataset)}/{failed['document']['id']}/segments", segments=[{"content": "x"}])
    assert (reply.status, reply.json()["message"]) == (404, "Document is not completed.")


@requirement("segments:children")
async def test_parts_of_passages_are_listed_changed_and_found_by(build: Build) -> None:
    door, dataset, document, path = await begun(build, PARENT, process_rule=PARTS, doc_form="hierarchical_model")
    [parent] = await passages(door, dataset, document)
    chunks = f"{path}/{parent['id']}/child_chunks"
    listed = (await door.get(chunks, limit=2)).json()
    assert (listed["total"], listed["total_pages"], listed["page"], listed["limit"]) == (3, 2, 1, 2)
    assert [one["content"].strip(" ,.") for one in parent["child_chunks"]] == [
        "Owls hunt at night",
        "mice hide by day",
        "cats sleep",
    ]
    assert listed["data"] == parent["child_chunks"][:2]
    assert {one["type"] for one in listed["data"]} == {"automatic"}
    assert [one["position"] for one in (await door.get(chunks, keyword="MICE")).json()["data"]] == [2]
    made = (await door.post(chunks, content="Bats fly at dusk")).json()["data"]
    assert (made["type"], made["position"], made["segment_id"]) == ("customized", 4, parent["id"])
    assert await found(door, dataset, "bats dusk") == [parent["content"]]
    one = f"{chunks}/{made['id']}"
    changed = (await door.request("PATCH", one, json_body={"content": "Foxes bark"})).json()["data"]
    assert (changed["id"], changed["content"], changed["word_count"]) == (made["id"], "Foxes bark", 10)
    reply = await door.post(f"/v1/datasets/{dataset['id']}/retrieve", query="foxes bark")
    assert reply.json()["records"][0]["child_chunks"][0]["content"] == "Foxes bark"
    for method, body in (("PATCH", {"content": "x"}), ("DELETE", None)):
        assert refused(await door.request(method, f"{chunks}/{NOBODY}", json_body=body), 404, "not_found")
    assert refused(await door.post(chunks, content=" "), 400, "invalid_param", "content")
    assert (await door.request("DELETE", one)).status == 204
    assert refused(await door.request("DELETE", one), 404, "not_found")
    kept = await door.post(f"{path}/{parent['id']}", segment={"content": "Owls hunt, mice hide."})
    assert len(kept.json()["data"]["child_chunks"]) == 3
    again = {"content": "Owls hunt at night, mice hide by day.", "regenerate_child_chunks": True}
    assert len((await door.post(f"{path}/{parent['id']}", segment=again)).json()["data"]["child_chunks"]) == 2


@requirement("segments:answers", "segments:refused")
async def test_questions_have_answers(build: Build) -> None:
    text = "question,answer\nWho hunts at night?,The owl.\n"
    door, dataset, document, path = await begun(
        build, f"Q: Who hunts at night?\nA: The owl.\n{text[:0]}", doc_form="qa_model"
    )
    [known] = await passages(door, dataset, document)
    assert (known["content"], known["answer"]) == ("Who hunts at night?", "The owl.")
    reply = await door.post(path, segments=[{"content": "Who hides?"}])
    assert refused(reply, 400, "invalid_param", "segments")
    made = (await door.post(path, segments=[{"content": "Who hides?", "answer": "The mouse."}])).json()["data"][0]
    changed = await door.post(f"{path}/{made['id']}", segment={"answer": "The vole."})
    assert (changed.json()["data"]["content"], changed.json()["data"]["answer"]) == ("Who hides?", "The vole.")
