"""Asks an address over http (dsl.md 6.10). Does not know how a request is made of templates: `flow/outgoing.py` does.

Any status is an answer, unless the author has laid down what is to be done about failures. An answer that is no text
becomes a file.
"""

from codecs import getincrementaldecoder
from collections.abc import AsyncGenerator, Iterable
from email.message import Message

from msgspec import Struct

from parlour.domain.files import File
from parlour.domain.graph import Node
from parlour.domain.problems import FetchFailed, Problem
from parlour.flow import outgoing
from parlour.flow.node import Fault, NodeFailed, Result, Say, Scope
from parlour.flow.veil import Secrets, covered, secrets, veiled
from parlour.ports.web import MEGABYTE, WebRequest, WebResponse
from parlour.rag.contents import described
from parlour.rag.extract import Unreadable, plain

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
LONGEST_TEXT = MEGABYTE
LARGEST_FILE = 10 * MEGABYTE
MOST_SENT = 50 * MEGABYTE
"""Bytes of all files of a request: they are held in memory."""
CONNECT, READ, WRITE = 10, 600, 600
"""Seconds, at the most, and where nothing is said."""
TEXTS = ("json", "xml", "javascript", "yaml", "graphql", "x-www-form-urlencoded")
MARKS = (b"{", b"[", b"<", b"function", b"var ", b"const ", b"let ")
"""What tells text, in an answer whose type says nothing."""
LOOK = 1024
GOOD = range(200, 300)
FAILED = "HttpRequestNodeError"


class Timeout(Struct, frozen=True):
    connect: float | None = None
    read: float | None = None
    write: float | None = None
    max_connect_timeout: float | None = None
    max_read_timeout: float | None = None
    max_write_timeout: float | None = None


class Retry(Struct, frozen=True):
    retry_enabled: bool | None = None


class Config(Struct, frozen=True):
    url: str | None = ""
    method: str | None = "get"
    headers: str | None = ""
    params: str | None = ""
    authorization: outgoing.Auth | None = None
    body: outgoing.Body | None = None
    timeout: Timeout | None = None
    ssl_verify: bool | None = True
    error_strategy: str | None = None
    retry_config: Retry | None = None

    @property
    def verb(self) -> str:
        return (self.method or "get").upper()

    @property
    def handles_failures(self) -> bool:
        return bool(self.error_strategy) or bool(self.retry_config and self.retry_config.retry_enabled)


class Answer(Struct, frozen=True):
    status: int
    headers: dict[str, str]
    data: bytes
    file: tuple[str, str] | None
    """Its name and type, if it is one."""
    text: str


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    scope.inputs = {}
    try:
        request, hidden = await _request(config, scope)
        answer = await _asked(request, scope)
    except Problem as problem:
        raise scope.failed(problem.message, kind_of(problem)) from problem
    if answer.status not in GOOD and config.handles_failures:
        raise scope.failed(f"The address answers with the status {answer.status}.", "HTTPResponseCodeError")
    files: list[File] = []
    if answer.file is not None:
        files.append(await scope.ports.files.keep(scope.owner, *answer.file, answer.data))
    outputs: dict[str, object] = {
        "status_code": answer.status,
        "body": answer.text,
        "headers": answer.headers,
        "files": files,
    }
    told = veiled(outputs, hidden)  # who is asked may say who has asked
    yield Result(outputs, kinds={"files": "array[file]"}, files=tuple(files), told=told)


def kind_of(problem: Problem) -> str:
    if isinstance(problem, NodeFailed):
        return problem.kind
    return "ResponseSizeError" if isinstance(problem, FetchFailed) and problem.why == "too_large" else FAILED


