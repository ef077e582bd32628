"""Every operation of an app in the published description, asked for and held against it.

Every other test's replies are held against it as well, by the front door; here nothing is left out, and no difference
is listed that no longer is one.
"""

import json
from pathlib import Path

import pytest

from parlour.domain.turn import Submission
from parlour.http.auth import digest
from parlour.ports.catalogue import Key, Version
from parlour.runs.rates import AppRates, Rate
from tests.contract.differences import DIFFERENCES
from tests.contract.filling import fill
from tests.contract.flow_samples import run, text_field, workflow_file
from tests.contract.pausing import NOTE, approval, followed, submit, token
from tests.contract.repeating import begun_elsewhere
from tests.contract.requirements import requirement
from tests.contract.test_citations import D1, HANDBOOK, looking
from tests.contract.test_external_knowledge import ENTRY, WIKI, service
from tests.contract.test_variables_kept import counting, id_of
from tests.contract.uploading import BOUNDARY, local, multipart, upload
from tests.documented import Comparison, against, differences, event, operations
from tests.front_door import FrontDoor
from tests.houses import NOBODY, Build, Place, agent_app, app_file, chat_app, key_of, rules

pytestmark = pytest.mark.anyio

OTHER_APPS = ("/datasets", "/workspaces")
"""Knowledge (an issue of its own)."""
KINDS = ("text-input", "paragraph", "select", "number", "checkbox", "json_object", "file", "file-list")
MODERATION = {"enabled": True, "type": "keywords", "config": {"keywords": "owl", "inputs_config": {"enabled": False}}}
GOLDEN = Path(__file__).resolve().parents[1] / "golden"
FLOWS = {
    name: (GOLDEN / folder / "app.yml").read_text()
    for name, folder in {
        "flow": "chatflow",
        "iteration": "chatflow_iteration",
        "loop": "chatflow_loop",
        "retry": "chatflow_retry",
    }.items()
}


def everything() -> str:
    """An app with a field of every kind, and all features on."""
    more = {
        "text-input": {"max_length": 48, "hide": False},
        "paragraph": {"max_length": 48},
        "select": {"options": ["a"]},
    }
    common = {"required": False, "default": ""}
    return chat_app(
        user_input_form=[
            {kind: {"variable": kind.replace("-", "_"), "label": kind, **common, **more.get(kind, {})}}
            for kind in KINDS
        ],
        external_data_tools=[{"enabled": True, "type": "api", "variable": "x", "label": "X"}],
        suggested_questions_after_answer={"enabled": True},
        speech_to_text={"enabled": True},
        text_to_speech={"enabled": True, "voice": "", "language": "", "autoPlay": "disabled"},
        sensitive_word_avoidance=MODERATION,
        file_upload={"enabled": True, "allowed_file_types": ["image"], "number_limits": 3},
    )


# All three attempts of the blocking call fail, and the first of the streamed one.
RETRIED = {"match": "retry", "once": True, "error": {"code": "completion_request_error"}}
PAINTING = {"match": "paint", "once": True, "tool_calls": [{"name": "paint", "arguments": {"prompt": "owl"}}]}
EVERY_FIELD = [
    NOTE,
    {"type": "select", "output_variable_name": "level", "option_source": {"value": ["low"]}},
    {"type": "file", "output_variable_name": "one"},
    {"type": "file-list", "output_variable_name": "some"},
]
NOBODY_ANSWERED = Submission("", {})
FAILING = {"match": "fail", "say": ["Par"], "error": {"code": "completion_request_error", "after": 1}}


