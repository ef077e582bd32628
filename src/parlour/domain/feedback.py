"""What users thought of answers. Does not know where it is stored, nor how it is said to a client."""

from typing import Literal

from msgspec import Struct

from parlour.domain.message import Owner

Rating = Literal["like", "dislike"]


class Feedback(Struct, frozen=True):
    """A user's opinion of one answer; there is one of them per message at the most."""

    id: str
    owner: Owner
    """Whose message it is, who is the one that may judge it."""
    conversation_id: str
    message_id: str
    rating: Rating
    content: str | None
    """What the user had to say about it."""
    created_at: float
    updated_at: float
    """Moves with each new opinion. Seconds since 1970, both."""
