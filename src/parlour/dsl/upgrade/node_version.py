"""A node's `version` is text (`"2"`), and was a number in some files (dsl.md 2.2). Does not know what it chooses."""

from parlour.dsl.upgrade.nodes import Data, each_node


def node_version(document: Data) -> Data:
    return each_node(document, _as_text)


def _as_text(data: Data) -> Data:
    version = data.get("version")
    if isinstance(version, bool) or not isinstance(version, int | float):
        return data
    return {**data, "version": str(int(version)) if version == int(version) else str(version)}
