"""What one run of code may take, and the JSON that it gives back. Knows no interpreter."""

import json
from typing import NoReturn

from msgspec import Struct

from parlour.domain.problems import CodeFailed

MEGABYTE = 1024 * 1024


class Limits(Struct, frozen=True):
    seconds: float = 15
    memory: int = 256 * MEGABYTE
    output: int = 8 * MEGABYTE
    """Bytes of the result as JSON."""
    parallel: int = 8
    """Runs at work together; more wait."""


def too_long(limits: Limits) -> CodeFailed:
    return CodeFailed(f"The code was stopped after {limits.seconds:g} s. Let it do less, or raise code.seconds.")


def too_hungry(limits: Limits) -> CodeFailed:
    return CodeFailed(
        f"The code wants more than {limits.memory // MEGABYTE} MB of memory. Let it hold less, or raise code.memory."
    )


def result_of(text: str, limits: Limits) -> object:
    """The value of a result that travelled as JSON.

    Raises:
        CodeFailed: it is too long, or no JSON: NaN and Infinity are none.
    """
    if len(text) > limits.output:
        raise CodeFailed(f"The code returns more than {limits.output // MEGABYTE} MB of JSON. Let it return less.")
    try:
        return json.loads(text, parse_constant=no_number)
    except (ValueError, RecursionError) as error:
        raise CodeFailed(f"What the code returns is no JSON: {error}.") from error


def no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number that JSON has")
