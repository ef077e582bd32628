"""Slides: their texts in the order in which they are shown. Knows no older format."""

from posixpath import join, normpath

from parlour.rag.extract import archive

DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
SHOW = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


def text(data: bytes) -> str:
    """An empty line between slides."""
    opened = archive.check(data)
    show = archive.tree(opened, "ppt/presentation.xml")
    targets = {one.get("Id"): one.get("Target", "") for one in archive.tree(opened, "ppt/_rels/presentation.xml.rels")}
    slides = [targets.get(slide.get(f"{LINK}id"), "") for slide in show.iter(f"{SHOW}sldId")]
    return "\n\n".join(said for slide in slides if (said := words(archive.tree(opened, place(slide)))))


def place(target: str) -> str:
    """Where a slide lies, as told from the presentation."""
    return target.lstrip("/") if target.startswith("/") else normpath(join("ppt", target))


def words(slide: archive.Element) -> str:
    lines = ("".join(run.text or "" for run in line.iter(f"{DRAWING}t")).strip() for line in slide.iter(f"{DRAWING}p"))
    return "\n".join(line for line in lines if line)
