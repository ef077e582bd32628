"""A way to a server that can be shut: who comes then is refused. Knows nothing of what passes."""

import contextlib
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager


class Gate:
    """On loopback, before another port of it."""

    def __init__(self, port: int) -> None:
        self.open = True
        self._target = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self._lines: set[socket.socket] = set()

    def shut(self) -> None:
        self.open = False
        for line in tuple(self._lines):
            cut(line)

    def serve(self) -> None:
        with contextlib.suppress(OSError):  # it is closed
            while True:
                line, _ = self._door.accept()
                if not self.open:
                    line.close()
                    continue
                other = socket.create_connection(("127.0.0.1", self._target))
                for one, two in ((line, other), (other, line)):
                    threading.Thread(target=self._pass_on, args=(one, two), daemon=True).start()

    def close(self) -> None:
        self.shut()
        cut(self._door)
        self._door.close()

    def _pass_on(self, one: socket.socket, two: socket.socket) -> None:
        self._lines.add(one)
        try:
            while data := one.recv(65536):
                two.sendall(data)
        except OSError:
            pass
        finally:
            self._lines.discard(one)
            cut(two)
            one.close()


def cut(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


@contextmanager
def gate(port: int) -> Generator[Gate]:
    it = Gate(port)
    thread = threading.Thread(target=it.serve, daemon=True)
    thread.start()
    try:
        yield it
    finally:
        it.close()
        thread.join(5)
