"""Server-sent events as models send them: bytes in, the payloads of complete `data:` lines out.

Each `data:` line is one payload: no model's API spreads its JSON over several, and some forget the blank line between
events. Does not know what a payload means, nor where the bytes come from.
"""

import re

HALF_PAIR = re.compile(rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
LONGEST_LINE = 16 * 1024 * 1024


class TooLong(Exception):
    """A line went on for longer than any honest one."""


def mended(payload: bytes) -> bytes:
    """The payload with a replacement character for each half of a surrogate pair that stands alone.

    Some models cut an emoji between two pieces, and half of one is no text that could be passed on.
    """
    return HALF_PAIR.sub(lambda found: found[1] or rb"\ufffd", payload)


class EventLines:
    """Feed it every read, in order. Lines end with LF, CRLF or CR, wherever the reads were cut."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads that are complete now."""
        if self._rest:
            data = self._rest + data
        cut = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        if not cut:
            if len(data) > LONGEST_LINE:
                raise TooLong
            self._rest = data
            return []
        self._rest = data[cut:]
        return [line[5:] for line in data[:cut].splitlines() if line.startswith(b"data:")]

    def end(self) -> list[bytes]:
        """What the last line held, if nothing ended it."""
        rest, self._rest = self._rest, b""
        return [rest[5:]] if rest.startswith(b"data:") else []
