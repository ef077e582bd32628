"""Runs of graphs, kept: the runs, their nodes, and the variables that they leave to a conversation.

Does not know in what; every call is one whole transaction, durable when it returns.
"""

from collections.abc import Sequence
from typing import Protocol

from parlour.domain.claim import Claim
from parlour.domain.events import NodeOutcome
from parlour.domain.message import Owner
from parlour.domain.workflow_run import LogPage, LogQuery, StoredVariable, WorkflowRun


class Workflows(Protocol):
    async def open(self, run: WorkflowRun, claim: Claim | None = None) -> None:
        """A run that begins without a message, and its key if it has one; others come with theirs (`Messages.open`).

        Raises:
            AlreadyBegun: the claim's key stands for another run; nothing is written.
        """
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
        """Mark every `running` one as failed with that text; how many there were. Called before serving.

        One that has told how far it has got stays: it may go on.
        """
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
