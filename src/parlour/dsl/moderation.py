"""Which texts an app lets through: `sensitive_word_avoidance` (dsl.md 9.4). Does not know who decides."""

from typing import cast

from parlour.domain.app import Moderation, ModerationKind, Preset
from parlour.dsl.part import Part

NAME = "sensitive_word_avoidance"
KINDS = ("keywords", "openai_moderation", "api")


def moderation(features: Part, *, conversing: bool) -> Moderation | None:
    """None where it is switched off. A workflow has no conversation to moderate."""
    said = features.part(NAME)
    if not said.flag("enabled"):
        return None
    if not conversing:
        features.approximated(NAME, "a workflow is not moderated, as in Dify: NOTHING IS FILTERED", NAME)
        return None
    config = said.part("config")
    made = Moderation(
        kind=cast("ModerationKind", said.choice("type", KINDS)),
        inputs=preset(config.part("inputs_config")),
        outputs=preset(config.part("outputs_config")),
        keywords=tuple(word.lower() for word in config.text("keywords").split("\n") if word),
        extension=config.text("api_based_extension_id"),
    )
    if made.kind == "keywords" and not made.keywords:
        features.approximated(NAME, "has no `config.keywords`: NOTHING IS FILTERED", NAME)
    elif not (made.inputs.enabled or made.outputs.enabled):
        features.approximated(
            NAME, "neither `inputs_config` nor `outputs_config` is enabled: NOTHING IS FILTERED", NAME
        )
    else:
        features.supported(f"{NAME} ({made.kind})", NAME)
    return made


def preset(said: Part) -> Preset:
    return Preset(said.flag("enabled"), said.text("preset_response"))
