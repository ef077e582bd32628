"""What processes tell each other, through Redis or Valkey: a stream for each run, a channel for what is asked.

An entry of a stream is named by how many events it completes, so that what is told once more is refused. A stream
stays for a while after its run was told of last; whether its process lives, a key of that process says, which goes
where nothing is told. Knows no run's inside.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any, cast
from uuid import uuid4

from msgspec import Struct, json, structs, to_builtins
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError, ResponseError

from parlour.domain import problems
from parlour.domain.events import AnyEvent, RunFinished, TextDelta
from parlour.domain.problems import InternalError, Problem, StoreUnavailable
from parlour.domain.values import each_text, json_form, whole
from parlour.ports.bus import LEASE, Carried, Found, News, Signal

log = logging.getLogger(__name__)

NAME = "parlour:run:"
PROCESS = "parlour:process:"
CHANNEL = "parlour:signals"
TURN = 0.2
"""Seconds that one look for new entries may take; a stream that is asked for meanwhile is looked at next."""
PATIENCE = 5.0
"""Seconds to wait for a server that does not answer."""
ASKED = 1.0
"""Seconds of a start in which it may say what it is."""
CONNECTIONS = 16
MOST_ENTRIES = 200
RENEWED = 64
"""Events after which a run that goes on is kept for longer."""
SILENCE = 1.0
"""Seconds after which a run that says nothing is asked for: is it there at all?"""
UNREACHABLE = "The processes of this server cannot reach each other."


class Following(Struct, eq=False):
    """One who reads a run."""

    heard: asyncio.Queue[tuple[AnyEvent, ...] | None]
    """None at its end."""
    position: int = 0
    """How many of its events were read."""


class Watched(Struct, eq=False):
    """A run that is read here."""

    seen_at: float
    """When it was last known to be there."""
    readers: list[Following] = []
    last: str = "0"
    """The entry that was read last."""
    by: bytes = b""
    """The key of the process that tells of it."""


class RedisBus:
    """One for a process."""

    def __init__(self, url: str, kept_seconds: float, lease: float = LEASE) -> None:
        # Its types know strings only, or futures of them.
        pool = cast("Any", BlockingConnectionPool).from_url(
            url, max_connections=CONNECTIONS, timeout=PATIENCE, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
        )
        self._redis = cast("Any", Redis.from_pool(pool))
        self._kept = max(1, int(kept_seconds * 1000))
        self._lease = int(lease * 1000)
        self._going = max(self._kept, 30 * self._lease)
        """Milliseconds that a run stays readable whose process has died: until another takes it up."""
        self._process = PROCESS + uuid4().hex
        self._watched: dict[str, Watched] = {}
        self._looking: asyncio.Task[None] | None = None

    async def aclose(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        await self._redis.aclose()

    async def clustered(self) -> bool:
        """Whether this is a node of a cluster, which takes no work on keys of several nodes; not, if nobody can say."""
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(ASKED):
                return bool((await self._redis.info("cluster")).get("cluster_enabled"))
        return False

    async def put(self, news: Sequence[News]) -> set[str]:
        with reachable():
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.psetex(self._process, self._lease, b"")
                counts = [self._add(pipe, one) for one in news]
                alive, *answers = await pipe.execute(raise_on_error=False)
        if isinstance(alive, Exception):
            raise StoreUnavailable(UNREACHABLE) from alive
        results, lost = iter(answers), set[str]()
        for one, count in zip(news, counts, strict=True):
            for result in islice(results, count):
                if isinstance(result, Exception) and not told_before(result):
                    raise StoreUnavailable(UNREACHABLE) from result
                if one.position and not result:  # nothing to add to, or to let live on
                    lost.add(one.run.ids.task_id)
        return lost

    def _add(self, pipe: Any, one: News) -> int:
        """How many commands it takes to tell this: one, for most of what a run says."""
        name, size = NAME + one.run.ids.task_id, one.position + len(one.events)
        number = f"{size}-{1 + (one.run.resumed_at or 0)}"  # one that was taken up is behind what it was before
        entry = {"at": one.position, "events": encode([told(event) for event in one.events])}
        if not one.position:
            pipe.delete(name)
            pipe.xadd(name, {"run": encode(one.run), "by": self._process, **entry}, id=number)
        elif one.events:
            pipe.xadd(name, entry, id=number, nomkstream=True)
        over = bool(one.events) and isinstance(one.events[-1], RunFinished)
        if one.position and one.events and not over and one.position // RENEWED == size // RENEWED:
            return 1
        pipe.pexpire(name, self._kept if over else self._going)
        return 3 if not one.position else 2 if one.events else 1

    async def find(self, task_id: str) -> Found | None:
        name = NAME + task_id
        with reachable():
            async with self._redis.pipeline() as pipe:
                pipe.xrange(name, count=1)
                pipe.xrevrange(name, count=1)
                first, last = await pipe.execute()
        if not first:
            return None
        return Found(decode_run(first[0][1][b"run"]), int(last[0][0].partition(b"-")[0]))

    async def read(self, task_id: str) -> AsyncGenerator[Sequence[AnyEvent], None]:
        name, following = NAME + task_id, Following(asyncio.Queue())
        watched = self._watched.setdefault(name, Watched(time.monotonic()))
        watched.readers.append(following)
        watched.last = "0"  # from its beginning, for this one
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), name="runs of other processes")
        try:
            while (events := await following.heard.get()) is not None:
                yield events
                if isinstance(events[-1], RunFinished):
                    return
        finally:
            watched.readers.remove(following)
            if not watched.readers:
                self._watched.pop(name, None)

    async def _look(self) -> None:
        """Bring what is new to those who read, for as long as somebody does."""
        try:
            while self._watched:
                try:
                    await self._look_once()
                except RedisError as error:
                    log.warning("runs of other processes cannot be read: %s", error)
                    await asyncio.sleep(1)
        finally:
            self._looking = None

    async def _look_once(self) -> None:
        asked = {name: watched.last for name, watched in self._watched.items()}
        found = await self._redis.xread(asked, count=MOST_ENTRIES, block=int(TURN * 1000))
        now = time.monotonic()
        for name, entries in found or ():
            watched = self._watched.get(name.decode())
            # Who has joined meanwhile wants all from the beginning: it is asked for anew.
            if watched is not None and watched.last == asked[name.decode()]:
                watched.seen_at = now
                for number, fields in entries:
                    watched.last = number.decode()
                    watched.by = fields.get(b"by", watched.by)
                    deliver(watched, int(fields[b"at"]), decode_events(fields[b"events"]))
        silent = [name for name, watched in self._watched.items() if now - watched.seen_at > SILENCE]
        async with self._redis.pipeline(transaction=False) as pipe:
            for name in silent:
                pipe.exists(name)
                pipe.exists(self._watched[name].by)
            there = iter(cast("list[int]", await pipe.execute()) if silent else [])
        for name, is_there, lives in zip(silent, there, there, strict=True):
            watched = self._watched.get(name)
            if watched is not None and is_there and lives:
                watched.seen_at = now
            elif watched is not None and now - watched.seen_at > self._lease / 2000:
                for reader in watched.readers:
                    reader.heard.put_nowait(None)

    async def send(self, signal: Signal) -> None:
        with reachable():
            await self._redis.publish(CHANNEL, encode(signal))

    async def signals(self) -> AsyncGenerator[Signal, None]:
        with reachable():
            async with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:
                await pubsub.subscribe(CHANNEL)
                while True:
                    message = await pubsub.get_message(timeout=PATIENCE / 2)
                    if message is not None:
                        yield decode_signal(message["data"])


def deliver(watched: Watched, at: int, events: tuple[AnyEvent, ...]) -> None:
    """Give each reader what it has not read."""
    for reader in watched.readers:
        if at > reader.position:  # what lies between is lost, and will be told again
            continue
        fresh = events[reader.position - at :]
        if fresh:
            reader.position += len(fresh)
            reader.heard.put_nowait(fresh)


@contextmanager
def reachable() -> Generator[None]:
    """A server that does not answer, as the problem that it is for who asked."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise StoreUnavailable(UNREACHABLE) from error


