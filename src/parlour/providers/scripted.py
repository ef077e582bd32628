"""A model that says what a script tells it to. For tests, demos, and authors of clients who need an answer on cue.

A script is JSON: rules, tried in order; the first one that fits speaks::

    {"rules": [
      {"match": "weather",                    a regular expression, searched in the last user text; absent: any text
       "purpose": "answer",                   or "title", "suggest"; absent: "answer"
       "once": true,                          the rule serves a single call, so that a sequence can be written down
       "first_ms": 200,                       wait before the first piece
       "delay_ms": 20,                        wait between pieces
       "think": ["Hm. "],                     thoughts, before the text
       "say": ["It is ", "sunny. "],          pieces of text; {query} {prompt} {system} are filled in
       "repeat": 3,                           the pieces of `say`, so many times over
       "tool_calls": [{"id": "c1", "name": "forecast", "arguments": {"days": 2}}],
       "usage": {"prompt_tokens": 12, "completion_tokens": 4},      null or absent: nothing is counted
       "finish": "stop",                      absent: "stop", or "tool_calls" where there are some
       "error": {"code": "completion_request_error", "message": "[x] broken", "after": 1},
                                              fails after so many pieces of text; `code`: any code of a problem
       "hang": true}                          after its pieces, says nothing more until it is closed
     ],
     "tools": true}                           whether it asks for tools by `tool_calls`; absent: it does

`{query}` is the last user text, `{prompt}` the whole prompt as lines of `role: text`, `{system}` the system lines. A
call that no rule fits is answered by an echo: the query, word by word; for a title, its first words; for suggestions,
three questions. Keeps no state but how often each rule was used. Does not know any provider or network.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from parlour.domain.app import Model
from parlour.domain.problems import CompletionRequestFailed, Problem
from parlour.ports.models import Call, Counted, Ended, Said, Text, Thinking, ToolCall

Sleep = Callable[[float], Awaitable[object]]
PIECES_WITHOUT_PAUSE = 32
"""A long answer without delays must leave the others on the loop a turn, too."""
TITLE_WORDS = 6
SUGGESTIONS = '["Can you say more?", "Why is that?", "What else should I know?"]'


class ScriptedTool(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    arguments: dict[str, object] = {}
    id: str = ""


class ScriptedUsage(Struct, frozen=True, forbid_unknown_fields=True):
    prompt_tokens: int
    completion_tokens: int


class ScriptedError(Struct, frozen=True, forbid_unknown_fields=True):
    code: str = "completion_request_error"
    message: str = ""
    after: int = 0


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a script; see the module's text."""

    match: str | None = None
    purpose: Literal["answer", "title", "suggest"] = "answer"
    say: tuple[str, ...] = ()
    think: tuple[str, ...] = ()
    tool_calls: tuple[ScriptedTool, ...] = ()
    usage: ScriptedUsage | None = None
    error: ScriptedError | None = None
    finish: str = ""
    first_ms: float = 0
    delay_ms: float = 0
    repeat: int = 1
    once: bool = False
    hang: bool = False

    def __post_init__(self) -> None:
        """Say what is wrong when the script is read, not when its rule comes up."""
        if self.match is not None:
            try:
                re.compile(self.match)
            except re.error as error:
                raise ValueError(f"match: {self.match!r} is no regular expression: {error}") from None
        if self.error is not None and self.error.code not in problems():
            raise ValueError(f"error: {self.error.code!r} is not one of {', '.join(sorted(problems()))}")


class Script(Struct, frozen=True, forbid_unknown_fields=True):
    rules: tuple[Rule, ...] = ()
    tools: bool = True
    """Whether its models ask for tools by `tool_calls`; else in plain text."""


def script_of(source: bytes | str | Path) -> Script:
    """Read a script from its JSON, or from a file that holds it.

    Raises:
        msgspec.ValidationError: it is no script; the message says where.
    """
    text = source.read_bytes() if isinstance(source, Path) else source
    return msgspec.json.decode(text, type=Script)


