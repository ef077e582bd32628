"""Where it is chosen what things are kept in, as `wiring.py` chooses the other parts: a database, files, a bus."""

import secrets
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

from parlour.ports.blobs import Blobs
from parlour.ports.bus import Bus
from parlour.settings import BadSettings, Settings
from parlour.storage import Storage
from parlour.stores.kept_secret import kept_secret


def database(settings: Settings) -> str:
    return settings.storage.database or f"sqlite:///{Path(settings.data).absolute() / 'parlour.db'}"


def open_storage(settings: Settings, *, serving: bool) -> Storage:
    """The database that the settings name.

    Raises:
        BadSettings: no such kind of database, or it cannot be opened; the message says what to do.
    """
    url = database(settings)
    if url == "memory:":
        from parlour.stores.memory import Memory  # noqa: PLC0415

        return Memory()
    if url.startswith("sqlite:///"):
        from parlour.stores.sqlite import CannotOpen, Sqlite  # noqa: PLC0415

        try:
            return Sqlite.open(Path(url.removeprefix("sqlite:///")), serving=serving)
        except CannotOpen as error:
            raise BadSettings(str(error)) from error
    raise BadSettings(f"storage.database = {url!r}: this version knows sqlite:///path and memory:")


def open_bus(settings: Settings, stack: AsyncExitStack) -> Bus | None:
    """How this process and others of the same house reach each other; None where it is the only one.

    Raises:
        BadSettings: no such kind of bus, or the extra is missing that it needs.
    """
    url = settings.storage.bus
    if url in {"", "memory:"}:
        return None
    if urlsplit(url).scheme not in {"redis", "rediss", "unix", "valkey", "valkeys"}:
        raise BadSettings(f"storage.bus = {url!r}: this version knows memory: and redis://host:port/number.")
    try:
        from parlour.stores.redis_bus import RedisBus  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise BadSettings(
            f"storage.bus = {url!r} needs the package {error.name}: pip install 'parlour[redis]'"
        ) from error
    bus = RedisBus(url, settings.server.kept_seconds)
    stack.push_async_callback(bus.aclose)
    return bus


def open_blobs(settings: Settings) -> Blobs:
    """Where files are kept; with a database in memory, in memory too.

    Raises:
        BadSettings: no such kind of place, or it cannot be used.
    """
    from parlour.stores.blobs import MemoryBlobs, ObjectBlobs  # noqa: PLC0415

    url = settings.storage.files
    if url == "memory:" or (not url and database(settings) == "memory:"):
        return MemoryBlobs()
    try:
        return ObjectBlobs.at(url or (Path(settings.data).absolute() / "files").as_uri())
    except ValueError as error:
        raise BadSettings(f"storage.files = {url!r}: {error}. Give file:///folder or s3://bucket/prefix.") from error


def signing_secret(settings: Settings) -> bytes:
    """What signed addresses are made with: made once, then kept beside the database; readable by its owner only."""
    if database(settings) == "memory:":
        return secrets.token_bytes(32)
    path = Path(settings.data).absolute() / "signing.key"
    try:
        return kept_secret(path)
    except OSError as error:
        raise BadSettings(
            f"{path}: cannot be used ({error.strerror}). Name a data folder that can be written."
        ) from error
