"""The names that every event of one run carries. Does not know how an id is made: ids flow in."""

from collections.abc import Callable

from msgspec import Struct

NIL = "00000000-0000-0000-0000-000000000000"
"""The parent of a message that follows the newest one before it, whatever branch that is on."""

NewId = Callable[[], str]
"""Gives a fresh hyphenated lower-case UUID."""

Clock = Callable[[], float]
"""Gives the time in seconds since 1970."""


class Ids(Struct, frozen=True):
    """Who an event belongs to. Every id is a hyphenated lower-case UUID."""

    task_id: str
    message_id: str
    conversation_id: str
    created_at: int
    """When the message was created, in whole seconds since 1970; the same in every event of its run."""
    workflow_run_id: str = ""
    """Empty for apps without a workflow."""

    @property
    def lasting(self) -> str:
        """What a run is known by as long as it is kept: its message's id, or its own."""
        return self.message_id or self.workflow_run_id
