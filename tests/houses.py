"""Whole servers for tests, in process: a house on a memory or SQLite store, with a scripted model behind it.

`open_house` builds one and closes it; the fixture `build` makes as many as a test wants, on each store in turn, and
sees to it that nothing blocks the loop, no task and no generator is left open, and nothing went wrong unnoticed.
"""

import asyncio
import json
import logging
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pytest
from blockbuster import BlockBuster
from msgspec import Struct, field
from starlette.types import ASGIApp

from parlour.domain.app import Model
from parlour.domain.dataset import ModelName
from parlour.domain.ids import Clock
from parlour.domain.usage import FREE, Price
from parlour.http import app as http_app
from parlour.http import later
from parlour.http.apps_as_tools import AppsAsTools
from parlour.http.auth import Keyring, digest
from parlour.http.catalogue import Catalogue
from parlour.http.guests import Guests
from parlour.http.house import House, Operator, PageRules
from parlour.http.signing import Signer
from parlour.llm.suggest import suggest
from parlour.llm.title import title
from parlour.ports import Ports
from parlour.ports.blobs import Blobs
from parlour.ports.bus import Bus
from parlour.ports.catalogue import Key
from parlour.ports.knowledge import Knowledge
from parlour.ports.limits import SharedLimits
from parlour.ports.models import Models
from parlour.ports.moderation import Moderation
from parlour.ports.sandbox import Sandbox
from parlour.ports.tools import Tools
from parlour.ports.traces import Traces
from parlour.ports.voice import Voice
from parlour.ports.web import Web
from parlour.providers.embedding.scripted import ScriptedRanks, ScriptedVectors
from parlour.providers.embedding.table import EmbeddingTable, Entry, RerankTable, Vectors
from parlour.providers.pages import Pages
from parlour.providers.sandbox.local import LocalSandbox
from parlour.providers.scripted import Scripted, script_of
from parlour.providers.scripted_voice import ScriptedVoice
from parlour.rag.contents import FileContents
from parlour.rag.documents import Extractor
from parlour.rag.editing import Editor
from parlour.rag.elsewhere import Elsewhere
from parlour.rag.indexing import Indexer
from parlour.rag.replies import Replies
from parlour.rag.retrieve import Retriever
from parlour.runs.asides import Asides
from parlour.runs.deliveries import Deliveries, Receiver
from parlour.runs.flow_files import OwnedFiles
from parlour.runs.metering import Metering
from parlour.runs.once import Once
from parlour.runs.places import Places
from parlour.runs.rates import AppRates, Rates
from parlour.runs.relay import Relay
from parlour.runs.resumptions import Resumptions
from parlour.runs.sharing import Sharing
from parlour.runs.start import Limits, Runs
from parlour.settings import Code, DatasetEntry
from parlour.stores.blobs import MemoryBlobs, ObjectBlobs
from parlour.stores.memory import Memory
from parlour.stores.postgres.opening import open_database as postgres_database
from parlour.stores.sql.stores import Stores
from parlour.tools import TABLE
from parlour.tools.tool import Reach
from parlour.tools.toolbox import Toolbox
from parlour.wiring import modes
from parlour.wiring_knowledge import named_of
from parlour.wiring_telemetry import told
from tests.fresh_database import fresh_database
from tests.front_door import FrontDoor
from tests.moderating import Moderating
from tests.postgres_server import Postgres
from tests.trial_tools import TRIAL
from tests.watching import Generators, logged

Store = Literal["memory", "sqlite"] | Postgres
STORES = ("memory", "sqlite")
NOBODY = "11111111-1111-4111-8111-111111111111"
"""An id that belongs to nothing."""
ADMIN = "admin-".ljust(30, "x")
"""The operator's key."""
SECRET = b"the secret of a test"
TENANTS = ("acme", "umbrella")
"""Whose knowledge keys there are."""
NOW = 1767000000.0
"""The moment at which fixed clocks stand still."""
GPT = Price(prompt=Decimal("0.15"), completion=Decimal("0.60"))

Sleep = Callable[[float], Awaitable[object]]


class Words:
    """Tokens for tests: one a word."""

    async def count(self, model: Model, texts: Sequence[str]) -> int:
        del model
        return sum(len(text.split()) for text in texts)


class OnePrice:
    """Every model costs the same."""

    def __init__(self, price: Price) -> None:
        self._price = price

    async def price(self, model: Model) -> Price:
        del model
        return self._price


class Gate:
    """A `sleep` for scripted models: each wait lasts until the test opens the gate; `waiting` tells when one began."""

    def __init__(self) -> None:
        self.waiting = asyncio.Event()
        self.opened = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        del seconds
        self.waiting.set()
        await self.opened.wait()


