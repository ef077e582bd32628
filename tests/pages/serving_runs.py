"""A real server with real runs behind it, for the operator's page: some went well, one failed, and one goes on.

Knows no browser.
"""

import json
import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.contract.flow_samples import end, llm, start, text_field, within
from tests.dsl.graph_samples import Written, chain, edge, flow_file, node
from tests.houses import agent_app, app_file, chat_app, tool_use
from tests.pages.serving import lay_out, ordered, serving

RULES: list[dict[str, Any]] = [
    {"purpose": "title", "say": ["A talk"]},
    {
        "match": "improve.*poem|read, then edit",
        "say": ["Half a l"],
        "error": {
            "code": "completion_request_error",
            "after": 1,
            "message": "[openai] the provider is overloaded: too many requests",
        },
    },
    {
        "match": "reckon",
        "once": True,
        "say": ["I had better reckon that. "],
        "tool_calls": [{"name": "eval_expression", "arguments": {"expression": "17 * 3"}}],
        "first_ms": 120,
        "delay_ms": 20,
    },
    {"match": "reckon", "say": ["Seventeen times three ", "is 51."], "first_ms": 60, "delay_ms": 40},
    {"match": "leave", "say": ["Thirty days ", "in a year."], "first_ms": 80, "delay_ms": 60},
    {"match": "slowly", "say": ["drop "], "repeat": 400, "delay_ms": 50},
    {"match": "improve", "say": ["Roses are red, and so ", "is the sunset."], "delay_ms": 40},
    {"match": "criticise", "say": ["- The tone ", "is stiff."], "first_ms": 60, "delay_ms": 20},
    {"say": ["Roses ", "are ", "red."], "first_ms": 40, "delay_ms": 20},
]
"""What the model says."""


