"""The apps that are measured: a chat, one that is read aloud, a chatflow of three nodes, and one of ten.

Knows no server and no load.
"""

from typing import Literal

App = Literal["chat", "spoken", "chatflow", "ten nodes"]
Written = dict[str, object]

MODEL: Written = {
    "provider": "langgenius/openai/openai",
    "name": "mock",
    "mode": "chat",
    "completion_params": {"temperature": 0.5},
}
SYSTEM = "You are a terse assistant."
COUNT = "def main(text: str) -> dict:\n    return {'words': len(text.split()), 'upper': text.upper()}\n"
PROMPT = [{"role": "system", "text": SYSTEM}, {"role": "user", "text": "{{#sys.query#}}"}]


def key_of(app: App) -> str:
    return f"app-bench-{app.replace(' ', '-')}"


def written(app: App) -> Written:
    """The file of an app."""
    mode = "chat" if app in {"chat", "spoken"} else "advanced-chat"
    whole: Written = {"kind": "app", "version": "0.6.0", "app": {"mode": mode, "name": "Bench", "description": ""}}
    if mode == "chat":
        config: Written = {"model": MODEL, "prompt_type": "simple", "pre_prompt": SYSTEM, "user_input_form": []}
        if app == "spoken":
            config["text_to_speech"] = {"enabled": True, "autoPlay": "enabled", "voice": "alloy", "language": "en-US"}
        return whole | {"model_config": config}
    nodes, edges = three() if app == "chatflow" else ten()
    return whole | {"workflow": {"features": {}, "graph": {"nodes": nodes, "edges": edges}}}


def three() -> tuple[list[Written], list[Written]]:
    """start → llm → answer."""
    nodes = [
        node("start", "start", variables=[]),
        node("ask", "llm", model=MODEL, prompt_template=PROMPT),
        node("say", "answer", answer="{{#ask.text#}}"),
    ]
    return nodes, ways("start ask say")


def ten() -> tuple[list[Written], list[Written]]:
    """Ten nodes run in each turn, of thirteen: templates, code, two branches, a model, an aggregator, an answer."""
    query = [{"variable": "query", "value_selector": ["sys", "query"]}]
    nodes = [
        node("start", "start", variables=[]),
        node("frame", "template-transform", template="Asked: {{ query | trim }}", variables=query),
        node("short", "if-else", cases=[case(["sys", "query"], "not empty", "")]),
        node(
            "count",
            "code",
            code_language="python3",
            code=COUNT,
            variables=[{"variable": "text", "value_selector": ["frame", "output"]}],
            outputs={"words": {"type": "number"}, "upper": {"type": "string"}},
        ),
        node("some", "if-else", cases=[case(["count", "words"], ">", "1")]),
        node("ask", "llm", model=MODEL, prompt_template=PROMPT),
        node("none", "template-transform", template="nothing", variables=[]),
        node("few", "template-transform", template="few", variables=[]),
        node("either", "variable-aggregator", output_type="string", variables=[["ask", "text"], ["few", "output"]]),
        node(
            "sign",
            "template-transform",
            template="({{ words }} words)",
            variables=[{"variable": "words", "value_selector": ["count", "words"]}],
        ),
        node("list", "template-transform", template="{% for n in range(5) %}{{ n }}{% endfor %}", variables=[]),
        node("say", "answer", answer="{{#ask.text#}} {{#sign.output#}} {{#list.output#}}"),
        node("sorry", "answer", answer="Say something."),
    ]
    edges = ways(
        "start frame short",
        "short true count some",
        "some true ask either sign list say",
        "some false few either",
        "short false none sorry",
    )
    return nodes, edges


def node(id_: str, kind: str, /, **data: object) -> Written:
    return {"id": id_, "type": "custom", "data": {"type": kind, "title": id_.title(), **data}}


def case(selector: list[str], operator: str, value: str) -> Written:
    condition = {"variable_selector": selector, "comparison_operator": operator, "value": value}
    return {"case_id": "true", "logical_operator": "and", "conditions": [condition]}


def ways(*lines: str) -> list[Written]:
    """`a b c` goes from a to b to c; `a true b` leaves a by that handle."""
    found: list[Written] = []
    for line in lines:
        source, *rest = line.split()
        handle = "source"
        for word in rest:
            if word in {"true", "false"}:
                handle = word
                continue
            found.append({"source": source, "target": word, "sourceHandle": handle})
            source, handle = word, "source"
    return found
