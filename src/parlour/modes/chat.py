"""The mode `chat`: one model answers, with the conversation's history. Knows no store, no socket and no wire."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from msgspec import structs

from parlour.domain.app import EasyApp
from parlour.domain.events import AnswerFinished, AnyEvent, ModelFinished
from parlour.domain.turn import Turn
from parlour.domain.usage import NOTHING
from parlour.llm.documents import images, recalled, with_texts
from parlour.llm.exchange import exchange
from parlour.llm.prompt import compose
from parlour.ports import Ports


async def run(turn: Turn[EasyApp], ports: Ports) -> AsyncGenerator[AnyEvent, None]:
    """Everything that a chat app says in one turn, in order.

    Raises:
        Problem: the prompt does not fit the model, or the model cannot be reached.
    """
    pictures = ()
    if files := turn.ask.files:
        ask = structs.replace(turn.ask, query=with_texts(turn.ask.query, files))
        turn, pictures = structs.replace(turn, ask=ask), images(files, turn.app.features.files.image_detail)
    turn = await recalled(turn, ports.contents)
    call = await compose(turn, images=pictures, models=ports.models, tokens=ports.tokens)
    usage = NOTHING
    async with aclosing(exchange(call, ports)) as events:
        async for event in events:
            if type(event) is ModelFinished:
                usage = event.usage
            yield event
    yield AnswerFinished(usage=usage)
