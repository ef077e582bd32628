"""Every place of every request that an id can stand in, as data, and what a user of an app has that could stand there.

Knows no test: `test_isolation.py` goes to each of these places with the ids of strangers.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal, cast

from msgspec import Struct

from parlour.http.signing import Signer
from tests.contract.uploading import local, upload
from tests.front_door import FrontDoor, Reply

Kind = Literal[
    "conversation",
    "message",
    "task",
    "upload",
    "file",
    "annotation",
    "end user",
    "variable",
    "job",
    "run",
    "version",
]
App = Literal["chat", "fill", "run", "flow"]
"""A chat app, a completion app, a workflow app, a chatflow with a variable."""
Body = dict[str, Any]


class Person(Struct):
    """A user of an app, and the ids of what is hers; of what is deleted, too."""

    door: FrontDoor
    key: str
    user: str
    has: dict[str, str] = {}
    gone: dict[str, str] = {}

    async def ask(self, method: str, path: str, body: Body | None = None, **query: object) -> Reply:
        return await self.door.request(method, path, json_body=body, query=query, key=self.key)


class Place(Struct, frozen=True):
    """One place for an id: a parameter or a member `name` of an operation of the API's document."""

    operation: str
    name: str
    kind: Kind
    body: Callable[[str], Body] | None = None
    """The request's body with an id in its place, or around it."""
    query: Callable[[str], Body] | None = None
    app: bool = False
    """Whether such a thing is the app's, and not its user's (contract 5.6, 5.7, 5.9, 6.1)."""
    of: App = "chat"
    """The kind of app that has the operation."""

    async def visit(self, person: Person, given: str, signer: Signer) -> Reply:
        """Ask as this person, all as it should be but for the id that is given."""
        method, _, path = self.operation.partition(" ")
        path = path.format_map({**person.has, self.name: given})
        query = self.query(given) if self.query else {}
        if path.startswith("/files/"):
            own = person.has["file_id"]  # of the own file, with another in its place
            address = signer.made_address("", own, "") if "/tools/" in path else signer.address("", own)
            query = dict(pair.split("=") for pair in address.partition("?")[2].split("&"))
            query["sign"] = query["sign"].replace("%3D", "=")
        if method == "GET":
            query = {"user": person.user, **filled(query, person)}
        body = (
            None if method == "GET" else {"user": person.user, **filled(self.body(given) if self.body else {}, person)}
        )
        return await person.ask(method, path, body, **query)


def filled(members: Body, person: Person) -> Body:
    """With this person's own conversation where one has to be named beside the id."""
    return {name: person.has["conversation_id"] if value is OWN else value for name, value in members.items()}


OWN = object()
SAY: Body = {"query": "hi"}
FORM: Body = {"inputs": {}}


def remote(upload_id: str) -> Body:
    """A file that was fetched before (contract 2.4)."""
    return {
        "type": "image",
        "transfer_method": "remote_url",
        "url": "https://x.test/a.png",
        "upload_file_id": upload_id,
    }


CHAT, FILL = "POST /v1/chat-messages", "POST /v1/completion-messages"
RUN, VERSION = "POST /v1/workflows/run", "POST /v1/workflows/{workflow_id}/run"
CONVERSATION, MESSAGE = "/v1/conversations/{conversation_id}", "/v1/messages/{message_id}"
VARIABLE = f"PUT {CONVERSATION}/variables/{{variable_id}}"
ANNOTATION, REPLY = "/v1/apps/annotations/{annotation_id}", "GET /v1/apps/annotation-reply"

