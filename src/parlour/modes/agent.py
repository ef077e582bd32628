"""The mode `agent-chat`: a model that uses tools. Knows no tool, no store and no wire.

What the loops of `llm/` tell of each step becomes thoughts, text and files (contract 4.4.2).
"""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from msgspec import structs

from parlour.domain.app import AgentApp
from parlour.domain.events import (
    AgentTextDelta,
    AgentThought,
    AnswerFinished,
    AnyEvent,
    MessageFile,
    ModelCalled,
    ModelFinished,
)
from parlour.domain.message import Owner
from parlour.domain.turn import Turn
from parlour.domain.usage import Usage, total
from parlour.llm.calling import calling
from parlour.llm.citing import cited
from parlour.llm.prompt import compose
from parlour.llm.react import reacting
from parlour.llm.replay import as_text, with_calls
from parlour.llm.steps import Agent, Began, Chose, Observed, Spoke
from parlour.llm.using import given
from parlour.modes.chat import with_files
from parlour.modes.dataset_tools import DatasetTools
from parlour.modes.knowledge import filled
from parlour.ports import Ports
from parlour.ports.models import ToolCall
from parlour.ports.tools import Caller, Made


async def run(turn: Turn[AgentApp], ports: Ports) -> AsyncGenerator[AnyEvent, None]:
    """Everything that an agent says in one turn, in order.

    Raises:
        Problem: the prompt does not fit the model, the model cannot be reached, or it never comes to an answer.
    """
    turn, pictures = await with_files(turn, ports)
    app, detail = turn.app, turn.app.features.files.image_detail
    native = ports.models.uses_tools(app.model)
    turns = with_calls(turn.history, detail) if native else as_text(turn.history, detail)
    datasets = None
    if app.lookup:
        datasets = DatasetTools(ports.tools, ports.knowledge, filled(app.lookup, turn.ask.inputs))
        ports = structs.replace(ports, tools=datasets)
    offers = await ports.tools.offers(app.tools)
    call = await compose(turn, images=pictures, models=ports.models, tokens=ports.tokens, turns=turns)
    agent = Agent(
        call.model, call.lines, offers, app.rounds, Caller(app.card.name, turn.ask.user, turn.ask.depth), app.scaffold
    )
    telling, spent = Telling(agent, Owner(app.card.id, turn.ask.user), ports), list[Usage]()
    async with aclosing(calling(agent, ports) if native else reacting(agent, ports)) as moves:
        async for move in moves:
            if isinstance(move, ModelFinished):
                spent.append(move.usage)
            if isinstance(move, Observed):
                async with aclosing(telling.observed(move)) as events:
                    async for event in events:
                        yield event
            else:
                yield telling.event(move)
    hits = tuple(datasets.hits.values()) if datasets and app.features.citations else ()
    yield AnswerFinished(usage=total(spent), citations=cited(hits, turn.ask.retriever_from))


class Telling:
    """The steps of one turn, as its clients see them. A thought is told again, under its id, when there is more."""

    def __init__(self, agent: Agent, owner: Owner, ports: Ports) -> None:
        self._agent = agent
        self._owner = owner
        self._ports = ports
        self._thought = AgentThought("", 0)

    def event(self, move: ModelCalled | ModelFinished | Began | Spoke | Chose) -> AnyEvent:
        match move:
            case ModelCalled() | ModelFinished():
                return move
            case Spoke():
                return AgentTextDelta(move.text)
            case Began():
                self._thought = AgentThought(self._ports.new_id(), move.position, created_at=int(self._ports.now()))
            case Chose():
                self._thought = structs.replace(
                    self._thought,
                    thought=move.text,
                    tool=";".join(call.name for call in move.calls),
                    tool_labels={call.name: self._labels(call.name) for call in move.calls},
                    tool_input=told(move.calls, [given(call) for call in move.calls]) if move.calls else "",
                )
        return self._thought

    async def observed(self, move: Observed) -> AsyncGenerator[AnyEvent, None]:
        """The files that its tools have made, each kept before it is told; then the thought, with what was seen."""
        names: list[str] = []
        for made in (file for used in move.used for file in used.files):
            file = await self._kept(made)
            names.append(file.id)
            yield file
        seen = told([used.call for used in move.used], [used.text for used in move.used])
        self._thought = structs.replace(self._thought, observation=seen, message_files=tuple(names))
        yield self._thought

    async def _kept(self, made: Made) -> MessageFile:
        file = await self._ports.files.keep(self._owner, made.name, made.mime_type, made.data)
        return MessageFile(self._ports.new_id(), file.type, file.url, file=file)

    def _labels(self, name: str) -> dict[str, str]:
        offer = self._agent.offer(name)
        return (offer.labels if offer else {}) or {"en_US": name, "zh_Hans": name}


def told(calls: Sequence[ToolCall], values: Sequence[object]) -> str:
    """JSON text, one member a call by the tool's name; the second call of one tool is `name (2)`."""
    members: dict[str, object] = {}
    for call, value in zip(calls, values, strict=True):
        name, number = call.name, 1
        while name in members:
            number += 1
            name = f"{call.name} ({number})"
        members[name] = value
    return json.dumps(members, ensure_ascii=False)
