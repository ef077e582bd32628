"""Questions with their answers, out of a table or a text that has them. Does not know how to make any up."""

import re

ASKED = r"^[ \t]*(?:Q|Question|问|问题)[ \t]*\d*[ \t]*[:：]"
SAID = r"^[ \t]*(?:A|Answer|答|答案)[ \t]*\d*[ \t]*[:：]"
# Without spaces around the groups: they would compete for the blank lines, in the cube of their number.
PAIR = re.compile(rf"{ASKED}(.*?){SAID}(.*?)(?={ASKED}|\Z)", re.DOTALL | re.IGNORECASE | re.MULTILINE)
HEADS = frozenset({"question", "questions", "q", "问题", "问"})


def pairs(text: str) -> list[tuple[str, str]]:
    """The questions of a document, each with its answer."""
    return marked(text) or rows(text)


def marked(text: str) -> list[tuple[str, str]]:
    found = ((question.strip(), answer.strip()) for question, answer in PAIR.findall(text))
    return [(question, answer) for question, answer in found if question and answer]


def rows(text: str) -> list[tuple[str, str]]:
    """Of a table as it comes out of a document."""
    lines = [line.strip().strip("|").split("|") for line in text.splitlines() if line.strip().startswith("|")]
    ruled = [line for line in lines if not all(set(cell.strip()) <= {"-", ":"} for cell in line)]
    return two_columns([[cell.strip() for cell in line] for line in ruled])


def two_columns(table: list[list[str]]) -> list[tuple[str, str]]:
    found = [(row[0].strip(), row[1].strip()) for row in table if len(row) >= 2 and row[0].strip() and row[1].strip()]
    return found[1:] if found and found[0][0].casefold() in HEADS else found
