"""Which of the runs that have ended stay readable: the latest ones, by age and by memory.

Does not know what a run is: it is told an id, a weight in bytes and a time, and says which ids to let go.
"""

from collections import deque
from collections.abc import Iterator


class Kept:
    """At most `seconds` old, and `weight` bytes together; the last one stays whatever it weighs."""

    def __init__(self, seconds: float, weight: int) -> None:
        self._seconds = seconds
        self._most = weight
        self._weight = 0
        self._ended: deque[tuple[str, int, float]] = deque()

    def __len__(self) -> int:
        return len(self._ended)

    def add(self, name: str, weight: int, now: float) -> Iterator[str]:
        """One more; the ids that go for it."""
        self._ended.append((name, weight, now))
        self._weight += weight
        while len(self._ended) > 1 and self._weight > self._most:
            yield self._drop()
        yield from self.expired(now)

    def expired(self, now: float) -> Iterator[str]:
        """The ids whose time is over."""
        while self._ended and self._ended[0][2] <= now - self._seconds:
            yield self._drop()

    def _drop(self) -> str:
        name, weight, _ = self._ended.popleft()
        self._weight -= weight
        return name
