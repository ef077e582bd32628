"""What a run writes down: rows when it begins, and the same rows when it ends. Knows no mode, no store and no wire."""

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from typing import TypeVar, cast

from msgspec import structs

from parlour.domain.app import App, ChatflowApp, FlowApp, WorkflowApp
from parlour.domain.events import (
    AnswerReplaced,
    AnyEvent,
    Journaled,
    RunFinished,
    RunStatus,
    Suspended,
    TextDelta,
    WorkflowFinished,
    WorkflowPaused,
)
from parlour.domain.files import Attachment
from parlour.domain.ids import Ids, NewId
from parlour.domain.message import Conversation, Message, MessageStatus, Owner
from parlour.domain.record import Record
from parlour.domain.turn import Ask, Resumption, Turn
from parlour.domain.usage import NOTHING, Usage, total
from parlour.domain.values import json_form
from parlour.domain.workflow_run import Form, LaidAside, StoredVariable, WorkflowRun
from parlour.ports import Ports
from parlour.ports.messages import Thread
from parlour.runs import telling
from parlour.runs.asides import opening_name
from parlour.runs.log import RunLog
from parlour.runs.run import Run

MARGIN = 256
"""Events that a client may have heard before others were told of them: what is said in a few hundredths of a second."""


def new_ids(app: App, thread: Thread | None, now: float, new_id: NewId) -> Ids:
    """The names of a run that begins now; an app has those of its kind only."""
    task_id = new_id()
    if isinstance(app, WorkflowApp):
        return Ids(task_id, "", "", int(now), new_id())
    message_id = new_id()
    conversation_id = thread.conversation.id if thread else new_id()
    return Ids(task_id, message_id, conversation_id, int(now), new_id() if isinstance(app, ChatflowApp) else "")


def message_of(app: App, ask: Ask, ids: Ids, now: float, ports: Ports) -> Message | None:
    """The question; None in an app without messages."""
    if isinstance(app, WorkflowApp):
        return None
    owner = Owner(app.card.id, ask.user)
    return Message(
        id=ids.message_id,
        conversation_id=ids.conversation_id,
        owner=owner,
        query=ask.query,
        inputs=ask.inputs,
        created_at=now,
        parent_id=ask.parent_id,
        files=tuple(file.attached(ports.new_id()) for file in ask.files),
        task_id=ids.task_id,
    )


def conversation_of(app: App, message: Message, thread: Thread | None, introduction: str) -> Conversation | None:
    """The conversation that a question opens; None if it goes on with one."""
    if thread is not None:
        return None
    return Conversation(
        id=message.conversation_id,
        owner=message.owner,
        name=opening_name(message.query),
        inputs=message.inputs,
        introduction=introduction,
        version=app.card.version,
        created_at=message.created_at,
        updated_at=message.created_at,
    )


def flow_of(app: App, ask: Ask, ids: Ids, now: float) -> WorkflowRun | None:
    """The run of a graph; None in an app without one."""
    if not isinstance(app, FlowApp):
        return None
    return WorkflowRun(
        id=ids.workflow_run_id,
        owner=Owner(app.card.id, ask.user),
        task_id=ids.task_id,
        version=app.card.version,
        inputs=as_object(ask.inputs),
        created_at=now,
        message_id=ids.message_id,
        conversation_id=ids.conversation_id,
    )


def declared(app: App | None, known: tuple[StoredVariable, ...], now: float) -> tuple[StoredVariable, ...]:
    """The variables of a conversation: as they are kept, and those that the app has got since (dsl.md 2.1)."""
    if not isinstance(app, ChatflowApp):
        return ()
    names = {variable.id for variable in known}
    fresh = (
        StoredVariable(one.id, one.name, one.kind, json_form(one.value), one.description, now, now)
        for one in app.variables
        if one.id not in names
    )
    return (*known, *fresh)


def closing(run: Run, status: RunStatus, error: str | None, tokens: int, now: float) -> WorkflowFinished:
    """The end of a graph that did not come to one by itself: it has failed, or was stopped."""
    flow, record = cast("WorkflowRun", run.flow), run.record
    error = error or record.intercepted or "Stopped by user."
    return telling.finished(
        structs.replace(
            flow,
            status=status,
            outputs={},
            error=error,
            elapsed_time=now - flow.created_at,
            total_tokens=tokens,
            total_steps=record.steps,
            exceptions=record.exceptions,
            finished_at=now,
        )
    )


async def save(run: Run, status: MessageStatus, error: str | None, ports: Ports) -> None:
    """Write down how a run ended, all of its rows at a time."""
    record, now = run.record, ports.now()
    writes: list[Awaitable[object]] = []
    if run.message is not None:
        message = waited(run.message, run)
        calls = () if run.flow is not None else tuple(record.calls)
        ended_so = structs.replace(message, calls=calls, took=max(0.0, now - message.created_at))
        writes.append(ports.messages.close(answered(ended_so, record, status, error)))
    if run.flow is not None:
        writes.append(ports.workflows.close(ended(waited(run.flow, run), record, now)))
    if changed := written(run, now):
        writes.append(ports.variables.write(run.ids.conversation_id, changed))
    await asyncio.gather(*writes)


