"""The users of apps, by the ids that clients see of them. Does not know what any of them did, nor where it is kept."""

from uuid import UUID, uuid5

from msgspec import Struct

from parlour.domain.message import Owner

PEOPLE = UUID("5d1c3b52-0f6e-5d0a-8f0b-6b1f4a6e9c37")
"""The namespace of the ids of end users."""


class EndUser(Struct, frozen=True):
    """A user of one app, since its first valid request."""

    owner: Owner
    created_at: float
    """Seconds since 1970."""

    @property
    def id(self) -> str:
        return end_user_id(self.owner)


def end_user_id(owner: Owner) -> str:
    """The UUID of a user of an app: made from both names, so that nobody has to look it up."""
    return str(uuid5(PEOPLE, f"{owner.app_id}/{owner.user}"))
