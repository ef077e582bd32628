"""The tool of the provider `regex`: what an expression finds in a text. Runs in the sandbox, and knows no engine."""

import json

from parlour.domain.problems import CodeFailed, ToolFailed
from parlour.ports.tools import Outcome
from parlour.tools.tool import Builtin, Given, string

CODE = """
import re

def main(content, expression):
    return re.findall(expression, content)
"""
"""The sandbox's own engine takes a time that grows with the text, whatever the expression."""


async def regex_extract(given: Given) -> Outcome:
    asked: dict[str, object] = {"content": given.text("content"), "expression": given.text("expression")}
    try:
        found = await given.reach.sandbox.run("python3", CODE, asked)
    except CodeFailed as failed:
        raise ToolFailed(f"the expression cannot be used: {failed.message}") from None
    return Outcome(json.dumps(found, ensure_ascii=False), data=(found,))


TOOLS = (
    Builtin(
        "regex_extract",
        "Regex Extract",
        "Finds all that matches a regular expression in a text.",
        regex_extract,
        {"content": string("the text"), "expression": string("the regular expression, in Python's syntax")},
        ("content", "expression"),
    ),
)