class Place(Struct):
    """A running house, and the ways into it."""

    door: FrontDoor
    """With the key of the first app."""
    app: ASGIApp
    house: House
    storage: Memory | Stores
    logs: list[logging.LogRecord] = []
    """What was logged; a test that expects an error there takes it out."""


def key_of(app: str, number: int = 0) -> str:
    """The keys that every app of a test has: as many as are asked for, up to three."""
    return f"app-{app}{number}".ljust(28, "x")


def knowledge_key(tenant: str) -> str:
    """The key that each of the tenants of a test has."""
    return f"dataset-{tenant}".ljust(32, "x")


def counting_ids(series: int = 0) -> Callable[[], str]:
    """Ids that are the same in every run: 1, 2, 3, … in the shape of a UUID; no two series have one in common."""
    number = 0

    def new_id() -> str:
        nonlocal number
        number += 1
        return f"{series:08d}-0000-4000-8000-{number:012d}"

    return new_id


def fresh_id() -> str:
    return str(uuid.uuid4())


def chat_app(**config: object) -> str:
    """The file of a chat app; `config` goes into its `model_config`. JSON is YAML, too."""
    return app_file("chat", **config)


def agent_app(*tools: str, rounds: int = 5, mode: str = "agent-chat", **config: object) -> str:
    """The file of an agent that uses these tools of the provider `trial`, or others by `provider/name`."""
    uses = [tool_use(tool) for tool in tools]
    agent = {"enabled": True, "strategy": "function_call", "max_iteration": rounds, "tools": uses}
    return app_file(mode, **{"agent_mode": agent, **config})


def tool_use(tool: str, **settings: object) -> dict[str, object]:
    """A tool as an exported file names it."""
    provider, _, name = (tool if "/" in tool else f"trial/{tool}").partition("/")
    return {
        "enabled": True,
        "provider_id": provider,
        "provider_name": provider,
        "provider_type": "builtin",
        "tool_name": name,
        "tool_label": name.title(),
        "tool_parameters": settings,
    }


def app_file(mode: str, **config: object) -> str:
    model: dict[str, object] = {"provider": "openai", "name": "gpt-4o-mini", "mode": "chat", "completion_params": {}}
    return json.dumps(
        {
            "app": {"name": "Test", "mode": mode},
            "kind": "app",
            "version": "0.3.0",
            "model_config": {"model": model, "pre_prompt": "", "user_input_form": [], **config},
        }
    )


def rules(*script: Mapping[str, Any]) -> Scripted:
    """A model that follows these rules; see `providers/scripted.py`."""
    return scripted({"rules": list(script)})


def scripted(script: object, sleep: Sleep = asyncio.sleep) -> Scripted:
    return Scripted(script_of(json.dumps(script).encode()), sleep)


class Plan(Struct, frozen=True):
    """How a house is to be; every member has a default."""

    apps: Mapping[str, str] = field(default_factory=lambda: {"first": chat_app()})
    """Files by name."""
    models: Models | None = None
    price: Price = FREE
    web: Web | None = None
    sandbox: Sandbox | None = None
    fixed: bool = False
    """Whether clock and ids are the same in every run."""
    clock: Clock | None = None
    """Another one than those."""
    limits: Limits = Limits()
    code: Code = Code()
    """What the operator says of code; of where it runs, `sandbox` does."""
    rates: AppRates = AppRates()
    rates_of: Mapping[str, AppRates] = {}
    public_url: str = ""
    ping_seconds: float = 10.0
    silence_seconds: float = 60.0
    max_body: int = 8 * 1024 * 1024
    lenient: bool = False
    strict_forms: bool = False
    agent_blocking: bool = False
    tools: Tools | None = None
    moderation: Moderation | None = None
    datasets: Mapping[str, DatasetEntry] = {}
    """What stands for datasets that apps name."""
    embedding: str = "default"
    """The provider that has a model to compare texts; `default` has all, and another name leaves most without."""
    bus: Bus | None = None
    shared: SharedLimits | None = None
    beside: "Place | None" = None
    """Another process of the same house: one database, one place for files; `bus` should be one as well."""
    as_tools: AppsAsTools | None = None
    """What `tools` has of this house's own apps."""
    voice: Voice | None = None
    receivers: Mapping[str, Receiver] = {}
    """Of webhooks, by app."""
    traces: Traces | None = None
    """Where it is told what runs do."""
    pages: PageRules = PageRules()
    operated: bool = False
    """Whether an operator's key opens anything."""


def open_store(store: Store, folder: Path, stack: AsyncExitStack) -> Memory | Stores:
    if isinstance(store, Postgres):
        return Stores(postgres_database(stack.enter_context(store.database())))
    return Memory() if store == "memory" else Stores(fresh_database(folder))


