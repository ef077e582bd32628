"""Workflows of this server, as tools of its other apps. Does not know where they come from, nor what they do."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from parlour.domain.app import Field
from parlour.ports.tools import Caller, Outcome


class Workflow(Struct, frozen=True):
    """An app that can be a tool."""

    title: str
    description: str
    form: tuple[Field, ...]


class Apps(Protocol):
    def workflow(self, name: str, /) -> Workflow:
        """What an app of this server takes, as it is now.

        Raises:
            ToolFailed: it is not served, or no tool can be made of it.
        """
        ...

    async def run(self, name: str, inputs: Mapping[str, object], caller: Caller) -> Outcome:
        """What a run of it gives. Cancelling stops the run.

        Raises:
            Problem: the inputs do not fit its form, it fails, or apps are used within apps too deep.
        """
        ...
