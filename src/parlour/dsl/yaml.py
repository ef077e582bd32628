"""YAML text to plain values that remember their lines. Knows nothing of what the values mean.

Untrusted text: bounded in bytes, in values, in depth, and in what its aliases add; of the tags only plain data.
"""

from collections.abc import Iterator
from typing import TypeAlias

from msgspec import Struct
from yaml import CSafeLoader, MarkedYAMLError, YAMLError
from yaml.constructor import SafeConstructor
from yaml.events import CollectionEndEvent, CollectionStartEvent, Event, NodeEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import Reader

from parlour.dsl.findings import Finding, Refused, refusal

__all__ = ["Document", "Finding", "Path", "Refused", "Value", "read"]

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"
Path = tuple[str | int, ...]

MAX_BYTES = 10 * 1024 * 1024
"""Dify refuses more (dsl.md 1.1)."""
MAX_VALUES = 200_000
"""The largest real file known has about 5 000."""
MAX_DEPTH = 100
MAX_ADDED = 1_000_000
"""How many characters aliases may add to those written: enough for people, too few for a bomb."""

MAX_DIGITS = 300
"""Longer than any number; reading base 60 (`1:30`, which YAML has) takes the square of the length."""

TAG = "tag:yaml.org,2002:"
BOOLEANS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


class Document(Struct, frozen=True):
    """The values of a file, and the nodes that they came from."""

    value: dict[str, Value]
    root: MappingNode
    index: dict[int, dict[str, tuple[int, Node]]] = {}
    """The entries of each mapping that a line was asked of, by the node's identity: look-ups stay quick."""

    def line(self, *path: str | int) -> int:
        """Where this stands, or, if it is not there, the nearest thing around it."""
        return self._nearest(path)[0]

    def written(self, *path: str | int) -> str | None:
        """A scalar's text before YAML gave it a type (`0.10`, `yes`); None if there is no such scalar."""
        _, node = self._nearest(path)
        return node.value if isinstance(node, ScalarNode) else None

    def _nearest(self, path: Path) -> tuple[int, Node | None]:
        node: Node = self.root
        line = _line(node)
        for step in path:
            found = self._child(node, step)
            if found is None:
                return line, None
            line, node = found
        return line, node

    def _child(self, node: Node, step: str | int) -> tuple[int, Node] | None:
        """What a key or index leads to, and its line: a mapping's entry stands where its key does."""
        if isinstance(node, MappingNode) and isinstance(step, str):
            if id(node) not in self.index:
                self.index[id(node)] = {str(key.value): (_line(key), value) for key, value in node.value}
            return self.index[id(node)].get(step)
        if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            item: Node = node.value[step]
            return _line(item), item
        return None


def read(source: str) -> Document:
    """Read one YAML mapping.

    Raises:
        Refused: it is no YAML, no mapping, or larger than any app is.
    """
    _check_bytes(source)
    try:
        _check_shape(source)
        root = _compose(source)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        reason = ": ".join(part for part in (error.context, error.problem) if part)
        raise refusal(f"not YAML at column {column}", line, reason) from error
    except YAMLError as error:  # the reader's own has no mark: it met a character that YAML does not allow
        bad = Reader.NON_PRINTABLE.search(source)
        line = source.count("\n", 0, bad.start() if bad else 0) + 1
        raise refusal("not YAML", line, "a control character, which YAML does not allow: delete it") from error
    if root is None or (isinstance(root, ScalarNode) and root.tag == TAG + "null"):
        raise refusal("the file", 1, "is empty: give the YAML that Dify exports for an app")
    if not isinstance(root, MappingNode):
        raise refusal("the file", _line(root), "is no mapping: an app has the keys `app` and `model_config`")
    if _size(root, {}) > len(source) + MAX_ADDED:
        raise refusal("the file", 1, "grows too large by its aliases (`*name`): write the values out")
    return Document(_mapping(root, {}), root)


def _check_bytes(source: str) -> None:
    try:
        size = len(source.encode())
    except UnicodeEncodeError as error:
        line = source.count("\n", 0, error.start) + 1
        raise refusal("not text", line, "half of a surrogate pair: save the file as UTF-8") from error
    if size > MAX_BYTES:
        raise refusal("the file", 1, f"has {size} bytes, more than the {MAX_BYTES} that an app may have")


