"""One text to one app, or to the reasons why not. Knows no file and no key: text in, app out."""

from msgspec import Struct

from parlour.domain.app import AgentApp, App, Card, ChatApp, CompletionApp, EasyApp, NewAgentApp
from parlour.dsl import heading
from parlour.dsl.findings import Finding, Refused
from parlour.dsl.flow import flow
from parlour.dsl.graph import Parts
from parlour.dsl.model_config import Body, body
from parlour.dsl.part import Part
from parlour.dsl.upgrade import upgraded
from parlour.dsl.yaml import Document, Value, read


class Loaded(Struct, frozen=True):
    """An app, and what there is to say about its file, by line."""

    app: App
    findings: tuple[Finding, ...]
    """Those that are refused can be done without: the app is to be served only if its operator says so."""
    whole: Part
    nodes: Parts = {}
    tool_lines: tuple[int, ...] = ()
    """Where each tool of an agent stands."""

    def line(self, node_id: str, *keys: str | int) -> int:
        """Where a node stands, or a place within its `data`; the graph's for a node that is not there."""
        node = self.nodes.get(node_id)
        if node is None:
            return self.whole.line("workflow", "graph")
        return node.line("data", *keys) if keys else node.line()


def load(source: str, *, name: str) -> Loaded:
    """Read an app. `name` is the operator's short name for it.

    Raises:
        Refused: the text is not understood, or holds what no app can be served with.
    """
    document = read(source)
    whole = Part(upgraded(document.value), (), document, [])
    made = _app(whole, document, name, source)
    findings = tuple(sorted(whole.findings, key=lambda finding: finding.line))
    if made is None or any(finding.level == "refused" and not finding.partial for finding in findings):
        raise Refused(findings)
    app, nodes, tools = made
    return Loaded(app, findings, whole, nodes, tools)


def _app(whole: Part, document: Document, name: str, source: str) -> tuple[App, Parts, tuple[int, ...]] | None:
    """The app, of use only if nothing was refused; None where there is no telling what it would be."""
    heading.check_version(whole)
    heading.check_kind(whole)
    mode = heading.mode(whole)
    card = heading.card(whole.part("app"), name, source) if mode else None
    match mode:
        case "advanced-chat" | "workflow" if card and (written := _under(whole, document, "workflow", mode)):
            features = written.get("features")
            raw = features if isinstance(features, dict) else {}
            return *flow(whole.part("workflow"), raw, mode, card), ()
        case "chat" | "agent-chat" | "agent" | "completion" if card and (
            written := _under(whole, document, "model_config", mode)
        ):
            found = body(whole.part("model_config"), written, "agent-chat" if mode == "agent" else mode)
            return _easy(mode, card, found), {}, found.agent.lines if found.agent else ()
        case _:
            return None


def _easy(mode: str, card: Card, found: Body) -> EasyApp:
    if found.agent is not None:
        kind = NewAgentApp if mode == "agent" else AgentApp
        return kind(
            card,
            found.model,
            found.prompt,
            found.form,
            found.features,
            tools=found.agent.tools,
            rounds=found.agent.rounds,
            scaffold=found.agent.scaffold,
            lookup=found.lookup,
        )
    kind = ChatApp if mode == "chat" else CompletionApp
    return kind(card, found.model, found.prompt, found.form, found.features, found.lookup)


def _under(whole: Part, document: Document, key: str, mode: str) -> dict[str, Value] | None:
    """What the app does, as it was written; None, and a finding, if it is not there."""
    written = document.value.get(key)
    if isinstance(written, dict):
        return written
    has = "its graph" if key == "workflow" else "its model and prompt"
    whole.refused(key, f"is missing: a {mode} app has {has} there", key)
    return None
