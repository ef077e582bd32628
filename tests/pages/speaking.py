"""A provider of voices for tests: reads anything aloud as a short tone, and hears the same in every recording.

Knows no browser.
"""

import json
import math
import struct
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from tests.small_server import Quiet, answering

HEARD = "What did I just say?"


def tone(seconds: float = 0.4, rate: int = 8000) -> bytes:
    """A WAV file."""
    samples = [int(9000 * math.sin(index / 3)) for index in range(int(seconds * rate))]
    data = struct.pack(f"<{len(samples)}h", *samples)
    head = struct.pack(
        "<4sI8sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVEfmt ", 16, 1, 1, rate, rate * 2, 2, 16, b"data", len(data)
    )
    return head + data


@contextmanager
def speaking() -> Generator[tuple[str, list[tuple[str, bytes]]]]:
    """Its address, and what it is sent: paths and bodies."""
    sent: list[tuple[str, bytes]] = []

    class Answer(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            speech = self.path.endswith("/speech")
            body = tone() if speech else json.dumps({"text": HEARD}).encode()
            self.send_response(200)
            self.send_header("content-type", "audio/mpeg" if speech else "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with answering(Answer) as port:
        yield f"http://127.0.0.1:{port}/v1", sent
