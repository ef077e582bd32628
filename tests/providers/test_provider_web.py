"""The guarded way out: no spelling of an inner address gets through, by whatever detour."""

import anyio
import pytest
from aiohttp import InvalidUrlClientError

from parlour.providers.web import AddressRefused, inside, session
from tests.providers.fake_provider import Answer, outside, serving

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",  # noqa: S104 -- as an address to refuse
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "168.63.129.16",
        "192.0.0.192",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:168.63.129.16",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
    ],
)
def test_inner_addresses_are_inside(address: str) -> None:
    assert inside(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_public_addresses_are_not(address: str) -> None:
    assert not inside(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0"])  # noqa: S104 -- as above
async def test_no_spelling_of_loopback_gets_through(host: str) -> None:
    async with serving(Answer([b"x"])) as fake:
        port = fake.url.rpartition(":")[2].partition("/")[0]
        client = session(allow_private=False)
        try:
            with anyio.fail_after(5), pytest.raises((AddressRefused, InvalidUrlClientError)):
                await client.post(f"http://{host}:{port}/", json={})
        finally:
            await client.close()
        assert not fake.asked


async def test_an_operator_may_allow_private_addresses() -> None:
    with anyio.fail_after(5):
        async with serving(Answer([b"x"])) as fake, outside() as client, client.post(fake.url, json={}) as response:
            assert await response.read() == b"x"


async def test_the_environments_proxy_is_not_asked_and_no_cookie_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with anyio.fail_after(5):
        async with serving(Answer([b"x"], headers={"Set-Cookie": "a=b"})) as fake, outside() as client:
            named = fake.url.replace("127.0.0.1", "localhost")  # cookies of bare addresses are never kept
            for _ in range(2):
                async with client.post(named, json={}) as response:
                    await response.read()
    assert all("Cookie" not in headers for headers in fake.headers)
