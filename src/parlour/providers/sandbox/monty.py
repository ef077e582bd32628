"""Python in an interpreter that was built to run strangers' code: no files, no network, no modules of CPython's.

Each run has one of its worker processes to itself. Does not know what else could run what it refuses.
"""

import asyncio
import os
import signal
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from threading import Lock
from typing import Any

from parlour.domain.problems import CodeFailed
from parlour.providers.sandbox.limits import Limits, result_of, too_hungry, too_long

CALL = """
import json as __json
__json.dumps(main(**__inputs))
"""
RUNS_OF_A_WORKER = 1000
LONGEST = 2000
"""Characters of what went wrong."""
NICE = 5
"""The server goes first."""
UNKNOWN = {"NotImplementedError", "ModuleNotFoundError", "ImportError", "AttributeError", "NameError", "TypeError"}
"""Failures that may be the interpreter's: it does not know all of Python."""


NO_START = "The quick interpreter does not start"


class Stumbled(Exception):
    """The code failed here by something that a whole Python may do, or fails there as well."""

    def __init__(self, message: str, *, unknown: bool) -> None:
        super().__init__(message)
        self.unknown = unknown
        """Whether it may be that only this interpreter fails."""


class Monty:
    """The pool is opened when the first code comes: the interpreter takes 10 MB of the server.

    Its own asyncio front is not used: left open by a thread of it, one process in four ended with a bus error
    (pydantic-monty 1.4.0). The threads of this one wait, they do not work.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._threads = ThreadPoolExecutor(limits.parallel, "monty")
        self._monty: Any = None
        self._pool: Any = None
        self._opening = asyncio.Lock()

    async def run(self, code: str, inputs: dict[str, object]) -> object:
        """What `main` returns.

        Raises:
            CodeFailed: it took too long or too much.
            Stumbled: anything else went wrong.
        """
        loop = asyncio.get_running_loop()
        async with self._opening:
            if self._pool is None:
                try:
                    await loop.run_in_executor(self._threads, self._open)
                except (OSError, RuntimeError) as error:
                    raise Stumbled(NO_START, unknown=True) from error
        turn = Turn()
        feeding = self._threads.submit(self._feed, code, inputs, turn)
        try:
            text = await asyncio.wrap_future(feeding)
        except asyncio.CancelledError:
            turn.end()
            raise
        return result_of(text, self._limits)

    async def aclose(self) -> None:
        await asyncio.to_thread(self._close)

    def _open(self) -> None:
        self._monty = import_module("pydantic_monty")
        pool = self._monty.Monty(
            max_processes=self._limits.parallel,
            max_checkouts_per_worker=RUNS_OF_A_WORKER,
            request_timeout=self._limits.seconds * 2 + 1,  # the limits below end it earlier
        )
        self._pool = pool.__enter__()

    def _close(self) -> None:
        self._threads.shutdown()
        if self._pool is not None:
            self._pool.__exit__(None, None, None)

    def _feed(self, code: str, inputs: dict[str, object], turn: "Turn") -> str:
        monty, seconds = self._monty, self._limits.seconds
        limits = {
            "max_feed_duration_secs": seconds,
            "max_total_sleep_secs": seconds,
            "max_memory": self._limits.memory,
        }
        try:
            with self._pool.checkout(limits=limits) as session, turn.with_worker(session.worker_pid):
                told: Any = session.feed_run(code + CALL, inputs={"__inputs": inputs}, print_callback=unheard)
                return str(told)
        except monty.MontyCrashedError as error:
            raise too_long(self._limits) if error.timed_out else Stumbled(str(error), unknown=True) from error
        except monty.MontyError as error:
            raise self._told(error) from error
        except (OSError, RuntimeError) as error:
            raise Stumbled(NO_START, unknown=True) from error

    def _told(self, error: Any) -> CodeFailed | Stumbled:
        inner: BaseException = error.exception()
        kind = type(inner).__name__
        if kind == "TimeoutError" and "limit exceeded" in str(inner):
            return too_long(self._limits)
        if kind == "MemoryError":
            return too_hungry(self._limits)
        frames: list[Any] = error.traceback() if hasattr(error, "traceback") else []
        where = f" (line {frames[-1].line})" if frames else ""
        return Stumbled(f"{kind}: {str(inner)[:LONGEST]}{where}", unknown=kind in UNKNOWN)


class Turn:
    """One run on its thread, and how to end it from outside: only by ending the worker that it has to itself."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._worker: int | None = None
        self._over = False

    @contextmanager
    def with_worker(self, worker: int) -> Generator[None]:
        os.setpriority(os.PRIO_PROCESS, worker, NICE)
        with self._lock:
            if self._over:
                raise Stumbled("nobody waits for it any more", unknown=False)
            self._worker = worker
        try:
            yield
        finally:
            with self._lock:
                self._worker = None

    def end(self) -> None:
        with self._lock:
            self._over = True
            if self._worker is not None:
                os.kill(self._worker, signal.SIGKILL)  # the pool makes another


def unheard(stream: str, text: str) -> None:
    """What the code prints is nobody's."""
    del stream, text
