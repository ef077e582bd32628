"""What a model is given of the files of a conversation: pictures beside a query, texts behind it.

Knows no store: who calls brings the files' contents, or the port that reads them.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Literal, TypeVar

from msgspec import structs

from parlour.domain.app import EasyApp
from parlour.domain.files import FileRef
from parlour.domain.problems import ContentUnavailable
from parlour.domain.turn import Turn
from parlour.ports.contents import Contents
from parlour.ports.models import Image

Easy = TypeVar("Easy", bound=EasyApp)

MOST_AGAIN = 20 * 1024 * 1024
"""Characters of earlier files that are shown again with one question; one picture may have thirteen million."""
PATIENCE = 10.0
"""Seconds for all of them: somebody waits for the answer."""


def images(files: Sequence[FileRef], detail: Literal["high", "low"]) -> tuple[Image, ...]:
    """The pictures."""
    return tuple(Image(file.data, detail) for file in files if file.type == "image" and file.data)


def with_texts(query: str, files: Sequence[FileRef]) -> str:
    """The query with the texts of the documents behind it, each under its name."""
    texts = [text(file) for file in files if file.type != "image" and file.data]
    return "\n\n".join([query, *texts] if query else texts) if texts else query


def text(file: FileRef) -> str:
    return f"<file name={file.name!r}>\n{file.data}\n</file>"


async def recalled(turn: Turn[Easy], contents: Contents) -> Turn[Easy]:
    """The turn with the files of earlier ones read again, the newest first, as many as there is room and time for.

    What cannot be read any more is left out: an address that is dead by now must not end the conversation.
    """
    sent = dict.fromkeys(file for said in reversed(turn.history) for file in said.files)
    if not sent or not turn.app.features.files.enabled:
        return turn
    shown: dict[FileRef, FileRef] = {}
    left = MOST_AGAIN
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            for file in sent:
                with suppress(ContentUnavailable):
                    data = await contents.shown(file, turn.app.card.name)
                    left -= len(data)
                    if left < 0:
                        break
                    shown[file] = structs.replace(file, data=data)
    history = (
        structs.replace(said, files=tuple(shown[file] for file in said.files if file in shown)) for said in turn.history
    )
    return structs.replace(turn, history=tuple(history))
