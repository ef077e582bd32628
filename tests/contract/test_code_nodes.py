"""Code nodes as clients see them: what code gives, how it fails, and that it holds up nobody else."""

from typing import Any

import pytest
from anyio import fail_after

from parlour.providers.sandbox.limits import Limits
from parlour.providers.sandbox.local import LocalSandbox
from parlour.settings import Code
from tests.contract.requirements import requirement
from tests.dsl.graph_samples import Written, chain, edge, flow_file, graph_file, node
from tests.front_door import Reply
from tests.houses import Build, key_of

pytestmark = pytest.mark.anyio

COUNT = (
    "import re\ndef main(query: str) -> dict:\n    return {'words': re.findall(r'\\w+', query), 'number': len(query)}"
)
ENDLESS = "def main(query):\n    while True: pass"
HUNGRY = "def main(query):\n    held = []\n    while True: held.append(bytearray(10**6))"
STUBBORN = "import socket\ndef main(query):\n    while True: pass"
"""As endless, and in the jail."""
ASK: Written = {"query": "a b", "user": "bob", "inputs": {}, "response_mode": "blocking"}
QUERY = [{"variable": "query", "value_selector": ["sys", "query"]}]


def code(source: str, *, language: str = "python3", **more: Any) -> Written:
    kinds: dict[str, str] = more.pop("outputs", {"words": "array[string]", "number": "number"})
    outputs = {name: {"type": kind, "children": None} for name, kind in kinds.items()}
    return node("code", "code", code=source, code_language=language, variables=QUERY, outputs=outputs, **more)


def chatflow(made: Written, said: str = "{{#code.words#}} {{#code.number#}}") -> str:
    nodes = [node("start", "start", variables=[]), made, node("say", "answer", answer=said)]
    return graph_file("advanced-chat", nodes, chain("start", "code", "say"))


def finished(reply: Reply) -> dict[str, dict[str, Any]]:
    return {one["data"]["node_id"]: one["data"] for one in reply.events if one["event"] == "node_finished"}


@requirement("node:code")
async def test_what_code_makes_of_the_question_is_said(build: Build) -> None:
    place = await build(apps={"one": chatflow(code(COUNT))})
    reply = await place.door.send("to be, or not", response_mode="streaming")
    told = finished(reply)["code"]
    assert told["inputs"] == {"query": "to be, or not"}
    assert told["outputs"] == {"words": ["to", "be", "or", "not"], "number": 13}
    assert (told["status"], told["node_type"]) == ("succeeded", "code")
    assert (await place.door.send("a b")).json()["answer"] == "- a\n- b 3"


@requirement("node:code")
async def test_javascript_makes_the_same(build: Build) -> None:
    source = "function main({query}) { return {words: query.match(/\\w+/g), number: query.length} }"
    place = await build(apps={"one": chatflow(code(source, language="javascript"))})
    assert (await place.door.send("a b")).json()["answer"] == "- a\n- b 3"


@requirement("node:code:outputs")
@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("{'words': []}", "Code: Output number is missing: main does not return it."),
        ("{'words': [], 'number': 1, 'more': 1}", "more is returned, and not declared"),
        ("{'words': [], 'number': '1'}", "Code: Output number must be a number, and is string."),
        ("{'words': ['a', 1], 'number': 1}", "Code: Output words[1] must be a string, and is number."),
        ("{'words': ['a'] * 31, 'number': 1}", "must be less than 30 elements, and is 31"),
        ("{'words': ['a' * 400001], 'number': 1}", "must be less than 400000 characters"),
        ("{'words': [], 'number': 2**63}", "number is out of range"),
        ("[]", "Code: main must return an object"),
    ],
)
async def test_what_does_not_fit_its_declaration_fails_the_run_and_says_why(
    build: Build, returned: str, words: str
) -> None:
    place = await build(apps={"one": chatflow(code(f"def main(query):\n    return {returned}"))})
    reply = await place.door.send("x")
    assert (reply.status, reply.json()["code"]) == (400, "invalid_param")
    assert words in reply.json()["message"]


@requirement("node:code:outputs")
async def test_what_code_may_put_out_is_the_operators_to_say(build: Build) -> None:
    source = "def main(query):\n    return {'words': ['a'] * 31, 'number': 1}"
    place = await build(apps={"one": chatflow(code(source))}, code=Code(max_string_array_length=31))
    assert (await place.door.send("x")).status == 200


