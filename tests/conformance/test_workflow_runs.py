"""What the ports of graphs' runs promise, on every store: runs, forms, variables, nodes."""

import asyncio

import pytest
from msgspec import structs

from parlour.domain.claim import Claim, Repeat
from parlour.domain.events import HumanInputRequired, NodeOutcome
from parlour.domain.files import File
from parlour.domain.message import Owner
from parlour.domain.problems import AlreadyBegun, NotFound
from parlour.domain.turn import Submission
from parlour.domain.values import json_form
from parlour.domain.workflow_run import Form, LaidAside, LogQuery, StoredVariable, WorkflowRun
from parlour.stores.postgres.opening import open_database
from parlour.stores.sql.stores import Stores
from parlour.wiring import Storage
from tests.conformance.samples import ANN, STRANGERS, a_conversation, a_message, ask_and_answer, begun, messages_of
from tests.postgres_server import Postgres

pytestmark = pytest.mark.anyio

PICTURE = File("image", "local_file", "ä.png", ".png", "image/png", 9, "https://x/a", "u1")
RUN = WorkflowRun(
    id="r1",
    owner=ANN,
    task_id="t1",
    version="v1",
    inputs={"topic": "Ünïcode 🙂", "n": [1, None, 2.5], "picture": json_form(PICTURE)},
    created_at=5.5,
)
ENDED = structs.replace(
    RUN,
    status="partial-succeeded",
    outputs={"text": "“fine” \\ \n"},
    error=None,
    elapsed_time=0.1 + 0.2,
    total_tokens=12,
    total_steps=3,
    exceptions=1,
    finished_at=6.5,
)


def asked(form_id: str, expires: int = 100, token: str | None = None) -> HumanInputRequired:
    return HumanInputRequired(
        form_id=form_id,
        node_id=f"node of {form_id}",
        node_title="Approve",
        form_content="Send it?",
        inputs=({"type": "paragraph", "output_variable_name": "note"},),
        actions=({"id": "yes", "title": "Yes", "button_style": "primary"},),
        expiration_time=expires,
        form_token=token or f"token of {form_id}",
    )


def laid(*forms: HumanInputRequired) -> LaidAside:
    waiting = structs.replace(RUN, status="paused", total_steps=2)
    return LaidAside(waiting, b"\x00state", tuple(Form(RUN.id, ANN.app_id, form) for form in forms))


def an_outcome(number: int = 1) -> NodeOutcome:
    return NodeOutcome(
        id=f"e{number}",
        node_id="llm",
        node_type="llm",
        title="Ask",
        index=number,
        created_at=1,
        status="succeeded",
        elapsed_time=0.5,
        finished_at=2,
        outputs={"text": "ä", "usage": {"total_tokens": 3}},
        execution_metadata={"total_price": "0.01"},
    )


def a_run(number: int, at: float, **changed: object) -> WorkflowRun:
    return structs.replace(RUN, id=f"r{number}", created_at=at, **changed)


async def test_a_run_reads_back_as_it_began_and_as_it_ended(stores: Storage) -> None:
    await stores.workflows.open(RUN)
    assert await stores.workflows.get("app-1", "r1") == RUN
    await stores.workflows.close(ENDED)
    assert await stores.workflows.get("app-1", "r1") == ENDED


async def test_a_run_that_answers_a_message_comes_with_it_and_not_without(stores: Storage) -> None:
    conversation = await begun(stores)
    message = a_message(conversation, 2.0)
    run = structs.replace(RUN, message_id=message.id, conversation_id=conversation.id)
    await stores.messages.open(message, None, None, run)
    assert await stores.workflows.get("app-1", "r1") == run
    lost = a_message(a_conversation(), 2.0)
    with pytest.raises(NotFound):
        await stores.messages.open(lost, None, None, structs.replace(run, id="r2", message_id=lost.id))
    assert await stores.workflows.get("app-1", "r2") is None


async def test_a_run_without_a_message_takes_its_key_or_is_not_begun(stores: Storage) -> None:
    claim = Claim(ANN, Repeat("k", "body"), "t1", "r1", 5.5)
    await stores.workflows.open(RUN, claim)
    assert await stores.claims.find(ANN, "k", 6.0) == claim
    with pytest.raises(AlreadyBegun):
        await stores.workflows.open(a_run(2, 6.0), structs.replace(claim, message_id="r2", created_at=6.0))
    assert await stores.workflows.get("app-1", "r2") is None


async def test_no_other_app_sees_or_ends_a_run(stores: Storage) -> None:
    await stores.workflows.open(RUN)
    assert await stores.workflows.get("app-2", "r1") is None
    await stores.workflows.close(structs.replace(ENDED, owner=Owner("app-2", "ann")))
    assert await stores.workflows.get("app-1", "r1") == RUN
    assert (await stores.workflows.page("app-2", LogQuery())).total == 0


