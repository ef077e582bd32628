"""Values of a flow as clients see them: files become objects (contract 4.3). Does not know which event they are in."""

from typing import cast

from parlour.domain.files import File

MARK = "__dify__file__"
"""By this clients tell a file from any other object."""


def shown(value: object) -> object:
    """The value with every file in it as an object; itself, where there is none."""
    match value:
        case File():
            return file_object(value)
        case dict():
            return {key: shown(item) for key, item in cast("dict[str, object]", value).items()}
        case list() | tuple():
            return [shown(item) for item in cast("list[object]", value)]
        case _:
            return value


def file_object(file: File) -> dict[str, object]:
    remote = file.transfer_method == "remote_url"
    return {
        "dify_model_identity": MARK,
        "id": None,
        "tenant_id": "",
        "type": file.type,
        "transfer_method": file.transfer_method,
        "remote_url": file.url if remote else None,
        "related_id": file.related_id or None,
        "filename": file.name,
        "extension": file.extension,
        "mime_type": file.mime_type,
        "size": file.size,
        "url": file.url,
    }
