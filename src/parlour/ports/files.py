"""The bytes of a flow's files, wherever they are. Does not know which node wants them, nor what is in them."""

from typing import Protocol

from parlour.domain.files import File
from parlour.domain.message import Owner


class FlowFiles(Protocol):
    async def read(self, owner: Owner, file: File, most: int, app: str = "") -> bytes:
        """All bytes of it. `app` is the name of the app that asks: what it may fetch depends on it.

        Raises:
            FileNotFound: this owner has no such upload, or it is gone.
            FileTooLarge: it has more than `most` bytes.
            FetchFailed: it is elsewhere, and cannot be had.
        """
        ...

    async def keep(self, owner: Owner, name: str, mime_type: str, data: bytes) -> File:
        """A file that a node has made, as a value of its flow; kept as an upload of the owner's is."""
        ...
