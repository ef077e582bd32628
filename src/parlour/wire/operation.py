"""One entry of the API's description. Does not know how it is written down, nor how it is served."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from msgspec import Struct

Method = Literal["get", "post", "put", "patch", "delete"]
NO_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType({})


class Operation(Struct, frozen=True):
    """One method of one path."""

    method: Method
    path: str
    id: str
    summary: str
    tag: str
    request: type[Struct] | None = None
    form: bool = False
    """Whether the request comes as multipart/form-data."""
    query: type[Struct] | None = None
    response: type[Struct] | None = None
    """The body of the success; without one, and without `stream`, the operation answers 204."""
    many: bool = False
    """Whether the body of the success is a list of those."""
    status: int = 200
    """That of a success with a body."""
    later: type[Struct] | None = None
    """The body of a 202, where it may be answered before it is done."""
    stream: bool = False
    repeatable: bool = False
    """Whether it takes an `Idempotency-Key`."""
    words: Mapping[str, tuple[str, ...]] = NO_WORDS
    """Parameters of the path that are no UUID, and what they may be; empty for any text."""
    knowledge: bool = False
    """Whether a knowledge key opens it, and not an app's."""
    admin: bool = False
    """Whether an operator's key opens it."""
    lines: bool = False
    """Whether the success is lines of JSON, each a `response`."""
    raw: bool = False
    """Whether the success is the bytes of a file."""
    secured: bool = True
    body_required: bool = True
