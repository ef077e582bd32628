"""The mode `chat`: one model answers, with the conversation's history. Knows no store, no socket and no wire."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from parlour.domain.events import AnswerFinished, AnyEvent, ModelFinished
from parlour.domain.turn import Turn
from parlour.domain.usage import NOTHING
from parlour.llm.exchange import exchange
from parlour.llm.prompt import compose
from parlour.ports import Ports
from parlour.ports.models import Image


async def run(turn: Turn, ports: Ports) -> AsyncGenerator[AnyEvent, None]:
    """Everything that a chat app says in one turn, in order.

    Raises:
        Problem: the prompt does not fit the model, or the model cannot be reached.
    """
    detail = turn.app.features.files.image_detail
    images = tuple(Image(file.url, detail) for file in turn.ask.files if file.type == "image" and file.url)
    call = await compose(turn, images=images, models=ports.models, tokens=ports.tokens)
    usage = NOTHING
    async with aclosing(exchange(call, ports)) as events:
        async for event in events:
            if type(event) is ModelFinished:
                usage = event.usage
            yield event
    yield AnswerFinished(usage=usage)
