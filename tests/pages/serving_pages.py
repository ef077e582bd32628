"""A real server with an app for each thing that the chat page can show, and a scripted model behind them.

Knows no browser.
"""

import base64
import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.contract.flow_samples import end, llm, start
from tests.dsl.graph_samples import chain, flow_file, node
from tests.houses import agent_app, chat_app, tool_use
from tests.pages.serving import lay_out, ordered, serving

PNG_DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
GOLDEN = Path(__file__).resolve().parent.parent / "golden"
LEAVE = "Staff get thirty days of leave in a year. Ask for them in good time, and take them: they are there for you.\n"
ROSES = """\
Rain is water that **falls back**: it rises as vapour, gathers into clouds, and comes down when the drops grow heavy.

1. The sun warms the sea.
2. Air rises, and cools.
3. Drops form, and fall.

```python
def falls(drop: float) -> bool:
    # gravity wins in the end
    return drop > 0.5
```

| Kind | Size |
|---|---|
| drizzle | under 0.5 mm |
| rain | 0.5 to 5 mm |

> The rain it raineth every day.
"""
SUM = {"tool_calls": [{"name": "eval_expression", "arguments": {"expression": "17 * 3"}}], "say": ["Let me reckon. "]}
RULES: list[dict[str, Any]] = [
    {"purpose": "title", "say": ["A first talk"]},
    {"purpose": "suggest", "say": ['["Where does it go?", "Why is it wet?"]']},
    *[{"match": "reckon", "once": True, **SUM}, {"match": "reckon", "once": True, "say": ["It is ", "**51**."]}] * 20,
    {
        "match": "draw",
        "once": True,
        "tool_calls": [{"name": "bar_chart", "arguments": {"data": "1;2"}}],
        "say": ["One moment. "],
    },
    {"match": "draw", "say": ["Here it is."]},
    {"match": "slow", "say": ["drop "], "repeat": 70, "delay_ms": 30},
    {"match": "leave", "say": ["Thirty days in a year."]},
    {"match": "rain", "say": re.findall(r"\S*\s+", ROSES), "delay_ms": 2},
    {"match": "look", "say": ["A dot, I think."]},
    {"match": "puzzle", "think": ["One way, ", "or the other."], "say": ["The other."]},
    {"match": "Topic", "say": ["A few words on that."], "delay_ms": 100},
]


def apps() -> dict[str, str]:
    """Files by name."""
    talk = chat_app(
        opening_statement="Hello! I know about *weather*, and about leave.",
        suggested_questions=["What is rain?", "How many days of leave do I have?"],
        suggested_questions_after_answer={"enabled": True},
        retriever_resource={"enabled": True},
        file_upload={"enabled": True, "allowed_file_types": ["image", "document"], "number_limits": 3},
        dataset_configs={
            "retrieval_model": "multiple",
            "datasets": {"datasets": [{"dataset": {"enabled": True, "id": "handbook"}}]},
        },
    )
    form = [
        {"variable": "topic", "label": "Topic", "type": "text-input", "required": True, "max_length": 48},
        {"variable": "tone", "label": "Tone", "type": "select", "required": False, "options": ["calm", "merry"]},
        {"variable": "long", "label": "At length", "type": "checkbox", "required": False},
    ]
    say = node("say", "answer", answer="{{#ask.text#}}", title="Say it")
    plan = node("plan", "template-transform", template="{{ topic }}", title="Plan")
    plan["data"]["variables"] = [{"variable": "topic", "value_selector": ["start", "topic"]}]
    ask = llm("ask", "Topic: {{#plan.output#}} {{#sys.query#}}", title="Ask the model")
    flow = {"nodes": [start(*form), plan, ask, say], "edges": chain("start", "plan", "ask", "say")}
    ask = llm("ask", "Topic: {{#start.topic#}}", title="Ask the model")
    run = {"nodes": [start(*form), ask, end(("text", ["ask", "text"]))], "edges": chain("start", "ask", "end")}
    maths: dict[str, Any] = {
        "agent_mode": {
            "enabled": True,
            "strategy": "function_call",
            "max_iteration": 3,
            "tools": [tool_use("maths/eval_expression"), tool_use("chart/bar_chart")],
        }
    }
    return {
        "talk": named(talk, "Almanac", "🌦️"),
        "agent": named(agent_app(**maths), "Reckoner", "🧮"),
        "flow": named(flow_file(graph=flow), "Speaker", "🪶"),
        "run": named(flow_file("workflow", graph=run), "Writer", "✒️"),
        "echo": named(chat_app(), "Echo", "🪞"),
        "voice": named(chat_app(speech_to_text={"enabled": True}, text_to_speech={"enabled": True}), "Voice", "🎙️"),
        "ask": named((GOLDEN / "chatflow_human_input" / "app.yml").read_text(), "Approval", "🖋️"),
    }


def named(source: str, name: str, icon: str) -> str:
    """The same file with a name and an icon; JSON is YAML, too."""
    tree = yaml.safe_load(source)
    tree["app"] |= {"name": name, "icon": icon, "icon_type": "emoji", "icon_background": "#F3E9DC"}
    return json.dumps(tree, ensure_ascii=False)


@contextmanager
def serving_pages(folder: Path, settings: str = "") -> Generator[str]:
    """The address of a server with all of these."""
    handbook = '[knowledge]\nembedding = "default/words"\n[datasets.handbook]\nname = "Handbook"'
    lay_out(folder, apps(), RULES, f"{settings}\n{handbook}")
    (folder / "Handbook.md").write_text(LEAVE)
    ordered(folder, "knowledge", "add", "Handbook", "Handbook.md")
    with serving(folder) as address:
        yield address
