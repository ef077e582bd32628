"""The process that holds the model: `python -m parlour.providers.local.child`.

Reads one JSON line (`Wanted`) from its input, loads the model, and serves the chat-completions wire on a loopback port
that the system chooses; prints one JSON line (`Ready`) and then lives until its input ends, which is when its parent
closes it or dies. Does not know what is asked or by whom.
"""

import ctypes
import os
import signal
import sys
from importlib import import_module
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

ON_PARENTS_DEATH = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


MOST_THREADS = 4
NICE = 5
"""The server goes first: it has all the other streams to serve."""


class Wanted(Struct, frozen=True):
    path: str
    key: str
    """Without it in the header, nobody on this machine gets an answer."""
    context: int
    """Tokens for each answer at work."""
    slots: int
    """Answers at work together."""


class Ready(Struct, frozen=True):
    address: str = ""
    error: str = ""


def begin() -> BinaryIO:
    """What each process of an engine does first; where it tells of itself.

    Engines print as they like: what is left of the real output is for our own words.
    """
    die_with_parent()
    told = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.nice(NICE)
    return told


def main() -> None:
    told = begin()
    wanted = msgspec.json.decode(sys.stdin.buffer.readline(), type=Wanted)
    try:
        if not os.access(wanted.path, os.R_OK):
            raise FileNotFoundError(f"there is no readable file {wanted.path}")
        server = serve(wanted)
    except (RuntimeError, OSError, ValueError) as error:
        told.write(msgspec.json.encode(Ready(error=str(error) or type(error).__name__)) + b"\n")
        told.flush()
        os._exit(1)
    told.write(msgspec.json.encode(Ready(address=server.listening_address)) + b"\n")
    told.flush()
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)  # the engine's threads need not be waited for: nothing is kept


def serve(wanted: Wanted) -> Any:
    """Load the model and listen. The engine is imported here, in the child, and by name: it is an extra."""
    engine: Any = import_module("xllamacpp")
    options = engine.CommonParams()
    options.model.path = wanted.path
    options.n_ctx = wanted.context * wanted.slots
    options.n_parallel = wanted.slots
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = threads(os.cpu_count() or 1)
    options.hostnames = ["127.0.0.1"]
    options.port = 0
    options.api_keys = [wanted.key]
    options.cors_origins = ""
    options.ui = False
    options.cache_ram_mib = 64
    options.verbosity = 0
    return engine.Server(options)


def threads(cores: int) -> int:
    """Half the cores. The engine's threads wait for each other at every layer, so one that does not get its core holds
    up all: on a busy machine of two cores, two threads gave 1 to 5 tokens a second, and one gave 50.
    """
    return max(1, min(MOST_THREADS, cores // 2))


def die_with_parent() -> None:
    """Even if the parent is killed outright. Elsewhere than on Linux the end of the input does, a moment later."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(ON_PARENTS_DEATH, signal.SIGKILL)


if __name__ == "__main__":
    main()
