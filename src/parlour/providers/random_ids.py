"""Ids that nobody can guess. Does not know what they name."""

import secrets
from collections.abc import Iterator

VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


def random_ids() -> Iterator[str]:
    """Random UUIDs (version 4), drawn from the system many at a time: it is asked five times for a chat."""
    while True:
        drawn = secrets.token_hex(16 * 256)
        for start in range(0, len(drawn), 32):
            digits = drawn[start : start + 32]
            yield f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{VARIANT[digits[16]]}{digits[17:20]}-{digits[20:]}"
