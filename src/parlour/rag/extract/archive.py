"""Documents that are ZIP archives of XML: opened with care. Knows no format that is built of it."""

from io import BytesIO
from xml.etree.ElementTree import Element, ParseError, fromstring
from zipfile import BadZipFile, LargeZipFile, ZipFile

from parlour.rag.extract import Unreadable

MOST_UNPACKED = 256 * 1024 * 1024
MOST_FILES = 10_000


def check(data: bytes) -> ZipFile:
    """The archive.

    Raises:
        Unreadable: it is none, or says that it is larger than a document is. What it does not say, the limits of the
            process catch.
    """
    try:
        opened = ZipFile(BytesIO(data))
    except (BadZipFile, LargeZipFile, ValueError, NotImplementedError) as error:
        raise Unreadable(
            "It is not of the format that its name says: save it anew, or give it the extension of what it is."
        ) from error
    files = opened.infolist()
    if len(files) > MOST_FILES or sum(file.file_size for file in files) > MOST_UNPACKED:
        raise Unreadable("It unpacks to more than a document may have: split it into several documents.")
    return opened


def member(opened: ZipFile, name: str) -> bytes:
    try:
        return opened.read(name)
    except (KeyError, BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise Unreadable(f"It is broken: {name[:100]} is missing or cannot be read.") from error


def tree(opened: ZipFile, name: str) -> Element:
    """A file of the archive, as XML without declarations of its own: those are how a small file becomes a huge one."""
    content = member(opened, name)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise Unreadable(f"It is broken: {name[:100]} declares entities.")
    try:
        return fromstring(content)  # noqa: S314 -- what makes it dangerous is refused above
    except ParseError as error:
        raise Unreadable(f"It is broken: {name[:100]} is no XML.") from error
