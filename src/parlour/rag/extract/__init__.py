"""Documents as text: one file per format, each with `text(data)`. Does not know where a document comes from.

`python -m parlour.rag.extract FORMAT` reads one in a process of its own, with bounds on memory and time. A reader
raises `Unreadable` with words for the document's owner.
"""


class Unreadable(Exception):
    """The document cannot be read; the message says why, without the document's name."""
