"""Rows of cells as a Markdown table. Does not know where the rows come from."""

import re
from collections.abc import Iterable, Sequence

BREAK = re.compile(r"\s*[\r\n]+\s*")


def markdown(rows: Iterable[Sequence[object]]) -> str:
    """A table whose first row is its head. Rows and columns with nothing in them are left out."""
    filled = [shown for row in rows if any(shown := [cell(value) for value in row])]
    width = max((len(row) for row in filled), default=0)
    padded = [row + [""] * (width - len(row)) for row in filled]
    used = [n for n in range(width) if any(row[n] for row in padded)]
    lines = ["| " + " | ".join(row[n] for n in used) + " |" for row in padded]
    return "\n".join([*lines[:1], "| " + " | ".join("---" for _ in used) + " |", *lines[1:]]) if lines else ""


def cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return BREAK.sub(" ", str(value).strip()).replace("|", "\\|")
