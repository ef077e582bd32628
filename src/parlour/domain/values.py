"""Values of a flow as JSON has them, and back, and as text. Does not know a pool, a template or a client."""

import json
from collections.abc import Callable, Sequence
from typing import cast

from parlour.domain.files import File, FileRef

FILE_KEYS = frozenset({"type", "transfer_method", "related_id", "filename", "extension", "mime_type", "size", "url"})
"""An object that has them all is a file on its way through code, a store or a wire."""

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def json_form(value: object) -> Json:
    """The value as JSON has it: files become objects. For code, templates and stores."""
    match value:
        case File():
            return file_json(value)
        case FileRef():
            return file_json(value.as_value())
        case dict():
            return {str(key): json_form(item) for key, item in cast("dict[object, object]", value).items()}
        case list() | tuple():
            return [json_form(item) for item in cast("list[object]", value)]
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)


def whole(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair that stands alone: UTF-8 has no form for it."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def each_text(value: object, change: Callable[[str], str]) -> object:
    """The value of JSON with each of its texts changed, the names of members too."""
    match value:
        case str():
            return change(value)
        case list() | tuple():
            return [each_text(item, change) for item in cast("Sequence[object]", value)]
        case dict():
            members = cast("dict[str, object]", value)
            return {change(name): each_text(member, change) for name, member in members.items()}
        case _:
            return value


def file_json(file: File) -> dict[str, Json]:
    return {
        "id": None,
        "type": file.type,
        "transfer_method": file.transfer_method,
        "remote_url": file.url if file.transfer_method == "remote_url" else None,
        "related_id": file.related_id or None,
        "filename": file.name,
        "extension": file.extension,
        "mime_type": file.mime_type,
        "size": file.size,
        "url": file.url,
    }


def revived(value: object) -> object:
    """The opposite: objects that are files become files again."""
    match value:
        case dict():
            found = cast("dict[str, object]", value)
            if found.keys() >= FILE_KEYS:
                return _file(found)
            return {key: revived(item) for key, item in found.items()}
        case list():
            return [revived(item) for item in cast("list[object]", value)]
        case _:
            return value


def _file(found: dict[str, object]) -> File:
    size = found["size"]
    return File(
        type=found["type"],  # pyright: ignore[reportArgumentType]  checked where it is used, as any value of code is
        transfer_method=found["transfer_method"],  # pyright: ignore[reportArgumentType]
        name=str(found["filename"] or ""),
        extension=str(found["extension"] or ""),
        mime_type=str(found["mime_type"] or ""),
        size=size if isinstance(size, int) else -1,
        url=str(found["url"] or found.get("remote_url") or ""),
        related_id=str(found["related_id"] or ""),
    )


def text_form(value: object) -> str:
    """A value within a prompt or any other plain text; the spelling is Python's, as prompts depend on it."""
    match value:
        case None | File():
            return ""
        case str():
            return value
        case dict():
            return json.dumps(json_form(cast("object", value)), ensure_ascii=False)
        case list():
            return _list_text(cast("list[object]", value))
        case _:
            return str(value)


def _list_text(items: list[object]) -> str:
    if not items or all(isinstance(item, File) for item in items):
        return ""
    if all(isinstance(item, str) for item in items):
        return json.dumps(items, ensure_ascii=False)
    return repr(json_form(items))


def markdown_form(value: object) -> str:
    """A value within an answer: lists as bullets, files as links."""
    match value:
        case File():
            mark = "!" if value.type == "image" else ""
            return f"{mark}[{value.name}]({value.url})"
        case dict():
            return json.dumps(json_form(cast("object", value)), ensure_ascii=False, indent=2)
        case list():
            items = cast("list[object]", value)
            if items and all(isinstance(item, File) for item in items):
                return "\n".join(map(markdown_form, items))
            return "\n".join(f"- {json_form(item)}" for item in items)
        case _:
            return text_form(value)