async def ask_everything(place: Place) -> None:
    """One success of every operation that has one, and one failure of every kind."""
    door, write = place.door, key_of("write")
    for path in ("info", "parameters", "meta", "site", "app/feedbacks", "apps/annotations", "conversations"):
        await door.get(f"/v1/{path}")
    sent = await upload(door)
    said = (await door.send("hi", files=[local(sent)])).json()
    message, conversation = said["id"], said["conversation_id"]
    await door.streamed("hi", conversation_id=conversation)
    await door.get(f"/v1/files/{sent}/preview")
    await door.post(f"/v1/messages/{message}/feedbacks", rating="like", user="ann")
    await door.get("/v1/app/feedbacks")
    await door.get("/v1/messages", conversation_id=conversation, user="ann")
    await door.get("/v1/conversations", user="ann")
    await door.send(response_mode="async")
    asked_of = {"inputs": {"one": "a"}, "user": "ann", "response_mode": "async"}
    await door.request("POST", "/v1/workflows/run", json_body=asked_of, key=key_of("run"))
    await door.get(f"/v1/messages/{message}/suggested", user="ann")
    await door.post(f"/v1/chat-messages/{NOBODY}/stop", user="ann")
    await door.post(f"/v1/conversations/{conversation}/name", name="New", user="ann")
    await variables(door, conversation)
    await flow_variables(place)
    await annotations(door)
    await sounds(door)
    await cited(place)
    failing: dict[str, object] = {"inputs": {"word": "fail"}, "user": "ann", "response_mode": "streaming"}
    await door.request("POST", "/v1/workflows/run", json_body=failing, key=key_of("fails"))
    for mode in ("blocking", "streaming"):
        asked: dict[str, object] = {"inputs": {}, "query": "hi", "user": "ann", "response_mode": mode}
        await door.request("POST", "/v1/completion-messages", json_body=asked, key=write)
        await door.send("fail", response_mode=mode)
        await door.request("POST", "/v1/chat-messages", json_body={**asked, "query": "fail"}, key=key_of("flow"))
        for flow in FLOWS:
            await door.request("POST", "/v1/chat-messages", json_body={**asked, "query": flow}, key=key_of(flow))
        for agent in ("agent", "new"):
            await door.request("POST", "/v1/chat-messages", json_body={**asked, "query": "paint"}, key=key_of(agent))
    await workflows(place)
    await forms(place, "asks")
    await forms(place, "asks_run")
    await door.request("POST", f"/v1/completion-messages/{NOBODY}/stop", json_body={"user": "ann"}, key=write)
    (judged,) = (await door.get("/v1/app/feedbacks")).json()["data"]
    await door.get(f"/v1/end-users/{judged['from_end_user_id']}")
    await door.request("DELETE", f"/v1/conversations/{conversation}", json_body={"user": "ann"})
    await refused(place)


async def sounds(door: FrontDoor) -> None:
    await door.post("/v1/text-to-audio", text="Hello.", user="ann")
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    for parts in ([("file", "a.mp3", "audio/mpeg", b"sound")], []):
        await door.request("POST", "/v1/audio-to-text", headers=headers, body=multipart(*parts))


async def cited(place: Place) -> None:
    """An answer that rests on something, and how it is told later."""
    await fill(place, HANDBOOK)
    for app in ("cites", "elsewhere"):
        door = FrontDoor(place.app, key_of(app))
        door.documented = place.door.documented
        answer = (await door.send("How much leave?")).json()
        assert answer["metadata"]["retriever_resources"]
        await door.get("/v1/messages", conversation_id=answer["conversation_id"], user="ann")


async def variables(door: FrontDoor, conversation: str) -> None:
    await door.get(f"/v1/conversations/{conversation}/variables", user="ann")
    await door.get(f"/v1/conversations/{NOBODY}/variables", user="ann")
    change = {"value": "x", "user": "ann"}
    await door.request("PUT", f"/v1/conversations/{conversation}/variables/{NOBODY}", json_body=change)


async def flow_variables(place: Place) -> None:
    door = FrontDoor(place.app, key_of("count"))
    door.documented = place.door.documented
    conversation = (await door.send("hi", auto_generate_name=False)).json()["conversation_id"]
    path = f"/v1/conversations/{conversation}/variables"
    await door.get(path, user="ann")
    for value in ("x", 5):
        change = {"value": value, "user": "ann"}
        await door.request("PUT", f"{path}/{id_of('topic')}", json_body=change)


