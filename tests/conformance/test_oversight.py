"""What the ports `Oversight` and `Erasure` promise, on every store."""

from decimal import Decimal

import pytest
from msgspec import structs

from parlour.domain.annotation import Annotation, AnnotationUse
from parlour.domain.claim import Claim, Repeat
from parlour.domain.message import Asked, Conversation, Message, MessageStatus, Owner
from parlour.domain.oversight import Erased, Figures, Quantiles, Sought, Span
from parlour.domain.people import EndUser, end_user_id
from parlour.domain.problems import NotFound
from parlour.domain.uploads import Upload
from parlour.domain.usage import Paid, Price, Usage
from parlour.domain.workflow_run import LogQuery, StoredVariable, WorkflowRun
from parlour.ports.feedback import Said
from parlour.stores.memory import Memory
from parlour.stores.sql import oversight
from tests.conformance.samples import ANN, STRANGERS, Storage, a_conversation, a_message
from tests.conformance.test_workflow_runs import RUN, an_outcome

pytestmark = pytest.mark.anyio

BOB, OTHER = STRANGERS[0], STRANGERS[1]
GPT = Price(Decimal("0.15"), Decimal("0.60"))
SPENT = Usage(100, 50, GPT, latency=2.0, time_to_first_token=0.5)


async def told(
    stores: Storage,
    at: float,
    owner: Owner = ANN,
    usage: Usage = SPENT,
    status: MessageStatus = "normal",
    times: tuple[float | None, float | None] = (3.0, 0.5),
) -> Message:
    """A conversation with one message that has ended so."""
    conversation = a_conversation(at, owner)
    message = a_message(conversation, at)
    await stores.messages.open(message, conversation)
    calls = (Asked("openai", "gpt-4o", at, usage, failed=status == "error"),)
    took, first_text = times
    ended = structs.replace(
        message, answer="Fine.", status=status, usage=usage, calls=calls, took=took, first_text=first_text
    )
    await stores.messages.close(ended)
    return ended


async def ran(stores: Storage, run_id: str, at: float, owner: Owner = ANN, **how: object) -> WorkflowRun:
    """A run of a workflow that has ended so."""
    run = structs.replace(RUN, id=run_id, task_id=f"task of {run_id}", owner=owner, created_at=at)
    await stores.workflows.open(run)
    ended = structs.replace(run, **{"status": "succeeded", "elapsed_time": 3.0, "finished_at": at + 3.0, **how})
    await stores.workflows.close(ended)
    return ended


async def ids_of_runs(stores: Storage, **asked: object) -> list[str]:
    return [run.id for run in (await stores.oversight.runs(structs.replace(Sought(), **asked))).items]


async def test_runs_of_all_apps_and_users_are_listed_newest_first_and_a_page_at_a_time(stores: Storage) -> None:
    for number, owner in enumerate((ANN, BOB, OTHER, ANN)):
        await ran(stores, f"r{number}", 10.0 if number else 1.0, owner)
    assert await ids_of_runs(stores) == ["r3", "r2", "r1", "r0"]
    page = await stores.oversight.runs(Sought(limit=2))
    assert ([run.id for run in page.items], page.has_more) == (["r3", "r2"], True)
    page = await stores.oversight.runs(Sought(limit=2, last_id="r2"))
    assert ([run.id for run in page.items], page.has_more) == (["r1", "r0"], False)
    assert (await stores.oversight.run("r2")) == (await stores.oversight.runs(Sought())).items[1]
    assert await stores.oversight.run("none") is None
    with pytest.raises(NotFound):
        await stores.oversight.runs(Sought(last_id="none"))


async def test_runs_are_narrowed_by_app_user_status_and_time(stores: Storage) -> None:
    await ran(stores, "a", 1.0, ANN)
    await ran(stores, "b", 2.0, BOB, status="failed", error="broken")
    await ran(stores, "c", 3.0, OTHER, status="failed", error="broken")
    assert await ids_of_runs(stores, app_id=ANN.app_id) == ["b", "a"]
    assert await ids_of_runs(stores, user="ann") == ["c", "a"]
    assert await ids_of_runs(stores, status="failed") == ["c", "b"]
    assert await ids_of_runs(stores, after=2.0) == ["c", "b"]
    assert await ids_of_runs(stores, before=2.0) == ["b", "a"]
    assert await ids_of_runs(stores, status="failed", app_id=ANN.app_id, user="ann") == []
    assert await ids_of_runs(stores, last_id="c", user="ann") == ["a"]
    assert await ids_of_runs(stores, last_id="b", user="ann") == ["a"], "the last one need not fit"


