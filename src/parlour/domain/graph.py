"""The graph of a chatflow or workflow, as its file holds it. Does not know what any kind of node does.

A node's `data` is what its author wrote, brought to the newest shape by `dsl/upgrade`; the node's own file under
`flow/nodes` reads it. Source: dsl.md 2.
"""

from msgspec import Struct


class Variable(Struct, frozen=True):
    """A variable of the environment or of a conversation, as declared (dsl.md 2.1)."""

    name: str
    kind: str
    """`string`, `number`, `object`, `secret`, `boolean`, `array[string]`, …"""
    value: object
    """Its first value; never None: a missing one was read as the kind's zero value."""
    id: str = ""
    description: str = ""


class Node(Struct, frozen=True):
    id: str
    type: str
    """`llm`, `if-else`, …: the word of the file."""
    title: str
    data: dict[str, object]
    parent: str = ""
    """The iteration or loop that holds it; empty at the top."""


class Edge(Struct, frozen=True):
    source: str
    target: str
    handle: str = "source"
    """By which way the source is left: `source`, a case's id, `fail-branch`, …"""


class Graph(Struct, frozen=True, eq=False):
    """Nodes and the ways between them. Two graphs are one only if they are the same object: what is made of one can
    be remembered by it."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
