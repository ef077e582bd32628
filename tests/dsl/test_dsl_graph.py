"""Graphs of chatflows and workflows: nodes, edges, containers, forms, features, and the lines they stand on."""

from typing import Any

import pytest

from parlour.domain.app import ChatflowApp, Model, WorkflowApp
from parlour.domain.graph import Edge
from parlour.dsl.findings import Finding
from tests.dsl.dsl_samples import line_of, refusals
from tests.dsl.graph_samples import Written, chain, edge, flow, flow_file, graph_file, loaded, node


def lacking(source: str) -> list[Finding]:
    """What is refused, but can be done without."""
    return [finding for finding in loaded(source).findings if finding.partial]


def start(*variables: Written) -> dict[str, Any]:
    return {"nodes": [node("start", "start", variables=list(variables))], "edges": []}


@pytest.mark.parametrize(("mode", "kind"), [("advanced-chat", ChatflowApp), ("workflow", WorkflowApp)])
def test_a_flow_has_its_nodes_and_edges_in_the_order_of_the_file(mode: str, kind: type) -> None:
    app = flow(mode)
    assert isinstance(app, kind)
    first, last = app.graph.nodes
    assert (first.id, first.type, first.title, first.parent) == ("start", "start", "Start", "")
    assert first.data == {"type": "start", "title": "Start", "variables": []}
    assert app.graph.edges == (Edge("start", last.id),)


def test_notes_and_frames_are_left_out() -> None:
    notes: list[Written] = [
        {"id": "1", "type": "custom-note", "data": {"type": "", "text": "hi"}},
        {"id": "2", "type": "custom-note", "data": {}},
        {"id": "3", "type": "custom", "data": {"type": ""}},
        {"id": "4", "type": "group", "data": {}},
        {"id": "5", "data": {"type": "group"}},
    ]
    source = graph_file("workflow", [*notes, node("start", "start")], [])
    assert [one.id for one in flow("workflow", graph={"nodes": [*notes, node("start", "start")]}).graph.nodes] == [
        "start"
    ]
    assert not lacking(source)


@pytest.mark.parametrize(
    ("data", "more", "parent"),
    [
        ({"iteration_id": "a"}, {}, "a"),
        ({"loop_id": "a"}, {}, "a"),
        ({"iteration_id": "", "loop_id": "a"}, {}, "a"),
        ({"iteration_id": None}, {}, ""),
        ({}, {"parentId": "a"}, "a"),
        ({"loop_id": "b"}, {"parentId": "a"}, "b"),
        ({"iteration_id": "a", "loop_id": "b"}, {}, "a"),
        ({"iteration_id": "a", "loop_id": "b"}, {"parentId": "b"}, "b"),
    ],
)
def test_the_container_of_a_node_is_told_by_its_data_else_by_the_canvas(
    data: Written, more: Written, parent: str
) -> None:
    inner = node("x", "code", **data) | more
    nodes = [node("start", "start"), node("a", "iteration"), node("b", "loop"), inner]
    assert flow(graph={"nodes": nodes, "edges": []}).graph.nodes[-1].parent == parent


def test_an_id_without_quotes_is_the_text_that_it_is_written_as() -> None:
    source = flow_file().replace("id: start\n", "id: 0017\n").replace("source: start\n", "source: 0017\n")
    found = loaded(source).app
    assert isinstance(found, ChatflowApp)
    assert found.graph.nodes[0].id == found.graph.edges[0].source == "0017"


def test_a_node_whose_type_stands_beside_its_data_is_taken_and_said_so() -> None:
    source = graph_file("workflow", [{"id": "s", "type": "start", "data": {"title": "Go"}}], [])
    [said] = [finding for finding in loaded(source).findings if finding.level == "approximated"]
    assert said.what == "node `s`"
    assert "is read as start" in said.advice


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ({"type": "custom", "data": {"type": "llm", "title": "Ask"}}, "a node `Ask`: has no `id`"),
        ({"id": "x", "type": "custom", "data": {"title": "Ask"}}, "node `x`: has no `data.type`"),
        (node("start", "llm"), "node `start`: has the id of an earlier node"),
    ],
)
def test_a_node_that_cannot_be_told_from_others_is_left_out_and_its_line_told(broken: Written, says: str) -> None:
    source = graph_file("workflow", [node("start", "start"), broken], [])
    [said] = lacking(source)
    assert f"{said.what}: {said.advice}".startswith(says)
    second = [at for at, line in enumerate(source.splitlines(), 1) if line.startswith("    - ")][1]
    assert second <= said.line <= second + 1


