"""Answers that are fixed before they are told: word by word (contract 8.25). Knows no reason for one."""

import re

WORD = re.compile(r"\s*\S+|\s+$")


def pieces(text: str) -> list[str]:
    return WORD.findall(text)
