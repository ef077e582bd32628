"""The log of an agent's node: its rounds, and within each the model's turn and the tools (dsl.md 8.5, contract 4.3).

Knows no tool and no model. A line is told when what it is about begins, and again, under its id, when that ends.
"""

from collections.abc import Iterator, Sequence
from typing import cast

from msgspec import structs

from parlour.domain.app import Model
from parlour.domain.events import AgentLog, ModelCalled, ModelFinished
from parlour.domain.usage import Usage, total
from parlour.flow.node import Scope
from parlour.flow.veil import covered, veiled
from parlour.llm.steps import Began, Chose, Observed, Used
from parlour.llm.using import given

Data = dict[str, object]


class Journal:
    """Tell it what happens, and it tells the lines that are new, or have changed."""

    def __init__(self, scope: Scope, model: Model) -> None:
        self._scope = scope
        self._model = model
        self._lines: dict[str, AgentLog] = {}
        self._rounds = 0
        self._round = ""
        """The ids of the lines that are open; empty where none is."""
        self._thought = ""
        self._calls: list[str] = []
        self._said = ""
        self._spent: list[Usage] = []

    def hear(self, move: ModelCalled | ModelFinished | Began | Chose | Observed) -> Iterator[AgentLog]:
        match move:
            case ModelCalled():
                yield from self._asked()
            case ModelFinished():
                self._spent.append(move.usage)
            case Chose():
                yield from self._chosen(move)
            case Observed():
                yield from self._observed(move.used)
            case Began():
                pass

    def failed(self, why: str) -> Iterator[AgentLog]:
        """What is open ends by a failure."""
        for line in (*self._calls, self._thought, self._round):
            if line:
                yield self._close(line, {}, error=why)

    @property
    def lines(self) -> list[object]:
        """All of them, as they ended, in the order in which they began."""
        return [line_data(line) for line in self._lines.values()]

    def _asked(self) -> Iterator[AgentLog]:
        if self._round:
            return  # the model is asked once more: an attempt has failed
        self._rounds += 1
        self._spent = []
        self._round = (opened := self._open(f"ROUND {self._rounds}", None)).id
        yield opened
        label = f"{self._model.name} Thought"
        self._thought = (opened := self._open(label, self._round, provider=self._model.provider)).id
        yield opened

    def _chosen(self, chosen: Chose) -> Iterator[AgentLog]:
        self._said = chosen.text
        asked = [{"name": call.name, "args": given(call)} for call in chosen.calls]
        names = ";".join(call.name for call in chosen.calls)
        yield self._close(self._thought, {"output": chosen.text, "tool_name": names, "tool_input": asked}, self._spent)
        self._thought = ""
        for call in chosen.calls:
            opened = self._open(f"CALL {call.name}", self._round)
            self._calls.append(opened.id)
            yield opened
        if not chosen.calls:
            yield self._end_round(())

    def _observed(self, used: Sequence[Used]) -> Iterator[AgentLog]:
        for line, one in zip(self._calls, used, strict=True):
            error = one.text if one.failed else None
            yield self._close(line, {"output": response(one)}, error=error, seconds=one.seconds)
        self._calls = []
        yield self._end_round(used)

    def _end_round(self, used: Sequence[Used]) -> AgentLog:
        output = {"llm_response": self._said, "tool_responses": [response(one) for one in used]}
        line, self._round = self._round, ""
        return self._close(line, {"output": output}, self._spent)

    def _open(self, label: str, parent: str | None, **metadata: object) -> AgentLog:
        scope = self._scope
        told = AgentLog(
            node_execution_id=scope.execution_id,
            id=scope.ports.new_id(),
            label=label,
            status="start",
            node_id=scope.node.id,
            parent_id=parent,
            metadata={"started_at": scope.ports.now(), **metadata},
        )
        self._lines[told.id] = told
        return told

    def _close(
        self,
        line: str,
        data: Data,
        spent: Sequence[Usage] = (),
        *,
        error: str | None = None,
        seconds: float | None = None,
    ) -> AgentLog:
        told, now, hidden = self._lines[line], self._scope.ports.now(), self._scope.course.hidden
        took = now - cast("float", told.metadata["started_at"]) if seconds is None else seconds
        metadata = {**told.metadata, "finished_at": now, "elapsed_time": took}
        if spent:
            cost = total(spent).members()
            metadata |= {name: cost[name] for name in ("total_price", "currency", "total_tokens")}
        told = structs.replace(
            told,
            status="success" if error is None else "error",
            error=None if error is None else covered(error, hidden),
            data=veiled(data, hidden) or {},
            metadata=metadata,
        )
        self._lines[line] = told
        return told


def response(used: Used) -> Data:
    call = used.call
    told = {"tool_call_id": call.id, "tool_call_name": call.name, "tool_call_input": given(call)}
    return {**told, "tool_response": used.text}


def line_data(line: AgentLog) -> Data:
    """A line as a value of the flow."""
    names = ("id", "label", "parent_id", "error", "status", "data", "metadata", "node_id")
    return {name: getattr(line, name) for name in names}
