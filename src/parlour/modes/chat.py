"""The mode `chat`: one model answers, with the conversation's history. Knows no store, no socket and no wire."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

from msgspec import structs

from parlour.domain.app import EasyApp
from parlour.domain.events import AnswerFinished, AnyEvent, ModelFinished
from parlour.domain.turn import Turn
from parlour.domain.usage import total
from parlour.llm.citing import cited, context
from parlour.llm.documents import images, recalled, with_texts
from parlour.llm.exchange import exchange
from parlour.llm.prompt import compose
from parlour.modes.knowledge import Looked, looked_up
from parlour.ports import Ports
from parlour.ports.models import Image

Easy = TypeVar("Easy", bound=EasyApp)


async def run(turn: Turn[EasyApp], ports: Ports) -> AsyncGenerator[AnyEvent, None]:
    """Everything that a chat app says in one turn, in order.

    Raises:
        Problem: nothing can be looked up, the prompt does not fit the model, or the model cannot be reached.
    """
    looked = Looked() if turn.app.lookup is None else await looked_up(turn, ports)
    for event in looked.events:
        yield event
    if looked.problem is not None:
        raise looked.problem
    turn, pictures = await with_files(turn, ports)
    known = context(looked.hits) if looked.hits else ""
    call = await compose(turn, images=pictures, models=ports.models, tokens=ports.tokens, context=known)
    spent = [event.usage for event in looked.events if isinstance(event, ModelFinished)]
    async with aclosing(exchange(call, ports)) as events:
        async for event in events:
            if type(event) is ModelFinished:
                spent.append(event.usage)
            yield event
    citations = cited(looked.hits, turn.ask.retriever_from) if looked.hits and turn.app.features.citations else ()
    yield AnswerFinished(usage=total(spent), citations=citations)


async def with_files(turn: Turn[Easy], ports: Ports) -> tuple[Turn[Easy], tuple[Image, ...]]:
    """The turn with the texts of its documents, its pictures, and the files of earlier ones read again."""
    pictures = ()
    if files := turn.ask.files:
        ask = structs.replace(turn.ask, query=with_texts(turn.ask.query, files))
        turn, pictures = structs.replace(turn, ask=ask), images(files, turn.app.features.files.image_detail)
    return await recalled(turn, ports.contents), pictures
