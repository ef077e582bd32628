"""A request over http made of a node's templates, and what is told of it (dsl.md 6.10). Knows no node and no network.

References are filled in as text, without any escaping. Headers are filled in before their lines are looked at, and
parameters after that: a value may hold several headers, and never a second parameter.
"""

import asyncio
import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import SplitResult, urlencode, urlsplit

from msgspec import Struct

from parlour.domain.files import File
from parlour.flow.node import NodeFailed
from parlour.flow.pool import MISSING, Pool
from parlour.flow.template import fill
from parlour.flow.values import files_in, text_form
from parlour.flow.veil import STARS, Secrets, covered
from parlour.llm import mending
from parlour.ports.web import Part

FORM, PAIRS = "form-data", "x-www-form-urlencoded"
TYPES = {"json": "application/json", PAIRS: "application/x-www-form-urlencoded", "raw-text": "text/plain"}
"""What is said of a body where its author says nothing."""
MENDABLE = 100_000
"""Characters of a broken JSON text: to mend more takes seconds."""
SHOWN = 10_000
"""Characters of a request that an event of the node shows."""
KEYS = frozenset({"authorization", "proxy-authorization", "cookie"})
"""Headers whose values are never shown."""


class AuthConfig(Struct, frozen=True):
    type: str | None = None
    api_key: str | None = None
    header: str | None = None


class Auth(Struct, frozen=True):
    type: str | None = None
    config: AuthConfig | None = None


class Key(Struct, frozen=True):
    """Whom a request is from, as a header."""

    header: str
    value: str
    secret: str
    """What its author calls the key, before a scheme and a code are made of it."""


class Item(Struct, frozen=True):
    key: str | None = None
    type: str | None = None
    value: str | None = None
    file: tuple[str, ...] | None = None


class Body(Struct, frozen=True):
    type: str | None = None
    data: tuple[Item, ...] | None = None


class Content(Struct, frozen=True):
    """What is to be sent, files named and not yet read."""

    kind: str = ""
    """Its MIME type; empty where the client says it, or nothing is sent."""
    text: str | None = None
    file: File | None = None
    form: tuple[tuple[str, str | File], ...] | None = None
    told: str = ""
    """The text as it was before it was mended: a secret in it may have been cut to pieces since."""

    @property
    def files(self) -> tuple[File, ...]:
        if self.file is not None:
            return (self.file,)
        return tuple(value for _, value in self.form or () if isinstance(value, File))


def lines(text: str) -> Iterator[tuple[str, str]]:
    """`key: value`, one a line; the first colon splits."""
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip():
            yield key.strip(), value.strip()


def headers(text: str, auth: Key | None, content: Content, pool: Pool) -> dict[str, str]:
    """The author's, with what goes with the content and whom the request is from."""
    found = dict(lines(fill(text, pool)))
    if auth is not None:
        found = without(found, auth.header) | {auth.header: auth.value}
    if content.form is not None:
        return without(found, "content-type")  # it names a boundary that only the client knows
    if content.kind and not any(name.lower() == "content-type" for name in found):
        found["Content-Type"] = content.kind
    return found


def without(found: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in found.items() if key.lower() != name.lower()}


def parameters(text: str, pool: Pool) -> tuple[tuple[str, str], ...]:
    return tuple((fill(key, pool), fill(value, pool)) for key, value in lines(text))


def address(text: str, query: Sequence[tuple[str, str]], pool: Pool) -> SplitResult:
    """With the parameters behind those that it has.

    Raises:
        NodeFailed: it is none.
    """
    try:
        url = urlsplit(fill(text, pool).strip())
        good = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        good, url = False, SplitResult("", "", "", "", "")
    if not good:
        raise NodeFailed("The address must begin with http:// or https:// and name a host.", "InvalidURLError")
    more = urlencode(query, errors="replace")
    return url._replace(query="&".join(part for part in (url.query, more) if part))


def authorization(auth: Auth | None, pool: Pool) -> Key | None:
    """The header that says whom a request is from, if one does.

    Raises:
        NodeFailed: its key is empty.
    """
    if auth is None or auth.type != "api-key":
        return None
    config = auth.config or AuthConfig()
    key = value = fill(config.api_key or "", pool).strip()
    if not key:
        raise NodeFailed("The API key of its authorization is empty.", "AuthorizationConfigError")
    if config.type == "bearer":
        value = f"Bearer {key}"
    elif config.type == "basic":
        value = f"Basic {base64.b64encode(key.encode()).decode() if ':' in key else key}"
    return Key(fill(config.header or "", pool).strip() or "Authorization", value, key)


