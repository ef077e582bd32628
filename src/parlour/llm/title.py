"""A name for a conversation, by a model. Does not know where the name is kept, nor when it is asked for."""

from contextlib import aclosing

from msgspec import structs

from parlour.domain.app import Model
from parlour.domain.problems import Problem
from parlour.ports import Ports
from parlour.ports.models import Call, Line, Text

LONGEST = 75
INSTRUCTION = (
    "Give the conversation that begins with the user's message a title of two to six words, in the language of that "
    "message. Reply with the title alone: no quotes, no full stop, no explanation."
)


async def title(named: Model, query: str, ports: Ports) -> str:
    """The model's title; empty where it fails, or says nothing that could be one."""
    model = structs.replace(named, mode="chat", parameters={"temperature": 0, "max_tokens": 40}, stop=())
    call = Call(model, (Line("system", INSTRUCTION), Line("user", query[:2000])), purpose="title")
    try:
        async with aclosing(ports.models.stream(call)) as stream:
            parts = [said.text async for said in stream if isinstance(said, Text)]
    except Problem:
        parts = []
    return tidy("".join(parts))


def tidy(text: str) -> str:
    """One line without quotes or thoughts, at most `LONGEST` characters and an ellipsis."""
    text = text.rpartition("</think>")[2].partition("<think>")[0]  # the second: thoughts that the limit cut
    line = next((line.strip() for line in text.splitlines() if line.strip()), "").strip("\"'“”「」* ").rstrip(".。")
    return line if len(line) <= LONGEST else line[:LONGEST] + "..."
