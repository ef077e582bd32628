"""Older shapes of nodes and edges become the newest one, whatever version the file says (dsl.md 10)."""

from typing import Any

import pytest

from parlour.domain.app import FlowApp
from parlour.dsl.upgrade import STEPS, upgraded
from tests.dsl.dsl_samples import line_of
from tests.dsl.graph_samples import Written, edge, flow, graph_file, loaded, node, text

Json = Any


def data_of(type_: str, /, **data: Json) -> Json:
    """The data of a node of this type, as it is read."""
    made = flow(graph={"nodes": [node("start", "start"), node("n", type_, **data)], "edges": []})
    return made.graph.nodes[-1].data


def changed(type_: str, /, **data: Json) -> Json:
    """What the steps have put in, or put in the place of something."""
    return {key: value for key, value in data_of(type_, **data).items() if key != "title" and data.get(key) != value}


@pytest.mark.parametrize(("written", "read"), [(2, "2"), (1.0, "1"), (1.5, "1.5"), ("2", "2"), (True, True)])
def test_a_nodes_version_is_text(written: object, read: object) -> None:
    assert data_of("tool", version=written)["version"] == read


CONDITIONS = [{"variable_selector": ["start", "x"], "comparison_operator": "is", "value": "y"}]


@pytest.mark.parametrize("more", [{}, {"cases": None}, {"cases": []}])
def test_the_single_case_of_an_old_if_else_is_the_case_called_true(more: Written) -> None:
    read = data_of("if-else", conditions=CONDITIONS, logical_operator="or", **more)
    assert read["cases"] == [{"case_id": "true", "logical_operator": "or", "conditions": CONDITIONS}]
    assert data_of("if-else", conditions=CONDITIONS)["cases"][0]["logical_operator"] == "and"


def test_cases_stay_where_there_are_some_and_an_id_names_a_case() -> None:
    cases: list[Written] = [
        {"id": "a", "conditions": []},
        {"id": "x", "case_id": "b", "conditions": []},
        {"conditions": []},
    ]
    read = data_of("if-else", cases=cases, conditions=CONDITIONS)["cases"]
    assert [case.get("case_id") for case in read] == ["a", "b", None]


def test_an_old_variable_assigner_is_an_aggregator() -> None:
    read = data_of("variable-assigner", variables=[["a", "text"]], output_type="string")
    assert read["type"] == "variable-aggregator"
    made = flow(graph={"nodes": [node("v", "variable-assigner", variables=[])], "edges": []})
    assert made.graph.nodes[0].type == "variable-aggregator"


def test_what_is_called_an_assigner_and_aggregates_nothing_keeps_its_name() -> None:
    assert data_of("variable-assigner", items=[])["type"] == "variable-assigner"


@pytest.mark.parametrize(
    ("written", "version"),
    [
        ({"assigned_variable_selector": ["conversation", "x"]}, "1"),
        ({"items": [{"operation": "clear"}]}, "2"),
        ({"items": [], "version": "1"}, "1"),
        ({"assigned_variable_selector": ["conversation", "x"], "items": [], "version": 2}, "2"),
        ({"version": "v2", "actions": []}, "v2"),
        ({}, None),
    ],
)
def test_an_assigner_without_a_version_has_that_of_its_members(written: Written, version: str | None) -> None:
    assert data_of("assigner", **written).get("version") == version


def started(container: Written, *inner: Written, edges: list[Written] | None = None) -> Json:
    nodes = [node("start", "start"), container, *inner]
    made = flow(graph={"nodes": nodes, "edges": edges or []})
    return next(one.data.get("start_node_id") for one in made.graph.nodes if one.id == container["id"])


def test_a_container_begins_where_it_says() -> None:
    inner = [node(id_, "code", iteration_id="each") for id_ in "ab"]
    assert started(node("each", "iteration", start_node_id="b"), *inner) == "b"


def test_a_container_that_does_not_say_begins_at_its_start_node() -> None:
    inner = [node("a", "code", loop_id="l"), node("lstart", "loop-start", loop_id="l")]
    assert started(node("l", "loop"), *inner) == "lstart"
    assert started(node("l", "loop", start_node_id="gone"), *inner) == "lstart"