async def content(body: Body | None, pool: Pool) -> Content:
    """
    Raises:
        NodeFailed: it cannot be made of what is there.
    """
    kind, items = (body and body.type) or "none", (body and body.data) or ()
    if kind == "none":
        return Content()
    if kind == FORM:
        return Content(form=tuple(_fields(items, pool)))
    if kind == PAIRS:
        pairs = [(fill(item.key or "", pool), fill(item.value or "", pool)) for item in items]
        return Content(TYPES[kind], urlencode(pairs, errors="replace"))
    if len(items) != 1:
        raise NodeFailed(f"A body of the type {kind} is one item, not {len(items)}.", "RequestBodyError")
    if kind == "binary":
        return _binary(items[0], pool)
    text = fill(items[0].value or "", pool)
    if kind == "json":
        return Content(TYPES[kind], await _json(text), told=text)
    if kind == "raw-text":
        return Content(TYPES[kind], text)
    raise NodeFailed(f"There is no body of the type {kind!r}.", "RequestBodyError")


def _fields(items: Iterable[Item], pool: Pool) -> Iterator[tuple[str, str | File]]:
    for item in items:
        key = fill(item.key or "", pool)
        if item.type != "file":
            yield key, fill(item.value or "", pool)
            continue
        value = pool.get(item.file or ())
        if found := files_in(value):
            yield from ((key, file) for file in found)
        elif value is not MISSING and value is not None and value != []:
            yield key, text_form(value)


def _binary(item: Item, pool: Pool) -> Content:
    found = files_in(pool.get(item.file or ()))
    if len(found) != 1:
        name = ".".join(item.file or ()) or "(none chosen)"
        raise NodeFailed(f"The body is to be one file: {name} is {len(found)} files.", "RequestBodyError")
    return Content(found[0].mime_type or "application/octet-stream", file=found[0])


async def _json(text: str) -> str:
    """The text as JSON, mended: values stand in it unescaped."""
    try:
        return json.dumps(await _parsed(text), ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        raise NodeFailed("The JSON body is nested too deeply.", "RequestBodyError") from None


async def _parsed(text: str) -> object:
    try:
        return json.loads(text, strict=False)
    except ValueError as error:
        if len(text) > MENDABLE:
            raise NodeFailed(f"The body is no JSON, and too long to be mended: {error}", "RequestBodyError") from None
        found = await asyncio.to_thread(mending.read, text)
        if found == "":  # a mended text is never just this
            raise NodeFailed(f"The body is no JSON: {error}", "RequestBodyError") from None
        return found


def shown(method: str, url: SplitResult, fields: Iterable[tuple[str, str]], made: Content, hidden: Secrets) -> str:
    """The request as an event shows it: no keys, no content of files, not all of a long text."""
    host = url.netloc.rpartition("@")[2]
    told = [f"{method} {url._replace(scheme='', netloc='', fragment='').geturl() or '/'} HTTP/1.1", f"Host: {host}"]
    told += (f"{name}: {STARS if name.lower() in KEYS else value}" for name, value in fields)
    text = covered("\r\n".join((*told, "", _shown(made))), hidden)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"


def _shown(made: Content) -> str:
    if made.file is not None:
        return _named(made.file)
    if made.form is not None:
        return "\r\n".join(f"{key}: {_named(value) if isinstance(value, File) else value}" for key, value in made.form)
    return made.told or made.text or ""


def _named(file: File) -> str:
    return f"<file {file.name}, {file.mime_type or 'of no type'}, {file.size} bytes>"


def sendable(made: Content, files: Sequence[bytes]) -> bytes | tuple[Part, ...] | None:
    """The content in bytes; `files` are those of its files, in their order."""
    left = iter(files)
    if made.file is not None:
        return next(left)
    if made.form is not None:
        return tuple(
            Part(key, next(left), value.name or "file", value.mime_type)
            if isinstance(value, File)
            else Part(key, value.encode("utf-8", "replace"))
            for key, value in made.form
        )
    return None if made.text is None else made.text.encode("utf-8", "replace")
