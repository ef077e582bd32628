"""Webhooks are delivered: who asked to be told of the end of a run is told, again and again until he takes it.

Signed as the Standard Webhooks specification has it, so that receivers have libraries for it. Each attempt is one
request, after which what came of it is written down; so whoever takes the work up after a crash goes on from there, and
a receiver may get one twice, under the same `webhook-id`. Knows no store, no wire, and not what there is to tell.
"""

import asyncio
import base64
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

from msgspec import Struct

from parlour.domain.ids import Clock
from parlour.domain.problems import FetchFailed, InvalidParam
from parlour.domain.webhook import Webhook
from parlour.ports.web import Web, WebRequest
from parlour.ports.webhooks import Backlog, Fate, Webhooks
from parlour.runs.beside import Beside
from parlour.runs.run import Run

log = logging.getLogger(__name__)

PAUSES: tuple[float, ...] = (5.0, 30.0, 120.0, 600.0, 1800.0, 7200.0, 18000.0, 36000.0)
"""Seconds from one attempt to the next; after the last one, some 18 hours later, it is given up."""
SECONDS = 20.0
"""For one attempt."""
HOLD = 30.0
"""Seconds after which another process takes one up whose process has died."""
LOOK = 5.0
"""Seconds between two looks for what has become due, or what others have left."""
AT_ONCE = 16
MOST = 64 * 1024
"""Bytes of a reply; nobody reads it."""
GONE = "it answered 410"
"""By which a receiver says that it wants no more."""

Tell = Callable[[Webhook], Awaitable[bytes | None]]
"""What there is to tell; None if nothing is kept of the run."""


class Receiver(Struct, frozen=True):
    """What the operator says of the webhooks of an app."""

    secrets: tuple[bytes, ...]
    """One, or several while one takes another's place: each signs."""
    url: str = ""
    """Where all are sent that name no address."""
    hosts: tuple[str, ...] = ()
    """Which hosts a request may name: `hooks.corp`, `*.corp`, or `*` for any."""

    def takes(self, host: str) -> bool:
        below = (f"*{host[place:]}" for place, sign in enumerate(host) if sign == ".")
        return not {host, "*", *below}.isdisjoint(self.hosts)