def told_before(error: Exception) -> bool:
    return isinstance(error, ResponseError) and "equal or smaller" in str(error)


def told(event: AnyEvent) -> object:
    return event if type(event) is TextDelta else plain(event)  # nearly all of them, and plain texts


def plain(said: object) -> object:
    """An event with values that read back as they were written: files within them become objects."""
    match said:
        case Struct():
            held = ((name, getattr(said, name)) for name in said.__struct_fields__)
            return structs.replace(said, **{name: plain(value) for name, value in held if value})
        case tuple():
            return tuple(map(plain, cast("tuple[object, ...]", said)))
        case dict():
            return json_form(cast("object", said))
        case _:
            return said


def packed(problem: object) -> object:
    if not isinstance(problem, Problem):
        raise NotImplementedError
    return type(problem).__name__, problem.message, vars(problem)


def unpacked(kind: type, told: Any) -> object:
    if kind is not Problem:
        return told
    name, message, said = told
    found = getattr(problems, name, InternalError)
    problem = found.__new__(found, message)
    vars(problem).update(said)
    return problem


def encode(value: object) -> bytes:
    """As JSON: numbers are not bounded there."""
    try:
        return encode_whole(value)
    except UnicodeEncodeError:
        return encode_whole(each_text(to_builtins(value, enc_hook=packed), whole))


encode_whole = json.Encoder(enc_hook=packed).encode
decode_run = json.Decoder(Carried).decode
decode_events = json.Decoder(tuple[AnyEvent, ...], dec_hook=unpacked).decode
decode_signal = json.Decoder(Signal).decode
