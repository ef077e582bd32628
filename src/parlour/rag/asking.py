"""Questions with their answers, made up by a model out of a text. Does not know where texts and pairs are kept."""

from contextlib import aclosing

from parlour.domain.app import Model
from parlour.ports.models import Call, Line, Models, Text
from parlour.rag.questions import pairs

TASK = """\
You make questions with answers out of a text that the user sends. Use nothing but what the text says. Ask for all that
somebody may want to know of it, and join what belongs together. A question can be understood without the text; its
answer is complete. Write in {language}, and in no other language. Write nothing but lines of this form:
Q1: the first question
A1: its answer
Q2: the second question
A2: its answer"""


class Asker:
    """Has a model make them."""

    def __init__(self, models: Models, model: Model) -> None:
        self._models = models
        self._model = model

    async def pairs(self, text: str, language: str) -> list[tuple[str, str]]:
        """Raises: Problem, as the port `Models.stream`."""
        lines = (Line("system", TASK.format(language=language)), Line("user", text))
        async with aclosing(self._models.stream(Call(self._model, lines))) as stream:
            said = "".join([piece.text async for piece in stream if isinstance(piece, Text)])
        return pairs(said.rpartition("</think>")[2].replace("**", ""))
