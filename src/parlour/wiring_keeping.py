"""Where it is chosen what things are kept in, as `wiring.py` chooses the other parts: a database, files, a bus."""

import time
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from secrets import token_bytes
from urllib.parse import unquote, urlsplit

from parlour.http.guests import Guests
from parlour.ports.blobs import Blobs
from parlour.ports.bus import Bus
from parlour.ports.people import People
from parlour.ports.secrets import Secrets
from parlour.runs.sharing import Sharing
from parlour.settings import BadSettings, Settings
from parlour.storage import Storage
from parlour.stores.late_blobs import LateBlobs


def database(settings: Settings) -> str:
    return settings.storage.database or f"sqlite:///{Path(settings.data).absolute() / 'parlour.db'}"


def open_storage(settings: Settings, *, serving: bool) -> Storage:
    """The database that the settings name.

    Raises:
        BadSettings: no such kind of database, or it cannot be opened; the message says what to do.
    """
    from parlour.stores.sql.steps import CannotOpen

    try:
        return storage_at(database(settings), serving=serving)
    except CannotOpen as error:
        raise BadSettings(str(error)) from error


def storage_at(url: str, *, serving: bool) -> Storage:
    kind, _, place = url.partition(":")
    if kind == "memory":
        from parlour.stores.memory import Memory

        return Memory()
    from parlour.stores.sql.stores import Stores

    if kind == "sqlite" and place.startswith("///"):
        from parlour.stores.sqlite.database import open_database as open_sqlite

        return Stores(open_sqlite(Path(place.removeprefix("///")), serving=serving))
    if kind in {"postgresql", "postgres"}:
        try:
            from parlour.stores.postgres.opening import open_database as open_postgres
        except ModuleNotFoundError as error:
            raise BadSettings(
                f"storage.database = {kind}:… needs the package {error.name}: pip install 'parlour[postgres]'"
            ) from error
        return Stores(open_postgres(url))
    raise BadSettings(
        f"storage.database begins with {kind!r}: it may be sqlite:///path, postgresql://user@host/name or memory:"
    )


CLUSTERED = (
    "storage.bus names a node of a Redis Cluster, which is not supported: give it a single Redis or Valkey "
    "(cluster-enabled no); that one may have replicas to fail over to."
)


async def open_bus(settings: Settings, stack: AsyncExitStack) -> tuple[Bus | None, Sharing]:
    """How this process and others of the same house reach each other, and count; None where it is the only one.

    Raises:
        BadSettings: no such kind of bus, or the extra is missing that it needs.
    """
    url = settings.storage.bus
    if url in {"", "memory:"}:
        return None, Sharing()
    if urlsplit(url).scheme not in {"redis", "rediss", "unix", "valkey", "valkeys"}:
        raise BadSettings(f"storage.bus = {url!r}: this version knows memory: and redis://host:port/number.")
    try:
        from parlour.stores.redis_bus import RedisBus
        from parlour.stores.redis_limits import RedisLimits
    except ModuleNotFoundError as error:
        raise BadSettings(
            f"storage.bus = {url!r} needs the package {error.name}: pip install 'parlour[redis]'"
        ) from error
    bus, limits = RedisBus(url, settings.server.kept_seconds), RedisLimits(url)
    stack.push_async_callback(bus.aclose)
    stack.push_async_callback(limits.aclose)
    if await bus.clustered():
        raise BadSettings(CLUSTERED)
    return bus, Sharing(limits)


def open_guests(people: People, stack: AsyncExitStack) -> Guests:
    guests = Guests(people, time.time, pause=0.25)
    stack.push_async_callback(guests.settled)
    return guests


def open_blobs(settings: Settings) -> Blobs:
    """Where files are kept; with a database in memory, in memory too.

    Raises:
        BadSettings: no such kind of place, or it cannot be used.
    """
    url = settings.storage.files
    if url == "memory:" or (not url and database(settings) == "memory:"):
        from parlour.stores.blobs import MemoryBlobs

        return MemoryBlobs()
    place = url or (Path(settings.data).absolute() / "files").as_uri()
    try:
        if urlsplit(place).scheme != "file":
            return blobs_at(place)
        Path(unquote(urlsplit(place).path)).mkdir(parents=True, exist_ok=True)
    except (ValueError, OSError) as error:
        raise BadSettings(f"storage.files = {url!r}: {error}. Give file:///folder or s3://bucket/prefix.") from error
    return LateBlobs(partial(blobs_at, place))


def blobs_at(url: str) -> Blobs:
    """
    Raises:
        ValueError: there is no such kind of place, or it cannot be used.
    """
    from parlour.stores.blobs import ObjectBlobs

    return ObjectBlobs.at(url)


async def signing_secret(secrets: Secrets) -> bytes:
    """What signed addresses are made with: made once, and the same in every process."""
    return await secrets.kept("signing", token_bytes(32))
