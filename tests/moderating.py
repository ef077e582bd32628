"""A moderation that decides by what a test tells it, and keeps what it was asked."""

from collections.abc import Callable

from parlour.domain.app import Moderation as Rule
from parlour.domain.problems import ModerationFailed, ProviderNotInitialized
from parlour.ports.moderation import Point, Ruling

Asked = dict[str, object]


class Moderating:
    """`harm`: words that its model finds harmful. `decide`: what its extensions say; None fails, as all of it then."""

    def __init__(
        self, *harm: str, decide: Callable[[Point, Asked], Ruling | None] | None = None, there: bool = True
    ) -> None:
        self._harm = harm
        self._decide = decide
        self._there = there
        self.asked: list[tuple[str, str, Asked]] = []
        self.broken = False

    def check(self, rule: Rule) -> None:
        if not self._there:
            raise ProviderNotInitialized(f"nobody decides by {rule.kind}")

    async def harmful(self, text: str) -> bool:
        self.asked.append(("model", "", {"text": text}))
        if self.broken:
            raise ModerationFailed("The moderation service cannot be reached.")
        return any(word in text for word in self._harm)

    async def ruling(self, extension: str, point: Point, params: Asked) -> Ruling:
        self.asked.append((extension, point, params))
        ruling = self._decide(point, params) if self._decide else Ruling()
        if ruling is None:
            raise ModerationFailed("The moderation service cannot be reached.")
        return ruling
