"""What tests of flows behind the front door share: small apps, and how they are asked. Knows no store."""

from typing import Any

from tests.dsl.graph_samples import Written, chain, edge, flow_file, graph_file, node
from tests.front_door import FrontDoor, Reply, Stream
from tests.houses import NOBODY

RUN = "/v1/workflows/run"
MODEL: Written = {
    "provider": "langgenius/openai/openai",
    "name": "gpt-4o-mini",
    "mode": "chat",
    "completion_params": {},
}

FEW: Written = {"variable": "items", "id": NOBODY, "name": "items", "value_type": "array[string]", "value": ["a", "b"]}


def llm(id_: str, user: str, **data: Any) -> Written:
    """A node that asks a model."""
    return node(id_, "llm", model=MODEL, prompt_template=[{"role": "user", "text": user}], **data)


def start(*variables: Written) -> Written:
    return node("start", "start", variables=list(variables))


def text_field(name: str, **more: Any) -> Written:
    return {"variable": name, "label": name, "type": "text-input", "required": False, **more}


def end(*outputs: tuple[str, list[str]]) -> Written:
    return node("end", "end", outputs=[{"variable": name, "value_selector": selector} for name, selector in outputs])


def workflow_file(*fields: Written, **workflow: Any) -> str:
    """start → ask a model what the form says → end; with more fields in the form."""
    nodes = [start(text_field("word"), *fields), llm("ask", "{{#start.word#}}"), end(("text", ["ask", "text"]))]
    return flow_file("workflow", graph={"nodes": nodes, "edges": chain("start", "ask", "end")}, **workflow)


def chatflow_file(**workflow: Any) -> str:
    """start → ask a model the query → say it."""
    nodes = [start(), llm("ask", "{{#sys.query#}}"), node("say", "answer", answer="{{#ask.text#}}")]
    return flow_file(graph={"nodes": nodes, "edges": chain("start", "ask", "say")}, **workflow)


def saying(text: str, mode: str = "workflow") -> str:
    """A flow that says just that: its versions differ by it."""
    if mode == "advanced-chat":
        return graph_file(mode, [start(), node("say", "answer", answer=text)], chain("start", "say"))
    write = node("write", "template-transform", template=text, variables=[])
    return graph_file(mode, [start(), write, end(("text", ["write", "output"]))], chain("start", "write", "end"))


def branching(mode: str = "advanced-chat") -> str:
    """Polite or not: only one of two answers is given."""
    polite = {"variable_selector": ["sys", "query"], "comparison_operator": "contains", "value": "please"}
    cases = [{"case_id": "true", "logical_operator": "and", "conditions": [polite]}]
    nodes = [
        start(),
        node("polite", "if-else", cases=cases),
        node("yes", "answer", answer="Gladly."),
        node("no", "answer", answer="Say please."),
    ]
    edges = [
        edge("start", "polite"),
        edge("polite", "yes", sourceHandle="true"),
        edge("polite", "no", sourceHandle="false"),
    ]
    return graph_file(mode, nodes, edges)


def within(container: str, kind: str, id_: str, type_: str, /, **data: Any) -> Written:
    """A node in an iteration or a loop."""
    return node(id_, type_, **{f"{kind}_id": container}, **data) | {"parentId": container}


def each(template: str = "{{ item }}!") -> str:
    """start → of two items, each louder → answer."""
    item = [{"variable": "item", "value_selector": ["each", "item"]}]
    nodes = [
        start(),
        node(
            "each",
            "iteration",
            start_node_id="begin",
            iterator_selector=["conversation", "items"],
            output_selector=["loud", "output"],
            output_type="array[string]",
        ),
        within("each", "iteration", "begin", "iteration-start"),
        within("each", "iteration", "loud", "template-transform", template=template, variables=item),
        node("say", "answer", answer="{{#each.output#}}"),
    ]
    graph = {"nodes": nodes, "edges": [*chain("start", "each", "say"), edge("begin", "loud")]}
    return flow_file(graph=graph, conversation_variables=[FEW])


def around() -> str:
    """start → three rounds at the most, left after two → answer."""
    up = {"variable_selector": ["round", "n"], "operation": "+=", "input_type": "constant", "value": 1}
    two = {"variable_selector": ["round", "n"], "comparison_operator": "≥", "value": "2"}
    counter = {"id": "n", "label": "n", "var_type": "number", "value_type": "constant", "value": "0"}
    nodes = [
        start(),
        node(
            "round",
            "loop",
            start_node_id="begin",
            loop_count=3,
            loop_variables=[counter],
            break_conditions=[two],
            logical_operator="and",
        ),
        within("round", "loop", "begin", "loop-start"),
        within("round", "loop", "up", "assigner", version="2", items=[up]),
        node("say", "answer", answer="{{#round.n#}}"),
    ]
    return graph_file("advanced-chat", nodes, [*chain("start", "round", "say"), edge("begin", "up")])


async def run(door: FrontDoor, user: object = "ann", inputs: object = None, **members: object) -> Reply:
    """Run a workflow, blocking unless `response_mode` says otherwise."""
    return await door.post(RUN, inputs={} if inputs is None else inputs, user=user, **members)


def running(door: FrontDoor, user: str = "ann", key: str | None = None, **inputs: object) -> Stream:
    """A run of a workflow that is read while it goes."""
    body = {"inputs": inputs, "user": user, "response_mode": "streaming"}
    return door.open("POST", RUN, json_body=body, key=key)


def names(events: list[dict[str, Any]]) -> list[str]:
    return [event["event"] for event in events]