async def workflows(place: Place) -> None:
    door = FrontDoor(place.app, key_of("run"))
    door.documented = place.door.documented
    draft = Version(NOBODY, "run", workflow_file(), 0.0, draft=True)
    await place.storage.versions.publish(draft)
    asked = {"word": "hi"}
    version = (await run(door, inputs=asked)).json()["data"]["workflow_id"]
    done = await run(door, inputs=asked, response_mode="streaming")
    await door.get(f"/v1/workflows/run/{done.events[0]['workflow_run_id']}")
    await door.get("/v1/workflows/logs")
    await door.get("/v1/parameters")
    await place.door.get("/v1/workflows/logs")
    await door.post(f"/v1/workflows/tasks/{NOBODY}/stop", user="ann")
    for one in (version, NOBODY, NOBODY.replace("1", "2"), "abc"):
        await door.post(f"/v1/workflows/{one}/run", inputs=asked, user="ann")
    await door.post(f"/v1/workflows/{version}/run", inputs=asked, user="ann", response_mode="async")


async def forms(place: Place, name: str) -> None:
    """A form with a field of every kind, in a chatflow or a workflow: timed out, sent, sent again."""
    door = FrontDoor(place.app, key_of(name))
    door.documented = place.door.documented
    sent = local(await upload(door))
    await (run(door) if name == "asks_run" else door.send("hi"))
    stream = await (run(door, response_mode="streaming") if name == "asks_run" else door.streamed("hi"))
    form = token(stream.events)
    run_id = stream.events[0]["workflow_run_id"]
    await door.get(f"/v1/form/human_input/{form}")
    await door.get(f"/v1/form/human_input/{NOBODY}")
    await submit(door, form, "maybe")
    for _ in range(2):
        await submit(door, form, level="low", one=sent, some=[sent])
    await followed(door, run_id)
    await followed(door, run_id, include_state_snapshot="true")
    await door.request("GET", f"/v1/workflow/{run_id}/events", query={"user": "ann"}, key=key_of("first"))
    laid = await place.storage.pauses.due(1e12)
    for form in (form for one in laid for form in one.forms):
        await place.storage.forms.answer(form.asked.form_id, NOBODY_ANSWERED)
        await door.get(f"/v1/form/human_input/{form.asked.form_token}")


async def annotations(door: FrontDoor) -> None:
    kept = (await door.post("/v1/apps/annotations", question="q", answer="a")).json()
    await door.get("/v1/apps/annotations")
    change = {"question": "q", "answer": "b"}
    await door.request("PUT", f"/v1/apps/annotations/{kept['id']}", json_body=change)
    await door.get(f"/v1/apps/annotations/{kept['id']}/hit-histories")
    await door.request("DELETE", f"/v1/apps/annotations/{kept['id']}")
    setting = {"score_threshold": 0.9, "embedding_provider_name": "x", "embedding_model_name": "y"}
    for action in ("enable", "disable"):
        job = (await door.post(f"/v1/apps/annotation-reply/{action}", **setting)).json()["job_id"]
        await door.get(f"/v1/apps/annotation-reply/{action}/status/{job}")
    await door.get(f"/v1/apps/annotation-reply/enable/status/{NOBODY}")


async def refused(place: Place) -> None:
    """One failure of every kind."""
    door = place.door
    await door.request("GET", "/v1/info", key="app-nobody")
    await place.storage.keys.add(Key(digest("app-orphan"), "app", "gone", "app-…", 0))
    await door.request("GET", "/v1/info", key="app-orphan")
    await door.get("/v1/messages", user="ann")
    await door.request("GET", "/v1/apps/annotations", key=key_of("write"))
    await door.get("/v1/end-users/abc")
    await door.request("POST", "/v1/apps/annotations", body=b"{", headers={"content-type": "application/json"})
    await door.request("POST", "/v1/chat-messages", body=b"{}", headers={"content-type": "text/plain"})
    await door.send("x" * 20_000)
    await begun_elsewhere(place, {"query": "hi", "user": "ann"})
    once_more: dict[str, object] = {"inputs": {}, "user": "ann"}
    await door.request("POST", "/v1/completion-messages", json_body=once_more, key=key_of("write"))
    await place.house.runs.close(0)
    await door.send()


