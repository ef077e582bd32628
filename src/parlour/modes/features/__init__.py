"""What surrounds a mode: stages that its events go through. Knows no store, no socket and no wire.

An app pays for what it has switched on: without any stage the events of its mode go out as they are.
"""

from typing import Any

from parlour.domain.turn import Turn
from parlour.modes.features.moderated_answers import moderated
from parlour.modes.features.moderated_questions import screened
from parlour.modes.features.stage import Events, Mode
from parlour.ports import Ports


def staged(mode: Mode) -> Mode:
    """The mode, with the stages that the app of each turn asks for."""

    def run(turn: Turn[Any], ports: Ports) -> Events:
        rule = turn.app.features.moderation
        if rule is None:
            return mode(turn, ports)
        first = rule.inputs.enabled and turn.resumption is None  # one that was laid aside was let through
        events = screened(mode, rule, turn, ports) if first else mode(turn, ports)
        return moderated(events, rule, turn, ports) if rule.outputs.enabled else events

    return run
