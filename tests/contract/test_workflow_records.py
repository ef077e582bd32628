"""How runs went: one by its id, and the list of an app's (contract 5.10)."""

import json

import pytest

from tests.contract.flow_samples import branching, run, running, saying, workflow_file
from tests.contract.requirements import requirement
from tests.contract.test_workflows import FAILS, HANGS, refused
from tests.front_door import FrontDoor, Reply
from tests.houses import NOBODY, NOW, Build, Place, app_file, chat_app, key_of, rules

pytestmark = pytest.mark.anyio

LOGS = "/v1/workflows/logs"
MEMBERS = [
    *("id", "workflow_id", "status", "inputs", "outputs", "error", "total_steps", "total_tokens", "created_at"),
    *("finished_at", "elapsed_time"),
]
SUMMARY = [
    *("id", "version", "status", "triggered_from", "error", "elapsed_time", "total_tokens", "total_steps"),
    *("created_at", "finished_at", "exceptions_count"),
]
ENTRY = [
    *("id", "workflow_run", "details", "created_from", "created_by_role", "created_by_account"),
    *("created_by_end_user", "created_at"),
]


async def detail(door: FrontDoor, run_id: str) -> Reply:
    return await door.get(f"/v1/workflows/run/{run_id}")


async def listed(door: FrontDoor, **query: object) -> list[str]:
    """The ids of a page."""
    page = await door.get(LOGS, **query)
    assert page.status == 200, page.body
    return [entry["workflow_run"]["id"] for entry in page.json()["data"]]


@requirement("workflow:detail")
async def test_a_run_tells_how_it_went(build: Build) -> None:
    place = await build(apps={"first": workflow_file()}, models=rules({"say": ["ün{query}"]}), fixed=True)
    done = (await run(place.door, inputs={"word": "“noon”"})).json()["data"]
    found = (await detail(place.door, done["id"])).json()
    assert list(found) == MEMBERS
    assert json.loads(found["inputs"]) == {"word": "“noon”"}
    for name in set(MEMBERS) - {"inputs"}:
        assert found[name] == done[name], name


@requirement("workflow:detail")
async def test_a_run_that_goes_on_has_no_outputs_yet_and_a_failed_one_has_its_error(build: Build) -> None:
    place = await build(apps={"first": workflow_file()}, models=rules(HANGS, FAILS))
    stream = running(place.door, word="wait")
    begun = await stream.next()
    assert begun is not None
    found = (await detail(place.door, begun["workflow_run_id"])).json()
    assert (found["status"], found["outputs"], found["finished_at"], found["error"]) == ("running", {}, None, None)
    failed = (await run(place.door, inputs={"word": "x"})).json()["workflow_run_id"]
    found = (await detail(place.door, failed)).json()
    assert (found["status"], found["outputs"], found["error"]) == ("failed", {}, "[openai] broken")


@requirement("workflow:detail:own", "error:not-workflow-app", "workflow:mode")
async def test_a_run_is_its_apps(build: Build) -> None:
    apps = {"first": saying("x"), "second": saying("x"), "chat": chat_app(), "write": app_file("completion")}
    place = await build(apps=apps)
    kept = (await run(place.door)).json()["workflow_run_id"]
    assert (await detail(place.door, kept)).status == (await detail(place.door, kept.upper())).status == 200
    elsewhere = FrontDoor(place.app, key_of("second"))
    for reply in (await detail(elsewhere, kept), await detail(place.door, NOBODY), await detail(place.door, "abc")):
        assert refused(reply, "not_found", 404)
    for key in ("chat", "write"):
        door = FrontDoor(place.app, key_of(key))
        assert refused(await detail(door, kept), "not_workflow_app")
        assert refused(await door.get(LOGS), "not_workflow_app")


@requirement("workflow:detail", "workflow:logs:chatflow")
async def test_the_run_of_a_chatflow_is_kept_and_listed(build: Build) -> None:
    place = await build(apps={"first": branching()})
    events = (await place.door.streamed("please")).events
    run_id = events[0]["workflow_run_id"]
    found = (await detail(place.door, run_id)).json()
    assert (found["status"], found["outputs"]["answer"], found["total_steps"]) == ("succeeded", "Gladly.", 3)
    assert await listed(place.door) == [run_id]


