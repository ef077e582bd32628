"""Files as a message refers to them. Does not know where their bytes are kept."""

from typing import Literal

from msgspec import Struct

FileType = Literal["image", "document", "audio", "video", "custom"]
TransferMethod = Literal["remote_url", "local_file"]


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
    """What a model is given of an upload: a picture as a `data:` address, a document as its text."""

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


class FileRules(Struct, frozen=True):
    """What files a form field, or the app as a whole, takes."""

    enabled: bool = False
    types: tuple[FileType, ...] = ()
    extensions: tuple[str, ...] = ()
    """With the dot, lower case; only asked for files of type `custom`."""
    methods: tuple[TransferMethod, ...] = ("remote_url", "local_file")
    limit: int = 3
    image_detail: Literal["high", "low"] = "high"
