"""What a run that has ended still holds, while it stays readable."""

import pytest

from parlour.domain.message import Owner
from tests.houses import Build, rules

pytestmark = pytest.mark.anyio


async def test_a_run_that_has_ended_lets_go_of_its_question_and_stays_readable(build: Build) -> None:
    place = await build(models=rules({"say": ["Yes."]}))
    answer: dict[str, str] = (await place.door.send("x" * 100_000)).json()
    app = place.house.catalogue.all()[0]
    run = place.house.runs.find(answer["task_id"], Owner(app.card.id, "ann"))
    assert run is not None
    assert (run.message.query, run.message.inputs) == ("", {})
    history = await place.door.get("/v1/messages", user="ann", conversation_id=answer["conversation_id"])
    assert len(history.json()["data"][0]["query"]) == 100_000
