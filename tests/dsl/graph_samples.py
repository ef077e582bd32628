"""Small chatflows and workflows for the tests. Written for these tests, not exported."""

from itertools import pairwise
from typing import Any

import yaml

from parlour.domain.app import FlowApp
from parlour.dsl.load import Loaded, load

Written = dict[str, Any]


def node(id_: str, type_: str, /, **data: Any) -> Written:
    return {"id": id_, "type": "custom", "data": {"type": type_, "title": id_.title(), **data}}


def edge(source: str, target: str, **more: Any) -> Written:
    return {"id": f"{source}-{target}", "source": source, "target": target, **more}


def chain(*ids: str) -> list[Written]:
    return [edge(source, target) for source, target in pairwise(ids)]


def document(mode: str = "advanced-chat", /, **workflow: Any) -> Written:
    """A file with these parts in its `workflow`; unless they say other, start leads to an answer (an end)."""
    last = node("end", "end", outputs=[]) if mode == "workflow" else node("answer", "answer", answer="Hello.")
    written = {"nodes": [node("start", "start", variables=[]), last], "edges": chain("start", last["id"])}
    return {
        "app": {"mode": mode, "name": "Sample"},
        "kind": "app",
        "version": "0.3.0",
        "workflow": {"graph": written, "features": {}} | workflow,
    }


def text(written: Written) -> str:
    return yaml.safe_dump(written, allow_unicode=True, sort_keys=False)


def flow_file(mode: str = "advanced-chat", /, **workflow: Any) -> str:
    return text(document(mode, **workflow))


def loaded(source: str) -> Loaded:
    return load(source, name="sample")


def flow(mode: str = "advanced-chat", /, **workflow: Any) -> FlowApp:
    app = loaded(flow_file(mode, **workflow)).app
    assert isinstance(app, FlowApp)
    return app


def graph_file(mode: str, nodes: list[Written], edges: list[Written]) -> str:
    return flow_file(mode, graph={"nodes": nodes, "edges": edges})
