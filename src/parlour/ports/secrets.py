"""What all processes of a house know and nobody else. Does not know what it is for, nor in what it is kept."""

from typing import Protocol


class Secrets(Protocol):
    async def kept(self, name: str, fresh: bytes) -> bytes:
        """The secret of this name; `fresh` from now on, if there was none."""
        ...