async def test_conversations_and_messages_of_all_users_are_listed_by_time(stores: Storage) -> None:
    said = [await told(stores, float(number), owner) for number, owner in enumerate((ANN, BOB, OTHER, ANN))]
    first = await stores.oversight.conversations(Sought(limit=3))
    assert [one.id for one in first.items] == [one.conversation_id for one in reversed(said[1:])]
    assert (first.has_more, first.items[0].owner, first.items[0].inputs) == (True, ANN, said[3].inputs)
    rest = await stores.oversight.conversations(Sought(limit=3, last_id=first.items[-1].id))
    assert [one.id for one in rest.items] == [said[0].conversation_id]
    narrowed = await stores.oversight.conversations(Sought(app_id="app-1", user="ann", after=1.0))
    assert [one.id for one in narrowed.items] == [said[3].conversation_id]
    with pytest.raises(NotFound):
        await stores.oversight.conversations(Sought(last_id="none"))

    assert (await stores.oversight.messages(Sought())).items == tuple(reversed(said))
    page = await stores.oversight.messages(Sought(limit=1, last_id=said[2].id))
    assert (page.items, page.has_more) == ((said[1],), True)
    within = await stores.oversight.messages(Sought(conversation_id=said[1].conversation_id))
    assert within.items == (said[1],)
    assert (await stores.oversight.messages(Sought(status="error"))).items == ()


async def test_messages_of_one_time_are_told_apart_over_pages(stores: Storage) -> None:
    said = [await told(stores, 5.0) for _ in range(5)]
    found: list[str] = []
    while len(found) < 5:
        page = await stores.oversight.messages(Sought(limit=2, last_id=found[-1] if found else ""))
        found += [one.id for one in page.items]
        assert page.has_more == (len(found) < 5)
    assert found == [one.id for one in reversed(said)]


async def test_figures_are_by_step_and_app_with_what_was_spent_and_how_long_it_took(stores: Storage) -> None:
    for number in range(1, 101):
        await told(stores, 100.0 + number / 10, times=(number / 10, number / 100))
    await told(stores, 119.5, usage=Usage(), status="error")
    paid = Usage(7, 1, GPT, paid=Paid(Decimal("0.5"), Decimal("0.25")))
    await told(stores, 119.75, OTHER, usage=paid, times=(2.0, None))
    await told(stores, 99.9)
    await told(stores, 120.0)
    found = await stores.oversight.statistics(Span(100.0, 120.0, 5.0))
    assert found.complete
    assert [(one.place, one.app_id, one.requests, one.errors, one.tokens) for one in found.steps] == [
        (0, "app-1", 49, 0, 7350),
        (1, "app-1", 50, 0, 7500),
        (2, "app-1", 1, 0, 150),
        (3, "app-1", 1, 1, 0),
        (3, "app-2", 1, 0, 8),
    ]
    assert found.steps[0].latency == Quantiles(2.5, 4.7, 4.9)
    assert found.steps[0].first_token == Quantiles(0.25, 0.47, 0.49)
    assert found.steps[2].cost == {"USD": pytest.approx(0.000045)}
    assert found.steps[3] == Figures(3, "app-1", 1, 1, 0)
    assert found.steps[4].cost == {"USD": pytest.approx(0.75)}
    assert (found.steps[4].latency, found.steps[4].first_token) == (Quantiles(2.0, 2.0, 2.0), Quantiles())
    assert [(one.place, one.app_id, one.requests, one.errors) for one in found.whole] == [
        (0, "app-1", 101, 1),
        (0, "app-2", 1, 0),
    ]
    assert found.whole[0].latency == Quantiles(5.0, 9.5, 9.9)
    alone = await stores.oversight.statistics(Span(100.0, 120.0, 5.0, "app-2"))
    assert alone.whole == (found.whole[1],)


