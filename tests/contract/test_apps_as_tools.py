"""Workflows as tools of other apps: of their agents, and of nodes of their graphs (dsl.md 4.1, 6.11)."""

import json
from typing import Any, cast

import pytest
from anyio import fail_after

from parlour.domain.message import Owner
from parlour.http.apps_as_tools import AppsAsTools
from parlour.tools.shelf import Place as Shelved
from parlour.tools.tool import Builtin
from parlour.tools.toolbox import Toolbox
from parlour.tools.workflow import WorkflowShelf
from tests.contract.flow_samples import RUN, end, start, text_field
from tests.contract.requirements import requirement
from tests.contract.test_agents import call, kinds, thoughts, uses
from tests.contract.uploading import local, upload
from tests.dsl.graph_samples import Written, chain, graph_file, node
from tests.flow.model_samples import Listening
from tests.front_door import Reply, until
from tests.houses import Build, Place, agent_app, key_of, rules
from tests.trial_tools import REACH, TRIAL, Slow

pytestmark = pytest.mark.anyio

ECHO = node("echo", "template-transform", template="{{ a }}, {{ a }}!", variables=[])
ECHO["data"]["variables"] = [{"variable": "a", "value_selector": ["start", "word"]}]
PICTURE: Written = {
    "variable": "picture",
    "label": "picture",
    "type": "file",
    "required": False,
    "allowed_file_types": ["image"],
    "allowed_file_upload_methods": ["local_file"],
}


def inner(*nodes: Written, form: tuple[Written, ...] = (), out: tuple[tuple[str, list[str]], ...] = ()) -> str:
    """A workflow that says a word twice."""
    word = text_field("word", required=True) | {"label": "The word to say"}
    made = [start(word, *form), *(nodes or (ECHO,)), end(*(out or (("said", ["echo", "output"]),)))]
    return graph_file("workflow", made, chain(*(one["id"] for one in made)))


def use(tool: str = "inner", /, **given: object) -> Written:
    """A node that uses it; a list is a variable."""
    parameters: Written = {
        name: {"type": "variable" if isinstance(value, list) else "mixed", "value": cast("object", value)}
        for name, value in given.items()
    }
    named = {"provider_id": "0d9a", "provider_name": "house", "provider_type": "workflow", "tool_name": tool}
    return node("use", "tool", **named, tool_parameters=parameters, tool_configurations={})


def outer(*nodes: Written) -> str:
    made = [start(), *nodes]
    return graph_file("advanced-chat", made, chain(*(one["id"] for one in made)))


async def housed(build: Build, *more: Builtin, **plan: Any) -> Place:
    """A house in which `house/inner` is its own app of that name, and the apps of `plan` beside it."""
    apps = AppsAsTools()
    places = {
        f"house/{name}": Shelved(WorkflowShelf(apps, name), "an app", name) for name in ("inner", "outer", "gone")
    }
    tools = Toolbox({"trial": (*TRIAL, *more)}, REACH, places)
    return await build(tools=tools, as_tools=apps, **plan)


def finished(reply: Reply) -> dict[str, dict[str, Any]]:
    return {one["data"]["node_id"]: one["data"] for one in reply.events if one["event"] == "node_finished"}


def owner(place: Place, name: str) -> Owner:
    app = place.house.catalogue.get(name)
    assert app is not None
    return Owner(app.card.id, "ann")


async def runs_of(place: Place, app: str) -> list[dict[str, Any]]:
    page = await place.door.request("GET", "/v1/workflows/logs", key=key_of(app))
    return page.json()["data"]


@requirement("tool:workflow")
async def test_a_node_uses_a_workflow_whose_run_is_kept_with_its_app(build: Build) -> None:
    say = node("say", "answer", answer="{{#use.said#}} {{#use.text#}}")
    place = await housed(build, apps={"outer": outer(use(word="{{#sys.query#}}"), say), "inner": inner()})
    reply = await place.door.streamed("hi")
    outputs = finished(reply)["use"]["outputs"]
    assert outputs == {"said": "hi, hi!", "text": '{"said": "hi, hi!"}', "files": [], "json": [{"said": "hi, hi!"}]}
    assert "".join(one["answer"] for one in reply.events if one["event"] == "message") == 'hi, hi! {"said": "hi, hi!"}'
    [run] = await runs_of(place, "inner")
    assert (run["workflow_run"]["status"], run["created_by_end_user"]["session_id"]) == ("succeeded", "ann")


@requirement("tool:workflow")
async def test_an_agent_is_told_of_a_workflows_form_and_uses_it(build: Build) -> None:
    model = Listening(rules(uses(call("inner", word="ho")), {"say": ["Done."]}))
    place = await housed(build, apps={"first": agent_app("house/inner"), "inner": inner()}, models=model)
    reply = await place.door.streamed("hi")
    assert kinds(reply)[-1] == "message_end"
    [tool] = model.calls[0].tools
    word = {"type": "string", "description": "The word to say"}
    assert tool.parameters == {"type": "object", "properties": {"word": word}, "required": ["word"]}
    assert json.loads(thoughts(reply.events)[0][-1]["observation"]) == {"inner": '{"said": "ho, ho!"}'}


