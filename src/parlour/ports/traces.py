"""Where traces go. Knows no run, and no way to send them."""

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Protocol

from parlour.domain.trace import Origin, Span

traceparent: ContextVar[str] = ContextVar("traceparent", default="")
"""What is sent with every request of the run that goes on here; empty where nobody traces it."""


class Trace(Protocol):
    """That of one run."""

    @property
    def traceparent(self) -> str:
        """The run, as a W3C header names it to others."""
        ...

    def end(self, spans: Sequence[Span]) -> None:
        """All that it did; the first one is the run."""
        ...


class Traces(Protocol):
    def begin(self, origin: Origin, name: str, at: float) -> Trace: ...
