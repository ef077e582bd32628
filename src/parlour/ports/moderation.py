"""Who decides which texts are let through. Does not know whose texts they are, nor what is said in their place."""

from typing import Literal, Protocol

from msgspec import Struct

from parlour.domain.app import Moderation as Rule

Point = Literal["app.moderation.input", "app.moderation.output"]


class Ruling(Struct, frozen=True):
    """What an extension decides."""

    flagged: bool = False
    action: Literal["direct_output", "overridden"] = "direct_output"
    """Say `preset_response` instead, or go on with what else is here."""
    preset_response: str = ""
    inputs: dict[str, object] = {}
    query: str = ""
    text: str = ""


class Moderation(Protocol):
    def check(self, rule: Rule) -> None:
        """Return if whoever decides by this rule could be asked now.

        Raises:
            ProviderNotInitialized: the operator has not said where to find it.
        """
        ...

    async def harmful(self, text: str) -> bool:
        """Whether a model made for that finds harm in it.

        Raises:
            ModerationFailed: it does not say.
        """
        ...

    async def ruling(self, extension: str, point: Point, params: dict[str, object]) -> Ruling:
        """What an extension decides, by its name in apps.

        Raises:
            ModerationFailed: it does not say.
        """
        ...
