"""Runs that lie still: those that wait for somebody, what they ask, and durable ones that were cut off.

Does not know in what they are kept; every call is one whole transaction, durable when it returns.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from parlour.domain.turn import Submission
from parlour.domain.workflow_run import Form, LaidAside


class Pauses(Protocol):
    async def lay_aside(self, laid: LaidAside) -> None:
        """A run waits (`paused`), or has got so far (`running`): its row, its state, and the forms that it waits for.

        Known forms stay as they are; those that are not named have had their time.
        """
        ...

    async def get(self, app_id: str, name: str) -> LaidAside | None:
        """A run that waits, whole, by its own id or by its task's; None if it does not, or is another app's."""
        ...

    async def take_up(self, laid: LaidAside, *, keep: bool) -> bool:
        """It goes on here, and nowhere else: run and message are running, and what it was laid aside as is kept or not.

        False if it does not lie as it was found: another process has it, or had it, or it is gone.
        """
        ...

    async def due(self, now: float) -> tuple[LaidAside, ...]:
        """Runs that could go on: a form was answered, or its time was over by `now`; at most a hundred."""
        ...

    async def soonest(self) -> float | None:
        """When the time of the next form will be over that somebody waits for."""
        ...

    async def interrupted(self) -> tuple[LaidAside, ...]:
        """Runs that were not at rest when their process ended, and had told how far they had got."""
        ...


class Forms(Protocol):
    async def find(self, app_id: str, token: str) -> Form | None:
        """The form behind a token; None for one that is not there, or is another app's.

        One without an answer goes with the end of its run.
        """
        ...

    async def answer(self, form_id: str, submission: Submission) -> bool:
        """The only answer that a form takes; False if it has one already, or is gone."""
        ...

    async def of_conversation(self, app_id: str, conversation_id: str) -> Mapping[str, Sequence[Form]]:
        """All that were asked in a conversation, answered ones too: by message, in the order of their making."""
        ...
