"""Secrets of the environment, kept out of what clients are told (dsl.md 3.3). Does not know who tells what.

They are looked for as they are, and as addresses and JSON spell them. What a node puts out is a value, and stays one;
of an http-request, which may be told its own key, events show it veiled.
"""

import json
from collections.abc import Iterator
from typing import cast
from urllib.parse import quote, quote_plus

from parlour.domain.app import FlowApp

STARS = "********"


Secrets = tuple[str, ...]
"""In all their spellings."""


def secrets(app: FlowApp, *more: str) -> Secrets:
    """Of the app's environment, and those that are named; the longest first: one may be a part of another."""
    found = {value for value in (*_values(app), *more) if value}
    for value in tuple(found):
        found |= {quote(value, safe="", errors="replace"), quote_plus(value, errors="replace")}
        found |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    return tuple(sorted(found, key=len, reverse=True))


def _values(app: FlowApp) -> Iterator[str]:
    for variable in app.environment:
        if variable.kind == "secret" and isinstance(variable.value, str):
            yield variable.value


def covered(text: str, hidden: Secrets) -> str:
    """The text with stars in the place of each of these."""
    for one in hidden:
        text = text.replace(one, STARS)
    return text


def veiled(members: dict[str, object] | None, hidden: Secrets) -> dict[str, object] | None:
    """Likewise, all texts in it."""
    if not hidden or not members:
        return members
    return {name: _veiled(value, hidden) for name, value in members.items()}


def _veiled(value: object, hidden: Secrets) -> object:
    if isinstance(value, str):
        return covered(value, hidden)
    if isinstance(value, dict):
        return veiled(cast("dict[str, object]", value), hidden)
    if isinstance(value, list):
        return [_veiled(item, hidden) for item in cast("list[object]", value)]
    return value
