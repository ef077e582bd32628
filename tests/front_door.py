"""A client that calls an ASGI app as a server would, without a socket: requests, streams, and going away.

Behaves as uvicorn does where the specification leaves a choice: what is sent to a client that has gone is dropped
silently, and the app goes on.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, urlencode

from anyio import fail_after
from msgspec import Struct
from starlette.types import ASGIApp, Message, Scope

from tests.contract.differences import DIFFERENCES
from tests.contract.differences_knowledge import DIFFERENCES_KNOWLEDGE
from tests.documented import Comparison

PING = "event: ping"
LISTED = DIFFERENCES | DIFFERENCES_KNOWLEDGE


class Reply(Struct):
    """A whole reply."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def frames(self) -> list[str]:
        """The blocks of an event stream."""
        return blocks(self.body)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of a stream, without its pings."""
        return [event_of(frame) for frame in self.frames if frame != PING]


class Stream:
    """A reply that is being read. No wait for the app lasts longer than `patience` seconds."""

    def __init__(self, app: ASGIApp, scope: Scope, body: bytes, patience: float, documented: Comparison) -> None:
        self._scope = scope
        self._documented = documented
        self._sent: list[bytes] = []
        self._patience = patience
        self._began = asyncio.get_running_loop().time()
        self.status = 0
        self.headers: dict[str, str] = {}
        self.opened = asyncio.Event()
        self.task = asyncio.create_task(self._run(app, scope), name=f"client of {scope['path']}")
        self._body: bytes | None = body
        self._gone = asyncio.Event()
        self._ended = False
        self._written = asyncio.Queue[bytes | None]()
        self._frames = deque[str]()

    def clock(self) -> float:
        """Seconds since the request."""
        return asyncio.get_running_loop().time() - self._began

    async def write(self) -> bytes | None:
        """What the app writes next; None when it has ended."""
        if self._ended and self._written.empty():
            return None
        with fail_after(self._patience):
            return await self._written.get()

    async def frame(self) -> str | None:
        """The next block of an event stream, an event or a ping; None when it has ended."""
        while not self._frames:
            written = await self.write()
            if written is None:
                return None
            self._frames.extend(blocks(written))  # the app writes whole events
        return self._frames.popleft()

    async def next(self) -> dict[str, Any] | None:
        """The next event; None when the stream has ended."""
        while (frame := await self.frame()) == PING:
            pass
        return None if frame is None else event_of(frame)

    async def take(self, count: int) -> list[dict[str, Any]]:
        """The next events, so many of them."""
        taken = [await self.next() for _ in range(count)]
        return [event for event in taken if event is not None]

    async def rest(self) -> list[dict[str, Any]]:
        """All events up to the end."""
        events: list[dict[str, Any]] = []
        while (event := await self.next()) is not None:
            events.append(event)
        return events

    def disconnect(self) -> None:
        """Go away; the app is told, and what it still writes is lost."""
        self._gone.set()
        self._finish()

    async def whole(self) -> Reply:
        """Wait for the end."""
        parts: list[bytes] = []
        while (written := await self.write()) is not None:
            parts.append(written)
        with fail_after(self._patience):
            await self.task
        return Reply(self.status, self.headers, b"".join(parts))

    async def _run(self, app: ASGIApp, scope: Scope) -> None:
        try:
            await app(scope, self._receive, self._send)
            assert self._ended or self._gone.is_set(), "a reply without an end"
            self._compare()
        finally:
            self.opened.set()
            self._finish()

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self._gone.is_set():
            return
        if message["type"] == "http.response.start":
            assert not self.opened.is_set(), "two replies to one request"
            self.status = message["status"]
            self.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            self.opened.set()
            return
        assert self.opened.is_set(), "a body before its status"
        assert not self._ended, "a body after its end"
        if written := message.get("body", b""):
            self._written.put_nowait(written)
            self._sent.append(written)
        if not message.get("more_body", False):
            self._finish()

    def _compare(self) -> None:
        """Hold what was said against the published description; of what was broken off, the events."""
        kind = self.headers.get("content-type", "")
        if not self._gone.is_set() or kind.startswith("text/event-stream"):
            sent, self._sent = b"".join(self._sent), []
            self._documented.reply(self._scope["method"], self._scope["path"], self.status, kind, sent)

    def _finish(self) -> None:
        if not self._ended:
            self._ended = True
            self._written.put_nowait(None)


class FrontDoor:
    """The app as clients see it. `key` is sent with every request that names no other."""

    def __init__(self, app: ASGIApp, key: str = "", patience: float = 5.0) -> None:
        self.key = key
        self.patience = patience
        self.documented = Comparison()
        self.app = app
        self._streams: list[Stream] = []

    def open(
        self,
        method: str,
        path: str,
        *,
        json_body: object = None,
        body: bytes | None = None,
        query: Mapping[str, object] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> Stream:
        """Send a request; its reply can be read while it comes. A `json_body` declares itself as JSON.

        A `query` of bytes goes out as it is.
        """
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        if json_body is not None:
            body = json.dumps(json_body).encode()
            sent.setdefault("content-type", "application/json")
        token = self.key if key is None else key
        if token:
            sent.setdefault("authorization", f"Bearer {token}")
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": quote(path, errors="replace").encode(),
            "root_path": "",
            "query_string": query if isinstance(query, bytes) else urlencode(query or {}).encode(),
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8000),
            "state": {},
        }
        stream = Stream(self.app, scope, body or b"", self.patience, self.documented)
        self._streams = [*(one for one in self._streams if not one.task.done()), stream]
        return stream

    async def request(self, method: str, path: str, **request: Any) -> Reply:
        return await self.open(method, path, **request).whole()

    async def get(self, path: str, **query: object) -> Reply:
        return await self.request("GET", path, query=query)

    async def post(self, path: str, **members: object) -> Reply:
        return await self.request("POST", path, json_body=members)

    async def send(self, query: object = "hi", user: object = "ann", **members: object) -> Reply:
        """A chat message, in the blocking mode unless `response_mode` says otherwise."""
        return await self.post("/v1/chat-messages", query=query, user=user, **members)

    @asynccontextmanager
    async def chat(
        self, query: str = "hi", user: str = "ann", *, key: str | None = None, **members: object
    ) -> AsyncGenerator[Stream]:
        """A streamed chat message; the client goes away when the block is left."""
        sent = {"query": query, "user": user, "response_mode": "streaming", **members}
        stream = self.open("POST", "/v1/chat-messages", json_body=sent, key=key)
        with fail_after(self.patience):
            await stream.opened.wait()
        try:
            yield stream
        finally:
            stream.disconnect()

    async def streamed(self, query: str = "hi", user: str = "ann", **members: object) -> Reply:
        """A streamed chat message, read to its end."""
        return await self.send(query, user, response_mode="streaming", **members)

    async def attach(self, task_id: str, user: str = "ann") -> Stream:
        """The events of a run from its first one on, as soon as there is such a run."""
        streams: list[Stream] = []

        async def found() -> bool:
            stream = self.open("GET", f"/v1/runs/{task_id}/events", query={"user": user})
            await stream.opened.wait()
            streams.append(stream)
            return stream.status == 200

        await until(found, self.patience)
        return streams[-1]

    async def close(self) -> None:
        """Wait until the app has let go of every request."""
        for stream in self._streams:
            stream.disconnect()
        with fail_after(self.patience):
            await asyncio.gather(*(stream.task for stream in self._streams))
        unlisted = {name: said for name, said in self.documented.found.items() if name not in LISTED}
        assert not unlisted, (
            f"not as the published description says, and not in tests/contract/differences.py: {unlisted}"
        )


def blocks(body: bytes) -> list[str]:
    text = body.decode()
    assert text.endswith("\n\n") or not text, "the stream ended within an event"
    return text.split("\n\n")[:-1]


def event_of(frame: str) -> dict[str, Any]:
    assert frame.startswith("data: "), frame
    assert "\n" not in frame, frame
    return json.loads(frame.removeprefix("data: "))


async def until(check: Callable[[], Awaitable[bool]], patience: float = 5.0) -> None:
    """Ask again and again, as a client that polls does, until it holds."""
    with fail_after(patience):
        while not await check():  # noqa: ASYNC110 -- what is waited for is behind the front door, as for any client
            await asyncio.sleep(0.001)  # lets who works for it have the processor