def test_an_old_iteration_begins_at_the_child_that_is_marked() -> None:
    marked = node("b", "code", iteration_id="each", isIterationStart=True)
    inner = [node("a", "code", iteration_id="each"), marked]
    assert started(node("each", "iteration"), *inner) == "b"
    assert started(node("each", "iteration"), *inner, edges=[edge("a", "b")]) == "b"


def test_else_a_container_begins_at_the_child_that_no_edge_leads_to() -> None:
    inner = [node(id_, "code") | {"parentId": "each"} for id_ in "ab"]
    assert started(node("each", "iteration"), *inner, edges=[edge("b", "a")]) == "b"


def test_what_is_no_container_begins_nowhere() -> None:
    assert started(node("each", "code"), node("a", "code", iteration_id="each")) is None


def test_an_empty_container_begins_nowhere() -> None:
    assert started(node("each", "iteration")) is None


@pytest.mark.parametrize(
    ("kind", "written", "items"),
    [
        ("json", '{"a": "b:c"}', [("", '{"a": "b:c"}')]),
        ("raw-text", "a: b\nc", [("", "a: b\nc")]),
        ("form-data", "a: b:c\n\n d :{{#start.x#}}\ne", [("a", "b:c"), ("d", "{{#start.x#}}"), ("e", "")]),
        ("x-www-form-urlencoded", "a:b", [("a", "b")]),
        ("none", "", []),
        ("json", None, []),
    ],
)
def test_the_body_of_an_old_request_is_a_list_of_items(kind: str, written: Json, items: list[tuple[str, str]]) -> None:
    body = data_of("http-request", body={"type": kind, "data": written})["body"]
    assert body == {"type": kind, "data": [{"type": "text", "key": key, "value": value} for key, value in items]}


def test_a_body_of_today_stays_and_what_is_null_is_empty() -> None:
    body = {"type": "json", "data": [{"id": "1", "type": "text", "value": "{}"}]}
    assert changed("http-request", body=body, params="a:b", headers="") == {"type": "http-request"}
    assert changed("http-request", body=None, params=None, headers=None) == {
        "type": "http-request",
        "body": {"type": "none", "data": []},
        "params": "",
        "headers": "",
    }


@pytest.mark.parametrize("written", [{}, {"context": None, "vision": None, "prompt_config": None}])
def test_what_a_model_node_leaves_out_it_does_without(written: Written) -> None:
    read = data_of("llm", **written)
    assert (read["context"], read["vision"]) == ({"enabled": False}, {"enabled": False})
    assert (read["prompt_config"], read["prompt_template"]) == ({}, [])
    assert read.get("memory") is None


def test_vision_without_its_settings_has_the_usual_ones() -> None:
    assert data_of("question-classifier", vision={"enabled": True, "configs": None})["vision"] == {"enabled": True}


def test_a_prompt_keeps_its_own_shape_whatever_the_models_mode_says() -> None:
    one: Written = {"text": "Hi", "edition_type": "basic"}
    model = {"provider": "openai", "name": "x", "mode": "chat"}
    assert data_of("llm", model=model, prompt_template=one)["prompt_template"] == one
    many = [{"role": "system", "text": None}, {"role": "user", "text": "Hi"}]
    model = model | {"mode": "completion"}
    assert data_of("llm", model=model, prompt_template=many)["prompt_template"] == [
        {"role": "system", "text": ""},
        {"role": "user", "text": "Hi"},
    ]


@pytest.mark.parametrize(
    ("written", "on"),
    [
        ({"structured_output_switch_on": True}, True),
        ({"structured_output_switch_on": True, "structured_output_enabled": False}, False),
        ({"structured_output_switch_on": False, "structured_output_enabled": None}, False),
        ({"structured_output_enabled": True}, True),
        ({}, None),
    ],
)
def test_the_switch_of_structured_output_has_one_name(written: Written, on: bool | None) -> None:  # noqa: FBT001
    assert data_of("llm", **written).get("structured_output_enabled") is on


