"""Secrets: made once, and the same for whoever asks."""

import pytest

from parlour.wiring import Storage

pytestmark = pytest.mark.anyio


async def test_the_first_one_stays(stores: Storage) -> None:
    assert await stores.secrets.kept("a", b"one") == b"one"
    assert await stores.secrets.kept("a", b"other") == b"one"
    assert await stores.secrets.kept("b", b"\0\xff") == b"\0\xff"
