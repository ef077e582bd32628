"""JSON Schema: whether a value fits one. Knows no form and no model, and fetches nothing a schema points to."""

from functools import lru_cache

from jsonschema_rs import Draft7Validator, FancyRegexOptions

LONGEST = 200
"""Of a reason: it quotes the value."""
PATIENCE = 100_000
"""Steps that a pattern may go back: more is a pattern, or a text, made to take for ever."""


@lru_cache(maxsize=256)
def compiled(schema: str) -> Draft7Validator:
    """The checks of a schema that is written as JSON.

    Raises:
        ValueError: it is no schema, or points outside of itself.
    """
    return Draft7Validator(schema, offline=True, pattern_options=FancyRegexOptions(backtrack_limit=PATIENCE))


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
