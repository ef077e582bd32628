"""Documents of whatever format, read as text. Does not know how any format is read, nor what the text is for."""

from typing import Protocol


class Documents(Protocol):
    def reads(self, name: str, mime_type: str) -> bool:
        """Whether a document of that name and type is of a format that can be read; its extension, where the type
        says nothing."""
        ...

    async def text(self, data: bytes, name: str, mime_type: str) -> str:
        """What the document says, tables as Markdown.

        Raises:
            DocumentUnreadable: it is of no such format, broken, locked, or takes more time or memory than it may.
        """
        ...
