"""When a run said its first word. No token waits for it: after the first piece of the answer it hears nothing more.

Does not know who asks for it.
"""

from collections.abc import Callable

from parlour.domain.events import AgentTextDelta, AnyEvent, TextDelta
from parlour.domain.ids import Clock
from parlour.runs.log import RunLog


class FirstWord:
    """Waits at a log, as a reader does, until something is said."""

    def __init__(self, log: RunLog, call_soon: Callable[[Callable[[], None]], object], clock: Clock) -> None:
        self._log = log
        self._call_soon = call_soon
        self._clock = clock
        self._position = len(log)
        self.at: float | None = None
        log.waiting.add(self)

    def wake(self) -> None:
        if spoken(self._log.events[-1]):
            self.at = self._clock()
        else:
            self._call_soon(self._wait)  # the log is about to let go of all who waited

    def look(self) -> None:
        """See what was said since it was woken, and not wait for its turn."""
        if self.at is None and any(spoken(event) for event in self._log.events[self._position :]):
            self.at = self._clock()

    def _wait(self) -> None:
        self.look()
        if self.at is None and not self._log.finished:
            self._position = len(self._log)
            self._log.waiting.add(self)


def spoken(event: AnyEvent) -> bool:
    return isinstance(event, TextDelta | AgentTextDelta)
