"""A place where the code of apps runs and can do no harm. Does not know which node the code belongs to."""

from typing import Literal, Protocol

Language = Literal["python3", "javascript"]


class Sandbox(Protocol):
    async def run(self, language: Language, code: str, inputs: dict[str, object]) -> object:
        """What the function `main` of that code returns for the inputs, as JSON has it.

        Python is given the inputs by name, JavaScript one object. What the code prints is nobody's.

        Raises:
            CodeFailed: there is no result; the message says why, and the line of the code where it can.
        """
        ...
