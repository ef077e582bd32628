"""The values of a run by node and name (dsl.md 3.1). Knows no node and no template.

Values are plain Python: None, bool, int, float, str, list, dict, and `File` for a file. What is not there is
`MISSING`, which is not None: the difference decides much (dsl.md 11.3). A value is never changed in place: whoever
writes, puts another one. That is why a copy of a pool need not copy what it holds.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import cast

from parlour.domain.files import File


class Missing(Enum):
    """The type of `MISSING`."""

    MISSING = "missing"


MISSING = Missing.MISSING

Selector = Sequence[str]
"""A node's id (or `sys`, `env`, `conversation`), a name, and keys that lead on into an object or a file."""

ATTRIBUTES = ("type", "size", "name", "mime_type", "transfer_method", "url", "extension", "related_id")


class Pool:
    """Read with `get`, write with `put`. One to a run; an iteration works on copies."""

    def __init__(self, values: Mapping[str, Mapping[str, object]] | None = None) -> None:
        self._values = {node: dict(named) for node, named in (values or {}).items()}
        self._kinds: dict[tuple[str, str], str] = {}

    def get(self, selector: Selector) -> object:
        """The value; MISSING where there is none, or where the way into it ends."""
        if len(selector) < 2:
            return MISSING
        node, name, *rest = selector
        value = self._values.get(node, {}).get(name, MISSING)
        for key in rest:
            value = inside(value, key)
        return value

    def put(self, node: str, name: str, value: object, kind: str = "") -> None:
        """`kind` is said where the value alone does not tell it: an empty list of files (`array[file]`)."""
        self._values.setdefault(node, {})[name] = value
        if kind:
            self._kinds[node, name] = kind

    def kind(self, selector: Selector) -> str:
        """What was said of its kind; empty if nothing was."""
        return self._kinds.get((selector[0], selector[1]), "") if len(selector) == 2 else ""

    def node(self, node: str) -> Mapping[str, object]:
        """Everything that one node has put out."""
        return self._values.get(node, {})

    def drop(self, node: str) -> None:
        """Forget what a node has put out."""
        self._values.pop(node, None)

    def copy(self) -> "Pool":
        """Another pool with the same values; what is written in one is not seen in the other."""
        copied = Pool(self._values)
        copied._kinds = dict(self._kinds)
        return copied

    def dump(self) -> tuple[dict[str, dict[str, object]], list[tuple[str, str, str]]]:
        """All values by node and name, and the kinds that were said: for a run that is laid aside."""
        return self._values, [(*place, kind) for place, kind in self._kinds.items()]

    @classmethod
    def restored(cls, values: Mapping[str, Mapping[str, object]], kinds: Sequence[tuple[str, str, str]]) -> "Pool":
        pool = cls(values)
        pool._kinds = {(node, name): kind for node, name, kind in kinds}
        return pool


def inside(value: object, key: str) -> object:
    """One step into a value: a key of an object or an attribute of a file; no index of a list."""
    if isinstance(value, dict):
        return cast("dict[str, object]", value).get(key, MISSING)
    if isinstance(value, File) and key in ATTRIBUTES:
        return getattr(value, key)
    return MISSING
