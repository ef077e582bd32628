"""The `{{name}}` templates of an app's texts, filled in. Knows no app and no prompt: text and values in, text out.

Source: dsl.md 8.1. Flow graphs have another syntax (`{{#node.name#}}`) with rules of its own.
"""

import re
from collections.abc import Mapping

PLACE = re.compile(r"\{\{([A-Za-z_][A-Za-z0-9_]{0,29}|#(?:context|query|histories)#)\}\}")
CONTROL = re.compile(r"<\|[^\n]*?\|>")


def fill(text: str, values: Mapping[str, object]) -> str:
    """Put values into their places in one pass; a place without a value stays as it is written.

    What is put in cannot open a new place (`{{x}}` within it becomes `{x}`), and nothing of the result can pass for a
    control token of a model: every `<|…|>` is deleted.
    """
    if "{{" in text:
        text = PLACE.sub(lambda place: _plain(values[place[1]]) if place[1] in values else place[0], text)
    return _without_control(text) if "<|" in text else text


def _plain(value: object) -> str:
    text = "" if value is None else str(value)
    return PLACE.sub(r"{\1}", text) if "{{" in text else text


def _without_control(text: str) -> str:
    """Delete `<|…|>`, line by line.

    Only what stands before a line's last `|>` is searched: there each `<|` finds its end, so that a text of nothing
    but `<|` costs no more than another.
    """
    lines = ((line, line.rfind("|>") + 2) for line in text.split("\n"))
    return "\n".join(CONTROL.sub("", line[:end]) + line[end:] for line, end in lines)