class Place(Struct):
    """A server that runs, and the operator's key."""

    address: str
    admin: str

    def ask(self, method: str, path: str, body: object = None, key: str = "") -> Any:
        headers = {"Authorization": f"Bearer {key or self.admin}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, headers, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
            return json.loads(reply.read() or b"null")

    def talk(self, app: str, query: str, user: str = "bob") -> str:
        """The id of an answer that is over, however it went."""
        path = "completion-messages" if app == "write" else "chat-messages"
        body = {"inputs": {"query": query}, "query": query, "user": user, "response_mode": "streaming"}
        return self._first(path, body, app, whole=True)["message_id"]

    def speak(self, app: str, query: str) -> str:
        """The id of an answer that goes on when this returns."""
        body: dict[str, object] = {"inputs": {}, "query": query, "user": "bob", "response_mode": "streaming"}
        return self._first("chat-messages", body, app)["message_id"]

    def _first(self, path: str, body: object, app: str, *, whole: bool = False) -> Any:
        """The first event of a stream; read to its end, or left."""
        headers = {"Authorization": f"Bearer app-{app}-of-a-test", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.address}/v1/{path}", json.dumps(body).encode(), headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
            first = json.loads(reply.readline().removeprefix(b"data: "))
            if whole:
                reply.read()
            return first

    def run(self, app: str, **inputs: object) -> str:
        """The id of a run that is over, however it went."""
        body = {"inputs": inputs, "user": "ann@example.com"}
        return self.ask("POST", "/v1/workflows/run", body, f"app-{app}-of-a-test")["workflow_run_id"]

    def begin(self, app: str, **inputs: object) -> str:
        """The id of a run that goes on when this returns."""
        body = {"inputs": inputs, "user": "ann@example.com", "response_mode": "streaming"}
        return self._first("workflows/run", body, app)["workflow_run_id"]


def titled(made: Written, title: str) -> Written:
    made["data"]["title"] = title
    return made


def translation() -> str:
    """A draft, what is wrong with it by one of two critics, and a better one."""
    short = {"variable_selector": ["start", "text"], "comparison_operator": "contains", "value": "letter"}
    cases = [{"case_id": "true", "logical_operator": "and", "conditions": [short]}]
    joined = [["strict", "text"], ["kind", "text"]]
    nodes = [
        start(text_field("text")),
        titled(llm("draft", "Translate: {{#start.text#}}"), "Translate"),
        titled(node("letter", "if-else", cases=cases), "Is it a letter?"),
        titled(llm("strict", "criticise strictly: {{#draft.text#}}"), "Strict critic"),
        titled(llm("kind", "criticise kindly: {{#draft.text#}}"), "Kind critic"),
        titled(node("advice", "variable-aggregator", variables=joined, output_type="string"), "Advice"),
        titled(llm("better", "improve by {{#advice.output#}}: {{#start.text#}}"), "Improve the translation"),
        titled(end(("text", ["better", "text"])), "End"),
    ]
    ways = [
        edge("start", "draft"),
        edge("draft", "letter"),
        edge("letter", "strict", sourceHandle="true"),
        edge("letter", "kind", sourceHandle="false"),
        edge("strict", "advice"),
        edge("kind", "advice"),
        edge("advice", "better"),
        edge("better", "end"),
    ]
    return flow_file("workflow", graph={"nodes": nodes, "edges": ways})


def rounds() -> str:
    """Each of three lines is put into another shape."""
    item = [{"variable": "item", "value_selector": ["each", "item"]}]
    split = [{"variable": "text", "value_selector": ["start", "text"]}]
    code = "def main(text):\n    return {'lines': text.split('|')}"
    nodes = [
        start(text_field("text")),
        titled(
            node(
                "cut",
                "code",
                code=code,
                code_language="python3",
                variables=split,
                outputs={"lines": {"type": "array[string]"}},
            ),
            "Cut into lines",
        ),
        titled(
            node(
                "each",
                "iteration",
                start_node_id="begin",
                iterator_selector=["cut", "lines"],
                output_selector=["loud", "output"],
                output_type="array[string]",
            ),
            "Each line",
        ),
        within("each", "iteration", "begin", "iteration-start"),
        titled(
            within("each", "iteration", "loud", "template-transform", template="{{ item }}!", variables=item), "Louder"
        ),
        titled(end(("lines", ["each", "output"])), "End"),
    ]
    graph = {"nodes": nodes, "edges": [*chain("start", "cut", "each", "end"), edge("begin", "loud")]}
    return flow_file("workflow", graph=graph)


def chat() -> str:
    """Answers from a handbook."""
    handbook = {"datasets": {"datasets": [{"dataset": {"enabled": True, "id": "handbook"}}]}}
    return chat_app(retriever_resource={"enabled": True}, dataset_configs={"retrieval_model": "multiple", **handbook})


def reckon() -> str:
    """An agent with a tool."""
    tools = [tool_use("maths/eval_expression")]
    return agent_app(agent_mode={"enabled": True, "strategy": "function_call", "max_iteration": 3, "tools": tools})


APPS = {
    "translate": translation,
    "rounds": rounds,
    "chat": chat,
    "reckon": reckon,
    "write": lambda: app_file("completion"),
}
LEAVE = "Staff get thirty days of leave in a year. Ask for them in good time.\n"
HANDBOOK = '[knowledge]\nembedding = "default/words"\n[datasets.handbook]\nname = "Handbook"'


@contextmanager
def serving_runs(folder: Path, more: dict[str, str] | None = None) -> Generator[Place]:
    """A server with these apps and runs of them; `more`: files of apps, by name."""
    apps = {name: made() for name, made in APPS.items()} | (more or {})
    lay_out(folder, apps, RULES, f'[server]\noperator = true\n[storage]\nrecord = "full"\n{HANDBOOK}')
    (folder / "Handbook.md").write_text(LEAVE)
    ordered(folder, "knowledge", "add", "Handbook", "Handbook.md")
    admin = ordered(folder, "keys", "create", "--admin").strip()
    with serving(folder) as address:
        yield Place(address, admin)


TALKS = (
    ("chat", "Hello"),
    ("chat", "What is new?"),
    ("chat", "How many days of leave do I have?"),
    ("write", "A line about roses"),
    ("reckon", "Please reckon 17 times 3"),
)


def furnish(place: Place) -> str:
    """Runs of every kind; the id of the one that failed."""
    for number in range(6):
        place.run("translate", text=f"a letter, number {number}" if number % 2 else f"a story, number {number}")
        place.run("rounds", text="one|two|three")
    for app, query in TALKS:
        place.talk(app, query)
    return place.run("translate", text="a letter with a poem")


if __name__ == "__main__":
    with serving_runs(Path(sys.argv[1])) as place:
        failed = furnish(place)
        sys.stdout.write(f"{place.address}/runs#/run/{failed}\n{place.admin}\n")
        sys.stdout.flush()
        sys.stdin.read()
