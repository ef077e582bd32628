"""What an outsider names never leads inside: tests that really connect, to servers on loopback that count who came.

The "public internet" of these tests is 127.0.0.2, which they allow; 127.0.0.1 and ::1 are inside.
"""

import socket
from collections.abc import AsyncGenerator

import pytest

from parlour.domain.problems import FetchFailed
from parlour.ports.web import WebRequest
from parlour.providers.fetch import GuardedWeb
from parlour.providers.pages import WebPage
from tests.web_site import Names, Served, guarded, served

pytestmark = pytest.mark.anyio

SECRET = WebPage(b"the secret of the house", headers=(("Connection", "close"),))
PUBLIC = "127.0.0.2"

LOOPBACK = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.000.000.001",
    "0x7f.1",
    "0x7f000001",
    "0X7F.0.0.0x1",
    "0177.0.0.1",
    "017700000001",
    "2130706433",
    "0",
    "0.0.0.0",  # noqa: S104 -- as an address to refuse
    "%31%32%37.0.0.1",
    "127。0。0。1",
    "①②⑦.⓪.⓪.①",
    "localhost",
    "LOCALHOST",
]
LOOPBACK_6 = [
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::]",
]
MAPPED = ["[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::ffff:0.0.0.0]"]
ELSEWHERE_INSIDE = [
    "169.254.169.254",
    "[fd00:ec2::254]",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[2002:a9fe:a9fe::]",
    "[2002:7f00:1::]",
    "[::127.0.0.1]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[ff02::1]",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "0xa9fea9fe",
]


@pytest.fixture
async def inside() -> AsyncGenerator[Served]:
    """A server that must not be reached, on both loopback addresses at one port."""
    async with served({"/": SECRET}) as four, served({"/": SECRET}, "::1", port=four.port) as six:
        yield four
        four.connections += six.connections


@pytest.fixture
async def web() -> AsyncGenerator[GuardedWeb]:
    async with guarded(PUBLIC) as made:
        yield made


async def why(web: GuardedWeb, request: WebRequest) -> str:
    with pytest.raises(FetchFailed) as failed:
        async with web.fetch(request) as response:
            await response.body()
    return failed.value.why


@pytest.mark.parametrize("host", LOOPBACK + LOOPBACK_6 + MAPPED)
async def test_no_spelling_of_loopback_is_connected_to(web: GuardedWeb, inside: Served, host: str) -> None:
    assert await why(web, WebRequest(inside.at(host))) in {"refused", "address", "unreachable"}
    assert inside.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f.1", "0.0.0.0", "localhost", *MAPPED[:3]])  # noqa: S104 -- as above
async def test_without_the_guard_those_spellings_would_get_there(inside: Served, host: str) -> None:
    """Else the test above could not fail."""
    async with guarded("0.0.0.0/0", "::/0") as web, web.fetch(WebRequest(inside.at(host))) as response:
        assert await response.body() == SECRET.body


@pytest.mark.parametrize("host", ELSEWHERE_INSIDE)
async def test_metadata_private_link_local_and_multicast_addresses_are_refused(web: GuardedWeb, host: str) -> None:
    assert await why(web, WebRequest(f"http://{host}/latest/meta-data/")) == "refused"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "fd00:ec2::254", "10.0.0.1", "0.0.0.0"],  # noqa: S104 -- as above
)
async def test_a_public_name_of_an_inner_address_is_refused(inside: Served, address: str) -> None:
    names = Names(inner_nip_test=[address], localhost=["127.0.0.1"])
    async with guarded(PUBLIC, names=names) as web:
        for host in ("inner.nip.test", "inner.nip.test.", "localhost."):
            assert await why(web, WebRequest(inside.at(host))) == "refused"
    assert names.asked
    assert inside.connections == 0


async def test_a_name_that_leads_outside_first_and_inside_later_is_refused_then(inside: Served) -> None:
    again = WebPage(status=302, headers=(("Location", "/"), ("Connection", "close")))
    async with served({"/": SECRET, "/again": again}, PUBLIC, port=inside.port) as outside:
        for path, reached in (("/", ""), ("/again", "refused")):
            async with guarded(PUBLIC, names=Names(rebound_test=[PUBLIC, "127.0.0.1"])) as web:
                request = WebRequest(inside.at("rebound.test", path))
                if not reached:
                    async with web.fetch(request) as response:
                        assert response.status == 200
                assert await why(web, request) == "refused"
        assert outside.connections == 2
    assert inside.connections == 0


async def test_the_inner_one_of_two_addresses_is_not_tried_when_the_outer_one_is_silent(inside: Served) -> None:
    async with guarded(PUBLIC, names=Names(both_test=[f"{PUBLIC} 127.0.0.1"])) as web:
        assert await why(web, WebRequest(inside.at("both.test"))) in {"refused", "unreachable"}
    assert inside.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "0x7f.1", "0.0.0.0"])  # noqa: S104 -- as above
async def test_a_redirect_from_outside_to_inside_is_refused(
    web: GuardedWeb, inside: Served, host: str, status: int
) -> None:
    away = WebPage(status=status, headers=(("Location", inside.at(host)),))
    async with served({"/": away, "/further": WebPage(status=307, headers=(("Location", "/"),))}, PUBLIC) as outside:
        for path in ("/", "/further"):
            for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
                assert await why(web, WebRequest(outside.at(PUBLIC, path), method)) == "refused"
        assert outside.asked
    assert inside.connections == 0


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://127.0.0.1/", "http://169.254.169.254/", "http://"])
async def test_a_redirect_to_another_scheme_or_to_metadata_is_refused(web: GuardedWeb, target: str) -> None:
    async with served({"/": WebPage(status=302, headers=(("Location", target),))}, PUBLIC) as outside:
        assert await why(web, WebRequest(outside.at(PUBLIC))) in {"refused", "address"}


async def test_no_proxy_of_the_environment_is_asked(
    web: GuardedWeb, inside: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, inside.at("127.0.0.1"))
    async with (
        served({"/": WebPage(b"ok")}, PUBLIC) as outside,
        web.fetch(WebRequest(outside.at(PUBLIC))) as response,
    ):
        assert await response.body() == b"ok"
    assert inside.connections == 0


def test_the_tests_here_have_both_kinds_of_loopback() -> None:
    for family, address in ((socket.AF_INET, PUBLIC), (socket.AF_INET6, "::1")):
        with socket.socket(family) as bound:
            bound.bind((address, 0))
