"""The tools of the provider `time`: what time it is, here and elsewhere. Does not know who asks."""

import asyncio
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from parlour.domain.problems import ToolFailed
from parlour.ports.tools import Outcome
from parlour.tools.tool import Builtin, Given, number, string

USUAL = "%Y-%m-%d %H:%M:%S"
ZONE = string("a time zone such as Europe/Paris, Asia/Shanghai or UTC")


async def zone(name: str) -> tzinfo:
    """Raises: ToolFailed: nobody knows it."""
    if name.upper() in {"", "UTC", "GMT", "Z"}:
        return UTC
    try:
        return await asyncio.to_thread(ZoneInfo, name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ToolFailed(f"there is no time zone {name!r}: name one such as Europe/Paris, or UTC") from None


def moment(text: str) -> datetime:
    """A time as it is written.

    Raises:
        ToolFailed: it is none.
    """
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise ToolFailed(f"{text!r} is no time such as 2026-01-31 18:30:00") from None


async def current_time(given: Given) -> Outcome:
    now = datetime.fromtimestamp(given.reach.now(), await zone(given.text("timezone", "UTC")))
    return Outcome(now.strftime(given.text("format", USUAL)))


async def localtime_to_timestamp(given: Given) -> Outcome:
    local = moment(given.text("localtime"))
    if local.tzinfo is None:
        local = local.replace(tzinfo=await zone(given.text("timezone", "UTC")))
    return Outcome(str(int(local.timestamp())))


async def timestamp_to_localtime(given: Given) -> Outcome:
    seconds = given.whole("timestamp", 0)
    try:
        local = datetime.fromtimestamp(seconds, await zone(given.text("timezone", "UTC")))
    except (OverflowError, ValueError, OSError):
        raise ToolFailed(f"{seconds} is no time: seconds since 1970 are meant") from None
    return Outcome(local.strftime(USUAL))


async def timezone_conversion(given: Given) -> Outcome:
    there = await zone(given.text("current_timezone", "UTC"))
    local = moment(given.text("current_time")).replace(tzinfo=there)
    return Outcome(local.astimezone(await zone(given.text("target_timezone", "UTC"))).strftime(USUAL))


async def weekday(given: Given) -> Outcome:
    year, month, day = (given.whole(name, 0) for name in ("year", "month", "day"))
    try:
        date = datetime(year, month, day, tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ToolFailed(f"there is no day {year}-{month}-{day}") from None
    return Outcome(f"{date:%Y-%m-%d} is a {date:%A}.")


TOOLS = (
    Builtin("current_time", "Current Time", "Tells the current date and time.", current_time),
    Builtin(
        "localtime_to_timestamp",
        "localtime to timestamp",
        "Converts a local time to a timestamp, in seconds since 1970.",
        localtime_to_timestamp,
        {"localtime": string("the time, such as 2026-01-31 18:30:00"), "timezone": ZONE},
        ("localtime",),
    ),
    Builtin(
        "timestamp_to_localtime",
        "timestamp to localtime",
        "Converts a timestamp, in seconds since 1970, to a local time.",
        timestamp_to_localtime,
        {"timestamp": number("seconds since 1970"), "timezone": ZONE},
        ("timestamp",),
    ),
    Builtin(
        "timezone_conversion",
        "convert time to equivalent time zone",
        "Converts a time of one time zone to that of another.",
        timezone_conversion,
        {
            "current_time": string("the time, such as 2026-01-31 18:30:00"),
            "current_timezone": ZONE,
            "target_timezone": ZONE,
        },
        ("current_time", "current_timezone", "target_timezone"),
    ),
    Builtin(
        "weekday",
        "Weekday Calculator",
        "Tells which day of the week a date is.",
        weekday,
        {"year": number("the year"), "month": number("the month, 1 to 12"), "day": number("the day of the month")},
        ("year", "month", "day"),
    ),
)
