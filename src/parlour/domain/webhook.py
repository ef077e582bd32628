"""Who is to be told of the end of a run that nobody waits for. Does not know how he is told, nor how the run ended."""

from msgspec import Struct

from parlour.domain.message import Owner


class Webhook(Struct, frozen=True):
    run_id: str
    """The lasting one."""
    owner: Owner
    app: str
    """The name of its app."""
    url: str
    created_at: float
    attempts: int = 0
    """How often it was tried in vain."""
