"""A flow that is laid aside and taken up again, without a server: as a file of JSON between two engines."""

from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from msgspec import Struct

from parlour.domain.app import FlowApp
from parlour.domain.events import AnyEvent, HumanInputRequired, Suspended
from parlour.domain.graph import Node
from parlour.domain.turn import Ask, Exchange, Resumption, Submission, Turn
from parlour.modes import chatflow
from parlour.ports import Ports
from tests.flow.flow_samples import IDS, node

APPROVE: dict[str, Any] = {
    "form_content": "Send it?",
    "user_actions": [{"id": "yes", "title": "Send", "button_style": "primary"}, {"id": "no", "title": "Drop"}],
}


def asks(id_: str, /, **data: Any) -> Node:
    return node(id_, "human-input", **(APPROVE | data))


class Stretch(Struct):
    """What came of a run up to its end, or to the next pause."""

    events: list[AnyEvent]

    @property
    def suspended(self) -> Suspended:
        last = self.events[-1]
        assert isinstance(last, Suspended)
        return last

    @property
    def forms(self) -> dict[str, HumanInputRequired]:
        return {form.node_id: form for form in self.suspended.forms}

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


async def stretch(
    app: FlowApp,
    ports: Ports,
    before: Stretch | bytes | None = None,
    submissions: Mapping[str, Submission] | None = None,
    *,
    query: str = "hi",
    durable: bool = False,
) -> Stretch:
    """Run it from its start, or on from where it was laid aside."""
    if before is None:
        turn = Turn(app, IDS, Ask(query, "user", {}), (Exchange("Who?", "I."),), number=2, durable=durable)
    else:
        state = before if isinstance(before, bytes) else before.suspended.state
        resumption = Resumption(state, dict(submissions or {}))
        turn = Turn(app, IDS, Ask("", "user", {}), resumption=resumption, durable=durable)
    async with aclosing(chatflow.run(turn, ports)) as said:
        return Stretch([event async for event in said])
