"""Tools out of an OpenAPI document: what a model is told, what is sent, and what comes back."""

import json
from typing import Any

import pytest

from parlour.domain.problems import FetchFailed, ToolFailed
from parlour.ports.tools import Caller, Outcome
from parlour.ports.web import WebRequest
from parlour.providers.pages import Pages, WebPage
from parlour.tools.custom_api import CustomApi
from parlour.tools.openapi import described
from parlour.tools.shelf import Place
from tests.trial_tools import dot

pytestmark = pytest.mark.anyio

CALLER = Caller("support", "ann")
THREE = """
openapi: 3.0.3
info: {title: Pets, version: "1"}
servers: [{url: "https://pets.example/v1/"}]
paths:
  /pets/{id}/photos:
    parameters:
      - {name: id, in: path, required: true, schema: {type: integer}, description: which pet}
    get:
      operationId: photos of a pet
      summary: Photos
      description: The photos of a pet.
      parameters:
        - {$ref: "#/components/parameters/Size"}
        - {name: X-Trace, in: header, schema: {type: string}}
        - {name: tag, in: query, schema: {type: array, items: {type: string}}}
  /pets:
    post:
      operationId: add_pet
      requestBody:
        content:
          application/json:
            schema: {$ref: "#/components/schemas/Pet"}
  /notes:
    put:
      requestBody:
        required: true
        content: {text/plain: {schema: {type: string}}}
  /form:
    post:
      operationId: form
      requestBody:
        content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {a: {type: string}}}}}
components:
  parameters:
    Size: {name: size, in: query, schema: {type: string, enum: [s, l]}}
  schemas:
    Pet:
      type: object
      required: [name]
      properties:
        name: {type: string}
        friends: {type: array, items: {$ref: "#/components/schemas/Pet"}}
"""
TWO = {
    "swagger": "2.0",
    "host": "old.example",
    "basePath": "/api",
    "schemes": ["http"],
    "paths": {
        "/say": {
            "post": {
                "operationId": "say",
                "parameters": [
                    {"name": "loud", "in": "query", "type": "boolean", "required": True},
                    {
                        "name": "it",
                        "in": "body",
                        "required": True,
                        "schema": {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]},
                    },
                ],
            }
        }
    },
}


def echo(request: WebRequest) -> WebPage:
    """Tells what it was asked."""
    told = {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
        "body": request.body.decode() if isinstance(request.body, bytes) else None,
        "app": request.app,
    }
    return WebPage(json.dumps(told).encode(), headers=(("content-type", "application/json"),))


PAGES = {
    "https://pets.example/v1/pets/7%2F..%2F8/photos": echo,
    "https://pets.example/v1/pets/7/photos": echo,
    "https://pets.example/v1/pets": echo,
    "https://pets.example/v1/notes": echo,
    "https://pets.example/v1/form": echo,
    "http://old.example/api/say": echo,
}


def api(spec: str = THREE, web: Pages | None = None, headers: dict[str, str] | None = None) -> CustomApi:
    return CustomApi(web or Pages(PAGES), spec, headers=headers)


async def told(shelf: CustomApi, tool: str, /, **arguments: object) -> dict[str, Any]:
    outcome: Outcome = await shelf.use(tool, arguments, CALLER)
    return json.loads(outcome.text)


async def test_each_operation_is_a_tool_whose_parameters_stand_side_by_side() -> None:
    tools = await api().tools()
    assert tools.keys() == {"photos_of_a_pet", "add_pet", "notes_put", "form"}
    photos = tools["photos_of_a_pet"]
    assert (photos.description, photos.label) == ("The photos of a pet.", "Photos")
    properties: dict[str, Any] = photos.parameters["properties"]  # pyright: ignore[reportAssignmentType]
    assert properties.keys() == {"id", "size", "X-Trace", "tag"}
    assert properties["id"] == {"type": "integer", "description": "which pet"}
    assert properties["size"]["enum"] == ["s", "l"]
    assert photos.parameters["required"] == ["id"]
    assert tools["add_pet"].parameters["required"] == ["name"]
    assert json.dumps(tools["add_pet"].parameters), "a schema that contains itself ends somewhere"
    assert tools["notes_put"].parameters["required"] == ["body"]


async def test_what_a_model_gives_goes_where_the_document_says() -> None:
    got = await told(api(), "photos_of_a_pet", id="7/../8", size="s", tag=["a", "b c"], **{"X-Trace": "t"})
    assert (got["method"], got["app"]) == ("GET", "support")
    assert got["url"] == "https://pets.example/v1/pets/7%2F..%2F8/photos?size=s&tag=a&tag=b+c"
    assert got["headers"] == {"X-Trace": "t"}
    got = await told(api(), "add_pet", name="Ä", friends=[{"name": "B"}], unknown=1)
    assert (got["method"], json.loads(got["body"])) == ("POST", {"name": "Ä", "friends": [{"name": "B"}]})
    assert got["headers"] == {"content-type": "application/json"}
    got = await told(api(), "notes_put", body="hello")
    assert (got["body"], got["headers"]) == ("hello", {"content-type": "text/plain"})
    assert (await told(api(), "form", a="x y"))["body"] == "a=x+y"


