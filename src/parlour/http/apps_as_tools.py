"""Workflows of this server as tools of its other apps: the port `Apps`. Knows no tool and no socket.

A run of one is a run like any other of that app: it is asked as a client asks, counted, kept and listed so. It ends
with the tool that it is: a stop of the caller stops it.
"""

import json
from collections.abc import AsyncGenerator, Mapping
from typing import cast

from msgspec import structs

from parlour.domain.app import App, WorkflowApp
from parlour.domain.files import File
from parlour.domain.message import Owner
from parlour.domain.problems import RunFailed, ToolFailed
from parlour.domain.values import json_form, revived
from parlour.http.chat import begin, ended
from parlour.http.house import House
from parlour.ports.apps import Workflow
from parlour.ports.files import FlowFiles
from parlour.ports.tools import Caller, Made, Outcome
from parlour.ports.web import MEGABYTE
from parlour.runs.run import Run
from parlour.wire import workflows

DEEPEST = 5
"""Apps within apps (dsl.md 4.1)."""
LARGEST = 10 * MEGABYTE
OWN = frozenset({"text", "json", "files"})
"""What a tool's node calls its own outputs."""

Values = dict[str, object]


class AppsAsTools:
    """To be opened once its house stands: the apps that run there are what it runs."""

    def __init__(self) -> None:
        self._house: House | None = None
        self._files: FlowFiles | None = None

    def open(self, house: House, files: FlowFiles) -> None:
        self._house, self._files = house, files

    def workflow(self, name: str) -> Workflow:
        app = self._app(name)
        return Workflow(app.card.title or name, app.card.description, app.form)

    async def run(self, name: str, inputs: Mapping[str, object], caller: Caller) -> Outcome:
        if caller.depth >= DEEPEST:
            raise ToolFailed(f"apps are used within apps more than {DEEPEST} deep: does one of them use itself?")
        house, app = self._opened()[0], self._app(name)
        given = {key: await self._given(value, app, caller) for key, value in inputs.items()}
        asked = workflows.parse({"inputs": given, "user": caller.user}, mode=app.mode)
        asked = structs.replace(asked, ask=structs.replace(asked.ask, depth=caller.depth + 1))
        run = await begin(house, app, asked)
        try:
            await ended(run)
        finally:
            run.stop()
        return await self._outcome(run, name)

    async def _outcome(self, run: Run, name: str) -> Outcome:
        closing, problem = run.record.closing, run.record.problem
        if problem is not None:
            raise ToolFailed(problem.reason if isinstance(problem, RunFailed) else problem.message)
        if closing is None or run.record.status == "stopped":
            raise ToolFailed("its run was stopped")
        outputs = closing.outputs or {}
        made = [file async for file in self._made(outputs, run.owner, name)]
        values = cast("Values", json_form({key: value for key, value in outputs.items() if not files_of(value)}))
        text = json.dumps(values, ensure_ascii=False)
        variables = {key: value for key, value in values.items() if key not in OWN}
        return Outcome(text, tuple(made), (values,), variables)

    async def _made(self, outputs: Values, owner: Owner, name: str) -> AsyncGenerator[Made, None]:
        for file in (file for value in outputs.values() for file in files_of(value)):
            data = await self._opened()[1].read(owner, file, LARGEST, name)
            yield Made(file.name or "file", file.mime_type, data)

    async def _given(self, value: object, app: WorkflowApp, caller: Caller) -> object:
        """An input as a client sends it; files that were uploaded to the caller's app become files of this one."""
        found = revived(value)
        if isinstance(found, File):
            return await self._sent(found, app, caller)
        if files := files_of(found):
            return [await self._sent(file, app, caller) for file in files]
        return value

    async def _sent(self, file: File, app: WorkflowApp, caller: Caller) -> dict[str, object]:
        if file.transfer_method == "remote_url":
            return {"type": file.type, "transfer_method": "remote_url", "url": file.url}
        house, files = self._opened()
        using = house.catalogue.get(caller.app)
        if using is None:
            raise ToolFailed(f"{caller.app} is not served any more")
        data = await files.read(Owner(using.card.id, caller.user), file, LARGEST, caller.app)
        kept = await files.keep(Owner(app.card.id, caller.user), file.name, file.mime_type, data)
        return {"type": file.type, "transfer_method": "local_file", "upload_file_id": kept.related_id}

    def _app(self, name: str) -> WorkflowApp:
        """
        Raises:
            ToolFailed: it is not there, or cannot be a tool.
        """
        app: App | None = self._opened()[0].catalogue.get(name)
        if app is None:
            raise ToolFailed(f"there is no app {name} here")
        if not isinstance(app, WorkflowApp):
            raise ToolFailed(f"{name} is no workflow, but of the mode {app.mode}: only workflows can be tools")
        if any(node.type == "human-input" for node in app.graph.nodes):
            raise ToolFailed(f"{name} asks somebody, and nobody is there to wait for the answer")
        return app

    def _opened(self) -> tuple[House, FlowFiles]:
        if self._house is None or self._files is None:
            raise ToolFailed("the server is not open yet")
        return self._house, self._files


def files_of(value: object) -> list[File]:
    """The file that it is, or the files of which it is a list and nothing else."""
    items = cast("list[object]", value) if isinstance(value, list) else [value]
    files = [item for item in items if isinstance(item, File)]
    return files if len(files) == len(items) else []
