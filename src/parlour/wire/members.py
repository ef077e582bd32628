"""A request's members as one of the structs that the API's description is made from. Knows no request.

A member that is null reads as one that is not there, and a number or truth value may come as its text.
"""

import re
from collections.abc import Mapping
from typing import TypeVar, cast

from msgspec import Struct, ValidationError, convert

from parlour.domain.problems import InvalidParam
from parlour.wire.queries import pairs_of, single

T = TypeVar("T", bound=Struct)

LONGEST_REASON = 300
_PLACE = re.compile(r"(?P<reason>.*?)(?: - at `\$\.?(?P<place>.*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`")


def fitted(members: Mapping[str, object], kind: type[T]) -> T:
    """Raises: InvalidParam, naming the member."""
    try:
        return convert(without_nulls(members), kind, strict=False)
    except ValidationError as error:
        raise refusal(str(error)) from None


def fitted_query(raw: bytes, kind: type[T], *lists: str) -> T:
    """The same of a query string; `lists`: parameters that may come several times. An empty one is none.

    Raises:
        InvalidParam, BadRequest: as it cannot be read.
    """
    pairs = [(name, value) for name, value in pairs_of(raw) if value.strip()]
    members: dict[str, object] = dict(single(pairs))
    for name in lists:
        members[name] = list(
            single(((f"{at}", value) for at, (one, value) in enumerate(pairs) if one == name)).values()
        )
    return fitted(members, kind)


def without_nulls(value: object) -> object:
    match value:
        case Mapping():
            items = cast("Mapping[str, object]", value).items()
            return {name: without_nulls(member) for name, member in items if member is not None}
        case list():
            return [without_nulls(item) for item in cast("list[object]", value)]
        case _:
            return value


def refusal(error: str) -> InvalidParam:
    """What the converter says, as clients are told."""
    found = _PLACE.fullmatch(error)
    reason, place = (found["reason"], found["place"] or "") if found else (error, "")
    if missing := _MISSING.fullmatch(reason):
        reason, place = "is required", f"{place}.{missing[1]}".lstrip(".")
    reason = reason[0].lower() + reason[1:LONGEST_REASON]
    return InvalidParam(f"{place}: {reason}." if place else f"{reason}.", params=place.partition("[")[0] or None)
