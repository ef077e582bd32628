"""The apps that the chaos suite asks: a chat that takes files, a workflow, and a chatflow that asks somebody.

The two flows are durable, and each step of theirs tells a witness. Know no fault and no client.
"""

from tests.contract.flow_samples import end, llm, start, text_field
from tests.contract.pausing import asks
from tests.contract.uploading import taking
from tests.dsl.graph_samples import Written, chain, edge, graph_file, node

COUNTED = [f"{number} " for number in range(40)]
SCRIPT = {
    "rules": [
        {"purpose": "title", "say": ["A name"]},
        {"match": "^slowly", "say": COUNTED, "delay_ms": 60},
        {"say": COUNTED, "delay_ms": 20},
    ]
}
"""Every answer counts: so what is missing, doubled or out of order in it can be seen."""
WHOLE = "".join(COUNTED)
CHAT = taking("document")
FLOW_NODES = ["start", "step1", "step2", "llm", "step3", "end"]
FORM_NODES = ["start", "step1", "first", "ask", "step2", "llm", "step3", "sent"]
FLOW_KEY, FORM_KEY = "app-chaos-flow", "app-chaos-form"
SETTINGS = f"""\
[web]
allow = ["127.0.0.1"]
[[apps]]
path = "flow.yml"
keys = ["{FLOW_KEY}"]
durable = true
[[apps]]
path = "form.yml"
keys = ["{FORM_KEY}"]
durable = true
"""


def apps(witness: str) -> dict[str, str]:
    """Their files, by name. `witness`: where steps are told."""
    return {"flow.yml": flow(witness), "form.yml": form(witness)}


def tells(step: int, whose: str, witness: str) -> Written:
    """A node that tells which step of whose run it is."""
    return node(f"step{step}", "http-request", method="get", url=f"{witness}/{step}", params=f"of:{whose}", headers="")


def flow(witness: str) -> str:
    steps = [tells(step, "{{#start.word#}}", witness) for step in (1, 2, 3)]
    nodes = [
        start(text_field("word")),
        *steps,
        llm("llm", "slowly {{#start.word#}}"),
        end(("text", ["llm", "text"]), ("word", ["start", "word"]), ("last", ["step3", "body"])),
    ]
    return graph_file("workflow", nodes, chain(*FLOW_NODES))


def form(witness: str) -> str:
    steps = [tells(step, "{{#sys.query#}}", witness) for step in (1, 2, 3)]
    nodes = [
        start(),
        *steps,
        node("first", "answer", answer="One moment. "),
        asks(),
        llm("llm", "{{#ask.note#}}"),
        node("sent", "answer", answer="{{#ask.note#}}: {{#llm.text#}}"),
    ]
    ways = [
        *chain(*FORM_NODES[:4]),
        edge("ask", "step2", sourceHandle="yes"),
        *chain(*FORM_NODES[4:]),
    ]
    return graph_file("advanced-chat", nodes, ways)


def said(note: str) -> str:
    """What the chatflow answers whose form was filled with that note."""
    return f"One moment. {note}: {WHOLE}"