def test_an_extractor_speaks_the_words_of_today() -> None:
    parameters = [{"name": "a", "type": "bool"}, {"name": "b", "type": "select", "options": ["x"]}]
    read = data_of("parameter-extractor", parameters=parameters, query_variable_selector=["sys", "query"])
    assert [one["type"] for one in read["parameters"]] == ["boolean", "select"]
    assert (read["reasoning_mode"], read["query"]) == ("function_call", ["sys", "query"])
    said = data_of("parameter-extractor", reasoning_mode="prompt", query=["start", "x"], query_variable_selector=["a"])
    assert (said["reasoning_mode"], said["query"]) == ("prompt", ["start", "x"])


def test_types_of_outputs_are_of_one_letter_case() -> None:
    outputs = [{"variable": "a", "value_type": "Array[String]"}, {"variable": "b"}]
    assert data_of("end", outputs=outputs)["outputs"][0]["value_type"] == "array[string]"
    groups = {"group_enabled": True, "groups": [{"group_name": "G", "output_type": "Number"}]}
    read = data_of("variable-aggregator", output_type="String", advanced_settings=groups)
    assert read["output_type"] == "string"
    assert read["advanced_settings"]["groups"][0] == {"group_name": "G", "output_type": "number"}


PARAMETERS: list[tuple[Json, Json]] = [
    ("{{#start.x#}}", {"type": "mixed", "value": "{{#start.x#}}"}),
    (5, {"type": "constant", "value": 5}),
    ({"value": "a"}, {"type": "mixed", "value": "a"}),
    ({"value": ["start", "x"]}, {"type": "variable", "value": ["start", "x"]}),
    ({"value": True}, {"type": "constant", "value": True}),
    ({"type": "constant", "value": "a"}, {"type": "constant", "value": "a"}),
    ({"type": "variable", "value": ["start", "x"]}, {"type": "variable", "value": ["start", "x"]}),
    ({"city": "Rom"}, {"type": "constant", "value": {"city": "Rom"}}),
    (None, None),
]


@pytest.mark.parametrize(("written", "read"), PARAMETERS)
def test_what_a_tool_is_given_says_how_it_is_read(written: Json, read: Json) -> None:
    assert data_of("tool", tool_parameters={"a": written})["tool_parameters"] == {"a": read}


def test_the_settings_of_an_old_tool_are_what_they_are() -> None:
    read = data_of("tool", tool_configurations={"a": "{{x}}", "b": 1, "c": {"type": "mixed", "value": "y"}})
    assert [one["type"] for one in read["tool_configurations"].values()] == ["constant", "constant", "mixed"]


@pytest.mark.parametrize(
    ("written", "handle"),
    [({}, "source"), ({"sourceHandle": None}, "source"), ({"sourceHandle": "success-branch"}, "source"),
     ({"sourceHandle": "fail-branch"}, "fail-branch"), ({"sourceHandle": "false"}, "false")],
)  # fmt: skip
def test_an_edge_leaves_by_the_usual_way_unless_it_says_other(written: Written, handle: str) -> None:
    nodes = [node("start", "start"), node("a", "answer")]
    [way] = flow(graph={"nodes": nodes, "edges": [edge("start", "a", **written)]}).graph.edges
    assert way.handle == handle


@pytest.mark.parametrize("provider", ["openai", "langgenius/openai/openai", "langgenius/openai/openai/"])
def test_a_provider_is_called_by_the_last_part_of_its_path(provider: str) -> None:
    model = {"provider": provider, "name": "gpt-4o", "mode": "chat"}
    short = {"provider": "openai", "name": "gpt-4o", "mode": "chat"}
    assert data_of("llm", model=model)["model"] == short
    agent = data_of("agent", agent_parameters={"model": {"type": "constant", "value": model}})
    assert agent["agent_parameters"]["model"]["value"] == short
    found = data_of("knowledge-retrieval", multiple_retrieval_config={"reranking_model": model})
    assert found["multiple_retrieval_config"]["reranking_model"] == short


