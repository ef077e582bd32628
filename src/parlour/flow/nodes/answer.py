"""What a chatflow says (dsl.md 6.3). Does not know how much of it was heard before
it runs: `flow/speech.py` does."""

from collections.abc import AsyncGenerator

from msgspec import Struct

from parlour.flow import template
from parlour.flow.node import Part, Result, Say, Scope
from parlour.flow.values import files_in


class Config(Struct, frozen=True):
    answer: str = ""


def speaks(config: Config, node_id: str) -> tuple[Part, ...]:
    return tuple(Part(segment, (node_id, "answer")) for segment in template.parse(config.answer))


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    written = template.parse(config.answer)
    said = [part for part in written if isinstance(part, str) or part[0] not in scope.skipped]
    found = [file for part in said if not isinstance(part, str) for file in files_in(scope.value(part))]
    text = template.render(said, scope.pool, markdown=True)
    yield Result({"answer": text, "files": found}, kinds={"files": "array[file]"}, files=tuple(found), answer=text)
