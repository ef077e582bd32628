"""The port `Documents`: plain formats are read here, all others in a process of their own, at most a few at a time.

Does not know what any format looks like.
"""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from importlib import import_module

from parlour.domain.problems import DocumentUnreadable
from parlour.rag.extract import Unreadable
from parlour.rag.extract.formats import format_of

AT_ONCE = 2
"""Processes; who comes later waits."""
LARGEST_HERE = 256 * 1024
"""Bytes of a table or subtitles that are read without a process: more would hold up the others."""
LONGEST_TEXT = 16 * 1024 * 1024
"""Bytes that may come of a document."""
PATIENCE = 60.0
"""Seconds for one document; a busy machine may need them for the twenty that it may compute."""
PIECE = 64 * 1024
KEPT_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "SYSTEMROOT")
"""The keys of providers stay here."""
HERE = {"plain", "csv_table", "vtt"}


class Extractor:
    """Reads documents."""

    def __init__(self, *, patience: float = PATIENCE, python: str = sys.executable) -> None:
        self._patience = patience
        self._python = python
        self._free = asyncio.Semaphore(AT_ONCE)

    def reads(self, name: str, mime_type: str) -> bool:
        return bool(format_of(name, mime_type))

    async def text(self, data: bytes, name: str, mime_type: str) -> str:
        kind = format_of(name, mime_type)
        if not kind:
            raise DocumentUnreadable("There is no text to be had of a file of this type.")
        if kind in HERE and (kind == "plain" or len(data) <= LARGEST_HERE):
            try:
                return str(import_module(f"parlour.rag.extract.{kind}").text(data))  # what a format needs, for it alone
            except Unreadable as error:
                raise DocumentUnreadable(str(error)) from None
        async with self._free:
            return await self._elsewhere(data, kind)

    async def _elsewhere(self, data: bytes, kind: str) -> str:
        environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
        # -P: a file of a library's name in the working folder is not the library
        command = (self._python, "-P", "-B", "-m", "parlour.rag.extract", kind)
        child = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment)
        try:
            async with asyncio.timeout(self._patience):
                told = await exchanged(child, data)
        except TimeoutError:
            raise DocumentUnreadable("It takes more time than a document may: split it into several.") from None
        finally:
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    child.kill()
            await child.wait()
        if told.startswith(b"+"):
            return told[1:].decode("utf-8", "replace").replace("\0", "")
        raise DocumentUnreadable(
            told[1:].decode("utf-8", "replace")
            or "It is broken, or takes more time or memory than a document may: save it anew, or split it."
        )


async def exchanged(child: Process, data: bytes) -> bytes:
    """All that the child says of the data.

    Raises:
        DocumentUnreadable: that is too much.
    """
    assert child.stdin is not None  # noqa: S101 -- both are pipes
    assert child.stdout is not None  # noqa: S101
    feeding = asyncio.create_task(feed(child.stdin, data))
    parts: list[bytes] = []
    left = LONGEST_TEXT
    try:
        while piece := await child.stdout.read(PIECE):
            parts.append(piece)
            left -= len(piece)
            if left < 0:
                raise DocumentUnreadable(
                    f"It has more than {LONGEST_TEXT} bytes of text: split it into several documents."
                )
    finally:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
    return b"".join(parts)


async def feed(stdin: asyncio.StreamWriter, data: bytes) -> None:
    with suppress(ConnectionError):  # a child that is gone says so by its silence
        stdin.write(data)
        await stdin.drain()
        stdin.close()
        await stdin.wait_closed()
