"""What the server and its voice processes say to each other over pipes. Knows no engine and no event loop.

A request is its length (four bytes) and its bytes; an answer comes in frames: a kind (one byte), a length, the bytes.
"""

from typing import BinaryIO, Literal

LENGTH = 4
HEAD = 1 + LENGTH
PIECE, END, FAILURE = b"+", b".", b"!"
Kind = Literal[b"+", b".", b"!"]


def request(data: bytes) -> bytes:
    return len(data).to_bytes(LENGTH, "big") + data


def frame(kind: Kind, data: bytes = b"") -> bytes:
    return kind + request(data)


def asked(stdin: BinaryIO) -> bytes | None:
    """The next request; None when whoever asks has gone."""
    head = stdin.read(LENGTH)
    if len(head) < LENGTH:
        return None
    size = int.from_bytes(head, "big")
    data = stdin.read(size)
    return data if len(data) == size else None
