"""Under which names a request stands in its caller's traces (contract 2.1, 2.6), and what a reply says of that (1.2).

Knows no back-end for traces, and not whether there is one.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from msgspec import Meta, Struct

from parlour.domain.problems import BadRequest
from parlour.domain.trace import Origin

LONGEST = 200
"""Characters of a session's name (contract 2.1)."""

_TRACE = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-((?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2})(?:-.*)?")

TraceId = Annotated[
    str | None,
    Meta(description="For tracing: 1-128 letters, digits, `-` and `_`. A header `X-Trace-Id` goes before it."),
]
TraceSessionId = Annotated[
    str | None,
    Meta(
        description=f"For tracing: the session that this belongs to, at most {LONGEST} characters."
        " A header `X-Trace-Session-Id` goes before it."
    ),
]


class Tracing(Struct, frozen=True):
    """What a request says of it."""

    id: str = ""
    """The first valid trace id; empty if there is none."""
    given: object = None
    """What names the session, as it was sent."""

    @property
    def session(self) -> str:
        """The name of the session; empty if there is none.

        Raises:
            BadRequest: that is no name.
        """
        if self.given is None or self.given == "":
            return ""
        if not isinstance(self.given, str) or len(self.given) > LONGEST:
            raise BadRequest(
                f"trace_session_id: must be a string of at most {LONGEST} characters.", params="trace_session_id"
            )
        return self.given


UNTRACED = Tracing()


def tracing(headers: Mapping[str, str], query: Mapping[str, str], body: Mapping[str, object]) -> Tracing:
    """`headers` has lower-case names.

    An invalid trace id is passed over and the next is looked at: Dify lets it mask the others (contract 8, quirk 35).
    Of sessions the first that is named counts, valid or not (contract 2.1).
    """
    found = next((one for one in _traces(headers, query, body) if _TRACE.fullmatch(one)), "")
    session = headers.get("x-trace-session-id") or query.get("trace_session_id") or body.get("trace_session_id")
    return Tracing(found, session)


def _traces(headers: Mapping[str, str], query: Mapping[str, str], body: Mapping[str, object]) -> Iterator[str]:
    yield headers.get("x-trace-id", "")
    yield query.get("trace_id", "")
    given = body.get("trace_id")
    yield given if isinstance(given, str) else ""
    parent = _TRACEPARENT.fullmatch(headers.get("traceparent", "").strip().lower())
    yield parent[1] if parent else ""


def headers(stands: Origin) -> list[tuple[bytes, bytes]]:
    """Of the reply to a request whose run stands there; one that is not traced has no span."""
    found = [(b"x-trace-id", stands.trace.encode())]
    return [*found, (b"x-span-id", stands.span.encode())] if stands.sampled else found