WRONG: list[Json] = [None, 5, "x", [], {}, [None, 5], {"a": [{}]}]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_no_step_stumbles_over_a_value_of_another_shape(step: Any, wrong: Json) -> None:
    """Whatever stands in the places that it looks at: reading tells what is wrong, with the line."""
    keys = ["body", "cases", "conditions", "variables", "items", "outputs", "parameters", "advanced_settings", "vision"]
    keys += ["agent_parameters", "tool_parameters", "prompt_template", "model", "version", "start_node_id"]
    types = ["if-else", "iteration", "http-request", "llm", "tool", "end", "variable-aggregator", "variable-assigner"]
    types += ["assigner", "parameter-extractor", "agent"]
    nodes = [
        {"id": wrong, "data": {"type": type_, "iteration_id": wrong} | dict.fromkeys(keys, wrong)} for type_ in types
    ]
    places: list[Written] = [
        {"nodes": [*nodes, wrong, {"data": wrong}], "edges": [wrong, {"source": wrong, "target": wrong}]},
        {"nodes": wrong, "edges": wrong},
    ]
    for graph in places:
        step({"workflow": {"graph": graph, "features": {"file_upload": wrong}}, "model_config": wrong})
    step({"workflow": wrong, "app": wrong})
    step({"workflow": {"graph": wrong, "features": wrong}})


def test_steps_change_nothing_of_what_they_are_given_and_nothing_twice() -> None:
    old = node("if", "if-else", conditions=CONDITIONS, version=1)
    document: Json = {"app": {"mode": "workflow"}, "workflow": {"graph": {"nodes": [old], "edges": [{"source": "a"}]}}}
    before = text(document)
    new = upgraded(document)
    assert text(document) == before
    assert new != document
    assert upgraded(new) == new


def test_what_was_reshaped_still_tells_its_line() -> None:
    source = graph_file("workflow", [node("start", "start"), node("if", "if-else", conditions=CONDITIONS)], [])
    assert loaded(source).line("if", "cases", 0, "conditions") == line_of(source, "id: if") + 2


GENERATIONS: list[tuple[str | None, list[Written]]] = [
    (None, [node("v", "variable-assigner", variables=[["start", "x"]], output_type="String")]),
    ("0.1.0", [node("if", "if-else", conditions=CONDITIONS), node("h", "http-request", body=None)]),
    ("0.1.1", [node("a", "assigner", assigned_variable_selector=["conversation", "x"], write_mode="clear")]),
    ("0.1.2", [node("d", "document-extractor", variable_selector=["start", "x"])]),
    ("0.1.3", [node("c", "code", error_strategy="fail-branch", outputs={})]),
    ("0.1.4", [node("c", "code", default_value=[{"key": "a", "type": "string", "value": "b"}])]),
    ("0.1.5", [node("a", "assigner", version="2", items=[])]),
    ("0.2.0", [node("l", "loop", loop_count=2), node("s", "loop-start", loop_id="l")]),
    ("0.3.0", [node("t", "tool", tool_configurations={"a": {"type": "constant", "value": 1}})]),
    ("0.3.1", [node("i", "iteration", flatten_output=False), node("is", "iteration-start", iteration_id="i")]),
    (
        "0.4.0",
        [node("e", "end", outputs=[{"variable": "x", "value_selector": ["start", "x"], "value_type": "string"}])],
    ),
    ("0.5.0", [node("k", "knowledge-retrieval", query_attachment_selector=[])]),
    ("0.6.0", [node("h", "human-input", user_actions=[])]),
]


@pytest.mark.parametrize(("version", "nodes"), GENERATIONS, ids=[version or "none" for version, _ in GENERATIONS])
@pytest.mark.parametrize("mode", ["workflow", "advanced-chat"])
def test_a_flow_of_every_age_loads(mode: str, version: str | None, nodes: list[Written]) -> None:
    written: Json = {
        "app": {"mode": mode, "name": "Aged"},
        "kind": "app",
        "version": version,
        "workflow": {
            "graph": {
                "nodes": [node("start", "start", variables=[{"variable": "x", "type": "text-input"}]), *nodes],
                "edges": [edge("start", nodes[0]["id"])],
            }
        },
    }
    if version is None:
        del written["kind"], written["version"]
    found = loaded(text(written))
    assert isinstance(found.app, FlowApp)
    assert [one.id for one in found.app.graph.nodes[1:]] == [one["id"] for one in nodes]
    assert {finding.level for finding in found.findings} == {"supported"}
