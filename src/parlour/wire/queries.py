"""Requests without a large body: query strings, path segments, and the rename.

Does not know whether what they name exists.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, get_args
from urllib.parse import parse_qsl

from msgspec import Meta, Struct

from parlour.domain.message import ConversationSort
from parlour.domain.problems import BadRequest, InvalidParam, NotFound
from parlour.wire import body as read
from parlour.wire.encode import clean_text

SORTS: Mapping[str, ConversationSort] = {word: word for word in get_args(ConversationSort)}
MOST_FIELDS = 1000
LARGEST = 999_999_999
"""No page and no position lies beyond; ours."""
_WHOLE = re.compile(r"[0-9]{1,9}")

Limit = Annotated[int, Meta(ge=1, le=100, description="How many to send at the most.")]
User = Annotated[str, Meta(description="Your own name for your user.")]
Moment = Annotated[str | None, Meta(extra_json_schema={"format": "date-time"})]
PageNumber = Annotated[int, Meta(ge=1, le=LARGEST, description="Which page, from 1.")]


class MessagesQuery(Struct, frozen=True):
    """A page of a conversation's history (contract 5.3)."""

    conversation_id: Annotated[str, Meta(description="The conversation's UUID. Empty gives an empty page.")]
    user: User = read.DEFAULT_USER
    first_id: Annotated[str, Meta(description="The first message of the page before: what is older comes.")] = ""
    limit: Limit = 20


class ConversationsQuery(Struct, frozen=True):
    """A page of a user's conversations (contract 5.4)."""

    user: User = read.DEFAULT_USER
    last_id: Annotated[str, Meta(description="The last conversation of the page before.")] = ""
    limit: Limit = 20
    sort_by: Annotated[ConversationSort, Meta(description="A minus sign puts the newest first.")] = "-updated_at"


class EventsQuery(Struct, frozen=True):
    """The events of a run from a position on. Not in the contract: an addition."""

    user: User
    after: Annotated[int, Meta(ge=0, description="How many events to leave out.")] = 0


class Rename(Struct, frozen=True):
    """A new name for a conversation; with `auto_generate` a model is to find it."""

    name: str
    auto_generate: bool
    user: str


def parse_query(raw: bytes) -> dict[str, str]:
    """The parameters of a query string.

    Raises:
        BadRequest: there are absurdly many.
    """
    return single(pairs_of(raw))


def pairs_of(raw: bytes) -> list[tuple[str, str]]:
    """Every name and value of a query string. Raises: BadRequest."""
    try:
        return parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="replace")
    except ValueError:
        raise BadRequest(f"The query string has more than {MOST_FIELDS} parameters.") from None


def single(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """One value a name: of several, the last that is not empty (a client sends `user` twice, the first one empty)."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if value or name not in found:
            found[name] = clean_text(value)
    return found


def parse_messages(query: Mapping[str, str]) -> MessagesQuery:
    """Raises: InvalidParam, naming the parameter."""
    if "conversation_id" not in query:
        raise InvalidParam("conversation_id: is required.", params="conversation_id")
    return MessagesQuery(
        conversation_id=read.uuid(query, "conversation_id"),
        user=read.optional_user(query),
        first_id=read.uuid(query, "first_id"),
        limit=limit_of(query),
    )


def parse_conversations(query: Mapping[str, str]) -> ConversationsQuery:
    """Raises: InvalidParam, naming the parameter."""
    wanted = word(query, "sort_by", SORTS) or "-updated_at"
    return ConversationsQuery(
        user=read.optional_user(query),
        last_id=read.uuid(query, "last_id"),
        limit=limit_of(query),
        sort_by=SORTS[wanted],
    )


def parse_events(query: Mapping[str, str]) -> EventsQuery:
    """Raises: InvalidParam, naming the parameter."""
    user = read.user(query)
    given = query.get("after", "").strip() or "0"
    if not _WHOLE.fullmatch(given):
        raise InvalidParam("after: must be a whole number, not negative.", params="after")
    return EventsQuery(user=user, after=int(given))


def parse_user(members: Mapping[str, object]) -> str:
    """Who asks, of requests that say no more than that. Raises: InvalidParam."""
    return read.optional_user(members)


def parse_required_user(members: Mapping[str, object]) -> str:
    """Who asks, where that must be said. Raises: InvalidParam."""
    return read.user(members)


def parse_rename(body: Mapping[str, object]) -> Rename:
    """Raises: InvalidParam, for a name that is missing or blank where no model is to find one."""
    user = read.optional_user(body)
    if read.boolean(body, "auto_generate", default=False):
        return Rename(name="", auto_generate=True, user=user)
    name = read.text(body, "name")
    if not name.strip():
        raise InvalidParam("name: is required when auto_generate is false.", params="name")
    return Rename(name=name, auto_generate=False, user=user)


def path_uuid(value: str) -> str:
    """A UUID of a path, hyphenated and lower case.

    Raises:
        NotFound: it is none; nothing can stand there (contract 1.4).
    """
    found = read.identifier(value)
    if found is None:
        raise NotFound("The requested URL was not found: its path needs a UUID.")
    return found


def limit_of(query: Mapping[str, str]) -> int:
    """How many are sent at the most. Raises: InvalidParam."""
    return whole(query, "limit", default=20, least=1, most=100)


def word(query: Mapping[str, str], name: str, words: Collection[str]) -> str:
    """One of these words; empty where it is not said. Raises: InvalidParam, naming the parameter."""
    given = query.get(name, "")
    if given and given not in words:
        raise InvalidParam(f"{name}: must be one of {', '.join(words)}.", params=name)
    return given


def whole(query: Mapping[str, str], name: str, *, default: int, least: int, most: int = LARGEST) -> int:
    """A whole number within bounds. Raises: InvalidParam, naming the parameter."""
    given = query.get(name, "").strip()
    number = int(given) if _WHOLE.fullmatch(given) else least - 1
    if not given:
        return default
    if not least <= number <= most:
        raise InvalidParam(f"{name}: must be a whole number from {least} to {most}.", params=name)
    return number


def moment(query: Mapping[str, str], name: str) -> float | None:
    """A time as ISO 8601 has it, in UTC where it does not say; a `+` may have become a space on its way."""
    written = query.get(name, "").strip()
    if not written:
        return None
    try:
        found = datetime.fromisoformat(written.replace(" ", "+") if "T" in written else written)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise InvalidParam(f"{name}: must be a time in ISO 8601, such as 2026-01-31T12:00:00Z.", params=name) from None
