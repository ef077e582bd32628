"""The http-request node (dsl.md 6.10): what it makes of answers, where it may go."""

import asyncio
import gzip
import tracemalloc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from parlour.domain.app import Card, ChatflowApp
from parlour.domain.events import NodeRetried
from parlour.flow.node import NodeFailed
from parlour.flow.nodes.http_request import LARGEST_FILE, LONGEST_TEXT, is_text
from parlour.ports.web import MEGABYTE, WebRequest
from parlour.providers.pages import WebPage
from tests.flow.flow_samples import play, ports_for
from tests.flow.web_samples import OWNER, asking, body, item, outside, page
from tests.web_site import guarded, served

pytestmark = pytest.mark.anyio


async def test_an_answer_has_its_status_text_and_headers_in_lower_case() -> None:
    headers = (("Content-Type", "text/plain"), ("X-One", "1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))
    async with outside({"/": WebPage("Grüße".encode(), 201, headers)}) as web:
        tried = await web.ask()
    assert (tried.outputs["status_code"], tried.outputs["body"], tried.outputs["files"]) == (201, "Grüße", [])
    found = tried.outputs["headers"]
    assert isinstance(found, dict)
    assert (found["x-one"], found["set-cookie"]) == ("1", "a=1, b=2")
    assert tried.result.kinds == {"files": "array[file]"}


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        ("Grüße".encode("latin-1"), "text/plain; charset=iso-8859-1", "Grüße"),
        ("Grüße".encode("cp1252"), "text/plain", "Grüße"),
        ("Grüße".encode("utf-16"), "text/plain", "Grüße"),
        ("Grüße".encode(), "text/plain; charset=nonsense", "Grüße"),
        ("Grüße".encode(), "text/plain; charset=base64", "Grüße"),
        (b"a\xff", "application/json; charset=utf-8", "a�"),
        (b"\\ud800a\0", "text/plain; charset=raw_unicode_escape", "?a"),
        (b"a\0b", "text/plain", "ab"),
        (b"", "text/plain", ""),
    ],
)
async def test_a_text_is_read_in_its_encoding(content: bytes, kind: str, text: str) -> None:
    async with outside({"/": page(content, kind)}) as web:
        assert (await web.ask()).outputs["body"] == text


FILES = [
    (b"x", "image/png", ""),
    (b"x", "audio/mpeg", ""),
    (b"x", "video/mp4", ""),
    (b"%PDF-1.7 \xff", "application/pdf", ""),
    (b"PK\x03\x04", "application/zip", ""),
    (b"a;b", "text/csv", ""),
    (b"{}", "application/json", "attachment"),
    (b"{}", "application/json", 'inline; filename="a.json"'),
    (b"plain words", "application/octet-stream", ""),
    (b"{\xff\xfe\xff", "application/octet-stream", ""),
]
TEXTS = [
    (b"{}", "application/json", ""),
    (b"{}", "application/problem+json; charset=utf-8", ""),
    (b"<a/>", "application/xml", ""),
    (b"a: b", "application/x-yaml", ""),
    (b"var a", "application/javascript", ""),
    (b"a=b", "application/x-www-form-urlencoded", ""),
    (b"{a}", "application/graphql", ""),
    (b"x", "text/html", "inline"),
    (b'["a"]', "application/octet-stream", ""),
    (b"<html>", "application/x-own", ""),
    (b"x", "font/woff", ""),
    (b"x", "nonsense", ""),
    (b"", "image/png", ""),
]


@pytest.mark.parametrize(("content", "kind", "disposition"), FILES)
async def test_what_is_no_text_becomes_a_file(content: bytes, kind: str, disposition: str) -> None:
    async with outside({"/": page(content, kind, disposition)}) as web:
        tried = await web.ask()
        [file] = tried.result.files
        assert tried.outputs["files"] == [file]
        assert tried.outputs["body"] == ""
        assert await web.ports.files.read(OWNER, file, 100) == content
    assert file.transfer_method == "tool_file"
    assert file.size == len(content)


@pytest.mark.parametrize(("content", "kind", "disposition"), TEXTS)
async def test_what_is_text_stays_text(content: bytes, kind: str, disposition: str) -> None:
    async with outside({"/": page(content, kind, disposition)}) as web:
        tried = await web.ask()
    assert (tried.outputs["files"], tried.outputs["body"]) == ([], content.decode())