@requirement("tool:workflow")
async def test_files_go_in_and_come_out_and_belong_to_the_app_that_has_them(build: Build) -> None:
    draw = node("draw", "tool", provider_name="trial", tool_name="paint", tool_parameters={})
    draw["data"]["tool_parameters"] = {"prompt": {"type": "mixed", "value": "{{#start.word#}}"}}
    workflow = inner(draw, form=(PICTURE,), out=(("drawn", ["draw", "files"]), ("given", ["start", "picture"])))
    app = outer(use(word="owl", picture=["start", "picture"]), node("say", "answer", answer="ok"))
    app = app.replace("variables: []", "variables: [" + json.dumps(PICTURE) + "]", 1)
    place = await housed(build, apps={"outer": app, "inner": workflow})
    sent = await upload(place.door, name="mine.png")
    reply = await place.door.streamed("hi", inputs={"picture": local(sent)})
    files = finished(reply)["use"]["outputs"]["files"]
    assert [file["filename"] for file in files] == ["owl.png", "mine.png"]
    assert sent not in {file["related_id"] for file in files}
    for file in files:
        assert await place.storage.uploads.find(owner(place, "outer"), file["related_id"])
        assert not await place.storage.uploads.find(owner(place, "inner"), file["related_id"])


@requirement("tool:workflow")
@pytest.mark.parametrize(
    ("tool", "given", "told"),
    [
        ("inner", {}, "The tool needs word"),
        ("inner", {"word": "x" * 50}, "word in input form must not be longer than 48 characters"),
        ("outer", {}, "outer is no workflow, but of the mode advanced-chat"),
        ("gone", {}, "there is no app gone here"),
    ],
)
async def test_what_does_not_fit_is_told(build: Build, tool: str, given: dict[str, Any], told: str) -> None:
    app = inner().replace("variable: word", "variable: word\n          max_length: 48")
    place = await housed(
        build, apps={"outer": outer(use(tool, **given), node("say", "answer", answer="ok")), "inner": app}
    )
    assert told in (await place.door.send("hi")).json()["message"]


@requirement("tool:workflow")
async def test_a_workflow_that_fails_fails_as_a_tool_with_its_reason(build: Build) -> None:
    fail = node("fail", "tool", provider_name="trial", tool_name="fail", tool_parameters={})
    apps = {
        "outer": outer(use(word="x"), node("say", "answer", answer="ok")),
        "inner": inner(fail, out=(("a", ["fail", "text"]),)),
    }
    place = await housed(build, apps=apps)
    assert (await place.door.send("hi")).json()["message"] == "Run failed: Use: Fail: no luck today"
    assert [run["workflow_run"]["status"] for run in await runs_of(place, "inner")] == ["failed"]


@requirement("tool:workflow")
async def test_a_workflow_that_asks_somebody_can_be_no_tool(build: Build) -> None:
    ask = node("ask", "human-input", form_content="?", inputs=[], user_actions=[{"id": "yes", "title": "Yes"}])
    apps = {
        "outer": outer(use(word="x"), node("say", "answer", answer="ok")),
        "inner": inner(ask, out=(("a", ["ask", "x"]),)),
    }
    place = await housed(build, apps=apps)
    assert "inner asks somebody" in (await place.door.send("hi")).json()["message"]


@requirement("tool:workflow:stop")
async def test_a_stop_stops_the_workflow_too(build: Build) -> None:
    slow = Slow()
    wait = node("wait", "tool", provider_name="trial", tool_name="wait", tool_parameters={})
    apps = {
        "outer": outer(use(word="x"), node("say", "answer", answer="ok")),
        "inner": inner(wait, out=(("a", ["wait", "text"]),)),
    }
    place = await housed(build, Builtin("wait", "Wait", "Waits.", slow.run), apps=apps)
    async with place.door.chat("hi") as stream:
        with fail_after(5):
            first = await stream.next()
            assert first
            await slow.begun.wait()
            assert (await place.door.post(f"/v1/chat-messages/{first['task_id']}/stop", user="ann")).status == 200
            await slow.ended.wait()
            assert (await stream.rest())[-1]["event"] in {"message_end", "workflow_finished"}

    async def stopped() -> bool:
        return [run["workflow_run"]["status"] for run in await runs_of(place, "inner")] == ["stopped"]

    await until(stopped)


@requirement("tool:workflow:depth")
async def test_a_workflow_that_uses_itself_ends_at_a_depth_of_five(build: Build) -> None:
    again = inner(use(word="{{#start.word#}}!"), out=(("a", ["use", "text"]),))
    place = await housed(build, apps={"inner": again})
    reply = await place.door.post(RUN, inputs={"word": "x"}, user="ann", response_mode="blocking")
    assert "more than 5 deep" in reply.json()["data"]["error"]
    assert len(await runs_of(place, "inner")) == 6
