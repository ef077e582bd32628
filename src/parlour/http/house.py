"""What every route may reach for. Knows no route, and none of the parts from the inside."""

from typing import Literal

from msgspec import Struct

from parlour.domain.ids import NewId
from parlour.http.auth import Keyring
from parlour.http.catalogue import Catalogue
from parlour.ports.messages import Conversations, Messages
from parlour.runs.start import Runs


class House(Struct, frozen=True):
    """The parts of a running server, as the routes see them."""

    catalogue: Catalogue
    keyring: Keyring
    runs: Runs
    messages: Messages
    conversations: Conversations
    new_id: NewId
    profile: Literal["documented", "upstream"] = "documented"
    max_body: int = 8 * 1024 * 1024
    """Bytes of a JSON body."""
    ping_seconds: float = 10.0
