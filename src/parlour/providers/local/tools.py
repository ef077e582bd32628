"""How a very small model uses tools: the tool is chosen for it, and grammars hold it to what it has to write.

It fills in the arguments of the one tool that the question is for, and then tells what came of it, word for word. Knows
neither engine nor tools.
"""

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import cast

import msgspec
from msgspec import Struct, structs

from parlour.ports.models import Call, Counted, Ended, Line, Said, Text, Tool, ToolCall, properties, required
from parlour.providers.local.choosing import EXAMPLES, Chooser

Ask = Callable[[Call, dict[str, object]], AsyncGenerator[Said, None]]
"""Ask the model; the parameters hold it to something."""

ARGUMENTS = 200
"""Tokens for the arguments of a tool."""
SHORT = 300
"""Characters of a result that is told word for word."""
READ = 4000
"""Characters of a longer one that the model is shown."""
BEGINNINGS = ("The answer is: ", "The result is: ", "I have found: ", "Sorry, ")
"""How a sentence that tells a result may begin."""
RESULTS = (
    ("What is 2 + 2?", "4", "The result is: 4."),
    ("Where is Ann?", "the tool failed: there is no Ann", "Sorry, the tool failed: there is no Ann."),
    ("Who won?", "Oslo", "The answer is: Oslo."),
)
KEPT = ("type", "enum", "items", "properties", "required")
"""What grammars are made of; the rest of a schema is for readers."""


class Question(Struct, frozen=True):
    """What was asked last, and what tools have said to it since."""

    text: str
    results: tuple[str, ...]

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "Question":
        last = max((place for place, line in enumerate(lines) if line.role == "user"), default=-1)
        since = tuple(line.text for line in lines[last + 1 :] if line.role == "tool")
        return cls(lines[last].text if last >= 0 else "", since)


async def stream(call: Call, chooser: Chooser, ask: Ask) -> AsyncGenerator[Said, None]:
    """As the port `Models.stream`."""
    question = Question.of(call.lines)
    tool = None
    if not question.results and call.tools:
        tool = await chooser.choose(question.text, call.tools)
    if tool is not None:
        answer = wanted(tool, question, call, ask)
    elif question.results:
        answer = ask(*told(question, call))
    else:
        answer = ask(structs.replace(call, lines=tuple(spoken(call.lines)), tools=()), {})
    async with aclosing(answer) as pieces:
        async for said in pieces:
            yield said


async def wanted(tool: Tool, question: Question, call: Call, ask: Ask) -> AsyncGenerator[Said, None]:
    """Ask for the tool, with what it needs. Where it needs nothing, there is nothing to write."""
    schema, parts = needed(tool.parameters), list[str]()
    if schema["properties"]:
        lines = [Line("system", f"Write what the tool is given for the question, as JSON. {tool.description}")]
        for example in EXAMPLES.get(tool.name, ()):
            lines.append(Line("user", example.question))
            lines.append(Line("assistant", json.dumps(example.arguments)))
        asked = structs.replace(call, lines=(*lines, Line("user", question.text)), tools=())
        written = msgspec.json.encode({"name": "arguments", "schema": schema}).decode()
        held: dict[str, object] = {"response_format": "json_schema", "json_schema": written, "max_tokens": ARGUMENTS}
        async with aclosing(ask(asked, held)) as said:
            async for piece in said:
                if isinstance(piece, Text):
                    parts.append(piece.text)
                elif isinstance(piece, Counted):
                    yield piece
    yield ToolCall(f"call_{tool.name}", tool.name, "".join(parts) or "{}")
    yield Ended("tool_calls")


def needed(parameters: dict[str, object]) -> dict[str, object]:
    """The schema of what a tool cannot do without: the less there is to write, the less goes wrong."""
    found = kept(parameters)
    known = properties(found)
    names = [name for name in required(found) if name in known]
    return {"type": "object", "properties": {name: known[name] for name in names}, "required": names}


def kept(schema: dict[str, object]) -> dict[str, object]:
    found = {name: schema[name] for name in KEPT if name in schema}
    if isinstance(items := found.get("items"), dict):
        found["items"] = kept(cast("dict[str, object]", items))
    if isinstance(properties := found.get("properties"), dict):
        inner = cast("dict[str, dict[str, object]]", properties)
        found["properties"] = {name: kept(one) for name, one in inner.items()}
    return found


def told(question: Question, call: Call) -> tuple[Call, dict[str, object]]:
    """The call that tells what came of a tool."""
    result = question.results[-1]
    if len(result) > SHORT or "\n" in result:
        lines = (
            Line("system", "Answer the question in one sentence, by what the text says."),
            Line("user", f"{result[:READ]}\n\nQuestion: {question.text}"),
        )
        return structs.replace(call, lines=lines, tools=()), {}
    shown = [
        line
        for asked, found, answer in RESULTS
        for line in (Line("user", f"Question: {asked}\nResult: {found}"), Line("assistant", answer))
    ]
    lines = (
        Line("system", "You tell the result of a tool in one short sentence."),
        *shown,
        Line("user", f"Question: {question.text}\nResult: {result}"),
    )
    return structs.replace(call, lines=lines, tools=()), {"grammar": around(result)}


def around(result: str) -> str:
    """A grammar for a sentence that holds the result as it is."""
    beginnings = " | ".join(map(json.dumps, BEGINNINGS))
    end = "" if result.endswith((".", "!", "?")) else '"."'
    return f"root ::= ({beginnings}) {json.dumps(result, ensure_ascii=False)} {end}\n"


def spoken(lines: Sequence[Line]) -> list[Line]:
    """A conversation without its tools, of which the model knows nothing."""
    return [
        structs.replace(line, tool_calls=()) for line in lines if line.role != "tool" and (line.text or line.images)
    ]