def _compose(source: str) -> Node | None:
    loader = CSafeLoader(source)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def _events(source: str) -> Iterator[Event]:
    loader = CSafeLoader(source)
    try:
        while event := loader.get_event():
            yield event
    finally:
        loader.dispose()


def _check_shape(source: str) -> None:
    """Walk the events, which need no memory, so that composing (which recurses) is safe."""
    depth = values = 0
    for event in _events(source):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        values += isinstance(event, NodeEvent)
        if depth > MAX_DEPTH or values > MAX_VALUES:
            limit = f"{MAX_DEPTH} levels" if depth > MAX_DEPTH else f"{MAX_VALUES} values"
            raise refusal("the file", event.start_mark.line + 1, f"has more than {limit}, which no app needs")


def _size(node: Node, seen: dict[int, int]) -> int:
    """How many characters a node would have with its aliases written out. Each node is looked at once."""
    known = seen.get(id(node))
    if known == -1:
        raise refusal("the file", _line(node), "has an anchor that holds itself")
    if known is not None:
        return known
    seen[id(node)] = -1
    if isinstance(node, MappingNode):
        size = sum(_size(key, seen) + _size(value, seen) for key, value in node.value)
    elif isinstance(node, SequenceNode):
        size = sum(_size(item, seen) for item in node.value)
    else:
        size = len(str(node.value))
    seen[id(node)] = size + 1
    return size + 1


def _value(node: Node, made: dict[int, Value]) -> Value:
    """Aliases of one anchor share one value: nothing changes values, and a shared one costs nothing."""
    if isinstance(node, ScalarNode):
        return _scalar(node)
    if id(node) not in made:
        made[id(node)] = (
            _mapping(node, made) if isinstance(node, MappingNode) else [_value(item, made) for item in _items(node)]
        )
    return made[id(node)]


def _items(node: Node) -> list[Node]:
    if not isinstance(node, SequenceNode) or node.tag != TAG + "seq":
        raise refusal(f"tag {node.tag}", _line(node), "only plain data is read: leave the tag out")
    return node.value


def _mapping(node: MappingNode, made: dict[int, Value]) -> dict[str, Value]:
    if node.tag != TAG + "map":
        raise refusal(f"tag {node.tag}", _line(node), "only plain data is read: leave the tag out")
    merged: dict[str, Value] = {}
    own: dict[str, Value] = {}
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            raise refusal("a key", _line(key), "is a list or a mapping: keys are text")
        if key.tag == TAG + "merge":
            merged = {**_merged(value, made), **merged}
        else:
            own[str(key.value)] = _value(value, made)
    return {**merged, **own}


def _merged(node: Node, made: dict[int, Value]) -> dict[str, Value]:
    """What `<<:` brings in: a mapping, or a list of them of which the first wins."""
    value = _value(node, made)
    result: dict[str, Value] = {}
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, dict):
            raise refusal("`<<`", _line(node), "merges mappings only")
        result = {**item, **result}
    return result


def _scalar(node: ScalarNode) -> Value:
    """A date stays the text that it is written as: no part of an app is a date."""
    kind, text = node.tag.removeprefix(TAG), str(node.value)
    try:
        match kind:
            case "null":
                return None
            case "bool":
                return BOOLEANS[text.lower()]
            case "int" | "float" if len(text) > MAX_DIGITS:
                raise refusal(f"`{text}`", _line(node), "is too long for a number: quote it if it is text")
            case "int":
                return int(SafeConstructor().construct_yaml_int(node))
            case "float":
                return float(SafeConstructor().construct_yaml_float(node))
            case "str" | "timestamp" | "value" | "merge":
                return text
            case _:
                raise refusal(f"tag {node.tag}", _line(node), "only plain data is read: leave the tag out")
    except (ValueError, KeyError, OverflowError) as error:
        raise refusal(f"`{text}`", _line(node), f"cannot be read as {kind}: quote it if it is text") from error


def _line(node: Node) -> int:
    return node.start_mark.line + 1
