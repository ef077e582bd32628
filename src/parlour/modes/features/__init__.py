"""What surrounds a mode: stages that its events go through. Knows no store, no socket and no wire.

An app pays for what it has switched on: without any stage the events of its mode go out as they are.
"""

from typing import Any

from parlour.domain.turn import Turn
from parlour.modes.features.annotated import annotated
from parlour.modes.features.moderated_answers import moderated
from parlour.modes.features.moderated_questions import screened
from parlour.modes.features.spoken_answers import spoken
from parlour.modes.features.stage import Events, Mode
from parlour.ports import Ports


def staged(mode: Mode) -> Mode:
    """The mode, with the stages that the app of each turn asks for."""

    def run(turn: Turn[Any], ports: Ports) -> Events:
        rule, speech = turn.app.features.moderation, turn.app.features.speech
        resumed = turn.resumption is not None  # one that was laid aside was let through, and not answered
        answering = mode if resumed or ports.replies.setting(turn.app.card.id) is None else annotated(mode)
        if rule is not None and rule.inputs.enabled and not resumed:
            events = screened(answering, rule, turn, ports)
        else:
            events = answering(turn, ports)
        if rule is not None and rule.outputs.enabled:
            events = moderated(events, rule, turn, ports)
        if speech.enabled and speech.autoplay and (turn.ask.streaming or resumed):  # a body cannot be heard
            events = spoken(events, speech, ports)
        return events

    return run
