"""The `workflow` of a chatflow or workflow app (dsl.md 2). Does not know what its nodes do, nor who runs them."""

from parlour.domain.app import Card, ChatflowApp, Field, FlowApp, Model, WorkflowApp
from parlour.domain.graph import Graph
from parlour.dsl.features import features
from parlour.dsl.form import KINDS, field, once
from parlour.dsl.graph import Parts, graph
from parlour.dsl.part import Part
from parlour.dsl.variables import secrets, variables
from parlour.dsl.yaml import Value


def flow(workflow: Part, written: dict[str, Value], mode: str, card: Card) -> tuple[FlowApp, Parts]:
    """The app, and its nodes as they are written. `written`: the features before any upgrade."""
    nodes, parts = graph(workflow.part("graph"))
    environment = variables(workflow, "environment_variables")
    secrets(workflow, environment)
    declared = variables(workflow, "conversation_variables")
    form = _form(nodes, parts)
    surroundings = features(workflow.part("features"), written, graph=True, conversing=mode != "workflow")
    if mode == "workflow":
        if declared:
            workflow.approximated("conversation_variables", "a workflow has no conversation", "conversation_variables")
        return WorkflowApp(card, nodes, _model(parts), form, surroundings, environment), parts
    return ChatflowApp(card, nodes, _model(parts), form, surroundings, environment, declared), parts


def _form(nodes: Graph, parts: Parts) -> tuple[Field, ...]:
    """The variables of the first start node (dsl.md 6.1)."""
    start = next((node for node in nodes.nodes if node.type == "start" and not node.parent), None)
    if start is None:
        return ()
    data = parts[start.id].part("data")
    found: list[Field] = []
    for declared in data.parts("variables"):
        written = declared.text("type") or "text-input"
        kind = KINDS.get(written)
        if kind is None:
            declared.refused(f"field type {written}", f"must be one of {', '.join(KINDS)}", "type")
        elif one := field(kind, declared, graph=True):
            found.append(one)
    once(data, "variables", found)
    return tuple(found)


def _model(parts: Parts) -> Model | None:
    """The first model that a node names: it speaks for the app where no node does."""
    for part in parts.values():
        said = part.part("data").value.get("model")
        if not isinstance(said, dict):
            continue
        provider, name = said.get("provider"), said.get("name")
        if isinstance(provider, str) and isinstance(name, str) and provider and name:
            return Model(provider, name, "completion" if said.get("mode") == "completion" else "chat")
    return None
