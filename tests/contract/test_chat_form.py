"""Inputs against the app's form, a good and a bad value for each rule (contract 2.3)."""

from typing import Any

import pytest

from tests.contract.requirements import requirement
from tests.front_door import FrontDoor, Reply
from tests.houses import Build, Place, chat_app, rules

pytestmark = pytest.mark.anyio


def field(kind: str, **declared: object) -> dict[str, object]:
    return {kind: {"variable": "it", "label": "It", "required": False, **declared}}


async def with_form(build: Build, *fields: dict[str, object]) -> Place:
    app = chat_app(user_input_form=list(fields), pre_prompt="it={{it}} other={{other}}")
    return await build(apps={"one": app}, models=rules({"say": ["{system}"]}))


def assert_refused(reply: Reply, *words: str) -> None:
    assert (reply.status, reply.json()["code"], reply.json()["params"]) == (400, "invalid_param", "it")
    for word in ("it", *words):
        assert word in reply.json()["message"]


async def stored(door: FrontDoor, reply: Reply) -> dict[str, Any]:
    """The inputs as they were kept."""
    assert reply.status == 200, reply.body
    page = await door.get("/v1/messages", user="ann", conversation_id=reply.json()["conversation_id"])
    return page.json()["data"][0]["inputs"]


@requirement("form:undeclared", "check:11")
async def test_undeclared_inputs_are_dropped(build: Build) -> None:
    place = await with_form(build, field("text-input"))
    reply = await place.door.send(inputs={"it": "x", "other": "y", "sys.query": "z"})
    assert await stored(place.door, reply) == {"it": "x"}
    assert reply.json()["answer"].strip() == "it=x other={{other}}"


@requirement("form:required", "check:11")
@pytest.mark.parametrize("kind", ["text-input", "paragraph", "select", "number", "checkbox", "json_object"])
@pytest.mark.parametrize("inputs", [{}, {"it": None}])
async def test_a_required_variable_that_is_missing_is_named(build: Build, kind: str, inputs: dict[str, object]) -> None:
    place = await with_form(build, field(kind, required=True, options=["a"]))
    reply = await place.door.send(inputs=inputs)
    assert_refused(reply)
    assert reply.json()["message"] == "it is required in input form"


@requirement("form:default")
@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (field("text-input", default="x"), "x"),
        (field("text-input"), None),
        (field("select", options=["a", "b"], default="b"), "b"),
        (field("select", options=["a", "b"]), None),
        (field("number", default=5), 5),
        (field("number", default="2.5"), 2.5),
        (field("number"), None),
        (field("checkbox", default=True), True),
    ],
)
async def test_an_absent_optional_variable_takes_its_default(
    build: Build, declared: dict[str, object], expected: object
) -> None:
    place = await with_form(build, declared)
    assert await stored(place.door, await place.door.send()) == {"it": expected}


@requirement("form:required-empty-text")
@pytest.mark.parametrize("kind", ["text-input", "paragraph"])
async def test_a_required_text_may_be_empty(build: Build, kind: str) -> None:
    place = await with_form(build, field(kind, required=True))
    assert await stored(place.door, await place.door.send(inputs={"it": ""})) == {"it": ""}


@requirement("form:strict")
@pytest.mark.parametrize("kind", ["text-input", "paragraph"])
async def test_a_required_text_may_not_be_empty_where_the_server_is_strict(build: Build, kind: str) -> None:
    place = await build(apps={"first": chat_app(user_input_form=[field(kind, required=True)])}, strict_forms=True)
    assert_refused(await place.door.send(inputs={"it": ""}), "required")
    assert (await place.door.send(inputs={"it": " "})).status == 200
    optional = await build(apps={"first": chat_app(user_input_form=[field(kind)])}, strict_forms=True)
    assert (await optional.door.send(inputs={"it": ""})).status == 200


@requirement("form:text:type")
@pytest.mark.parametrize("kind", ["text-input", "paragraph", "select"])
@pytest.mark.parametrize("value", [5, True, ["a"], 1.5])
async def test_a_text_that_is_no_string_is_refused(build: Build, kind: str, value: object) -> None:
    place = await with_form(build, field(kind, options=["a"]))
    assert_refused(await place.door.send(inputs={"it": value}), "string")


