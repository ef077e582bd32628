"""Files in a form's inputs as a history shows them: file objects (contract 4.3, 5.3).

Does not know whose the uploads are: it names them, and is told the addresses that may be given out.
"""

from collections.abc import Iterator, Mapping
from typing import cast

from msgspec import ValidationError, convert

from parlour.domain.files import File, FileRef
from parlour.domain.values import file_json
from parlour.wire.flow_values import marked
from parlour.wire.uploads import extension_of

SHAPE = frozenset(FileRef.__struct_fields__)
"""How a store that keeps JSON gives one back."""


def uploads(inputs: Mapping[str, object]) -> Iterator[str]:
    """The ids of the uploads that seem to be in these inputs; a caller can write what looks like one."""
    for value in inputs.values():
        for item in cast("list[object]", value) if isinstance(value, list | tuple) else [value]:
            if (file := _file(item)) is not None and file.upload_file_id:
                yield file.upload_file_id


def shown(inputs: Mapping[str, object], addresses: Mapping[str, str]) -> dict[str, object]:
    """The inputs with every file as an object; `addresses` are by upload."""
    return {name: _shown(value, addresses) for name, value in inputs.items()}


def _shown(value: object, addresses: Mapping[str, str]) -> object:
    if isinstance(value, list | tuple):
        return [_shown(item, addresses) for item in cast("list[object]", value)]
    file = _file(value)
    if file is None:
        return value
    extension = extension_of(file.name)
    found = File(
        type=file.type,
        transfer_method=file.transfer_method,
        name=file.name,
        extension=f".{extension}" if extension else "",
        mime_type=file.mime_type,
        size=file.size,
        url=addresses.get(file.upload_file_id, "") if file.upload_file_id else file.url,
        related_id=file.upload_file_id,
    )
    return marked(file_json(found))


def _file(value: object) -> FileRef | None:
    if isinstance(value, FileRef):
        return value
    if isinstance(value, dict) and cast("dict[str, object]", value).keys() == SHAPE:
        try:
            return convert(value, FileRef)
        except ValidationError:
            return None
    return None