async def test_a_run_of_a_workflow_is_a_request_and_that_of_a_chatflow_is_its_message(stores: Storage) -> None:
    await ran(stores, "a", 1.0, total_tokens=150, usage=SPENT, first_text=0.5)
    await ran(stores, "b", 2.0, status="failed", total_tokens=20)
    conversation = a_conversation(3.0)
    message = a_message(conversation, 3.0)
    answering = structs.replace(RUN, id="c", message_id=message.id, conversation_id=conversation.id, created_at=3.0)
    await stores.messages.open(message, conversation, None, answering)
    [one] = (await stores.oversight.statistics(Span(0.0, 10.0, 10.0))).steps
    assert (one.requests, one.errors, one.tokens) == (3, 1, 170)
    assert one.latency == Quantiles(3.0, 3.0, 3.0), "of those that came to an answer"
    assert one.first_token == Quantiles(0.5, 0.5, 0.5)
    assert one.cost == {"USD": pytest.approx(0.000045)}


async def test_an_answer_without_a_graph_is_a_run_and_that_of_a_chatflow_is_its_graphs(stores: Storage) -> None:
    await ran(stores, "a", 1.0)
    said = await told(stores, 1.0, BOB)
    failed = await told(stores, 1.0, status="error")
    await ran(stores, "b", 1.0, OTHER, status="failed")
    conversation = a_conversation(2.0)
    message = a_message(conversation, 2.0)
    answering = structs.replace(RUN, id="c", message_id=message.id, conversation_id=conversation.id, created_at=2.0)
    await stores.messages.open(message, conversation, None, answering)
    going = a_message(conversation, 3.0)
    await stores.messages.open(going, None)
    everything = [going.id, "c", failed.id, said.id, "b", "a"]
    assert await ids_of_runs(stores) == everything, "of one time, messages come first"
    for number, last in enumerate(everything[:-1]):
        assert await ids_of_runs(stores, last_id=last) == everything[number + 1 :]
        page = await stores.oversight.runs(Sought(limit=number + 1))
        assert ([one.id for one in page.items], page.has_more) == (everything[: number + 1], True)
    assert await ids_of_runs(stores, status="failed") == [failed.id, "b"]
    assert await ids_of_runs(stores, status="succeeded") == [said.id, "a"]
    assert await ids_of_runs(stores, status="running") == [going.id, "c"]
    assert await ids_of_runs(stores, status="stopped") == []
    assert await ids_of_runs(stores, user="bob") == [said.id]
    assert await ids_of_runs(stores, app_id=OTHER.app_id) == ["b"]
    assert await stores.oversight.run(said.id) == said


async def test_of_very_many_requests_all_are_counted_and_times_told_from_an_even_sample(
    stores: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oversight, "TIMED", 60)
    for number in range(600):  # two apps take turns
        times = (number / 100, number / 1000)
        await told(stores, number / 10, OTHER if number % 2 else ANN, times=times)
    found = await stores.oversight.statistics(Span(0.0, 60.0, 30.0))
    assert found.complete == isinstance(stores, Memory), "what is in memory is all looked at"
    assert [(one.place, one.app_id, one.requests, one.tokens) for one in found.steps] == [
        (place, app, 150, 150 * 150) for place in (0, 1) for app in ("app-1", "app-2")
    ]
    assert [(one.app_id, one.requests) for one in found.whole] == [("app-1", 300), ("app-2", 300)]
    for one in found.whole:
        assert one.latency.p50 == pytest.approx(3.0, abs=1.0)
        assert one.first_token.p50 == pytest.approx(0.3, abs=0.1)


async def test_where_nothing_was_there_are_no_figures(stores: Storage) -> None:
    found = await stores.oversight.statistics(Span(0.0, 10.0, 1.0))
    assert (found.steps, found.whole, found.complete) == ((), (), True)


