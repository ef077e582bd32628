"""Code nodes in a flow, run in the real sandbox (dsl.md 6.8)."""

from collections.abc import Iterable
from typing import Any

import pytest
from anyio import fail_after

from parlour.domain.files import File
from parlour.domain.graph import Graph, Node
from parlour.domain.problems import Problem
from parlour.flow.node import Fault
from parlour.flow.nodes import NODES
from parlour.flow.plan import faults
from tests.dsl.dsl_samples import findings
from tests.dsl.graph_samples import chain, graph_file
from tests.dsl.graph_samples import node as written
from tests.flow.flow_samples import Played, graph, node, play

pytestmark = pytest.mark.anyio

PICTURE = File("image", "remote_url", "a.png", ".png", "image/png", 5, "https://x/a.png")
ECHO = "def main(it):\n    return {'it': it, 'kind': type(it).__name__}"


def code_node(source: str, /, *names: str, language: str = "python3", **outputs: str) -> Node:
    return node(
        "code",
        "code",
        code_language=language,
        code=source,
        variables=[{"variable": name, "value_selector": ["start", name]} for name in names],
        outputs={name: {"type": kind, "children": None} for name, kind in outputs.items()},
    )


def around(made: Node, said: str = "{{#code.it#}}") -> Graph:
    return graph([node("start", "start"), made, node("say", "answer", answer=said)], "start code", "code say")


async def ran(made: Node, /, **inputs: object) -> Played:
    with fail_after(10):
        return await play(around(made), inputs=inputs)


def found(made: Node) -> list[Fault]:
    return list(faults(Graph((made,), ())))


async def test_main_is_given_the_inputs_by_name_and_its_object_is_the_output() -> None:
    source = "def main(a, b: str) -> dict:\n    return {'it': a + len(b), 'list': []}"
    played = await ran(code_node(source, "a", "b", it="number", list="array[string]"), a=1, b="xy")
    outcome = played.outcomes["code"]
    assert outcome.outputs == {"it": 3, "list": []}
    assert outcome.inputs == {"a": 1, "b": "xy"}
    assert played.text == "3"


async def test_javascript_is_given_one_object() -> None:
    source = "function main({a, b}) { return {it: a.map(n => n + b)} }"
    played = await ran(code_node(source, "a", "b", language="javascript", it="array[number]"), a=[1, 2], b=3)
    assert played.outcomes["code"].outputs == {"it": [4, 5]}


@pytest.mark.parametrize(
    ("value", "kind"),
    [(None, "NoneType"), (1.5, "float"), ({"a": [1]}, "dict"), ([True], "list"), ("x", "str")],
)
async def test_inputs_are_the_values_themselves(value: object, kind: str) -> None:
    types = {"NoneType": "object", "float": "number", "dict": "object", "list": "array[boolean]", "str": "string"}
    played = await ran(code_node(ECHO, "it", it=types[kind], kind="string"), it=value)
    assert played.outcomes["code"].outputs == {"it": value, "kind": kind}


async def test_a_variable_that_is_not_there_is_none() -> None:
    made = code_node(ECHO, "it", it="object", kind="string")
    assert (await ran(made)).outcomes["code"].outputs == {"it": None, "kind": "NoneType"}


async def test_files_come_as_their_descriptions() -> None:
    source = "def main(one, all):\n    return {'it': one['filename'], 'all': [f['mime_type'] for f in all]}"
    made = code_node(source, "one", "all", it="string", all="array[string]")
    assert (await ran(made, one=PICTURE, all=[PICTURE])).outcomes["code"].outputs == {
        "it": "a.png",
        "all": ["image/png"],
    }


async def test_a_list_without_files_comes_as_none() -> None:
    made = code_node(ECHO, it="object", kind="string")
    made.data["variables"] = [{"variable": "it", "value_selector": ["sys", "files"]}]
    assert (await ran(made)).outcomes["code"].outputs == {"it": None, "kind": "NoneType"}


