"""The life of a serving process: listen, say so, watch, and go in peace. Chooses no part; `wiring.py` does."""

import asyncio
import ctypes
import gc
import logging
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import quote

from watchfiles import awatch  # pyright: ignore[reportUnknownVariableType]  its stop_event is half typed

from parlour import wiring
from parlour.amounts import duration
from parlour.domain.app import App
from parlour.dsl.findings import Refused
from parlour.http import app as http_app
from parlour.http import later
from parlour.http.auth import digest
from parlour.http.reading import report
from parlour.listening import Listener, listen
from parlour.ports.catalogue import Key
from parlour.ports.retention import Pruned
from parlour.runs.pruning import counted, prune
from parlour.settings import BadSettings, Settings
from parlour.sources import Source, given_keys, hint, knowledge_keys, make_key

log = logging.getLogger(__name__)
M_MMAP_THRESHOLD = -3
"""Of mallopt(3): from how many bytes on a piece of memory is the system's again as soon as it is free."""
POLL_SECONDS = 2.0
WITHOUT_A_BUS = (
    "another process serves this database, and there is no storage.bus: each reads, stops and counts its own runs,"
    " and a stream that waits for a form does not hear a run go on elsewhere (docs/operations.md)"
)
DAY = 24 * 3600
LAST_WORDS = 2.0
"""Seconds in which clients may still take what was said, once all runs have ended."""

Say = Callable[[str], None]


async def serve(settings: Settings, found: tuple[Source, ...], say: Say) -> None:
    """Serve until SIGTERM or SIGINT; then let live streams finish, save, and return.

    Raises:
        BadSettings: it could not start.
    """
    keep = duration(settings.storage.keep, "storage.keep")
    with listen(settings.server.host, settings.server.port) as bound:
        given = (*given_keys(found), *knowledge_keys(settings.knowledge))
        async with wiring.open_server(settings, given, {source.name: source.entry for source in found}) as server:
            house, loop = server.house, asyncio.get_running_loop()
            texts: dict[str, str] = {}
            tried = await first_publish(server, found, texts, say)
            await follow(server)
            if not settings.storage.bus and await server.storage.replicas.others():
                log.warning(WITHOUT_A_BUS)
            listener = Listener(http_app.build(house))
            closing: list[asyncio.Task[None]] = []

            def end() -> None:
                listener.should_exit = True
                grace = 0 if closing else settings.server.grace_seconds  # asked twice: nobody wants to wait
                closing.append(loop.create_task(house.runs.close(grace)))
                closing[-1].add_done_callback(lambda _: loop.call_later(LAST_WORDS, listener.cut))

            for sent in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(sent, end)
            beside = [loop.create_task(attempt(warm(), "something could not be got ready")) for warm in server.warm]
            beside.append(loop.create_task(poll(server)))
            beside.append(loop.create_task(server.indexer.run()))
            beside.append(loop.create_task(prune_daily(server, keep)))
            if house.deliveries is not None:
                beside.append(loop.create_task(house.deliveries.run(partial(later.ended_as, house))))
            if settings.server.watch:
                beside.append(loop.create_task(attempt(watch(server, found, texts), "app files are watched no longer")))
            host = settings.server.host
            address = f"http://{f'[{host}]' if ':' in host else host}:{bound.getsockname()[1]}"
            await house.resumptions.begin()
            calm()
            for name in sorted(house.pages.apps):
                say(f"Chat with {name}: {address}/chat/{quote(name)}")
            say(f"\nListening on {address}  (documentation: {address}/docs, stop: Ctrl-C)\n{example(address, *tried)}")
            try:
                await listener.serve([bound])
            finally:
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, return_exceptions=True)
                await asyncio.gather(*closing)
                await house.runs.close(0)


def calm() -> None:
    """Let the threads of the store have their turn beside a busy loop, and the collector look at new things only.

    With the interpreter's usual 5 ms a write can wait for seconds beside a loop that is busy with bursts. Shorter than
    1 ms costs more in switches than it gains (measured: a fifth more CPU for each chat at 0.1 ms).
    """
    sys.setswitchinterval(0.001)
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    give_back()


def give_back() -> None:
    """Let the pieces of large bodies go back to the system when they are done with, and now what the start has left.

    glibc by itself keeps what it once had of them: 200 uploads of 14 MB at once left 215 MB, and leave 90 (measured).
    Other systems have no such calls, and need none.
    """
    system = ctypes.CDLL(None)
    if hasattr(system, "mallopt"):
        system.mallopt(M_MMAP_THRESHOLD, 64 * 1024)
        system.malloc_trim(0)


FORMS = {"completion": "completion-messages", "workflow": "workflows/run"}
"""Where apps are asked that have a form and no conversation."""


def example(address: str, token: str, mode: str) -> str:
    """A line to copy, for an app of this mode."""
    asked = '"inputs": {}' if mode in FORMS else '"query": "What is the capital of France?"'
    return f"""Try:
  curl -N {address}/v1/{FORMS.get(mode, "chat-messages")} -H "Authorization: Bearer {token}" \\
    -H 'Content-Type: application/json' -d '{{{asked}, "user": "me", "response_mode": "streaming"}}'
"""


