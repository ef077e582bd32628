"""Nonsense on the routes around a conversation: feedback, annotations, end users, variables. Only 2xx and 4xx come."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.requirements import requirement
from tests.contract.test_bad_input import JSON, TELLING, assert_well_spoken, leaves, many, values
from tests.front_door import FrontDoor
from tests.houses import Build

pytestmark = pytest.mark.anyio

MEMBERS = ["rating", "content", "question", "answer", "value", "score_threshold", "embedding_provider_name"]
QUERIES = ["page", "limit", "keyword", "last_id", "variable_name", "user"]
LISTS = ["/v1/app/feedbacks", "/v1/apps/annotations", "/v1/conversations/{conversation}/variables"]
telling = st.sampled_from(["like", "dislike", "0", "1", "101", "999999999", *TELLING])
bodies = st.dictionaries(st.sampled_from(MEMBERS), telling | leaves | values, max_size=5)


@pytest.fixture
async def ids(build: Build) -> tuple[FrontDoor, dict[str, str]]:
    """A house, and what there is in it."""
    place = await build()
    sent = (await place.door.send("hi", auto_generate_name=False)).json()
    kept = (await place.door.post("/v1/apps/annotations", question="q", answer="a")).json()
    return place.door, {
        **sent,
        "message": sent["id"],
        "conversation": sent["conversation_id"],
        "annotation": kept["id"],
    }


@requirement("error:invalid-param", "error:never-html", "check:10")
@many
@given(body=bodies | values)
async def test_any_json_is_answered_or_refused_in_the_envelope(
    ids: tuple[FrontDoor, dict[str, str]], body: object
) -> None:
    door, there = ids
    sent = {"user": "ann", **body} if isinstance(body, dict) else body  # pyright: ignore[reportUnknownVariableType]
    for method, path in (
        ("POST", "/v1/messages/{message}/feedbacks"),
        ("POST", "/v1/apps/annotations"),
        ("PUT", "/v1/apps/annotations/{annotation}"),
        ("PUT", "/v1/conversations/{conversation}/variables/{message}"),
        ("POST", "/v1/apps/annotation-reply/enable"),
    ):
        text = json.dumps(sent).encode()
        assert_well_spoken(await door.request(method, path.format(**there), body=text, headers=JSON))
    for path in LISTS:
        assert_well_spoken(await door.get(path.format(**there), user="ann"))


@requirement("error:invalid-param", "error:never-html")
@many
@given(query=st.dictionaries(st.sampled_from(QUERIES), st.text(max_size=20) | telling, max_size=5))
async def test_any_query_is_answered_or_refused_in_the_envelope(
    ids: tuple[FrontDoor, dict[str, str]], query: dict[str, str]
) -> None:
    door, there = ids
    sent = {name: value.encode("utf-8", "surrogatepass") for name, value in query.items()}
    for path in LISTS:
        assert_well_spoken(await door.get(path.format(**there), **{"user": "ann", **sent}))


@requirement("error:never-html")
@pytest.mark.parametrize("wrong", ["abc", "%00", "漢", "0" * 300, "{}", "like"])
async def test_any_path_is_refused_in_the_envelope(ids: tuple[FrontDoor, dict[str, str]], wrong: str) -> None:
    door, there = ids
    for method, path in (
        ("POST", "/v1/messages/{wrong}/feedbacks"),
        ("GET", "/v1/end-users/{wrong}"),
        ("PUT", "/v1/apps/annotations/{wrong}"),
        ("DELETE", "/v1/apps/annotations/{wrong}"),
        ("GET", "/v1/conversations/{wrong}/variables"),
        ("PUT", "/v1/conversations/{conversation}/variables/{wrong}"),
        ("GET", "/v1/apps/annotation-reply/{wrong}/status/{wrong}"),
    ):
        reply = await door.request(method, path.format(wrong=wrong, **there), json_body={"user": "ann"})
        assert reply.status == 404, path
        assert_well_spoken(reply)
