"""Limits that processes count together, in Redis or Valkey. Knows no run and no route.

Each question is one script: nothing comes between looking and taking, and the clock is the server's own.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from parlour.ports.limits import LEASE, Bucket, Held
from parlour.stores.redis_bus import reachable

PLACES = "parlour:places:"
RATES = "parlour:rate:"
PATIENCE = 0.5
"""Seconds to wait for a server that does not answer: a chat waits for it."""
CONNECTIONS = 8

NOW = "local t = redis.call('TIME'); local now = t[1] + t[2] / 1000000\n"

# A place is a member of its app's set, and its score is the moment until which it is held.
UNLESS_FULL = (
    NOW
    + """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
"""
)

FREE = UNLESS_FULL + "return 1"

ENTER = (
    UNLESS_FULL
    + """
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2] * 1000)
return 1
"""
)

STAY = (
    NOW
    + """
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1] * 1000)
"""
)

# A bucket is the moment at which it will be full again, as in `runs/rates.py`; never further than one that is empty.
DRAW = (
    NOW
    + """
local wait, full = 0, {}
for i = 1, #KEYS do
    local count, seconds = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local at = math.min(math.max(tonumber(redis.call('GET', KEYS[i]) or '0'), now), now + seconds)
    full[i] = at + seconds / count
    wait = math.max(wait, full[i] - seconds - now)
end
if wait > 0.000001 then return string.format('%.6f', wait) end
for i = 1, #KEYS do
    redis.call('SET', KEYS[i], string.format('%.6f', full[i]), 'PX', math.ceil((full[i] - now) * 1000) + 1)
end
return '0'
"""
)


class RedisLimits:
    """One for a process."""

    def __init__(self, url: str, lease: float = LEASE) -> None:
        pool = cast("Any", BlockingConnectionPool).from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=PATIENCE,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 1),
        )
        self._redis = cast("Any", Redis.from_pool(pool))
        self._lease = lease
        self._enter = self._redis.register_script(ENTER)
        self._free = self._redis.register_script(FREE)
        self._stay = self._redis.register_script(STAY)
        self._draw = self._redis.register_script(DRAW)

    async def aclose(self) -> None:
        await self._redis.aclose()

    async def enter(self, place: Held, most: int) -> bool:
        with reachable():
            return bool(await self._enter([PLACES + place.app_id], [most, self._lease, place.task_id]))

    async def free(self, app_id: str, most: int) -> bool:
        with reachable():
            return bool(await self._free([PLACES + app_id], [most]))

    async def stay(self, held: Iterable[Held], left: Iterable[Held]) -> None:
        with reachable():
            for app_id, some in groupby(sorted(left, key=app_of), app_of):
                await self._redis.zrem(PLACES + app_id, *[one.task_id for one in some])
            for app_id, some in groupby(sorted(held, key=app_of), app_of):
                await self._stay([PLACES + app_id], [self._lease, *[one.task_id for one in some]])

    async def draw(self, buckets: Sequence[Bucket]) -> float:
        names = [RATES + bucket.name for bucket in buckets]
        numbers = [number for bucket in buckets for number in (bucket.count, bucket.seconds)]
        with reachable():
            return float(await self._draw(names, numbers))


def app_of(place: Held) -> str:
    return place.app_id