def open_files(store: Store, folder: Path) -> Blobs:
    return MemoryBlobs() if store == "memory" else ObjectBlobs.at((folder / "files").as_uri())


def signer(plan: Plan, now: Clock) -> Signer:
    return Signer(SECRET, now, lambda: "nonce") if plan.fixed else Signer(SECRET, now)


def open_ports(plan: Plan, storage: Memory | Stores, blobs: Blobs, stack: AsyncExitStack) -> tuple[Ports, Replies]:
    """All that a run may reach for; what of it is open is closed with the stack."""
    local = LocalSandbox()
    stack.push_async_callback(local.aclose)
    web, documents, sandbox = plan.web or Pages({}), Extractor(), plan.sandbox or local
    now = plan.clock or ((lambda: NOW) if plan.fixed else time.time)
    new_id = counting_ids() if plan.fixed else fresh_id
    address = partial(signer(plan, now).made_address, "http://testserver")
    shelving = Shelving(
        blobs, documents, now, plan.embedding, plan.datasets, web, counting_ids(2) if plan.fixed else fresh_id
    )
    knowledge, replies = open_knowledge(storage, shelving, stack)
    ports = Ports(
        models=plan.models or rules(),
        prices=OnePrice(plan.price),
        tokens=Words(),
        messages=storage.messages,
        conversations=storage.conversations,
        history=storage.history,
        workflows=storage.workflows,
        pauses=storage.pauses,
        forms=storage.forms,
        executions=storage.executions,
        variables=storage.variables,
        sandbox=sandbox,
        tools=plan.tools or Toolbox({**TABLE, "trial": TRIAL}, Reach(web, documents, sandbox, now)),
        web=web,
        files=OwnedFiles(storage.uploads, blobs, web, address=address, now=now, new_id=new_id),
        documents=documents,
        contents=FileContents(blobs, web, documents),
        moderation=plan.moderation or Moderating(),
        knowledge=knowledge,
        replies=replies,
        voice=plan.voice or ScriptedVoice(),
        now=now,
        new_id=new_id,
    )
    return ports, replies


class Shelving(Struct, frozen=True):
    """What knowledge is made with."""

    blobs: Blobs
    documents: Extractor
    now: Clock
    embedding: str
    datasets: Mapping[str, DatasetEntry]
    web: Web
    new_id: Callable[[], str]


def open_knowledge(storage: Memory | Stores, shelving: Shelving, stack: AsyncExitStack) -> tuple[Knowledge, Replies]:
    """Datasets and annotations whose texts are compared word by word, and are indexed while the house is open."""
    entries: dict[str, Entry[Vectors]] = {shelving.embedding: Entry(ScriptedVectors())}
    embeddings = EmbeddingTable(entries, ModelName("scripted", "words"))
    rerankers = RerankTable({"scripted": Entry(ScriptedRanks())}, ModelName())
    store, now, new_id = storage.knowledge, shelving.now, shelving.new_id
    replies = Replies(storage.replies, embeddings, now, new_id)
    indexer = Indexer(store, shelving.blobs, shelving.documents, embeddings, replies, now=now, new_id=new_id)
    beside(indexer.run(), stack)
    retriever = Retriever(store, embeddings, rerankers, Elsewhere(shelving.web, shelving.datasets))
    editor = Editor(store, indexer, now, new_id)
    return Knowledge(
        store, embeddings, rerankers, retriever, editor, named_of(shelving.datasets, store.datasets)
    ), replies


def open_deliveries(
    plan: Plan, storage: Memory | Stores, ports: Ports, runs: Runs, metering: Metering
) -> Deliveries | None:
    if not plan.receivers:
        return None
    deliveries = Deliveries(storage.webhooks, ports.web, plan.receivers, ports.now, fresh_id())
    deliveries.pauses = (0.0,) * 3
    runs.observers.append(deliveries)
    metering.follow(deliveries)
    return deliveries


def beside(work: Coroutine[None, None, None], stack: AsyncExitStack) -> None:
    """Do it until the stack is closed."""
    working = asyncio.create_task(work)

    async def end() -> None:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    stack.push_async_callback(end)