@requirement("error:envelope")
async def test_every_documented_operation_answers_as_documented_and_no_listed_difference_is_stale(build: Build) -> None:
    place = await build(
        apps={
            "first": everything(),
            "write": app_file("completion"),
            **FLOWS,
            "count": counting(),
            "fails": (GOLDEN / "workflow_failure" / "app.yml").read_text(),
            "asks": approval(inputs=EVERY_FIELD),
            "asks_run": approval("workflow", inputs=EVERY_FIELD),
            "run": workflow_file(text_field("long", type="paragraph"), text_field("one", type="select", options=["a"])),
            "agent": agent_app("paint"),
            "new": agent_app("paint", mode="agent"),
            "cites": chat_app(**looking(D1)),
            "elsewhere": chat_app(**looking(WIKI)),
        },
        models=rules(
            FAILING, PAINTING, *[RETRIED] * 4, {"purpose": "suggest", "say": ['["Why?"]']}, {"say": ["Hello."]}
        ),
        web=service(),
        datasets={WIKI: ENTRY},
        max_body=10_000,
        rates_of={"write": AppRates(per_user=Rate(2, 3600))},
    )
    await ask_everything(place)
    found = place.door.documented
    listed, seen = set(DIFFERENCES), set(found.found)
    assert seen - listed == set()
    assert listed - seen == set(), "listed, and no longer a difference: take it out of tests/contract/differences.py"
    ours = {name for name, _ in operations() if not name.partition(" ")[2].startswith(OTHER_APPS)}
    answered = {name for name, status in found.seen if status < 400}
    asked = {name for name, _ in found.seen}
    assert answered == ours
    assert asked == ours


def test_a_comparison_sees_what_is_missing_added_or_of_another_type() -> None:
    usage = {"prompt_tokens": "1", "latency": 0.5, "made_up": 1}
    found = set(against("Usage", usage))
    assert {"Usage.prompt_tokens: str", "Usage.made_up: added", "Usage.total_tokens: missing"} <= found
    assert "Usage.latency: float" not in found


def test_a_comparison_sees_formats_nulls_and_the_members_of_lists() -> None:
    page = {"limit": 20, "has_more": False, "data": [{"id": "no uuid", "name": None}]}
    found = set(against("ConversationsListResponse", page))
    assert {"ConversationListItem.id: str", "ConversationListItem.name: null"} <= found
    assert "ConversationListItem.inputs: missing" in found


def test_a_comparison_sees_other_statuses_types_codes_and_events() -> None:
    send = "POST /chat-messages"
    assert set(differences(send, 201, "application/json", b"{}")) == {f"{send}: 201"}
    assert set(differences(send, 200, "text/html", b"")) == {f"{send}: type"}
    assert set(differences("DELETE /conversations/{conversation_id}", 204, "", b"x")) == {
        "DELETE /conversations/{conversation_id}: a body"
    }
    failed = json.dumps({"code": "made_up", "status": 400}).encode()
    assert set(differences(send, 400, "application/json", failed)) == {
        "failure.message: missing",
        "failure: 400 made_up",
    }
    assert set(event("ChunkChatEvent", {"event": "made_up"})) == {"ChunkChatEvent.made_up: added"}


def test_a_comparison_leaves_other_addresses_alone() -> None:
    comparison = Comparison()
    comparison.reply("GET", "/v1/runs/x/events", 200, "text/plain", b"")
    comparison.reply("GET", "/health", 200, "text/plain", b"")
    assert not comparison.seen
    assert not comparison.found
