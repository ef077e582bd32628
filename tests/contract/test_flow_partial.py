"""A chatflow of which some nodes are not served: refused, or served until a run gets there."""

import pytest

from parlour.dsl.findings import Refused
from tests.dsl.graph_samples import chain, flow_file, node
from tests.houses import Build, Place

pytestmark = pytest.mark.anyio
NODES = [
    node("start", "start"),
    node("hello", "answer", answer="Hello. "),
    node("look", "tool", title="Search the web", provider_name="tavily", tool_name="search"),
    node("say", "answer", answer="{{#look.text#}} Bye."),
]
DEFAULT = {"key": "text", "type": "string", "value": "Nothing found."}
WAYS = chain("start", "hello", "look", "say")


async def served(build: Build, **look: object) -> Place:
    """An app with a tool in the middle, taken in part."""
    place = await build()
    nodes = [one | {"data": one["data"] | look} if one["id"] == "look" else one for one in NODES]
    await place.house.catalogue.publish(flow_file(graph={"nodes": nodes, "edges": WAYS}), "first", partial=True)
    return place


async def test_it_is_refused_unless_its_operator_allows_it_and_what_was_served_stays(build: Build) -> None:
    place = await build()
    before = place.house.catalogue.get("first")
    with pytest.raises(Refused, match="tool tavily/search: is not here"):
        await place.house.catalogue.publish(flow_file(graph={"nodes": NODES, "edges": WAYS}), "first")
    assert place.house.catalogue.get("first") is before


async def test_a_run_that_gets_to_such_a_node_fails_with_its_name_and_the_reason(build: Build) -> None:
    place = await served(build)
    reply = await place.door.send()
    assert reply.status == 400
    assert "Search the web: The tool tavily/search is not here" in reply.json()["message"]
    said = (await place.door.send(response_mode="streaming")).events
    assert "".join(event["answer"] for event in said if event["event"] == "message") == "Hello. "
    [failed] = [event["data"] for event in said if event["event"] == "node_finished" and event["data"]["error"]]
    assert (failed["node_id"], failed["status"]) == ("look", "failed")


async def test_the_error_handling_of_its_author_holds_for_such_a_node(build: Build) -> None:
    place = await served(build, error_strategy="default-value", default_value=[DEFAULT])
    assert (await place.door.send()).json()["answer"] == "Hello. Nothing found. Bye."


async def test_it_stays_served_when_another_process_has_published_it(build: Build) -> None:
    place = await served(build)
    app = place.house.catalogue.get("first")
    assert app is not None
    await place.house.catalogue.refresh()
    assert place.house.catalogue.get("first") is app
    assert await place.house.catalogue.pinned(app, app.card.version) is app
