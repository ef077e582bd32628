"""Replicas as a company runs them: Postgres, Valkey and S3, all real and all from wheels, and a proxy before them.

The proxy is nginx: each request goes to the next replica, whoever sends it.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

from msgspec import Struct

from bench.processes import free_port
from bench.servers import nginx_binary, relaying
from tests.bucket import BUCKET, s3
from tests.postgres_server import Postgres, running
from tests.process.conftest import APP, Served, serving
from tests.valkey import Valkey, valkey

COUNT = 3

RELAY = """\
    client_max_body_size 0;
    upstream replicas {{ {servers} }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://replicas;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Connection "";
            proxy_buffering off;
            add_header X-Replica $upstream_addr always;
        }}
    }}
"""


class Replica(Struct):
    """One that can be killed and started again where it was."""

    served: Served
    start: Callable[[str], AbstractContextManager[Served]]
    """On that port."""
    stack: ExitStack

    @property
    def address(self) -> str:
        return self.served.address

    def kill(self) -> None:
        self.served.child.kill()
        self.stack.close()

    def revive(self) -> None:
        self.served = self.stack.enter_context(self.start(self.address.rpartition(":")[2]))


class Cluster(Struct):
    """What runs, and where clients find it."""

    url: str
    """Of the database."""
    postgres: Postgres
    valkey: Valkey
    replicas: list[Replica]
    address: str
    """The proxy's."""


@contextmanager
def cluster(
    folder: Path,
    script: object = None,
    app: str = APP,
    more: str = "",
    environment: Mapping[str, str] = {},
    apps: Mapping[str, str] = {},
) -> Generator[Cluster]:
    """`more`: what stands in every parlour.toml besides where things are kept. `apps`: files beside it, by name.

    `environment` of the replicas: what it says of S3 is believed before what is true.
    """
    with ExitStack() as stack:
        postgres = stack.enter_context(running("fsync=on"))
        url = stack.enter_context(postgres.database())
        server = stack.enter_context(valkey(folder))
        bucket = stack.enter_context(s3()) if "AWS_ENDPOINT_URL" not in environment else {}
        settings = f'[storage]\ndatabase = "{url}"\nbus = "{server.url}"\nfiles = "s3://{BUCKET}/parlour"\n{more}'
        replicas: list[Replica] = []
        for number in range(COUNT):
            (place := folder / f"replica{number}").mkdir()
            for name, text in {"test.yml": app, **apps}.items():
                (place / name).write_text(text)
            own = {name: value.format(number=number) for name, value in (bucket | dict(environment)).items()}
            start = partial(serving, place, script, settings, "--port", environment=own)
            inner = stack.enter_context(ExitStack())
            replicas.append(Replica(inner.enter_context(start("0")), start, inner))
        address = stack.enter_context(balanced(folder, [replica.address for replica in replicas]))
        yield Cluster(url, postgres, server, replicas, address)


@contextmanager
def balanced(folder: Path, addresses: list[str]) -> Generator[str]:
    binary = nginx_binary()
    assert binary is not None
    port = free_port()
    servers = " ".join(f"server {address.removeprefix('http://')};" for address in addresses)
    with relaying(binary, folder, port, RELAY.format(port=port, servers=servers)):
        yield f"http://127.0.0.1:{port}"
