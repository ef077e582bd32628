"""The way of a chat message: the modules that one streamed request really visits, from the socket to the ports.

A newcomer follows a message through the files of `LINE`, in that order; `docs/design.md` draws the same line. Whoever
makes the way longer changes these lists on purpose, and the picture with them.
"""

import re
import sys
from pathlib import Path
from types import FrameType

import pytest

from tests.houses import Build, rules

pytestmark = pytest.mark.anyio

DESIGN = Path(__file__).resolve().parents[2] / "docs" / "design.md"
LONGEST = 12

LINE = [
    "http.app",
    "http.chat",
    "http.auth",
    "wire.chat",
    "runs.start",
    "modes.chat",
    "llm.prompt",
    "llm.exchange",
    "domain.record",
    "runs.log",
    "http.rim",
    "wire.sse",
]
"""Where something happens to the message."""

ASKED = {
    "http.catalogue",  # which app a key opens
    "wire.tracing",  # how its caller names it in traces
    "http.admission",  # whether it may begin
    "runs.limits",  # how many runs an app may have
    "runs.places",  # whether one is free in its app
    "runs.rates",  # how often its key and its user may ask
    "http.visitors",  # whether somebody asks without a key
    "http.guests",  # who has been here
    "wire.body",  # bytes to a JSON object
    "wire.files",  # its files
    "wire.form",  # its inputs
    "wire.bodies",  # what stands beside an answer
    "wire.repeats",  # whether it may come again
    "wire.encode",  # values to JSON
    "modes.features",  # which stages its app asks for
    "rag.replies",  # whether annotations answer
    "llm.documents",  # the files of earlier messages
    "llm.window",  # how much of the past fits
    "runs.asides",  # what a new conversation is called
    "runs.rows",  # what it writes down
    "runs.run",
    "runs.known",  # where it is found again
    "runs.first_word",  # when it said its first word
    "runs.metering",  # what it came to, in numbers
    "runs.meters",
    "domain.pieces",  # which pieces are in memory already
    "domain.template",
    "domain.people",
    "domain.usage",
}
"""What those ask on the way, each for one thing (docs/decisions/0005)."""

BEHIND_PORTS = {"providers.scripted", "stores.memory", "stores.memory_people"}


@pytest.mark.parametrize("store", ["memory"])
async def test_a_chat_message_visits_these_modules_and_no_others(build: Build) -> None:
    place = await build(models=rules({"say": ["Sure", ", hi."]}))
    for path in ("info", "meta", "site"):  # meanwhile what works beside comes to rest
        await place.door.get(f"/v1/{path}")
    visited: dict[str, None] = {}

    def visit(frame: FrameType, event: str, _: object) -> None:
        name = str(frame.f_globals.get("__name__"))
        if event == "call" and name.startswith("parlour."):
            visited.setdefault(name.removeprefix("parlour."))

    sys.setprofile(visit)
    try:
        reply = await place.door.streamed(auto_generate_name=False)
    finally:
        sys.setprofile(None)
    assert [event["event"] for event in reply.events] == ["message", "message", "message_end"]
    print("in the order of the first visit:", *visited)  # noqa: T201 -- `pytest -s` shows the way
    assert visited.keys() - ASKED - BEHIND_PORTS == set(LINE)
    assert visited.keys() == {*LINE, *ASKED, *BEHIND_PORTS}


def test_the_line_is_short_and_the_design_draws_the_same_one() -> None:
    drawn = DESIGN.read_text().split("## The straight line")[1].split("```")[1]
    files = re.findall(r"^\s*([a-z_/]+)\.py ", drawn, re.MULTILINE)
    assert sorted(file.replace("/", ".") for file in files) == sorted(LINE)
    assert len(LINE) <= LONGEST
