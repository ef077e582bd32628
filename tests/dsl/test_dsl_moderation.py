"""Which texts an app lets through, as its file says it (dsl.md 9.4)."""

from typing import Any

import pytest

from parlour.domain.app import Moderation, Preset
from tests.contract.requirements import requirement
from tests.dsl.dsl_samples import app, findings, line_of, refusals, sample
from tests.dsl.graph_samples import flow, flow_file

NAME = "sensitive_word_avoidance"


def said(type_: object = "keywords", *, enabled: object = True, **config: object) -> dict[str, Any]:
    return {NAME: {"enabled": enabled, "type": type_, "config": config}}


INPUTS = {"inputs_config": {"enabled": True, "preset_response": "No."}}
OUTPUTS = {"outputs_config": {"enabled": True, "preset_response": "Not so."}}


def test_what_is_switched_on_is_read() -> None:
    found = app(**said(keywords="Big\n\nBAD wolf", **INPUTS, **OUTPUTS)).features.moderation
    presets = Preset(enabled=True, response="No."), Preset(enabled=True, response="Not so.")
    assert found == Moderation("keywords", *presets, keywords=("big", "bad wolf"))
    assert app(**said("openai_moderation", **INPUTS)).features.moderation == Moderation("openai_moderation", presets[0])
    found = app(**said("api", api_based_extension_id="e1", **OUTPUTS)).features.moderation
    assert found == Moderation("api", outputs=presets[1], extension="e1")
    assert flow(features=said(keywords="x", **INPUTS)).features.moderation is not None


@pytest.mark.parametrize("off", [{"enabled": False}, {"enabled": None, "type": "keywords"}, {}, [], None])
def test_what_is_switched_off_is_nothing(off: object) -> None:
    assert app(**{NAME: off}).features.moderation is None
    assert not findings(sample(**{NAME: off}), "approximated")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (said("magic"), f"{NAME}.type: magic: must be one of keywords, openai_moderation, api"),
        (said(enabled="yes"), f"{NAME}.enabled: must be `true` or `false`"),
        (said(keywords=["a"]), "keywords: must be text"),
        (said(inputs_config=True), "inputs_config: must be a mapping"),
        ({NAME: True}, f"{NAME}: must be a mapping"),
    ],
)
def test_what_is_not_understood_is_refused(written: dict[str, Any], says: str) -> None:
    assert says in refusals(sample(**written))


@pytest.mark.parametrize(
    ("written", "says"), [(said(keywords="\n", **INPUTS), "keywords"), (said(keywords="x"), "enabled")]
)
def test_what_filters_nothing_says_so(written: dict[str, Any], says: str) -> None:
    source = sample(**written)
    [found] = findings(source, "approximated")
    assert (found.what, found.line) == (NAME, line_of(source, NAME))
    assert says in found.advice
    assert "NOTHING IS FILTERED" in found.advice


@requirement("moderation:workflow")
def test_a_workflow_says_that_it_is_not_moderated() -> None:
    source = flow_file("workflow", features=said(keywords="x", **INPUTS))
    [found] = findings(source, "approximated")
    assert "NOTHING IS FILTERED" in found.advice
    assert flow("workflow", features=said(keywords="x", **INPUTS)).features.moderation is None


def test_what_is_served_says_by_whom() -> None:
    assert f"{NAME} (api)" in [found.what for found in findings(sample(**said("api", **INPUTS)), "supported")]
