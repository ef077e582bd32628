"""Runs of graphs in the memory of one process: four ports over one set of rows. Does not know how to outlive it."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from parlour.domain.events import NodeOutcome
from parlour.domain.message import Conversation, Message, Owner
from parlour.domain.turn import Submission
from parlour.domain.workflow_run import Form, LaidAside, LogPage, LogQuery, StoredVariable, WorkflowRun, searched


class FlowRows(Struct):
    """What is kept. Dictionaries remember the order of writing."""

    runs: dict[str, WorkflowRun] = {}
    states: dict[str, bytes] = {}
    """Of the runs that wait."""
    forms: dict[str, Form] = {}
    outcomes: dict[str, list[NodeOutcome]] = {}
    """By run."""
    variables: dict[str, dict[str, StoredVariable]] = {}
    """By conversation, then by id."""

    def forget(self, conversation_id: str) -> None:
        """What a conversation has said goes with it."""
        self.variables.pop(conversation_id, None)
        for run_id in [run.id for run in self.runs.values() if run.conversation_id == conversation_id]:
            del self.runs[run_id]
            self.states.pop(run_id, None)
            self.outcomes.pop(run_id, None)
        self.forms = {form_id: form for form_id, form in self.forms.items() if form.run_id in self.runs}


class MemoryWorkflows:
    def __init__(self, rows: FlowRows) -> None:
        self._rows = rows

    async def open(self, run: WorkflowRun) -> None:
        self._rows.runs[run.id] = run

    async def close(self, run: WorkflowRun) -> None:
        if await self.get(run.owner.app_id, run.id) is not None:
            self._rows.runs[run.id] = run
            self._rows.states.pop(run.id, None)

    async def get(self, app_id: str, run_id: str) -> WorkflowRun | None:
        found = self._rows.runs.get(run_id)
        return found if found is not None and found.owner.app_id == app_id else None

    async def page(self, app_id: str, asked: LogQuery) -> LogPage:
        own = [run for run in self._rows.runs.values() if run.owner.app_id == app_id]
        fitting = [run for run in reversed(own) if listed(run, asked)]
        newest_first = sorted(fitting, key=lambda run: -run.created_at)
        first = (asked.page - 1) * asked.limit
        return LogPage(tuple(newest_first[first : first + asked.limit]), len(fitting))

    async def sweep(self, error: str) -> int:
        unfinished = [run for run in self._rows.runs.values() if run.status == "running"]
        for run in unfinished:
            failed = structs.replace(run, status="failed", error=error, finished_at=run.created_at)
            self._rows.runs[run.id] = failed
        return len(unfinished)


class MemoryForms:
    def __init__(self, rows: FlowRows) -> None:
        self._rows = rows

    async def lay_aside(self, laid: LaidAside) -> None:
        known = self._rows.runs.get(laid.run.id)
        if known is None or known.owner.app_id != laid.run.owner.app_id:
            return
        self._rows.runs[laid.run.id] = laid.run
        self._rows.states[laid.run.id] = laid.state
        for form in laid.forms:
            self._rows.forms.setdefault(form.asked.form_id, structs.replace(form, submission=None))

    async def find(self, app_id: str, token: str) -> Form | None:
        own = (form for form in self._rows.forms.values() if form.app_id == app_id)
        return next((form for form in own if form.asked.form_token == token), None)

    async def answer(self, form_id: str, submission: Submission) -> bool:
        form = self._rows.forms.get(form_id)
        if form is None or form.submission is not None:
            return False
        self._rows.forms[form_id] = structs.replace(form, submission=submission)
        return True

    async def of_run(self, app_id: str, run_id: str) -> LaidAside | None:
        run, state = self._rows.runs.get(run_id), self._rows.states.get(run_id)
        if run is None or state is None or run.owner.app_id != app_id or run.status != "paused":
            return None
        return LaidAside(run, state, tuple(form for form in self._rows.forms.values() if form.run_id == run_id))

    async def due(self, now: float) -> tuple[LaidAside, ...]:
        forms = self._rows.forms.values()
        ready = [form for form in forms if form.submission is not None or form.asked.expiration_time <= now]
        found = [await self.of_run(form.app_id, run_id) for run_id, form in {f.run_id: f for f in ready}.items()]
        return tuple(laid for laid in found if laid is not None)[:100]


class MemoryVariables:
    def __init__(
        self, rows: FlowRows, conversations: Mapping[str, Conversation], messages: Mapping[str, Mapping[str, Message]]
    ) -> None:
        """`messages`: by conversation, then by id."""
        self._rows = rows
        self._conversations = conversations
        self._messages = messages

    async def read(self, owner: Owner, conversation_id: str) -> tuple[StoredVariable, ...] | None:
        found = self._conversations.get(conversation_id)
        if found is None or found.owner != owner:
            return None
        return tuple(self._rows.variables.get(conversation_id, {}).values())

    async def turns(self, conversation_id: str) -> int:
        return len(self._messages.get(conversation_id, ()))

    async def write(self, conversation_id: str, variables: Sequence[StoredVariable]) -> None:
        if conversation_id not in self._conversations:
            return
        kept = self._rows.variables.setdefault(conversation_id, {})
        for variable in variables:
            known = kept.get(variable.id, variable)
            kept[variable.id] = structs.replace(known, value=variable.value, updated_at=variable.updated_at)


class MemoryExecutions:
    def __init__(self, rows: FlowRows) -> None:
        self._rows = rows

    async def add(self, run_id: str, outcomes: Sequence[NodeOutcome]) -> None:
        if run_id in self._rows.runs:
            self._rows.outcomes.setdefault(run_id, []).extend(outcomes)

    async def of_run(self, run_id: str) -> tuple[NodeOutcome, ...]:
        return tuple(self._rows.outcomes.get(run_id, ()))


def listed(run: WorkflowRun, asked: LogQuery) -> bool:
    return (
        (not asked.status or run.status == asked.status)
        and (asked.before is None or run.created_at <= asked.before)
        and (asked.after is None or run.created_at >= asked.after)
        and (asked.user is None or run.owner.user == asked.user)
        and asked.keyword.casefold() in searched(run)
    )
