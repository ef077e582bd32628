"""JSON that a model wrote, or a template made, mended where it must be. Does not know what it is for."""

from typing import cast

import json_repair
import msgspec


def read(text: str) -> object:
    """What the text holds; an empty text where nothing can be made of it."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        pass
    try:
        return cast("object", json_repair.repair_json(text, return_objects=True))
    except (AssertionError, ValueError, LookupError, TypeError, RecursionError):  # its own mistakes, on odd texts
        return ""
