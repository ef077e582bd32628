"""Pages as their text. Runs nothing and fetches nothing. Knows no style: what a page hides by it is told, too."""

import re
from html.parser import HTMLParser

from parlour.rag.extract import plain

SILENT = frozenset({"script", "style", "noscript", "template", "svg", "iframe", "object"})
"""What holds no words for a reader."""
BLOCKS_WORDS = (
    "address article aside blockquote body br caption dd details dialog div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody tfoot thead "
    "title tr ul"
)
BLOCKS = frozenset(BLOCKS_WORDS.split())
SPACES = re.compile(r"[ \t\r\f\v\xa0]*\n[ \t\r\f\v\xa0]*")
KEPT = "\0"
"""A space of preformatted text, until all others are made one."""
GAPS = re.compile(r"\n{3,}")


class Words(HTMLParser):
    """Gathers the words of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0
        self._kept = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._silent += tag in SILENT
        self._kept += tag == "pre"
        if tag in BLOCKS:
            self.parts.append("\n- " if tag == "li" else "\n")
        elif tag in {"td", "th"}:
            self.parts.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BLOCKS:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in SILENT and self._silent > 0
        self._kept -= tag == "pre" and self._kept > 0
        if tag in BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data.replace(" ", KEPT) if self._kept else re.sub(r"\s+", " ", data))


def text(data: bytes) -> str:
    return words(plain.text(data))


def words(page: str) -> str:
    reader = Words()
    reader.feed(page)
    reader.close()
    return GAPS.sub("\n\n", SPACES.sub("\n", "".join(reader.parts))).strip().replace(KEPT, " ")