def test_a_character_that_is_cut_off_is_text_still() -> None:
    assert is_text("{ü".encode()[:-1])
    assert not is_text(b"{\xff}")


@pytest.mark.parametrize(
    ("path", "kind", "disposition", "name", "family"),
    [
        ("/cat.png", "image/png", "", "cat.png", "image"),
        ("/cat", "image/png", "", "cat.png", "image"),
        ("/x", "application/pdf", 'attachment; filename="a/../report.pdf"', "report.pdf", "document"),
        ("/x", "application/pdf", "attachment; filename*=UTF-8''%C3%BC.pdf", "ü.pdf", "document"),
        ("/", "application/zip", "", "file.zip", "custom"),
    ],
)
async def test_a_file_has_the_name_that_its_answer_or_address_tells(
    path: str, kind: str, disposition: str, name: str, family: str
) -> None:
    async with outside({path: page(b"\xff", kind, disposition)}) as web:
        [file] = (await web.ask(url=web.at(path))).result.files
    assert (file.name, file.type) == (name, family)


async def test_a_head_has_no_body_and_makes_no_file() -> None:
    async with outside({"/": page(b"x" * 100, "image/png")}) as web:
        tried = await web.ask(method="head")
    assert (tried.outputs["body"], tried.outputs["files"]) == ("", [])


@pytest.mark.parametrize(("kind", "most"), [("text/plain", LONGEST_TEXT), ("image/png", LARGEST_FILE)])
async def test_an_answer_of_the_largest_size_is_taken_and_one_byte_more_is_a_failure(kind: str, most: int) -> None:
    content = b"0" * (most + 1)
    async with outside({"/": page(content[:-1], kind), "/more": page(content, kind)}) as web:
        tried = await web.ask()
        assert len(str(tried.outputs["body"])) + sum(file.size for file in tried.result.files) == most
        with pytest.raises(NodeFailed, match=rf"longer than {most // MEGABYTE} MB") as failed:
            await web.ask(url=web.at("/more"))
    assert failed.value.kind == "ResponseSizeError"


async def test_a_small_answer_that_unpacks_to_a_large_one_is_a_failure() -> None:
    headers = (("Content-Encoding", "gzip"), ("Content-Type", "image/png"))
    async with outside({"/": WebPage(gzip.compress(b"0" * 100_000_000), headers=headers)}) as web:
        with pytest.raises(NodeFailed, match="longer than"):
            await web.ask()


@asynccontextmanager
async def endless(kind: str, length: str) -> AsyncGenerator[tuple[str, list[int]]]:
    """Says a gigabyte to whoever asks; its address, and how much of it was taken."""
    taken = [0]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{length}\r\n".encode())
        try:
            for _ in range(1024):
                writer.write(b"0" * MEGABYTE)
                await writer.drain()
                taken[0] += MEGABYTE
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", taken


@pytest.mark.parametrize(
    ("kind", "length", "most"),
    [
        ("text/plain", f"Content-Length: {1024 * MEGABYTE}\r\n", 1),
        ("text/plain", "Connection: close\r\n", 1),
        ("image/png", "Connection: close\r\n", 10),
    ],
)
async def test_a_gigabyte_is_cut_off_when_it_is_too_much_and_not_held(kind: str, length: str, most: int) -> None:
    async with outside() as web, endless(kind, length) as (address, taken):
        tracemalloc.start()
        with pytest.raises(NodeFailed, match="longer than"):
            await web.ask(url=address)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert taken[0] <= (most + 12) * MEGABYTE, "what the sockets hold comes on top"
        assert peak <= (3 * most + 8) * MEGABYTE


async def test_an_answer_that_does_not_come_is_a_failure_in_time() -> None:
    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await stopped.wait()
        writer.close()

    stopped = asyncio.Event()
    async with outside() as web, await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(NodeFailed, match="no answer in time") as failed:
            await web.ask(url=f"http://127.0.0.1:{port}/", timeout={"read": 0.05})
        stopped.set()
    assert failed.value.kind == "HttpRequestNodeError"