async def _request(config: Config, scope: Scope) -> tuple[WebRequest, Secrets]:
    """With what no event may tell of it, nor of the answer."""
    pool = scope.pool
    if config.verb not in METHODS:
        raise NodeFailed(f"There is no method {config.verb!r}.", "InvalidHttpMethodError")
    auth = outgoing.authorization(config.authorization, pool)
    content = await outgoing.content(config.body, pool)
    url = outgoing.address(config.url or "", outgoing.parameters(config.params or "", pool), pool)
    headers = outgoing.headers(config.headers or "", auth, content, pool)
    secret = (auth.secret, auth.value, auth.value.partition(" ")[2]) if auth else ()
    hidden = secrets(scope.turn.app, *secret)
    scope.process = {"request": outgoing.shown(config.verb, url, headers.items(), content, hidden)}
    timeout = config.timeout or Timeout()
    request = WebRequest(
        url=url.geturl(),
        method=config.verb,
        headers=tuple(headers.items()),
        keys=tuple(name for name, value in headers.items() if covered(value, hidden) != value),
        body=outgoing.sendable(content, await _read(content, scope)),
        app=scope.turn.app.card.name,
        connect_seconds=within(timeout.connect, timeout.max_connect_timeout, CONNECT),
        read_seconds=within(timeout.read, timeout.max_read_timeout, READ),
        write_seconds=within(timeout.write, timeout.max_write_timeout, WRITE),
        total_seconds=CONNECT + READ + WRITE,
        verify=config.ssl_verify is not False,
        most=LARGEST_FILE,
    )
    return request, hidden


async def _read(content: outgoing.Content, scope: Scope) -> list[bytes]:
    left, read = MOST_SENT, list[bytes]()
    for file in content.files:
        read.append(await scope.ports.files.read(scope.owner, file, left, scope.turn.app.card.name))
        left -= len(read[-1])
    return read


async def _asked(request: WebRequest, scope: Scope) -> Answer:
    async with scope.ports.web.fetch(request) as response:
        data, file = bytearray(), False
        async for piece in response.pieces:
            data += piece
            file = is_file(response, bytes(data[:LOOK]))
            if not file and len(data) > LONGEST_TEXT:
                raise NodeFailed(f"Its text is longer than {LONGEST_TEXT // MEGABYTE} MB.", "ResponseSizeError")
        found = described(response, response.url)
        return Answer(
            response.status,
            folded(response.headers),
            bytes(data),
            (found.name, found.mime_type) if file else None,
            "" if file else text_of(bytes(data), response.header("content-type")),
        )


def is_file(response: WebResponse, head: bytes) -> bool:
    """Whether an answer is a file, by what it says of itself and, where that tells nothing, by how it begins."""
    disposition = response.header("content-disposition").lower()
    if disposition.startswith("attachment") or "filename" in disposition:
        return True
    main, _, sub = response.header("content-type").partition(";")[0].strip().lower().partition("/")
    if main == "application":
        return not any(word in sub for word in TEXTS) and not (any(mark in head for mark in MARKS) and is_text(head))
    return sub == "csv" if main == "text" else main in {"image", "audio", "video"}


def is_text(head: bytes) -> bool:
    """UTF-8; a character may be cut off at the end."""
    try:
        getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def text_of(data: bytes, content_type: str) -> str:
    """In the encoding that it says, or else that it seems to have."""
    said = Message()
    said["content-type"] = content_type
    try:
        charset = said.get_content_charset()
        text = data.decode(charset, "replace") if charset else plain.text(data)
    except (LookupError, ValueError, Unreadable):
        text = data.decode("utf-8", "replace")
    return text.encode("utf-8", "replace").decode().replace("\0", "")  # what no store takes: halves of pairs, and NULs


def folded(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """By name; those that come twice are one, with commas."""
    found: dict[str, str] = {}
    for name, value in headers:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def within(said: float | None, most: float | None, limit: float) -> float:
    """A time as the author wants it; nothing and 0 leave it to the others."""
    return min(one for one in (said, most, limit) if one and one > 0)


def check(config: Config, node: Node) -> Iterable[Fault]:
    if config.verb not in METHODS:
        yield Fault("refused", node.id, f"method {config.verb!r}", f"must be one of {', '.join(METHODS)}", ("method",))
