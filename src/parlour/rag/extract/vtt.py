"""Subtitles: who said what, without the times. Knows no other format."""

import html
import re

from parlour.rag.extract import plain

VOICE = re.compile(r"<v(?:\.[^ >]*)?\s+([^>]+)>")
TAG = re.compile(r"</?[a-z0-9][^<>]*>")
BLOCK = re.compile(r"\n{2,}")


def text(data: bytes) -> str:
    """The words of each cue; a new speaker begins a line with the name."""
    lines: list[str] = []
    speaker = ""
    for block in BLOCK.split(plain.text(data).replace("\r\n", "\n").replace("\r", "\n").strip()):
        head, arrow, rest = block.partition("-->")
        said = rest.partition("\n")[2]
        if not arrow or not said or head.startswith(("NOTE", "STYLE", "REGION")):
            continue
        voice = VOICE.search(said)
        words = " ".join(html.unescape(TAG.sub("", VOICE.sub("", said))).split())
        if voice and voice[1].strip() != speaker:
            speaker = voice[1].strip()
            words = f"{speaker}: {words}"
        lines.append(words)
    return "\n".join(lines)
