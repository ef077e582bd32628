"""What a run that has ended still holds, while it stays readable."""

import pytest

from parlour.domain.events import AnswerFinished, AnyEvent, RunFinished, TextDelta, TextReplaced
from parlour.domain.ids import Ids
from parlour.domain.message import Owner
from parlour.http.rim import Seen, after
from parlour.wire.sse import Frames
from tests.contract.requirements import requirement
from tests.houses import Build, rules

pytestmark = pytest.mark.anyio


async def test_a_run_that_has_ended_lets_go_of_its_question_and_stays_readable(build: Build) -> None:
    place = await build(models=rules({"say": ["Yes."]}))
    answer: dict[str, str] = (await place.door.send("x" * 100_000)).json()
    app = place.house.catalogue.all()[0]
    run = place.house.runs.find(answer["task_id"], Owner(app.card.id, "ann"))
    assert run is not None
    assert run.message is None
    history = await place.door.get("/v1/messages", user="ann", conversation_id=answer["conversation_id"])
    assert len(history.json()["data"][0]["query"]) == 100_000


@requirement("run:events:cursor")
async def test_a_cursor_counts_the_events_that_the_client_has_seen(build: Build) -> None:
    place = await build(models=rules({"say": ["One ", "two ", "three."]}))
    whole = (await place.door.streamed()).events
    for seen in range(len(whole) + 3):
        query = {"user": "ann", "after": seen}
        rest = await place.door.request("GET", f"/v1/runs/{whole[0]['task_id']}/events", query=query)
        assert rest.events == whole[seen:]


@requirement("run:events:cursor")
def test_events_that_clients_do_not_see_are_not_counted() -> None:
    events: list[AnyEvent] = [TextDelta("a"), AnswerFinished(), TextReplaced("b"), RunFinished("succeeded")]
    encode = Frames(Ids("t", "m", "c", 1), "workflow").encode
    assert [bool(encode(event)) for event in events] == [True, False, True, False]
    for seen, shown in enumerate([[0, 2], [2], [], []]):
        counted = Seen(seen)
        assert [place for place, event in enumerate(events) if after(encode, counted, event)] == shown


@requirement("run:events:cursor")
def test_an_event_of_two_frames_counts_twice() -> None:
    encode = Frames(Ids("t", "m", "c", 1), "agent").encode
    both = encode(AnswerFinished(whole="a"))
    assert both.count(b"\n\n") == 2
    for seen in range(4):
        rest = after(encode, Seen(seen), AnswerFinished(whole="a"))
        assert rest == b"".join(frame + b"\n\n" for frame in both.split(b"\n\n")[seen:-1])
