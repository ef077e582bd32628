"""What a run did and when, as spans under the trace of whoever asked. Does not know how spans are sent."""

import hashlib
import re
from typing import Literal

from msgspec import Struct

TRACEPARENT = re.compile(r"([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
"""As a `trace_id` that came as a W3C `traceparent` is handed on: without its version."""
HEX = re.compile(r"(?!0{32})[0-9a-f]{32}")


Attributes = dict[str, str | int | float | bool]


class Origin(Struct, frozen=True):
    """Where a run stands in somebody's trace."""

    trace: str
    """32 hexadecimal digits."""
    parent: str = ""
    """The caller's own span, 16 digits; empty where it is not known."""
    sampled: bool = True
    given: str = ""
    """How the caller named the trace, if it was not in those digits."""
    span: str = ""
    """The run's own span, 16 digits."""


def origin(given: str, task_id: str, again: str = "") -> Origin:
    """Whoever names no trace gets one that is called as the task is; a name that is no trace's id leads to one.

    The span is made of the task's id, so that a reply can name it before there is one. `again`: what tells a run that
    goes on from what it was before.
    """
    span = hashlib.sha256(f"{task_id} {again}".encode()).hexdigest()[:16]
    if found := TRACEPARENT.fullmatch(given):
        return Origin(found[1], found[2], sampled=bool(int(found[3], 16) & 1), span=span)
    plain = given.replace("-", "").lower()
    if HEX.fullmatch(plain):
        return Origin(plain, span=span)
    if given:
        return Origin(hashlib.sha256(given.encode()).hexdigest()[:32], given=given, span=span)
    return Origin(task_id.replace("-", ""), span=span)


def beside(given: str, task_id: str) -> Origin:
    """Where something stands that is done beside a run, and because of it."""
    run = origin(given, task_id)
    return Origin(run.trace, run.span, run.sampled, span=origin("", task_id, "beside").span)


class Span(Struct):
    """Something that took its time. Times in seconds since 1970."""

    name: str
    began: float
    ended: float
    kind: Literal["server", "internal", "client"] = "internal"
    parent: int | None = None
    """Which span it is a part of, by its place; None for the run itself."""
    attributes: Attributes = {}
    error: str = ""