async def test_a_document_of_version_two_is_read_as_well() -> None:
    shelf = api(json.dumps(TWO))
    tools = await shelf.tools()
    assert tools["say"].parameters["required"] == ["loud", "word"]
    got = await told(shelf, "say", loud=True, word="hi")
    assert got["url"] == "http://old.example/api/say?loud=true"
    assert json.loads(got["body"]) == {"word": "hi"}


async def test_the_operators_headers_are_sent_are_not_a_models_to_change_and_are_told_to_nobody() -> None:
    secret = "Bearer sk-very-secret"
    shelf = api(headers={"x-trace": "of the house", "Authorization": secret})
    got = await told(shelf, "photos_of_a_pet", id=7, **{"X-Trace": "of the model"})
    assert got["headers"] == {"x-trace": "of the house", "Authorization": secret}
    place = Place(shelf, "OpenAPI", secrets=(secret, "sk-very-secret"))
    outcome = await place.use("photos_of_a_pet", {"id": 7}, CALLER)
    assert "***" in outcome.text
    assert "sk-very-secret" not in outcome.text


@pytest.mark.parametrize(
    ("place", "known"), [("https://pets.example/v2/", True), ("https://elsewhere.example/", False)]
)
async def test_the_key_of_an_api_follows_a_redirect_to_the_same_place_only(place: str, *, known: bool) -> None:
    def there(request: WebRequest) -> WebPage:
        return WebPage(b"known" if dict(request.headers).get("X-Key") == "k" else b"unknown")

    moved = WebPage(b"", 307, (("location", place),))
    pages = Pages({"https://pets.example/v1/pets/7/photos": moved, place: there})
    told = await api(web=pages, headers={"X-Key": "k"}).use("photos_of_a_pet", {"id": 7}, CALLER)
    assert told.text == ("known" if known else "unknown")


@pytest.mark.parametrize("status", [400, 404, 500])
async def test_an_answer_that_is_a_failure_is_told_with_what_it_says(status: int) -> None:
    shelf = api(web=Pages({"https://pets.example/v1/pets": WebPage(b"name is taken" * 1000, status)}))
    with pytest.raises(ToolFailed, match=f"answers {status}: name is taken") as caught:
        await shelf.use("add_pet", {"name": "x"}, CALLER)
    assert len(caught.value.message) < 2100


async def test_a_picture_that_an_api_answers_is_a_file() -> None:
    picture = WebPage(dot(), headers=(("content-type", "image/png"),))
    shelf = api(web=Pages({"https://pets.example/v1/pets/7/photos": picture}))
    outcome = await shelf.use("photos_of_a_pet", {"id": 7}, CALLER)
    assert [(file.name, file.mime_type, file.data) for file in outcome.files] == [
        ("photos_of_a_pet.png", "image/png", dot())
    ]


async def test_a_document_is_fetched_once_from_its_address() -> None:
    web = Pages({"https://pets.example/openapi.yml": WebPage(THREE.encode()), **PAGES})
    shelf = api("https://pets.example/openapi.yml", web)
    await shelf.tools()
    await shelf.use("add_pet", {"name": "x"}, CALLER)
    assert [request.url for request in web.asked].count("https://pets.example/openapi.yml") == 1


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("https://gone.example/spec", "cannot be had"),
        ("https://pets.example/none", "answers 404"),
        ("{", "neither YAML nor JSON"),
        ("just text", "no OpenAPI document"),
        ("paths: []", "no OpenAPI document"),
    ],
)
async def test_a_document_that_cannot_be_used_says_why(spec: str, says: str) -> None:
    with pytest.raises(ToolFailed, match=says):
        await api(spec).tools()


async def test_an_api_without_an_address_or_out_of_reach_says_so() -> None:
    bare = THREE.replace('servers: [{url: "https://pets.example/v1/"}]', "")
    with pytest.raises(ToolFailed, match="names no address"):
        await api(bare).use("add_pet", {"name": "x"}, CALLER)
    based = CustomApi(Pages(PAGES), bare, base="https://pets.example/v1/")
    assert (await told(based, "add_pet", name="x"))["url"] == "https://pets.example/v1/pets"
    with pytest.raises(FetchFailed):
        await CustomApi(Pages({}), THREE).use("add_pet", {"name": "x"}, CALLER)
    with pytest.raises(ToolFailed, match="there is no operation"):
        await api().use("gone", {}, CALLER)


def test_a_document_of_odd_shapes_is_read_as_far_as_it_goes() -> None:
    spec = {"paths": {"/a": None, "/b": {"get": {"parameters": [{"in": "query"}, {"$ref": "#/gone"}]}, "x": 1}}}
    found = described(spec)
    assert list(found.operations) == ["b_get"]
    assert found.base == ""
