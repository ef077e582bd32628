"""What one run of code may take, and the JSON that it gives back. Knows no interpreter."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import NoReturn

import msgspec
from msgspec import Struct

from parlour.domain.problems import CodeFailed
from parlour.domain.values import each_text, whole

MEGABYTE = 1024 * 1024
OF_ITS_OWN = "The code told something of its own in the place of a result."


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


def packed(order: Mapping[str, object]) -> bytes:
    """What an interpreter is sent, as JSON.

    Raises:
        CodeFailed: the inputs cannot be written so.
    """
    try:
        return json.dumps(order).encode()
    except (ValueError, RecursionError) as error:
        raise CodeFailed("The inputs of the code nest too deeply, or hold a number of too many digits.") from error


def result_of(told: str, limits: Limits) -> object:
    """The value of a result that travelled as JSON.

    Raises:
        CodeFailed: it is too long, or no JSON: NaN and Infinity are none.
    """
    if len(told) > limits.output:
        raise CodeFailed(f"The code returns more than {limits.output // MEGABYTE} MB of JSON. Let it return less.")
    try:
        value = json.loads(told, parse_constant=no_number)
    except (ValueError, RecursionError) as error:
        raise CodeFailed(f"What the code returns is no JSON: {error}.") from error
    return each_text(value, whole) if HALF in told else value


def failure_of(told: str, limits: Limits) -> CodeFailed:
    """What went wrong in the code, from the words of the process that ran it."""
    with suppress(msgspec.MsgspecError):
        wrong = msgspec.json.decode(told, type=Wrong)
        if wrong.kind in {"MemoryError", "MemoryLimitError"}:
            return too_hungry(limits)
        if wrong.kind == "TimeoutError":
            return too_long(limits)
        return CodeFailed(f"{wrong.kind}: {wrong.message}{f' (line {wrong.line})' if wrong.line else ''}")
    return CodeFailed(OF_ITS_OWN)


class Wrong(Struct, frozen=True):
    kind: str
    message: str
    line: int | None = None


HALF = "\\ud"
"""How half a character (a lone surrogate) is escaped. JSON takes it, no text can be written with it."""


def no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number that JSON has")
