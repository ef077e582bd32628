"""Values to JSON bytes, whatever they hold. Does not know what the values mean.

A string may hold half of a surrogate pair (JSON's escapes allow it, a provider may cut an emoji in two); UTF-8 has no
form for it, so it leaves as U+FFFD.
"""

from msgspec import json, to_builtins

from parlour.domain.values import each_text, whole

_encode = json.Encoder().encode


def encode(value: object) -> bytes:
    """Compact JSON in UTF-8, members in their own order."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return _encode(each_text(to_builtins(value), whole))


def clean_text(text: str) -> str:
    """The text as UTF-8 and every store can hold it: `whole`, and without NULs (contract 2.1)."""
    return (text if text.isascii() else whole(text)).replace("\0", "")


def clean(value: object) -> object:
    """`clean_text` for every string of a JSON value, the names of members too."""
    return each_text(value, clean_text)
