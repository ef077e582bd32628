"""The API's description says what is served and holds together."""

import re
from collections.abc import Iterator
from typing import cast

from msgspec import json

from parlour.wire.openapi import OPERATIONS, document

FOUND = json.decode(document("1.2.3"), type=dict[str, object])
PATHS = cast("dict[str, dict[str, dict[str, object]]]", FOUND["paths"])
SCHEMAS = cast("dict[str, dict[str, dict[str, object]]]", cast("dict[str, object]", FOUND["components"])["schemas"])


def walk(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        yield members
        yield from (inner for member in members.values() for inner in walk(member))
    elif isinstance(value, list):
        yield from (inner for item in cast("list[object]", value) for inner in walk(item))


def test_it_names_its_version_and_every_route_of_the_contract() -> None:
    assert FOUND["openapi"] == "3.1.0"
    assert cast("dict[str, object]", FOUND["info"])["version"] == "1.2.3"
    assert {(method, path) for path, methods in PATHS.items() for method in methods} >= {
        ("post", "/v1/chat-messages"),
        ("post", "/v1/chat-messages/{task_id}/stop"),
        ("get", "/v1/messages"),
        ("get", "/v1/conversations"),
        ("post", "/v1/conversations/{conversation_id}/name"),
        ("delete", "/v1/conversations/{conversation_id}"),
        ("get", "/v1/messages/{message_id}/suggested"),
        ("post", "/v1/completion-messages"),
        ("post", "/v1/completion-messages/{task_id}/stop"),
        ("post", "/v1/messages/{message_id}/feedbacks"),
        ("get", "/v1/app/feedbacks"),
        ("get", "/v1/apps/annotations"),
        ("post", "/v1/apps/annotations"),
        ("put", "/v1/apps/annotations/{annotation_id}"),
        ("delete", "/v1/apps/annotations/{annotation_id}"),
        ("get", "/v1/end-users/{end_user_id}"),
        ("get", "/v1/conversations/{conversation_id}/variables"),
        ("put", "/v1/conversations/{conversation_id}/variables/{variable_id}"),
        ("get", "/v1/info"),
        ("get", "/v1/parameters"),
        ("get", "/v1/meta"),
        ("get", "/v1/site"),
        ("get", "/v1/"),
        ("get", "/health"),
        ("get", "/ready"),
    }


def test_no_two_operations_are_one() -> None:
    assert len({operation.id for operation in OPERATIONS}) == len(OPERATIONS)
    assert sum(len(methods) for methods in PATHS.values()) == len(OPERATIONS)


def test_every_reference_leads_somewhere_and_every_schema_is_used() -> None:
    wanted = {cast("str", each["$ref"]).removeprefix("#/components/schemas/") for each in walk(FOUND) if "$ref" in each}
    assert wanted == set(SCHEMAS)


def test_every_operation_tells_of_failure_and_of_its_path() -> None:
    for path, methods in PATHS.items():
        for described in methods.values():
            assert "ErrorBody" in str(cast("dict[str, object]", described["responses"])["default"])
            parameters = cast("list[dict[str, object]]", described.get("parameters", []))
            named = {each["name"] for each in parameters if each["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))


def test_a_message_may_be_answered_as_a_body_or_as_events() -> None:
    responses = cast("dict[str, dict[str, dict[str, object]]]", PATHS["/v1/chat-messages"]["post"]["responses"])
    assert set(responses["200"]["content"]) == {"application/json", "text/event-stream"}


def test_only_the_welcome_the_health_of_the_server_and_signed_addresses_need_no_key() -> None:
    assert FOUND["security"] == [{"app_key": []}]
    open_ = {
        path for path, methods in PATHS.items() for described in methods.values() if described.get("security") == []
    }
    signed = {"/files/{file_id}/file-preview", "/files/tools/{file_id}", "/files/documents/{dataset_id}/{document_id}"}
    assert open_ == {"/v1/", "/health", "/ready"} | signed


def test_schemas_say_what_is_required() -> None:
    assert SCHEMAS["ChatRequest"]["required"] == ["query", "user"]
    assert SCHEMAS["ErrorBody"]["required"] == ["code", "message", "status"]
    assert "conversation_id" not in SCHEMAS["BlockingAnswer"]["required"]
    assert len(SCHEMAS["UsageBody"]["properties"]) == 14
    assert len(SCHEMAS["Citation"]["properties"]) == 19


def test_the_requests_that_begin_a_run_take_a_key_for_repetition() -> None:
    taking = {
        path for path, methods in PATHS.items() if any(one.get("name") == "Idempotency-Key" for one in walk(methods))
    }
    assert taking == {
        "/v1/chat-messages",
        "/v1/completion-messages",
        "/v1/workflows/run",
        "/v1/workflows/{workflow_id}/run",
    }
