"""JSON that a model wrote, or a template made, mended where it must be. Does not know what it is for.

Most texts need no mending: the library, 1 MB, is loaded in 10 ms for the first that does.
"""

from typing import cast

import msgspec


def read(text: str) -> object:
    """What the text holds; an empty text where nothing can be made of it."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        pass
    from json_repair import repair_json

    try:
        return cast("object", repair_json(text, return_objects=True))
    except (AssertionError, ValueError, LookupError, TypeError, RecursionError):  # its own mistakes, on odd texts
        return ""
