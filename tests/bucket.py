"""A real S3 wire on loopback: moto's server as a child process, ended by its handle. Begins with one empty bucket."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager

BUCKET = "files"


@contextmanager
def s3() -> Generator[dict[str, str]]:
    """The environment that leads there, as an operator would set it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        create(f"{address}/{BUCKET}", child)
        yield {
            "AWS_ENDPOINT_URL": address,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": "us-east-1",
        }
    finally:
        child.kill()
        child.wait(10)


def create(address: str, child: subprocess.Popen[bytes]) -> None:
    """Ask again until the server listens; it tells nobody when that is."""
    end = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(address, method="PUT"), timeout=5):  # noqa: S310
                return
        except (urllib.error.URLError, ConnectionError):
            assert child.poll() is None, "moto ended"
            assert time.monotonic() < end, "moto does not listen"
            time.sleep(0.05)
