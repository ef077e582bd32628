"""What is in the files that messages and flows name: uploads, and what lies at an address. Knows nobody's rights.

Every failure says why without naming the file: who asked knows its name.
"""

from typing import Protocol

from msgspec import Struct

from parlour.domain.files import FileRef


class Described(Struct, frozen=True):
    """What an address says of its file before it is read."""

    name: str
    mime_type: str
    size: int
    """Bytes; -1 where it does not say."""


class Contents(Protocol):
    async def describe(self, url: str, app: str) -> Described:
        """What lies at an address. `app` is the name of the app that asks: some may reach what others may not.

        Raises:
            ContentUnavailable: nothing, or nothing that may be reached.
        """
        ...

    async def shown(self, file: FileRef, app: str) -> str:
        """What a model is given of it; nothing of what no model can take.

        A picture is a `data:` address of the type that its content has, a document is its text.

        Raises:
            ContentUnavailable: it is gone, cannot be reached or read, is no picture, or is more than a model takes.
        """
        ...

    def reads(self, name: str, mime_type: str) -> bool:
        """Whether a file of this name and type has text."""
        ...

    def kind(self, head: bytes) -> str:
        """The MIME type of what begins like this, by its content alone; empty where that does not tell."""
        ...
