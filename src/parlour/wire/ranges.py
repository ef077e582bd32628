"""A part of a file, and whether a client has it already: the headers of RFC 9110 that ask so. Knows no file."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from msgspec import Struct

from parlour.domain.problems import RangeNotSatisfiable

_ONE = re.compile(r"bytes\s*=\s*(?:([0-9]{1,18})\s*-\s*([0-9]{0,18})|-\s*([0-9]{1,18}))", re.IGNORECASE)
"""Several parts at once are not served: a server may answer with the whole instead."""


class Edition(Struct, frozen=True):
    """What a client may have kept: the name of a content that never changes, and since when it is there."""

    name: str
    since: float

    @property
    def headers(self) -> dict[str, str]:
        moment = datetime.fromtimestamp(int(self.since), UTC)
        return {"etag": f'"{self.name}"', "last-modified": format_datetime(moment, usegmt=True)}


def is_kept(headers: Mapping[str, str], edition: Edition) -> bool:
    """Whether the client has this edition (`If-None-Match`, or else `If-Modified-Since`)."""
    named = headers.get("if-none-match")
    if named is not None:
        tags = {tag.strip().removeprefix("W/").strip('"') for tag in named.split(",")}
        return bool({"*", edition.name} & tags)
    return _is_since(headers.get("if-modified-since", ""), edition)


def span(headers: Mapping[str, str], size: int, edition: Edition) -> tuple[int, int] | None:
    """From where to before where; None for the whole.

    Raises:
        RangeNotSatisfiable: the file ends before it.
    """
    asked = _ONE.fullmatch(headers.get("range", "").strip())
    if asked is None or not _is_same(headers.get("if-range"), edition):
        return None
    if asked[3]:
        start, end = max(size - int(asked[3]), 0), size
    else:
        start, end = int(asked[1]), min(int(asked[2]) + 1 if asked[2] else size, size)
        if asked[2] and int(asked[2]) < int(asked[1]):
            return None  # nonsense is no range
    if start >= size or start >= end:
        raise RangeNotSatisfiable(size=size)
    return start, end


def _is_same(condition: str | None, edition: Edition) -> bool:
    """Whether a part still fits what the client has of the rest (`If-Range`)."""
    if condition is None:
        return True
    if '"' in condition:
        return condition.strip() == f'"{edition.name}"'
    return condition.strip() == edition.headers["last-modified"]


def _is_since(date: str, edition: Edition) -> bool:
    try:
        return bool(date) and parsedate_to_datetime(date).timestamp() >= int(edition.since)
    except (ValueError, OverflowError):
        return False
