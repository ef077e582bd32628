"""What is decided of a text, whoever decides it. Does not know what comes of the decision."""

from collections.abc import Iterable

from msgspec import Struct

from parlour.domain.app import Moderation, Preset
from parlour.ports import Ports
from parlour.ports.moderation import Point, Ruling


class Verdict(Struct, frozen=True):
    """A text is not let through."""

    instead: str | None
    """What is said in its place; None where it is let through in another wording."""
    ruling: Ruling = Ruling()
    """That wording."""


async def verdict(
    rule: Moderation, preset: Preset, texts: Iterable[str], point: Point, params: dict[str, object], ports: Ports
) -> Verdict | None:
    """None lets it through. `texts` are looked at here, or by a model; an extension is sent `params`.

    Raises:
        ModerationFailed: who decides does not say.
    """
    match rule.kind:
        case "keywords":
            lowered = [text.lower() for text in texts]
            flagged = any(word in text for word in rule.keywords for text in lowered)
        case "openai_moderation":
            text = "\n".join(texts)
            flagged = bool(text) and await ports.moderation.harmful(text)
        case "api":
            ruling = await ports.moderation.ruling(rule.extension, point, params)
            if not ruling.flagged:
                return None
            return Verdict(None if ruling.action == "overridden" else ruling.preset_response, ruling)
    return Verdict(preset.response) if flagged else None
