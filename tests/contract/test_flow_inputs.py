"""Inputs of chatflows: what later messages leave out, and objects with a schema (dsl.md 6.1)."""

import json

import pytest

from parlour.providers.pages import Pages, WebPage
from tests.contract.requirements import requirement
from tests.contract.test_chat_form import assert_refused, field, with_form
from tests.contract.uploading import PNG
from tests.dsl.graph_samples import Written, chain, flow_file, node
from tests.houses import Build, Place, chat_app

pytestmark = pytest.mark.anyio
SCHEMA = {"type": "object", "required": ["a"], "properties": {"a": {"type": "array", "items": {"type": "integer"}}}}


def asking(*variables: Written) -> str:
    """A chatflow that says what its variables are."""
    text = " ".join(f"{one['variable']}=" + "{{#start." + one["variable"] + "#}}" for one in variables)
    nodes = [node("start", "start", variables=list(variables)), node("say", "answer", answer=text)]
    return flow_file(graph={"nodes": nodes, "edges": chain("start", "say")})


def text(name: str, **more: object) -> Written:
    return {"variable": name, "label": name, "type": "text-input", "required": False, **more}


async def built(build: Build, *variables: Written) -> Place:
    return await build(apps={"one": asking(*variables)})


@requirement("form:json-schema")
@pytest.mark.parametrize("schema", [SCHEMA, json.dumps(SCHEMA)], ids=["mapping", "json"])
async def test_an_object_fits_its_schema_or_is_refused_with_the_place(build: Build, schema: object) -> None:
    place = await with_form(build, field("json_object", json_schema=schema))
    assert (await place.door.send(inputs={"it": {"a": [1]}})).status == 200
    assert (await place.door.send(inputs={})).status == 200
    assert_refused(await place.door.send(inputs={"it": {"a": [1, "b"]}}), "a.1", "integer")
    assert_refused(await place.door.send(inputs={"it": {}}), '"a" is a required property')


@requirement("form:first-inputs")
async def test_a_later_message_of_a_chatflow_has_the_inputs_that_it_leaves_out_from_the_first(build: Build) -> None:
    place = await built(build, text("city", required=True), text("mood", default="calm"))
    first = (await place.door.send(inputs={"city": "Rom", "mood": "gay"})).json()
    assert first["answer"] == "city=Rom mood=gay"
    again = {"conversation_id": first["conversation_id"]}
    assert (await place.door.send(**again)).json()["answer"] == "city=Rom mood=gay"
    assert (await place.door.send(inputs={"city": "Bern"}, **again)).json()["answer"] == "city=Bern mood=gay"
    assert (await place.door.send(inputs={"mood": ""}, **again)).json()["answer"] == "city=Rom mood="
    assert (await place.door.send(inputs={})).status == 400


@requirement("form:first-inputs")
async def test_files_of_the_beginning_are_still_there(build: Build) -> None:
    upload = {"variable": "it", "type": "file", "allowed_file_types": ["image"], "required": True}
    url = "https://example.org/a.png"
    pages = Pages({url: WebPage(headers=(("content-type", "image/png"),), body=PNG)})
    place = await build(apps={"one": asking(upload)}, web=pages)
    sent = {"type": "image", "transfer_method": "remote_url", "url": url}
    first = (await place.door.send(inputs={"it": sent})).json()
    later = (await place.door.send(conversation_id=first["conversation_id"])).json()
    assert url in first["answer"]
    assert later["answer"] == first["answer"]
    page = await place.door.get("/v1/messages", user="ann", conversation_id=first["conversation_id"])
    assert [one["inputs"]["it"]["remote_url"] for one in page.json()["data"]] == [url, url]


@requirement("form:first-inputs")
async def test_a_chat_of_one_prompt_takes_the_inputs_of_each_message_alone(build: Build) -> None:
    form = [{"text-input": text("it", required=True)}]
    place = await build(apps={"one": chat_app(user_input_form=form)})
    first = (await place.door.send(inputs={"it": "x"})).json()
    assert_refused(await place.door.send(conversation_id=first["conversation_id"]))


@requirement("form:first-inputs-changed")
async def test_what_the_form_takes_no_longer_counts_as_left_out(build: Build) -> None:
    select = text("it") | {"type": "select", "options": ["a", "b"]}
    place = await built(build, select)
    first = (await place.door.send(inputs={"it": "a"})).json()
    assert first["answer"] == "it=a"
    await place.house.catalogue.publish(asking(select | {"options": ["b"], "default": "b"}), "one")
    assert (await place.door.send(conversation_id=first["conversation_id"])).json()["answer"] == "it=b"
