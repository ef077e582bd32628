"""A real `parlour serve` as a child process, with a scripted model. Loopback only, ended by pid."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

APP = """\
app:
  mode: chat
  name: Test
kind: app
model_config:
  model:
    completion_params: {}
    mode: chat
    name: any
    provider: openai
  pre_prompt: Be brief.
  prompt_type: simple
  user_input_form: []
version: 0.6.0
"""
KEY = "app-process-test"


class Served:
    """One run of the server on a folder that may outlive it."""

    def __init__(self, folder: Path, child: subprocess.Popen[str], said: list[str]) -> None:
        self.folder = folder
        self.child = child
        self.said = said
        self.key = KEY
        self.address = next(match[1] for line in said if (match := re.match(r"Listening on (\S+)", line)))

    def request(
        self, method: str, path: str, body: object = None, key: str = "", **more: str
    ) -> urllib.request.Request:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json", **more}
        return urllib.request.Request(self.address + path, data, headers, method=method)  # noqa: S310

    def call(self, method: str, path: str, body: object = None, key: str = "", **more: str) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(self.request(method, path, body, key, **more), timeout=20) as reply:  # noqa: S310
                return reply.status, json.loads(reply.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def events(self, query: str, **members: object) -> Iterator[dict[str, Any]]:
        body = {"query": query, "user": "u", "response_mode": "streaming", **members}
        return self.read("/v1/chat-messages", body)

    def read(self, path: str, body: object = None) -> Iterator[dict[str, Any]]:
        """The events of a stream; of a GET, where there is no body."""
        asked = self.request("GET" if body is None else "POST", path, body)
        with urllib.request.urlopen(asked, timeout=20) as reply:  # noqa: S310
            yield from events_in(reply)

    def end(self, sent: signal.Signals = signal.SIGTERM) -> int:
        self.child.send_signal(sent)
        return self.child.wait(20)


def events_in(reply: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """As its lines come."""
    return (json.loads(line[6:]) for line in reply if line.startswith(b"data: "))


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "parlour", *words]


@contextlib.contextmanager
def serving(
    folder: Path,
    script: object = None,
    settings: str = "",
    *extra: str,
    entry: str = "",
    environment: Mapping[str, str] | None = None,
    within: Sequence[str] = (),
) -> Generator[Served]:
    """Serve the app of this folder (made if it is not there); ended when the block is left.

    `within`: a program that runs it, as its own process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    app = folder / "test.yml"
    if not app.exists():
        app.write_text(APP)
    (folder / "script.json").write_text(json.dumps(script or {"rules": []}))
    (folder / "parlour.toml").write_text(
        f'{settings}\n[[apps]]\npath = "test.yml"\nkeys = ["{KEY}"]\n{entry}\n'
        '[providers.default]\nkind = "scripted"\npath = "script.json"\n'
    )
    words = ("serve", "--config", str(folder / "parlour.toml"), "--data", str(folder / "data"), "--port", "0", *extra)
    with (folder / "log").open("a+") as log:
        child = subprocess.Popen(
            [*within, *command(*words)],
            env=os.environ | (environment or {}),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert child.stdout is not None
        try:
            said: list[str] = []
            for line in child.stdout:
                said.append(line.rstrip("\n"))
                if line.startswith("Listening"):
                    break
            else:
                log.seek(0)
                pytest.fail(f"the server did not start: {said} {log.read()}")
            yield Served(folder, child, said)
        finally:
            if child.poll() is None:
                child.kill()
            child.stdout.close()
            child.wait(20)


def until(true: Any, seconds: float = 10) -> Any:
    """Ask again until it holds; the process under test has no event to wait for."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)
    return found
