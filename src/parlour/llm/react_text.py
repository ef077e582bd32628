"""The plain-text way of asking for tools: what a model is told of it, and its answer read piece by piece (dsl.md 8.4).

Pure: text comes in pieces cut anywhere, and goes out as soon as it is certain that it is no action. Does not know who
runs the action.
"""

import re
from collections.abc import Sequence
from typing import cast

import msgspec
from msgspec import Struct

from parlour.llm.mending import read
from parlour.ports.models import Tool

OBSERVATION = "Observation"
"""Where the model is stopped: what comes next is the tool's to say."""
FINAL = "final answer"
GO_ON = "continue"

SCAFFOLD = """{{instruction}}

You can use these tools, described in JSON:

{{tools}}

To use one, say in a sentence what you need and why, then write one JSON object in a code block, with the tool's name
(one of: {{tool_names}}) and its arguments:

Thought: what you need and why
Action:
```json
{"action": "the name of the tool", "action_input": {"the name of an argument": "its value"}}
```

Write nothing behind it. You are then told what the tool says, as `Observation:`, and can use another tool, or answer.
When you know enough, or need no tool, answer in the language of the question with:

Thought: I know what to answer
Action:
```json
{"action": "Final Answer", "action_input": "what you answer"}
```
"""
PLAIN = "{{instruction}}\n\nAnswer now, with what you know: no tool can be used any more.\n"

MARK = re.compile(r"^[ \t]*(?:Thought|Action)[ \t]*:[ \t]*\n?", re.IGNORECASE | re.MULTILINE)
MARKS = ("thought:", "action:")
FENCE = "```"
HEAD = re.compile(r"```[a-zA-Z]*[ \t]*\n?")
LONGEST = 64 * 1024
"""Characters that are looked at as an action: longer ones are text."""


class Action(Struct, frozen=True):
    """A tool that the model asks for, or its final answer."""

    name: str
    given: object

    @property
    def final(self) -> bool:
        return self.name.strip().lower() == FINAL

    @property
    def text(self) -> str:
        """What it is given, as text: JSON, where it is more than that."""
        return self.given if isinstance(self.given, str) else msgspec.json.encode(self.given).decode()


def instructed(scaffold: str, instruction: str, tools: Sequence[Tool]) -> str:
    """The system's text; without tools one that asks for the answer."""
    text = (scaffold or SCAFFOLD) if tools else PLAIN
    told = [{"name": one.name, "description": one.description, "parameters": one.parameters} for one in tools]
    values = {
        "instruction": instruction,
        "tools": msgspec.json.encode(told).decode(),
        "tool_names": ", ".join(one.name for one in tools),
    }
    return re.sub(r"\{\{(instruction|tools|tool_names)\}\}", lambda found: values[found[1]], text).strip()


class Reading:
    """Feed it the answer, piece by piece, then `end` it. What follows the first action is not read."""

    def __init__(self) -> None:
        self.action: Action | None = None
        self._held = ""
        self._line_start = True

    def feed(self, piece: str) -> str:
        """What of it is certainly text for the user."""
        if self.action is not None:
            return ""
        self._held += piece
        return self._read(whole=False)

    def end(self) -> str:
        """What is left of it."""
        return self._read(whole=True) if self.action is None else ""

    def _read(self, *, whole: bool) -> str:
        told: list[str] = []
        while self._held and self.action is None:
            start = next((at for at, char in enumerate(self._held) if char in "{`"), len(self._held))
            if start:
                sure = self._sure(self._held[:start], whole=whole or start < len(self._held))
                told.append(self._text(self._held[:sure]))
                self._held = self._held[sure:]
                if sure < start:
                    break
                continue
            end = fenced(self._held, whole=whole) if self._held[0] == "`" else braced(self._held, whole=whole)
            if end == 0:
                break
            block, self._held = self._held[:end], self._held[end:]
            self.action = action_of(block)
            if self.action is None:
                told.append(self._text(block))
        return "".join(told)

    def _sure(self, text: str, *, whole: bool) -> int:
        """How much of a text can be told: its last line may be the beginning of a mark."""
        if whole:
            return len(text)
        start = text.rfind("\n") + 1
        if start == 0 and not self._line_start:
            return len(text)
        line = text[start:].lstrip().lower()
        unsure = any(
            mark.startswith(line) or (line.startswith(mark) and not line[len(mark) :].strip()) for mark in MARKS
        )
        return start if unsure else len(text)

    def _text(self, text: str) -> str:
        """The text without its marks."""
        if not text:
            return ""
        shown = MARK.sub("", text) if self._line_start else MARK.sub("", f".{text}")[1:]
        self._line_start = text.endswith("\n") or (self._line_start and not text.strip())
        return shown


def braced(text: str, *, whole: bool) -> int:
    """Where the object that a text begins with ends; 0 while that is open, 1 where it will be none."""
    depth, quoted, escaped = 0, False, False
    for at, char in enumerate(text[:LONGEST]):
        if escaped:
            escaped = False
        elif quoted:
            quoted, escaped = char != '"', char == "\\"
        elif char == '"':
            quoted = True
        elif char in "{}":
            depth += 1 if char == "{" else -1
            if depth == 0:
                return at + 1
    return len(text) if whole else 1 if len(text) >= LONGEST else 0


def fenced(text: str, *, whole: bool) -> int:
    """Where the code block that a text begins with ends; 0 while that is open, 1 where it is none."""
    if not text.startswith(FENCE[: len(text)]):
        return len(text) - len(text.lstrip("`"))
    close = text.find(FENCE, 3)
    if close >= 0:
        return close + 3
    return len(text) if whole else 1 if len(text) >= LONGEST else 0


def action_of(block: str) -> Action | None:
    """The action that a block of JSON is; None if it is none."""
    text = HEAD.sub("", block, count=1).removesuffix(FENCE) if block.startswith(FENCE) else block
    if not text.lstrip().startswith(("{", "[")):
        return None
    found = read(text)
    if isinstance(found, list) and len(cast("list[object]", found)) == 1:
        found = cast("list[object]", found)[0]
    if not isinstance(found, dict):
        return None
    members = cast("dict[str, object]", found)
    given = [name for name in members if "input" in name.lower()]
    names = [name for name in members if "input" not in name.lower()]
    if len(given) != 1 or len(names) != 1 or not isinstance(name := members[names[0]], str):
        return None
    return Action(name, members[given[0]])