PLACES = (
    Place(CHAT, "conversation_id", "conversation", body=lambda it: {**SAY, "conversation_id": it}),
    Place(
        CHAT,
        "conversation_id",
        "conversation",
        body=lambda it: {**SAY, "conversation_id": it, "response_mode": "streaming"},
    ),
    Place(
        CHAT,
        "parent_message_id",
        "message",
        body=lambda it: {**SAY, "conversation_id": OWN, "parent_message_id": it},
    ),
    Place(CHAT, "files[].upload_file_id", "upload", body=lambda it: {**SAY, "files": [local(it)]}),
    Place(CHAT, "files[].upload_file_id", "upload", body=lambda it: {**SAY, "files": [remote(it)]}),
    Place(CHAT, "inputs", "upload", body=lambda it: {**SAY, "inputs": {"one": local(it)}}),
    Place(CHAT, "inputs", "upload", body=lambda it: {**SAY, "inputs": {"many": [local(it)]}}),
    Place("POST /v1/chat-messages/{task_id}/stop", "task_id", "task"),
    Place("GET /v1/runs/{task_id}/events", "task_id", "task"),
    Place("GET /v1/runs/{run_id}", "run_id", "task"),
    Place("GET /v1/runs/{run_id}", "run_id", "run", of="run"),
    Place("POST /v1/text-to-audio", "message_id", "message", body=lambda it: {"message_id": it}),
    Place(f"GET {MESSAGE}/suggested", "message_id", "message"),
    Place(f"POST {MESSAGE}/feedbacks", "message_id", "message", body=lambda _: {"rating": "dislike"}),
    Place(f"POST {MESSAGE}/feedbacks", "message_id", "message", body=lambda _: {"rating": None}),
    Place(FILL, "files[].upload_file_id", "upload", body=lambda it: {**FORM, "files": [local(it)]}, of="fill"),
    Place(FILL, "inputs", "upload", body=lambda it: {"inputs": {"one": local(it)}}, of="fill"),
    Place("POST /v1/completion-messages/{task_id}/stop", "task_id", "task", of="fill"),
    Place(RUN, "files[].upload_file_id", "upload", body=lambda it: {**FORM, "files": [local(it)]}, of="run"),
    Place(RUN, "files[].upload_file_id", "upload", body=lambda it: {**FORM, "files": [remote(it)]}, of="run"),
    Place(RUN, "inputs", "upload", body=lambda it: {"inputs": {"one": local(it)}}, of="run"),
    Place(VERSION, "files[].upload_file_id", "upload", body=lambda it: {**FORM, "files": [local(it)]}, of="run"),
    Place(VERSION, "workflow_id", "version", body=lambda _: FORM, app=True, of="run"),
    Place("POST /v1/workflows/tasks/{task_id}/stop", "task_id", "task", app=True, of="run"),
    Place("POST /v1/workflows/{task_id}/stop", "task_id", "task", app=True, of="run"),
    Place("GET /v1/workflows/run/{workflow_run_id}", "workflow_run_id", "run", app=True, of="run"),
    Place("GET /v1/runs/{task_id}/events", "task_id", "task", of="run"),
    Place("GET /v1/workflow/{workflow_run_id}/events", "workflow_run_id", "run", of="run"),
    Place("GET /v1/files/{file_id}/preview", "file_id", "file", app=True),
    Place("GET /files/{file_id}/file-preview", "file_id", "file"),
    Place("GET /files/tools/{file_id}", "file_id", "file"),
    Place("GET /v1/messages", "conversation_id", "conversation", query=lambda it: {"conversation_id": it}),
    Place("GET /v1/messages", "first_id", "message", query=lambda it: {"conversation_id": OWN, "first_id": it}),
    Place("GET /v1/conversations", "last_id", "conversation", query=lambda it: {"last_id": it}),
    Place(f"POST {CONVERSATION}/name", "conversation_id", "conversation", body=lambda _: {"name": "Stolen"}),
    Place(f"POST {CONVERSATION}/name", "conversation_id", "conversation", body=lambda _: {"auto_generate": True}),
    Place(f"DELETE {CONVERSATION}", "conversation_id", "conversation"),
    Place(f"GET {CONVERSATION}/variables", "conversation_id", "conversation", of="flow"),
    Place(
        f"GET {CONVERSATION}/variables",
        "last_id",
        "variable",
        query=lambda it: {"last_id": it},
        app=True,
        of="flow",
    ),
    Place(VARIABLE, "conversation_id", "conversation", body=lambda _: {"value": "x"}, of="flow"),
    Place(VARIABLE, "variable_id", "variable", body=lambda _: {"value": "x"}, app=True, of="flow"),
    Place(
        f"PUT {ANNOTATION}", "annotation_id", "annotation", body=lambda _: {"question": "x", "answer": "y"}, app=True
    ),
    Place(f"DELETE {ANNOTATION}", "annotation_id", "annotation", app=True),
    Place(f"GET {ANNOTATION}/hit-histories", "annotation_id", "annotation", app=True),
    Place(f"{REPLY}/enable/status/{{job_id}}", "job_id", "job", app=True),
    Place(f"{REPLY}/disable/status/{{job_id}}", "job_id", "job", app=True),
    Place("GET /v1/end-users/{end_user_id}", "end_user_id", "end user", app=True),
)

NO_IDS = {
    (CHAT, "workflow_id"): "contract 2.1: names a version of the key's own app, and chats ignore it",
    ("GET /v1/workflows/logs", "created_by_end_user_session_id"): "contract 5.10: a name; an app's runs are all listed",
} | {
    (place, name): "contract 2.1, 2.6: any text, for tracing only"
    for place in (CHAT, FILL, RUN, VERSION)
    for name in ("trace_id", "trace_session_id")
}
"""What ends in `_id` and names nothing of anybody's."""

