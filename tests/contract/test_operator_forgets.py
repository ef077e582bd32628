"""Of a user whom the operator forgets nothing stays: every table is as it was before the user came, and every blob."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from parlour.domain.annotation import AnnotationUse
from parlour.domain.files import File
from parlour.domain.message import Owner
from parlour.domain.values import json_form
from parlour.domain.webhook import Webhook
from parlour.domain.workflow_run import StoredVariable
from parlour.dsl.heading import app_id
from parlour.runs.start import Limits
from tests.contract.flow_samples import end, llm, start
from tests.contract.pausing import approval
from tests.contract.test_operator import WHERE
from tests.contract.uploading import local, upload
from tests.dsl.graph_samples import chain, flow_file
from tests.front_door import until
from tests.houses import ADMIN, Place, Plan, chat_app, key_of, open_house, rules

pytestmark = pytest.mark.anyio

NO_USERS = {
    *("keys", "versions", "replicas"),
    *("datasets", "tags", "tag_bindings", "metadata_fields", "documents", "segments", "child_chunks", "nodes"),
    *("node_terms", "node_words", "indexing", "annotation_replies", "annotation_jobs", "annotation_vectors"),
    *("secrets", "given_up_blobs"),
}
"""Tables in which nothing of a user stands: of the operator, of apps, and of knowledge."""
FIELD = {"variable": "one", "label": "One", "type": "file", "required": False, "allowed_file_types": ["image"]}
TAKING = {"enabled": True, "allowed_file_types": ["image"], "number_limits": 3}
Rows = dict[str, list[tuple[object, ...]]]


def running() -> str:
    nodes = [start(FIELD), llm("ask", "Hello"), end(("text", ["ask", "text"]))]
    graph = {"nodes": nodes, "edges": chain("start", "ask", "end")}
    return flow_file("workflow", graph=graph, features={"file_upload": TAKING})


def all_rows(folder: Path) -> Rows:
    """Everything that is kept; what belongs to an index over words is that of its table."""
    connection = sqlite3.connect(folder / "parlour.db")
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    names = [name for (name,) in connection.execute(tables) if not name.startswith(("node_terms_", "node_words_"))]
    found = {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=str) for name in names}  # noqa: S608
    connection.close()
    return found


def all_files(folder: Path) -> list[str]:
    return sorted(str(path) for path in (folder / "files").rglob("*") if path.is_file())


async def live(place: Place, user: str) -> None:
    """Leave something of every kind."""
    door, sent = place.door, await upload(place.door, user=user)
    asked = {"query": "hi", "user": user, "files": [local(sent)], "auto_generate_name": False}
    repeat = {"idempotency-key": f"key of {user}"}
    said = (await door.request("POST", "/v1/chat-messages", json_body=asked, headers=repeat)).json()
    await door.post(f"/v1/messages/{said['id']}/feedbacks", rating="like", content="good", user=user)
    waiting: dict[str, Any] = {"query": "it", "user": user, "response_mode": "streaming", "auto_generate_name": False}
    asked_for = await door.request("POST", "/v1/chat-messages", json_body=waiting, key=key_of("ask"))
    begun = asked_for.events[0]
    held = File("image", "local_file", "a.png", ".png", "image/png", 1, "", sent)
    kept = StoredVariable("v", "kept", "file", json_form(held), "", 1.0, 1.0)
    await place.storage.variables.write(begun["conversation_id"], [kept])
    filed = await upload(door, user=user, key=key_of("run"))
    ran: dict[str, Any] = {"inputs": {"one": local(filed)}, "user": user}
    [known] = (await place.storage.annotations.page(app_id("first"), "", 1, 1)).items
    await place.storage.replies.answers.used(AnnotationUse(user, known, "why?", 0.9, said["id"], user, 1.0))
    await place.storage.webhooks.add(Webhook(said["id"], Owner(app_id("first"), user), "first", "https://a.b/", 1.0))
    done = (await door.request("POST", "/v1/workflows/run", json_body=ran, key=key_of("run"))).json()
    await place.house.guests.settled()

    async def recorded() -> bool:
        runs = begun["workflow_run_id"], done["workflow_run_id"]
        return all([await place.storage.executions.of_run(run_id) for run_id in runs])

    await until(recorded)


async def test_of_a_user_who_is_forgotten_no_row_and_no_file_stays(tmp_path: Path) -> None:
    apps = {"first": chat_app(file_upload=TAKING), "ask": approval(), "run": running()}
    plan = Plan(apps=apps, models=rules({"say": ["Yes."]}), limits=Limits(record="full"), operated=True)
    async with open_house(plan, "sqlite", tmp_path) as place:
        await place.door.post("/v1/apps/annotations", question="q", answer="a")
        await live(place, "bob")
        before, files = all_rows(tmp_path), all_files(tmp_path)
        await live(place, "ann")
        lived = all_rows(tmp_path)
        assert {name for name in lived if lived[name] != before[name]} == lived.keys() - NO_USERS
        assert len(all_files(tmp_path)) > len(files)
        gone = await place.door.request("DELETE", f"{WHERE}/end-users", query={"user": "ann"}, key=ADMIN)
        assert gone.status == 200, gone.body
        after = all_rows(tmp_path)
        for counted in (before, after):
            del counted["annotations"]  # how often each has answered stays
        assert after == before
        assert all_files(tmp_path) == files
