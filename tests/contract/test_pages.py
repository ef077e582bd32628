"""A browser without a key: the page of an app, the token that it is given, and what that token opens."""

import re
from typing import Any

import pytest
from msgspec import Struct

from parlour.http import app as http_app
from parlour.http.house import PageRules
from parlour.http.visitors import OPEN, VALID_SECONDS
from parlour.runs.rates import AppRates, Rate
from tests.contract.flow_samples import chatflow_file, workflow_file
from tests.contract.uploading import BOUNDARY, PNG, multipart
from tests.front_door import FrontDoor, Reply
from tests.houses import NOBODY, Build, Gate, Place, app_file, chat_app, rules, scripted

pytestmark = pytest.mark.anyio

APPS = {"first": chat_app(), "second": chat_app(), "closed": chat_app()}
RULES = PageRules(apps=frozenset({"first", "second"}))


class Browser(Struct):
    """A visitor: its cookie, and what it was given last."""

    door: FrontDoor
    cookie: str = ""
    given: dict[str, Any] = {}

    async def visit(self, app: str = "first") -> Reply:
        headers = {"cookie": self.cookie} if self.cookie else {}
        reply = await self.door.request("POST", f"/chat/{app}/token", headers=headers, key="")
        if reply.status == 200:
            self.cookie = reply.headers["set-cookie"].partition(";")[0]
            self.given = reply.json()
        return reply

    @property
    def user(self) -> str:
        return self.given["user"]

    async def ask(self, method: str, path: str, body: object = None, **query: object) -> Reply:
        return await self.door.request(method, path, json_body=body, query=query, key=self.given["token"])

    async def send_file(self, path: str, user: str) -> Reply:
        body = multipart(("user", None, "", user.encode()), ("file", "dot.png", "image/png", PNG))
        if "audio" in path:
            body = multipart(("user", None, "", user.encode()), ("file", "a.mp3", "audio/mpeg", b"sound"))
        headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
        return await self.door.request("POST", path, body=body, headers=headers, key=self.given["token"])

    async def say(self, query: str, **members: object) -> Reply:
        return await self.ask("POST", "/v1/chat-messages", {"query": query, "user": self.user, **members})


async def browser(place: Place, app: str = "first") -> Browser:
    found = Browser(place.door)
    assert (await found.visit(app)).status == 200
    return found


