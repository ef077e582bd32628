"""Files that were sent to be used later. Does not know where their bytes are kept."""

from msgspec import Struct

from parlour.domain.message import Owner


class Upload(Struct, frozen=True):
    """A file that a user of an app has sent."""

    id: str
    owner: Owner
    name: str
    size: int
    """Bytes."""
    extension: str
    """Lower case, without the dot; empty if the name has none."""
    mime_type: str
    """As its sender declared it."""
    created_at: float