async def test_what_a_dead_process_left_running_is_marked_failed_and_nothing_else_is(stores: Storage) -> None:
    for run in (RUN, a_run(2, 6.0)):
        await stores.workflows.open(run)
    await stores.workflows.close(ENDED)
    assert await stores.workflows.sweep("The server went away.") == 1
    assert await stores.workflows.get("app-1", "r1") == ENDED
    swept = await stores.workflows.get("app-1", "r2")
    assert swept is not None
    assert (swept.status, swept.error, swept.finished_at) == ("failed", "The server went away.", 6.0)
    assert await stores.workflows.sweep("again") == 0


async def test_logs_are_the_newest_first_those_with_a_message_too(stores: Storage) -> None:
    for number, at in enumerate([5.0, 7.0, 7.0, 6.0]):
        await stores.workflows.open(a_run(number, at))
    await stores.workflows.open(a_run(9, 9.0, message_id="m", conversation_id="c"))
    for page, ids in ((1, ["r9", "r2", "r1"]), (2, ["r3", "r0"]), (3, [])):
        found = await stores.workflows.page("app-1", LogQuery(page=page, limit=3))
        assert ([run.id for run in found.items], found.total) == (ids, 5)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        (LogQuery(status="running"), ["r2"]),
        (LogQuery(status="partial-succeeded"), ["r1"]),
        (LogQuery(keyword="ünïcode"), ["r2", "r1"]),
        (LogQuery(keyword="FINE"), ["r1"]),
        (LogQuery(keyword="%"), []),
        (LogQuery(before=5.5), ["r1"]),
        (LogQuery(after=5.6), ["r2"]),
        (LogQuery(after=5.5, before=8.0), ["r2", "r1"]),
        (LogQuery(user="bob"), ["r2"]),
        (LogQuery(user=""), []),
    ],
)
async def test_logs_are_filtered(stores: Storage, query: LogQuery, ids: list[str]) -> None:
    await stores.workflows.open(RUN)
    await stores.workflows.close(ENDED)
    await stores.workflows.open(a_run(2, 8.0, owner=Owner("app-1", "bob")))
    found = await stores.workflows.page("app-1", query)
    assert ([run.id for run in found.items], found.total) == (ids, len(ids))


async def test_a_run_laid_aside_is_found_whole_by_its_own_app_alone(stores: Storage) -> None:
    await stores.workflows.open(RUN)
    aside = laid(asked("f1"), asked("f2"))
    await stores.pauses.lay_aside(aside)
    assert await stores.pauses.get("app-1", "r1") == aside
    assert await stores.pauses.get("app-1", "t1") == aside, "by its task, too"
    assert await stores.workflows.get("app-1", "r1") == aside.run
    assert await stores.pauses.get("app-2", "r1") is None
    assert await stores.pauses.get("app-2", "t1") is None
    assert await stores.forms.find("app-1", "token of f2") == aside.forms[1]
    assert await stores.forms.find("app-2", "token of f2") is None
    assert await stores.forms.find("app-1", "f2") is None
    await stores.workflows.sweep("the server went away")
    assert await stores.pauses.get("app-1", "r1") == aside, "a run that waits survives a restart"


async def test_a_form_takes_one_answer(stores: Storage) -> None:
    await stores.workflows.open(RUN)
    await stores.pauses.lay_aside(laid(asked("f1"), asked("f2")))
    assert await stores.forms.answer("f1", Submission("yes", {"note": "gern 🙂"}))
    assert not await stores.forms.answer("f1", Submission("no", {}))
    assert not await stores.forms.answer("f3", Submission("yes", {}))
    form = await stores.forms.find("app-1", "token of f1")
    assert form is not None
    assert form.submission == Submission("yes", {"note": "gern 🙂"})


async def test_a_run_is_due_when_a_form_was_answered_or_its_time_is_over(stores: Storage) -> None:
    await stores.workflows.open(RUN)
    assert await stores.pauses.soonest() is None
    await stores.pauses.lay_aside(laid(asked("f1", expires=100), asked("f2", expires=200)))
    assert await stores.pauses.due(99.0) == ()
    assert await stores.pauses.soonest() == 100
    assert [aside.run.id for aside in await stores.pauses.due(100.0)] == ["r1"]
    await stores.forms.answer("f1", Submission("yes", {}))
    assert [aside.run.id for aside in await stores.pauses.due(1.0)] == ["r1"]
    assert await stores.pauses.soonest() == 200
    await stores.workflows.close(structs.replace(RUN, status="running"))
    assert await stores.pauses.due(1000.0) == ()
    assert await stores.pauses.soonest() is None
    assert await stores.pauses.get("app-1", "r1") is None