def problems() -> dict[str, type[Problem]]:
    """Each problem by its code; of two with the same code, the first."""
    return {kind.code: kind for kind in reversed(Problem.__subclasses__())}


class Scripted:
    """Speaks as `script` says. `sleep` takes seconds."""

    def __init__(self, script: Script | None = None, sleep: Sleep = asyncio.sleep, context: int | None = None) -> None:
        self._script = script or Script()
        self._sleep = sleep
        self._context = context
        self._uses = Counter[int]()

    def check(self, model: Model) -> None:
        """Nothing can be missing."""

    def context(self, model: Model) -> int | None:
        del model
        return self._context

    def uses_tools(self, model: Model) -> bool:
        return self._script.tools and model.mode == "chat"

    async def stream(self, call: Call) -> AsyncGenerator[Said, None]:
        query = last_query(call)
        rule = self._rule(call, query)
        await self._pause(rule.first_ms)
        for thought in rule.think:
            yield Thinking(fill(thought, call, query))
            await self._pause(rule.delay_ms)
        error = rule.error
        for number, piece in enumerate(self._pieces(rule)):
            if error is not None and number == error.after:
                break
            if number and (rule.delay_ms or number % PIECES_WITHOUT_PAUSE == 0):
                await self._pause(rule.delay_ms, always=True)
            yield Text(fill(piece, call, query))
        if error is not None:
            raise problems()[error.code](error.message or CompletionRequestFailed.__name__)
        if rule.hang:
            await asyncio.get_running_loop().create_future()
        for number, tool in enumerate(rule.tool_calls):
            yield ToolCall(tool.id or f"call_{number}", tool.name, msgspec.json.encode(tool.arguments).decode())
        if rule.usage is not None:
            yield Counted(rule.usage.prompt_tokens, rule.usage.completion_tokens)
        yield Ended(rule.finish or ("tool_calls" if rule.tool_calls else "stop"))

    async def _pause(self, milliseconds: float, *, always: bool = False) -> None:
        if milliseconds:
            await self._sleep(milliseconds / 1000)
        elif always:
            await asyncio.sleep(0)

    def _pieces(self, rule: Rule) -> Iterator[str]:
        return (piece for _ in range(rule.repeat) for piece in rule.say)

    def _rule(self, call: Call, query: str) -> Rule:
        """The first that fits, marked as used; the echo where none does."""
        for number, rule in enumerate(self._script.rules):
            spent = rule.once and self._uses[number]
            if not spent and rule.purpose == call.purpose and (rule.match is None or re.search(rule.match, query)):
                self._uses[number] += 1
                return rule
        return Rule(say=echo(call, query))


def echo(call: Call, query: str) -> tuple[str, ...]:
    match call.purpose:
        case "answer":
            return tuple(literal(word) for word in re.findall(r"\s*\S+|\s+$", query))
        case "title":
            return (literal(" ".join(islice(query.split(), TITLE_WORDS))),)
        case "suggest":
            return (SUGGESTIONS,)


def last_query(call: Call) -> str:
    """The last text of the user; in completion mode, the prompt is all there is."""
    users = [line.text for line in call.lines if line.role == "user"]
    return users[-1] if users else call.lines[-1].text if call.lines else ""


PLACEHOLDER = re.compile(r"\{(query|prompt|system|open)\}")


def literal(text: str) -> str:
    """Text that stays as it is when it is filled."""
    return text.replace("{", "{open}")


def fill(piece: str, call: Call, query: str) -> str:
    if "{" not in piece:
        return piece
    values = {
        "query": query,
        "prompt": "\n".join(f"{line.role}: {line.text}" for line in call.lines),
        "system": "\n".join(line.text for line in call.lines if line.role == "system"),
        "open": "{",
    }
    return PLACEHOLDER.sub(lambda found: values[found[1]], piece)
