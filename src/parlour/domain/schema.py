"""JSON Schema: whether a value fits one. Knows no form and no model, and fetches nothing a schema points to.

The library takes 5 MB, and few apps need it: it is loaded with the first of them, in 9 ms.
"""

from functools import lru_cache
from typing import Any

LONGEST = 200
"""Of a reason: it quotes the value."""
PATIENCE = 100_000
"""Steps that a pattern may go back: more is a pattern, or a text, made to take for ever."""


@lru_cache(maxsize=256)
def compiled(schema: str) -> Any:
    """The checks of a schema that is written as JSON.

    Raises:
        ValueError: it is no schema, or points outside of itself.
    """
    import jsonschema_rs

    patterns = jsonschema_rs.FancyRegexOptions(backtrack_limit=PATIENCE)
    return jsonschema_rs.Draft7Validator(schema, offline=True, pattern_options=patterns)


def misfit(schema: str, value: object) -> str:
    """Why a value does not fit; empty if it does."""
    try:
        error = next(iter(compiled(schema).iter_errors(value)), None)
    except ValueError as unusable:
        return str(unusable).partition("\n")[0][:LONGEST]
    if error is None:
        return ""
    place = ".".join(map(str, error.instance_path))
    return f"{place}: {error.message}"[:LONGEST] if place else error.message[:LONGEST]