async def lay_aside(run: Run, event: Suspended | Journaled, now: float, ports: Ports) -> None:
    """Write down that a run waits, and for what, or how far it has got; its forms last: who sees one finds the rest."""
    record, flow = run.record, cast("WorkflowRun", run.flow)
    paused = isinstance(event, Suspended)
    if run.message is not None:
        message = answered(waited(run.message, run), record, "paused" if paused else "running", None)
        if not paused:
            certain = message.answer[: len(message.answer) - event.unsure]
            message = structs.replace(message, answer=certain, usage=total(record.spent))
        await ports.messages.close(message)
    if changed := written(run, now):
        await ports.variables.write(run.ids.conversation_id, changed)
    forms = tuple(Form(flow.id, flow.owner.app_id, form) for form in event.forms)
    still = structs.replace(
        waited(flow, run),
        status="paused" if paused else "running",
        elapsed_time=event.told.elapsed_time if paused else now - flow.created_at,
        total_tokens=total(record.spent).total_tokens,
        total_steps=event.told.total_steps if paused else event.steps,
        exceptions=record.exceptions,
        said=len(record.answer) - (0 if paused else event.unsure),
    )
    await ports.pauses.lay_aside(LaidAside(still, event.state, forms))


async def reopen(laid: LaidAside, app: App | None, earlier: Sequence[AnyEvent], ports: Ports) -> Run | None:
    """A run that was laid aside, as one that goes on with the same ids; None if it is gone, with its conversation.

    `earlier`: what it has told before, if that is still known. Where its process was killed, clients may know more than
    others do: positions go on behind all that they can have counted, and what was not certain is taken back.
    """
    flow = structs.replace(laid.run, status="running")
    owner, conversation_id = flow.owner, flow.conversation_id
    message, known = None, None
    if flow.message_id:
        message = await ports.history.message(owner, flow.message_id)
        known = await ports.variables.read(owner, conversation_id)
        if message is None or known is None:
            return None
        message = structs.replace(message, status="running")
    taken = message.usage if message is not None else Usage(prompt_tokens=flow.total_tokens)
    told = [event for event in earlier if not isinstance(event, RunFinished)]
    said = message.answer if message is not None else text(told)[: flow.said]
    if told and not isinstance(told[-1], WorkflowPaused):
        told += [*[TextDelta("")] * MARGIN, AnswerReplaced(said)]
    record = Record(
        parts=[said],
        spent=[taken] if taken != NOTHING else [],
        steps=flow.total_steps,
        exceptions=flow.exceptions,
    )
    mode = ChatflowApp.mode if message is not None else WorkflowApp.mode
    return Run(
        Ids(flow.task_id, flow.message_id, conversation_id, int(flow.created_at), flow.id),
        owner,
        mode,
        message,
        RunLog(told),
        record,
        flow,
        declared(app, known or (), ports.now()),
        frozenset(variable.id for variable in known or ()),
        resumed_at=len(told),
    )


def text(told: Sequence[AnyEvent]) -> str:
    """What a client shows who has heard that."""
    record = Record()
    for event in told:
        record.add(event)
    return record.answer


def turn_of(run: Run, laid: LaidAside, app: App, *, durable: bool) -> Turn[App]:
    """What a run goes on with: what was asked is in its state, what is answered meanwhile in its forms."""
    answers = {form.asked.node_id: form.submission for form in laid.forms if form.submission is not None}
    ask = Ask("", run.owner.user, {})
    resumption = Resumption(laid.state, answers)
    return Turn(app, run.ids, ask, resumption=resumption, said=run.record.answer, durable=durable)


Waited = TypeVar("Waited", Message, WorkflowRun)


def waited(row: Waited, run: Run) -> Waited:
    """With the time to its first word, which may have been said before it was laid aside."""
    if row.first_text is not None or run.word is None:
        return row
    run.word.look()
    return row if run.word.at is None else structs.replace(row, first_text=max(0.0, run.word.at - row.created_at))


def answered(message: Message, record: Record, status: MessageStatus, error: str | None) -> Message:
    return structs.replace(
        message,
        answer=record.answer,
        status=status,
        error=error,
        usage=record.usage,
        citations=record.citations,
        files=(*message.files, *made(record)),
        thoughts=record.steps_of_agent(),
    )


def made(record: Record) -> Iterator[Attachment]:
    """The files of an answer."""
    for event in record.files:
        if file := event.file:
            yield Attachment(
                id=event.id,
                type=file.type,
                transfer_method="local_file",
                url="",
                upload_file_id=file.related_id,
                name=file.name,
                mime_type=file.mime_type,
                size=file.size,
                belongs_to="assistant",
            )


def ended(flow: WorkflowRun, record: Record, now: float) -> WorkflowRun:
    told = record.closing
    if told is None:
        return structs.replace(flow, status="failed", finished_at=now)
    return structs.replace(
        flow,
        status=told.status,
        outputs=None if told.outputs is None else as_object(told.outputs),
        error=told.error,
        elapsed_time=told.elapsed_time,
        total_tokens=told.total_tokens,
        total_steps=told.total_steps,
        exceptions=told.exceptions_count,
        finished_at=now,
        usage=record.usage if record.answered else total(record.spent),
    )


def written(run: Run, now: float) -> list[StoredVariable]:
    """The variables that are new, or that the run has changed."""
    found: list[StoredVariable] = []
    for variable in run.variables:
        if variable.name in run.record.variables:
            value = json_form(run.record.variables[variable.name])
            found.append(structs.replace(variable, value=value, updated_at=now))
        elif variable.id not in run.kept:
            found.append(variable)
    return found


def as_object(values: dict[str, object]) -> dict[str, object]:
    return cast("dict[str, object]", json_form(values))
