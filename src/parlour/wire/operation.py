"""One entry of the API's description. Does not know how it is written down, nor how it is served."""

from typing import Literal

from msgspec import Struct

Method = Literal["get", "post", "put", "patch", "delete"]


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
    status: int = 200
    """That of a success with a body."""
    stream: bool = False
    repeatable: bool = False
    """Whether it takes an `Idempotency-Key`."""
    raw: bool = False
    """Whether the success is the bytes of a file."""
    secured: bool = True
    body_required: bool = True