def test_an_edge_has_the_handle_of_its_source() -> None:
    nodes = [node("start", "start"), node("if", "if-else"), node("a", "answer"), node("b", "answer")]
    edges = [edge("start", "if"), edge("if", "a", sourceHandle="true"), edge("if", "b", sourceHandle=None)]
    found = flow(graph={"nodes": nodes, "edges": edges}).graph.edges
    assert [one.handle for one in found] == ["source", "true", "source"]


@pytest.mark.parametrize("lost", [{"source": "start"}, {"target": "answer"}, {"source": None, "target": "answer"}])
def test_an_edge_without_an_end_is_ignored_and_said_so(lost: Written) -> None:
    source = graph_file("advanced-chat", [node("start", "start"), node("answer", "answer")], [lost])
    [said] = [finding for finding in loaded(source).findings if finding.level == "approximated"]
    assert said.what == "an edge"


def test_an_edge_to_a_node_that_is_not_there_is_refused_with_its_line() -> None:
    source = graph_file("advanced-chat", [node("start", "start")], [edge("start", "nowhere")])
    [said] = lacking(source)
    assert said.what == "edge from `start` to `nowhere`"
    assert said.line == line_of(source, "id: start-nowhere")


def test_an_edge_over_the_border_of_a_container_is_refused() -> None:
    nodes = [node("start", "start"), node("each", "iteration"), node("in", "code", iteration_id="each")]
    [said] = lacking(graph_file("workflow", nodes, [edge("start", "in")]))
    assert "crosses the border" in said.advice


def test_a_graph_without_nodes_is_refused() -> None:
    assert [said.what for said in lacking(graph_file("workflow", [], []))] == ["graph"]
    assert [said.what for said in lacking(flow_file(graph=None))] == ["graph"]


def test_the_line_of_a_node_and_of_a_place_within_it_can_be_told() -> None:
    source = flow_file()
    found = loaded(source)
    assert found.line("answer") == line_of(source, "id: answer")
    assert found.line("answer", "answer") == line_of(source, "answer: Hello.")
    assert found.line("answer", "nothing", 3) == line_of(source, "answer: Hello.") - 3
    assert found.line("") == line_of(source, "graph:")


def test_the_form_is_that_of_the_start_node() -> None:
    declared = {"variable": "city", "label": "City", "type": "select", "options": ["Rom", "Bern"], "required": True}
    many = {"variable": "pictures", "type": "file-list", "allowed_file_types": ["image"], "max_length": 2}
    untyped = {"variable": "name"}
    source = flow_file(graph=start(declared, many, untyped))
    app = loaded(source).app
    city, pictures, name = app.form
    assert (city.kind, city.variable, city.label, city.required) == ("select", "city", "City", True)
    assert (city.options, city.raw) == (("Rom", "Bern"), declared)
    assert (pictures.files.limit, pictures.files.types) == (2, ("image",))
    assert name.kind == "text-input"
    assert not [finding for finding in loaded(source).findings if finding.level != "supported"]


def test_fields_of_unknown_type_or_with_one_name_are_refused_by_line() -> None:
    odd = {"variable": "a", "type": "telephone"}
    source = flow_file(graph=start(odd, {"variable": "b"}, {"variable": "b"}))
    lines = refusals(source).splitlines()
    assert lines[0].startswith(f"line {line_of(source, 'type: telephone')}: field type telephone: must be one of text-")
    assert "variable b: is declared twice" in lines[1]


@pytest.mark.parametrize("provider", ["openai", "langgenius/openai/openai"])
def test_the_model_of_an_app_is_the_first_that_a_node_names(provider: str) -> None:
    nodes = [
        node("start", "start"),
        node("none", "llm", model={"provider": "", "name": ""}),
        node("ask", "llm", model={"provider": provider, "name": "gpt-4o", "mode": "chat", "completion_params": {}}),
        node("more", "llm", model={"provider": "x", "name": "y"}),
    ]
    app = flow(graph={"nodes": nodes, "edges": chain("start", "none", "ask", "more")})
    assert app.model == Model("openai", "gpt-4o")
    assert flow().model is None


def test_the_features_of_a_flow_are_those_beside_its_graph() -> None:
    upload = {"image": {"enabled": True, "number_limits": 2, "transfer_methods": ["local_file"]}}
    written = {"opening_statement": "Hi {{name}}", "file_upload": upload, "retriever_resource": {"enabled": False}}
    features = flow(features=written).features
    assert (features.opening_statement, features.citations) == ("Hi {{name}}", False)
    assert (features.files.enabled, features.files.types, features.files.limit) == (True, ("image",), 2)
    assert features.raw == written


def test_a_flow_without_a_workflow_is_refused() -> None:
    assert "line 1: workflow: is missing: a workflow app has its graph there" in refusals(
        "app: {mode: workflow, name: x}\nkind: app\nversion: 0.3.0\n"
    )
