"""Selectors and references that lead nowhere: their values are never there (dsl.md 3.1, 3.3).

Knows no kind of node from the inside: a selector is known by the key that it stands under.
"""

import re
from collections.abc import Iterator, Mapping
from typing import cast

from parlour.domain.app import ChatflowApp, FlowApp
from parlour.domain.graph import Node
from parlour.flow import template
from parlour.flow.node import Fault

SYSTEM = {
    "query",
    "files",
    "conversation_id",
    "dialogue_count",
    "user_id",
    "app_id",
    "workflow_id",
    "workflow_run_id",
    "timestamp",
}
NOT_READ = {"title", "desc", "code", "template", "schema", "output_schema", "schemas", "paramSchemas", "default_value"}
"""Keys of data in which what looks like a reference is none."""
STALE = {"answer", "end", "llm", "http-request", "question-classifier", "parameter-extractor", "document-extractor"}
"""Types whose `variables` are left over from an editor, and not read."""
MOST = 20
"""Of one node: more tell nothing more."""

Keys = tuple[str | int, ...]
Found = tuple[Keys, str | tuple[str, ...]]
"""A selector; or a text that looks like a reference and is none."""
LOOKS_LIKE = re.compile(r"\{\{#[^#{}$\s.]{1,60}\.[^#{}\n]{1,200}#\}\}")
LITERAL = "stays as it is written: ids and names of a reference are ASCII letters, digits and `_`"


def lost(app: FlowApp) -> Iterator[Fault]:
    """Each selector that no run could find a value for."""
    known = _Known(app)
    for node in app.graph.nodes:
        told: set[str] = set()
        for keys, found in _selectors(node):
            what = found if isinstance(found, str) else ".".join(found)
            why = LITERAL if isinstance(found, str) else known.why_not(found)
            if why and what not in told and len(told) < MOST:
                told.add(what)
                yield Fault("approximated", node.id, f"`{what}`", why, keys)


class _Known:
    """The names that a run of an app can know."""

    def __init__(self, app: FlowApp) -> None:
        self.nodes = {node.id for node in app.graph.nodes}
        self.starts = {node.id for node in app.graph.nodes if node.type == "start" and not node.parent}
        self.form = {field.variable for field in app.form}
        kept = app.variables if isinstance(app, ChatflowApp) else ()
        self.named = {
            "sys": SYSTEM,
            "env": {variable.name for variable in app.environment},
            "conversation": {variable.name for variable in kept},
            "rag": set[str](),
        }

    def why_not(self, selector: tuple[str, ...]) -> str:
        """Why there is no such value; empty if there may be one."""
        first, name = selector[0], selector[1]
        if first in self.named:
            return "" if name in self.named[first] else f"is never there: `{first}` has no `{name}`"
        if first not in self.nodes:
            return f"is never there: no node has the id `{first}`"
        if first in self.starts and name not in self.form and not name.startswith("sys."):
            return f"is never there: the start node declares no `{name}`"
        return ""


def _selectors(node: Node) -> Iterator[Found]:
    """Every selector and reference in a node's data, and where it stands. Without recursion: data may be deep."""
    waiting: list[tuple[Keys, object]] = [((), node.data)]
    while waiting:
        keys, value = waiting.pop()
        if isinstance(value, str):
            if "{{#" in value:
                yield from ((keys, found) for found in _mentioned(value))
        elif isinstance(value, list):
            items = cast("list[object]", value)
            selector = _selector(items)
            if selector is not None:
                if _holds_selector(keys):
                    yield keys, selector
            else:
                waiting += [((*keys, at), item) for at, item in enumerate(items)]
        elif isinstance(value, Mapping):
            written = cast("Mapping[str, object]", value)
            chosen = written.get("value") if written.get("type") == "variable" else None
            if isinstance(chosen, list) and (found := _selector(cast("list[object]", chosen))) is not None:
                yield (*keys, "value"), found
            waiting += [
                ((*keys, key), item)
                for key, item in written.items()
                if key not in NOT_READ and not (key == "variables" and not keys and node.type in STALE)
            ]


def _mentioned(text: str) -> Iterator[str | tuple[str, ...]]:
    """The references in a text, and what looks like one and is none: an id with `-`, a name of another script."""
    for written in LOOKS_LIKE.finditer(text):
        exact = template.references(written[0])
        yield exact[0] if exact else written[0]


def _selector(items: list[object]) -> tuple[str, ...] | None:
    """A list of two texts or more, if this is one."""
    if len(items) < 2 or not all(isinstance(item, str) for item in items):
        return None
    return tuple(cast("list[str]", items))


def _holds_selector(keys: Keys) -> bool:
    """By the word of the file: `value_selector`, `query` of an extractor, `variables` of an aggregator, …"""
    named = keys[-1]
    if isinstance(named, int):
        return len(keys) > 1 and keys[-2] == "variables"
    return named.endswith("selector") or keys in (("query",), ("variable",)) or (named == "file" and keys[0] == "body")
