"""The server on Postgres and Valkey, as real ones from their wheels: one process, and two of them.

They are started by what starts them for tests, with a disk that is written to as in earnest. Does not know what is
asked of whom.
"""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msgspec import structs

from bench.servers import Name, Server, parlour
from tests.postgres_server import running as postgres
from tests.valkey import valkey

IN_EARNEST = ("fsync=on", "synchronous_commit=on", "full_page_writes=on")
STORAGE = """\
[storage]
database = "{database}"
bus = "{bus}"
files = "{files}"
"""
PROCESSES: dict[Name, int] = {"postgres": 1, "replicas": 2}


@contextmanager
def stored(name: Name, folder: Path, upstream_port: int) -> Generator[Server]:
    """As many processes as the name says, with a Postgres and a Valkey of their own."""
    with ExitStack() as stack:
        database = stack.enter_context(postgres(*IN_EARNEST, "shared_buffers=128MB"))
        url = stack.enter_context(database.database())
        (folder / name).mkdir()
        bus = stack.enter_context(valkey(folder / name))
        more = STORAGE.format(database=url, bus=bus.url, files=(folder / name / "files").as_uri())
        servers: list[Server] = []
        for number in range(PROCESSES[name]):
            own = folder / f"{name}-{number}"
            own.mkdir()
            servers.append(stack.enter_context(parlour(own, upstream_port, more=more)))
        first, *others = servers
        yield structs.replace(
            first,
            name=name,
            idle_bytes=sum(server.idle_bytes for server in servers),
            replicas=tuple(others),
            stores=(database.child.pid, bus.pid),
        )