async def test_a_certificate_must_be_good_unless_its_author_says_other(tmp_path: Path) -> None:
    async with served({"/": page(b"ok", "text/plain")}, ssl=own_certificate(tmp_path)) as site, outside() as web:
        url = site.at("127.0.0.1").replace("http:", "https:")
        for said in (True, None):
            with pytest.raises(NodeFailed, match="certificate"):
                await web.ask(url=url, ssl_verify=said)
        assert (await web.ask(url=url, ssl_verify=False)).outputs["body"] == "ok"


def own_certificate(folder: Path) -> SSLContext:
    """That nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "certificate.pem"
    path.write_bytes(plain + signed.public_bytes(Encoding.PEM))
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


async def test_where_nobody_answers_is_a_failure() -> None:
    async with outside() as web:
        with pytest.raises(NodeFailed, match="cannot be reached"):
            await web.ask(url="http://127.0.0.1:9/")


BAD = WebPage(b"no", 503, (("Content-Type", "text/plain"),))


async def test_any_status_is_an_answer_where_nothing_is_said_of_failures() -> None:
    async with outside({"/": BAD}) as web:
        played = await play(asking(web.at()), ports=web.ports)
        assert len(web.site.asked) == 1
    assert played.text == "503 no web.error_type"


RETRY = {"retry_enabled": True, "max_retries": 2, "retry_interval": 1}


async def test_with_retries_a_bad_status_is_tried_again_and_then_a_failure() -> None:
    async with outside({"/": BAD}) as web:
        with pytest.raises(NodeFailed, match="Web: The address answers with the status 503") as failed:
            await play(asking(web.at(), retry_config=RETRY), ports=web.ports)
        assert len(web.site.asked) == 3
    assert failed.value.kind == "HTTPResponseCodeError"


async def test_a_retry_that_succeeds_is_the_nodes_answer() -> None:
    asked: list[WebRequest] = []

    def second(request: WebRequest) -> WebPage:
        asked.append(request)
        return page(b"yes", "text/plain") if len(asked) == 2 else BAD

    async with outside({"/": second}) as web:
        played = await play(asking(web.at(), retry_config=RETRY), ports=web.ports)
    assert played.text == "200 yes web.error_type"
    [retried] = [said for said in played.said if isinstance(said, NodeRetried)]
    assert (retried.retry_index, retried.outcome.error) == (1, "Web: The address answers with the status 503.")


async def test_a_bad_status_takes_the_way_that_its_author_wants() -> None:
    async with outside({"/": BAD}) as web:
        branch = asking(web.at(), "web fail-branch say", error_strategy="fail-branch")
        assert (await play(branch, ports=web.ports)).text == "web.status_code web.body HTTPResponseCodeError"
        values = [{"key": "body", "type": "string", "value": "instead"}]
        default = asking(web.at(), error_strategy="default-value", default_value=values)
        played = await play(default, ports=web.ports)
    assert played.text == "web.status_code instead HTTPResponseCodeError"
    assert played.outcomes["web"].status == "exception"


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "head"])
async def test_no_method_gets_to_an_address_inside_directly_or_by_a_redirect(method: str) -> None:
    async with served({"/": page(b"secret", "text/plain")}) as inside:
        away = WebPage(status=307, headers=(("Location", inside.at("127.0.0.1")),))
        async with served({"/": away}, "127.0.0.2") as public, outside({}, "127.0.0.2") as web:
            for url in (inside.at("127.0.0.1"), inside.at("localhost"), public.at("127.0.0.2")):
                with pytest.raises(NodeFailed, match="private addresses are not allowed"):
                    await web.ask(url=url, method=method, body=body("raw-text", item("x")))
            assert [request.method for request in public.asked] == [method.upper()]
        assert not inside.connections


async def test_what_one_app_may_reach_another_may_not() -> None:
    async with (
        served({"/": page(b"inner", "text/plain")}) as site,
        guarded(allow_of={"app": ["127.0.0.1"]}) as web,
        ports_for(web=web) as ports,
    ):
        asked = asking(site.at("127.0.0.1"))
        assert (await play(asked, ports=ports)).text == "200 inner web.error_type"
        other = ChatflowApp(Card("other", "other", "v"), asked.graph)
        with pytest.raises(NodeFailed, match="private"):
            await play(other, ports=ports)
