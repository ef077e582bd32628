"""An address that takes no connection costs a bounded time: the turns after it must not wait for it at length."""

import asyncio
import socket
from contextlib import AsyncExitStack

import pytest

from parlour.domain.files import FileRef
from parlour.domain.problems import ContentUnavailable
from parlour.providers.fetch import GuardedWeb
from parlour.rag.contents import FileContents
from parlour.rag.documents import Extractor
from parlour.stores.blobs import MemoryBlobs


@pytest.mark.slow
@pytest.mark.anyio
async def test_an_address_where_nobody_takes_a_connection_is_given_up_within_seconds() -> None:
    async with AsyncExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # the line of those who wait is full; from then on the kernel does not answer
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        web = GuardedWeb(["127.0.0.1"])
        stack.push_async_callback(web.aclose)
        contents = FileContents(MemoryBlobs(), web, Extractor())
        gone = FileRef("image", "remote_url", url=f"http://127.0.0.1:{full.getsockname()[1]}/picture.png")
        async with asyncio.timeout(6):
            with pytest.raises(ContentUnavailable):
                await contents.shown(gone, "support")
