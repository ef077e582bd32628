"""Runs of graphs, kept: the runs, what they wait for, their nodes, and the variables that they leave to a conversation.

Does not know in what; every call is one whole transaction, durable when it returns.
"""

from collections.abc import Sequence
from typing import Protocol

from parlour.domain.events import NodeOutcome
from parlour.domain.message import Owner
from parlour.domain.turn import Submission
from parlour.domain.workflow_run import Form, LaidAside, LogPage, LogQuery, StoredVariable, WorkflowRun


class Workflows(Protocol):
    async def open(self, run: WorkflowRun) -> None:
        """A run that begins."""
        ...

    async def close(self, run: WorkflowRun) -> None:
        """How it ended, or that it goes on (`running`): status, outputs, error, counts, times. Lets its forms go."""
        ...

    async def get(self, app_id: str, run_id: str) -> WorkflowRun | None:
        """None for one that is not there, or is another app's."""
        ...

    async def page(self, app_id: str, asked: LogQuery) -> LogPage:
        """Newest first; those that wait or go on as well."""
        ...

    async def sweep(self, error: str) -> int:
        """Mark every `running` one as failed with that text; how many there were. Called before serving."""
        ...


class Forms(Protocol):
    async def lay_aside(self, laid: LaidAside) -> None:
        """A run waits: its row, with status `paused`, its state, its forms. Known forms stay as they are."""
        ...

    async def find(self, app_id: str, token: str) -> Form | None:
        """The form behind a token; None for one that is not there, or is another app's."""
        ...

    async def answer(self, form_id: str, submission: Submission) -> bool:
        """The only answer that a form takes; False if it has one already, or is gone."""
        ...

    async def of_run(self, app_id: str, run_id: str) -> LaidAside | None:
        """A run that waits, whole; None if it does not."""
        ...

    async def due(self, now: float) -> tuple[LaidAside, ...]:
        """Runs that could go on: a form was answered, or its time was over by `now`; at most a hundred."""
        ...


class Variables(Protocol):
    async def read(self, owner: Owner, conversation_id: str) -> tuple[StoredVariable, ...] | None:
        """In the order of their creation; None if the conversation is not this owner's."""
        ...

    async def turns(self, conversation_id: str) -> int:
        """How many messages the conversation has, failed ones too."""
        ...

    async def write(self, conversation_id: str, variables: Sequence[StoredVariable]) -> None:
        """Add those that are not there, change the values of those that are. Nothing, if the conversation is gone."""
        ...


class Executions(Protocol):
    async def add(self, run_id: str, outcomes: Sequence[NodeOutcome]) -> None:
        """More of a run's nodes, in the order of their end."""
        ...

    async def of_run(self, run_id: str) -> tuple[NodeOutcome, ...]: ...