ALLOWED = {
    ("GET /v1/files/{file_id}/preview", "the same name in another app"): (
        403,
        "contract 5.7: another app's file is 403",
    ),
    ("GET /v1/files/{file_id}/preview", "another user of another app"): (
        403,
        "contract 5.7: another app's file is 403",
    ),
}
"""Where a stranger may learn that there is something: the status, and why."""

NAMES: dict[Kind, str] = {
    "conversation": "conversation_id",
    "message": "message_id",
    "task": "task_id",
    "upload": "file_id",
    "file": "file_id",
    "annotation": "annotation_id",
    "end user": "end_user_id",
    "variable": "variable_id",
    "job": "job_id",
    "run": "workflow_run_id",
    "version": "workflow_id",
}


async def furnish(person: Person, nobody: str) -> None:
    """Have a chat app's user own one of each: a file in a judged message of a conversation, an annotation."""
    person.gone = await furnished(person) | {"job_id": nobody}
    conversation = person.gone["conversation_id"]
    gone = await person.ask("DELETE", f"/v1/conversations/{conversation}", {"user": person.user})
    gone_too = await person.ask("DELETE", f"/v1/apps/annotations/{person.gone['annotation_id']}")
    assert (gone.status, gone_too.status) == (204, 204)
    person.has = await furnished(person)


async def furnished(person: Person) -> dict[str, str]:
    sent = await upload(person.door, user=person.user, key=person.key)
    asked = {"query": "hi", "user": person.user, "files": [local(sent)], "auto_generate_name": False}
    said = (await person.ask("POST", "/v1/chat-messages", asked)).json()
    like = {"rating": "like", "user": person.user}
    assert (await person.ask("POST", f"/v1/messages/{said['id']}/feedbacks", like)).status == 200
    judged = (await person.ask("GET", "/v1/app/feedbacks", limit=1)).json()["data"][0]
    kept = await person.ask("POST", "/v1/apps/annotations", {"question": "q", "answer": "a"})
    setting = {"score_threshold": 1, "embedding_provider_name": "x", "embedding_model_name": "y"}
    job = await person.ask("POST", "/v1/apps/annotation-reply/disable", setting)
    return {
        "job_id": job.json()["job_id"],
        "conversation_id": said["conversation_id"],
        "message_id": said["id"],
        "task_id": said["task_id"],
        "file_id": sent,
        "annotation_id": kept.json()["id"],
        "end_user_id": judged["from_end_user_id"],
    }


async def furnish_runner(person: Person) -> None:
    """Have a workflow app's user own a run, with a file in its form."""
    sent = await upload(person.door, user=person.user, key=person.key)
    asked: Body = {"inputs": {"one": local(sent)}, "user": person.user}
    said = (await person.ask("POST", "/v1/workflows/run", asked)).json()
    person.has = {
        "file_id": sent,
        "task_id": said["task_id"],
        "workflow_run_id": said["workflow_run_id"],
        "workflow_id": said["data"]["workflow_id"],
    }


async def furnish_talker(person: Person) -> None:
    """Have a chatflow's user own a conversation with a variable."""
    asked: Body = {"query": "hi", "user": person.user, "auto_generate_name": False}
    conversation = (await person.ask("POST", "/v1/chat-messages", asked)).json()["conversation_id"]
    page = await person.ask("GET", f"/v1/conversations/{conversation}/variables", user=person.user)
    person.has = {"conversation_id": conversation, "variable_id": page.json()["data"][0]["id"]}


def described(spec: Body, key: str) -> Iterator[tuple[str, str]]:
    """Each operation and name of a parameter or member that takes an id, by the API's document.

    `key`: of the operations that this kind of key opens, and, for an app's, of those that need none.
    """
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            if operation.get("security") == [{"admin_key": []}]:
                continue  # an operator is no stranger
            of_knowledge = operation.get("security") == [{"knowledge_key": []}] or path.startswith("/files/documents/")
            if of_knowledge != (key == "knowledge_key"):
                continue
            name = f"{method.upper()} {path}"
            yield from (
                (name, each["name"])
                for each in operation.get("parameters", ())
                if each["name"].endswith(("_id", "_ids"))
            )
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield from ((name, member) for member in members(spec, content["schema"]))


def members(spec: Body, schema: Body) -> Iterator[str]:
    if "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for option in schema.get("anyOf", ()):
        yield from members(spec, option)
    if isinstance(schema.get("items"), dict):
        yield from (f"[].{member}" for member in members(spec, schema["items"]))
    for name, member in cast("dict[str, Body]", schema.get("properties", {})).items():
        if name.endswith(("_id", "_ids")):
            yield name
        yield from (f"{name}{'' if inner.startswith('[') else '.'}{inner}" for inner in members(spec, member))