@requirement("node:code:failure")
async def test_code_that_fails_is_told_with_its_node_its_error_and_its_line(build: Build) -> None:
    source = "import json\n\ndef main(query):\n    return json.loads(query)"
    place = await build(apps={"one": chatflow(code(source))})
    reply = await place.door.send("{", response_mode="streaming")
    node_told = finished(reply)["code"]
    (run,) = (one["data"] for one in reply.events if one["event"] == "workflow_finished")
    (error,) = (one for one in reply.events if one["event"] == "error")
    assert node_told["status"] == "failed"
    assert node_told["inputs"] == {"query": "{"}
    for told in (node_told["error"], run["error"], error["message"]):
        assert "Code: JSONDecodeError: Expecting property name" in told
        assert told.endswith("(line 4)")
    assert run["status"] == "failed"


@requirement("node:code:failure")
async def test_a_fail_branch_goes_on_with_what_happened(build: Build) -> None:
    made = code("def main(query):\n    raise ValueError('no ' + query)", error_strategy="fail-branch")
    nodes = [
        node("start", "start", variables=[]),
        made,
        node("good", "answer", answer="good"),
        node("bad", "answer", answer="{{#code.error_type#}}: {{#code.error_message#}}"),
    ]
    edges = [
        edge("start", "code"),
        edge("code", "good", sourceHandle="success-branch"),
        edge("code", "bad", sourceHandle="fail-branch"),
    ]
    place = await build(apps={"one": graph_file("advanced-chat", nodes, edges)})
    reply = await place.door.send("way", response_mode="streaming")
    answer = "".join(one["answer"] for one in reply.events if one["event"] == "message")
    assert answer == "CodeExecutionError: Code: ValueError: no way (line 2)"
    (run,) = (one["data"] for one in reply.events if one["event"] == "workflow_finished")
    assert (run["status"], run["exceptions_count"]) == ("partial-succeeded", 1)
    assert finished(reply)["code"]["status"] == "exception"


@requirement("node:code:failure")
async def test_values_in_place_of_a_failure_are_the_outputs(build: Build) -> None:
    values = [
        {"key": "words", "type": "array[string]", "value": '["d"]'},
        {"key": "number", "type": "number", "value": "7"},
    ]
    made = code("def main(query):\n    return 1", error_strategy="default-value", default_value=values)
    place = await build(apps={"one": chatflow(made)})
    assert (await place.door.send("x")).json()["answer"] == "- d 7.0"


@requirement("node:secrets")
async def test_code_reads_a_secret_and_nobody_is_told_it(build: Build) -> None:
    made = code("def main(query):\n    return {'words': [], 'number': len(query)}")
    made["data"]["variables"] = [{"variable": "query", "value_selector": ["env", "KEY"]}]
    secret = [{"name": "KEY", "value_type": "secret", "value": "sk-very-secret"}]
    nodes = [node("start", "start", variables=[]), made, node("say", "answer", answer="{{#code.number#}}")]
    graph = {"nodes": nodes, "edges": chain("start", "code", "say")}
    place = await build(apps={"one": flow_file(graph=graph, environment_variables=secret)})
    reply = await place.door.send("x", response_mode="streaming")
    assert finished(reply)["code"]["outputs"]["number"] == len("sk-very-secret")
    assert "sk-very-secret" not in repr(reply.events)


@requirement("node:code:bounded")
@pytest.mark.parametrize("source", [ENDLESS, STUBBORN, HUNGRY], ids=["endless", "endless in the jail", "hungry"])
async def test_other_chats_go_on_while_code_eats_time_and_memory_and_a_stop_ends_it(build: Build, source: str) -> None:
    sandbox = LocalSandbox(Limits(seconds=60))
    place = await build(apps={"eater": chatflow(code(source)), "other": chatflow(code(COUNT))}, sandbox=sandbox)
    async with place.door.chat("x", auto_generate_name=False) as stream:
        with fail_after(20):
            while (event := (await stream.take(1))[0])["event"] != "node_started" or event["data"]["node_id"] != "code":
                pass
            for _ in range(10):
                reply = await place.door.request("POST", "/v1/chat-messages", json_body=ASK, key=key_of("other"))
                assert reply.json()["answer"] == "- a\n- b 3"
            if source != HUNGRY:
                await place.door.post(f"/v1/chat-messages/{event['task_id']}/stop", user="ann")
            rest = await stream.rest()
    (run,) = (one["data"] for one in rest if one["event"] == "workflow_finished")
    assert run["status"] == ("failed" if source == HUNGRY else "stopped")
    await sandbox.aclose()
