"""Flows that ask somebody, and how a client goes through them. Knows no store."""

from typing import Any

from tests.contract.flow_samples import llm, start
from tests.dsl.graph_samples import Written, edge, graph_file, node
from tests.front_door import FrontDoor, Reply
from tests.houses import Place

NOTE = {"type": "paragraph", "output_variable_name": "note"}
ACTIONS = [{"id": "yes", "title": "Send", "button_style": "primary"}, {"id": "no", "title": "Drop"}]


def asks(id_: str = "ask", **data: Any) -> Written:
    shown = {"form_content": "Send {{#sys.query#}}? {{#$output.note#}}", "inputs": [NOTE], "user_actions": ACTIONS}
    return node(id_, "human-input", **(shown | data))


def approval(mode: str = "advanced-chat", **data: Any) -> str:
    """Says a word, asks, and goes on with a model, or not. In a workflow ends tell what answers say."""

    def says(id_: str, text: str, *outputs: tuple[str, list[str]]) -> Written:
        if mode == "advanced-chat":
            return node(id_, "answer", answer=text)
        return node(id_, "end", outputs=[{"variable": name, "value_selector": selector} for name, selector in outputs])

    nodes = [
        start(),
        says("first", "One moment. "),
        asks(**data),
        llm("llm", "{{#ask.note#}}"),
        says("sent", "Sent: {{#llm.text#}}", ("text", ["llm", "text"]), ("action", ["ask", "__action_id"])),
        says("dropped", "Dropped.", ("action", ["ask", "__action_id"])),
        says("late", "Nobody answered."),
    ]
    ways = [
        edge("start", "first"),
        edge("first", "ask"),
        edge("ask", "llm", sourceHandle="yes"),
        edge("llm", "sent"),
        edge("ask", "dropped", sourceHandle="no"),
        edge("ask", "late", sourceHandle="__timeout"),
    ]
    return graph_file(mode, nodes, ways)


def both() -> str:
    nodes = [
        start(),
        asks("one"),
        asks("two"),
        node("say", "answer", answer="{{#one.note#}} and {{#two.note#}}."),
    ]
    ways = [
        edge("start", "one"),
        edge("start", "two"),
        edge("one", "say", sourceHandle="yes"),
        edge("two", "say", sourceHandle="yes"),
    ]
    return graph_file("advanced-chat", nodes, ways)


ECHO = {"say": ["<", "{query}", ">"]}


async def paused(place: Place, query: str = "it", **members: Any) -> list[dict[str, Any]]:
    """A run up to its first pause."""
    return (await place.door.streamed(query, **members)).events


def token(events: list[dict[str, Any]], node_id: str = "ask") -> str:
    return next(
        event["data"]["form_token"]
        for event in events
        if event["event"] == "human_input_required" and event["data"]["node_id"] == node_id
    )


async def submit(door: FrontDoor, token: str, action: str = "yes", user: str = "ann", **inputs: object) -> Reply:
    sent = {"inputs": {"note": "please"} | inputs, "action": action, "user": user}
    return await door.request("POST", f"/v1/form/human_input/{token}", json_body=sent)


async def followed(door: FrontDoor, run_id: str, user: str = "ann", **switches: str) -> Reply:
    return await door.get(f"/v1/workflow/{run_id}/events", user=user, **switches)