@asynccontextmanager
async def open_house(plan: Plan, store: Store, folder: Path) -> AsyncGenerator[Place]:
    """A house according to plan; everything in it is ended and closed in the end."""
    async with AsyncExitStack() as stack:
        storage = plan.beside.storage if plan.beside else open_store(store, folder, stack)
        if isinstance(storage, Stores) and not plan.beside:
            stack.push_async_callback(storage.close)
        blobs = plan.beside.house.blobs if plan.beside else open_files(store, folder)
        ports, replies = open_ports(plan, storage, blobs, stack)
        catalogue = Catalogue(storage.versions, ports.now, ports.tools.serves)
        for name, source in plan.apps.items():
            await catalogue.publish(source, name)
        await replies.follow(catalogue.all())
        ports.knowledge.editing.wake()
        asides, played = Asides(ports, title, suggest), modes(plan.code)
        if plan.traces is not None:
            asides, played = told(ports, played, plan.traces, texts=False)
        sharing = Sharing(plan.shared)
        runs = Runs(ports, played, asides, plan.limits, Places(sharing))
        resumptions = Resumptions(runs, ports, catalogue.of_version)
        relay = Relay(runs, resumptions, plan.bus)
        metering = Metering(storage.queued)
        runs.observers.append(metering)
        given = [Key(digest(key_of(app, n)), "app", app, "app-…", 0) for app in plan.apps for n in range(3)]
        given += [Key(digest(ADMIN), "admin", "", "admi…", 0)]
        given += [Key(digest(knowledge_key(tenant)), "knowledge", tenant, "data…", 0) for tenant in TENANTS]
        house = House(
            catalogue=catalogue,
            keyring=Keyring(storage.keys, tuple(given)),
            runs=runs,
            relay=relay,
            once=Once(relay, storage.claims, storage.history, storage.workflows, storage.pauses, ports.now),
            resumptions=resumptions,
            rates=Rates(ports.now, plan.rates, plan.rates_of, sharing),
            asides=asides,
            messages=storage.messages,
            conversations=storage.conversations,
            history=storage.history,
            workflows=storage.workflows,
            pauses=storage.pauses,
            forms=storage.forms,
            executions=storage.executions,
            variables=storage.variables,
            operator=Operator(storage.oversight, storage.erasure, storage.retention, plan.limits.level)
            if plan.operated
            else None,
            feedbacks=storage.feedbacks,
            annotations=storage.annotations,
            replies=replies,
            guests=Guests(storage.people, ports.now),
            uploads=storage.uploads,
            blobs=blobs,
            contents=ports.contents,
            knowledge=ports.knowledge,
            voice=ports.voice,
            signer=signer(plan, ports.now),
            now=ports.now,
            new_id=lambda: str(uuid.uuid4()),
            check=storage.check,
            metering=metering,
            deliveries=open_deliveries(plan, storage, ports, runs, metering),
            max_body=plan.max_body,
            lenient=plan.lenient,
            strict_forms=plan.strict_forms,
            agent_blocking=plan.agent_blocking,
            public_url=plan.public_url,
            ping_seconds=plan.ping_seconds,
            silence_seconds=plan.silence_seconds,
            pages=plan.pages,
        )
        stack.push_async_callback(house.guests.settled)
        if house.deliveries is not None:
            beside(house.deliveries.run(partial(later.ended_as, house)), stack)
        if plan.as_tools is not None:
            plan.as_tools.open(house, ports.files)
        app = http_app.build(house)
        door = FrontDoor(app, key_of(next(iter(plan.apps), "none")))
        stack.push_async_callback(door.close)
        stack.push_async_callback(relay.close)
        stack.push_async_callback(runs.close, 0)
        yield Place(door, app, house, storage)


Build = Callable[..., Awaitable[Place]]
blockbuster = cache(lambda: BlockBuster("parlour"))


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Store:
    return request.param


@pytest.fixture
async def build(store: Store, tmp_path: Path) -> AsyncIterator[Build]:
    """Make a house: `await build(models=rules(...))`, with the members of `Plan`."""
    before = asyncio.all_tasks()
    generators = Generators()
    guard = blockbuster()
    async with AsyncExitStack() as stack:
        logs = stack.enter_context(logged())
        stack.callback(guard.deactivate)
        folders = (tmp_path / str(number) for number in count())

        async def make(**plan: Any) -> Place:
            guard.deactivate()  # opening a house may block, serving may not
            generators.watch()
            place = await stack.enter_async_context(open_house(Plan(**plan), store, next(folders)))
            place.logs = logs
            guard.activate()
            return place

        yield make
        guard.deactivate()
    runner = "TestRunner._call_in_runner_task"
    left = {task for task in asyncio.all_tasks() - before if getattr(task.get_coro(), "__qualname__", "") != runner}
    assert not left, f"tasks left open: {left}"
    assert not generators.open(), f"generators left open: {generators.open()}"
    errors = [logging.Formatter().format(entry) for entry in logs if entry.levelno >= logging.ERROR]
    assert not errors, "logged, and not expected: " + "\n".join(errors)
