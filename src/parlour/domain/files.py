"""Files as a message refers to them. Does not know where their bytes are kept."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, cast

from msgspec import Struct

FileType = Literal["image", "document", "audio", "video", "custom"]
TransferMethod = Literal["remote_url", "local_file"]

# Families of extensions (dsl.md 3.4).
IMAGES = frozenset({"jpg", "jpeg", "png", "webp", "gif", "svg"})
VIDEOS = frozenset({"mp4", "mov", "mpeg", "webm"})
SOUNDS = frozenset({"mp3", "m4a", "wav", "amr", "mpga"})
DOCUMENTS = frozenset(
    {"txt", "md", "mdx", "markdown", "pdf", "html", "htm", "xlsx", "xls", "csv", "docx", "vtt", "properties"}
    | {"doc", "eml", "msg", "pptx", "ppt", "xml", "epub"}
)


def type_of(name: str, mime_type: str) -> FileType:
    """What a file is, by its extension or else by its MIME type."""
    extension, kind = name.rpartition(".")[2].lower(), mime_type.partition("/")[0]
    if extension in IMAGES or kind == "image":
        return "image"
    if extension in VIDEOS or kind == "video":
        return "video"
    if extension in SOUNDS or kind == "audio":
        return "audio"
    return "document" if extension in DOCUMENTS or kind == "text" else "custom"


class Attachment(Struct, frozen=True):
    """A file of a message, as its history shows it."""

    id: str
    type: FileType
    transfer_method: TransferMethod
    url: str
    """Of a file that was named by address."""
    upload_file_id: str
    name: str
    mime_type: str
    size: int
    belongs_to: Literal["user", "assistant"] = "user"
    """Who brought it: its sender, or a tool that the answer used."""

    def as_sent(self) -> "FileRef":
        """The file as its caller named it."""
        return FileRef(
            type=self.type,
            transfer_method=self.transfer_method,
            url=self.url,
            upload_file_id=self.upload_file_id,
            name=self.name,
            mime_type=self.mime_type,
            size=self.size,
        )


class FileRef(Struct, frozen=True):
    """A file that a caller named in a request: by address, or by the id of an upload."""

    type: FileType
    transfer_method: TransferMethod
    url: str = ""
    upload_file_id: str = ""
    name: str = ""
    mime_type: str = ""
    size: int = 0
    data: str = ""
    """What a model is given of it: a picture as a `data:` address, a document as its text."""

    def as_value(self) -> "File":
        """The file as a value of a flow."""
        _, dot, extension = self.name.rpartition(".")
        return File(
            type=self.type,
            transfer_method=self.transfer_method,
            name=self.name,
            extension=f".{extension.lower()}" if dot else "",
            mime_type=self.mime_type,
            size=self.size or -1,
            url=self.url,
            related_id=self.upload_file_id,
        )

    def attached(self, file_id: str) -> Attachment:
        """The file as one of a message, without what a model is given of it."""
        return Attachment(
            id=file_id,
            type=self.type,
            transfer_method=self.transfer_method,
            url=self.url,
            upload_file_id=self.upload_file_id,
            name=self.name,
            mime_type=self.mime_type,
            size=self.size,
        )


def sent(files: Iterable[Attachment]) -> tuple[FileRef, ...]:
    """Those of a message's files that came with it."""
    return tuple(file.as_sent() for file in files if file.belongs_to == "user")


class File(Struct, frozen=True):
    """A file as a value of a flow (dsl.md 3.4). Its bytes are fetched when a node wants them."""

    type: FileType
    transfer_method: Literal["remote_url", "local_file", "tool_file"]
    """`tool_file`: made by a node of a flow and kept as an upload is."""
    name: str = ""
    extension: str = ""
    """With the dot, lower case."""
    mime_type: str = ""
    size: int = -1
    """Bytes; -1 where nobody knows."""
    url: str = ""
    """Where it is, for a remote one; where a client may read it, for others."""
    related_id: str = ""
    """The id of its upload."""


class FileRules(Struct, frozen=True):
    """What files a form field, or the app as a whole, takes."""

    enabled: bool = False
    types: tuple[FileType, ...] = ()
    extensions: tuple[str, ...] = ()
    """With the dot, lower case; only asked for files of type `custom`."""
    methods: tuple[TransferMethod, ...] = ("remote_url", "local_file")
    limit: int = 3
    image_detail: Literal["high", "low"] = "high"


def named_in(inputs: Mapping[str, object]) -> Iterator[tuple[str, FileRef]]:
    """The files that a form's inputs name, each with its variable."""
    for variable, value in inputs.items():
        for item in cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,):
            if isinstance(item, FileRef):
                yield variable, item
