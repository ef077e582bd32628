"""PDF, through pdfium. Reads the text that is in the file, not what a scan shows. Knows no other format."""

from typing import Any

import pypdfium2

from parlour.rag.extract import Unreadable


def text(data: bytes) -> str:
    """The pages' texts, an empty line between them."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        locked = "password" in str(error).lower()
        raise Unreadable(
            "It is locked with a password: save it without."
            if locked
            else "It is no PDF, or a broken one: save it anew."
        ) from None
    return "\n\n".join(words(page) for page in document).strip()


def words(page: Any) -> str:
    said: str = page.get_textpage().get_text_bounded()
    return said.replace("\r\n", "\n").strip()
