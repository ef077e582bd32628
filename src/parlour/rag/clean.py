"""Text as it is before it is cut into passages: without what no reader sees. Does not know where it came from."""

import re

from parlour.domain.passages import ProcessRule

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\ud800-\udfff]")
LINES = re.compile(r"\n{3,}")
SPACES = re.compile(r"[\t\f\r\x20\u00a0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000]{2,}")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")
ADDRESS = re.compile(r"https?://[^\s<>\"'，。；）)\]]*[^\s<>\"'，。；）)\].,;:!?]")
LINK = re.compile(r"!?\[[^\]\n]*\]\((?:https?://[^\s)]+)\)")
"""A link or a picture of Markdown: its address belongs to the text."""


def clean(text: str, rule: ProcessRule) -> str:
    """The text as the rule wants it."""
    text = text.replace("\r\n", "\n").replace("<|", "<").replace("|>", ">")
    text = CONTROL.sub("", text)
    if rule.remove_extra_spaces:
        text = SPACES.sub(" ", LINES.sub("\n\n", text))
    if rule.remove_urls_emails:
        text = without_addresses(EMAIL.sub("", text))
    return text.strip()


def without_addresses(text: str) -> str:
    parts: list[str] = []
    end = 0
    for link in LINK.finditer(text):
        parts += (ADDRESS.sub("", text[end : link.start()]), link[0])
        end = link.end()
    return "".join((*parts, ADDRESS.sub("", text[end:])))
