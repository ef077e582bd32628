"""Values to JSON bytes, whatever they hold. Does not know what the values mean.

A string may hold half of a surrogate pair (JSON's escapes allow it, a provider may cut an emoji in two); UTF-8 has no
form for it, so it leaves as U+FFFD.
"""

from msgspec import json, to_builtins

from parlour.domain.values import each_text

_encode = json.Encoder().encode


def encode(value: object) -> bytes:
    """Compact JSON in UTF-8, members in their own order."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return _encode(clean(to_builtins(value)))


def clean_text(text: str) -> str:
    """The text as UTF-8 and every store can hold it: lone surrogates become U+FFFD, NULs go (contract 2.1)."""
    if text.isascii():
        return text.replace("\0", "")
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "")


def clean(value: object) -> object:
    """`clean_text` for every string of a JSON value, the names of members too."""
    return each_text(value, clean_text)
