"""What the processes of one house tell each other: the events of their runs, and what is asked of them.

Knows no process by name. Where there is one process alone, there is no bus.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from msgspec import Struct

from parlour.domain.events import AnyEvent
from parlour.domain.ids import Ids
from parlour.domain.message import Owner

LEASE = 10.0


class Carried(Struct, frozen=True):
    """A run that others may read, and may ask to end."""

    ids: Ids
    owner: Owner
    mode: str
    resumed_at: int | None = None
    """Where in its events it was taken up again, if it was."""
    durable: bool = False
    """Whether another process takes it up if this one dies."""


class Found(Struct, frozen=True):
    """A run that others tell of."""

    run: Carried
    length: int
    """How many events of it can be read at once."""


class News(Struct, frozen=True):
    """What a run has said. Told once more after a failure, it changes nothing: it says where it begins.

    Without events it says that the run goes on: a process of which nothing is heard for `LEASE` seconds is taken for
    dead, and its runs with it. What they have told stays readable for a while, so that another can go on from there.
    """

    run: Carried
    position: int
    """How many events came before these; 0 is a run that begins, or begins again."""
    events: tuple[AnyEvent, ...]


class Stop(Struct, frozen=True, tag=True):
    """End this run, if it goes on with you."""

    app_id: str
    task_id: str
    user: str | None = None
    """Whose it must be; None is anybody's."""


class Forget(Struct, frozen=True, tag=True):
    """This conversation was deleted, or the run of this task, and whatever still answers there is to end."""

    conversation_id: str


class GoesOn(Struct, frozen=True, tag=True):
    """A run that had waited was taken up by one process, and can be read."""

    run_id: str
    task_id: str


Signal = Stop | Forget | GoesOn


class Bus(Protocol):
    """Raises `StoreUnavailable` where the other processes cannot be reached."""

    async def put(self, news: Sequence[News]) -> set[str]:
        """Tell of runs of this process. What is told stays readable for a while after a run has ended.

        Gives the tasks of which the bus has lost what it was told before: they are to be told from their beginning.
        """
        ...

    async def find(self, task_id: str) -> Found | None: ...

    def read(self, task_id: str) -> AsyncGenerator[Sequence[AnyEvent], None]:
        """All that a run has said, in order and nothing twice, and what it says from now on.

        Over after its `RunFinished`; over without one, if its process was killed.
        """
        ...

    async def send(self, signal: Signal) -> None:
        """Ask all other processes."""
        ...

    def signals(self) -> AsyncGenerator[Signal, None]:
        """What others ask from now on. Goes on for ever."""
        ...