async def first_publish(
    server: wiring.Server, found: tuple[Source, ...], texts: dict[str, str], say: Say
) -> tuple[str, str]:
    """Load every app, make a key where there is none, and say so; a key to try, and the mode of its app.

    `texts` gets what was read, by app.

    One of the configuration is not shown: what is said here ends in logs.
    """
    tried: list[tuple[str, str]] = []
    known = {key.app for key in await server.storage.keys.all()}
    # A process that starts beside others may have a file that is older than what they have published since.
    again = not await server.storage.replicas.others()
    for source in found:
        try:
            text = texts[source.name] = source.path.read_text("utf-8")
            partial = source.entry.allow_partial
            app = await server.house.catalogue.publish(text, source.name, partial=partial, again=again)
        except Refused as refused:
            raise BadSettings(f"{source.path}: not served.\n{refused}{cure(refused)}") from refused
        except (OSError, UnicodeDecodeError) as error:
            raise BadSettings(f"{source.path}: cannot be read ({error})") from error
        sent = "$KEY"
        key = f"its key was made earlier and shown once; another: parlour keys create {source.name}"
        if source.entry.keys:
            key = f"key {hint(source.entry.keys[0])} of the configuration"
        elif source.name not in known:
            sent = await new_key(server, source.name)
            key = f"key {sent}   (shown this once)"
        say(f"{source.name}  {app.mode}  {key}")
        for lacks in report(text, source.name, server.house.catalogue.serves):
            if lacks.level == "refused":
                say(f"  {source.path}:{lacks.line}: fails when a run gets there: {lacks.what}")
        tried.append((sent, app.mode))
    return next((one for one in tried if one[0] != "$KEY"), tried[0])


def cure(refused: Refused) -> str:
    """What to do about a graph of which only some does not run."""
    if all(finding.partial for finding in refused.findings if finding.level == "refused"):
        return "\nThe rest runs: --allow-partial (or allow_partial = true in [[apps]]) serves it without these."
    return ""


async def new_key(server: wiring.Server, name: str) -> str:
    token = make_key("app")
    key = Key(digest(token), "app", name, hint(token), time.time())
    await server.storage.keys.add(key)
    return token


async def watch(server: wiring.Server, found: tuple[Source, ...], texts: dict[str, str]) -> None:
    """A changed file becomes its app's next version; one that is refused leaves the last good one.

    `texts`, by app, is what was read before: a file that was only touched may be older than what others have published.
    """
    by_path = {str(source.path.absolute()): source for source in found}
    folders = {source.path.absolute().parent for source in found}
    async for changes in awatch(*folders, recursive=False):
        for path in {changed for _, changed in changes} & by_path.keys():
            await attempt(republish(server, by_path[path], texts), f"{path} is not served as changed")


async def republish(server: wiring.Server, source: Source, texts: dict[str, str]) -> None:
    if not source.path.is_file():
        return  # deleted, or an editor is about to put the new one in its place
    before = server.house.catalogue.get(source.name)
    try:
        text = source.path.read_text("utf-8")
        if texts.get(source.name) == text:
            return
        texts[source.name] = text
        app: App = await server.house.catalogue.publish(text, source.name, partial=source.entry.allow_partial)
    except (Refused, UnicodeDecodeError) as error:
        log.warning("%s is not served as changed; its last good version is:\n%s", source.name, error)
        return
    await follow(server)
    if before is None or before.card.version != app.card.version:
        log.info("%s is published: version %s", source.name, app.card.version)


async def poll(server: wiring.Server) -> None:
    """Notice what the commands write while the server runs: keys, published versions, documents."""
    while True:
        await asyncio.sleep(POLL_SECONDS)
        await attempt(live(server), "the database does not know that this process lives")
        await attempt(notice(server), "keys and versions could not be looked for")


async def live(server: wiring.Server) -> None:
    """Tell others on the database that this process lives, and take care of what those leave that do not any more."""
    if await server.lease.renew():
        await wiring.sweep(server.storage)
        await server.house.resumptions.begin()
        server.lease.swept()


async def notice(server: wiring.Server) -> None:
    if await server.storage.changed():
        server.house.keyring.forget()
        await server.house.catalogue.refresh()
        await follow(server)


async def follow(server: wiring.Server) -> None:
    """What the files of apps say of their annotations holds."""
    await server.house.replies.follow(server.house.catalogue.all())
    server.indexer.wake()


async def prune_daily(server: wiring.Server, keep: float) -> None:
    """Let go of what is older than `keep` seconds (0: of nothing), and of keys that have expired."""
    while True:
        await attempt(prune_once(server, keep), "what is old could not be deleted")
        await asyncio.sleep(DAY)


async def prune_once(server: wiring.Server, keep: float) -> None:
    now = server.house.now()
    pruned = await prune(server.storage.retention, server.house.blobs, now - keep if keep else 0.0, now)
    if pruned != Pruned():
        log.info("deleted what is old: %s", counted(pruned))


async def attempt(work: Awaitable[None], failure: str) -> None:
    """Do it beside the serving: a failure is told and ends neither the server nor what comes after it."""
    [error] = await asyncio.gather(work, return_exceptions=True)
    if error is not None:
        log.warning("%s: %s", failure, str(error) or type(error).__name__)