async def test_a_page_is_under_a_policy_without_exceptions_and_comes_packed(build: Build) -> None:
    place = await build(apps=APPS, pages=RULES)
    reply = await place.door.request("GET", "/chat/first", headers={"accept-encoding": "gzip, br"}, key="")
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["content-encoding"] == "br"
    policy = dict(part.split(" ", 1) for part in reply.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'self'"
    assert "unsafe" not in reply.headers["content-security-policy"]


async def test_what_pages_are_made_of_is_kept_for_ever_and_nothing_else_is_told(build: Build) -> None:
    place = await build(apps=APPS, pages=RULES)
    page = await place.door.request("GET", "/chat/first", key="")
    name = page.body.decode().partition('src="/pages/')[2].partition('"')[0]
    asset = await place.door.request("GET", f"/pages/{name}", key="")
    assert (asset.status, asset.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
    assert "content-encoding" not in asset.headers
    for other in ("chat.html", f"{name}.br", "..", "chat-00000000.js", "%2e%2e%2fserve.py"):
        assert (await place.door.request("GET", f"/pages/{other}", key="")).status == 404, other


async def test_a_page_may_be_shown_within_those_sites_that_the_operator_names(build: Build) -> None:
    rules = PageRules(frozenset({"first"}), embed_in=("https://www.example.com",))
    place = await build(pages=rules, public_url="https://ai.example.com")
    reply = await place.door.request("GET", "/chat/first", key="")
    assert "frame-ancestors 'self' https://www.example.com" in reply.headers["content-security-policy"]
    cookie = (await Browser(place.door).visit()).headers["set-cookie"]
    assert "SameSite=none" in cookie
    assert "Secure" in cookie


async def test_an_app_without_a_page_and_no_app_are_one(build: Build) -> None:
    place = await build(apps=APPS, pages=RULES)
    for name in ("closed", "nothing"):
        assert (await place.door.request("GET", f"/chat/{name}", key="")).status == 404
        assert (await Browser(place.door).visit(name)).status == 404
    without = await build(apps=APPS)
    assert (await without.door.request("GET", "/chat/first", key="")).headers["content-type"] == "application/json"
    assert (await Browser(without.door).visit()).status == 404


async def test_a_page_of_another_site_is_given_no_token(build: Build) -> None:
    """In the browser of somebody who may come here, it could chat with an app that only this machine can reach."""
    place = await build(pages=PageRules(frozenset({"first"}), local=True), public_url="https://ai.example.com")
    tried = {
        "http://evil.test": 403,
        "null": 403,
        "http://127.0.0.1:8001": 403,
        "http://127.0.0.1:8000": 200,
        "https://ai.example.com": 200,
    }
    for origin, status in tried.items():
        headers = {"origin": origin, "host": "127.0.0.1:8000"}
        assert (await place.door.request("POST", "/chat/first/token", headers=headers, key="")).status == status, origin


async def test_a_page_that_is_for_this_machine_alone_is_not_there_by_another_name(build: Build) -> None:
    for local, status in ((True, 404), (False, 200)):
        place = await build(pages=PageRules(frozenset({"first"}), local=local))
        for host in ("evil.test:8000", "ai.example.com", "10.0.0.7"):
            headers = {"host": host, "origin": f"http://{host}"}
            assert (await place.door.request("POST", "/chat/first/token", headers=headers, key="")).status == status


async def test_the_cookie_is_for_the_server_alone_and_the_user_does_not_tell_it(build: Build) -> None:
    place = await build(apps=APPS, pages=RULES)
    ann = Browser(place.door)
    set_cookie = (await ann.visit()).headers["set-cookie"]
    assert "HttpOnly" in set_cookie
    assert "SameSite=lax" in set_cookie
    first = ann.user
    await ann.visit()
    assert ann.user == first, "the same browser is the same user"
    await ann.visit("second")
    assert ann.user != first, "of another app another one"
    assert ann.cookie.partition("=")[2] not in str(ann.given)


async def test_a_visitor_chats_and_sees_its_own_conversations_only(build: Build) -> None:
    place = await build(apps=APPS, pages=RULES, models=rules({"say": ["Yes."]}))
    ann, bob = await browser(place), await browser(place)
    said = await ann.say("hi")
    assert said.json()["answer"] == "Yes."
    conversation = said.json()["conversation_id"]
    assert [one["id"] for one in (await ann.ask("GET", "/v1/conversations")).json()["data"]] == [conversation]
    assert (await bob.ask("GET", "/v1/conversations")).json()["data"] == []
    assert (await bob.ask("GET", "/v1/messages", conversation_id=conversation)).status == 404
    assert (await bob.ask("DELETE", f"/v1/conversations/{conversation}", {})).status == 404
    assert (await ann.ask("DELETE", f"/v1/conversations/{conversation}")).status == 204


async def test_a_token_opens_no_other_app_and_ends(build: Build) -> None:
    now = [1000.0]
    place = await build(apps=APPS, pages=RULES, models=rules({"say": ["Yes."]}), clock=lambda: now[0])
    ann = await browser(place)
    conversation = (await ann.say("hi")).json()["conversation_id"]
    elsewhere = Browser(place.door, ann.cookie)
    await elsewhere.visit("second")
    assert (await elsewhere.ask("GET", "/v1/messages", conversation_id=conversation)).status == 404
    assert (await elsewhere.ask("GET", "/v1/messages", conversation_id=conversation, user=ann.user)).status == 403
    now[0] += VALID_SECONDS - 1
    assert (await ann.ask("GET", "/v1/conversations")).status == 200
    now[0] += 1
    assert (await ann.ask("GET", "/v1/conversations")).status == 401


async def test_a_token_that_was_touched_opens_nothing(build: Build) -> None:
    place = await build(apps=APPS, pages=RULES)
    ann = await browser(place)
    token: str = ann.given["token"]
    said, _, mark = token.partition(".")
    other = (await browser(place, "second")).given["token"].partition(".")
    for wrong in (f"{other[0]}.{mark}", f"{said}.{other[2]}", said, f"{said}.", "visitor-", "visitor-.", f"{said}.ü"):
        ann.given["token"] = wrong
        assert (await ann.ask("GET", "/v1/info")).status == 401, wrong


TELLS_NOTHING_OF_ANYBODY = {"GET /v1/info", "GET /v1/parameters", "GET /v1/meta", "GET /v1/site"}
A_FORM = "GET /v1/form/human_input/{form_token}"
"""Who has the token of a form may read it, whoever that is."""
BODY: dict[str, Any] = {"query": "hi", "inputs": {}, "rating": "like", "name": "x", "text": "x", "action": "a"}
APP_OF = {"/v1/completion": "fill", "/v1/workflow": "run", "/v1/form": "flow"}


@pytest.mark.parametrize("operation", sorted(OPEN - TELLS_NOTHING_OF_ANYBODY - {A_FORM}))
async def test_another_user_is_refused_on_every_route_that_a_token_opens(build: Build, operation: str) -> None:
    apps = {"first": chat_app(speech_to_text={"enabled": True}, text_to_speech={"enabled": True})}
    apps |= {"fill": app_file("completion"), "run": workflow_file(), "flow": chatflow_file()}
    method, _, path = operation.partition(" ")
    app = next((name for start, name in APP_OF.items() if path.startswith(start)), "first")
    place = await build(apps=apps, pages=PageRules(apps=frozenset(apps)), models=rules({"say": ["Yes."]}))
    ann, bob = await browser(place, app), await browser(place, app)
    path = re.sub(r"\{\w+\}", NOBODY, path)
    if path in {"/v1/files/upload", "/v1/audio-to-text"}:
        reply = await ann.send_file(path, bob.user)
    elif method == "GET":
        reply = await ann.ask(method, path, user=bob.user)
    else:
        reply = await ann.ask(method, path, {**BODY, "user": bob.user})
    assert (reply.status, reply.json()["code"]) == (403, "forbidden"), reply.body
    assert "own user" in reply.json()["message"]


async def test_a_token_opens_no_other_route(build: Build) -> None:
    """Those that are for all users of an app, for operators, and for datasets."""
    place = await build(apps={"first": chat_app()}, pages=PageRules(apps=frozenset({"first"})))
    ann = await browser(place)
    tried = 0
    for route in http_app.routes(place.house):
        for method in sorted((route.methods or set()) - {"HEAD"}):
            operation = f"{method} {route.path}"
            if not route.path.startswith("/v1/") or route.path == "/v1/" or operation in OPEN:
                continue
            reply = await ann.ask(method, re.sub(r"\{\w+\}", NOBODY, route.path), None if method == "GET" else BODY)
            assert reply.status in {401, 403}, operation
            tried += 1
    assert tried > 60


async def test_what_a_visitor_sends_belongs_to_it_whether_it_says_so_or_not(build: Build) -> None:
    taking = chat_app(file_upload={"enabled": True, "allowed_file_types": ["image"], "number_limits": 3})
    place = await build(apps={"first": taking}, pages=PageRules(apps=frozenset({"first"})))
    ann, bob = await browser(place), await browser(place)
    sent = await ann.send_file("/v1/files/upload", "")
    assert sent.status == 201
    file = {"type": "image", "transfer_method": "local_file", "upload_file_id": sent.json()["id"]}
    assert (await ann.say("look", files=[file])).status == 200
    assert (await bob.say("look", files=[file])).status == 400
    said = await ann.ask("POST", "/v1/chat-messages", {"query": "hi"})
    assert said.status == 200, "the token says who asks"


async def test_a_visitor_stops_no_run_of_another(build: Build) -> None:
    """With a key, who knows the task of a workflow stops it, whoever began it (contract 5.1)."""
    for stopped_by, status in (("bob", "succeeded"), ("ann", "stopped")):
        gate = Gate()
        slow = scripted({"rules": [{"say": ["One ", "two."], "delay_ms": 50}]}, gate.sleep)
        place = await build(apps={"first": workflow_file()}, pages=RULES, models=slow)
        people = {name: await browser(place) for name in ("ann", "bob")}
        asked = {"inputs": {"word": "x"}, "response_mode": "streaming"}
        stream = place.door.open("POST", "/v1/workflows/run", json_body=asked, key=people["ann"].given["token"])
        [begun] = await stream.take(1)
        await gate.waiting.wait()
        stop = f"/v1/workflows/tasks/{begun['task_id']}/stop"
        assert (await people[stopped_by].ask("POST", stop, {})).status == 200
        gate.opened.set()
        finished = (await stream.rest())[-1]
        assert (finished["event"], finished["data"]["status"]) == ("workflow_finished", status)


async def test_all_visitors_of_an_app_are_counted_as_one_key(build: Build) -> None:
    place = await build(apps=APPS, pages=RULES, rates=AppRates(per_key=Rate(2, 60.0)))
    assert [(await (await browser(place)).say("hi")).status for _ in range(3)] == [200, 200, 429]
    assert (await place.door.send("hi")).status == 200, "the app's own key is another"


async def test_a_page_says_whether_the_demo_model_answers(build: Build) -> None:
    place = await build(apps=APPS, pages=PageRules(frozenset({"first"}), demo=lambda provider: provider == "openai"))
    assert (await browser(place)).given["demo"] is True
    assert (await browser(await build(apps=APPS, pages=RULES))).given["demo"] is False
