"""What content is, by its first bytes. Does not know what anybody says that it is.

The library is loaded with the first file, in 3 ms.
"""

import re
from importlib import import_module
from typing import Any

HEAD = 4096
"""Bytes that are enough to tell."""
BEFORE = re.compile(rb"(?:\xef\xbb\xbf|\s|<\?xml[^>]*>|<!--.*?-->)*", re.DOTALL)
"""What may stand before the first tag of a page."""
TAG = re.compile(rb"<(?:!doctype\s+)?([a-z][a-z0-9:]*)[\s>/]", re.IGNORECASE)


def kind(head: bytes) -> str:
    """A MIME type; empty for what has no mark of its own, as texts have not."""
    library: Any = import_module("filetype")  # not on top: see the module's text
    found: str | None = library.guess_mime(head[:HEAD])
    if found is not None:
        return found
    start = BEFORE.match(head[:HEAD])
    begun = TAG.match(head[:HEAD], start.end() if start else 0)
    if begun is None:
        return ""
    if begun[1].lower().endswith(b"svg"):
        return "image/svg+xml"
    return "text/xml" if b"<?xml" in head[: begun.start()] else "text/html"