@pytest.mark.parametrize("keep", [False, True])
async def test_a_run_that_waits_is_taken_up_by_one(stores: Storage, *, keep: bool) -> None:
    conversation = await begun(stores)
    (message,) = await messages_of(stores, conversation)
    run = structs.replace(RUN, message_id=message.id, conversation_id=conversation.id)
    await stores.workflows.open(run)
    aside = structs.replace(laid(asked("f1")), run=structs.replace(run, status="paused"))
    await stores.messages.close(structs.replace(message, status="paused"))
    await stores.pauses.lay_aside(aside)
    assert not await stores.pauses.take_up(structs.replace(aside, state=b"another"), keep=keep), "it is older, or newer"
    assert await stores.pauses.take_up(aside, keep=keep)
    assert await stores.workflows.get("app-1", "r1") == run, "it is running"
    assert [one.status for one in await messages_of(stores, conversation)] == ["running"]
    assert await stores.pauses.get("app-1", "r1") is None
    found = [LaidAside(run, aside.state, aside.forms)] if keep else []
    assert await stores.pauses.interrupted() == tuple(found)
    await stores.workflows.close(structs.replace(run, status="failed"))
    assert not await stores.pauses.take_up(aside, keep=keep)


@pytest.mark.slow
async def test_a_run_is_taken_up_by_one_of_two_processes(postgres: Postgres) -> None:
    with postgres.database() as url:
        one, other = Stores(open_database(url)), Stores(open_database(url))
        await one.workflows.open(RUN)
        aside = laid(asked("f1"))
        await one.pauses.lay_aside(aside)
        taken = await asyncio.gather(*(store.pauses.take_up(aside, keep=True) for store in (one, other)))
        assert sorted(taken) == [False, True]
        await asyncio.gather(one.close(), other.close())


async def test_a_run_laid_aside_again_waits_for_what_it_asks_now_and_keeps_the_answers_that_it_has(
    stores: Storage,
) -> None:
    await stores.workflows.open(RUN)
    await stores.pauses.lay_aside(laid(asked("f1"), asked("f2")))
    await stores.forms.answer("f1", Submission("yes", {}))
    await stores.workflows.close(structs.replace(RUN, status="running"))
    assert await stores.forms.answer("f2", Submission("no", {})), "a form may be answered while the run goes on"
    await stores.pauses.lay_aside(structs.replace(laid(asked("f2"), asked("f3")), state=b"later"))
    aside = await stores.pauses.get("app-1", "r1")
    assert aside is not None
    assert aside.state == b"later"
    assert [(form.asked.form_id, form.submission) for form in aside.forms] == [
        ("f2", Submission("no", {})),
        ("f3", None),
    ]
    await stores.pauses.lay_aside(laid(asked("f3")))
    assert await stores.pauses.due(1.0) == (), "what was answered before it went on counts no more"
    answered = await stores.forms.find("app-1", "token of f1")
    assert answered is not None
    assert answered.submission == Submission("yes", {})


async def test_a_form_without_an_answer_goes_with_the_end_of_its_run(stores: Storage) -> None:
    await stores.workflows.open(RUN)
    await stores.pauses.lay_aside(laid(asked("f1"), asked("f2")))
    await stores.forms.answer("f1", Submission("yes", {}))
    await stores.workflows.close(structs.replace(RUN, status="running"))
    assert await stores.forms.find("app-1", "token of f2") is not None
    await stores.workflows.close(ENDED)
    assert await stores.forms.find("app-1", "token of f2") is None
    assert await stores.forms.find("app-1", "token of f1") is not None


async def test_a_run_that_has_told_how_far_it_has_got_is_not_swept_and_is_found_with_its_forms(stores: Storage) -> None:
    conversation = await begun(stores)
    (message,) = await messages_of(stores, conversation)
    run = structs.replace(RUN, message_id=message.id, conversation_id=conversation.id)
    await stores.workflows.open(run)
    await stores.workflows.open(a_run(2, 6.0))
    form = Form("r1", ANN.app_id, asked("f1"))
    await stores.pauses.lay_aside(LaidAside(run, b"so far", (form,)))
    assert await stores.pauses.due(1000.0) == ()
    assert await stores.messages.sweep("gone") == 0
    assert await stores.workflows.sweep("gone") == 1
    assert await stores.pauses.interrupted() == (LaidAside(run, b"so far", (form,)),)
    await stores.workflows.close(structs.replace(run, status="failed"))
    assert await stores.pauses.interrupted() == ()
    assert await stores.messages.sweep("gone") == 1


