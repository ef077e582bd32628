"""Files as a message refers to them. Does not know where their bytes are kept."""

from typing import Literal

from msgspec import Struct

FileType = Literal["image", "document", "audio", "video", "custom"]
TransferMethod = Literal["remote_url", "local_file"]


class FileRef(Struct, frozen=True):
    """A file that a caller named in a request: by address, or by the id of an upload."""

    type: FileType
    transfer_method: TransferMethod
    url: str = ""
    upload_file_id: str = ""


class FileRules(Struct, frozen=True):
    """What files a form field, or the app as a whole, takes."""

    enabled: bool = False
    types: tuple[FileType, ...] = ()
    extensions: tuple[str, ...] = ()
    """With the dot, lower case; only asked for files of type `custom`."""
    methods: tuple[TransferMethod, ...] = ("remote_url", "local_file")
    limit: int = 3
    image_detail: Literal["high", "low"] = "high"