@requirement("form:text:max-length", "check:12")
@pytest.mark.parametrize("kind", ["text-input", "paragraph"])
async def test_max_length_counts_characters(build: Build, kind: str) -> None:
    place = await with_form(build, field(kind, max_length=3))
    assert await stored(place.door, await place.door.send(inputs={"it": "🌧🌧é"})) == {"it": "🌧🌧é"}
    assert_refused(await place.door.send(inputs={"it": "four"}), "3")


@requirement("form:text:max-length")
@pytest.mark.parametrize("declared", [{"max_length": 0}, {"max_length": None}, {}])
async def test_without_max_length_a_text_may_be_long(build: Build, declared: dict[str, object]) -> None:
    place = await with_form(build, field("paragraph", **declared))
    assert (await place.door.send(inputs={"it": "x" * 100_000})).status == 200


@requirement("form:select:options", "check:12")
async def test_a_select_takes_its_options_only(build: Build) -> None:
    place = await with_form(build, field("select", options=["red", "green"]))
    assert await stored(place.door, await place.door.send(inputs={"it": "green"})) == {"it": "green"}
    assert_refused(await place.door.send(inputs={"it": "blue"}), "red", "green")
    assert_refused(await place.door.send(inputs={"it": ""}), "red", "green")


@requirement("form:number", "check:12")
@pytest.mark.parametrize(
    ("given", "kept"), [(5, 5), (-2.5, -2.5), ("7", 7), ("7.0", 7.0), (" 3 ", 3), ("", None), ("  ", None)]
)
async def test_a_number_may_be_written_as_text(build: Build, given: object, kept: object) -> None:
    place = await with_form(build, field("number"))
    found = await stored(place.door, await place.door.send(inputs={"it": given}))
    assert found == {"it": kept}
    assert type(found["it"]) is type(kept)


@requirement("form:number", "check:12")
@pytest.mark.parametrize("given", ["seven", "1,5", "0x10", "nan", "inf", "1_0", [5], {"n": 5}, True])
async def test_what_is_no_number_is_refused(build: Build, given: object) -> None:
    place = await with_form(build, field("number"))
    assert_refused(await place.door.send(inputs={"it": given}))


@requirement("form:checkbox", "check:12")
@pytest.mark.parametrize(
    ("given", "kept"),
    [(True, True), (False, False), ("yes", True), ("no", False), ("ON", True), ("off", False), (1, True), ("0", False)],
)
async def test_a_checkbox_takes_words(build: Build, given: object, kept: bool) -> None:  # noqa: FBT001 -- a case
    place = await with_form(build, field("checkbox"))
    assert await stored(place.door, await place.door.send(inputs={"it": given})) == {"it": kept}


@requirement("form:checkbox", "check:12")
@pytest.mark.parametrize("given", ["maybe", 2, [], {}, 0.5])
async def test_a_checkbox_refuses_the_rest(build: Build, given: object) -> None:
    place = await with_form(build, field("checkbox"))
    assert_refused(await place.door.send(inputs={"it": given}))


@requirement("form:json-object")
async def test_a_json_object_takes_objects_only(build: Build) -> None:
    place = await with_form(build, field("json_object"))
    given = {"it": {"a": [1, {"b": None}]}}
    assert await stored(place.door, await place.door.send(inputs=given)) == given
    for other in ("{}", ["a"], 5, True):
        assert_refused(await place.door.send(inputs={"it": other}), "object")


@requirement("form:object-elsewhere")
@pytest.mark.parametrize("kind", ["text-input", "paragraph", "select", "number", "checkbox"])
async def test_an_object_fits_no_other_variable(build: Build, kind: str) -> None:
    place = await with_form(build, field(kind, options=["a"]))
    assert_refused(await place.door.send(inputs={"it": {"a": 1}}))


@requirement("order:provider-and-inputs", "order:nothing-is-left")
async def test_a_form_that_is_not_filled_leaves_no_conversation(build: Build) -> None:
    place = await with_form(build, field("text-input", required=True))
    for mode in ("blocking", "streaming"):
        assert_refused(await place.door.send(response_mode=mode))
    assert (await place.door.get("/v1/conversations", user="ann")).json()["data"] == []
