"""A form that was sent: its values, and its text with them (dsl.md 6.20). Does not know who has sent it, nor how."""

import re
from collections.abc import Mapping

from parlour.domain.events import HumanInputRequired
from parlour.domain.turn import Submission
from parlour.domain.values import markdown_form, revived

PLACE = re.compile(r"\{\{#\$output\.([A-Za-z_][A-Za-z0-9_]{0,29})#\}\}")
"""Where a field stands in the text."""
NOTHING: Mapping[object, object] = {"file": None, "file-list": []}


def given(asked: HumanInputRequired, submission: Submission) -> dict[str, object]:
    """A value for each field; empty ones where nobody has sent any."""
    values: dict[str, object] = {}
    for field in asked.inputs:
        name = str(field["output_variable_name"])
        values[name] = revived(submission.inputs.get(name, NOTHING.get(field["type"], "")))
    return values


def filled(asked: HumanInputRequired, values: Mapping[str, object]) -> str:
    """The text with what was sent in the places of its fields."""
    return PLACE.sub(
        lambda place: markdown_form(values[place[1]]) if place[1] in values else place[0], asked.form_content
    )


def title(asked: HumanInputRequired, action: str) -> str:
    """What stands on the button."""
    return next((str(one["title"]) for one in asked.actions if one["id"] == action), "")
