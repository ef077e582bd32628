"""What a model is given of a turn's files: pictures beside the question, texts behind it.

Knows no store: the files come with their contents.
"""

from msgspec import structs

from parlour.domain.app import EasyApp
from parlour.domain.files import FileRef
from parlour.domain.turn import Turn
from parlour.ports.models import Image


def images(turn: Turn[EasyApp]) -> tuple[Image, ...]:
    """The pictures, by address or by content."""
    detail = turn.app.features.files.image_detail
    addresses = (file.data or file.url for file in turn.ask.files if file.type == "image")
    return tuple(Image(address, detail) for address in addresses if address)


def with_texts(turn: Turn[EasyApp]) -> Turn[EasyApp]:
    """The turn with the texts of its documents behind the query, each under its name."""
    texts = [text(file) for file in turn.ask.files if file.type != "image" and file.data]
    if not texts:
        return turn
    query = "\n\n".join([turn.ask.query, *texts] if turn.ask.query else texts)
    return structs.replace(turn, ask=structs.replace(turn.ask, query=query))


def text(file: FileRef) -> str:
    return f"<file name={file.name!r}>\n{file.data}\n</file>"