async def lived(stores: Storage, owner: Owner) -> Conversation:
    """A user who has left something of every kind."""
    name = f"{owner.app_id} {owner.user}"
    upload = Upload(f"file of {name}", owner, "a.png", 3, "png", "image/png", 1.0)
    await stores.uploads.add(upload)
    conversation = a_conversation(1.0, owner)
    message = a_message(conversation, 1.0)
    run = structs.replace(
        RUN, id=f"flow of {name}", owner=owner, message_id=message.id, conversation_id=conversation.id
    )
    await stores.messages.open(message, conversation, Claim(owner, Repeat("k", "b"), "t", message.id, 1.0), run)
    await stores.messages.close(structs.replace(message, status="normal", answer="Fine."))
    await stores.executions.add(run.id, [an_outcome()])
    await stores.variables.write(conversation.id, [StoredVariable("v", "kept", "string", "x", "", 1.0, 1.0)])
    await stores.feedbacks.set(owner, message.id, Said(f"said by {name}", "like", "good", 1.0))
    await stores.people.seen([EndUser(owner, 1.0)])
    await ran(stores, f"run of {name}", 2.0, owner)
    known = Annotation(f"answer for {name}", owner.app_id, "q", "a", 1.0)
    await stores.annotations.create(known)
    await stores.replies.answers.used(AnnotationUse(f"use of {name}", known, "why?", 0.9, "m", owner.user, 1.0))
    return conversation


async def asked_of_annotations(stores: Storage, owner: Owner) -> list[AnnotationUse] | None:
    """What a user was answered by annotations."""
    found: list[AnnotationUse] = []
    for one in (await stores.annotations.page(owner.app_id, "", 1, 9)).items:
        uses = await stores.replies.answers.uses(owner.app_id, one.id, 1, 9)
        found += [use for use in (uses.items if uses else ()) if use.user == owner.user]
    return found or None


async def left(stores: Storage, owner: Owner, conversation: Conversation) -> list[object]:
    """What can be found of a user."""
    name = f"{owner.app_id} {owner.user}"
    return [
        await stores.conversations.get(owner, conversation.id),
        await stores.messages.page(owner, conversation.id, "", 10),
        await stores.variables.read(owner, conversation.id),
        (await stores.workflows.page(owner.app_id, LogQuery(user=owner.user))).items or None,
        await stores.executions.of_run(f"flow of {name}") or None,
        await stores.uploads.find(owner, f"file of {name}"),
        await stores.claims.find(owner, "k", 2.0),
        await stores.people.get(owner.app_id, end_user_id(owner)),
        await asked_of_annotations(stores, owner),
        [one for one in await stores.feedbacks.page(owner.app_id, 1, 10) if one.owner == owner] or None,
    ]


async def test_of_a_user_who_is_forgotten_nothing_stays_and_of_others_everything(stores: Storage) -> None:
    owners = (ANN, *STRANGERS[:2])
    talks = {owner: await lived(stores, owner) for owner in owners}
    before = {owner: await left(stores, owner, talks[owner]) for owner in owners}
    assert all(one is not None for found in before.values() for one in found)
    gone = await stores.erasure.piece(ANN, 10)
    assert gone.erased == Erased(conversations=1, messages=1, runs=2, files=1, keys=1, users=1)
    assert gone.conversations == (talks[ANN].id,)
    assert gone.tasks == ("task of run of app-1 ann",)
    assert await left(stores, ANN, talks[ANN]) == [None] * len(before[ANN])
    assert {owner: await left(stores, owner, talks[owner]) for owner in owners[1:]} == {
        owner: before[owner] for owner in owners[1:]
    }
    assert await stores.retention.uploads(0.0, 10) == ("file of app-1 ann",), "its bytes are to be deleted"
    assert (await stores.erasure.piece(ANN, 10)).erased == Erased()


async def test_a_user_goes_in_pieces(stores: Storage) -> None:
    for number in range(5):
        await told(stores, float(number))
        await ran(stores, f"r{number}", float(number))
    pieces = [await stores.erasure.piece(ANN, 2) for _ in range(4)]
    assert [(one.erased.conversations, one.erased.runs) for one in pieces] == [(2, 2), (2, 2), (1, 1), (0, 0)]
    assert len({name for one in pieces for name in (*one.conversations, *one.tasks)}) == 10
