"""Books: their chapters in the order of reading. Knows no protected ones."""

from posixpath import dirname, join, normpath
from urllib.parse import unquote

from parlour.rag.extract import Unreadable, archive, html_text

CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
PACKAGE = "{http://www.idpf.org/2007/opf}"


def text(data: bytes) -> str:
    """An empty line between chapters."""
    opened = archive.check(data)
    container = archive.tree(opened, "META-INF/container.xml")
    root = next((one.get("full-path", "") for one in container.iter(f"{CONTAINER}rootfile")), "")
    if not root:
        raise Unreadable("It is broken: it does not say where its contents are.")
    package = archive.tree(opened, root)
    items = {one.get("id"): one.get("href", "") for one in package.iter(f"{PACKAGE}item")}
    chapters = [items.get(one.get("idref"), "") for one in package.iter(f"{PACKAGE}itemref")]
    places = [normpath(join(dirname(root), unquote(chapter))) for chapter in chapters if chapter]
    return "\n\n".join(said for one in places if (said := html_text.text(archive.member(opened, one))))
