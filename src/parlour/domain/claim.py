"""A request that its client may send again, and the one message or run of it. Does not know how a key arrives."""

from msgspec import Struct

from parlour.domain.message import Owner

SECONDS = 24 * 3600.0
"""How long a key stands for its request."""


class Repeat(Struct, frozen=True):
    """What makes two requests of one user the same one."""

    key: str
    """Chosen by the client."""
    body: str
    """A digest of what was asked."""


class Claim(Struct, frozen=True):
    """A key that has been used: by whom, for what, and what came of it."""

    owner: Owner
    repeat: Repeat
    task_id: str
    message_id: str
    """The message that came of it, or the run of a workflow."""
    created_at: float

    @property
    def expires_at(self) -> float:
        """From then on the key is as good as new. Seconds since 1970."""
        return self.created_at + SECONDS