async def several(build: Build) -> tuple[Place, list[str]]:
    """Five runs of ann and bob, the third one failed; the newest is the last."""
    fails = {"match": "bad", **FAILS}
    place = await build(apps={"first": workflow_file()}, models=rules(fails, {"say": ["{query}!"]}))
    words = (("ann", "one"), ("bob", "two"), ("ann", "bad"), ("bob", "Four"), ("ann", "five"))
    found = [(await run(place.door, user, {"word": word})).json()["workflow_run_id"] for user, word in words]
    return place, found


@requirement("workflow:logs")
async def test_runs_are_listed_the_newest_first_a_page_at_a_time(build: Build) -> None:
    place, runs = await several(build)
    page = (await place.door.get(LOGS)).json()
    assert {name: page[name] for name in ("page", "limit", "total", "has_more")} == {
        "page": 1,
        "limit": 20,
        "total": 5,
        "has_more": False,
    }
    entry = page["data"][0]
    assert list(entry) == ENTRY
    assert list(entry["workflow_run"]) == SUMMARY
    assert (entry["created_from"], entry["created_by_role"], entry["created_by_account"]) == (
        "service-api",
        "end_user",
        None,
    )
    assert entry["created_by_end_user"]["session_id"] == "ann"
    assert [one["workflow_run"]["id"] for one in page["data"]] == runs[::-1]
    for number, ids, more in ((1, runs[:2:-1], True), (2, runs[2:0:-1], True), (3, runs[:1], False), (4, [], False)):
        page = (await place.door.get(LOGS, page=number, limit=2)).json()
        assert ([one["workflow_run"]["id"] for one in page["data"]], page["has_more"], page["total"]) == (ids, more, 5)


@requirement("workflow:logs:filters")
async def test_the_list_can_be_narrowed(build: Build) -> None:
    place, runs = await several(build)
    one, two, bad, four, five = runs
    for query, ids in (
        ({"status": "failed"}, [bad]),
        ({"status": "succeeded"}, [five, four, two, one]),
        ({"status": "stopped"}, []),
        ({"created_by_end_user_session_id": "bob"}, [four, two]),
        ({"created_by_end_user_session_id": "nobody"}, []),
        ({"keyword": "FOUR!"}, [four]),
        ({"keyword": "bad", "status": "failed"}, [bad]),
        ({"keyword": "%"}, []),
        ({"created_at__after": "2020-01-31T00:00:00Z"}, runs[::-1]),
        ({"created_at__before": "2020-01-31T00:00:00+01:00"}, []),
        ({"created_at__before": "2020-01-31"}, []),
        ({"created_by_account": ""}, runs[::-1]),
    ):
        assert await listed(place.door, **query) == ids, query


@requirement("workflow:logs:filters")
async def test_a_bound_of_the_time_is_taken_as_it_is_written(build: Build) -> None:
    place = await build(apps={"first": saying("x")}, fixed=True)
    (await run(place.door)).json()
    assert NOW == 1767000000.0, "2025-12-29T09:20:00Z"
    for after, found in (
        ("2025-12-29T09:20:00Z", 1),
        ("2025-12-29T09:20:00", 1),
        ("2025-12-29T10:20:00+01:00", 1),
        ("2025-12-29T09:20:01Z", 0),
        ("2025-12-29T09:20:00-01:00", 0),
    ):
        assert len(await listed(place.door, created_at__after=after)) == found, after
    unescaped = await place.door.request("GET", LOGS, query=b"created_at__after=2025-12-29T10:20:00+01:00")
    assert unescaped.json()["total"] == 1


@requirement("workflow:logs:filters")
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("page", ("0", "100000", "x", "-1")),
        ("limit", ("0", "101", "x")),
        ("status", ("running", "x")),
        ("created_at__before", ("x", "2025-13-01", "12")),
        ("created_at__after", ("tomorrow", "T")),
        ("created_by_account", ("ann@example.com",)),
    ],
)
async def test_a_filter_that_cannot_be_is_refused_by_name(build: Build, name: str, values: tuple[str, ...]) -> None:
    place = await build(apps={"first": saying("x")})
    for value in values:
        reply = await place.door.get(LOGS, **{name: value})
        assert refused(reply, "invalid_param"), value
        assert reply.json()["params"] == name


@requirement("workflow:logs")
async def test_another_apps_runs_are_not_listed(build: Build) -> None:
    place = await build(apps={"first": saying("x"), "second": saying("x")})
    await run(place.door)
    assert await listed(FrontDoor(place.app, key_of("second"))) == []
