"""A source, read: the app, or why it is not served, with what its nodes cannot do among the reasons.

Knows no route and no file. `check`, `serve`, `apps publish` and the catalogue read apps here, and so alike.
"""

from collections.abc import Callable, Iterator
from typing import cast

from msgspec import structs

from parlour.domain.app import AgentApp, App, ChatflowApp, FlowApp, ToolUse, WorkflowApp
from parlour.domain.graph import Node
from parlour.dsl.findings import Finding, Refused, finding
from parlour.dsl.load import Loaded, load
from parlour.modes.graphs import Fault, Used, faults, told, used

Serves = Callable[[ToolUse], str]
"""What serves a tool, in a few words; empty where nothing does."""


def nobody(use: ToolUse) -> str:
    """Where no tool is served."""
    del use
    return ""


def understood(source: str, name: str, *, partial: bool = False, serves: Serves = nobody) -> App:
    """The app of this content. Partial: even if some of it cannot run, such as a node, or a tool that is not here.

    Raises:
        Refused: the content is not understood, or holds what is not served.
    """
    loaded = load(source, name=name)
    found = findings(loaded, serves)
    if not partial and any(one.level == "refused" for one in found):
        raise Refused(found)
    return loaded.app


def report(source: str, name: str, serves: Serves = nobody) -> tuple[Finding, ...]:
    """Every part of a file, supported, approximated or refused, by line. Never raises."""
    try:
        return findings(load(source, name=name), serves)
    except Refused as refused:
        return refused.findings


def findings(loaded: Loaded, serves: Serves = nobody) -> tuple[Finding, ...]:
    """What there is to say of the file and, of a graph, of each of its nodes; of an agent, of each of its tools."""
    match loaded.app:
        case ChatflowApp() | WorkflowApp() as app:
            more = _of_nodes(app, loaded, serves)
        case AgentApp() as app:
            more = (_of_tool(use, line, serves(use)) for use, line in zip(app.tools, loaded.tool_lines, strict=True))
        case _:
            return loaded.findings
    return tuple(sorted((*loaded.findings, *more), key=lambda one: one.line))


NOT_HERE = "is not here: say in [tools] of parlour.toml who has it (docs/tools.md)"


def _of_tool(use: ToolUse, line: int, server: str) -> Finding:
    what = f"tool {use.title}"
    if server:
        return finding("supported", f"{what} ({server})", line)
    return finding("refused", what, line, f"{NOT_HERE}, or set its `enabled` to false", partial=True)


def _of_nodes(app: FlowApp, loaded: Loaded, serves: Serves) -> Iterator[Finding]:
    nodes = {node.id: node for node in app.graph.nodes}
    found = faults(app)
    faulty = {fault.node_id for fault in found}
    for node in told(app):
        tools = used(node)
        if node.id not in faulty and not any(tool.needed for tool in tools):
            yield finding("supported", title(node), loaded.line(node.id))
        for tool in tools:
            yield _of_used(tool, node, loaded.line(node.id, *tool.keys), serves(tool.use))
    for fault in found:
        yield _finding(fault, nodes.get(fault.node_id), loaded)


def _of_used(tool: Used, node: Node, line: int, server: str) -> Finding:
    """A tool of a node. One that the node cannot do without tells of both."""
    if not tool.needed:
        said = _of_tool(tool.use, line, server)
        return structs.replace(said, what=f"{node.type} `{node.title.strip() or node.id}`: {said.what}")
    if server:
        return finding("supported", f"{title(node)}: {server}", line)
    return finding("refused", f"{title(node)}: tool {tool.use.title}", line, NOT_HERE, partial=True)


def _finding(fault: Fault, node: Node | None, loaded: Loaded) -> Finding:
    what = ": ".join(part for part in (title(node) if node else "", fault.what) if part)
    said = finding(fault.level, what, loaded.line(fault.node_id, *fault.keys), fault.advice)
    return structs.replace(said, partial=fault.level == "refused")


def title(node: Node) -> str:
    """A node as its author knows it, with the model or the tool that it uses."""
    model = node.data.get("model")
    used = cast("dict[str, object]", model) if isinstance(model, dict) else node.data
    names = [used.get(key) for key in (("provider", "name") if used is model else ("provider_name", "tool_name"))]
    uses = f" ({'/'.join(map(str, names))})" if all(names) else ""
    return f"{node.type} `{node.title.strip() or node.id}`{uses}"


def datasets(source: str, name: str) -> tuple[tuple[int, str], ...]:
    """The datasets that a file names, each with the line of its first place. Never raises."""
    try:
        loaded = load(source, name=name)
    except Refused:
        return ()
    app = loaded.app
    found: dict[str, int] = {}
    if isinstance(app, ChatflowApp | WorkflowApp):
        for node in app.graph.nodes:
            ids = node.data.get("dataset_ids") if node.type == "knowledge-retrieval" else None
            for one in cast("list[object]", ids) if isinstance(ids, list) else ():
                found.setdefault(str(one), loaded.line(node.id, "dataset_ids"))
    elif app.lookup is not None:
        for one in app.lookup.datasets:
            found.setdefault(one, loaded.whole.line("model_config", "dataset_configs"))
    return tuple((line, one) for one, line in found.items())
