"""Why a node does not run: nobody runs its type, or its data is not of the shape of its type.

Knows no kind of node from the inside, and no file.
"""

import re
from collections.abc import Iterable

import msgspec

from parlour.domain.graph import Node
from parlour.flow.node import Fault

PIPELINE = "belongs to a knowledge pipeline, and those are not served"
LATER = {
    "datasource": PIPELINE,
    "datasource-empty": PIPELINE,
    "knowledge-index": PIPELINE,
}
"""Types that exports hold and nobody here runs, and what to do meanwhile."""
COMING = (
    *("llm", "if-else", "code", "template-transform", "question-classifier", "parameter-extractor"),
    *("variable-aggregator", "assigner", "iteration", "iteration-start", "loop", "loop-start", "loop-end"),
    *("list-operator", "document-extractor", "http-request", "human-input", "tool", "agent"),
    *("trigger-webhook", "trigger-schedule", "trigger-plugin"),
)
"""Types that are known by name: those of them that the table of kinds does not hold are not served yet."""
WORDS = {
    "array": "a list (lines that begin with `-`)",
    "object": "a mapping (`key: value` lines)",
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "`true` or `false`",
    "null": "nothing",
}
_EXPECTED = re.compile(r"Expected `(.*)`, got `(.*)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")
_PLACE = re.compile(r" - at `\$(.*)`$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")


def unknown(node: Node, served: Iterable[str]) -> Fault:
    """Of a type that nobody runs."""
    names = {*served, *LATER, *COMING}
    advice = LATER.get(node.type, "")
    if not advice and node.type in names:
        advice = f"nodes of the type {node.type} are not served yet"
    elif not advice:
        spelt = node.type.lower().replace("_", "-").replace(" ", "-")
        near: list[str] = [spelt] if spelt in names else close(spelt[:40], sorted(names))
        meant = f": did you mean `{near[0]}`?" if near else ", and nobody knows how to run it"
        advice = f"`{node.type}` is no type of a node{meant}"
    return Fault("refused", node.id, "", advice, ("type",))


def close(word: str, names: list[str]) -> list[str]:
    """The name that the word is most like, if any is."""
    from difflib import get_close_matches

    return get_close_matches(word, names, 1, 0.75)


def misshapen(node: Node, error: msgspec.ValidationError) -> Fault:
    """Of data that does not fit its type; the error says where."""
    text = str(error)
    place = _PLACE.search(text)
    keys = tuple(_keys(place[1])) if place else ()
    where = ".".join(str(key + 1) if isinstance(key, int) else key for key in keys)
    return Fault("refused", node.id, where, _plain(text[: place.start()] if place else text), keys)


def _plain(reason: str) -> str:
    """Without the words of a programming language."""
    if expected := _EXPECTED.fullmatch(reason):
        return f"must be {_words(expected[1])}, and is {_words(expected[2])}"
    if missing := _MISSING.fullmatch(reason):
        return f"`{missing[1]}` is missing"
    return reason


def _words(types: str) -> str:
    return " or ".join(WORDS.get(one, one) for one in types.split(" | ") if one != "null" or types == "null")


def _keys(path: str) -> Iterable[str | int]:
    """`.cases[0].id` as steps, as far as it names them: of a mapping's values it says `[...]`."""
    for step in _STEP.finditer(path):
        if step[1] is not None:
            yield step[1]
        elif step[2] is not None:
            yield int(step[2])
        else:
            return