async def test_a_declared_list_keeps_its_type_though_it_is_empty() -> None:
    source = "def main():\n    return {'it': []}"
    pick = node("pick", "list-operator", variable=["code", "it"])
    made = graph([node("start", "start"), code_node(source, it="array[object]"), pick], "start code", "code pick")
    with fail_after(10):
        played = await play(made)
    assert played.outcomes["pick"].outputs == {"result": [], "first_record": None, "last_record": None}


@pytest.mark.parametrize(
    ("source", "words", "kind"),
    [
        ("def main():\n    return 1 / 0", "ZeroDivisionError: division by zero (line 2)", "CodeExecutionError"),
        ("def main():\n    return {}", "Output it is missing: main does not return it.", "OutputValidationError"),
        ("def main():\n    return 'x'", "main must return an object", "OutputValidationError"),
        (
            "def main():\n    d = 1\n    for _ in range(6): d = {'d': d}\n    return {'it': d}",
            "Depth limit",
            "DepthLimitError",
        ),
    ],
)
async def test_a_failure_names_the_node_and_tells_its_branch_what_happened(source: str, words: str, kind: str) -> None:
    made = code_node(source, it="object")
    with fail_after(10), pytest.raises(Problem, match="Code: ") as raised:
        await play(around(made))
    assert words in raised.value.message
    branching = node("code", "code", **made.data | {"error_strategy": "fail-branch"})
    say = node("say", "answer", answer="{{#code.error_type#}} {{#code.error_message#}}")
    with fail_after(10):
        played = await play(graph([node("start", "start"), branching, say], "start code", "code fail-branch say"))
    assert played.text.startswith(f"{kind} Code: ")
    assert words in played.text


async def test_an_unknown_language_fails_where_it_is_allowed_to_run() -> None:
    with pytest.raises(Problem, match=r"Code: .*'ruby'"):
        await ran(code_node("def main; end", language="ruby"))


def levels(given: Iterable[Fault]) -> list[tuple[str, str]]:
    return [(fault.level, fault.what) for fault in given]


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (code_node(ECHO, it="object", kind="string"), []),
        (code_node("import json, re\nfrom datetime import datetime\ndef main(): pass"), []),
        (code_node("const main = () => ({})", language="javascript"), []),
        (code_node(ECHO, language="ruby"), [("refused", "language ruby")]),
        (code_node("x = 1"), [("refused", "code")]),
        (code_node(ECHO, it="array[file]", kind="text"), [("refused", "output it"), ("refused", "output kind")]),
        (
            code_node("import requests\nfrom pandas.core import x\nimport json\ndef main(): pass"),
            [("approximated", "import pandas"), ("approximated", "import requests")],
        ),
        (code_node("from the beginning\ndef main(): pass"), []),
    ],
)
def test_what_will_not_run_is_told_before_it_does(made: Node, told: list[tuple[str, str]]) -> None:
    assert levels(found(made)) == told


@pytest.mark.parametrize("empty", [{}, {"variables": None, "outputs": None}, {"code_language": None, "code": None}])
def test_members_that_exports_leave_out_are_read(empty: dict[str, Any]) -> None:
    assert "code" in NODES
    assert all(fault.keys in {("code",), ("code_language",)} for fault in found(node("code", "code", **empty)))


def test_the_report_of_a_file_shows_it_with_the_line_of_the_code() -> None:
    made = written("code", "code", code="import requests\ndef main(): pass", code_language="python3", outputs={})
    made["data"]["outputs"] = {"it": {"type": "text", "children": None}}
    nodes = [written("start", "start", variables=[]), made, written("say", "answer", answer="x")]
    source = graph_file("advanced-chat", nodes, chain("start", "code", "say"))
    (told,) = findings(source, "approximated")
    assert "import requests" in told.what
    assert "http-request" in told.advice
    assert source.splitlines()[told.line - 1].lstrip().startswith("code: ")
    (refused,) = findings(source, "refused")
    assert source.splitlines()[refused.line - 1].strip() == "type: text"
