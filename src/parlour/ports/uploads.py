"""What is known of uploaded files. Knows neither their bytes nor who may do what with them."""

from typing import Protocol

from msgspec import Struct

from parlour.domain.message import Owner
from parlour.domain.uploads import Upload


class Shown(Struct, frozen=True):
    """An upload, and whether some message shows it or has it in its inputs: attached by `Messages.open`."""

    upload: Upload
    attached: bool


class Uploads(Protocol):
    async def add(self, upload: Upload) -> None:
        """Durable when this returns."""
        ...

    async def find(self, owner: Owner, upload_id: str) -> Upload | None:
        """One of this owner's; None for what is another's or nobody's."""
        ...

    async def look_up(self, upload_id: str) -> Shown | None:
        """Anybody's: the caller has to look at its owner."""
        ...
