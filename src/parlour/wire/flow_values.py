"""Values of a flow as clients see them: files become objects (contract 4.3). Does not know which event they are in."""

from collections.abc import Mapping
from typing import cast

from parlour.domain.files import File
from parlour.domain.values import FILE_KEYS, file_json

MARK = "__dify__file__"
"""By this clients tell a file from any other object."""


def shown(value: object) -> object:
    """The value with every file in it as a marked object."""
    match value:
        case File():
            return marked(file_json(value))
        case dict():
            found = {key: shown(item) for key, item in cast("dict[str, object]", value).items()}
            return marked(found) if found.keys() >= FILE_KEYS else found
        case list() | tuple():
            return [shown(item) for item in cast("list[object]", value)]
        case _:
            return value


def marked(file: Mapping[str, object]) -> dict[str, object]:
    return {"dify_model_identity": MARK, "tenant_id": "", **file}