async def test_a_message_that_was_paused_before_its_run_was_is_swept_with_it(stores: Storage) -> None:
    conversation = await begun(stores)
    (message,) = await messages_of(stores, conversation)
    await stores.workflows.open(structs.replace(RUN, message_id=message.id, conversation_id=conversation.id))
    await stores.messages.close(structs.replace(message, status="paused"))
    assert await stores.messages.sweep("gone") == 1
    (swept,) = await messages_of(stores, conversation)
    assert (swept.status, swept.error) == ("error", "gone")


async def test_what_was_asked_in_a_conversation_is_found_by_its_messages(stores: Storage) -> None:
    conversation = await begun(stores)
    (message,) = await messages_of(stores, conversation)
    run = structs.replace(RUN, message_id=message.id, conversation_id=conversation.id)
    await stores.workflows.open(run)
    waiting = structs.replace(run, status="paused")
    forms = tuple(Form(run.id, ANN.app_id, asked(name)) for name in ("f2", "f1"))
    await stores.pauses.lay_aside(LaidAside(waiting, b"", forms))
    await stores.workflows.open(structs.replace(RUN, id="r2"))
    await stores.pauses.lay_aside(LaidAside(structs.replace(RUN, id="r2"), b"", (Form("r2", ANN.app_id, asked("f3")),)))
    submission = Submission("yes", {"note": "ä"})
    await stores.forms.answer("f1", submission)
    found = await stores.forms.of_conversation(ANN.app_id, conversation.id)
    answered = structs.replace(forms[1], submission=submission)
    assert {name: tuple(some) for name, some in found.items()} == {message.id: (forms[0], answered)}
    assert not await stores.forms.of_conversation("app-2", conversation.id)
    assert not await stores.forms.of_conversation(ANN.app_id, "")


def variable(name: str, value: object, at: float = 1.0) -> StoredVariable:
    return StoredVariable(f"id of {name}", name, "object", value, "what for", at, at)


async def test_variables_read_back_in_the_order_of_their_creation(stores: Storage) -> None:
    conversation = await begun(stores)
    assert await stores.variables.read(ANN, conversation.id) == ()
    b, a = variable("b", {"ä": [1, None, True, 0.1]}), variable("a", "")
    await stores.variables.write(conversation.id, [b, a])
    changed = structs.replace(b, value=None, updated_at=9.0, created_at=9.0, name="other")
    await stores.variables.write(conversation.id, [changed])
    assert await stores.variables.read(ANN, conversation.id) == (structs.replace(b, value=None, updated_at=9.0), a)


async def test_nobody_reads_the_variables_of_another(stores: Storage) -> None:
    conversation = await begun(stores)
    await stores.variables.write(conversation.id, [variable("a", 1)])
    for stranger in STRANGERS:
        assert await stores.variables.read(stranger, conversation.id) is None
    assert await stores.variables.read(ANN, "nobody's") is None


async def test_variables_go_with_their_conversation(stores: Storage) -> None:
    conversation = await begun(stores)
    await stores.variables.write(conversation.id, [variable("a", 1)])
    await stores.conversations.delete(ANN, conversation.id)
    await stores.variables.write(conversation.id, [variable("b", 1)])
    assert await stores.variables.read(ANN, conversation.id) is None
    again = await begun(stores, conversation_id=conversation.id)
    assert await stores.variables.read(ANN, again.id) == ()


async def test_runs_and_their_forms_go_with_their_conversation(stores: Storage) -> None:
    conversation = await begun(stores)
    run = structs.replace(RUN, message_id="m", conversation_id=conversation.id)
    for one in (run, a_run(2, 6.0)):
        await stores.workflows.open(one)
    await stores.pauses.lay_aside(structs.replace(laid(asked("f1")), run=structs.replace(run, status="paused")))
    await stores.conversations.delete(ANN, conversation.id)
    assert await stores.workflows.get("app-1", "r1") is None
    assert await stores.forms.find("app-1", "token of f1") is None
    assert await stores.workflows.get("app-1", "r2") is not None


async def test_all_messages_of_a_conversation_are_its_turns(stores: Storage) -> None:
    conversation = await begun(stores)
    await ask_and_answer(stores, conversation, 2.0)
    assert await stores.variables.turns(conversation.id) == 2
    assert await stores.variables.turns("nobody's") == 0


async def test_the_nodes_of_a_run_read_back_in_the_order_of_their_end(stores: Storage) -> None:
    outcomes = [an_outcome(number) for number in range(3)]
    await stores.workflows.open(RUN)
    await stores.executions.add("r1", outcomes[:2])
    await stores.executions.add("r1", outcomes[2:])
    await stores.executions.add("nobody's", outcomes)
    assert await stores.executions.of_run("r1") == tuple(outcomes)
    assert await stores.executions.of_run("nobody's") == ()
