"""What is in the files that messages and flows name: uploads, and what lies at an address. Knows nobody's rights.

Every failure says why without naming the file: who asked knows its name.
"""

from typing import Protocol

from msgspec import Struct


class Source(Struct, frozen=True):
    """Which file is meant: an upload, or else an address."""

    name: str = ""
    mime_type: str = ""
    """As its sender, or its address, declares it."""
    upload_id: str = ""
    url: str = ""
    app: str = ""
    """The name of the app that asks: some may reach addresses that others may not."""


class Described(Struct, frozen=True):
    """What an address says of its file before it is read."""

    name: str
    mime_type: str
    size: int
    """Bytes; -1 where it does not say."""


class Contents(Protocol):
    async def describe(self, url: str, app: str) -> Described:
        """What lies at an address.

        Raises:
            ContentUnavailable: nothing, or nothing that may be reached.
        """
        ...

    async def data(self, source: Source, most: int) -> bytes:
        """All its bytes.

        Raises:
            ContentUnavailable: they are gone, cannot be reached, or are more than `most`.
        """
        ...

    async def picture(self, source: Source) -> str:
        """A picture as a `data:` address, of the type that its content has.

        Raises:
            ContentUnavailable: as above, or its content is no picture.
        """
        ...

    async def text(self, source: Source) -> str:
        """A document as text; empty for a format that has none.

        Raises:
            ContentUnavailable: as above, or it cannot be read, or its text is longer than a model reads.
        """
        ...

    def kind(self, head: bytes) -> str:
        """The MIME type of what begins like this, by its content alone; empty where that does not tell."""
        ...
