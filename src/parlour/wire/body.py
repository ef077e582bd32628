"""A request's body: bytes to a JSON object, and readers of the members that many requests share.

Does not know which route a body came to, nor the members that one request alone has.
"""

import codecs
import re
from collections.abc import Mapping
from typing import cast

from msgspec import DecodeError, json

from parlour.domain.problems import BadRequest, InvalidParam, UnsupportedMediaType
from parlour.wire.encode import clean

DEFAULT_USER = "DEFAULT-USER"
"""Who a caller is that names nobody, where the contract (5) lets it."""

DEEPEST = 100
"""Levels of nesting in a body. Ours: what is deeper could not be written down again."""

LARGEST = 10**308
"""No integer beyond the range of a float: the next conversion would fail on it. Ours."""

MOST = 100_000
"""Lists and objects in a body. Ours: millions, as there is room for, would hold up everybody else."""

_TEXT = re.compile(rb'"[^"\\]*+(?:\\.?+[^"\\]*+)*+"?+', re.DOTALL)
"""Also one without an end: a pattern that fails there would begin anew at each quote."""

_LONG = re.compile(rb"[0-9]{300}")
"""Only a long number is large."""

_ESCAPE = re.compile(
    rb"\\(?:(?P<pair>u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)

_UUID = re.compile(
    r"(?:urn:uuid:)?\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?", re.IGNORECASE
)
_TRUE = frozenset({"true", "1", "yes", "on", "y", "t"})
_FALSE = frozenset({"false", "0", "no", "off", "n", "f"})


def decode(content_type: str, body: bytes) -> dict[str, object]:
    """The JSON object of a request (contract 1.2, 1.4).

    Raises:
        UnsupportedMediaType: the body is not declared as JSON.
        BadRequest: it is no JSON, no object, nested too deeply, or has a number that is too large.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json" and not re.fullmatch(r"application/[^\s]+\+json", media_type):
        raise UnsupportedMediaType("Send the request as JSON, with the header `Content-Type: application/json`.")
    value = _json(body.removeprefix(codecs.BOM_UTF8))
    if not isinstance(value, dict):
        raise BadRequest("The request body must be a JSON object.")
    members = cast("dict[str, object]", value)
    if _opened(body) > DEEPEST or _LONG.search(body):
        _measure(members)
    if b"\\u" in body:  # only an escape brings a NUL into a string
        return cast("dict[str, object]", clean(members))
    return members


def _json(body: bytes) -> object:
    if not body.strip():
        raise BadRequest("The request body is empty; send a JSON object.")
    if _opened(body) > MOST and _opened(_TEXT.sub(b"", body)) > MOST:
        raise BadRequest(f"The request body has too many lists and objects; {MOST:,} is the limit.")
    try:
        try:
            return json.decode(body)
        except DecodeError:
            return json.decode(_ESCAPE.sub(_whole, body))
    except RecursionError:
        raise BadRequest(f"The request body is nested too deeply; {DEEPEST} levels is the limit.") from None
    except UnicodeDecodeError:
        raise BadRequest("The request body is not valid UTF-8.") from None
    except DecodeError as error:
        raise BadRequest(f"The request body is not valid JSON: {error}") from None


def _opened(body: bytes) -> int:
    """Lists and objects, and the brackets within texts."""
    return body.count(b"[") + body.count(b"{")


def _whole(escape: re.Match[bytes]) -> bytes:
    """Half a surrogate pair, as a client writes it that cut a text within an emoji, becomes U+FFFD; Dify takes it."""
    return rb"\ufffd" if escape["half"] else escape[0]


def _measure(members: dict[str, object]) -> None:
    """Refuse what is too deep or too large to go on with: level by level, as recursion has an end itself."""
    level: list[Mapping[str, object] | list[object]] = [members]
    depth = 1
    while level:
        if depth > DEEPEST:
            raise BadRequest(f"The request body is nested too deeply; {DEEPEST} levels is the limit.")
        inner: list[Mapping[str, object] | list[object]] = []
        for outer in level:
            for item in outer if isinstance(outer, list) else outer.values():
                if isinstance(item, dict | list):
                    inner.append(cast("dict[str, object] | list[object]", item))
                elif isinstance(item, int) and abs(item) > LARGEST:
                    raise BadRequest("The request body has a number that is too large.")
        depth, level = depth + 1, inner


def user(members: Mapping[str, object]) -> str:
    """Who asks, where that must be said (contract 2.1).

    Raises:
        InvalidParam: nobody, or neither text nor number.
    """
    found = _user(members)
    if not found:
        raise InvalidParam("Arg user must be provided.", params="user")
    return found


def optional_user(members: Mapping[str, object]) -> str:
    """Who asks, where it need not be said (contract 5)."""
    return _user(members) or DEFAULT_USER


def _user(members: Mapping[str, object]) -> str:
    value = members.get("user")
    if not value:  # null, "", 0 and false all read as "not given" (contract 2.1)
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise InvalidParam("user: must be a string.", params="user")


def text(members: Mapping[str, object], name: str, default: str = "") -> str:
    """A string; the default where it is absent or null."""
    value = members.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise InvalidParam(f"{name}: must be a string.", params=name)
    return value


def inputs(members: Mapping[str, object]) -> dict[str, object]:
    """The values for a form.

    Raises:
        InvalidParam: they are missing, or no object.
    """
    given = members.get("inputs")
    if not isinstance(given, dict):
        raise InvalidParam(f"inputs: {'is required.' if given is None else 'must be an object.'}", params="inputs")
    return cast("dict[str, object]", given)


def boolean(members: Mapping[str, object], name: str, *, default: bool) -> bool:
    """A boolean, also as the words and numbers that clients write for one (contract 2.1, 2.3)."""
    value = members.get(name)
    if value is None:
        return default
    found = lenient_boolean(value)
    if found is None:
        raise InvalidParam(f"{name}: must be true or false.", params=name)
    return found


def lenient_boolean(value: object) -> bool | None:
    """True, False, or None for what is neither."""
    match value:
        case bool():
            return value
        case int() | float() if value in {0, 1}:
            return value == 1
        case str() if value.strip().lower() in _TRUE | _FALSE:
            return value.strip().lower() in _TRUE
        case _:
            return None


def identifier(value: str) -> str | None:
    """A UUID in any of its textual forms, hyphenated and lower case; None if it is none (contract 2.2)."""
    match = _UUID.fullmatch(value.strip())
    return "-".join(match.groups()).lower() if match else None


def uuid(members: Mapping[str, object], name: str) -> str:
    """A UUID; empty where it is absent, null or blank. The message names the member (clients look for it)."""
    value = members.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidParam(f"{name}: must be a valid UUID, as a string.", params=name)
    if not value.strip():
        return ""
    found = identifier(value)
    if found is None:
        raise InvalidParam(f"{name}: must be a valid UUID.", params=name)
    return found
