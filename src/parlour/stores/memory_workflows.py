"""Runs of graphs in the memory of one process: five ports over one set of rows. Does not know how to outlive it."""

import re
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct, json, structs

from parlour.domain.claim import Claim
from parlour.domain.events import NodeOutcome
from parlour.domain.message import Conversation, Message, Owner
from parlour.domain.turn import Submission
from parlour.domain.workflow_run import Form, LaidAside, LogPage, LogQuery, StoredVariable, WorkflowRun, searched
from parlour.stores.memory_claims import MemoryClaims

NAMED = re.compile(rb'"(?:related_id|upload_file_id)":"([^"]+)"')


def named(text: bytes) -> set[str]:
    """The uploads of files within JSON."""
    return {found.decode() for found in NAMED.findall(text)}


class FlowRows(Struct):
    """What is kept. Dictionaries remember the order of writing."""

    runs: dict[str, WorkflowRun] = {}
    states: dict[str, bytes] = {}
    """Of the runs that wait, or have told how far they have got."""
    forms: dict[str, Form] = {}
    current: dict[str, list[str]] = {}
    """Of the same runs, the forms that they wait for."""
    outcomes: dict[str, list[NodeOutcome]] = {}
    """By run."""
    variables: dict[str, dict[str, StoredVariable]] = {}
    """By conversation, then by id."""
    uploads: dict[str, set[str]] = {}
    """What a run has ever named, by run."""

    def running(self) -> list[WorkflowRun]:
        return [run for run in self.runs.values() if run.status == "running"]

    def put(self, run: WorkflowRun, *more: bytes) -> None:
        """`more`: JSON that the run holds as well."""
        self.runs[run.id] = run
        for text in (json.encode(run), *more):
            self.uploads.setdefault(run.id, set()).update(named(text))

    def held(self, conversations: Collection[str], gone: Collection[str] = ()) -> set[str]:
        """The uploads that these conversations' variables, and runs, name; without those of runs that are gone."""
        kept = (self.uploads[run_id] for run_id in self.runs if run_id not in gone)
        values = (self.variables.get(one, {}).values() for one in conversations)
        return {
            upload_id
            for some in (*kept, *(named(json.encode(one.value)) for group in values for one in group))
            for upload_id in some
        }

    def laid(self, run: WorkflowRun) -> LaidAside:
        forms = tuple(self.forms[form_id] for form_id in self.current[run.id])
        return LaidAside(run, self.states[run.id], forms)

    def forget(self, conversation_id: str) -> None:
        """What a conversation has said goes with it."""
        self.variables.pop(conversation_id, None)
        self.drop([run.id for run in self.runs.values() if run.conversation_id == conversation_id])

    def old(self, before: float) -> list[str]:
        """Runs of the time before that do not go on, the oldest first."""
        found = [run for run in self.runs.values() if run.created_at < before and run.status != "running"]
        return [run.id for run in sorted(found, key=lambda run: run.created_at)]

    def drop(self, run_ids: Sequence[str]) -> None:
        for run_id in run_ids:
            del self.runs[run_id]
            self.states.pop(run_id, None)
            self.current.pop(run_id, None)
            self.outcomes.pop(run_id, None)
            self.uploads.pop(run_id, None)
        self.forms = {form_id: form for form_id, form in self.forms.items() if form.run_id in self.runs}


class MemoryWorkflows:
    def __init__(self, rows: FlowRows, claims: MemoryClaims) -> None:
        self._rows = rows
        self._claims = claims

    async def open(self, run: WorkflowRun, claim: Claim | None = None) -> None:
        if claim is not None:
            self._claims.take(claim)
        self._rows.put(run)

    async def close(self, run: WorkflowRun) -> None:
        if await self.get(run.owner.app_id, run.id) is not None:
            self._rows.put(run)
            self._rows.states.pop(run.id, None)
            self._rows.current.pop(run.id, None)

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
        unfinished = [run for run in self._rows.running() if run.id not in self._rows.states]
        for run in unfinished:
            failed = structs.replace(run, status="failed", error=error, finished_at=run.created_at)
            self._rows.runs[run.id] = failed
        return len(unfinished)


class MemoryPauses:
    def __init__(self, rows: FlowRows, messages: Mapping[str, dict[str, Message]]) -> None:
        """`messages`: by conversation, then by id."""
        self._rows = rows
        self._messages = messages

    async def lay_aside(self, laid: LaidAside) -> None:
        rows, known = self._rows, self._rows.runs.get(laid.run.id)
        if known is None or known.owner.app_id != laid.run.owner.app_id:
            return
        rows.put(laid.run, laid.state)
        rows.states[laid.run.id] = laid.state
        rows.current[laid.run.id] = [form.asked.form_id for form in laid.forms]
        for form in laid.forms:
            rows.forms.setdefault(form.asked.form_id, structs.replace(form, submission=None))

    async def get(self, app_id: str, name: str) -> LaidAside | None:
        own = (laid for laid in self._waiting() if laid.run.owner.app_id == app_id)
        return next((laid for laid in own if name in (laid.run.id, laid.run.task_id)), None)

    async def take_up(self, laid: LaidAside, *, keep: bool) -> bool:
        rows, run = self._rows, structs.replace(laid.run, status="running")
        if rows.states.get(run.id) != laid.state or rows.runs[run.id].status not in {"paused", "running"}:
            return False
        rows.put(run)
        if not keep:
            rows.states.pop(run.id)
            rows.current.pop(run.id)
        if run.message_id:
            messages = self._messages[run.conversation_id]
            messages[run.message_id] = structs.replace(messages[run.message_id], status="running")
        return True

    async def due(self, now: float) -> tuple[LaidAside, ...]:
        def ready(form: Form) -> bool:
            return form.submission is not None or form.asked.expiration_time <= now

        return tuple(laid for laid in self._waiting() if any(map(ready, laid.forms)))[:100]

    async def soonest(self) -> float | None:
        unanswered = (form for laid in self._waiting() for form in laid.forms if form.submission is None)
        return min((form.asked.expiration_time for form in unanswered), default=None)

    async def interrupted(self) -> tuple[LaidAside, ...]:
        return tuple(self._rows.laid(run) for run in self._rows.running() if run.id in self._rows.states)

    def _waiting(self) -> list[LaidAside]:
        runs = (self._rows.runs[run_id] for run_id in self._rows.states)
        return [self._rows.laid(run) for run in runs if run.status == "paused"]


class MemoryForms:
    def __init__(self, rows: FlowRows) -> None:
        self._rows = rows

    async def find(self, app_id: str, token: str) -> Form | None:
        own = (form for form in self._rows.forms.values() if form.app_id == app_id)
        found = next((form for form in own if form.asked.form_token == token), None)
        if found is None or found.submission is not None:
            return found
        return found if self._rows.runs[found.run_id].status in {"paused", "running"} else None

    async def of_conversation(self, app_id: str, conversation_id: str) -> dict[str, list[Form]]:
        found: dict[str, list[Form]] = {}
        for form in self._rows.forms.values():
            run = self._rows.runs[form.run_id]
            if conversation_id and run.conversation_id == conversation_id and form.app_id == app_id:
                found.setdefault(run.message_id, []).append(form)
        return found

    async def answer(self, form_id: str, submission: Submission) -> bool:
        form = self._rows.forms.get(form_id)
        if form is None or form.submission is not None:
            return False
        self._rows.forms[form_id] = structs.replace(form, submission=submission)
        self._rows.put(self._rows.runs[form.run_id], json.encode(submission))
        return True


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