class Deliveries:
    """All that is owed by the apps of this process, whichever process it was asked of."""

    pauses: tuple[float, ...] = PAUSES

    def __init__(self, store: Webhooks, web: Web, receivers: Mapping[str, Receiver], now: Clock, worker: str) -> None:
        """`receivers`: by the name of their app."""
        self._store = store
        self._web = web
        self._receivers = receivers
        self._now = now
        self._worker = worker
        self._woken = asyncio.Event()
        self._free = asyncio.Semaphore(AT_ONCE)
        self._beside = Beside()
        self._awaited: set[str] = set()
        self.backlog = Backlog()
        """As it was a moment ago."""
        self.told: Callable[[str, str], None] = lambda _app, _outcome: None
        """Told of each attempt."""

    def address(self, app: str, wanted: str) -> str:
        """Where the end of a run of this app is told; empty for nowhere.

        Raises:
            InvalidParam: not where was asked for.
        """
        receiver = self._receivers.get(app)
        if not wanted:
            return receiver.url if receiver is not None else ""
        if receiver is None or not receiver.takes((urlsplit(wanted).hostname or "").rstrip(".")):
            raise refused()
        return wanted

    async def owe(self, webhook: Webhook, run: Run) -> None:
        """Write it down. Durable when this returns."""
        await self._store.add(webhook)
        if run.task is not None:
            self._awaited.add(webhook.run_id)
        else:  # it has ended already, or goes on elsewhere
            self._woken.set()

    def begun(self, run: Run) -> None:
        """Nothing to do yet."""

    def ended(self, run: Run) -> None:
        if run.ids.lasting in self._awaited:
            self._awaited.discard(run.ids.lasting)
            self._woken.set()

    async def run(self, tell: Tell) -> None:
        """Deliver for ever what is due."""
        try:
            while True:
                self._woken.clear()
                await self._safely(self._look(tell))
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK):
                        await self._woken.wait()
        finally:
            await self._beside.cancel()

    async def _look(self, tell: Tell) -> None:
        while await self._begin(tell):
            pass
        self.backlog = await self._store.backlog()

    async def _begin(self, tell: Tell) -> bool:
        """Begin with what is due, as soon as there is room; whether anything was."""
        await self._free.acquire()
        with ExitStack() as undo:
            undo.callback(self._free.release)
            now = self._now()
            webhook = await self._store.take(self._worker, now, now + HOLD)
            if webhook is None:
                return False
            self._beside.do(self._end(webhook, tell))
            undo.pop_all()
        return True

    async def _end(self, webhook: Webhook, tell: Tell) -> None:
        try:
            await self._safely(self._deliver(webhook, tell))
        finally:
            self._free.release()
            self._woken.set()

    async def _deliver(self, webhook: Webhook, tell: Tell) -> None:
        body = await tell(webhook)
        if body is None:
            await self._close(webhook, "gone")
            return
        why = await self._attempt(webhook, body)
        if not why:
            await self._close(webhook, "delivered")
            return
        host = urlsplit(webhook.url).hostname  # alone: what follows it may be a secret
        said = f"the webhook of run {webhook.run_id} of {webhook.app} was not taken by {host}: {why}"
        if why == GONE or webhook.attempts >= len(self.pauses):
            log.warning("%s; it is given up", said)
            await self._close(webhook, "given up")
            return
        pause = self.pauses[webhook.attempts]
        log.info("%s; again in %g s", said, pause)
        self.told(webhook.app, "failed")
        await self._store.put_off(webhook.run_id, self._worker, self._now() + pause)
        if pause <= LOOK:
            asyncio.get_running_loop().call_later(pause, self._woken.set)

    async def _close(self, webhook: Webhook, fate: Fate) -> None:
        await self._store.close(webhook.run_id, self._worker, fate, self._now())
        self.told(webhook.app, fate)

    async def _attempt(self, webhook: Webhook, body: bytes) -> str:
        """Why it was not taken; empty if it was."""
        receiver = self._receivers.get(webhook.app)
        if receiver is None:
            return "the app has no webhook_secret in this process"
        request = WebRequest(
            webhook.url,
            "POST",
            headers=signed(webhook.run_id, int(self._now()), body, receiver.secrets),
            body=body,
            app=webhook.app,
            total_seconds=SECONDS,
            redirects=0,
            most=MOST,
        )
        try:
            async with self._web.fetch(request) as response:
                return "" if 200 <= response.status < 300 else f"it answered {response.status}"
        except FetchFailed as failed:
            return failed.message

    async def _safely(self, work: Awaitable[None]) -> None:
        """What fails for now (the database is away) is due again when its time is over."""
        [failed] = await asyncio.gather(work, return_exceptions=True)
        if failed is not None:
            log.error("webhooks could not be delivered for now", exc_info=failed)


def refused() -> InvalidParam:
    return InvalidParam("webhook_url: this app sends nothing there; its operator says where.", params="webhook_url")


def signed(run_id: str, at: int, body: bytes, secrets: tuple[bytes, ...]) -> tuple[tuple[str, str], ...]:
    """The headers of an attempt: https://www.standardwebhooks.com, symmetric signatures."""
    content = b"%s.%d.%s" % (run_id.encode(), at, body)
    marks = (base64.b64encode(hmac.digest(secret, content, "sha256")).decode() for secret in secrets)
    return (
        ("content-type", "application/json"),
        ("webhook-id", run_id),
        ("webhook-timestamp", str(at)),
        ("webhook-signature", " ".join(f"v1,{mark}" for mark in marks)),
    )
