"""Texts in whatever encoding they have. Knows no markup."""

import re

from parlour.rag.extract import Unreadable

CHINESE = re.compile(rb"[\xa1-\xf7][\xa1-\xfe]")
"""A character of GB 2312, which all of GBK's and GB 18030's everyday ones are."""
HIGH = re.compile(rb"[\x80-\xff]")
SAMPLE = 64 * 1024
CONTROL = frozenset(range(32)) - {9, 10, 12, 13, 27}


def text(data: bytes) -> str:
    """The text; its NULs, which no store and no model takes, are gone.

    Raises:
        Unreadable: these bytes are no text.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").replace("\0", "")
    sample = data[:SAMPLE]
    if sum(byte in CONTROL for byte in sample) > max(4, len(sample) // 20):
        raise Unreadable("It is no text, or one in an encoding that cannot be told: save it as UTF-8.")
    try:
        return data.decode("utf-8-sig").replace("\0", "")
    except UnicodeDecodeError:
        # high bytes that all come in pairs are no Western text, whose accents stand alone
        encoding = "cp1252" if HIGH.search(CHINESE.sub(b"", data)) else "gb18030"
        return data.decode(encoding, "replace").replace("\0", "")
